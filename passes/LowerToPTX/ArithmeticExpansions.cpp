// The remainder of floats, which LLVM would round wrongly, and the power of integers, which it would call.
#include "passes/LowerToPTX/MathExpansions.h"
#include "passes/LowerToPTX/ScalarArithmetic.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace winnow;

namespace {

/// fmod from the truncated quotient. The rounded quotient may be one too large; the remainder, which is
/// exact, is negative then.
Value expandRemainder(Arithmetic &a, Value x, Value y) {
  using Predicate = arith::CmpFPredicate;
  Value zero = a.constant(0.0f), inf = a.constant(infinity);
  Value dividend = a.absolute(x), divisor = a.absolute(y);
  Value quotient = a.floor(a.divide(dividend, divisor));
  Value remainder = a.fma(a.negate(quotient), divisor, dividend);
  remainder = a.select(a.compare(Predicate::OLT, remainder, zero), a.add(remainder, divisor), remainder);
  Value isWhole = a.both(a.compare(Predicate::OEQ, divisor, inf), a.compare(Predicate::OLT, dividend, inf));
  return a.copySign(a.select(isWhole, dividend, remainder), x);
}

struct ExpandRemainder : OpRewritePattern<arith::RemFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::RemFOp op, PatternRewriter &rewriter) const override {
    Type type = op.getType();
    if (!type.isF32() && !type.isF16() && !type.isBF16())
      return rewriter.notifyMatchFailure(op, "not a scalar of f32 or less");
    Value x = op.getLhs(), y = op.getRhs();
    if (!type.isF32()) {
      x = arith::ExtFOp::create(rewriter, op.getLoc(), rewriter.getF32Type(), x);
      y = arith::ExtFOp::create(rewriter, op.getLoc(), rewriter.getF32Type(), y);
    }
    Arithmetic arithmetic(rewriter, op.getLoc());
    Value result = expandRemainder(arithmetic, x, y);
    if (!type.isF32())
      result = arith::TruncFOp::create(rewriter, op.getLoc(), type, result);
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// base^exponent by squaring; a negative exponent gives what 1 / base^|exponent| truncates to.
struct ExpandIntegerPower : OpRewritePattern<math::IPowIOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::IPowIOp op, PatternRewriter &rewriter) const override {
    auto type = dyn_cast<IntegerType>(op.getType());
    if (!type)
      return rewriter.notifyMatchFailure(op, "not a scalar integer");
    Location location = op.getLoc();
    auto constant = [&](int64_t value) -> Value {
      return arith::ConstantOp::create(rewriter, location, rewriter.getIntegerAttr(type, value));
    };
    auto compare = [&](OpBuilder &builder, arith::CmpIPredicate predicate, Value a, Value b) -> Value {
      return arith::CmpIOp::create(builder, location, predicate, a, b);
    };
    Value zero = constant(0), one = constant(1), minusOne = constant(-1);
    auto loop = scf::WhileOp::create(
        rewriter, location, TypeRange{type, type, type}, ValueRange{op.getLhs(), op.getRhs(), one},
        [&](OpBuilder &builder, Location, ValueRange state) {
          Value more = compare(builder, arith::CmpIPredicate::sgt, state[1], zero);
          scf::ConditionOp::create(builder, location, more, state);
        },
        [&](OpBuilder &builder, Location, ValueRange state) {
          Value bit = arith::AndIOp::create(builder, location, state[1], one);
          Value isSet = compare(builder, arith::CmpIPredicate::eq, bit, one);
          Value product = arith::MulIOp::create(builder, location, state[2], state[0]);
          Value result = arith::SelectOp::create(builder, location, isSet, product, state[2]);
          Value square = arith::MulIOp::create(builder, location, state[0], state[0]);
          Value rest = arith::ShRUIOp::create(builder, location, state[1], one);
          scf::YieldOp::create(builder, location, ValueRange{square, rest, result});
        });
    Value isNegative = compare(rewriter, arith::CmpIPredicate::slt, op.getRhs(), zero);
    Value isOdd = compare(rewriter, arith::CmpIPredicate::eq,
                          arith::AndIOp::create(rewriter, location, op.getRhs(), one), one);
    Value sign = arith::SelectOp::create(rewriter, location, isOdd, minusOne, one);
    Value isMinusOne = compare(rewriter, arith::CmpIPredicate::eq, op.getLhs(), minusOne);
    Value isOne = compare(rewriter, arith::CmpIPredicate::eq, op.getLhs(), one);
    Value inverse = arith::SelectOp::create(rewriter, location, isMinusOne, sign, zero);
    inverse = arith::SelectOp::create(rewriter, location, isOne, one, inverse);
    rewriter.replaceOpWithNewOp<arith::SelectOp>(op, isNegative, inverse, loop.getResult(2));
    return success();
  }
};

} // namespace

void winnow::populateArithmeticExpansions(RewritePatternSet &patterns) {
  patterns.add<ExpandRemainder, ExpandIntegerPower>(patterns.getContext());
}
