// The forms of a selection in executable definitions.
#include "dialects/Winnow/SelectionForms.h"

#include "dialects/Winnow/Extents.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace winnow;

namespace {

constexpr int64_t kBitsPerWord = 32;

Value add(Formula &formula, Value a, Value b) {
  return arith::AddIOp::create(formula.builder, formula.location, a, b);
}

/// `sum`, and one more if the condition holds.
Value countIf(Formula &formula, Value condition, Value sum) {
  return add(formula, sum, formula.select(condition, formula.integer(1), formula.integer(0)));
}

/// The operands that stand for extents come after the tensors, in order, where the type does not tell them.
OpFoldResult takeExtent(SelectionType type, int64_t extent, ValueRange &values) {
  if (!ShapedType::isDynamic(extent))
    return Builder(type.getContext()).getIndexAttr(extent);
  Value given = values.front();
  values = values.drop_front();
  return given;
}

Value buildMaskOfRows(OpBuilder &builder, Location location, const SelectionParts &parts) {
  Value positions = buildPositions(builder, location, parts);
  return buildTensor(builder, location, tensor::getMixedSizes(builder, location, positions),
                     builder.getI1Type(), [&](Formula &formula, ValueRange at) {
                       return formula.isLess(formula.integer(-1), formula.entry(positions, at));
                     });
}

/// True where one of the entry's members is the row.
Value buildMaskOfColumns(OpBuilder &builder, Location location, Value offsets, Value members,
                         OpFoldResult rows) {
  OpFoldResult universe = addToExtent(builder, location, getDimension(builder, location, offsets, 0), -1);
  return buildReduction(builder, location, {rows, universe, getDimension(builder, location, members, 0)}, 2,
                        builder.getBoolAttr(false), [&](Formula &formula, ValueRange at, Value found) {
                          Value row = at[0], entry = at[1], place = at[2];
                          Value next = add(formula, entry, formula.index(1));
                          Value begin = formula.toIndex(formula.entry(offsets, entry));
                          Value end = formula.toIndex(formula.entry(offsets, next));
                          Value isBefore = formula.isLess(place, begin);
                          Value isOfEntry =
                              formula.select(isBefore, formula.constant(builder.getBoolAttr(false)),
                                             formula.isLess(place, end));
                          Value isRow = formula.isEqual(formula.toIndex(formula.entry(members, place)), row);
                          return formula.either(found, formula.both(isOfEntry, isRow));
                        });
}

Value buildMaskOfBitmap(OpBuilder &builder, Location location, Value words, OpFoldResult universe) {
  return buildTensor(
      builder, location, {getDimension(builder, location, words, 0), universe}, builder.getI1Type(),
      [&](Formula &formula, ValueRange at) -> Value {
        Value width = formula.index(kBitsPerWord);
        Value place = arith::DivUIOp::create(formula.builder, formula.location, at[1], width);
        Value bit = arith::RemUIOp::create(formula.builder, formula.location, at[1], width);
        Value word = formula.entry(words, {at[0], place});
        Value shifted =
            arith::ShRUIOp::create(formula.builder, formula.location, word, formula.toInteger(bit));
        return arith::TruncIOp::create(formula.builder, formula.location, builder.getI1Type(), shifted);
      });
}

Value buildWords(OpBuilder &builder, Location location, Value mask) {
  OpFoldResult universe = getDimension(builder, location, mask, 1);
  SmallVector<OpFoldResult> extents{getDimension(builder, location, mask, 0),
                                    wordsOfUniverse(builder, location, universe),
                                    builder.getIndexAttr(kBitsPerWord)};
  Value end = getValueOrCreateConstantIndexOp(builder, location, universe);
  return buildReduction(
      builder, location, extents, 2, builder.getI32IntegerAttr(0),
      [&](Formula &formula, ValueRange at, Value word) -> Value {
        Value first =
            arith::MulIOp::create(formula.builder, formula.location, at[1], formula.index(kBitsPerWord));
        Value entry = add(formula, first, at[2]);
        Value isSet = formula.orZero(formula.isLess(entry, end), builder.getI1Type(),
                                     [&](Formula &inside) { return inside.entry(mask, {at[0], entry}); });
        Value bit = arith::ShLIOp::create(formula.builder, formula.location, formula.integer(1),
                                          formula.toInteger(at[2]));
        return formula.select(isSet, formula.either(word, bit), word);
      });
}

} // namespace

