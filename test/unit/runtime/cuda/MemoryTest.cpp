// The memory of the device cuda: pools, and copies that the host does not wait for longer than it must.
#include "UseFakeDriver.h"
#include "runtime/device/cuda/CudaMemory.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>
#include <optional>

using namespace winnow;
using namespace winnow::runtime;
using namespace winnow::test;
using cuda::CudaMemory;
using cuda::Gpu;

namespace {

class CudaMemories : public testing::Test {
protected:
  void TearDown() override {
    close();
    EXPECT_EQ(driver.problems(), std::vector<std::string>());
    EXPECT_EQ(driver.leftovers(), "nothing");
    EXPECT_EQ(host->usedBytes(), 0);
  }

  void open(bool hasPools, int64_t limit = 0, int64_t memoryBytes = int64_t(1) << 30) {
    close();
    FakeMachine machine;
    machine.hasPools = hasPools;
    machine.memoryBytes = memoryBytes;
    driver.reset(machine);
    host.emplace(Allocator(), limit);
    auto opened = Gpu::open(0);
    ASSERT_TRUE(opened.ok()) << opened.status().message();
    gpu = std::move(*opened);
    Gpu::Current current(*gpu);
    auto pool = cuda::makeMemoryPool(*gpu, limit);
    ASSERT_TRUE(pool.ok()) << pool.status().message();
    memory.emplace(*gpu, std::move(*pool), *host);
  }
  void close() {
    memory.reset();
    gpu.reset();
  }

  Block allocate(int64_t bytes) {
    auto block = Block::make(*memory, bytes);
    EXPECT_TRUE(block.ok()) << block.status().message();
    return block.ok() ? std::move(*block) : Block();
  }
  int64_t count(const std::string &call) const {
    std::vector<std::string> calls = driver.calls();
    return std::count_if(calls.begin(), calls.end(),
                         [&](const std::string &each) { return each.find(call) == 0; });
  }

