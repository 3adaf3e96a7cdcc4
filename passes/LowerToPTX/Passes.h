// The passes and the pipeline from bufferized kernels to LLVM IR for NVPTX.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassOptions.h"

namespace winnow {

#define GEN_PASS_DECL
#include "passes/LowerToPTX/Passes.h.inc"

struct PTXLoweringOptions : mlir::PassPipelineOptions<PTXLoweringOptions> {
  Option<int64_t> threads{*this, "threads", llvm::cl::desc("Threads in a block"), llvm::cl::init(128)};
};

/// Lowers the kernels of a module (`winnow.kernel`, one scf.forall over items, linalg on memrefs) to LLVM
/// functions in a gpu.module named "kernels"; other functions are left alone.
void buildPTXLoweringPipeline(mlir::OpPassManager &manager, const PTXLoweringOptions &options);

/// Registers the passes and the pipeline "winnow-lower-to-ptx".
void registerPTXLoweringPasses();

} // namespace winnow
