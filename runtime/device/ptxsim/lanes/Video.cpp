// Video instructions (PTX ISA: "Scalar Video Instructions", "SIMD Video Instructions"): elements of a and b
// are taken out of the pair b:a, whatever their width, and computed in more bits than they have.
#include "runtime/device/ptxsim/lanes/LaneLoops.h"
#include "runtime/device/ptxsim/lanes/Sets.h"

#include <algorithm>

namespace winnow::ptxsim {
namespace {

/// The low `bits` of a value, as a signed number.
int64_t signExtend(int64_t value, unsigned bits) {
  return int64_t(uint64_t(value) << (64 - bits)) >> (64 - bits);
}

int64_t element(uint64_t pair, unsigned place, unsigned bytes, bool isSigned) {
  const unsigned bits = 8 * bytes;
  const uint64_t value = pair >> (place * bits) & ((uint64_t(1) << bits) - 1);
  return isSigned ? signExtend(int64_t(value), bits) : int64_t(value);
}

int64_t shiftAmount(const Instruction &in, int64_t b) {
  return in.flags & kWrap ? b & 31 : std::min<int64_t>(b, 32);
}

/// What the operation gives before saturation. Bits of a shift beyond the 64th are of no use: signed numbers
/// of 34 bits are what saturation gets.
int64_t operate(const Instruction &in, int64_t a, int64_t b) {
  switch (VideoOperation(in.mode)) {
  case VideoOperation::Add:
    return a + b;
  case VideoOperation::Subtract:
    return a - b;
  case VideoOperation::AbsoluteDifference:
    return a < b ? b - a : a - b;
  case VideoOperation::Minimum:
    return std::min(a, b);
  case VideoOperation::Maximum:
    return std::max(a, b);
  case VideoOperation::Average:
    return (a + b + (a + b >= 0 ? 1 : 0)) >> 1;
  case VideoOperation::ShiftLeft:
    return int64_t(uint64_t(a) << shiftAmount(in, b));
  case VideoOperation::ShiftRight:
    return a >> shiftAmount(in, b);
  case VideoOperation::Equal:
    return a == b;
  case VideoOperation::NotEqual:
    return a != b;
  case VideoOperation::Less:
    return a < b;
  case VideoOperation::LessEqual:
    return a <= b;
  case VideoOperation::Greater:
    return a > b;
  case VideoOperation::GreaterEqual:
    return a >= b;
  }
  return 0;
}

/// optSaturate, with the types that the ISA gives it: 34 bits in, 33 bits out.
int64_t saturate(const Instruction &in, int64_t value) {
  value = signExtend(value, 34);
  const unsigned bits = 8 * in.elementBytes;
  const bool isSigned = in.flags & kSignedResult;
  if (in.flags & kSaturate)
    value = std::clamp(value, isSigned ? -(int64_t(1) << (bits - 1)) : 0,
                       (int64_t(1) << (isSigned ? bits - 1 : bits)) - 1);
  return signExtend(value, 33);
}

/// optSecOp and optMerge: `c` is the operand or, of several elements, what the ones before made of it.
uint32_t combine(const Instruction &in, int64_t value, uint32_t c, unsigned place) {
  const int64_t third = in.flags & kSignedResult ? int64_t(int32_t(c)) : int64_t(c);
  switch (in.videoCombination) {
  case VideoCombination::Add:
    return uint32_t(value) + c;
  case VideoCombination::Minimum:
    return uint32_t(std::min(value, third));
  case VideoCombination::Maximum:
    return uint32_t(std::max(value, third));
  case VideoCombination::Merge:
    break;
  }
  const unsigned bits = 8 * in.elementBytes, shift = place * bits;
  const uint32_t field = uint32_t((uint64_t(1) << bits) - 1) << shift;
  return (c & ~field) | (uint32_t(value) << shift & field);
}

/// A scalar instruction has one result, which may go to any place.
uint32_t evaluate(const Instruction &in, uint32_t a, uint32_t b, uint32_t c) {
  const uint64_t pair = uint64_t(b) << 32 | a;
  for (uint32_t left = in.targetCount; left; left &= left - 1) {
    const unsigned place = unsigned(__builtin_ctz(left)), number = in.count == 1 ? 0 : place;
    const int64_t first =
        element(pair, in.target >> (4 * number) & 15, in.registerBytes, in.flags & kSignedA);
    const int64_t second =
        element(pair, in.target >> (16 + 4 * number) & 15, in.sourceBytes, in.flags & kSignedB);
    c = combine(in, saturate(in, operate(in, first, second)), c, place);
  }
  return c;
}

void video(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<uint32_t> out(rows, in.destination, mask);
  const uint32_t *a = row<uint32_t>(rows, in.source[0]), *b = row<uint32_t>(rows, in.source[1]);
  const uint32_t *c = row<uint32_t>(rows, in.source[2]);
  for (unsigned i = 0; i < kLanes; ++i)
    out.values[i] = evaluate(in, a[i], b[i], c[i]);
  out.finish(mask);
}

__extension__ using Wide = __int128;

/// vmad, as the ISA's text has it: c is of the final result's sign, also where it is subtracted.
uint32_t multiplyAdd(const Instruction &in, uint32_t a, uint32_t b, uint32_t c) {
  const uint64_t pair = uint64_t(b) << 32 | a;
  const bool isSigned = in.flags & (kSignedA | kSignedB | kNegateProduct | kNegateThird);
  Wide product = Wide(element(pair, in.target & 15, in.registerBytes, in.flags & kSignedA)) *
                 element(pair, in.target >> 16 & 15, in.sourceBytes, in.flags & kSignedB);
  if (in.flags & kNegateProduct)
    product = ~product;
  const uint32_t third = in.flags & kNegateThird ? ~c : c;
  const bool adds = in.flags & (kPlusOne | kNegateProduct | kNegateThird);
  Wide sum = product + (isSigned ? Wide(int32_t(third)) : Wide(third)) + (adds ? 1 : 0);
  sum >>= in.mode;
  if (in.flags & kSaturate)
    sum =
        std::clamp(sum, isSigned ? Wide(INT32_MIN) : Wide(0), isSigned ? Wide(INT32_MAX) : Wide(UINT32_MAX));
  return uint32_t(sum);
}

void videoMultiplyAdd(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<uint32_t> out(rows, in.destination, mask);
  const uint32_t *a = row<uint32_t>(rows, in.source[0]), *b = row<uint32_t>(rows, in.source[1]);
  const uint32_t *c = row<uint32_t>(rows, in.source[2]);
  for (unsigned i = 0; i < kLanes; ++i)
    out.values[i] = multiplyAdd(in, a[i], b[i], c[i]);
  out.finish(mask);
}

} // namespace

namespace WINNOW_LANE_SET {
void installVideo(LaneTable &table) {
  table.set(Operation::Video, ScalarType::B32, video);
  table.set(Operation::VideoMultiplyAdd, ScalarType::B32, videoMultiplyAdd);
}
} // namespace WINNOW_LANE_SET

} // namespace winnow::ptxsim
