// Operators that read at positions that are data: Gather, GatherElements, GatherND, ReverseSequence. A
// negative position counts from the end; one outside is clamped, so that no data can make a program read
// beyond a tensor.
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Reading.h"
#include "lib/Import/ONNX/Rearrange.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

using mlir::Value;
using mlir::ValueRange;

/// Constant positions inside the dimension, negative ones resolved; an error if one is outside.
mlir::FailureOr<std::optional<llvm::SmallVector<int64_t>>> knownPositions(Node &node, const Extent &size) {
  std::optional<llvm::SmallVector<Extent>> elements = node.knownIntegers(1);
  std::optional<llvm::SmallVector<int64_t>> numbers = elements ? constantShape(*elements) : std::nullopt;
  std::optional<int64_t> limit = size.constant();
  if (!numbers || !limit)
    return std::optional<llvm::SmallVector<int64_t>>();
  for (int64_t &number : *numbers) {
    if (number < -*limit || number >= *limit)
      return node.error("index " + llvm::Twine(number) + " is outside of the dimension of size " +
                        llvm::Twine(*limit));
    number = number < 0 ? number + *limit : number;
  }
  return numbers;
}

/// Folds a gather from known data at known positions.
std::optional<GraphValue> foldGather(const GraphValue &data, llvm::ArrayRef<int64_t> positions,
                                     const GraphValue &indices, int64_t axis, const Shape &shape) {
  std::optional<llvm::SmallVector<int64_t>> sizes = constantShape(data.shape);
  if (!data.isKnown() || !sizes)
    return std::nullopt;
  llvm::SmallVector<int64_t> strides = rowMajorStrides(*sizes);
  llvm::SmallVector<int64_t> indexStrides = rowMajorStrides(*constantShape(indices.shape));
  return rearrange(data, shape, [&](llvm::ArrayRef<int64_t> index) {
    int64_t place = 0, which = 0;
    for (int64_t i = 0; i < axis; ++i)
      place += index[i] * strides[i];
    for (int64_t i = 0; i < indices.rank(); ++i)
      which += index[axis + i] * indexStrides[i];
    place += positions[which] * strides[axis];
    for (int64_t i = axis + 1; i < data.rank(); ++i)
      place += index[i + indices.rank() - 1] * strides[i];
    return place;
  });
}

GraphValue emitGather(Node &node, const GraphValue &data, const GraphValue &indices, int64_t axis,
                      const Shape &shape) {
  Value source = node.emit.tensor(data), size = node.emit.index(data.shape[axis]);
  Access input{node.emit.tensor(indices), llvm::to_vector(llvm::seq<int64_t>(axis, axis + indices.rank()))};
  Access output{node.emit.empty(data.elementType, shape),
                llvm::to_vector(llvm::seq<int64_t>(0, shape.size()))};
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
    Scalars s{builder, location};
    llvm::SmallVector<Value> place;
    for (int64_t i = 0; i < axis; ++i)
      place.push_back(s.loop(i));
    place.push_back(clamped(s, s.toIndex(v[0]), size));
    for (int64_t i = axis + 1; i < data.rank(); ++i)
      place.push_back(s.loop(i + indices.rank() - 1));
    return llvm::SmallVector<Value>{mlir::tensor::ExtractOp::create(builder, location, source, place)};
  };
  Value result = node.emit.generic(shape.size(), {}, input, output, body)[0];
  return node.emit.wrap(result, data.elementType, shape);
}

/// GatherND's positions: one tensor for each entry of the last dimension of the indices.
llvm::SmallVector<Access> positionAccesses(Node &node, const GraphValue &indices, int64_t depth) {
  int64_t rank = indices.rank();
  Shape part = indices.shape, shape(indices.shape.begin(), indices.shape.end() - 1);
  part.back() = 1;
  llvm::SmallVector<Extent> offsets(rank, 0);
  llvm::SmallVector<int64_t> steps(rank, 1), loops = llvm::to_vector(llvm::seq<int64_t>(0, rank - 1));
  llvm::SmallVector<Access> accesses;
  for (int64_t entry = 0; entry < depth; ++entry) {
    offsets.back() = entry;
    GraphValue entries = depth == 1 ? indices : node.emit.slice(indices, offsets, part, steps);
    GraphValue positions = node.emit.reshape(entries, shape);
    accesses.push_back({node.emit.tensor(positions), loops});
  }
  return accesses;
}

