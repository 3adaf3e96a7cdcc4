// Instructions on matrices. Where each element of a fragment belongs is written out here from the tables of
// the PTX ISA
// ("Matrix Fragments for mma.m16n8k16 ..."), once for each shape, and not taken from the simulator.
#include "test/unit/ptxsim/MatrixHarness.h"

#include <cmath>
#include <random>

namespace winnow::ptxsim::test {
namespace {

/// Element i of a lane in group g with number t in it is at this row and column.
using Place = std::pair<unsigned, unsigned> (*)(unsigned i, unsigned g, unsigned t);

struct Layout {
  std::string shape, types; // as in the instruction
  unsigned m, n, k, bits;   // of an element of A and B
  unsigned a, b;            // elements of a lane
  Place placeA, placeB;
};

// PTX ISA 9.7.14.5: "groupID = %laneid >> 2; threadID_in_group = %laneid % 4".
const Layout kFloatLayouts[] = {
    {"m16n8k8", "f16", 16, 8, 8, 16, 4, 2,
     [](unsigned i, unsigned g, unsigned t) { return std::pair(i < 2 ? g : g + 8, t * 2 + (i & 1)); },
     [](unsigned i, unsigned g, unsigned t) { return std::pair(t * 2 + i, g); }},
    {"m16n8k16", "f16", 16, 8, 16, 16, 8, 4,
     [](unsigned i, unsigned g, unsigned t) {
       return std::pair(i < 2 || (4 <= i && i < 6) ? g : g + 8, t * 2 + (i & 1) + (i < 4 ? 0 : 8));
     },
     [](unsigned i, unsigned g, unsigned t) { return std::pair(t * 2 + (i & 1) + (i < 2 ? 0 : 8), g); }},
    {"m16n8k4", "tf32", 16, 8, 4, 32, 2, 1,
     [](unsigned i, unsigned g, unsigned t) { return std::pair(i == 0 ? g : g + 8, t); },
     [](unsigned, unsigned g, unsigned t) { return std::pair(t, g); }},
    {"m16n8k8", "tf32", 16, 8, 8, 32, 4, 2,
     [](unsigned i, unsigned g, unsigned t) {
       return std::pair(i == 0 || i == 2 ? g : g + 8, i == 0 || i == 1 ? t : t + 4);
     },
     [](unsigned i, unsigned g, unsigned t) { return std::pair(i == 0 ? t : t + 4, g); }},
};
const Layout kDoubleLayouts[] = {
    {"m8n8k4", "f64", 8, 8, 4, 64, 1, 1, [](unsigned, unsigned g, unsigned t) { return std::pair(g, t); },
     [](unsigned, unsigned g, unsigned t) { return std::pair(t, g); }},
    {"m16n8k4", "f64", 16, 8, 4, 64, 2, 1,
     [](unsigned i, unsigned g, unsigned t) { return std::pair(i == 0 ? g : g + 8, t); },
     [](unsigned, unsigned g, unsigned t) { return std::pair(t, g); }},
    {"m16n8k8", "f64", 16, 8, 8, 64, 4, 2,
     [](unsigned i, unsigned g, unsigned t) {
       return std::pair(i == 0 || i == 2 ? g : g + 8, i < 2 ? t : t + 4);
     },
     [](unsigned i, unsigned g, unsigned t) { return std::pair(i == 0 ? t : t + 4, g); }},
    {"m16n8k16", "f64", 16, 8, 16, 64, 8, 4,
     [](unsigned i, unsigned g, unsigned t) {
       return std::pair(i % 2 == 0 ? g : g + 8, i % 2 == 0 ? i * 2 + t : i * 2 - 2 + t);
     },
     [](unsigned i, unsigned g, unsigned t) { return std::pair(i * 4 + t, g); }},
};
const Layout kIntegerLayouts[] = {
    {"m8n8k16", "8", 8, 8, 16, 8, 4, 4,
     [](unsigned i, unsigned g, unsigned t) { return std::pair(g, t * 4 + i); },
     [](unsigned i, unsigned g, unsigned t) { return std::pair(t * 4 + i, g); }},
    {"m16n8k16", "8", 16, 8, 16, 8, 8, 4,
     [](unsigned i, unsigned g, unsigned t) { return std::pair(i < 4 ? g : g + 8, t * 4 + (i & 3)); },
     [](unsigned i, unsigned g, unsigned t) { return std::pair(t * 4 + i, g); }},
    {"m16n8k32", "8", 16, 8, 32, 8, 16, 8,
     [](unsigned i, unsigned g, unsigned t) {
       return std::pair(i < 4 || (8 <= i && i < 12) ? g : g + 8, t * 4 + (i & 3) + (i < 8 ? 0 : 16));
     },
     [](unsigned i, unsigned g, unsigned t) { return std::pair(t * 4 + (i & 3) + (i < 4 ? 0 : 16), g); }},
    {"m8n8k32", "4", 8, 8, 32, 4, 8, 8,
     [](unsigned i, unsigned g, unsigned t) { return std::pair(g, t * 8 + i); },
     [](unsigned i, unsigned g, unsigned t) { return std::pair(t * 8 + i, g); }},
    {"m16n8k32", "4", 16, 8, 32, 4, 16, 8,
     [](unsigned i, unsigned g, unsigned t) { return std::pair(i < 8 ? g : g + 8, t * 8 + (i & 7)); },
     [](unsigned i, unsigned g, unsigned t) { return std::pair(t * 8 + i, g); }},
    {"m16n8k64", "4", 16, 8, 64, 4, 32, 16,
     [](unsigned i, unsigned g, unsigned t) {
       return std::pair(i < 8 || (16 <= i && i < 24) ? g : g + 8, t * 8 + (i & 7) + (i < 16 ? 0 : 32));
     },
     [](unsigned i, unsigned g, unsigned t) { return std::pair(t * 8 + (i & 7) + (i < 8 ? 0 : 32), g); }},
    {"m8n8k128", "1", 8, 8, 128, 1, 32, 32,
     [](unsigned i, unsigned g, unsigned t) { return std::pair(g, t * 32 + i); },
     [](unsigned i, unsigned g, unsigned t) { return std::pair(t * 32 + i, g); }},
    {"m16n8k128", "1", 16, 8, 128, 1, 64, 32,
     [](unsigned i, unsigned g, unsigned t) { return std::pair(i < 32 ? g : g + 8, t * 32 + (i & 31)); },
     [](unsigned i, unsigned g, unsigned t) { return std::pair(t * 32 + i, g); }},
    {"m16n8k256", "1", 16, 8, 256, 1, 128, 64,
     [](unsigned i, unsigned g, unsigned t) {
       return std::pair(i < 32 || (64 <= i && i < 96) ? g : g + 8, t * 32 + (i & 31) + (i < 64 ? 0 : 128));
     },
     [](unsigned i, unsigned g, unsigned t) { return std::pair(t * 32 + (i & 31) + (i < 32 ? 0 : 128), g); }},
};

/// Accumulators of every shape: "row = groupID for ci where i < 2, groupID + 8 for i >= 2; col =
/// (threadID_in_group * 2)
/// + (i & 0x1)".
std::pair<unsigned, unsigned> placeC(unsigned i, unsigned g, unsigned t) {
  return {i < 2 ? g : g + 8, t * 2 + (i & 1)};
}

/// Elements as bits, element i of a lane at bit i * bits of its registers.
template <typename W>
std::vector<W> pack(const std::vector<uint64_t> &matrix, unsigned columns, unsigned bits, unsigned perLane,
                    Place place) {
  unsigned perRegister = 8 * sizeof(W) / bits, registers = perLane / perRegister;
  std::vector<W> words(32 * registers);
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned i = 0; i < perLane; ++i) {
      auto [row, column] = place(i, lane >> 2, lane % 4);
      words[lane * registers + i / perRegister] |= W(matrix[row * columns + column])
                                                   << i % perRegister * bits;
    }
  return words;
}

/// Checks a product of the layout: `bitsOf` encodes a value of A and B.
template <typename W, typename C, class Encode>
void checkProduct(const Layout &layout, const std::string &instruction, const std::vector<double> &a,
                  const std::vector<double> &b, const std::vector<C> &c, Encode bitsOf,
                  const std::vector<C> &expected) {
  std::vector<uint64_t> aBits, bBits, cBits(c.size());
  for (double value : a)
    aBits.push_back(bitsOf(value));
  for (double value : b)
    bBits.push_back(bitsOf(value));
  for (size_t i = 0; i < c.size(); ++i)
    std::memcpy(&cBits[i], &c[i], sizeof(C));
  unsigned sums = layout.m * layout.n / 32;
  std::vector<W> d =
      multiply<W>(instruction, sums, pack<W>(aBits, layout.k, layout.bits, layout.a, layout.placeA),
                  pack<W>(bBits, layout.n, layout.bits, layout.b, layout.placeB),
                  pack<W>(cBits, layout.n, 8 * sizeof(C), sums, placeC));
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned i = 0; i < sums; ++i) {
      auto [row, column] = placeC(i, lane >> 2, lane % 4);
      C found;
      std::memcpy(&found, &d[lane * sums + i], sizeof(C));
      ASSERT_EQ(found, expected[row * layout.n + column])
          << instruction << ", row " << row << " column " << column;
    }
}

