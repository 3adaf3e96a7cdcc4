// CumSum and CumProd. A short axis is combined directly, with work quadratic in its length. A long one is cut
// into blocks: what comes before a block is the same operator over the blocks' totals, so that the work
// stays linear.
//
//   1 2 | 3 4 | 5 6       blocks, the axis padded to a multiple of their length
//   1 3 | 3 7 | 5 11      within each block
//     0 |   3 |   10      the totals 3, 7, 11, exclusive
//   1 3 | 6 10 | 15 21    together
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Operators/Reduction.h"

#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

using mlir::Value;
using mlir::ValueRange;

struct Scan {
  Reduce kind;
  int64_t axis;
  bool isExclusive, isReverse;
};

constexpr int64_t kBlock = 64;
/// After so many cuts, an axis of a million elements is as short as a block.
constexpr int64_t kMaximumCuts = 3;

/// linalg.generic (d..., j): accumulates element j of the axis where it counts for the result's.
GraphValue scanDirectly(Node &node, const GraphValue &value, const Scan &scan) {
  int64_t rank = value.rank();
  Access input{node.emit.tensor(value), llvm::to_vector(llvm::seq<int64_t>(0, rank))};
  Access output{node.emit.filled(identityOf(scan.kind, value.elementType), value.shape), input.loops};
  input.loops[scan.axis] = rank;
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
    Scalars s{builder, location};
    Value from = s.loop(scan.isReverse ? scan.axis : rank), to = s.loop(scan.isReverse ? rank : scan.axis);
    Value counts = scan.isExclusive ? s.less(from, to) : s.lessOrEqual(from, to);
    return llvm::SmallVector<Value>{s.select(counts, accumulate(s, scan.kind, v[0], v[1]), v[1])};
  };
  Value result = node.emit.generic(rank + 1, rank, input, output, body)[0];
  return node.emit.wrap(result, value.elementType, value.shape);
}

mlir::FailureOr<GraphValue> scanOver(Node &node, const GraphValue &value, const Scan &scan, int64_t cuts) {
  const Extent &size = value.shape[scan.axis];
  if (cuts == 0 || size.constant().value_or(INT64_MAX) <= 2 * kBlock)
    return scanDirectly(node, value, scan);
  mlir::FailureOr<Extent> blocks = node.require(node.extents.ceilDivide(size, kBlock));
  if (failed(blocks))
    return mlir::failure();
  llvm::SmallVector<Extent> none(value.rank(), 0), behind = none;
  std::optional<Extent> whole = multiply(*blocks, kBlock);
  mlir::FailureOr<Extent> rest = node.require(whole ? subtract(*whole, size) : std::nullopt);
  if (failed(rest))
    return mlir::failure();
  behind[scan.axis] = *rest;
  GraphValue padded = node.emit.pad(value, none, behind, identityOf(scan.kind, value.elementType));
  Shape cut = padded.shape, totalShape = padded.shape;
  cut[scan.axis] = totalShape[scan.axis] = *blocks;
  cut.insert(cut.begin() + scan.axis + 1, kBlock);
  totalShape.insert(totalShape.begin() + scan.axis + 1, 1);
  GraphValue apart = node.emit.reshape(padded, cut);
  GraphValue within = scanDirectly(node, apart, {scan.kind, scan.axis + 1, scan.isExclusive, scan.isReverse});
  GraphValue totals = reduceOver(node, scan.kind, apart, scan.axis + 1);
  mlir::FailureOr<GraphValue> before =
      scanOver(node, totals, {scan.kind, scan.axis, /*isExclusive=*/true, scan.isReverse}, cuts - 1);
  if (failed(before))
    return mlir::failure();
  mlir::FailureOr<GraphValue> together = applyBinary(node, scan.kind == Reduce::Sum ? "Add" : "Mul", within,
                                                     node.emit.reshape(*before, totalShape));
  if (failed(together))
    return mlir::failure();
  llvm::SmallVector<int64_t> steps(value.rank(), 1);
  return node.emit.slice(node.emit.reshape(*together, padded.shape), none, value.shape, steps);
}

} // namespace

static mlir::LogicalResult importCumulative(Node &node) {
  const GraphValue &value = node.input(0);
  mlir::FailureOr<llvm::SmallVector<int64_t>> given = node.requireNumbers(1, "axis");
  bool isExclusive = node.integer("exclusive", 0) != 0, isReverse = node.integer("reverse", 0) != 0;
  if (failed(given) || given->size() != 1)
    return failed(given) ? mlir::failure() : node.error("expected one axis");
  mlir::FailureOr<int64_t> axis = node.axis(given->front(), value.rank());
  if (failed(axis))
    return mlir::failure();
  Reduce kind = node.operatorName() == "CumSum" ? Reduce::Sum : Reduce::Product;
  mlir::FailureOr<GraphValue> result =
      scanOver(node, value, {kind, *axis, isExclusive, isReverse}, kMaximumCuts);
  if (failed(result))
    return mlir::failure();
  node.set(0, *result);
  return mlir::success();
}

Family cumulativeOperators() {
  static constexpr Operator kOperators[] = {
      {"CumProd", 26, "ni", importCumulative},
      {"CumSum", 11, "ni", importCumulative},
  };
  return kOperators;
}

} // namespace winnow::frontend
