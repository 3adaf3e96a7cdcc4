// Radix selection as a chain of kernels: a digit of four bits at a time is decided, the highest first, by
// counting the keys that begin with what is decided and each next digit. The time is linear in the number of
// keys.
//
// What is known so far is passed on in a tensor of three numbers, so that the kernels of all digits are equal
// and are compiled once.
#include "dialects/Winnow/WinnowOps.h"
#include "passes/Expand/BuildGeneric.h"
#include "passes/Expand/Expansions.h"

using namespace mlir;
using namespace winnow;

namespace {

constexpr int64_t kDigitBits = 4, kDigits = 1 << kDigitBits;
static_assert(OrderStatisticOp::kKeyBits % kDigitBits == 0 && OrderStatisticOp::kKeyBits < 63);

/// What is known: the digits that are decided, how many of the keys that begin with them are smaller than the
/// wanted one, and where the next digit stands.
enum Number : int64_t { kPrefix, kRemaining, kShift, kNumbers };

Value numberOf(OpBuilder &builder, Location loc, Value search, Number number) {
  Value place = arith::ConstantIndexOp::create(builder, loc, number);
  return tensor::ExtractOp::create(builder, loc, search, place);
}

/// A search with these numbers, each built in the body of a kernel.
Value createSearch(OpBuilder &builder, Location loc,
                   llvm::function_ref<std::array<Value, kNumbers>(OpBuilder &, Location)> body) {
  return createGeneric(builder, loc, OpFoldResult(builder.getIndexAttr(kNumbers)), builder.getI64Type(), {},
                       {}, 0, {}, [&](OpBuilder &b, Location at, ValueRange) -> Value {
                         std::array<Value, kNumbers> numbers = body(b, at);
                         Value here = linalg::IndexOp::create(b, at, 0), result = numbers[kShift];
                         for (int64_t number : {kRemaining, kPrefix}) {
                           Value place = arith::ConstantIndexOp::create(b, at, number);
                           Value isHere = compare(b, at, arith::CmpIPredicate::eq, here, place);
                           result = arith::SelectOp::create(b, at, isHere, numbers[number], result);
                         }
                         return result;
                       });
}

/// For each digit, how many keys begin with the prefix and it.
Value countDigits(OpBuilder &builder, Location loc, Value keys, Value search) {
  return createGeneric(
      builder, loc, OpFoldResult(builder.getIndexAttr(kDigits)), builder.getI64Type(), keys,
      mapOf(builder, 2, {1}), 1, builder.getI64IntegerAttr(0),
      [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
        Value shift = numberOf(b, at, search, kShift), prefix = numberOf(b, at, search, kPrefix);
        Value digit = toI64(b, at, linalg::IndexOp::create(b, at, 0));
        Value one = constant64(b, at, 1);
        Value first = arith::AddIOp::create(b, at, prefix, arith::ShLIOp::create(b, at, digit, shift));
        Value end = arith::AddIOp::create(b, at, first, arith::ShLIOp::create(b, at, one, shift));
        Value isFrom = compare(b, at, arith::CmpIPredicate::sge, arguments[0], first);
        Value isBefore = compare(b, at, arith::CmpIPredicate::slt, arguments[0], end);
        Value isCounted = arith::AndIOp::create(b, at, isFrom, isBefore);
        Value step = arith::ExtUIOp::create(b, at, b.getI64Type(), isCounted);
        return arith::AddIOp::create(b, at, arguments[1], step);
      });
}

/// The digit whose keys the wanted one is among, and how many of those are smaller. Digits whose keys are all
/// smaller are passed; past the last one, the wanted key is above all.
std::pair<Value, Value> findDigit(OpBuilder &builder, Location loc, Value counts, Value remaining) {
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  Value end = arith::ConstantIndexOp::create(builder, loc, kDigits);
  auto loop = scf::ForOp::create(
      builder, loc, zero, end, one, ValueRange{zero, remaining},
      [&](OpBuilder &b, Location at, Value digit, ValueRange carried) {
        Value count = tensor::ExtractOp::create(b, at, counts, digit);
        Value isReached = compare(b, at, arith::CmpIPredicate::eq, carried[0], digit);
        Value areSmaller = compare(b, at, arith::CmpIPredicate::sge, carried[1], count);
        Value isPassed = arith::AndIOp::create(b, at, isReached, areSmaller);
        Value next = arith::AddIOp::create(b, at, digit, one);
        Value rest = arith::SubIOp::create(b, at, carried[1], count);
        scf::YieldOp::create(b, at,
                             ValueRange{arith::SelectOp::create(b, at, isPassed, next, carried[0]),
                                        arith::SelectOp::create(b, at, isPassed, rest, carried[1])});
      });
  return {loop.getResult(0), loop.getResult(1)};
}

Value decideDigit(OpBuilder &builder, Location loc, Value counts, Value search) {
  return createSearch(builder, loc, [&](OpBuilder &b, Location at) -> std::array<Value, kNumbers> {
    Value shift = numberOf(b, at, search, kShift);
    auto [digit, remaining] = findDigit(b, at, counts, numberOf(b, at, search, kRemaining));
    Value placed = arith::ShLIOp::create(b, at, toI64(b, at, digit), shift);
    Value prefix = arith::AddIOp::create(b, at, numberOf(b, at, search, kPrefix), placed);
    return {prefix, remaining, arith::SubIOp::create(b, at, shift, constant64(b, at, kDigitBits))};
  });
}

struct ExpandOrderStatistic : OpRewritePattern<OrderStatisticOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(OrderStatisticOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value search = createSearch(rewriter, loc, [&](OpBuilder &b, Location at) -> std::array<Value, kNumbers> {
      Value zero = constant64(b, at, 0);
      Value rank = arith::MaxSIOp::create(b, at, scalarOf(b, at, op.getRank()), zero);
      return {zero, rank, constant64(b, at, OrderStatisticOp::kKeyBits - kDigitBits)};
    });
    for (int64_t decided = 0; decided < OrderStatisticOp::kKeyBits; decided += kDigitBits) {
      search = decideDigit(rewriter, loc, countDigits(rewriter, loc, op.getKeys(), search), search);
    }
    Value result =
        createGeneric(rewriter, loc, {}, rewriter.getI64Type(), {}, {}, 0, {},
                      [&](OpBuilder &b, Location at, ValueRange) -> Value {
                        Value above = constant64(b, at, int64_t(1) << OrderStatisticOp::kKeyBits);
                        return arith::MinSIOp::create(b, at, numberOf(b, at, search, kPrefix), above);
                      });
    rewriter.replaceOp(op, result);
    return success();
  }
};

} // namespace

void winnow::populateOrderExpansions(RewritePatternSet &patterns) {
  patterns.add<ExpandOrderStatistic>(patterns.getContext());
}