/// Values whose products and sums are exact in every format.
std::vector<double> smallNumbers(size_t count, int low, int high, double scale, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<double> values(count);
  for (double &value : values)
    value = (low + int(random() % unsigned(high - low + 1))) * scale;
  return values;
}

template <typename C>
std::vector<C> product(const Layout &layout, const std::vector<double> &a, const std::vector<double> &b,
                       const std::vector<C> &c) {
  std::vector<C> sums = c;
  for (unsigned i = 0; i < layout.m; ++i)
    for (unsigned j = 0; j < layout.n; ++j)
      for (unsigned k = 0; k < layout.k; ++k)
        sums[i * layout.n + j] += C(a[i * layout.k + k] * b[k * layout.n + j]);
  return sums;
}

TEST(Mma, FloatShapes) {
  for (const Layout &layout : kFloatLayouts)
    for (const std::string &type :
         layout.bits == 16 ? std::vector<std::string>{"f16", "bf16"} : std::vector<std::string>{"tf32"}) {
      auto a = smallNumbers(layout.m * layout.k, -8, 8, 0.25, 1),
           b = smallNumbers(layout.k * layout.n, -8, 8, 0.5, 2);
      auto start = smallNumbers(layout.m * layout.n, -100, 100, 0.125, 3);
      std::vector<float> c(start.begin(), start.end());
      std::string instruction =
          "mma.sync.aligned." + layout.shape + ".row.col.f32." + type + "." + type + ".f32";
      checkProduct<uint32_t, float>(
          layout, instruction, a, b, c,
          [&](double value) -> uint64_t {
            return type == "f16"    ? halfBits(float(value))
                   : type == "bf16" ? floatBits(float(value)) >> 16
                                    : floatBits(float(value));
          },
          product(layout, a, b, c));
    }
}

