// Replaces math functions by arithmetic.
#include "lib/MathExpansions/Arithmetic.h"
#include "lib/MathExpansions/MathExpansions.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
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

/// Halves away from zero, for which CPUs have no instruction. The fraction is exact: adding a half first
/// would round the number below it up.
Value expandRound(winnow::Arithmetic &a, Value x) {
  Value whole = a.truncate(x);
  Value fraction = a.absolute(a.subtract(x, whole));
  Value further = a.add(whole, a.copySign(a.constant(1.0f), x));
  Value isHalf = a.compare(arith::CmpFPredicate::OGE, fraction, a.constant(0.5f));
  return a.copySign(a.select(isHalf, further, whole), x);
}

struct ExpandMath : winnow::impl::ExpandMathBase<ExpandMath> {
  using ExpandMathBase::ExpandMathBase;

  void runOnOperation() override {
    if (failed(widenToF32()) || failed(expand()))
      signalPassFailure();
  }

  LogicalResult widenToF32() {
    TypeConverter converter;
    SetVector<Type> supported; // the converter refers to it
    supported.insert(Float64Type::get(&getContext()));
    math::populateExtendToSupportedTypesTypeConverter(converter, supported, Float32Type::get(&getContext()));
    ConversionTarget target(getContext());
    math::populateExtendToSupportedTypesConversionTarget(target, converter);
    RewritePatternSet patterns(&getContext());
    math::populateExtendToSupportedTypesPatterns(patterns, converter);
    return applyPartialConversion(getOperation(), target, std::move(patterns));
  }

  LogicalResult expand() {
    // What has no polynomial is first written with what has one.
    SmallVector<StringRef> rewritten = {"ctlz", "fpowi", "rsqrt", "clampf"};
    if (!fma)
      rewritten.push_back("fma");
    RewritePatternSet patterns(&getContext());
    math::populateExpansionPatterns(patterns, rewritten);
    populateMathPolynomialApproximationPatterns(patterns);
    winnow::populateExponentialExpansions(patterns);
    winnow::populateLogarithmExpansions(patterns);
    winnow::populateDoubleExpansions(patterns);
    winnow::populatePowerExpansion(patterns, fma);
    winnow::populateCircularExpansions(patterns);
    winnow::populateRootExpansion(patterns);
    winnow::populateErrorFunctionExpansion(patterns);
    winnow::populateRemainderExpansion(patterns);
    patterns.add<winnow::Expand<math::RoundOp, expandRound>>(&getContext());
    return applyPatternsGreedily(getOperation(), std::move(patterns));
  }
};

} // namespace
