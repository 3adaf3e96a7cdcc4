// Checks one program instruction by instruction.
#include "format/ProgramVerifier.h"

#include <algorithm>

namespace winnow::format {
namespace {

template <typename... Parts> Status damaged(const Parts &...parts) {
  return failure(Code::DamagedModule, parts...);
}

/// What is known of a buffer register while a program is walked.
struct Buffer {
  bool written = false;
  bool alive = false;
  bool ended = false; // the branch that makes it is left
  bool writable = false;
  bool transient = false;
  uint32_t root = 0; // the buffer that a slice is part of, else itself
};

/// A loop, or one of the two sides of an `if`, while it is walked.
struct Branch {
  enum class Kind : uint8_t { If, Else, For };
  Kind kind = Kind::If;
  std::vector<uint32_t> made, madeScalars; // the buffers and scalars that end with it
};

enum class Scalar : uint8_t { Unwritten, Written, Ended };

/// Walks one program in order, which is enough: branches nest, and what one makes ends with it.
class ProgramVerifier {
public:
  ProgramVerifier(const Module &module, const Function &function)
      : module(module), function(function), scalars(function.scalarCount), buffers(function.bufferCount),
        outputMade(function.outputs.size()), nextMade(module.states.size()) {}

  Status run() {
    const std::vector<Instruction> &body = function.body;
    if (body.empty() || body.back().opcode != Opcode::Return)
      return damaged(where(), ": the program does not end with a return");
    for (index = 0; index < body.size(); ++index) {
      if (Status status = instruction(body[index]); !status.ok())
        return status;
    }
    if (!branches.empty())
      return damaged(where(), ": ", branches.size(), " branches or loops do not end");
    for (size_t i = 0; i < outputMade.size(); ++i) {
      if (!outputMade[i])
        return damaged(where(), ": output '", function.outputs[i].name, "' is never made");
    }
    return {};
  }

private:
  std::string where() const {
    std::string text = concatenate("function '", function.name, "'");
    return function.device.empty() ? text : text + " for device '" + function.device + "'";
  }

  template <typename... Parts> Status fault(const Parts &...parts) const {
    return damaged(where(), ", instruction ", index, " (", name(function.body[index].opcode),
                   "): ", parts...);
  }

  Status expectOperands(const Instruction &op, size_t count) const {
    if (op.operands.size() == count)
      return {};
    return fault("expected ", count, " operands, found ", op.operands.size());
  }

  Status readScalar(uint32_t scalar) const {
    if (scalar >= scalars.size())
      return fault("scalar ", scalar, " is out of range, the function has ", scalars.size());
    if (scalars[scalar] == Scalar::Ended)
      return fault("scalar ", scalar, " is used outside the loop that makes it");
    return scalars[scalar] == Scalar::Written ? Status()
                                              : fault("scalar ", scalar, " is used before it is written");
  }

  Status readScalars(const Instruction &op, size_t first, size_t last) const {
    for (size_t i = first; i < last; ++i) {
      if (Status status = readScalar(op.operands[i]); !status.ok())
        return status;
    }
    return {};
  }

  Status readBuffer(uint32_t buffer) const {
    if (buffer >= buffers.size())
      return fault("buffer ", buffer, " is out of range, the function has ", buffers.size());
    if (!buffers[buffer].written)
      return fault("buffer ", buffer, " is used before it is made");
    if (buffers[buffer].ended)
      return fault("buffer ", buffer, " is used outside the branch or loop that makes it");
    return buffers[buffers[buffer].root].alive ? Status()
                                               : fault("buffer ", buffer, " is used after its release");
  }

  Status writeBuffer(uint32_t buffer) const {
    if (Status status = readBuffer(buffer); !status.ok())
      return status;
    return buffers[buffer].writable ? Status()
                                    : fault("buffer ", buffer, " is read-only and would be written");
  }

  /// Scalars do not depend on which branch is taken.
  Status expectNoBranch() const {
    bool isLoop = branches.empty() || branches.back().kind == Branch::Kind::For;
    return isLoop ? Status() : fault("must not be inside a branch");
  }

  /// What is made once for a call.
  Status expectTopLevel() const {
    return branches.empty() ? Status() : fault("must not be inside a branch or loop");
  }

