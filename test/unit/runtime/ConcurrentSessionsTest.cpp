// Sessions of one module that are used at the same time, on every device: each keeps exactly its own state
// and parameters, and calls of one session from several threads never see half of another. Run it under the
// thread sanitizer too (CONTRIBUTING.md).
#include "TestModule.h"
#include "cuda/UseFakeDriver.h"

#include "format/Writer.h"
#include "runtime/device/host/NativeCode.h"
#include "winnow/runtime.hpp"

#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <thread>
#include <unistd.h>

using namespace winnow;
using namespace winnow::runtime;

namespace {

constexpr int64_t kWidth = 48; // as in kernels.c and in the PTX below
constexpr int kCalls = 300;

/// step() -> sum: float32[48]; sum' = sum + beta * weights; weights = 1, 2, 3, ...
format::Function stepFunction(const std::string &device, uint32_t kernel, std::vector<uint32_t> extents) {
  using format::Opcode;
  format::Function function;
  function.name = "step";
  function.device = device;
  function.outputs = {{"sum", format::ElementType::F32, {{kWidth, "", kWidth, kWidth}}}};
  ProgramBuilder program(function);
  uint32_t width = program.constant(kWidth);
  uint32_t sum = program.buffer(Opcode::State, {0}), beta = program.buffer(Opcode::Parameter, {0});
  uint32_t weights = program.buffer(Opcode::Weight, {0}), next = program.buffer(Opcode::NextState, {0});
  uint32_t result = program.buffer(Opcode::Output, {0, width});
  program.dispatch(kernel, std::move(extents), {sum, beta, weights, next}, {});
  program.effect(Opcode::Copy, {result, next});
  program.effect(Opcode::Return, {});
  return function;
}

constexpr std::string_view kPtx = R"(.version 8.5
.target sm_80
.address_size 64
.visible .entry accumulate(.param .u64 .ptr .align 64 sum, .param .u64 .ptr .align 64 step,
                           .param .u64 .ptr .align 64 weights, .param .u64 .ptr .align 64 next)
{
  .reg .b32 %r<4>; .reg .b64 %rd<6>; .reg .f32 %f<5>; .reg .pred %p<1>;
  mov.u32 %r0, %ctaid.x; mov.u32 %r1, %ntid.x; mov.u32 %r2, %tid.x;
  mad.lo.s32 %r0, %r0, %r1, %r2;
  setp.ge.u32 %p0, %r0, 48;
  @%p0 bra END;
  ld.param.u64 %rd0, [sum]; ld.param.u64 %rd1, [step]; ld.param.u64 %rd2, [weights]; ld.param.u64 %rd3, [next];
  mul.wide.u32 %rd4, %r0, 4;
  add.s64 %rd0, %rd0, %rd4; add.s64 %rd2, %rd2, %rd4; add.s64 %rd3, %rd3, %rd4;
  ld.global.f32 %f0, [%rd0]; ld.global.f32 %f1, [%rd1]; ld.global.f32 %f2, [%rd2];
  mul.rn.f32 %f3, %f1, %f2; add.rn.f32 %f4, %f0, %f3;
  st.global.f32 [%rd3], %f4;
END:
  ret;
}
)";

format::Module accumulatingModule() {
  format::Module module;
  module.producer = "winnow test";
  std::vector<uint8_t> image = readBytes(WINNOW_TEST_IMAGES "/kernels.so");
  std::string cpu(hostCpu());
  module.images = {{"host:" + cpu, "elf", image},
                   {"reference:" + cpu, "elf", image},
                   {"cuda:sm_80", "ptx", {kPtx.begin(), kPtx.end()}}};
  std::vector<float> weights;
  for (int64_t i = 1; i <= kWidth; ++i)
    weights.push_back(float(i));
  addFloats(module, "weights", weights);
  module.parameters = {{"beta", format::ElementType::F32, 0x3f800000}};
  module.states = {{"sum", format::ElementType::F32, {{kWidth, 0}}, 0}};
  module.kernels = {
      {"step_0", "", 4, 0, {0, 0, 0, 1}, {{0, "accumulate", {1}, 1, 0}, {2, "accumulate", {1}, 32, 0}}},
      {"reference_0", "", 4, 0, {0, 0, 0, 1}, {{1, "reference_accumulate", {}, 1, 0}}}};
  module.functions = {stepFunction("", 0, {0}), stepFunction("reference", 1, {})};
  return module;
}

