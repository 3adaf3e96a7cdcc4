// What winnow declares of the CUDA Driver API is what NVIDIA's header says. Built where there is a CUDA
// toolkit.
#include "runtime/device/cuda/Driver.h"

#include <cuda.h>
#include <gtest/gtest.h>
#include <type_traits>

namespace cuda = winnow::runtime::cuda;

namespace {

/// Names with a version are macros for the current one: the test of cuMemAlloc is one of cuMemAlloc_v2.
#define TEXT(name) #name
#define NAME(name) TEXT(name)

/// A parameter as it is passed: handles and addresses by their size, numbers by their size.
template <typename T>
inline constexpr auto kPassed = std::is_pointer_v<T> ? std::pair<bool, size_t>(true, sizeof(T))
                                                     : std::pair<bool, size_t>(false, sizeof(T));

template <typename... Ours, typename... Theirs>
void compare(const cuda::DriverFunction<Ours...> &ours, const char *name, CUresult (*)(Theirs...)) {
  EXPECT_STREQ(ours.name, name);
  if constexpr (sizeof...(Ours) == sizeof...(Theirs))
    EXPECT_TRUE(((kPassed<Ours> == kPassed<Theirs>) && ...)) << name;
  else
    ADD_FAILURE() << name << " takes " << sizeof...(Theirs) << " arguments";
}

#define COMPARE(ours, theirs) compare(driver->ours, NAME(theirs), static_cast<decltype(&theirs)>(nullptr))

static_assert(int(cuda::kSuccess) == CUDA_SUCCESS && int(cuda::kInvalidValue) == CUDA_ERROR_INVALID_VALUE &&
              int(cuda::kOutOfMemory) == CUDA_ERROR_OUT_OF_MEMORY &&
              int(cuda::kNoDevice) == CUDA_ERROR_NO_DEVICE &&
              int(cuda::kInvalidDevice) == CUDA_ERROR_INVALID_DEVICE &&
              int(cuda::kInvalidImage) == CUDA_ERROR_INVALID_IMAGE &&
              int(cuda::kInvalidContext) == CUDA_ERROR_INVALID_CONTEXT &&
              int(cuda::kNoBinaryForGpu) == CUDA_ERROR_NO_BINARY_FOR_GPU &&
              int(cuda::kInvalidPtx) == CUDA_ERROR_INVALID_PTX &&
              int(cuda::kUnsupportedPtxVersion) == CUDA_ERROR_UNSUPPORTED_PTX_VERSION &&
              int(cuda::kNotFound) == CUDA_ERROR_NOT_FOUND);
static_assert(int(cuda::kIllegalAddress) == CUDA_ERROR_ILLEGAL_ADDRESS &&
              int(cuda::kLaunchOutOfResources) == CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES &&
              int(cuda::kLaunchTimeout) == CUDA_ERROR_LAUNCH_TIMEOUT &&
              int(cuda::kContextIsDestroyed) == CUDA_ERROR_CONTEXT_IS_DESTROYED &&
              int(cuda::kAssert) == CUDA_ERROR_ASSERT &&
              int(cuda::kHardwareStackError) == CUDA_ERROR_HARDWARE_STACK_ERROR &&
              int(cuda::kIllegalInstruction) == CUDA_ERROR_ILLEGAL_INSTRUCTION &&
              int(cuda::kMisalignedAddress) == CUDA_ERROR_MISALIGNED_ADDRESS &&
              int(cuda::kInvalidAddressSpace) == CUDA_ERROR_INVALID_ADDRESS_SPACE &&
              int(cuda::kInvalidProgramCounter) == CUDA_ERROR_INVALID_PC &&
              int(cuda::kLaunchFailed) == CUDA_ERROR_LAUNCH_FAILED &&
              int(cuda::kUncorrectableMemory) == CUDA_ERROR_ECC_UNCORRECTABLE &&
              int(cuda::kUncorrectableLink) == CUDA_ERROR_NVLINK_UNCORRECTABLE &&
              int(cuda::kUnknown) == CUDA_ERROR_UNKNOWN);
#if CUDA_VERSION >= 13000 // the first that names them all
static_assert(int(cuda::kContained) == CUDA_ERROR_CONTAINED &&
              int(cuda::kTensorMemoryLeak) == CUDA_ERROR_TENSOR_MEMORY_LEAK &&
              int(cuda::kServerTerminated) == CUDA_ERROR_MPS_CLIENT_TERMINATED);
#endif
static_assert(int(cuda::DeviceAttribute::MostBlocks) == CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X &&
              int(cuda::DeviceAttribute::UnifiedAddressing) == CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING &&
              int(cuda::DeviceAttribute::CapabilityMajor) == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR &&
              int(cuda::DeviceAttribute::CapabilityMinor) == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR &&
              int(cuda::DeviceAttribute::MostSharedBytes) ==
                  CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN &&
              int(cuda::DeviceAttribute::MemoryPools) == CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED);
static_assert(int(cuda::FunctionAttribute::MostThreads) == CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK &&
              int(cuda::FunctionAttribute::StaticSharedBytes) == CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES &&
              int(cuda::FunctionAttribute::MostDynamicSharedBytes) ==
                  CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES &&
              int(cuda::JitOption::ErrorLog) == CU_JIT_ERROR_LOG_BUFFER &&
              int(cuda::JitOption::ErrorLogBytes) == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES &&
              int(cuda::PoolAttribute::ReleaseThreshold) == CU_MEMPOOL_ATTR_RELEASE_THRESHOLD);
static_assert(cuda::kNonBlockingStream == CU_STREAM_NON_BLOCKING &&
              cuda::kEventWithoutTiming == CU_EVENT_DISABLE_TIMING &&
              cuda::kPortableMappedMemory == (CU_MEMHOSTALLOC_PORTABLE | CU_MEMHOSTALLOC_DEVICEMAP));
static_assert(sizeof(cuda::PoolProperties) == sizeof(CUmemPoolProps) &&
              offsetof(cuda::PoolProperties, locationType) == offsetof(CUmemPoolProps, location) &&
              offsetof(cuda::PoolProperties, device) ==
                  offsetof(CUmemPoolProps, location) + sizeof(CUmemLocationType));

TEST(CudaHeader, SaysWhatTheManualSays) {
  EXPECT_EQ(cuda::kParameterBuffer, CU_LAUNCH_PARAM_BUFFER_POINTER);
  EXPECT_EQ(cuda::kParameterBytes, CU_LAUNCH_PARAM_BUFFER_SIZE);
  EXPECT_EQ(cuda::kParametersEnd, CU_LAUNCH_PARAM_END);
  cuda::PoolProperties properties;
  EXPECT_EQ(properties.allocationType, CU_MEM_ALLOCATION_TYPE_PINNED);
  EXPECT_EQ(properties.locationType, CU_MEM_LOCATION_TYPE_DEVICE);
}

TEST(CudaHeader, DeclaresTheSameFunctions) {
  auto driver = cuda::Driver::declared();
  COMPARE(driverGetVersion, cuDriverGetVersion);
  COMPARE(getErrorName, cuGetErrorName);
  COMPARE(getErrorString, cuGetErrorString);
  COMPARE(initialize, cuInit);
  COMPARE(deviceGetCount, cuDeviceGetCount);
  COMPARE(deviceGet, cuDeviceGet);
  COMPARE(deviceGetName, cuDeviceGetName);
  COMPARE(deviceGetAttribute, cuDeviceGetAttribute);
  COMPARE(contextRetain, cuDevicePrimaryCtxRetain);
  COMPARE(contextRelease, cuDevicePrimaryCtxRelease);
  COMPARE(contextPush, cuCtxPushCurrent);
  COMPARE(contextPop, cuCtxPopCurrent);
  COMPARE(moduleLoad, cuModuleLoadDataEx);
  COMPARE(moduleUnload, cuModuleUnload);
  COMPARE(moduleGetFunction, cuModuleGetFunction);
  COMPARE(functionGetAttribute, cuFuncGetAttribute);
  COMPARE(functionSetAttribute, cuFuncSetAttribute);
  COMPARE(launchKernel, cuLaunchKernel);
  COMPARE(streamCreate, cuStreamCreate);
  COMPARE(streamDestroy, cuStreamDestroy);
  COMPARE(streamSynchronize, cuStreamSynchronize);
  COMPARE(eventCreate, cuEventCreate);
  COMPARE(eventDestroy, cuEventDestroy);
  COMPARE(eventRecord, cuEventRecord);
  COMPARE(eventSynchronize, cuEventSynchronize);
  COMPARE(memoryAllocate, cuMemAlloc);
  COMPARE(memoryFree, cuMemFree);
  COMPARE(hostAllocate, cuMemHostAlloc);
  COMPARE(hostFree, cuMemFreeHost);
  COMPARE(copyAsync, cuMemcpyAsync);
  COMPARE(poolCreate, cuMemPoolCreate);
  COMPARE(poolDestroy, cuMemPoolDestroy);
  COMPARE(poolSetAttribute, cuMemPoolSetAttribute);
  COMPARE(poolTrim, cuMemPoolTrimTo);
  COMPARE(poolAllocate, cuMemAllocFromPoolAsync);
  COMPARE(poolFree, cuMemFreeAsync);
}

} // namespace
