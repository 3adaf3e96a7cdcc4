// Tensors by formula, and selections as their parts.
#include "dialects/Winnow/Definition.h"

#include "dialects/Winnow/Extents.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace winnow;

namespace {

/// A linalg.generic without inputs over `extents`, whose body sees its coordinates.
Value buildLoop(OpBuilder &builder, Location location, ArrayRef<OpFoldResult> extents, int64_t kept,
                Value init, StepFormula step) {
  int64_t rank = extents.size();
  SmallVector<utils::IteratorType> iterators(kept, utils::IteratorType::parallel);
  iterators.resize(rank, utils::IteratorType::reduction);
  MLIRContext *context = builder.getContext();
  // Not getMajorSubMap, which has no map without results.
  AffineMap result =
      AffineMap::getMultiDimMapWithTargets(rank, llvm::to_vector(llvm::seq<unsigned>(0, kept)), context);
  // The extents of reduced dimensions need an operand that has them.
  SmallVector<Value> operands;
  SmallVector<AffineMap> maps;
  if (kept < rank) {
    operands.push_back(tensor::EmptyOp::create(builder, location, extents, builder.getI1Type()));
    maps.push_back(AffineMap::getMultiDimIdentityMap(rank, context));
  }
  maps.push_back(result);
  return linalg::GenericOp::create(builder, location, init.getType(), operands, init, maps, iterators,
                                   [&](OpBuilder &body, Location at, ValueRange arguments) {
                                     Formula formula(body, at);
                                     SmallVector<Value> indices;
                                     for (int64_t i = 0; i < rank; ++i)
                                       indices.push_back(linalg::IndexOp::create(body, at, i));
                                     Value value = step(formula, indices, arguments.back());
                                     linalg::YieldOp::create(body, at, value);
                                   })
      .getResult(0);
}

} // namespace

Value Formula::constant(TypedAttr value) { return arith::ConstantOp::create(builder, location, value); }

Value Formula::index(int64_t value) { return constant(builder.getIndexAttr(value)); }

Value Formula::integer(int32_t value) { return constant(builder.getI32IntegerAttr(value)); }

Value Formula::zero(Type type) { return constant(cast<TypedAttr>(builder.getZeroAttr(type))); }

Value Formula::entry(Value tensor, ValueRange indices) {
  return tensor::ExtractOp::create(builder, location, tensor, indices);
}

Value Formula::toIndex(Value value) {
  return arith::IndexCastOp::create(builder, location, builder.getIndexType(), value);
}

Value Formula::toInteger(Value value) {
  return arith::IndexCastOp::create(builder, location, builder.getI32Type(), value);
}

Value Formula::toF32(Value value) {
  Type f32 = builder.getF32Type();
  return value.getType() == f32 ? value : arith::ExtFOp::create(builder, location, f32, value).getResult();
}

Value Formula::fromF32(Value value, Type type) {
  return value.getType() == type ? value
                                 : arith::TruncFOp::create(builder, location, type, value).getResult();
}

Value Formula::select(Value condition, Value yes, Value no) {
  return arith::SelectOp::create(builder, location, condition, yes, no);
}

Value Formula::both(Value a, Value b) { return arith::AndIOp::create(builder, location, a, b); }

Value Formula::either(Value a, Value b) { return arith::OrIOp::create(builder, location, a, b); }

Value Formula::isLess(Value a, Value b) {
  return arith::CmpIOp::create(builder, location, arith::CmpIPredicate::slt, a, b);
}

Value Formula::isEqual(Value a, Value b) {
  return arith::CmpIOp::create(builder, location, arith::CmpIPredicate::eq, a, b);
}

Value Formula::orZero(Value condition, Type type, function_ref<Value(Formula &)> yes) {
  auto yield = [&](OpBuilder &body, Location at, bool isHeld) {
    Formula formula(body, at);
    scf::YieldOp::create(body, at, isHeld ? yes(formula) : formula.zero(type));
  };
  return scf::IfOp::create(
             builder, location, condition, [&](OpBuilder &body, Location at) { yield(body, at, true); },
             [&](OpBuilder &body, Location at) { yield(body, at, false); })
      .getResult(0);
}

Value winnow::buildTensor(OpBuilder &builder, Location location, ArrayRef<OpFoldResult> extents,
                          Type elementType, EntryFormula formula) {
  Value init = tensor::EmptyOp::create(builder, location, extents, elementType);
  return buildLoop(builder, location, extents, extents.size(), init,
                   [&](Formula &at, ValueRange indices, Value) { return formula(at, indices); });
}

Value winnow::buildReduction(OpBuilder &builder, Location location, ArrayRef<OpFoldResult> extents,
                             int64_t kept, TypedAttr initial, StepFormula step) {
  Value empty = tensor::EmptyOp::create(builder, location, extents.take_front(kept), initial.getType());
  Value first = arith::ConstantOp::create(builder, location, initial);
  Value init = linalg::FillOp::create(builder, location, first, empty).getResult(0);
  return buildLoop(builder, location, extents, kept, init, step);
}

SmallVector<Type> winnow::partTypes(SelectionType type) {
  SmallVector<Type> types;
  auto addPart = [&](ArrayRef<int64_t> shape) {
    types.push_back(RankedTensorType::get(shape, IntegerType::get(type.getContext(), 32)));
  };
  auto addExtent = [&](int64_t extent) {
    if (ShapedType::isDynamic(extent))
      types.push_back(IndexType::get(type.getContext()));
  };
  switch (type.getForm()) {
  case SelectionForm::Rows:
    addPart({type.getRows(), type.getCapacity()});
    addPart({type.getRows()});
    addExtent(type.getUniverse());
    break;
  case SelectionForm::Columns:
    addPart({addToExtent(type.getUniverse(), 1)});
    addPart({multiplyExtents(type.getRows(), type.getCapacity())});
    addExtent(type.getRows());
    addExtent(type.getCapacity());
    break;
  case SelectionForm::Bitmap:
    addPart({type.getRows(), wordsOfUniverse(type.getUniverse())});
    addExtent(type.getUniverse());
    addExtent(type.getCapacity());
    break;
  }
  return types;
}

