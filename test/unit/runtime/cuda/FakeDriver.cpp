// The functions that the fake driver's library exports, by the names and with the arguments of the CUDA
// Driver API.
#include "FakeGpu.h"

#include <cstring>

using namespace winnow::test;
using winnow::format::concatenate;
using winnow::ptxsim::Dimensions;

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

constexpr uint64_t kSharedBytesUnasked = 48 * 1024;

thread_local std::vector<void *> currentContexts;

/// A context has the address of its device's cell.
char contexts[16];

enum class Needs { Nothing, Context, ContextOnly };

/// One call of the API. After a fault, calls in a context fail; what frees something (ContextOnly) still
/// does.
template <typename Body>
int call(const char *function, const std::string &arguments, Needs needs, Body body) {
  FakeGpu &gpu = fakeGpu();
  std::lock_guard lock(gpu.mutex);
  if (int code = gpu.enter(function, arguments))
    return code;
  if (needs != Needs::Nothing && currentContexts.empty()) {
    gpu.problem(concatenate(function, " without a current context"));
    return CUDA_ERROR_INVALID_CONTEXT;
  }
  if (needs == Needs::Context && gpu.stickyError)
    return gpu.stickyError;
  int code = body(gpu);
  return needs != Needs::Nothing && gpu.stickyError ? gpu.stickyError : code;
}

template <typename T> T *find(std::map<void *, std::unique_ptr<T>> &objects, void *handle) {
  auto found = objects.find(handle);
  return found == objects.end() ? nullptr : found->second.get();
}

template <typename T> int create(std::map<void *, std::unique_ptr<T>> &objects, void **handle, T object) {
  auto made = std::make_unique<T>(std::move(object));
  *handle = made.get();
  objects[*handle] = std::move(made);
  return CUDA_SUCCESS;
}

std::string text(Dimensions extents) { return concatenate(extents[0], 'x', extents[1], 'x', extents[2]); }

/// The number of ".target sm_80", or of "sm_80" at the start of a fake cubin.
int architectureOf(std::string_view code) {
  size_t at = code.find("sm_");
  return at == std::string_view::npos ? 0 : std::atoi(code.data() + at + 3);
}

void writeLog(unsigned count, const int *options, void **values, const std::string &message) {
  constexpr int kErrorLog = 5, kErrorLogBytes = 6; // CU_JIT_ERROR_LOG_BUFFER, ..._SIZE_BYTES
  char *log = nullptr;
  size_t bytes = 0;
  for (unsigned i = 0; i < count; ++i) {
    if (options[i] == kErrorLog)
      log = static_cast<char *>(values[i]);
    if (options[i] == kErrorLogBytes)
      bytes = reinterpret_cast<size_t>(values[i]);
  }
  if (log && bytes)
    std::snprintf(log, bytes, "%s\n", message.c_str());
}

/// "\x7f" "ELF sm_80\n" and PTX stand for a cubin.
int loadModule(FakeGpu &gpu, void **handle, const char *image, unsigned count, const int *options,
               void **values) {
  std::string_view code = image;
  int number = gpu.machine.major * 10 + gpu.machine.minor, made = architectureOf(code);
  bool isBinary = code.starts_with("\x7f"
                                   "ELF");
  if (isBinary)
    code.remove_prefix(std::min(code.size(), code.find('\n') + 1));
  if (made > number || (isBinary && made / 10 != gpu.machine.major))
    return CUDA_ERROR_NO_BINARY_FOR_GPU;
  auto program = winnow::ptxsim::Program::parse(code, "ptxas");
  if (!program.ok()) {
    writeLog(count, options, values, program.status().message());
    return CUDA_ERROR_INVALID_PTX;
  }
  return create(gpu.modules, handle, Module{std::move(*program), {}});
}

int findFunction(FakeGpu &gpu, void **handle, void *module, const char *name) {
  Module *found = find(gpu.modules, module);
  if (!found)
    return gpu.problem("cuModuleGetFunction of no module");
  const winnow::ptxsim::Kernel *kernel = found->program.find(name);
  if (!kernel)
    return CUDA_ERROR_NOT_FOUND;
  Function function = {&found->program, kernel, kSharedBytesUnasked - kernel->sharedBytes};
  *handle = &found->functions.try_emplace(name, function).first->second;
  return CUDA_SUCCESS;
}

