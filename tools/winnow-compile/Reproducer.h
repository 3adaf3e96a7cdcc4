// What is left when the compiler itself fails: a file that shows how, and one sentence.
#pragma once

#include "lib/Pipeline/Compile.h"
#include "tools/ProgressBar.h"
#include "tools/winnow-compile/Options.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace winnow {

/// The exit status when not the model is wrong but the compiler (EX_SOFTWARE of sysexits.h).
constexpr int kCompilerFailure = 70;

/// Watches a compilation. Where the compiler crashes, or refuses in a later phase what it had accepted, the
/// module that the first phase was given is written to OUTPUT.reproducer.mlir, with the command that repeats
/// the failure. Large weights keep only their first elements there.
class Reproducer {
public:
  /// Watches the process from now on; there is one at a time.
  Reproducer(const CommandLine &line, llvm::ArrayRef<const char *> arguments, ProgressBar &progress);
  ~Reproducer();
  Reproducer(const Reproducer &) = delete;
  Reproducer &operator=(const Reproducer &) = delete;

  /// Keeps a copy of what the first phase is given.
  void keep(mlir::ModuleOp imported) { module = imported.clone(); }
  void enter(Phase next) { phase = next; }

  /// After a phase failed and said why. Returns the exit status: a model that is refused by the first phase,
  /// or that is MLIR text and so repeats what it does, is no failure of the compiler.
  int reportFailure();
  /// After a crash; `what` is "crashed", or "failed" with a reason.
  void reportCrash(llvm::StringRef what);

private:
  void report(llvm::StringRef what, llvm::StringRef stack);
  /// "model.reproducer.mlir", after writing it; an error if that is not possible.
  llvm::Expected<std::string> write(llvm::StringRef what, llvm::StringRef stack);
  std::string path() const;
  std::string command() const;
  std::string where() const;

  const CommandLine &line;
  llvm::ArrayRef<const char *> arguments;
  ProgressBar &progress;
  std::optional<Phase> phase; // none while the model is read
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

} // namespace winnow
