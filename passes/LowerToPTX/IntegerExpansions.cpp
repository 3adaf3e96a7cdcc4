// The power of integers, for which LLVM would call a library.
#include "passes/LowerToPTX/InstructionExpansions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace winnow;

namespace {

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

void winnow::populateIntegerExpansions(RewritePatternSet &patterns) {
  patterns.add<ExpandIntegerPower>(patterns.getContext());
}
