// Runs the kernels of test/ptxsim with all checks: each broken one must be reported, with the right words and
// lines, none of the correct ones, and of those that are known to be missed none either.
#include "test/unit/ptxsim/Collection.h"
#include "test/unit/ptxsim/Harness.h"

#include <fstream>
#include <iterator>
#include <numeric>

namespace winnow::ptxsim::test {
namespace {

/// Buffers of words: `in` has 0, 1, 2, ..., `inout` zeros, `out` nothing, and `freed` is not there any more.
class Arguments {
public:
  explicit Arguments(const CollectedKernel &kernel) {
    for (const CollectedArgument &argument : kernel.arguments)
      add(argument);
  }
  MemoryMap memory;
  std::vector<std::byte> parameters;

private:
  using Kind = CollectedArgument::Kind;

  void add(const CollectedArgument &argument) {
    if (argument.kind == Kind::Value)
      return append(argument.number);
    // Aligned as cudaMalloc aligns, with room around it so that no two buffers are neighbours.
    constexpr size_t kAlignment = 64, kRoom = 64;
    std::vector<uint32_t> &words = storage.emplace_back(argument.number + 3 * kRoom);
    uint64_t begin = (reinterpret_cast<uint64_t>(words.data() + kRoom) + 4 * kAlignment - 1) /
                     (4 * kAlignment) * (4 * kAlignment);
    auto *values = reinterpret_cast<uint32_t *>(begin);
    if (argument.kind == Kind::In)
      std::iota(values, values + argument.number, 0u);
    MemoryRange range{begin, uint64_t(argument.number) * 4, argument.name};
    range.isWritable = argument.kind != Kind::In;
    range.isInitialized = argument.kind != Kind::Out;
    EXPECT_TRUE(memory.add(range).ok());
    if (argument.kind == Kind::Freed)
      EXPECT_TRUE(memory.remove(values));
    append(begin);
  }
  template <typename T> void append(T value) {
    parameters.resize((parameters.size() + sizeof(T) - 1) / sizeof(T) * sizeof(T));
    auto *bytes = reinterpret_cast<const std::byte *>(&value);
    parameters.insert(parameters.end(), bytes, bytes + sizeof(T));
  }

  std::vector<std::vector<uint32_t>> storage;
};

format::Status run(const CollectedKernel &kernel) {
  std::ifstream stream(kernel.ptx);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  auto program = Program::parse(text, kernel.ptx);
  if (!program.ok())
    return program.status();
  const Kernel *entry = program->find(kernel.name);
  if (!entry)
    return format::failure(format::Code::NotFound, kernel.ptx, " has no kernel ", kernel.name);
  Arguments arguments(kernel);
  LaunchOptions options;
  options.checkRaces = options.checkUninitialized = true;
  options.instructionLimit = kernel.instructionLimit;
  return launch(*program, *entry, kernel.grid, kernel.block, kernel.sharedBytes, arguments.parameters,
                arguments.memory, options);
}

std::string nameOf(const testing::TestParamInfo<CollectedKernel> &info) { return info.param.name; }

class Broken : public testing::TestWithParam<CollectedKernel> {};
TEST_P(Broken, IsReported) {
  const CollectedKernel &kernel = GetParam();
  ASSERT_FALSE(kernel.report.empty()) << "no line says what the report must contain";
  format::Status status = run(kernel);
  ASSERT_EQ(status.code(), format::Code::DeviceFault) << status.message();
  for (const std::string &part : kernel.report)
    EXPECT_NE(status.message().find(part), std::string::npos) << part << "\nis not in: " << status.message();
  EXPECT_EQ(sourceLines(kernel, status.message()), kernel.lines) << status.message();
}
INSTANTIATE_TEST_SUITE_P(Collection, Broken,
                         testing::ValuesIn(readCollection(WINNOW_PTXSIM_COLLECTION "/broken")), nameOf);

class Correct : public testing::TestWithParam<CollectedKernel> {};
TEST_P(Correct, IsNotReported) {
  ASSERT_TRUE(GetParam().report.empty()) << "a correct kernel has no report";
  format::Status status = run(GetParam());
  EXPECT_TRUE(status.ok()) << status.message();
}
INSTANTIATE_TEST_SUITE_P(Collection, Correct,
                         testing::ValuesIn(readCollection(WINNOW_PTXSIM_COLLECTION "/correct")), nameOf);

class Missed : public testing::TestWithParam<CollectedKernel> {};
TEST_P(Missed, IsStillNotReported) {
  format::Status status = run(GetParam());
  EXPECT_TRUE(status.ok()) << "move the kernel to broken/: " << status.message();
}
INSTANTIATE_TEST_SUITE_P(Collection, Missed,
                         testing::ValuesIn(readCollection(WINNOW_PTXSIM_COLLECTION "/missed")), nameOf);

// Both halves are as large as they should be: no file was lost.
TEST(Collection, IsComplete) {
  EXPECT_EQ(readCollection(WINNOW_PTXSIM_COLLECTION "/broken").size(), 120u);
  EXPECT_EQ(readCollection(WINNOW_PTXSIM_COLLECTION "/correct").size(), 92u);
  EXPECT_EQ(readCollection(WINNOW_PTXSIM_COLLECTION "/missed").size(), 5u);
}

} // namespace
} // namespace winnow::ptxsim::test
