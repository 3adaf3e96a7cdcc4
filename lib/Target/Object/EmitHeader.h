// The C header of a module that is an object.
#pragma once

#include "format/Module.h"

#include "llvm/ADT/StringRef.h"

#include <string>

namespace winnow {

/// Declares what emitObjectStart defines for `prefix`, and PREFIX_load(), which loads the module; says which
/// functions, inputs, outputs, parameters and states it has. For C99 and C++. `model` is the name of the file
/// that `module` was made from.
std::string emitHeader(const format::Module &module, llvm::StringRef prefix, llvm::StringRef model);

/// The prefix for an object file of that name: its stem with an underscore for each character that C does not
/// have in names. One that would be empty or begin with a digit gets "model" or "model_" in front.
std::string objectPrefix(llvm::StringRef path);
/// Whether `prefix` can begin names of C.
bool isObjectPrefix(llvm::StringRef prefix);

} // namespace winnow
