// alloca and its relatives, malloc and free (PTX ISA: "Stack Manipulation Instructions"; CUDA C++ Programming
// Guide: "Dynamic Global Memory Allocation and Operations").
#include "runtime/device/ptxsim/DeviceHeap.h"
#include "test/unit/ptxsim/Harness.h"

#include <cstring>
#include <random>
#include <thread>

namespace winnow::ptxsim::test {
namespace {

void expectOk(const format::Status &status) { ASSERT_TRUE(status.ok()) << status.message(); }

void expectFault(const format::Status &status, const std::string &message) {
  EXPECT_EQ(status.code(), format::Code::DeviceFault);
  EXPECT_NE(status.message().find(message), std::string::npos) << status.message();
}

const char *const kRegisters = ".reg .b32 %i, %n, %v<4>; .reg .b64 %p<8>; .reg .pred %q<4>;\n";

/// A kernel k(out) whose body has the thread in %i and leaves a word in %v0.
Execution perThread(const std::string &body, const std::string &functions = "") {
  return Execution(
      header() + functions + ".visible .entry k(.param .u64 out) {\n" + kRegisters + "mov.u32 %i, %tid.x;\n" +
      body + "\nld.param.u64 %p0, [out]; mad.wide.u32 %p0, %i, 4, %p0; st.global.u32 [%p0], %v0; ret; }\n");
}

// Threads allocate different sizes; each block is aligned, and behind the one before.
TEST(Alloca, SizesAndAlignments) {
  std::vector<uint32_t> out(64);
  expectOk(perThread(R"(
      .local .b8 before[20]; st.local.u32 [before+16], 77;
      cvt.u64.u32 %p1, %i; alloca.u64 %p2, %p1; alloca.u64 %p3, 8, 256; alloca.u32 %v1, 4, 1; alloca.u64 %p4, 0;
      st.local.u64 [%p3], 5; st.local.u8 [%v1+3], 1;
      and.b64 %p5, %p2, 7; and.b64 %p6, %p3, 255; add.u64 %p5, %p5, %p6;
      sub.u64 %p6, %p3, %p2; setp.lt.u64 %q0, %p6, %p1; @%q0 add.u64 %p5, %p5, 1;
      cvt.u32.u64 %v2, %p3; sub.u32 %v1, %v1, %v2; cvt.u32.u64 %v0, %p5; mad.lo.u32 %v0, %v0, 1000, %v1;
      ld.local.u32 %v3, [before+16]; sub.u32 %v3, %v3, 77; mad.lo.u32 %v0, %v3, 100000, %v0;)")
               .buffer(out, "out")
               .launch(1, 64));
  EXPECT_EQ(out, std::vector<uint32_t>(64, 8)); // the third block is right behind 8 bytes
}

// What is allocated is zero, and as large as was asked for; a thread's array is its own.
TEST(Alloca, ArraysOfThreads) {
  std::vector<uint32_t> out(64);
  expectOk(perThread(R"(
      add.u32 %n, %i, 1; mul.wide.u32 %p1, %n, 4; alloca.u64 %p2, %p1, 16; cvta.local.u64 %p3, %p2;
      mov.u32 %v0, 0; mov.u32 %v1, 0; mov.u64 %p4, %p3;
      FILL: ld.u32 %v2, [%p4]; add.u32 %v0, %v0, %v2; mad.lo.u32 %v2, %v1, %n, 1; st.u32 [%p4], %v2;
      add.u64 %p4, %p4, 4; add.u32 %v1, %v1, 1; setp.lt.u32 %q0, %v1, %n; @%q0 bra FILL;
      SUM: sub.u64 %p4, %p4, 4; ld.local.u32 %v2, [%p2]; ld.u32 %v2, [%p4]; add.u32 %v0, %v0, %v2;
      setp.ne.u64 %q0, %p4, %p3; @%q0 bra SUM;)")
               .buffer(out, "out")
               .launch(1, 64));
  for (uint32_t i = 0; i < 64; ++i)
    EXPECT_EQ(out[i], (i + 1) * (i * (i + 1) / 2) + i + 1) << i;
}

TEST(Alloca, Overflow) {
  std::vector<uint32_t> out(32);
  const char *const loop = R"(mov.u32 %v0, 0;
      LOOP: SAVE alloca.u64 %p2, 1000; st.local.u32 [%p2+996], %v0; RESTORE
      add.u32 %v0, %v0, 1; setp.lt.u32 %q0, %v0, 100; @%q0 bra LOOP;)";
  auto body = [&](const std::string &save, const std::string &restore) {
    std::string text = loop;
    text.replace(text.find("RESTORE"), 7, restore);
    return text.replace(text.find("SAVE"), 4, save);
  };
  expectFault(perThread(body("", "")).buffer(out, "out").launch(1, 32),
              "stack overflow: alloca of 1000 bytes behind 16000 bytes in use; 16384 bytes are possible");
  expectOk(perThread(body("stacksave.u64 %p1;", "stackrestore.u64 %p1;")).buffer(out, "out").launch(1, 32));
  EXPECT_EQ(out, std::vector<uint32_t>(32, 100));
  for (const char *size : {"0xffffffffffffffff", "16385", "0x8000000000000000"})
    expectFault(perThread("alloca.u64 %p1, " + std::string(size) + ";").buffer(out, "out").launch(1, 32),
                "stack overflow: alloca of");
  expectFault(perThread(".local .b32 v; alloca.u64 %p1, 1, 8388608;").buffer(out, "out").launch(1, 32),
              "stack overflow");
}

TEST(Alloca, RestoringWhatWasNotSaved) {
  std::vector<uint32_t> out(32);
  expectFault(perThread("stacksave.u64 %p1; add.u64 %p1, %p1, 16; stackrestore.u64 %p1;")
                  .buffer(out, "out")
                  .launch(1, 32),
              "where no stacksave of this function can have been");
  expectFault(perThread(".local .b32 v; stackrestore.u64 0;").buffer(out, "out").launch(1, 32),
              "stackrestore to 0x0, where no stacksave");
}

// A return frees, of functions that are expanded and of those that are called; lanes differ in depth.
TEST(Alloca, ReturnsFree) {
  const std::string expanded = R"(
    .func (.reg .b32 %d) f(.reg .b32 %a) { .reg .b64 %p; .reg .pred %q; alloca.u64 %p, 2000; st.local.u32 [%p], %a;
      setp.eq.u32 %q, %a, 3; mov.u32 %d, 0; @%q ret; ld.local.u32 %d, [%p]; ret; })";
  const std::string recursive = R"(
    .func (.reg .b32 %d) f(.reg .b32 %a) { .reg .b64 %p; .reg .b32 %b; .reg .pred %q; alloca.u64 %p, 100, 4;
      st.local.u32 [%p+96], %a; mov.u32 %d, 0; and.b32 %b, %a, 7; setp.eq.u32 %q, %b, 3; @%q ret;
      shr.u32 %b, %a, 1; setp.eq.u32 %q, %b, 0; @!%q call (%d), f, (%b); ld.local.u32 %b, [%p+96];
      add.u32 %d, %d, %b; ret; })";
  auto value = [](uint32_t a, auto &&self) -> uint32_t {
    return a % 8 == 3 ? 0 : a + (a / 2 ? self(a / 2, self) : 0);
  };
  const char *const loop = R"(mov.u32 %v0, 0; mov.u32 %v1, 0;
      LOOP: add.u32 %v2, %i, %v1; call (%v3), f, (%v2); add.u32 %v0, %v0, %v3;
      add.u32 %v1, %v1, 1; setp.lt.u32 %q0, %v1, 300; @%q0 bra LOOP;)";
  for (bool isRecursive : {false, true}) {
    std::vector<uint32_t> out(32);
    expectOk(perThread(loop, isRecursive ? recursive : expanded).buffer(out, "out").launch(1, 32));
    for (uint32_t i = 0; i < 32; ++i) {
      uint32_t sum = 0;
      for (uint32_t k = i; k < i + 300; ++k)
        sum += isRecursive ? value(k, value) : k == 3 ? 0 : k;
      EXPECT_EQ(out[i], sum) << i;
    }
  }
}