  FakeDriver &driver = fakeDriver();
  std::optional<Memory> host;
  std::unique_ptr<Gpu> gpu;
  std::optional<CudaMemory> memory;
};

std::vector<uint32_t> numbers(size_t count, uint32_t first) {
  std::vector<uint32_t> values(count);
  std::iota(values.begin(), values.end(), first);
  return values;
}

// Around the size of a staging piece, and over many of them.
TEST_F(CudaMemories, CopiesEverySize) {
  open(true);
  constexpr size_t kPiece = cuda::Staging::kPieceBytes / sizeof(uint32_t);
  for (size_t size : {size_t(0), size_t(1), kPiece - 1, kPiece, kPiece + 1, 2 * kPiece, 5 * kPiece + 7}) {
    int64_t bytes = int64_t(size * sizeof(uint32_t));
    std::vector<uint32_t> sent = numbers(size, 3), back(size);
    Block first = allocate(bytes), second = allocate(bytes);
    ASSERT_TRUE(memory->copyToDevice(first.data(), sent.data(), bytes).ok());
    std::vector<uint32_t> expected =
        std::exchange(sent, std::vector<uint32_t>(size, 0)); // it may change at once
    ASSERT_TRUE(memory->copyOnDevice(second.data(), first.data(), bytes).ok());
    ASSERT_TRUE(memory->copyFromDevice(back.data(), second.data(), bytes).ok());
    EXPECT_EQ(back, expected) << size;
  }
}

TEST_F(CudaMemories, CopiesInOrder) {
  open(true);
  Block block = allocate(4), copy = allocate(4);
  for (uint32_t value = 1; value <= 9; ++value) {
    ASSERT_TRUE(memory->copyToDevice(block.data(), &value, 4).ok());
    ASSERT_TRUE(memory->copyOnDevice(copy.data(), block.data(), 4).ok());
  }
  uint32_t found = 0;
  ASSERT_TRUE(memory->copyFromDevice(&found, copy.data(), 4).ok());
  EXPECT_EQ(found, 9u);
}

TEST_F(CudaMemories, SharesMemoryOfTheHost) {
  open(true, 1000);
  auto shared = Block::make(memory->sharedHostMemory(), 600);
  ASSERT_TRUE(shared.ok()) << shared.status().message();
  EXPECT_EQ(host->usedBytes(), 600);
  Gpu::Current current(*gpu);
  auto *cell = static_cast<uint32_t *>(shared->data());
  *cell = 5;
  Block block = allocate(4);
  ASSERT_TRUE(memory->copyOnDevice(block.data(), cell, 4).ok());
  ASSERT_TRUE(gpu->wait().ok());
  *cell = 0;
  ASSERT_TRUE(memory->copyOnDevice(cell, block.data(), 4).ok());
  ASSERT_TRUE(gpu->wait().ok());
  EXPECT_EQ(*cell, 5u);
  EXPECT_EQ(Block::make(memory->sharedHostMemory(), 600).status().message(),
            "cannot allocate 600 bytes: 600 of the limit of 1000 are in use");
  driver.fail("cuMemHostAlloc", 2);
  EXPECT_EQ(Block::make(memory->sharedHostMemory(), 10).status().message(),
            "cannot allocate 10 bytes of the host's memory for GPU 0 (Fake): cuMemHostAlloc: "
            "CUDA_ERROR_OUT_OF_MEMORY (out of memory)");
  EXPECT_EQ(host->usedBytes(), 600);
}

TEST_F(CudaMemories, KeepTheBlocksOfDevicesWithoutPools) {
  open(false);
  void *first = allocate(1000).data();
  EXPECT_EQ(allocate(900).data(), first); // of the same size, 1024
  EXPECT_EQ(count("cuMemAlloc_v2(1024)"), 1);
  Block other = allocate(1025);
  EXPECT_EQ(count("cuMemAlloc_v2(1536)"), 1);
  EXPECT_EQ(count("cuMemFree_v2"), 0);
  EXPECT_EQ(driver.deviceBytes(), 1024 + 1536);
}

TEST_F(CudaMemories, GiveIdleBlocksBackWhenMemoryIsShort) {
  for (int64_t limit : {0, 6000}) {
    open(false, limit, limit ? int64_t(1) << 30 : 6000);
    allocate(4096);
    Block block = allocate(3000);
    EXPECT_TRUE(block.data());
    EXPECT_EQ(count("cuMemFree_v2"), 1);
    EXPECT_EQ(driver.deviceBytes(), 3072);
  }
}

TEST_F(CudaMemories, WaitForFreedMemoryBeforeTheyGiveUp) {
  open(true, 0, 6000);
  allocate(4096); // free only when the GPU has come so far
  Block block = allocate(4096);
  EXPECT_TRUE(block.data());
  EXPECT_EQ(count("cuMemPoolTrimTo(0)"), 1);
  auto refused = Block::make(*memory, 4096);
  EXPECT_EQ(refused.status().code(), Code::OutOfMemory);
  EXPECT_EQ(
      refused.status().message(),
      "cannot allocate 4096 bytes on GPU 0 (Fake): cuMemAllocFromPoolAsync: CUDA_ERROR_OUT_OF_MEMORY (out of "
      "memory); the session uses 4096 bytes there");
}

TEST_F(CudaMemories, KeepWhatTheirLimitAllows) {
  open(true, 5000);
  EXPECT_EQ(count("cuMemPoolSetAttribute(4, 5000)"), 1);
  open(true);
  EXPECT_EQ(count("cuMemPoolSetAttribute(4, 18446744073709551615)"), 1);
}

TEST(CudaBlocks, WasteLittle) {
  EXPECT_EQ(cuda::blockBytes(1), 512);
  EXPECT_EQ(cuda::blockBytes(512), 512);
  EXPECT_EQ(cuda::blockBytes(513), 1024);
  EXPECT_EQ(cuda::blockBytes(INT64_MAX), INT64_MAX);
  for (int64_t bytes = 513; bytes < int64_t(1) << 40; bytes += bytes / 7) {
    int64_t size = cuda::blockBytes(bytes);
    EXPECT_GE(size, bytes);
    EXPECT_LT(size - bytes, std::max<int64_t>(512, size / 8)) << bytes;
    EXPECT_EQ(cuda::blockBytes(size), size) << "a block of its own size is one of the sizes";
  }
}

} // namespace
