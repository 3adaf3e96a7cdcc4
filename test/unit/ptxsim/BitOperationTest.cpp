// Bit and byte operations on random and extreme operands, against the pseudo-code of the PTX ISA ("Integer
// Arithmetic Instructions", "Logic and Shift Instructions", "prmt") written out here bit by bit.
#include "test/unit/ptxsim/Harness.h"

#include <algorithm>
#include <array>
#include <random>

namespace winnow::ptxsim::test {
namespace {

__extension__ using Wide = __int128;
__extension__ using UnsignedWide = unsigned __int128;

/// Random numbers of all magnitudes, and each extreme one with each other.
template <typename T> struct Operands {
  std::vector<T> a, b, c;

  explicit Operands(size_t count) {
    const std::vector<T> extremes = {
        T(0), T(1), T(2), T(-1), T(-2), T(T(1) << (8 * sizeof(T) - 1)), T(~(T(1) << (8 * sizeof(T) - 1)))};
    for (T x : extremes)
      for (T y : extremes)
        add(x, y, extremes[(a.size() * 5) % extremes.size()]);
    std::mt19937_64 random(1234);
    auto number = [&] { return T(random() >> (random() % (8 * sizeof(T)) + 64 - 8 * sizeof(T))); };
    while (a.size() < count)
      add(random() & 1 ? number() : T(~number()), number(), random() & 1 ? number() : T(~number()));
  }
  void add(T x, T y, T z) {
    a.push_back(x);
    b.push_back(y);
    c.push_back(z);
  }
};

template <typename T> std::string bits() { return "b" + std::to_string(8 * sizeof(T)); }
template <typename T> std::string integer() {
  return (std::is_signed_v<T> ? "s" : "u") + std::to_string(8 * sizeof(T));
}

template <typename R, typename T, class Expected>
void check(const std::string &body, Expected expected, size_t count = 4096) {
  const Operands<T> in(count);
  auto out = evaluate<R>(body, {bits<R>(), bits<T>(), bits<T>(), bits<T>()}, in.a, in.b, in.c);
  for (size_t i = 0; i < in.a.size(); ++i)
    ASSERT_EQ(out[i], R(expected(in.a[i], in.b[i], in.c[i])))
        << body << " on " << std::hex << +in.a[i] << ", " << +in.b[i] << ", " << +in.c[i];
}

TEST(BitOperations, EveryLogicTable) {
  for (unsigned table = 0; table < 256; ++table)
    check<uint32_t, uint32_t>(
        "lop3.b32 %d, %a, %b, %c, " + std::to_string(table) + ";",
        [&](uint32_t a, uint32_t b, uint32_t c) {
          uint32_t result = 0;
          for (unsigned i = 0; i < 32; ++i)
            result |= (table >> ((a >> i & 1) * 4 + (b >> i & 1) * 2 + (c >> i & 1)) & 1) << i;
          return result;
        },
        128);
}

// PTX ISA, "lop3": p = (d != 0) BoolOp q. The result is 0 for equal operands under the table of a xor b.
TEST(BitOperations, LogicTableWithPredicate) {
  for (const std::string combine : {"or", "and"})
    for (const std::string negation : {"", "!"})
      for (const std::string result : {"%t0", "_"})
        check<uint32_t, uint32_t>("setp.lt.u32 %q1, %b, %c; and.b32 %t1, %a, 1; and.b32 %t2, %b, 1; lop3." +
                                      combine + ".b32 " + result + "|%q0, %t1, %t2, %c, 0x3c, " + negation +
                                      "%q1; selp.u32 %d, 1, 0, %q0;",
                                  [&](uint32_t a, uint32_t b, uint32_t c) {
                                    bool isDifferent = (a & 1) != (b & 1), q = (b < c) != (negation == "!");
                                    return combine == "or" ? isDifferent || q : isDifferent && q;
                                  });
  check<uint32_t, uint32_t>("setp.ne.u32 %q1, %a, %a; lop3.or.b32 %d|%q0, %a, %b, %c, 0x96, %q1;",
                            [](uint32_t a, uint32_t b, uint32_t c) { return a ^ b ^ c; });
}

// PTX ISA, "fns": by a list of the set bits.
TEST(BitOperations, FindNthSet) {
  check<uint32_t, uint32_t>(
      "and.b32 %t1, %b, 31; and.b32 %t2, %c, 7; sub.s32 %t2, %t2, 4; fns.b32 %d, %a, %t1, %t2;",
      [](uint32_t a, uint32_t b, uint32_t c) {
        uint32_t base = b & 31;
        int offset = int(c & 7) - 4;
        std::vector<uint32_t> found;
        if (offset >= 0)
          for (uint32_t i = base; i < 32; ++i)
            if (a >> i & 1)
              found.push_back(i);
        if (offset < 0)
          for (uint32_t i = base + 1; i-- > 0;)
            if (a >> i & 1)
              found.push_back(i);
        if (offset == 0)
          return a >> base & 1 ? base : ~0u;
        size_t index = size_t(std::abs(offset)) - 1;
        return index < found.size() ? found[index] : ~0u;
      });
  check<uint32_t, uint32_t>("fns.b32 %d, %a, 0, 0x80000000;", [](auto, auto, auto) { return ~0u; }, 64);
}

// PTX ISA, "cvt.pack".
TEST(BitOperations, PackedConversions) {
  for (unsigned bits : {16u, 8u, 4u, 2u})
    for (bool isSigned : {false, true}) {
      int64_t lowest = isSigned ? -(int64_t(1) << (bits - 1)) : 0;
      int64_t largest = lowest + (int64_t(1) << bits) - 1;
      std::string type = (isSigned ? "s" : "u") + std::to_string(bits);
      std::string body = bits == 16 ? ".s32 %d, %a, %b;" : ".s32.b32 %d, %a, %b, %c;";
      check<uint32_t, uint32_t>("cvt.pack.sat." + type + body, [&](int32_t a, int32_t b, uint32_t c) {
        uint64_t field = (uint64_t(1) << bits) - 1, upper = bits == 16 ? 0 : uint64_t(c) << 2 * bits;
        auto element = [&](int64_t value) { return uint64_t(std::clamp(value, lowest, largest)) & field; };
        return uint32_t(upper | element(a) << bits | element(b));
      });
    }
}

/// The bytes of a (0 to 3) and b (4 to 7), chosen for each byte of the result.
uint32_t choose(uint32_t a, uint32_t b, std::array<unsigned, 4> selectors) {
  uint64_t bytes = uint64_t(b) << 32 | a;
  uint32_t result = 0;
  for (unsigned i = 0; i < 4; ++i) {
    uint32_t byte = uint32_t(bytes >> 8 * (selectors[i] & 7)) & 0xff;
    if (selectors[i] & 8)
      byte = byte & 0x80 ? 0xff : 0;
    result |= byte << 8 * i;
  }
  return result;
}

TEST(BitOperations, EveryPermutation) {
  using Selectors = std::array<unsigned, 4>;
  check<uint32_t, uint32_t>("prmt.b32 %d, %a, %b, %c;", [](uint32_t a, uint32_t b, uint32_t c) {
    return choose(a, b, {c & 15, c >> 4 & 15, c >> 8 & 15, c >> 12 & 15});
  });
  // By the two lowest bits of c, for the bytes 0 to 3 of the result.
  const std::pair<std::string, std::array<Selectors, 4>> modes[] = {
      {"f4e", {{{0, 1, 2, 3}, {1, 2, 3, 4}, {2, 3, 4, 5}, {3, 4, 5, 6}}}},
      {"b4e", {{{0, 7, 6, 5}, {1, 0, 7, 6}, {2, 1, 0, 7}, {3, 2, 1, 0}}}},
      {"rc8", {{{0, 0, 0, 0}, {1, 1, 1, 1}, {2, 2, 2, 2}, {3, 3, 3, 3}}}},
      {"ecl", {{{0, 1, 2, 3}, {1, 1, 2, 3}, {2, 2, 2, 3}, {3, 3, 3, 3}}}},
      {"ecr", {{{0, 0, 0, 0}, {0, 1, 1, 1}, {0, 1, 2, 2}, {0, 1, 2, 3}}}},
      {"rc16", {{{0, 1, 0, 1}, {2, 3, 2, 3}, {0, 1, 0, 1}, {2, 3, 2, 3}}}}};
  for (const auto &[mode, table] : modes)
    check<uint32_t, uint32_t>("prmt.b32." + mode + " %d, %a, %b, %c;",
                              [&](uint32_t a, uint32_t b, uint32_t c) { return choose(a, b, table[c & 3]); });
}

template <typename T> void checkFields() {
  constexpr unsigned msb = 8 * sizeof(T) - 1;
  using Unsigned = std::make_unsigned_t<T>;
  const std::string narrow =
      sizeof(T) == 8 ? "cvt.u32.u64 %t1, %b; cvt.u32.u64 %t2, %c; " : "mov.b32 %t1, %b; mov.b32 %t2, %c; ";
  check<T, T>(narrow + "bfe." + integer<T>() + " %d, %a, %t1, %t2;", [](T a, T b, T c) {
    unsigned position = Unsigned(b) & 0xff, length = Unsigned(c) & 0xff, last = position + length - 1;
    Unsigned sign = std::is_signed_v<T> && length ? Unsigned(a) >> (last < msb ? last : msb) & 1 : 0;
    Unsigned result = 0;
    for (unsigned i = 0; i <= msb; ++i)
      result |= (i < length && position + i <= msb ? Unsigned(a) >> (position + i) & 1 : sign) << i;
    return T(result);
  });
  const std::string reduced = narrow + "and.b32 %t1, %t1, 63; and.b32 %t2, %t2, 63; ";
  for (const std::string &reduction : {narrow, reduced})
    check<T, T>(reduction + "bfi." + bits<T>() + " %d, %a, %b, %t1, %t2;", [&](T a, T b, T c) {
      unsigned mask = reduction == narrow ? 0xff : 63;
      unsigned position = Unsigned(b) & mask, length = Unsigned(c) & mask;
      Unsigned result = Unsigned(b);
      for (unsigned i = 0; i < length && position + i <= msb; ++i) {
        Unsigned bit = Unsigned(1) << (position + i);
        result = (result & ~bit) | (Unsigned(a) >> i & 1 ? bit : 0);
      }
      return T(result);
    });
}

TEST(BitOperations, Fields) {
  checkFields<uint32_t>();
  checkFields<int32_t>();
  checkFields<uint64_t>();
  checkFields<int64_t>();
}

template <typename T> void checkLeadingBit() {
  constexpr int width = 8 * sizeof(T);
  auto leading = [](T a) {
    for (int i = width; i-- > 0;)
      if ((a >> i & 1) != (std::is_signed_v<T> && a < 0))
        return i;
    return -1;
  };
  check<int32_t, T>("bfind." + integer<T>() + " %d, %a;", [&](T a, T, T) { return leading(a); });
  check<int32_t, T>("bfind.shiftamt." + integer<T>() + " %d, %a;",
                    [&](T a, T, T) { return leading(a) < 0 ? -1 : width - 1 - leading(a); });
}

template <typename T> void checkCounts() {
  constexpr unsigned width = 8 * sizeof(T);
  auto isSet = [](T a, unsigned i) { return unsigned(a >> i & 1); };
  check<uint32_t, T>("popc." + bits<T>() + " %d, %a;", [&](T a, T, T) {
    unsigned count = 0;
    for (unsigned i = 0; i < width; ++i)
      count += isSet(a, i);
    return count;
  });
  check<uint32_t, T>("clz." + bits<T>() + " %d, %a;", [&](T a, T, T) {
    unsigned count = 0;
    while (count < width && !isSet(a, width - 1 - count))
      ++count;
    return count;
  });
  check<T, T>("brev." + bits<T>() + " %d, %a;", [&](T a, T, T) {
    T result = 0;
    for (unsigned i = 0; i < width; ++i)
      result |= T(isSet(a, i)) << (width - 1 - i);
    return result;
  });
}

TEST(BitOperations, Counts) {
  checkLeadingBit<uint32_t>();
  checkLeadingBit<int32_t>();
  checkLeadingBit<uint64_t>();
  checkLeadingBit<int64_t>();
  checkCounts<uint32_t>();
  checkCounts<uint64_t>();
}

TEST(BitOperations, FunnelShifts) {
  for (const std::string mode : {"wrap", "clamp"})
    for (bool isReduced : {false, true}) {
      auto amount = [&](uint32_t c) {
        c &= isReduced ? 63 : ~0u;
        return mode == "wrap" ? c & 31 : std::min(c, 32u);
      };
      std::string reduce = isReduced ? "and.b32 %t1, %c, 63; " : "mov.b32 %t1, %c; ";
      check<uint32_t, uint32_t>(reduce + "shf.l." + mode + ".b32 %d, %a, %b, %t1;",
                                [&](uint32_t a, uint32_t b, uint32_t c) {
                                  return uint32_t((UnsignedWide(b) << 32 | a) << amount(c) >> 32);
                                });
      check<uint32_t, uint32_t>(reduce + "shf.r." + mode + ".b32 %d, %a, %b, %t1;",
                                [&](uint32_t a, uint32_t b, uint32_t c) {
                                  return uint32_t((UnsignedWide(b) << 32 | a) >> amount(c));
                                });
    }
}

/// Byte or 16-bit piece `i` of a word, extended as the type says.
int64_t piece(uint32_t word, unsigned i, unsigned width, bool isSigned) {
  uint32_t value = word >> i * width & ((1u << width) - 1);
  return isSigned && value >> (width - 1) ? int64_t(value) - (int64_t(1) << width) : int64_t(value);
}

TEST(BitOperations, DotProducts) {
  for (bool isSignedA : {false, true})
    for (bool isSignedB : {false, true}) {
      std::string types = std::string(isSignedA ? ".s32" : ".u32") + (isSignedB ? ".s32" : ".u32");
      check<uint32_t, uint32_t>("dp4a" + types + " %d, %a, %b, %c;", [&](uint32_t a, uint32_t b, uint32_t c) {
        int64_t sum = c;
        for (unsigned i = 0; i < 4; ++i)
          sum += piece(a, i, 8, isSignedA) * piece(b, i, 8, isSignedB);
        return sum;
      });
      for (unsigned high : {0u, 1u})
        check<uint32_t, uint32_t>(std::string("dp2a.") + (high ? "hi" : "lo") + types + " %d, %a, %b, %c;",
                                  [&](uint32_t a, uint32_t b, uint32_t c) {
                                    int64_t sum = c;
                                    for (unsigned i = 0; i < 2; ++i)
                                      sum +=
                                          piece(a, i, 16, isSignedA) * piece(b, 2 * high + i, 8, isSignedB);
                                    return sum;
                                  });
    }
}

template <typename T> void checkProducts() {
  using Double = std::conditional_t<std::is_signed_v<T>, Wide, UnsignedWide>;
  constexpr unsigned width = 8 * sizeof(T);
  const std::string type = integer<T>();
  check<T, T>("mul.hi." + type + " %d, %a, %b;", [](T a, T b, T) { return T(Double(a) * b >> width); });
  check<T, T>("mad.hi." + type + " %d, %a, %b, %c;",
              [](T a, T b, T c) { return T(UnsignedWide(Double(a) * b >> width) + UnsignedWide(c)); });
  check<T, T>("mad.lo." + type + " %d, %a, %b, %c;",
              [](T a, T b, T c) { return T(UnsignedWide(a) * UnsignedWide(b) + UnsignedWide(c)); });
  check<T, T>("sad." + type + " %d, %a, %b, %c;", [](T a, T b, T c) {
    return T(UnsignedWide(a < b ? Wide(b) - a : Wide(a) - b) + UnsignedWide(c));
  });
}

TEST(BitOperations, Products) {
  checkProducts<uint16_t>();
  checkProducts<int16_t>();
  checkProducts<uint32_t>();
  checkProducts<int32_t>();
  checkProducts<uint64_t>();
  checkProducts<int64_t>();
  // PTX ISA, "mad": .sat is for .hi.s32 only.
  check<int32_t, int32_t>("mad.hi.sat.s32 %d, %a, %b, %c;", [](int64_t a, int64_t b, int64_t c) {
    return std::clamp<int64_t>((a * b >> 32) + c, INT32_MIN, INT32_MAX);
  });
}

// Numbers of 192 bits from three operands of 64, with the carry from each step to the next.
template <typename T> void checkChains(const std::string &type) {
  constexpr unsigned width = 8 * sizeof(T);
  const std::string result = sizeof(T) == 8 ? "%l" : "%t";
  check<T, T>("add.cc." + type + " " + result + "0, %a, %b; addc.cc." + type + " " + result +
                  "1, %b, %c; addc." + type + " %d, %c, %a;",
              [](T a, T b, T c) {
                UnsignedWide low = UnsignedWide(a) + b, middle = UnsignedWide(b) + c + (low >> width);
                return T(UnsignedWide(c) + a + (middle >> width));
              });
  check<T, T>("sub.cc." + type + " " + result + "0, %a, %b; subc.cc." + type + " " + result +
                  "1, %b, %c; subc." + type + " %d, %c, %a;",
              [](T a, T b, T c) {
                bool borrow = a < b;
                borrow = UnsignedWide(b) < UnsignedWide(c) + borrow;
                return T(c - a - borrow);
              });
  check<T, T>("mad.lo.cc." + type + " " + result + "0, %a, %b, %c; madc.hi.cc." + type + " " + result +
                  "1, %a, %b, %c; addc." + type + " %d, 0, 0;",
              [](T a, T b, T c) {
                // a * b + c * (2^width + 1), of which the carry is wanted.
                UnsignedWide product = UnsignedWide(a) * b, low = UnsignedWide(T(product)) + c;
                UnsignedWide high = UnsignedWide(T(product >> width)) + c + (low >> width);
                return T(high >> width);
              });
}

TEST(BitOperations, CarryChains) {
  checkChains<uint32_t>("u32");
  checkChains<uint64_t>("u64");
}

} // namespace
} // namespace winnow::ptxsim::test
