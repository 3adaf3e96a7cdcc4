// What the expansions of the dispatch phase are written with.
#include "passes/Expand/BuildGeneric.h"

using namespace mlir;
using namespace winnow;

Value winnow::createGeneric(OpBuilder &builder, Location loc, ArrayRef<OpFoldResult> sizes, Type elementType,
                            ValueRange inputs, ArrayRef<AffineMap> maps, unsigned reductions, Attribute start,
                            GenericBody body) {
  Value init = tensor::EmptyOp::create(builder, loc, sizes, elementType);
  if (reductions > 0) {
    Value value = arith::ConstantOp::create(builder, loc, cast<TypedAttr>(start));
    init = linalg::FillOp::create(builder, loc, value, init).getResult(0);
  }
  return createGenericInto(builder, loc, init, inputs, maps, reductions, body);
}

Value winnow::castTo(OpBuilder &builder, Location loc, Type type, Value value) {
  return value.getType() == type ? value : tensor::CastOp::create(builder, loc, type, value).getResult();
}

Value winnow::index32(OpBuilder &builder, Location loc, int64_t dimension) {
  Value index = linalg::IndexOp::create(builder, loc, dimension);
  return arith::IndexCastOp::create(builder, loc, builder.getI32Type(), index);
}

SmallVector<Value> winnow::allIndices(OpBuilder &builder, Location loc, int64_t rank) {
  SmallVector<Value> indices;
  for (int64_t dimension = 0; dimension < rank; ++dimension) {
    indices.push_back(linalg::IndexOp::create(builder, loc, dimension));
  }
  return indices;
}

Value winnow::compare(OpBuilder &builder, Location loc, arith::CmpIPredicate predicate, Value a, Value b) {
  return arith::CmpIOp::create(builder, loc, predicate, a, b);
}

Value winnow::compare(OpBuilder &builder, Location loc, arith::CmpFPredicate predicate, Value a, Value b) {
  return arith::CmpFOp::create(builder, loc, predicate, a, b);
}

Value winnow::entryAsIndex(OpBuilder &builder, Location loc, Value tensor, ValueRange place) {
  Value entry = tensor::ExtractOp::create(builder, loc, tensor, place);
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(), entry);
}

Value winnow::constant64(OpBuilder &builder, Location loc, int64_t value) {
  return arith::ConstantIntOp::create(builder, loc, value, 64);
}

Value winnow::scalarOf(OpBuilder &builder, Location loc, Value tensor) {
  return tensor::ExtractOp::create(builder, loc, tensor, ValueRange());
}

Value winnow::toI64(OpBuilder &builder, Location loc, Value index) {
  return arith::IndexCastOp::create(builder, loc, builder.getI64Type(), index);
}

Value winnow::createLowerBound(OpBuilder &builder, Location loc, Value sorted, Value first, Value last,
                               Value wanted) {
  Type index = builder.getIndexType();
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  auto search = scf::WhileOp::create(
      builder, loc, TypeRange{index, index}, ValueRange{first, last},
      [](OpBuilder &before, Location at, ValueRange bounds) {
        Value isOpen = compare(before, at, arith::CmpIPredicate::slt, bounds[0], bounds[1]);
        scf::ConditionOp::create(before, at, isOpen, bounds);
      },
      [&](OpBuilder &after, Location at, ValueRange bounds) {
        Value sum = arith::AddIOp::create(after, at, bounds[0], bounds[1]);
        Value middle = arith::ShRUIOp::create(after, at, sum, one);
        Value entry = entryAsIndex(after, at, sorted, middle);
        Value isBefore = compare(after, at, arith::CmpIPredicate::slt, entry, wanted);
        Value next = arith::AddIOp::create(after, at, middle, one);
        Value low = arith::SelectOp::create(after, at, isBefore, next, bounds[0]);
        Value high = arith::SelectOp::create(after, at, isBefore, bounds[1], middle);
        scf::YieldOp::create(after, at, ValueRange{low, high});
      });
  return search.getResult(0);
}
