// ldmatrix, stmatrix, movmatrix and wmma, by what a warp stores afterwards.
#include "test/unit/ptxsim/MatrixHarness.h"

namespace winnow::ptxsim::test {
namespace {

/// 32 rows of eight 16-bit elements in shared memory, row-major: element (row, column) is 100 * row + column.
std::vector<uint16_t> sharedRows() {
  std::vector<uint16_t> values(32 * 8);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = uint16_t(i / 8 * 100 + i % 8);
  return values;
}

/// A warp that copies x (512 bytes) to shared memory at `tile`, executes `body` with the address of the
/// lane's row in %row, and stores %r0..%r3 of every lane to out.
std::vector<uint32_t> runTile(const std::string &body, std::vector<uint16_t> &tile) {
  std::vector<uint32_t> out(32 * 4);
  Execution run(header() + R"(.visible .entry k(.param .u64 x, .param .u64 out) {
    .reg .b32 %r<4>, %lane, %row, %t; .reg .pred %p; .reg .b64 %x, %out, %v<2>; .shared .align 16 .b8 tile[512];
    mov.u32 %lane, %laneid; ld.param.u64 %x, [x]; ld.param.u64 %out, [out];
    mad.wide.u32 %x, %lane, 16, %x; mad.wide.u32 %out, %lane, 16, %out;
    mov.u32 %t, tile; shl.b32 %row, %lane, 4; add.u32 %row, %row, %t;
    mov.b32 %r0, 0; mov.b32 %r1, 0; mov.b32 %r2, 0; mov.b32 %r3, 0;
    ld.global.v2.b64 {%v0, %v1}, [%x]; st.shared.v2.b64 [%row], {%v0, %v1}; bar.warp.sync -1;
    )" + body + R"( bar.warp.sync -1;
    ld.shared.v2.b64 {%v0, %v1}, [%row]; st.global.v2.b64 [%x], {%v0, %v1};
    st.global.v4.b32 [%out], {%r0, %r1, %r2, %r3}; ret; })");
  format::Status status = run.buffer(tile, "x").buffer(out, "out").launch(1, 32);
  EXPECT_TRUE(status.ok()) << status.message();
  return out;
}

// PTX ISA: "each thread loads a fragment of a row: r0 of thread t has elements 2 * (t % 4) and the next of
// row t / 4".
TEST(LoadMatrix, FourMatrices) {
  for (bool isTransposed : {false, true}) {
    auto tile = sharedRows();
    auto out = runTile(std::string("ldmatrix.sync.aligned.m8n8.x4") + (isTransposed ? ".trans" : "") +
                           ".shared.b16 {%r0, %r1, %r2, %r3}, [%row];",
                       tile);
    for (unsigned lane = 0; lane < 32; ++lane)
      for (unsigned m = 0; m < 4; ++m)
        for (unsigned i = 0; i < 2; ++i) {
          unsigned row = lane / 4, column = lane % 4 * 2 + i;
          if (isTransposed)
            std::swap(row, column);
          EXPECT_EQ(out[lane * 4 + m] >> 16 * i & 0xffff, (8 * m + row) * 100 + column) << lane << " " << m;
        }
  }
}

// Only the addresses of the first 8 x threads count.
TEST(LoadMatrix, FewerMatrices) {
  for (unsigned count : {1u, 2u}) {
    auto tile = sharedRows();
    auto out = runTile("setp.lt.u32 %p, %lane, " + std::to_string(8 * count) +
                           "; selp.b32 %t, %row, 99, %p; ldmatrix.sync.aligned.m8n8.x" +
                           std::to_string(count) + ".shared::cta.b16 " + vectorOf("%r", count) + ", [%t];",
                       tile);
    for (unsigned lane = 0; lane < 32; ++lane)
      for (unsigned m = 0; m < 4; ++m) {
        uint32_t first = (8 * m + lane / 4) * 100 + lane % 4 * 2;
        EXPECT_EQ(out[lane * 4 + m], m < count ? first | (first + 1) << 16 : 0);
      }
  }
}

TEST(LoadMatrix, ChecksItsRows) {
  auto message = [](const std::string &address) {
    Execution run(header() +
                  ".visible .entry k() { .reg .b32 %r<2>; .shared .align 16 .b8 tile[128]; mov.u32 %r0, "
                  "%laneid; mul.lo.u32 %r0, %r0, 16; " +
                  address + "ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r1}, [%r0]; ret; }");
    return run.launch(1, 32).message();
  };
  EXPECT_EQ(message(""), "");
  EXPECT_NE(message("add.u32 %r0, %r0, 8;").find("misaligned load of 16 bytes"), std::string::npos);
  EXPECT_NE(message("add.u32 %r0, %r0, 16;").find("out-of-bounds load of 16 bytes at 0x80"),
            std::string::npos);
}

// What ldmatrix has loaded, stmatrix puts back, and twice transposed is not transposed.
TEST(StoreMatrix, IsTheInverseOfLoad) {
  auto tile = sharedRows();
  runTile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%r0, %r1, %r2, %r3}, [%row]; bar.warp.sync -1;"
          "stmatrix.sync.aligned.m8n8.x4.shared.b16 [%row], {%r0, %r1, %r2, %r3};",
          tile);
  for (unsigned row = 0; row < 32; ++row)
    for (unsigned column = 0; column < 8; ++column)
      EXPECT_EQ(tile[row * 8 + column], (row / 8 * 8 + column) * 100 + row % 8);
  runTile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r0, %r1, %r2, %r3}, [%row]; bar.warp.sync -1;"
          "stmatrix.sync.aligned.m8n8.x4.trans.shared.b16 [%row], {%r0, %r1, %r2, %r3};",
          tile);
  EXPECT_EQ(tile, sharedRows());
}

