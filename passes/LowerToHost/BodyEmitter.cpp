// Emits the body of an operation. What is the same for all lanes stays scalar until a vector needs it.
#include "passes/LowerToHost/BodyEmitter.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace winnow;

BodyEmitter::BodyEmitter(OpBuilder &builder, const IterationSpace &space, const Position &position)
    : builder(builder), location(space.op.getLoc()), space(space), position(position),
      analysis(analyzeLanes(space, position.shape)) {}

Value BodyEmitter::constant(int64_t value) {
  return arith::ConstantIndexOp::create(builder, location, value);
}

Value BodyEmitter::add(Value a, Value b) { return builder.createOrFold<arith::AddIOp>(location, a, b); }

VectorType BodyEmitter::vectorType(Type element) const {
  return VectorType::get({position.shape.width()}, element);
}

//===-- Addresses
//---------------------------------------------------------------------------------------------===//

Value BodyEmitter::address(const LinearAccess &access, const Offsets &offsets) {
  auto scaled = [&](Value index, OpFoldResult stride) -> Value {
    if (constantOf(stride) == 1)
      return index;
    return builder.createOrFold<arith::MulIOp>(location, index,
                                               getValueOrCreateConstantIndexOp(builder, location, stride));
  };
  Value &base = bases[&access];
  if (!base) {
    // Outer loops first, so that their part is invariant in the inner ones.
    Value sum = getValueOrCreateConstantIndexOp(builder, location, access.offset);
    for (bool reduction : {false, true})
      for (int64_t dimension = 0; dimension < space.rank(); ++dimension)
        if (space.isReduction[dimension] == reduction && access.dependsOn(dimension))
          sum = add(sum, scaled(position.variables[dimension], access.strides[dimension]));
    base = sum;
  }
  Value sum = base;
  int64_t distance = 0;
  for (int64_t dimension = 0; dimension < space.rank(); ++dimension) {
    if (offsets[dimension] == 0)
      continue;
    if (std::optional<int64_t> stride = access.stride(dimension))
      distance += *stride * offsets[dimension];
    else
      sum = add(sum, scaled(constant(offsets[dimension]), access.strides[dimension]));
  }
  return distance == 0 ? sum : add(sum, constant(distance));
}

Value BodyEmitter::laneOffset(const LinearAccess &access, int64_t lane) {
  const LaneShape &shape = position.shape;
  auto part = [&](int64_t dimension, int64_t steps) -> Value {
    if (dimension < 0 || steps == 0)
      return constant(0);
    Value stride = getValueOrCreateConstantIndexOp(builder, location, access.strides[dimension]);
    return builder.createOrFold<arith::MulIOp>(location, stride, constant(steps));
  };
  return add(part(shape.vector, lane % shape.lanes), part(shape.row, lane / shape.lanes));
}

Value BodyEmitter::index(int64_t dimension, const Offsets &offsets) {
  Value variable = position.variables[dimension];
  return offsets[dimension] == 0 ? variable : add(variable, constant(offsets[dimension]));
}

Value BodyEmitter::indexVector(int64_t dimension, const Offsets &offsets) {
  const LaneShape &shape = position.shape;
  SmallVector<Attribute> steps;
  for (int64_t lane = 0; lane < shape.width(); ++lane)
    steps.push_back(
        builder.getIndexAttr(dimension == shape.vector ? lane % shape.lanes : lane / shape.lanes));
  VectorType type = vectorType(builder.getIndexType());
  Value step = arith::ConstantOp::create(builder, location, DenseElementsAttr::get(type, steps));
  Value start = vector::BroadcastOp::create(builder, location, type, index(dimension, offsets));
  return arith::AddIOp::create(builder, location, start, step);
}

//===-- Loads and stores
//--------------------------------------------------------------------------------------===//

static Type withElement(Type shape, Type element) {
  auto vector = dyn_cast<VectorType>(shape);
  return vector ? vector.clone(element) : element;
}

