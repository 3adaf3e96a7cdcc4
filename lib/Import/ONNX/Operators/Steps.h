// Operators that go through a sequence step by step.
#pragma once

#include "lib/Import/ONNX/Node.h"

namespace winnow::frontend {

/// Makes of what a step carries what the next one does, of the same shapes.
using StepBody =
    llvm::function_ref<std::vector<GraphValue>(const Extent &step, llvm::ArrayRef<GraphValue> carried)>;

/// Repeats the body for each step and yields what it carries at the end: as a loop, or written out where the
/// steps are few. A loop reads only what is in the IR before it.
mlir::FailureOr<std::vector<GraphValue>> repeatSteps(Node &node, const Extent &count,
                                                     std::vector<GraphValue> carried, StepBody body);

/// Element `position` of dimension `axis`, which is dropped.
GraphValue takeStep(Emitter &emit, const GraphValue &sequence, int64_t axis, const Extent &position);
/// `sequence` with `part` as its element `position` of dimension `axis`.
GraphValue putStep(Emitter &emit, const GraphValue &sequence, int64_t axis, const Extent &position,
                   const GraphValue &part);

} // namespace winnow::frontend
