// Normalizations that ONNX defines by simpler operators: LRN, LpNormalization, MeanVarianceNormalization.
#include "lib/Import/ONNX/Composition.h"
#include "lib/Import/ONNX/Operators.h"

#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {

static mlir::LogicalResult importLRN(Node &node) {
  GraphValue x = node.input(0);
  mlir::Type type = x.elementType;
  int64_t size = node.integer("size", 0);
  double alpha = node.real("alpha", 1e-4), beta = node.real("beta", 0.75), bias = node.real("bias", 1);
  if (x.rank() < 3)
    return node.error("the input has rank " + llvm::Twine(x.rank()) + ", but expected at least 3");
  if (size < 1 || size > INT32_MAX)
    return node.error("size is " + llvm::Twine(size) + ", but expected at least 1");
  mlir::FailureOr<Extent> places = node.require(elementCount(llvm::ArrayRef<Extent>(x.shape).drop_front(2)));
  if (failed(places))
    return mlir::failure();
  // The mean of the squares of the channels around each one, as a pool over the channels.
  Composition c(node);
  GraphValue squares = c.reshape(c.multiply(x, x), {x.shape[0], 1, x.shape[1], *places});
  int64_t before = (size - 1) / 2;
  using Integers = llvm::SmallVector<int64_t>;
  GraphValue means = c.op("AveragePool", {squares},
                          {{"kernel_shape", Integers{size, 1}},
                           {"pads", Integers{before, 0, size - 1 - before, 0}},
                           {"count_include_pad", int64_t{1}}});
  GraphValue sum = c.add(c.multiply(c.reshape(means, x.shape), c.real(type, alpha)), c.real(type, bias));
  return c.finish(c.divide(x, c.op("Pow", {sum, c.real(type, beta)})));
}

static mlir::LogicalResult importLpNormalization(Node &node) {
  Composition c(node);
  GraphValue x = c.input(0);
  int64_t p = node.integer("p", 2), axis = node.integer("axis", -1);
  if (p != 1 && p != 2)
    return node.error("p is " + llvm::Twine(p) + ", but expected 1 or 2");
  GraphValue norm = c.op(p == 1 ? "ReduceL1" : "ReduceL2", {x, c.integers({axis})});
  GraphValue zero = c.real(x.elementType, 0);
  // What has no length stays zero.
  return c.finish(c.where(c.op("Equal", {norm, zero}), zero, c.divide(x, norm)));
}

static mlir::LogicalResult importMeanVarianceNormalization(Node &node) {
  Composition c(node);
  GraphValue x = c.input(0);
  GraphValue axes = c.integers(node.integers("axes").value_or(llvm::SmallVector<int64_t>{0, 2, 3}));
  GraphValue centered = c.subtract(x, c.op("ReduceMean", {x, axes}));
  GraphValue variance = c.op("ReduceMean", {c.multiply(centered, centered), axes});
  GraphValue deviation = c.add(c.op("Sqrt", {variance}), c.real(x.elementType, 1e-9));
  return c.finish(c.divide(centered, deviation));
}

Family channelNormalizationOperators() {
  static constexpr Operator kOperators[] = {
      {"LRN", 1, "f", importLRN},
      {"LpNormalization", 1, "f", importLpNormalization},
      {"MeanVarianceNormalization", 9, "f", importMeanVarianceNormalization},
  };
  return kOperators;
}

} // namespace winnow::frontend
