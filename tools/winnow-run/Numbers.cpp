// Conversions between element types and double, half precision included.
#include "tools/winnow-run/Numbers.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>

namespace winnow::run {

using format::Array;
using format::ElementType;

namespace {

template <typename T> T read(const Array &array, int64_t index) {
  T value;
  std::memcpy(&value, array.bytes.data() + index * int64_t(sizeof(T)), sizeof(T));
  return value;
}

template <typename T> void write(Array &array, int64_t index, T value) {
  std::memcpy(array.bytes.data() + index * int64_t(sizeof(T)), &value, sizeof(T));
}

double fromHalf(uint16_t bits) {
  int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  double magnitude = exponent == 31  ? (mantissa ? std::nan("") : INFINITY)
                     : exponent == 0 ? std::ldexp(mantissa, -24)
                                     : std::ldexp(mantissa + 1024, exponent - 25);
  return bits & 0x8000 ? -magnitude : magnitude;
}

/// To nearest, ties to even: the magnitude is an integer number of the units of its exponent.
uint16_t toHalf(double value) {
  uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  double magnitude = std::fabs(value);
  if (std::isnan(value))
    return sign | 0x7E00;
  int exponent = magnitude == 0 || std::isinf(magnitude) ? 0 : std::ilogb(magnitude);
  exponent = std::max(exponent, -14);
  double units = std::nearbyint(std::ldexp(magnitude, 10 - exponent)); // up to 2048, which carries
  // Adding the fields lets a carry move to the next exponent.
  double bits = units + 1024.0 * (exponent + 14);
  return bits >= 0x7C00 ? sign | 0x7C00 : sign | uint16_t(bits);
}

uint16_t toBfloat(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value))
    return uint16_t(bits >> 16 | 0x40);
  return uint16_t((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

/// What distinguishes the 8-bit floats, besides a sign in the highest bit.
struct EightBitFormat {
  int mantissaBits, bias;
  bool hasInfinity; // and then NaNs above it
  bool isFinite;    // its only NaN is the code of -0
};

EightBitFormat formatOf(ElementType type) {
  switch (type) {
  case ElementType::F8E4M3FN:
    return {3, 7, false, false};
  case ElementType::F8E4M3FNUZ:
    return {3, 8, false, true};
  case ElementType::F8E5M2:
    return {2, 15, true, false};
  default: // F8E5M2FNUZ
    return {2, 16, false, true};
  }
}

double fromEightBits(ElementType type, uint8_t code) {
  if (type == ElementType::F8E8M0FNU)
    return code == 255 ? std::nan("") : std::ldexp(1.0, code - 127);
  EightBitFormat format = formatOf(type);
  if (format.isFinite && code == 0x80)
    return std::nan("");
  int units = 1 << format.mantissaBits, magnitude = code & 127;
  int exponent = magnitude / units, mantissa = magnitude % units;
  double value = exponent == 0 ? std::ldexp(mantissa, 1 - format.bias - format.mantissaBits)
                               : std::ldexp(mantissa + units, exponent - format.bias - format.mantissaBits);
  if (format.hasInfinity && exponent == 31)
    value = mantissa == 0 ? INFINITY : std::nan("");
  else if (!format.isFinite && magnitude == 127)
    value = std::nan("");
  return code & 128 ? -value : value;
}

/// The numbers of all codes, in their order.
const std::array<double, 256> &eightBitNumbers(ElementType type) {
  static std::map<ElementType, std::array<double, 256>> tables;
  auto [table, isNew] = tables.try_emplace(type);
  for (int code = 0; isNew && code < 256; ++code)
    table->second[size_t(code)] = fromEightBits(type, uint8_t(code));
  return table->second;
}

/// The nearest number; between two, the one with the lower code. NaN is what the type has for it.
uint8_t toEightBits(ElementType type, double value) {
  const std::array<double, 256> &numbers = eightBitNumbers(type);
  auto distance = [&](double number) {
    return std::isnan(number) || std::isnan(value)
               ? (std::isnan(number) == std::isnan(value) ? 0.0 : INFINITY)
               : std::fabs(number - value);
  };
  auto nearer = [&](double a, double b) { return distance(a) < distance(b); };
  return uint8_t(std::min_element(numbers.begin(), numbers.end(), nearer) - numbers.begin());
}

} // namespace

double load(const Array &array, int64_t index) {
  switch (array.type) {
  case ElementType::Bool:
  case ElementType::U8:
    return read<uint8_t>(array, index);
  case ElementType::I8:
    return read<int8_t>(array, index);
  case ElementType::I16:
    return read<int16_t>(array, index);
  case ElementType::U16:
    return read<uint16_t>(array, index);
  case ElementType::I32:
    return read<int32_t>(array, index);
  case ElementType::U32:
    return read<uint32_t>(array, index);
  case ElementType::U64:
    return double(read<uint64_t>(array, index));
  case ElementType::I64:
    return double(read<int64_t>(array, index));
  case ElementType::F16:
    return fromHalf(read<uint16_t>(array, index));
  case ElementType::BF16:
    return std::bit_cast<float>(uint32_t(read<uint16_t>(array, index)) << 16);
  case ElementType::F32:
    return read<float>(array, index);
  case ElementType::F64:
    return read<double>(array, index);
  default:
    return fromEightBits(array.type, read<uint8_t>(array, index));
  }
}

void store(Array &array, int64_t index, double value) {
  switch (array.type) {
  case ElementType::Bool:
  case ElementType::U8:
    return write(array, index, uint8_t(value));
  case ElementType::I8:
    return write(array, index, int8_t(value));
  case ElementType::I16:
    return write(array, index, int16_t(value));
  case ElementType::U16:
    return write(array, index, uint16_t(value));
  case ElementType::I32:
    return write(array, index, int32_t(value));
  case ElementType::U32:
    return write(array, index, uint32_t(value));
  case ElementType::U64:
    return write(array, index, uint64_t(value));
  case ElementType::I64:
    return write(array, index, int64_t(value));
  case ElementType::F16:
    return write(array, index, toHalf(value));
  case ElementType::BF16:
    return write(array, index, toBfloat(float(value)));
  case ElementType::F32:
    return write(array, index, float(value));
  case ElementType::F64:
    return write(array, index, value);
  default:
    return write(array, index, toEightBits(array.type, value));
  }
}

std::string text(const Array &array, int64_t index) {
  if (array.type == ElementType::I64)
    return std::to_string(read<int64_t>(array, index));
  if (array.type == ElementType::U64)
    return std::to_string(read<uint64_t>(array, index));
  char buffer[40];
  std::snprintf(buffer, sizeof(buffer), array.type == ElementType::F64 ? "%.17g" : "%.9g",
                load(array, index));
  return buffer;
}

uint64_t Random::bits() {
  uint64_t z = state += 0x9E3779B97F4A7C15;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
  z = (z ^ z >> 27) * 0x94D049BB133111EB;
  return z ^ z >> 31;
}

double Random::next(ElementType type) {
  switch (type) {
  case ElementType::Bool:
    return double(bits() >> 63);
  case ElementType::I8:
  case ElementType::U8:
  case ElementType::I16:
  case ElementType::U16:
  case ElementType::I32:
  case ElementType::U32:
  case ElementType::I64:
  case ElementType::U64:
    return double(bits() % 10);
  default:
    return double(bits() >> 11) * 0x1p-52 - 1;
  }
}

} // namespace winnow::run
