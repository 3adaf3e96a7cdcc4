// A CUDA driver without a GPU, for tests: a library with the driver's functions, which executes PTX in the
// simulator. It is as unkind as a driver may be: work begins only when somebody waits for it, freed and new
// memory is poison, and addresses of the device's memory crash when the host follows them. This is what a
// test sees and changes of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace winnow::test {

struct FakeMachine {
  int version = 12080;
  int devices = 1;
  int major = 8, minor = 0;
  bool hasPools = true, sharesAddresses = true;
  int mostSharedBytes = 166912;
  int mostThreads = 1024; // of a block, for every kernel
  int mostBlocks = 0x7fffffff;
  int64_t memoryBytes = int64_t(1) << 30;
};

/// One for the process.
class FakeDriver {
public:
  virtual ~FakeDriver() = default;
  /// As if the process had just begun, on that machine.
  virtual void reset(const FakeMachine &machine) = 0;
  /// Lets a later call of `function` fail with `code`: the next one, or one that many calls later.
  virtual void fail(const std::string &function, int code, int later = 0) = 0;
  /// What was called, in order: "cuLaunchKernel(scale, 4x1x1, 64x1x1, 0)".
  virtual std::vector<std::string> calls() const = 0;
  /// What was used wrongly, or lives after its context. Empty for a program that keeps to the manual.
  virtual std::vector<std::string> problems() const = 0;
  /// What has not been freed: "2 blocks of device memory, 1 stream", or "nothing".
  virtual std::string leftovers() const = 0;
  virtual int64_t deviceBytes() const = 0;
  /// What the simulator said of the first kernel that it stopped.
  virtual std::string fault() const = 0;
};

} // namespace winnow::test
