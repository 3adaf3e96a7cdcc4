// The layouts of matrix fragments, and the metadata of sparse ones.
#include "runtime/device/ptxsim/code/Matrix.h"

#include <array>
#include <charconv>
#include <utility>

namespace winnow::ptxsim {
namespace {

struct ElementEntry {
  std::string_view name;
  unsigned bits;
};
// In the order of MatrixElement.
constexpr std::array<ElementEntry, 13> kElements = {{{"f16", 16},
                                                     {"bf16", 16},
                                                     {"tf32", 32},
                                                     {"f32", 32},
                                                     {"f64", 64},
                                                     {"s8", 8},
                                                     {"u8", 8},
                                                     {"s4", 4},
                                                     {"u4", 4},
                                                     {"b1", 1},
                                                     {"s32", 32},
                                                     {"e4m3", 8},
                                                     {"e5m2", 8}}};
constexpr unsigned kGroupLanes = 4, kGroups = kLanes / kGroupLanes;

/// Whether all blocks of `block` positions are alike: the first one plus what place(number in the block)
/// says.
template <class Place> bool isOfBlocks(const MatrixFragment &fragment, unsigned block, Place place) {
  if (fragment.positions.size() % block)
    return false;
  for (size_t i = 0; i < fragment.positions.size(); ++i)
    if (fragment.positions[i] != fragment.positions[i / block * block] + place(unsigned(i % block)))
      return false;
  return true;
}

MatrixFragment::Layout layoutOf(const MatrixFragment &fragment) {
  const unsigned columns = fragment.columns, perGroup = kGroupLanes * fragment.perRegister,
                 perRegister = kGroups * perGroup;
  auto sideBySide = [](unsigned i) { return i; };
  auto alternating = [=](unsigned i) {
    unsigned ofPair = i / perRegister, group = i % perRegister / perGroup;
    return group * columns + 2 * (i % perGroup) + ofPair;
  };
  auto below = [=](unsigned i) { return i % perGroup * columns + i / perGroup; };
  return isOfBlocks(fragment, perGroup, sideBySide)           ? MatrixFragment::Layout::Rows
         : isOfBlocks(fragment, 2 * perRegister, alternating) ? MatrixFragment::Layout::RowPairs
         : isOfBlocks(fragment, perRegister, below)           ? MatrixFragment::Layout::Columns
                                                              : MatrixFragment::Layout::Any;
}

/// Fills in the positions: place(register, group, lane of the group, element) is {row, column}.
template <class Place>
MatrixFragment makeFragment(MatrixElement type, unsigned rows, unsigned columns, unsigned registerCount,
                            Place place) {
  MatrixFragment fragment;
  fragment.type = type;
  fragment.rows = rows;
  fragment.columns = columns;
  fragment.registerCount = registerCount;
  fragment.perRegister = 8 * registerBytes(type) / bitWidth(type);
  for (unsigned r = 0; r < registerCount; ++r)
    for (unsigned lane = 0; lane < kLanes; ++lane)
      for (unsigned i = 0; i < fragment.perRegister; ++i) {
        auto [row, column] = place(r, lane / kGroupLanes, lane % kGroupLanes, i);
        fragment.positions.push_back(uint16_t(row * columns + column));
      }
  fragment.layout = layoutOf(fragment);
  return fragment;
}

/// Registers of a lane for a matrix without duplicates.
unsigned registersFor(MatrixElement type, unsigned elements) {
  return elements * bitWidth(type) / (kLanes * 8 * registerBytes(type));
}

} // namespace

unsigned bitWidth(MatrixElement type) { return kElements[unsigned(type)].bits; }

unsigned registerBytes(MatrixElement type) { return type == MatrixElement::F64 ? 8 : 4; }

std::optional<MatrixElement> parseMatrixElement(std::string_view text) {
  for (unsigned i = 0; i < kElements.size(); ++i)
    if (text == kElements[i].name)
      return MatrixElement(i);
  return std::nullopt;
}

std::optional<MatrixShape> parseMatrixShape(std::string_view text) {
  MatrixShape shape;
  for (auto [letter, size] : {std::pair{'m', &shape.m}, std::pair{'n', &shape.n}, std::pair{'k', &shape.k}}) {
    if (!text.starts_with(letter))
      return std::nullopt;
    text.remove_prefix(1);
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *size);
    if (error != std::errc())
      return std::nullopt;
    text.remove_prefix(size_t(end - text.data()));
  }
  return text.empty() ? std::optional(shape) : std::nullopt;
}

MatrixFragment fragmentOfA(MatrixElement type, unsigned m, unsigned k) {
  unsigned perRegister = 8 * registerBytes(type) / bitWidth(type), rowBlocks = m / kGroups;
  return makeFragment(
      type, m, k, registersFor(type, m * k), [=](unsigned r, unsigned group, unsigned lane, unsigned i) {
        unsigned columnBlock = r / rowBlocks * kGroupLanes * perRegister;
        return std::pair(group + r % rowBlocks * kGroups, columnBlock + lane * perRegister + i);
      });
}

MatrixFragment fragmentOfB(MatrixElement type, unsigned k, unsigned n) {
  unsigned perRegister = 8 * registerBytes(type) / bitWidth(type);
  return makeFragment(type, k, n, registersFor(type, k * n),
                      [=](unsigned r, unsigned group, unsigned lane, unsigned i) {
                        return std::pair(r * kGroupLanes * perRegister + lane * perRegister + i, group);
                      });
}

