// Integer instructions against C++ arithmetic, on all pairs of edge values.
#include "test/unit/ptxsim/Harness.h"

#include <algorithm>
#include <limits>

namespace winnow::ptxsim::test {
namespace {

__extension__ using Wide = __int128;

/// All pairs of edge values, and a third that varies.
template <typename T> struct Operands {
  std::vector<T> a, b, c;

  Operands() {
    using L = std::numeric_limits<T>;
    const std::vector<T> values = {T(0),
                                   T(1),
                                   T(2),
                                   T(3),
                                   T(7),
                                   T(31),
                                   T(32),
                                   T(33),
                                   T(100),
                                   T(-1),
                                   T(-7),
                                   L::max(),
                                   T(L::max() - 1),
                                   L::min(),
                                   T(L::min() + 1),
                                   T(0x5a5a5a5a5a5a5a5aull)};
    for (size_t i = 0; i < values.size(); ++i)
      for (size_t k = 0; k < values.size(); ++k) {
        a.push_back(values[i]);
        b.push_back(values[k]);
        c.push_back(values[(i + 2 * k) % values.size()]);
      }
  }
};

template <typename T> std::string bits() { return "b" + std::to_string(8 * sizeof(T)); }
template <typename T> std::string type() {
  return (std::is_signed_v<T> ? "s" : "u") + std::to_string(8 * sizeof(T));
}

/// `body` on registers of T with a result of type R; `expected` takes T's values.
template <typename R, typename T, class Expected> void check(const std::string &body, Expected expected) {
  Operands<T> in;
  auto out = evaluate<R>(body, {bits<R>(), bits<T>(), bits<T>(), bits<T>()}, in.a, in.b, in.c);
  for (size_t i = 0; i < in.a.size(); ++i)
    ASSERT_EQ(out[i], R(expected(in.a[i], in.b[i], in.c[i])))
        << body << " on " << int64_t(in.a[i]) << ", " << int64_t(in.b[i]) << ", " << int64_t(in.c[i]);
}

template <typename T> class Integer : public testing::Test {};
using IntegerTypes = testing::Types<uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t>;
TYPED_TEST_SUITE(Integer, IntegerTypes);

TYPED_TEST(Integer, Arithmetic) {
  using T = TypeParam;
  const std::string t = type<T>();
  constexpr unsigned width = 8 * sizeof(T);
  check<T, T>("add." + t + " %d, %a, %b;", [](Wide a, Wide b, T) { return a + b; });
  check<T, T>("sub." + t + " %d, %a, %b;", [](Wide a, Wide b, T) { return a - b; });
  check<T, T>("mul.lo." + t + " %d, %a, %b;", [](uint64_t a, uint64_t b, T) { return a * b; });
  check<T, T>("mad.lo." + t + " %d, %a, %b, %c;",
              [](uint64_t a, uint64_t b, uint64_t c) { return a * b + c; });
  check<T, T>("min." + t + " %d, %a, %b;", [](T a, T b, T) { return a < b ? a : b; });
  check<T, T>("max." + t + " %d, %a, %b;", [](T a, T b, T) { return a > b ? a : b; });
  check<T, T>("sad." + t + " %d, %a, %b, %c;",
              [](Wide a, Wide b, Wide c) { return (a < b ? b - a : a - b) + c; });
  // By zero PTX leaves the result open; INT_MIN / -1 wraps.
  check<T, T>("div." + t + " %d, %a, %b;", [](Wide a, Wide b, T) { return b == 0 ? Wide(-1) : a / b; });
  check<T, T>("rem." + t + " %d, %a, %b;", [](Wide a, Wide b, T) { return b == 0 ? a : a % b; });
  // The product of two unsigned 64-bit numbers needs all 128 bits.
  auto high = [](T a, T b) {
    if constexpr (std::is_signed_v<T>)
      return T(Wide(a) * b >> width);
    else
      return T(static_cast<unsigned __int128>(a) * b >> width);
  };
  check<T, T>("mul.hi." + t + " %d, %a, %b;", [&](T a, T b, T) { return high(a, b); });
  check<T, T>("mad.hi." + t + " %d, %a, %b, %c;", [&](T a, T b, T c) { return Wide(high(a, b)) + c; });
}

TYPED_TEST(Integer, Shifts) {
  using T = TypeParam;
  constexpr unsigned width = 8 * sizeof(T);
  std::string to32 = sizeof(T) == 8   ? "cvt.u32.u64 %t1, %b;"
                     : sizeof(T) == 2 ? "cvt.u32.u16 %t1, %b;"
                                      : "mov.b32 %t1, %b;";
  using U = std::make_unsigned_t<T>;
  check<T, T>(to32 + " shl." + bits<T>() + " %d, %a, %t1;",
              [](T a, T b, T) { return uint32_t(U(b)) >= width ? U(0) : U(U(a) << uint32_t(U(b))); });
  check<T, T>(to32 + " shr." + type<T>() + " %d, %a, %t1;", [](T a, T b, T) {
    uint32_t n = uint32_t(U(b));
    return n >= width ? (std::is_signed_v<T> && a < 0 ? T(-1) : T(0)) : T(a >> n);
  });
}

TYPED_TEST(Integer, Comparisons) {
  using T = TypeParam;
  auto compare = [](const std::string &op, auto holds) {
    check<uint32_t, T>("setp." + op + "." + type<T>() + " %q0, %a, %b; selp.u32 %d, 1, 0, %q0;",
                       [&](T a, T b, T) { return holds(a, b); });
  };
  compare("eq", [](T a, T b) { return a == b; });
  compare("ne", [](T a, T b) { return a != b; });
  compare("lt", [](T a, T b) { return a < b; });
  compare("le", [](T a, T b) { return a <= b; });
  compare("gt", [](T a, T b) { return a > b; });
  compare("ge", [](T a, T b) { return a >= b; });
}

template <typename T, typename W> void checkWide() {
  std::string t = type<T>();
  check<W, T>("mul.wide." + t + " %d, %a, %b;", [](T a, T b, T) { return W(a) * W(b); });
}
TEST(IntegerInstructions, Wide) {
  checkWide<uint16_t, uint32_t>();
  checkWide<int16_t, int32_t>();
  checkWide<uint32_t, uint64_t>();
  checkWide<int32_t, int64_t>();
  check<int64_t, int32_t>("cvt.s64.s32 %l0, %c; mad.wide.s32 %d, %a, %b, %l0;",
                          [](int64_t a, int64_t b, int64_t c) { return a * b + c; });
}

template <typename T> void check24(const std::string &t) {
  auto low = [](T value) {
    return std::is_signed_v<T> ? int64_t(uint32_t(value) << 8) << 32 >> 40 : int64_t(value & 0xffffff);
  };
  check<T, T>("mul24.lo." + t + " %d, %a, %b;", [&](T a, T b, T) { return low(a) * low(b); });
  check<T, T>("mul24.hi." + t + " %d, %a, %b;", [&](T a, T b, T) { return low(a) * low(b) >> 16; });
  check<T, T>("mad24.lo." + t + " %d, %a, %b, %c;", [&](T a, T b, T c) { return low(a) * low(b) + c; });
  check<T, T>("mad24.hi." + t + " %d, %a, %b, %c;",
              [&](T a, T b, T c) { return (low(a) * low(b) >> 16) + c; });
  if (std::is_signed_v<T>)
    check<T, T>("mad24.hi.sat.s32 %d, %a, %b, %c;", [&](T a, T b, T c) {
      int64_t sum = int64_t(int32_t(low(a) * low(b) >> 16)) + c;
      return std::clamp<int64_t>(sum, INT32_MIN, INT32_MAX);
    });
}
TEST(IntegerInstructions, Products24) {
  check24<uint32_t>("u32");
  check24<int32_t>("s32");
}

// What sub.cc leaves is the carry of a + ~b + 1, which addc reads, and the other way round.
TEST(IntegerInstructions, CarriesOfMixedChains) {
  check<uint32_t, uint32_t>("sub.cc.u32 %t0, %a, %b; addc.u32 %d, %c, 0;",
                            [](uint32_t a, uint32_t b, uint32_t c) { return c + (a >= b); });
  check<uint32_t, uint32_t>(
      "add.cc.u32 %t0, %a, %b; subc.u32 %d, %c, 0;",
      [](uint64_t a, uint64_t b, uint32_t c) { return c - 1 + uint32_t((a + b) >> 32); });
}

TEST(IntegerInstructions, OneOperand) {
  check<int32_t, int32_t>("abs.s32 %d, %a;", [](int64_t a, int, int) { return a < 0 ? -a : a; });
  check<int64_t, int64_t>("neg.s64 %d, %a;", [](Wide a, int64_t, int64_t) { return -a; });
  check<uint32_t, uint32_t>("popc.b32 %d, %a;", [](uint32_t a, auto, auto) { return __builtin_popcount(a); });
  check<uint32_t, uint64_t>("popc.b64 %d, %a;",
                            [](uint64_t a, auto, auto) { return __builtin_popcountll(a); });
  check<uint32_t, uint32_t>("clz.b32 %d, %a;",
                            [](uint32_t a, auto, auto) { return a ? __builtin_clz(a) : 32; });
  check<uint32_t, uint64_t>("clz.b64 %d, %a;",
                            [](uint64_t a, auto, auto) { return a ? __builtin_clzll(a) : 64; });
  auto reversed = [](auto a, unsigned width) {
    uint64_t result = 0;
    for (unsigned i = 0; i < width; ++i)
      result |= (uint64_t(a) >> i & 1) << (width - 1 - i);
    return result;
  };
  check<uint32_t, uint32_t>("brev.b32 %d, %a;", [&](uint32_t a, auto, auto) { return reversed(a, 32); });
  check<uint64_t, uint64_t>("brev.b64 %d, %a;", [&](uint64_t a, auto, auto) { return reversed(a, 64); });
  auto leading = [](uint64_t a) { return a ? 63 - __builtin_clzll(a) : -1; };
  check<int32_t, uint32_t>("bfind.u32 %d, %a;", [&](uint32_t a, auto, auto) { return leading(a); });
  check<int32_t, int32_t>("bfind.s32 %d, %a;",
                          [&](int32_t a, auto, auto) { return leading(uint32_t(a < 0 ? ~a : a)); });
  check<int32_t, uint32_t>("bfind.shiftamt.u32 %d, %a;",
                           [&](uint32_t a, auto, auto) { return a ? 31 - leading(a) : -1; });
  check<uint32_t, uint32_t>("cnot.b32 %d, %a;", [](uint32_t a, auto, auto) { return a == 0; });
}

TEST(IntegerInstructions, Saturation) {
  auto clamp = [](int64_t v) { return v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : int32_t(v); };
  check<int32_t, int32_t>("add.sat.s32 %d, %a, %b;", [&](int64_t a, int64_t b, int) { return clamp(a + b); });
  check<int32_t, int32_t>("sub.sat.s32 %d, %a, %b;", [&](int64_t a, int64_t b, int) { return clamp(a - b); });
}

// 128-bit sums and products in 64-bit pieces, as compilers write them.
TEST(IntegerInstructions, Carry) {
  check<uint64_t, uint64_t>("add.cc.u64 %l0, %a, %b; addc.u64 %d, %b, %c;",
                            [](uint64_t a, uint64_t b, uint64_t c) {
                              unsigned __int128 sum = static_cast<unsigned __int128>(a) + b;
                              return b + c + uint64_t(sum >> 64);
                            });
  check<uint32_t, uint32_t>("sub.cc.u32 %t1, %a, %b; subc.u32 %d, %b, %c;",
                            [](uint32_t a, uint32_t b, uint32_t c) { return b - c - (a < b); });
  check<uint32_t, uint32_t>("mad.lo.cc.u32 %t1, %a, %b, %c; madc.hi.u32 %d, %a, %b, 0;",
                            [](uint64_t a, uint64_t b, uint64_t c) { return (a * b + c) >> 32; });
}

/// bfe as the ISA's pseudo-code has it, bit by bit.
template <typename T> T extract(T a, uint32_t b, uint32_t c) {
  unsigned msb = 8 * sizeof(T) - 1, position = b & 0xff, length = c & 0xff;
  using U = std::make_unsigned_t<T>;
  bool fill = std::is_signed_v<T> && length && (U(a) >> std::min(position + length - 1, msb) & 1);
  U result = 0;
  for (unsigned i = 0; i <= msb; ++i)
    result |= U(i < length && position + i <= msb ? U(a) >> (position + i) & 1 : fill) << i;
  return T(result);
}
TEST(IntegerInstructions, BitFields) {
  check<uint32_t, uint32_t>("bfe.u32 %d, %a, %b, %c;", extract<uint32_t>);
  check<int32_t, int32_t>("bfe.s32 %d, %a, %b, %c;", extract<int32_t>);
  std::string narrow = "cvt.u32.u64 %t1, %b; cvt.u32.u64 %t2, %c; ";
  check<int64_t, int64_t>(narrow + "bfe.s64 %d, %a, %t1, %t2;", extract<int64_t>);
  check<uint32_t, uint32_t>("bfi.b32 %d, %a, %b, %c, 5;", [](uint32_t a, uint32_t b, uint32_t c) {
    for (unsigned i = 0, position = c & 0xff; i < 5 && position + i < 32; ++i)
      b = (b & ~(1u << (position + i))) | (a >> i & 1) << (position + i);
    return b;
  });
  check<uint32_t, uint32_t>("bmsk.clamp.b32 %d, %a, %b;", [](uint32_t a, uint32_t b, auto) {
    uint32_t mask = 0;
    for (uint64_t i = a; i < 32 && i < uint64_t(a) + b; ++i)
      mask |= 1u << i;
    return mask;
  });
}

TEST(IntegerInstructions, LogicAndPermutation) {
  check<uint32_t, uint32_t>("lop3.b32 %d, %a, %b, %c, 0x96;",
                            [](auto a, auto b, auto c) { return a ^ b ^ c; });
  check<uint32_t, uint32_t>("lop3.b32 %d, %a, %b, %c, 0xCA;",
                            [](auto a, auto b, auto c) { return (a & b) | (~a & c); });
  check<uint32_t, uint32_t>("prmt.b32 %d, %a, %b, 0x7150;", [](uint32_t a, uint32_t b, auto) {
    return (a & 0xff) | (b >> 8 & 0xff) << 8 | (a >> 8 & 0xff) << 16 | (b & 0xff000000);
  });
  check<uint32_t, uint32_t>("prmt.b32 %d, %a, %b, 0xBA98;", [](uint32_t a, auto, auto) {
    uint32_t signs = 0;
    for (unsigned i = 0; i < 4; ++i)
      signs |= (a >> (8 * i + 7) & 1 ? 0xffu : 0) << (8 * i);
    return signs;
  });
  check<uint32_t, uint32_t>("shf.l.wrap.b32 %d, %a, %b, %c;", [](uint64_t a, uint64_t b, uint32_t c) {
    return ((b << 32 | a) << (c & 31)) >> 32;
  });
  check<uint32_t, uint32_t>("shf.r.clamp.b32 %d, %a, %b, %c;", [](uint64_t a, uint64_t b, uint32_t c) {
    return (b << 32 | a) >> std::min(c, 32u);
  });
  check<uint16_t, uint16_t>("and.b16 %h0, %a, %b; xor.b16 %h0, %h0, %c; not.b16 %d, %h0;",
                            [](auto a, auto b, auto c) { return ~((a & b) ^ c); });
}

TEST(IntegerInstructions, DotProducts) {
  auto byte = [](int32_t word, int i) { return int8_t(uint32_t(word) >> (8 * i)); };
  check<int32_t, int32_t>("dp4a.s32.s32 %d, %a, %b, %c;", [&](int32_t a, int32_t b, int32_t c) {
    int64_t sum = c;
    for (int i = 0; i < 4; ++i)
      sum += byte(a, i) * byte(b, i);
    return sum;
  });
  check<int32_t, int32_t>("dp4a.u32.s32 %d, %a, %b, %c;", [&](int32_t a, int32_t b, int32_t c) {
    int64_t sum = c;
    for (int i = 0; i < 4; ++i)
      sum += uint8_t(byte(a, i)) * byte(b, i);
    return sum;
  });
  check<int32_t, int32_t>("dp2a.hi.s32.u32 %d, %a, %b, %c;", [&](int32_t a, int32_t b, int32_t c) {
    return int64_t(c) + int16_t(a) * uint8_t(byte(b, 2)) + (a >> 16) * uint8_t(byte(b, 3));
  });
}

TEST(IntegerInstructions, Conversions) {
  check<int64_t, int32_t>("cvt.s64.s32 %d, %a;", [](int64_t a, auto, auto) { return a; });
  check<uint64_t, uint32_t>("cvt.u64.u32 %d, %a;", [](uint64_t a, auto, auto) { return a; });
  check<uint64_t, int32_t>("cvt.u64.s32 %d, %a;", [](int64_t a, auto, auto) { return a; });
  check<uint16_t, uint64_t>("cvt.u16.u64 %d, %a;", [](auto a, auto, auto) { return a; });
  check<int32_t, uint32_t>("cvt.s32.s8 %d, %a;", [](uint32_t a, auto, auto) { return int8_t(a); });
  check<int32_t, uint32_t>("cvt.u16.s8 %d, %a;", [](uint32_t a, auto, auto) { return uint16_t(int8_t(a)); });
  check<int32_t, int32_t>("cvt.sat.s8.s32 %d, %a;",
                          [](int32_t a, auto, auto) { return std::max(-128, std::min(127, a)); });
  check<int32_t, int32_t>("cvt.sat.u8.s32 %d, %a;",
                          [](int32_t a, auto, auto) { return std::max(0, std::min(255, a)); });
  check<uint32_t, uint64_t>("cvt.sat.u32.u64 %d, %a;",
                            [](uint64_t a, auto, auto) { return std::min<uint64_t>(a, 0xffffffff); });
}

TEST(IntegerInstructions, Selection) {
  check<uint32_t, uint32_t>(
      "setp.lt.and.u32 %q0|%q1, %a, %b, %q2; setp.ne.u32 %q2, %c, 0;"
      "setp.lt.and.u32 %q0|%q1, %a, %b, !%q2; selp.u32 %t1, 1, 0, %q0; selp.u32 %t2, 2, 0, %q1;"
      "or.b32 %d, %t1, %t2;",
      [](uint32_t a, uint32_t b, uint32_t c) { return c       ? 0
                                                      : a < b ? 1
                                                              : 2; });
  check<int32_t, int32_t>("slct.s32.s32 %d, %a, %b, %c;",
                          [](auto a, auto b, auto c) { return c >= 0 ? a : b; });
  check<int32_t, int32_t>("set.gt.u32.s32 %d, %a, %b;", [](auto a, auto b, auto) { return a > b ? -1 : 0; });
  check<uint64_t, uint32_t>("mov.b64 %d, {%a, %b}; mov.b64 {%t1, _}, %d; mov.b64 %d, {%t1, %b};",
                            [](uint64_t a, uint64_t b, auto) { return b << 32 | a; });
}

} // namespace
} // namespace winnow::ptxsim::test
