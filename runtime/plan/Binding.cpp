// Resolves a program for given shapes, instruction by instruction, and packs its transient buffers.
#include "runtime/plan/Binding.h"
#include "runtime/plan/InstructionPlace.h"

#include <algorithm>

namespace winnow::runtime {

using format::Instruction;
using format::Opcode;
using format::Result;
using format::Status;

namespace {

class Binder {
public:
  Binder(const format::Module &module, const format::Function &function, std::span<const int64_t> parameters)
      : module(module), function(function), scalars(function.scalarCount), parameters(parameters) {}

  Result<Binding> run(std::span<const Shape> inputShapes) {
    binding.inputShapes.assign(inputShapes.begin(), inputShapes.end());
    binding.outputShapes.resize(function.outputs.size());
    binding.outputBytes.resize(function.outputs.size());
    binding.buffers.resize(function.bufferCount);
    intervalOf.resize(function.bufferCount, kNoInterval);
    for (size_t i = 0; i < inputShapes.size(); ++i) {
      auto bytes = byteSize(inputShapes[i], function.inputs[i].type);
      if (!bytes.ok())
        return bytes.status();
      binding.inputBytes.push_back(*bytes);
    }
    for (size_t i = 0; i < function.body.size(); ++i) {
      if (Status status = evaluateScalar(function, i, inputShapes, parameters, scalars); !status.ok())
        return status;
    }
    for (index = 0; index < function.body.size(); ++index) {
      if (Status status = bindInstruction(function.body[index]); !status.ok())
        return status;
    }
    if (Status status = checkShapes("output", function.outputs, binding.outputShapes); !status.ok())
      return status;
    placeTransients();
    return std::move(binding);
  }

private:
  static constexpr uint32_t kNoInterval = ~0u;

  InstructionPlace place() const { return {function, index}; }
  int64_t scalar(const Instruction &op, size_t operand) const { return scalars[op.operands[operand]]; }
  BoundBuffer &buffer(uint32_t number) { return binding.buffers[number]; }

  Status bindInstruction(const Instruction &op) {
    switch (op.opcode) {
    case Opcode::Input:
      buffer(op.result) = {BoundBuffer::Origin::Input, op.operands[0], 0, binding.inputBytes[op.operands[0]]};
      return {};
    case Opcode::Weight: {
      int64_t bytes = int64_t(module.weights[op.operands[0]].size);
      buffer(op.result) = {BoundBuffer::Origin::Weight, op.operands[0], 0, bytes};
      return {};
    }
    case Opcode::Parameter: {
      int64_t bytes = byteWidth(module.parameters[op.operands[0]].type);
      buffer(op.result) = {BoundBuffer::Origin::Parameter, op.operands[0], 0, bytes};
      return {};
    }
    case Opcode::State:
      return bindState(op, BoundBuffer::Origin::State);
    case Opcode::NextState:
      return bindState(op, BoundBuffer::Origin::NextState);
    case Opcode::Output:
      return bindOutput(op);
    case Opcode::Allocate:
      return bindAllocate(op);
    case Opcode::Slice:
      return bindSlice(op);
    case Opcode::Release:
      for (uint32_t released : op.operands)
        intervals[intervalOf[released]].end = int64_t(index);
      return {};
    case Opcode::Copy:
      return bindCopy(op);
    case Opcode::Dispatch:
      bindDispatch(op);
      return {};
    case Opcode::If:
      return bindIf(op);
    case Opcode::Else:
      bindElse();
      return {};
    case Opcode::EndIf:
      jumpHere(openJumps.back());
      openJumps.pop_back();
      return {};
    default: // scalars are evaluated already
      return {};
    }
  }

  Status bindOutput(const Instruction &op) {
    uint32_t output = op.operands[0];
    auto shape = place().outputShape(scalars);
    if (!shape.ok())
      return shape.status();
    auto bytes = byteSize(*shape, function.outputs[output].type);
    if (!bytes.ok())
      return bytes.status();
    binding.outputShapes[output] = std::move(*shape);
    binding.outputBytes[output] = *bytes;
    buffer(op.result) = {BoundBuffer::Origin::Output, output, 0, *bytes};
    return {};
  }

  Status bindState(const Instruction &op, BoundBuffer::Origin origin) {
    const format::State &state = module.states[op.operands[0]];
    auto shape = stateShape(state, parameters);
    if (!shape.ok())
      return shape.status();
    auto bytes = byteSize(*shape, state.type);
    if (!bytes.ok())
      return bytes.status();
    buffer(op.result) = {origin, op.operands[0], 0, *bytes};
    return {};
  }

