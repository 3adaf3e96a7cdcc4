// The state of the fake driver: its objects, its memory, and the work that waits.
#pragma once

#include "FakeDriver.h"
#include "runtime/device/ptxsim/Simulator.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace winnow::test {

// CUresult, from the manual and not from the code under test.
enum : int {
  CUDA_SUCCESS = 0,
  CUDA_ERROR_INVALID_VALUE = 1,
  CUDA_ERROR_OUT_OF_MEMORY = 2,
  CUDA_ERROR_NO_DEVICE = 100,
  CUDA_ERROR_INVALID_DEVICE = 101,
  CUDA_ERROR_INVALID_CONTEXT = 201,
  CUDA_ERROR_NO_BINARY_FOR_GPU = 209,
  CUDA_ERROR_ECC_UNCORRECTABLE = 214,
  CUDA_ERROR_INVALID_PTX = 218,
  CUDA_ERROR_NOT_FOUND = 500,
  CUDA_ERROR_ILLEGAL_ADDRESS = 700,
  CUDA_ERROR_NOT_PERMITTED = 800,
  CUDA_ERROR_UNKNOWN = 999,
};

/// Addresses of device memory: those of the host with a bit that no pointer has.
constexpr uint64_t kDeviceBit = uint64_t(1) << 62;

struct Stream {
  struct Work {
    std::function<void()> body;
    bool usesMemory; // kernels and copies; nothing of that happens after a fault
  };
  std::deque<Work> work;
  uint64_t asked = 0, done = 0;
};

struct Event {
  Stream *stream = nullptr; // null before it is recorded
  uint64_t position = 0;
};

struct Pool {};

struct Function {
  const ptxsim::Program *program;
  const ptxsim::Kernel *kernel;
  uint64_t dynamicSharedLimit;
};

struct Module {
  ptxsim::Program program;
  std::map<std::string, Function> functions;
};

/// Ranges of memory by their address.
class Allocations {
public:
  explicit Allocations(std::string name) : name(std::move(name)) {}

  /// Poisoned memory, at a multiple of 256.
  char *add(size_t bytes);
  bool remove(const char *address);
  bool holds(const char *address, size_t bytes) const;
  void addTo(ptxsim::MemoryMap &map) const;
  size_t count() const { return blocks.size(); }
  int64_t bytes() const { return total; }
  void clear() { *this = Allocations(name); }

private:
  struct Free {
    void operator()(char *memory) const { std::free(memory); }
  };
  struct Block {
    std::unique_ptr<char, Free> memory;
    size_t bytes;
  };
  std::string name;
  std::map<const char *, Block> blocks;
  int64_t total = 0;
};

/// For one thread at a time, as the driver's functions lock it.
class FakeGpu : public FakeDriver {
public:
  void reset(const FakeMachine &machine) override;
  void fail(const std::string &function, int code, int later) override;
  std::vector<std::string> calls() const override;
  std::vector<std::string> problems() const override;
  std::string leftovers() const override;
  int64_t deviceBytes() const override;
  std::string fault() const override;

  /// Notes a call, and gives the code with which it shall fail, or 0.
  int enter(const std::string &function, const std::string &arguments);
  int problem(const std::string &text);
  std::string leftoversNow() const;

  int allocate(size_t bytes, uint64_t &address);
  int free(uint64_t address);
  /// The host's address of memory that the GPU can reach, or null.
  char *resolve(uint64_t address, size_t bytes) const;
  void ask(Stream &stream, bool usesMemory, std::function<void()> body);
  /// Notes a problem if a kernel or a copy waits, which may need what is released now.
  void requireIdle(const char *released);
  /// Does the work of a stream up to a position.
  void run(Stream &stream, uint64_t position = UINT64_MAX);
  void runAll();
  void execute(const Function &function, ptxsim::Dimensions grid, ptxsim::Dimensions block,
               uint64_t sharedBytes, std::vector<uint64_t> parameters);

  mutable std::mutex mutex;
  FakeMachine machine;
  Allocations deviceMemory{"device memory"}, pinnedMemory{"pinned memory"};
  std::map<void *, std::unique_ptr<Stream>> streams;
  std::map<void *, std::unique_ptr<Event>> events;
  std::map<void *, std::unique_ptr<Module>> modules;
  std::map<void *, std::unique_ptr<Pool>> pools;
  int retains = 0;
  int stickyError = 0;

private:
  struct Failure {
    std::string function;
    int code, later;
  };
  std::vector<Failure> failures;
  std::vector<std::string> called, misuses;
  std::string faultText;
};

FakeGpu &fakeGpu();

} // namespace winnow::test
