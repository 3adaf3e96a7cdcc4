// Attention operators of ONNX Runtime's domain that decode: for the table of their family.
#pragma once

#include "lib/Import/ONNX/Operators/Attention.h"

namespace winnow::frontend {

mlir::LogicalResult importGroupQueryAttention(Node &node);
mlir::LogicalResult importContributedRotaryEmbedding(Node &node);

/// The scale that the node gives, or 1 / sqrt(width) where it gives none or 0.
double readContributedScale(Node &node, Composition &c, const GraphValue &query);

/// Parts [from, from + size) of the last dimension, one after the other.
llvm::SmallVector<GraphValue> splitLast(Composition &c, const GraphValue &value,
                                        llvm::ArrayRef<Extent> sizes);

} // namespace winnow::frontend