SelectionParts winnow::partsOf(SelectionType type, ValueRange values) {
  OpFoldResult universe = values.size() > 2 ? OpFoldResult(values[2])
                                            : Builder(type.getContext()).getIndexAttr(type.getUniverse());
  return {values[0], values[1], universe};
}

SmallVector<Value> winnow::valuesOf(SelectionType type, const SelectionParts &parts, OpBuilder &builder,
                                    Location location) {
  SmallVector<Value> values{parts.indices, parts.counts};
  if (ShapedType::isDynamic(type.getUniverse()))
    values.push_back(getValueOrCreateConstantIndexOp(builder, location, parts.universe));
  return values;
}

Value winnow::buildPositions(OpBuilder &builder, Location location, const SelectionParts &parts) {
  SmallVector<OpFoldResult> extents{getDimension(builder, location, parts.indices, 0), parts.universe,
                                    getDimension(builder, location, parts.indices, 1)};
  return buildReduction(builder, location, extents, 2, builder.getI32IntegerAttr(-1),
                        [&](Formula &formula, ValueRange at, Value found) {
                          Value row = at[0], entry = at[1], place = at[2];
                          Value isActive =
                              formula.isLess(place, formula.toIndex(formula.entry(parts.counts, row)));
                          Value index = formula.toIndex(formula.entry(parts.indices, {row, place}));
                          Value isHere = formula.both(isActive, formula.isEqual(index, entry));
                          return formula.select(isHere, formula.toInteger(place), found);
                        });
}

SelectionParts winnow::buildSelection(OpBuilder &builder, Location location, Value mask,
                                      OpFoldResult capacity) {
  OpFoldResult rows = getDimension(builder, location, mask, 0);
  OpFoldResult universe = getDimension(builder, location, mask, 1);
  IntegerAttr zero = builder.getI32IntegerAttr(0);
  auto count = [&](Formula &formula, Value isCounted, Value sum) -> Value {
    return arith::AddIOp::create(formula.builder, formula.location, sum,
                                 formula.select(isCounted, formula.integer(1), formula.integer(0)));
  };
  Value counts = buildReduction(builder, location, {rows, universe}, 1, zero,
                                [&](Formula &formula, ValueRange at, Value sum) {
                                  return count(formula, formula.entry(mask, at), sum);
                                });
  // How many entries before this one are set.
  Value places =
      buildReduction(builder, location, {rows, universe, universe}, 2, zero,
                     [&](Formula &formula, ValueRange at, Value sum) {
                       Value isSet = formula.entry(mask, {at[0], at[2]});
                       return count(formula, formula.both(isSet, formula.isLess(at[2], at[1])), sum);
                     });
  Value indices = buildReduction(builder, location, {rows, capacity, universe}, 2, zero,
                                 [&](Formula &formula, ValueRange at, Value found) {
                                   Value place = formula.toIndex(formula.entry(places, {at[0], at[2]}));
                                   Value isHere = formula.both(formula.entry(mask, {at[0], at[2]}),
                                                               formula.isEqual(place, at[1]));
                                   return formula.select(isHere, formula.toInteger(at[2]), found);
                                 });
  return {indices, counts, universe};
}

Value winnow::buildGather(OpBuilder &builder, Location location, Value source, const SelectionParts &parts,
                          bool shared) {
  auto type = cast<RankedTensorType>(source.getType());
  SmallVector<OpFoldResult> extents = tensor::getMixedSizes(builder, location, parts.indices);
  for (int64_t i = shared ? 1 : 2; i < type.getRank(); ++i)
    extents.push_back(getDimension(builder, location, source, i));
  return buildTensor(builder, location, extents, type.getElementType(), [&](Formula &formula, ValueRange at) {
    Value row = at[0], place = at[1];
    Value isActive = formula.isLess(place, formula.toIndex(formula.entry(parts.counts, row)));
    return formula.orZero(isActive, type.getElementType(), [&](Formula &inside) {
      SmallVector<Value> indices;
      if (!shared)
        indices.push_back(row);
      indices.push_back(inside.toIndex(inside.entry(parts.indices, {row, place})));
      llvm::append_range(indices, at.drop_front(2));
      return inside.entry(source, indices);
    });
  });
}

Value winnow::buildScatter(OpBuilder &builder, Location location, Value source, const SelectionParts &parts) {
  auto type = cast<RankedTensorType>(source.getType());
  Value positions = buildPositions(builder, location, parts);
  SmallVector<OpFoldResult> extents{getDimension(builder, location, source, 0), parts.universe};
  for (int64_t i = 2; i < type.getRank(); ++i)
    extents.push_back(getDimension(builder, location, source, i));
  return buildTensor(builder, location, extents, type.getElementType(), [&](Formula &formula, ValueRange at) {
    Value place = formula.toIndex(formula.entry(positions, at.take_front(2)));
    Value isSelected = formula.isLess(formula.index(-1), place);
    return formula.orZero(isSelected, type.getElementType(), [&](Formula &inside) {
      SmallVector<Value> indices{at[0], place};
      llvm::append_range(indices, at.drop_front(2));
      return inside.entry(source, indices);
    });
  });
}
