// The plan program of the reference device: one launch that computes the whole function.
#pragma once

#include "dialects/Plan/PlanDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

#include <optional>

namespace winnow {

/// A kernel of the reference device, and the symbols of its plan.weight operations.
struct ReferenceKernel {
  std::string symbol;
  std::vector<std::string> weights;
  int64_t hostValues = 0; // that it computes, if it is a kernel of host values
};

/// On a function of host values: how many it computes (i64).
constexpr llvm::StringLiteral kHostValuesAttribute = "winnow.host_values";

/// If sizes depend on data: adds a function beside `function` that computes nothing but its host values, as
/// one tensor of i64. Returns it, or null.
mlir::func::FuncOp addHostValuesFunction(mlir::func::FuncOp function);

/// Makes, beside `compiled`, the program that evaluates the same shapes and launches `kernel` once, on the
/// inputs, weights and outputs. `hostValues` computes what `compiled` reads, if it does.
plan::FuncOp createReferenceProgram(plan::FuncOp compiled, const ReferenceKernel &kernel,
                                    const std::optional<ReferenceKernel> &hostValues);

} // namespace winnow
