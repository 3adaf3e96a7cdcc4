// The structure phase: gates become selections, and selections reach the contractions.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassOptions.h"
#include "llvm/Support/JSON.h"

namespace winnow {

#define GEN_PASS_DECL
#include "passes/Structure/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Structure/Passes.h.inc"

struct StructureOptions : mlir::PassPipelineOptions<StructureOptions> {
  Option<std::string> softGates{*this, "soft-gates",
                                llvm::cl::desc("what becomes of soft gates: none, topk:K or threshold:T"),
                                llvm::cl::init("none")};
  Option<double> denseShare{*this, "dense-share",
                            llvm::cl::desc("a top-k of more than this share of the channels stays dense"),
                            llvm::cl::init(0.875)};
  Option<std::string> prune{*this, "prune",
                            llvm::cl::desc("the structure that constant weights are pruned to: none, 2:4, "
                                           "blocks:RxC:DENSITY or coo:DENSITY"),
                            llvm::cl::init("none")};
  Option<double> maxPruningError{*this, "max-pruning-error",
                                 llvm::cl::desc("the largest relative error that pruning may cause"),
                                 llvm::cl::init(1.0)};
};

/// Reports on `module` a rule that softGates or prune cannot be.
mlir::LogicalResult checkSoftGates(mlir::ModuleOp module, llvm::StringRef rule);
mlir::LogicalResult checkPruning(mlir::ModuleOp module, llvm::StringRef rule);

/// The structure phase, from what buildRaisePipeline leaves.
void buildStructurePipeline(mlir::OpPassManager &manager, const StructureOptions &options);

/// What `winnow-prune-weights` left on the module, for the module file's report: an array of objects, each
/// with "name", "structure" ("dense" where nothing was pruned), "error", "bytes", "packed_bytes" and
/// "reason". Null if nothing was to be pruned.
llvm::json::Value collectPruningReport(mlir::ModuleOp module);

} // namespace winnow
