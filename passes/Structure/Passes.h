// The structure phase: gates become selections, and selections reach the contractions.
#pragma once

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassOptions.h"

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
};

/// The structure phase, from what buildRaisePipeline leaves.
void buildStructurePipeline(mlir::OpPassManager &manager, const StructureOptions &options);

} // namespace winnow
