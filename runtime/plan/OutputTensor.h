// Output tensors that the runtime makes for the caller.
#pragma once

#include "runtime/memory/Memory.h"
#include "runtime/plan/Tensors.h"

#include <memory>

namespace winnow::runtime {

/// A compact tensor in `memory`, which lives at least as long. Fails with OutOfMemory.
format::Result<DLTensor> makeOutputTensor(std::shared_ptr<Memory> memory, const Shape &shape,
                                          format::ElementType type);

/// Frees a tensor of makeOutputTensor and clears its fields. Does nothing for one without data.
void freeOutputTensor(DLTensor &tensor);

} // namespace winnow::runtime