/// Two neighbours of a row lie in one register (f16) or in two.
MatrixFragment accumulatorFragment(MatrixElement type, unsigned m, unsigned n) {
  unsigned perRegister = 8 * registerBytes(type) / bitWidth(type);
  return makeFragment(type, m, n, registersFor(type, m * n),
                      [=](unsigned r, unsigned group, unsigned lane, unsigned i) {
                        unsigned index = r * perRegister + i;
                        return std::pair(group + index / 2 * kGroups, 2 * lane + index % 2);
                      });
}

// PTX ISA: "Matrix Fragments for mma.m8n8k4 with .f16 floating point type". The upper lanes of a pair have
// the upper half of the rows of A, C and D and of the columns of B.
MatrixFragment quadPairFragmentOfA(bool isRowMajor) {
  return makeFragment(
      MatrixElement::F16, kQuadPairs * 8, 4, 2, [=](unsigned r, unsigned group, unsigned lane, unsigned i) {
        unsigned element = 2 * r + i, first = group % kQuadPairs * 8 + group / kQuadPairs * 4;
        return isRowMajor ? std::pair(first + lane, element) : std::pair(first + element, lane);
      });
}

MatrixFragment quadPairFragmentOfB(bool isRowMajor) {
  return makeFragment(
      MatrixElement::F16, kQuadPairs * 4, 8, 2, [=](unsigned r, unsigned group, unsigned lane, unsigned i) {
        unsigned element = 2 * r + i, pair = group % kQuadPairs * 4;
        unsigned first = group / kQuadPairs * 4;
        return isRowMajor ? std::pair(pair + lane, first + element) : std::pair(pair + element, first + lane);
      });
}

MatrixFragment quadPairAccumulatorFragment(MatrixElement type) {
  bool isHalf = type == MatrixElement::F16;
  return makeFragment(
      type, kQuadPairs * 8, 8, isHalf ? 4 : 8, [=](unsigned r, unsigned group, unsigned lane, unsigned i) {
        unsigned first = group % kQuadPairs * 8 + group / kQuadPairs * 4;
        return isHalf ? std::pair(first + lane, 2 * r + i)
                      : std::pair(first + (lane & 1) + (r & 2), (r & 4) + (lane & 2) + (r & 1));
      });
}

MatrixFragment openFragment(MatrixElement type, unsigned rows, unsigned columns, unsigned registerCount) {
  unsigned perRegister = 8 * registerBytes(type) / bitWidth(type);
  return makeFragment(
      type, rows, columns, registerCount, [=](unsigned r, unsigned group, unsigned lane, unsigned i) {
        unsigned place = ((r * perRegister + i) * kLanes + group * kGroupLanes + lane) % (rows * columns);
        return std::pair(place / columns, place % columns);
      });
}

/// A chunk of four units of a row has two that are stored, whose numbers are four bits of metadata. A unit is
/// an element; half of one in tf32, two in 4-bit types. Elements of at least 16 bits: a lane has 16 bits of
/// row g and 16 of row g + 8; smaller ones: 32 bits of one of these (PTX ISA: "Sparse matrix storage").
bool sparsePlaces(const MatrixProduct &product, const uint32_t *metadata,
                  uint8_t (&places)[kMostSparseElements], unsigned &lane) {
  unsigned bits = bitWidth(product.a.type), k = product.shape.k, stored = k / 2;
  unsigned unitsPerElement = bits == 32 ? 2 : 1, elementsPerUnit = bits == 4 ? 2 : 1;
  unsigned chunks = k * unitsPerElement / (4 * elementsPerUnit),
           wordsPerGroup = chunks * 4 * 16 / 32 / kGroups;
  unsigned chunksPerPiece = bits >= 16 ? 4 : 8;
  for (unsigned row = 0; row < product.shape.m; ++row)
    for (unsigned chunk = 0; chunk < chunks; ++chunk) {
      unsigned piece = chunk / chunksPerPiece, isLower = row / kGroups;
      unsigned word = bits >= 16 ? piece : 2 * piece + isLower;
      unsigned shift = 4 * (chunk % chunksPerPiece) + (bits >= 16 ? 16 * isLower : 0);
      lane = row % kGroups * kGroupLanes + (product.selector * wordsPerGroup + word) % kGroupLanes;
      unsigned first = metadata[lane] >> shift & 3, second = metadata[lane] >> (shift + 2) & 3;
      bool isLegal = product.isOrdered ? first < second : first != second;
      isLegal &= unitsPerElement == 1 || (first % 2 == 0 && second == first + 1);
      if (!isLegal)
        return false;
      uint8_t *out = &places[row * stored + chunk * 2 * elementsPerUnit / unitsPerElement];
      if (unitsPerElement == 2) {
        out[0] = uint8_t(chunk * 2 + first / 2);
        continue;
      }
      for (unsigned i = 0; i < elementsPerUnit; ++i) {
        out[i] = uint8_t((chunk * 4 + first) * elementsPerUnit + i);
        out[elementsPerUnit + i] = uint8_t((chunk * 4 + second) * elementsPerUnit + i);
      }
    }
  return true;
}

} // namespace winnow::ptxsim