TEST(Mma, DoubleShapes) {
  for (const Layout &layout : kDoubleLayouts) {
    auto a = smallNumbers(layout.m * layout.k, -8, 8, 0.25, 1),
         b = smallNumbers(layout.k * layout.n, -8, 8, 0.5, 2);
    auto c = smallNumbers(layout.m * layout.n, -100, 100, 0.125, 3);
    checkProduct<uint64_t, double>(
        layout, "mma.sync.aligned." + layout.shape + ".row.col.f64.f64.f64.f64", a, b, c,
        [](double value) {
          uint64_t bits;
          std::memcpy(&bits, &value, 8);
          return bits;
        },
        product(layout, a, b, c));
  }
}

TEST(Mma, IntegerShapes) {
  for (const Layout &layout : kIntegerLayouts) {
    if (layout.bits == 1)
      continue;
    for (const char *signs : {"ss", "uu", "su", "us"}) {
      int half = 1 << (layout.bits - 1);
      auto numbers = [&](size_t count, char sign, unsigned seed) {
        return smallNumbers(count, sign == 's' ? -half : 0, sign == 's' ? half - 1 : 2 * half - 1, 1, seed);
      };
      auto a = numbers(layout.m * layout.k, signs[0], 1), b = numbers(layout.k * layout.n, signs[1], 2);
      auto start = smallNumbers(layout.m * layout.n, -1000, 1000, 1, 3);
      std::vector<int32_t> c(start.begin(), start.end());
      std::string instruction = "mma.sync.aligned." + layout.shape + ".row.col.s32." + signs[0] +
                                layout.types + "." + signs[1] + layout.types + ".s32";
      checkProduct<uint32_t, int32_t>(
          layout, instruction, a, b, c,
          [&](double value) { return uint64_t(int64_t(value)) & (2 * uint64_t(half) - 1); },
          product(layout, a, b, c));
    }
  }
}