/// Reads `data` at its first `batches` dimensions as the result is read, then at `depth` positions, then as
/// the last dimensions of the result are.
GraphValue emitGatherND(Node &node, const GraphValue &data, const GraphValue &indices, int64_t batches,
                        int64_t depth, const Shape &shape) {
  llvm::SmallVector<Access> positions = positionAccesses(node, indices, depth);
  Value source = node.emit.tensor(data);
  llvm::SmallVector<Value> sizes;
  for (int64_t i = 0; i < depth; ++i)
    sizes.push_back(node.emit.index(data.shape[batches + i]));
  Access output{node.emit.empty(data.elementType, shape),
                llvm::to_vector(llvm::seq<int64_t>(0, shape.size()))};
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
    Scalars s{builder, location};
    llvm::SmallVector<Value> place;
    for (int64_t i = 0; i < batches; ++i)
      place.push_back(s.loop(i));
    for (int64_t i = 0; i < depth; ++i)
      place.push_back(clamped(s, s.toIndex(v[i]), sizes[i]));
    for (int64_t i = batches + depth; i < data.rank(); ++i)
      place.push_back(s.loop(i - batches - depth + indices.rank() - 1));
    return llvm::SmallVector<Value>{mlir::tensor::ExtractOp::create(builder, location, source, place)};
  };
  Value result = node.emit.generic(shape.size(), {}, positions, output, body)[0];
  return node.emit.wrap(result, data.elementType, shape);
}

} // namespace

static mlir::LogicalResult importGather(Node &node) {
  const GraphValue &data = node.input(0), &indices = node.input(1);
  mlir::FailureOr<int64_t> axis = node.axis(node.integer("axis", 0), data.rank());
  if (failed(axis))
    return mlir::failure();
  Shape shape(data.shape.begin(), data.shape.begin() + *axis);
  shape.append(indices.shape);
  shape.append(data.shape.begin() + *axis + 1, data.shape.end());
  auto positions = knownPositions(node, data.shape[*axis]);
  if (failed(positions))
    return mlir::failure();
  if (!isReasonable(shape))
    return node.error("the shape " + node.extents.text(shape) + " is too large");
  if (*positions) {
    if (std::optional<GraphValue> folded = foldGather(data, **positions, indices, *axis, shape)) {
      node.set(0, std::move(*folded));
      return mlir::success();
    }
    if ((*positions)->size() == 1) {
      Shape part = data.shape;
      part[*axis] = 1;
      llvm::SmallVector<Extent> offsets(data.rank(), 0);
      offsets[*axis] = (*positions)->front();
      llvm::SmallVector<int64_t> steps(data.rank(), 1);
      node.set(0, node.emit.reshape(node.emit.slice(data, offsets, part, steps), shape));
      return mlir::success();
    }
  }
  node.set(0, emitGather(node, data, indices, *axis, shape));
  return mlir::success();
}

static mlir::LogicalResult importGatherElements(Node &node) {
  const GraphValue &data = node.input(0), &indices = node.input(1);
  mlir::FailureOr<int64_t> axis = node.axis(node.integer("axis", 0), data.rank());
  if (failed(axis) || failed(node.requireRank(1, data.rank(), data.rank())))
    return mlir::failure();
  for (int64_t i = 0; i < data.rank(); ++i)
    if (i != *axis && node.extents.less(data.shape[i], indices.shape[i]) != false &&
        failed(node.requireEqual(data.shape[i], indices.shape[i], "dimensions beside the axis")))
      return mlir::failure();
  Value source = node.emit.tensor(data), size = node.emit.index(data.shape[*axis]);
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
    Scalars s{builder, location};
    llvm::SmallVector<Value> place;
    for (int64_t i = 0; i < data.rank(); ++i)
      place.push_back(i == *axis ? clamped(s, s.toIndex(v[0]), size) : s.loop(i));
    return mlir::tensor::ExtractOp::create(builder, location, source, place);
  };
  node.set(0, node.emit.elementwise(data.elementType, indices.shape, {&indices}, body));
  return mlir::success();
}

