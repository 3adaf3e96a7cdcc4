// Verification, canonicalization and shapes of attention.
#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace winnow;

namespace {

constexpr int64_t kLargestBlock = 1024;
// The score and the coordinates come before the captured elements.
constexpr unsigned kCoordinates = 4;
constexpr unsigned kCapturesBegin = 1 + kCoordinates;

int64_t dimensionOf(Value tensor, int64_t dimension) {
  return cast<RankedTensorType>(tensor.getType()).getDimSize(dimension);
}

struct NamedTensor {
  StringRef name;
  Value tensor;
};

LogicalResult checkEqual(Operation *op, NamedTensor a, NamedTensor b, int64_t dimension, StringRef label) {
  return checkDimension(op, a.name, a.tensor, dimension,
                        "dimension " + Twine(dimension) + " of '" + b.name + "'",
                        dimensionOf(b.tensor, dimension), label);
}

LogicalResult checkShapes(AttentionOp op) {
  NamedTensor query{"query", op.getQuery()}, key{"key", op.getKey()}, value{"value", op.getValue()},
      result{"result", op.getResult()};
  if (failed(checkEqual(op, key, query, 0, "C1")) || failed(checkEqual(op, value, query, 0, "C1")) ||
      failed(checkEqual(op, value, key, 1, "C1")) || failed(checkEqual(op, value, key, 2, "C1")) ||
      failed(checkEqual(op, key, query, 3, "C1")))
    return failure();
  for (int64_t dimension = 0; dimension < 3; ++dimension)
    if (failed(checkEqual(op, result, query, dimension, "C3")))
      return failure();
  return checkEqual(op, result, value, 3, "C3");
}

LogicalResult checkHeads(AttentionOp op) {
  int64_t heads = dimensionOf(op.getQuery(), 1), groups = dimensionOf(op.getKey(), 1);
  if (ShapedType::isDynamic(heads) || ShapedType::isDynamic(groups) ||
      (groups == 0 ? heads == 0 : heads % groups == 0))
    return success();
  return op.emitOpError("dimension 1 of 'query' is ")
         << heads << ", but a multiple of dimension 1 of 'key', which is " << groups << ", is expected (C2)";
}

LogicalResult checkBlock(AttentionOp op, StringRef name, int64_t block) {
  if (block >= 1 && block <= kLargestBlock)
    return success();
  return op.emitOpError() << name << " is " << block << ", but a number from 1 to " << kLargestBlock
                          << " is expected (C4)";
}

/// The number of blocks in an extent, dynamic if it is.
int64_t blocksOf(int64_t extent, int64_t block) {
  return ShapedType::isDynamic(extent) ? extent : llvm::divideCeil(extent, block);
}

LogicalResult checkActive(AttentionOp op) {
  if (!op.getActive())
    return success();
  SelectionType type = op.getActive().getType();
  int64_t rows = 1;
  for (int64_t extent : {dimensionOf(op.getQuery(), 0), dimensionOf(op.getQuery(), 1),
                         blocksOf(dimensionOf(op.getQuery(), 2), op.getQueryBlock())})
    rows =
        ShapedType::isDynamic(extent) || ShapedType::isDynamic(rows) ? ShapedType::kDynamic : rows * extent;
  if (failed(checkExtent(op, "the number of rows of 'active'", type.getRows(),
                         "the number of query blocks of all heads", rows, "C8")))
    return failure();
  return checkExtent(op, "the universe of 'active'", type.getUniverse(), "the number of key blocks",
                     blocksOf(dimensionOf(op.getKey(), 2), op.getKeyBlock()), "C8");
}

/// The extent that a dimension of the maps of captures has: batch, head, query, key.
int64_t coordinateExtent(AttentionOp op, unsigned coordinate) {
  return coordinate < 3 ? dimensionOf(op.getQuery(), coordinate) : dimensionOf(op.getKey(), 2);
}

LogicalResult checkCapture(AttentionOp op, unsigned position, AffineMap map) {
  auto type = cast<RankedTensorType>(op.getCaptures()[position].getType());
  if (map.getNumDims() != kCoordinates || map.getNumSymbols() != 0 || !map.isProjectedPermutation())
    return op.emitOpError("map ") << position << " of captures is " << AffineMapAttr::get(map)
                                  << ", but different ones of four dimensions are expected as results (C5)";
  if (map.getNumResults() != type.getRank())
    return op.emitOpError("map ") << position << " of captures has " << map.getNumResults()
                                  << " results, but the tensor has rank " << type.getRank() << " (C5)";
  for (auto [dimension, result] : llvm::enumerate(map.getResults())) {
    static constexpr StringRef names[] = {"batch", "head", "query", "key"};
    unsigned coordinate = cast<AffineDimExpr>(result).getPosition();
    if (failed(checkExtent(op, "dimension " + Twine(dimension) + " of capture " + Twine(position),
                           type.getDimSize(dimension), "the extent of coordinate '" + names[coordinate] + "'",
                           coordinateExtent(op, coordinate), "C5")))
      return failure();
  }
  return success();
}

LogicalResult checkCaptures(AttentionOp op) {
  SmallVector<AffineMap> maps = op.getMapsOfCaptures();
  if (maps.size() != op.getCaptures().size())
    return op.emitOpError() << op.getCaptures().size() << " tensors are captured, but there are "
                            << maps.size() << " maps (C5)";
  if (!maps.empty() && op.getScore().empty())
    return op.emitOpError() << maps.size() << " tensors are captured, but there is no score region (C6)";
  for (auto [position, map] : llvm::enumerate(maps))
    if (failed(checkCapture(op, position, map)))
      return failure();
  return success();
}

/// A selection of every block says nothing.
struct DropFullActive : OpRewritePattern<AttentionOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AttentionOp op, PatternRewriter &rewriter) const override {
    if (!op.getActive() || !isFullSelection(op.getActive()))
      return rewriter.notifyMatchFailure(op, "not every block is known to be active");
    rewriter.modifyOpInPlace(op, [&] { op.getActiveMutable().clear(); });
    return success();
  }
};