/// What is in memory as what the program calls it.
static Value fromMemory(OpBuilder &builder, Location location, Value stored, Type element) {
  if (element.isBF16())
    return arith::BitcastOp::create(builder, location, withElement(stored.getType(), element), stored);
  if (!element.isInteger(1))
    return stored;
  Value zero = arith::ConstantOp::create(builder, location, builder.getZeroAttr(stored.getType()));
  return arith::CmpIOp::create(builder, location, arith::CmpIPredicate::ne, stored, zero);
}

static Value toMemory(OpBuilder &builder, Location location, Value value, Type element, Type stored) {
  if (element == stored)
    return value;
  Type type = withElement(value.getType(), stored);
  if (element.isBF16())
    return arith::BitcastOp::create(builder, location, type, value);
  return arith::ExtUIOp::create(builder, location, type, value);
}

Value BodyEmitter::loadScalar(const LinearAccess &access, Value address) {
  Value value = memref::LoadOp::create(builder, location, access.memory, address);
  return fromMemory(builder, location, value, access.elementType);
}

Value BodyEmitter::loadVector(const LinearAccess &access, Value address, int64_t lanes) {
  VectorType type = VectorType::get({lanes}, getElementTypeOrSelf(access.memory));
  Value value;
  if (position.mask) {
    Value zero = arith::ConstantOp::create(builder, location, builder.getZeroAttr(type));
    value =
        vector::MaskedLoadOp::create(builder, location, type, access.memory, address, position.mask, zero);
  } else {
    value = vector::LoadOp::create(builder, location, type, access.memory, address);
  }
  return fromMemory(builder, location, value, access.elementType);
}

Value BodyEmitter::loadRows(const LinearAccess &access, Value address) {
  SmallVector<Value> pieces;
  for (int64_t row = 0; row < position.shape.rows; ++row)
    pieces.push_back(loadVector(access, add(address, laneOffset(access, row * position.shape.lanes)),
                                position.shape.lanes));
  // Joining neighbours pairwise is what the machine has instructions for.
  while (pieces.size() > 1) {
    SmallVector<Value> joined;
    for (size_t pair = 0; pair < pieces.size(); pair += 2) {
      int64_t lanes = cast<VectorType>(pieces[pair].getType()).getNumElements();
      joined.push_back(vector::ShuffleOp::create(builder, location, pieces[pair], pieces[pair + 1],
                                                 llvm::to_vector(llvm::seq<int64_t>(0, 2 * lanes))));
    }
    pieces = std::move(joined);
  }
  return pieces.front();
}

Value BodyEmitter::loadEverySecond(const LinearAccess &access, Value address) {
  // The second vector starts one element early, so that nothing beyond the last element is touched.
  int64_t lanes = position.shape.lanes;
  Value low = loadVector(access, address, lanes);
  Value high = loadVector(access, add(address, constant(lanes - 1)), lanes);
  SmallVector<int64_t> elements;
  for (int64_t lane = 0; lane < lanes; ++lane)
    elements.push_back(2 * lane < lanes ? 2 * lane : 2 * lane + 1);
  return vector::ShuffleOp::create(builder, location, low, high, elements);
}

Value BodyEmitter::loadLanes(const LinearAccess &access, Value address) {
  SmallVector<Value> elements;
  for (int64_t lane = 0; lane < position.shape.width(); ++lane)
    elements.push_back(loadScalar(access, add(address, laneOffset(access, lane))));
  return vector::FromElementsOp::create(builder, location, vectorType(elements.front().getType()), elements);
}

Value BodyEmitter::loadUncached(const LinearAccess &access, const Offsets &offsets) {
  Value start = address(access, offsets);
  switch (laneAccess(access, position.shape)) {
  case LaneAccess::Uniform:
    return loadScalar(access, start);
  case LaneAccess::Contiguous:
    return loadVector(access, start, position.shape.width());
  case LaneAccess::ContiguousRows:
    return loadRows(access, start);
  case LaneAccess::EverySecond:
    return loadEverySecond(access, start);
  case LaneAccess::Gather:
    return loadLanes(access, start);
  }
  return {};
}

