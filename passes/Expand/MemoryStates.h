// The states in which a memory is kept, and what the expansions of its operations are written with.
#pragma once

#include "dialects/Winnow/WinnowOps.h"
#include "passes/Expand/BuildGeneric.h"

namespace winnow {

enum class Tier { Working, Instant };
constexpr Tier kTiers[] = {Tier::Working, Tier::Instant};

/// What is kept of each token.
enum class TokenField { Keys, Values, Position, Mass, Anchored };
constexpr TokenField kTokenFields[] = {TokenField::Keys, TokenField::Values, TokenField::Position,
                                       TokenField::Mass, TokenField::Anchored};

/// The states of one memory, where the operation that is expanded stands. The tokens of a tier are in its
/// first places, the oldest first.
class MemoryStates {
public:
  MemoryStates(mlir::OpBuilder &builder, mlir::Location loc, MemoryOp memory)
      : builder(builder), loc(loc), memory(memory) {}

  /// Declares the states behind the memory's own declaration. Fails if one of their names is taken.
  static mlir::LogicalResult declare(MemoryOp memory);

  /// How many places a tier has (index).
  mlir::Value capacity(Tier tier);
  mlir::Value allPlaces();

  /// heads x places x width for keys and values, places for the others.
  mlir::Value read(Tier tier, TokenField field);
  void write(Tier tier, TokenField field, mlir::Value value);

  /// How many tokens a tier holds, and how many tokens were ever appended (tensor<i64>).
  mlir::Value readCount(Tier tier);
  void writeCount(Tier tier, mlir::Value value);
  mlir::Value readSeen();
  void writeSeen(mlir::Value value);

  /// One behind the other, in the order of the places: working, instant.
  mlir::Value readAll(TokenField field);

  mlir::RankedTensorType typeOf(TokenField field);
  /// What an empty place holds.
  mlir::TypedAttr emptyValueOf(TokenField field);
  MemoryType type() { return memory.getMemoryType(); }

private:
  mlir::Value readState(const llvm::Twine &name, mlir::Type type);
  void writeState(const llvm::Twine &name, mlir::Value value);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  MemoryOp memory;
};

} // namespace winnow
