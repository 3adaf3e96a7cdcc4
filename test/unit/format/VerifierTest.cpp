// Each rule of the verifier: the sample module passes, and one change of it is refused with its reason.
#include "SampleModule.h"

#include "format/Verifier.h"

#include <functional>
#include <gtest/gtest.h>

using namespace winnow::format;

namespace {

struct Case {
  const char *reason; // part of the message
  std::function<void(Module &)> damage;
};

Instruction &find(Module &module, Opcode opcode) {
  for (Instruction &instruction : module.functions[0].body) {
    if (instruction.opcode == opcode)
      return instruction;
  }
  throw std::logic_error("the sample has no such instruction");
}

void expectRefused(const std::vector<Case> &cases) {
  for (const Case &each : cases) {
    Module module = sampleModule();
    each.damage(module);
    Status status = verify(module, module.weightData.size());
    EXPECT_EQ(status.code(), Code::DamagedModule) << each.reason;
    EXPECT_NE(status.message().find(each.reason), std::string::npos)
        << status.message() << "\nexpected: " << each.reason;
  }
}

TEST(Verifier, AcceptsSample) {
  Module module = sampleModule();
  Status status = verify(module, module.weightData.size());
  EXPECT_TRUE(status.ok()) << status.message();
}

TEST(Verifier, Text) {
  EXPECT_TRUE(isText(""));
  EXPECT_TRUE(isText("plain, gr\xc3\xbc\xc3\x9f, \xe2\x82\xac, \xf0\x9f\x98\x80"));
  for (const char *bad :
       {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x01", "a\x1b[0m"})
    EXPECT_FALSE(isText(bad)) << bad;
}

TEST(Verifier, Tables) {
  expectRefused({
      {"the producer is not UTF-8", [](Module &m) { m.producer = "\xff"; }},
      {"function 0 has no name", [](Module &m) { m.functions[0].name = ""; }},
      {"is there twice", [](Module &m) { m.functions.push_back(m.functions[0]); }},
      {"device 'gpu' is unknown", [](Module &m) { m.functions[0].device = "gpu"; }},
      {"input 0 has no name", [](Module &m) { m.functions[0].inputs[0].name = ""; }},
      {"the name 'x' is taken", [](Module &m) { m.functions[0].inputs.push_back(m.functions[0].inputs[0]); }},
      {"element type 77 is unknown", [](Module &m) { m.functions[0].inputs[0].type = ElementType(77); }},
      {"rank 17 is over the limit", [](Module &m) { m.functions[0].inputs[0].shape.resize(17); }},
      {"size -2 is negative", [](Module &m) { m.functions[0].inputs[0].shape[0].size = -2; }},
      {"the range 65..64 of a dimension is empty",
       [](Module &m) { m.functions[0].inputs[0].shape[0].minimum = 65; }},
      {"dimension is not UTF-8", [](Module &m) { m.functions[0].inputs[0].shape[0].name = "\xff"; }},
      {"a string is not UTF-8", [](Module &m) { m.functions[0].strings[0] = "\xff"; }},
      {"are more than its 40 instructions", [](Module &m) { m.functions[0].scalarCount = 1u << 31; }},
      {"kernel 0 has no name", [](Module &m) { m.kernels[0].name = ""; }},
      {"its origin is not UTF-8", [](Module &m) { m.kernels[0].origin = "\xff"; }},
      {"says of 2 whether", [](Module &m) { m.kernels[0].bufferIsWritten.pop_back(); }},
      {"it has no variant", [](Module &m) { m.kernels[0].variants.clear(); }},
      {"image 2 is out of range", [](Module &m) { m.kernels[0].variants[0].image = 2; }},
      {"a variant of kernel 'main_0' has no name", [](Module &m) { m.kernels[0].variants[0].symbol = ""; }},
      {"a variant has 2 tile sizes, expected 1", [](Module &m) { m.kernels[0].variants[1].tile = {1, 1}; }},
      {"tile size 0 is not positive", [](Module &m) { m.kernels[0].variants[0].tile = {0}; }},
      {"1025 threads", [](Module &m) { m.kernels[0].variants[1].threads = 1025; }},
      {"-1 bytes of shared memory", [](Module &m) { m.kernels[0].variants[1].sharedBytes = -1; }},
      {"target 'host:x' with kind 'ptx'",
       [](Module &m) { m.images[0].target = "host:x", m.images[0].kind = "ptx"; }},
      {"target 'cuda:' with kind 'ptx'", [](Module &m) { m.images[1].target = "cuda:"; }},
      {"offset 1 is not a multiple of 64", [](Module &m) { m.weights[0].offset = 1; }},
      {"exceed the weights section", [](Module &m) { m.weights[1].size = 4097; }},
      {"exceed the weights section", [](Module &m) { m.weights[1].offset = ~uint64_t(63); }},
  });
}

TEST(Verifier, Scalars) {
  expectRefused({
      {"expected 2 operands, found 1", [](Module &m) { find(m, Opcode::Add).operands.pop_back(); }},
      {"scalar 16 is out of range", [](Module &m) { find(m, Opcode::Add).operands[0] = 16; }},
      {"scalar 14 is used before it is written", [](Module &m) { find(m, Opcode::Add).operands[0] = 14; }},
      {"scalar 16 is out of range", [](Module &m) { find(m, Opcode::Add).result = 16; }},
      {"scalar 0 is written twice", [](Module &m) { find(m, Opcode::Constant).result = 0; }},
      {"input 1 is out of range", [](Module &m) { find(m, Opcode::InputDimension).operands[0] = 1; }},
      {"dimension 2 is out of range", [](Module &m) { find(m, Opcode::InputDimension).operands[1] = 2; }},
      {"string 1 is out of range", [](Module &m) { find(m, Opcode::Check).immediate = 1; }},
      {"opcode 999 is unknown", [](Module &m) { find(m, Opcode::Add).opcode = Opcode(999); }},
  });
}

TEST(Verifier, Buffers) {
  expectRefused({
      {"input 1 is out of range", [](Module &m) { find(m, Opcode::Input).operands[0] = 1; }},
      {"weight 2 is out of range", [](Module &m) { find(m, Opcode::Weight).operands[0] = 2; }},
      {"buffer 0 is made twice", [](Module &m) { find(m, Opcode::Weight).result = 0; }},
      {"buffer 10 is out of range", [](Module &m) { find(m, Opcode::Weight).result = 10; }},
      {"its output is missing or out of range", [](Module &m) { find(m, Opcode::Output).operands[0] = 1; }},
      {"expected 3 operands, found 2", [](Module &m) { find(m, Opcode::Output).operands.pop_back(); }},
      {"output 'y' is made twice",
       [](Module &m) { find(m, Opcode::Weight) = {Opcode::Output, 1, 0, {0, 0, 14}}; }},
      {"output 'y' is never made",
       [](Module &m) { find(m, Opcode::Output) = {Opcode::Allocate, 2, 0, {2}}; }},
      {"was not made by an allocate", [](Module &m) { find(m, Opcode::Release).operands[0] = 4; }},
      {"buffer 3 is used after its release", [](Module &m) { find(m, Opcode::Release).operands = {3, 3}; }},
      {"buffer 4 is used after its release",
       [](Module &m) {
         m.functions[0].body[26].operands[1] = 4; // a slice of what was released
       }},
      {"buffer 0 is read-only", [](Module &m) { find(m, Opcode::Copy).operands[0] = 0; }},
      {"buffer 5 is used before it is made", [](Module &m) { find(m, Opcode::Slice).operands[0] = 5; }},
      {"does not end with a return", [](Module &m) { m.functions[0].body.pop_back(); }},
      {"does not end with a return",
       [](Module &m) {
         m.functions[0].body.clear(), m.functions[0].scalarCount = m.functions[0].bufferCount = 0;
       }},
      {"is not the last instruction", [](Module &m) { find(m, Opcode::Check) = {}; }},
  });
}

/// Replaces the instruction of the sample's branches at `offset` from their `if`.
void replaceInBranches(Module &module, size_t offset, Instruction instruction) {
  module.functions[0].body[32 + offset] = std::move(instruction);
}

TEST(Verifier, Branches) {
  expectRefused({
      {"expected 1 operands, found 0", [](Module &m) { find(m, Opcode::If).operands.clear(); }},
      {"buffer 3 is used after its release", [](Module &m) { find(m, Opcode::If).operands = {3}; }},
      {"buffer 10 is out of range", [](Module &m) { find(m, Opcode::If).operands = {10}; }},
      {"(else): has no if", [](Module &m) { replaceInBranches(m, 0, {Opcode::Copy, 0, 0, {2, 0}}); }},
      {"(else): has no if", [](Module &m) { replaceInBranches(m, 5, {Opcode::Else, 0, 0, {}}); }},
      {"(end if): has no if", [](Module &m) { replaceInBranches(m, 5, {Opcode::EndIf, 0, 0, {}}); }},
      {"expected 0 operands, found 1", [](Module &m) { find(m, Opcode::Else).operands = {0}; }},
      {"expected 0 operands, found 1", [](Module &m) { find(m, Opcode::EndIf).operands = {0}; }},
      {"1 branches or loops do not end", [](Module &m) { replaceInBranches(m, 6, {Opcode::Copy, 0, 0, {2, 0}}); }},
      {"buffer 6 is used outside the branch or loop that makes it",
       [](Module &m) {
         replaceInBranches(m, 3, {Opcode::Copy, 0, 0, {6, 0}});
         replaceInBranches(m, 5, {Opcode::Copy, 0, 0, {2, 6}});
       }},
      {"buffer 6 is made twice", [](Module &m) { replaceInBranches(m, 5, {Opcode::Allocate, 6, 0, {2}}); }},
      {"buffer 3 is released inside a branch or loop, but made before it",
       [](Module &m) {
         find(m, Opcode::Release).operands.clear();
         replaceInBranches(m, 3, {Opcode::Release, 0, 0, {3}});
       }},
      {"must not be inside a branch",
       [](Module &m) { replaceInBranches(m, 1, {Opcode::Constant, 0, 1, {}}); }},
      {"must not be inside a branch", [](Module &m) { replaceInBranches(m, 2, find(m, Opcode::Check)); }},
      {"must not be inside a branch",
       [](Module &m) { replaceInBranches(m, 1, {Opcode::Output, 6, 0, {0, 0, 14}}); }},
  });
}

TEST(Verifier, SessionTables) {
  expectRefused({
      {"parameter 0 has no name", [](Module &m) { m.parameters[0].name = ""; }},
      {"parameter 'beta' is there twice", [](Module &m) { m.parameters[1].name = "beta"; }},
      {"parameter 'beta' is of type 0", [](Module &m) { m.parameters[0].type = ElementType::Bool; }},
      {"state 0 has no name", [](Module &m) { m.states[0].name = ""; }},
      {"state 'history' is there twice", [](Module &m) { m.states.push_back(m.states[0]); }},
      {"state 'history': element type 77", [](Module &m) { m.states[0].type = ElementType(77); }},
      {"state 'history': placement 2", [](Module &m) { m.states[0].placement = Placement(2); }},
      {"state 'history': rank 17", [](Module &m) { m.states[0].shape.resize(17); }},
      {"state 'history': dimension size -2", [](Module &m) { m.states[0].shape[1].size = -2; }},
      {"state 'history': parameter 2 is out of range", [](Module &m) { m.states[0].shape[0].parameter = 2; }},
      {"its size is parameter 'beta', which is not an int64",
       [](Module &m) { m.states[0].shape[0].parameter = 0; }},
  });
}

TEST(Verifier, SessionValues) {
  expectRefused({
      {"expected 1 operands, found 0", [](Module &m) { find(m, Opcode::ParameterValue).operands.clear(); }},
      {"parameter 2 is out of range", [](Module &m) { find(m, Opcode::ParameterValue).operands = {2}; }},
      {"parameter 'beta' is not an int64", [](Module &m) { find(m, Opcode::ParameterValue).operands = {0}; }},
      {"expected 1 operands, found 2", [](Module &m) { find(m, Opcode::Parameter).operands = {0, 0}; }},
      {"parameter 2 is out of range", [](Module &m) { find(m, Opcode::Parameter).operands = {2}; }},
      {"expected 1 operands, found 0", [](Module &m) { find(m, Opcode::State).operands.clear(); }},
      {"state 1 is out of range", [](Module &m) { find(m, Opcode::State).operands = {1}; }},
      {"state 1 is out of range", [](Module &m) { find(m, Opcode::NextState).operands = {1}; }},
      {"state 'history' is made twice",
       [](Module &m) { find(m, Opcode::Parameter) = {Opcode::NextState, 7, 0, {0}}; }},
      {"buffer 8 is read-only", [](Module &m) { m.functions[0].body[31].operands = {8, 9}; }},
      {"must not be inside a branch",
       [](Module &m) { replaceInBranches(m, 1, {Opcode::NextState, 6, 0, {0}}); }},
  });
}

TEST(Verifier, BranchWithoutElse) {
  Module module = sampleModule();
  replaceInBranches(module, 4, {Opcode::Copy, 0, 0, {2, 0}});
  Status status = verify(module, module.weightData.size());
  EXPECT_TRUE(status.ok()) << status.message();
}

TEST(Verifier, Dispatches) {
  expectRefused({
      {"its kernel is missing", [](Module &m) { find(m, Opcode::Dispatch).operands.clear(); }},
      {"its kernel is missing or out of range", [](Module &m) { find(m, Opcode::Dispatch).operands[0] = 1; }},
      {"its extents are missing", [](Module &m) { find(m, Opcode::Dispatch).operands[1] = ~0u; }},
      {"has 1 extents, found 0",
       [](Module &m) { find(m, Opcode::Dispatch).operands = {0, 0, 3, 0, 1, 3, 0}; }},
      {"its buffers are missing", [](Module &m) { find(m, Opcode::Dispatch).operands[3] = ~0u; }},
      {"takes 3 buffers and 1 sizes, found 3 and 0",
       [](Module &m) { find(m, Opcode::Dispatch).operands.pop_back(); }},
      {"takes 3 buffers and 1 sizes, found 2 and 2",
       [](Module &m) { find(m, Opcode::Dispatch).operands[3] = 2; }},
      {"buffer 0 is read-only", [](Module &m) { find(m, Opcode::Dispatch).operands[6] = 0; }},
      {"scalar 99 is out of range", [](Module &m) { find(m, Opcode::Dispatch).operands[7] = 99; }},
      {"scalar 99 is out of range", [](Module &m) { find(m, Opcode::Dispatch).operands[2] = 99; }},
  });
}

} // namespace
