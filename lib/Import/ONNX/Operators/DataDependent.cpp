// Operators whose results have as many elements as the data says: NonZero, Compress.
#include "lib/Import/ONNX/Composition.h"
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Operators/Positions.h"
#include "lib/Import/ONNX/Scalars.h"

#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {

using mlir::Value;
using mlir::ValueRange;

mlir::FailureOr<GraphValue> positionsOf(Node &node, const GraphValue &value) {
  mlir::FailureOr<Extent> size = node.require(elementCount(value.shape));
  if (failed(size))
    return mlir::failure();
  Emitter &emit = node.emit;
  emit.builder.getContext()->loadDialect<WinnowDialect>();
  Shape row = {1, *size};
  Composition c(node);
  GraphValue mask = emit.reshape(c.cast(value, node.builder.getI1Type()), row);
  mlir::Type integer = node.builder.getI32Type();
  auto found = SelectionEnumerateOp::create(emit.builder, emit.location,
                                            mlir::TypeRange{emit.type(integer, row), emit.type(integer, {1})},
                                            emit.tensor(mask), Value());
  GraphValue counts = emit.wrap(found.getCounts(), integer, {1});
  Extent count = emit.dataExtent(emit.index(emit.readElements(counts, "count").front()), "count", 0);
  GraphValue indices = emit.wrap(found.getIndices(), integer, row);
  return emit.reshape(emit.slice(indices, {0, 0}, {1, count}, {1, 1}), {count});
}

GraphValue coordinatesOf(Node &node, const GraphValue &positions, const Shape &shape) {
  mlir::Type integer = node.builder.getI64Type();
  auto rank = static_cast<int64_t>(shape.size());
  llvm::SmallVector<Value> sizes;
  for (const Extent &size : shape)
    sizes.push_back(node.emit.index(size));
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
    Scalars s{builder, location};
    Value rest = s.toIndex(v[0]), coordinate = s.integer(builder.getIndexType(), 0);
    for (int64_t axis = rank; axis-- > 0;) {
      Value isThis = s.equal(s.loop(0), s.integer(builder.getIndexType(), axis));
      coordinate = s.select(isThis, s.remainder(rest, sizes[axis]), coordinate);
      rest = s.divide(rest, sizes[axis]);
    }
    return mlir::arith::IndexCastOp::create(builder, location, integer, coordinate).getResult();
  };
  GraphValue result = node.emit.elementwise(integer, {rank, positions.shape[0]}, {&positions}, body);
  result.isNatural = true;
  return result;
}

static mlir::LogicalResult importNonZero(Node &node) {
  mlir::FailureOr<GraphValue> positions = positionsOf(node, node.input(0));
  if (failed(positions))
    return mlir::failure();
  node.set(0, coordinatesOf(node, *positions, node.input(0).shape));
  return mlir::success();
}

/// Where Compress's condition is true, if it is known.
static std::optional<llvm::SmallVector<int64_t>> knownPositions(Node &node) {
  std::optional<llvm::SmallVector<Extent>> elements = node.knownIntegers(1);
  std::optional<llvm::SmallVector<int64_t>> condition = elements ? constantShape(*elements) : std::nullopt;
  if (!condition)
    return std::nullopt;
  llvm::SmallVector<int64_t> kept;
  for (auto [index, isKept] : llvm::enumerate(*condition))
    if (isKept)
      kept.push_back(static_cast<int64_t>(index));
  return kept;
}

static mlir::LogicalResult importCompress(Node &node) {
  GraphValue value = node.input(0);
  int64_t axis = 0;
  if (node.hasAttribute("axis")) {
    mlir::FailureOr<int64_t> given = node.axis(node.integer("axis", 0), value.rank());
    if (failed(given))
      return mlir::failure();
    axis = *given;
  } else {
    mlir::FailureOr<Extent> count = node.require(elementCount(value.shape));
    if (failed(count))
      return mlir::failure();
    value = node.emit.reshape(value, {*count});
  }
  if (failed(node.requireRank(1, 1, 1)))
    return mlir::failure();
  Composition c(node);
  if (std::optional<llvm::SmallVector<int64_t>> kept = knownPositions(node))
    return c.finish({c.op("Gather", {value, c.integers(*kept)}, {{"axis", axis}})});
  mlir::FailureOr<GraphValue> positions = positionsOf(node, node.input(1));
  if (failed(positions))
    return mlir::failure();
  return c.finish({c.op("Gather", {value, *positions}, {{"axis", axis}})});
}

Family dataDependentOperators() {
  static constexpr Operator kOperators[] = {
      {"Compress", 9, "ab", importCompress},
      {"NonZero", 9, "a", importNonZero},
  };
  return kOperators;
}

} // namespace winnow::frontend
