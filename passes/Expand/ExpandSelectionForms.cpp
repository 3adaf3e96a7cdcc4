// Expands what converts, unites and counts selections. Every form goes through the mask of the selection.
#include "passes/Expand/Expansions.h"

#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/WinnowOps.h"
#include "passes/Expand/BuildGeneric.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace winnow;

namespace {

constexpr int64_t kBitsPerWord = 32;

Value maskOf(OpBuilder &builder, Location loc, Value selection) {
  return builder.createOrFold<SelectionToMaskOp>(loc, selection);
}

/// The operand for an extent, if the type does not tell it.
Value extentOperand(OpBuilder &builder, Location loc, int64_t extent, OpFoldResult value) {
  return ShapedType::isDynamic(extent) ? getValueOrCreateConstantIndexOp(builder, loc, value) : Value();
}

/// How many entries of each row of a mask are set (`dimension` is 0), or how many rows of each entry (1).
Value createMaskCounts(OpBuilder &builder, Location loc, Value mask, unsigned dimension) {
  AffineMap map = dimension == 0 ? mapOf(builder, 2, {0, 1}) : mapOf(builder, 2, {1, 0});
  return createGeneric(builder, loc, getDimension(builder, loc, mask, dimension), builder.getI32Type(), mask,
                       map, 1, builder.getI32IntegerAttr(0),
                       [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                         Value one = arith::ExtUIOp::create(b, at, b.getI32Type(), arguments[0]);
                         return arith::AddIOp::create(b, at, arguments[1], one);
                       });
}

/// The words of a mask: each collects the entries from 32 times its place, as far as there are any.
Value createWords(OpBuilder &builder, Location loc, Value mask) {
  OpFoldResult universe = getDimension(builder, loc, mask, 1);
  SmallVector<OpFoldResult> sizes{getDimension(builder, loc, mask, 0),
                                  wordsOfUniverse(builder, loc, universe)};
  Value end = getValueOrCreateConstantIndexOp(builder, loc, universe);
  auto collect = [&](OpBuilder &b, Location at, ValueRange) -> Value {
    Value zero = arith::ConstantIndexOp::create(b, at, 0), one = arith::ConstantIndexOp::create(b, at, 1);
    Value width = arith::ConstantIndexOp::create(b, at, kBitsPerWord);
    Value row = linalg::IndexOp::create(b, at, 0);
    Value first = arith::MulIOp::create(b, at, linalg::IndexOp::create(b, at, 1), width);
    Value rest = arith::SubIOp::create(b, at, end, first);
    Value bits = arith::MinSIOp::create(b, at, width, rest);
    Value empty = arith::ConstantIntOp::create(b, at, 0, 32);
    auto loop = scf::ForOp::create(
        b, at, zero, bits, one, empty, [&](OpBuilder &nested, Location here, Value bit, ValueRange word) {
          Value entry = arith::AddIOp::create(nested, here, first, bit);
          Value isSet = tensor::ExtractOp::create(nested, here, mask, ValueRange{row, entry});
          Value low = arith::ExtUIOp::create(nested, here, nested.getI32Type(), isSet);
          Value place = arith::IndexCastOp::create(nested, here, nested.getI32Type(), bit);
          Value shifted = arith::ShLIOp::create(nested, here, low, place);
          scf::YieldOp::create(nested, here,
                               arith::OrIOp::create(nested, here, word[0], shifted).getResult());
        });
    return loop.getResult(0);
  };
  return createGeneric(builder, loc, sizes, builder.getI32Type(), {}, {}, 0, {}, collect);
}

void replaceByColumns(PatternRewriter &rewriter, SelectionConvertOp op, Value mask, OpFoldResult capacity) {
  Location loc = op.getLoc();
  SelectionType type = op.getType();
  OpFoldResult rows = getDimension(rewriter, loc, mask, 0);
  Value offsets = SelectionAccumulateOp::create(rewriter, loc, createMaskCounts(rewriter, loc, mask, 1));
  int64_t places = multiplyExtents(type.getRows(), type.getCapacity());
  Value size = extentOperand(rewriter, loc, places, multiplyExtents(rewriter, loc, rows, capacity));
  Value members = SelectionEnumerateColumnsOp::create(
      rewriter, loc, RankedTensorType::get({places}, rewriter.getI32Type()), mask, offsets, size);
  rewriter.replaceOpWithNewOp<SelectionAssembleColumnsOp>(
      op, type, offsets, members, extentOperand(rewriter, loc, type.getRows(), rows),
      extentOperand(rewriter, loc, type.getCapacity(), capacity));
}

void replaceByBitmap(PatternRewriter &rewriter, SelectionConvertOp op, Value mask, OpFoldResult capacity) {
  Location loc = op.getLoc();
  SelectionType type = op.getType();
  OpFoldResult universe = getDimension(rewriter, loc, mask, 1);
  Value words = createWords(rewriter, loc, mask);
  rewriter.replaceOpWithNewOp<SelectionAssembleBitmapOp>(
      op, type, words, extentOperand(rewriter, loc, type.getUniverse(), universe),
      extentOperand(rewriter, loc, type.getCapacity(), capacity));
}

struct ExpandConvert : OpRewritePattern<SelectionConvertOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SelectionConvertOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    OpFoldResult capacity = getCapacity(rewriter, loc, op.getSelection());
    Value mask = maskOf(rewriter, loc, op.getSelection());
    switch (op.getType().getForm()) {
    case SelectionForm::Rows:
      replaceByEnumeration(rewriter, op, mask,
                           extentOperand(rewriter, loc, op.getType().getCapacity(), capacity));
      break;
    case SelectionForm::Columns:
      replaceByColumns(rewriter, op, mask, capacity);
      break;
    case SelectionForm::Bitmap:
      replaceByBitmap(rewriter, op, mask, capacity);
      break;
    }
    return success();
  }
};

