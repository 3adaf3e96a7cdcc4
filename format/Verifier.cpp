// Checks the tables of a module, then each of its programs instruction by instruction.
#include "format/Verifier.h"
#include "format/Layout.h"

#include <set>

namespace winnow::format {

bool isText(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    uint8_t lead = uint8_t(text[i]);
    if (lead < 0x80) {
      if (lead < 0x20 && lead != '\t' && lead != '\n')
        return false;
      ++i;
      continue;
    }
    size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() - i < length)
      return false;
    uint32_t point = lead & (0xFF >> (length + 1));
    for (size_t k = 1; k < length; ++k) {
      uint8_t next = uint8_t(text[i + k]);
      if ((next & 0xC0) != 0x80)
        return false;
      point = point << 6 | (next & 0x3F);
    }
    bool overlong = point < (length == 4 ? 0x10000u : length == 3 ? 0x800u : 0x80u);
    if (overlong || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
      return false;
    i += length;
  }
  return true;
}

namespace {

template <typename... Parts> Status damaged(const Parts &...parts) {
  return failure(Code::DamagedModule, parts...);
}

/// What is known of a buffer register while a program is walked.
struct Buffer {
  bool written = false;
  bool alive = false;
  bool writable = false;
  bool transient = false;
  uint32_t root = 0; // the buffer that a slice is part of, else itself
};

/// Walks one program in order, which is enough: it has no branches.
class ProgramVerifier {
public:
  ProgramVerifier(const Module &module, const Function &function)
      : module(module), function(function), scalars(function.scalarCount), buffers(function.bufferCount),
        outputMade(function.outputs.size()) {}

  Status run() {
    const std::vector<Instruction> &body = function.body;
    if (body.empty() || body.back().opcode != Opcode::Return)
      return damaged(where(), ": the program does not end with a return");
    for (index = 0; index < body.size(); ++index) {
      if (Status status = instruction(body[index]); !status.ok())
        return status;
    }
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
    return scalars[scalar] ? Status() : fault("scalar ", scalar, " is used before it is written");
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
    return buffers[buffers[buffer].root].alive ? Status()
                                               : fault("buffer ", buffer, " is used after its release");
  }

  Status writeBuffer(uint32_t buffer) const {
    if (Status status = readBuffer(buffer); !status.ok())
      return status;
    return buffers[buffer].writable ? Status()
                                    : fault("buffer ", buffer, " is read-only and would be written");
  }

  Status defineScalar(uint32_t scalar) {
    if (scalar >= scalars.size())
      return fault("scalar ", scalar, " is out of range, the function has ", scalars.size());
    if (scalars[scalar])
      return fault("scalar ", scalar, " is written twice");
    scalars[scalar] = true;
    return {};
  }

  Status defineBuffer(uint32_t buffer, Buffer made) {
    if (buffer >= buffers.size())
      return fault("buffer ", buffer, " is out of range, the function has ", buffers.size());
    if (buffers[buffer].written)
      return fault("buffer ", buffer, " is made twice");
    made.written = made.alive = true;
    buffers[buffer] = made;
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
      buffers[buffer].alive = false;
    }
    return {};
  }

  Status copy(const Instruction &op) {
    if (Status status = expectOperands(op, 2); !status.ok())
      return status;
    if (Status status = writeBuffer(op.operands[0]); !status.ok())
      return status;
    return readBuffer(op.operands[1]);
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
  std::vector<bool> scalars;
  std::vector<Buffer> buffers;
  std::vector<bool> outputMade;
};

Status verifyName(std::string_view what, const std::string &text) {
  if (text.empty())
    return damaged(what, " has no name");
  return isText(text) ? Status() : damaged("the name of ", what, " is not UTF-8 text");
}

Status verifySignatures(const std::string &where, const char *what,
                        const std::vector<Signature> &signatures) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < signatures.size(); ++i) {
    const Signature &signature = signatures[i];
    std::string place = concatenate(where, ", ", what, " ", i);
    if (Status status = verifyName(place, signature.name); !status.ok())
      return status;
    if (!names.insert(signature.name).second)
      return damaged(place, ": the name '", signature.name, "' is taken already");
    if (uint8_t(signature.type) > uint8_t(ElementType::F64))
      return damaged(place, ": element type ", uint8_t(signature.type), " is unknown");
    if (signature.shape.size() > kMaximumRank)
      return damaged(place, ": rank ", signature.shape.size(), " is over the limit of ", kMaximumRank);
    for (const Dimension &dimension : signature.shape) {
      if (dimension.size < 0 && dimension.size != kDynamic)
        return damaged(place, ": dimension size ", dimension.size, " is negative");
      if (dimension.minimum < 0 || dimension.minimum > dimension.maximum)
        return damaged(place, ": the range ", dimension.minimum, "..", dimension.maximum,
                       " of a dimension is empty");
      if (!isText(dimension.name))
        return damaged(place, ": the name of a dimension is not UTF-8 text");
    }
  }
  return {};
}

