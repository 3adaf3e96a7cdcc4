// Where the states of a session lie when its device has memory of its own.
#include "FarMemory.h"

#include "runtime/plan/SessionValues.h"

#include <gtest/gtest.h>

using namespace winnow::runtime;
using namespace winnow;

namespace {

/// Two states of four floats that begin with 1.
format::Module twoStates() {
  format::Module module;
  module.states = {{"near", format::ElementType::F32, {{4, 0}}, 0x3f800000, format::Placement::Host},
                   {"far", format::ElementType::F32, {{4, 0}}, 0x3f800000, format::Placement::Device}};
  return module;
}

bool isFar(const void *address) { return reinterpret_cast<uintptr_t>(address) & kDeviceBit; }

TEST(SessionValues, PutsEachStateWhereItBelongs) {
  format::Module module = twoStates();
  FarMemory device;
  SessionValues values(module, device, &device);
  auto near = values.currentState(0), far = values.currentState(1);
  ASSERT_TRUE(near.ok() && far.ok());
  EXPECT_FALSE(isFar(*near));
  EXPECT_TRUE(isFar(*far));
  EXPECT_EQ(static_cast<float *>(*near)[3], 1.0f);
  EXPECT_EQ(reinterpret_cast<float *>(toHost(*far))[3], 1.0f);
  // Current and next, in each of the two.
  EXPECT_EQ(device.shared.usedBytes(), 32);
  EXPECT_EQ(device.memory.usedBytes(), 32);
}

TEST(SessionValues, ReadsAndWritesBoth) {
  format::Module module = twoStates();
  FarMemory device;
  SessionValues values(module, device, &device);
  for (uint32_t state : {0u, 1u}) {
    std::vector<float> numbers = {1, 2, 3, 4 + float(state)};
    std::vector<uint8_t> bytes(16);
    std::memcpy(bytes.data(), numbers.data(), bytes.size());
    ASSERT_TRUE(values.writeState(state, bytes).ok());
    values.advance(state);
    auto read = values.readState(state);
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(*read, bytes);
  }
}

TEST(SessionValues, PutsAllIntoTheMemoryThatTheDeviceSharesWithTheHost) {
  format::Module module = twoStates();
  Memory host({}, 0);
  SessionValues values(module, host, nullptr);
  for (uint32_t state : {0u, 1u}) {
    auto current = values.currentState(state);
    ASSERT_TRUE(current.ok());
    EXPECT_EQ(static_cast<float *>(*current)[0], 1.0f);
  }
  EXPECT_EQ(host.usedBytes(), 64);
}

} // namespace