std::vector<float> step(wn::Session &session) {
  std::vector<wn::Tensor> outputs = session.invoke("step", {}, 1);
  const float *values = outputs[0].data<float>();
  return {values, values + kWidth};
}

/// What `sum` is when the `beta` of all calls so far adds up to `total`.
std::vector<float> sumOf(int total) {
  std::vector<float> sum;
  for (int64_t i = 1; i <= kWidth; ++i)
    sum.push_back(float(total) * float(i));
  return sum;
}

/// The device is the test's parameter.
class ConcurrentSessions : public testing::TestWithParam<const char *> {
protected:
  ConcurrentSessions()
      : driver(test::fakeDriver()), bytes(makeBytes()),
        module(wn::Module::fromMemory(bytes.data(), bytes.size())) {
    folder = std::filesystem::temp_directory_path() /
             ("winnow-concurrent-sessions-" + std::to_string(getpid()) + "-" + GetParam());
    std::filesystem::create_directories(folder);
  }
  ~ConcurrentSessions() override { std::filesystem::remove_all(folder); }
  void SetUp() override { driver.reset({}); }
  void TearDown() override {
    EXPECT_EQ(driver.problems(), std::vector<std::string>());
    EXPECT_EQ(driver.leftovers(), "nothing");
  }

  static std::vector<uint8_t> makeBytes() {
    auto bytes = format::serialize(accumulatingModule());
    if (!bytes.ok())
      throw std::runtime_error(bytes.status().message());
    return std::move(*bytes);
  }

  wn::Session makeSession() const { return wn::Session(module, GetParam()); }

  /// A new session whose every call is checked, `beta` having one value throughout.
  void stepAlone(int beta) const {
    wn::Session session = makeSession();
    session.setParameter("beta", beta);
    for (int call = 1; call <= kCalls; ++call)
      ASSERT_EQ(step(session), sumOf(call * beta)) << "call " << call;
  }

  test::FakeDriver &driver; // of the device cuda
  std::vector<uint8_t> bytes;
  wn::Module module;
  std::filesystem::path folder;
};

/// Runs both at the same time.
template <typename First, typename Second> void together(First first, Second second) {
  std::thread thread(first);
  second();
  thread.join();
}

TEST_P(ConcurrentSessions, EachKeepsItsOwnState) {
  together([&] { stepAlone(1); }, [&] { stepAlone(3); });
}

TEST_P(ConcurrentSessions, OneGoesBackToWhatItSaved) {
  auto saveAndLoad = [&] {
    wn::Session session = makeSession();
    std::string file = folder / "own.npz";
    int saved = 0;
    for (int round = 0; round < kCalls / 4; ++round) {
      int beta = round % 5 - 2;
      session.setParameter("beta", beta);
      ASSERT_EQ(step(session), sumOf(saved + beta)) << "round " << round;
      saved += beta;
      session.saveState(file);
      session.setParameter("beta", 7);
      ASSERT_EQ(step(session), sumOf(saved + 7)) << "round " << round;
      session.loadState(file);
    }
  };
  together([&] { stepAlone(2); }, saveAndLoad);
}

TEST_P(ConcurrentSessions, OneSessionIsUsedByTwoThreads) {
  wn::Session session = makeSession();
  std::string file = folder / "shared.npz";
  session.saveState(file);
  auto stepAndCheck = [&] {
    for (int call = 0; call < kCalls; ++call) {
      std::vector<float> sum = step(session);
      ASSERT_EQ(sum, sumOf(int(sum[0]))) << "the elements are of different calls";
    }
  };
  auto interfere = [&] {
    for (int round = 0; round < kCalls / 4; ++round) {
      session.setParameter("beta", 1 + round % 3);
      round % 2 ? session.saveState(file) : session.loadState(file);
      ASSERT_FALSE(session.profile().empty());
    }
  };
  together(stepAndCheck, interfere);
  session.loadState(file);
  session.setParameter("beta", 0);
  std::vector<float> sum = step(session);
  EXPECT_EQ(sum, sumOf(int(sum[0]))) << "what was saved is of different calls";
}

INSTANTIATE_TEST_SUITE_P(Devices, ConcurrentSessions, testing::Values("host", "reference", "ptxsim", "cuda"),
                         [](const auto &info) { return std::string(info.param); });

} // namespace