Status verifyKernels(const Module &module) {
  for (size_t i = 0; i < module.kernels.size(); ++i) {
    const Kernel &kernel = module.kernels[i];
    if (Status status = verifyName(concatenate("kernel ", i), kernel.name); !status.ok())
      return status;
    std::string where = concatenate("kernel '", kernel.name, "'");
    if (!isText(kernel.origin))
      return damaged(where, ": its origin is not UTF-8 text");
    if (kernel.bufferIsWritten.size() != kernel.bufferCount)
      return damaged(where, ": it takes ", kernel.bufferCount, " buffers but says of ",
                     kernel.bufferIsWritten.size(), " whether they are written");
    if (kernel.variants.empty())
      return damaged(where, ": it has no variant");
    for (const KernelVariant &variant : kernel.variants) {
      if (variant.image >= module.images.size())
        return damaged(where, ": image ", variant.image, " is out of range, the module has ",
                       module.images.size());
      if (Status status = verifyName(concatenate("a variant of ", where), variant.symbol); !status.ok())
        return status;
      if (variant.tile.size() > kMaximumRank || variant.tile.size() != kernel.variants.front().tile.size())
        return damaged(where, ": a variant has ", variant.tile.size(), " tile sizes, expected ",
                       kernel.variants.front().tile.size(), " and at most ", kMaximumRank);
      for (int64_t size : variant.tile) {
        if (size < 1)
          return damaged(where, ": tile size ", size, " is not positive");
      }
      if (variant.threads < 1 || variant.threads > kMaximumThreads)
        return damaged(where, ": ", variant.threads, " threads are not in 1..", kMaximumThreads);
      if (variant.sharedBytes < 0 || variant.sharedBytes > kMaximumSharedBytes)
        return damaged(where, ": ", variant.sharedBytes, " bytes of shared memory are not in 0..",
                       kMaximumSharedBytes);
    }
  }
  return {};
}

Status verifyImages(const Module &module) {
  for (size_t i = 0; i < module.images.size(); ++i) {
    const Image &image = module.images[i];
    auto startsWith = [&](std::string_view prefix) {
      return std::string_view(image.target).substr(0, prefix.size()) == prefix &&
             image.target.size() > prefix.size();
    };
    bool native = (startsWith("host:") || startsWith("reference:")) && image.kind == "elf";
    bool cuda = startsWith("cuda:") && (image.kind == "ptx" || image.kind == "cubin");
    if (!isText(image.target) || !isText(image.kind))
      return damaged("image ", i, ": its target or kind is not UTF-8 text");
    if (!native && !cuda)
      return damaged("image ", i, ": target '", image.target, "' with kind '", image.kind,
                     "', expected host: or reference: with elf, or cuda: with ptx or cubin");
  }
  return {};
}

Status verifyWeights(const Module &module, uint64_t weightBytes) {
  for (size_t i = 0; i < module.weights.size(); ++i) {
    const Weight &weight = module.weights[i];
    if (!isText(weight.name))
      return damaged("weight ", i, ": its name is not UTF-8 text");
    if (weight.offset % kAlignment != 0)
      return damaged("weight '", weight.name, "': offset ", weight.offset, " is not a multiple of ",
                     kAlignment);
    if (weight.offset > weightBytes || weight.size > weightBytes - weight.offset)
      return damaged("weight '", weight.name, "': ", weight.size, " bytes at offset ", weight.offset,
                     " exceed the weights section of ", weightBytes, " bytes");
  }
  return {};
}

Status verifyFunction(const Module &module, const Function &function) {
  std::string where = concatenate("function '", function.name, "'");
  if (!function.device.empty() && function.device != "reference")
    return damaged(where, ": device '", function.device, "' is unknown, expected 'reference' or none");
  if (Status status = verifySignatures(where, "input", function.inputs); !status.ok())
    return status;
  if (Status status = verifySignatures(where, "output", function.outputs); !status.ok())
    return status;
  for (const std::string &text : function.strings) {
    if (!isText(text))
      return damaged(where, ": a string is not UTF-8 text");
  }
  // Every register is written by an instruction of its own.
  if (uint64_t(function.scalarCount) + function.bufferCount > function.body.size())
    return damaged(where, ": ", function.scalarCount, " scalars and ", function.bufferCount,
                   " buffers are more than its ", function.body.size(), " instructions can write");
  return ProgramVerifier(module, function).run();
}

} // namespace

Status verify(const Module &module, uint64_t weightBytes) {
  if (!isText(module.producer))
    return damaged("the producer is not UTF-8 text");
  if (Status status = verifyImages(module); !status.ok())
    return status;
  if (Status status = verifyWeights(module, weightBytes); !status.ok())
    return status;
  if (Status status = verifyKernels(module); !status.ok())
    return status;
  std::set<std::pair<std::string_view, std::string_view>> names;
  for (size_t i = 0; i < module.functions.size(); ++i) {
    const Function &function = module.functions[i];
    if (Status status = verifyName(concatenate("function ", i), function.name); !status.ok())
      return status;
    if (!names.insert({function.name, function.device}).second)
      return damaged("function '", function.name, "' is there twice for the same device");
    if (Status status = verifyFunction(module, function); !status.ok())
      return status;
  }
  return {};
}

} // namespace winnow::format
