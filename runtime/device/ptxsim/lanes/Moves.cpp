// Moves, selections, packing, and integer conversions that keep low bits (PTX ISA: "Data Movement and
// Conversion Instructions", "Comparison and Selection Instructions").
#include "runtime/device/ptxsim/lanes/LaneLoops.h"
#include "runtime/device/ptxsim/lanes/Sets.h"

namespace winnow::ptxsim {
namespace {

struct Move {
  template <typename T> static T apply(T a) { return a; }
};
void movePredicate(std::byte *rows, const Instruction &in, uint32_t mask) {
  writePredicate(rows, in.destination, *row<uint32_t>(rows, in.source[0]), mask);
}

template <typename T> void select(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<T> out(rows, in.destination, mask);
  const T *a = row<T>(rows, in.source[0]), *b = row<T>(rows, in.source[1]);
  uint32_t chosen = *row<uint32_t>(rows, in.source[2]);
  if (in.flags & kNegateThird)
    chosen = ~chosen;
  T *values = out.values;
  WINNOW_LANE_LOOP
  for (unsigned i = 0; i < kLanes; ++i)
    values[i] = (chosen >> i & 1) ? a[i] : b[i];
  out.finish(mask);
}

/// slct: a where c is at least zero; a NaN chooses b. `convertFrom` is c's type.
template <typename T> void selectBySign(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<T> out(rows, in.destination, mask);
  const T *a = row<T>(rows, in.source[0]), *b = row<T>(rows, in.source[1]);
  const int32_t *integers = row<int32_t>(rows, in.source[2]);
  const float *floats = row<float>(rows, in.source[2]);
  for (unsigned i = 0; i < kLanes; ++i) {
    bool first = in.convertFrom == ScalarType::F32 ? floats[i] >= 0.0f : integers[i] >= 0;
    // With .ftz a negative subnormal number counts as zero.
    if (in.flags & kFlushToZero)
      first |= (uint32_t(integers[i]) & 0x7f800000) == 0;
    out.values[i] = first ? a[i] : b[i];
  }
  out.finish(mask);
}

template <typename Whole, typename Part> void pack(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<Whole> out(rows, in.destination, mask);
  for (unsigned i = 0; i < kLanes; ++i) {
    Whole value = 0;
    for (unsigned k = 0; k < sizeof(Whole) / sizeof(Part); ++k)
      value |= Whole(row<Part>(rows, in.source[k])[i]) << (8 * sizeof(Part) * k);
    out.values[i] = value;
  }
  out.finish(mask);
}

/// The destinations are `destination`, `destination2`, source[2] and source[3]; kNoRow drops an element.
template <typename Whole, typename Part> void unpack(std::byte *rows, const Instruction &in, uint32_t mask) {
  alignas(64) Whole whole[kLanes];
  std::memcpy(whole, row<Whole>(rows, in.source[0]), sizeof(whole));
  const Row destinations[4] = {in.destination, in.destination2, in.source[2], in.source[3]};
  for (unsigned k = 0; k < sizeof(Whole) / sizeof(Part); ++k) {
    if (destinations[k] == kNoRow)
      continue;
    Output<Part> out(rows, destinations[k], mask);
    Part *values = out.values;
    WINNOW_LANE_LOOP
    for (unsigned i = 0; i < kLanes; ++i)
      values[i] = Part(whole[i] >> (8 * sizeof(Part) * k));
    out.finish(mask);
  }
}

template <typename Whole> void packAny(std::byte *rows, const Instruction &in, uint32_t mask) {
  if (in.count == 2) {
    if constexpr (sizeof(Whole) == 4)
      pack<Whole, uint16_t>(rows, in, mask);
    else
      pack<Whole, uint32_t>(rows, in, mask);
  } else if constexpr (sizeof(Whole) == 8) {
    pack<Whole, uint16_t>(rows, in, mask);
  }
}
template <typename Whole> void unpackAny(std::byte *rows, const Instruction &in, uint32_t mask) {
  if (in.count == 2) {
    if constexpr (sizeof(Whole) == 4)
      unpack<Whole, uint16_t>(rows, in, mask);
    else
      unpack<Whole, uint32_t>(rows, in, mask);
  } else if constexpr (sizeof(Whole) == 8) {
    unpack<Whole, uint16_t>(rows, in, mask);
  }
}

/// The low bits of A as the type N, extended to R.
template <typename N> struct Extend {
  template <typename A> static auto apply(A a) { return N(a); }
};
template <typename N, typename R> void extendFrom(std::byte *rows, const Instruction &in, uint32_t mask) {
  if (in.sourceBytes == 2)
    unaryTo<Extend<N>, R, uint16_t>(rows, in, mask);
  else if (in.sourceBytes == 4)
    unaryTo<Extend<N>, R, uint32_t>(rows, in, mask);
  else
    unaryTo<Extend<N>, R, uint64_t>(rows, in, mask);
}
template <typename N> void extend(std::byte *rows, const Instruction &in, uint32_t mask) {
  if (in.registerBytes == 2)
    extendFrom<N, uint16_t>(rows, in, mask);
  else if (in.registerBytes == 4)
    extendFrom<N, uint32_t>(rows, in, mask);
  else
    extendFrom<N, uint64_t>(rows, in, mask);
}

template <typename T> void installMovesOf(LaneTable &table, ScalarType type) {
  table.set(Operation::Move, type, unary<Move, T>);
  table.set(Operation::Select, type, select<T>);
  table.set(Operation::SelectBySign, type, selectBySign<T>);
}

} // namespace

namespace WINNOW_LANE_SET {
void installMoves(LaneTable &table) {
  installMovesOf<uint16_t>(table, ScalarType::B16);
  installMovesOf<uint32_t>(table, ScalarType::B32);
  installMovesOf<uint64_t>(table, ScalarType::B64);
  table.set(Operation::Move, ScalarType::Pred, movePredicate);
  table.set(Operation::Pack, ScalarType::B32, packAny<uint32_t>);
  table.set(Operation::Pack, ScalarType::B64, packAny<uint64_t>);
  table.set(Operation::Unpack, ScalarType::B32, unpackAny<uint32_t>);
  table.set(Operation::Unpack, ScalarType::B64, unpackAny<uint64_t>);
  table.set(Operation::Extend, ScalarType::U8, extend<uint8_t>);
  table.set(Operation::Extend, ScalarType::S8, extend<int8_t>);
  table.set(Operation::Extend, ScalarType::U16, extend<uint16_t>);
  table.set(Operation::Extend, ScalarType::S16, extend<int16_t>);
  table.set(Operation::Extend, ScalarType::U32, extend<uint32_t>);
  table.set(Operation::Extend, ScalarType::S32, extend<int32_t>);
  table.set(Operation::Extend, ScalarType::U64, extend<uint64_t>);
}
} // namespace WINNOW_LANE_SET

} // namespace winnow::ptxsim
