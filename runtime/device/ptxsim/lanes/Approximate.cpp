// ex2, lg2, sin, cos and tanh (PTX ISA: "Floating-Point Instructions: ex2", ...). PTX bounds the error of
// the approximate forms; these results are the true value rounded to f32, or within one unit of it.
#include "runtime/device/ptxsim/lanes/FloatModes.h"
#include "runtime/device/ptxsim/lanes/Sets.h"

namespace winnow::ptxsim {
namespace {

/// 2^x in double precision: 2^round(x) times a Taylor series of e^(f ln 2) with |f| <= 1/2, whose first
/// term left out is under 2^-34.
struct Exp2 {
  static float apply(float x) {
    double clamped = x < -160.0f ? -160.0 : x > 160.0f ? 160.0 : double(x);
    clamped = x != x ? 0.0 : clamped;
    // Adding 1.5 * 2^52 leaves the nearest integer in the low bits.
    double shifted = clamped + 0x1.8p52, whole = shifted - 0x1.8p52;
    double t = (clamped - whole) * 0.693147180559945309417;
    double series = 1.0 / 40320.0 + t * (1.0 / 362880.0);
    series = 1.0 / 5040.0 + t * series;
    series = 1.0 / 720.0 + t * series;
    series = 1.0 / 120.0 + t * series;
    series = 1.0 / 24.0 + t * series;
    series = 1.0 / 6.0 + t * series;
    series = 0.5 + t * series;
    series = 1.0 + t * series;
    series = 1.0 + t * series;
    uint64_t exponent = (std::bit_cast<uint64_t>(shifted) + 1023) << 52;
    float result = float(series * std::bit_cast<double>(exponent));
    return x != x ? x : result;
  }
};
struct Log2 {
  static float apply(float x) { return float(__builtin_log2(double(x))); }
};
struct Sine {
  static float apply(float x) { return float(__builtin_sin(double(x))); }
};
struct Cosine {
  static float apply(float x) { return float(__builtin_cos(double(x))); }
};
struct Tanh {
  static float apply(float x) { return float(__builtin_tanh(double(x))); }
};

} // namespace

namespace WINNOW_LANE_SET {
void installApproximate(LaneTable &table) {
  table.set(Operation::Exp2, ScalarType::F32, floatOperation<Exp2, 1>);
  table.set(Operation::Log2, ScalarType::F32, floatOperation<Log2, 1>);
  table.set(Operation::Sine, ScalarType::F32, floatOperation<Sine, 1>);
  table.set(Operation::Cosine, ScalarType::F32, floatOperation<Cosine, 1>);
  table.set(Operation::Tanh, ScalarType::F32, floatOperation<Tanh, 1>);
}
} // namespace WINNOW_LANE_SET

} // namespace winnow::ptxsim
