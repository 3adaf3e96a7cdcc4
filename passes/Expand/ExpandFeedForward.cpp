// Expands feed-forward layers and experts into products of what is active and the arithmetic between them.
#include "passes/Expand/Expansions.h"

#include "dialects/Winnow/Activations.h"
#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/WinnowOps.h"
#include "passes/Expand/BuildGeneric.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace winnow;

namespace {

/// The active neurons are outputs of the products that make them and inputs of the one that reads them.
struct ExpandFfn : OpRewritePattern<FfnOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(FfnOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value neurons = op.getNeurons();
    Value up = MatmulOp::create(rewriter, loc, op.getX(), op.getUp(), Value(), neurons);
    Value gate;
    if (op.getGate())
      gate = MatmulOp::create(rewriter, loc, op.getX(), op.getGate(), Value(), neurons);
    Value hidden = buildHidden(rewriter, loc, op.getActivation(), up, gate);
    Value result = MatmulOp::create(rewriter, loc, hidden, op.getDown(), neurons);
    rewriter.replaceOp(op, castTo(rewriter, loc, op.getType(), result));
    return success();
  }
};

/// The rows of x in the order of the members; row 0, which nothing reads, beyond the last one.
Value createGroupedRows(OpBuilder &builder, Location loc, Value x, Value offsets, Value members) {
  SmallVector<OpFoldResult> sizes{getDimension(builder, loc, members, 0), getDimension(builder, loc, x, 1)};
  Value groups = getValueOrCreateConstantIndexOp(
      builder, loc, addToExtent(builder, loc, getDimension(builder, loc, offsets, 0), -1));
  auto read = [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
    Value place = linalg::IndexOp::create(b, at, 0), column = linalg::IndexOp::create(b, at, 1);
    Value total = entryAsIndex(b, at, offsets, groups);
    Value isMember = compare(b, at, arith::CmpIPredicate::slt, place, total);
    Value first = arith::ConstantIntOp::create(b, at, 0, 32);
    Value member = arith::SelectOp::create(b, at, isMember, arguments[0], first);
    Value row = arith::IndexCastOp::create(b, at, b.getIndexType(), member);
    return tensor::ExtractOp::create(b, at, x, ValueRange{row, column});
  };
  return createGeneric(builder, loc, sizes, getElementTypeOrSelf(x.getType()), members,
                       mapOf(builder, 2, {0}), 0, {}, read);
}

/// Rows are brought into the order of the members, so that those of a group are neighbours.
struct GroupRows : OpRewritePattern<GroupedMatmulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GroupedMatmulOp op, PatternRewriter &rewriter) const override {
    if (op.getGrouped())
      return rewriter.notifyMatchFailure(op, "is grouped already");
    Location loc = op.getLoc();
    Value offsets = rewriter.createOrFold<SelectionOffsetsOp>(loc, op.getGroups());
    Value members = rewriter.createOrFold<SelectionMembersOp>(loc, op.getGroups());
    Value rows = createGroupedRows(rewriter, loc, op.getX(), offsets, members);
    rewriter.modifyOpInPlace(op, [&] {
      op.getXMutable().assign(rows);
      op.setGrouped(true);
    });
    return success();
  }
};

/// A selection both by row and by entry: what a token chose, and which tokens each expert has.
struct Routing {
  Value indices, counts;  // by token
  Value offsets, members; // by expert
};

