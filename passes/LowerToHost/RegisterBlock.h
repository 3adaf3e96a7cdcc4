// The part of an iteration space that is computed at once, in registers.
#pragma once

#include "lib/Target/Host/HostTarget.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/LowerToHost/LaneAnalysis.h"

namespace winnow {

/// How one result of a reduction combines its terms, where that is a single operation that may be reordered.
struct Combiner {
  mlir::Operation *op = nullptr;
  mlir::vector::CombiningKind kind;
  mlir::TypedAttr neutral;
};

/// The combiners of all results, or failure if one of them is not of that kind.
mlir::FailureOr<llvm::SmallVector<Combiner>> findCombiners(const IterationSpace &space);

struct RegisterBlock {
  LaneShape shape;
  bool masked = false; // lanes beyond the end are masked off; otherwise narrower vectors and scalars finish
  // For each dimension, how many points a block has there: vectors along shape.vector, groups of shape.rows
  // along shape.row, single values along others.
  llvm::SmallVector<int64_t> points;

  bool lanesReduce(const IterationSpace &space) const {
    return shape.vector >= 0 && space.isReduction[shape.vector];
  }
};

/// The block that, by a simple model of the machine, takes the least time: two loads and two arithmetic
/// operations for each cycle, four cycles until a sum can be added to, and as many registers as the target
/// has.
RegisterBlock chooseRegisterBlock(const IterationSpace &space, const HostTarget &target);

} // namespace winnow