  Status defineScalar(uint32_t scalar) {
    if (Status status = expectNoBranch(); !status.ok())
      return status;
    if (scalar >= scalars.size())
      return fault("scalar ", scalar, " is out of range, the function has ", scalars.size());
    if (scalars[scalar] != Scalar::Unwritten)
      return fault("scalar ", scalar, " is written twice");
    scalars[scalar] = Scalar::Written;
    if (!branches.empty())
      branches.back().madeScalars.push_back(scalar);
    return {};
  }

  Status defineBuffer(uint32_t buffer, Buffer made) {
    if (buffer >= buffers.size())
      return fault("buffer ", buffer, " is out of range, the function has ", buffers.size());
    if (buffers[buffer].written)
      return fault("buffer ", buffer, " is made twice");
    made.written = made.alive = true;
    buffers[buffer] = made;
    if (!branches.empty())
      branches.back().made.push_back(buffer);
    return {};
  }

  Status arithmetic(const Instruction &op, size_t operandCount) {
    if (Status status = expectOperands(op, operandCount); !status.ok())
      return status;
    if (Status status = readScalars(op, 0, operandCount); !status.ok())
      return status;
    return defineScalar(op.result);
  }

  Status inputDimension(const Instruction &op) {
    if (Status status = expectOperands(op, 2); !status.ok())
      return status;
    if (op.operands[0] >= function.inputs.size())
      return fault("input ", op.operands[0], " is out of range, the function has ", function.inputs.size());
    size_t rank = function.inputs[op.operands[0]].shape.size();
    if (op.operands[1] >= rank)
      return fault("dimension ", op.operands[1], " is out of range, input '",
                   function.inputs[op.operands[0]].name, "' has ", rank);
    return defineScalar(op.result);
  }

  Status check(const Instruction &op) {
    if (Status status = expectNoBranch(); !status.ok())
      return status;
    if (Status status = expectOperands(op, 2); !status.ok())
      return status;
    if (op.immediate < 0 || uint64_t(op.immediate) >= function.strings.size())
      return fault("string ", op.immediate, " is out of range, the function has ", function.strings.size());
    return readScalars(op, 0, 2);
  }

  Status input(const Instruction &op) {
    if (Status status = expectOperands(op, 1); !status.ok())
      return status;
    if (op.operands[0] >= function.inputs.size())
      return fault("input ", op.operands[0], " is out of range, the function has ", function.inputs.size());
    return defineBuffer(op.result, {.root = op.result});
  }

  Status output(const Instruction &op) {
    if (Status status = expectTopLevel(); !status.ok())
      return status;
    if (op.operands.empty() || op.operands[0] >= function.outputs.size())
      return fault("its output is missing or out of range, the function has ", function.outputs.size());
    uint32_t output = op.operands[0];
    size_t rank = function.outputs[output].shape.size();
    if (Status status = expectOperands(op, 1 + rank); !status.ok())
      return status;
    if (Status status = readScalars(op, 1, 1 + rank); !status.ok())
      return status;
    if (outputMade[output])
      return fault("output '", function.outputs[output].name, "' is made twice");
    outputMade[output] = true;
    return defineBuffer(op.result, {.writable = true, .root = op.result});
  }

  Status weight(const Instruction &op) {
    if (Status status = expectOperands(op, 1); !status.ok())
      return status;
    if (op.operands[0] >= module.weights.size())
      return fault("weight ", op.operands[0], " is out of range, the module has ", module.weights.size());
    return defineBuffer(op.result, {.root = op.result});
  }

  Status parameterValue(const Instruction &op) {
    if (Status status = expectOperands(op, 1); !status.ok())
      return status;
    if (Status status = expectParameter(op.operands[0]); !status.ok())
      return status;
    const Parameter &parameter = module.parameters[op.operands[0]];
    if (parameter.type != ElementType::I64)
      return fault("parameter '", parameter.name, "' is not an int64");
    return defineScalar(op.result);
  }

  Status expectParameter(uint32_t parameter) const {
    if (parameter < module.parameters.size())
      return {};
    return fault("parameter ", parameter, " is out of range, the module has ", module.parameters.size());
  }

  Status parameter(const Instruction &op) {
    if (Status status = expectOperands(op, 1); !status.ok())
      return status;
    if (Status status = expectParameter(op.operands[0]); !status.ok())
      return status;
    return defineBuffer(op.result, {.root = op.result});
  }

