// setp (PTX ISA: "Comparison and Selection Instructions: setp"). The decoder has the unordered comparisons
// of floats as the negation of an ordered one.
#include "runtime/device/ptxsim/lanes/FloatModes.h"
#include "runtime/device/ptxsim/lanes/Sets.h"

#include <utility>

namespace winnow::ptxsim {
namespace {

struct Equal {
  template <typename T> static bool apply(T a, T b) { return a == b; }
};
/// Ordered: false when an operand is NaN.
struct NotEqual {
  template <typename T> static bool apply(T a, T b) { return a < b || a > b; }
};
struct Less {
  template <typename T> static bool apply(T a, T b) { return a < b; }
};
struct LessEqual {
  template <typename T> static bool apply(T a, T b) { return a <= b; }
};
struct Greater {
  template <typename T> static bool apply(T a, T b) { return a > b; }
};
struct GreaterEqual {
  template <typename T> static bool apply(T a, T b) { return a >= b; }
};
struct Numbers {
  template <typename T> static bool apply(T a, T b) { return a == a && b == b; }
};

/// Writes p and q: p = result BOOL c, q = !result BOOL c.
[[gnu::noinline]] void writeResult(std::byte *rows, const Instruction &in, uint32_t result, uint32_t mask) {
  if (in.flags & kInvert)
    result = ~result;
  uint32_t negated = ~result;
  if (in.combine != BooleanOperation::None) {
    uint32_t third = *row<uint32_t>(rows, in.source[2]);
    if (in.flags & kNegateThird)
      third = ~third;
    if (in.combine == BooleanOperation::And) {
      result &= third;
      negated &= third;
    } else if (in.combine == BooleanOperation::Or) {
      result |= third;
      negated |= third;
    } else {
      result ^= third;
      negated ^= third;
    }
  }
  if (in.destination != kNoRow)
    writePredicate(rows, in.destination, result, mask);
  if (in.destination2 != kNoRow)
    writePredicate(rows, in.destination2, negated, mask);
}

template <class Op, typename T> uint32_t compareRows(const T *a, const T *b) {
  uint32_t result = 0;
  WINNOW_LANE_LOOP
  for (unsigned i = 0; i < kLanes; ++i)
    result |= uint32_t(Op::apply(a[i], b[i])) << i;
  return result;
}

template <class Op, typename T> void compare(std::byte *rows, const Instruction &in, uint32_t mask) {
  writeResult(rows, in, compareRows<Op, T>(row<T>(rows, in.source[0]), row<T>(rows, in.source[1])), mask);
}
template <class Op> void compareFloat(std::byte *rows, const Instruction &in, uint32_t mask) {
  const float *a = row<float>(rows, in.source[0]), *b = row<float>(rows, in.source[1]);
  alignas(64) float copies[2][kLanes];
  if (in.flags & kFlushToZero) {
    a = flushed(a, copies[0]);
    b = flushed(b, copies[1]);
  }
  writeResult(rows, in, compareRows<Op, float>(a, b), mask);
}

[[gnu::noinline]] void widenHalves(float *out, const uint16_t *values, bool isBfloat, bool flushes) {
  for (unsigned i = 0; i < kLanes; ++i) {
    uint16_t value = values[i];
    if (flushes && (value & (isBfloat ? 0x7f80 : 0x7c00)) == 0)
      value &= 0x8000;
    out[i] = isBfloat ? fromBfloat(value) : fromHalf(value);
  }
}
template <class Op> void compareHalf(std::byte *rows, const Instruction &in, uint32_t mask) {
  alignas(64) float a[kLanes], b[kLanes];
  bool isBfloat = in.type == ScalarType::BF16, flushes = in.flags & kFlushToZero;
  widenHalves(a, row<uint16_t>(rows, in.source[0]), isBfloat, flushes);
  widenHalves(b, row<uint16_t>(rows, in.source[1]), isBfloat, flushes);
  writeResult(rows, in, compareRows<Op, float>(a, b), mask);
}

template <class Op> void installFloats(LaneTable &table, Operation code) {
  table.set(code, ScalarType::F32, compareFloat<Op>);
  table.set(code, ScalarType::F64, compare<Op, double>);
  table.set(code, ScalarType::F16, compareHalf<Op>);
  table.set(code, ScalarType::BF16, compareHalf<Op>);
}
template <class Op> void installAll(LaneTable &table, Operation code) {
  table.set(code, ScalarType::U16, compare<Op, uint16_t>);
  table.set(code, ScalarType::S16, compare<Op, int16_t>);
  table.set(code, ScalarType::U32, compare<Op, uint32_t>);
  table.set(code, ScalarType::S32, compare<Op, int32_t>);
  table.set(code, ScalarType::U64, compare<Op, uint64_t>);
  table.set(code, ScalarType::S64, compare<Op, int64_t>);
  installFloats<Op>(table, code);
}

} // namespace

namespace WINNOW_LANE_SET {
void installCompare(LaneTable &table) {
  installAll<Equal>(table, Operation::CompareEqual);
  installAll<NotEqual>(table, Operation::CompareNotEqual);
  installAll<Less>(table, Operation::CompareLess);
  installAll<LessEqual>(table, Operation::CompareLessEqual);
  installAll<Greater>(table, Operation::CompareGreater);
  installAll<GreaterEqual>(table, Operation::CompareGreaterEqual);
  installFloats<Numbers>(table, Operation::CompareNumbers);
  for (auto [typed, bits] :
       {std::pair{ScalarType::U16, ScalarType::B16}, std::pair{ScalarType::U32, ScalarType::B32},
        std::pair{ScalarType::U64, ScalarType::B64}})
    for (Operation code : {Operation::CompareEqual, Operation::CompareNotEqual})
      table.set(code, bits, table.get(code, typed));
}
} // namespace WINNOW_LANE_SET

} // namespace winnow::ptxsim
