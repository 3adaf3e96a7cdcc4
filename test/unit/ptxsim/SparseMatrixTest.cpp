// mma.sp: the places of A's elements come from metadata, whose lanes and bits are written out here from the
// figures of the PTX ISA ("Sparse MMA .m16n8k16 metadata layout ...").
#include "test/unit/ptxsim/MatrixHarness.h"

#include <random>

namespace winnow::ptxsim::test {
namespace {

/// Where the indices of a row are: those of the chunks that begin at column `column` have this lane of the
/// group of four, from this bit.
struct MetadataPlace {
  unsigned lane, bit;
};

struct SparseCase {
  std::string shape, type, accumulator;
  unsigned k, bits, selectors;
  unsigned chunk;    // columns of a chunk
  unsigned wordSpan; // columns that the bits of one place stand for
  MetadataPlace (*place)(unsigned selector, bool isLower, unsigned column);
};

// The rows of a warp's lanes are g (upper) and g + 8 (lower).
const SparseCase kCases[] = {
    {"m16n8k16", "f16", "f32", 16, 16, 4, 4, 16,
     [](unsigned selector, bool isLower, unsigned) { return MetadataPlace{selector, isLower ? 16u : 0u}; }},
    {"m16n8k32", "bf16", "f32", 32, 16, 2, 4, 16,
     [](unsigned selector, bool isLower, unsigned column) {
       return MetadataPlace{2 * selector + (column < 16 ? 0 : 1), isLower ? 16u : 0u};
     }},
    {"m16n8k8", "tf32", "f32", 8, 32, 4, 2, 8,
     [](unsigned selector, bool isLower, unsigned) { return MetadataPlace{selector, isLower ? 16u : 0u}; }},
    {"m16n8k16", "tf32", "f32", 16, 32, 2, 2, 8,
     [](unsigned selector, bool isLower, unsigned column) {
       return MetadataPlace{2 * selector + (column < 8 ? 0 : 1), isLower ? 16u : 0u};
     }},
    {"m16n8k32", "s8", "s32", 32, 8, 2, 4, 32,
     [](unsigned selector, bool isLower, unsigned) { return MetadataPlace{2 * selector + isLower, 0}; }},
    {"m16n8k64", "s8", "s32", 64, 8, 1, 4, 32,
     [](unsigned, bool isLower, unsigned column) {
       return MetadataPlace{(column < 32 ? 0u : 2u) + isLower, 0};
     }},
    {"m16n8k64", "e4m3", "f32", 64, 8, 1, 4, 32,
     [](unsigned, bool isLower, unsigned column) {
       return MetadataPlace{(column < 32 ? 0u : 2u) + isLower, 0};
     }},
    {"m16n8k64", "e5m2", "f32", 64, 8, 1, 4, 32,
     [](unsigned, bool isLower, unsigned column) {
       return MetadataPlace{(column < 32 ? 0u : 2u) + isLower, 0};
     }},
    {"m16n8k64", "s4", "s32", 64, 4, 2, 8, 64,
     [](unsigned selector, bool isLower, unsigned) { return MetadataPlace{2 * selector + isLower, 0}; }},
    {"m16n8k128", "s4", "s32", 128, 4, 1, 8, 64,
     [](unsigned, bool isLower, unsigned column) {
       return MetadataPlace{(column < 64 ? 0u : 2u) + isLower, 0};
     }},
};

/// Of an integer up to 7, whose three bits fit into both formats (PTX ISA: "Alternate Floating-Point Data
/// Formats").
uint32_t byteFloatBits(int value, unsigned mantissaBits, unsigned bias) {
  if (value == 0)
    return 0;
  unsigned magnitude = unsigned(value < 0 ? -value : value), exponent = magnitude < 2   ? 0
                                                                        : magnitude < 4 ? 1
                                                                                        : 2;
  unsigned mantissa = (magnitude << mantissaBits >> exponent) - (1u << mantissaBits);
  return (value < 0 ? 0x80u : 0u) | (exponent + bias) << mantissaBits | mantissa;
}

uint32_t encode(const SparseCase &test, int value) {
  if (test.type == "e4m3")
    return byteFloatBits(value, 3, 7);
  if (test.type == "e5m2")
    return byteFloatBits(value, 2, 15);
  if (test.type == "f16")
    return halfBits(float(value));
  if (test.type == "bf16")
    return floatBits(float(value)) >> 16;
  return test.type == "tf32" ? floatBits(float(value)) : uint32_t(value) & ((1u << test.bits) - 1);
}

/// The stored half of A in registers, and the metadata.
struct SparseOperand {
  std::vector<int> dense = {};
  std::vector<uint32_t> registers, metadata = std::vector<uint32_t>(32, 0xdddddddd);
};

/// In each chunk two of four units get values: elements, halves of a tf32 element, or pairs of 4-bit ones.
SparseOperand makeOperand(const SparseCase &test, unsigned selector, std::mt19937 &random) {
  SparseOperand operand;
  operand.dense.resize(16 * test.k);
  unsigned perRegister = 32 / test.bits, stored = test.k / 2, registers = 16 * stored / 32 / perRegister;
  operand.registers.resize(32 * registers);
  std::vector<int> compact;
  for (unsigned row = 0; row < 16; ++row)
    for (unsigned column = 0; column < test.k; column += test.chunk) {
      unsigned first = random() % 3, second = first + 1 + random() % (3 - first);
      if (test.bits == 32) {
        first = random() % 2 * 2;
        second = first + 1;
      }
      auto [lane, bit] = test.place(selector, row >= 8, column);
      unsigned shift = bit + column % test.wordSpan / test.chunk * 4;
      uint32_t &word = operand.metadata[row % 8 * 4 + lane];
      word = (word & ~(15u << shift)) | (first | second << 2) << shift;
      std::vector<unsigned> places = {column + first, column + second};
      if (test.bits == 32)
        places = {column + first / 2};
      if (test.bits == 4)
        places = {column + 2 * first, column + 2 * first + 1, column + 2 * second, column + 2 * second + 1};
      for (unsigned place : places) {
        compact.push_back(1 + int(random() % 7));
        operand.dense[row * test.k + place] = compact.back();
      }
    }
  // The stored elements have the layout of a dense A of half the columns: registers alternate between rows g
  // and g + 8.
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned r = 0; r < registers; ++r)
      for (unsigned i = 0; i < perRegister; ++i) {
        unsigned row = lane / 4 + r % 2 * 8, column = r / 2 * 4 * perRegister + lane % 4 * perRegister + i;
        operand.registers[lane * registers + r] |= encode(test, compact[row * stored + column])
                                                   << i * test.bits;
      }
  return operand;
}

void check(const SparseCase &test, const std::string &form, unsigned selector) {
  std::mt19937 random(selector + 5);
  SparseOperand a = makeOperand(test, selector, random);
  std::vector<int> b(test.k * 8);
  unsigned perRegister = 32 / test.bits, registers = test.k * 8 / 32 / perRegister;
  std::vector<uint32_t> bWords(32 * registers);
  for (int &value : b)
    value = int(random() % 15) - 7;
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned i = 0; i < registers * perRegister; ++i) {
      unsigned row = i / perRegister * 4 * perRegister + lane % 4 * perRegister + i % perRegister;
      bWords[lane * registers + i / perRegister] |= encode(test, b[row * 8 + lane / 4])
                                                    << i % perRegister * test.bits;
    }
  std::string instruction = "mma." + form + ".sync.aligned." + test.shape + ".row.col." + test.accumulator +
                            "." + test.type + "." + test.type + "." + test.accumulator;
  auto d = multiply<uint32_t>(instruction, 4, a.registers, bWords, std::vector<uint32_t>(32 * 4),
                              ", %e, " + std::to_string(selector), a.metadata);
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned i = 0; i < 4; ++i) {
      unsigned row = lane / 4 + (i < 2 ? 0 : 8), column = lane % 4 * 2 + i % 2;
      int sum = 0;
      for (unsigned k = 0; k < test.k; ++k)
        sum += a.dense[row * test.k + k] * b[k * 8 + column];
      uint32_t expected = test.accumulator == "f32" ? floatBits(float(sum)) : uint32_t(sum);
      ASSERT_EQ(d[lane * 4 + i], expected) << instruction << " selector " << selector << " row " << row;
    }
}

