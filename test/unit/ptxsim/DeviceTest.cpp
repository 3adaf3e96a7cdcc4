// The simulator as a device of the runtime: a module's PTX, launched as the kernel boundary says.
#include "runtime/device/Device.h"
#include "format/Writer.h"
#include "runtime/device/ParallelFor.h"
#include "runtime/module/LoadedModule.h"
#include "test/unit/ptxsim/Harness.h"

namespace winnow::runtime {
namespace {

/// scale(x, y, n): y[i] = x[i] + x[i] for the item i < n; 64 threads to a block.
std::string scaleText(const std::string &guard = "@%p0 bra END;") {
  return ptxsim::test::header() +
         ".visible .entry scale(.param .u64 .ptr .align 64 x, .param .u64 .ptr .align 64 y, .param .u64 "
         "n)\n{\n"
         ".reg .b32 %r<4>; .reg .b64 %rd<8>; .reg .f32 %f<3>; .reg .pred %p<1>;\n"
         "mov.u32 %r0, %ctaid.x; mov.u32 %r1, %ntid.x; mov.u32 %r2, %tid.x;\n"
         "mad.lo.s32 %r0, %r0, %r1, %r2; cvt.u64.u32 %rd0, %r0; ld.param.u64 %rd1, [n];\n"
         "setp.ge.u64 %p0, %rd0, %rd1; " +
         guard +
         "\nld.param.u64 %rd2, [x]; ld.param.u64 %rd3, [y]; shl.b64 %rd4, %rd0, 2;\n"
         "add.s64 %rd2, %rd2, %rd4; add.s64 %rd3, %rd3, %rd4;\n"
         "ld.global.f32 %f0, [%rd2]; add.rn.f32 %f1, %f0, %f0; st.global.f32 [%rd3], %f1;\nEND: ret;\n}\n";
}

/// A module of one function that dispatches `scale` on its input and output.
format::Module scaleModule(const std::string &text, uint32_t sizes = 1) {
  using format::Opcode;
  format::Module module;
  module.producer = "winnow test";
  module.images = {{"cuda:sm_80", "ptx", {text.begin(), text.end()}}};
  format::Kernel kernel;
  kernel.name = "main_0";
  kernel.bufferCount = 2;
  kernel.sizeCount = sizes;
  kernel.bufferIsWritten = {0, 1};
  kernel.variants = {{0, "scale", {1}, 64, 0}};
  module.kernels = {kernel};
  format::Function function;
  function.name = "main";
  function.inputs = {{"x", format::ElementType::F32, {{format::kDynamic, "n"}}}};
  function.outputs = {{"y", format::ElementType::F32, {{format::kDynamic, "n"}}}};
  function.scalarCount = 1;
  function.bufferCount = 2;
  std::vector<uint32_t> dispatch = {0, 1, 0, 2, 0, 1};
  dispatch.insert(dispatch.end(), sizes, 0);
  function.body = {{Opcode::InputDimension, 0, 0, {0, 0}},
                   {Opcode::Input, 0, 0, {0}},
                   {Opcode::Output, 1, 0, {0, 0}},
                   {Opcode::Dispatch, 0, 0, dispatch},
                   {Opcode::Return, 0, 0, {}}};
  module.functions = {function};
  return module;
}

struct alignas(64) Floats {
  float values[256] = {};
};

class PtxsimDevice : public testing::Test {
protected:
  void load(const format::Module &contents, std::string checks = "", bool measures = false) {
    auto serialized = format::serialize(contents);
    ASSERT_TRUE(serialized.ok()) << serialized.status().message();
    bytes = std::move(*serialized);
    auto loaded = LoadedModule::fromMemory(bytes);
    ASSERT_TRUE(loaded.ok()) << loaded.status().message();
    module = *loaded;
    auto created = createDevice("ptxsim", *module, {*pool, memory, std::move(checks), measures});
    status = created.status();
    if (created.ok())
      device = std::move(created->device);
  }
  /// Launches on n elements, with buffers of `bytes` bytes.
  Status launch(int64_t n, int64_t bufferBytes, void *input = nullptr) {
    std::vector<void *> buffers = {input ? input : x.values, y.values};
    std::vector<int64_t> sizes(2, bufferBytes), extents = {n}, arguments = {n};
    Launch request;
    request.extents = extents;
    request.buffers = buffers;
    request.bufferBytes = sizes;
    request.sizes = arguments;
    return device->launch(request);
  }
  uint64_t counter(const std::string &name) const {
    for (const Counter &each : device->counters(0))
      if (each.name == name)
        return each.value;
    ADD_FAILURE() << "no counter " << name;
    return 0;
  }