TEST(Alloca, Errors) {
  auto error = [](const std::string &body) {
    auto program =
        Program::parse(header() + ".entry k()\n{ .reg .b32 %r; .reg .b64 %p;\n" + body + "\n}\n", "t");
    return program.ok() ? std::string() : program.status().message();
  };
  EXPECT_EQ(error("alloca.u64 %p, 8, 12;"),
            "t:6:19: expected a power of two up to 8388608 as alignment in 'alloca.u64 %p, 8, 12;'");
  EXPECT_EQ(error("alloca.u64 %p, 8, 0x1000000;").find("t:6:19: expected a power of two up to 8"), 0u);
  EXPECT_EQ(error("alloca.u64 %p;"), "t:6:1: expected 2 operands, found 1 in 'alloca.u64 %p;'");
  EXPECT_EQ(error("alloca.b64 %p, 8;"), "t:6:1: unsupported type in 'alloca.b64 %p, 8;'");
  EXPECT_EQ(error("alloca.u64 %r, 8;").find("t:6:12: expected a 64-bit register"), 0u);
  EXPECT_EQ(error("stacksave.u16 %r;"), "t:6:1: unsupported type in 'stacksave.u16 %r;'");
  EXPECT_EQ(error("pmevent 16;"), "t:6:9: expected an event from 0 to 15 in 'pmevent 16;'");
  EXPECT_EQ(error("pmevent.mask 0x10000;"), "t:6:14: expected a mask of 16 bits in 'pmevent.mask 0x10000;'");
  EXPECT_EQ(error("pmevent 15; pmevent.mask 0xffff;"), "");
  EXPECT_EQ(error("ld.mmio.relaxed.gpu.u32 %r, [%p];"),
            "t:6:1: expected '.relaxed' and '.sys' beside '.mmio' in 'ld.mmio.relaxed.gpu.u32 %r, [%p];'");
  EXPECT_EQ(error("st.mmio.sys.u32 [%p], %r;").find("t:6:1: expected '.relaxed' and '.sys' "), 0u);
  EXPECT_EQ(error("ld.mmio.relaxed.sys.global.u32 %r, [%p]; st.mmio.relaxed.sys.u32 [%p], %r;"), "");
  EXPECT_EQ(
      error("atom.mmio.relaxed.sys.add.u32 %r, [%p], 1;").find("t:6:1: unsupported modifier '.mmio' in"), 0u);
}

