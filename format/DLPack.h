// Element types in DLPack's terms.
#pragma once

#include "format/Module.h"

#include <dlpack/dlpack.h>
#include <optional>

namespace winnow::format {

/// DLPack 0.6 has no name for it; later versions do.
constexpr uint8_t kDLPackBoolCode = 6;

inline DLDataType toDLPack(ElementType type) {
  uint8_t bits = uint8_t(byteWidth(type) * 8);
  switch (type) {
  case ElementType::Bool:
    return {kDLPackBoolCode, 8, 1};
  case ElementType::I8:
  case ElementType::I32:
  case ElementType::I64:
    return {kDLInt, bits, 1};
  case ElementType::U8:
    return {kDLUInt, 8, 1};
  case ElementType::BF16:
    return {kDLBfloat, 16, 1};
  case ElementType::F16:
  case ElementType::F32:
  case ElementType::F64:
    return {kDLFloat, bits, 1};
  }
  return {};
}

/// Nothing for a type that modules do not have.
inline std::optional<ElementType> fromDLPack(DLDataType type) {
  for (ElementType each :
       {ElementType::Bool, ElementType::I8, ElementType::U8, ElementType::I32, ElementType::I64,
        ElementType::F16, ElementType::BF16, ElementType::F32, ElementType::F64}) {
    DLDataType known = toDLPack(each);
    if (known.code == type.code && known.bits == type.bits && known.lanes == type.lanes)
      return each;
  }
  return std::nullopt;
}

} // namespace winnow::format
