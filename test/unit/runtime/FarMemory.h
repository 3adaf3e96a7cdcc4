// A device's memory as tests need it: in the host's, by addresses that the host cannot follow.
#pragma once

#include "runtime/device/Device.h"

#include <cstring>
#include <gtest/gtest.h>

namespace winnow::runtime {

/// Addresses that crash when the host follows them: the true ones with a bit set that no pointer has.
constexpr uintptr_t kDeviceBit = uintptr_t(1) << 62;

inline char *toHost(const void *address) {
  EXPECT_NE(reinterpret_cast<uintptr_t>(address) & kDeviceBit, 0u)
      << "a host address was given to the device";
  return reinterpret_cast<char *>(reinterpret_cast<uintptr_t>(address) & ~kDeviceBit);
}

class FarMemory : public DeviceMemory {
public:
  Result<void *> allocate(int64_t bytes) override {
    if (fails)
      return failure(Code::OutOfMemory, "the device is full");
    auto address = memory.allocate(bytes);
    return address.ok()
               ? Result<void *>(reinterpret_cast<void *>(reinterpret_cast<uintptr_t>(*address) | kDeviceBit))
               : address;
  }
  void free(void *address, int64_t bytes) override { memory.free(toHost(address), bytes); }
  Status copyToDevice(void *destination, const void *source, int64_t bytes) override {
    std::memcpy(toHost(destination), source, size_t(bytes));
    return {};
  }
  Status copyFromDevice(void *destination, const void *source, int64_t bytes) override {
    std::memcpy(destination, toHost(source), size_t(bytes));
    return {};
  }
  Status copyOnDevice(void *destination, const void *source, int64_t bytes) override {
    std::memmove(toHost(destination), toHost(source), size_t(bytes));
    return {};
  }

  MemorySpace &sharedHostMemory() override { return shared; }
  int64_t peakBytes() const override { return memory.peakBytes(); }

  Memory memory{{}, 0}, shared{{}, 0};
  bool fails = false;
};

} // namespace winnow::runtime
