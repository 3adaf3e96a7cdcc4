// Det by Gaussian elimination with the largest pivot of each column, one step after the other: matrices are
// small wherever models ask for determinants.
#include "lib/Import/ONNX/Composition.h"
#include "lib/Import/ONNX/Operators.h"

namespace winnow::frontend {
namespace {

// Every step is a handful of operations.
constexpr int64_t kMaximumSize = 32;

/// Elimination of the first column of [batch, n, n].
struct Step {
  GraphValue pivot; // [batch, 1, 1], negative if rows changed places
  GraphValue rest;  // [batch, n - 1, n - 1]
};

GraphValue cut(Composition &c, const GraphValue &value, int64_t axis, int64_t from, int64_t to) {
  return c.op("Slice", {value, c.integers({from}), c.integers({to}), c.integers({axis})});
}

Step eliminate(Composition &c, const GraphValue &matrix, int64_t n) {
  mlir::Type type = matrix.elementType;
  GraphValue column = c.op("Abs", {cut(c, matrix, 2, 0, 1)});
  GraphValue place = c.op("ArgMax", {column}, {{"axis", int64_t{1}}}); // [batch, 1, 1]
  mlir::Type placeType = place.elementType;
  // The pivot's row, and what is below the first row once both have changed places.
  GraphValue rows =
      c.op("Range", {c.integer(placeType, 0), c.integer(placeType, n), c.integer(placeType, 1)});
  GraphValue isPivot = c.op("Equal", {c.op("Unsqueeze", {rows, c.integers({1})}), place}); // [batch, n, 1]
  GraphValue pivotRow = c.op("ReduceSum", {c.where(isPivot, matrix, c.real(type, 0)), c.integers({1})});
  GraphValue below = c.where(cut(c, isPivot, 1, 1, n), cut(c, matrix, 1, 0, 1), cut(c, matrix, 1, 1, n));
  GraphValue pivot = cut(c, pivotRow, 2, 0, 1);
  GraphValue isFirst = c.op("Equal", {place, c.integer(placeType, 0)});
  // A column of zeros makes the determinant zero; nothing is to be eliminated then.
  GraphValue isZero = c.op("Equal", {pivot, c.real(type, 0)});
  GraphValue factors = c.divide(cut(c, below, 2, 0, 1), c.where(isZero, c.real(type, 1), pivot));
  GraphValue rest = c.subtract(cut(c, below, 2, 1, n), c.multiply(factors, cut(c, pivotRow, 2, 1, n)));
  return {c.where(isFirst, pivot, c.op("Neg", {pivot})), rest};
}

} // namespace

static mlir::LogicalResult importDeterminant(Node &node) {
  const GraphValue &value = node.input(0);
  int64_t rank = value.rank();
  if (rank < 2)
    return node.error("the input has rank " + llvm::Twine(rank) + ", but expected at least 2");
  if (failed(node.requireEqual(value.shape[rank - 2], value.shape[rank - 1], "rows and columns")))
    return mlir::failure();
  std::optional<int64_t> size = value.shape[rank - 1].constant();
  if (!size || *size < 1 || *size > kMaximumSize)
    return node.error("the matrices have size " + node.extents.text(value.shape[rank - 1]) +
                      ", but expected a constant from 1 to " + llvm::Twine(kMaximumSize));
  Shape outer(value.shape.begin(), value.shape.end() - 2);
  mlir::FailureOr<Extent> batch = node.require(elementCount(outer));
  if (failed(batch))
    return mlir::failure();
  Composition c(node);
  GraphValue matrix = c.reshape(value, {*batch, *size, *size});
  GraphValue determinant;
  for (int64_t n = *size; n > 1 && !c.hasFailed(); --n) {
    Step step = eliminate(c, matrix, n);
    determinant = determinant.elementType ? c.multiply(determinant, step.pivot) : step.pivot;
    matrix = step.rest;
  }
  determinant = determinant.elementType ? c.multiply(determinant, matrix) : matrix;
  return c.finish({c.reshape(determinant, outer)});
}

Family determinantOperators() {
  static constexpr Operator kOperators[] = {
      {"Det", 11, "f", importDeterminant},
  };
  return kOperators;
}

} // namespace winnow::frontend