Value winnow::buildMask(OpBuilder &builder, Location location, SelectionType type, ValueRange values) {
  if (type.getForm() == SelectionForm::Rows)
    return buildMaskOfRows(builder, location, partsOf(type, values));
  if (type.getForm() == SelectionForm::Columns) {
    ValueRange extents = values.drop_front(2);
    return buildMaskOfColumns(builder, location, values[0], values[1],
                              takeExtent(type, type.getRows(), extents));
  }
  ValueRange extents = values.drop_front(1);
  return buildMaskOfBitmap(builder, location, values[0], takeExtent(type, type.getUniverse(), extents));
}

OpFoldResult winnow::buildCapacity(OpBuilder &builder, Location location, SelectionType type,
                                   ValueRange values) {
  if (!ShapedType::isDynamic(type.getCapacity()))
    return builder.getIndexAttr(type.getCapacity());
  if (type.getForm() == SelectionForm::Rows)
    return getDimension(builder, location, values[0], 1);
  return values.back();
}

SmallVector<Value> winnow::buildForm(OpBuilder &builder, Location location, SelectionType type, Value mask,
                                     OpFoldResult capacity) {
  OpFoldResult rows = getDimension(builder, location, mask, 0);
  OpFoldResult universe = getDimension(builder, location, mask, 1);
  SmallVector<Value> values;
  auto append = [&](int64_t extent, OpFoldResult value) {
    if (ShapedType::isDynamic(extent))
      values.push_back(getValueOrCreateConstantIndexOp(builder, location, value));
  };
  switch (type.getForm()) {
  case SelectionForm::Rows:
    return valuesOf(type, buildSelection(builder, location, mask, capacity), builder, location);
  case SelectionForm::Columns:
    values.push_back(buildOffsets(builder, location, buildMaskCounts(builder, location, mask, 1)));
    values.push_back(buildMembers(builder, location, mask, values.front(),
                                  multiplyExtents(builder, location, rows, capacity)));
    append(type.getRows(), rows);
    break;
  case SelectionForm::Bitmap:
    values.push_back(buildWords(builder, location, mask));
    append(type.getUniverse(), universe);
    break;
  }
  append(type.getCapacity(), capacity);
  return values;
}

Value winnow::buildMaskCounts(OpBuilder &builder, Location location, Value mask, int64_t dimension) {
  OpFoldResult kept = getDimension(builder, location, mask, dimension);
  OpFoldResult counted = getDimension(builder, location, mask, 1 - dimension);
  return buildReduction(builder, location, {kept, counted}, 1, builder.getI32IntegerAttr(0),
                        [&](Formula &formula, ValueRange at, Value sum) {
                          SmallVector<Value> place{at[dimension], at[1 - dimension]};
                          return countIf(formula, formula.entry(mask, place), sum);
                        });
}

Value winnow::buildOffsets(OpBuilder &builder, Location location, Value counts) {
  OpFoldResult groups = getDimension(builder, location, counts, 0);
  return buildReduction(builder, location, {addToExtent(builder, location, groups, 1), groups}, 1,
                        builder.getI32IntegerAttr(0), [&](Formula &formula, ValueRange at, Value sum) {
                          Value isBefore = formula.isLess(at[1], at[0]);
                          Value count = formula.entry(counts, at[1]);
                          return add(formula, sum, formula.select(isBefore, count, formula.integer(0)));
                        });
}

Value winnow::buildMembers(OpBuilder &builder, Location location, Value mask, Value offsets,
                           OpFoldResult size) {
  OpFoldResult rows = getDimension(builder, location, mask, 0);
  OpFoldResult universe = getDimension(builder, location, mask, 1);
  // How many rows before this one are set in the same column.
  Value places = buildReduction(builder, location, {rows, universe, rows}, 2, builder.getI32IntegerAttr(0),
                                [&](Formula &formula, ValueRange at, Value sum) {
                                  Value isSet = formula.entry(mask, {at[2], at[1]});
                                  Value isBefore = formula.isLess(at[2], at[0]);
                                  return countIf(formula, formula.both(isSet, isBefore), sum);
                                });
  return buildReduction(builder, location, {size, rows, universe}, 1, builder.getI32IntegerAttr(0),
                        [&](Formula &formula, ValueRange at, Value found) {
                          SmallVector<Value> cell{at[1], at[2]};
                          Value place =
                              add(formula, formula.entry(offsets, at[2]), formula.entry(places, cell));
                          Value isHere = formula.both(formula.entry(mask, cell),
                                                      formula.isEqual(formula.toIndex(place), at[0]));
                          return formula.select(isHere, formula.toInteger(at[1]), found);
                        });
}
