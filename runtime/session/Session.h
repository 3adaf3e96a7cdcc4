// A module on a device, with memory, threads and state of its own.
#pragma once

#include "runtime/device/ParallelFor.h"
#include "runtime/plan/Executor.h"

#include <mutex>

namespace winnow::runtime {

struct SessionOptions {
  int threads = 0;
  bool timing = false;
  CallerParallelFor parallelFor = nullptr;
  void *parallelForContext = nullptr;
  Allocator allocator;
  int64_t memoryLimit = 0;
  std::string checks;
};

/// Thread-safe: calls are executed one after the other.
class Session {
public:
  /// Fails as createDevice.
  static Result<std::unique_ptr<Session>> create(std::shared_ptr<const LoadedModule> module,
                                                 std::string_view device, const SessionOptions &options);

  /// As wn_session_invoke (include/winnow/runtime.h).
  Status invoke(std::string_view function, std::span<const DLTensor> inputs, std::span<DLTensor> outputs);
  /// As wn_session_set_parameter, wn_session_save_state and wn_session_load_state.
  Status setParameter(std::string_view parameter, double value);
  Status saveState(const std::string &path);
  Status loadState(const std::string &path);

  void cancel() { cancelled.store(true, std::memory_order_relaxed); }

  /// As wn_session_profile.
  std::string profile();

  const std::string &deviceName() const { return name; }
  const std::string &targetName() const { return target; }

private:
  Session() = default;

  // In this order: each refers to those before it.
  std::shared_ptr<const LoadedModule> module;
  std::shared_ptr<Memory> memory;
  std::unique_ptr<ParallelFor> parallelFor;
  std::unique_ptr<Device> device;
  std::unique_ptr<Executor> executor;
  std::string name, target, passedOver;
  std::mutex mutex;
  std::atomic<bool> cancelled = false;
};

/// Everything about a module as JSON, as wn_module_describe.
std::string describe(const LoadedModule &module);

} // namespace winnow::runtime
