// The plan program of the reference device: one launch that computes the whole function.
#pragma once

#include "dialects/Plan/PlanDialect.h"
#include "mlir/IR/BuiltinOps.h"

namespace winnow {

/// Makes, beside `compiled`, the program that evaluates the same shapes and launches `kernel` once, on the
/// inputs, `weights` (symbols of plan.weight) and outputs.
plan::FuncOp createReferenceProgram(plan::FuncOp compiled, llvm::StringRef kernel,
                                    llvm::ArrayRef<std::string> weights);

} // namespace winnow
