// Runs code generation in LLVM's crash recovery, with the message of report_fatal_error kept.
#include "lib/Target/PTX/FatalErrors.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/ErrorHandling.h"

#include <mutex>

namespace {

/// The first line and the function: LLVM adds a dump of its graph in between.
std::string summarize(llvm::StringRef reason) {
  auto [first, rest] = reason.split('\n');
  size_t function = rest.rfind("In function: ");
  std::string summary = first.str();
  if (function != llvm::StringRef::npos)
    summary += ", in function " + rest.drop_front(function).split(": ").second.trim().str();
  return summary;
}

/// Leaves the recovery context instead of the process.
void keepMessage(void *message, const char *reason, bool) {
  *static_cast<std::string *>(message) = summarize(reason);
  if (llvm::CrashRecoveryContext *context = llvm::CrashRecoveryContext::GetCurrent())
    context->HandleExit(1);
}

} // namespace

std::optional<std::string> winnow::catchFatalErrors(llvm::function_ref<void()> work) {
  // The error handler and the signal handlers belong to the process.
  static std::mutex mutex;
  std::lock_guard<std::mutex> lock(mutex);
  std::string message;
  llvm::ScopedFatalErrorHandler handler(keepMessage, &message);
  llvm::CrashRecoveryContext::Enable();
  llvm::CrashRecoveryContext context;
  bool finished = context.RunSafely(work);
  llvm::CrashRecoveryContext::Disable();
  if (finished)
    return std::nullopt;
  return message.empty() ? "the code generator crashed" : message;
}
