// Operators that make tensors from little or nothing: constants, ranges, broadcasts, one-hot codes.
#include "lib/Import/ONNX/Composition.h"
#include "lib/Import/ONNX/LateSizes.h"
#include "lib/Import/ONNX/ModelFile.h"
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Reading.h"
#include "lib/Import/ONNX/Rearrange.h"
#include "lib/Import/ONNX/Scalars.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"

#include <cmath>

namespace winnow::frontend {
namespace {

using mlir::Value;
using mlir::ValueRange;

GraphValue listValue(mlir::Type type, ConstantPointer constant, bool isScalar) {
  GraphValue result;
  result.elementType = type;
  if (!isScalar)
    result.shape.push_back(constant->size());
  result.constant = std::move(constant);
  return result;
}

mlir::LogicalResult setTensor(Node &node, const onnx::TensorProto &tensor) {
  std::string error;
  std::optional<GraphValue> value =
      readTensor(node.builder.getContext(), tensor, node.importer.dataFolder(), error);
  if (!value)
    return node.error("its value: " + error);
  node.set(0, std::move(*value));
  return mlir::success();
}

/// A copy of the value that repeats along the dimensions where it has 1.
GraphValue broadcastTo(Node &node, const GraphValue &value, const Shape &shape) {
  if (value.shape == shape)
    return value;
  std::optional<llvm::SmallVector<int64_t>> own = constantShape(value.shape);
  llvm::SmallVector<int64_t> strides = own ? rowMajorStrides(*own) : llvm::SmallVector<int64_t>();
  auto source = [&](llvm::ArrayRef<int64_t> index) {
    int64_t place = 0;
    for (size_t i = 0; i < strides.size(); ++i)
      if ((*own)[i] != 1)
        place += index[shape.size() - strides.size() + i] * strides[i];
    return place;
  };
  if (std::optional<GraphValue> folded = rearrange(value, shape, source))
    return *folded;
  return node.emit.elementwise(value.elementType, shape, {&value},
                               [](mlir::OpBuilder &, mlir::Location, ValueRange v) { return v[0]; });
}

/// How many steps there are from start to limit, rounded up: int64, negative if they lead away from it.
GraphValue countSteps(Composition &c, const GraphValue &start, const GraphValue &limit,
                      const GraphValue &step) {
  mlir::MLIRContext *context = step.elementType.getContext();
  mlir::Type integer = mlir::IntegerType::get(context, 64), real = mlir::Float64Type::get(context);
  if (isReal(step.elementType)) {
    GraphValue steps = c.divide(c.cast(c.subtract(limit, start), real), c.cast(step, real));
    return c.cast(c.op("Ceil", {steps}), integer);
  }
  GraphValue by = c.cast(step, integer), way = c.subtract(c.cast(limit, integer), c.cast(start, integer));
  return c.divide(c.add(way, c.subtract(by, c.op("Sign", {by}))), by);
}

/// Of bounds that only a call knows.
mlir::LogicalResult setComputedRange(Node &node) {
  Composition c(node);
  GraphValue bounds[3];
  for (int64_t i = 0; i < 3; ++i)
    bounds[i] = c.reshape(node.input(i), {});
  const auto &[start, limit, step] = bounds;
  mlir::Type type = step.elementType, integer = node.builder.getI64Type();
  GraphValue count = c.op("Max", {countSteps(c, start, limit, step), c.integer(integer, 0)});
  GraphValue stays = c.cast(c.op("Equal", {step, c.number(type, 0)}), integer);
  if (c.hasFailed())
    return mlir::failure();
  node.emit.require(node.emit.readElements(stays, "stays").front(), 0, "the step is 0");
  Extent size = node.asSize(node.emit.readElements(count, "range").front(), "the number of elements");
  auto element = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
    Scalars s{builder, location};
    mlir::Type computed = isReal(type) && !type.isF64() ? builder.getF32Type() : type;
    Value place = mlir::arith::IndexCastOp::create(builder, location, integer, s.loop(0));
    Value way = s.multiply(s.cast(place, computed), s.cast(v[1], computed));
    return s.cast(s.add(s.cast(v[0], computed), way), storageType(type));
  };
  node.set(0, node.emit.elementwise(type, {size}, {&start, &step}, element));
  return mlir::success();
}

mlir::LogicalResult setRealRange(Node &node) {
  double bounds[3];
  for (int64_t i = 0; i < 3; ++i)
    bounds[i] = node.input(i).constant->real(0);
  mlir::Type type = node.input(0).elementType;
  double count = std::max(std::ceil((bounds[1] - bounds[0]) / bounds[2]), 0.0);
  if (!(count <= 1 << 20))
    return node.error("the range has too many elements, or its step is 0");
  llvm::SmallVector<double> values;
  for (int64_t i = 0; i < static_cast<int64_t>(count); ++i)
    values.push_back(bounds[0] + static_cast<double>(i) * bounds[2]);
  GraphValue result = listValue(type, Constant::reals(type, values), false);
  result.shape = {static_cast<int64_t>(count)};
  node.set(0, std::move(result));
  return mlir::success();
}

/// start + i * step for i < count, where the number or the values depend on sizes.
GraphValue emitRange(Node &node, const Extent &start, const Extent &step, const Extent &count) {
  mlir::Type type = node.input(0).elementType;
  Value first = node.emit.index(start), stride = node.emit.index(step);
  return node.emit.elementwise(type, {count}, {},
                               [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange) {
                                 Scalars s{builder, location};
                                 Value value = s.add(first, s.multiply(s.loop(0), stride));
                                 return mlir::arith::IndexCastOp::create(builder, location, type, value);
                               });
}

} // namespace

