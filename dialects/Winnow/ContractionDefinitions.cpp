// Executable definitions of the matrix product and the convolution: dense ones between scatter and gather.
#include "dialects/Winnow/Definition.h"
#include "dialects/Winnow/DenseContraction.h"
#include "dialects/Winnow/WinnowOps.h"

using namespace mlir;
using namespace winnow;

namespace {

using Results = SmallVector<SmallVector<Value>>;

/// `gather(contract(scatter(x, inputs), weights), outputs)`, where the selections are optional operands in
/// this order after the two tensors.
template <typename OpTy>
Results buildDefinition(OpTy op, OpBuilder &builder, ArrayRef<ValueRange> operands,
                        function_ref<Value(Value x, Value weights)> contract) {
  Value x = operands[0].front();
  if (op.getInputs())
    x = buildScatter(builder, op.getLoc(), x, partsOf(op.getInputs().getType(), operands[2]));
  Value result = contract(x, operands[1].front());
  if (op.getOutputs())
    result = buildGather(builder, op.getLoc(), result, partsOf(op.getOutputs().getType(), operands.back()),
                         /*shared=*/false);
  return {{result}};
}

} // namespace

Results MatmulOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  return buildDefinition(*this, builder, operands, [&](Value x, Value weights) {
    return buildDenseMatmul(builder, getLoc(), x, weights, getElementTypeOrSelf(getType()));
  });
}

Results Conv2DOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  ConvolutionWindow window{getStrides(), getDilations(), getPadding()};
  return buildDefinition(*this, builder, operands, [&](Value x, Value weights) {
    return buildDenseConv2D(builder, getLoc(), x, weights, window, getElementTypeOrSelf(getType()));
  });
}
