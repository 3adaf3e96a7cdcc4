// Verification, folding and shapes of the operations on the forms of a selection.
#include "dialects/Winnow/Definition.h"
#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/WinnowOps.h"

using namespace mlir;
using namespace winnow;

namespace {

SelectionType typeOf(Value selection) { return cast<SelectionType>(selection.getType()); }

/// The number of places for members: rows times capacity.
int64_t placesOf(SelectionType type) { return multiplyExtents(type.getRows(), type.getCapacity()); }

/// The capacity of the union of all rows.
int64_t unionCapacity(SelectionType type) {
  int64_t universe = type.getUniverse(), places = placesOf(type);
  if (ShapedType::isDynamic(universe))
    return places;
  return ShapedType::isDynamic(places) ? universe : std::min(universe, places);
}

/// An extent is an operand exactly when the type does not tell it.
LogicalResult checkExtentOperand(Operation *op, StringRef name, Value operand, int64_t extent, Type type,
                                 StringRef label) {
  if (ShapedType::isDynamic(extent) && !operand)
    return op->emitOpError("needs the operand '")
           << name << "', since " << type << " does not tell it (" << label << ")";
  if (!ShapedType::isDynamic(extent) && operand)
    return op->emitOpError("has an operand '")
           << name << "', but " << type << " tells it already (" << label << ")";
  return success();
}

/// A part of an assembled selection is the operand that it was assembled from.
OpFoldResult foldPart(Value part, Type type) { return part.getType() == type ? OpFoldResult(part) : nullptr; }

} // namespace

void SelectionConvertOp::build(OpBuilder &builder, OperationState &state, Value selection,
                               SelectionForm form) {
  build(builder, state, typeOf(selection).withForm(form), selection);
}

LogicalResult SelectionConvertOp::verify() {
  SelectionType source = getSelection().getType();
  if (source.withForm(getType().getForm()) == getType())
    return success();
  return emitOpError("the result is ")
         << getType() << ", but the extents of " << source << " are expected (C1)";
}

OpFoldResult SelectionConvertOp::fold(FoldAdaptor) {
  if (getSelection().getType() == getType())
    return getSelection();
  auto convert = getSelection().getDefiningOp<SelectionConvertOp>();
  if (!convert)
    return {};
  if (convert.getSelection().getType() == getType())
    return convert.getSelection();
  getSelectionMutable().assign(convert.getSelection());
  return getResult();
}

void SelectionUnionOp::build(OpBuilder &builder, OperationState &state, Value selection) {
  SelectionType type = typeOf(selection);
  build(builder, state, SelectionType::get(type.getContext(), 1, type.getUniverse(), unionCapacity(type)),
        selection);
}

LogicalResult SelectionUnionOp::verify() {
  SelectionType source = getSelection().getType();
  if (getType().getRows() != 1)
    return emitOpError("the result must have 1 row in ") << getType() << " (C1)";
  if (getType().getUniverse() != source.getUniverse())
    return emitOpError("the result is ")
           << getType() << ", but the universe of " << source << " is expected (C2)";
  if (getType().getCapacity() == unionCapacity(source))
    return success();
  InFlightDiagnostic error = emitOpError("the result's capacity must be ");
  if (ShapedType::isDynamic(unionCapacity(source)))
    error << '?';
  else
    error << unionCapacity(source);
  return error << " in " << getType() << " (C3)";
}

OpFoldResult SelectionUnionOp::fold(FoldAdaptor) {
  if (getSelection().getType() == getType())
    return getSelection();
  if (readThroughConversion(getSelectionMutable()))
    return getResult();
  return {};
}

void SelectionEntryCountsOp::build(OpBuilder &builder, OperationState &state, Value selection) {
  build(builder, state, RankedTensorType::get({typeOf(selection).getUniverse()}, builder.getI32Type()),
        selection);
}