  Status state(const Instruction &op, bool isNext) {
    if (Status status = expectOperands(op, 1); !status.ok())
      return status;
    uint32_t state = op.operands[0];
    if (state >= module.states.size())
      return fault("state ", state, " is out of range, the module has ", module.states.size());
    if (!isNext)
      return defineBuffer(op.result, {.root = op.result});
    if (Status status = expectTopLevel(); !status.ok())
      return status;
    if (nextMade[state])
      return fault("state '", module.states[state].name, "' is made twice");
    nextMade[state] = true;
    return defineBuffer(op.result, {.writable = true, .root = op.result});
  }

  Status allocate(const Instruction &op) {
    if (Status status = expectOperands(op, 1); !status.ok())
      return status;
    if (Status status = readScalars(op, 0, 1); !status.ok())
      return status;
    return defineBuffer(op.result, {.writable = true, .transient = true, .root = op.result});
  }

  Status slice(const Instruction &op) {
    if (Status status = expectOperands(op, 3); !status.ok())
      return status;
    if (Status status = readBuffer(op.operands[0]); !status.ok())
      return status;
    if (Status status = readScalars(op, 1, 3); !status.ok())
      return status;
    const Buffer &source = buffers[op.operands[0]];
    return defineBuffer(op.result, {.writable = source.writable, .root = source.root});
  }

  Status release(const Instruction &op) {
    for (uint32_t buffer : op.operands) {
      if (Status status = readBuffer(buffer); !status.ok())
        return status;
      if (!buffers[buffer].transient)
        return fault("buffer ", buffer, " was not made by an allocate");
      if (!branches.empty() && !isMadeIn(branches.back(), buffer))
        return fault("buffer ", buffer, " is released inside a branch or loop, but made before it");
      buffers[buffer].alive = false;
    }
    return {};
  }

  static bool isMadeIn(const Branch &branch, uint32_t buffer) {
    return std::find(branch.made.begin(), branch.made.end(), buffer) != branch.made.end();
  }

  void leaveBranch() {
    for (uint32_t buffer : branches.back().made)
      buffers[buffer].ended = true;
    for (uint32_t scalar : branches.back().madeScalars)
      scalars[scalar] = Scalar::Ended;
    branches.pop_back();
  }

  Status enterIf(const Instruction &op) {
    if (Status status = expectOperands(op, 1); !status.ok())
      return status;
    if (Status status = readBuffer(op.operands[0]); !status.ok())
      return status;
    branches.emplace_back();
    return {};
  }

  Status enterElse(const Instruction &op) {
    if (branches.empty() || branches.back().kind != Branch::Kind::If)
      return fault("has no if");
    leaveBranch();
    branches.push_back({.kind = Branch::Kind::Else, .made = {}, .madeScalars = {}});
    return expectOperands(op, 0);
  }

  Status enterFor(const Instruction &op) {
    if (op.operands.empty() || op.operands.size() > 2)
      return fault("expected 1 or 2 operands, found ", op.operands.size());
    if (Status status = readScalar(op.operands[0]); !status.ok())
      return status;
    if (op.operands.size() == 2) {
      if (Status status = readBuffer(op.operands[1]); !status.ok())
        return status;
    }
    if (Status status = expectNoBranch(); !status.ok())
      return status;
    branches.push_back({.kind = Branch::Kind::For, .made = {}, .madeScalars = {}});
    return defineScalar(op.result);
  }

  Status endFor(const Instruction &op) {
    if (branches.empty() || branches.back().kind != Branch::Kind::For)
      return fault("has no for");
    leaveBranch();
    return expectOperands(op, 0);
  }

  Status endIf(const Instruction &op) {
    if (branches.empty() || branches.back().kind == Branch::Kind::For)
      return fault("has no if");
    leaveBranch();
    return expectOperands(op, 0);
  }

  Status copy(const Instruction &op) {
    if (Status status = expectOperands(op, 2); !status.ok())
      return status;
    if (Status status = writeBuffer(op.operands[0]); !status.ok())
      return status;
    return readBuffer(op.operands[1]);
  }

