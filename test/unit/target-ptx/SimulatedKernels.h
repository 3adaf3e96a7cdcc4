// Compiles kernels in MLIR text to PTX and launches them in the simulator, for numeric tests.
#pragma once

#include "runtime/device/ptxsim/Simulator.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace winnow {

/// Device memory with typed elements, aligned like the runtime's buffers.
class Buffer {
public:
  template <typename T> static Buffer of(const std::vector<T> &values, bool isWritable = false) {
    Buffer buffer(values.size() * sizeof(T), isWritable);
    std::copy(values.begin(), values.end(), reinterpret_cast<T *>(buffer.bytes.get()));
    return buffer;
  }
  /// A result of `count` elements that all start as `value`.
  template <typename T> static Buffer result(size_t count, T value) {
    return of(std::vector<T>(count, value), true);
  }

  template <typename T> std::span<const T> view() const {
    return {reinterpret_cast<const T *>(bytes.get()), size / sizeof(T)};
  }
  const void *data() const { return bytes.get(); }
  uint64_t byteCount() const { return size; }
  bool isWritable() const { return writable; }

private:
  struct Release {
    void operator()(std::byte *pointer) const { ::operator delete[](pointer, std::align_val_t(64)); }
  };
  Buffer(size_t size, bool isWritable)
      : bytes(static_cast<std::byte *>(::operator new[](size + 1, std::align_val_t(64)))), size(size),
        writable(isWritable) {}
  std::unique_ptr<std::byte, Release> bytes;
  size_t size;
  bool writable;
};

/// The kernels of one MLIR text or file, compiled for sm_80.
class SimulatedKernels {
public:
  /// Empty after a failure, which is reported to the running test.
  static std::optional<SimulatedKernels> compile(const std::string &text);
  /// A file of test/target/ptx.
  static std::optional<SimulatedKernels> compileFile(const std::string &name);

  /// Runs one thread for each of `items`, in blocks of 128, and returns what was executed. Failures are
  /// reported to the running test.
  ptxsim::Statistics launch(const std::string &symbol, const std::vector<const Buffer *> &buffers,
                            const std::vector<int64_t> &sizes, int64_t items) const;

private:
  explicit SimulatedKernels(ptxsim::Program program) : program(std::move(program)) {}
  ptxsim::Program program;
};

} // namespace winnow
