// How products and convolutions on selections are split into tiles: each tile is a dense linalg.generic over
// the active inputs of one row, with weights read through the selections' indices.
#include "dialects/Winnow/Tiling.h"

#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/ResultTiling.h"
#include "dialects/Winnow/WinnowOps.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace winnow;

namespace {

/// One tile of a contraction: what to read and the loops that read it.
struct ContractionTile {
  Value x;        // the tile's window of the active inputs
  AffineMap xMap; // over all loops
  Value weights;  // whole
  SmallVector<OpFoldResult>
      kernel; // extents of the weights' loops beside input and output: kernel height, width
  Value inputIndices, outputIndices, outputCounts; // rows of the tile, or null
  int64_t outputDimension, inputDimension;         // of the weights
};

/// The sizes of `value`'s dimension `dimension` from `offset`, as a slice of extent `size` (all others
/// whole).
struct Slice {
  SmallVector<OpFoldResult> offsets, sizes, strides;
};

Slice wholeSlice(OpBuilder &builder, Location loc, Value tensor) {
  Slice slice;
  slice.sizes = tensor::getMixedSizes(builder, loc, tensor);
  slice.offsets.assign(slice.sizes.size(), builder.getIndexAttr(0));
  slice.strides.assign(slice.sizes.size(), builder.getIndexAttr(1));
  return slice;
}

Value extract(OpBuilder &builder, Location loc, Value tensor, const Slice &slice) {
  return tensor::ExtractSliceOp::create(builder, loc, tensor, slice.offsets, slice.sizes, slice.strides);
}

Value countOf(OpBuilder &builder, Location loc, Value selection, OpFoldResult row) {
  Value counts = builder.createOrFold<SelectionCountsOp>(loc, selection);
  Value count =
      tensor::ExtractOp::create(builder, loc, counts, getValueOrCreateConstantIndexOp(builder, loc, row));
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(), count);
}

/// How many inputs a tile reads: the row's active ones, or none when the tile begins behind the active
/// outputs.
OpFoldResult activeInputs(OpBuilder &builder, Location loc, Value x, Value inputs, Value outputs,
                          OpFoldResult row, OpFoldResult firstOutput) {
  OpFoldResult extent = tensor::getMixedSize(builder, loc, x, 1);
  if (inputs) {
    extent = countOf(builder, loc, inputs, row);
  }
  if (!outputs) {
    return extent;
  }
  Value first = getValueOrCreateConstantIndexOp(builder, loc, firstOutput);
  Value isActive = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, first,
                                         countOf(builder, loc, outputs, row));
  Value none = arith::ConstantIndexOp::create(builder, loc, 0);
  Value all = getValueOrCreateConstantIndexOp(builder, loc, extent);
  return arith::SelectOp::create(builder, loc, isActive, all, none).getResult();
}

/// The rows and columns of a selection's indices that a tile needs.
Value sliceIndices(OpBuilder &builder, Location loc, Value selection, OpFoldResult row, OpFoldResult first,
                   OpFoldResult size) {
  Value indices = builder.createOrFold<SelectionIndicesOp>(loc, selection);
  Slice slice = wholeSlice(builder, loc, indices);
  slice.offsets = {row, first};
  slice.sizes = {builder.getIndexAttr(1), size};
  return extract(builder, loc, indices, slice);
}

Value toIndex(OpBuilder &builder, Location loc, Value index32) {
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(), index32);
}

/// acc + x * w in the accumulator's type: i32 for i8, f32 for every float.
Value multiplyAdd(OpBuilder &builder, Location loc, Value x, Value weight, Value accumulator) {
  Type type = accumulator.getType();
  if (type.isInteger()) {
    x = arith::ExtSIOp::create(builder, loc, type, x);
    weight = arith::ExtSIOp::create(builder, loc, type, weight);
    return arith::AddIOp::create(builder, loc, accumulator, arith::MulIOp::create(builder, loc, x, weight));
  }
  if (x.getType() != type) {
    x = arith::ExtFOp::create(builder, loc, type, x);
    weight = arith::ExtFOp::create(builder, loc, type, weight);
  }
  return arith::AddFOp::create(builder, loc, accumulator, arith::MulFOp::create(builder, loc, x, weight));
}

/// The weights of one output and one input, for linalg.index values `place` of the kernel's loops.
Value readWeight(OpBuilder &builder, Location loc, const ContractionTile &tile, Value output, Value input,
                 ValueRange place) {
  SmallVector<Value> indices(2 + place.size());
  indices[tile.outputDimension] = output;
  indices[tile.inputDimension] = input;
  llvm::copy(place, indices.begin() + 2);
  return tensor::ExtractOp::create(builder, loc, tile.weights, indices);
}

