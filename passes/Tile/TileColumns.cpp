// Tiles the kernels that make the columns of a mask: the offsets, and the members from each offset on.
#include "passes/Tile/HandTiled.h"

#include "passes/Dispatch/Passes.h"
#include "passes/Expand/BuildGeneric.h"
#include "passes/Tile/ListEntries.h"
#include "passes/Tile/Passes.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"

namespace winnow {

using namespace mlir;

namespace {

Value add(OpBuilder &builder, Location loc, Value a, Value b) {
  return arith::AddIOp::create(builder, loc, a, b);
}

/// Fills `offsets` with the sums of the counts before each place.
Value accumulateCounts(OpBuilder &builder, Location loc, Value counts, Value offsets) {
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  Value groups = tensor::DimOp::create(builder, loc, counts, 0);
  Value none = arith::ConstantIntOp::create(builder, loc, 0, 32);
  Value started = tensor::InsertOp::create(builder, loc, none, offsets, zero);
  auto loop = scf::ForOp::create(builder, loc, zero, groups, one, ValueRange{started, none},
                                 [&](OpBuilder &body, Location at, Value group, ValueRange state) {
                                   Value count = tensor::ExtractOp::create(body, at, counts, group);
                                   Value sum = add(body, at, state[1], count);
                                   Value stored = tensor::InsertOp::create(body, at, sum, state[0],
                                                                           add(body, at, group, one));
                                   scf::YieldOp::create(body, at, ValueRange{stored, sum});
                                 });
  return loop.getResult(0);
}

/// The kernel's destination; it has one result.
Value destinationOf(func::FuncOp kernel) {
  return kernel.getArgument(kernel->getAttrOfType<IntegerAttr>(kInputsAttribute).getInt());
}

} // namespace

LogicalResult tileAccumulation(RewriterBase &rewriter, func::FuncOp kernel,
                               SelectionAccumulateOp accumulate) {
  Location loc = accumulate.getLoc();
  Operation *terminator = kernel.getBody().front().getTerminator();
  Value destination = destinationOf(kernel);
  rewriter.setInsertionPoint(terminator);
  OpFoldResult zero = rewriter.getIndexAttr(0), one = rewriter.getIndexAttr(1);
  SmallVector<OpFoldResult> extent{tensor::getMixedSize(rewriter, loc, destination, 0)};
  auto forall = scf::ForallOp::create(rewriter, loc, ArrayRef<OpFoldResult>{zero}, extent,
                                      ArrayRef<OpFoldResult>{rewriter.getIndexAttr(kWholeTile)},
                                      ValueRange{destination}, std::nullopt);
  rewriter.setInsertionPoint(forall.getTerminator());
  Value all = forall.getRegionIterArgs().front();
  Value filled = accumulateCounts(rewriter, loc, accumulate.getCounts(), all);
  rewriter.setInsertionPointToEnd(forall.getTerminator().getBody());
  tensor::ParallelInsertSliceOp::create(rewriter, loc, filled, all, ArrayRef<OpFoldResult>{zero}, extent,
                                        ArrayRef<OpFoldResult>{one});
  rewriter.modifyOpInPlace(terminator, [&] { terminator->setOperands(forall.getResults()); });
  kernel->setAttr(kTileAttribute, rewriter.getDenseI64ArrayAttr({kWholeTile}));
  return success();
}

LogicalResult tileColumnEnumeration(RewriterBase &rewriter, func::FuncOp kernel,
                                    SelectionEnumerateColumnsOp enumerate) {
  Location loc = enumerate.getLoc();
  Operation *terminator = kernel.getBody().front().getTerminator();
  Value offsets = enumerate.getOffsets(), mask = enumerate.getMask();
  rewriter.setInsertionPoint(terminator);
  OpFoldResult items = tensor::getMixedSize(rewriter, loc, offsets, 0);
  auto forall = scf::ForallOp::create(rewriter, loc, ArrayRef<OpFoldResult>{items},
                                      ValueRange{destinationOf(kernel)}, std::nullopt);
  rewriter.setInsertionPoint(forall.getTerminator());
  Value column = forall.getInductionVar(0), all = forall.getRegionIterArgs().front();
  Value one = arith::ConstantIndexOp::create(rewriter, loc, 1);
  Value zero = arith::ConstantIndexOp::create(rewriter, loc, 0);
  Value columns = tensor::DimOp::create(rewriter, loc, mask, 1);
  Value hasColumn = arith::CmpIOp::create(rewriter, loc, arith::CmpIPredicate::slt, column, columns);
  Value next = arith::MinSIOp::create(rewriter, loc, add(rewriter, loc, column, one), columns);
  Value begin = entryAsIndex(rewriter, loc, offsets, column),
        end = entryAsIndex(rewriter, loc, offsets, next);
  Value count = arith::SubIOp::create(rewriter, loc, end, begin);
  Value rows = tensor::DimOp::create(rewriter, loc, mask, 0);
  Value scanned = arith::SelectOp::create(rewriter, loc, hasColumn, rows, zero);
  SmallVector<OpFoldResult> offset{begin}, size{count}, stride{rewriter.getIndexAttr(1)};
  Value members = tensor::ExtractSliceOp::create(rewriter, loc, all, offset, size, stride);
  auto rowOfColumn = [&](Value row) { return std::array{row, column}; };
  Value filled = listSetEntries(rewriter, loc, mask, rowOfColumn, scanned, members).first;
  rewriter.setInsertionPointToEnd(forall.getTerminator().getBody());
  tensor::ParallelInsertSliceOp::create(rewriter, loc, filled, all, offset, size, stride);
  rewriter.modifyOpInPlace(terminator, [&] { terminator->setOperands(forall.getResults()); });
  kernel->setAttr(kTileAttribute, rewriter.getDenseI64ArrayAttr({1}));
  return success();
}

} // namespace winnow