TEST(MoveMatrix, Transposes) {
  auto tile = sharedRows();
  auto out = runTile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r0}, [%row];"
                     "movmatrix.sync.aligned.m8n8.trans.b16 %r1, %r0;",
                     tile);
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned i = 0; i < 2; ++i)
      EXPECT_EQ(out[lane * 4 + 1] >> 16 * i & 0xffff, (lane % 4 * 2 + i) * 100 + lane / 4);
}

/// One product by wmma: A, B and C from memory in the given layouts with padded rows, D to memory.
struct WmmaCase {
  std::string shape, type, accumulator;
  unsigned m, n, k, bytes, aRegisters, bRegisters, cRegisters;
};

template <typename E, typename C>
void checkWmma(const WmmaCase &test, bool isRowA, bool isRowB, E (*encode)(int)) {
  unsigned strideA = (isRowA ? test.k : test.m) + 8, strideB = (isRowB ? test.n : test.k) + 8,
           strideC = test.n + 4;
  std::vector<E> a(strideA * 40), b(strideB * 40);
  std::vector<C> c(strideC * test.m, 3), d(strideC * test.m, 0);
  auto valueA = [](unsigned row, unsigned k) { return int((row * 7 + k * 3) % 11) - 5; };
  auto valueB = [](unsigned k, unsigned column) { return int((column * 5 + k) % 9) - 4; };
  for (unsigned row = 0; row < test.m; ++row)
    for (unsigned k = 0; k < test.k; ++k)
      a[isRowA ? row * strideA + k : k * strideA + row] = encode(valueA(row, k));
  for (unsigned k = 0; k < test.k; ++k)
    for (unsigned column = 0; column < test.n; ++column)
      b[isRowB ? k * strideB + column : column * strideB + k] = encode(valueB(k, column));
  const std::string layoutA = isRowA ? "row" : "col", layoutB = isRowB ? "row" : "col";
  const std::string width = sizeof(C) == 8 ? ".b64" : ".b32";
  bool isHalf = test.type == "f16";
  std::string types =
      test.accumulator + (isHalf ? "" : "." + test.type + "." + test.type) + "." + test.accumulator;
  std::string text =
      header() + ".visible .entry k(.param .u64 a, .param .u64 b, .param .u64 c, .param .u64 d) {\n.reg " +
      width + " %a<8>, %b<8>, %c<8>, %d<8>; .reg .b64 %p<4>; .reg .b32 %s;\n";
  for (unsigned i = 0; i < 4; ++i)
    text += "ld.param.u64 %p" + std::to_string(i) + ", [" + "abcd"[i] + "]; cvta.to.global.u64 %p" +
            std::to_string(i) + ", %p" + std::to_string(i) + ";\n";
  text += "mov.u32 %s, " + std::to_string(strideA) + ";\nwmma.load.a.sync.aligned." + layoutA + "." +
          test.shape + ".global." + test.type + " " + vectorOf("%a", test.aRegisters) + ", [%p0], %s;\n";
  text += "wmma.load.b.sync.aligned." + layoutB + "." + test.shape + ".global." + test.type + " " +
          vectorOf("%b", test.bRegisters) + ", [%p1], " + std::to_string(strideB) + ";\n";
  text += "wmma.load.c.sync.aligned.row." + test.shape + ".global." + test.accumulator + " " +
          vectorOf("%c", test.cRegisters) + ", [%p2], " + std::to_string(strideC) + ";\n";
  text += "wmma.mma.sync.aligned." + layoutA + "." + layoutB + "." + test.shape + "." + types + " " +
          vectorOf("%d", test.cRegisters) + ", " + vectorOf("%a", test.aRegisters) + ", " +
          vectorOf("%b", test.bRegisters) + ", " + vectorOf("%c", test.cRegisters) + ";\n";
  text += "wmma.store.d.sync.aligned.row." + test.shape + ".global." + test.accumulator + " [%p3], " +
          vectorOf("%d", test.cRegisters) + ", " + std::to_string(strideC) + ";\nret; }\n";
  Execution run(text);
  run.buffer(a, "a", false).buffer(b, "b", false).buffer(c, "c", false).buffer(d, "d");
  format::Status status = run.launch(1, 32);
  ASSERT_TRUE(status.ok()) << status.message() << text;
  for (unsigned row = 0; row < test.m; ++row)
    for (unsigned column = 0; column < strideC; ++column) {
      int sum = column < test.n ? 3 : 0; // what lies between the rows stays as it was
      for (unsigned k = 0; k < test.k && column < test.n; ++k)
        sum += valueA(row, k) * valueB(k, column);
      ASSERT_EQ(d[row * strideC + column], C(sum))
          << test.shape << " " << test.type << " " << row << " " << column;
    }
}

