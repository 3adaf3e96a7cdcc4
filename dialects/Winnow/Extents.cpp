// Extents of tensors and selections.
#include "dialects/Winnow/Extents.h"

#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"

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
  if (Value source = findUniverseTensor(selection.getDefiningOp()))
    return getDimension(builder, location, source, 0);
  if (auto assemble = selection.getDefiningOp<SelectionAssembleOp>())
    return getDimension(builder, location, assemble.getCounts(), 0);
  return {};
}

OpFoldResult winnow::findUniverse(OpBuilder &builder, Location location, Value selection) {
  auto type = cast<SelectionType>(selection.getType());
  if (!ShapedType::isDynamic(type.getUniverse()))
    return builder.getIndexAttr(type.getUniverse());
  if (Value source = findUniverseTensor(selection.getDefiningOp()))
    return getDimension(builder, location, source, 1);
  if (auto assemble = selection.getDefiningOp<SelectionAssembleOp>())
    return OpFoldResult(assemble.getUniverse());
  return {};
}

OpFoldResult winnow::findCapacity(OpBuilder &builder, Location location, Value selection) {
  auto type = cast<SelectionType>(selection.getType());
  if (!ShapedType::isDynamic(type.getCapacity()))
    return builder.getIndexAttr(type.getCapacity());
  if (auto assemble = selection.getDefiningOp<SelectionAssembleOp>())
    return getDimension(builder, location, assemble.getIndices(), 1);
  // Top-k has a static capacity; what a threshold or a mask selects may be everything.
  if (Value source = findUniverseTensor(selection.getDefiningOp()))
    return getDimension(builder, location, source, 1);
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
  return getDimension(builder, location, SelectionPositionsOp::create(builder, location, selection), 1);
}

OpFoldResult winnow::getCapacity(OpBuilder &builder, Location location, Value selection) {
  if (OpFoldResult capacity = findCapacity(builder, location, selection))
    return capacity;
  return getDimension(builder, location, SelectionIndicesOp::create(builder, location, selection), 1);
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

bool winnow::isFullSelection(Value selection) {
  auto fromMask = selection.getDefiningOp<SelectionFromMaskOp>();
  if (!fromMask)
    return false;
  if (matchPattern(fromMask.getMask(), m_One()))
    return true;
  auto splat = fromMask.getMask().getDefiningOp<tensor::SplatOp>();
  return splat && matchPattern(splat.getInput(), m_One());
}
