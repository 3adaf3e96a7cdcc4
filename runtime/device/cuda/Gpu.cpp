// Opens a device, keeps its work in order, and says which kernel a fault is to be blamed on.
#include "runtime/device/cuda/Gpu.h"
#include "runtime/device/cuda/Program.h"

namespace winnow::runtime::cuda {

using format::Code;
using format::concatenate;
using format::failure;
using format::Result;
using format::Status;

namespace {

std::string toString(const std::array<uint32_t, 3> &extents) {
  return concatenate(extents[0], 'x', extents[1], 'x', extents[2]);
}

std::string toString(const Kernel &kernel, const LaunchShape &shape) {
  return concatenate("'", kernel.name, "' (", toString(shape), ")");
}

} // namespace

std::string toString(const LaunchShape &shape) {
  return concatenate("grid ", toString(shape.grid), ", block ", toString(shape.block), ", ",
                     shape.dynamicSharedBytes, " bytes of dynamic shared memory");
}

Result<std::unique_ptr<Gpu>> Gpu::open(int ordinal) {
  auto driver = Driver::open();
  if (!driver.ok())
    return driver.status();
  std::unique_ptr<Gpu> gpu(new Gpu());
  gpu->driver = std::move(*driver);
  if (Status status = gpu->setUp(ordinal); !status.ok())
    return status;
  return gpu;
}

Gpu::~Gpu() {
  if (!context)
    return;
  if (order) {
    Current current(*this);
    (void)driver->streamSynchronize(order);
    (void)driver->streamDestroy(order);
  }
  (void)driver->contextRelease(device);
}

Status Gpu::setUp(int ordinal) {
  text = concatenate("GPU ", ordinal);
  int count = 0;
  if (Outcome outcome = driver->deviceGetCount(&count); !outcome.ok())
    return driver->failed(outcome, "cannot count the GPUs");
  if (ordinal >= count)
    return failure(Code::Unsupported, "there is no GPU ", ordinal, ": the CUDA driver has ", count,
                   " devices");
  if (Outcome outcome = driver->deviceGet(&device, ordinal); !outcome.ok())
    return driver->failed(outcome, "cannot use ", text);
  char model[256] = {};
  if (driver->deviceGetName(model, int(sizeof(model)) - 1, device).ok())
    text += concatenate(" (", std::string_view(model), ")");
  if (Status status = readAttributes(); !status.ok())
    return status;
  if (Outcome outcome = driver->contextRetain(&context, device); !outcome.ok()) {
    context = nullptr;
    return driver->failed(outcome, "cannot use ", text);
  }
  Current current(*this);
  if (Outcome outcome = driver->streamCreate(&order, kNonBlockingStream); !outcome.ok()) {
    order = nullptr;
    return driver->failed(outcome, "cannot use ", text);
  }
  return {};
}

Status Gpu::readAttribute(DeviceAttribute attribute, int &value) {
  Outcome outcome = driver->deviceGetAttribute(&value, attribute, device);
  return outcome.ok() ? Status()
                      : driver->failed(outcome, "cannot read attribute ", int(attribute), " of ", text);
}

Status Gpu::readAttributes() {
  int blocks = 0, shared = 0, pools = 0, unified = 0;
  const std::pair<DeviceAttribute, int *> wanted[] = {
      {DeviceAttribute::CapabilityMajor, &computeCapability.major},
      {DeviceAttribute::CapabilityMinor, &computeCapability.minor},
      {DeviceAttribute::MostBlocks, &blocks},
      {DeviceAttribute::MostSharedBytes, &shared},
      {DeviceAttribute::MemoryPools, &pools},
      {DeviceAttribute::UnifiedAddressing, &unified},
  };
  for (auto [attribute, value] : wanted)
    if (Status status = readAttribute(attribute, *value); !status.ok())
      return status;
  if (!unified)
    return failure(Code::Unsupported, text, " does not share its address space with the host");
  blockLimit = uint32_t(blocks);
  sharedLimit = uint32_t(shared);
  memoryPools = pools != 0;
  return {};
}

Status Gpu::launch(const Kernel &kernel, const LaunchShape &shape, std::span<const std::byte> parameters) {
  if (!lost.ok())
    return lost;
  // A packed buffer with its size: the driver reads no more than there is, whatever the kernel declares.
  size_t bytes = parameters.size();
  void *extra[] = {kParameterBuffer, const_cast<std::byte *>(parameters.data()), kParameterBytes, &bytes,
                   kParametersEnd};
  Outcome outcome =
      driver->launchKernel(kernel.function, shape.grid[0], shape.grid[1], shape.grid[2], shape.block[0],
                           shape.block[1], shape.block[2], shape.dynamicSharedBytes, order, nullptr, extra);
  if (!outcome.ok())
    return settle(outcome, "cannot launch kernel ", toString(kernel, shape));
  last = {&kernel, shape};
  if (unfinished++ == 0)
    first = last;
  return {};
}

Status Gpu::copy(const void *destination, const void *source, size_t bytes) {
  if (!lost.ok() || bytes == 0)
    return lost;
  return settle(driver->copyAsync(reinterpret_cast<DeviceAddress>(destination),
                                  reinterpret_cast<DeviceAddress>(source), bytes, order),
                "cannot copy ", bytes, " bytes on ", text);
}

Status Gpu::record(EventHandle event) {
  return lost.ok() ? settle(driver->eventRecord(event, order), "cannot mark the order of work on ", text)
                   : lost;
}

Status Gpu::wait(EventHandle event) {
  return lost.ok() ? settle(driver->eventSynchronize(event), "cannot wait for ", text) : lost;
}

Status Gpu::wait() {
  if (!lost.ok())
    return lost;
  Status status = settle(driver->streamSynchronize(order), "cannot wait for ", text);
  if (status.ok())
    unfinished = 0;
  return status;
}

Status Gpu::fault(const Outcome &outcome) {
  if (!lost.ok())
    return lost;
  std::string what =
      outcome.isKernelFault() ? concatenate(suspects(), " failed on ", text) : text + " failed";
  std::string found = concatenate(what, ": ", driver->describe(outcome));
  lost = failure(Code::DeviceFault, "the GPU is of no more use to this process since ", found);
  return failure(Code::DeviceFault, found);
}

std::string Gpu::suspects() const {
  if (unfinished == 0)
    return "a kernel of another session";
  if (unfinished == 1)
    return "kernel " + toString(*first.kernel, first.shape);
  return concatenate("one of ", unfinished, " kernels (the check 'launches' tells which) from ",
                     toString(*first.kernel, first.shape), " to ", toString(*last.kernel, last.shape));
}

} // namespace winnow::runtime::cuda
