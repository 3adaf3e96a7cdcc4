// Executes programs: checks a call's tensors, binds the program to their shapes, and runs its steps on a
// device.
#pragma once

#include "runtime/device/Device.h"
#include "runtime/memory/Memory.h"
#include "runtime/module/LoadedModule.h"
#include "runtime/plan/Binding.h"
#include "runtime/plan/SessionValues.h"
#include "runtime/plan/Tensors.h"

#include <list>
#include <map>

namespace winnow::runtime {

struct KernelStatistics {
  uint64_t launches = 0;
  uint64_t nanoseconds = 0; // 0 unless launches are timed
};

struct DispatchRecord {
  uint32_t kernel = 0;
  uint64_t nanoseconds = 0;
};

struct Statistics {
  uint64_t calls = 0, dispatches = 0, copies = 0;
  uint64_t skippedBranches = 0;                        // conditions that did not hold
  uint64_t stagedTensors = 0;                          // inputs and outputs that needed a copy
  uint64_t usedWeights = 0, usedWeightBytes = 0;       // that a launch or a copy has read
  int64_t transientBytes = 0, transientLowerBound = 0; // of the last call
  std::vector<KernelStatistics> kernels;               // one for each of the module's kernels
  std::vector<DispatchRecord> lastCall;                // only if launches are timed
};

/// One call at a time.
class Executor {
public:
  Executor(const LoadedModule &module, Device &device, std::shared_ptr<Memory> memory, bool timed);

  /// As wn_session_invoke (include/winnow/runtime.h) for a function of the module.
  Status invoke(const format::Function &function, std::span<const DLTensor> inputs,
                std::span<DLTensor> outputs, const std::atomic<bool> &cancelled);

  /// As SessionValues::setParameter.
  Status setParameter(std::string_view name, double value);
  SessionValues &sessionValues() { return values; }

  const Statistics &statistics() const { return stats; }

private:
  class Call;

  Result<const Binding *> bindingFor(const format::Function &function, const std::vector<Shape> &shapes);
  /// The address of a weight for kernels.
  Result<void *> weightAddress(uint32_t weight);
  MemorySpace &space() { return deviceMemory ? static_cast<MemorySpace &>(*deviceMemory) : *memory; }

  const LoadedModule &module;
  Device &device;
  DeviceMemory *deviceMemory; // null if the device works in the host's memory
  std::shared_ptr<Memory> memory;
  bool timed;
  struct Bindings {
    bool isBindable = false;
    std::list<Binding> kept; // most recently used first
  };
  std::map<const format::Function *, Bindings> bindings;
  std::vector<void *> weights; // null until first used
  std::vector<Block> weightCopies;
  Block arena; // kept between calls
  SessionValues values;
  Statistics stats;
};

} // namespace winnow::runtime
