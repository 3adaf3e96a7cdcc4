// Expands the math dialect for PTX and refuses what is left that no instruction computes.
#include "lib/MathExpansions/MathExpansions.h"
#include "passes/LowerToPTX/InstructionExpansions.h"
#include "passes/LowerToPTX/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace winnow {
#define GEN_PASS_DEF_EXPANDPTXMATH
#include "passes/LowerToPTX/Passes.h.inc"
} // namespace winnow

using namespace mlir;

namespace {

/// Operations that LLVM's NVPTX back end selects for f32 and f64 without a library.
bool isSelectable(Operation *operation) {
  Type type = getElementTypeOrSelf(operation->getOperand(0).getType());
  if (isa<math::AbsIOp, math::CountLeadingZerosOp, math::CountTrailingZerosOp, math::CtPopOp>(operation))
    return type.isInteger();
  if (isa<math::Exp2Op>(operation))
    return type.isF32();
  if (isa<math::FmaOp, math::AbsFOp>(operation))
    return isa<FloatType>(type);
  return (type.isF32() || type.isF64()) &&
         isa<math::SqrtOp, math::FloorOp, math::CeilOp, math::TruncOp, math::RoundOp, math::RoundEvenOp,
             math::CopySignOp, math::IsNaNOp, math::IsInfOp, math::IsFiniteOp, math::IsNormalOp>(operation);
}

/// The sum over a warp's lanes, all of which take part: each adds what lanes at distances 16, 8, 4, 2 and 1
/// have.
struct ExpandLaneSum : OpRewritePattern<gpu::SubgroupReduceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(gpu::SubgroupReduceOp op, PatternRewriter &rewriter) const override {
    if (op.getOp() != gpu::AllReduceOperation::ADD || !op.getType().isF32())
      return rewriter.notifyMatchFailure(op, "is not a sum of f32");
    Location location = op.getLoc();
    auto integer = [&](int64_t value) -> Value {
      return arith::ConstantIntOp::create(rewriter, location, value, 32);
    };
    Value sum = op.getValue();
    for (int64_t distance = 16; distance > 0; distance /= 2) {
      Value other = NVVM::ShflOp::create(rewriter, location, sum.getType(), integer(-1), sum,
                                         integer(distance), integer(31), NVVM::ShflKind::bfly, UnitAttr());
      sum = arith::AddFOp::create(rewriter, location, sum, other);
    }
    rewriter.replaceOp(op, sum);
    return success();
  }
};

struct ExpandPTXMath : winnow::impl::ExpandPTXMathBase<ExpandPTXMath> {
  void runOnOperation() override {
    if (failed(widenHalfPrecision()))
      return signalPassFailure();
    RewritePatternSet patterns(&getContext());
    winnow::populateInstructionExpansions(patterns);
    winnow::populateLogarithmExpansions(patterns);
    winnow::populateDoubleExpansions(patterns);
    winnow::populatePowerExpansion(patterns);
    winnow::populateCircularExpansions(patterns);
    winnow::populateRootExpansion(patterns);
    winnow::populateErrorFunctionExpansion(patterns);
    winnow::populateRemainderExpansion(patterns);
    winnow::populateIntegerExpansions(patterns);
    patterns.add<ExpandLaneSum>(&getContext());
    populateMathPolynomialApproximationPatterns(patterns, [](StringRef name) {
      return llvm::is_contained(
          {"math.tanh", "math.erf", "math.erfc", "math.log1p", "math.expm1", "math.asin", "math.acos"}, name);
    });
    math::populateExpansionPatterns(patterns, {"rsqrt", "fpowi", "ctlz", "clampf", "sincos"});
    // Unlike upstream's pass, this leaves minimum and maximum alone: they are instructions.
    arith::populateCeilFloorDivExpandOpsPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();

    WalkResult result = getOperation().walk([](Operation *operation) {
      if (!isa<math::MathDialect>(operation->getDialect()) || isSelectable(operation))
        return WalkResult::advance();
      operation->emitOpError("has no form in PTX for ") << operation->getOperand(0).getType();
      return WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }

  /// Math on f16 and bf16 is computed in f32.
  LogicalResult widenHalfPrecision() {
    MLIRContext *context = &getContext();
    TypeConverter types;
    Type single = Float32Type::get(context);
    SetVector<Type> supported;
    supported.insert(single);
    supported.insert(Float64Type::get(context));
    math::populateExtendToSupportedTypesTypeConverter(types, supported, single);
    ConversionTarget target(*context);
    math::populateExtendToSupportedTypesConversionTarget(target, types);
    RewritePatternSet patterns(context);
    math::populateExtendToSupportedTypesPatterns(patterns, types);
    return applyPartialConversion(getOperation(), target, std::move(patterns));
  }
};

} // namespace
