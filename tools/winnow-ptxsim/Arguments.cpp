// From the text of --arg to a kernel's parameters.
#include "tools/winnow-ptxsim/Arguments.h"
#include "format/AtomicFile.h"

#include <charconv>
#include <cstring>
#include <optional>

namespace winnow::ptxsim::tool {
namespace {

using format::Code;
using format::concatenate;
using format::failure;
using format::Result;
using format::Status;

struct BufferType {
  std::string_view name;
  const char *numpy;
};
// numpy has no bf16: its bits go to files as u16.
constexpr BufferType kBufferTypes[] = {
    {"f16", "<f2"}, {"bf16", "<u2"}, {"bf16-as-u16", "<u2"}, {"i8", "|i1"},  {"u8", "|u1"},
    {"i16", "<i2"}, {"u16", "<u2"},  {"i32", "<i4"},         {"u32", "<u4"}, {"i64", "<i8"},
    {"u64", "<u8"}, {"f32", "<f4"},  {"f64", "<f8"}};
constexpr const char *kForms =
    "in:@FILE, inout:@FILE:@FILE, out:TYPE[SHAPE]:@FILE, bytes:@FILE or TYPE:VALUE";
/// Every byte of an `out` buffer: NaN for floats, and unlikely for integers.
constexpr uint8_t kPoison = 0xff;
constexpr uint64_t kMostBytes = uint64_t(1) << 40;

Status invalid(std::string_view argument, std::string_view message) {
  return failure(Code::InvalidArgument, "--arg=", argument, ": ", message);
}

/// Removes "@FILE" from the front of `left`, up to ":@" or the end.
std::optional<std::string> takeFile(std::string_view &left) {
  if (!left.starts_with('@'))
    return std::nullopt;
  size_t end = std::min(left.find(":@"), left.size());
  std::string file(left.substr(1, end - 1));
  left.remove_prefix(std::min(end + 1, left.size()));
  return file.empty() ? std::nullopt : std::optional(file);
}

template <typename T> bool parseNumber(std::string_view text, T &value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

/// A number of type T as its bits.
template <typename T> bool setValue(Argument &argument, std::string_view text) {
  T value{};
  if (!parseNumber(text, value))
    return false;
  std::memcpy(&argument.bits, &value, sizeof(T));
  argument.bytes = sizeof(T);
  argument.isFloat = std::is_floating_point_v<T>;
  return true;
}

Result<Argument> parseValue(Argument argument, std::string_view type, std::string_view text) {
  bool ok = false;
  if (type == "i32")
    ok = setValue<int32_t>(argument, text);
  else if (type == "u32")
    ok = setValue<uint32_t>(argument, text);
  else if (type == "i64")
    ok = setValue<int64_t>(argument, text);
  else if (type == "u64")
    ok = setValue<uint64_t>(argument, text);
  else if (type == "f32")
    ok = setValue<float>(argument, text);
  else if (type == "f64")
    ok = setValue<double>(argument, text);
  else
    return invalid(argument.text,
                   concatenate("expected ", kForms, "; types of values are i32, u32, i64, u64, f32, f64"));
  if (!ok)
    return invalid(argument.text, concatenate("'", text, "' is not a number of type ", type));
  return argument;
}

/// "f32[4x8]": a type and sizes between 'x' or ','.
Status parseBuffer(Argument &argument, std::string_view text) {
  size_t bracket = text.find('[');
  if (bracket == std::string_view::npos || !text.ends_with(']'))
    return invalid(argument.text, "expected out:TYPE[SHAPE]:@FILE, such as out:f32[4x8]:@c.npy");
  std::string_view type = text.substr(0, bracket),
                   shape = text.substr(bracket + 1, text.size() - bracket - 2);
  std::string known;
  for (const BufferType &candidate : kBufferTypes) {
    known += concatenate(known.empty() ? "" : ", ", candidate.name);
    if (candidate.name == type)
      argument.array.type = candidate.numpy;
  }
  if (argument.array.type.empty())
    return invalid(argument.text, concatenate("type '", type, "' is unknown, expected one of ", known));
  uint64_t bytes = uint64_t(argument.array.type[2] - '0');
  for (bool isLast = shape.empty(); !isLast;) {
    size_t end = std::min(shape.find_first_of("x,"), shape.size());
    int64_t size = 0;
    if (!parseNumber(shape.substr(0, end), size) || size < 0)
      return invalid(argument.text, concatenate("'", shape.substr(0, end), "' is not a size"));
    if (__builtin_mul_overflow(bytes, uint64_t(size), &bytes) || bytes > kMostBytes)
      return invalid(argument.text, "the buffer is too large");
    argument.array.shape.push_back(size);
    isLast = end == shape.size();
    shape.remove_prefix(isLast ? end : end + 1);
  }
  argument.array.bytes.assign(bytes, kPoison);
  return {};
}

/// Whether a parameter of the kernel can hold the argument. Bytes have been read for it.
bool fits(const Parameter &parameter, const Argument &argument) {
  bool isFloatParameter = isFloat(parameter.type);
  if (argument.kind == Argument::Kind::Bytes)
    return true;
  if (argument.isBuffer())
    return parameter.size == 8 && !isFloatParameter && byteWidth(parameter.type) == 8;
  bool isBits = parameter.type == ScalarType::B32 || parameter.type == ScalarType::B64;
  return parameter.size == argument.bytes && byteWidth(parameter.type) == argument.bytes &&
         (isBits || isFloatParameter == argument.isFloat);
}

std::string describe(const Parameter &parameter) {
  unsigned width = byteWidth(parameter.type);
  std::string text = concatenate(".", name(parameter.type), " ", parameter.name);
  return parameter.size == width ? text : text + concatenate("[", parameter.size / width, "]");
}

std::string listOf(const std::vector<Parameter> &parameters) {
  std::string text;
  for (const Parameter &parameter : parameters)
    text += (text.empty() ? "" : ", ") + describe(parameter);
  return text.empty() ? "none" : text;
}

} // namespace

Result<Argument> parseArgument(std::string_view text) {
  Argument argument;
  argument.text = text;
  size_t colon = text.find(':');
  if (colon == std::string_view::npos)
    return invalid(text, concatenate("expected ", kForms));
  std::string_view kind = text.substr(0, colon), left = text.substr(colon + 1);
  if (kind != "in" && kind != "inout" && kind != "out" && kind != "bytes")
    return parseValue(std::move(argument), kind, left);
  argument.kind = kind == "in"      ? Argument::Kind::In
                  : kind == "out"   ? Argument::Kind::Out
                  : kind == "bytes" ? Argument::Kind::Bytes
                                    : Argument::Kind::InOut;
  if (kind == "out") {
    size_t end = std::min(left.find(":@"), left.size());
    if (Status status = parseBuffer(argument, left.substr(0, end)); !status.ok())
      return status;
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  std::optional<std::string> input = kind == "out" ? "" : takeFile(left),
                             output = kind == "in" || kind == "bytes" ? "" : takeFile(left);
  if (!input || !output || !left.empty())
    return invalid(text, concatenate("expected ", kind == "in"      ? "in:@FILE"
                                                  : kind == "bytes" ? "bytes:@FILE"
                                                  : kind == "inout" ? "inout:@FILE:@FILE"
                                                                    : "out:TYPE[SHAPE]:@FILE"));
  argument.input = *input;
  argument.output = *output;
  return argument;
}

namespace {

Status compareCounts(const Kernel &kernel, const std::vector<Argument> &arguments) {
  if (kernel.parameters.size() == arguments.size())
    return {};
  return failure(Code::InvalidArgument, "kernel '", kernel.name, "' takes ", kernel.parameters.size(),
                 " arguments (", listOf(kernel.parameters), "), but ", arguments.size(), " are given");
}

/// Exactly as many bytes as the parameter has: a file that has more is not read to its end.
Status readBytes(const Parameter &parameter, Argument &argument) {
  auto bytes = format::readFile(argument.input, parameter.size);
  if (!bytes.ok())
    return failure(bytes.status().code(), bytes.status().message(), "; ", describe(parameter), " has ",
                   parameter.size);
  if (bytes->size() != parameter.size)
    return invalid(argument.text, concatenate("'", argument.input, "' has ", bytes->size(), " bytes, but ",
                                              describe(parameter), " has ", parameter.size));
  argument.array.bytes.assign(bytes->begin(), bytes->end());
  return {};
}

} // namespace

Status readArrays(const Kernel &kernel, std::vector<Argument> &arguments) {
  if (Status status = compareCounts(kernel, arguments); !status.ok())
    return status;
  for (size_t i = 0; i < arguments.size(); ++i) {
    Argument &argument = arguments[i];
    if (argument.kind == Argument::Kind::Bytes) {
      if (Status status = readBytes(kernel.parameters[i], argument); !status.ok())
        return status;
      continue;
    }
    if (argument.input.empty())
      continue;
    auto bytes = format::readFile(argument.input);
    if (!bytes.ok())
      return bytes.status();
    auto array = format::parseNumpyNumbers(*bytes);
    if (!array.ok())
      return failure(array.status().code(), "cannot read '", argument.input, "': ", array.status().message());
    argument.array = std::move(*array);
  }
  return {};
}

Result<Binding> bindArguments(const Kernel &kernel, std::vector<Argument> &arguments) {
  if (Status status = compareCounts(kernel, arguments); !status.ok())
    return status;
  Binding binding;
  binding.parameters.resize(kernel.parameterBytes);
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Parameter &parameter = kernel.parameters[i];
    Argument &argument = arguments[i];
    if (!fits(parameter, argument))
      return invalid(
          argument.text,
          concatenate("argument ", i, " of kernel '", kernel.name, "' is ", describe(parameter), ", which ",
                      argument.kind == Argument::Kind::Value ? "has another type" : "holds no address"));
    if (argument.kind == Argument::Kind::Bytes) {
      std::memcpy(binding.parameters.data() + parameter.offset, argument.array.bytes.data(), parameter.size);
      continue;
    }
    uint64_t bits = argument.bits;
    if (argument.isBuffer()) {
      bits = reinterpret_cast<uint64_t>(argument.array.bytes.data());
      MemoryRange range{bits, argument.array.bytes.size(), concatenate("argument ", i, ": ", parameter.name)};
      range.isInitialized = argument.kind != Argument::Kind::Out;
      if (Status status = binding.memory.add(std::move(range)); !status.ok())
        return status;
    }
    std::memcpy(binding.parameters.data() + parameter.offset, &bits, parameter.size);
  }
  return binding;
}

Status writeArrays(const std::vector<Argument> &arguments) {
  std::vector<std::vector<uint8_t>> headers;
  std::vector<format::FileToWrite> files;
  headers.reserve(arguments.size());
  for (const Argument &argument : arguments) {
    if (argument.output.empty())
      continue;
    headers.push_back(format::serializeNumpyHeader(argument.array.type, argument.array.shape));
    files.push_back({argument.output, {headers.back(), argument.array.bytes}});
  }
  return format::writeFilesAtomically(files);
}

} // namespace winnow::ptxsim::tool