TEST(Mma, BitShapes) {
  for (const Layout &layout : kIntegerLayouts) {
    if (layout.bits != 1)
      continue;
    for (bool isXor : {true, false}) {
      auto a = smallNumbers(layout.m * layout.k, 0, 1, 1, 1),
           b = smallNumbers(layout.k * layout.n, 0, 1, 1, 2);
      std::vector<int32_t> c(layout.m * layout.n, 7), expected = c;
      for (unsigned i = 0; i < layout.m; ++i)
        for (unsigned j = 0; j < layout.n; ++j)
          for (unsigned k = 0; k < layout.k; ++k) {
            bool x = a[i * layout.k + k] != 0, y = b[k * layout.n + j] != 0;
            expected[i * layout.n + j] += isXor ? x != y : x && y;
          }
      checkProduct<uint32_t, int32_t>(
          layout,
          "mma.sync.aligned." + layout.shape + ".row.col.s32.b1.b1.s32." + (isXor ? "xor" : "and") + ".popc",
          a, b, c, [](double value) { return uint64_t(value); }, expected);
    }
  }
}

// Without .satfinite sums wrap; with it they stop at the limits.
TEST(Mma, Saturation) {
  const Layout &layout = kIntegerLayouts[1];
  std::vector<double> a(16 * 16, 127), b(16 * 8, 127);
  std::vector<int32_t> c(16 * 8, INT32_MAX - 10),
      wrapped(16 * 8, int32_t(uint32_t(INT32_MAX - 10) + 16u * 127 * 127)), saturated(16 * 8, INT32_MAX);
  auto bitsOf = [](double value) { return uint64_t(int64_t(value)) & 255; };
  checkProduct<uint32_t, int32_t>(layout, "mma.sync.aligned.m16n8k16.row.col.s32.s8.s8.s32", a, b, c, bitsOf,
                                  wrapped);
  checkProduct<uint32_t, int32_t>(layout, "mma.sync.aligned.m16n8k16.row.col.satfinite.s32.s8.s8.s32", a, b,
                                  c, bitsOf, saturated);
}

// f16 accumulators lie in pairs, are summed in f32 and rounded once; overflow gives infinity.
TEST(Mma, HalfAccumulators) {
  std::vector<uint32_t> a(32 * 4), b(32 * 2), c(32 * 2);
  for (uint32_t &word : a)
    word = halfBits(1.0f) | uint32_t(halfBits(1.0f)) << 16;
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned r = 0; r < 2; ++r) {
      // Column g of B is 2^g in row 0 only, so that D = C + 2^g.
      b[lane * 2 + r] = lane % 4 == 0 && r == 0 ? halfBits(float(1 << (lane >> 2))) : 0;
      c[lane * 2 + r] = halfBits(2048.0f) | uint32_t(halfBits(65504.0f)) << 16;
    }
  auto d = multiply<uint32_t>("mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16", 2, a, b, c);
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned r = 0; r < 2; ++r) {
      unsigned even = 2 * (lane % 4);
      // 2048 + 1 is a tie that goes to the even 2048; 65504 + 16 and more is rounded to infinity, 65504 + 8
      // is not.
      EXPECT_EQ(d[lane * 2 + r] & 0xffff,
                even == 0 ? halfBits(2048.0f) : halfBits(2048.0f + float(1 << even)));
      EXPECT_EQ(d[lane * 2 + r] >> 16, even + 1 < 4 ? halfBits(65504.0f) : 0x7c00u) << even + 1;
    }
}

