// Matches a module's kernels with a GPU, and turns the runtime's launches into grids.
#include "runtime/device/cuda/CudaDevice.h"
#include "format/CommaSeparated.h"
#include "runtime/device/cuda/Architecture.h"
#include "runtime/device/cuda/CudaMemory.h"
#include "runtime/device/cuda/Program.h"
#include "runtime/module/LoadedModule.h"

#include <map>
#include <optional>

namespace winnow::runtime {
namespace cuda {
namespace {

std::string toText(Capability capability) { return concatenate("sm_", capability.major, capability.minor); }

class CudaDevice : public Device {
public:
  CudaDevice(std::unique_ptr<Gpu> opened, int ordinal, bool waitsForLaunches)
      : gpu(std::move(opened)), ownName(ordinal == 0 ? "cuda" : concatenate("cuda:", ordinal)),
        waitsForLaunches(waitsForLaunches) {}
  ~CudaDevice() override;

  Status load(const LoadedModule &loaded, Memory &host);
  std::string_view name() const override { return ownName; }
  std::string_view target() const override { return bestTarget; }
  Status launch(const Launch &launch) override;
  Status finish() override;
  DeviceMemory *separateMemory() override { return &*memory; }

private:
  struct Entry {
    Kernel kernel;
    const format::KernelVariant *variant = nullptr;
  };

  Status loadKernel(const LoadedModule &loaded, uint32_t index);
  Status loadVariant(const LoadedModule &loaded, uint32_t index, const format::KernelVariant &variant);
  Result<const Program *> programOf(const LoadedModule &loaded, uint32_t image);

  // In this order: each refers to those before it.
  std::unique_ptr<Gpu> gpu;
  std::optional<CudaMemory> memory;
  std::map<uint32_t, Program> programs; // by image
  std::vector<Entry> entries;           // by kernel
  std::vector<int64_t> parameters;      // of a launch
  std::string ownName, bestTarget;
  Architecture bestArchitecture;
  bool waitsForLaunches;
};

CudaDevice::~CudaDevice() {
  Gpu::Current current(*gpu);
  (void)gpu->wait(); // no code may be unloaded while it is executed
  programs.clear();
}

Status CudaDevice::load(const LoadedModule &loaded, Memory &host) {
  Gpu::Current current(*gpu);
  auto pool = makeMemoryPool(*gpu, host.budget().limitBytes());
  if (!pool.ok())
    return pool.status();
  memory.emplace(*gpu, std::move(*pool), host);
  entries.resize(loaded.contents().kernels.size());
  bestTarget = "cuda:" + toText(gpu->capability());
  for (uint32_t index : loaded.dispatchedKernels(""))
    if (Status status = loadKernel(loaded, index); !status.ok())
      return status;
  return {};
}

Status CudaDevice::loadKernel(const LoadedModule &loaded, uint32_t index) {
  const format::Module &module = loaded.contents();
  const format::Kernel &kernel = module.kernels[index];
  const format::KernelVariant *variant = chooseVariant(module, kernel, gpu->capability());
  if (!variant)
    return failure(Code::Unsupported, "the module has no code for kernel '", kernel.name, "' that ",
                   gpu->name(), ", ", toText(gpu->capability()), ", can execute; its code for GPUs is ",
                   listGpuCode(module));
  Status status = loadVariant(loaded, index, *variant);
  if (status.ok() || module.images[variant->image].kind != "cubin")
    return status;
  // A driver may refuse a binary that its GPU should execute.
  const format::KernelVariant *text = chooseVariant(module, kernel, gpu->capability(), false);
  return text && loadVariant(loaded, index, *text).ok() ? Status() : status;
}

Status CudaDevice::loadVariant(const LoadedModule &loaded, uint32_t index,
                               const format::KernelVariant &variant) {
  auto program = programOf(loaded, variant.image);
  if (!program.ok())
    return program.status();
  auto entry = (*program)->kernel(variant.symbol);
  if (!entry.ok())
    return entry.status();
  if (Status status = prepareLaunches(*gpu, *entry, uint64_t(variant.threads), uint64_t(variant.sharedBytes));
      !status.ok())
    return status;
  entries[index] = {std::move(*entry), &variant};
  const std::string &target = loaded.contents().images[variant.image].target;
  Architecture architecture = *Architecture::ofTarget(target);
  if (architecture.isNewerThan(bestArchitecture)) {
    bestArchitecture = architecture;
    bestTarget = target;
  }
  return {};
}

Result<const Program *> CudaDevice::programOf(const LoadedModule &loaded, uint32_t index) {
  auto found = programs.find(index);
  if (found == programs.end()) {
    const format::Image &image = loaded.contents().images[index];
    bool isText = image.kind == "ptx";
    auto program =
        Program::load(*gpu, loaded.image(index), isText,
                      concatenate("the ", isText ? "PTX" : "cubin", " for ", image.target, " of the module"));
    if (!program.ok())
      return program.status();
    found = programs.emplace(index, std::move(*program)).first;
  }
  return &found->second;
}

Status CudaDevice::launch(const Launch &launch) {
  const Entry &entry = entries[launch.kernel];
  auto blocks = blockCount(launch, *entry.variant, entry.kernel.name, gpu->mostBlocks(), gpu->name());
  if (!blocks.ok())
    return blocks.status();
  if (*blocks == 0)
    return {};
  parameters.clear();
  for (void *buffer : launch.buffers)
    parameters.push_back(int64_t(reinterpret_cast<intptr_t>(buffer)));
  parameters.insert(parameters.end(), launch.sizes.begin(), launch.sizes.end());
  LaunchShape shape = {{uint32_t(*blocks), 1, 1},
                       {uint32_t(entry.variant->threads), 1, 1},
                       uint32_t(entry.variant->sharedBytes)};
  Gpu::Current current(*gpu);
  Status status = gpu->launch(entry.kernel, shape, std::as_bytes(std::span(parameters)));
  return status.ok() && waitsForLaunches ? gpu->wait() : status;
}

Status CudaDevice::finish() {
  Gpu::Current current(*gpu);
  return gpu->wait();
}

/// Whether to wait for each launch.
Result<bool> parseChecks(std::string_view checks) {
  bool waits = false;
  for (std::string_view wanted : format::commaSeparated(checks)) {
    if (wanted == "all" || wanted == "launches")
      waits = true;
    else if (wanted != "none")
      return failure(Code::InvalidArgument, "check '", wanted,
                     "' is unknown, expected all, none, or some of launches");
  }
  return waits;
}

/// Before a driver is opened for nothing.
Status requireGpuCode(const LoadedModule &module) {
  for (const format::Image &image : module.contents().images)
    if (Architecture::ofTarget(image.target))
      return {};
  return failure(Code::Unsupported, "the module has no code for GPUs");
}

} // namespace
} // namespace cuda

Result<std::unique_ptr<Device>> createCudaDevice(const LoadedModule &module, const DeviceOptions &options) {
  auto waitsForLaunches = cuda::parseChecks(options.checks);
  if (!waitsForLaunches.ok())
    return waitsForLaunches.status();
  if (Status status = cuda::requireGpuCode(module); !status.ok())
    return status;
  auto gpu = cuda::Gpu::open(options.ordinal);
  if (!gpu.ok())
    return gpu.status();
  auto device = std::make_unique<cuda::CudaDevice>(std::move(*gpu), options.ordinal, *waitsForLaunches);
  if (Status status = device->load(module, options.memory); !status.ok())
    return status;
  return std::unique_ptr<Device>(std::move(device));
}

} // namespace winnow::runtime
