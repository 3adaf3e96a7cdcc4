// The CUDA driver's library, opened when a session wants a GPU: winnow builds and runs where there is none.
// What is declared here is the part of the CUDA Driver API that winnow uses; names and values are those of
// its reference manual, without NVIDIA's header.
#pragma once

#include "format/Status.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace winnow::runtime::cuda {

using DeviceNumber = int;       // CUdevice
using DeviceAddress = uint64_t; // CUdeviceptr
using ContextHandle = struct OpaqueContext *;
using StreamHandle = struct OpaqueStream *;
using EventHandle = struct OpaqueEvent *;
using ModuleHandle = struct OpaqueModule *;
using FunctionHandle = struct OpaqueFunction *;
using PoolHandle = struct OpaquePool *;

/// CUresult, where winnow tells one from another.
enum ResultCode : int {
  kSuccess = 0,
  kInvalidValue = 1,
  kOutOfMemory = 2,
  kNoDevice = 100,
  kInvalidDevice = 101,
  kInvalidImage = 200,
  kInvalidContext = 201,
  kNoBinaryForGpu = 209,
  kUncorrectableMemory = 214, // CUDA_ERROR_ECC_UNCORRECTABLE
  kInvalidPtx = 218,
  kUncorrectableLink = 220, // CUDA_ERROR_NVLINK_UNCORRECTABLE
  kUnsupportedPtxVersion = 222,
  kContained = 226, // a fault of the hardware that the GPU's other users do not notice
  kNotFound = 500,
  kIllegalAddress = 700,
  kLaunchOutOfResources = 701,
  kLaunchTimeout = 702,
  kContextIsDestroyed = 709,
  kAssert = 710,
  kHardwareStackError = 714,
  kIllegalInstruction = 715,
  kMisalignedAddress = 716,
  kInvalidAddressSpace = 717,
  kInvalidProgramCounter = 718,
  kLaunchFailed = 719,
  kTensorMemoryLeak = 721,
  kServerTerminated = 810, // CUDA_ERROR_MPS_CLIENT_TERMINATED
  kUnknown = 999,
};

/// CUdevice_attribute.
enum class DeviceAttribute : int {
  MostBlocks = 5, // MAX_GRID_DIM_X
  UnifiedAddressing = 41,
  CapabilityMajor = 75,
  CapabilityMinor = 76,
  MostSharedBytes = 97, // MAX_SHARED_MEMORY_PER_BLOCK_OPTIN
  MemoryPools = 115,    // MEMORY_POOLS_SUPPORTED
};

/// CUfunction_attribute.
enum class FunctionAttribute : int {
  MostThreads = 0,            // MAX_THREADS_PER_BLOCK
  StaticSharedBytes = 1,      // SHARED_SIZE_BYTES
  MostDynamicSharedBytes = 8, // MAX_DYNAMIC_SHARED_SIZE_BYTES
};

/// CUjit_option.
enum class JitOption : int { ErrorLog = 5, ErrorLogBytes = 6 };

/// CUmemPool_attribute.
enum class PoolAttribute : int { ReleaseThreshold = 4 };

/// CUmemPoolProps.
struct PoolProperties {
  int allocationType = 1; // CU_MEM_ALLOCATION_TYPE_PINNED
  int handleTypes = 0;
  int locationType = 1; // CU_MEM_LOCATION_TYPE_DEVICE
  DeviceNumber device = 0;
  void *securityAttributes = nullptr;
  size_t mostBytes = 0;
  unsigned char reserved[56] = {};
};

constexpr unsigned kNonBlockingStream = 1;    // CU_STREAM_NON_BLOCKING
constexpr unsigned kEventWithoutTiming = 2;   // CU_EVENT_DISABLE_TIMING
constexpr unsigned kPortableMappedMemory = 3; // CU_MEMHOSTALLOC_PORTABLE | CU_MEMHOSTALLOC_DEVICEMAP

/// What `extra` of cuLaunchKernel is made of: CU_LAUNCH_PARAM_BUFFER_POINTER, ..._BUFFER_SIZE and ..._END.
inline void *const kParameterBuffer = reinterpret_cast<void *>(1);
inline void *const kParameterBytes = reinterpret_cast<void *>(2);
inline void *const kParametersEnd = nullptr;

/// What a call of the driver came to.
struct [[nodiscard]] Outcome {
  const char *function;
  int code;

  bool ok() const { return code == kSuccess; }
  /// Whether a kernel failed in a way that makes its context, and so all sessions of the process, useless.
  bool isKernelFault() const;
  /// Whether it is useless, for that or because of the hardware or the driver.
  bool losesContext() const;
};

/// A name that the library exports.
class DriverSymbol {
public:
  DriverSymbol(std::vector<DriverSymbol *> &symbols, const char *name) : name(name) {
    symbols.push_back(this);
  }

  const char *name;
  void *address = nullptr;
};

template <typename... Parameters> class DriverFunction : public DriverSymbol {
public:
  using DriverSymbol::DriverSymbol;

#ifdef __clang__
  // The library's parameters are enums and handles of its own, with the representation of those here.
  __attribute__((no_sanitize("function")))
#endif
  Outcome operator()(Parameters... parameters) const {
    return {name, reinterpret_cast<int (*)(Parameters...)>(address)(parameters...)};
  }
};

