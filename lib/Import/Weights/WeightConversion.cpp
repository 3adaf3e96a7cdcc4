// Conversions between floats, and transposition.
#include "lib/Import/Weights/WeightConversion.h"

#include "llvm/ADT/APFloat.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace winnow {
namespace {

using format::ElementType;

const llvm::fltSemantics *semanticsOf(ElementType type) {
  switch (type) {
  case ElementType::F16:
    return &llvm::APFloat::IEEEhalf();
  case ElementType::BF16:
    return &llvm::APFloat::BFloat();
  case ElementType::F32:
    return &llvm::APFloat::IEEEsingle();
  case ElementType::F64:
    return &llvm::APFloat::IEEEdouble();
  case ElementType::F8E4M3FN:
    return &llvm::APFloat::Float8E4M3FN();
  case ElementType::F8E4M3FNUZ:
    return &llvm::APFloat::Float8E4M3FNUZ();
  case ElementType::F8E5M2:
    return &llvm::APFloat::Float8E5M2();
  case ElementType::F8E5M2FNUZ:
    return &llvm::APFloat::Float8E5M2FNUZ();
  case ElementType::F8E8M0FNU:
    return &llvm::APFloat::Float8E8M0FNU();
  default:
    return nullptr;
  }
}

/// The bits of a float, rounded to nearest, ties to even.
uint64_t convertBits(uint64_t bits, const llvm::fltSemantics &from, const llvm::fltSemantics &to) {
  llvm::APFloat value(from, llvm::APInt(llvm::APFloat::semanticsSizeInBits(from), bits));
  bool losesInformation = false;
  value.convert(to, llvm::APFloat::rmNearestTiesToEven, &losesInformation);
  return value.bitcastToAPInt().getZExtValue();
}

} // namespace

bool canConvert(ElementType from, ElementType to) {
  return from == to || (semanticsOf(from) && semanticsOf(to) && !isEightBitFloat(to));
}

bool isExact(ElementType from, ElementType to) {
  return from == to || llvm::APFloat::isRepresentableBy(*semanticsOf(from), *semanticsOf(to));
}

std::vector<char> convertElements(std::span<const uint8_t> bytes, ElementType from, ElementType to) {
  assert(canConvert(from, to) && "types that convert");
  if (from == to) {
    return {bytes.begin(), bytes.end()};
  }
  const llvm::fltSemantics &source = *semanticsOf(from), &destination = *semanticsOf(to);
  size_t width = byteWidth(from), newWidth = byteWidth(to), count = bytes.size() / width;
  // Checkpoints have billions of elements of 16 bits, of which there are few different ones.
  std::vector<uint64_t> table(width <= 2 ? size_t(1) << (8 * width) : 0);
  for (size_t code = 0; code < table.size(); ++code) {
    table[code] = convertBits(code, source, destination);
  }
  std::vector<char> converted(count * newWidth);
  for (size_t i = 0; i < count; ++i) {
    uint64_t bits = 0;
    std::memcpy(&bits, bytes.data() + i * width, width);
    bits = table.empty() ? convertBits(bits, source, destination) : table[bits];
    std::memcpy(converted.data() + i * newWidth, &bits, newWidth);
  }
  return converted;
}

std::vector<char> transposeElements(llvm::ArrayRef<char> bytes, int64_t rows, int64_t columns,
                                    int64_t width) {
  constexpr int64_t kBlock = 32; // so that what is read and written stays in the cache
  std::vector<char> transposed(bytes.size());
  for (int64_t top = 0; top < rows; top += kBlock) {
    for (int64_t left = 0; left < columns; left += kBlock) {
      for (int64_t row = top; row < std::min(top + kBlock, rows); ++row) {
        for (int64_t column = left; column < std::min(left + kBlock, columns); ++column) {
          std::memcpy(transposed.data() + (column * rows + row) * width,
                      bytes.data() + (row * columns + column) * width, width);
        }
      }
    }
  }
  return transposed;
}

} // namespace winnow
