// TopK by ranks: correct on every target, quadratic in the axis. passes/Raise recognizes the form.
//
//   rank:    linalg.generic (d..., j) ins(x[d...], x[d... with j at the axis]) outs(zeros i32)
//              body: acc + (x_j beats x_i), where i is the axis' loop: x_j > x_i, or equal and j < i
//   values:  linalg.generic (d..., i) ins(x[.. i ..], rank[.. i ..]) outs(zeros[.. K ..])
//              body: rank == p ? x_i : acc
//   indices: linalg.generic (d..., i) ins(rank[.. i ..]) outs(zeros i64[.. K ..])
//              body: rank == p ? i : acc
//
// NaN comes last, as winnow.select.topk has it.
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Scalars.h"

#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

using mlir::Value;
using mlir::ValueRange;

struct TopK {
  GraphValue input;
  int64_t axis;
  bool isLargest;
};

/// Whether a comes strictly before b: a is a number, and better than b or b is NaN.
Value precedes(const Scalars &s, Value a, Value b, bool isLargest) {
  if (!mlir::isa<mlir::FloatType>(a.getType()))
    return isLargest ? s.less(b, a) : s.less(a, b);
  auto predicate = isLargest ? mlir::arith::CmpFPredicate::UGT : mlir::arith::CmpFPredicate::ULT;
  Value better = mlir::arith::CmpFOp::create(s.builder, s.location, predicate, a, b);
  Value isNumber = mlir::arith::CmpFOp::create(s.builder, s.location, mlir::arith::CmpFPredicate::ORD, a, a);
  return mlir::arith::AndIOp::create(s.builder, s.location, better, isNumber);
}

GraphValue emitRanks(Node &node, const TopK &topk) {
  int64_t rank = topk.input.rank();
  mlir::Type type = node.builder.getI32Type();
  Access self{node.emit.tensor(topk.input), llvm::to_vector(llvm::seq<int64_t>(0, rank))}, other = self;
  other.loops[topk.axis] = rank;
  Access output{node.emit.zeros(type, topk.input.shape), self.loops};
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
    Scalars s{builder, location, isUnsigned(topk.input.elementType)};
    Value before = mlir::arith::CmpIOp::create(builder, location, mlir::arith::CmpIPredicate::slt,
                                               s.loop(rank), s.loop(topk.axis));
    Value isBetter = precedes(s, v[1], v[0], topk.isLargest);
    Value isWorse = precedes(s, v[0], v[1], topk.isLargest);
    // Not worse and earlier: equal, and the lower index wins.
    Value none = s.integer(builder.getI1Type(), 0);
    Value beats = mlir::arith::OrIOp::create(builder, location, isBetter, s.select(isWorse, none, before));
    Value one = mlir::arith::ExtUIOp::create(builder, location, type, beats);
    return llvm::SmallVector<Value>{s.add(v[2], one)};
  };
  Value result = node.emit.generic(rank + 1, rank, {self, other}, output, body)[0];
  return node.emit.wrap(result, type, topk.input.shape);
}

/// At position p, what belongs to the element of rank p: its value, or its index if `values` is null.
GraphValue emitPick(Node &node, const TopK &topk, const GraphValue &ranks, const GraphValue *values,
                    const Shape &shape) {
  int64_t rank = topk.input.rank();
  mlir::Type type = values ? values->elementType : node.builder.getI64Type();
  Access output{node.emit.zeros(type, shape), llvm::to_vector(llvm::seq<int64_t>(0, rank))};
  llvm::SmallVector<int64_t> loops = output.loops;
  loops[topk.axis] = rank;
  llvm::SmallVector<Access> inputs = {{node.emit.tensor(ranks), loops}};
  if (values)
    inputs.push_back({node.emit.tensor(*values), loops});
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
    Scalars s{builder, location};
    Value position = mlir::arith::IndexCastOp::create(builder, location, v[0].getType(), s.loop(topk.axis));
    Value picked = v[1];
    if (!values)
      picked = mlir::arith::IndexCastOp::create(builder, location, type, s.loop(rank));
    return llvm::SmallVector<Value>{s.select(s.equal(v[0], position), picked, v.back())};
  };
  Value result = node.emit.generic(rank + 1, rank, inputs, output, body)[0];
  return node.emit.wrap(result, type, shape);
}

} // namespace

static mlir::LogicalResult importTopK(Node &node) {
  const GraphValue &value = node.input(0);
  mlir::FailureOr<int64_t> axis = node.axis(node.integer("axis", -1), value.rank());
  // Up to opset 9, k is an attribute.
  mlir::FailureOr<llvm::SmallVector<Extent>> count =
      node.opset() < 10 ? llvm::SmallVector<Extent>{node.integer("k", -1)} : node.hostSizes(1, "k");
  bool isLargest = node.integer("largest", 1) != 0;
  node.integer("sorted", 1); // any order will do: sorted is one
  if (failed(axis) || failed(count))
    return mlir::failure();
  if (count->size() != 1)
    return node.error("k has " + llvm::Twine(count->size()) + " elements, but expected 1");
  const Extent &k = count->front();
  if (k.constant().value_or(0) < 0 || node.extents.less(value.shape[*axis], k) == true)
    return node.error("k is " + node.extents.text(k) + ", but the dimension has size " +
                      node.extents.text(value.shape[*axis]));
  if (node.extents.dependsOnData(k)) {
    mlir::FailureOr<Extent> most = node.require(node.extents.minimum(k, value.shape[*axis]));
    if (failed(most))
      return mlir::failure();
    node.emit.require(*most, k, "k is greater than the dimension");
  }
  Shape shape = value.shape;
  shape[*axis] = k;
  TopK topk{value, *axis, isLargest};
  GraphValue ranks = emitRanks(node, topk);
  node.set(0, emitPick(node, topk, ranks, &value, shape));
  GraphValue indices = emitPick(node, topk, ranks, nullptr, shape);
  indices.isNatural = true;
  node.set(1, std::move(indices));
  return mlir::success();
}

Family topKOperators() {
  static constexpr Operator kOperators[] = {
      {"TopK", 1, "n", importTopK},
      {"TopK", 10, "nl", importTopK},
  };
  return kOperators;
}

} // namespace winnow::frontend
