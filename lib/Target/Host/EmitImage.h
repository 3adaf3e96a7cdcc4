// From a module in the LLVM dialect to the ELF image that goes into a module file.
#pragma once

#include "lib/Target/Host/HostTarget.h"
#include "mlir/IR/BuiltinOps.h"

#include <cstdint>
#include <vector>

namespace winnow {

/// How much time the code generator may take. Code that is made quickly computes the same; loops over
/// scalars, as the definitions are that the reference device executes, do not run slower for it.
enum class Effort { Full, Quick };

/// Optimizes and compiles `module` for `target` and links it into a position-independent shared image
/// that imports nothing and exports the module's non-private functions. Equal modules give equal bytes.
/// The linker resets all values of `llvm::cl` options: read what is needed of them before.
/// Errors, a call of a function that is not in the module among them, are reported on the module.
mlir::FailureOr<std::vector<uint8_t>> emitHostImage(mlir::ModuleOp module, const HostTarget &target,
                                                    Effort effort = Effort::Full);

/// The same up to the given point, as text, for people and tests.
enum class HostText { LLVMIR, Assembly };
mlir::FailureOr<std::string> emitHostText(mlir::ModuleOp module, const HostTarget &target, HostText kind);

} // namespace winnow