/// The place among the grouped rows of each token's k-th expert, [tokens, capacity]; 0 beyond the count.
Value createPlaces(OpBuilder &builder, Location loc, const Routing &routing) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, routing.indices);
  auto search = [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
    Value token = linalg::IndexOp::create(b, at, 0);
    Value isCounted = compare(b, at, arith::CmpIPredicate::slt, index32(b, at, 1), arguments[1]);
    auto branch = scf::IfOp::create(
        b, at, isCounted,
        [&](OpBuilder &counted, Location here) {
          Value expert = arith::IndexCastOp::create(counted, here, counted.getIndexType(), arguments[0]);
          Value one = arith::ConstantIndexOp::create(counted, here, 1);
          Value next = arith::AddIOp::create(counted, here, expert, one);
          Value first = entryAsIndex(counted, here, routing.offsets, expert);
          Value last = entryAsIndex(counted, here, routing.offsets, next);
          Value place = createLowerBound(counted, here, routing.members, first, last, token);
          Value narrow = arith::IndexCastOp::create(counted, here, counted.getI32Type(), place);
          scf::YieldOp::create(counted, here, narrow);
        },
        [&](OpBuilder &beyond, Location here) {
          scf::YieldOp::create(beyond, here, arith::ConstantIntOp::create(beyond, here, 0, 32).getResult());
        });
    return branch.getResult(0);
  };
  return createGeneric(builder, loc, sizes, builder.getI32Type(), {routing.indices, routing.counts},
                       {mapOf(builder, 2, {0, 1}), mapOf(builder, 2, {0})}, 0, {}, search);
}

Value extend(OpBuilder &builder, Location loc, Value x) {
  Type f32 = builder.getF32Type();
  return x.getType() == f32 ? x : arith::ExtFOp::create(builder, loc, f32, x).getResult();
}

/// The outputs of each token's experts, weighted by the gates and added in ascending order of experts: f32.
Value createCombination(OpBuilder &builder, Location loc, const Routing &routing, Value outputs,
                        Value gates) {
  Value places = createPlaces(builder, loc, routing);
  SmallVector<OpFoldResult> sizes{getDimension(builder, loc, routing.indices, 0),
                                  getDimension(builder, loc, outputs, 1)};
  auto addExpert = [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
    Value sum = arguments[3];
    Value token = linalg::IndexOp::create(b, at, 0), column = linalg::IndexOp::create(b, at, 1);
    Value isCounted = compare(b, at, arith::CmpIPredicate::slt, index32(b, at, 2), arguments[1]);
    auto branch = scf::IfOp::create(
        b, at, isCounted,
        [&](OpBuilder &counted, Location here) {
          auto asIndex = [&](Value value) -> Value {
            return arith::IndexCastOp::create(counted, here, counted.getIndexType(), value);
          };
          Value gate =
              tensor::ExtractOp::create(counted, here, gates, ValueRange{token, asIndex(arguments[0])});
          Value output =
              tensor::ExtractOp::create(counted, here, outputs, ValueRange{asIndex(arguments[2]), column});
          gate = extend(counted, here, gate);
          output = extend(counted, here, output);
          Value term = arith::MulFOp::create(counted, here, gate, output);
          scf::YieldOp::create(counted, here, arith::AddFOp::create(counted, here, sum, term).getResult());
        },
        [&](OpBuilder &beyond, Location here) { scf::YieldOp::create(beyond, here, sum); });
    return branch.getResult(0);
  };
  return createGeneric(builder, loc, sizes, builder.getF32Type(), {routing.indices, routing.counts, places},
                       {mapOf(builder, 3, {0, 2}), mapOf(builder, 3, {0}), mapOf(builder, 3, {0, 2})}, 1,
                       builder.getF32FloatAttr(0.0f), addExpert);
}

Value roundTo(OpBuilder &builder, Location loc, Type type, Value sum) {
  if (type.isF32())
    return sum;
  return createGeneric(builder, loc, tensor::getMixedSizes(builder, loc, sum), type, sum,
                       mapOf(builder, 2, {0, 1}), 0, {},
                       [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                         return arith::TruncFOp::create(b, at, type, arguments[0]);
                       });
}

