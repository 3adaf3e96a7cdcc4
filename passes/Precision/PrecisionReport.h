// The form in which a module keeps the choices of the precision phase.
#pragma once

#include "dialects/Winnow/WinnowAttributes.h"
#include "lib/Analysis/WeightError.h"
#include "mlir/IR/BuiltinOps.h"

namespace winnow {

/// What was decided for one contraction, and why.
struct PrecisionChoice {
  Precision precision = Precision::F32;
  std::string reason;
};

/// Bytes of the contractions' weights, each constant counted once.
struct WeightBytes {
  int64_t before = 0, after = 0;
  int64_t budget = 0; // 0: none
};

/// Leaves the choices on the module, as the attribute `winnow.precision_report`.
void recordPrecisionReport(mlir::ModuleOp module, llvm::ArrayRef<WeightError> entries,
                           llvm::ArrayRef<PrecisionChoice> choices, const WeightBytes &bytes);

} // namespace winnow
