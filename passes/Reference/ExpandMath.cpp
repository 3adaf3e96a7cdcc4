// Replaces math functions by arithmetic.
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/Reference/Passes.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace winnow {
#define GEN_PASS_DEF_EXPANDMATH
#include "passes/Reference/Passes.h.inc"
} // namespace winnow

namespace {

/// log10 x = log x / log 10.
struct ExpandLog10 : OpRewritePattern<math::Log10Op> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::Log10Op op, PatternRewriter &rewriter) const override {
    if (!op.getType().isF32())
      return rewriter.notifyMatchFailure(op, "is not a scalar of f32");
    Value logarithm = math::LogOp::create(rewriter, op.getLoc(), op.getOperand());
    Value scale = arith::ConstantOp::create(rewriter, op.getLoc(),
                                            rewriter.getF32FloatAttr(static_cast<float>(M_LOG10E)));
    rewriter.replaceOpWithNewOp<arith::MulFOp>(op, logarithm, scale);
    return success();
  }
};

/// x - y * trunc(x / y), in f64 and by magnitude: the rounded quotient may be one too large, which the sign
/// of the remainder tells. Exact for quotients below 2^29.
struct ExpandRemainder : OpRewritePattern<arith::RemFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::RemFOp op, PatternRewriter &rewriter) const override {
    if (!op.getType().isF32())
      return rewriter.notifyMatchFailure(op, "is not a scalar of f32");
    Location location = op.getLoc();
    Type wide = rewriter.getF64Type();
    auto magnitude = [&](Value value) -> Value {
      Value extended = arith::ExtFOp::create(rewriter, location, wide, value);
      return math::AbsFOp::create(rewriter, location, extended);
    };
    auto compare = [&](arith::CmpFPredicate predicate, Value a, Value b) -> Value {
      return arith::CmpFOp::create(rewriter, location, predicate, a, b);
    };
    Value x = magnitude(op.getLhs()), y = magnitude(op.getRhs());
    Value quotient = math::FloorOp::create(rewriter, location,
                                           arith::DivFOp::create(rewriter, location, x, y).getResult());
    Value product = arith::MulFOp::create(rewriter, location, quotient, y);
    Value rest = arith::SubFOp::create(rewriter, location, x, product);
    Value zero = arith::ConstantOp::create(rewriter, location, rewriter.getF64FloatAttr(0.0));
    Value raised = arith::AddFOp::create(rewriter, location, rest, y);
    rest = arith::SelectOp::create(rewriter, location, compare(arith::CmpFPredicate::OLT, rest, zero), raised,
                                   rest);
    // A finite number is its own remainder by infinity.
    Value infinity = arith::ConstantOp::create(
        rewriter, location, rewriter.getF64FloatAttr(std::numeric_limits<double>::infinity()));
    Value isOwn = arith::AndIOp::create(rewriter, location, compare(arith::CmpFPredicate::OEQ, y, infinity),
                                        compare(arith::CmpFPredicate::OLT, x, infinity));
    rest = arith::SelectOp::create(rewriter, location, isOwn, x, rest);
    Value narrow = arith::TruncFOp::create(rewriter, location, rewriter.getF32Type(), rest);
    rewriter.replaceOpWithNewOp<math::CopySignOp>(op, narrow, op.getLhs());
    return success();
  }
};

/// x^n for a constant n of this magnitude at most is a product.
constexpr double kLargestProduct = 8;

