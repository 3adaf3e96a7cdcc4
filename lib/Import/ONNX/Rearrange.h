// Known values whose elements come from other known values: folding of data movement.
#pragma once

#include "lib/Import/ONNX/GraphValue.h"

namespace winnow::frontend {

/// The value of `shape` whose element at an index is element source(index) of `value`; nothing unless the
/// value is known, the shape static and the result not much larger than the value. A uniform value needs no
/// source and may have any shape.
std::optional<GraphValue> rearrange(const GraphValue &value, const Shape &shape,
                                    llvm::function_ref<int64_t(llvm::ArrayRef<int64_t>)> source);

/// Calls visit for each index of the shape, in row-major order.
void forEachIndex(llvm::ArrayRef<int64_t> shape, llvm::function_ref<void(llvm::ArrayRef<int64_t>)> visit);

} // namespace winnow::frontend
