// Conversions to several small elements in one register (PTX ISA: "cvt.pack", "cvt").
#include "runtime/device/ptxsim/decode/DecoderState.h"

#include <algorithm>
#include <iterator>

namespace winnow::ptxsim {

/// cvt.pack.sat.TYPE.s32 d, a, b; elements of up to 8 bits have .b32 and c, too (PTX ISA: "cvt.pack").
bool Decoder::convertPacked() {
  struct Element {
    std::string_view spelling;
    uint8_t bits;
  };
  constexpr Element kElements[] = {{"u16", 16}, {"s16", 16}, {"u8", 8}, {"s8", 8},
                                   {"u4", 4},   {"s4", 4},   {"u2", 2}, {"s2", 2}};
  auto element = std::find_if(std::begin(kElements), std::end(kElements),
                              [&](const Element &each) { return modifiers.take(each.spelling); });
  if (element == std::end(kElements) || !modifiers.take("sat") || modifiers.takeType() != ScalarType::S32)
    return unsupported("conversion");
  out.mode = element->bits;
  out.flags |= element->spelling[0] == 's' ? kSignedA : 0;
  if (element->bits == 16) {
    out.source[2] = constant(4, 0);
    return laneOperation(Operation::ConvertPacked, ScalarType::B32, ScalarType::B32,
                         {ScalarType::S32, ScalarType::S32});
  }
  if (modifiers.takeType() != ScalarType::B32)
    return unsupported("conversion");
  return laneOperation(Operation::ConvertPacked, ScalarType::B32, ScalarType::B32,
                       {ScalarType::S32, ScalarType::S32, ScalarType::B32});
}

/// cvt.rn.satfinite{.relu}.{e4m3x2,e5m2x2}.{f32 d, a, b; f16x2 d, a} and cvt.rn{.relu}.f16x2.{e4m3x2,e5m2x2}.
bool Decoder::convertByteFloats(ByteFloat format, std::optional<Rounding> rounding, bool isSource) {
  bool isFinite = out.flags & kFinite;
  if (rounding != Rounding::NearestEven || out.flags & (kSaturate | kFlushToZero) || isFinite == isSource)
    return unsupported("conversion");
  out.mode = uint8_t(format);
  ScalarType other = modifiers.takeType();
  if (other == ScalarType::F16x2)
    return isSource ? laneOperation(Operation::ConvertFromByteFloats, other, other, {ScalarType::B16})
                    : laneOperation(Operation::ConvertToByteFloats, other, ScalarType::B16, {other});
  if (other != ScalarType::F32 || isSource)
    return unsupported("conversion");
  return laneOperation(Operation::ConvertToByteFloats, other, ScalarType::B16, {other, other});
}

} // namespace winnow::ptxsim