/// The bytes that `extra` of cuLaunchKernel holds.
std::vector<uint64_t> parametersOf(void **extra) {
  const char *buffer = nullptr;
  size_t bytes = 0;
  for (; *extra; extra += 2) {
    if (*extra == reinterpret_cast<void *>(1)) // CU_LAUNCH_PARAM_BUFFER_POINTER
      buffer = static_cast<const char *>(extra[1]);
    else // CU_LAUNCH_PARAM_BUFFER_SIZE
      bytes = *static_cast<size_t *>(extra[1]);
  }
  std::vector<uint64_t> parameters(bytes / sizeof(uint64_t));
  std::memcpy(parameters.data(), buffer, parameters.size() * sizeof(uint64_t));
  return parameters;
}

int launch(FakeGpu &gpu, const Function &function, Dimensions grid, Dimensions block, uint64_t sharedBytes,
           void *stream, void **extra) {
  Stream *order = find(gpu.streams, stream);
  std::vector<uint64_t> parameters = parametersOf(extra);
  uint64_t threads = uint64_t(block[0]) * block[1] * block[2];
  bool isRight =
      order && grid[0] && grid[1] && grid[2] && threads && threads <= uint64_t(gpu.machine.mostThreads);
  if (!isRight || sharedBytes > function.dynamicSharedLimit ||
      parameters.size() * sizeof(uint64_t) != function.kernel->parameterBytes)
    return gpu.problem("a launch that the function does not allow");
  gpu.ask(*order, true,
          [=, &gpu, &function] { gpu.execute(function, grid, block, sharedBytes, parameters); });
  return CUDA_SUCCESS;
}

int copy(FakeGpu &gpu, uint64_t destination, uint64_t source, size_t bytes, void *stream) {
  Stream *order = find(gpu.streams, stream);
  if (!order || !gpu.resolve(destination, bytes) || !gpu.resolve(source, bytes))
    return gpu.problem("a copy from or to memory that is neither the device's nor pinned");
  gpu.ask(*order, true, [=, &gpu] {
    char *to = gpu.resolve(destination, bytes), *from = gpu.resolve(source, bytes);
    if (to && from)
      std::memmove(to, from, bytes);
    else
      gpu.problem("memory was freed before it was copied");
  });
  return CUDA_SUCCESS;
}

