// Puts a session together and serializes its calls.
#include "runtime/session/Session.h"
#include "runtime/session/StateFile.h"

#include <nlohmann/json.hpp>

namespace winnow::runtime {

Result<std::unique_ptr<Session>> Session::create(std::shared_ptr<const LoadedModule> module,
                                                 std::string_view device, const SessionOptions &options) {
  std::unique_ptr<Session> session(new Session());
  session->module = std::move(module);
  session->memory = std::make_shared<Memory>(options.allocator, options.memoryLimit);
  session->parallelFor =
      options.parallelFor
          ? makeCallerParallelFor(options.parallelFor, options.parallelForContext, options.threads)
          : makeThreadPool(options.threads);
  auto made = createDevice(device, *session->module,
                           {*session->parallelFor, *session->memory, options.checks, options.timing});
  if (!made.ok())
    return made.status();
  session->device = std::move(made->device);
  session->passedOver = std::move(made->passedOver);
  session->executor =
      std::make_unique<Executor>(*session->module, *session->device, session->memory, options.timing);
  session->name = session->device->name();
  session->target = session->device->target();
  return session;
}

Status Session::invoke(std::string_view function, std::span<const DLTensor> inputs,
                       std::span<DLTensor> outputs) {
  std::string_view programDevice = name == "reference" ? "reference" : "";
  const format::Function *program = module->findFunction(function, programDevice);
  if (!program) {
    std::string known;
    for (const format::Function &each : module->contents().functions) {
      if (each.device == programDevice)
        known += concatenate(known.empty() ? "" : ", ", each.name);
    }
    return failure(Code::NotFound, "the module has no function '", function, "' for device '", name,
                   "', it has ", known.empty() ? "none" : known);
  }
  std::lock_guard lock(mutex);
  cancelled.store(false, std::memory_order_relaxed);
  return executor->invoke(*program, inputs, outputs, cancelled);
}

Status Session::setParameter(std::string_view parameter, double value) {
  std::lock_guard lock(mutex);
  return executor->setParameter(parameter, value);
}

Status Session::saveState(const std::string &path) {
  std::lock_guard lock(mutex);
  return saveStates(path, *module, executor->sessionValues());
}

Status Session::loadState(const std::string &path) {
  std::lock_guard lock(mutex);
  return loadStates(path, *module, executor->sessionValues());
}

std::string Session::profile() {
  std::lock_guard lock(mutex);
  const Statistics &stats = executor->statistics();
  const std::vector<format::Kernel> &kernels = module->contents().kernels;
  nlohmann::ordered_json json = {{"device", name},
                                 {"target", target},
                                 {"passed_over", passedOver},
                                 {"calls", stats.calls},
                                 {"dispatches", stats.dispatches},
                                 {"copies", stats.copies},
                                 {"skipped_branches", stats.skippedBranches},
                                 {"used_weights", stats.usedWeights},
                                 {"used_weight_bytes", stats.usedWeightBytes},
                                 {"staged_tensors", stats.stagedTensors},
                                 {"transient_bytes", stats.transientBytes},
                                 {"transient_lower_bound", stats.transientLowerBound},
                                 {"host_bytes_peak", memory->peakBytes()}};
  if (const DeviceMemory *separate = device->separateMemory())
    json["device_bytes_peak"] = separate->peakBytes();
  json["kernels"] = nlohmann::ordered_json::array();
  for (uint32_t i = 0; i < kernels.size(); ++i) {
    if (stats.kernels[i].launches == 0)
      continue;
    nlohmann::ordered_json entry = {{"name", kernels[i].name},
                                    {"origin", kernels[i].origin},
                                    {"launches", stats.kernels[i].launches},
                                    {"nanoseconds", stats.kernels[i].nanoseconds}};
    entry["counters"] = nlohmann::ordered_json::object();
    for (const Counter &counter : device->counters(i))
      entry["counters"][counter.name] = counter.value;
    json["kernels"].push_back(std::move(entry));
  }
  json["last_call"] = nlohmann::ordered_json::array();
  for (const DispatchRecord &record : stats.lastCall)
    json["last_call"].push_back(
        {{"kernel", kernels[record.kernel].name}, {"nanoseconds", record.nanoseconds}});
  return json.dump();
}

} // namespace winnow::runtime
