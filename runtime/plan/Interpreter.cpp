// One instruction after the other, with jumps between the ends of branches and loops.
#include "runtime/plan/Interpreter.h"
#include "runtime/plan/InstructionPlace.h"

#include <cstring>

namespace winnow::runtime {

using format::Code;
using format::ElementType;
using format::Instruction;
using format::Opcode;
using format::Result;
using format::Status;

namespace {

/// What a buffer register stands for. Only transient buffers own their memory.
struct Buffer {
  void *address = nullptr;
  int64_t bytes = 0;
  Block block;
};

/// An integer element as it lies in memory.
int64_t integerOf(ElementType type, const char *element) {
  auto as = [&](auto value) {
    std::memcpy(&value, element, sizeof(value));
    return int64_t(value);
  };
  switch (type) {
  case ElementType::I16:
    return as(int16_t());
  case ElementType::I32:
    return as(int32_t());
  case ElementType::I64:
    return as(int64_t());
  case ElementType::Bool:
    return as(uint8_t()) != 0;
  default: // I8: no other is readable
    return as(int8_t());
  }
}

class Interpreter {
public:
  Interpreter(const format::Module &module, const format::Function &function,
              std::span<const Shape> inputShapes, std::span<const int64_t> parameters, ProgramHost &host)
      : module(module), function(function), inputShapes(inputShapes), parameters(parameters), host(host),
        scalars(function.scalarCount), buffers(function.bufferCount), partner(function.body.size()),
        outputShapes(function.outputs.size()) {}

  Status run() {
    matchEnds();
    for (index = 0; index < function.body.size(); ++index) {
      if (host.isCancelled())
        return Status(Code::Cancelled, "the call was cancelled");
      if (Status status = evaluateScalar(function, index, inputShapes, parameters, scalars); !status.ok())
        return status;
      if (Status status = execute(function.body[index]); !status.ok())
        return status;
    }
    return checkShapes("output", function.outputs, outputShapes);
  }

private:
  InstructionPlace here() const { return {function, index}; }
  int64_t scalar(const Instruction &op, size_t operand) const { return scalars[op.operands[operand]]; }

  /// For each If its Else or EndIf, for each Else its EndIf, for each For its EndFor and the other way round.
  void matchEnds() {
    std::vector<size_t> open;
    for (size_t i = 0; i < function.body.size(); ++i) {
      switch (function.body[i].opcode) {
      case Opcode::If:
      case Opcode::For:
        open.push_back(i);
        break;
      case Opcode::Else:
        partner[open.back()] = i;
        open.back() = i;
        break;
      case Opcode::EndIf:
      case Opcode::EndFor:
        partner[open.back()] = i;
        partner[i] = open.back();
        open.pop_back();
        break;
      default:
        break;
      }
    }
  }

  Status execute(const Instruction &op) {
    switch (op.opcode) {
    case Opcode::Input:
      return input(op);
    case Opcode::Output:
      return output(op);
    case Opcode::Weight:
      return place(op, host.weightAddress(op.operands[0]), int64_t(module.weights[op.operands[0]].size));
    case Opcode::Parameter:
      return place(op, host.parameterAddress(op.operands[0]),
                   byteWidth(module.parameters[op.operands[0]].type));
    case Opcode::State:
    case Opcode::NextState:
      return state(op);
    case Opcode::Allocate:
      return allocate(op);
    case Opcode::Slice:
      return slice(op);
    case Opcode::Release:
      for (uint32_t released : op.operands)
        release(buffers[released]);
      return {};
    case Opcode::Copy:
      return copy(op);
    case Opcode::Dispatch:
      return dispatch(op);
    case Opcode::Read:
      return read(op);
    case Opcode::If:
      return enterIf(op);
    case Opcode::Else: // the first branch ends here
      index = partner[index];
      return {};
    case Opcode::For:
      scalars[op.result] = 0;
      return beginRound(op);
    case Opcode::EndFor:
      index = partner[index];
      ++scalars[function.body[index].result];
      return beginRound(function.body[index]);
    default: // scalars are evaluated already, ends of branches do nothing
      return {};
    }
  }

  Status place(const Instruction &op, Result<void *> address, int64_t bytes) {
    if (!address.ok())
      return address.status();
    buffers[op.result] = {*address, bytes, {}};
    return {};
  }

  Status input(const Instruction &op) {
    auto bytes = byteSize(inputShapes[op.operands[0]], function.inputs[op.operands[0]].type);
    return bytes.ok() ? place(op, host.inputAddress(op.operands[0]), *bytes) : bytes.status();
  }

  Status output(const Instruction &op) {
    uint32_t number = op.operands[0];
    auto shape = here().outputShape(scalars);
    if (!shape.ok())
      return shape.status();
    outputShapes[number] = std::move(*shape);
    auto bytes = byteSize(outputShapes[number], function.outputs[number].type);
    return bytes.ok() ? place(op, host.outputAddress(number, outputShapes[number]), *bytes) : bytes.status();
  }