  Status bindAllocate(const Instruction &op) {
    int64_t bytes = scalar(op, 0);
    if (Status status = place().checkAllocation(bytes, transientBytes); !status.ok())
      return status;
    transientBytes += bytes;
    intervalOf[op.result] = uint32_t(intervals.size());
    intervals.push_back({int64_t(index), int64_t(function.body.size()), bytes, 0});
    buffer(op.result) = {BoundBuffer::Origin::Arena, 0, 0, bytes};
    return {};
  }

  Status bindSlice(const Instruction &op) {
    const BoundBuffer source = buffer(op.operands[0]);
    int64_t offset = scalar(op, 1), bytes = scalar(op, 2);
    if (Status status = place().checkSlice(offset, bytes, source.bytes); !status.ok())
      return status;
    intervalOf[op.result] = intervalOf[op.operands[0]];
    buffer(op.result) = {source.origin, source.index, source.offset + offset, bytes};
    return {};
  }

  Status bindCopy(const Instruction &op) {
    if (Status status = place().checkCopy(buffer(op.operands[0]).bytes, buffer(op.operands[1]).bytes);
        !status.ok())
      return status;
    BoundStep step;
    step.kind = BoundStep::Kind::Copy;
    addBuffers(step, op.operands);
    binding.steps.push_back(step);
    return {};
  }

  Status bindIf(const Instruction &op) {
    if (buffer(op.operands[0]).bytes < 1)
      return place().fault("the condition has no byte");
    BoundStep step;
    step.kind = BoundStep::Kind::JumpIfZero;
    addBuffers(step, op.operands);
    openJumps.push_back(binding.steps.size());
    binding.steps.push_back(step);
    return {};
  }

  /// The first branch jumps over the second, where the condition's jump leads.
  void bindElse() {
    BoundStep step;
    step.kind = BoundStep::Kind::Jump;
    binding.steps.push_back(step);
    jumpHere(openJumps.back());
    openJumps.back() = binding.steps.size() - 1;
  }

  void jumpHere(size_t jump) { binding.steps[jump].target = uint32_t(binding.steps.size()); }

  /// Operands: kernel, number of extents, extents, number of buffers, buffers, sizes.
  void bindDispatch(const Instruction &op) {
    std::span<const uint32_t> operands = op.operands;
    BoundStep step;
    step.kernel = operands[0];
    step.extentCount = operands[1];
    step.firstExtent = addNumbers(operands.subspan(2, step.extentCount));
    size_t bufferCount = operands[2 + step.extentCount];
    addBuffers(step, operands.subspan(3 + step.extentCount, bufferCount));
    std::span<const uint32_t> sizes = operands.subspan(3 + step.extentCount + bufferCount);
    step.sizeCount = uint32_t(sizes.size());
    step.firstSize = addNumbers(sizes);
    binding.steps.push_back(step);
  }

  void addBuffers(BoundStep &step, std::span<const uint32_t> registers) {
    step.firstBuffer = uint32_t(binding.stepBuffers.size());
    step.bufferCount = uint32_t(registers.size());
    for (uint32_t number : registers) {
      binding.stepBuffers.push_back(number);
      binding.stepBufferBytes.push_back(buffer(number).bytes);
    }
  }

  uint32_t addNumbers(std::span<const uint32_t> registers) {
    uint32_t first = uint32_t(binding.numbers.size());
    for (uint32_t number : registers)
      binding.numbers.push_back(scalars[number]);
    return first;
  }

  void placeTransients() {
    binding.arena = packIntervals(intervals);
    for (size_t i = 0; i < binding.buffers.size(); ++i) {
      if (intervalOf[i] != kNoInterval)
        binding.buffers[i].offset += intervals[intervalOf[i]].offset;
    }
  }

  const format::Module &module;
  const format::Function &function;
  std::vector<int64_t> scalars;
  std::span<const int64_t> parameters;
  Binding binding;
  std::vector<Interval> intervals;
  std::vector<uint32_t> intervalOf; // for each buffer register; slices share that of their buffer
  std::vector<size_t> openJumps;    // steps that lead to where an open branch ends
  int64_t transientBytes = 0;
  size_t index = 0;
};

} // namespace

bool isBindable(const format::Function &function) {
  return std::none_of(function.body.begin(), function.body.end(), [](const Instruction &op) {
    return op.opcode == Opcode::Read || op.opcode == Opcode::For;
  });
}

Result<Binding> bindProgram(const format::Module &module, const format::Function &function,
                            std::span<const Shape> inputShapes, std::span<const int64_t> parameters) {
  return Binder(module, function, parameters).run(inputShapes);
}

} // namespace winnow::runtime
