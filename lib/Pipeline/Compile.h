// The compiler as a library: from a module on tensors to a module file, phase by phase.
#pragma once

#include "format/Module.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/raw_ostream.h"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace winnow {

/// The phases that one can stop after, in order.
enum class Phase { Import, Structure, Precision, Dispatch, Tile, Lower, Emit };

/// The phase that is called `name` ("import", "structure", ...), if there is one.
std::optional<Phase> parsePhase(llvm::StringRef name);
llvm::ArrayRef<llvm::StringRef> phaseNames();

/// The sizes that a named dynamic dimension may have.
struct DimensionRange {
  int64_t minimum = 0, maximum = 0;
};

struct CompileOptions {
  /// "host:x86-64-v4", "host:native", "cuda:sm_80".
  std::vector<std::string> targets = {"host:native", "cuda:sm_80"};
  /// For every input that has a dimension of that name; the module refuses other sizes.
  std::map<std::string, DimensionRange> dimensions;
  /// Adds the reference device, for the first host target.
  bool withReference = false;
  /// How a soft gate becomes a hard one: "none", "topk:K" or "threshold:T".
  std::string softGates = "none";
  /// What constant weights are pruned to by magnitude: "none", "2:4", "blocks:RxC:DENSITY" or "coo:DENSITY".
  std::string prune = "none";
  double maximumPruningError = 1;
  /// Bytes that the contractions' weights may take, or a fraction of their bytes in f32; 0 is no budget.
  int64_t budgetBytes = 0;
  double budget = 0;
  double maximumWeightError = 0.02;
  /// "none", "f32", "i8", "f16" or "bf16": one precision for everything instead of a budget.
  std::string precision = "none";
  /// Assemble the PTX with ptxas when it is on PATH: its errors are errors, its cubins go into the module.
  bool assemblePTX = true;
  /// Ends after this phase; the module is printed to `text` then and nothing is emitted.
  Phase stopAfter = Phase::Emit;
  /// The module is printed to `text` after each of these phases, too.
  std::set<Phase> dumpAfter;
  llvm::raw_ostream *text = nullptr;
  /// Called when a phase begins.
  std::function<void(Phase)> onPhase;
};

/// Compiles `module`, which it changes. Problems are reported to the context's diagnostic engine. The result
/// is empty when `stopAfter` is before `Emit`.
mlir::FailureOr<std::optional<format::Module>> compile(mlir::ModuleOp module, const CompileOptions &options);

} // namespace winnow
