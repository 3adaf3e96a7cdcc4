// Turns LLVM's fatal errors, which end the process, into messages.
#pragma once

#include "llvm/ADT/STLFunctionalExtras.h"

#include <optional>
#include <string>

namespace winnow {

/// Runs `work` and returns nothing, or LLVM's message if it met an error that LLVM cannot return from, or
/// crashed. What `work` was using then must not be used or destroyed. One call runs at a time.
std::optional<std::string> catchFatalErrors(llvm::function_ref<void()> work);

} // namespace winnow
