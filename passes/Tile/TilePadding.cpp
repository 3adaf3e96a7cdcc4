// Tiles a kernel that pads a tensor by a constant, for the host: fill a block, then copy the source into it.
#include "passes/Tile/HandTiled.h"

#include "passes/Dispatch/Passes.h"
#include "passes/Tile/Passes.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace winnow {

using namespace mlir;

namespace {

// An item's block stays in the first-level data cache; a dimension that is padded is whole even so.
constexpr int64_t kItemElements = 4096;

SmallVector<int64_t> choosePaddingTile(tensor::PadOp pad) {
  ArrayRef<int64_t> shape = pad.getResultType().getShape();
  llvm::SmallBitVector padded = pad.getPaddedDims();
  SmallVector<int64_t> tile(shape.size(), 1);
  int64_t budget = kItemElements;
  auto spend = [&](int64_t size) { budget = std::max<int64_t>(1, budget / std::max<int64_t>(1, size)); };
  for (auto [dimension, size] : llvm::enumerate(shape)) {
    if (padded.test(dimension)) {
      tile[dimension] = ShapedType::isDynamic(size) ? kWholeTile : std::max<int64_t>(1, size);
      spend(ShapedType::isDynamic(size) ? kItemElements : size);
    }
  }
  for (int64_t dimension = shape.size() - 1; dimension >= 0; --dimension) {
    if (!padded.test(dimension)) {
      int64_t size = ShapedType::isDynamic(shape[dimension]) ? budget : std::min(shape[dimension], budget);
      tile[dimension] = std::max<int64_t>(1, size);
      spend(tile[dimension]);
    }
  }
  return tile;
}

} // namespace

LogicalResult tilePadding(RewriterBase &rewriter, func::FuncOp kernel, tensor::PadOp pad) {
  Location loc = pad.getLoc();
  Block &block = kernel.getBody().front();
  Operation *terminator = block.getTerminator();
  int64_t inputs = kernel->getAttrOfType<IntegerAttr>(kInputsAttribute).getInt();
  Value destination = block.getArgument(inputs);
  SmallVector<int64_t> tile = choosePaddingTile(pad);
  llvm::SmallBitVector padded = pad.getPaddedDims();
  int64_t rank = tile.size();

  rewriter.setInsertionPoint(terminator);
  Value value = pad.getConstantPaddingValue();
  if (pad->isAncestor(value.getParentBlock()->getParentOp())) {
    value = rewriter.clone(*value.getDefiningOp())->getResult(0);
  }
  OpFoldResult zero = rewriter.getIndexAttr(0);
  SmallVector<OpFoldResult> extents = tensor::getMixedSizes(rewriter, loc, destination);
  SmallVector<OpFoldResult> lower(rank, zero), strides(rank, rewriter.getIndexAttr(1));
  auto forall =
      scf::ForallOp::create(rewriter, loc, lower, extents,
                            getAsIndexOpFoldResult(rewriter.getContext(), tile), destination, std::nullopt);
  rewriter.setInsertionPoint(forall.getTerminator());
  SmallVector<OpFoldResult> offsets, sizes, sourceOffsets, sourceSizes, inner;
  AffineExpr d, s;
  bindDims(rewriter.getContext(), d);
  bindSymbols(rewriter.getContext(), s);
  for (int64_t dimension = 0; dimension < rank; ++dimension) {
    Value start = forall.getInductionVar(dimension);
    AffineMap rest =
        AffineMap::get(1, 1, {rewriter.getAffineConstantExpr(tile[dimension]), s - d}, rewriter.getContext());
    OpFoldResult size =
        affine::makeComposedFoldedAffineMin(rewriter, loc, rest, {OpFoldResult(start), extents[dimension]});
    bool isPadded = padded.test(dimension);
    offsets.push_back(isPadded ? zero : OpFoldResult(start));
    sizes.push_back(isPadded ? extents[dimension] : size);
    sourceOffsets.push_back(offsets.back());
    sourceSizes.push_back(isPadded ? tensor::getMixedSize(rewriter, loc, pad.getSource(), dimension) : size);
    inner.push_back(isPadded ? pad.getMixedLowPad()[dimension] : zero);
  }
  Value all = forall.getRegionIterArgs().front();
  Value item = tensor::ExtractSliceOp::create(rewriter, loc, all, offsets, sizes, strides);
  Value filled = linalg::FillOp::create(rewriter, loc, value, item).getResult(0);
  Value source =
      tensor::ExtractSliceOp::create(rewriter, loc, pad.getSource(), sourceOffsets, sourceSizes, strides);
  Value interior = tensor::ExtractSliceOp::create(rewriter, loc, filled, inner, sourceSizes, strides);
  Value copied = linalg::CopyOp::create(rewriter, loc, source, interior).getResult(0);
  Value result = tensor::InsertSliceOp::create(rewriter, loc, copied, filled, inner, sourceSizes, strides);
  rewriter.setInsertionPointToEnd(forall.getTerminator().getBody());
  tensor::ParallelInsertSliceOp::create(rewriter, loc, result, all, offsets, sizes, strides);
  rewriter.modifyOpInPlace(terminator, [&] { terminator->setOperands(forall.getResults()); });
  kernel->setAttr(kTileAttribute, rewriter.getDenseI64ArrayAttr(tile));
  return success();
}

} // namespace winnow