  Status state(const Instruction &op) {
    const format::State &declared = module.states[op.operands[0]];
    auto shape = stateShape(declared, parameters);
    if (!shape.ok())
      return shape.status();
    auto bytes = byteSize(*shape, declared.type);
    bool isNext = op.opcode == Opcode::NextState;
    return bytes.ok() ? place(op, host.stateAddress(op.operands[0], isNext), *bytes) : bytes.status();
  }

  Status allocate(const Instruction &op) {
    int64_t bytes = scalar(op, 0);
    if (Status status = here().checkAllocation(bytes); !status.ok())
      return status;
    release(buffers[op.result]); // that of the round before
    auto block = Block::make(host.transientSpace(), bytes);
    if (!block.ok())
      return block.status();
    void *address = block->data();
    buffers[op.result] = {address, bytes, std::move(*block)};
    transientBytes += bytes;
    host.transientsInUse(transientBytes);
    return {};
  }

  void release(Buffer &buffer) {
    transientBytes -= buffer.block.size();
    buffer = {};
  }

  Status slice(const Instruction &op) {
    const Buffer &source = buffers[op.operands[0]];
    int64_t offset = scalar(op, 1), bytes = scalar(op, 2);
    if (Status status = here().checkSlice(offset, bytes, source.bytes); !status.ok())
      return status;
    buffers[op.result] = {static_cast<char *>(source.address) + offset, bytes, {}};
    return {};
  }

  Status copy(const Instruction &op) {
    const Buffer &to = buffers[op.operands[0]], &from = buffers[op.operands[1]];
    if (Status status = here().checkCopy(to.bytes, from.bytes); !status.ok())
      return status;
    return host.copy(to.address, from.address, to.bytes);
  }

  /// Operands: kernel, number of extents, extents, number of buffers, buffers, sizes.
  Status dispatch(const Instruction &op) {
    std::span<const uint32_t> operands = op.operands;
    size_t extentCount = operands[1], bufferCount = operands[2 + extentCount];
    for (auto *list : {&extents, &bufferBytes, &sizes})
      list->clear();
    addresses.clear();
    for (uint32_t number : operands.subspan(2, extentCount))
      extents.push_back(scalars[number]);
    for (uint32_t number : operands.subspan(3 + extentCount, bufferCount)) {
      addresses.push_back(buffers[number].address);
      bufferBytes.push_back(buffers[number].bytes);
    }
    for (uint32_t number : operands.subspan(3 + extentCount + bufferCount))
      sizes.push_back(scalars[number]);
    return host.launch(operands[0], extents, addresses, bufferBytes, sizes);
  }

  Status readElement(uint32_t buffer, int64_t element, ElementType type, int64_t &value) {
    const Buffer &source = buffers[buffer];
    int64_t width = byteWidth(type), count = source.bytes / width;
    if (element < 0 || element >= count)
      return here().fault("element ", element, " is outside of a buffer of ", count, " elements");
    char bytes[8];
    Status status = host.read(bytes, static_cast<const char *>(source.address) + element * width, width);
    value = status.ok() ? integerOf(type, bytes) : 0;
    return status;
  }

  Status read(const Instruction &op) {
    return readElement(op.operands[0], scalar(op, 1), ElementType(op.immediate), scalars[op.result]);
  }

  Status enterIf(const Instruction &op) {
    int64_t holds = 0;
    if (Status status = readElement(op.operands[0], 0, ElementType::Bool, holds); !status.ok())
      return status;
    if (!holds) {
      index = partner[index];
      host.branchSkipped();
    }
    return {};
  }

  /// Goes on behind the For, or behind its EndFor if there are no more rounds. `index` is that of the For.
  Status beginRound(const Instruction &op) {
    int64_t holds = scalars[op.result] < scalar(op, 0);
    if (holds && op.operands.size() == 2) {
      if (Status status = readElement(op.operands[1], 0, ElementType::Bool, holds); !status.ok())
        return status;
    }
    index = holds ? index : partner[index];
    return {};
  }

  const format::Module &module;
  const format::Function &function;
  std::span<const Shape> inputShapes;
  std::span<const int64_t> parameters;
  ProgramHost &host;
  std::vector<int64_t> scalars;
  std::vector<Buffer> buffers;
  std::vector<size_t> partner; // of instructions that begin or end something
  std::vector<Shape> outputShapes;
  // Of the launch that is being made, kept for the next one.
  std::vector<int64_t> extents, bufferBytes, sizes;
  std::vector<void *> addresses;
  int64_t transientBytes = 0; // in use
  size_t index = 0;
};

} // namespace

Status interpret(const format::Module &module, const format::Function &function,
                 std::span<const Shape> inputShapes, std::span<const int64_t> parameters, ProgramHost &host) {
  return Interpreter(module, function, inputShapes, parameters, host).run();
}

} // namespace winnow::runtime
