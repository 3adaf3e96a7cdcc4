// The checks of races and of uninitialized memory on blocks of the heap, within a launch and from launch to
// launch.
#include "test/unit/ptxsim/Harness.h"

#include <thread>

namespace winnow::ptxsim::test {
namespace {

void expectOk(const format::Status &status) { EXPECT_TRUE(status.ok()) << status.message(); }

void expectReport(const format::Status &status, std::initializer_list<const char *> parts) {
  EXPECT_EQ(status.code(), format::Code::DeviceFault);
  for (const char *part : parts)
    EXPECT_NE(status.message().find(part), std::string::npos) << part << " in: " << status.message();
}

const char *const kHeapFunctions =
    ".extern .func (.param .b64 r) malloc(.param .b64 a); .extern .func free(.param .b64 a);\n"
    ".extern .func (.param .b32 r) vprintf(.param .b64 f, .param .b64 a);\n";

std::string mallocOf(const std::string &bytes, const std::string &result) {
  return "{ .param .b64 a; .param .b64 r; st.param.b64 [a], " + bytes +
         "; call (r), malloc, (a); ld.param.b64 " + result + ", [r]; }\n";
}
std::string freeOf(const std::string &pointer) {
  return "{ .param .b64 a; st.param.b64 [a], " + pointer + "; call free, (a); }\n";
}

/// Kernels that hand a block from one launch to the next: %b is the block, %x the thread.
class Launches {
public:
  explicit Launches(const std::vector<std::pair<std::string, std::string>> &bodies)
      : execution(textOf(bodies)) {
    execution.options.checkRaces = execution.options.checkUninitialized = true;
  }
  /// By any number of threads at once.
  format::Status launch(const std::string &name, uint32_t block = 1) const {
    const Program &program = *execution.parsed;
    return ptxsim::launch(program, *program.find(name), {1, 1, 1}, {block, 1, 1}, 0, {}, execution.memory,
                          execution.options);
  }
  LaunchOptions &options() { return execution.options; }

private:
  static std::string textOf(const std::vector<std::pair<std::string, std::string>> &bodies) {
    std::string text = header() + kHeapFunctions + ".global .b64 kept; .global .b8 text[3] = {37, 115, 0};\n";
    for (const auto &[name, body] : bodies)
      text += ".visible .entry " + name +
              "() { .reg .b32 %x, %r<4>; .reg .b64 %b, %l<4>; .reg .pred %p<4>;\n"
              "mov.u32 %x, %tid.x; ld.global.u64 %b, [kept];\n" +
              body + " ret; }\n";
    return text;
  }
  Execution execution;
};

const std::string kKeep = "st.global.u64 [kept], %b;\n";

// The heap has room for one block of 5 MiB, so a second one lies where the first was.
TEST(HeapCheck, WhatALaunchWritesCountsInTheNext) {
  Launches launches({{"make", mallocOf("5242880", "%b") + kKeep + "st.u32 [%b], 1; st.u16 [%b+5000], 1;"},
                     {"read", "ld.u32 %r0, [%b];"},
                     {"readShort", "ld.u16 %r0, [%b+5000];"},
                     {"readWord", "ld.u32 %r0, [%b+5000];"},
                     {"write", "st.u32 [%b+5000], 7;"},
                     {"release", freeOf("%b")}});
  expectOk(launches.launch("make"));
  expectOk(launches.launch("read"));
  expectOk(launches.launch("readShort"));
  expectReport(
      launches.launch("readWord"),
      {"uninitialized: load of 4 bytes at byte 5000 of a block of the heap (5242880 bytes), which nobody "
       "has written: kernel 'readWord'"});
  expectOk(launches.launch("write"));
  expectOk(launches.launch("readWord"));
  expectOk(launches.launch("release"));
  expectOk(launches.launch("make")); // in the same place, as new as the first
  expectReport(launches.launch("readWord"), {"uninitialized: "});
}

// Stores that nobody recorded may have been anywhere.
TEST(HeapCheck, AfterALaunchWithoutTheCheck) {
  Launches launches({{"make", mallocOf("64", "%b") + kKeep},
                     {"write", "st.u32 [%b+8], 7;"},
                     {"read", "ld.u32 %r0, [%b+8];"},
                     {"makeAndRead", mallocOf("64", "%b") + "ld.u32 %r0, [%b+8];"}});
  for (bool checksRaces : {false, true}) {
    launches.options().checkUninitialized = true;
    expectOk(launches.launch("make"));
    expectReport(launches.launch("read"), {"uninitialized: "});
    launches.options().checkUninitialized = false;
    launches.options().checkRaces = checksRaces;
    expectOk(launches.launch("write"));
    launches.options().checkUninitialized = true;
    expectOk(launches.launch("read"));
    expectReport(launches.launch("makeAndRead"), {"uninitialized: "});
  }
}

// Launches follow one another; the accesses of one do not race with another's.
TEST(HeapCheck, RacesAreWithinALaunch) {
  Launches launches(
      {{"make", mallocOf("16384", "%b") + kKeep},
       {"write", "setp.ne.u32 %p0, %x, 0; @!%p0 st.u64 [%b+12296], %b;"},
       {"read", "ld.u64 %l0, [%b+12296];"},
       {"release", "setp.ne.u32 %p0, %x, 33; @%p0 ret;" + freeOf("%b")},
       {"readAndRelease", "ld.u64 %l0, [%b+12296]; setp.ne.u32 %p0, %x, 33; @%p0 ret;" + freeOf("%b")},
       {"writeAndRelease",
        "st.u8 [%b+16383], %x; bar.sync 0; setp.ne.u32 %p0, %x, 33; @%p0 ret;" + freeOf("%b")}});
  expectOk(launches.launch("make"));
  expectOk(launches.launch("write", 64));
  expectOk(launches.launch("read", 64));
  expectReport(
      launches.launch("readAndRelease", 64),
      {"race: free of 16384 bytes at byte 0 of a block of the heap (16384 bytes) and the load by thread (",
       "with no barrier between them: kernel 'readAndRelease'"});
  expectReport(launches.launch("writeAndRelease", 64),
               {"race: store of 1 bytes at byte 16383 of a block of the heap (16384 bytes) and the store by "
                "thread (0,0,0)"});
  expectOk(launches.launch("release", 64));
}

TEST(HeapCheck, OneCheckAlone) {
  Launches launches(
      {{"race", mallocOf("16", "%b") + kKeep + "bar.sync 0; ld.global.u64 %b, [kept]; st.u32 [%b], %x;"},
       {"unwritten", mallocOf("16", "%b") + "ld.u32 %r0, [%b+12];"}});
  launches.options().checkRaces = false;
  expectOk(launches.launch("race", 64));
  expectReport(launches.launch("unwritten"), {"uninitialized: load of 4 bytes at byte 12"});
  launches.options() = LaunchOptions();
  launches.options().checkRaces = true;
  expectOk(launches.launch("unwritten"));
}

TEST(HeapCheck, LaunchesAtTheSameTime) {
  const Launches launches({{"k", mallocOf("48", "%b") +
                                     "st.u64 [%b+40], %b; ld.u64 %l0, [%b+40]; setp.ne.u64 %p0, "
                                     "%l0, %b; @%p0 trap;" +
                                     freeOf("%b")}});
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      for (int k = 0; k < 20; ++k)
        expectOk(launches.launch("k", 64));
    });
  for (std::thread &thread : threads)
    thread.join();
}

// What printf reads is read like everything else.
TEST(HeapCheck, PrintedText) {
  const std::string print = "st.local.u64 [args], %b; cvta.local.u64 %l1, %l0; mov.u64 %l2, text;"
                            "cvta.global.u64 %l2, %l2; { .param .b64 f; .param .b64 a; .param .b32 r;"
                            "st.param.b64 [f], %l2; st.param.b64 [a], %l1; call (r), vprintf, (f, a); }";
  const std::string begin = ".local .align 8 .b8 args[8];"
                            "mov.u64 %l0, args; mov.u32 %r0, 97; mov.u32 %r1, 0;" +
                            mallocOf("8", "%b") + "st.u8 [%b], %r0;";
  Launches launches({{"whole", begin + "st.u8 [%b+1], %r1;" + print}, {"cut", begin + print}});
  std::string printed;
  launches.options().print = [&](std::string_view text) { printed += text; };
  expectOk(launches.launch("whole"));
  EXPECT_EQ(printed, "a");
  launches.options().checkRaces = false;
  expectReport(launches.launch("cut"),
               {"uninitialized: load of 1 bytes at byte 1 of a block of the heap (8 bytes)"});
}

} // namespace
} // namespace winnow::ptxsim::test
