// Runs one instruction on matrices, with every register of every lane given and returned.
#pragma once

#include "test/unit/ptxsim/Harness.h"

#include <cstring>

namespace winnow::ptxsim::test {

inline uint32_t floatBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

/// Of a float that is a normal f16 or zero.
inline uint16_t halfBits(float value) {
  uint32_t bits = floatBits(value), exponent = bits >> 23 & 255;
  uint32_t sign = bits >> 16 & 0x8000;
  return uint16_t(exponent == 0 ? sign : sign | (exponent - 112) << 10 | (bits >> 13 & 0x3ff));
}

/// "{%x0, %x1}"
inline std::string vectorOf(const std::string &name, size_t count) {
  std::string text = "{";
  for (size_t i = 0; i < count; ++i)
    text += (i ? ", " : "") + name + std::to_string(i);
  return text + "}";
}

/// D of an instruction "INSTRUCTION D, A, B, C TAIL"; lane l has the words from l * n of a matrix with n
/// registers. The tail may name %e, which holds the lane's word of `extra`.
template <typename W>
std::vector<W> multiply(const std::string &instruction, size_t dCount, std::vector<W> a, std::vector<W> b,
                        std::vector<W> c, const std::string &tail = "", std::vector<uint32_t> extra = {}) {
  const std::string type = sizeof(W) == 8 ? ".b64" : ".b32", width = std::to_string(sizeof(W));
  extra.resize(32);
  std::vector<W> d(32 * dCount);
  std::string text = header() +
                     ".visible .entry k(.param .u64 d, .param .u64 a, .param .u64 b, .param .u64 c, "
                     ".param .u64 e) {\n.reg .b32 %lane, %e; .reg .b64 %p;\n.reg " +
                     type + " %d<16>, %a<16>, %b<16>, %c<16>;\nmov.u32 %lane, %laneid;\n";
  auto address = [&](const std::string &name, size_t count, size_t bytes) {
    return "ld.param.u64 %p, [" + name + "]; mad.wide.u32 %p, %lane, " + std::to_string(count * bytes) +
           ", %p;\n";
  };
  for (auto [name, words] : {std::pair{"a", &a}, std::pair{"b", &b}, std::pair{"c", &c}}) {
    text += address(name, words->size() / 32, sizeof(W));
    for (size_t i = 0; i < words->size() / 32; ++i)
      text += "ld.global" + type + " %" + name + std::to_string(i) + ", [%p+" +
              std::to_string(i * sizeof(W)) + "];\n";
  }
  text += address("e", 1, 4) + "ld.global.b32 %e, [%p];\n" + instruction + " " + vectorOf("%d", dCount) +
          ", " + vectorOf("%a", a.size() / 32) + ", " + vectorOf("%b", b.size() / 32) + ", " +
          vectorOf("%c", c.size() / 32) + tail + ";\n" + address("d", dCount, sizeof(W));
  for (size_t i = 0; i < dCount; ++i)
    text +=
        "st.global" + type + " [%p+" + std::to_string(i * sizeof(W)) + "], %d" + std::to_string(i) + ";\n";
  Execution run(text + "ret; }\n");
  run.buffer(d, "d")
      .buffer(a, "a", false)
      .buffer(b, "b", false)
      .buffer(c, "c", false)
      .buffer(extra, "e", false);
  format::Status status = run.launch(1, 32);
  EXPECT_TRUE(status.ok()) << status.message();
  return d;
}

} // namespace winnow::ptxsim::test