struct ExpandUnion : OpRewritePattern<SelectionUnionOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SelectionUnionOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value mask = maskOf(rewriter, loc, op.getSelection());
    SmallVector<OpFoldResult> sizes{rewriter.getIndexAttr(1), getDimension(rewriter, loc, mask, 1)};
    Value any = createGeneric(rewriter, loc, sizes, rewriter.getI1Type(), mask, mapOf(rewriter, 3, {2, 1}), 1,
                              rewriter.getBoolAttr(false),
                              [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                                return arith::OrIOp::create(b, at, arguments[1], arguments[0]);
                              });
    replaceByEnumeration(rewriter, op, any);
    return success();
  }
};

/// Rows and columns that were assembled have their counts; every other selection is counted in its mask.
struct ExpandCounts : OpRewritePattern<SelectionCountsOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SelectionCountsOp op, PatternRewriter &rewriter) const override {
    if (op.getSelection().getType().getForm() == SelectionForm::Rows)
      return rewriter.notifyMatchFailure(op, "is a part of the selection");
    Value mask = maskOf(rewriter, op.getLoc(), op.getSelection());
    rewriter.replaceOp(
        op, castTo(rewriter, op.getLoc(), op.getType(), createMaskCounts(rewriter, op.getLoc(), mask, 0)));
    return success();
  }
};

struct ExpandEntryCounts : OpRewritePattern<SelectionEntryCountsOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SelectionEntryCountsOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    bool isColumns = op.getSelection().getType().getForm() == SelectionForm::Columns;
    Value counts = isColumns ? subtractOffsets(rewriter, loc, op.getSelection())
                             : createMaskCounts(rewriter, loc, maskOf(rewriter, loc, op.getSelection()), 1);
    rewriter.replaceOp(op, castTo(rewriter, loc, op.getType(), counts));
    return success();
  }

