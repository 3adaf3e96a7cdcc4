// Names and widths of PTX's types.
#include "runtime/device/ptxsim/Types.h"

#include <array>

namespace winnow::ptxsim {
namespace {

struct TypeEntry {
  const char *name;
  uint8_t bytes;
};

// In the order of ScalarType.
constexpr std::array<TypeEntry, kScalarTypeCount> kTypes = {
    {{"pred", 0}, {"b8", 1},    {"u8", 1},   {"s8", 1},     {"b16", 2}, {"u16", 2}, {"s16", 2},
     {"b32", 4},  {"u32", 4},   {"s32", 4},  {"b64", 8},    {"u64", 8}, {"s64", 8}, {"b128", 16},
     {"f16", 2},  {"f16x2", 4}, {"bf16", 2}, {"bf16x2", 4}, {"f32", 4}, {"f64", 8}}};

} // namespace

unsigned byteWidth(ScalarType type) { return type == ScalarType::None ? 0 : kTypes[unsigned(type)].bytes; }

bool isSigned(ScalarType type) {
  return type == ScalarType::S8 || type == ScalarType::S16 || type == ScalarType::S32 ||
         type == ScalarType::S64;
}

bool isFloat(ScalarType type) { return type >= ScalarType::F16 && type <= ScalarType::F64; }

const char *name(ScalarType type) { return type == ScalarType::None ? "none" : kTypes[unsigned(type)].name; }

const char *name(StateSpace space) {
  switch (space) {
  case StateSpace::Generic:
    return "generic";
  case StateSpace::Register:
    return "reg";
  case StateSpace::Constant:
    return "const";
  case StateSpace::Global:
    return "global";
  case StateSpace::Local:
    return "local";
  case StateSpace::Parameter:
    return "param";
  case StateSpace::Shared:
    return "shared";
  }
  return "unknown";
}

std::optional<ScalarType> parseType(std::string_view text) {
  for (unsigned i = 0; i < kScalarTypeCount; ++i)
    if (text == kTypes[i].name)
      return ScalarType(i);
  return std::nullopt;
}

std::optional<StateSpace> parseSpace(std::string_view text) {
  if (text == "global")
    return StateSpace::Global;
  if (text == "shared" || text == "shared::cta")
    return StateSpace::Shared;
  if (text == "local")
    return StateSpace::Local;
  if (text == "const")
    return StateSpace::Constant;
  if (text == "param" || text == "param::entry" || text == "param::func")
    return StateSpace::Parameter;
  return std::nullopt;
}

} // namespace winnow::ptxsim
