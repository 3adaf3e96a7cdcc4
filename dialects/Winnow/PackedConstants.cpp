// Packs and unpacks constant matrices at compile time.
#include "dialects/Winnow/PackedConstants.h"

#include "dialects/Winnow/BlockGrid.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/STLExtras.h"

#include <array>
#include <cstring>

using namespace mlir;
using namespace winnow;

namespace {

using Bits = SmallVector<uint32_t>;

/// The bytes of a constant as they lie in memory, and whether they are those of one repeated element.
struct RawElements {
  ArrayRef<char> bytes;
  bool isSplat = false;
};

std::optional<RawElements> rawElements(ElementsAttr constant) {
  if (auto dense = dyn_cast<DenseElementsAttr>(constant))
    return RawElements{dense.getRawData(), dense.isSplat()};
  auto resource = dyn_cast<DenseResourceElementsAttr>(constant);
  AsmResourceBlob *blob = resource ? resource.getRawHandle().getBlob() : nullptr;
  if (!blob)
    return std::nullopt;
  return RawElements{blob->getData(), false};
}

/// Where the entries of blocks are among the elements of a matrix.
struct ElementGrid : BlockGrid {
  using BlockGrid::BlockGrid;

  int64_t position(int64_t row, int64_t column, int64_t i, int64_t j) const {
    return (row * blockRows + i) * type.getColumns() + column * blockColumns + j;
  }

  /// Calls `visit` with the position of each entry of a block.
  void forEach(int64_t row, int64_t column, function_ref<void(int64_t)> visit) const {
    for (int64_t i = 0; i < blockRows; ++i)
      for (int64_t j = 0; j < blockColumns; ++j)
        visit(position(row, column, i, j));
  }

  bool isStored(ArrayRef<uint32_t> dense, int64_t row, int64_t column, Type element) const {
    bool found = false;
    forEach(row, column, [&](int64_t at) { found |= isNonZero(dense[at], element); });
    return found;
  }
};

/// The two places of a group of four that are kept, ascending.
std::array<uint32_t, 2> choosePair(ArrayRef<uint32_t> group, Type element) {
  std::array<uint32_t, 4> order{0, 1, 2, 3};
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return magnitudeOf(group[a], element) > magnitudeOf(group[b], element);
  });
  return {std::min(order[0], order[1]), std::max(order[0], order[1])};
}

SmallVector<Bits> packGroups(ArrayRef<uint32_t> dense, PackedType type) {
  int64_t rows = type.getRows(), columns = type.getColumns();
  Bits values(rows / 2 * columns), indices(llvm::divideCeilSigned(rows, 32) * columns);
  for (int64_t first = 0; first < rows; first += 4)
    for (int64_t column = 0; column < columns; ++column) {
      std::array<uint32_t, 4> group;
      for (int64_t i = 0; i < 4; ++i)
        group[i] = dense[(first + i) * columns + column];
      for (auto [slot, place] : llvm::enumerate(choosePair(group, type.getElementType()))) {
        int64_t stored = first / 2 + static_cast<int64_t>(slot);
        values[stored * columns + column] = group[place];
        indices[stored / 16 * columns + column] |= place << (2 * (stored % 16));
      }
    }
  return {values, indices};
}

/// The values, rows and columns of what is stored, and where each column of the grid begins.
struct Stored {
  Bits values, rows, columns, offsets;
};

Stored collectStored(ArrayRef<uint32_t> dense, PackedType type) {
  ElementGrid grid(type);
  Stored stored;
  int64_t capacity = type.getCapacity(), count = 0;
  stored.offsets.push_back(0);
  for (int64_t column = 0; column < grid.columns; ++column) {
    for (int64_t row = 0; row < grid.rows; ++row) {
      if (count == capacity || !grid.isStored(dense, row, column, type.getElementType()))
        continue;
      ++count;
      stored.rows.push_back(static_cast<uint32_t>(row));
      stored.columns.push_back(static_cast<uint32_t>(column));
      grid.forEach(row, column, [&](int64_t at) { stored.values.push_back(dense[at]); });
    }
    stored.offsets.push_back(static_cast<uint32_t>(count));
  }
  stored.values.resize(capacity * grid.blockRows * grid.blockColumns, 0);
  stored.rows.resize(capacity, 0);
  stored.columns.resize(capacity, static_cast<uint32_t>(grid.columns));
  return stored;
}

std::optional<Bits> unpackGroups(ArrayRef<Bits> parts, PackedType type) {
  int64_t columns = type.getColumns();
  Bits dense(type.getRows() * columns, 0);
  for (int64_t stored = 0; stored < type.getRows() / 2; ++stored)
    for (int64_t column = 0; column < columns; ++column) {
      uint32_t place = parts[1][stored / 16 * columns + column] >> (2 * (stored % 16)) & 3;
      dense[(stored / 2 * 4 + place) * columns + column] = parts[0][stored * columns + column];
    }
  return dense;
}