private:
  static Value subtractOffsets(OpBuilder &builder, Location loc, Value selection) {
    Value offsets = builder.createOrFold<SelectionOffsetsOp>(loc, selection);
    OpFoldResult universe = getUniverse(builder, loc, selection);
    return createGeneric(builder, loc, universe, builder.getI32Type(), {}, {}, 0, {},
                         [&](OpBuilder &b, Location at, ValueRange) -> Value {
                           Value entry = linalg::IndexOp::create(b, at, 0);
                           Value one = arith::ConstantIndexOp::create(b, at, 1);
                           Value next = arith::AddIOp::create(b, at, entry, one);
                           Value begin = tensor::ExtractOp::create(b, at, offsets, entry);
                           Value end = tensor::ExtractOp::create(b, at, offsets, next);
                           return arith::SubIOp::create(b, at, end, begin);
                         });
  }
};

/// A row is looked for among the members of each entry, which ascend.
struct ExpandColumnsToMask : OpRewritePattern<SelectionToMaskOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SelectionToMaskOp op, PatternRewriter &rewriter) const override {
    Value selection = op.getSelection();
    if (op.getSelection().getType().getForm() != SelectionForm::Columns)
      return rewriter.notifyMatchFailure(op, "is not in the form columns");
    Location loc = op.getLoc();
    if (Value mask = findMask(selection)) {
      rewriter.replaceOp(op, castTo(rewriter, loc, op.getType(), mask));
      return success();
    }
    Value offsets = rewriter.createOrFold<SelectionOffsetsOp>(loc, selection);
    Value members = rewriter.createOrFold<SelectionMembersOp>(loc, selection);
    SmallVector<OpFoldResult> sizes{getRows(rewriter, loc, selection), getUniverse(rewriter, loc, selection)};
    auto search = [&](OpBuilder &b, Location at, ValueRange) -> Value {
      Value row = linalg::IndexOp::create(b, at, 0), entry = linalg::IndexOp::create(b, at, 1);
      Value next = arith::AddIOp::create(b, at, entry, arith::ConstantIndexOp::create(b, at, 1));
      Value last = entryAsIndex(b, at, offsets, next);
      Value place = createLowerBound(b, at, members, entryAsIndex(b, at, offsets, entry), last, row);
      Value isFound = compare(b, at, arith::CmpIPredicate::slt, place, last);
      auto branch = scf::IfOp::create(
          b, at, isFound,
          [&](OpBuilder &found, Location here) {
            Value member = entryAsIndex(found, here, members, place);
            scf::YieldOp::create(found, here, compare(found, here, arith::CmpIPredicate::eq, member, row));
          },
          [&](OpBuilder &missing, Location here) {
            scf::YieldOp::create(missing, here,
                                 arith::ConstantIntOp::create(missing, here, 0, 1).getResult());
          });
      return branch.getResult(0);
    };
    Value mask = createGeneric(rewriter, loc, sizes, rewriter.getI1Type(), {}, {}, 0, {}, search);
    rewriter.replaceOp(op, castTo(rewriter, loc, op.getType(), mask));
    return success();
  }

private:
  /// The mask whose columns were enumerated, or null.
  static Value findMask(Value selection) {
    auto assemble = selection.getDefiningOp<SelectionAssembleColumnsOp>();
    auto enumerate = assemble ? assemble.getMembers().getDefiningOp<SelectionEnumerateColumnsOp>() : nullptr;
    bool isWhole = enumerate && enumerate.getOffsets() == assemble.getOffsets();
    return isWhole ? Value(enumerate.getMask()) : Value();
  }
};

