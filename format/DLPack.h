// Element types in DLPack's terms.
#pragma once

#include "format/Module.h"

#include <dlpack/dlpack.h>
#include <optional>

namespace winnow::format {

/// DLPack 0.6 has no names for these; later versions do.
constexpr uint8_t kDLPackBoolCode = 6, kDLPackFloat8E4M3FN = 10, kDLPackFloat8E4M3FNUZ = 11,
                  kDLPackFloat8E5M2 = 12, kDLPackFloat8E5M2FNUZ = 13, kDLPackFloat8E8M0FNU = 14;

inline DLDataType toDLPack(ElementType type) {
  uint8_t bits = uint8_t(byteWidth(type) * 8);
  switch (type) {
  case ElementType::Bool:
    return {kDLPackBoolCode, bits, 1};
  case ElementType::I8:
  case ElementType::I16:
  case ElementType::I32:
  case ElementType::I64:
    return {kDLInt, bits, 1};
  case ElementType::U8:
  case ElementType::U16:
  case ElementType::U32:
  case ElementType::U64:
    return {kDLUInt, bits, 1};
  case ElementType::BF16:
    return {kDLBfloat, bits, 1};
  case ElementType::F16:
  case ElementType::F32:
  case ElementType::F64:
    return {kDLFloat, bits, 1};
  case ElementType::F8E4M3FN:
    return {kDLPackFloat8E4M3FN, bits, 1};
  case ElementType::F8E4M3FNUZ:
    return {kDLPackFloat8E4M3FNUZ, bits, 1};
  case ElementType::F8E5M2:
    return {kDLPackFloat8E5M2, bits, 1};
  case ElementType::F8E5M2FNUZ:
    return {kDLPackFloat8E5M2FNUZ, bits, 1};
  case ElementType::F8E8M0FNU:
    return {kDLPackFloat8E8M0FNU, bits, 1};
  }
  return {};
}

/// Nothing for a type that modules do not have.
inline std::optional<ElementType> fromDLPack(DLDataType type) {
  for (int number = 0; number < kElementTypeCount; ++number) {
    DLDataType known = toDLPack(ElementType(number));
    if (known.code == type.code && known.bits == type.bits && known.lanes == type.lanes)
      return ElementType(number);
  }
  return std::nullopt;
}

} // namespace winnow::format
