// Whole sessions on the device cuda, with the fake driver: what they compute, how little they wait, and what
// becomes of every single call of the driver that fails.
#include "CudaModule.h"
#include "UseFakeDriver.h"
#include "format/Writer.h"
#include "winnow/runtime.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>

using namespace winnow;
using namespace winnow::test;

namespace {

constexpr int kNotPermitted = 800; // CUDA_ERROR_NOT_PERMITTED
constexpr int kIllegalAddress = 700;

std::string nameOf(const std::string &call) { return call.substr(0, call.find('(')); }

class CudaSession : public testing::Test {
protected:
  CudaSession() { start(); }
  void TearDown() override {
    EXPECT_EQ(driver.problems(), std::vector<std::string>());
    EXPECT_EQ(driver.leftovers(), "nothing");
  }

  void start(const FakeMachine &machine = {}) { driver.reset(machine); }

  wn::Module load(const format::Module &contents) {
    auto serialized = format::serialize(contents);
    if (!serialized.ok())
      throw std::runtime_error(serialized.status().message());
    bytes = std::move(*serialized);
    return wn::Module::fromMemory(bytes.data(), bytes.size());
  }
  wn::Session open(const std::string &device = "cuda", const std::string &checks = "") {
    wn_session_options options;
    wn_session_options_init(&options);
    options.checks = checks.c_str();
    return wn::Session(load(stepModule()), device, &options);
  }

  std::vector<float> step(wn::Session &session, float first, bool other) {
    std::vector<float> x(kStateWidth);
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = first + float(i);
    uint8_t flag = other;
    int64_t width = kStateWidth, one = 1;
    DLTensor inputs[2] = {};
    inputs[0].data = x.data();
    inputs[0].device = inputs[1].device = {kDLCPU, 0};
    inputs[0].ndim = inputs[1].ndim = 1;
    inputs[0].dtype = {kDLFloat, 32, 1};
    inputs[0].shape = &width;
    inputs[1].data = &flag;
    inputs[1].dtype = {6, 8, 1};
    inputs[1].shape = &one;
    std::vector<wn::Tensor> outputs = session.invoke("step", {inputs[0], inputs[1]}, 1);
    const float *y = outputs[0].data<float>();
    return {y, y + kStateWidth};
  }

  /// Three steps with what must come of them: far = 1 + i, then far + 2 (2 + i), then far + 2 (3 + i).
  void runSteps(wn::Session &session) {
    std::vector<float> first = step(session, 1, false);
    session.setParameter("beta", 2);
    std::vector<float> second = step(session, 2, false), third = step(session, 3, true);
    for (size_t i = 0; i < first.size(); ++i) {
      float x = float(i), far1 = 1 + x, far2 = far1 + 2 * (2 + x), far3 = far2 + 2 * (3 + x);
      ASSERT_EQ(first[i], far1) << i;
      ASSERT_EQ(second[i], far2) << i;
      ASSERT_EQ(third[i], 2 * (far1 + far2 + far3)) << i;
    }
  }

  std::string failureOf(const std::function<void()> &body) {
    try {
      body();
    } catch (const wn::Error &error) {
      return error.what();
    }
    return "no failure";
  }

  size_t count(const std::string &function) const {
    std::vector<std::string> calls = driver.calls();
    return size_t(std::count_if(calls.begin(), calls.end(),
                                [&](const std::string &each) { return nameOf(each) == function; }));
  }

