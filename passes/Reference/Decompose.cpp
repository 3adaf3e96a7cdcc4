// Replaces every winnow operation by its executable definition.
#include "dialects/Winnow/Definition.h"
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Transforms/DialectConversion.h"
#include "passes/Reference/Passes.h"

using namespace mlir;

namespace winnow {
#define GEN_PASS_DEF_DECOMPOSE
#include "passes/Reference/Passes.h.inc"
} // namespace winnow

using namespace winnow;

namespace {

/// A selection is the values that stand for it, a packed matrix its parts; everything else is itself.
struct PartsConverter : TypeConverter {
  PartsConverter() {
    addConversion([](Type type) { return type; });
    addConversion([](SelectionType type, SmallVectorImpl<Type> &types) {
      llvm::append_range(types, partTypes(type));
      return success();
    });
    addConversion([](PackedType type, SmallVectorImpl<Type> &types) {
      llvm::append_range(types, type.getPartTypes());
      return success();
    });
  }
};

struct ApplyDefinition : OpInterfaceConversionPattern<DefinedOpInterface> {
  using OpInterfaceConversionPattern::OpInterfaceConversionPattern;

  /// The definition of a conditional subgraph holds its operations, which have definitions of their own.
  void initialize() { setHasBoundedRewriteRecursion(); }

  LogicalResult matchAndRewrite(DefinedOpInterface op, ArrayRef<ValueRange> operands,
                                ConversionPatternRewriter &rewriter) const override {
    SmallVector<SmallVector<Value>> results = op.decompose(rewriter, operands);
    for (auto [result, values] : llvm::zip_equal(op->getResults(), results)) {
      SmallVector<Type> types;
      if (failed(getTypeConverter()->convertType(result.getType(), types)))
        return failure();
      for (auto [value, type] : llvm::zip_equal(values, types))
        if (value.getType() != type)
          value = tensor::CastOp::create(rewriter, op.getLoc(), type, value);
    }
    rewriter.replaceOpWithMultiple(op, std::move(results));
    return success();
  }
};

struct Decompose : winnow::impl::DecomposeBase<Decompose> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    PartsConverter converter;
    ConversionTarget target(*context);
    RewritePatternSet patterns(context);
    target.addIllegalDialect<WinnowDialect>();
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    target.addDynamicallyLegalOp<func::FuncOp>([&](func::FuncOp op) {
      return converter.isSignatureLegal(op.getFunctionType()) && converter.isLegal(&op.getBody());
    });
    target.addDynamicallyLegalOp<func::CallOp, func::ReturnOp>(
        [&](Operation *op) { return converter.isLegal(op); });
    populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns, converter);
    populateCallOpTypeConversionPattern(patterns, converter);
    populateReturnOpTypeConversionPattern(patterns, converter);
    scf::populateSCFStructuralTypeConversionsAndLegality(converter, patterns, target);
    patterns.add<ApplyDefinition>(converter, context);
    if (failed(applyPartialConversion(getOperation(), target, std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