/// |x|^y = exp(y log |x|) with the sign of an odd power and the exceptions of C. A small constant exponent is
/// a product, which is more exact.
struct ExpandPower : OpRewritePattern<math::PowFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::PowFOp op, PatternRewriter &rewriter) const override {
    if (!op.getType().isF32())
      return rewriter.notifyMatchFailure(op, "is not a scalar of f32");
    FloatAttr exponent;
    if (matchPattern(op.getRhs(), m_Constant(&exponent)) && exponent.getValue().isInteger() &&
        std::abs(exponent.getValueAsDouble()) <= kLargestProduct)
      rewriter.replaceOp(op, buildProduct(rewriter, op, static_cast<int>(exponent.getValueAsDouble())));
    else
      rewriter.replaceOp(op, buildPower(rewriter, op));
    return success();
  }

  static Value constant(OpBuilder &builder, Location location, float value) {
    return arith::ConstantOp::create(builder, location, builder.getF32FloatAttr(value));
  }

  static Value buildProduct(OpBuilder &builder, math::PowFOp op, int exponent) {
    Location location = op.getLoc();
    Value product = constant(builder, location, 1.0f);
    for (int i = 0; i < std::abs(exponent); ++i)
      product =
          i == 0 ? op.getLhs() : arith::MulFOp::create(builder, location, product, op.getLhs()).getResult();
    if (exponent >= 0)
      return product;
    return arith::DivFOp::create(builder, location, constant(builder, location, 1.0f), product);
  }

  static Value buildPower(OpBuilder &builder, math::PowFOp op) {
    using Predicate = arith::CmpFPredicate;
    Location location = op.getLoc();
    Value x = op.getLhs(), y = op.getRhs();
    auto number = [&](float value) { return constant(builder, location, value); };
    auto compare = [&](Predicate predicate, Value a, Value b) -> Value {
      return arith::CmpFOp::create(builder, location, predicate, a, b);
    };
    auto both = [&](Value a, Value b) -> Value { return arith::AndIOp::create(builder, location, a, b); };
    auto select = [&](Value condition, Value yes, Value no) -> Value {
      return arith::SelectOp::create(builder, location, condition, yes, no);
    };
    auto isWhole = [&](Predicate predicate, Value value) {
      Value floor = math::FloorOp::create(builder, location, value);
      return compare(predicate, floor, value);
    };
    Value zero = number(0.0f), one = number(1.0f);
    Value magnitude = math::AbsFOp::create(builder, location, x);
    Value logarithm = math::LogOp::create(builder, location, magnitude);
    Value power =
        math::ExpOp::create(builder, location, arith::MulFOp::create(builder, location, y, logarithm));
    power = select(compare(Predicate::OEQ, magnitude, one), one, power);

    Value half = arith::MulFOp::create(builder, location, y, number(0.5f));
    Value isInteger = isWhole(Predicate::OEQ, y);
    Value isOdd = both(isInteger, isWhole(Predicate::ONE, half));
    Value isFiniteNegative =
        both(compare(Predicate::OLT, x, zero),
             compare(Predicate::OGT, x, number(-std::numeric_limits<float>::infinity())));
    Value isFraction = isWhole(Predicate::UNE, y);
    power =
        select(both(isFiniteNegative, isFraction), number(std::numeric_limits<float>::quiet_NaN()), power);
    power = select(isOdd, math::CopySignOp::create(builder, location, power, x), power);
    power = select(compare(Predicate::OEQ, x, one), one, power);
    return select(compare(Predicate::OEQ, y, zero), one, power);
  }
};

struct ExpandMath : winnow::impl::ExpandMathBase<ExpandMath> {
  void runOnOperation() override {
    if (failed(widenToF32()) || failed(expand()))
      signalPassFailure();
  }

  LogicalResult widenToF32() {
    TypeConverter converter;
    SetVector<Type> supported; // the converter refers to it
    math::populateExtendToSupportedTypesTypeConverter(converter, supported, Float32Type::get(&getContext()));
    ConversionTarget target(getContext());
    math::populateExtendToSupportedTypesConversionTarget(target, converter);
    RewritePatternSet patterns(&getContext());
    math::populateExtendToSupportedTypesPatterns(patterns, converter);
    return applyPartialConversion(getOperation(), target, std::move(patterns));
  }

  LogicalResult expand() {
    // What has no polynomial is first written with what has one.
    static constexpr StringRef rewritten[] = {"ctlz",  "sinh",      "cosh",  "tan",  "asinh",
                                              "acosh", "atanh",     "fpowi", "exp2", "rsqrt",
                                              "round", "roundeven", "clampf"};
    RewritePatternSet patterns(&getContext());
    math::populateExpansionPatterns(patterns, rewritten);
    populateMathPolynomialApproximationPatterns(patterns);
    patterns.add<ExpandLog10, ExpandPower, ExpandRemainder>(&getContext());
    return applyPatternsGreedily(getOperation(), std::move(patterns));
  }
};

} // namespace
