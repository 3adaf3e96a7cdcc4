// Activation functions as arithmetic on scalars, and the hidden values of a feed-forward layer.
#include "dialects/Winnow/Activations.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace winnow;

namespace {

/// f32 arithmetic at one place.
struct Arithmetic {
  OpBuilder &builder;
  Location location;

  Value constant(float value) {
    return arith::ConstantOp::create(builder, location, builder.getF32FloatAttr(value));
  }
  Value add(Value a, Value b) { return arith::AddFOp::create(builder, location, a, b); }
  Value multiply(Value a, Value b) { return arith::MulFOp::create(builder, location, a, b); }

  /// x / (1 + exp(-x))
  Value silu(Value x) {
    Value decay = math::ExpOp::create(builder, location, arith::NegFOp::create(builder, location, x));
    return arith::DivFOp::create(builder, location, x, add(constant(1.0f), decay));
  }

  /// x / 2 * (1 + erf(x / sqrt(2)))
  Value gelu(Value x) {
    constexpr float kHalfRoot = 0.70710678f;
    Value erf = math::ErfOp::create(builder, location, multiply(x, constant(kHalfRoot)));
    return multiply(multiply(constant(0.5f), x), add(constant(1.0f), erf));
  }

  /// x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))), which many models were trained with.
  Value geluTanh(Value x) {
    constexpr float kScale = 0.79788456f, kCubic = 0.044715f;
    Value cube = multiply(multiply(x, x), x);
    Value inner = multiply(constant(kScale), add(x, multiply(constant(kCubic), cube)));
    Value tanh = math::TanhOp::create(builder, location, inner);
    return multiply(multiply(constant(0.5f), x), add(constant(1.0f), tanh));
  }
};

} // namespace

Value winnow::buildActivation(OpBuilder &builder, Location location, Activation activation, Value x) {
  Type type = x.getType();
  Arithmetic f32{builder, location};
  if (!type.isF32())
    x = arith::ExtFOp::create(builder, location, builder.getF32Type(), x);
  switch (activation) {
  case Activation::Relu:
    x = arith::MaximumFOp::create(builder, location, x, f32.constant(0.0f));
    break;
  case Activation::Gelu:
    x = f32.gelu(x);
    break;
  case Activation::GeluTanh:
    x = f32.geluTanh(x);
    break;
  case Activation::Silu:
    x = f32.silu(x);
    break;
  }
  return type.isF32() ? x : arith::TruncFOp::create(builder, location, type, x).getResult();
}

Value winnow::buildHidden(OpBuilder &builder, Location location, Activation activation, Value up,
                          Value gate) {
  auto type = cast<RankedTensorType>(up.getType());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, location, up);
  Value init = tensor::EmptyOp::create(builder, location, sizes, type.getElementType());
  SmallVector<Value> inputs{up};
  if (gate)
    inputs.push_back(gate);
  SmallVector<AffineMap> maps(inputs.size() + 1, builder.getMultiDimIdentityMap(2));
  SmallVector<utils::IteratorType> iterators(2, utils::IteratorType::parallel);
  return linalg::GenericOp::create(builder, location, init.getType(), inputs, init, maps, iterators,
                                   [&](OpBuilder &body, Location at, ValueRange arguments) {
                                     Value activated =
                                         buildActivation(body, at, activation, arguments[gate ? 1 : 0]);
                                     if (gate)
                                       activated = arith::MulFOp::create(body, at, activated, arguments[0]);
                                     linalg::YieldOp::create(body, at, activated);
                                   })
      .getResult(0);
}
