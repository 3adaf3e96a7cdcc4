// Kernels over weights of which whole blocks, or single entries, are stored. An entry is a block of one. The
// blocks of a column follow each other, so that a column's product reads these and no others.
#include "passes/Expand/KernelBody.h"
#include "passes/Expand/PackedKernels.h"

#include "dialects/Winnow/BlockGrid.h"
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace winnow;

namespace {

/// A grid whose parts are there.
struct StoredGrid : BlockGrid {
  StoredGrid(PackedType type, ValueRange parts) : BlockGrid(type), parts(parts) {}

  ValueRange parts;

  /// Entry (i, j) of the stored block `index`.
  Value value(KernelBody &body, Value index, Value i, Value j) const {
    return hasBlocks ? body.entry(parts[0], {index, i, j}) : body.entry(parts[0], index);
  }

  Value rowOf(KernelBody &body, Value index) const { return body.toIndex(body.entry(parts[1], index)); }

  /// Which of the stored blocks are those of a column: from the first up to the second.
  std::pair<Value, Value> rangeOf(KernelBody &body, Value column) const {
    Value next = body.add(column, body.index(1));
    if (hasBlocks)
      return {body.toIndex(body.entry(parts[2], column)), body.toIndex(body.entry(parts[2], next))};
    auto firstFrom = [&](Value bound) {
      Value limit = body.toInteger(bound);
      return body.bisect(type.getCapacity(), [&](KernelBody &inside, Value index) {
        return inside.isLess(inside.entry(parts[2], index), limit);
      });
    };
    return {firstFrom(column), firstFrom(next)};
  }
};

/// Which blocks have an entry other than zero: [columns, rows] of the grid.
Value findStored(OpBuilder &builder, Location loc, Value dense, const BlockGrid &grid) {
  SmallVector<OpFoldResult> sizes = getAsIndexOpFoldResult(builder.getContext(), {grid.columns, grid.rows});
  return createTensor(builder, loc, sizes, builder.getI1Type(), [&](KernelBody &body) -> Value {
    Value first = body.multiplyAdd(body.loop(1), grid.blockRows, body.index(0));
    Value left = body.multiplyAdd(body.loop(0), grid.blockColumns, body.index(0));
    Value bits =
        body.accumulate(body.index(0), body.index(grid.blockRows), body.integer(0),
                        [&](KernelBody &rows, Value i, Value outer) {
                          return rows.accumulate(
                              rows.index(0), rows.index(grid.blockColumns), outer,
                              [&](KernelBody &in, Value j, Value found) -> Value {
                                Value element = in.entry(dense, {in.add(first, i), in.add(left, j)});
                                return arith::OrIOp::create(in.builder, in.loc, found, in.magnitude(element));
                              });
                        });
    return arith::CmpIOp::create(body.builder, body.loc, arith::CmpIPredicate::ne, bits, body.integer(0));
  });
}

/// Where the blocks of each column begin among all, and their number; what has no room is not counted.
Value buildOffsets(OpBuilder &builder, Location loc, Value counts, const BlockGrid &grid) {
  return createTensor(builder, loc, OpFoldResult(builder.getIndexAttr(grid.columns + 1)),
                      builder.getI32Type(), [&](KernelBody &body) -> Value {
                        Value sum = body.accumulate(body.index(0), body.loop(0), body.integer(0),
                                                    [&](KernelBody &in, Value column, Value before) {
                                                      return in.add(before, in.entry(counts, column));
                                                    });
                        return arith::MinSIOp::create(body.builder, body.loc, sum,
                                                      body.integer(grid.type.getCapacity()));
                      });
}

/// The column of the grid that each stored block stands in; the number of columns where none is.
Value buildColumns(OpBuilder &builder, Location loc, Value offsets, const BlockGrid &grid) {
  return createTensor(
      builder, loc, OpFoldResult(builder.getIndexAttr(grid.type.getCapacity())), builder.getI32Type(),
      [&](KernelBody &body) {
        Value index = body.toInteger(body.loop(0));
        // The columns that end at or before it.
        return body.toInteger(body.bisect(grid.columns, [&](KernelBody &in, Value column) -> Value {
          Value end = in.entry(offsets, in.add(column, in.index(1)));
          return arith::CmpIOp::create(in.builder, in.loc, arith::CmpIPredicate::sle, end, index);
        }));
      });
}

/// The row of the grid that each stored block stands in, of those that each column's are.
Value buildRows(OpBuilder &builder, Location loc, Value rows, Value offsets, Value columns,
                const BlockGrid &grid) {
  return createTensor(builder, loc, OpFoldResult(builder.getIndexAttr(grid.type.getCapacity())),
                      builder.getI32Type(), [&](KernelBody &body) {
                        Value index = body.loop(0);
                        Value column = body.toIndex(body.entry(columns, index));
                        return body.entryIf(body.isLess(column, body.index(grid.columns)), rows,
                                            [&](KernelBody &in) -> SmallVector<Value> {
                                              Value begin = in.toIndex(in.entry(offsets, column));
                                              return {column, in.subtract(index, begin)};
                                            });
                      });
}

Value buildValues(OpBuilder &builder, Location loc, Value dense, Value rows, Value columns,
                  const BlockGrid &grid) {
  auto type = cast<RankedTensorType>(grid.type.getPartTypes()[0]);
  SmallVector<OpFoldResult> sizes = getAsIndexOpFoldResult(builder.getContext(), type.getShape());
  return createTensor(builder, loc, sizes, type.getElementType(), [&](KernelBody &body) {
    Value index = body.loop(0);
    Value i = grid.hasBlocks ? body.loop(1) : body.index(0);
    Value j = grid.hasBlocks ? body.loop(2) : body.index(0);
    Value column = body.toIndex(body.entry(columns, index));
    return body.entryIf(
        body.isLess(column, body.index(grid.columns)), dense, [&](KernelBody &in) -> SmallVector<Value> {
          Value row = in.toIndex(in.entry(rows, index));
          return {in.multiplyAdd(row, grid.blockRows, i), in.multiplyAdd(column, grid.blockColumns, j)};
        });
  });
}

} // namespace

