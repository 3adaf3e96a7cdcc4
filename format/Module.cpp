// Names and widths of element types, and names of opcodes and sections for messages.
#include "format/Module.h"
#include "format/Layout.h"

namespace winnow::format {

namespace {

struct TypeInfo {
  const char *name;
  int64_t bytes;
};

constexpr TypeInfo kTypes[] = {
    {"bool", 1},
    {"int8", 1},
    {"uint8", 1},
    {"int32", 4},
    {"int64", 8},
    {"float16", 2},
    {"bfloat16", 2},
    {"float32", 4},
    {"float64", 8},
    {"int16", 2},
    {"uint16", 2},
    {"uint32", 4},
    {"uint64", 8},
    {"float8_e4m3fn", 1},
    {"float8_e4m3fnuz", 1},
    {"float8_e5m2", 1},
    {"float8_e5m2fnuz", 1},
    {"float8_e8m0fnu", 1},
};
static_assert(std::size(kTypes) == kElementTypeCount);

bool isKnown(ElementType type) { return int(type) < kElementTypeCount; }

} // namespace

bool isReadable(ElementType type) {
  switch (type) {
  case ElementType::Bool:
  case ElementType::I8:
  case ElementType::I16:
  case ElementType::I32:
  case ElementType::I64:
    return true;
  default:
    return false;
  }
}

int64_t byteWidth(ElementType type) { return isKnown(type) ? kTypes[int(type)].bytes : 0; }

const char *name(ElementType type) { return isKnown(type) ? kTypes[int(type)].name : "unknown"; }

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
