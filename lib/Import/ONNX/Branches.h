// Two subgraphs of which a call takes one.
#pragma once

#include "lib/Import/ONNX/Node.h"

namespace winnow::frontend {

/// Whether the host has to read an element of a tensor for what is in the region, which it cannot where only
/// some calls or rounds get to.
bool readsElements(mlir::Region &region);

/// Emits what `taken` makes where `condition`, a scalar bool, holds, and what `other` makes where it does
/// not. Only one of them is executed, unless the shapes differ or a branch computes sizes: then both are, and
/// the result has the shape of one of them; a call for which the sizes in the other one do not fit fails.
/// Problems are reported as the node's.
mlir::FailureOr<std::vector<GraphValue>> emitBranches(Node &node, const GraphValue &condition,
                                                      const onnx::GraphProto &taken,
                                                      const onnx::GraphProto &other);

} // namespace winnow::frontend
