// The grid of blocks that a packed matrix is divided into.
#pragma once

#include "dialects/Winnow/WinnowTypes.h"

namespace winnow {

/// Of a matrix that is packed by blocks or by single entries; an entry is a block of 1x1.
struct BlockGrid {
  explicit BlockGrid(PackedType type) : type(type) {
    if (auto blocks = llvm::dyn_cast<BlocksAttr>(type.getStructure())) {
      hasBlocks = true;
      blockRows = blocks.getRows();
      blockColumns = blocks.getColumns();
    }
    rows = type.getRows() / blockRows;
    columns = type.getColumns() / blockColumns;
  }

  PackedType type;
  bool hasBlocks = false;
  int64_t blockRows = 1, blockColumns = 1; // the extents of a block
  int64_t rows, columns;                   // how many blocks there are
};

} // namespace winnow
