// Runs PTX in tests: a line of instructions over arrays of operands, or a whole kernel on vectors.
#pragma once

#include "runtime/device/ptxsim/Simulator.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace winnow::ptxsim::test {

inline std::string header() { return ".version 8.5\n.target sm_80\n.address_size 64\n"; }

/// A program whose kernel "k" gets buffers and scalars as parameters, in the order in which they are added.
class Execution {
public:
  explicit Execution(const std::string &text) : parsed(Program::parse(text, "test.ptx")) {
    EXPECT_TRUE(parsed.ok()) << parsed.status().message();
  }
  template <typename T> Execution &buffer(std::vector<T> &values, const char *name, bool isWritable = true) {
    EXPECT_TRUE(memory.add(values.data(), values.size() * sizeof(T), name, isWritable).ok());
    return scalar(reinterpret_cast<uint64_t>(values.data()));
  }
  template <typename T> Execution &scalar(T value) {
    parameters.resize((parameters.size() + sizeof(T) - 1) / sizeof(T) * sizeof(T));
    auto *bytes = reinterpret_cast<const std::byte *>(&value);
    parameters.insert(parameters.end(), bytes, bytes + sizeof(T));
    return *this;
  }
  format::Status launch(uint32_t grid, uint32_t block, uint64_t dynamicShared = 0) {
    return launch(Dimensions{grid, 1, 1}, Dimensions{block, 1, 1}, dynamicShared);
  }
  format::Status launch(Dimensions grid, Dimensions block, uint64_t dynamicShared = 0) {
    if (!parsed.ok())
      return parsed.status();
    const Kernel *kernel = parsed->find(name);
    if (!kernel)
      return format::failure(format::Code::NotFound, "no kernel ", name);
    return ptxsim::launch(*parsed, *kernel, grid, block, dynamicShared, parameters, memory, options,
                          &statistics);
  }

  std::string name = "k";
  format::Result<Program> parsed;
  MemoryMap memory;
  std::vector<std::byte> parameters;
  LaunchOptions options;
  Statistics statistics;
};

/// The types of the registers %d (the result), %a, %b and %c, in PTX's spelling.
struct RegisterTypes {
  std::string d, a, b, c;
};

/// Executes `body` for every i with %a = a[i], ... and gives %d. R, A, B, C have the registers' widths.
template <typename R, typename A, typename B, typename C>
std::vector<R> evaluate(const std::string &body, const RegisterTypes &types, std::vector<A> a,
                        std::vector<B> b, std::vector<C> c) {
  auto declare = [](const std::string &type, const char *name) {
    return "  .reg ." + type + " " + name + ";\n";
  };
  auto address = [](int number, size_t bytes) {
    std::string n = std::to_string(number);
    return "  ld.param.u64 %p" + n + ", [p" + n + "];\n  mad.wide.u32 %p" + n + ", %i, " +
           std::to_string(bytes) + ", %p" + n + ";\n";
  };
  std::string text =
      header() + ".visible .entry k(.param .u64 p0, .param .u64 p1, .param .u64 p2, .param .u64 p3)\n{\n" +
      "  .reg .b32 %i, %t<8>;\n  .reg .b64 %p<4>, %l<8>;\n  .reg .b16 %h<8>;\n  .reg .pred %q<8>;\n" +
      declare(types.d, "%d") + declare(types.a, "%a") + declare(types.b, "%b") + declare(types.c, "%c") +
      "  mov.u32 %i, %tid.x;\n  mov.u32 %t0, %ctaid.x;\n  mad.lo.s32 %i, %t0, 32, %i;\n" +
      address(0, sizeof(R)) + address(1, sizeof(A)) + address(2, sizeof(B)) + address(3, sizeof(C)) +
      "  ld.global." + types.a + " %a, [%p1];\n" + "  ld.global." + types.b + " %b, [%p2];\n  ld.global." +
      types.c + " %c, [%p3];\n  " + body + "\n  st.global." + types.d + " [%p0], %d;\n  ret;\n}\n";
  size_t padded = (a.size() + 31) / 32 * 32;
  a.resize(padded);
  b.resize(padded);
  c.resize(padded);
  std::vector<R> out(padded);
  Execution run(text);
  run.buffer(out, "out").buffer(a, "a").buffer(b, "b").buffer(c, "c");
  format::Status status = run.launch(uint32_t(padded / 32), 32);
  EXPECT_TRUE(status.ok()) << status.message() << "\n" << text;
  return out;
}

} // namespace winnow::ptxsim::test
