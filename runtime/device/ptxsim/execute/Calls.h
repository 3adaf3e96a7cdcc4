// Calls of functions with code of their own, and the stacks of the threads, which alloca takes from, too.
#pragma once

#include "runtime/device/ptxsim/execute/ExecutionUnit.h"

#include <array>

namespace winnow::ptxsim {

class Divergence;
class UndefinedValues;

class Calls : private ExecutionUnit {
public:
  Calls(Cta &cta, Faults &faults, Divergence &divergence, UndefinedValues &undefined)
      : ExecutionUnit(cta, faults), divergence(divergence), undefined(undefined),
        stacks(launch.hasStack() ? cta.warps.size() : 0) {}

  void begin();
  /// The fragment goes on once the lanes have returned.
  void call(Warp &warp, uint32_t fragment, uint32_t pc, uint32_t mask);
  void returnLanes(Warp &warp, uint32_t fragment, uint32_t mask);
  /// alloca, stacksave, stackrestore (Stack.cpp). False after a fault.
  bool changeStack(Warp &warp, uint32_t pc, uint32_t mask);

private:
  /// The functions that a thread is in, the innermost last.
  struct CallStack {
    struct Activation {
      const FunctionCode *callee = nullptr;
      const CallSite *site = nullptr;
      uint64_t begin = 0, end = 0; // of its frame in local memory
      uint64_t callerTop = 0;
    };
    std::vector<Activation> activations;
    uint64_t top = 0;             // of what is in use of local memory
    std::vector<std::byte> saved; // registers of the callees from before each call
  };
  const FunctionCode *functionAt(uint64_t address) const;
  const FunctionCode *calledFunction(const Warp &warp, uint32_t pc, unsigned lane, const CallSite &site);
  bool enterFunction(Warp &warp, uint32_t pc, unsigned lane, const CallSite &site,
                     const FunctionCode &callee);
  void leaveFunction(Warp &warp, unsigned lane);
  bool allocate(const Warp &warp, uint32_t pc, unsigned lane, uint64_t size, uint64_t &address);
  bool restore(const Warp &warp, uint32_t pc, unsigned lane, uint64_t top);
  void copyLocal(const std::byte *from, std::byte *to, uint64_t bytes);
  void saveRows(const Warp &warp, unsigned lane, const FunctionCode &callee);
  void restoreRows(const Warp &warp, unsigned lane, const FunctionCode &callee);

  Divergence &divergence;
  UndefinedValues &undefined;
  std::vector<std::array<CallStack, kLanes>> stacks; // by warp
};

} // namespace winnow::ptxsim