/// Puts the stored block or entry `index` at its place; false if it has none.
bool place(const ElementGrid &grid, ArrayRef<uint32_t> values, int64_t index, uint32_t row, int64_t column,
           Bits &dense) {
  if (row >= grid.rows || column >= grid.columns)
    return false;
  const uint32_t *next = values.data() + index * grid.blockRows * grid.blockColumns;
  grid.forEach(row, column, [&](int64_t at) { dense[at] = *next++; });
  return true;
}

std::optional<Bits> unpackBlocks(ArrayRef<Bits> parts, PackedType type) {
  ElementGrid grid(type);
  Bits dense(type.getRows() * type.getColumns(), 0);
  for (int64_t column = 0; column < grid.columns; ++column) {
    if (parts[2][column] > parts[2][column + 1] || parts[2][column + 1] > type.getCapacity())
      return std::nullopt;
    for (int64_t index = parts[2][column]; index < parts[2][column + 1]; ++index)
      if (!place(grid, parts[0], index, parts[1][index], column, dense))
        return std::nullopt;
  }
  return dense;
}

std::optional<Bits> unpackEntries(ArrayRef<Bits> parts, PackedType type) {
  ElementGrid grid(type);
  Bits dense(type.getRows() * type.getColumns(), 0);
  for (int64_t index = 0; index < type.getCapacity(); ++index) {
    if (parts[2][index] == type.getColumns())
      break;
    if (!place(grid, parts[0], index, parts[1][index], parts[2][index], dense))
      return std::nullopt;
  }
  return dense;
}

} // namespace

std::optional<Bits> winnow::readBits(ElementsAttr constant) {
  std::optional<RawElements> raw = rawElements(constant);
  int64_t width = constant.getShapedType().getElementTypeBitWidth();
  if (!raw || (width != 8 && width != 16 && width != 32))
    return std::nullopt;
  int64_t size = width / 8, count = constant.getNumElements();
  if (static_cast<int64_t>(raw->bytes.size()) != (raw->isSplat ? 1 : count) * size)
    return std::nullopt;
  Bits bits(count, 0);
  // Both hosts that winnow runs on are little-endian: the low bytes come first.
  for (int64_t index = 0; index < count; ++index)
    std::memcpy(&bits[index], raw->bytes.data() + (raw->isSplat ? 0 : index * size), size);
  return bits;
}

DenseElementsAttr winnow::writeBits(RankedTensorType type, ArrayRef<uint32_t> bits) {
  int64_t size = type.getElementTypeBitWidth() / 8;
  SmallVector<char> bytes(bits.size() * size);
  for (auto [index, element] : llvm::enumerate(bits))
    std::memcpy(bytes.data() + index * size, &element, size);
  return DenseElementsAttr::getFromRawBuffer(type, bytes);
}

uint32_t winnow::magnitudeOf(uint32_t bits, Type elementType) {
  if (elementType.isInteger())
    return static_cast<uint32_t>(std::abs(static_cast<int32_t>(static_cast<int8_t>(bits))));
  return bits & ((uint32_t(1) << (elementType.getIntOrFloatBitWidth() - 1)) - 1);
}

bool winnow::isNonZero(uint32_t bits, Type elementType) { return magnitudeOf(bits, elementType) != 0; }

SmallVector<DenseElementsAttr> winnow::packConstant(ArrayRef<uint32_t> dense, PackedType type) {
  SmallVector<Bits> parts;
  if (isa<NMAttr>(type.getStructure())) {
    parts = packGroups(dense, type);
  } else {
    Stored stored = collectStored(dense, type);
    bool isBlocks = isa<BlocksAttr>(type.getStructure());
    parts = {stored.values, stored.rows, isBlocks ? stored.offsets : stored.columns};
  }
  SmallVector<DenseElementsAttr> constants;
  for (auto [part, partType] : llvm::zip_equal(parts, type.getPartTypes()))
    constants.push_back(writeBits(cast<RankedTensorType>(partType), part));
  return constants;
}

std::optional<Bits> winnow::unpackConstant(ArrayRef<ElementsAttr> constants, PackedType type) {
  SmallVector<Bits> parts;
  for (ElementsAttr constant : constants) {
    std::optional<Bits> bits = readBits(constant);
    if (!bits)
      return std::nullopt;
    parts.push_back(std::move(*bits));
  }
  if (isa<NMAttr>(type.getStructure()))
    return unpackGroups(parts, type);
  return isa<BlocksAttr>(type.getStructure()) ? unpackBlocks(parts, type) : unpackEntries(parts, type);
}

int64_t winnow::countStored(ArrayRef<uint32_t> dense, PackedType type) {
  ElementGrid grid(type);
  int64_t count = 0;
  for (int64_t column = 0; column < grid.columns; ++column)
    for (int64_t row = 0; row < grid.rows; ++row)
      count += grid.isStored(dense, row, column, type.getElementType());
  return count;
}
