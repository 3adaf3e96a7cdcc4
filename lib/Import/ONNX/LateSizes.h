// Broadcasting where only a call knows which sizes are 1.
#pragma once

#include "lib/Import/ONNX/Node.h"

namespace winnow::frontend {

/// `a`, or `b` where a call finds `a` to be 1.
Extent orIfOne(Node &node, const Extent &a, const Extent &b);

/// The value with the dimensions that a call finds to be 1 repeated to those of `shape`, of at least its
/// rank. A call fails if another size differs.
GraphValue repeatTo(Node &node, const GraphValue &value, const Shape &shape);

/// The operands of an element-wise operator in shapes that agree but for dimensions known to be 1, where some
/// of their sizes are data, which may be 1; nothing if there are none.
std::vector<GraphValue> repeatLate(Node &node, llvm::ArrayRef<const GraphValue *> operands);

} // namespace winnow::frontend
