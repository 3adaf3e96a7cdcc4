// Extents of tensors and selections.
#include "dialects/Winnow/Extents.h"

#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace winnow;

namespace {

std::string extentText(int64_t extent) {
  return ShapedType::isDynamic(extent) ? std::string("?") : std::to_string(extent);
}

/// The tensor whose dimensions 0 and 1 are the rows and universe of what `op` selects from, or null.
Value findUniverseTensor(Operation *op) {
  if (auto topK = dyn_cast_if_present<SelectTopKOp>(op))
    return topK.getScores();
  if (auto threshold = dyn_cast_if_present<SelectThresholdOp>(op))
    return threshold.getScores();
  if (auto fromMask = dyn_cast_if_present<SelectionFromMaskOp>(op))
    return fromMask.getMask();
  return {};
}

} // namespace

bool winnow::areCompatibleExtents(int64_t a, int64_t b) {
  return a == b || ShapedType::isDynamic(a) || ShapedType::isDynamic(b);
}

LogicalResult winnow::checkExtent(Operation *op, const Twine &what, int64_t found, const Twine &expectedWhat,
                                  int64_t expected, StringRef label) {
  if (areCompatibleExtents(found, expected))
    return success();
  return op->emitOpError() << what << " is " << extentText(found) << ", but " << expectedWhat << " is "
                           << extentText(expected) << " (" << label << ")";
}

LogicalResult winnow::checkDimension(Operation *op, StringRef name, Value tensor, int64_t dimension,
                                     const Twine &expectedWhat, int64_t expected, StringRef label) {
  return checkExtent(op, "dimension " + Twine(dimension) + " of '" + name + "'",
                     cast<RankedTensorType>(tensor.getType()).getDimSize(dimension), expectedWhat, expected,
                     label);
}

OpFoldResult winnow::getDimension(OpBuilder &builder, Location location, Value tensor, int64_t dimension) {
  return tensor::getMixedSize(builder, location, tensor, dimension);
}

OpFoldResult winnow::findRows(OpBuilder &builder, Location location, Value selection) {
  auto type = cast<SelectionType>(selection.getType());
  if (!ShapedType::isDynamic(type.getRows()))
    return builder.getIndexAttr(type.getRows());
  Operation *maker = selection.getDefiningOp();
  if (Value source = findUniverseTensor(maker))
    return getDimension(builder, location, source, 0);
  if (auto assemble = dyn_cast_if_present<SelectionAssembleOp>(maker))
    return getDimension(builder, location, assemble.getCounts(), 0);
  if (auto assemble = dyn_cast_if_present<SelectionAssembleColumnsOp>(maker))
    return OpFoldResult(assemble.getRows());
  if (auto assemble = dyn_cast_if_present<SelectionAssembleBitmapOp>(maker))
    return getDimension(builder, location, assemble.getWords(), 0);
  if (auto convert = dyn_cast_if_present<SelectionConvertOp>(maker))
    return findRows(builder, location, convert.getSelection());
  if (auto blocks = dyn_cast_if_present<SelectBlocksOp>(maker)) {
    OpFoldResult batch = getDimension(builder, location, blocks.getQueries(), 0);
    OpFoldResult queryBlocks = getDimension(builder, location, blocks.getQueries(), 1);
    return multiplyExtents(builder, location, batch, queryBlocks);
  }
  return {};
}

OpFoldResult winnow::findUniverse(OpBuilder &builder, Location location, Value selection) {
  auto type = cast<SelectionType>(selection.getType());
  if (!ShapedType::isDynamic(type.getUniverse()))
    return builder.getIndexAttr(type.getUniverse());
  Operation *maker = selection.getDefiningOp();
  if (Value source = findUniverseTensor(maker))
    return getDimension(builder, location, source, 1);
  if (auto assemble = dyn_cast_if_present<SelectionAssembleOp>(maker))
    return OpFoldResult(assemble.getUniverse());
  if (auto assemble = dyn_cast_if_present<SelectionAssembleColumnsOp>(maker))
    return addToExtent(builder, location, getDimension(builder, location, assemble.getOffsets(), 0), -1);
  if (auto assemble = dyn_cast_if_present<SelectionAssembleBitmapOp>(maker))
    return OpFoldResult(assemble.getUniverse());
  if (auto convert = dyn_cast_if_present<SelectionConvertOp>(maker))
    return findUniverse(builder, location, convert.getSelection());
  if (auto unite = dyn_cast_if_present<SelectionUnionOp>(maker))
    return findUniverse(builder, location, unite.getSelection());
  if (auto blocks = dyn_cast_if_present<SelectBlocksOp>(maker))
    return getDimension(builder, location, blocks.getKeys(), 1);
  return {};
}

