// The runtime as its users see it, through the C API and its C++ wrapper.
#include "TestModule.h"

#include "format/Writer.h"
#include "runtime/device/host/NativeCode.h"
#include "winnow/runtime.hpp"

#include <atomic>
#include <cmath>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <thread>

using namespace winnow;
using winnow::runtime::testModule;

namespace {

struct alignas(64) Floats {
  std::array<float, 64 * 16> values = {};
};

DLTensor view(void *data, std::vector<int64_t> &shape, DLDataType type) {
  DLTensor tensor = {};
  tensor.data = data;
  tensor.device = {kDLCPU, 0};
  tensor.ndim = int(shape.size());
  tensor.dtype = type;
  tensor.shape = shape.data();
  return tensor;
}
constexpr DLDataType kFloat = {kDLFloat, 32, 1}, kInt64 = {kDLInt, 64, 1}, kBool = {6, 8, 1};

class RuntimeSession : public testing::Test {
protected:
  RuntimeSession() : bytes(makeBytes()), module(wn::Module::fromMemory(bytes.data(), bytes.size())) {
    for (size_t i = 0; i < x.values.size(); ++i)
      x.values[i] = std::sin(float(i));
  }

  static std::vector<uint8_t> makeBytes() {
    auto image = runtime::readBytes(WINNOW_TEST_IMAGES "/kernels.so");
    auto bytes = format::serialize(testModule(image, std::string(runtime::hostCpu())));
    if (!bytes.ok())
      throw std::runtime_error(bytes.status().message());
    return std::move(*bytes);
  }

  DLTensor input(int64_t batch) {
    inputShape = {batch, 16};
    return view(x.values.data(), inputShape, kFloat);
  }

  void expectRight(const float *y, const int64_t *z, int64_t batch) const {
    for (int64_t row = 0; row < batch; ++row) {
      int64_t best = 0;
      std::array<float, 16> expected;
      for (int64_t i = 0; i < 16; ++i) {
        float w = float(i % 2 ? -(i + 1) : i + 1), value = x.values[size_t(row * 16 + i)] * w;
        expected[size_t(i)] = (value > 0 ? value : 0) + 0.5f;
        best = expected[size_t(i)] > expected[size_t(best)] ? i : best;
        EXPECT_EQ(y[row * 16 + i], expected[size_t(i)]) << row << ", " << i;
      }
      EXPECT_EQ(z[row], best) << row;
    }
  }

  std::string messageOf(wn_status status, wn_code code) const {
    EXPECT_EQ(wn_status_code(status), code) << wn_status_message(status);
    std::string message = wn_status_message(status);
    wn_status_free(status);
    return message;
  }

