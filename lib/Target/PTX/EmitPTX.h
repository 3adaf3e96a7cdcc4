// From LLVM-dialect kernels to PTX text, and to cubins when ptxas is there.
#pragma once

#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/Location.h"
#include "mlir/Support/LLVM.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace winnow {

/// A GPU architecture as LLVM names it, and the PTX version, which must not exceed what the oldest driver
/// accepts.
struct PTXTarget {
  std::string chip = "sm_80";
  std::string features = "+ptx80";

  /// The target for "sm_80", "sm_90a", ...: PTX 8.0 where the chip has it, else its first version.
  static PTXTarget forChip(llvm::StringRef chip);
};

/// What one kernel needs, as ptxas reports it.
struct PTXResources {
  std::string symbol;
  int64_t registers = 0;
  int64_t stackBytes = 0;
  int64_t spillBytes = 0; // stored and loaded
};

struct AssembledPTX {
  std::vector<uint8_t> cubin;
  std::vector<PTXResources> kernels;
};

/// The translations to LLVM IR that `emitPTX` needs.
void registerPTXTranslations(mlir::DialectRegistry &registry);

/// Reports a chip that LLVM's back end does not know.
mlir::LogicalResult checkPTXTarget(mlir::Location location, const PTXTarget &target);

/// PTX text for the LLVM-dialect functions in `module`: a gpu.module, or a module that holds one. Optimizes
/// them. Whatever LLVM refuses becomes a diagnostic, never an abort.
mlir::FailureOr<std::string> emitPTX(mlir::Operation *module, const PTXTarget &target);

/// The path of ptxas, if it is on PATH.
std::optional<std::string> findPTXAssembler();

/// Assembles `text` with the ptxas at `assembler`. Its errors and warnings become diagnostics at `location`.
mlir::FailureOr<AssembledPTX> assemblePTX(mlir::Location location, llvm::StringRef text,
                                          const PTXTarget &target, llvm::StringRef assembler);

} // namespace winnow