TEST(Mma, NotANumberIsCanonical) {
  std::vector<uint32_t> a(32 * 4, 0x7e007e00), b(32 * 2, 0x3c003c00), c(32 * 4, 0xff812345);
  for (uint32_t word : multiply<uint32_t>("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32", 4, a, b, c))
    EXPECT_EQ(word, 0x7fffffffu);
}

// The lower 13 bits of a tf32 operand do not count.
TEST(Mma, Tf32IgnoresLowBits) {
  std::vector<uint32_t> a(32 * 2, 0x3f800000 | 0x1fff), b(32, 0x40000000 | 0x1000), c(32 * 4, 0);
  for (uint32_t word : multiply<uint32_t>("mma.sync.aligned.m16n8k4.row.col.f32.tf32.tf32.f32", 4, a, b, c))
    EXPECT_EQ(word, floatBits(8.0f));
}

// cvt.rna rounds ties away from zero, .rn to even; 10 bits of the mantissa stay, and NaN stays NaN.
TEST(Mma, ConversionToTf32) {
  std::vector<uint32_t> x = {0x3f800000, 0x3f800fff, 0x3f801000, 0x3f803000, 0x3f801001, 0xbf801000,
                             0x3fffffff, 0x7f7fffff, 0x7f800000, 0xff800000, 0x00001000, 0x80000000};
  auto convert = [&](const std::string &rounding) {
    auto out =
        evaluate<uint32_t>("cvt." + rounding + ".tf32.f32 %d, %a;", {"b32", "f32", "b32", "b32"}, x, x, x);
    out.resize(x.size());
    return out;
  };
  EXPECT_EQ(convert("rna"),
            (std::vector<uint32_t>{0x3f800000, 0x3f800000, 0x3f802000, 0x3f804000, 0x3f802000, 0xbf802000,
                                   0x40000000, 0x7f800000, 0x7f800000, 0xff800000, 0x00002000, 0x80000000}));
  EXPECT_EQ(convert("rn"),
            (std::vector<uint32_t>{0x3f800000, 0x3f800000, 0x3f800000, 0x3f804000, 0x3f802000, 0xbf800000,
                                   0x40000000, 0x7f800000, 0x7f800000, 0xff800000, 0x00000000, 0x80000000}));
  EXPECT_EQ(convert("rz"),
            (std::vector<uint32_t>{0x3f800000, 0x3f800000, 0x3f800000, 0x3f802000, 0x3f800000, 0xbf800000,
                                   0x3fffe000, 0x7f7fe000, 0x7f800000, 0xff800000, 0x00000000, 0x80000000}));
  x.assign(32, 0x7f800001);
  for (uint32_t word : convert("rna"))
    EXPECT_GT(word & 0x7fffffff, 0x7f800000u);
}

TEST(Mma, NeedsTheWholeWarp) {
  const std::string body =
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%r0,%r1,%r2,%r3}, {%r4,%r5,%r6,%r7}, "
      "{%r8,%r9}, {%r0,%r1,%r2,%r3};";
  Execution part(header() + ".visible .entry k() { .reg .b32 %r<10>;" + body + "ret; }");
  EXPECT_NE(part.launch(1, 31).message().find("warp barrier: all 32 threads"), std::string::npos);
  Execution half(header() +
                 ".visible .entry k() { .reg .b32 %r<10>; .reg .pred %p; mov.u32 %r0, %laneid;"
                 "setp.lt.u32 %p, %r0, 16; @%p " +
                 body + "ret; }");
  EXPECT_FALSE(half.launch(1, 32).ok());
}

