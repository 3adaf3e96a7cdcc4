// Replaces math functions by arithmetic.
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/Reference/Passes.h"

using namespace mlir;

namespace winnow {
#define GEN_PASS_DEF_EXPANDMATH
#include "passes/Reference/Passes.h.inc"
} // namespace winnow

namespace {

struct ExpandMath : winnow::impl::ExpandMathBase<ExpandMath> {
  void runOnOperation() override {
    if (failed(widenToF32()) || failed(expand()))
      signalPassFailure();
  }

  LogicalResult widenToF32() {
    TypeConverter converter;
    math::populateExtendToSupportedTypesTypeConverter(converter, /*sourceTypeFilter*/ {},
                                                      Float32Type::get(&getContext()));
    ConversionTarget target(getContext());
    math::populateExtendToSupportedTypesConversionTarget(target, converter);
    RewritePatternSet patterns(&getContext());
    math::populateExtendToSupportedTypesPatterns(patterns, converter);
    return applyPartialConversion(getOperation(), target, std::move(patterns));
  }

  LogicalResult expand() {
    // What has no polynomial is first written with what has one.
    static constexpr StringRef rewritten[] = {"ctlz",  "sinh",  "cosh",      "tan",   "asinh",
                                              "acosh", "atanh", "powf",      "fpowi", "exp2",
                                              "rsqrt", "round", "roundeven", "clampf"};
    RewritePatternSet patterns(&getContext());
    math::populateExpansionPatterns(patterns, rewritten);
    populateMathPolynomialApproximationPatterns(patterns);
    return applyPatternsGreedily(getOperation(), std::move(patterns));
  }
};

} // namespace
