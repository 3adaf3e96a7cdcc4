// f16, f16x2, bf16 and bf16x2 arithmetic (PTX ISA: "Half Precision Floating-Point Instructions").
// One operation is computed in a wider format and rounded once: sums and products of f16 are exact enough
// in f32 (24 bits are more than 2 * 11 + 2), fma and everything of bf16, with its range, go through double.
#include "runtime/device/ptxsim/lanes/FloatModes.h"
#include "runtime/device/ptxsim/lanes/Sets.h"

namespace winnow::ptxsim {
namespace {

struct Half {
  static constexpr uint16_t kNan = 0x7fff, kInfinity = 0x7c00, kOne = 0x3c00, kExponent = 0x7c00;
  static float widen(uint16_t value) { return fromHalf(value); }
  static uint16_t narrow(double value) { return toHalf(narrowToOdd(value)); }
};
struct Bfloat {
  static constexpr uint16_t kNan = 0x7fff, kInfinity = 0x7f80, kOne = 0x3f80, kExponent = 0x7f80;
  static float widen(uint16_t value) { return fromBfloat(value); }
  static uint16_t narrow(double value) { return toBfloat(narrowToOdd(value)); }
};

template <class Format> bool isNan(uint16_t value) { return (value & 0x7fff) > Format::kInfinity; }

/// The sum of two bf16 may need more than 53 bits, so it is rounded to odd like fma's.
struct Add {
  template <class F> static uint16_t apply(uint16_t a, uint16_t b, uint16_t) {
    return F::narrow(fusedToOdd(F::widen(a), 1.0, F::widen(b)));
  }
};
struct Subtract {
  template <class F> static uint16_t apply(uint16_t a, uint16_t b, uint16_t) {
    return F::narrow(fusedToOdd(F::widen(a), 1.0, -double(F::widen(b))));
  }
};
struct Multiply {
  template <class F> static uint16_t apply(uint16_t a, uint16_t b, uint16_t) {
    return F::narrow(double(F::widen(a)) * F::widen(b));
  }
};
struct FusedMultiplyAdd {
  template <class F> static uint16_t apply(uint16_t a, uint16_t b, uint16_t c) {
    return F::narrow(fusedToOdd(F::widen(a), F::widen(b), F::widen(c)));
  }
};
struct Minimum {
  template <class F> static uint16_t apply(uint16_t a, uint16_t b, uint16_t) {
    float x = F::widen(a), y = F::widen(b);
    uint16_t smaller = x < y || (x == y && a >> 15) ? a : b;
    return isNan<F>(a) ? (isNan<F>(b) ? F::kNan : b) : isNan<F>(b) ? a : smaller;
  }
};
struct Maximum {
  template <class F> static uint16_t apply(uint16_t a, uint16_t b, uint16_t) {
    float x = F::widen(a), y = F::widen(b);
    uint16_t larger = x > y || (x == y && !(a >> 15)) ? a : b;
    return isNan<F>(a) ? (isNan<F>(b) ? F::kNan : b) : isNan<F>(b) ? a : larger;
  }
};
template <class Op> struct OrNan {
  template <class F> static uint16_t apply(uint16_t a, uint16_t b, uint16_t c) {
    return isNan<F>(a) || isNan<F>(b) ? F::kNan : Op::template apply<F>(a, b, c);
  }
};
/// .xorsign.abs: of the magnitudes, with the exclusive or of the signs (PTX ISA: "min", "max").
template <class Op> struct XorSign {
  template <class F> static uint16_t apply(uint16_t a, uint16_t b, uint16_t c) {
    uint16_t magnitude = Op::template apply<F>(a & 0x7fff, b & 0x7fff, c);
    return isNan<F>(magnitude) ? F::kNan : uint16_t(magnitude | ((a ^ b) & 0x8000));
  }
};
struct Negate {
  template <class F> static uint16_t apply(uint16_t a, uint16_t, uint16_t) { return a ^ 0x8000; }
};
struct Absolute {
  template <class F> static uint16_t apply(uint16_t a, uint16_t, uint16_t) { return a & 0x7fff; }
};
/// ex2.approx and tanh.approx; correctly rounded here.
struct Exp2 {
  template <class F> static uint16_t apply(uint16_t a, uint16_t, uint16_t) {
    return F::narrow(__builtin_exp2(double(F::widen(a))));
  }
};
struct Tanh {
  template <class F> static uint16_t apply(uint16_t a, uint16_t, uint16_t) {
    return F::narrow(__builtin_tanh(double(F::widen(a))));
  }
};

template <class F> uint16_t flush(uint16_t value, unsigned flags) {
  return flags & kFlushToZero && (value & F::kExponent) == 0 ? value & 0x8000 : value;
}
template <class F> uint16_t finish(uint16_t value, unsigned flags) {
  value = flush<F>(value, flags);
  bool isNegative = value >> 15;
  if (flags & kSaturate)
    value = isNan<F>(value) || isNegative ? 0 : value > F::kOne ? F::kOne : value;
  if (flags & kRelu && isNegative && !isNan<F>(value))
    value = 0;
  return value;
}

/// kParts halves to a lane of type T.
template <class Op, class F, typename T>
void operation(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<T> out(rows, in.destination, mask);
  const T *a = row<T>(rows, in.source[0]);
  const T *b = in.source[1] == kNoRow ? a : row<T>(rows, in.source[1]);
  const T *c = in.source[2] == kNoRow ? a : row<T>(rows, in.source[2]);
  T *values = out.values;
  unsigned flags = in.flags;
  WINNOW_LANE_LOOP
  for (unsigned i = 0; i < kLanes; ++i) {
    T result = 0;
    for (unsigned shift = 0; shift < 8 * sizeof(T); shift += 16) {
      uint16_t x = flush<F>(uint16_t(a[i] >> shift), flags), y = flush<F>(uint16_t(b[i] >> shift), flags);
      uint16_t z = flush<F>(uint16_t(c[i] >> shift), flags);
      result = T(result | T(finish<F>(Op::template apply<F>(x, y, z), flags)) << shift);
    }
    values[i] = result;
  }
  out.finish(mask);
}

template <class Op, class F, typename T>
void selection(std::byte *rows, const Instruction &in, uint32_t mask) {
  bool isBySign = in.flags & kXorSign;
  isBySign ? operation<XorSign<Op>, F, T>(rows, in, mask) : operation<Op, F, T>(rows, in, mask);
}

template <class Op> void installSelection(LaneTable &table, Operation code) {
  table.set(code, ScalarType::F16, selection<Op, Half, uint16_t>);
  table.set(code, ScalarType::F16x2, selection<Op, Half, uint32_t>);
  table.set(code, ScalarType::BF16, selection<Op, Bfloat, uint16_t>);
  table.set(code, ScalarType::BF16x2, selection<Op, Bfloat, uint32_t>);
}

template <class Op> void installAll(LaneTable &table, Operation code) {
  table.set(code, ScalarType::F16, operation<Op, Half, uint16_t>);
  table.set(code, ScalarType::F16x2, operation<Op, Half, uint32_t>);
  table.set(code, ScalarType::BF16, operation<Op, Bfloat, uint16_t>);
  table.set(code, ScalarType::BF16x2, operation<Op, Bfloat, uint32_t>);
}

} // namespace

namespace WINNOW_LANE_SET {
void installHalf(LaneTable &table) {
  installAll<Add>(table, Operation::Add);
  installAll<Subtract>(table, Operation::Subtract);
  installAll<Multiply>(table, Operation::Multiply);
  installAll<FusedMultiplyAdd>(table, Operation::FusedMultiplyAdd);
  installSelection<Minimum>(table, Operation::Minimum);
  installSelection<Maximum>(table, Operation::Maximum);
  installSelection<OrNan<Minimum>>(table, Operation::MinimumNan);
  installSelection<OrNan<Maximum>>(table, Operation::MaximumNan);
  installAll<Negate>(table, Operation::Negate);
  installAll<Absolute>(table, Operation::Absolute);
  installAll<Exp2>(table, Operation::Exp2);
  installAll<Tanh>(table, Operation::Tanh);
}
} // namespace WINNOW_LANE_SET

} // namespace winnow::ptxsim
