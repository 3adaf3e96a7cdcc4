// Operators that write at positions that are data: ScatterElements, ScatterND, TensorScatter. Each is said
// as what an element of the result reads, so that every element can be computed on its own: the updates
// that hit it are applied in the order of the updates, and the last one wins where nothing combines them.
// An update outside of the tensor writes nothing.
#include "lib/Import/ONNX/Elementwise.h"
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Reading.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

using mlir::Value;
using mlir::ValueRange;

mlir::FailureOr<std::string> readReduction(Node &node) {
  std::string reduction = node.string("reduction", "none");
  if (reduction != "none" && reduction != "add" && reduction != "mul" && reduction != "max" &&
      reduction != "min")
    return node.error("reduction is '" + reduction + "', but expected none, add, mul, max or min");
  return reduction;
}

Value combineScattered(const Scalars &s, llvm::StringRef reduction, Value old, Value update) {
  if (reduction == "add")
    return s.add(old, update);
  if (reduction == "mul")
    return s.multiply(old, update);
  if (reduction == "max")
    return s.maximum(old, update);
  if (reduction == "min")
    return s.minimum(old, update);
  return update;
}

/// Writes the updates into `data`, whose dimensions beside the axis are those of the updates: for each
/// element of the result, a reduction over all updates of its line in which the last that hits it wins.
///
///   linalg.generic (d..., j) ins(indices[d... with j at the axis], updates[same]) outs(data[d...])
///     %hit = arith.cmpi eq, %index (wrapped unless it comes from TopK), (linalg.index axis)
///     yield select %hit, %update, %old
GraphValue emitScatter(Node &node, const GraphValue &data, int64_t axis, llvm::StringRef reduction) {
  const GraphValue &indices = node.input(1), &updates = node.input(2);
  int64_t rank = data.rank();
  Value size = node.emit.index(data.shape[axis]);
  // A fill can be told from other data without looking at its elements.
  mlir::Value init =
      data.isUniform() ? node.emit.filled(data.constant->attribute(0), data.shape) : node.emit.tensor(data);
  Access output{init, llvm::to_vector(llvm::seq<int64_t>(0, rank))};
  Access position{node.emit.tensor(indices), output.loops};
  position.loops[axis] = rank;
  llvm::SmallVector<Access> inputs = {position};
  if (!updates.isUniform())
    inputs.push_back({node.emit.tensor(updates), position.loops});
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
    Scalars s{builder, location, isUnsigned(data.elementType)};
    Value update = v[1];
    if (updates.isUniform())
      update = mlir::arith::ConstantOp::create(builder, location, updates.constant->attribute(0));
    Value index = s.toIndex(v[0]);
    if (!indices.isNatural)
      index = wrapped(Scalars{builder, location}, index, size);
    Value hit = s.equal(index, s.loop(axis));
    return llvm::SmallVector<Value>{
        s.select(hit, combineScattered(s, reduction, v.back(), update), v.back())};
  };
  Value result = node.emit.generic(rank + 1, rank, inputs, output, body)[0];
  return node.emit.wrap(result, data.elementType, data.shape);
}

/// ScatterND with its updates in one line: `positions` holds, for each dimension of the data that is
/// indexed, the index of each update.
struct ScatterND {
  GraphValue data, updates; // [D..., R...], [count, R...]
  llvm::SmallVector<Value> positions;
  llvm::SmallVector<Value> sizes;
  Extent count;

  int64_t depth() const { return static_cast<int64_t>(positions.size()); }
};

mlir::FailureOr<ScatterND> readScatterND(Node &node) {
  const GraphValue &data = node.input(0), &indices = node.input(1), &updates = node.input(2);
  if (indices.rank() < 1)
    return node.error("the indices are a scalar, but expected rank 1 or more");
  std::optional<int64_t> depth = indices.shape.back().constant();
  if (!depth || *depth < 1 || *depth > data.rank())
    return node.error("the last dimension of the indices is " + node.extents.text(indices.shape.back()) +
                      ", but expected 1 to " + llvm::Twine(data.rank()));
  Shape outer(indices.shape.begin(), indices.shape.end() - 1), expected = outer;
  expected.append(data.shape.begin() + *depth, data.shape.end());
  if (updates.rank() != static_cast<int64_t>(expected.size()))
    return node.error("the updates have shape " + node.extents.text(updates.shape) + ", but expected " +
                      node.extents.text(expected));
  for (auto [own, other] : llvm::zip_equal(updates.shape, expected))
    if (failed(node.requireEqual(own, other, "dimensions of the updates and of what they replace")))
      return mlir::failure();
  mlir::FailureOr<Extent> count = node.require(elementCount(outer));
  if (failed(count))
    return mlir::failure();
  ScatterND scatter{data, {}, {}, {}, *count};
  Shape line = {*count};
  line.append(data.shape.begin() + *depth, data.shape.end());
  scatter.updates = node.emit.reshape(updates, line);
  GraphValue table = node.emit.reshape(indices, {*count, *depth});
  for (int64_t i = 0; i < *depth; ++i) {
    GraphValue column = *depth == 1 ? table : node.emit.slice(table, {0, i}, {*count, 1}, {1, 1});
    scatter.positions.push_back(node.emit.tensor(node.emit.reshape(column, {*count})));
    scatter.sizes.push_back(node.emit.index(data.shape[i]));
  }
  return scatter;
}