static mlir::LogicalResult importConstant(Node &node) {
  mlir::Type real = node.builder.getF32Type(), integer = node.builder.getI64Type();
  if (const onnx::TensorProto *tensor = node.tensor("value"))
    return setTensor(node, *tensor);
  if (node.hasAttribute("value_float")) {
    node.set(0, listValue(real, Constant::uniformReal(real, node.real("value_float", 0)), true));
  } else if (node.hasAttribute("value_int")) {
    node.set(0, listValue(integer, Constant::uniformInteger(integer, node.integer("value_int", 0)), true));
  } else if (std::optional<llvm::SmallVector<double>> reals = node.reals("value_floats")) {
    GraphValue value = listValue(real, Constant::reals(real, *reals), false);
    value.shape = {static_cast<int64_t>(reals->size())};
    node.set(0, value);
  } else if (std::optional<llvm::SmallVector<int64_t>> integers = node.integers("value_ints")) {
    GraphValue value = listValue(integer, Constant::integers(integer, *integers), false);
    value.shape = {static_cast<int64_t>(integers->size())};
    node.set(0, value);
  } else {
    return node.error("has no value of a supported kind; expected a dense tensor, floats or integers");
  }
  return mlir::success();
}

static mlir::LogicalResult importConstantOfShape(Node &node) {
  mlir::FailureOr<llvm::SmallVector<Extent>> shape = node.hostSizes(0, "the shape");
  if (failed(shape))
    return mlir::failure();
  GraphValue value;
  value.elementType = node.builder.getF32Type();
  value.constant = Constant::uniformReal(value.elementType, 0);
  if (const onnx::TensorProto *tensor = node.tensor("value")) {
    std::string error;
    std::optional<GraphValue> read =
        readTensor(node.builder.getContext(), *tensor, node.importer.dataFolder(), error);
    if (!read || read->constant->size() != 1)
      return node.error("its value: " + (read ? "expected one element" : error));
    value = std::move(*read);
  }
  value.shape.assign(shape->begin(), shape->end());
  node.set(0, std::move(value));
  return mlir::success();
}

/// A size that is only known when the program runs may be 1, which keeps the value's own.
static void keepWhereOne(Node &node, Shape &wanted) {
  const Shape &own = node.input(0).shape;
  for (size_t i = 0; i < std::min(own.size(), wanted.size()); ++i) {
    Extent &size = wanted[wanted.size() - 1 - i];
    const Extent &before = own[own.size() - 1 - i];
    if (before.is(1) || !node.extents.dependsOnData(size))
      continue;
    size = orIfOne(node, size, before);
  }
}

/// Whether only a call knows of a dimension whether it is 1, and repeated; it gets the size that is wanted.
static bool replaceLateOnes(Node &node, Shape &own, llvm::ArrayRef<Extent> wanted) {
  bool hasLate = false;
  for (size_t i = 0; i < std::min(own.size(), wanted.size()); ++i) {
    Extent &size = own[own.size() - 1 - i];
    const Extent &after = wanted[wanted.size() - 1 - i];
    bool isLate = !after.is(1) && node.extents.dependsOnData(size) && !node.extents.equal(size, after);
    size = isLate ? after : size;
    hasLate |= isLate;
  }
  return hasLate;
}

