// Logic, shifts and bit fields (PTX ISA: "Logic and Shift Instructions", "Integer Arithmetic: bfe, bfi,
// ...").
#include "runtime/device/ptxsim/lanes/LaneLoops.h"
#include "runtime/device/ptxsim/lanes/Sets.h"

namespace winnow::ptxsim {
namespace {

template <typename T> constexpr unsigned kBits = 8 * sizeof(T);

struct And {
  template <typename T> static T apply(T a, T b) { return a & b; }
};
struct Or {
  template <typename T> static T apply(T a, T b) { return a | b; }
};
struct Xor {
  template <typename T> static T apply(T a, T b) { return a ^ b; }
};
struct Not {
  template <typename T> static T apply(T a) { return T(~a); }
};
struct ConditionalNot {
  template <typename T> static T apply(T a) { return a == 0; }
};

/// Shift amounts beyond the width act like the width.
struct ShiftLeft {
  template <typename T> static T apply(T a, uint32_t n) {
    return n < kBits<T> ? T(a << (n & (kBits<T> - 1))) : T(0);
  }
};
struct ShiftRightUnsigned {
  template <typename T> static T apply(T a, uint32_t n) {
    return n < kBits<T> ? T(a >> (n & (kBits<T> - 1))) : T(0);
  }
};
struct ShiftRightSigned {
  template <typename T> static T apply(T a, uint32_t n) { return T(a >> (n < kBits<T> ? n : kBits<T> - 1)); }
};

template <bool kWrapped, bool kLeft> struct Funnel {
  static uint32_t apply(uint32_t a, uint32_t b, uint32_t n) {
    n = kWrapped ? n & 31 : n < 32 ? n : 32;
    uint64_t both = uint64_t(b) << 32 | a;
    return uint32_t(kLeft ? both << n >> 32 : both >> n);
  }
};
template <bool kLeft> void funnel(std::byte *rows, const Instruction &in, uint32_t mask) {
  if (in.flags & kWrap)
    ternary<Funnel<true, kLeft>, uint32_t>(rows, in, mask);
  else
    ternary<Funnel<false, kLeft>, uint32_t>(rows, in, mask);
}

/// The low `length` bits set; all of them from the width on.
template <typename T> T lowBits(uint32_t length) {
  return length >= kBits<T> ? T(~T(0)) : T((T(1) << (length & (kBits<T> - 1))) - 1);
}

template <bool kSigned> struct FieldExtract {
  template <typename T> static T apply(T a, uint32_t b, uint32_t c) {
    uint32_t position = b & 0xff, length = c & 0xff;
    if (length == 0)
      return 0;
    uint32_t last = position + length - 1;
    bool fill = kSigned && (a >> (last < kBits<T> ? last : kBits<T> - 1) & 1);
    uint32_t available = position < kBits<T> ? kBits<T> - position : 0;
    T field = lowBits<T>(length < available ? length : available);
    T value = position < kBits<T> ? T(a >> position) : T(0);
    return T((value & field) | (fill ? T(~field) : T(0)));
  }
};

template <typename T> void fieldInsert(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<T> out(rows, in.destination, mask);
  const T *a = row<T>(rows, in.source[0]), *b = row<T>(rows, in.source[1]);
  const uint32_t *c = row<uint32_t>(rows, in.source[2]), *d = row<uint32_t>(rows, in.source[3]);
  for (unsigned i = 0; i < kLanes; ++i) {
    uint32_t position = c[i] & 0xff;
    T field = position < kBits<T> ? T(lowBits<T>(d[i] & 0xff) << position) : T(0);
    T value = position < kBits<T> ? T(a[i] << position) : T(0);
    out.values[i] = (b[i] & T(~field)) | (value & field);
  }
  out.finish(mask);
}

/// bmsk: `length` bits from `position` on.
template <bool kWrapped> struct FieldMask {
  static uint32_t apply(uint32_t a, uint32_t b) {
    uint32_t position = kWrapped ? a & 31 : a < 32 ? a : 32, length = kWrapped ? b & 31 : b < 32 ? b : 32;
    return uint32_t(uint64_t(lowBits<uint32_t>(length)) << position);
  }
};
void fieldMask(std::byte *rows, const Instruction &in, uint32_t mask) {
  if (in.flags & kWrap)
    binary<FieldMask<true>, uint32_t>(rows, in, mask);
  else
    binary<FieldMask<false>, uint32_t>(rows, in, mask);
}

/// szext: the low b bits of a, extended.
template <bool kSigned, bool kWrapped> struct SignExtend {
  static uint32_t apply(uint32_t a, uint32_t b) {
    uint32_t length = kWrapped ? b & 31 : b < 32 ? b : 32;
    if (length == 0)
      return 0;
    uint32_t field = lowBits<uint32_t>(length);
    return (a & field) | (kSigned && (a >> (length - 1) & 1) ? ~field : 0);
  }
};
template <bool kSigned> void signExtend(std::byte *rows, const Instruction &in, uint32_t mask) {
  if (in.flags & kWrap)
    binary<SignExtend<kSigned, true>, uint32_t>(rows, in, mask);
  else
    binary<SignExtend<kSigned, false>, uint32_t>(rows, in, mask);
}

struct PopulationCount {
  template <typename T> static uint32_t apply(T a) { return uint32_t(__builtin_popcountll(a)); }
};
struct LeadingZeros {
  template <typename T> static uint32_t apply(T a) {
    return a ? uint32_t(__builtin_clzll(a)) - (64 - kBits<T>) : kBits<T>;
  }
};
struct ReverseBits {
  template <typename T> static T apply(T a) {
    uint64_t v = a;
    v = (v >> 1 & 0x5555555555555555) | (v & 0x5555555555555555) << 1;
    v = (v >> 2 & 0x3333333333333333) | (v & 0x3333333333333333) << 2;
    v = (v >> 4 & 0x0f0f0f0f0f0f0f0f) | (v & 0x0f0f0f0f0f0f0f0f) << 4;
    v = (v >> 8 & 0x00ff00ff00ff00ff) | (v & 0x00ff00ff00ff00ff) << 8;
    v = (v >> 16 & 0x0000ffff0000ffff) | (v & 0x0000ffff0000ffff) << 16;
    v = v >> 32 | v << 32;
    return T(v >> (64 - kBits<T>));
  }
};
/// bfind: the highest bit that differs from the sign; with .shiftamt, by how much to shift it to the top.
template <bool kSigned, bool kShiftAmount> struct FindLeadingBit {
  template <typename T> static uint32_t apply(T a) {
    if (kSigned && a >> (kBits<T> - 1))
      a = T(~a);
    if (a == 0)
      return ~0u;
    uint32_t zeros = LeadingZeros::apply(a);
    return kShiftAmount ? zeros : kBits<T> - 1 - zeros;
  }
};
template <bool kSigned, typename T>
void findLeadingBit(std::byte *rows, const Instruction &in, uint32_t mask) {
  if (in.mode)
    unaryTo<FindLeadingBit<kSigned, true>, uint32_t, T>(rows, in, mask);
  else
    unaryTo<FindLeadingBit<kSigned, false>, uint32_t, T>(rows, in, mask);
}

/// prmt: the selectors of its modes, then bytes of b:a by selector.
uint32_t permuteSelectors(PermuteMode mode, uint32_t c) {
  constexpr uint32_t kForward[4] = {0x3210, 0x4321, 0x5432, 0x6543};
  constexpr uint32_t kBackward[4] = {0x5670, 0x6701, 0x7012, 0x0123};
  constexpr uint32_t kReplicate8[4] = {0x0000, 0x1111, 0x2222, 0x3333};
  constexpr uint32_t kEdgeLeft[4] = {0x3210, 0x3211, 0x3222, 0x3333};
  constexpr uint32_t kEdgeRight[4] = {0x0000, 0x1110, 0x2210, 0x3210};
  constexpr uint32_t kReplicate16[4] = {0x1010, 0x3232, 0x1010, 0x3232};
  switch (mode) {
  case PermuteMode::ForwardExtract:
    return kForward[c & 3];
  case PermuteMode::BackwardExtract:
    return kBackward[c & 3];
  case PermuteMode::Replicate8:
    return kReplicate8[c & 3];
  case PermuteMode::EdgeClampLeft:
    return kEdgeLeft[c & 3];
  case PermuteMode::EdgeClampRight:
    return kEdgeRight[c & 3];
  case PermuteMode::Replicate16:
    return kReplicate16[c & 3];
  case PermuteMode::Index:
    break;
  }
  return c;
}
void permute(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<uint32_t> out(rows, in.destination, mask);
  const uint32_t *a = row<uint32_t>(rows, in.source[0]), *b = row<uint32_t>(rows, in.source[1]);
  const uint32_t *c = row<uint32_t>(rows, in.source[2]);
  for (unsigned i = 0; i < kLanes; ++i) {
    uint64_t both = uint64_t(b[i]) << 32 | a[i];
    uint32_t selectors = permuteSelectors(PermuteMode(in.mode), c[i]), result = 0;
    for (unsigned k = 0; k < 4; ++k) {
      uint32_t selector = selectors >> (4 * k) & 15, byte = uint32_t(both >> (8 * (selector & 7))) & 0xff;
      if (selector & 8)
        byte = byte & 0x80 ? 0xff : 0;
      result |= byte << (8 * k);
    }
    out.values[i] = result;
  }
  out.finish(mask);
}

/// fns: the |offset|-th set bit from `base` on, upwards or, for negative offsets, downwards; `base` itself
/// where the offset is 0. What PTX leaves open, a base beyond the word, finds nothing.
struct FindNthSet {
  static uint32_t apply(uint32_t bits, uint32_t base, uint32_t offset) {
    constexpr uint32_t kNothing = ~0u;
    if (base >= 32)
      return kNothing;
    if (offset == 0)
      return bits >> base & 1 ? base : kNothing;
    bool isDownwards = offset >> 31;
    uint32_t left = isDownwards ? 0 - offset : offset;
    for (uint32_t position = base; position < 32; position += isDownwards ? ~0u : 1u)
      if (bits >> position & 1 && --left == 0)
        return position;
    return kNothing;
  }
};

/// lop3: `mode` is the table, indexed by the bits of a, b and c (a the highest).
void logicTable(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<uint32_t> out(rows, in.destination, mask);
  const uint32_t *a = row<uint32_t>(rows, in.source[0]), *b = row<uint32_t>(rows, in.source[1]);
  const uint32_t *c = row<uint32_t>(rows, in.source[2]);
  uint32_t *values = out.values;
  uint32_t term[8];
  for (unsigned k = 0; k < 8; ++k)
    term[k] = in.mode >> k & 1 ? ~0u : 0;
  WINNOW_LANE_LOOP
  for (unsigned i = 0; i < kLanes; ++i) {
    uint32_t notB = ((term[0] & ~c[i]) | (term[1] & c[i])), withB = ((term[2] & ~c[i]) | (term[3] & c[i]));
    uint32_t notBA = ((term[4] & ~c[i]) | (term[5] & c[i])), withBA = ((term[6] & ~c[i]) | (term[7] & c[i]));
    uint32_t notA = (notB & ~b[i]) | (withB & b[i]), withA = (notBA & ~b[i]) | (withBA & b[i]);
    values[i] = (notA & ~a[i]) | (withA & a[i]);
  }
  out.finish(mask);
}

/// Predicates are lane bits: one word holds all of them.
template <class Op> void predicateBinary(std::byte *rows, const Instruction &in, uint32_t mask) {
  uint32_t a = *row<uint32_t>(rows, in.source[0]), b = *row<uint32_t>(rows, in.source[1]);
  writePredicate(rows, in.destination, Op::apply(a, b), mask);
}
void predicateNot(std::byte *rows, const Instruction &in, uint32_t mask) {
  writePredicate(rows, in.destination, ~*row<uint32_t>(rows, in.source[0]), mask);
}

template <typename T> void installLogic(LaneTable &table, ScalarType type) {
  table.set(Operation::And, type, binary<And, T>);
  table.set(Operation::Or, type, binary<Or, T>);
  table.set(Operation::Xor, type, binary<Xor, T>);
  table.set(Operation::Not, type, unary<Not, T>);
  table.set(Operation::ConditionalNot, type, unary<ConditionalNot, T>);
}

template <typename T, typename Signed>
void installShifts(LaneTable &table, ScalarType b, ScalarType u, ScalarType s) {
  table.set(Operation::ShiftLeft, b, binaryTo<ShiftLeft, T, T, uint32_t>);
  table.set(Operation::ShiftRight, b, binaryTo<ShiftRightUnsigned, T, T, uint32_t>);
  table.set(Operation::ShiftRight, u, binaryTo<ShiftRightUnsigned, T, T, uint32_t>);
  table.set(Operation::ShiftRight, s, binaryTo<ShiftRightSigned, Signed, Signed, uint32_t>);
}

template <typename T> void installFields(LaneTable &table, ScalarType b, ScalarType u, ScalarType s) {
  table.set(Operation::FieldExtract, u, ternaryTo<FieldExtract<false>, T, T, uint32_t, uint32_t>);
  table.set(Operation::FieldExtract, s, ternaryTo<FieldExtract<true>, T, T, uint32_t, uint32_t>);
  table.set(Operation::FieldInsert, b, fieldInsert<T>);
  table.set(Operation::PopulationCount, b, unaryTo<PopulationCount, uint32_t, T>);
  table.set(Operation::LeadingZeros, b, unaryTo<LeadingZeros, uint32_t, T>);
  table.set(Operation::ReverseBits, b, unary<ReverseBits, T>);
  table.set(Operation::FindLeadingBit, u, findLeadingBit<false, T>);
  table.set(Operation::FindLeadingBit, s, findLeadingBit<true, T>);
}

} // namespace

namespace WINNOW_LANE_SET {
void installBits(LaneTable &table) {
  installLogic<uint16_t>(table, ScalarType::B16);
  installLogic<uint32_t>(table, ScalarType::B32);
  installLogic<uint64_t>(table, ScalarType::B64);
  table.set(Operation::And, ScalarType::Pred, predicateBinary<And>);
  table.set(Operation::Or, ScalarType::Pred, predicateBinary<Or>);
  table.set(Operation::Xor, ScalarType::Pred, predicateBinary<Xor>);
  table.set(Operation::Not, ScalarType::Pred, predicateNot);
  installShifts<uint16_t, int16_t>(table, ScalarType::B16, ScalarType::U16, ScalarType::S16);
  installShifts<uint32_t, int32_t>(table, ScalarType::B32, ScalarType::U32, ScalarType::S32);
  installShifts<uint64_t, int64_t>(table, ScalarType::B64, ScalarType::U64, ScalarType::S64);
  installFields<uint32_t>(table, ScalarType::B32, ScalarType::U32, ScalarType::S32);
  installFields<uint64_t>(table, ScalarType::B64, ScalarType::U64, ScalarType::S64);
  table.set(Operation::FunnelLeft, ScalarType::B32, funnel<true>);
  table.set(Operation::FunnelRight, ScalarType::B32, funnel<false>);
  table.set(Operation::FieldMask, ScalarType::B32, fieldMask);
  table.set(Operation::SignExtend, ScalarType::U32, signExtend<false>);
  table.set(Operation::SignExtend, ScalarType::S32, signExtend<true>);
  table.set(Operation::FindNthSet, ScalarType::B32, ternary<FindNthSet, uint32_t>);
  table.set(Operation::Permute, ScalarType::B32, permute);
  table.set(Operation::LogicTable, ScalarType::B32, logicTable);
}
} // namespace WINNOW_LANE_SET

} // namespace winnow::ptxsim
