// mma.m8n8k4 of f16: every quad pair multiplies matrices of its own. Where each element of a fragment belongs
// is written out here lane by lane from the PTX ISA ("Matrix Fragments for mma.m8n8k4 with .f16 floating
// point type").
#include "test/unit/ptxsim/MatrixHarness.h"

#include <array>

namespace winnow::ptxsim::test {
namespace {

/// The lanes of a quad pair, in the order of the rows or columns that the tables give them.
constexpr std::array<std::array<unsigned, 8>, 4> kPairs = {{{0, 1, 2, 3, 16, 17, 18, 19},
                                                            {4, 5, 6, 7, 20, 21, 22, 23},
                                                            {8, 9, 10, 11, 24, 25, 26, 27},
                                                            {12, 13, 14, 15, 28, 29, 30, 31}}};
/// The columns of c0 to c7 in f32, and which of the two rows of a lane each is in, for even and odd pairs of
/// lanes: lanes 0 and 1 of a quad have columns 0, 1, 4, 5, lanes 2 and 3 the others; rows are 2 apart.
constexpr unsigned kColumns[2][8] = {{0, 1, 0, 1, 4, 5, 4, 5}, {2, 3, 2, 3, 6, 7, 6, 7}};
constexpr unsigned kRows[8] = {0, 0, 2, 2, 0, 0, 2, 2};

struct Matrices {
  float a[4][8][4], b[4][4][8], c[4][8][8], d[4][8][8];
};

/// Small whole numbers, all different in effect; products and sums are exact.
Matrices makeMatrices() {
  Matrices m;
  for (unsigned p = 0; p < 4; ++p)
    for (unsigned i = 0; i < 8; ++i) {
      for (unsigned k = 0; k < 4; ++k) {
        m.a[p][i][k] = float(int((p * 57 + i * 13 + k * 7) % 23) - 11);
        m.b[p][k][i] = float(int((p * 31 + i * 11 + k * 5) % 19) - 9);
      }
      for (unsigned j = 0; j < 8; ++j)
        m.c[p][i][j] = float(int((p * 29 + i * 17 + j * 3) % 41) - 20);
    }
  for (unsigned p = 0; p < 4; ++p)
    for (unsigned i = 0; i < 8; ++i)
      for (unsigned j = 0; j < 8; ++j) {
        m.d[p][i][j] = m.c[p][i][j];
        for (unsigned k = 0; k < 4; ++k)
          m.d[p][i][j] += m.a[p][i][k] * m.b[p][k][j];
      }
  return m;
}

void setHalf(std::vector<uint32_t> &words, unsigned lane, unsigned perLane, unsigned element, float value) {
  words[lane * perLane + element / 2] |= uint32_t(halfBits(value)) << (element % 2 * 16);
}

/// The accumulator `values` as registers of all lanes.
std::vector<uint32_t> accumulator(bool isHalf, const float (&values)[4][8][8]) {
  std::vector<uint32_t> words(32 * (isHalf ? 4 : 8));
  for (unsigned p = 0; p < 4; ++p)
    for (unsigned n = 0; n < 8; ++n)
      for (unsigned e = 0; e < 8; ++e) {
        unsigned lane = kPairs[p][n];
        if (isHalf)
          setHalf(words, lane, 4, e, values[p][n][e]);
        else
          words[lane * 8 + e] = floatBits(values[p][n / 4 * 4 + n % 2 + kRows[e]][kColumns[n / 2 % 2][e]]);
      }
  return words;
}

TEST(QuadPairs, AllLayoutsAndTypes) {
  Matrices m = makeMatrices();
  for (bool isRowA : {true, false})
    for (bool isRowB : {true, false}) {
      std::vector<uint32_t> a(64), b(64);
      for (unsigned p = 0; p < 4; ++p)
        for (unsigned n = 0; n < 8; ++n)
          for (unsigned e = 0; e < 4; ++e) {
            // A: a lane has a row, or a column of half of the rows; B: a row of half of the columns, or a
            // column.
            unsigned half = n < 4 ? 0 : 4, lane = kPairs[p][n];
            setHalf(a, lane, 2, e, isRowA ? m.a[p][n][e] : m.a[p][half + e][n % 4]);
            setHalf(b, lane, 2, e, isRowB ? m.b[p][n % 4][half + e] : m.b[p][e][n]);
          }
      for (std::string types : {"f32.f16.f16.f32", "f16.f16.f16.f16", "f16.f16.f16.f32"}) {
        bool isHalfD = types.starts_with("f16"), isHalfC = types.ends_with("f16");
        std::string instruction = std::string("mma.sync.aligned.m8n8k4.") + (isRowA ? "row." : "col.") +
                                  (isRowB ? "row." : "col.") + types;
        EXPECT_EQ(multiply<uint32_t>(instruction, isHalfD ? 4 : 8, a, b, accumulator(isHalfC, m.c)),
                  accumulator(isHalfD, m.d))
            << instruction;
      }
    }
}

TEST(QuadPairs, RefusesSumsThatAreNarrowerThanTheirStart) {
  auto program = Program::parse(
      header() + ".entry k() { .reg .b32 %r<16>; mma.sync.aligned.m8n8k4.row.col.f32.f16.f16.f16 "
                 "{%r0, %r1, %r2, %r3, %r4, %r5, %r6, %r7}, {%r8, %r9}, {%r10, %r11}, "
                 "{%r12, %r13, %r14, %r15}; ret; }");
  ASSERT_FALSE(program.ok());
  EXPECT_NE(program.status().message().find("unsupported types"), std::string::npos)
      << program.status().message();
}

} // namespace
} // namespace winnow::ptxsim::test
