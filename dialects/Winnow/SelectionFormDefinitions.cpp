// Executable definitions of the operations on the forms of a selection.
#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/SelectionForms.h"
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace winnow;

namespace {

using Results = SmallVector<SmallVector<Value>>;

/// An assembled selection is its operands.
Results operandsAsResult(ArrayRef<ValueRange> operands) {
  SmallVector<Value> values;
  for (ValueRange operand : operands)
    values.push_back(operand.front());
  return {values};
}

/// A mask of one row: the entries that some row of `mask` has.
Value buildAnyRow(OpBuilder &builder, Location location, Value mask) {
  SmallVector<OpFoldResult> extents{builder.getIndexAttr(1), getDimension(builder, location, mask, 1),
                                    getDimension(builder, location, mask, 0)};
  return buildReduction(builder, location, extents, 2, builder.getBoolAttr(false),
                        [&](Formula &formula, ValueRange at, Value found) {
                          return formula.either(found, formula.entry(mask, {at[2], at[1]}));
                        });
}

} // namespace

Results SelectionConvertOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  SelectionType source = getSelection().getType();
  Value mask = buildMask(builder, getLoc(), source, operands[0]);
  return {
      buildForm(builder, getLoc(), getType(), mask, buildCapacity(builder, getLoc(), source, operands[0]))};
}

Results SelectionUnionOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  Value mask = buildMask(builder, getLoc(), getSelection().getType(), operands[0]);
  OpFoldResult capacity = builder.getIndexAttr(getType().getCapacity());
  if (ShapedType::isDynamic(getType().getCapacity()))
    capacity = getDimension(builder, getLoc(), mask, 1);
  return {buildForm(builder, getLoc(), getType(), buildAnyRow(builder, getLoc(), mask), capacity)};
}

Results SelectionEntryCountsOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  Value mask = buildMask(builder, getLoc(), getSelection().getType(), operands[0]);
  return {{buildMaskCounts(builder, getLoc(), mask, 1)}};
}

Results SelectionOffsetsOp::decompose(OpBuilder &, ArrayRef<ValueRange> operands) {
  return {{operands[0][0]}};
}

Results SelectionMembersOp::decompose(OpBuilder &, ArrayRef<ValueRange> operands) {
  return {{operands[0][1]}};
}

Results SelectionWordsOp::decompose(OpBuilder &, ArrayRef<ValueRange> operands) { return {{operands[0][0]}}; }

Results SelectionAssembleColumnsOp::decompose(OpBuilder &, ArrayRef<ValueRange> operands) {
  return operandsAsResult(operands);
}

Results SelectionAssembleBitmapOp::decompose(OpBuilder &, ArrayRef<ValueRange> operands) {
  return operandsAsResult(operands);
}

Results SelectionAccumulateOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  return {{buildOffsets(builder, getLoc(), operands[0].front())}};
}

Results SelectionEnumerateColumnsOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  OpFoldResult size = getSize() ? OpFoldResult(operands[2].front())
                                : OpFoldResult(builder.getIndexAttr(getMembers().getType().getDimSize(0)));
  return {{buildMembers(builder, getLoc(), operands[0].front(), operands[1].front(), size)}};
}
