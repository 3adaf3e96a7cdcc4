// The table of host targets, and the choice of the one that this CPU can run.
#include "lib/Target/Host/HostTarget.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

#include <array>

using namespace winnow;

static const std::array<HostTarget, 4> &knownTargets() {
  static const char *x86 = "x86_64-unknown-linux-gnu";
  static const std::array<HostTarget, 4> targets = {{
      {"x86-64-v4", x86, "x86-64-v4", 512, 32, 8, true},
      {"x86-64-v3", x86, "x86-64-v3", 256, 16, 32, true},
      {"x86-64-v2", x86, "x86-64-v2", 128, 16, 0, false},
      {"aarch64", "aarch64-unknown-linux-gnu", "generic", 128, 32, 0, true},
  }};
  return targets;
}

/// The features of a level that an older CPU may lack; what they build on is implied by them.
static llvm::ArrayRef<const char *> requiredFeatures(llvm::StringRef name) {
  static const char *v4[] = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"};
  static const char *v3[] = {"avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"};
  static const char *v2[] = {"sse4.2", "popcnt", "cx16"};
  return llvm::StringSwitch<llvm::ArrayRef<const char *>>(name)
      .Case("x86-64-v4", v4)
      .Case("x86-64-v3", v3)
      .Case("x86-64-v2", v2)
      .Default({});
}

static llvm::Expected<HostTarget> nativeTarget() {
  bool isX86 = llvm::Triple(llvm::sys::getProcessTriple()).isX86();
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  for (const HostTarget &target : knownTargets()) {
    bool sameFamily = llvm::Triple(target.triple).isX86() == isX86;
    if (sameFamily && llvm::all_of(requiredFeatures(target.name),
                                   [&](const char *feature) { return features.lookup(feature); }))
      return target;
  }
  return llvm::createStringError(
      "the CPU of this machine lacks what the least host target, x86-64-v2, needs");
}

llvm::Expected<HostTarget> HostTarget::parse(llvm::StringRef name) {
  if (name == "native")
    return nativeTarget();
  for (const HostTarget &target : knownTargets())
    if (name == target.name)
      return target;
  return llvm::createStringError("unknown host target '" + name +
                                 "', expected native, x86-64-v2, x86-64-v3, x86-64-v4 or aarch64");
}
