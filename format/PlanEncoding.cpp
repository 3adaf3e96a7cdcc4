// Encodes and decodes the plan section, field by field in the same order.
#include "format/PlanEncoding.h"

#include <cstring>

namespace winnow::format {
namespace {

class Encoder {
public:
  std::vector<uint8_t> bytes;

  template <typename T> void number(const T &value) {
    static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>);
    const uint8_t *raw = reinterpret_cast<const uint8_t *>(&value);
    bytes.insert(bytes.end(), raw, raw + sizeof(T));
  }
  void string(const std::string &text) {
    number(uint32_t(text.size()));
    bytes.insert(bytes.end(), text.begin(), text.end());
  }
  template <typename T, typename Each> void list(const std::vector<T> &items, Each each) {
    number(uint32_t(items.size()));
    for (const T &item : items)
      each(item);
  }
};

/// Reads what the bytes hold; after the first field that exceeds them, every field is empty or zero.
class Decoder {
public:
  explicit Decoder(std::span<const uint8_t> bytes) : bytes(bytes) {}

  template <typename T> void number(T &value) {
    if (!have(sizeof(T)))
      return void(value = T());
    std::memcpy(&value, bytes.data() + position, sizeof(T));
    position += sizeof(T);
  }
  void string(std::string &text) {
    uint32_t size = 0;
    number(size);
    if (!have(size))
      return;
    text.assign(reinterpret_cast<const char *>(bytes.data()) + position, size);
    position += size;
  }
  template <typename T, typename Each> void list(std::vector<T> &items, Each each) {
    uint32_t size = 0;
    number(size);
    // Every item takes a byte at least, so a count beyond the bytes is refused before anything grows, and
    // items are added one by one, so memory grows with what was really read.
    if (!have(size))
      return;
    for (uint32_t i = 0; i < size && !overrun; ++i)
      each(items.emplace_back());
  }

  bool exceeded() const { return overrun; }
  size_t read() const { return position; }

private:
  bool have(size_t count) {
    overrun = overrun || count > bytes.size() - position;
    return !overrun;
  }

  std::span<const uint8_t> bytes;
  size_t position = 0;
  bool overrun = false;
};

// One description of the layout serves both directions: `T` is const when encoding.
template <typename Coder, typename T> void codeSignature(Coder &coder, T &signature) {
  coder.string(signature.name);
  coder.number(signature.type);
  coder.list(signature.shape, [&](auto &dimension) {
    coder.number(dimension.size);
    coder.string(dimension.name);
    coder.number(dimension.minimum);
    coder.number(dimension.maximum);
  });
}

template <typename Coder, typename T> void codeInstruction(Coder &coder, T &instruction) {
  coder.number(instruction.opcode);
  coder.number(instruction.result);
  coder.number(instruction.immediate);
  coder.list(instruction.operands, [&](auto &operand) { coder.number(operand); });
}

template <typename Coder, typename T> void codeFunction(Coder &coder, T &function) {
  coder.string(function.name);
  coder.string(function.device);
  coder.list(function.inputs, [&](auto &input) { codeSignature(coder, input); });
  coder.list(function.outputs, [&](auto &output) { codeSignature(coder, output); });
  coder.number(function.scalarCount);
  coder.number(function.bufferCount);
  coder.list(function.strings, [&](auto &text) { coder.string(text); });
  coder.list(function.body, [&](auto &instruction) { codeInstruction(coder, instruction); });
}

template <typename Coder, typename T> void codeKernel(Coder &coder, T &kernel) {
  coder.string(kernel.name);
  coder.string(kernel.origin);
  coder.number(kernel.bufferCount);
  coder.number(kernel.sizeCount);
  coder.list(kernel.bufferIsWritten, [&](auto &written) { coder.number(written); });
  coder.list(kernel.variants, [&](auto &variant) {
    coder.number(variant.image);
    coder.string(variant.symbol);
    coder.list(variant.tile, [&](auto &size) { coder.number(size); });
    coder.number(variant.threads);
    coder.number(variant.sharedBytes);
  });
}

template <typename Coder, typename T> void codeModule(Coder &coder, T &module) {
  coder.list(module.functions, [&](auto &function) { codeFunction(coder, function); });
  coder.list(module.kernels, [&](auto &kernel) { codeKernel(coder, kernel); });
  coder.list(module.images, [&](auto &image) {
    coder.string(image.target);
    coder.string(image.kind);
  });
  coder.list(module.weights, [&](auto &weight) {
    coder.string(weight.name);
    coder.number(weight.offset);
    coder.number(weight.size);
  });
  coder.list(module.parameters, [&](auto &parameter) {
    coder.string(parameter.name);
    coder.number(parameter.type);
    coder.number(parameter.bits);
  });
  coder.list(module.states, [&](auto &state) {
    coder.string(state.name);
    coder.number(state.type);
    coder.list(state.shape, [&](auto &dimension) {
      coder.number(dimension.size);
      coder.number(dimension.parameter);
    });
    coder.number(state.bits);
    coder.number(state.placement);
  });
}

} // namespace

std::vector<uint8_t> encodePlan(const Module &module) {
  Encoder encoder;
  codeModule(encoder, module);
  return std::move(encoder.bytes);
}

Status decodePlan(std::span<const uint8_t> bytes, Module &module) {
  Decoder decoder(bytes);
  codeModule(decoder, module);
  if (decoder.exceeded())
    return failure(Code::DamagedModule, "the plan section ends within a field, after ", decoder.read(),
                   " of ", bytes.size(), " bytes");
  if (decoder.read() != bytes.size())
    return failure(Code::DamagedModule, "the plan section has ", bytes.size() - decoder.read(),
                   " bytes after its last field");
  return {};
}

} // namespace winnow::format
