// Arithmetic of interpolation.
#include "lib/Import/ONNX/Operators/Interpolation.h"

#include "mlir/Dialect/Math/IR/Math.h"

namespace winnow::frontend {

using mlir::Value;

Value floorOf(const Scalars &s, Value a) { return mlir::math::FloorOp::create(s.builder, s.location, a); }
Value ceilOf(const Scalars &s, Value a) { return mlir::math::CeilOp::create(s.builder, s.location, a); }

Value toReal(const Scalars &s, Value index, mlir::Type type) {
  Value integer = mlir::arith::IndexCastOp::create(s.builder, s.location, s.builder.getI64Type(), index);
  return mlir::arith::SIToFPOp::create(s.builder, s.location, type, integer);
}

Value bounded(const Scalars &s, Value x, Value low, Value high) {
  Value atLeast = s.select(s.less(low, x), x, low);
  return s.select(s.less(atLeast, high), atLeast, high);
}

Value truncateToIndex(const Scalars &s, Value real) {
  return s.toIndex(mlir::arith::FPToSIOp::create(s.builder, s.location, s.builder.getI32Type(), real));
}

Value triangleKernel(const Scalars &s, Value distance) {
  mlir::Type type = distance.getType();
  return s.maximum(s.subtract(s.constant(type, 1), s.absolute(distance)), s.constant(type, 0));
}

Value cubicKernel(const Scalars &s, Value distance, double a) {
  auto number = [&](double value) { return s.constant(distance.getType(), value); };
  Value d = s.absolute(distance), one = number(1), square = s.multiply(d, d);
  Value inner = s.add(s.multiply(s.subtract(s.multiply(number(a + 2), d), number(a + 3)), square), one);
  Value outer = s.subtract(s.multiply(number(a), d), number(5 * a));
  outer = s.subtract(s.multiply(s.add(s.multiply(outer, d), number(8 * a)), d), number(4 * a));
  return s.select(s.lessOrEqual(d, one), inner, s.select(s.less(d, number(2)), outer, number(0)));
}

} // namespace winnow::frontend
