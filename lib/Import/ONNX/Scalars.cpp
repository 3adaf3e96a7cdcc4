// Scalar arithmetic in arith and math.
#include "lib/Import/ONNX/Scalars.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

namespace winnow::frontend {

using mlir::Value;
namespace arith = mlir::arith;

namespace {

bool isFloat(Value value) { return mlir::isa<mlir::FloatType>(value.getType()); }

} // namespace

Value Scalars::constant(mlir::Type type, double value) const {
  if (auto floatType = mlir::dyn_cast<mlir::FloatType>(type))
    return arith::ConstantOp::create(builder, location, builder.getFloatAttr(floatType, value));
  return integer(type, static_cast<int64_t>(value));
}

Value Scalars::integer(mlir::Type type, int64_t value) const {
  return arith::ConstantOp::create(builder, location, builder.getIntegerAttr(type, value));
}

Value Scalars::add(Value a, Value b) const {
  if (isFloat(a))
    return arith::AddFOp::create(builder, location, a, b);
  return arith::AddIOp::create(builder, location, a, b);
}

Value Scalars::subtract(Value a, Value b) const {
  if (isFloat(a))
    return arith::SubFOp::create(builder, location, a, b);
  return arith::SubIOp::create(builder, location, a, b);
}

Value Scalars::multiply(Value a, Value b) const {
  if (isFloat(a))
    return arith::MulFOp::create(builder, location, a, b);
  return arith::MulIOp::create(builder, location, a, b);
}

Value Scalars::safeDivisor(Value b) const {
  // x / 0 and INT_MIN / -1 trap on some machines; a model must not bring a program down.
  mlir::IntegerAttr known;
  if (mlir::matchPattern(b, mlir::m_Constant(&known)) && !known.getValue().isZero() &&
      !known.getValue().isAllOnes())
    return b;
  Value one = integer(b.getType(), 1);
  Value traps = equal(b, integer(b.getType(), 0));
  if (!isUnsigned)
    traps = arith::OrIOp::create(builder, location, traps, equal(b, integer(b.getType(), -1)));
  return select(traps, one, b);
}

Value Scalars::divide(Value a, Value b) const {
  if (isFloat(a))
    return arith::DivFOp::create(builder, location, a, b);
  Value divisor = safeDivisor(b);
  if (isUnsigned)
    return arith::DivUIOp::create(builder, location, a, divisor);
  Value quotient = arith::DivSIOp::create(builder, location, a, divisor);
  if (divisor == b)
    return quotient;
  return select(equal(b, integer(b.getType(), -1)), subtract(integer(a.getType(), 0), a), quotient);
}

Value Scalars::remainder(Value a, Value b) const {
  if (isFloat(a))
    return arith::RemFOp::create(builder, location, a, b);
  Value divisor = safeDivisor(b);
  if (isUnsigned)
    return arith::RemUIOp::create(builder, location, a, divisor);
  return arith::RemSIOp::create(builder, location, a, divisor);
}

Value Scalars::maximum(Value a, Value b) const {
  if (isFloat(a))
    return arith::MaximumFOp::create(builder, location, a, b);
  if (isUnsigned || a.getType().isInteger(1))
    return arith::MaxUIOp::create(builder, location, a, b);
  return arith::MaxSIOp::create(builder, location, a, b);
}

Value Scalars::minimum(Value a, Value b) const {
  if (isFloat(a))
    return arith::MinimumFOp::create(builder, location, a, b);
  if (isUnsigned || a.getType().isInteger(1))
    return arith::MinUIOp::create(builder, location, a, b);
  return arith::MinSIOp::create(builder, location, a, b);
}

Value Scalars::negate(Value a) const {
  if (isFloat(a))
    return arith::NegFOp::create(builder, location, a);
  return subtract(integer(a.getType(), 0), a);
}

Value Scalars::absolute(Value a) const {
  if (isFloat(a))
    return mlir::math::AbsFOp::create(builder, location, a);
  if (isUnsigned)
    return a;
  return mlir::math::AbsIOp::create(builder, location, a);
}

Value Scalars::exponential(Value a) const { return mlir::math::ExpOp::create(builder, location, a); }
Value Scalars::logarithm(Value a) const { return mlir::math::LogOp::create(builder, location, a); }
Value Scalars::squareRoot(Value a) const { return mlir::math::SqrtOp::create(builder, location, a); }
Value Scalars::tanh(Value a) const { return mlir::math::TanhOp::create(builder, location, a); }

Value Scalars::sigmoid(Value a) const {
  Value one = constant(a.getType(), 1);
  return divide(one, add(one, exponential(negate(a))));
}

Value Scalars::softplus(Value a) const {
  Value one = constant(a.getType(), 1), small = exponential(negate(absolute(a))), sum = add(one, small);
  // log(sum) and, to first order, what the sum lost of the small number.
  Value lost = subtract(small, subtract(sum, one));
  Value tail = add(logarithm(sum), divide(lost, sum));
  return add(maximum(a, constant(a.getType(), 0)), tail);
}

Value Scalars::select(Value condition, Value a, Value b) const {
  return arith::SelectOp::create(builder, location, condition, a, b);
}

Value Scalars::compare(Value a, Value b, arith::CmpFPredicate real, arith::CmpIPredicate ifSigned,
                       arith::CmpIPredicate ifUnsigned) const {
  if (isFloat(a))
    return arith::CmpFOp::create(builder, location, real, a, b);
  return arith::CmpIOp::create(builder, location,
                               isUnsigned || a.getType().isInteger(1) ? ifUnsigned : ifSigned, a, b);
}

Value Scalars::less(Value a, Value b) const {
  return compare(a, b, arith::CmpFPredicate::OLT, arith::CmpIPredicate::slt, arith::CmpIPredicate::ult);
}

Value Scalars::lessOrEqual(Value a, Value b) const {
  return compare(a, b, arith::CmpFPredicate::OLE, arith::CmpIPredicate::sle, arith::CmpIPredicate::ule);
}

Value Scalars::equal(Value a, Value b) const {
  return compare(a, b, arith::CmpFPredicate::OEQ, arith::CmpIPredicate::eq, arith::CmpIPredicate::eq);
}

Value Scalars::notEqual(Value a, Value b) const {
  return compare(a, b, arith::CmpFPredicate::UNE, arith::CmpIPredicate::ne, arith::CmpIPredicate::ne);
}

Value Scalars::floatToInteger(Value a, mlir::Type to, bool toUnsigned) const {
  // ONNX leaves open what is out of range; on all devices it is what the wider integer's lower bits say.
  unsigned width = to.getIntOrFloatBitWidth();
  unsigned wide = width < 32 ? 32 : (width == 32 && toUnsigned ? 64 : width);
  if (wide != width) {
    Value number = arith::FPToSIOp::create(builder, location, builder.getIntegerType(wide), a);
    return arith::TruncIOp::create(builder, location, to, number);
  }
  if (toUnsigned)
    return arith::FPToUIOp::create(builder, location, to, a);
  return arith::FPToSIOp::create(builder, location, to, a);
}

/// An f64 as an f32 whose last bit is set if anything was lost, the others being cut off.
Value Scalars::roundToOdd(Value a) const {
  mlir::Type single = builder.getF32Type(), bitsType = builder.getI32Type();
  Value nearest = arith::TruncFOp::create(builder, location, single, a);
  Value back = arith::ExtFOp::create(builder, location, a.getType(), nearest);
  Value isAbove = less(absolute(a), absolute(back)), isInexact = less(absolute(back), absolute(a));
  Value bits = arith::BitcastOp::create(builder, location, bitsType, nearest);
  Value down = subtract(bits, arith::ExtUIOp::create(builder, location, bitsType, isAbove));
  Value lost = arith::ExtUIOp::create(builder, location, bitsType,
                                      arith::OrIOp::create(builder, location, isAbove, isInexact));
  Value odd = arith::OrIOp::create(builder, location, down, lost);
  return arith::BitcastOp::create(builder, location, single, odd);
}

Value Scalars::cast(Value a, mlir::Type to, bool toUnsigned) const {
  mlir::Type from = a.getType();
  if (from == to)
    return a;
  unsigned fromWidth = from.getIntOrFloatBitWidth(), toWidth = to.getIntOrFloatBitWidth();
  if (to.isInteger(1))
    return notEqual(a, constant(from, 0));
  bool fromIsUnsigned = isUnsigned || from.isInteger(1);
  if (isFloat(a)) {
    if (mlir::isa<mlir::FloatType>(to)) {
      if (fromWidth < toWidth)
        return arith::ExtFOp::create(builder, location, to, a);
      if (fromWidth == 64 && toWidth < 32)
        a = roundToOdd(a); // to f32: then the next rounding is the only one
      if (fromWidth > toWidth)
        return arith::TruncFOp::create(builder, location, to, a);
      Value wide = arith::ExtFOp::create(builder, location, builder.getF32Type(), a); // f16 and bf16
      return arith::TruncFOp::create(builder, location, to, wide);
    }
    return floatToInteger(a, to, toUnsigned);
  }
  if (mlir::isa<mlir::FloatType>(to)) {
    if (fromIsUnsigned)
      return arith::UIToFPOp::create(builder, location, to, a);
    return arith::SIToFPOp::create(builder, location, to, a);
  }
  if (fromWidth > toWidth)
    return arith::TruncIOp::create(builder, location, to, a);
  if (fromIsUnsigned)
    return arith::ExtUIOp::create(builder, location, to, a);
  return arith::ExtSIOp::create(builder, location, to, a);
}

Value Scalars::loop(int64_t number) const { return mlir::linalg::IndexOp::create(builder, location, number); }

Value Scalars::toIndex(Value a) const {
  if (a.getType().isIndex())
    return a;
  return arith::IndexCastOp::create(builder, location, builder.getIndexType(), a);
}

mlir::TypedAttr lowest(mlir::Type type, bool isUnsigned) {
  if (auto floatType = mlir::dyn_cast<mlir::FloatType>(type))
    return mlir::FloatAttr::get(floatType, llvm::APFloat::getInf(floatType.getFloatSemantics(), true));
  unsigned width = type.getIntOrFloatBitWidth();
  bool startsAtZero = isUnsigned || width == 1;
  return mlir::IntegerAttr::get(type, startsAtZero ? llvm::APInt::getZero(width)
                                                   : llvm::APInt::getSignedMinValue(width));
}

mlir::TypedAttr highest(mlir::Type type, bool isUnsigned) {
  if (auto floatType = mlir::dyn_cast<mlir::FloatType>(type))
    return mlir::FloatAttr::get(floatType, llvm::APFloat::getInf(floatType.getFloatSemantics(), false));
  unsigned width = type.getIntOrFloatBitWidth();
  bool startsAtZero = isUnsigned || width == 1;
  return mlir::IntegerAttr::get(type, startsAtZero ? llvm::APInt::getAllOnes(width)
                                                   : llvm::APInt::getSignedMaxValue(width));
}

} // namespace winnow::frontend