/// An opened library. It is never closed: the driver has threads of its own.
class Driver {
public:
  /// The environment variable with the path of a library to open instead of libcuda.so.1.
  static constexpr const char *kPathVariable = "WINNOW_CUDA_DRIVER";
  /// As cuDriverGetVersion gives it; the first with all the functions below.
  static constexpr int kLeastVersion = 11020;

  /// Fails with Unsupported if there is no driver, it is too old or incomplete, or it finds no device.
  static format::Result<std::shared_ptr<const Driver>> open();

  /// What open() looks for, without a library: no function may be called.
  static std::shared_ptr<const Driver> declared();

  Driver(const Driver &) = delete;

  /// The failure of a call: "CONTEXT: cuMemAlloc_v2: CUDA_ERROR_OUT_OF_MEMORY (out of memory)".
  template <format::MessagePart... Parts>
  format::Status failed(const Outcome &outcome, const Parts &...context) const {
    return format::failure(codeOf(outcome), context..., ": ", describe(outcome));
  }
  std::string describe(const Outcome &outcome) const;

private:
  Driver() = default;
  static format::Code codeOf(const Outcome &outcome);
  format::Status load(const char *path);
  format::Status checkVersion(const char *path) const;

  std::vector<DriverSymbol *> symbols; // of the members that follow

public:
  // Versions and errors.
  DriverFunction<int *> driverGetVersion{symbols, "cuDriverGetVersion"};
  DriverFunction<int, const char **> getErrorName{symbols, "cuGetErrorName"};
  DriverFunction<int, const char **> getErrorString{symbols, "cuGetErrorString"};
  // Devices and contexts.
  DriverFunction<unsigned> initialize{symbols, "cuInit"};
  DriverFunction<int *> deviceGetCount{symbols, "cuDeviceGetCount"};
  DriverFunction<DeviceNumber *, int> deviceGet{symbols, "cuDeviceGet"};
  DriverFunction<char *, int, DeviceNumber> deviceGetName{symbols, "cuDeviceGetName"};
  DriverFunction<int *, DeviceAttribute, DeviceNumber> deviceGetAttribute{symbols, "cuDeviceGetAttribute"};
  DriverFunction<ContextHandle *, DeviceNumber> contextRetain{symbols, "cuDevicePrimaryCtxRetain"};
  DriverFunction<DeviceNumber> contextRelease{symbols, "cuDevicePrimaryCtxRelease_v2"};
  DriverFunction<ContextHandle> contextPush{symbols, "cuCtxPushCurrent_v2"};
  DriverFunction<ContextHandle *> contextPop{symbols, "cuCtxPopCurrent_v2"};
  // Code.
  DriverFunction<ModuleHandle *, const void *, unsigned, JitOption *, void **> moduleLoad{
      symbols, "cuModuleLoadDataEx"};
  DriverFunction<ModuleHandle> moduleUnload{symbols, "cuModuleUnload"};
  DriverFunction<FunctionHandle *, ModuleHandle, const char *> moduleGetFunction{symbols,
                                                                                 "cuModuleGetFunction"};
  DriverFunction<int *, FunctionAttribute, FunctionHandle> functionGetAttribute{symbols,
                                                                                "cuFuncGetAttribute"};
  DriverFunction<FunctionHandle, FunctionAttribute, int> functionSetAttribute{symbols, "cuFuncSetAttribute"};
  DriverFunction<FunctionHandle, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                 StreamHandle, void **, void **>
      launchKernel{symbols, "cuLaunchKernel"};
  // Order.
  DriverFunction<StreamHandle *, unsigned> streamCreate{symbols, "cuStreamCreate"};
  DriverFunction<StreamHandle> streamDestroy{symbols, "cuStreamDestroy_v2"};
  DriverFunction<StreamHandle> streamSynchronize{symbols, "cuStreamSynchronize"};
  DriverFunction<EventHandle *, unsigned> eventCreate{symbols, "cuEventCreate"};
  DriverFunction<EventHandle> eventDestroy{symbols, "cuEventDestroy_v2"};
  DriverFunction<EventHandle, StreamHandle> eventRecord{symbols, "cuEventRecord"};
  DriverFunction<EventHandle> eventSynchronize{symbols, "cuEventSynchronize"};
  // Memory.
  DriverFunction<DeviceAddress *, size_t> memoryAllocate{symbols, "cuMemAlloc_v2"};
  DriverFunction<DeviceAddress> memoryFree{symbols, "cuMemFree_v2"};
  DriverFunction<void **, size_t, unsigned> hostAllocate{symbols, "cuMemHostAlloc"};
  DriverFunction<void *> hostFree{symbols, "cuMemFreeHost"};
  DriverFunction<DeviceAddress, DeviceAddress, size_t, StreamHandle> copyAsync{symbols, "cuMemcpyAsync"};
  DriverFunction<PoolHandle *, const PoolProperties *> poolCreate{symbols, "cuMemPoolCreate"};
  DriverFunction<PoolHandle> poolDestroy{symbols, "cuMemPoolDestroy"};
  DriverFunction<PoolHandle, PoolAttribute, void *> poolSetAttribute{symbols, "cuMemPoolSetAttribute"};
  DriverFunction<PoolHandle, size_t> poolTrim{symbols, "cuMemPoolTrimTo"};
  DriverFunction<DeviceAddress *, size_t, PoolHandle, StreamHandle> poolAllocate{symbols,
                                                                                 "cuMemAllocFromPoolAsync"};
  DriverFunction<DeviceAddress, StreamHandle> poolFree{symbols, "cuMemFreeAsync"};
};

} // namespace winnow::runtime::cuda
