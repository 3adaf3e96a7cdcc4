// Matches a module's kernels with its PTX, and turns the runtime's launches into grids.
#include "runtime/device/ptxsim/PtxsimDevice.h"
#include "runtime/device/ParallelFor.h"
#include "runtime/device/ptxsim/Checks.h"
#include "runtime/module/LoadedModule.h"

#include <algorithm>
#include <map>

namespace winnow::runtime {
namespace {

constexpr std::string_view kTargetPrefix = "cuda:";
constexpr int64_t kMostBlocks = 0x7fffffff;

/// A buffer of a launch, as a range of memory.
ptxsim::MemoryRange rangeOf(const Launch &launch, const format::Kernel &kernel, size_t index) {
  ptxsim::MemoryRange range;
  range.begin = reinterpret_cast<uint64_t>(launch.buffers[index]);
  range.size = uint64_t(launch.bufferBytes[index]);
  range.name = concatenate("buffer ", index);
  range.isWritable = kernel.bufferIsWritten[index];
  range.deviceOffset = range.begin % 256; // slices begin anywhere
  return range;
}

/// The launch's buffers with their exact sizes. Buffers that are only read may overlap: they become one.
Status mapBuffers(const Launch &launch, const format::Kernel &kernel, ptxsim::MemoryMap &memory) {
  std::vector<ptxsim::MemoryRange> ranges;
  for (size_t i = 0; i < launch.buffers.size(); ++i)
    if (launch.bufferBytes[i] > 0)
      ranges.push_back(rangeOf(launch, kernel, i));
  std::sort(ranges.begin(), ranges.end(), [](const auto &a, const auto &b) {
    return a.begin != b.begin ? a.begin < b.begin : a.name < b.name;
  });
  for (size_t i = 0; i < ranges.size(); ++i) {
    ptxsim::MemoryRange range = ranges[i];
    while (i + 1 < ranges.size() && ranges[i + 1].begin < range.end()) {
      const ptxsim::MemoryRange &next = ranges[++i];
      range.size = std::max(range.end(), next.end()) - range.begin;
      range.isWritable |= next.isWritable;
      range.name += " and " + next.name;
    }
    if (Status status = memory.add(std::move(range)); !status.ok())
      return status;
  }
  return {};
}

class PtxsimDevice : public Device {
public:
  PtxsimDevice(const format::Module &module, ParallelFor &parallelFor)
      : module(module), kernels(module.kernels.size()), counts(module.kernels.size()) {
    useThreads(options, parallelFor);
  }

  Status load(const LoadedModule &loaded);
  Status checkSuppressions() const;
  std::string_view name() const override { return "ptxsim"; }
  std::string_view target() const override { return bestTarget; }
  Status launch(const Launch &launch) override;
  std::vector<Counter> counters(uint32_t kernel) const override {
    std::vector<Counter> counters;
    for (auto &[name, value] : counts[kernel].named())
      counters.push_back({name, value});
    if (const ptxsim::Kernel *entry = kernels[kernel].kernel)
      for (std::string_view check : ptxsim::suppressedChecks(options, entry->name))
        counters.push_back({concatenate("suppressed_", check), 1});
    return counters;
  }

  ptxsim::LaunchOptions options;

private:
  struct Entry {
    const ptxsim::Program *program = nullptr;
    const ptxsim::Kernel *kernel = nullptr;
    const format::KernelVariant *variant = nullptr;
  };

  Status loadKernel(const LoadedModule &loaded, uint32_t index);