/// The weights of output 0 and input 0: an operand that nothing reads, for the extents of the kernel's loops.
Value sliceWindow(OpBuilder &builder, Location loc, const ContractionTile &tile) {
  Slice slice = wholeSlice(builder, loc, tile.weights);
  slice.sizes[tile.outputDimension] = slice.sizes[tile.inputDimension] = builder.getIndexAttr(1);
  auto weights = cast<RankedTensorType>(tile.weights.getType());
  auto type = RankedTensorType::get(weights.getShape().drop_front(2), weights.getElementType());
  return tensor::ExtractSliceOp::create(builder, loc, type, tile.weights, slice.offsets, slice.sizes,
                                        slice.strides);
}

/// The accumulated tile. Loops: row, output, the result's other dimensions, input, the kernel's dimensions.
Value accumulate(OpBuilder &builder, Location loc, const ContractionTile &tile, ArrayRef<OpFoldResult> sizes,
                 OpFoldResult firstOutput, Type resultType) {
  unsigned rank = sizes.size(), loops = rank + 1 + tile.kernel.size();
  Type accumulator = resultType.isInteger() ? resultType : builder.getF32Type();
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, accumulator);
  Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(accumulator));
  Value init = linalg::FillOp::create(builder, loc, zero, empty).getResult(0);

  auto map = [&](ArrayRef<unsigned> dimensions) {
    return AffineMap::getMultiDimMapWithTargets(loops, dimensions, builder.getContext());
  };
  SmallVector<Value> inputs{tile.x};
  SmallVector<AffineMap> maps{tile.xMap};
  auto add = [&](Value value, ArrayRef<unsigned> dimensions) {
    inputs.push_back(value);
    maps.push_back(map(dimensions));
    return inputs.size() - 1;
  };
  size_t inputAt = tile.inputIndices ? add(tile.inputIndices, {0, rank}) : 0;
  size_t outputAt = tile.outputIndices ? add(tile.outputIndices, {0, 1}) : 0;
  size_t countAt = tile.outputCounts ? add(tile.outputCounts, {0}) : 0;
  SmallVector<unsigned> window;
  for (unsigned dimension = 0; dimension < tile.kernel.size(); ++dimension) {
    window.push_back(rank + 1 + dimension);
  }
  if (!window.empty()) {
    add(sliceWindow(builder, loc, tile), window);
  }
  maps.push_back(AffineMap::getMultiDimIdentityMap(loops, builder.getContext()).getMajorSubMap(rank));
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  iterators.append(loops - rank, utils::IteratorType::reduction);

  Value first = getValueOrCreateConstantIndexOp(builder, loc, firstOutput);
  auto body = [&](OpBuilder &b, Location at, ValueRange arguments) {
    Value output = arith::AddIOp::create(b, at, linalg::IndexOp::create(b, at, 1), first);
    if (tile.outputIndices) {
      // Behind the count the index is not to be trusted; what is computed there is not read.
      Value isCounted =
          arith::CmpIOp::create(b, at, arith::CmpIPredicate::slt, output, toIndex(b, at, arguments[countAt]));
      Value any = arith::ConstantIntOp::create(b, at, 0, 32);
      output = toIndex(b, at, arith::SelectOp::create(b, at, isCounted, arguments[outputAt], any));
    }
    Value input = tile.inputIndices ? toIndex(b, at, arguments[inputAt])
                                    : linalg::IndexOp::create(b, at, rank).getResult();
    SmallVector<Value> place;
    for (unsigned loop : window) {
      place.push_back(linalg::IndexOp::create(b, at, loop));
    }
    Value weight = readWeight(b, at, tile, output, input, place);
    linalg::YieldOp::create(b, at, multiplyAdd(b, at, arguments[0], weight, arguments.back()));
  };
  Value sum = linalg::GenericOp::create(builder, loc, init.getType(), inputs, init, maps, iterators, body)
                  .getResult(0);
  if (accumulator == resultType) {
    return sum;
  }
  Value rounded = tensor::EmptyOp::create(builder, loc, sizes, resultType);
  AffineMap identity = builder.getMultiDimIdentityMap(rank);
  SmallVector<utils::IteratorType> parallel(rank, utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             builder, loc, rounded.getType(), sum, rounded, ArrayRef<AffineMap>{identity, identity}, parallel,
             [&](OpBuilder &b, Location at, ValueRange arguments) {
               linalg::YieldOp::create(b, at,
                                       arith::TruncFOp::create(b, at, resultType, arguments[0]).getResult());
             })
      .getResult(0);
}

