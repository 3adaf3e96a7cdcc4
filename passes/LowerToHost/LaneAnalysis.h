// What each value of an operation's body looks like across the lanes of a vector.
#pragma once

#include "passes/LowerToHost/IterationSpace.h"

namespace winnow {

/// Which points of the iteration space one vector holds: `lanes` along dimension `vector`, and that for
/// `rows` consecutive values of dimension `row` when the rows are too short for a whole vector.
struct LaneShape {
  int64_t vector = -1, lanes = 1, row = -1, rows = 1;
  int64_t width() const { return lanes * rows; }
};

enum class LaneForm {
  Uniform, // one scalar for all lanes
  Ramp,    // a scalar plus `stride` times the lane
  Varying, // a vector
};

struct LaneValue {
  LaneForm form = LaneForm::Uniform;
  int64_t stride = 0;
};

struct LaneAnalysis {
  llvm::DenseMap<mlir::Value, LaneValue> values;
  bool vectorizable = true;
  int64_t gathers = 0; // accesses that need a scalar load for each lane
  // Some operation must not see the lanes beyond the end: it may trap, or gather from there.
  bool needsAllLanes = false;

  LaneValue of(mlir::Value value) const { return values.lookup(value); }
};

/// How an operand is accessed across lanes.
enum class LaneAccess { Uniform, Contiguous, ContiguousRows, EverySecond, Gather };
LaneAccess laneAccess(const LinearAccess &access, const LaneShape &shape);

/// Whether `load`, in the body, reads consecutive elements.
bool isContiguousLoad(mlir::Operation *load, const LaneAnalysis &analysis, const LaneShape &shape);

LaneAnalysis analyzeLanes(const IterationSpace &space, const LaneShape &shape);

} // namespace winnow
