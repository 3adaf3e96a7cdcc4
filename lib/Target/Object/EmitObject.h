// A module as a relocatable object, which makes it a part of the program that links it.
#pragma once

#include "lib/Target/Host/HostTarget.h"

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>

namespace winnow {

/// The host target whose architecture the object of a module for `targets` ("host:x86-64-v4", "cuda:sm_80")
/// is of; this machine's if they name none. Fails with a message if they name two architectures.
llvm::Expected<HostTarget> selectObjectTarget(llvm::ArrayRef<std::string> targets);

/// All of a relocatable ELF file but the module's bytes, `moduleSize` of them, which must follow what is
/// returned. It defines
///
///   const void *const PREFIX_data   where the module is, at a page
///   const size_t PREFIX_size
///
/// as hidden symbols, which are near to the code even where the module is not: it is in a section for large
/// data if the architecture has them. Fails if it has not and the module is over 2 GiB.
llvm::Expected<std::string> emitObjectStart(const HostTarget &target, llvm::StringRef prefix,
                                            uint64_t moduleSize);

} // namespace winnow