OpFoldResult winnow::findCapacity(OpBuilder &builder, Location location, Value selection) {
  auto type = cast<SelectionType>(selection.getType());
  if (!ShapedType::isDynamic(type.getCapacity()))
    return builder.getIndexAttr(type.getCapacity());
  Operation *maker = selection.getDefiningOp();
  if (auto assemble = dyn_cast_if_present<SelectionAssembleOp>(maker))
    return getDimension(builder, location, assemble.getIndices(), 1);
  if (auto assemble = dyn_cast_if_present<SelectionAssembleColumnsOp>(maker))
    return OpFoldResult(assemble.getCapacity());
  if (auto assemble = dyn_cast_if_present<SelectionAssembleBitmapOp>(maker))
    return OpFoldResult(assemble.getCapacity());
  if (auto convert = dyn_cast_if_present<SelectionConvertOp>(maker))
    return findCapacity(builder, location, convert.getSelection());
  // Top-k has a static capacity; what a threshold, a mask or a union selects may be everything.
  if (findUniverseTensor(maker) || isa_and_present<SelectionUnionOp>(maker))
    return findUniverse(builder, location, selection);
  return {};
}

OpFoldResult winnow::getRows(OpBuilder &builder, Location location, Value selection) {
  if (OpFoldResult rows = findRows(builder, location, selection))
    return rows;
  return getDimension(builder, location, SelectionCountsOp::create(builder, location, selection), 0);
}

OpFoldResult winnow::getUniverse(OpBuilder &builder, Location location, Value selection) {
  if (OpFoldResult universe = findUniverse(builder, location, selection))
    return universe;
  return getDimension(builder, location, SelectionToMaskOp::create(builder, location, selection), 1);
}

OpFoldResult winnow::getCapacity(OpBuilder &builder, Location location, Value selection) {
  if (OpFoldResult capacity = findCapacity(builder, location, selection))
    return capacity;
  Value rows = builder.createOrFold<SelectionConvertOp>(location, selection, SelectionForm::Rows);
  return getDimension(builder, location, SelectionIndicesOp::create(builder, location, rows), 1);
}

SmallVector<OpFoldResult> winnow::matchExtents(OpBuilder &builder, Value result,
                                               ArrayRef<OpFoldResult> extents) {
  SmallVector<OpFoldResult> matched;
  for (auto [size, extent] : llvm::zip_equal(cast<RankedTensorType>(result.getType()).getShape(), extents)) {
    if (ShapedType::isDynamic(size))
      matched.push_back(getValueOrCreateConstantIndexOp(builder, result.getLoc(), extent));
    else
      matched.push_back(builder.getIndexAttr(size));
  }
  return matched;
}

LogicalResult winnow::reifyShape(OpBuilder &builder, Value result, ArrayRef<OpFoldResult> extents,
                                 ReifiedRankedShapedTypeDims &shapes) {
  if (llvm::any_of(extents, [](OpFoldResult extent) { return !extent; }))
    return failure();
  shapes.push_back(matchExtents(builder, result, extents));
  return success();
}

int64_t winnow::multiplyExtents(int64_t a, int64_t b) {
  if (ShapedType::isDynamic(a) || ShapedType::isDynamic(b))
    return ShapedType::kDynamic;
  int64_t product = 0;
  return llvm::MulOverflow(a, b, product) ? std::numeric_limits<int64_t>::max() : product;
}

OpFoldResult winnow::multiplyExtents(OpBuilder &builder, Location location, OpFoldResult a, OpFoldResult b) {
  AffineExpr x = builder.getAffineSymbolExpr(0), y = builder.getAffineSymbolExpr(1);
  return affine::makeComposedFoldedAffineApply(builder, location, x * y, {a, b});
}

int64_t winnow::wordsOfUniverse(int64_t universe) {
  return ShapedType::isDynamic(universe) ? universe : llvm::divideCeil(universe, 32);
}

OpFoldResult winnow::wordsOfUniverse(OpBuilder &builder, Location location, OpFoldResult universe) {
  return affine::makeComposedFoldedAffineApply(builder, location, builder.getAffineSymbolExpr(0).ceilDiv(32),
                                               {universe});
}

int64_t winnow::addToExtent(int64_t extent, int64_t amount) {
  return ShapedType::isDynamic(extent) ? extent : extent + amount;
}

OpFoldResult winnow::addToExtent(OpBuilder &builder, Location location, OpFoldResult extent, int64_t amount) {
  return affine::makeComposedFoldedAffineApply(builder, location, builder.getAffineSymbolExpr(0) + amount,
                                               {extent});
}

bool winnow::readThroughConversion(OpOperand &selection) {
  auto convert = selection.get().getDefiningOp<SelectionConvertOp>();
  if (convert)
    selection.set(convert.getSelection());
  return convert != nullptr;
}

bool winnow::isFullSelection(Value selection) {
  if (auto convert = selection.getDefiningOp<SelectionConvertOp>())
    return isFullSelection(convert.getSelection());
  auto fromMask = selection.getDefiningOp<SelectionFromMaskOp>();
  if (!fromMask)
    return false;
  if (matchPattern(fromMask.getMask(), m_One()))
    return true;
  auto splat = fromMask.getMask().getDefiningOp<tensor::SplatOp>();
  return splat && matchPattern(splat.getInput(), m_One());
}
