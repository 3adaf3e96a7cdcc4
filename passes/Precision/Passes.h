// The passes of the precision phase, its pipeline and its report.
#pragma once

#include "dialects/Winnow/WinnowDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassOptions.h"
#include "llvm/Support/JSON.h"

namespace winnow {

/// One precision for everything, instead of a budget.
enum class UniformPrecision { None, F32, I8, F16, BF16 };

#define GEN_PASS_DECL
#include "passes/Precision/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Precision/Passes.h.inc"

/// The options of `winnow-assign-precision`, which say what each does.
struct PrecisionOptions : mlir::PassPipelineOptions<PrecisionOptions> {
  Option<int64_t> budgetBytes{*this, "budget-bytes", llvm::cl::init(0),
                              llvm::cl::desc("bytes that the contractions' weights may take; 0: no budget")};
  Option<double> budget{*this, "budget", llvm::cl::init(0.0),
                        llvm::cl::desc("the same as a fraction of their bytes in f32; 0: no budget")};
  Option<double> maxError{
      *this, "max-error", llvm::cl::init(0.02),
      llvm::cl::desc("the largest relative weight error of an operation that is not f32")};
  Option<UniformPrecision> all{
      *this, "all", llvm::cl::init(UniformPrecision::None),
      llvm::cl::desc("one precision for everything that can have it"),
      llvm::cl::values(clEnumValN(UniformPrecision::None, "none", "as the budget asks"),
                       clEnumValN(UniformPrecision::F32, "f32", "everything stays f32"),
                       clEnumValN(UniformPrecision::I8, "i8", "i8 wherever max-error allows it"),
                       clEnumValN(UniformPrecision::F16, "f16", "f16 wherever max-error allows it"),
                       clEnumValN(UniformPrecision::BF16, "bf16", "bf16 wherever max-error allows it"))};
};

/// The precision phase: widens sums, assigns, realizes and cleans up. Runs on a module.
void buildPrecisionPipeline(mlir::OpPassManager &manager, const PrecisionOptions &options);

/// The choices that `winnow-assign-precision` left on the module, for the module file's report: an object
/// with "f32_bytes", "bytes", "budget_bytes" (0 without one) and "operations", each with "name",
/// "operation", "precision", "error", "bytes", "quantized_bytes" and "reason". Null if it has not run.
llvm::json::Value collectPrecisionReport(mlir::ModuleOp module);

} // namespace winnow