const char *const kHeapFunctions =
    ".extern .func (.param .b64 r) malloc(.param .b64 a); .extern .func free(.param .b64 a);\n";

std::string mallocOf(const std::string &bytes, const std::string &result) {
  return "{ .param .b64 a; .param .b64 r; st.param.b64 [a], " + bytes +
         "; call (r), malloc, (a); ld.param.b64 " + result + ", [r]; }\n";
}
std::string freeOf(const std::string &pointer) {
  return "{ .param .b64 a; st.param.b64 [a], " + pointer + "; call free, (a); }\n";
}

// Every thread of several CTAs on two threads of the host fills a block of its own.
TEST(Heap, BlocksOfThreads) {
  Execution run = perThread("mov.u32 %n, %ctaid.x; mad.lo.u32 %i, %n, 64, %i; add.u32 %n, %i, 1;"
                            "mul.wide.u32 %p1, %n, 4;" +
                                mallocOf("%p1", "%p2") + R"(
      mov.u32 %v1, 0; mov.u64 %p4, %p2;
      FILL: st.u32 [%p4], %i; add.u64 %p4, %p4, 4; add.u32 %v1, %v1, 1; setp.lt.u32 %q0, %v1, %n; @%q0 bra FILL;
      mov.u32 %v0, 0;
      SUM: sub.u64 %p4, %p4, 4; ld.u32 %v2, [%p4]; add.u32 %v0, %v0, %v2;
      setp.ne.u64 %q0, %p4, %p2; @%q0 bra SUM;)" +
                                freeOf("%p2"),
                            kHeapFunctions);
  std::vector<uint32_t> out(512);
  run.options.workers = 2;
  run.options.parallelFor = [](int64_t count, const std::function<void(int64_t)> &body) {
    std::vector<std::thread> threads;
    for (int64_t i = 0; i < count; ++i)
      threads.emplace_back(body, i);
    for (std::thread &thread : threads)
      thread.join();
  };
  expectOk(run.buffer(out, "out").launch(8, 64));
  for (uint32_t i = 0; i < out.size(); ++i)
    ASSERT_EQ(out[i], i * (i + 1)) << i;
}

