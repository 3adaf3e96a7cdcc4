// What of the arithmetic on scalars and vectors takes more than one operation.
#include "lib/MathExpansions/Arithmetic.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace winnow;

bool Arithmetic::isSupported(Type type) {
  return isa<FloatType, VectorType>(type) && getElementTypeOrSelf(type).isF32();
}

Type Arithmetic::typeOf(Type element) {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? vector.clone(element) : element;
}

Value Arithmetic::splat(TypedAttr value) {
  if (auto vector = dyn_cast<VectorType>(typeOf(value.getType())))
    value = DenseElementsAttr::get(vector, Attribute(value));
  return arith::ConstantOp::create(builder, location, value);
}

Value Arithmetic::exactFma(Value a, Value b, Value c) {
  if (hasFma)
    return fma(a, b, c);
  return narrow(add(multiply(widen(a), widen(b)), widen(c)));
}

/// Whether any lane of `condition` is set: an i1.
static Value anyLane(OpBuilder &builder, Location location, Value condition) {
  auto vector = dyn_cast<VectorType>(condition.getType());
  if (!vector)
    return condition;
  if (vector.getRank() != 1) {
    auto flat = VectorType::get({vector.getNumElements()}, vector.getElementType());
    condition = vector::ShapeCastOp::create(builder, location, flat, condition);
  }
  return vector::ReductionOp::create(builder, location, vector::CombiningKind::OR, condition);
}

SmallVector<Value> Arithmetic::whenAny(Value condition, ValueRange otherwise,
                                       function_ref<SmallVector<Value>(Arithmetic &)> build) {
  auto branch = scf::IfOp::create(
      builder, location, anyLane(builder, location, condition),
      [&](OpBuilder &inner, Location) {
        Arithmetic arithmetic(inner, location, type, hasFma);
        SmallVector<Value> results = build(arithmetic);
        scf::YieldOp::create(inner, location, results);
      },
      [&](OpBuilder &inner, Location) { scf::YieldOp::create(inner, location, otherwise); });
  return SmallVector<Value>(branch.getResults());
}

SmallVector<Value> Arithmetic::whileAny(ValueRange start,
                                        function_ref<Value(Arithmetic &, ValueRange)> condition,
                                        function_ref<SmallVector<Value>(Arithmetic &, ValueRange)> build) {
  auto loop = scf::WhileOp::create(
      builder, location, start.getTypes(), start,
      [&](OpBuilder &inner, Location, ValueRange values) {
        Arithmetic arithmetic(inner, location, type, hasFma);
        Value isLeft = anyLane(inner, location, condition(arithmetic, values));
        scf::ConditionOp::create(inner, location, isLeft, values);
      },
      [&](OpBuilder &inner, Location, ValueRange values) {
        Arithmetic arithmetic(inner, location, type, hasFma);
        scf::YieldOp::create(inner, location, build(arithmetic, values));
      });
  return SmallVector<Value>(loop.getResults());
}
