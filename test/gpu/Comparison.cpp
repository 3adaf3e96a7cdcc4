// The same inputs to both, and the differences of the results.
#include "test/gpu/Comparison.h"
#include "test/gpu/Inputs.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <sstream>

namespace winnow::gpu {
namespace {

uint64_t bitsAt(const std::vector<std::byte> &values, size_t index, unsigned bytes) {
  uint64_t bits = 0;
  std::memcpy(&bits, values.data() + index * bytes, bytes);
  return bits;
}

double fromHalf(uint64_t bits) {
  int exponent = int(bits >> 10 & 31);
  double fraction = double(bits & 1023) / 1024;
  double value = exponent == 31  ? (bits & 1023 ? std::numeric_limits<double>::quiet_NaN() : INFINITY)
                 : exponent == 0 ? std::ldexp(fraction, -14)
                                 : std::ldexp(1 + fraction, exponent - 15);
  return bits & 0x8000 ? -value : value;
}

/// The numbers in a register: two of 16 bits, or one.
std::vector<double> numbersOf(Format format, uint64_t bits) {
  auto brain = [](uint64_t half) { return double(std::bit_cast<float>(uint32_t(half << 16))); };
  switch (format) {
  case Format::F16:
    return {fromHalf(bits)};
  case Format::F16x2:
    return {fromHalf(bits & 0xffff), fromHalf(bits >> 16)};
  case Format::BF16:
    return {brain(bits & 0xffff)};
  case Format::BF16x2:
    return {brain(bits & 0xffff), brain(bits >> 16)};
  case Format::F64:
    return {std::bit_cast<double>(bits)};
  default:
    return {double(std::bit_cast<float>(uint32_t(bits)))};
  }
}

/// How much of what is allowed the difference takes; above 1 it is too much.
double partOf(double found, double expected, double magnitude, const Agreement &agreement) {
  if (found == expected || (std::isnan(found) && std::isnan(expected)))
    return 0;
  double allowed = agreement.relative * std::fabs(magnitude) + agreement.absolute;
  double part = std::fabs(found - expected) / allowed;
  return std::isnan(part) ? INFINITY : part;
}

class Comparer {
public:
  Comparer(const MicroKernel &kernel, uint32_t threads) : kernel(kernel), threads(threads) {
    const Operand *operands[] = {&kernel.a, &kernel.b, &kernel.c};
    buffers.emplace_back(size_t(kernel.d.registers) * threads * registerBytes(kernel.d.format));
    for (unsigned position = 0; position < 3; ++position)
      buffers.push_back(operands[position]->registers ? makeInputs(kernel, position, threads)
                                                      : std::vector<std::byte>());
  }

  format::Result<Comparison> run(Executor &gpu, Executor &simulator) {
    std::string ptx = toPtx(kernel);
    Buffers found = buffers, expected = buffers, magnitudes = buffers;
    if (auto status = simulator.run(ptx, threads, expected); !status.ok())
      return status;
    if (auto status = gpu.run(ptx, threads, found); !status.ok())
      return status;
    if (kernel.agreement.kind == Agreement::Kind::Sums) {
      clearSigns(kernel.a.format, magnitudes[1]);
      clearSigns(kernel.b.format, magnitudes[2]);
      clearSigns(kernel.c.format, magnitudes[3]);
      if (auto status = simulator.run(ptx, threads, magnitudes); !status.ok())
        return status;
    } else {
      magnitudes = expected;
    }
    compare(found[0], expected[0], magnitudes[0]);
    return result;
  }

private:
  void compare(const std::vector<std::byte> &found, const std::vector<std::byte> &expected,
               const std::vector<std::byte> &magnitudes) {
    unsigned bytes = registerBytes(kernel.d.format);
    result.results = found.size() / bytes;
    for (size_t i = 0; i < result.results; ++i) {
      uint64_t actual = bitsAt(found, i, bytes), wanted = bitsAt(expected, i, bytes);
      if (actual == wanted)
        continue;
      ++result.unequal;
      if (!isAllowed(actual, wanted, bitsAt(magnitudes, i, bytes)) && result.differences++ == 0)
        result.first = describe(i, actual, wanted);
    }
  }

  bool isAllowed(uint64_t actual, uint64_t wanted, uint64_t magnitude) {
    if (kernel.agreement.kind == Agreement::Kind::Bits)
      return false;
    auto found = numbersOf(kernel.d.format, actual), expected = numbersOf(kernel.d.format, wanted);
    auto magnitudes = numbersOf(kernel.d.format, magnitude);
    double part = 0;
    for (size_t i = 0; i < found.size(); ++i)
      part = std::max(part, partOf(found[i], expected[i], magnitudes[i], kernel.agreement));
    result.largestPart = std::max(result.largestPart, part);
    return part <= 1;
  }

  std::string describe(size_t index, uint64_t actual, uint64_t wanted) const {
    size_t thread = index % threads;
    std::ostringstream text;
    text << "thread " << thread << ", %d" << index / threads << std::hex << ": 0x" << actual
         << ", expected 0x" << wanted << ", from";
    const Operand *operands[] = {&kernel.a, &kernel.b, &kernel.c};
    for (unsigned position = 0; position < 3; ++position)
      for (unsigned r = 0; r < operands[position]->registers; ++r)
        text << " %" << "abc"[position] << r << " = 0x"
             << bitsAt(buffers[position + 1], r * size_t(threads) + thread,
                       registerBytes(operands[position]->format));
    return text.str();
  }

  const MicroKernel &kernel;
  uint32_t threads;
  Buffers buffers;
  Comparison result;
};

} // namespace

format::Result<Comparison> compare(const MicroKernel &kernel, uint32_t threads, Executor &gpu,
                                   Executor &simulator) {
  return Comparer(kernel, threads).run(gpu, simulator);
}

} // namespace winnow::gpu