struct ExpandBitmapToMask : OpRewritePattern<SelectionToMaskOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SelectionToMaskOp op, PatternRewriter &rewriter) const override {
    Value selection = op.getSelection();
    if (op.getSelection().getType().getForm() != SelectionForm::Bitmap)
      return rewriter.notifyMatchFailure(op, "is not in the form bitmap");
    Location loc = op.getLoc();
    Value words = rewriter.createOrFold<SelectionWordsOp>(loc, selection);
    SmallVector<OpFoldResult> sizes{getRows(rewriter, loc, selection), getUniverse(rewriter, loc, selection)};
    auto readBit = [&](OpBuilder &b, Location at, ValueRange) -> Value {
      Value width = arith::ConstantIndexOp::create(b, at, kBitsPerWord);
      Value row = linalg::IndexOp::create(b, at, 0), entry = linalg::IndexOp::create(b, at, 1);
      Value place = arith::DivUIOp::create(b, at, entry, width);
      Value bit = arith::RemUIOp::create(b, at, entry, width);
      Value word = tensor::ExtractOp::create(b, at, words, ValueRange{row, place});
      Value shift = arith::IndexCastOp::create(b, at, b.getI32Type(), bit);
      return arith::TruncIOp::create(b, at, b.getI1Type(), arith::ShRUIOp::create(b, at, word, shift));
    };
    Value mask = createGeneric(rewriter, loc, sizes, rewriter.getI1Type(), {}, {}, 0, {}, readBit);
    rewriter.replaceOp(op, castTo(rewriter, loc, op.getType(), mask));
    return success();
  }
};

/// A batch of products of summaries, whose rows are ranked.
struct ExpandSelectBlocks : OpRewritePattern<SelectBlocksOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SelectBlocksOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    SmallVector<OpFoldResult> sizes{getDimension(rewriter, loc, op.getQueries(), 0),
                                    getDimension(rewriter, loc, op.getQueries(), 1),
                                    getDimension(rewriter, loc, op.getKeys(), 1)};
    Type f32 = rewriter.getF32Type();
    auto multiplyAdd = [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
      Value query = arguments[0], key = arguments[1];
      if (query.getType() != f32) {
        query = arith::ExtFOp::create(b, at, f32, query);
        key = arith::ExtFOp::create(b, at, f32, key);
      }
      return arith::AddFOp::create(b, at, arguments[2], arith::MulFOp::create(b, at, query, key));
    };
    Value scores = createGeneric(rewriter, loc, sizes, f32, {op.getQueries(), op.getKeys()},
                                 {mapOf(rewriter, 4, {0, 1, 3}), mapOf(rewriter, 4, {0, 2, 3})}, 1,
                                 rewriter.getF32FloatAttr(0.0f), multiplyAdd);
    Value rows = tensor::CollapseShapeOp::create(rewriter, loc, scores,
                                                 SmallVector<ReassociationIndices>{{0, 1}, {2}});
    SelectionType type = op.getType();
    auto shape = RankedTensorType::get({type.getRows(), type.getUniverse()}, f32);
    rewriter.replaceOpWithNewOp<SelectTopKOp>(op, type, castTo(rewriter, loc, shape, rows), op.getKAttr());
    return success();
  }
};

} // namespace

void winnow::replaceByEnumeration(PatternRewriter &rewriter, Operation *op, Value mask, Value capacity) {
  Location loc = op->getLoc();
  auto type = cast<SelectionType>(op->getResult(0).getType());
  Type i32 = rewriter.getI32Type();
  auto enumerate =
      SelectionEnumerateOp::create(rewriter, loc,
                                   TypeRange{RankedTensorType::get({type.getRows(), type.getCapacity()}, i32),
                                             RankedTensorType::get({type.getRows()}, i32)},
                                   mask, capacity);
  Value universe = extentOperand(rewriter, loc, type.getUniverse(), getDimension(rewriter, loc, mask, 1));
  rewriter.replaceOpWithNewOp<SelectionAssembleOp>(op, type, enumerate.getIndices(), enumerate.getCounts(),
                                                   universe);
}

void winnow::populateSelectionFormExpansions(RewritePatternSet &patterns) {
  patterns.add<ExpandConvert, ExpandUnion, ExpandCounts, ExpandEntryCounts, ExpandColumnsToMask,
               ExpandBitmapToMask, ExpandSelectBlocks>(patterns.getContext());
}
