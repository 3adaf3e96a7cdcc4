// Matrix products: linalg.matmul wherever one side is a plain matrix, linalg.batch_matmul for equal
// batches, linalg.generic for batches that broadcast.
#include "lib/Import/ONNX/Elementwise.h"
#include "lib/Import/ONNX/Operators.h"

#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

GraphValue matmul(Node &node, const GraphValue &a, const GraphValue &b) {
  Emitter &emit = node.emit;
  Shape shape = {a.shape[0], b.shape[1]};
  mlir::Value left = emit.tensor(a), right = emit.tensor(b), init = emit.zeros(a.elementType, shape);
  auto product = mlir::linalg::MatmulOp::create(emit.builder, emit.location, mlir::ValueRange{left, right},
                                                mlir::ValueRange{init});
  return emit.wrap(product.getResult(0), a.elementType, shape);
}

GraphValue batchMatmul(Node &node, const GraphValue &a, const GraphValue &b) {
  Emitter &emit = node.emit;
  Shape shape = {a.shape[0], a.shape[1], b.shape[2]};
  mlir::Value left = emit.tensor(a), right = emit.tensor(b), init = emit.zeros(a.elementType, shape);
  auto product = mlir::linalg::BatchMatmulOp::create(emit.builder, emit.location,
                                                     mlir::ValueRange{left, right}, mlir::ValueRange{init});
  return emit.wrap(product.getResult(0), a.elementType, shape);
}

/// The operand without the batch dimensions that it broadcasts, and the loops that index what is left.
Access batchAccess(Node &node, const GraphValue &value, llvm::ArrayRef<Extent> batch, int64_t row,
                   int64_t column) {
  Access access;
  Shape kept;
  int64_t own = value.rank() - 2, missing = static_cast<int64_t>(batch.size()) - own;
  for (int64_t i = 0; i < own; ++i)
    if (!value.shape[i].is(1) || batch[missing + i].is(1)) {
      kept.push_back(value.shape[i]);
      access.loops.push_back(missing + i);
    }
  kept.append(value.shape.end() - 2, value.shape.end());
  access.loops.append({row, column});
  access.tensor = node.emit.tensor(node.emit.reshape(value, kept));
  return access;
}

GraphValue broadcastMatmul(Node &node, const GraphValue &a, const GraphValue &b, const Shape &batch) {
  int64_t row = batch.size(), column = row + 1, inner = row + 2;
  Shape shape(batch);
  shape.append({a.shape[a.rank() - 2], b.shape[b.rank() - 1]});
  Access left = batchAccess(node, a, batch, row, inner), right = batchAccess(node, b, batch, inner, column);
  Access output{node.emit.zeros(a.elementType, shape), llvm::to_vector(llvm::seq<int64_t>(0, inner))};
  auto body = [](mlir::OpBuilder &builder, mlir::Location location, mlir::ValueRange v) {
    Scalars s{builder, location};
    return llvm::SmallVector<mlir::Value>{s.add(v[2], s.multiply(v[0], v[1]))};
  };
  mlir::Value result = node.emit.generic(inner + 1, inner, {left, right}, output, body)[0];
  return node.emit.wrap(result, a.elementType, shape);
}

Shape batchShape(const GraphValue &value) { return Shape(value.shape.begin(), value.shape.end() - 2); }

/// Both operands have rank 2 or more and agree in the inner dimension.
mlir::FailureOr<GraphValue> multiplyMatrices(Node &node, const GraphValue &a, const GraphValue &b) {
  Emitter &emit = node.emit;
  GraphValue left, right;
  left.shape = batchShape(a);
  right.shape = batchShape(b);
  mlir::FailureOr<Shape> batch = node.broadcast({&left, &right});
  if (failed(batch))
    return mlir::failure();
  const Extent rows = a.shape[a.rank() - 2], inner = a.shape.back(), columns = b.shape.back();
  Shape shape(*batch);
  shape.append({rows, columns});
  if (b.rank() == 2) {
    Shape flat(a.shape.begin(), a.shape.end() - 1);
    mlir::FailureOr<Extent> allRows = node.require(elementCount(flat));
    if (failed(allRows))
      return mlir::failure();
    return emit.reshape(matmul(node, emit.reshape(a, {*allRows, inner}), b), shape);
  }
  if (left.shape != right.shape)
    return broadcastMatmul(node, a, b, *batch);
  mlir::FailureOr<Extent> count = node.require(elementCount(*batch));
  if (failed(count))
    return mlir::failure();
  GraphValue product =
      batchMatmul(node, emit.reshape(a, {*count, rows, inner}), emit.reshape(b, {*count, inner, columns}));
  return emit.reshape(product, shape);
}