/// (size - 1) * stride + (kernel - 1) * dilation + 1: the extent of x that a window of results reads.
OpFoldResult windowExtent(OpBuilder &builder, Location loc, OpFoldResult size, int64_t stride,
                          int64_t dilation, OpFoldResult kernel) {
  AffineExpr s = builder.getAffineSymbolExpr(0), k = builder.getAffineSymbolExpr(1);
  return affine::makeComposedFoldedAffineApply(builder, loc, (s - 1) * stride + (k - 1) * dilation + 1,
                                               {size, kernel});
}

/// Where the tile begins in x, and what it reads there: all of the kernel's reach, for convolutions.
void describe(OpBuilder &builder, Conv2DOp op, ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes,
              Slice &window, ContractionTile &tile) {
  AffineExpr s = builder.getAffineSymbolExpr(0);
  unsigned loops = 7;
  SmallVector<AffineExpr> reads{builder.getAffineDimExpr(0), builder.getAffineDimExpr(4)};
  for (int64_t dimension : {2, 3}) {
    int64_t stride = op.getStrides()[dimension - 2], dilation = op.getDilations()[dimension - 2];
    OpFoldResult kernel = tensor::getMixedSize(builder, op.getLoc(), op.getWeights(), dimension);
    tile.kernel.push_back(kernel);
    window.offsets[dimension] =
        affine::makeComposedFoldedAffineApply(builder, op.getLoc(), s * stride, {offsets[dimension]});
    window.sizes[dimension] = windowExtent(builder, op.getLoc(), sizes[dimension], stride, dilation, kernel);
    reads.push_back(builder.getAffineDimExpr(dimension) * stride +
                    builder.getAffineDimExpr(dimension + 3) * dilation);
  }
  tile.xMap = AffineMap::get(loops, 0, reads, builder.getContext());
  tile.outputDimension = 0;
  tile.inputDimension = 1;
}

void describe(OpBuilder &builder, MatmulOp, ArrayRef<OpFoldResult>, ArrayRef<OpFoldResult>, Slice &,
              ContractionTile &tile) {
  tile.xMap = AffineMap::getMultiDimMapWithTargets(3, {0, 2}, builder.getContext());
  tile.outputDimension = 1;
  tile.inputDimension = 0;
}

template <typename Op> struct ContractionTiling : ResultTiling<ContractionTiling<Op>, Op> {
  FailureOr<TilingResult> getTiledImplementation(Operation *operation, OpBuilder &builder,
                                                 ArrayRef<OpFoldResult> offsets,
                                                 ArrayRef<OpFoldResult> sizes) const {
    auto op = cast<Op>(operation);
    Location loc = op.getLoc();
    Value inputs = op.getInputs(), outputs = op.getOutputs();
    if ((inputs || outputs) && getConstantIntValue(sizes[0]) != 1) {
      return op.emitOpError("has a selection, so a tile must have one row");
    }
    OpFoldResult extent = activeInputs(builder, loc, op.getX(), inputs, outputs, offsets[0], offsets[1]);
    ContractionTile tile;
    Slice window = wholeSlice(builder, loc, op.getX());
    window.offsets[0] = offsets[0];
    window.sizes[0] = sizes[0];
    window.sizes[1] = extent;
    describe(builder, op, offsets, sizes, window, tile);
    tile.x = extract(builder, loc, op.getX(), window);
    tile.weights = op.getWeights();
    if (inputs) {
      tile.inputIndices = sliceIndices(builder, loc, inputs, offsets[0], builder.getIndexAttr(0), extent);
    }
    if (outputs) {
      tile.outputIndices = sliceIndices(builder, loc, outputs, offsets[0], offsets[1], sizes[1]);
      Value counts = builder.createOrFold<SelectionCountsOp>(loc, outputs);
      Slice row = wholeSlice(builder, loc, counts);
      row.offsets[0] = offsets[0];
      row.sizes[0] = sizes[0];
      tile.outputCounts = extract(builder, loc, counts, row);
    }
    Type element = cast<RankedTensorType>(op.getType()).getElementType();
    Value result = accumulate(builder, loc, tile, sizes, offsets[1], element);
    return TilingResult{{result.getDefiningOp()}, {result}, {tile.x.getDefiningOp()}};
  }
};

} // namespace

void winnow::registerTilingInterfaceModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, WinnowDialect *) {
    MatmulOp::attachInterface<ContractionTiling<MatmulOp>>(*context);
    Conv2DOp::attachInterface<ContractionTiling<Conv2DOp>>(*context);
    context->loadDialect<affine::AffineDialect, arith::ArithDialect, linalg::LinalgDialect,
                         tensor::TensorDialect>();
  });
}