Value BodyEmitter::load(const LinearAccess &access, const Offsets &offsets) {
  if (!access.isMemory)
    return access.memory;
  SmallVector<int64_t> relevant(offsets);
  for (int64_t dimension = 0; dimension < space.rank(); ++dimension)
    if (!access.dependsOn(dimension))
      relevant[dimension] = 0;
  Value &value = loaded[{&access, builder.getI64ArrayAttr(relevant)}];
  if (!value)
    value = loadUncached(access, offsets);
  return value;
}

void BodyEmitter::store(const LinearAccess &access, const Offsets &offsets, Value value) {
  const LaneShape &shape = position.shape;
  value = toMemory(builder, location, value, access.elementType, getElementTypeOrSelf(access.memory));
  Value start = address(access, offsets);
  if (shape.width() == 1) {
    memref::StoreOp::create(builder, location, value, access.memory, start);
  } else if (position.mask) {
    vector::MaskedStoreOp::create(builder, location, access.memory, start, position.mask, value);
  } else if (laneAccess(access, shape) == LaneAccess::Contiguous) {
    vector::StoreOp::create(builder, location, value, access.memory, start);
  } else {
    for (int64_t row = 0; row < shape.rows; ++row) {
      Value piece = vector::ExtractStridedSliceOp::create(builder, location, value, row * shape.lanes,
                                                          shape.lanes, int64_t(1));
      vector::StoreOp::create(builder, location, piece, access.memory,
                              add(start, laneOffset(access, row * shape.lanes)));
    }
  }
}

//===-- Values
//------------------------------------------------------------------------------------------------===//

Value BodyEmitter::scalarOf(Value value) {
  auto found = scalars.find(value);
  return found == scalars.end() ? value : found->second; // defined outside of the body
}

Value BodyEmitter::vectorOf(Value value) {
  Value &vector = vectors[value];
  if (vector)
    return vector;
  LaneValue lanes = analysis.of(value);
  VectorType type = vectorType(value.getType());
  vector = vector::BroadcastOp::create(builder, location, type, scalarOf(value));
  if (lanes.form != LaneForm::Ramp)
    return vector;
  SmallVector<Attribute> steps;
  for (int64_t lane = 0; lane < position.shape.width(); ++lane)
    steps.push_back(builder.getIntegerAttr(value.getType(), lane * lanes.stride));
  Value step = arith::ConstantOp::create(builder, location, DenseElementsAttr::get(type, steps));
  return vector = arith::AddIOp::create(builder, location, vector, step);
}

Value BodyEmitter::laneOf(Value value, int64_t lane) {
  LaneValue lanes = analysis.of(value);
  if (lanes.form == LaneForm::Varying)
    return vector::ExtractOp::create(builder, location, vectorOf(value), lane);
  if (lanes.form == LaneForm::Uniform || lane == 0)
    return scalarOf(value);
  Value distance = arith::ConstantOp::create(builder, location,
                                             builder.getIntegerAttr(value.getType(), lane * lanes.stride));
  return add(scalarOf(value), distance);
}

void BodyEmitter::emitLoad(Operation *op) {
  auto load = cast<memref::LoadOp>(op);
  Value memory = scalarOf(load.getMemRef());
  SmallVector<Value> indices;
  if (isContiguousLoad(op, analysis, position.shape)) {
    for (Value index : load.getIndices())
      indices.push_back(scalarOf(index));
    VectorType type = vectorType(load.getType());
    if (position.mask) {
      Value zero = arith::ConstantOp::create(builder, location, builder.getZeroAttr(type));
      vectors[load] =
          vector::MaskedLoadOp::create(builder, location, type, memory, indices, position.mask, zero);
    } else {
      vectors[load] = vector::LoadOp::create(builder, location, type, memory, indices);
    }
    return;
  }
  SmallVector<Value> elements;
  for (int64_t lane = 0; lane < position.shape.width(); ++lane) {
    indices.clear();
    for (Value index : load.getIndices())
      indices.push_back(laneOf(index, lane));
    elements.push_back(memref::LoadOp::create(builder, location, memory, indices));
  }
  vectors[load] = vector::FromElementsOp::create(builder, location, vectorType(load.getType()), elements);
}