TEST(Mma, RefusesWhatPtxDoesNotHave) {
  for (const char *instruction :
       {"mma.sync.aligned.m16n8k32.row.col.f32.f16.f16.f32",
        "mma.sync.aligned.m16n8k16.row.row.f32.f16.f16.f32",
        "mma.sync.aligned.m16n8k16.row.col.f16.bf16.bf16.f16",
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.bf16.f32",
        "mma.sync.aligned.m8n8k4.row.col.f32.bf16.bf16.f32", "mma.aligned.m16n8k16.row.col.f32.f16.f16.f32",
        "mma.sync.aligned.m16n8k16.row.col.satfinite.f32.f16.f16.f32"}) {
    auto program =
        Program::parse(header() + ".entry k() { .reg .b32 %r<16>; " + instruction +
                       " {%r0,%r1,%r2,%r3}, {%r4,%r5,%r6,%r7}, {%r8,%r9}, {%r0,%r1,%r2,%r3}; ret; }");
    ASSERT_FALSE(program.ok()) << instruction;
    EXPECT_NE(program.status().message().find(instruction), std::string::npos) << program.status().message();
  }
}

/// From the definitions (PTX ISA: "Alternate Floating-Point Data Formats"); of bits that are no NaN and no
/// infinity.
double byteFloat(uint64_t bits, bool isE4m3) {
  int mantissaBits = isE4m3 ? 3 : 2, bias = isE4m3 ? 7 : 15;
  int exponent = int(bits >> mantissaBits & (isE4m3 ? 15 : 31)),
      mantissa = int(bits & ((1u << mantissaBits) - 1));
  double magnitude = exponent ? std::ldexp((1 << mantissaBits) + mantissa, exponent - bias - mantissaBits)
                              : std::ldexp(mantissa, 1 - bias - mantissaBits);
  return bits >> 7 ? -magnitude : magnitude;
}

/// A and B of 8-bit floats, as bits. Exponents are near each other, so that sums are exact in f32.
struct ByteFloatOperands {
  std::vector<double> a, b, products; // the last of A and B
  std::string types;
};

std::vector<ByteFloatOperands> byteFloatOperands(const Layout &layout) {
  std::vector<ByteFloatOperands> all;
  std::mt19937 random(17);
  for (bool isE4m3A : {true, false})
    for (bool isE4m3B : {true, false}) {
      auto bitsNearOne = [&](bool isE4m3) {
        unsigned exponent = (isE4m3 ? 5u : 13u) + unsigned(random() % 4), mantissa = unsigned(random());
        return double((random() & 1) << 7 |
                      (isE4m3 ? exponent << 3 | (mantissa & 7) : exponent << 2 | (mantissa & 3)));
      };
      ByteFloatOperands made;
      for (unsigned i = 0; i < 16 * layout.k; ++i)
        made.a.push_back(bitsNearOne(isE4m3A));
      for (unsigned i = 0; i < layout.k * 8; ++i)
        made.b.push_back(bitsNearOne(isE4m3B));
      for (unsigned row = 0; row < 16; ++row)
        for (unsigned column = 0; column < 8; ++column) {
          double sum = 0;
          for (unsigned k = 0; k < layout.k; ++k)
            sum += byteFloat(uint64_t(made.a[row * layout.k + k]), isE4m3A) *
                   byteFloat(uint64_t(made.b[k * 8 + column]), isE4m3B);
          made.products.push_back(sum);
        }
      made.types = std::string(isE4m3A ? ".e4m3" : ".e5m2") + (isE4m3B ? ".e4m3" : ".e5m2");
      all.push_back(made);
    }
  return all;
}

/// Their fragments are those of 8-bit integers.
std::vector<Layout> byteFloatLayouts() {
  std::vector<Layout> layouts;
  for (const Layout &layout : kIntegerLayouts)
    if (layout.m == 16 && layout.bits == 8)
      layouts.push_back(layout);
  EXPECT_EQ(layouts.size(), 2u);
  return layouts;
}