LogicalResult SelectionEntryCountsOp::verify() {
  return checkDimension(*this, "result", getResult(), 0, "the selection's universe",
                        getSelection().getType().getUniverse(), "C1");
}

OpFoldResult SelectionEntryCountsOp::fold(FoldAdaptor) {
  // Columns have the counts at hand, so only what was made for this is read through.
  auto convert = getSelection().getDefiningOp<SelectionConvertOp>();
  if (convert && convert.getType().getForm() != SelectionForm::Columns &&
      readThroughConversion(getSelectionMutable()))
    return getResult();
  return {};
}

LogicalResult SelectionEntryCountsOp::reifyResultShapes(OpBuilder &builder,
                                                        ReifiedRankedShapedTypeDims &shapes) {
  return reifyShape(builder, getResult(), {findUniverse(builder, getLoc(), getSelection())}, shapes);
}

void SelectionOffsetsOp::build(OpBuilder &builder, OperationState &state, Value selection) {
  build(builder, state, partTypes(typeOf(selection))[0], selection);
}

LogicalResult SelectionOffsetsOp::verify() {
  return checkDimension(*this, "result", getResult(), 0, "the selection's universe and one more",
                        addToExtent(getSelection().getType().getUniverse(), 1), "C1");
}

OpFoldResult SelectionOffsetsOp::fold(FoldAdaptor) {
  auto assemble = getSelection().getDefiningOp<SelectionAssembleColumnsOp>();
  return assemble ? foldPart(assemble.getOffsets(), getType()) : nullptr;
}

LogicalResult SelectionOffsetsOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  OpFoldResult universe = findUniverse(builder, getLoc(), getSelection());
  if (!universe)
    return failure();
  return reifyShape(builder, getResult(), {addToExtent(builder, getLoc(), universe, 1)}, shapes);
}

void SelectionMembersOp::build(OpBuilder &builder, OperationState &state, Value selection) {
  build(builder, state, partTypes(typeOf(selection))[1], selection);
}

LogicalResult SelectionMembersOp::verify() {
  return checkDimension(*this, "result", getResult(), 0, "the selection's rows times its capacity",
                        placesOf(getSelection().getType()), "C1");
}

OpFoldResult SelectionMembersOp::fold(FoldAdaptor) {
  auto assemble = getSelection().getDefiningOp<SelectionAssembleColumnsOp>();
  return assemble ? foldPart(assemble.getMembers(), getType()) : nullptr;
}

LogicalResult SelectionMembersOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  OpFoldResult rows = findRows(builder, getLoc(), getSelection());
  OpFoldResult capacity = findCapacity(builder, getLoc(), getSelection());
  if (!rows || !capacity)
    return failure();
  return reifyShape(builder, getResult(), {multiplyExtents(builder, getLoc(), rows, capacity)}, shapes);
}

void SelectionWordsOp::build(OpBuilder &builder, OperationState &state, Value selection) {
  build(builder, state, partTypes(typeOf(selection))[0], selection);
}

LogicalResult SelectionWordsOp::verify() {
  SelectionType type = getSelection().getType();
  if (failed(checkDimension(*this, "result", getResult(), 0, "the selection's number of rows", type.getRows(),
                            "C1")))
    return failure();
  return checkDimension(*this, "result", getResult(), 1, "the number of words of the selection's universe",
                        wordsOfUniverse(type.getUniverse()), "C1");
}

OpFoldResult SelectionWordsOp::fold(FoldAdaptor) {
  auto assemble = getSelection().getDefiningOp<SelectionAssembleBitmapOp>();
  return assemble ? foldPart(assemble.getWords(), getType()) : nullptr;
}

LogicalResult SelectionWordsOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  OpFoldResult rows = findRows(builder, getLoc(), getSelection());
  OpFoldResult universe = findUniverse(builder, getLoc(), getSelection());
  if (!rows || !universe)
    return failure();
  return reifyShape(builder, getResult(), {rows, wordsOfUniverse(builder, getLoc(), universe)}, shapes);
}

