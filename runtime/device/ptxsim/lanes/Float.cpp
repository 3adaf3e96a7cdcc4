// f32 and f64 arithmetic, rounded to nearest even (PTX ISA: "Floating-Point Instructions").
#include "runtime/device/ptxsim/lanes/FloatModes.h"
#include "runtime/device/ptxsim/lanes/Sets.h"

namespace winnow::ptxsim {
namespace {

struct Add {
  template <typename T> static T apply(T a, T b) { return a + b; }
};
struct Subtract {
  template <typename T> static T apply(T a, T b) { return a - b; }
};
struct Multiply {
  template <typename T> static T apply(T a, T b) { return a * b; }
};
struct FusedMultiplyAdd {
  static float apply(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
  static double apply(double a, double b, double c) { return __builtin_fma(a, b, c); }
};
struct Divide {
  template <typename T> static T apply(T a, T b) { return a / b; }
};
struct Reciprocal {
  template <typename T> static T apply(T a) { return T(1) / a; }
};
/// rcp.approx.ftz.f64 and rsqrt.approx.ftz.f64 see and give only the upper 32 bits of a double, and no
/// subnormal numbers.
template <class Op> struct OfUpperWord {
  static double apply(double a) {
    constexpr uint64_t kUpper = ~uint64_t(0xffffffff);
    double whole = flush(std::bit_cast<double>(std::bit_cast<uint64_t>(a) & kUpper));
    double result = a != a ? a : flush(Op::apply(whole));
    return std::bit_cast<double>((std::bit_cast<uint64_t>(result) + 0x80000000u) & kUpper);
  }
  static double flush(double a) { return __builtin_fabs(a) < 0x1p-1022 ? __builtin_copysign(0.0, a) : a; }
};
struct SquareRoot {
  static float apply(float a) { return __builtin_sqrtf(a); }
  static double apply(double a) { return __builtin_sqrt(a); }
};
struct ReciprocalSquareRoot {
  static float apply(float a) { return float(1.0 / __builtin_sqrt(double(a))); }
  static double apply(double a) { return 1.0 / __builtin_sqrt(a); }
};

/// div.approx: a divisor beyond 2^126 acts as if its reciprocal were zero, so infinity over it is NaN.
struct DivideApproximate {
  static float apply(float a, float b) {
    uint32_t bits = std::bit_cast<uint32_t>(b), magnitude = bits & 0x7fffffff;
    bool huge = magnitude > 0x7e800000 && magnitude < 0x7f800000;
    return a / b * (huge ? 0.0f : 1.0f);
  }
};

bool negative(float a) { return std::bit_cast<uint32_t>(a) >> 31; }
bool negative(double a) { return std::bit_cast<uint64_t>(a) >> 63; }

/// A NaN gives the other operand; -0 is less than +0.
struct Minimum {
  template <typename T> static T apply(T a, T b) {
    T smaller = a < b || (a == b && negative(a)) ? a : b;
    return b != b ? a : a != a ? b : smaller;
  }
};
struct Maximum {
  template <typename T> static T apply(T a, T b) {
    T larger = a > b || (a == b && !negative(a)) ? a : b;
    return b != b ? a : a != a ? b : larger;
  }
};
template <class Op> struct OrNan {
  static float apply(float a, float b) { return a != a || b != b ? __builtin_nanf("") : Op::apply(a, b); }
};

/// .xorsign.abs: of the magnitudes, with the exclusive or of the signs (PTX ISA: "min", "max").
template <class Op> struct XorSign {
  static float apply(float a, float b) {
    uint32_t sign = (std::bit_cast<uint32_t>(a) ^ std::bit_cast<uint32_t>(b)) & 0x80000000;
    float magnitude = Op::apply(__builtin_fabsf(a), __builtin_fabsf(b));
    return std::bit_cast<float>(std::bit_cast<uint32_t>(magnitude) | sign);
  }
};
template <class Op> void floatSelection(std::byte *rows, const Instruction &in, uint32_t mask) {
  bool isBySign = in.flags & kXorSign;
  isBySign ? floatOperation<XorSign<Op>, 2>(rows, in, mask) : floatOperation<Op, 2>(rows, in, mask);
}

/// Sign operations do not look at the value: NaN payloads stay.
struct Negate {
  static uint32_t apply(uint32_t a) { return a ^ 0x80000000; }
  static uint64_t apply(uint64_t a) { return a ^ 0x8000000000000000; }
};
struct Absolute {
  static uint32_t apply(uint32_t a) { return a & 0x7fffffff; }
  static uint64_t apply(uint64_t a) { return a & 0x7fffffffffffffff; }
};
/// copysign: the sign of a, the rest of b.
struct CopySign {
  static uint32_t apply(uint32_t a, uint32_t b) { return (a & 0x80000000) | (b & 0x7fffffff); }
  static uint64_t apply(uint64_t a, uint64_t b) {
    return (a & 0x8000000000000000) | (b & 0x7fffffffffffffff);
  }
};
template <class Op> void signOperation(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<uint32_t> out(rows, in.destination, mask);
  const uint32_t *a = row<uint32_t>(rows, in.source[0]);
  uint32_t *values = out.values;
  uint32_t small = in.flags & kFlushToZero ? 0x7f800000 : 0;
  WINNOW_LANE_LOOP
  for (unsigned i = 0; i < kLanes; ++i)
    values[i] = Op::apply(small && (a[i] & small) == 0 ? a[i] & 0x80000000 : a[i]);
  out.finish(mask);
}

/// f64 operations; they have no modes but rounding.
template <class Op, unsigned kOperands>
void doubleOperation(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<double> out(rows, in.destination, mask);
  const double *operands[3] = {};
  for (unsigned k = 0; k < kOperands; ++k)
    operands[k] = row<double>(rows, in.source[k]);
  const double *a = operands[0], *b = operands[1], *c = operands[2];
  double *values = out.values;
  WINNOW_LANE_LOOP
  for (unsigned i = 0; i < kLanes; ++i) {
    if constexpr (kOperands == 1)
      values[i] = canonical(Op::apply(a[i]));
    else if constexpr (kOperands == 2)
      values[i] = canonical(Op::apply(a[i], b[i]));
    else
      values[i] = canonical(Op::apply(a[i], b[i], c[i]));
  }
  out.finish(mask);
}

/// testp: `mode` is 0 finite, 1 infinite, 2 number, 3 notanumber, 4 normal, 5 subnormal.
template <typename T> void testProperty(std::byte *rows, const Instruction &in, uint32_t mask) {
  const T *a = row<T>(rows, in.source[0]);
  constexpr T kMagnitude = T(~T(0)) >> 1, kInfinity = sizeof(T) == 4 ? T(0x7f800000) : T(0x7ff0000000000000);
  constexpr T kSmallest = sizeof(T) == 4 ? T(0x00800000) : T(0x0010000000000000);
  uint32_t result = 0;
  for (unsigned i = 0; i < kLanes; ++i) {
    T value = a[i] & kMagnitude;
    const bool properties[6] = {value<kInfinity, value == kInfinity, value <= kInfinity, value> kInfinity,
                                value >= kSmallest && value < kInfinity, value > 0 && value < kSmallest};
    result |= uint32_t(properties[in.mode]) << i;
  }
  writePredicate(rows, in.destination, result, mask);
}

} // namespace

namespace WINNOW_LANE_SET {
void installFloat(LaneTable &table) {
  constexpr ScalarType f32 = ScalarType::F32, f64 = ScalarType::F64;
  table.set(Operation::Add, f32, floatOperation<Add, 2>);
  table.set(Operation::Add, f64, doubleOperation<Add, 2>);
  table.set(Operation::Subtract, f32, floatOperation<Subtract, 2>);
  table.set(Operation::Subtract, f64, doubleOperation<Subtract, 2>);
  table.set(Operation::Multiply, f32, floatOperation<Multiply, 2>);
  table.set(Operation::Multiply, f64, doubleOperation<Multiply, 2>);
  table.set(Operation::FusedMultiplyAdd, f32, floatOperation<FusedMultiplyAdd, 3>);
  table.set(Operation::FusedMultiplyAdd, f64, doubleOperation<FusedMultiplyAdd, 3>);
  table.set(Operation::Divide, f32, floatOperation<Divide, 2>);
  table.set(Operation::Divide, f64, doubleOperation<Divide, 2>);
  table.set(Operation::DivideApproximate, f32, floatOperation<DivideApproximate, 2>);
  table.set(Operation::Reciprocal, f32, floatOperation<Reciprocal, 1>);
  table.set(Operation::Reciprocal, f64, doubleOperation<Reciprocal, 1>);
  table.set(Operation::ReciprocalApproximate, f32, floatOperation<Reciprocal, 1>);
  table.set(Operation::ReciprocalApproximate, f64, doubleOperation<OfUpperWord<Reciprocal>, 1>);
  table.set(Operation::SquareRoot, f32, floatOperation<SquareRoot, 1>);
  table.set(Operation::SquareRoot, f64, doubleOperation<SquareRoot, 1>);
  table.set(Operation::SquareRootApproximate, f32, floatOperation<SquareRoot, 1>);
  table.set(Operation::ReciprocalSquareRoot, f32, floatOperation<ReciprocalSquareRoot, 1>);
  table.set(Operation::ReciprocalSquareRoot, f64, doubleOperation<ReciprocalSquareRoot, 1>);
  table.set(Operation::ReciprocalSquareRootApproximate, f64,
            doubleOperation<OfUpperWord<ReciprocalSquareRoot>, 1>);
  table.set(Operation::Minimum, f32, floatSelection<Minimum>);
  table.set(Operation::Minimum, f64, doubleOperation<Minimum, 2>);
  table.set(Operation::Maximum, f32, floatSelection<Maximum>);
  table.set(Operation::Maximum, f64, doubleOperation<Maximum, 2>);
  table.set(Operation::MinimumNan, f32, floatSelection<OrNan<Minimum>>);
  table.set(Operation::MaximumNan, f32, floatSelection<OrNan<Maximum>>);
  table.set(Operation::Negate, f32, signOperation<Negate>);
  table.set(Operation::Negate, f64, unary<Negate, uint64_t>);
  table.set(Operation::Absolute, f32, signOperation<Absolute>);
  table.set(Operation::Absolute, f64, unary<Absolute, uint64_t>);
  table.set(Operation::CopySign, f32, binary<CopySign, uint32_t>);
  table.set(Operation::CopySign, f64, binary<CopySign, uint64_t>);
  table.set(Operation::TestProperty, f32, testProperty<uint32_t>);
  table.set(Operation::TestProperty, f64, testProperty<uint64_t>);
}
} // namespace WINNOW_LANE_SET

} // namespace winnow::ptxsim