// A block that one kernel allocates is there in the next, until somebody frees it.
TEST(Heap, BlocksOutliveALaunch) {
  Execution run(
      header() + kHeapFunctions + ".global .b64 kept;\n.visible .entry make() { .reg .b64 %p;\n" +
      mallocOf("8", "%p") + "st.global.u64 [kept], %p; st.u64 [%p], 4321; ret; }\n" +
      ".visible .entry use(.param .u64 out) { .reg .b64 %p<3>;\n" +
      "ld.global.u64 %p0, [kept]; ld.u64 %p1, [%p0]; ld.param.u64 %p2, [out]; st.u64 [%p2], %p1;\n" +
      freeOf("%p0") + "ret; }\n");
  std::vector<uint64_t> out(1);
  run.name = "make";
  expectOk(run.launch(1, 1));
  run.name = "use";
  expectOk(run.buffer(out, "out").launch(1, 1));
  EXPECT_EQ(out[0], 4321u);
  expectFault(run.launch(1, 1), "at byte 0 of a block of the heap (8 bytes), which was freed");
}

TEST(Heap, Faults) {
  auto launch = [](const std::string &body) {
    std::vector<uint32_t> out(1);
    return perThread("mov.u32 %v0, 1;" + mallocOf("24", "%p1") + body, kHeapFunctions)
        .buffer(out, "out")
        .launch(1, 1);
  };
  expectOk(launch("st.u32 [%p1+20], 1; ld.u64 %p2, [%p1];" + freeOf("%p1") + freeOf("0")));
  expectFault(launch("st.u32 [%p1+24], 1;"), "0 bytes after the end of a block of the heap (24 bytes)");
  expectFault(launch("st.global.u64 [%p1+20], %p1;"), "misaligned store of 8 bytes");
  expectFault(launch("ld.v2.u64 {%p2, %p3}, [%p1+16];"), "at byte 16 of a block of the heap (24 bytes)");
  expectFault(launch(freeOf("%p1") + "ld.u8 %v0, [%p1+3];"), "out-of-bounds load of 1 bytes at 0x");
  expectFault(launch(freeOf("%p1") + "atom.add.u32 %v0, [%p1+4], 1;"),
              "at byte 4 of a block of the heap (24 bytes), which was freed");
  expectFault(launch(freeOf("%p1") + freeOf("%p1")), "out-of-bounds free of 0x");
  expectFault(launch(freeOf("123")), "out-of-bounds free of 0x7b, where no block of the heap begins: ");
  expectFault(launch("add.u64 %p2, %p1, 8;" + freeOf("%p2")),
              "where no block of the heap begins, at byte 8 of a block of the heap (24 bytes)");
}

TEST(Heap, DeclaredDifferently) {
  auto program = Program::parse(header() + ".extern .func (.param .b32 r) malloc(.param .b64 a);\n" +
                                ".entry k() { .param .b64 a; .param .b32 r; call (r), malloc, (a); ret; }");
  ASSERT_FALSE(program.ok());
  EXPECT_NE(program.status().message().find("function 'malloc' is declared with other parameters"),
            std::string::npos);
}

TEST(DeviceHeap, Full) {
  DeviceHeap heap;
  EXPECT_EQ(heap.allocate(0), 0u);
  EXPECT_EQ(heap.allocate(DeviceHeap::kBytes + 1), 0u);
  EXPECT_EQ(heap.allocate(~uint64_t(0)), 0u);
  EXPECT_FALSE(heap.holds(0, 1));
  uint64_t all = heap.allocate(DeviceHeap::kBytes);
  ASSERT_NE(all, 0u);
  EXPECT_EQ(heap.allocate(1), 0u);
  EXPECT_TRUE(heap.holds(all, DeviceHeap::kBytes));
  EXPECT_FALSE(heap.holds(all + 1, DeviceHeap::kBytes));
  EXPECT_TRUE(heap.free(all));
  EXPECT_FALSE(heap.free(all));
  uint64_t half = heap.allocate(DeviceHeap::kBytes / 2), other = heap.allocate(DeviceHeap::kBytes / 2);
  EXPECT_NE(half, 0u);
  EXPECT_NE(other, 0u);
  EXPECT_EQ(heap.allocate(1), 0u);
}