SmallVector<Value> winnow::compressGrid(OpBuilder &builder, Location loc, Value dense, PackedType type) {
  BlockGrid grid(type);
  Type i32 = builder.getI32Type();
  // The rows that are stored of each column are what a selection of them would list.
  auto rowsOfColumns =
      SelectionEnumerateOp::create(builder, loc,
                                   TypeRange{RankedTensorType::get({grid.columns, grid.rows}, i32),
                                             RankedTensorType::get({grid.columns}, i32)},
                                   findStored(builder, loc, dense, grid));
  Value offsets = buildOffsets(builder, loc, rowsOfColumns.getCounts(), grid);
  Value columns = buildColumns(builder, loc, offsets, grid);
  Value rows = buildRows(builder, loc, rowsOfColumns.getIndices(), offsets, columns, grid);
  Value values = buildValues(builder, loc, dense, rows, columns, grid);
  return {values, rows, grid.hasBlocks ? offsets : columns};
}

Value winnow::expandGrid(OpBuilder &builder, Location loc, ValueRange parts, PackedType type) {
  StoredGrid grid(type, parts);
  SmallVector<OpFoldResult> sizes =
      getAsIndexOpFoldResult(builder.getContext(), {type.getRows(), type.getColumns()});
  return createTensor(builder, loc, sizes, type.getElementType(), [&](KernelBody &body) {
    Value row = body.quotient(body.loop(0), grid.blockRows), i = body.remainder(body.loop(0), grid.blockRows);
    Value column = body.quotient(body.loop(1), grid.blockColumns),
          j = body.remainder(body.loop(1), grid.blockColumns);
    auto [begin, end] = grid.rangeOf(body, column);
    return body.accumulate(begin, end, body.zero(type.getElementType()),
                           [&](KernelBody &in, Value index, Value found) {
                             Value isHere = in.isEqual(grid.rowOf(in, index), row);
                             return in.select(isHere, grid.value(in, index, i, j), found);
                           });
  });
}

Value winnow::multiplyGrid(OpBuilder &builder, Location loc, Value x, ValueRange parts, PackedType type,
                           Type result) {
  StoredGrid grid(type, parts);
  Type accumulator = accumulatorOf(type.getElementType());
  // The columns of a block are a dimension of their own: they read the same blocks and the same entries of x.
  SmallVector<OpFoldResult> sizes{tensor::getMixedSize(builder, loc, x, 0),
                                  builder.getIndexAttr(grid.columns)};
  if (grid.hasBlocks)
    sizes.push_back(builder.getIndexAttr(grid.blockColumns));
  Value sums = createTensor(builder, loc, sizes, accumulator, [&](KernelBody &body) {
    Value row = body.loop(0), j = grid.hasBlocks ? body.loop(2) : body.index(0);
    auto [begin, end] = grid.rangeOf(body, body.loop(1));
    return body.accumulate(
        begin, end, body.zero(accumulator), [&](KernelBody &each, Value index, Value outer) {
          Value first = each.multiplyAdd(grid.rowOf(each, index), grid.blockRows, each.index(0));
          return each.accumulate(each.index(0), each.index(grid.blockRows), outer,
                                 [&](KernelBody &in, Value i, Value sum) {
                                   Value entry = in.entry(x, {row, in.add(first, i)});
                                   return in.multiplyAccumulate(entry, grid.value(in, index, i, j), sum);
                                 });
        });
  });
  Value rounded = roundSums(builder, loc, sums, result);
  if (!grid.hasBlocks)
    return rounded;
  return tensor::CollapseShapeOp::create(builder, loc, rounded,
                                         SmallVector<ReassociationIndices>{{0}, {1, 2}});
}