static mlir::LogicalResult importExpand(Node &node) {
  mlir::FailureOr<llvm::SmallVector<Extent>> given = node.hostSizes(1, "the shape");
  if (failed(given))
    return mlir::failure();
  GraphValue wanted;
  wanted.shape.assign(given->begin(), given->end());
  if (!isReasonable(wanted.shape))
    return node.error("the shape " + node.extents.text(wanted.shape) + " is negative or too large");
  keepWhereOne(node, wanted.shape);
  const GraphValue &value = node.input(0);
  GraphValue repeated;
  repeated.shape = value.shape;
  bool hasLate = replaceLateOnes(node, repeated.shape, wanted.shape);
  mlir::FailureOr<Shape> shape = node.broadcast({&repeated, &wanted});
  if (failed(shape))
    return mlir::failure();
  node.set(0, hasLate ? repeatTo(node, value, *shape) : broadcastTo(node, value, *shape));
  return mlir::success();
}

/// Of bounds that are integers which the sizes of the model's inputs decide.
static mlir::LogicalResult setIntegerRange(Node &node) {
  Extent bounds[3];
  for (int64_t i = 0; i < 3; ++i)
    bounds[i] = node.knownIntegers(i)->front();
  std::optional<int64_t> step = bounds[2].constant();
  if (*step == 0 || *step == INT64_MIN)
    return node.error("the step is " + node.extents.text(bounds[2]) + ", but expected another number");
  std::optional<Extent> length = *step > 0 ? subtract(bounds[1], bounds[0]) : subtract(bounds[0], bounds[1]);
  length = length ? node.extents.ceilDivide(*length, std::abs(*step)) : std::nullopt;
  mlir::FailureOr<Extent> count = node.require(length ? node.extents.maximum(*length, 0) : std::nullopt);
  if (failed(count))
    return mlir::failure();
  constexpr int64_t kMaximumKnown = 1 << 16;
  std::optional<int64_t> number = count->constant(), start = bounds[0].constant();
  if (!isReasonable(*count))
    return node.error("the range has too many elements");
  if (!number || !start || *number > kMaximumKnown) {
    node.set(0, emitRange(node, bounds[0], bounds[2], *count));
    return mlir::success();
  }
  llvm::SmallVector<int64_t> values;
  for (int64_t i = 0; i < *number; ++i)
    values.push_back(*start + i * *step);
  mlir::Type type = node.input(0).elementType;
  GraphValue result = listValue(type, Constant::integers(type, values), false);
  result.shape = {*number};
  node.set(0, std::move(result));
  return mlir::success();
}

static mlir::LogicalResult importTile(Node &node) {
  const GraphValue &value = node.input(0);
  mlir::FailureOr<llvm::SmallVector<Extent>> repeats = node.hostSizes(1, "repeats");
  if (failed(repeats))
    return mlir::failure();
  if (static_cast<int64_t>(repeats->size()) != value.rank())
    return node.error("repeats has " + llvm::Twine(repeats->size()) +
                      " elements, but expected one for each of " + llvm::Twine(value.rank()) + " dimensions");
  // [a, b] as [1, a, 1, b], broadcast to [r, a, s, b], is [r * a, s * b].
  Shape apart, broadcast, shape;
  for (auto [size, repeat] : llvm::zip_equal(value.shape, *repeats)) {
    mlir::FailureOr<Extent> product = node.require(multiply(size, repeat));
    if (failed(product))
      return mlir::failure();
    apart.append({1, size});
    broadcast.append({repeat, size});
    shape.push_back(*product);
  }
  if (!isReasonable(shape) || !isReasonable(*repeats))
    return node.error("the shape " + node.extents.text(shape) + " is negative or too large");
  GraphValue repeated = broadcastTo(node, node.emit.reshape(value, apart), broadcast);
  node.set(0, node.emit.reshape(repeated, shape));
  return mlir::success();
}

static mlir::LogicalResult importOneHot(Node &node) {
  const GraphValue &indices = node.input(0), &values = node.input(2);
  mlir::FailureOr<llvm::SmallVector<Extent>> depth = mlir::failure();
  if (node.input(1).isReal() && node.input(1).constant && node.input(1).constant->size() == 1)
    depth = llvm::SmallVector<Extent>{static_cast<int64_t>(node.input(1).constant->real(0))};
  else
    depth = node.hostSizes(1, "the depth");
  mlir::FailureOr<int64_t> axis = node.axis(node.integer("axis", -1), indices.rank() + 1);
  if (failed(depth) || failed(axis) || depth->size() != 1)
    return failed(depth) || failed(axis) ? mlir::failure() : node.error("the depth is not a scalar");
  if (values.shape != Shape{2})
    return node.error("values has shape " + node.extents.text(values.shape) + ", but expected [2]");
  Shape shape = indices.shape;
  shape.insert(shape.begin() + *axis, depth->front());
  if (!isReasonable(shape))
    return node.error("the shape " + node.extents.text(shape) + " is negative or too large");
  Access input{node.emit.tensor(indices), {}}, output{node.emit.empty(values.elementType, shape), {}};
  for (int64_t i = 0; i < static_cast<int64_t>(shape.size()); ++i) {
    output.loops.push_back(i);
    if (i != *axis)
      input.loops.push_back(i);
  }
  Value both = node.emit.tensor(values);
  Value size = node.emit.index(depth->front());
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
    Scalars s{builder, location, isUnsigned(indices.elementType)};
    Value index = s.toIndex(s.cast(v[0], builder.getI64Type()));
    s.isUnsigned = false;
    // Up to opset 10, a negative index is none.
    if (node.opset() >= 11)
      index = s.select(s.less(index, s.constant(index.getType(), 0)), s.add(index, size), index);
    Value isOn = s.equal(index, s.loop(*axis));
    Value which = mlir::arith::IndexCastUIOp::create(builder, location, builder.getIndexType(), isOn);
    return llvm::SmallVector<Value>{mlir::tensor::ExtractOp::create(builder, location, both, which)};
  };
  Value result = node.emit.generic(shape.size(), {}, input, output, body)[0];
  node.set(0, node.emit.wrap(result, values.elementType, shape));
  return mlir::success();
}

