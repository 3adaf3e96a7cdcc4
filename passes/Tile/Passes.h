// The passes of the tile phase.
#pragma once

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir {
class OpPassManager;
}

namespace winnow {

/// On a module of kernels: what it is compiled for, "host:x86-64-v4" or "cuda:sm_80".
constexpr llvm::StringLiteral kTargetAttribute = "winnow.target";
/// On a tiled kernel: the tile, one size for each dimension of its domain.
constexpr llvm::StringLiteral kTileAttribute = "winnow.tile";

/// The tile phase: kernels on tensors to one scf.forall on memrefs. Runs on a module of kernels.
void buildTilePipeline(mlir::OpPassManager &manager);

#define GEN_PASS_DECL
#include "passes/Tile/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Tile/Passes.h.inc"

} // namespace winnow
