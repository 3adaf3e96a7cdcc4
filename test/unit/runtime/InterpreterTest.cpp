// Programs whose sizes are read from buffers, and loops.
#include "TestModule.h"

#include "format/Writer.h"
#include "runtime/plan/Executor.h"
#include "runtime/plan/OutputTensor.h"

#include <gtest/gtest.h>

using namespace winnow::runtime;
using namespace winnow;
using winnow::format::ElementType;
using winnow::format::Opcode;

namespace {

/// tail(x: T[n]) -> y: T[x[0]]: the elements after the first, through a transient buffer of a later piece
///   that is made after a second read, of the last element, whose value must be 7.
format::Function tailFunction(ElementType type) {
  format::Function function;
  function.name = "tail";
  function.inputs = {{"x", type, {{format::kDynamic, "n"}}}};
  function.outputs = {{"y", type, {{format::kDynamic, ""}}}};
  function.strings = {"the last element is not 7"};
  ProgramBuilder program(function);
  uint32_t zero = program.constant(0), one = program.constant(1), seven = program.constant(7);
  uint32_t width = program.constant(format::byteWidth(type));
  uint32_t n = program.scalar(Opcode::InputDimension, {0, 0});
  uint32_t last = program.scalar(Opcode::Subtract, {n, one});
  uint32_t x = program.buffer(Opcode::Input, {0});
  uint32_t size = program.scalar(Opcode::Read, {x, zero}, int64_t(type));
  uint32_t bytes = program.scalar(Opcode::Multiply, {size, width});
  uint32_t early = program.buffer(Opcode::Allocate, {bytes});
  program.effect(Opcode::Copy, {early, program.buffer(Opcode::Slice, {x, width, bytes})});
  uint32_t found = program.scalar(Opcode::Read, {x, last}, int64_t(type));
  program.effect(Opcode::Check, {found, seven}, 0);
  uint32_t late = program.buffer(Opcode::Allocate, {bytes});
  program.effect(Opcode::Copy, {late, early});
  program.effect(Opcode::Release, {early});
  uint32_t y = program.buffer(Opcode::Output, {0, size});
  program.effect(Opcode::Copy, {y, late});
  program.effect(Opcode::Return, {});
  return function;
}

format::Module tailModule(ElementType type) {
  format::Module module;
  module.producer = "winnow test";
  module.images = {{"host:x86-64", "elf", {1}}};
  module.functions = {tailFunction(type)};
  return module;
}

class NoDevice : public Device {
public:
  std::string_view name() const override { return "none"; }
  std::string_view target() const override { return "host:x86-64"; }
  Status launch(const Launch &) override { return {}; }
};

template <typename T>
Result<std::vector<T>> call(const format::Module &source, ElementType type, std::vector<T> x,
                            T *given = nullptr, int64_t size = 0) {
  auto bytes = format::serialize(source);
  EXPECT_TRUE(bytes.ok()) << bytes.status().message();
  auto module = LoadedModule::fromMemory(*bytes);
  EXPECT_TRUE(module.ok()) << module.status().message();
  NoDevice device;
  auto memory = std::make_shared<Memory>(Allocator(), 0);
  Executor executor(**module, device, memory, false);
  int64_t shape = int64_t(x.size());
  DLTensor input = {}, output = {};
  input.data = x.data();
  input.device = {kDLCPU, 0};
  input.dtype = format::toDLPack(type);
  input.ndim = 1;
  input.shape = &shape;
  output = input;
  output.data = given;
  output.shape = &size;
  std::atomic<bool> cancelled = false;
  Status status = executor.invoke(*(*module)->findFunction(source.functions[0].name, ""), {&input, 1},
                                  {&output, 1}, cancelled);
  if (!status.ok())
    return status;
  const T *values = static_cast<const T *>(output.data);
  std::vector<T> result(values, values + output.shape[0]);
  if (!given)
    freeOutputTensor(output);
  return result;
}

template <typename T>
Result<std::vector<T>> tail(ElementType type, std::vector<T> x, T *given = nullptr, int64_t size = 0) {
  return call(tailModule(type), type, std::move(x), given, size);
}

TEST(Read, SizesOutputsAndTransients) {
  EXPECT_EQ(*tail<int64_t>(ElementType::I64, {2, 5, 6, 7}), (std::vector<int64_t>{5, 6}));
  EXPECT_EQ(*tail<int32_t>(ElementType::I32, {3, -5, 6, 7}), (std::vector<int32_t>{-5, 6, 7}));
  EXPECT_EQ(*tail<int8_t>(ElementType::I8, {0, 7}), (std::vector<int8_t>{}));
}

TEST(Read, CallersOutputNeedsTheSizeThatWasRead) {
  int64_t room[2];
  EXPECT_EQ(*tail<int64_t>(ElementType::I64, {2, 5, 6, 7}, room, 2), (std::vector<int64_t>{5, 6}));
  EXPECT_EQ(tail<int64_t>(ElementType::I64, {1, 5, 6, 7}, room, 2).status().message(),
            "output 'y': expected shape 1, found 2");
}

TEST(Read, FailuresNameTheInstruction) {
  EXPECT_EQ(tail<int64_t>(ElementType::I64, {}).status().message(),
            "function 'tail', instruction 7 (read): element 0 is outside of a buffer of 0 elements");
  EXPECT_EQ(tail<int64_t>(ElementType::I64, {-1, 7}).status().message(),
            "function 'tail', instruction 9 (allocate): cannot allocate -8 bytes");
  EXPECT_EQ(tail<int64_t>(ElementType::I64, {2, 7}).status().message(),
            "function 'tail', instruction 10 (slice): 16 bytes at offset 8 exceed the buffer of 16 bytes");
  EXPECT_EQ(tail<int64_t>(ElementType::I64, {1, 5, 6}).status().message(),
            "function 'tail': the last element is not 7: 6 and 7 are not equal");
}

/// copies(x: bool[n]) -> y: bool[n]: copies the first elements, up to the first that is 0, each through a
/// transient
///   buffer of its round. The others become x[n - 1], which the tests make 0.
format::Module copiesModule() {
  format::Function function;
  function.name = "copies";
  function.inputs = {{"x", ElementType::Bool, {{format::kDynamic, "n"}}}};
  function.outputs = {{"y", ElementType::Bool, {{format::kDynamic, "n"}}}};
  ProgramBuilder program(function);
  uint32_t one = program.constant(1), zero = program.constant(0);
  uint32_t n = program.scalar(Opcode::InputDimension, {0, 0});
  uint32_t last = program.scalar(Opcode::Subtract, {n, one});
  uint32_t x = program.buffer(Opcode::Input, {0}), y = program.buffer(Opcode::Output, {0, n});
  uint32_t off = program.buffer(Opcode::Slice, {x, last, one});
  uint32_t clearing = program.scalar(Opcode::For, {n});
  program.effect(Opcode::Copy, {program.buffer(Opcode::Slice, {y, clearing, one}), off});
  program.effect(Opcode::EndFor, {});
  uint32_t goesOn = program.buffer(Opcode::Allocate, {one});
  program.effect(Opcode::Copy, {goesOn, program.buffer(Opcode::Slice, {x, zero, one})});
  uint32_t i = program.scalar(Opcode::For, {n, goesOn});
  uint32_t element = program.buffer(Opcode::Allocate, {one});
  program.effect(Opcode::Copy, {element, program.buffer(Opcode::Slice, {x, i, one})});
  program.effect(Opcode::Copy, {program.buffer(Opcode::Slice, {y, i, one}), element});
  uint32_t next = program.scalar(Opcode::Minimum, {program.scalar(Opcode::Add, {i, one}), last});
  program.effect(Opcode::Copy, {goesOn, program.buffer(Opcode::Slice, {x, next, one})});
  program.effect(Opcode::EndFor, {});
  program.effect(Opcode::Return, {});
  format::Module module;
  module.producer = "winnow test";
  module.images = {{"host:x86-64", "elf", {1}}};
  module.functions = {function};
  return module;
}

TEST(For, EndsWithItsCountOrItsCondition) {
  auto copies = [](std::vector<uint8_t> x) {
    return *call<uint8_t>(copiesModule(), ElementType::Bool, std::move(x));
  };
  EXPECT_EQ(copies({1, 1, 0, 1, 0}), (std::vector<uint8_t>{1, 1, 0, 0, 0}));
  EXPECT_EQ(copies({0, 1, 1, 0}), (std::vector<uint8_t>{0, 0, 0, 0}));
  EXPECT_EQ(copies({1, 1, 1, 0}), (std::vector<uint8_t>{1, 1, 1, 0}));
}

TEST(For, VerifierKeepsWhatALoopMakesInside) {
  auto verified = [](auto change) {
    format::Module module = copiesModule();
    change(module.functions[0].body);
    return format::serialize(module).status().message();
  };
  auto find = [](std::vector<format::Instruction> &body, Opcode opcode) {
    return std::find_if(body.begin(), body.end(), [&](const auto &op) { return op.opcode == opcode; });
  };
  EXPECT_EQ(verified([](auto &) {}), "");
  EXPECT_NE(verified([&](auto &body) { body.erase(find(body, Opcode::EndFor)); }).find("do not end"),
            std::string::npos);
  EXPECT_NE(
      verified([&](auto &body) { body.erase(find(body, Opcode::For)); }).find("used before it is written"),
      std::string::npos);
  EXPECT_NE(verified([&](auto &body) {
              auto output = *find(body, Opcode::Output);
              body.erase(find(body, Opcode::Output));
              body.insert(find(body, Opcode::For) + 1, output);
            }).find("must not be inside a branch or loop"),
            std::string::npos);
  EXPECT_NE(verified([&](auto &body) {
              uint32_t counter = find(body, Opcode::For)->result;
              body.insert(body.end() - 1, {Opcode::Allocate, 0, 0, {counter}});
            }).find("is used outside the loop that makes it"),
            std::string::npos);
}

TEST(Read, VerifierWantsIntegersOutsideOfBranches) {
  format::Module module = tailModule(ElementType::I64);
  module.functions[0].body[7].immediate = int64_t(ElementType::F32);
  EXPECT_NE(format::serialize(module).status().message().find("is not that of a signed integer or bool"),
            std::string::npos);
  module = tailModule(ElementType::I64);
  std::vector<format::Instruction> &body = module.functions[0].body;
  body.insert(body.begin() + 7, {Opcode::If, 0, 0, {0}});
  EXPECT_NE(format::serialize(module).status().message().find("(read): must not be inside a branch"),
            std::string::npos);
}

} // namespace
