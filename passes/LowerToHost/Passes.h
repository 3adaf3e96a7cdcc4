// The passes that lower kernels for a host CPU, and the pipeline that runs them.
#pragma once

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace winnow {

struct HostTarget;

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/LowerToHost/Passes.h.inc"

/// The phase `lower` for a host CPU: from kernels as the phase `tile` leaves them to the LLVM dialect, ready
/// for `emitHostImage` with the same target.
void buildHostLoweringPipeline(mlir::OpPassManager &manager, const HostTarget &target);

/// The second half of it, for code that has its boundary already and no linalg left: memref, scf, vector,
/// math and arith to the LLVM dialect, without calls of a C library.
void buildHostConversionPipeline(mlir::OpPassManager &manager, const HostTarget &target);

/// Registers `winnow-lower-to-host`, which takes `target=NAME`.
void registerHostLoweringPipeline();

} // namespace winnow