/// The expert of each place among the grouped rows; the last one beyond the members.
Value createExpertsOfPlaces(OpBuilder &builder, Location loc, const Routing &routing) {
  OpFoldResult entries = getDimension(builder, loc, routing.offsets, 0);
  Value last = getValueOrCreateConstantIndexOp(builder, loc, addToExtent(builder, loc, entries, -2));
  auto search = [&](OpBuilder &b, Location at, ValueRange) -> Value {
    Value place = linalg::IndexOp::create(b, at, 0), one = arith::ConstantIndexOp::create(b, at, 1);
    Value next = arith::AddIOp::create(b, at, place, one), end = arith::AddIOp::create(b, at, last, one);
    // Offsets [1..E] are where experts end: the first end beyond the place is that of its expert.
    Value expertEnd = createLowerBound(b, at, routing.offsets, one, end, next);
    Value expert = arith::SubIOp::create(b, at, expertEnd, one);
    return arith::IndexCastOp::create(b, at, b.getI32Type(), expert);
  };
  return createGeneric(builder, loc, getDimension(builder, loc, routing.members, 0), builder.getI32Type(), {},
                       {}, 0, {}, search);
}

/// The sum of each grouped row with the bias of its expert, rounded; the rows themselves without a bias.
Value addBias(OpBuilder &builder, Location loc, Value rows, Value bias, Value experts) {
  if (!bias)
    return rows;
  Type type = getElementTypeOrSelf(rows.getType());
  auto add = [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
    Value expert = arith::IndexCastOp::create(b, at, b.getIndexType(), arguments[1]);
    Value column = linalg::IndexOp::create(b, at, 1);
    Value added = extend(b, at, tensor::ExtractOp::create(b, at, bias, ValueRange{expert, column}));
    Value sum = arith::AddFOp::create(b, at, extend(b, at, arguments[0]), added);
    return type.isF32() ? sum : arith::TruncFOp::create(b, at, type, sum);
  };
  return createGeneric(builder, loc, tensor::getMixedSizes(builder, loc, rows), type, {rows, experts},
                       {mapOf(builder, 2, {0, 1}), mapOf(builder, 2, {0})}, 0, {}, add);
}

/// Tokens are grouped by expert, multiplied group by group, and collected again by token.
struct ExpandExperts : OpRewritePattern<ExpertsOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ExpertsOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value rows = rewriter.createOrFold<SelectionConvertOp>(loc, op.getRouting(), SelectionForm::Rows);
    Value columns = rewriter.createOrFold<SelectionConvertOp>(loc, op.getRouting(), SelectionForm::Columns);
    Routing routing{rewriter.createOrFold<SelectionIndicesOp>(loc, rows),
                    rewriter.createOrFold<SelectionCountsOp>(loc, rows),
                    rewriter.createOrFold<SelectionOffsetsOp>(loc, columns),
                    rewriter.createOrFold<SelectionMembersOp>(loc, columns)};
    Value experts; // of each place, where biases need them
    if (op.getUpBias() || op.getGateBias() || op.getDownBias())
      experts = createExpertsOfPlaces(rewriter, loc, routing);
    auto multiply = [&](Value x, Value weights, Value bias, bool isGrouped) {
      Value products = GroupedMatmulOp::create(rewriter, loc, x, weights, columns, isGrouped);
      return addBias(rewriter, loc, products, bias, experts);
    };
    Value up = multiply(op.getX(), op.getUp(), op.getUpBias(), /*isGrouped=*/false), gate;
    if (op.getGate())
      gate = multiply(op.getX(), op.getGate(), op.getGateBias(), /*isGrouped=*/false);
    Value hidden = buildHidden(rewriter, loc, op.getActivation(), up, gate);
    Value outputs = multiply(hidden, op.getDown(), op.getDownBias(), /*isGrouped=*/true);
    Value sum = createCombination(rewriter, loc, routing, outputs, op.getGates());
    Value result = roundTo(rewriter, loc, getElementTypeOrSelf(op.getType()), sum);
    rewriter.replaceOp(op, castTo(rewriter, loc, op.getType(), result));
    return success();
  }
};

} // namespace

void winnow::populateFeedForwardExpansions(RewritePatternSet &patterns) {
  patterns.add<ExpandFfn, ExpandExperts, GroupRows>(patterns.getContext());
}
