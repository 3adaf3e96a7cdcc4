// Programs with branches, parameters and a state: what runs, what a failed call leaves, and that sessions are
// independent, also in several threads.
#include "TestModule.h"

#include "format/Writer.h"
#include "runtime/plan/Executor.h"
#include "runtime/plan/OutputTensor.h"

#include <gtest/gtest.h>
#include <thread>

using namespace winnow::runtime;
using namespace winnow;
using winnow::format::Opcode;

namespace {

/// step(negate: bool) -> sum: float32[rows]
///   if negate: next = sum - beta, else: next = sum + beta; sum' = next
format::Function stepFunction() {
  format::Function function;
  function.name = "step";
  function.inputs = {{"negate", format::ElementType::Bool, {}}};
  function.outputs = {{"sum", format::ElementType::F32, {{format::kDynamic, ""}}}};
  ProgramBuilder program(function);
  uint32_t rows = program.scalar(Opcode::ParameterValue, {1});
  uint32_t four = program.constant(4), bytes = program.scalar(Opcode::Multiply, {rows, four});
  uint32_t negate = program.buffer(Opcode::Input, {0}), beta = program.buffer(Opcode::Parameter, {0});
  uint32_t sum = program.buffer(Opcode::State, {0}), next = program.buffer(Opcode::NextState, {0});
  uint32_t result = program.buffer(Opcode::Output, {0, rows});
  program.effect(Opcode::If, {negate});
  uint32_t difference = program.buffer(Opcode::Allocate, {bytes});
  program.dispatch(1, {rows}, {sum, beta, difference}, {rows});
  program.effect(Opcode::Copy, {next, difference});
  program.effect(Opcode::Release, {difference});
  program.effect(Opcode::Else, {});
  uint32_t total = program.buffer(Opcode::Allocate, {bytes});
  program.dispatch(0, {rows}, {sum, beta, total}, {rows});
  program.effect(Opcode::Copy, {next, total});
  program.effect(Opcode::EndIf, {});
  program.effect(Opcode::Copy, {result, next});
  program.effect(Opcode::Return, {});
  return function;
}

format::Module stepModule() {
  format::Module module;
  module.producer = "winnow test";
  module.images = {{"host:x86-64", "elf", {1}}};
  for (const char *name : {"add", "subtract"})
    module.kernels.push_back({name, "", 3, 1, {0, 0, 1}, {{0, name, {1}, 1, 0}}});
  module.parameters = {{"beta", format::ElementType::F32, 0x40000000}, {"rows", format::ElementType::I64, 3}};
  module.states = {{"sum", format::ElementType::F32, {{format::kDynamic, 1}}, 0x3f800000}};
  module.functions = {stepFunction()};
  return module;
}

/// Computes sum + beta and sum - beta on the host.
class StepDevice : public Device {
public:
  std::string_view name() const override { return "step"; }
  std::string_view target() const override { return "host:x86-64"; }
  Status launch(const Launch &launch) override {
    ++launches[launch.kernel];
    if (fails)
      return failure(Code::DeviceFault, "the device is on fire");
    auto floats = [&](size_t i) { return static_cast<float *>(launch.buffers[i]); };
    float step = *floats(1) * (launch.kernel == 0 ? 1.0f : -1.0f);
    for (int64_t i = 0; i < launch.sizes[0]; ++i)
      floats(2)[i] = floats(0)[i] + step;
    return {};
  }

  int launches[2] = {0, 0};
  bool fails = false;
};

/// A session without its C API.
struct Stepper {
  explicit Stepper(std::shared_ptr<const LoadedModule> loaded)
      : module(std::move(loaded)), executor(*module, device, memory, false) {}

  Result<std::vector<float>> step(bool negate) {
    DLTensor input = {}, output = {};
    input.data = &negate;
    input.device = {kDLCPU, 0};
    input.dtype = format::toDLPack(format::ElementType::Bool);
    Status status = executor.invoke(*module->findFunction("step", ""), {&input, 1}, {&output, 1}, cancelled);
    if (!status.ok())
      return status;
    const float *values = static_cast<const float *>(output.data);
    std::vector<float> result(values, values + output.shape[0]);
    freeOutputTensor(output);
    return result;
  }

