// Checks the tables of a module, then each of its programs.
#include "format/Verifier.h"
#include "format/Layout.h"
#include "format/ProgramVerifier.h"

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
    if (int(signature.type) >= kElementTypeCount)
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

Status verifyParameters(const Module &module) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < module.parameters.size(); ++i) {
    const Parameter &parameter = module.parameters[i];
    if (Status status = verifyName(concatenate("parameter ", i), parameter.name); !status.ok())
      return status;
    std::string where = concatenate("parameter '", parameter.name, "'");
    if (!names.insert(parameter.name).second)
      return damaged(where, " is there twice");
    if (parameter.type != ElementType::F32 && parameter.type != ElementType::F64 &&
        parameter.type != ElementType::I64)
      return damaged(where, " is of type ", uint8_t(parameter.type), ", expected float32, float64 or int64");
  }
  return {};
}

Status verifyStateShape(const Module &module, const std::string &where, const State &state) {
  if (state.shape.size() > kMaximumRank)
    return damaged(where, ": rank ", state.shape.size(), " is over the limit of ", kMaximumRank);
  for (const StateDimension &dimension : state.shape) {
    if (dimension.size < 0 && dimension.size != kDynamic)
      return damaged(where, ": dimension size ", dimension.size, " is negative");
    if (dimension.size != kDynamic)
      continue;
    if (dimension.parameter >= module.parameters.size())
      return damaged(where, ": parameter ", dimension.parameter, " is out of range, the module has ",
                     module.parameters.size());
    if (module.parameters[dimension.parameter].type != ElementType::I64)
      return damaged(where, ": its size is parameter '", module.parameters[dimension.parameter].name,
                     "', which is not an int64");
  }
  return {};
}

Status verifyStates(const Module &module) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < module.states.size(); ++i) {
    const State &state = module.states[i];
    if (Status status = verifyName(concatenate("state ", i), state.name); !status.ok())
      return status;
    std::string where = concatenate("state '", state.name, "'");
    if (!names.insert(state.name).second)
      return damaged(where, " is there twice");
    if (int(state.type) >= kElementTypeCount)
      return damaged(where, ": element type ", uint8_t(state.type), " is unknown");
    if (uint8_t(state.placement) > uint8_t(Placement::Host))
      return damaged(where, ": placement ", uint8_t(state.placement), " is unknown");
    if (Status status = verifyStateShape(module, where, state); !status.ok())
      return status;
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
  return verifyProgram(module, function);
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
  if (Status status = verifyParameters(module); !status.ok())
    return status;
  if (Status status = verifyStates(module); !status.ok())
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