TEST(Mma, ByteFloats) {
  for (const Layout &layout : byteFloatLayouts())
    for (const ByteFloatOperands &operands : byteFloatOperands(layout)) {
      std::vector<float> c(16 * 8), expected;
      std::mt19937 random(18);
      for (size_t i = 0; i < c.size(); ++i) {
        c[i] = float(int(random() % 100) - 50);
        expected.push_back(float(double(c[i]) + operands.products[i]));
      }
      checkProduct<uint32_t>(
          layout, "mma.sync.aligned." + layout.shape + ".row.col.f32" + operands.types + ".f32", operands.a,
          operands.b, c, [](double bits) { return uint64_t(bits); }, expected);
    }
}

double halfValue(uint32_t bits) {
  int exponent = int(bits >> 10 & 31), mantissa = int(bits & 1023);
  double magnitude = exponent ? std::ldexp(1024 + mantissa, exponent - 25) : std::ldexp(mantissa, -24);
  return bits >> 15 & 1 ? -magnitude : magnitude;
}

/// To 11 bits, ties to even; of numbers that are normal in f16.
double roundToHalf(double value) {
  double unit = std::ldexp(1, std::max(std::ilogb(value), -14) - 10);
  return value == 0 ? 0 : std::nearbyint(value / unit) * unit;
}

// Summed in f32 and rounded once: register r of C and D has two neighbours of row g + 8 r.
TEST(Mma, ByteFloatsWithHalfSums) {
  for (const Layout &layout : byteFloatLayouts())
    for (const ByteFloatOperands &operands : byteFloatOperands(layout)) {
      std::vector<uint64_t> a(operands.a.begin(), operands.a.end()), b(operands.b.begin(), operands.b.end());
      std::vector<uint32_t> c(32 * 2);
      std::mt19937 random(19);
      for (uint32_t &word : c)
        word = halfBits(float(int(random() % 512) - 256) / 16) |
               uint32_t(halfBits(float(int(random() % 512) - 256) / 16)) << 16;
      auto d =
          multiply<uint32_t>("mma.sync.aligned." + layout.shape + ".row.col.f16" + operands.types + ".f16", 2,
                             pack<uint32_t>(a, layout.k, 8, layout.a, layout.placeA),
                             pack<uint32_t>(b, 8, 8, layout.b, layout.placeB), c);
      unsigned rounded = 0;
      for (unsigned lane = 0; lane < 32; ++lane)
        for (unsigned i = 0; i < 4; ++i) {
          unsigned word = lane * 2 + i / 2, shift = 16 * (i % 2);
          unsigned place = (lane / 4 + i / 2 * 8) * 8 + lane % 4 * 2 + i % 2;
          double exact = halfValue(c[word] >> shift & 0xffff) + operands.products[place];
          ASSERT_EQ(halfValue(d[word] >> shift & 0xffff), roundToHalf(exact))
              << operands.types << " " << exact;
          rounded += roundToHalf(exact) != exact;
        }
      EXPECT_GT(rounded, 10u);
    }
}

TEST(Mma, ByteFloatsThatAreNotThere) {
  auto error = [](const std::string &form) {
    std::string text = header() + ".entry k()\n{ .reg .b32 %r; .reg .b32 %f;\nmma.sync.aligned." + form +
                       " {%f, %f, %f, %f}, {%r, %r, %r, %r}, {%r, %r}, {%f, %f, %f, %f};\n}\n";
    return Program::parse(text, "t").status().message();
  };
  for (const std::string shape : {"m16n8k8", "m8n8k16", "m16n8k64"})
    EXPECT_NE(error(shape + ".row.col.f32.e4m3.e4m3.f32").find("unsupported shape or types"),
              std::string::npos);
  EXPECT_NE(error("m16n8k32.row.col.f16.e4m3.e4m3.f32").find("unsupported shape or types"),
            std::string::npos);
  EXPECT_NE(error("m16n8k32.row.col.f64.e4m3.e4m3.f64").find("unsupported types"), std::string::npos);
  EXPECT_NE(error("m16n8k32.row.col.f32.e4m3.s8.f32").find("unsupported types"), std::string::npos);
  EXPECT_NE(error("m16n8k32.row.col.satfinite.f32.e4m3.e5m2.f32").find("unsupported modifier '.satfinite'"),
            std::string::npos);
}

} // namespace
} // namespace winnow::ptxsim::test
