// Kernels over weights of the structure 2:4. A product reads the places of the stored entries from their
// words and the matching entries of x by index: half the multiply-adds of the dense product.
#include "passes/Expand/KernelBody.h"
#include "passes/Expand/PackedKernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <array>

using namespace mlir;
using namespace winnow;

namespace {

// A word holds the places of this many stored entries, two bits each.
constexpr int64_t kPlacesPerWord = 16;

SmallVector<OpFoldResult> sizesOf(OpBuilder &builder, ArrayRef<int64_t> sizes) {
  return getAsIndexOpFoldResult(builder.getContext(), sizes);
}

/// The place in its group of the stored entry `stored` of a column.
Value readPlace(KernelBody &body, Value words, Value stored, Value column) {
  Value word = body.entry(words, {body.quotient(stored, kPlacesPerWord), column});
  Value shift = body.toInteger(body.multiplyAdd(body.remainder(stored, kPlacesPerWord), 2, body.index(0)));
  Value shifted = arith::ShRUIOp::create(body.builder, body.loc, word, shift);
  return arith::AndIOp::create(body.builder, body.loc, shifted, body.integer(3));
}

/// The row of the dense matrix that the stored entry at `place` of its group comes from.
Value denseRow(KernelBody &body, Value stored, Value place) {
  return body.multiplyAdd(body.quotient(stored, 2), 4, place);
}

/// Which entries of a group of four are kept: those that fewer than two others come before.
std::array<Value, 4> findKept(KernelBody &body, ArrayRef<Value> magnitudes) {
  std::array<Value, 4> before;
  before.fill(body.integer(0));
  Type i32 = body.builder.getI32Type();
  for (int64_t low = 0; low < 4; ++low)
    for (int64_t high = low + 1; high < 4; ++high) {
      // Of equal ones the lower index comes first.
      Value isHighFirst = body.isLess(magnitudes[low], magnitudes[high]);
      Value step = arith::ExtUIOp::create(body.builder, body.loc, i32, isHighFirst);
      before[low] = body.add(before[low], step);
      before[high] = body.add(before[high], body.subtract(body.integer(1), step));
    }
  std::array<Value, 4> kept;
  for (int64_t place = 0; place < 4; ++place)
    kept[place] = body.isLess(before[place], body.integer(2));
  return kept;
}

/// The place of the kept entry with this slot, 0 or 1, in the group that begins at `row`.
Value choosePlace(KernelBody &body, Value dense, Value row, Value column, Value slot) {
  SmallVector<Value> magnitudes;
  for (int64_t place = 0; place < 4; ++place)
    magnitudes.push_back(body.magnitude(body.entry(dense, {body.add(row, body.index(place)), column})));
  std::array<Value, 4> kept = findKept(body, magnitudes);
  // Two are kept, so the first is at most the third and the last at least the second.
  Value first = body.select(kept[0], body.integer(0), body.select(kept[1], body.integer(1), body.integer(2)));
  Value last = body.select(kept[3], body.integer(3), body.select(kept[2], body.integer(2), body.integer(1)));
  return body.select(body.isEqual(slot, body.index(0)), first, last);
}

} // namespace

SmallVector<Value> winnow::compressGroups(OpBuilder &builder, Location loc, Value dense, PackedType type) {
  int64_t stored = type.getRows() / 2, columns = type.getColumns();
  Type i32 = builder.getI32Type();
  Value places =
      createTensor(builder, loc, sizesOf(builder, {stored, columns}), i32, [&](KernelBody &body) -> Value {
        Value group = denseRow(body, body.loop(0), body.index(0));
        return choosePlace(body, dense, group, body.loop(1), body.remainder(body.loop(0), 2));
      });
  Value values = createTensor(builder, loc, sizesOf(builder, {stored, columns}), type.getElementType(),
                              [&](KernelBody &body) {
                                Value place = body.toIndex(body.entry(places, {body.loop(0), body.loop(1)}));
                                return body.entry(dense, {denseRow(body, body.loop(0), place), body.loop(1)});
                              });
  auto wordsType = cast<RankedTensorType>(type.getPartTypes()[1]);
  Value words =
      createTensor(builder, loc, sizesOf(builder, wordsType.getShape()), i32, [&](KernelBody &body) -> Value {
        Value column = body.loop(1);
        Value begin = body.multiplyAdd(body.loop(0), kPlacesPerWord, body.index(0));
        Value end = body.add(begin, body.index(kPlacesPerWord));
        Value limit = body.index(stored);
        end = body.select(body.isLess(end, limit), end, limit);
        return body.accumulate(begin, end, body.integer(0), [&](KernelBody &in, Value entry, Value word) {
          Value place = in.entry(places, {entry, column});
          Value shift = in.toInteger(in.multiplyAdd(in.subtract(entry, begin), 2, in.index(0)));
          Value shifted = arith::ShLIOp::create(in.builder, in.loc, place, shift);
          return arith::OrIOp::create(in.builder, in.loc, word, shifted).getResult();
        });
      });
  return {values, words};
}

Value winnow::expandGroups(OpBuilder &builder, Location loc, ValueRange parts, PackedType type) {
  Value values = parts[0], words = parts[1];
  return createTensor(builder, loc, sizesOf(builder, {type.getRows(), type.getColumns()}),
                      type.getElementType(), [&](KernelBody &body) -> Value {
                        Value row = body.loop(0), column = body.loop(1);
                        Value mine = body.toInteger(body.remainder(row, 4));
                        Value element = body.zero(type.getElementType());
                        for (int64_t slot = 0; slot < 2; ++slot) {
                          Value stored = body.multiplyAdd(body.quotient(row, 4), 2, body.index(slot));
                          Value isHere = body.isEqual(readPlace(body, words, stored, column), mine);
                          element = body.select(isHere, body.entry(values, {stored, column}), element);
                        }
                        return element;
                      });
}

Value winnow::multiplyGroups(OpBuilder &builder, Location loc, Value x, ValueRange parts, PackedType type,
                             Type result) {
  Value values = parts[0], words = parts[1];
  Type accumulator = accumulatorOf(type.getElementType());
  SmallVector<OpFoldResult> sizes{tensor::getMixedSize(builder, loc, x, 0),
                                  builder.getIndexAttr(type.getColumns())};
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, accumulator);
  Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(accumulator));
  Value init = linalg::FillOp::create(builder, loc, zero, empty).getResult(0);
  auto map = [&](ArrayRef<unsigned> dimensions) {
    return AffineMap::getMultiDimMapWithTargets(3, dimensions, builder.getContext());
  };
  // Loops: row, column, stored entry.
  auto multiply = [&](OpBuilder &nested, Location at, ValueRange arguments) {
    KernelBody body(nested, at);
    Value stored = body.loop(2);
    Value place = body.toIndex(readPlace(body, words, stored, body.loop(1)));
    Value entry = body.entry(x, {body.loop(0), denseRow(body, stored, place)});
    linalg::YieldOp::create(nested, at, body.multiplyAccumulate(entry, arguments[0], arguments[1]));
  };
  Value sums = linalg::GenericOp::create(
                   builder, loc, init.getType(), values, init, ArrayRef<AffineMap>{map({2, 1}), map({0, 1})},
                   ArrayRef<utils::IteratorType>{utils::IteratorType::parallel, utils::IteratorType::parallel,
                                                 utils::IteratorType::reduction},
                   multiply)
                   .getResult(0);
  return roundSums(builder, loc, sums, result);
}
