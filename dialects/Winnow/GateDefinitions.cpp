// Executable definitions of gates and of dynamic quantization.
#include "dialects/Winnow/Definition.h"
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace winnow;

namespace {

using Results = SmallVector<SmallVector<Value>>;

/// The largest magnitude of each row; neither NaN nor what lies beyond the row's count takes part.
Value buildRowMaximum(OpBuilder &builder, Location location, Value x, Value counts) {
  SmallVector<OpFoldResult> extents = tensor::getMixedSizes(builder, location, x);
  return buildReduction(
      builder, location, extents, 1, builder.getF32FloatAttr(0.0f),
      [&](Formula &formula, ValueRange at, Value largest) -> Value {
        Value magnitude = math::AbsFOp::create(formula.builder, formula.location, formula.entry(x, at));
        Value isLarger = arith::CmpFOp::create(formula.builder, formula.location, arith::CmpFPredicate::OGT,
                                               magnitude, largest);
        if (counts)
          isLarger =
              formula.both(isLarger, formula.isLess(at[1], formula.toIndex(formula.entry(counts, at[0]))));
        return formula.select(isLarger, magnitude, largest);
      });
}

/// `x / scale` as the nearest integer in -127..127; 0 if it is NaN.
Value quantizeEntry(Formula &formula, Value x, Value scale) {
  OpBuilder &builder = formula.builder;
  Location location = formula.location;
  Value quotient = arith::DivFOp::create(builder, location, x, scale);
  Value rounded = math::RoundEvenOp::create(builder, location, quotient);
  Value least = formula.constant(builder.getF32FloatAttr(-127.0f));
  Value most = formula.constant(builder.getF32FloatAttr(127.0f));
  auto compare = [&](arith::CmpFPredicate predicate, Value a, Value b) -> Value {
    return arith::CmpFOp::create(builder, location, predicate, a, b);
  };
  Value limited = formula.select(compare(arith::CmpFPredicate::OLT, rounded, least), least, rounded);
  limited = formula.select(compare(arith::CmpFPredicate::OGT, limited, most), most, limited);
  Value isNumber = compare(arith::CmpFPredicate::ORD, limited, limited);
  limited = formula.select(isNumber, limited, formula.zero(builder.getF32Type()));
  return arith::FPToSIOp::create(builder, location, builder.getI8Type(), limited);
}

} // namespace

Results ChannelGateOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  Value x = operands[0].front(), gate = operands[1].front();
  return {{buildTensor(builder, getLoc(), tensor::getMixedSizes(builder, getLoc(), x),
                       getElementTypeOrSelf(x.getType()), [&](Formula &formula, ValueRange at) -> Value {
                         return arith::MulFOp::create(formula.builder, formula.location, formula.entry(x, at),
                                                      formula.entry(gate, at.take_front(2)));
                       })}};
}

Results QuantizeOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  Value x = operands[0].front();
  Value counts = getActive() ? partsOf(getActive().getType(), operands[1]).counts : Value();
  Value largest = buildRowMaximum(builder, getLoc(), x, counts);
  SmallVector<OpFoldResult> extents = tensor::getMixedSizes(builder, getLoc(), x);
  Value scale = buildTensor(builder, getLoc(), extents.front(), builder.getF32Type(),
                            [&](Formula &formula, ValueRange at) -> Value {
                              Value steps = formula.constant(builder.getF32FloatAttr(127.0f));
                              return arith::DivFOp::create(formula.builder, formula.location,
                                                           formula.entry(largest, at), steps);
                            });
  Value values =
      buildTensor(builder, getLoc(), extents, builder.getI8Type(), [&](Formula &formula, ValueRange at) {
        return quantizeEntry(formula, formula.entry(x, at), formula.entry(scale, at[0]));
      });
  return {{values}, {scale}};
}