void BodyEmitter::emitElementwise(Operation *op) {
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(vectorOf(operand));
  OperationState state(location, op->getName(), operands, vectorType(op->getResult(0).getType()),
                       op->getDiscardableAttrDictionary().getValue());
  state.propertiesAttr = op->getPropertiesAsAttribute();
  vectors[op->getResult(0)] = builder.create(state)->getResult(0);
}

/// A loop whose carried values are vectors.
void BodyEmitter::emitLoop(scf::ForOp loop, const Offsets &offsets) {
  SmallVector<Value> initial;
  for (Value value : loop.getInitArgs())
    initial.push_back(vectorOf(value));
  auto emitted = scf::ForOp::create(builder, location, scalarOf(loop.getLowerBound()),
                                    scalarOf(loop.getUpperBound()), scalarOf(loop.getStep()), initial);
  // What is created inside must not be used behind the loop.
  auto outerScalars = scalars, outerVectors = vectors;
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(emitted.getBody());
    scalars[loop.getInductionVar()] = emitted.getInductionVar();
    for (auto [from, to] : llvm::zip_equal(loop.getRegionIterArgs(), emitted.getRegionIterArgs()))
      vectors[from] = to;
    for (Operation &inner : loop.getBody()->without_terminator())
      emit(&inner, offsets);
    SmallVector<Value> yielded;
    for (Value value : loop.getBody()->getTerminator()->getOperands())
      yielded.push_back(vectorOf(value));
    scf::YieldOp::create(builder, location, yielded);
  }
  scalars = std::move(outerScalars);
  vectors = std::move(outerVectors);
  for (auto [from, to] : llvm::zip_equal(loop.getResults(), emitted.getResults()))
    vectors[from] = to;
}

void BodyEmitter::emit(Operation *op, const Offsets &offsets) {
  bool isVarying = llvm::any_of(op->getResults(),
                                [&](Value result) { return analysis.of(result).form == LaneForm::Varying; });
  if (auto indexOp = dyn_cast<linalg::IndexOp>(op)) {
    int64_t dimension = indexOp.getDim();
    if (isVarying)
      vectors[indexOp] = indexVector(dimension, offsets);
    else
      scalars[indexOp] = index(dimension, offsets);
    return;
  }
  if (auto loop = dyn_cast<scf::ForOp>(op); loop && isVarying)
    return emitLoop(loop, offsets);
  if (isVarying)
    return isa<memref::LoadOp>(op) ? emitLoad(op) : emitElementwise(op);
  IRMapping mapping;
  op->walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      if (auto found = scalars.find(operand); found != scalars.end())
        mapping.map(operand, found->second);
  });
  Operation *copy = builder.clone(*op, mapping);
  for (auto [from, to] : llvm::zip_equal(op->getResults(), copy->getResults()))
    scalars[from] = to;
}

SmallVector<Value> BodyEmitter::compute(const Offsets &offsets, ValueRange accumulators) {
  linalg::GenericOp op = space.op;
  scalars.clear();
  vectors.clear();
  auto define = [&](Value argument, Value value) {
    (analysis.of(argument).form == LaneForm::Varying ? vectors : scalars)[argument] = value;
  };
  for (auto [argument, access] : llvm::zip_equal(op.getRegionInputArgs(), space.inputs))
    if (!argument.use_empty())
      define(argument, load(access, offsets));
  for (auto [argument, value] : llvm::zip(op.getRegionOutputArgs(), accumulators))
    if (value)
      define(argument, value);
  for (Operation &inner : op.getBody()->without_terminator())
    emit(&inner, offsets);
  SmallVector<Value> results;
  for (Value yielded : op.getBody()->getTerminator()->getOperands())
    results.push_back(position.shape.width() == 1 ? scalarOf(yielded) : vectorOf(yielded));
  return results;
}
