// The scalar types and state spaces of PTX (PTX ISA: "Types", "State Spaces").
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace winnow::ptxsim {

enum class ScalarType : uint8_t {
  Pred,
  B8,
  U8,
  S8,
  B16,
  U16,
  S16,
  B32,
  U32,
  S32,
  B64,
  U64,
  S64,
  B128,
  F16,
  F16x2,
  BF16,
  BF16x2,
  F32,
  F64,
  None
};
constexpr unsigned kScalarTypeCount = unsigned(ScalarType::None);

enum class StateSpace : uint8_t { Generic, Register, Constant, Global, Local, Parameter, Shared };

/// Bytes of a value in memory; 0 for a predicate, which has no address.
unsigned byteWidth(ScalarType type);
bool isSigned(ScalarType type);
bool isFloat(ScalarType type);
/// PTX's spelling, without the dot: "u32".
const char *name(ScalarType type);
const char *name(StateSpace space);
/// `text` without the dot.
std::optional<ScalarType> parseType(std::string_view text);
std::optional<StateSpace> parseSpace(std::string_view text);

/// Where something stands in the PTX text; both count from 1.
struct Location {
  uint32_t line = 0, column = 0;
};

/// What a compiler says an instruction was made from (PTX ISA: ".loc"); line 0 when it says nothing.
struct SourceLine {
  uint32_t file = 0; // as numbered by .file
  uint32_t line = 0, column = 0;
};

} // namespace winnow::ptxsim
