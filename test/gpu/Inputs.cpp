// Edges and random values of every format.
#include "test/gpu/Inputs.h"

#include <bit>
#include <cstring>
#include <functional>
#include <random>
#include <span>

namespace winnow::gpu {
namespace {

using Random = std::mt19937_64;

// Zeros, ones, halfway cases, the largest and smallest of each kind, infinities, quiet and signaling NaNs.
constexpr uint64_t kHalfEdges[] = {0,      0x8000, 1,      0x8001, 0x3ff,  0x400,  0x8400,
                                   0x3c00, 0xbc00, 0x3c01, 0x3e00, 0x4100, 0x5bff, 0x7bff,
                                   0xfbff, 0x7c00, 0xfc00, 0x7e00, 0x7d01, 0xfe55};
constexpr uint64_t kBrainEdges[] = {0,      0x8000, 1,      0x8001, 0x7f,   0x80,   0x8080,
                                    0x3f80, 0xbf80, 0x3f81, 0x3fc0, 0x4020, 0x4f00, 0x7f7f,
                                    0xff7f, 0x7f80, 0xff80, 0x7fc0, 0x7f81, 0xffd5};
constexpr uint64_t kSingleEdges[] = {0,          0x80000000, 1,          0x80000001, 0x7fffff,   0x800000,
                                     0x80800000, 0x3f800000, 0xbf800000, 0x3f800001, 0x3f000000, 0x3effffff,
                                     0x3fc00000, 0x40200000, 0x4b000000, 0x4effffff, 0x4f000000, 0xcf000000,
                                     0x4f800000, 0x5f000000, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000,
                                     0x7fc00000, 0x7f800001, 0xffd55555, 0x33800000, 0x387fe000, 0x477ff000};
constexpr uint64_t kDoubleEdges[] = {0,
                                     uint64_t(1) << 63,
                                     1,
                                     0xfffffffffffff,
                                     uint64_t(1) << 52,
                                     0x3ff0000000000000,
                                     0xbff0000000000000,
                                     0x3ff0000000000001,
                                     0x3fe0000000000000,
                                     0x3ff8000000000000,
                                     0x36a0000000000000,
                                     0x380fffffe0000000,
                                     0x41dfffffffc00000,
                                     0x41e0000000000000,
                                     0x43e0000000000000,
                                     0xc3e0000000000000,
                                     0x47efffffe0000000,
                                     0x47effffff0000000,
                                     0x7fefffffffffffff,
                                     0x7ff0000000000000,
                                     0xfff0000000000000,
                                     0x7ff8000000000000,
                                     0x7ff0000000000001};
constexpr uint64_t kIntegerEdges[] = {0,
                                      1,
                                      2,
                                      ~uint64_t(0),
                                      7,
                                      8,
                                      31,
                                      32,
                                      33,
                                      63,
                                      64,
                                      0x7f,
                                      0x80,
                                      0xff,
                                      0x100,
                                      0x7fff,
                                      0x8000,
                                      0xffff,
                                      0x10000,
                                      0x7fffff,
                                      0x800000,
                                      0xffffff,
                                      0x7fffffff,
                                      0x80000000,
                                      0xffffffff,
                                      0x100000000,
                                      uint64_t(1) << 63,
                                      ~(uint64_t(1) << 63)};

std::span<const uint64_t> edgesOf(Format format) {
  switch (format) {
  case Format::F16:
  case Format::F16x2:
    return kHalfEdges;
  case Format::BF16:
  case Format::BF16x2:
    return kBrainEdges;
  case Format::F32:
  case Format::TF32:
    return kSingleEdges;
  case Format::F64:
    return kDoubleEdges;
  default:
    return kIntegerEdges;
  }
}

bool isPair(Format format) { return format == Format::F16x2 || format == Format::BF16x2; }

uint64_t edge(Format format, size_t number) {
  std::span<const uint64_t> edges = edgesOf(format);
  uint64_t bits = edges[number % edges.size()];
  return isPair(format) ? bits | edges[(number * 7 + 3) % edges.size()] << 16 : bits;
}

/// A number from -3 to 3 with few enough digits for the format; an integer below 2^20.
uint64_t moderate(Format format, Random &random) {
  double value = std::uniform_real_distribution<double>(-3, 3)(random);
  // The nearest f16 towards zero: its exponent and the upper digits of its fraction.
  auto half = [](double number) {
    uint64_t bits = std::bit_cast<uint64_t>(number), exponent = (bits >> 52 & 2047) - 1023 + 15;
    return (bits >> 48 & 0x8000) | (int64_t(exponent) > 0 ? exponent << 10 | (bits >> 42 & 1023) : 0);
  };
  auto brain = [](double number) { return uint64_t(std::bit_cast<uint32_t>(float(number))) >> 16; };
  switch (format) {
  case Format::F16x2:
    return half(value) | half(value * 0.7) << 16;
  case Format::BF16x2:
    return brain(value) | brain(value * 0.7) << 16;
  case Format::TF32:
    return std::bit_cast<uint32_t>(float(value)) & 0xffffe000;
  case Format::F32:
    return std::bit_cast<uint32_t>(float(value));
  case Format::F64:
    return std::bit_cast<uint64_t>(value);
  case Format::S8x4:
  case Format::S4x8:
  case Format::F8x4:
    return random();
  default:
    return random() % (1 << 20);
  }
}

} // namespace

std::vector<std::byte> makeInputs(const MicroKernel &kernel, unsigned position, uint32_t threads) {
  const Operand &operand = position == 0 ? kernel.a : position == 1 ? kernel.b : kernel.c;
  unsigned bytes = registerBytes(operand.format);
  bool isOnly = kernel.b.registers == 0 && bytes == 2;
  size_t distance = 1; // in threads, between two edges
  for (unsigned before = 0; before < position; ++before)
    distance *= edgesOf((before == 0 ? kernel.a : kernel.b).format).size();
  Random random(std::hash<std::string>()(kernel.name) + position);
  std::vector<std::byte> values(size_t(operand.registers) * threads * bytes);
  for (size_t i = 0; i < size_t(operand.registers) * threads; ++i) {
    size_t thread = i % threads;
    uint64_t bits = isOnly                           ? thread
                    : operand.fill == Fill::Moderate ? moderate(operand.format, random)
                    : thread < threads / 2           ? edge(operand.format, thread / distance + i / threads)
                                                     : random();
    std::memcpy(values.data() + i * bytes, &bits, bytes);
  }
  return values;
}

void clearSigns(Format format, std::vector<std::byte> &values) {
  size_t step = format == Format::F8x4 ? 1 : isPair(format) ? 2 : registerBytes(format);
  for (size_t i = step - 1; i < values.size(); i += step)
    values[i] &= std::byte(0x7f);
}

} // namespace winnow::gpu
