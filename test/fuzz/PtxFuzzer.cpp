// Parses any text as PTX and launches what kernels it has, with every check and few instructions: whatever it
// says, that ends, with a status, and touches no memory but its own.
#include "runtime/device/ptxsim/Simulator.h"
#include "runtime/device/ptxsim/code/Code.h"
#include "test/fuzz/PtxMutation.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

using namespace winnow::ptxsim;

namespace {

constexpr uint64_t kBufferBytes = 1024, kInstructionLimit = 2000, kDynamicSharedBytes = 1024;
constexpr uint64_t kMostThreads = 128, kMostMemoryBytes = 1 << 16; // of a kernel that is launched

/// Of one warp and a part of another, unless the kernel asks for others.
Dimensions blockOf(const Code &code) {
  if (!code.requiredThreads[0])
    return {40, 1, 1};
  return {code.requiredThreads[0], code.requiredThreads[1], code.requiredThreads[2]};
}

/// Every parameter of 8 bytes is the address of a buffer, by turns written, not written and read-only; others
/// are small numbers.
void launchKernel(const Program &program, const Kernel &kernel) {
  Dimensions block = blockOf(*kernel.code);
  if (uint64_t(block[0]) * block[1] * block[2] > kMostThreads ||
      std::max(kernel.localBytes, kernel.sharedBytes) > kMostMemoryBytes)
    return;
  std::vector<std::vector<std::byte>> buffers;
  std::vector<std::byte> parameters(kernel.parameterBytes);
  MemoryMap memory;
  for (const Parameter &parameter : kernel.parameters) {
    uint64_t value = 5;
    if (parameter.size == 8) {
      buffers.emplace_back(kBufferBytes);
      MemoryRange range{reinterpret_cast<uint64_t>(buffers.back().data()), kBufferBytes, parameter.name};
      range.isInitialized = buffers.size() % 3 != 0;
      range.isWritable = buffers.size() % 3 != 1;
      if (!memory.add(range).ok())
        std::abort();
      value = range.begin;
    }
    if (parameter.offset > parameters.size() || parameter.size > parameters.size() - parameter.offset)
      std::abort();
    std::memcpy(parameters.data() + parameter.offset, &value,
                std::min<uint64_t>(parameter.size, sizeof(value)));
  }
  LaunchOptions options;
  options.instructionLimit = kInstructionLimit;
  options.checkRaces = options.checkUninitialized = true;
  Statistics statistics;
  winnow::format::Status status = launch(program, kernel, {2, 1, 1}, block, kDynamicSharedBytes, parameters,
                                         memory, options, &statistics);
  if (!status.ok() && status.message().empty())
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto program = Program::parse({reinterpret_cast<const char *>(data), size}, "fuzz.ptx");
  if (!program.ok()) {
    if (program.status().message().empty())
      std::abort();
    return 0;
  }
  for (const Kernel &kernel : program->kernels())
    launchKernel(*program, kernel);
  return 0;
}

/// libFuzzer's own mutation, of bytes.
extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t mostSize);

namespace {

size_t replaceBy(const std::string &text, uint8_t *data, size_t mostSize) {
  size_t size = std::min(text.size(), mostSize);
  std::memcpy(data, text.data(), size);
  return size;
}

} // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t mostSize, unsigned seed) {
  if (seed % 8 == 0)
    return LLVMFuzzerMutate(data, size, mostSize);
  std::mt19937 random(seed);
  std::string text(reinterpret_cast<const char *>(data), size);
  return replaceBy(fuzz::mutate(std::move(text), {}, random), data, mostSize);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t *data, size_t size, const uint8_t *other,
                                            size_t otherSize, uint8_t *out, size_t mostSize, unsigned seed) {
  std::mt19937 random(seed);
  std::string text(reinterpret_cast<const char *>(data), size);
  std::string_view lines(reinterpret_cast<const char *>(other), otherSize);
  return replaceBy(fuzz::mutate(std::move(text), lines, random), out, mostSize);
}