  Status read(const Instruction &op) {
    if (Status status = expectOperands(op, 2); !status.ok())
      return status;
    if (Status status = readBuffer(op.operands[0]); !status.ok())
      return status;
    if (Status status = readScalar(op.operands[1]); !status.ok())
      return status;
    if (op.immediate < 0 || op.immediate > int64_t(UINT8_MAX) || !isReadable(ElementType(op.immediate)))
      return fault("element type ", op.immediate, " is not that of a signed integer or bool");
    return defineScalar(op.result);
  }

  Status dispatch(const Instruction &op) {
    size_t next = 0, count = op.operands.size();
    auto take = [&](uint32_t &value) { return next < count ? (value = op.operands[next++], true) : false; };
    uint32_t kernelIndex = 0, extents = 0, bufferCount = 0;
    if (!take(kernelIndex) || kernelIndex >= module.kernels.size())
      return fault("its kernel is missing or out of range, the module has ", module.kernels.size());
    const Kernel &kernel = module.kernels[kernelIndex];
    if (!take(extents) || extents > count - next)
      return fault("its extents are missing");
    if (extents != kernel.variants.front().tile.size())
      return fault("kernel '", kernel.name, "' has ", kernel.variants.front().tile.size(), " extents, found ",
                   extents);
    if (Status status = readScalars(op, next, next + extents); !status.ok())
      return status;
    next += extents;
    if (!take(bufferCount) || bufferCount > count - next)
      return fault("its buffers are missing");
    if (bufferCount != kernel.bufferCount || count - next - bufferCount != kernel.sizeCount)
      return fault("kernel '", kernel.name, "' takes ", kernel.bufferCount, " buffers and ", kernel.sizeCount,
                   " sizes, found ", bufferCount, " and ", count - next - bufferCount);
    for (uint32_t i = 0; i < bufferCount; ++i) {
      uint32_t buffer = op.operands[next + i];
      if (Status status = kernel.bufferIsWritten[i] ? writeBuffer(buffer) : readBuffer(buffer); !status.ok())
        return status;
    }
    return readScalars(op, next + bufferCount, count);
  }

  Status instruction(const Instruction &op) {
    switch (op.opcode) {
    case Opcode::Constant:
      return arithmetic(op, 0);
    case Opcode::InputDimension:
      return inputDimension(op);
    case Opcode::ParameterValue:
      return parameterValue(op);
    case Opcode::Add:
    case Opcode::Subtract:
    case Opcode::Multiply:
    case Opcode::FloorDivide:
    case Opcode::CeilDivide:
    case Opcode::Remainder:
    case Opcode::Minimum:
    case Opcode::Maximum:
    case Opcode::Equal:
    case Opcode::Less:
      return arithmetic(op, 2);
    case Opcode::Select:
      return arithmetic(op, 3);
    case Opcode::Check:
      return check(op);
    case Opcode::Input:
      return input(op);
    case Opcode::Output:
      return output(op);
    case Opcode::Weight:
      return weight(op);
    case Opcode::Parameter:
      return parameter(op);
    case Opcode::State:
      return state(op, false);
    case Opcode::NextState:
      return state(op, true);
    case Opcode::Allocate:
      return allocate(op);
    case Opcode::Slice:
      return slice(op);
    case Opcode::Release:
      return release(op);
    case Opcode::Copy:
      return copy(op);
    case Opcode::Dispatch:
      return dispatch(op);
    case Opcode::If:
      return enterIf(op);
    case Opcode::Else:
      return enterElse(op);
    case Opcode::EndIf:
      return endIf(op);
    case Opcode::Read:
      return read(op);
    case Opcode::For:
      return enterFor(op);
    case Opcode::EndFor:
      return endFor(op);
    case Opcode::Return:
      if (index + 1 != function.body.size())
        return fault("is not the last instruction");
      return expectOperands(op, 0);
    }
    return damaged(where(), ", instruction ", index, ": opcode ", uint16_t(op.opcode), " is unknown");
  }

  const Module &module;
  const Function &function;
  size_t index = 0;
  std::vector<Scalar> scalars;
  std::vector<Buffer> buffers;
  std::vector<bool> outputMade, nextMade;
  std::vector<Branch> branches; // the innermost last
};

} // namespace

Status verifyProgram(const Module &module, const Function &function) {
  return ProgramVerifier(module, function).run();
}

} // namespace winnow::format
