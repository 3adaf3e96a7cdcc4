// The files that a compilation makes.
#pragma once

#include "format/Module.h"
#include "tools/winnow-compile/Options.h"

#include "llvm/Support/Error.h"

namespace winnow {

/// Writes what the command line asks for, all of it or nothing: the module file, or the object and its
/// header; and the report.
llvm::Error writeOutputs(const format::Module &module, const CommandLine &line);

} // namespace winnow