static mlir::LogicalResult importTrilu(Node &node) {
  const GraphValue &value = node.input(0);
  bool isUpper = node.integer("upper", 1) != 0;
  Extent diagonal = 0;
  if (node.has(1)) {
    mlir::FailureOr<llvm::SmallVector<Extent>> given = node.hostIntegers(1, "the diagonal");
    if (failed(given) || given->size() != 1)
      return failed(given) ? mlir::failure() : node.error("the diagonal is not a scalar");
    diagonal = given->front();
  }
  if (value.rank() < 2)
    return node.error("the input has rank " + llvm::Twine(value.rank()) + ", but expected at least 2");
  Value offset = node.emit.index(diagonal);
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
    Scalars s{builder, location};
    Value row = s.add(s.loop(value.rank() - 2), offset), column = s.loop(value.rank() - 1);
    Value keeps = isUpper ? s.lessOrEqual(row, column) : s.lessOrEqual(column, row);
    return s.select(keeps, v[0], s.constant(v[0].getType(), 0));
  };
  // Even a uniform value is not uniform any more: the result is never folded here.
  node.set(0, node.emit.elementwise(value.elementType, value.shape, {&value}, body));
  return mlir::success();
}

/// Ones on a diagonal.
static mlir::LogicalResult importRange(Node &node) {
  bool isReal = node.input(0).isReal(), isKnown = true;
  for (int64_t i = 0; i < 3; ++i) {
    std::optional<Extent> count = elementCount(node.input(i).shape);
    if (!count || !count->is(1))
      return node.error("a bound has shape " + node.extents.text(node.input(i).shape) +
                        ", but expected a scalar");
    isKnown &= isReal ? node.input(i).constant != nullptr : node.knownIntegers(i).has_value();
  }
  mlir::Type type = node.input(0).elementType;
  bool isNarrow = isReal && !type.isF32() && !type.isF64();
  if (int64_t stash = node.integer("stash_type", 1); stash != 1 && isNarrow)
    return node.error("stash_type is " + llvm::Twine(stash) + ", but expected 1");
  if (!isKnown || (!isReal && !node.knownIntegers(2)->front().constant()))
    return setComputedRange(node);
  return isReal ? setRealRange(node) : setIntegerRange(node);
}

static mlir::LogicalResult importEyeLike(Node &node) {
  const GraphValue &like = node.input(0);
  if (failed(node.requireRank(0, 2, 2)))
    return mlir::failure();
  int64_t diagonal = node.integer("k", 0);
  mlir::FailureOr<mlir::Type> found = node.elementType("dtype", like.elementType, 'c');
  if (failed(found))
    return mlir::failure();
  mlir::Type type = *found;
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange) {
    Scalars s{builder, location};
    Value row = s.add(s.loop(0), s.constant(builder.getIndexType(), static_cast<double>(diagonal)));
    mlir::Type storage = storageType(type);
    return s.select(s.equal(row, s.loop(1)), s.constant(storage, 1), s.constant(storage, 0));
  };
  node.set(0, node.emit.elementwise(type, like.shape, {}, body));
  return mlir::success();
}

Family generationOperators() {
  static constexpr Operator kOperators[] = {
      {"Constant", 1, "", importConstant}, {"ConstantOfShape", 9, "l", importConstantOfShape},
      {"Expand", 8, "al", importExpand},   {"EyeLike", 9, "a", importEyeLike},
      {"OneHot", 9, "nna", importOneHot},  {"Range", 11, "NNN", importRange},
      {"Tile", 1, "al", importTile},       {"Trilu", 14, "al?", importTrilu},
  };
  return kOperators;
}

} // namespace winnow::frontend
