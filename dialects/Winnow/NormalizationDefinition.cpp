// Executable definition of normalizations.
#include "dialects/Winnow/Definition.h"
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace winnow;

using Results = SmallVector<SmallVector<Value>>;

namespace {

using Term = llvm::function_ref<Value(Formula &, ValueRange at)>;

Value add(Formula &formula, Value a, Value b) {
  return arith::AddFOp::create(formula.builder, formula.location, a, b);
}

Value multiply(Formula &formula, Value a, Value b) {
  return arith::MulFOp::create(formula.builder, formula.location, a, b);
}

/// The mean of the terms of each row.
Value buildMean(OpBuilder &builder, Location location, ArrayRef<OpFoldResult> extents, int64_t width,
                Term term) {
  Value sum = buildReduction(builder, location, extents, extents.size() - 1, builder.getF32FloatAttr(0.0f),
                             [&](Formula &formula, ValueRange at, Value accumulated) {
                               return add(formula, accumulated, term(formula, at));
                             });
  return buildTensor(builder, location, extents.drop_back(), builder.getF32Type(),
                     [&](Formula &formula, ValueRange at) -> Value {
                       Value count = formula.constant(builder.getF32FloatAttr(width));
                       return arith::DivFOp::create(formula.builder, formula.location, formula.entry(sum, at),
                                                    count);
                     });
}

} // namespace

Results NormalizeOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  Value x = operands[0].front();
  Value scale = getScale() ? operands[1].front() : Value();
  Value bias = getBias() ? operands.back().front() : Value();
  SmallVector<OpFoldResult> extents = tensor::getMixedSizes(builder, getLoc(), x);
  Value mean;
  if (getCentered())
    mean = buildMean(builder, getLoc(), extents, getWidth(),
                     [&](Formula &formula, ValueRange at) { return formula.toF32(formula.entry(x, at)); });
  auto deviation = [&](Formula &formula, ValueRange at) -> Value {
    Value value = formula.toF32(formula.entry(x, at));
    if (!mean)
      return value;
    return arith::SubFOp::create(formula.builder, formula.location, value,
                                 formula.entry(mean, at.drop_back()));
  };
  Value square = buildMean(builder, getLoc(), extents, getWidth(), [&](Formula &formula, ValueRange at) {
    Value value = deviation(formula, at);
    return multiply(formula, value, value);
  });
  Type type = getElementTypeOrSelf(x.getType());
  return {{buildTensor(builder, getLoc(), extents, type, [&](Formula &formula, ValueRange at) -> Value {
    Value epsilon = formula.constant(builder.getF32FloatAttr(getEpsilon().convertToFloat()));
    Value variance = add(formula, formula.entry(square, at.drop_back()), epsilon);
    Value root = math::SqrtOp::create(formula.builder, formula.location, variance);
    Value result = arith::DivFOp::create(formula.builder, formula.location, deviation(formula, at), root);
    if (scale)
      result = multiply(formula, result, formula.toF32(formula.entry(scale, at.back())));
    if (bias)
      result = add(formula, result, formula.toF32(formula.entry(bias, at.back())));
    return formula.fromF32(result, type);
  })}};
}