mlir::LogicalResult addScaled(Node &node, GraphValue product, double beta) {
  GraphValue addend = node.input(2);
  if (beta != 1) {
    mlir::FailureOr<GraphValue> scaled =
        applyBinary(node, "Mul", addend, realScalar(addend.elementType, beta));
    if (failed(scaled))
      return mlir::failure();
    addend = *scaled;
  }
  mlir::FailureOr<GraphValue> sum = applyBinary(node, "Add", product, addend);
  if (failed(sum))
    return mlir::failure();
  if (sum->rank() != 2)
    return node.error("input 2 has shape " + node.extents.text(addend.shape) +
                      ", but expected one that broadcasts to " + node.extents.text(product.shape));
  node.set(0, *sum);
  return mlir::success();
}

} // namespace

static mlir::LogicalResult importMatMul(Node &node) {
  GraphValue a = node.input(0), b = node.input(1);
  if (a.rank() == 0 || b.rank() == 0)
    return node.error("an operand is a scalar, but expected rank 1 or more");
  bool isRow = a.rank() == 1, isColumn = b.rank() == 1;
  if (isRow)
    a = node.emit.reshape(a, {1, a.shape[0]});
  if (isColumn)
    b = node.emit.reshape(b, {b.shape[0], 1});
  if (failed(node.requireEqual(a.shape.back(), b.shape[b.rank() - 2], "inner dimensions")))
    return mlir::failure();
  mlir::FailureOr<GraphValue> product = multiplyMatrices(node, a, b);
  if (failed(product))
    return mlir::failure();
  Shape shape = product->shape;
  if (isRow)
    shape.erase(shape.end() - 2);
  if (isColumn)
    shape.pop_back();
  node.set(0, node.emit.reshape(*product, shape));
  return mlir::success();
}

static mlir::LogicalResult importGemm(Node &node) {
  if (failed(node.requireRank(0, 2, 2)) || failed(node.requireRank(1, 2, 2)))
    return mlir::failure();
  GraphValue a = node.input(0), b = node.input(1);
  double alpha = node.real("alpha", 1), beta = node.real("beta", 1);
  if (node.opset() < 7)
    node.integer("broadcast", 0); // what it allows is a broadcast as later ones do it
  // A constant is transposed here and now.
  if (node.integer("transA", 0) != 0)
    a = node.emit.transpose(a, {1, 0});
  if (node.integer("transB", 0) != 0)
    b = node.emit.transpose(b, {1, 0});
  if (failed(node.requireEqual(a.shape[1], b.shape[0], "inner dimensions")))
    return mlir::failure();
  if ((alpha != 1 || beta != 1) && !a.isReal())
    return node.error("alpha or beta is not 1, but the operands are integers");
  GraphValue scaled = alpha == 1 ? b : *applyBinary(node, "Mul", b, realScalar(b.elementType, alpha));
  GraphValue product = matmul(node, a, scaled);
  if (node.has(2) && beta != 0)
    return addScaled(node, std::move(product), beta);
  node.set(0, std::move(product));
  return mlir::success();
}

Family contractionOperators() {
  static constexpr Operator kOperators[] = {
      {"Gemm", 1, "NNN?", importGemm},
      {"MatMul", 1, "NN", importMatMul},
  };
  return kOperators;
}

} // namespace winnow::frontend
