// The CPUs that host code can be made for: what a target's name stands for in LLVM's terms, and the
// few facts about its registers that code generation asks for.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace winnow {

struct HostTarget {
  std::string name;     // "x86-64-v4": how module files and the command line call it
  std::string triple;   // "x86_64-unknown-linux-gnu"
  std::string cpu;      // LLVM's name
  unsigned vectorBits;  // of one vector register
  unsigned vectorCount; // number of vector registers
  unsigned maskedBits;  // least element width that masked loads and stores are cheap for; 0: for none
  bool hasFma;          // without it, a fused multiply-add would be a call of a library

  /// "x86-64-v2", "x86-64-v3", "x86-64-v4", "aarch64" or "native" (the best of these that the CPU which
  /// runs the compiler can execute). Fails with a message that lists the names.
  static llvm::Expected<HostTarget> parse(llvm::StringRef name);
};

} // namespace winnow