  std::vector<uint8_t> bytes;
  wn::Module module;
  Floats x;
  std::vector<int64_t> inputShape;
};

TEST_F(RuntimeSession, MakesOutputs) {
  for (const char *device : {"auto", "host", "reference"}) {
    wn::Session session(module, device);
    EXPECT_EQ(session.device(), std::string(device) == "auto" ? "host" : device);
    for (int64_t batch : {1, 64, 3, 64, 3}) {
      std::vector<wn::Tensor> outputs = session.invoke("main", {input(batch)}, 2);
      EXPECT_EQ(outputs[0].shape(), (std::vector<int64_t>{batch, 16}));
      EXPECT_EQ(outputs[1].shape(), (std::vector<int64_t>{batch}));
      expectRight(outputs[0].data<float>(), outputs[1].data<int64_t>(), batch);
    }
  }
}

TEST_F(RuntimeSession, WritesCallersOutputs) {
  wn::Session session(module);
  Floats y;
  alignas(64) std::array<int64_t, 64> z;
  std::vector<int64_t> yShape = {5, 16}, zShape = {5};
  std::vector<DLTensor> outputs = {view(y.values.data(), yShape, kFloat), view(z.data(), zShape, kInt64)};
  session.invoke("main", {input(5)}, outputs);
  expectRight(y.values.data(), z.data(), 5);
  EXPECT_EQ(nlohmann::json::parse(session.profile())["staged_tensors"], 0);
}

TEST_F(RuntimeSession, StagesStridesAndMisalignment) {
  wn::Session session(module);
  // x transposed, y with gaps and backwards, z misaligned.
  std::vector<float> transposed(16 * 3), y(3 * 20);
  for (size_t row = 0; row < 3; ++row)
    for (size_t i = 0; i < 16; ++i)
      transposed[i * 3 + row] = x.values[row * 16 + i];
  std::vector<int64_t> z(4), xShape = {3, 16}, xStrides = {1, 3}, yShape = {3, 16}, yStrides = {-20, 1},
                             zShape = {3};
  DLTensor in = view(transposed.data(), xShape, kFloat);
  in.strides = xStrides.data();
  std::vector<DLTensor> outputs = {view(y.data(), yShape, kFloat), view(z.data() + 1, zShape, kInt64)};
  outputs[0].strides = yStrides.data();
  outputs[0].byte_offset = 40 * sizeof(float);
  session.invoke("main", {in}, outputs);
  std::vector<float> compact;
  for (int row = 2; row >= 0; --row)
    compact.insert(compact.end(), y.begin() + row * 20, y.begin() + row * 20 + 16);
  expectRight(compact.data(), z.data() + 1, 3);
  EXPECT_EQ(y[16], 0.0f); // a gap
}

TEST_F(RuntimeSession, OutputsMayOverlapInputsButNotEachOther) {
  wn::Session session(module);
  Floats inPlace = x;
  alignas(64) std::array<int64_t, 64> z;
  std::vector<int64_t> shape = {64, 16}, zShape = {64};
  std::vector<DLTensor> outputs = {view(inPlace.values.data(), shape, kFloat),
                                   view(z.data(), zShape, kInt64)};
  session.invoke("main", {view(inPlace.values.data(), shape, kFloat)}, outputs);
  expectRight(inPlace.values.data(), z.data(), 64);
  outputs[1].data = inPlace.values.data();
  DLTensor in = input(64);
  EXPECT_EQ(
      messageOf(wn_session_invoke(session.get(), "main", &in, 1, outputs.data(), 2), WN_INVALID_ARGUMENT),
      "output 'z' overlaps output 'y'");
}

TEST_F(RuntimeSession, BadCalls) {
  wn::Session session(module);
  DLTensor in = input(2), outputs[2] = {};
  auto message = [&](const char *function, size_t inputCount, size_t outputCount,
                     wn_code code = WN_INVALID_ARGUMENT) {
    return messageOf(wn_session_invoke(session.get(), function, &in, inputCount, outputs, outputCount), code);
  };
  EXPECT_EQ(message("mian", 1, 2, WN_NOT_FOUND),
            "the module has no function 'mian' for device 'host', it has main, count");
  EXPECT_EQ(message("main", 0, 2), "function 'main' has 1 inputs, found 0");
  EXPECT_EQ(message("main", 1, 1), "function 'main' has 2 outputs, found 1");
  in.dtype = kInt64;
  EXPECT_EQ(message("main", 1, 2), "input 'x': expected float32, found int64");
  in = input(65);
  EXPECT_EQ(message("main", 1, 2), "input 'x', dimension 0 ('batch'): expected 1 to 64, found 65");
  in = input(2);
  std::vector<int64_t> shape = {2, 15};
  outputs[0] = view(x.values.data(), shape, kFloat);
  EXPECT_EQ(message("main", 1, 2), "output 'y': expected shape 2x16, found 2x15");
  outputs[0] = view(x.values.data(), inputShape, kInt64);
  EXPECT_EQ(message("main", 1, 2), "output 'y': expected float32, found int64");
  EXPECT_EQ(messageOf(wn_session_invoke(session.get(), "main", nullptr, 1, outputs, 2), WN_INVALID_ARGUMENT),
            "argument 'inputs' is a null pointer");
  EXPECT_EQ(outputs[1].data, nullptr) << "a failed call makes no output";
}

TEST_F(RuntimeSession, BadSessions) {
  wn_session *session = reinterpret_cast<wn_session *>(1);
  EXPECT_NE(messageOf(wn_session_create(module.get(), "gpu", nullptr, &session), WN_INVALID_ARGUMENT)
                .find("device 'gpu' is unknown, expected one of auto, host, "),
            std::string::npos);
  EXPECT_EQ(session, nullptr);
  wn_session_options options;
  wn_session_options_init(&options);
  options.threads = -1;
  EXPECT_EQ(messageOf(wn_session_create(module.get(), "host", &options, &session), WN_INVALID_ARGUMENT),
            "threads is negative");
  wn_session_options_init(&options);
  options.checks = "bounds";
  EXPECT_EQ(messageOf(wn_session_create(module.get(), "host", &options, &session), WN_INVALID_ARGUMENT),
            "device 'host' has no checks, but 'bounds' was asked for");
  wn_session_options_init(&options);
  options.struct_size = 1;
  EXPECT_NE(messageOf(wn_session_create(module.get(), "host", &options, &session), WN_INVALID_ARGUMENT)
                .find("size 1"),
            std::string::npos);
  EXPECT_EQ(messageOf(wn_session_create(nullptr, "host", nullptr, &session), WN_INVALID_ARGUMENT),
            "argument 'module' is a null pointer");
}

TEST_F(RuntimeSession, BadModules) {
  wn_module *loaded = reinterpret_cast<wn_module *>(1);
  EXPECT_EQ(messageOf(wn_module_load_file("/nonexistent.wnm", &loaded), WN_NOT_FOUND),
            "cannot open '/nonexistent.wnm': No such file or directory");
  EXPECT_EQ(loaded, nullptr);
  EXPECT_EQ(messageOf(wn_module_load_file("/dev/null", &loaded), WN_INPUT_OUTPUT),
            "cannot read '/dev/null': it is not a regular file");
  EXPECT_NE(messageOf(wn_module_load_memory(bytes.data(), bytes.size() - 1, &loaded), WN_DAMAGED_MODULE)
                .find("cannot load the module: its header says"),
            std::string::npos);
  EXPECT_NE(messageOf(wn_module_load_memory("", 0, &loaded), WN_DAMAGED_MODULE).find("has 0 bytes"),
            std::string::npos);
}

TEST_F(RuntimeSession, NoCodeForThisMachine) {
  auto other = format::serialize(testModule({1, 2, 3}, "riscv64"));
  wn::Module foreign = wn::Module::fromMemory(other->data(), other->size());
  wn_session *session = nullptr;
  std::string message =
      messageOf(wn_session_create(foreign.get(), "auto", nullptr, &session), WN_UNSUPPORTED);
  EXPECT_NE(message.find("the module has no host code that this CPU ("), std::string::npos) << message;
  EXPECT_NE(message.find("the module's targets are host:riscv64, reference:riscv64"), std::string::npos)
      << message;
  auto broken = format::serialize(testModule({1, 2, 3}, std::string(runtime::hostCpu())));
  wn::Module damaged = wn::Module::fromMemory(broken->data(), broken->size());
  EXPECT_NE(messageOf(wn_session_create(damaged.get(), "host", nullptr, &session), WN_DAMAGED_MODULE)
                .find("ELF image"),
            std::string::npos);
}

TEST_F(RuntimeSession, ModuleMayGoBeforeSession) {
  auto owned = std::make_unique<wn::Module>(wn::Module::fromMemory(bytes.data(), bytes.size()));
  auto session = std::make_unique<wn::Session>(*owned);
  owned.reset();
  std::vector<wn::Tensor> outputs = session->invoke("main", {input(2)}, 2);
  session.reset();
  expectRight(outputs[0].data<float>(), outputs[1].data<int64_t>(), 2);
}

TEST_F(RuntimeSession, DamagedWeightsAreFoundWhenUsed) {
  bytes.back() ^= 1;
  wn::Module damaged = wn::Module::fromMemory(bytes.data(), bytes.size());
  wn::Session session(damaged);
  DLTensor in = input(2), outputs[2] = {};
  EXPECT_NE(messageOf(wn_session_invoke(session.get(), "main", &in, 1, outputs, 2), WN_DAMAGED_MODULE)
                .find("do not match their hash"),
            std::string::npos);
  EXPECT_EQ(outputs[0].data, nullptr);
}

TEST_F(RuntimeSession, DescribesTensors) {
  EXPECT_EQ(module.functions(), (std::vector<std::string>{"main", "count"}));
  std::vector<wn_tensor_info> inputs = module.tensors("main", WN_INPUT),
                              outputs = module.tensors("main", WN_OUTPUT);
  ASSERT_EQ(inputs.size(), 1u);
  ASSERT_EQ(outputs.size(), 2u);
  EXPECT_STREQ(inputs[0].name, "x");
  EXPECT_EQ(inputs[0].dtype.code, kDLFloat);
  ASSERT_EQ(inputs[0].rank, 2);
  EXPECT_EQ(inputs[0].dimensions[0].size, -1);
  EXPECT_STREQ(inputs[0].dimensions[0].name, "batch");
  EXPECT_EQ(inputs[0].dimensions[0].maximum, 64);
  EXPECT_EQ(inputs[0].dimensions[1].size, 16);
  EXPECT_STREQ(outputs[1].name, "z");
  EXPECT_THROW(module.tensors("mian", WN_INPUT), wn::Error);
  wn_tensor_info info;
  EXPECT_EQ(messageOf(wn_module_tensor_info(module.get(), "main", WN_INPUT, 1, &info), WN_INVALID_ARGUMENT),
            "index 1 is out of range, function 'main' has 1 inputs");
  auto json = nlohmann::json::parse(module.describe());
  EXPECT_EQ(json["producer"], "winnow test");
  EXPECT_EQ(json["functions"][0]["inputs"][0]["shape"][0]["name"], "batch");
  EXPECT_EQ(json["kernels"][0]["origin"], "node_main_0");
  EXPECT_EQ(json["report"]["note"], "made by a test");
}

TEST_F(RuntimeSession, Profile) {
  wn_session_options options;
  wn_session_options_init(&options);
  options.timing = 1;
  wn::Session session(module, "host", &options);
  for (int i = 0; i < 3; ++i)
    session.invoke("main", {input(2)}, 2);
  auto json = nlohmann::json::parse(session.profile());
  EXPECT_EQ(json["device"], "host");
  EXPECT_EQ(json["calls"], 3);
  EXPECT_EQ(json["dispatches"], 9);
  EXPECT_EQ(json["transient_bytes"], 256);
  EXPECT_EQ(json["transient_lower_bound"], 256);
  EXPECT_EQ(json["kernels"][1]["name"], "main_1");
  EXPECT_EQ(json["kernels"][1]["launches"], 3);
  EXPECT_GT(json["kernels"][1]["nanoseconds"], 0);
  ASSERT_EQ(json["last_call"].size(), 3u);
  EXPECT_EQ(json["last_call"][2]["kernel"], "main_2");
}

TEST_F(RuntimeSession, MemoryLimitAndAllocator) {
  struct Counting {
    std::atomic<int64_t> live = 0, calls = 0;
    bool refuse = false;
  } counting;
  wn_session_options options;
  wn_session_options_init(&options);
  options.allocator_context = &counting;
  options.allocate = [](void *context, size_t size, size_t alignment) -> void * {
    auto &self = *static_cast<Counting *>(context);
    ++self.calls;
    if (self.refuse)
      return nullptr;
    self.live += int64_t(size);
    return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  };
  options.free = [](void *context, void *address, size_t size) {
    static_cast<Counting *>(context)->live -= int64_t(size);
    std::free(address);
  };
  options.memory_limit = 4096;
  for (const char *device : {"host", "reference"}) {
    auto session = std::make_unique<wn::Session>(module, device, &options);
    std::vector<wn::Tensor> outputs = session->invoke("main", {input(4)}, 2);
    DLTensor in = input(64), made[2] = {};
    EXPECT_NE(messageOf(wn_session_invoke(session->get(), "main", &in, 1, made, 2), WN_OUT_OF_MEMORY)
                  .find("of the limit of 4096"),
              std::string::npos);
    EXPECT_EQ(made[0].data, nullptr);
    counting.refuse = true;
    in = input(5);
    EXPECT_NE(messageOf(wn_session_invoke(session->get(), "main", &in, 1, made, 2), WN_OUT_OF_MEMORY), "");
    counting.refuse = false;
    session.reset();
    EXPECT_GT(counting.live, 0) << "outputs outlive their session";
    outputs.clear();
    EXPECT_EQ(counting.live, 0);
  }
  EXPECT_GT(counting.calls, 0);
}

TEST_F(RuntimeSession, ReferenceRunsOutOfMemoryInTheMiddle) {
  // Enough for the outputs, not for what the code asks for itself.
  wn_session_options options;
  wn_session_options_init(&options);
  options.memory_limit = 64 * 64 + 64 * 8 + 2 * 192;
  wn::Session session(module, "reference", &options);
  DLTensor in = input(64), made[2] = {};
  for (int i = 0; i < 3; ++i)
    EXPECT_NE(messageOf(wn_session_invoke(session.get(), "main", &in, 1, made, 2), WN_OUT_OF_MEMORY)
                  .find("cannot allocate 4096 bytes"),
              std::string::npos);
}

TEST_F(RuntimeSession, SpreadsWorkOverThreads) {
  std::vector<char> steps(20000 * 100);
  std::vector<int64_t> shape = {20000, 100};
  for (int threads : {1, 2, 5}) {
    wn_session_options options;
    wn_session_options_init(&options);
    options.threads = threads;
    wn::Session session(module, "host", &options);
    for (int round = 0; round < 5; ++round) {
      auto outputs = session.invoke("count", {view(steps.data(), shape, kBool)}, 1);
      for (int64_t i = 0; i < 20000; ++i)
        ASSERT_EQ(outputs[0].data<int64_t>()[i], 100);
    }
  }
}

TEST_F(RuntimeSession, CallersParallelFor) {
  struct Pool {
    std::atomic<int> calls = 0;
  } pool;
  wn_session_options options;
  wn_session_options_init(&options);
  options.threads = 2;
  options.parallel_for_context = &pool;
  options.parallel_for = [](void *context, int64_t count, void (*body)(void *, int64_t, int64_t),
                            void *argument) {
    ++static_cast<Pool *>(context)->calls;
    std::thread other([&] { body(argument, count / 2, count); });
    body(argument, 0, count / 2);
    other.join();
  };
  wn::Session session(module, "host", &options);
  std::vector<char> steps(20000 * 100);
  std::vector<int64_t> shape = {20000, 100};
  for (int round = 0; round < 3; ++round) {
    auto outputs = session.invoke("count", {view(steps.data(), shape, kBool)}, 1);
    for (int64_t i = 0; i < 20000; ++i)
      ASSERT_EQ(outputs[0].data<int64_t>()[i], 100);
  }
  EXPECT_GT(pool.calls, 0);
  int before = pool.calls;
  session.invoke("main", {input(2)}, 2); // too small to spread
  EXPECT_EQ(pool.calls, before);
}

TEST_F(RuntimeSession, EmptyDimensions) {
  wn::Session session(module);
  std::vector<int64_t> shape = {0, 7};
  auto outputs = session.invoke("count", {view(nullptr, shape, kBool)}, 1);
  EXPECT_EQ(outputs[0].shape(), (std::vector<int64_t>{0}));
  EXPECT_NE(outputs[0].data<int64_t>(), nullptr);
}

TEST_F(RuntimeSession, Cancel) {
  for (int threads : {1, 2}) {
    wn_session_options options;
    wn_session_options_init(&options);
    options.threads = threads;
    wn::Session session(module, "host", &options);
    std::vector<int64_t> shape = {100000, 1000000};
    // Its elements are never read, and no memory is touched.
    DLTensor in = view(reinterpret_cast<void *>(64), shape, kBool), output = {};
    std::atomic<bool> done = false;
    std::thread canceller([&] {
      while (!done) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        session.cancel();
      }
    });
    // All items together would take more than ten seconds.
    auto start = std::chrono::steady_clock::now();
    wn_status status = wn_session_invoke(session.get(), "count", &in, 1, &output, 1);
    auto elapsed = std::chrono::steady_clock::now() - start;
    done = true;
    canceller.join();
    EXPECT_EQ(messageOf(status, WN_CANCELLED), "the call was cancelled");
    EXPECT_EQ(output.data, nullptr);
    EXPECT_LT(elapsed, std::chrono::seconds(5));
    session.invoke("main", {input(2)}, 2); // not cancelled
  }
}

TEST_F(RuntimeSession, ManyThreads) {
  wn::Session shared(module);
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      wn::Session own(module);
      for (int i = 0; i < 50; ++i) {
        int64_t batch = 1 + (t * 7 + i) % 64;
        std::vector<int64_t> shape = {batch, 16};
        DLTensor in = view(x.values.data(), shape, kFloat);
        auto a = (i % 2 ? shared : own).invoke("main", {in}, 2);
        auto b = (i % 2 ? own : shared).invoke("main", {in}, 2);
        wrong += !std::equal(a[0].data<float>(), a[0].data<float>() + batch * 16, b[0].data<float>());
      }
    });
  }
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
}

} // namespace
