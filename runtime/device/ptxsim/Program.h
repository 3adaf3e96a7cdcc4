// What a parsed PTX text owns: its source, kernels and global variables.
#pragma once

#include "runtime/device/ptxsim/DeviceHeap.h"
#include "runtime/device/ptxsim/Simulator.h"
#include "runtime/device/ptxsim/inspect/HeapShadow.h"

#include <cstdlib>

namespace winnow::ptxsim {

struct FreeBytes {
  void operator()(std::byte *bytes) const { std::free(bytes); }
};

struct ProgramStorage {
  std::string text;
  std::string name;
  std::string target;
  std::vector<Kernel> kernels;
  std::vector<std::unique_ptr<std::byte, FreeBytes>> variables;
  std::vector<MemoryRange> ranges; // of the variables
  mutable DeviceHeap heap;         // what a launch leaves there is there in the next
  mutable HeapShadow heapShadow;
};

/// The launcher's way to a program's parts.
struct LaunchAccess {
  static const ProgramStorage &storage(const Program &program) { return *program.storage; }
};

} // namespace winnow::ptxsim