  const format::Module &module;
  std::map<uint32_t, ptxsim::Program> programs; // by image
  std::vector<Entry> kernels;
  std::vector<ptxsim::Statistics> counts;
  std::string bestTarget;
};

Status PtxsimDevice::load(const LoadedModule &loaded) {
  for (uint32_t index : loaded.dispatchedKernels(""))
    if (Status status = loadKernel(loaded, index); !status.ok())
      return status;
  return {};
}

Status PtxsimDevice::checkSuppressions() const {
  std::vector<std::string> names;
  for (const Entry &entry : kernels)
    if (entry.kernel)
      names.push_back(entry.kernel->name);
  return ptxsim::checkSuppressions(options, names);
}

Status PtxsimDevice::loadKernel(const LoadedModule &loaded, uint32_t index) {
  const format::Kernel &kernel = module.kernels[index];
  const format::KernelVariant *chosen = nullptr;
  for (const format::KernelVariant &variant : kernel.variants) {
    const format::Image &image = module.images[variant.image];
    if (image.kind == "ptx" && image.target.starts_with(kTargetPrefix) && !chosen)
      chosen = &variant;
  }
  if (!chosen)
    return failure(Code::Unsupported, "the module has no PTX for kernel '", kernel.name, "'");
  const std::string &target = module.images[chosen->image].target;
  auto found = programs.find(chosen->image);
  if (found == programs.end()) {
    auto bytes = loaded.image(chosen->image);
    auto program =
        ptxsim::Program::parse({reinterpret_cast<const char *>(bytes.data()), bytes.size()}, target);
    if (!program.ok())
      return failure(Code::DamagedModule, "cannot load the PTX of the module: ", program.status().message());
    found = programs.emplace(chosen->image, std::move(*program)).first;
  }
  const ptxsim::Kernel *entry = found->second.find(chosen->symbol);
  if (!entry)
    return failure(Code::DamagedModule, "the PTX for ", target, " has no kernel '", chosen->symbol,
                   "' for kernel '", kernel.name, "'");
  uint64_t expected = 8 * (uint64_t(kernel.bufferCount) + kernel.sizeCount);
  if (entry->parameterBytes != expected)
    return failure(Code::DamagedModule, "kernel '", chosen->symbol, "' of the PTX for ", target, " takes ",
                   entry->parameterBytes, " bytes of parameters, but its ", kernel.bufferCount,
                   " buffers and ", kernel.sizeCount, " sizes have ", expected);
  kernels[index] = {&found->second, entry, chosen};
  bestTarget = target;
  return {};
}

Status PtxsimDevice::launch(const Launch &launch) {
  const Entry &entry = kernels[launch.kernel];
  auto blocks = blockCount(launch, *entry.variant, entry.kernel->name, kMostBlocks, name());
  if (!blocks.ok())
    return blocks.status();
  if (*blocks == 0)
    return {};
  ptxsim::MemoryMap memory;
  if (Status status = mapBuffers(launch, module.kernels[launch.kernel], memory); !status.ok())
    return status;
  std::vector<uint64_t> parameters;
  parameters.reserve(launch.buffers.size() + launch.sizes.size());
  for (void *buffer : launch.buffers)
    parameters.push_back(reinterpret_cast<uint64_t>(buffer));
  for (int64_t size : launch.sizes)
    parameters.push_back(uint64_t(size));
  ptxsim::LaunchOptions chosen = options;
  if (const std::atomic<bool> *cancelled = launch.cancelled)
    chosen.isCancelled = [cancelled] { return cancelled->load(std::memory_order_relaxed); };
  return ptxsim::launch(*entry.program, *entry.kernel, {uint32_t(*blocks), 1, 1},
                        {uint32_t(entry.variant->threads), 1, 1}, uint64_t(entry.variant->sharedBytes),
                        std::as_bytes(std::span(parameters)), memory, chosen, &counts[launch.kernel]);
}

} // namespace

void useThreads(ptxsim::LaunchOptions &options, ParallelFor &parallelFor) {
  options.workers = unsigned(std::max(1, parallelFor.threads()));
  options.parallelFor = [&parallelFor](int64_t count, const std::function<void(int64_t)> &body) {
    parallelFor.run(
        count,
        [](void *argument, int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i)
            (*static_cast<const std::function<void(int64_t)> *>(argument))(i);
        },
        const_cast<void *>(static_cast<const void *>(&body)));
  };
}

Result<std::unique_ptr<Device>> createPtxsimDevice(const LoadedModule &module, const DeviceOptions &options) {
  auto device = std::make_unique<PtxsimDevice>(module.contents(), options.parallelFor);
  if (Status status = ptxsim::parseChecks(options.checks, device->options); !status.ok())
    return status;
  device->options.measuresFigures = options.measures;
  if (Status status = device->load(module); !status.ok())
    return status;
  if (Status status = device->checkSuppressions(); !status.ok())
    return status;
  return std::unique_ptr<Device>(std::move(device));
}

} // namespace winnow::runtime