/// Whether the update at hand hits the element at hand, whose first loops are the indexed dimensions.
Value hits(const Scalars &s, const ScatterND &scatter, ValueRange positions) {
  Value result = s.integer(s.builder.getI1Type(), 1);
  for (int64_t i = 0; i < scatter.depth(); ++i)
    result = s.minimum(result, s.equal(wrapped(s, s.toIndex(positions[i]), scatter.sizes[i]), s.loop(i)));
  return result;
}

/// linalg.generic (d..., r..., u): every update is looked at for every element.
GraphValue emitCombining(Node &node, const ScatterND &scatter, llvm::StringRef reduction) {
  int64_t rank = scatter.data.rank(), depth = scatter.depth();
  llvm::SmallVector<Access> inputs;
  for (Value position : scatter.positions)
    inputs.push_back({position, {rank}});
  Access updates{node.emit.tensor(scatter.updates), {rank}};
  updates.loops.append(llvm::to_vector(llvm::seq<int64_t>(depth, rank)));
  inputs.push_back(std::move(updates));
  Access output{node.emit.tensor(scatter.data), llvm::to_vector(llvm::seq<int64_t>(0, rank))};
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
    Scalars s{builder, location, isUnsigned(scatter.data.elementType)};
    Value hit = hits(Scalars{builder, location}, scatter, v.take_front(depth));
    return llvm::SmallVector<Value>{
        s.select(hit, combineScattered(s, reduction, v.back(), v[depth]), v.back())};
  };
  Value result = node.emit.generic(rank + 1, rank, inputs, output, body)[0];
  return node.emit.wrap(result, scatter.data.elementType, scatter.data.shape);
}

/// The number of the last update that hits each place, or -1: linalg.generic (d..., u).
GraphValue emitWinners(Node &node, const ScatterND &scatter) {
  int64_t depth = scatter.depth();
  mlir::Type type = node.builder.getI64Type();
  Shape shape(scatter.data.shape.begin(), scatter.data.shape.begin() + depth);
  llvm::SmallVector<Access> inputs;
  for (Value position : scatter.positions)
    inputs.push_back({position, {depth}});
  Access output{node.emit.filled(node.builder.getI64IntegerAttr(-1), shape),
                llvm::to_vector(llvm::seq<int64_t>(0, depth))};
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
    Scalars s{builder, location};
    Value number = mlir::arith::IndexCastOp::create(builder, location, type, s.loop(depth));
    return llvm::SmallVector<Value>{s.select(hits(s, scatter, v.take_front(depth)), number, v.back())};
  };
  Value result = node.emit.generic(depth + 1, depth, inputs, output, body)[0];
  return node.emit.wrap(result, type, shape);
}

GraphValue emitReplacing(Node &node, const ScatterND &scatter) {
  int64_t rank = scatter.data.rank(), depth = scatter.depth();
  GraphValue winners = emitWinners(node, scatter);
  Source updates = sourceOf(node.emit, scatter.updates);
  Shape spread = winners.shape;
  spread.append(rank - depth, 1);
  GraphValue numbers = node.emit.reshape(winners, spread);
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
    Scalars s{builder, location};
    Value number = s.toIndex(v[0]);
    llvm::SmallVector<Value> place = {number};
    for (int64_t i = depth; i < rank; ++i)
      place.push_back(s.loop(i));
    Value isHit = s.lessOrEqual(s.constant(number.getType(), 0), number);
    return readIf(s, isHit, updates, place, v[1]);
  };
  return node.emit.elementwise(scatter.data.elementType, scatter.data.shape, {&numbers, &scatter.data}, body);
}

} // namespace