// A long random history: blocks never overlap, hold all of their bytes and no more, and are where they were.
TEST(DeviceHeap, RandomHistory) {
  DeviceHeap heap;
  std::mt19937 random(5);
  std::map<uint64_t, std::pair<uint64_t, uint8_t>> live; // begin: size, filling
  uint64_t refused = 0;
  for (int step = 0; step < 20000; ++step) {
    if (random() % 5 < 3) {
      uint64_t size = 1 + random() % (random() % 8 ? 5000 : 200000), begin = heap.allocate(size);
      refused += begin == 0;
      if (!begin)
        continue;
      ASSERT_EQ(begin % 16, 0u);
      auto after = live.lower_bound(begin);
      ASSERT_TRUE(after == live.end() || begin + size <= after->first);
      ASSERT_TRUE(after == live.begin() || std::prev(after)->first + std::prev(after)->second.first <= begin);
      auto filling = uint8_t(random());
      std::memset(reinterpret_cast<void *>(begin), filling, size);
      live[begin] = {size, filling};
      ASSERT_TRUE(heap.holds(begin, size) && heap.holds(begin + size - 1, 1));
      ASSERT_FALSE(heap.holds(begin + size, 1) && !live.count(begin + size));
      ASSERT_FALSE(heap.holds(begin, size + 1));
      ASSERT_EQ(heap.blockBytes(begin), size);
      ASSERT_TRUE(size <= 16 || heap.blockBytes(begin + 16) == 0);
    } else if (!live.empty()) {
      auto chosen = std::next(live.begin(), long(random() % live.size()));
      auto [begin, block] = *chosen;
      for (uint64_t i = 0; i < block.first; i += 97)
        ASSERT_EQ(*reinterpret_cast<uint8_t *>(begin + i), block.second);
      ASSERT_TRUE(heap.free(begin));
      ASSERT_FALSE(heap.holds(begin, 1) || heap.holds(begin + block.first - 1, 1));
      ASSERT_EQ(heap.blockBytes(begin), 0u);
      ASSERT_NE(heap.describe(begin).find("which was freed"), std::string::npos);
      live.erase(chosen);
    }
  }
  EXPECT_GT(refused, 10u);
}

// isspacep of every space, for generic addresses of all of them; constants are not global.
TEST(Allocation, SpacesOfAddresses) {
  const std::vector<std::string> spaces{"global", "shared", "local", "const", "param"};
  std::string text = header() +
                     ".global .b32 g; .const .b32 c = 1; .const .align 64 .b8 d[100]; .shared .b32 s;\n"
                     ".visible .entry k(.param .u64 out) { .local .b32 l; .reg .b64 %p<3>; .reg .pred %q; "
                     ".reg .b32 %v;\nld.param.u64 %p0, [out];\n";
  size_t count = 0;
  for (const std::string variable :
       {"global g", "shared s", "local l", "const c", "const d+99", "param out"}) {
    std::string space = variable.substr(0, variable.find(' ')),
                name = variable.substr(variable.find(' ') + 1);
    text += "mov.u64 %p1, " + name + "; cvta." + space + ".u64 %p1, %p1;\n";
    for (const std::string &asked : spaces)
      text += "isspacep." + asked + " %q, %p1; selp.u32 %v, 1, 0, %q; st.u32 [%p0+" +
              std::to_string(4 * count++) + "], %v;\n";
  }
  std::vector<uint32_t> out(count);
  Execution run(text + "ret; }");
  expectOk(run.buffer(out, "out").launch(1, 1));
  const size_t expected[] = {0, 1, 2, 3, 3, 4};
  for (size_t i = 0; i < count; ++i)
    EXPECT_EQ(out[i], expected[i / spaces.size()] == i % spaces.size()) << i;
}

} // namespace
} // namespace winnow::ptxsim::test
