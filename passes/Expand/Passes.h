// The passes that expand the dialect's operations into operations on tensors. The dispatch phase begins with
// them.
#pragma once

#include "dialects/Plan/PlanDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace winnow {

#define GEN_PASS_DECL
#include "passes/Expand/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Expand/Passes.h.inc"

} // namespace winnow
