// Writes f32 arithmetic on scalars as expressions: what the expansions of math functions are made of.
#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/PatternMatch.h"

#include <limits>

namespace winnow {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float notANumber = std::numeric_limits<float>::quiet_NaN();

/// Builds operations on f32 (and on i32, for the bits of an f32) at one place.
class Arithmetic {
public:
  Arithmetic(mlir::OpBuilder &builder, mlir::Location location) : builder(builder), location(location) {}

  mlir::Value constant(float value) {
    return mlir::arith::ConstantOp::create(builder, location, builder.getF32FloatAttr(value));
  }
  mlir::Value constant(int32_t value) {
    return mlir::arith::ConstantOp::create(builder, location, builder.getI32IntegerAttr(value));
  }
  mlir::Value add(mlir::Value a, mlir::Value b) {
    return mlir::arith::AddFOp::create(builder, location, a, b);
  }
  mlir::Value subtract(mlir::Value a, mlir::Value b) {
    return mlir::arith::SubFOp::create(builder, location, a, b);
  }
  mlir::Value multiply(mlir::Value a, mlir::Value b) {
    return mlir::arith::MulFOp::create(builder, location, a, b);
  }
  mlir::Value divide(mlir::Value a, mlir::Value b) {
    return mlir::arith::DivFOp::create(builder, location, a, b);
  }
  mlir::Value negate(mlir::Value a) { return mlir::arith::NegFOp::create(builder, location, a); }
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c) {
    return mlir::math::FmaOp::create(builder, location, a, b, c);
  }
  mlir::Value sqrt(mlir::Value a) { return mlir::math::SqrtOp::create(builder, location, a); }
  mlir::Value exp(mlir::Value a) { return mlir::math::ExpOp::create(builder, location, a); }
  mlir::Value expm1(mlir::Value a) { return mlir::math::ExpM1Op::create(builder, location, a); }
  mlir::Value log(mlir::Value a) { return mlir::math::LogOp::create(builder, location, a); }
  mlir::Value log1p(mlir::Value a) { return mlir::math::Log1pOp::create(builder, location, a); }
  mlir::Value exp2(mlir::Value a) { return mlir::math::Exp2Op::create(builder, location, a); }
  mlir::Value absolute(mlir::Value a) { return mlir::math::AbsFOp::create(builder, location, a); }
  mlir::Value floor(mlir::Value a) { return mlir::math::FloorOp::create(builder, location, a); }
  mlir::Value round(mlir::Value a) { return mlir::math::RoundEvenOp::create(builder, location, a); }
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b) {
    return mlir::arith::SelectOp::create(builder, location, condition, a, b);
  }
  mlir::Value compare(mlir::arith::CmpFPredicate predicate, mlir::Value a, mlir::Value b) {
    return mlir::arith::CmpFOp::create(builder, location, predicate, a, b);
  }
  mlir::Value both(mlir::Value a, mlir::Value b) {
    return mlir::arith::AndIOp::create(builder, location, a, b);
  }
  mlir::Value either(mlir::Value a, mlir::Value b) {
    return mlir::arith::OrIOp::create(builder, location, a, b);
  }
  /// The magnitude of `a` with the sign of `b`.
  mlir::Value copySign(mlir::Value a, mlir::Value b) {
    return mlir::math::CopySignOp::create(builder, location, a, b);
  }
  /// A NaN becomes `low`.
  mlir::Value clamp(mlir::Value a, float low, float high) {
    mlir::Value raised = mlir::arith::MaxNumFOp::create(builder, location, a, constant(low));
    return mlir::arith::MinNumFOp::create(builder, location, raised, constant(high));
  }
  mlir::Value bits(mlir::Value a) {
    return mlir::arith::BitcastOp::create(builder, location, builder.getI32Type(), a);
  }
  mlir::Value number(mlir::Value bits) {
    return mlir::arith::BitcastOp::create(builder, location, builder.getF32Type(), bits);
  }
  mlir::Value toInteger(mlir::Value a) {
    return mlir::arith::FPToSIOp::create(builder, location, builder.getI32Type(), a);
  }
  mlir::Value toFloat(mlir::Value a) {
    return mlir::arith::SIToFPOp::create(builder, location, builder.getF32Type(), a);
  }
  mlir::Value addInteger(mlir::Value a, mlir::Value b) {
    return mlir::arith::AddIOp::create(builder, location, a, b);
  }
  mlir::Value subtractInteger(mlir::Value a, mlir::Value b) {
    return mlir::arith::SubIOp::create(builder, location, a, b);
  }
  mlir::Value shiftLeft(mlir::Value a, int32_t by) {
    return mlir::arith::ShLIOp::create(builder, location, a, constant(by));
  }
  mlir::Value shiftRight(mlir::Value a, int32_t by) {
    return mlir::arith::ShRSIOp::create(builder, location, a, constant(by));
  }
  mlir::Value hasBit(mlir::Value a, int32_t bit) {
    mlir::Value masked = mlir::arith::AndIOp::create(builder, location, a, constant(bit));
    return mlir::arith::CmpIOp::create(builder, location, mlir::arith::CmpIPredicate::ne, masked,
                                       constant(int32_t(0)));
  }
  mlir::Value isNegative(mlir::Value bits) {
    return mlir::arith::CmpIOp::create(builder, location, mlir::arith::CmpIPredicate::slt, bits,
                                       constant(int32_t(0)));
  }
  /// coefficients[0] * x^(n-1) + ... + coefficients[n-1]
  mlir::Value polynomial(mlir::Value x, mlir::ArrayRef<float> coefficients) {
    mlir::Value result = constant(coefficients.front());
    for (float coefficient : coefficients.drop_front())
      result = fma(result, x, constant(coefficient));
    return result;
  }
  /// 2^exponent for a whole exponent in -126 ... 127.
  mlir::Value powerOfTwo(mlir::Value exponent) {
    return number(shiftLeft(addInteger(toInteger(exponent), constant(127)), 23));
  }

private:
  mlir::OpBuilder &builder;
  mlir::Location location;
};

/// Rewrites an operation on one f32 by `expand`.
template <typename Op, mlir::Value (*expand)(Arithmetic &, mlir::Value)>
struct Expand : mlir::OpRewritePattern<Op> {
  using mlir::OpRewritePattern<Op>::OpRewritePattern;
  mlir::LogicalResult matchAndRewrite(Op op, mlir::PatternRewriter &rewriter) const override {
    if (!op.getType().isF32())
      return rewriter.notifyMatchFailure(op, "not a scalar f32");
    Arithmetic arithmetic(rewriter, op.getLoc());
    rewriter.replaceOp(op, expand(arithmetic, op.getOperand()));
    return mlir::success();
  }
};

} // namespace winnow
