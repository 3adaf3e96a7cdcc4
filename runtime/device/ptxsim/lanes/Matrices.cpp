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
  } else if (type == MatrixElement::E4M3 || type == MatrixElement::E5M2) {
    auto *bytes = reinterpret_cast<const uint8_t *>(row);
    bool isE4m3 = type == MatrixElement::E4M3;
    for (unsigned i = 0; i < 4 * kLanes; ++i)
      values[i] = fromHalf(isE4m3 ? ByteFormat<ByteFloat::E4M3>::toHalf(bytes[i])
                                  : ByteFormat<ByteFloat::E5M2>::toHalf(bytes[i]));
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

constexpr unsigned kGroupLanes = 4, kGroups = kLanes / kGroupLanes;

/// Four elements side by side.
template <typename T> struct FourElements {
  typedef T Vector __attribute__((vector_size(4 * sizeof(T))));
  static Vector load(const T *values) {
    Vector vector;
    std::memcpy(&vector, values, sizeof(vector));
    return vector;
  }
  static void store(T *values, const Vector &vector) { std::memcpy(values, &vector, sizeof(vector)); }
};

/// Element j of row i becomes element i of row j.
template <typename T> void transposeFour(const T *values, unsigned stride, T *out, unsigned outStride) {
  using Four = FourElements<T>;
  auto row0 = Four::load(values), row1 = Four::load(values + stride);
  auto row2 = Four::load(values + 2 * stride), row3 = Four::load(values + 3 * stride);
  auto low01 = __builtin_shufflevector(row0, row1, 0, 4, 1, 5);
  auto low23 = __builtin_shufflevector(row2, row3, 0, 4, 1, 5);
  auto high01 = __builtin_shufflevector(row0, row1, 2, 6, 3, 7);
  auto high23 = __builtin_shufflevector(row2, row3, 2, 6, 3, 7);
  Four::store(out, __builtin_shufflevector(low01, low23, 0, 1, 4, 5));
  Four::store(out + outStride, __builtin_shufflevector(low01, low23, 2, 3, 6, 7));
  Four::store(out + 2 * outStride, __builtin_shufflevector(high01, high23, 0, 1, 4, 5));
  Four::store(out + 3 * outStride, __builtin_shufflevector(high01, high23, 2, 3, 6, 7));
}

/// The elements of a register row, or of two for RowPairs, to the matrix; `positions` are theirs.
template <typename T>
void place(const MatrixFragment &fragment, const uint16_t *positions, const T *values, T *matrix) {
  using Four = FourElements<T>;
  const unsigned perGroup = kGroupLanes * fragment.perRegister, count = kGroups * perGroup;
  switch (fragment.layout) {
  case MatrixFragment::Layout::Rows:
    for (unsigned i = 0; i < count; i += perGroup)
      for (unsigned j = 0; j < perGroup; j += 4)
        Four::store(matrix + positions[i] + j, Four::load(values + i + j));
    break;
  case MatrixFragment::Layout::RowPairs:
    for (unsigned i = 0; i < count; i += 4) {
      auto even = Four::load(values + i), odd = Four::load(values + count + i);
      T *row = matrix + positions[i];
      Four::store(row, __builtin_shufflevector(even, odd, 0, 4, 1, 5));
      Four::store(row + 4, __builtin_shufflevector(even, odd, 2, 6, 3, 7));
    }
    break;
  case MatrixFragment::Layout::Columns:
    for (unsigned group = 0; group < kGroups; group += 4)
      for (unsigned i = 0; i < perGroup; i += 4)
        transposeFour(values + group * perGroup + i, perGroup,
                      matrix + positions[0] + i * fragment.columns + group, fragment.columns);
    break;
  case MatrixFragment::Layout::Any:
    for (unsigned i = 0; i < count; ++i)
      matrix[positions[i]] = values[i];
    break;
  }
}

/// How many register rows are moved together.
unsigned rowsTogether(const MatrixFragment &fragment) {
  return fragment.layout == MatrixFragment::Layout::RowPairs ? 2 : 1;
}

template <typename T>
void gather(const std::byte *rows, const MatrixFragment &fragment, const Row *registers, T *matrix) {
  const unsigned count = fragment.perRegister * kLanes, together = rowsTogether(fragment);
  alignas(64) T values[2 * 32 * kLanes];
  for (unsigned r = 0; r < fragment.registerCount; r += together) {
    for (unsigned i = 0; i < together; ++i)
      decode(fragment.type, rows + registers[fragment.firstRegister + r + i], values + i * count);
    place(fragment, fragment.positions.data() + r * count, values, matrix);
  }
}

/// The inverse of place().
template <typename T>
void pick(const MatrixFragment &fragment, const uint16_t *positions, const T *matrix, T *values) {
  using Four = FourElements<T>;
  const unsigned perGroup = kGroupLanes * fragment.perRegister, count = kGroups * perGroup;
  switch (fragment.layout) {
  case MatrixFragment::Layout::Rows:
    for (unsigned i = 0; i < count; i += perGroup)
      for (unsigned j = 0; j < perGroup; j += 4)
        Four::store(values + i + j, Four::load(matrix + positions[i] + j));
    break;
  case MatrixFragment::Layout::RowPairs:
    for (unsigned i = 0; i < count; i += 4) {
      const T *row = matrix + positions[i];
      auto low = Four::load(row), high = Four::load(row + 4);
      Four::store(values + i, __builtin_shufflevector(low, high, 0, 2, 4, 6));
      Four::store(values + count + i, __builtin_shufflevector(low, high, 1, 3, 5, 7));
    }
    break;
  default:
    for (unsigned i = 0; i < count; ++i)
      values[i] = matrix[positions[i]];
    break;
  }
}

inline uint32_t canonical(uint32_t x) { return x; }

/// The inverse of decode(), for the types of results.
template <typename T> void encode(MatrixElement type, const T *values, std::byte *row) {
  if (type == MatrixElement::F16) {
    auto *halves = reinterpret_cast<uint16_t *>(row);
    WINNOW_LANE_LOOP
    for (unsigned i = 0; i < 2 * kLanes; ++i)
      halves[i] = toHalf(float(values[i]));
  } else {
    T *out = reinterpret_cast<T *>(row);
    WINNOW_LANE_LOOP
    for (unsigned i = 0; i < kLanes; ++i)
      out[i] = canonical(values[i]);
  }
}

template <typename T>
void scatter(std::byte *rows, const MatrixFragment &fragment, const Row *registers, const T *matrix) {
  const unsigned count = fragment.perRegister * kLanes, together = rowsTogether(fragment);
  alignas(64) T values[2 * 2 * kLanes];
  for (unsigned r = 0; r < fragment.registerCount; r += together) {
    pick(fragment, fragment.positions.data() + r * count, matrix, values);
    for (unsigned i = 0; i < together; ++i)
      if (Row row = registers[fragment.firstRegister + r + i]; row != kNoRow)
        encode(fragment.type, values + i * count, rows + row);
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
  constexpr size_t kRows = 32 / sizeof(T);
  const size_t columns = shape.n, depth = shape.k;
  for (size_t row = 0; row < shape.m; row += kRows)
    for (size_t column = 0; column < columns; column += 8) {
      const T *left = a + row * depth, *above = b + column;
      T *out = sums + row * columns + column;
      Vector block[kRows];
      for (size_t r = 0; r < kRows; ++r)
        std::memcpy(&block[r], out + r * columns, sizeof(Vector));
      for (size_t k = 0; k < depth; ++k) {
        Vector right;
        std::memcpy(&right, above + k * columns, sizeof(Vector));
        for (size_t r = 0; r < kRows; ++r)
          accumulate(block[r], left[r * depth + k], right);
      }
      for (size_t r = 0; r < kRows; ++r)
        std::memcpy(out + r * columns, &block[r], sizeof(Vector));
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
  const MatrixShape &shape = product.shape;
  for (unsigned p = 0; p < product.count; ++p)
    multiply(shape, a + p * shape.m * shape.k, b + p * shape.k * shape.n, sums + p * shape.m * shape.n);
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
