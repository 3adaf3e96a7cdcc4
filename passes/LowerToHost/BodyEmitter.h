// Computes the body of an operation for one point: for a single element, or for the lanes of a vector.
#pragma once

#include "passes/LowerToHost/LaneAnalysis.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace winnow {

/// Where in the iteration space the body is computed.
struct Position {
  llvm::SmallVector<mlir::Value> variables; // one loop variable for each dimension
  LaneShape shape;
  mlir::Value mask; // lanes before the end, or null: all are
};

/// A point of a block: its distance from the position, for each dimension.
using Offsets = llvm::SmallVector<int64_t>;

class BodyEmitter {
public:
  /// `position` must not change while the emitter lives.
  BodyEmitter(mlir::OpBuilder &builder, const IterationSpace &space, const Position &position);

  /// The results of the body at `offsets`, for accumulators `accumulators`: scalars if the width is 1,
  /// otherwise vectors. Loads are shared with earlier calls.
  llvm::SmallVector<mlir::Value> compute(const Offsets &offsets, mlir::ValueRange accumulators);

  /// The elements of a result at `offsets`.
  mlir::Value load(const LinearAccess &output, const Offsets &offsets);
  void store(const LinearAccess &output, const Offsets &offsets, mlir::Value value);

private:
  mlir::Value constant(int64_t value);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value address(const LinearAccess &access, const Offsets &offsets);
  mlir::Value index(int64_t dimension, const Offsets &offsets);
  mlir::Value indexVector(int64_t dimension, const Offsets &offsets);

  mlir::Value loadScalar(const LinearAccess &access, mlir::Value address);
  mlir::Value loadVector(const LinearAccess &access, mlir::Value address, int64_t lanes);
  mlir::Value loadRows(const LinearAccess &access, mlir::Value address);
  mlir::Value loadEverySecond(const LinearAccess &access, mlir::Value address);
  mlir::Value loadLanes(const LinearAccess &access, mlir::Value address);
  mlir::Value loadUncached(const LinearAccess &access, const Offsets &offsets);
  /// How far the element of `lane` is from that of lane 0.
  mlir::Value laneOffset(const LinearAccess &access, int64_t lane);

  void emit(mlir::Operation *op, const Offsets &offsets);
  void emitElementwise(mlir::Operation *op);
  void emitLoad(mlir::Operation *op);
  void emitLoop(mlir::scf::ForOp loop, const Offsets &offsets);
  mlir::Value laneOf(mlir::Value value, int64_t lane);
  mlir::Value scalarOf(mlir::Value value);
  mlir::Value vectorOf(mlir::Value value);
  mlir::VectorType vectorType(mlir::Type element) const;

  mlir::OpBuilder &builder;
  mlir::Location location;
  const IterationSpace &space;
  const Position &position;
  LaneAnalysis analysis;
  llvm::DenseMap<mlir::Value, mlir::Value> scalars, vectors; // by value of the body
  llvm::DenseMap<const LinearAccess *, mlir::Value> bases;
  llvm::DenseMap<std::pair<const LinearAccess *, mlir::ArrayAttr>, mlir::Value> loaded;
};

} // namespace winnow