  FakeDriver &driver = fakeDriver();
  std::vector<uint8_t> bytes;
};

TEST_F(CudaSession, ComputesWithEverythingThatProgramsHave) {
  for (bool hasPools : {true, false}) {
    FakeMachine machine;
    machine.hasPools = hasPools;
    start(machine);
    wn::Session session = open();
    EXPECT_EQ(session.device(), "cuda");
    EXPECT_EQ(session.target(), "cuda:sm_80");
    runSteps(session);
    EXPECT_EQ(count("cuMemAlloc_v2") == 0, hasPools);
  }
}

TEST_F(CudaSession, WaitsOnceForAllKernelsOfACall) {
  wn::Session session = open();
  step(session, 1, true);
  size_t before = count("cuStreamSynchronize"), launches = count("cuLaunchKernel");
  step(session, 1, true);
  EXPECT_EQ(count("cuLaunchKernel") - launches, 2u);
  // For the condition, for the end of the call, and for the output.
  EXPECT_EQ(count("cuStreamSynchronize") - before, 3u);
}

TEST_F(CudaSession, SavesAndLoadsState) {
  std::string path = testing::TempDir() + "winnow-cuda-state.npz";
  wn::Session session = open();
  step(session, 1, false);
  session.saveState(path);
  std::vector<float> once = step(session, 5, true);
  session.loadState(path);
  EXPECT_EQ(step(session, 5, true), once);
  wn::Session other = open();
  other.loadState(path);
  EXPECT_EQ(step(other, 5, true), once);
  std::remove(path.c_str());
}

TEST_F(CudaSession, SaysHowMuchMemoryItUsed) {
  wn::Session session = open();
  step(session, 1, false);
  auto profile = nlohmann::json::parse(session.profile());
  EXPECT_EQ(profile["passed_over"], "");
  // Two states, the input and the output; the parameter's cell, the flag, the weight and the arena are
  // smaller.
  EXPECT_GE(profile["device_bytes_peak"], 4 * 4 * kStateWidth);
  EXPECT_LE(profile["device_bytes_peak"], 6 * 4 * kStateWidth);
}

TEST_F(CudaSession, KeepsToItsLimit) {
  wn::Module module = load(stepModule());
  wn_session_options options;
  wn_session_options_init(&options);
  options.memory_limit = 10000;
  wn::Session session(module, "cuda", &options);
  std::string message = failureOf([&] { step(session, 1, false); });
  EXPECT_NE(message.find(" of the limit of 10000 are in use on GPU 0 (Fake)"), std::string::npos) << message;
}

TEST_F(CudaSession, NamesWhatDoesNotFit) {
  for (bool hasPools : {true, false}) {
    FakeMachine machine;
    machine.hasPools = hasPools;
    machine.memoryBytes = 6000;
    start(machine);
    wn::Session session = open();
    std::string message = failureOf([&] { step(session, 1, false); });
    EXPECT_NE(message.find("cannot allocate 2432 bytes on GPU 0 (Fake): cuMemAlloc"), std::string::npos)
        << message;
    EXPECT_NE(message.find("CUDA_ERROR_OUT_OF_MEMORY (out of memory); the session uses "), std::string::npos)
        << message;
  }
}

TEST_F(CudaSession, TakesTheDeviceOfItsNumber) {
  FakeMachine machine;
  machine.devices = 2;
  start(machine);
  wn::Session session = open("cuda:1");
  EXPECT_EQ(session.device(), "cuda:1");
  runSteps(session);
  std::vector<std::string> calls = driver.calls();
  EXPECT_EQ(std::count(calls.begin(), calls.end(), "cuDevicePrimaryCtxRetain(1)"), 1);
  EXPECT_EQ(failureOf([&] { open("cuda:2"); }), "there is no GPU 2: the CUDA driver has 2 devices");
  for (const char *wrong : {"cuda:", "cuda:x", "cuda:-1", "cuda:1:0", "host:1", "cuda1"})
    EXPECT_EQ(failureOf([&] { open(wrong); }), "device '" + std::string(wrong) +
                                                   "' is unknown, expected one of auto, host, cuda, ptxsim, "
                                                   "reference");
}

// What a kernel reads beyond its buffers is nobody's.
format::Module faultyModule() {
  format::Module module = stepModule();
  std::string text(kMultiplyAdd);
  text.replace(text.find("shl.b64 %rd6, %rd0, 2;"), 22, "shl.b64 %rd6, %rd0, 20;");
  module.images[0].bytes = bytesOf(text);
  return module;
}

TEST_F(CudaSession, BlamesTheKernelThatFailed) {
  const std::string launched = "'multiply_add' (grid 10x1x1, block 64x1x1, 0 bytes of dynamic shared memory)";
  const std::string found =
      " failed on GPU 0 (Fake): cuStreamSynchronize: CUDA_ERROR_ILLEGAL_ADDRESS (an illegal "
      "memory access was encountered)";
  struct {
    std::string checks, message;
  } cases[] = {
      {"", "one of 2 kernels (the check 'launches' tells which) from " + launched + " to " + launched},
      {"launches", "kernel " + launched},
      {"all", "kernel " + launched}};
  for (const auto &each : cases) {
    start();
    wn::Module module = load(faultyModule());
    wn_session_options options;
    wn_session_options_init(&options);
    options.checks = each.checks.c_str();
    wn::Session session(module, "cuda", &options);
    EXPECT_EQ(failureOf([&] { step(session, 1, false); }), each.message + found);
    EXPECT_NE(driver.fault().find("out-of-bounds load"), std::string::npos) << driver.fault();
    EXPECT_EQ(failureOf([&] { step(session, 1, false); }),
              "the GPU is of no more use to this process since " + each.message + found);
  }
}

TEST_F(CudaSession, KnowsItsChecks) {
  EXPECT_EQ(failureOf([&] { open("cuda", "launches,races"); }),
            "check 'races' is unknown, expected all, none, or some of launches");
}

TEST_F(CudaSession, AutoTakesTheGpu) { EXPECT_EQ(open("auto").device(), "cuda"); }

/// Of these nobody is told that they failed: there is nothing that could be done.
const std::set<std::string> kReleases = {
    "cuCtxPopCurrent_v2", "cuModuleUnload",   "cuStreamDestroy_v2",
    "cuEventDestroy_v2",  "cuMemFree_v2",     "cuMemFreeHost",
    "cuMemFreeAsync",     "cuMemPoolDestroy", "cuDevicePrimaryCtxRelease_v2",
    "cuDeviceGetName"};

/// Runs a session in which one call fails, and checks that it ends in a message or the right result.
void expectOrderly(FakeDriver &driver, const std::string &function, int later,
                   const std::function<void()> &session) {
  SCOPED_TRACE(function + ", call " + std::to_string(later));
  driver.fail(function, kNotPermitted, later);
  bool isRelease = kReleases.count(function), isPush = function == "cuCtxPushCurrent_v2", hasFailed = false;
  try {
    session();
  } catch (const wn::Error &error) {
    hasFailed = true;
    std::string message = error.what(),
                expected = isPush ? "CUDA_ERROR_INVALID_CONTEXT" : function + ": CUDA_ERROR_NOT_PERMITTED";
    EXPECT_NE(message.find(expected), std::string::npos) << message;
  }
  EXPECT_FALSE(hasFailed && isRelease);
  if (isRelease || isPush)
    return;
  EXPECT_EQ(driver.problems(), std::vector<std::string>());
  EXPECT_EQ(driver.leftovers(), "nothing");
}

TEST_F(CudaSession, SurvivesEveryFailure) {
  for (bool hasPools : {true, false}) {
    FakeMachine machine;
    machine.hasPools = hasPools;
    auto session = [&] {
      wn::Session opened = open();
      runSteps(opened);
    };
    start(machine);
    session();
    std::map<std::string, int> counts;
    for (const std::string &each : driver.calls())
      ++counts[nameOf(each)];
    EXPECT_GT(counts.size(), 20u);
    for (const auto &[function, times] : counts) {
      for (int later = 0; later < times; ++later) {
        start(machine);
        expectOrderly(driver, function, later, session);
      }
    }
  }
  start();
}

TEST_F(CudaSession, CallsThatFailLeaveTheState) {
  wn::Session session = open();
  step(session, 1, false);
  driver.fail("cuStreamSynchronize", kNotPermitted);
  EXPECT_NE(failureOf([&] { step(session, 7, false); }).find("cuStreamSynchronize"), std::string::npos);
  driver.fail("cuLaunchKernel", kNotPermitted, 1);
  EXPECT_EQ(
      failureOf([&] { step(session, 7, false); }),
      "cannot launch kernel 'multiply_add' (grid 10x1x1, block 64x1x1, 0 bytes of dynamic shared memory): "
      "cuLaunchKernel: CUDA_ERROR_NOT_PERMITTED (operation not permitted)");
  EXPECT_EQ(step(session, 2, false)[0], 1.0f + 2.0f);
}

// What the driver says of the hardware or of itself, and what it says of kernels: all that comes later is
// refused without asking it again.
TEST_F(CudaSession, GivesAGpuUpThatTheDriverHasLost) {
  for (int code : {214, 220, 226, 709, 810, 999, 700, 702, 710, 714, 715, 716, 717, 718, 719, 721}) {
    SCOPED_TRACE(code);
    start();
    wn::Session session = open();
    step(session, 1, false);
    driver.fail("cuStreamSynchronize", code);
    std::string message = failureOf([&] { step(session, 7, false); });
    bool isKernels = code >= 700 && code <= 721 && code != 709;
    EXPECT_EQ(message.find(isKernels ? "one of 2 kernels" : "GPU 0 (Fake) failed: cuStreamSynchronize: "), 0u)
        << message;
    EXPECT_EQ(failureOf([&] { step(session, 7, false); }),
              "the GPU is of no more use to this process since " + message);
  }
}

TEST_F(CudaSession, SaysWhatTheHardwareDid) {
  wn::Session session = open();
  driver.fail("cuStreamSynchronize", 214);
  EXPECT_EQ(failureOf([&] { step(session, 1, false); }),
            "GPU 0 (Fake) failed: cuStreamSynchronize: CUDA_ERROR_ECC_UNCORRECTABLE (uncorrectable ECC error "
            "encountered)");
}

TEST_F(CudaSession, BlamesOthersForAFaultThatItDidNotMake) {
  wn::Session session = open();
  driver.fail("cuEventSynchronize", kIllegalAddress);
  std::string message = failureOf([&] { step(session, 1, false); });
  EXPECT_EQ(message.find("a kernel of another session failed on GPU 0 (Fake): cuEventSynchronize: "), 0u)
      << message;
}

} // namespace
