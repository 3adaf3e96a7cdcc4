// Names and widths of element types, and names of opcodes and sections for messages.
#include "format/Module.h"
#include "format/Layout.h"

namespace winnow::format {

int64_t byteWidth(ElementType type) {
  switch (type) {
  case ElementType::Bool:
  case ElementType::I8:
  case ElementType::U8:
    return 1;
  case ElementType::F16:
  case ElementType::BF16:
    return 2;
  case ElementType::I32:
  case ElementType::F32:
    return 4;
  case ElementType::I64:
  case ElementType::F64:
    return 8;
  }
  return 0;
}

const char *name(ElementType type) {
  switch (type) {
  case ElementType::Bool:
    return "bool";
  case ElementType::I8:
    return "int8";
  case ElementType::U8:
    return "uint8";
  case ElementType::I32:
    return "int32";
  case ElementType::I64:
    return "int64";
  case ElementType::F16:
    return "float16";
  case ElementType::BF16:
    return "bfloat16";
  case ElementType::F32:
    return "float32";
  case ElementType::F64:
    return "float64";
  }
  return "unknown";
}

const char *name(Opcode opcode) {
  static constexpr const char *names[] = {
      "constant",     "input dimension", "parameter value",
      "add",          "subtract",        "multiply",
      "floor divide", "ceil divide",     "remainder",
      "minimum",      "maximum",         "equal",
      "less",         "select",          "check",
      "input",        "output",          "weight",
      "parameter",    "state",           "next state",
      "allocate",     "slice",           "release",
      "copy",         "dispatch",        "if",
      "else",         "end if",          "read",
      "for",          "end for",         "return",
  };
  static_assert(std::size(names) == size_t(Opcode::Return) + 1);
  return size_t(opcode) < std::size(names) ? names[size_t(opcode)] : "unknown";
}

const char *name(SectionKind kind) {
  switch (kind) {
  case SectionKind::Plan:
    return "plan";
  case SectionKind::Manifest:
    return "manifest";
  case SectionKind::Image:
    return "image";
  case SectionKind::WeightHashes:
    return "weight hashes";
  case SectionKind::Weights:
    return "weights";
  }
  return "unknown";
}

} // namespace winnow::format
