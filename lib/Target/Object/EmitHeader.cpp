// Writes what a program has to know of a module that it contains.
#include "lib/Target/Object/EmitHeader.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>

using namespace winnow;

/// 16, batch, batch=1..64, ?, as winnow-run --describe shows them.
static std::string describe(const format::Dimension &dimension) {
  std::string name = dimension.name.empty() ? "?" : dimension.name;
  if (dimension.size != format::kDynamic)
    return dimension.name.empty() ? std::to_string(dimension.size)
                                  : name + "=" + std::to_string(dimension.size);
  bool bounded = dimension.maximum != INT64_MAX;
  if (!bounded && dimension.minimum == 0)
    return name;
  return name + "=" + std::to_string(dimension.minimum) + ".." +
         (bounded ? std::to_string(dimension.maximum) : "");
}

static void describe(llvm::raw_ostream &stream, const char *role,
                     const std::vector<format::Signature> &signatures) {
  for (const format::Signature &signature : signatures) {
    auto sizes =
        llvm::map_range(signature.shape, [](const format::Dimension &size) { return describe(size); });
    stream << "  " << role << " " << signature.name << ": " << format::name(signature.type) << "["
           << llvm::join(sizes, ", ") << "]\n";
  }
}

/// The shortest text that reads back as `number`.
template <typename Number> static std::string text(Number number) {
  std::array<char, 64> digits;
  return std::string(digits.data(), std::to_chars(digits.begin(), digits.end(), number).ptr);
}

static std::string defaultValue(const format::Parameter &parameter) {
  if (parameter.type == format::ElementType::I64)
    return text(int64_t(parameter.bits));
  if (parameter.type == format::ElementType::F32)
    return text(std::bit_cast<float>(uint32_t(parameter.bits)));
  return text(std::bit_cast<double>(parameter.bits));
}

static void describe(llvm::raw_ostream &stream, const format::State &state,
                     const std::vector<format::Parameter> &parameters) {
  auto sizes = llvm::map_range(state.shape, [&](const format::StateDimension &size) {
    return size.size == format::kDynamic ? parameters[size.parameter].name : std::to_string(size.size);
  });
  stream << "  state " << state.name << ": " << format::name(state.type) << "[" << llvm::join(sizes, ", ")
         << "]\n";
}

/// What the module is for those who call it.
static std::string describe(const format::Module &module) {
  std::string result;
  llvm::raw_string_ostream stream(result);
  for (const format::Function &function : module.functions) {
    // The reference device's programs take the place of functions that are listed.
    if (!function.device.empty())
      continue;
    stream << "function " << function.name << "\n";
    describe(stream, "input", function.inputs);
    describe(stream, "output", function.outputs);
  }
  if (!module.parameters.empty() || !module.states.empty())
    stream << "session\n";
  for (const format::Parameter &parameter : module.parameters)
    stream << "  parameter " << parameter.name << ": " << format::name(parameter.type) << " = "
           << defaultValue(parameter) << "\n";
  for (const format::State &state : module.states)
    describe(stream, state, module.parameters);
  return result;
}

/// The lines of `text` as a part of a C comment, which nothing in them may end or seem to begin.
static std::string commented(llvm::StringRef text) {
  std::string result;
  for (llvm::StringRef line : llvm::split(text.rtrim('\n'), '\n')) {
    result += line.empty() ? " *" : " * ";
    for (size_t index = 0; index < line.size(); ++index) {
      llvm::StringRef pair = line.substr(index, 2);
      result += line[index];
      if (pair == "*/" || pair == "/*")
        result += '\\';
    }
    result += "\n";
  }
  return result;
}

std::string winnow::emitHeader(const format::Module &module, llvm::StringRef prefix, llvm::StringRef model) {
  std::string about = ("The model '" + model + "', compiled by " + module.producer +
                       ", as a part of programs that link this header's object.\n\n" + describe(module))
                          .str();
  std::string name = prefix.str(), result;
  llvm::raw_string_ostream stream(result);
  stream << "/*\n" << commented(about) << " */\n";
  stream << "#ifndef WINNOW_MODULE_" << name << "_H\n"
         << "#define WINNOW_MODULE_" << name << "_H\n\n"
         << "#include <winnow/runtime.h>\n\n"
         << "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
         << "#if defined(__GNUC__)\n#pragma GCC visibility push(hidden)\n#endif\n"
         << "/* The module, at a page of the program's read-only data. */\n"
         << "extern const void *const " << name << "_data;\n"
         << "extern const size_t " << name << "_size;\n"
         << "#if defined(__GNUC__)\n#pragma GCC visibility pop\n#endif\n\n"
         << "/* Loads the module where it is, without a copy; fails as wn_module_load_memory does. */\n"
         << "static inline wn_status " << name << "_load(wn_module **module) {\n"
         << "  return wn_module_load_memory(" << name << "_data, " << name << "_size, module);\n}\n\n"
         << "#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
  return result;
}

std::string winnow::objectPrefix(llvm::StringRef path) {
  std::string prefix = llvm::sys::path::stem(path).str();
  std::ranges::replace_if(prefix, [](char c) { return !llvm::isAlnum(c); }, '_');
  // At file scope, names that begin with an underscore are reserved.
  prefix = llvm::StringRef(prefix).ltrim('_').str();
  if (prefix.empty())
    return "model";
  return llvm::isDigit(prefix.front()) ? "model_" + prefix : prefix;
}

bool winnow::isObjectPrefix(llvm::StringRef prefix) {
  return !prefix.empty() && !llvm::isDigit(prefix.front()) &&
         llvm::all_of(prefix, [](char c) { return llvm::isAlnum(c) || c == '_'; });
}