/// Captures whose element the region does not use need not be read.
struct DropUnusedCaptures : OpRewritePattern<AttentionOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AttentionOp op, PatternRewriter &rewriter) const override {
    if (op.getScore().empty())
      return rewriter.notifyMatchFailure(op, "has no score region");
    Block &block = op.getScore().front();
    llvm::BitVector unused(block.getNumArguments());
    SmallVector<Value> captures;
    SmallVector<AffineMap> maps;
    for (auto [position, map] : llvm::enumerate(op.getMapsOfCaptures())) {
      if (block.getArgument(kCapturesBegin + position).use_empty()) {
        unused.set(kCapturesBegin + position);
        continue;
      }
      captures.push_back(op.getCaptures()[position]);
      maps.push_back(map);
    }
    if (unused.none())
      return rewriter.notifyMatchFailure(op, "every capture is used");
    rewriter.modifyOpInPlace(op, [&] {
      block.eraseArguments(unused);
      op.getCapturesMutable().assign(captures);
      op.setCaptureMapsAttr(maps.empty() ? ArrayAttr() : rewriter.getAffineMapArrayAttr(maps));
    });
    return success();
  }
};

/// A region that yields the score it got says nothing.
struct DropPlainScore : OpRewritePattern<AttentionOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AttentionOp op, PatternRewriter &rewriter) const override {
    if (op.getScore().empty() || !op.getCaptures().empty())
      return rewriter.notifyMatchFailure(op, "has no score region, or one with captures");
    Block &block = op.getScore().front();
    if (block.getTerminator()->getOperand(0) != block.getArgument(0))
      return rewriter.notifyMatchFailure(op, "the region changes the score");
    rewriter.modifyOpInPlace(op, [&] { rewriter.eraseBlock(&block); });
    return success();
  }
};

} // namespace

void AttentionOp::build(OpBuilder &builder, OperationState &state, Value query, Value key, Value value,
                        std::optional<float> scale) {
  auto type = cast<RankedTensorType>(query.getType());
  SmallVector<int64_t> shape(type.getShape().drop_back());
  shape.push_back(dimensionOf(value, 3));
  float factor = scale ? *scale : 1.0f / std::sqrt(static_cast<float>(type.getDimSize(3)));
  build(builder, state, type.clone(shape), query, key, value, /*captures=*/ValueRange(), /*active=*/Value(),
        builder.getF32FloatAttr(factor), /*capture_maps=*/ArrayAttr());
}

SmallVector<AffineMap> AttentionOp::getMapsOfCaptures() {
  SmallVector<AffineMap> maps;
  if (ArrayAttr attribute = getCaptureMapsAttr())
    llvm::append_range(maps, attribute.getAsValueRange<AffineMapAttr>());
  return maps;
}

Value AttentionOp::cloneScore(OpBuilder &builder, Value score, ValueRange coordinates, ValueRange captured) {
  if (getScore().empty())
    return score;
  Block &block = getScore().front();
  IRMapping mapping;
  mapping.map(block.getArgument(0), score);
  mapping.map(block.getArguments().slice(1, kCoordinates), coordinates);
  mapping.map(block.getArguments().drop_front(kCapturesBegin), captured);
  for (Operation &op : block.without_terminator())
    builder.clone(op, mapping);
  return mapping.lookupOrDefault(block.getTerminator()->getOperand(0));
}

LogicalResult AttentionOp::verify() {
  if (failed(checkShapes(*this)) || failed(checkHeads(*this)))
    return failure();
  if (!getScale().isFinite())
    return emitOpError("scale is not finite, but a number is expected (C4)");
  return failure(failed(checkBlock(*this, "key_block", getKeyBlock())) ||
                 failed(checkBlock(*this, "query_block", getQueryBlock())) || failed(checkCaptures(*this)) ||
                 failed(checkActive(*this)));
}

LogicalResult AttentionOp::verifyRegions() {
  if (getScore().empty())
    return success();
  Block &block = getScore().front();
  Type f32 = Float32Type::get(getContext()), index = IndexType::get(getContext());
  SmallVector<Type> expected{f32, index, index, index, index};
  for (Value capture : getCaptures())
    expected.push_back(getElementTypeOrSelf(capture.getType()));
  if (!llvm::equal(block.getArgumentTypes(), expected))
    return emitOpError("the score region takes (")
           << block.getArgumentTypes() << "), but (" << expected << ") is expected (C6)";
  auto yield = dyn_cast<YieldOp>(block.back());
  if (!yield || yield.getNumOperands() != 1 || yield.getOperand(0).getType() != f32)
    return emitOpError("the score region does not end with winnow.yield of one f32 (C6)");
  WalkResult result = getScore().walk([&](Operation *op) {
    if (isMemoryEffectFree(op))
      return WalkResult::advance();
    emitOpError("the score region has effects on memory (C7)").attachNote(op->getLoc())
        << "by this operation";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

void AttentionOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<DropFullActive, DropUnusedCaptures, DropPlainScore>(context);
}

LogicalResult AttentionOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> extents;
  for (int64_t dimension = 0; dimension < 3; ++dimension)
    extents.push_back(getDimension(builder, getLoc(), getQuery(), dimension));
  extents.push_back(getDimension(builder, getLoc(), getValue(), 3));
  shapes.push_back(matchExtents(builder, getResult(), extents));
  return success();
}
