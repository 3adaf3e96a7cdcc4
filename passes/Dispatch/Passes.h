// The passes of the dispatch phase.
#pragma once

#include "dialects/Plan/PlanDialect.h"
#include "dialects/Winnow/WinnowDialect.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir {
class OpPassManager;
}

namespace winnow {

/// Marks a function as a kernel (unit attribute).
constexpr llvm::StringLiteral kKernelAttribute = "winnow.kernel";
/// On a kernel: the argument whose shape is the kernel's item space (i64).
constexpr llvm::StringLiteral kDomainAttribute = "winnow.domain";
/// On a kernel: how many arguments are inputs, before the destinations (i64).
constexpr llvm::StringLiteral kInputsAttribute = "winnow.inputs";
/// On an argument: the parameter or state whose value it is; on a result: the state that it sets (symbols).
constexpr llvm::StringLiteral kParameterAttribute = "winnow.parameter";
constexpr llvm::StringLiteral kStateAttribute = "winnow.state";
/// On a plan program: the symbols of the parameters and states behind its function's inputs and outputs
/// (arrays).
constexpr llvm::StringLiteral kSessionArguments = "winnow.session_arguments";
constexpr llvm::StringLiteral kSessionResults = "winnow.session_results";
/// On a plan.read: the number of the winnow.host_value that it was (i64).
constexpr llvm::StringLiteral kNumberAttribute = "winnow.number";
/// The nested module that holds the kernels.
constexpr llvm::StringLiteral kKernelsModule = "kernels";

/// What a session keeps as arguments and results of functions on tensors; the beginning of the dispatch
/// phase.
void buildSessionPipeline(mlir::OpPassManager &manager);

/// The dispatch phase: from tensors to a plan and kernels in destination-passing style.
void buildDispatchPipeline(mlir::OpPassManager &manager);

/// Whether a loop writes whole rows of a tensor that it carries, which needs no copy of the others.
bool writesInPlace(mlir::tensor::InsertSliceOp op);

#define GEN_PASS_DECL
#include "passes/Dispatch/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Dispatch/Passes.h.inc"

} // namespace winnow