static mlir::LogicalResult importScatterElements(Node &node) {
  const GraphValue &data = node.input(0), &indices = node.input(1), &updates = node.input(2);
  mlir::FailureOr<int64_t> axis = node.axis(node.integer("axis", 0), data.rank());
  mlir::FailureOr<std::string> reduction = readReduction(node);
  if (failed(axis) || failed(reduction) || failed(node.requireRank(1, data.rank(), data.rank())) ||
      failed(node.requireRank(2, data.rank(), data.rank())))
    return mlir::failure();
  Shape part = data.shape;
  for (int64_t i = 0; i < data.rank(); ++i) {
    if (failed(node.requireEqual(indices.shape[i], updates.shape[i], "shapes of indices and updates")))
      return mlir::failure();
    if (i == *axis || indices.shape[i] == data.shape[i])
      continue;
    // The indices may cover only the beginning of a dimension.
    part[i] = indices.shape[i];
    if (node.extents.less(data.shape[i], indices.shape[i]) == true)
      return node.error("the indices have shape " + node.extents.text(indices.shape) +
                        ", but expected one within that of the data, " + node.extents.text(data.shape));
    if (node.extents.less(indices.shape[i], data.shape[i]) == true)
      continue;
    mlir::FailureOr<Extent> covered = node.require(node.extents.minimum(indices.shape[i], data.shape[i]));
    if (failed(covered))
      return mlir::failure();
    node.emit.require(*covered, indices.shape[i], "there are more indices than the data has places");
  }
  if (part == data.shape) {
    node.set(0, emitScatter(node, data, *axis, *reduction));
    return mlir::success();
  }
  llvm::SmallVector<Extent> offsets(data.rank(), 0);
  llvm::SmallVector<int64_t> steps(data.rank(), 1);
  GraphValue changed = emitScatter(node, node.emit.slice(data, offsets, part, steps), *axis, *reduction);
  node.set(0, node.emit.insert(changed, data, offsets));
  return mlir::success();
}

static mlir::LogicalResult importScatterND(Node &node) {
  mlir::FailureOr<std::string> reduction = readReduction(node);
  mlir::FailureOr<ScatterND> scatter = readScatterND(node);
  if (failed(reduction) || failed(scatter))
    return mlir::failure();
  if (scatter->count.is(0))
    node.set(0, scatter->data);
  else if (*reduction == "none")
    node.set(0, emitReplacing(node, *scatter));
  else
    node.set(0, emitCombining(node, *scatter, *reduction));
  return mlir::success();
}

/// Writes a run of new elements into each batch's line of a cache, from an index on that may be data.
static mlir::LogicalResult importTensorScatter(Node &node) {
  const GraphValue &cache = node.input(0), &update = node.input(1);
  std::string mode = node.string("mode", "linear");
  mlir::FailureOr<int64_t> axis = node.axis(node.integer("axis", -2), cache.rank());
  if (failed(axis) || failed(node.requireRank(1, cache.rank(), cache.rank())))
    return mlir::failure();
  if (*axis == 0 || (mode != "linear" && mode != "circular"))
    return node.error("expected an axis other than 0 and mode linear or circular, but found axis " +
                      llvm::Twine(*axis) + " and mode " + mode);
  for (int64_t i = 0; i < cache.rank(); ++i)
    if (i != *axis &&
        failed(node.requireEqual(cache.shape[i], update.shape[i], "dimensions beside the axis")))
      return mlir::failure();
  GraphValue starts;
  starts.elementType = node.builder.getI64Type();
  starts.shape = {cache.shape[0]};
  starts.constant = Constant::uniformInteger(starts.elementType, 0);
  if (node.has(2)) {
    if (failed(node.requireRank(2, 1, 1)) || failed(node.requireEqual(node.input(2).shape[0], cache.shape[0],
                                                                      "batches of write_indices and cache")))
      return mlir::failure();
    starts = node.input(2);
  }
  Shape spread(cache.rank(), 1);
  spread[0] = cache.shape[0];
  starts = node.emit.reshape(starts, spread);
  Value size = node.emit.index(cache.shape[*axis]), length = node.emit.index(update.shape[*axis]);
  Source source = sourceOf(node.emit, update);
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
    Scalars s{builder, location};
    Value offset = s.subtract(s.loop(*axis), s.toIndex(v[0])), zero = s.constant(offset.getType(), 0);
    if (mode == "circular")
      offset = wrapped(s, s.remainder(offset, size), size);
    llvm::SmallVector<Value> place;
    for (int64_t i = 0; i < cache.rank(); ++i)
      place.push_back(i == *axis ? offset : s.loop(i));
    Value isNew = s.minimum(s.lessOrEqual(zero, offset), s.less(offset, length));
    return readIf(s, isNew, source, place, v[1]);
  };
  node.set(0, node.emit.elementwise(cache.elementType, cache.shape, {&starts, &cache}, body));
  return mlir::success();
}

Family scatterOperators() {
  static constexpr Operator kOperators[] = {
      {"Scatter", 9, "AiA", importScatterElements},
      {"ScatterElements", 11, "AiA", importScatterElements},
      {"ScatterND", 11, "AlA", importScatterND},
      {"TensorScatter", 24, "AAl?", importTensorScatter},
  };
  return kOperators;
}

} // namespace winnow::frontend
