// Parses PTX text into its syntax; the first error ends it, with "line:column: what was expected".
#pragma once

#include "format/Status.h"
#include "runtime/device/ptxsim/syntax/Syntax.h"

#include <string_view>

namespace winnow::ptxsim {

/// `text` must outlive the result.
format::Result<syntax::Module> parseSyntax(std::string_view text);

/// "3:14: message", as a failed status.
format::Status errorAt(Location location, std::string_view message);

} // namespace winnow::ptxsim
