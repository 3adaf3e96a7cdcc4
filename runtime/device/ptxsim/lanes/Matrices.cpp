// The loops of mma: fragments to matrices in memory, their product, and back.
#include "runtime/device/ptxsim/lanes/FloatModes.h"
#include "runtime/device/ptxsim/lanes/Sets.h"

#include <algorithm>
#include <cmath>
#ifdef __F16C__
#include <immintrin.h>
#endif

namespace winnow::ptxsim {
namespace {

constexpr unsigned kMostElements = 16 * 256; // of m16n8k256
constexpr unsigned kMostSums = 32 * 8;

/// Elements of a register row, in the order of lanes, and of the register's bits within a lane.
template <typename T> void decode(MatrixElement type, const std::byte *row, T *values);

template <> void decode<float>(MatrixElement type, const std::byte *row, float *values) {
  auto *halves = reinterpret_cast<const uint16_t *>(row);
  auto *words = reinterpret_cast<const uint32_t *>(row);
  if (type == MatrixElement::F16) {
#ifdef __F16C__
    for (unsigned i = 0; i < 2 * kLanes; i += 8)
      _mm256_storeu_ps(values + i,
                       _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i *>(halves + i))));
#else
    WINNOW_LANE_LOOP
    for (unsigned i = 0; i < 2 * kLanes; ++i)
      values[i] = fromHalf(halves[i]);
#endif
  } else if (type == MatrixElement::BF16) {
    WINNOW_LANE_LOOP
    for (unsigned i = 0; i < 2 * kLanes; ++i)
      values[i] = fromBfloat(halves[i]);
  } else {
    // The lower 13 bits of a tf32 are ignored.
    uint32_t mask = type == MatrixElement::TF32 ? 0xffffe000u : 0xffffffffu;
    WINNOW_LANE_LOOP
    for (unsigned i = 0; i < kLanes; ++i)
      values[i] = std::bit_cast<float>(words[i] & mask);
  }
}

template <> void decode<double>(MatrixElement, const std::byte *row, double *values) {
  std::memcpy(values, row, kLanes * sizeof(double));
}

template <> void decode<uint32_t>(MatrixElement type, const std::byte *row, uint32_t *values) {
  auto *words = reinterpret_cast<const uint32_t *>(row);
  unsigned bits = type == MatrixElement::S32                               ? 32
                  : type == MatrixElement::S8 || type == MatrixElement::U8 ? 8
                  : type == MatrixElement::B1                              ? 1
                                                                           : 4;
  bool isSigned = type == MatrixElement::S8 || type == MatrixElement::S4;
  unsigned perWord = 32 / bits, unused = 32 - bits;
  for (unsigned lane = 0; lane < kLanes; ++lane)
    for (unsigned i = 0; i < perWord; ++i) {
      uint32_t top = words[lane] << (unused - i * bits);
      values[lane * perWord + i] = isSigned ? uint32_t(int32_t(top) >> unused) : top >> unused;
    }
}

template <typename T>
void gather(const std::byte *rows, const MatrixFragment &fragment, const Row *registers, T *matrix) {
  unsigned count = fragment.perRegister() * kLanes;
  alignas(64) T values[32 * kLanes];
  const uint16_t *positions = fragment.positions.data();
  for (unsigned r = 0; r < fragment.registerCount; ++r, positions += count) {
    decode(fragment.type, rows + registers[fragment.firstRegister + r], values);
    if (fragment.isOfRows) {
      unsigned perGroup = 4 * fragment.perRegister();
      for (unsigned i = 0; i < count; i += perGroup)
        for (unsigned j = 0; j < perGroup; j += 4)
          std::memcpy(matrix + positions[i] + j, values + i + j, 4 * sizeof(T));
      continue;
    }
    for (unsigned i = 0; i < count; ++i)
      matrix[positions[i]] = values[i];
  }
}

template <typename T>
void scatter(std::byte *rows, const MatrixFragment &fragment, const Row *registers, const T *matrix) {
  unsigned count = fragment.perRegister() * kLanes;
  const uint16_t *positions = fragment.positions.data();
  for (unsigned r = 0; r < fragment.registerCount; ++r, positions += count) {
    Row row = registers[fragment.firstRegister + r];
    if (row == kNoRow)
      continue;
    if (fragment.type == MatrixElement::F16) {
      auto *out = reinterpret_cast<uint16_t *>(rows + row);
      for (unsigned i = 0; i < count; ++i)
        out[i] = toHalf(float(matrix[positions[i]]));
    } else {
      T *out = reinterpret_cast<T *>(rows + row);
      for (unsigned i = 0; i < count; ++i)
        out[i] = matrix[positions[i]];
    }
  }
}

/// Eight columns at a time, which are one or two registers of the host.
template <typename T> struct EightColumns {
  typedef T Vector __attribute__((vector_size(8 * sizeof(T))));
};

