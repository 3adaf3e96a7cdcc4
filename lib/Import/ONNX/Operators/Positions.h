// Positions that depend on data.
#pragma once

#include "lib/Import/ONNX/Node.h"

namespace winnow::frontend {

/// The positions, ascending, at which a tensor in row-major order is not 0: int32 [count], where only the data tells the
/// count.
mlir::FailureOr<GraphValue> positionsOf(Node &node, const GraphValue &value);

/// The coordinates of positions in a tensor of that shape: int64 [rank, count].
GraphValue coordinatesOf(Node &node, const GraphValue &positions, const Shape &shape);

} // namespace winnow::frontend