  std::shared_ptr<const LoadedModule> module;
  StepDevice device;
  std::shared_ptr<Memory> memory = std::make_shared<Memory>(Allocator(), 0);
  std::atomic<bool> cancelled = false;
  Executor executor;
};

class BranchesAndState : public testing::Test {
protected:
  void SetUp() override {
    auto written = format::serialize(stepModule());
    ASSERT_TRUE(written.ok()) << written.status().message();
    bytes = std::move(*written);
    module = *LoadedModule::fromMemory(bytes);
  }

  std::vector<uint8_t> bytes;
  std::shared_ptr<const LoadedModule> module;
};

TEST_F(BranchesAndState, StateGrowsFromCallToCall) {
  Stepper stepper(module);
  EXPECT_EQ(*stepper.step(false), std::vector<float>(3, 3.0f));
  EXPECT_EQ(*stepper.step(false), std::vector<float>(3, 5.0f));
  EXPECT_EQ(*stepper.step(true), std::vector<float>(3, 3.0f));
  EXPECT_EQ(stepper.device.launches[0], 2);
  EXPECT_EQ(stepper.device.launches[1], 1);
  EXPECT_EQ(stepper.executor.statistics().skippedBranches, 2u);
}

TEST_F(BranchesAndState, BranchesShareTheArena) {
  Stepper stepper(module);
  ASSERT_TRUE(stepper.step(false).ok());
  EXPECT_EQ(stepper.executor.statistics().transientBytes, 64);
}

TEST_F(BranchesAndState, FailuresLeaveTheState) {
  Stepper stepper(module);
  ASSERT_TRUE(stepper.step(false).ok());
  stepper.device.fails = true;
  EXPECT_EQ(stepper.step(false).status().code(), Code::DeviceFault);
  stepper.device.fails = false;
  stepper.cancelled = true;
  EXPECT_EQ(stepper.step(false).status().code(), Code::Cancelled);
  stepper.cancelled = false;
  EXPECT_EQ(*stepper.step(false), std::vector<float>(3, 5.0f));
}

TEST_F(BranchesAndState, Parameters) {
  Stepper stepper(module);
  EXPECT_EQ(stepper.executor.setParameter("gamma", 1).message(),
            "the module has no parameter 'gamma', it has beta, rows");
  EXPECT_EQ(stepper.executor.setParameter("rows", 2.5).message(),
            "parameter 'rows': expected a value of int64, found 2.5");
  EXPECT_EQ(stepper.executor.setParameter("beta", 1e300).code(), Code::InvalidArgument);
  ASSERT_TRUE(stepper.executor.setParameter("rows", -1).ok());
  EXPECT_EQ(stepper.step(false).status().message(),
            "state 'sum', dimension 0: its parameter is -1, expected at least 0");
  ASSERT_TRUE(stepper.executor.setParameter("rows", 5).ok());
  ASSERT_TRUE(stepper.executor.setParameter("beta", -0.5).ok());
  EXPECT_EQ(*stepper.step(false), std::vector<float>(5, 0.5f));
  EXPECT_EQ(stepper.executor.setParameter("rows", 4).message(),
            "parameter 'rows' is the size of state 'sum', which has contents already");
  EXPECT_TRUE(stepper.executor.setParameter("rows", 5).ok()); // it is that already
  EXPECT_EQ(*stepper.step(false), std::vector<float>(5, 0.0f));
}

TEST_F(BranchesAndState, SessionsAreIndependent) {
  std::vector<std::thread> threads;
  std::vector<std::vector<float>> results(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, i, &results] {
      Stepper stepper(module);
      (void)stepper.executor.setParameter("beta", i);
      for (int call = 0; call < 50; ++call)
        results[size_t(i)] = *stepper.step(false);
    });
  }
  for (std::thread &thread : threads)
    thread.join();
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(results[size_t(i)], std::vector<float>(3, 1.0f + 50.0f * float(i)));
}

TEST_F(BranchesAndState, FreesEverything) {
  auto memory = std::make_shared<Memory>(Allocator(), 0);
  {
    Stepper stepper(module);
    memory = stepper.memory;
    ASSERT_TRUE(stepper.step(true).ok());
    EXPECT_GT(memory->usedBytes(), 0);
  }
  EXPECT_EQ(memory->usedBytes(), 0);
}

} // namespace