TEST(SparseMma, ShapesAndSelectors) {
  for (const SparseCase &test : kCases)
    for (const char *form : {"sp", "sp::ordered_metadata"})
      for (unsigned selector = 0; selector < test.selectors; ++selector)
        check(test, form, selector);
}

std::string sparseKernel(const std::string &form, uint32_t metadata, const std::string &selector) {
  return header() + ".visible .entry k() { .reg .b32 %r<16>; mov.b32 %r12, " + std::to_string(metadata) +
         "; mma." + form +
         ".sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%r0,%r1,%r2,%r3}, {%r4,%r5}, {%r8,%r9}, "
         "{%r0,%r1,%r2,%r3}, "
         "%r12, " +
         selector + "; ret; }";
}

TEST(SparseMma, IllegalMetadata) {
  // 0x4: units 0 and 1; 0x1: the same the other way round; 0x5: unit 1 twice.
  EXPECT_TRUE(Execution(sparseKernel("sp::ordered_metadata", 0x44444444, "0")).launch(1, 32).ok());
  EXPECT_TRUE(Execution(sparseKernel("sp", 0x11111111, "0")).launch(1, 32).ok());
  for (auto [form, metadata] :
       {std::pair{"sp::ordered_metadata", 0x11111111u}, std::pair{"sp", 0x55555555u}}) {
    format::Status status = Execution(sparseKernel(form, metadata, "3")).launch(1, 32);
    EXPECT_NE(status.message().find("the metadata of a sparse matrix is not legal"), std::string::npos)
        << form;
    EXPECT_NE(status.message().find("thread (3,0,0)"), std::string::npos) << status.message();
  }
}

// Sums in f16 of sparse products came after sm_90.
TEST(SparseMma, ByteFloatsThatAreNotThere) {
  for (const char *form : {"m16n8k64.row.col.f16.e4m3.e4m3.f16", "m16n8k32.row.col.f32.e4m3.e4m3.f32"}) {
    auto program = Program::parse(header() + ".entry k() { .reg .b32 %r; mma.sp.sync.aligned." + form +
                                  " {%r, %r}, {%r, %r, %r, %r}, {%r, %r, %r, %r}, {%r, %r}, %r, 0; ret; }");
    ASSERT_FALSE(program.ok()) << form;
    EXPECT_NE(program.status().message().find("types in 'mma.sp"), std::string::npos);
  }
}

TEST(SparseMma, SelectorIsALegalConstant) {
  for (const char *selector : {"4", "-1", "%r1"}) {
    auto program = Program::parse(sparseKernel("sp", 0x44444444, selector));
    ASSERT_FALSE(program.ok());
    EXPECT_NE(program.status().message().find("a selector below 4"), std::string::npos)
        << program.status().message();
  }
}

} // namespace
} // namespace winnow::ptxsim::test
