// Prints what 8-bit weights would cost each contraction.
#include "lib/Analysis/WeightError.h"
#include "passes/Precision/Passes.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

namespace winnow {
#define GEN_PASS_DEF_PRINTWEIGHTERROR
#include "passes/Precision/Passes.h.inc"

namespace {

struct PrintWeightError : impl::PrintWeightErrorBase<PrintWeightError> {
  void runOnOperation() override {
    for (const WeightError &entry : getAnalysis<WeightErrorAnalysis>().getEntries()) {
      llvm::errs() << layerName(entry.op) << ": " << entry.bytes << " bytes, ";
      if (entry.obstacle.empty())
        llvm::errs() << llvm::formatv("{0} as i8, error {1:e2}\n", entry.quantizedBytes, entry.error);
      else
        llvm::errs() << "f32 only: " << entry.obstacle << "\n";
    }
    markAllAnalysesPreserved();
  }
};

} // namespace
} // namespace winnow