LogicalResult SelectionAssembleColumnsOp::verify() {
  SelectionType type = getType();
  if (failed(checkDimension(*this, "offsets", getOffsets(), 0, "the result's universe and one more",
                            addToExtent(type.getUniverse(), 1), "C1")) ||
      failed(checkDimension(*this, "members", getMembers(), 0, "the result's rows times its capacity",
                            placesOf(type), "C2")) ||
      failed(checkExtentOperand(*this, "rows", getRows(), type.getRows(), type, "C3")))
    return failure();
  return checkExtentOperand(*this, "capacity", getCapacity(), type.getCapacity(), type, "C4");
}

OpFoldResult SelectionAssembleColumnsOp::fold(FoldAdaptor) {
  auto offsets = getOffsets().getDefiningOp<SelectionOffsetsOp>();
  auto members = getMembers().getDefiningOp<SelectionMembersOp>();
  // With dynamic extents, the operands may say others than the selection has.
  if (offsets && members && !getRows() && !getCapacity() &&
      offsets.getSelection() == members.getSelection() && offsets.getSelection().getType() == getType())
    return offsets.getSelection();
  return {};
}

LogicalResult SelectionAssembleBitmapOp::verify() {
  SelectionType type = getType();
  if (failed(checkDimension(*this, "words", getWords(), 0, "the result's number of rows", type.getRows(),
                            "C1")) ||
      failed(checkDimension(*this, "words", getWords(), 1, "the number of words of the result's universe",
                            wordsOfUniverse(type.getUniverse()), "C1")) ||
      failed(checkExtentOperand(*this, "universe", getUniverse(), type.getUniverse(), type, "C2")))
    return failure();
  return checkExtentOperand(*this, "capacity", getCapacity(), type.getCapacity(), type, "C3");
}

OpFoldResult SelectionAssembleBitmapOp::fold(FoldAdaptor) {
  auto words = getWords().getDefiningOp<SelectionWordsOp>();
  if (words && !getUniverse() && !getCapacity() && words.getSelection().getType() == getType())
    return words.getSelection();
  return {};
}

void SelectionAccumulateOp::build(OpBuilder &builder, OperationState &state, Value counts) {
  int64_t groups = cast<RankedTensorType>(counts.getType()).getDimSize(0);
  build(builder, state, RankedTensorType::get({addToExtent(groups, 1)}, builder.getI32Type()), counts);
}

LogicalResult SelectionAccumulateOp::verify() {
  return checkDimension(*this, "offsets", getOffsets(), 0, "dimension 0 of 'counts' and one more",
                        addToExtent(getCounts().getType().getDimSize(0), 1), "C1");
}

LogicalResult SelectionAccumulateOp::reifyResultShapes(OpBuilder &builder,
                                                       ReifiedRankedShapedTypeDims &shapes) {
  OpFoldResult groups = getDimension(builder, getLoc(), getCounts(), 0);
  return reifyShape(builder, getOffsets(), {addToExtent(builder, getLoc(), groups, 1)}, shapes);
}

LogicalResult SelectionEnumerateColumnsOp::verify() {
  if (failed(checkDimension(*this, "offsets", getOffsets(), 0, "dimension 1 of 'mask' and one more",
                            addToExtent(getMask().getType().getDimSize(1), 1), "C1")))
    return failure();
  return checkExtentOperand(*this, "size", getSize(), getMembers().getType().getDimSize(0),
                            getMembers().getType(), "C2");
}

LogicalResult SelectionEnumerateColumnsOp::reifyResultShapes(OpBuilder &builder,
                                                             ReifiedRankedShapedTypeDims &shapes) {
  OpFoldResult size = getSize() ? OpFoldResult(getSize())
                                : OpFoldResult(builder.getIndexAttr(getMembers().getType().getDimSize(0)));
  return reifyShape(builder, getMembers(), {size}, shapes);
}