  std::unique_ptr<ParallelFor> pool = makeThreadPool(2);
  Memory memory{{}, 0};
  std::vector<uint8_t> bytes;
  std::shared_ptr<const LoadedModule> module;
  std::unique_ptr<Device> device;
  Status status;
  Floats x, y;
};

TEST_F(PtxsimDevice, LaunchesItems) {
  load(scaleModule(scaleText()), "all");
  ASSERT_TRUE(device) << status.message();
  EXPECT_EQ(device->name(), "ptxsim");
  EXPECT_EQ(device->target(), "cuda:sm_80");
  for (int i = 0; i < 256; ++i)
    x.values[i] = float(i);
  for (int64_t n : {1, 64, 65, 200}) {
    y = Floats();
    Status done = launch(n, 4 * n);
    ASSERT_TRUE(done.ok()) << done.message();
    for (int i = 0; i < 256; ++i)
      ASSERT_EQ(y.values[i], i < n ? float(2 * i) : 0) << n;
  }
  EXPECT_TRUE(launch(0, 0).ok());
  EXPECT_EQ(counter("float_adds"), 1u + 64 + 65 + 200);
  EXPECT_EQ(counter("global_load_bytes"), 4 * (1u + 64 + 65 + 200));
}

TEST_F(PtxsimDevice, MeasuresOnRequest) {
  auto hasSectors = [&] {
    for (const Counter &each : device->counters(0))
      if (each.name == "global_load_sectors")
        return true;
    return false;
  };
  load(scaleModule(scaleText()));
  ASSERT_TRUE(launch(64, 256).ok());
  EXPECT_FALSE(hasSectors());
  load(scaleModule(scaleText()), "", /*measures=*/true);
  ASSERT_TRUE(launch(64, 256).ok());
  ASSERT_TRUE(launch(64, 256).ok());
  EXPECT_EQ(counter("global_load_sectors"), 2u * 8);
  EXPECT_EQ(counter("global_store_least_sectors"), 2u * 8);
  // A slice that begins in the middle of a sector.
  ASSERT_TRUE(launch(64, 256, reinterpret_cast<char *>(x.values) + 16).ok());
  EXPECT_EQ(counter("global_load_sectors"), 2u * 8 + 2 * 5);
  EXPECT_EQ(counter("global_load_least_sectors"), 3u * 8);
}

// Without its guard the kernel's excess threads touch what lies after the buffers.
TEST_F(PtxsimDevice, ReportsAccessBeyondABuffer) {
  load(scaleModule(scaleText("")));
  Status done = launch(100, 400);
  EXPECT_EQ(done.code(), Code::DeviceFault);
  EXPECT_NE(done.message().find("out-of-bounds load of 4 bytes"), std::string::npos) << done.message();
  EXPECT_NE(done.message().find("0 bytes after the end of 'buffer 0' (400 bytes"), std::string::npos)
      << done.message();
  EXPECT_NE(done.message().find("kernel 'scale', cuda:sm_80:12:1 (ld.global.f32"), std::string::npos)
      << done.message();
}

TEST_F(PtxsimDevice, ReportsMisalignedAccess) {
  load(scaleModule(scaleText()), "alignment");
  Status done = launch(10, 40, reinterpret_cast<char *>(x.values) + 2);
  EXPECT_NE(done.message().find("misaligned load"), std::string::npos) << done.message();
}

TEST_F(PtxsimDevice, RefusesUnknownChecks) {
  load(scaleModule(scaleText()), "bounds,fortune");
  EXPECT_EQ(status.code(), Code::InvalidArgument);
  EXPECT_EQ(status.message(), "check 'fortune' is unknown, expected all, none, or some of bounds, alignment, "
                              "barriers, uninitialized, races");
}

// A misaligned buffer is no longer reported, and the profile says so.
TEST_F(PtxsimDevice, SuppressesACheckOfAKernel) {
  load(scaleModule(scaleText()), "alignment,-alignment@scale");
  ASSERT_TRUE(device) << status.message();
  EXPECT_TRUE(launch(10, 40, reinterpret_cast<char *>(x.values) + 2).ok());
  EXPECT_EQ(counter("suppressed_alignment"), 1u);
  load(scaleModule(scaleText()), "alignment,-alignment@scales");
  EXPECT_EQ(status.message(), "check 'alignment' is suppressed for kernel 'scales', which does not exist");
}

TEST_F(PtxsimDevice, RefusesBadImages) {
  load(scaleModule("garbage"));
  EXPECT_EQ(status.code(), Code::DamagedModule);
  EXPECT_NE(status.message().find("cuda:sm_80:1:1: expected a directive"), std::string::npos)
      << status.message();
  load(scaleModule(ptxsim::test::header() + ".entry other() { ret; }"));
  EXPECT_EQ(status.message(), "the PTX for cuda:sm_80 has no kernel 'scale' for kernel 'main_0'");
  load(scaleModule(scaleText(), 2));
  EXPECT_NE(status.message().find("takes 24 bytes of parameters, but its 2 buffers and 2 sizes have 32"),
            std::string::npos)
      << status.message();
  format::Module foreign = scaleModule(scaleText());
  foreign.images[0].kind = "cubin";
  load(foreign);
  EXPECT_EQ(status.message(), "the module has no PTX for kernel 'main_0'");
}

TEST_F(PtxsimDevice, StopsWhenCancelled) {
  load(scaleModule(scaleText("SPIN: bra SPIN;")));
  std::atomic<bool> cancelled = true;
  std::vector<void *> buffers = {x.values, y.values};
  std::vector<int64_t> sizes(2, 4), extents = {1}, arguments = {1};
  Launch request{0, extents, buffers, sizes, arguments, &cancelled};
  EXPECT_EQ(device->launch(request).code(), Code::Cancelled);
}

} // namespace
} // namespace winnow::runtime
