// Integer arithmetic (PTX ISA: "Integer Arithmetic Instructions", "Extended-Precision Integer Arithmetic").
// Lanes hold unsigned numbers; S<T> is the signed type of the same width.
#include "runtime/device/ptxsim/lanes/LaneLoops.h"
#include "runtime/device/ptxsim/lanes/Sets.h"

namespace winnow::ptxsim {
namespace {

template <typename T> struct Types;
template <> struct Types<uint16_t> {
  using Signed = int16_t;
  using Wide = uint32_t;
  using SignedWide = int32_t;
};
template <> struct Types<uint32_t> {
  using Signed = int32_t;
  using Wide = uint64_t;
  using SignedWide = int64_t;
};
template <> struct Types<uint64_t> {
  using Signed = int64_t;
  __extension__ using Wide = unsigned __int128;
  __extension__ using SignedWide = __int128;
};
template <typename T> using S = typename Types<T>::Signed;
template <typename T> using W = typename Types<T>::Wide;
template <typename T> using SW = typename Types<T>::SignedWide;
template <typename T> constexpr unsigned kBits = 8 * sizeof(T);

struct Add {
  template <typename T> static T apply(T a, T b) { return T(a + b); }
};
struct Subtract {
  template <typename T> static T apply(T a, T b) { return T(a - b); }
};
struct Multiply {
  template <typename T> static T apply(T a, T b) {
    if constexpr (sizeof(T) == 2)
      return T(uint32_t(a) * b);
    else
      return a * b;
  }
};
struct MultiplyAdd {
  template <typename T> static T apply(T a, T b, T c) { return T(Multiply::apply(a, b) + c); }
};

template <typename T> W<T> product(T a, T b, std::false_type) { return W<T>(a) * b; }
template <typename T> W<T> product(T a, T b, std::true_type) { return W<T>(SW<T>(S<T>(a)) * SW<T>(S<T>(b))); }

template <bool kSigned> struct MultiplyHigh {
  template <typename T> static T apply(T a, T b) {
    return T(product(a, b, std::bool_constant<kSigned>()) >> kBits<T>);
  }
};
template <bool kSigned> struct MultiplyAddHigh {
  template <typename T> static T apply(T a, T b, T c) { return T(MultiplyHigh<kSigned>::apply(a, b) + c); }
};
template <bool kSigned> struct MultiplyWide {
  template <typename T> static W<T> apply(T a, T b) { return product(a, b, std::bool_constant<kSigned>()); }
};
template <bool kSigned> struct MultiplyAddWide {
  template <typename T> static W<T> apply(T a, T b, W<T> c) {
    return W<T>(product(a, b, std::bool_constant<kSigned>()) + c);
  }
};

uint32_t saturate(int64_t value) {
  return uint32_t(int32_t(value < INT32_MIN ? INT32_MIN : value > INT32_MAX ? INT32_MAX : value));
}
struct AddSaturated {
  static uint32_t apply(uint32_t a, uint32_t b) { return saturate(int64_t(int32_t(a)) + int32_t(b)); }
};
struct SubtractSaturated {
  static uint32_t apply(uint32_t a, uint32_t b) { return saturate(int64_t(int32_t(a)) - int32_t(b)); }
};
struct MultiplyAddHighSaturated {
  static uint32_t apply(uint32_t a, uint32_t b, uint32_t c) {
    return saturate(int64_t(int32_t(MultiplyHigh<true>::apply(a, b))) + int32_t(c));
  }
};

/// A quotient by zero is unspecified in PTX; GPUs yield all ones, and the dividend as the remainder.
struct DivideUnsigned {
  template <typename T> static T apply(T a, T b) { return b ? T(a / b) : T(~T(0)); }
};
struct RemainderUnsigned {
  template <typename T> static T apply(T a, T b) { return b ? T(a % b) : a; }
};
struct DivideSigned {
  template <typename T> static T apply(T a, T b) {
    return b == 0 ? T(~T(0)) : b == T(~T(0)) ? T(T(0) - a) : T(S<T>(a) / S<T>(b));
  }
};
struct RemainderSigned {
  template <typename T> static T apply(T a, T b) {
    return b == 0 ? a : b == T(~T(0)) ? T(0) : T(S<T>(a) % S<T>(b));
  }
};

struct Negate {
  template <typename T> static T apply(T a) { return T(T(0) - a); }
};
struct Absolute {
  template <typename T> static T apply(T a) { return S<T>(a) < 0 ? T(T(0) - a) : a; }
};
struct MinimumUnsigned {
  template <typename T> static T apply(T a, T b) { return a < b ? a : b; }
};
struct MaximumUnsigned {
  template <typename T> static T apply(T a, T b) { return a > b ? a : b; }
};
struct MinimumSigned {
  template <typename T> static T apply(T a, T b) { return S<T>(a) < S<T>(b) ? a : b; }
};
struct MaximumSigned {
  template <typename T> static T apply(T a, T b) { return S<T>(a) > S<T>(b) ? a : b; }
};
template <bool kSigned> struct SumAbsoluteDifference {
  template <typename T> static T apply(T a, T b, T c) {
    bool less = kSigned ? S<T>(a) < S<T>(b) : a < b;
    return T(c + (less ? b - a : a - b));
  }
};

/// add.cc, addc, sub.cc, subc, mad.cc, madc: the carry is a row of lane bits, source[3]. A difference is
/// a + ~b + 1, and its carry that of this sum, the opposite of a borrow: PTX speaks of a borrow, but nvcc's
/// divisions of 128 bits read what sub.cc leaves with addc, and so the GPU's own instructions do it.
enum class CarryKind { Add, Subtract, MultiplyAdd, MultiplyAddHighUnsigned, MultiplyAddHighSigned };

template <typename T, CarryKind kKind> void carry(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<T> out(rows, in.destination, mask);
  const T *a = row<T>(rows, in.source[0]), *b = row<T>(rows, in.source[1]);
  const T *c = kKind == CarryKind::Add || kKind == CarryKind::Subtract ? nullptr : row<T>(rows, in.source[2]);
  uint32_t without = kKind == CarryKind::Subtract ? kFullMask : 0, carryOut = 0;
  uint32_t carryIn = in.flags & kCarryIn ? *row<uint32_t>(rows, in.source[3]) : without;
  for (unsigned i = 0; i < kLanes; ++i) {
    W<T> bit = carryIn >> i & 1, sum = 0;
    if (kKind == CarryKind::Add)
      sum = W<T>(a[i]) + b[i] + bit;
    else if (kKind == CarryKind::Subtract)
      sum = W<T>(a[i]) + T(~b[i]) + bit;
    else if (kKind == CarryKind::MultiplyAdd)
      sum = W<T>(Multiply::apply(a[i], b[i])) + c[i] + bit;
    else
      sum = W<T>(MultiplyHigh<kKind == CarryKind::MultiplyAddHighSigned>::apply(a[i], b[i])) + c[i] + bit;
    out.values[i] = T(sum);
    carryOut |= uint32_t(sum >> kBits<T> & 1) << i;
  }
  out.finish(mask);
  if (in.flags & kCarryOut)
    writePredicate(rows, in.source[3], carryOut, mask);
}

/// dp4a, dp2a: sums of products of bytes.
int64_t element(uint32_t word, unsigned index, unsigned bits, bool isSigned) {
  uint32_t value = word >> (index * bits) & ((1u << bits) - 1);
  return isSigned && value >> (bits - 1) ? int64_t(value) - (int64_t(1) << bits) : int64_t(value);
}
template <bool kSignedLeft, bool kSignedRight> struct DotProduct4 {
  static uint32_t apply(uint32_t a, uint32_t b, uint32_t c) {
    for (unsigned i = 0; i < 4; ++i)
      c += uint32_t(element(a, i, 8, kSignedLeft) * element(b, i, 8, kSignedRight));
    return c;
  }
};
template <class Op00, class Op01, class Op10, class Op11>
void bySigns(std::byte *rows, const Instruction &in, uint32_t mask) {
  if (in.flags & kSignedA)
    in.flags &kSignedB ? ternary<Op11, uint32_t>(rows, in, mask) : ternary<Op10, uint32_t>(rows, in, mask);
  else
    in.flags &kSignedB ? ternary<Op01, uint32_t>(rows, in, mask) : ternary<Op00, uint32_t>(rows, in, mask);
}
void dotProduct2(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<uint32_t> out(rows, in.destination, mask);
  const uint32_t *a = row<uint32_t>(rows, in.source[0]), *b = row<uint32_t>(rows, in.source[1]);
  const uint32_t *c = row<uint32_t>(rows, in.source[2]);
  unsigned first = in.flags & kHigh ? 2 : 0;
  for (unsigned i = 0; i < kLanes; ++i) {
    uint32_t sum = c[i];
    for (unsigned k = 0; k < 2; ++k)
      sum += uint32_t(element(a[i], k, 16, in.flags & kSignedA) *
                      element(b[i], first + k, 8, in.flags & kSignedB));
    out.values[i] = sum;
  }
  out.finish(mask);
}

/// Of the low 24 bits of both operands; the high half is bits 16 to 47 (PTX ISA: "mul24", "mad24").
template <bool kSigned> uint32_t product24(uint32_t a, uint32_t b, unsigned flags) {
  uint64_t whole = kSigned ? uint64_t(int64_t(int32_t(a << 8) >> 8) * (int32_t(b << 8) >> 8))
                           : uint64_t(a & 0xffffff) * (b & 0xffffff);
  return uint32_t(flags & kHigh ? whole >> 16 : whole);
}
template <bool kSigned> void multiply24(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<uint32_t> out(rows, in.destination, mask);
  const uint32_t *a = row<uint32_t>(rows, in.source[0]), *b = row<uint32_t>(rows, in.source[1]);
  for (unsigned i = 0; i < kLanes; ++i)
    out.values[i] = product24<kSigned>(a[i], b[i], in.flags);
  out.finish(mask);
}
template <bool kSigned> void multiplyAdd24(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<uint32_t> out(rows, in.destination, mask);
  const uint32_t *a = row<uint32_t>(rows, in.source[0]), *b = row<uint32_t>(rows, in.source[1]);
  const uint32_t *c = row<uint32_t>(rows, in.source[2]);
  for (unsigned i = 0; i < kLanes; ++i) {
    uint32_t product = product24<kSigned>(a[i], b[i], in.flags);
    out.values[i] =
        in.flags & kSaturate ? saturate(int64_t(int32_t(product)) + int32_t(c[i])) : product + c[i];
  }
  out.finish(mask);
}

/// The operations that all of 16, 32 and 64 bits have; `u` and `s` are their types.
template <typename T> void installWidth(LaneTable &table, ScalarType u, ScalarType s) {
  for (ScalarType type : {u, s}) {
    table.set(Operation::Add, type, binary<Add, T>);
    table.set(Operation::Subtract, type, binary<Subtract, T>);
    table.set(Operation::Multiply, type, binary<Multiply, T>);
    table.set(Operation::MultiplyAdd, type, ternary<MultiplyAdd, T>);
  }
  table.set(Operation::MultiplyHigh, u, binary<MultiplyHigh<false>, T>);
  table.set(Operation::MultiplyHigh, s, binary<MultiplyHigh<true>, T>);
  table.set(Operation::MultiplyAddHigh, u, ternary<MultiplyAddHigh<false>, T>);
  table.set(Operation::MultiplyAddHigh, s, ternary<MultiplyAddHigh<true>, T>);
  table.set(Operation::Divide, u, binary<DivideUnsigned, T>);
  table.set(Operation::Divide, s, binary<DivideSigned, T>);
  table.set(Operation::Remainder, u, binary<RemainderUnsigned, T>);
  table.set(Operation::Remainder, s, binary<RemainderSigned, T>);
  table.set(Operation::Negate, s, unary<Negate, T>);
  table.set(Operation::Absolute, s, unary<Absolute, T>);
  table.set(Operation::Minimum, u, binary<MinimumUnsigned, T>);
  table.set(Operation::Minimum, s, binary<MinimumSigned, T>);
  table.set(Operation::Maximum, u, binary<MaximumUnsigned, T>);
  table.set(Operation::Maximum, s, binary<MaximumSigned, T>);
  table.set(Operation::SumAbsoluteDifference, u, ternary<SumAbsoluteDifference<false>, T>);
  table.set(Operation::SumAbsoluteDifference, s, ternary<SumAbsoluteDifference<true>, T>);
}

template <typename T> void installWide(LaneTable &table, ScalarType u, ScalarType s) {
  table.set(Operation::MultiplyWide, u, binaryTo<MultiplyWide<false>, W<T>, T, T>);
  table.set(Operation::MultiplyWide, s, binaryTo<MultiplyWide<true>, W<T>, T, T>);
  table.set(Operation::MultiplyAddWide, u, ternaryTo<MultiplyAddWide<false>, W<T>, T, T, W<T>>);
  table.set(Operation::MultiplyAddWide, s, ternaryTo<MultiplyAddWide<true>, W<T>, T, T, W<T>>);
}

template <typename T> void installCarry(LaneTable &table, ScalarType u, ScalarType s) {
  for (ScalarType type : {u, s}) {
    table.set(Operation::AddCarry, type, carry<T, CarryKind::Add>);
    table.set(Operation::SubtractCarry, type, carry<T, CarryKind::Subtract>);
    table.set(Operation::MultiplyAddCarry, type, carry<T, CarryKind::MultiplyAdd>);
  }
  table.set(Operation::MultiplyAddHighCarry, u, carry<T, CarryKind::MultiplyAddHighUnsigned>);
  table.set(Operation::MultiplyAddHighCarry, s, carry<T, CarryKind::MultiplyAddHighSigned>);
}

} // namespace

namespace WINNOW_LANE_SET {
void installInteger(LaneTable &table) {
  installWidth<uint16_t>(table, ScalarType::U16, ScalarType::S16);
  installWidth<uint32_t>(table, ScalarType::U32, ScalarType::S32);
  installWidth<uint64_t>(table, ScalarType::U64, ScalarType::S64);
  installWide<uint16_t>(table, ScalarType::U16, ScalarType::S16);
  installWide<uint32_t>(table, ScalarType::U32, ScalarType::S32);
  installCarry<uint32_t>(table, ScalarType::U32, ScalarType::S32);
  installCarry<uint64_t>(table, ScalarType::U64, ScalarType::S64);
  table.set(Operation::AddSaturated, ScalarType::S32, binary<AddSaturated, uint32_t>);
  table.set(Operation::SubtractSaturated, ScalarType::S32, binary<SubtractSaturated, uint32_t>);
  table.set(Operation::MultiplyAddHighSaturated, ScalarType::S32,
            ternary<MultiplyAddHighSaturated, uint32_t>);
  table.set(Operation::Multiply24, ScalarType::U32, multiply24<false>);
  table.set(Operation::Multiply24, ScalarType::S32, multiply24<true>);
  table.set(Operation::MultiplyAdd24, ScalarType::U32, multiplyAdd24<false>);
  table.set(Operation::MultiplyAdd24, ScalarType::S32, multiplyAdd24<true>);
  table.set(Operation::DotProduct4, ScalarType::U32,
            bySigns<DotProduct4<false, false>, DotProduct4<false, true>, DotProduct4<true, false>,
                    DotProduct4<true, true>>);
  table.set(Operation::DotProduct2, ScalarType::U32, dotProduct2);
}
} // namespace WINNOW_LANE_SET

} // namespace winnow::ptxsim