struct Error {
  int code;
  const char *name, *text;
};
constexpr Error kErrors[] = {
    {CUDA_SUCCESS, "CUDA_SUCCESS", "no error"},
    {CUDA_ERROR_INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {CUDA_ERROR_OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {CUDA_ERROR_NO_DEVICE, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {CUDA_ERROR_INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {CUDA_ERROR_INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {CUDA_ERROR_NO_BINARY_FOR_GPU, "CUDA_ERROR_NO_BINARY_FOR_GPU",
     "no kernel image is available for execution on the device"},
    {CUDA_ERROR_INVALID_PTX, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
    {CUDA_ERROR_NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {CUDA_ERROR_ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {CUDA_ERROR_ECC_UNCORRECTABLE, "CUDA_ERROR_ECC_UNCORRECTABLE", "uncorrectable ECC error encountered"},
    {CUDA_ERROR_NOT_PERMITTED, "CUDA_ERROR_NOT_PERMITTED", "operation not permitted"},
    {CUDA_ERROR_UNKNOWN, "CUDA_ERROR_UNKNOWN", "unknown error"},
};

int describe(int code, const char **result, const char *Error::*part) {
  for (const Error &error : kErrors) {
    if (error.code == code) {
      *result = error.*part;
      return CUDA_SUCCESS;
    }
  }
  *result = nullptr;
  return CUDA_ERROR_INVALID_VALUE;
}

int attributeOf(const FakeMachine &machine, int attribute, int &value) {
  const std::pair<int, int> values[] = {{5, machine.mostBlocks},       {41, machine.sharesAddresses},
                                        {75, machine.major},           {76, machine.minor},
                                        {97, machine.mostSharedBytes}, {115, machine.hasPools}};
  for (auto [known, is] : values) {
    if (known == attribute) {
      value = is;
      return CUDA_SUCCESS;
    }
  }
  return CUDA_ERROR_INVALID_VALUE;
}

} // namespace

EXPORT FakeDriver *winnowFakeDriver() { return &fakeGpu(); }

EXPORT int cuDriverGetVersion(int *version) {
  *version = fakeGpu().machine.version;
  return CUDA_SUCCESS;
}
EXPORT int cuGetErrorName(int code, const char **name) { return describe(code, name, &Error::name); }
EXPORT int cuGetErrorString(int code, const char **text) { return describe(code, text, &Error::text); }

EXPORT int cuInit(unsigned flags) {
  return call("cuInit", concatenate(flags), Needs::Nothing,
              [](FakeGpu &gpu) { return gpu.machine.devices ? CUDA_SUCCESS : CUDA_ERROR_NO_DEVICE; });
}
EXPORT int cuDeviceGetCount(int *count) {
  return call("cuDeviceGetCount", "", Needs::Nothing, [=](FakeGpu &gpu) {
    *count = gpu.machine.devices;
    return CUDA_SUCCESS;
  });
}
EXPORT int cuDeviceGet(int *device, int ordinal) {
  return call("cuDeviceGet", concatenate(ordinal), Needs::Nothing, [=](FakeGpu &gpu) {
    *device = ordinal;
    return ordinal < gpu.machine.devices ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
  });
}
EXPORT int cuDeviceGetName(char *name, int bytes, int device) {
  return call("cuDeviceGetName", concatenate(device), Needs::Nothing, [=](FakeGpu &) {
    std::snprintf(name, size_t(bytes), "Fake");
    return CUDA_SUCCESS;
  });
}
EXPORT int cuDeviceGetAttribute(int *value, int attribute, int device) {
  return call("cuDeviceGetAttribute", concatenate(attribute, ", ", device), Needs::Nothing,
              [=](FakeGpu &gpu) { return attributeOf(gpu.machine, attribute, *value); });
}
EXPORT int cuDevicePrimaryCtxRetain(void **context, int device) {
  return call("cuDevicePrimaryCtxRetain", concatenate(device), Needs::Nothing, [=](FakeGpu &gpu) {
    *context = &contexts[device];
    ++gpu.retains;
    return CUDA_SUCCESS;
  });
}
EXPORT int cuDevicePrimaryCtxRelease_v2(int device) {
  return call("cuDevicePrimaryCtxRelease_v2", concatenate(device), Needs::Nothing, [](FakeGpu &gpu) {
    if (--gpu.retains == 0 && gpu.leftoversNow() != "nothing")
      gpu.problem("the context is released before " + gpu.leftoversNow());
    return gpu.stickyError;
  });
}
EXPORT int cuCtxPushCurrent_v2(void *context) {
  return call("cuCtxPushCurrent_v2", "", Needs::Nothing, [=](FakeGpu &gpu) {
    if (!gpu.retains)
      return gpu.problem("a released context is made current");
    currentContexts.push_back(context);
    return int(CUDA_SUCCESS);
  });
}
EXPORT int cuCtxPopCurrent_v2(void **context) {
  return call("cuCtxPopCurrent_v2", "", Needs::ContextOnly, [=](FakeGpu &) {
    *context = currentContexts.back();
    currentContexts.pop_back();
    return CUDA_SUCCESS;
  });
}

EXPORT int cuModuleLoadDataEx(void **module, const void *image, unsigned count, int *options, void **values) {
  return call("cuModuleLoadDataEx", "", Needs::Context, [=](FakeGpu &gpu) {
    return loadModule(gpu, module, static_cast<const char *>(image), count, options, values);
  });
}
EXPORT int cuModuleUnload(void *module) {
  return call("cuModuleUnload", "", Needs::ContextOnly, [=](FakeGpu &gpu) {
    gpu.requireIdle("a module");
    return gpu.modules.erase(module) ? int(CUDA_SUCCESS) : gpu.problem("cuModuleUnload of no module");
  });
}
EXPORT int cuModuleGetFunction(void **function, void *module, const char *name) {
  return call("cuModuleGetFunction", name, Needs::Context,
              [=](FakeGpu &gpu) { return findFunction(gpu, function, module, name); });
}
EXPORT int cuFuncGetAttribute(int *value, int attribute, void *function) {
  return call("cuFuncGetAttribute", concatenate(attribute), Needs::Context, [=](FakeGpu &gpu) {
    // CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES
    *value = attribute == 0 ? gpu.machine.mostThreads
                            : int(static_cast<Function *>(function)->kernel->sharedBytes);
    return attribute <= 1 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
  });
}
EXPORT int cuFuncSetAttribute(void *function, int attribute, int value) {
  return call("cuFuncSetAttribute", concatenate(attribute, ", ", value), Needs::Context, [=](FakeGpu &gpu) {
    auto *changed = static_cast<Function *>(function);
    int64_t most = gpu.machine.mostSharedBytes - int64_t(changed->kernel->sharedBytes);
    if (attribute != 8 || value > most) // CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
      return CUDA_ERROR_INVALID_VALUE;
    changed->dynamicSharedLimit = uint64_t(value);
    return CUDA_SUCCESS;
  });
}
EXPORT int cuLaunchKernel(void *function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                          unsigned blockY, unsigned blockZ, unsigned sharedBytes, void *stream, void **,
                          void **extra) {
  const auto &launched = *static_cast<Function *>(function);
  Dimensions grid = {gridX, gridY, gridZ}, block = {blockX, blockY, blockZ};
  return call("cuLaunchKernel",
              concatenate(launched.kernel->name, ", ", text(grid), ", ", text(block), ", ", sharedBytes),
              Needs::Context,
              [&](FakeGpu &gpu) { return launch(gpu, launched, grid, block, sharedBytes, stream, extra); });
}

EXPORT int cuStreamCreate(void **stream, unsigned flags) {
  return call("cuStreamCreate", concatenate(flags), Needs::Context,
              [=](FakeGpu &gpu) { return create(gpu.streams, stream, Stream()); });
}
EXPORT int cuStreamDestroy_v2(void *stream) {
  return call("cuStreamDestroy_v2", "", Needs::ContextOnly, [=](FakeGpu &gpu) {
    Stream *found = find(gpu.streams, stream);
    if (!found || !found->work.empty())
      return gpu.problem(found ? "a stream with work is destroyed" : "cuStreamDestroy of no stream");
    gpu.streams.erase(stream);
    return int(CUDA_SUCCESS);
  });
}
EXPORT int cuStreamSynchronize(void *stream) {
  return call("cuStreamSynchronize", "", Needs::ContextOnly, [=](FakeGpu &gpu) {
    Stream *found = find(gpu.streams, stream);
    if (!found)
      return gpu.problem("cuStreamSynchronize of no stream");
    gpu.run(*found);
    return int(CUDA_SUCCESS);
  });
}
EXPORT int cuEventCreate(void **event, unsigned flags) {
  return call("cuEventCreate", concatenate(flags), Needs::Context,
              [=](FakeGpu &gpu) { return create(gpu.events, event, Event()); });
}
EXPORT int cuEventDestroy_v2(void *event) {
  return call("cuEventDestroy_v2", "", Needs::ContextOnly, [=](FakeGpu &gpu) {
    return gpu.events.erase(event) ? int(CUDA_SUCCESS) : gpu.problem("cuEventDestroy of no event");
  });
}
EXPORT int cuEventRecord(void *event, void *stream) {
  return call("cuEventRecord", "", Needs::Context, [=](FakeGpu &gpu) {
    Event *recorded = find(gpu.events, event);
    Stream *order = find(gpu.streams, stream);
    if (!recorded || !order)
      return gpu.problem("cuEventRecord of no event or no stream");
    *recorded = {order, order->asked};
    return int(CUDA_SUCCESS);
  });
}
EXPORT int cuEventSynchronize(void *event) {
  return call("cuEventSynchronize", "", Needs::Context, [=](FakeGpu &gpu) {
    Event *awaited = find(gpu.events, event);
    if (!awaited)
      return gpu.problem("cuEventSynchronize of no event");
    if (awaited->stream)
      gpu.run(*awaited->stream, awaited->position);
    return int(CUDA_SUCCESS);
  });
}

EXPORT int cuMemAlloc_v2(uint64_t *address, size_t bytes) {
  return call("cuMemAlloc_v2", concatenate(bytes), Needs::Context,
              [=](FakeGpu &gpu) { return gpu.allocate(bytes, *address); });
}
EXPORT int cuMemFree_v2(uint64_t address) {
  return call("cuMemFree_v2", "", Needs::ContextOnly, [=](FakeGpu &gpu) {
    gpu.runAll(); // as the driver does
    return gpu.free(address);
  });
}
EXPORT int cuMemHostAlloc(void **address, size_t bytes, unsigned flags) {
  return call("cuMemHostAlloc", concatenate(bytes, ", ", flags), Needs::Context, [=](FakeGpu &gpu) {
    *address = gpu.pinnedMemory.add(bytes);
    return CUDA_SUCCESS;
  });
}
EXPORT int cuMemFreeHost(void *address) {
  return call("cuMemFreeHost", "", Needs::ContextOnly, [=](FakeGpu &gpu) {
    gpu.requireIdle("pinned memory");
    return gpu.pinnedMemory.remove(static_cast<char *>(address)) ? int(CUDA_SUCCESS)
                                                                 : gpu.problem("cuMemFreeHost of no memory");
  });
}
EXPORT int cuMemcpyAsync(uint64_t destination, uint64_t source, size_t bytes, void *stream) {
  return call("cuMemcpyAsync", concatenate(bytes), Needs::Context,
              [=](FakeGpu &gpu) { return copy(gpu, destination, source, bytes, stream); });
}
EXPORT int cuMemPoolCreate(void **pool, const void *) {
  return call("cuMemPoolCreate", "", Needs::Context,
              [=](FakeGpu &gpu) { return create(gpu.pools, pool, Pool()); });
}
EXPORT int cuMemPoolDestroy(void *pool) {
  return call("cuMemPoolDestroy", "", Needs::ContextOnly, [=](FakeGpu &gpu) {
    return gpu.pools.erase(pool) ? int(CUDA_SUCCESS) : gpu.problem("cuMemPoolDestroy of no pool");
  });
}
EXPORT int cuMemPoolSetAttribute(void *, int attribute, void *value) {
  return call("cuMemPoolSetAttribute", concatenate(attribute, ", ", *static_cast<uint64_t *>(value)),
              Needs::Context, [](FakeGpu &) { return CUDA_SUCCESS; });
}
EXPORT int cuMemPoolTrimTo(void *, size_t kept) {
  return call("cuMemPoolTrimTo", concatenate(kept), Needs::Context, [](FakeGpu &) { return CUDA_SUCCESS; });
}
EXPORT int cuMemAllocFromPoolAsync(uint64_t *address, size_t bytes, void *pool, void *stream) {
  return call("cuMemAllocFromPoolAsync", concatenate(bytes), Needs::Context, [=](FakeGpu &gpu) {
    if (!find(gpu.pools, pool) || !find(gpu.streams, stream))
      return gpu.problem("an allocation from no pool or in no stream");
    return gpu.allocate(bytes, *address);
  });
}
EXPORT int cuMemFreeAsync(uint64_t address, void *stream) {
  return call("cuMemFreeAsync", "", Needs::ContextOnly, [=](FakeGpu &gpu) {
    Stream *order = find(gpu.streams, stream);
    if (!order)
      return gpu.problem("cuMemFreeAsync in no stream");
    if (gpu.stickyError)
      return gpu.free(address);
    gpu.ask(*order, false, [=, &gpu] { gpu.free(address); });
    return int(CUDA_SUCCESS);
  });
}
