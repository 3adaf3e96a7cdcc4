// Cutting tensors, for operators that cut and pad.
#pragma once

#include "lib/Import/ONNX/Node.h"

namespace winnow::frontend {

using Extents = llvm::SmallVector<Extent>;

/// The elements start, start + step, ... of each dimension.
struct Cut {
  Extents offsets;
  Shape shape;
  llvm::SmallVector<int64_t> steps;
};

Cut wholeCut(const GraphValue &value);
/// What the cut leaves of the value, which is folded where it is known.
GraphValue take(Node &node, const GraphValue &value, const Cut &cut);

mlir::LogicalResult importPad(Node &node);

} // namespace winnow::frontend