inline void accumulate(EightColumns<float>::Vector &sum, float a, const EightColumns<float>::Vector &b) {
  sum += a * b;
}
inline void accumulate(EightColumns<uint32_t>::Vector &sum, uint32_t a,
                       const EightColumns<uint32_t>::Vector &b) {
  sum += a * b;
}
inline void accumulate(EightColumns<double>::Vector &sum, double a, const EightColumns<double>::Vector &b) {
  for (unsigned j = 0; j < 8; ++j)
    sum[j] = std::fma(a, b[j], sum[j]);
}

/// sums += a * b, row-major. The products of one sum are added in the order of k; that of two 16-bit floats
/// or tf32 is exact, f64 is fused (PTX leaves the order and the roundings within a sum open).
template <typename T> void multiply(const MatrixShape &shape, const T *a, const T *b, T *sums) {
  using Vector = typename EightColumns<T>::Vector;
  // As many sums at once as the host has registers for: one sum waits for the product before.
  constexpr unsigned kRows = 32 / sizeof(T);
  for (unsigned row = 0; row < shape.m; row += kRows)
    for (unsigned column = 0; column < shape.n; column += 8) {
      Vector block[kRows];
      for (unsigned r = 0; r < kRows; ++r)
        std::memcpy(&block[r], sums + (row + r) * shape.n + column, sizeof(Vector));
      for (unsigned k = 0; k < shape.k; ++k) {
        Vector right;
        std::memcpy(&right, b + k * shape.n + column, sizeof(Vector));
        for (unsigned r = 0; r < kRows; ++r)
          accumulate(block[r], a[(row + r) * shape.k + k], right);
      }
      for (unsigned r = 0; r < kRows; ++r)
        std::memcpy(sums + (row + r) * shape.n + column, &block[r], sizeof(Vector));
    }
}

/// A as a full matrix; the metadata was checked before.
template <typename T>
void gatherA(const std::byte *rows, const MatrixProduct &product, const Row *registers, T *matrix) {
  if (!product.isSparse)
    return gather(rows, product.a, registers, matrix);
  alignas(64) T stored[kMostElements];
  gather(rows, product.a, registers, stored);
  uint8_t places[kMostSparseElements];
  unsigned lane = 0, half = product.shape.k / 2;
  sparsePlaces(product, reinterpret_cast<const uint32_t *>(rows + product.metadata), places, lane);
  std::fill_n(matrix, product.shape.m * product.shape.k, T(0));
  for (unsigned row = 0; row < product.shape.m; ++row)
    for (unsigned i = 0; i < half; ++i)
      matrix[row * product.shape.k + places[row * half + i]] = stored[row * half + i];
}

template <typename T>
void multiplyFloats(std::byte *rows, const MatrixProduct &product, const Row *registers) {
  alignas(64) T a[kMostElements], b[kMostElements], sums[kMostSums];
  gatherA(rows, product, registers, a);
  gather(rows, product.b, registers, b);
  gather(rows, product.c, registers, sums);
  multiply(product.shape, a, b, sums);
  for (unsigned i = 0; i < product.shape.m * product.shape.n; ++i)
    sums[i] = canonical(sums[i]);
  scatter(rows, product.d, registers, sums);
}

/// xor of bits x and y is (1 - (1 - 2x)(1 - 2y)) / 2.
void toSigns(uint32_t *bits, unsigned count) {
  for (unsigned i = 0; i < count; ++i)
    bits[i] = 1 - 2 * bits[i];
}

/// The sum of products fits into 32 bits; with the accumulator it wraps or saturates.
void multiplyIntegers(std::byte *rows, const MatrixProduct &product, const Row *registers) {
  const MatrixShape &shape = product.shape;
  alignas(64) uint32_t a[kMostElements], b[kMostElements], sums[kMostSums] = {}, accumulators[kMostSums];
  gatherA(rows, product, registers, a);
  gather(rows, product.b, registers, b);
  gather(rows, product.c, registers, accumulators);
  if (product.isXor) {
    toSigns(a, shape.m * shape.k);
    toSigns(b, shape.k * shape.n);
  }
  multiply(shape, a, b, sums);
  for (unsigned i = 0; i < shape.m * shape.n; ++i) {
    if (product.isXor)
      sums[i] = (shape.k - sums[i]) / 2;
    int64_t exact = int64_t(int32_t(accumulators[i])) + int32_t(sums[i]);
    if (product.saturates)
      exact = std::min<int64_t>(std::max<int64_t>(exact, INT32_MIN), INT32_MAX);
    sums[i] = uint32_t(exact);
  }
  scatter(rows, product.d, registers, sums);
}

void multiplyMatrices(std::byte *rows, const MatrixProduct &product, const Row *registers) {
  if (product.d.type == MatrixElement::S32)
    return multiplyIntegers(rows, product, registers);
  if (product.d.type == MatrixElement::F64)
    return multiplyFloats<double>(rows, product, registers);
  multiplyFloats<float>(rows, product, registers);
}

} // namespace

namespace WINNOW_LANE_SET {
void installMatrices(LaneTable &table) { table.multiplyMatrices = multiplyMatrices; }
} // namespace WINNOW_LANE_SET

} // namespace winnow::ptxsim