static mlir::LogicalResult importGatherND(Node &node) {
  const GraphValue &data = node.input(0), &indices = node.input(1);
  int64_t batches = node.integer("batch_dims", 0), least = std::min(data.rank(), indices.rank());
  if (batches < 0 || batches >= least)
    return node.error("batch_dims is " + llvm::Twine(batches) + ", but data and indices have rank " +
                      llvm::Twine(data.rank()) + " and " + llvm::Twine(indices.rank()));
  std::optional<int64_t> depth = indices.shape.back().constant();
  if (!depth || *depth < 1 || *depth > data.rank() - batches)
    return node.error("the last dimension of the indices is " + node.extents.text(indices.shape.back()) +
                      ", but expected 1 to " + llvm::Twine(data.rank() - batches));
  for (int64_t i = 0; i < batches; ++i)
    if (failed(node.requireEqual(data.shape[i], indices.shape[i], "batches of data and indices")))
      return mlir::failure();
  Shape shape(indices.shape.begin(), indices.shape.end() - 1);
  shape.append(data.shape.begin() + batches + *depth, data.shape.end());
  if (!isReasonable(shape))
    return node.error("the shape " + node.extents.text(shape) + " is too large");
  node.set(0, emitGatherND(node, data, indices, batches, *depth, shape));
  return mlir::success();
}

/// Reverses the first elements of each batch's line, as many as `sequence_lens` says.
static mlir::LogicalResult importReverseSequence(Node &node) {
  const GraphValue &value = node.input(0), &lengths = node.input(1);
  int64_t time = node.integer("time_axis", 0), batch = node.integer("batch_axis", 1);
  if (value.rank() < 2 || time < 0 || time > 1 || batch != 1 - time)
    return node.error("expected rank 2 or more and the axes 0 and 1, but found rank " +
                      llvm::Twine(value.rank()) + ", time_axis " + llvm::Twine(time) + ", batch_axis " +
                      llvm::Twine(batch));
  if (failed(node.requireRank(1, 1, 1)) ||
      failed(node.requireEqual(lengths.shape[0], value.shape[batch], "batches of input and sequence_lens")))
    return mlir::failure();
  Shape spread(value.rank(), 1);
  spread[batch] = value.shape[batch];
  GraphValue apart = node.emit.reshape(lengths, spread);
  Value source = node.emit.tensor(value), size = node.emit.index(value.shape[time]);
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
    Scalars s{builder, location};
    Value length = s.minimum(s.toIndex(v[0]), size), step = s.loop(time);
    Value mirrored = s.subtract(s.subtract(length, step), s.constant(step.getType(), 1));
    llvm::SmallVector<Value> place;
    for (int64_t i = 0; i < value.rank(); ++i)
      place.push_back(i == time ? s.select(s.less(step, length), mirrored, step) : s.loop(i));
    return mlir::tensor::ExtractOp::create(builder, location, source, place);
  };
  node.set(0, node.emit.elementwise(value.elementType, value.shape, {&apart}, body));
  return mlir::success();
}

Family indexingOperators() {
  static constexpr Operator kOperators[] = {
      {"Gather", 1, "ai", importGather},
      {"GatherElements", 11, "ai", importGatherElements},
      {"GatherND", 11, "al", importGatherND},
      {"ReverseSequence", 10, "al", importReverseSequence},
  };
  return kOperators;
}

} // namespace winnow::frontend
