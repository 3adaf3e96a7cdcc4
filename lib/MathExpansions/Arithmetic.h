// Writes f32 arithmetic on scalars and vectors as expressions: what the expansions of math functions are made
// of.
#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/PatternMatch.h"

#include <limits>

namespace winnow {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float notANumber = std::numeric_limits<float>::quiet_NaN();

/// Our expansions come before upstream's of the same operations.
constexpr int ownBenefit = 10;

/// Builds operations on f32 (on i32 for the bits of an f32, on f64 where a product must be exact) at one
/// place, on scalars or lane by lane on vectors.
class Arithmetic {
public:
  /// `type` is that of the operands: f32, or a vector of it. Without `hasFma`, the target computes fused
  /// multiply-adds as two operations, with a rounding in between.
  Arithmetic(mlir::OpBuilder &builder, mlir::Location location, mlir::Type type, bool hasFma = true)
      : builder(builder), location(location), type(type), hasFma(hasFma) {}

  static bool isSupported(mlir::Type type);

  mlir::Value constant(float value) { return splat(builder.getF32FloatAttr(value)); }
  mlir::Value constant(int32_t value) { return splat(builder.getI32IntegerAttr(value)); }
  mlir::Value wideConstant(double value) { return splat(builder.getF64FloatAttr(value)); }
  mlir::Value wideInteger(int64_t value) { return splat(builder.getI64IntegerAttr(value)); }
  /// The bits of an f64, and the f64 of bits.
  mlir::Value wideBits(mlir::Value a) {
    return mlir::arith::BitcastOp::create(builder, location, typeOf(builder.getI64Type()), a);
  }
  mlir::Value wideNumber(mlir::Value bits) {
    return mlir::arith::BitcastOp::create(builder, location, typeOf(builder.getF64Type()), bits);
  }
  mlir::Value toWideInteger(mlir::Value a) {
    return mlir::arith::FPToSIOp::create(builder, location, typeOf(builder.getI64Type()), a);
  }
  mlir::Value wideToFloat(mlir::Value a) {
    return mlir::arith::SIToFPOp::create(builder, location, typeOf(builder.getF64Type()), a);
  }
  mlir::Value shiftWideLeft(mlir::Value a, int64_t by) {
    return mlir::arith::ShLIOp::create(builder, location, a, wideInteger(by));
  }
  mlir::Value shiftWideRight(mlir::Value a, int64_t by) {
    return mlir::arith::ShRSIOp::create(builder, location, a, wideInteger(by));
  }
  /// f32 to f64, exact.
  mlir::Value widen(mlir::Value a) {
    return mlir::arith::ExtFOp::create(builder, location, typeOf(builder.getF64Type()), a);
  }
  /// f64 to f32, rounded.
  mlir::Value narrow(mlir::Value a) {
    return mlir::arith::TruncFOp::create(builder, location, typeOf(builder.getF32Type()), a);
  }
  /// `otherwise` unless `condition` holds in any lane; then what `build` makes of all lanes. So a case that
  /// is rare costs a branch and not its computation.
  mlir::SmallVector<mlir::Value>
  whenAny(mlir::Value condition, mlir::ValueRange otherwise,
          llvm::function_ref<mlir::SmallVector<mlir::Value>(Arithmetic &)> build);
  /// Repeats what `build` makes of the values while `condition` of them holds in any lane.
  mlir::SmallVector<mlir::Value>
  whileAny(mlir::ValueRange start, llvm::function_ref<mlir::Value(Arithmetic &, mlir::ValueRange)> condition,
           llvm::function_ref<mlir::SmallVector<mlir::Value>(Arithmetic &, mlir::ValueRange)> build);
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
  /// A fused multiply-add for what a rounded product would spoil: the product is exact on every target.
  mlir::Value exactFma(mlir::Value a, mlir::Value b, mlir::Value c);
  mlir::Value sqrt(mlir::Value a) { return mlir::math::SqrtOp::create(builder, location, a); }
  mlir::Value exp(mlir::Value a) { return mlir::math::ExpOp::create(builder, location, a); }
  mlir::Value expm1(mlir::Value a) { return mlir::math::ExpM1Op::create(builder, location, a); }
  mlir::Value log(mlir::Value a) { return mlir::math::LogOp::create(builder, location, a); }
  mlir::Value log1p(mlir::Value a) { return mlir::math::Log1pOp::create(builder, location, a); }
  mlir::Value exp2(mlir::Value a) { return mlir::math::Exp2Op::create(builder, location, a); }
  mlir::Value absolute(mlir::Value a) { return mlir::math::AbsFOp::create(builder, location, a); }
  mlir::Value floor(mlir::Value a) { return mlir::math::FloorOp::create(builder, location, a); }
  mlir::Value truncate(mlir::Value a) { return mlir::math::TruncOp::create(builder, location, a); }
  /// To the nearest integer, halves to even.
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
    return mlir::arith::BitcastOp::create(builder, location, typeOf(builder.getI32Type()), a);
  }
  mlir::Value number(mlir::Value bits) {
    return mlir::arith::BitcastOp::create(builder, location, typeOf(builder.getF32Type()), bits);
  }
  mlir::Value toInteger(mlir::Value a) {
    return mlir::arith::FPToSIOp::create(builder, location, typeOf(builder.getI32Type()), a);
  }
  mlir::Value toFloat(mlir::Value a) {
    return mlir::arith::SIToFPOp::create(builder, location, typeOf(builder.getF32Type()), a);
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
  /// 2^exponent for an integer in -126 ... 127.
  mlir::Value powerOfTwo(mlir::Value exponent) {
    return number(shiftLeft(addInteger(exponent, constant(127)), 23));
  }

  mlir::OpBuilder &builder;
  mlir::Location location;

private:
  /// The shape of the operands with another element type.
  mlir::Type typeOf(mlir::Type element);
  mlir::Value splat(mlir::TypedAttr value);

  mlir::Type type;
  bool hasFma;
};

/// Rewrites an operation on f32, or on a vector of f32, by `expand`.
template <typename Op, auto expand> struct Expand : mlir::OpRewritePattern<Op> {
  Expand(mlir::MLIRContext *context, bool hasFma = true)
      : mlir::OpRewritePattern<Op>(context, ownBenefit), hasFma(hasFma) {}

  mlir::LogicalResult matchAndRewrite(Op op, mlir::PatternRewriter &rewriter) const override {
    if (!Arithmetic::isSupported(op.getType()))
      return rewriter.notifyMatchFailure(op, "not an f32, nor a vector of it");
    Arithmetic arithmetic(rewriter, op.getLoc(), op.getType(), hasFma);
    if constexpr (Op::template hasTrait<mlir::OpTrait::OneOperand>())
      rewriter.replaceOp(op, expand(arithmetic, op.getOperand()));
    else
      rewriter.replaceOp(op, expand(arithmetic, op.getLhs(), op.getRhs()));
    return mlir::success();
  }

private:
  bool hasFma;
};

} // namespace winnow
