// Which tokens a memory keeps when new ones come or its working tier shrinks.
#pragma once

#include "passes/Expand/MemoryStates.h"

namespace winnow {

/// Tokens that are appended.
struct NewTokens {
  mlir::Value keys, values; // heads x tokens x width
  mlir::Value anchored;     // null: none of them
  mlir::Value count;        // index
};

/// Builds (i64), in the body of a kernel, how many tokens the working tier may keep.
using WorkingLimit = llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location)>;

/// Appends `tokens`; those that the instant tier has no room for age into the working tier, whose least
/// useful ones are dropped.
void appendTokens(mlir::OpBuilder &builder, mlir::Location loc, MemoryStates &states,
                  const NewTokens &tokens);

/// Drops the least useful tokens of the working tier above `limit`.
void compactTokens(mlir::OpBuilder &builder, mlir::Location loc, MemoryStates &states, WorkingLimit limit);

} // namespace winnow
