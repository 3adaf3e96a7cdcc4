// Steps of a sequence, written out or as a loop.
#include "lib/Import/ONNX/Operators/Steps.h"
#include "lib/Import/ONNX/Loops.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace winnow::frontend {

mlir::FailureOr<std::vector<GraphValue>> repeatSteps(Node &node, const Extent &count,
                                                     std::vector<GraphValue> carried, StepBody body) {
  // Beyond this, the copies of the body cost more than a loop does.
  constexpr int64_t kMaximumCopies = 64;
  std::optional<int64_t> steps = count.constant();
  if (steps && *steps <= kMaximumCopies) {
    for (int64_t step = 0; step < *steps; ++step)
      carried = body(step, carried);
    return carried;
  }
  mlir::FailureOr<LoopResults> results = emitLoop(node, count, nullptr, carried, [&](Round &round) {
    round.next = body(round.number, round.carried);
    return mlir::success();
  });
  if (failed(results))
    return mlir::failure();
  return std::move(results->carried);
}

namespace {

/// Where element `position` of dimension `axis` lies in a sequence: a slice whose dimension `axis` is
/// dropped.
struct StepSlice {
  llvm::SmallVector<mlir::OpFoldResult> offsets, sizes, strides;

  StepSlice(Emitter &emit, const GraphValue &sequence, int64_t axis, const Extent &position)
      : offsets(sequence.rank(), emit.builder.getIndexAttr(0)), sizes(emit.sizes(sequence.shape)),
        strides(sequence.rank(), emit.builder.getIndexAttr(1)) {
    offsets[axis] = emit.size(position);
    sizes[axis] = emit.builder.getIndexAttr(1);
  }
};

} // namespace

GraphValue takeStep(Emitter &emit, const GraphValue &sequence, int64_t axis, const Extent &position) {
  Shape shape = sequence.shape;
  shape.erase(shape.begin() + axis);
  mlir::Value source = emit.tensor(sequence);
  StepSlice slice(emit, sequence, axis, position);
  mlir::Value part = mlir::tensor::ExtractSliceOp::create(emit.builder, emit.location,
                                                          emit.type(sequence.elementType, shape), source,
                                                          slice.offsets, slice.sizes, slice.strides);
  return emit.wrap(part, sequence.elementType, shape);
}

GraphValue putStep(Emitter &emit, const GraphValue &sequence, int64_t axis, const Extent &position,
                   const GraphValue &part) {
  mlir::Value source = emit.tensor(part), destination = emit.tensor(sequence);
  StepSlice slice(emit, sequence, axis, position);
  mlir::Value result = mlir::tensor::InsertSliceOp::create(emit.builder, emit.location, source, destination,
                                                           slice.offsets, slice.sizes, slice.strides);
  return emit.wrap(result, sequence.elementType, sequence.shape);
}

} // namespace winnow::frontend
