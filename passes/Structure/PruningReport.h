// The form in which a module keeps what became of its weights when they were pruned.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/ArrayRef.h"

#include <string>

namespace winnow {

/// What became of the weights of one product, and why.
struct PruningEntry {
  std::string name;
  std::string structure;              // empty: dense
  double error = 0;                   // relative, of the weights as pruned
  int64_t bytes = 0, packedBytes = 0; // 0 where they were not measured
  std::string reason;
};

/// Leaves the entries on the module, as the attribute `winnow.pruning_report`.
void recordPruningReport(mlir::ModuleOp module, llvm::ArrayRef<PruningEntry> entries);

} // namespace winnow