TEST(Wmma, AllLayouts) {
  for (bool isRowA : {true, false})
    for (bool isRowB : {true, false}) {
      for (auto [shape, m, n] : {std::tuple{"m16n16k16", 16u, 16u}, std::tuple{"m8n32k16", 8u, 32u},
                                 std::tuple{"m32n8k16", 32u, 8u}}) {
        checkWmma<uint16_t, float>({shape, "f16", "f32", m, n, 16, 2, 8, 8, 8}, isRowA, isRowB,
                                   [](int value) { return halfBits(float(value)); });
        checkWmma<uint16_t, float>({shape, "bf16", "f32", m, n, 16, 2, m / 4, n / 4, 8}, isRowA, isRowB,
                                   [](int value) { return uint16_t(floatBits(float(value)) >> 16); });
        checkWmma<int8_t, int32_t>({shape, "s8", "s32", m, n, 16, 1, m / 8, n / 8, 8}, isRowA, isRowB,
                                   [](int value) { return int8_t(value); });
      }
      checkWmma<float, float>({"m16n16k8", "tf32", "f32", 16, 16, 8, 4, 4, 4, 8}, isRowA, isRowB,
                              [](int value) { return float(value); });
      checkWmma<double, double>({"m8n8k4", "f64", "f64", 8, 8, 4, 8, 1, 1, 2}, isRowA, isRowB,
                                [](int value) { return double(value); });
    }
}

TEST(Wmma, ChecksBounds) {
  std::vector<uint16_t> a(16 * 16 - 1);
  Execution run(header() +
                ".visible .entry k(.param .u64 a) { .reg .b32 %r<8>; .reg .b64 %p; ld.param.u64 %p, [a]; "
                "wmma.load.a.sync.aligned.row.m16n16k16.f16 {%r0,%r1,%r2,%r3,%r4,%r5,%r6,%r7}, [%p]; ret; }");
  EXPECT_NE(run.buffer(a, "a").launch(1, 32).message().find("out-of-bounds load of 2 bytes"),
            std::string::npos);
}

} // namespace
} // namespace winnow::ptxsim::test
