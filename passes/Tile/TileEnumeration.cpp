// Tiles a kernel that enumerates a mask: an item is a row, scanned from its first entry to its last.
#include "passes/Tile/HandTiled.h"

#include "passes/Dispatch/Passes.h"
#include "passes/Tile/Passes.h"

namespace winnow {

using namespace mlir;

namespace {

/// Scans row `row` of `mask`; returns the row's indices, zero behind the count, and the count.
std::pair<Value, Value> scanRow(OpBuilder &builder, Location loc, Value mask, Value row, Value indices) {
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0),
        one = arith::ConstantIndexOp::create(builder, loc, 1);
  Value entries = tensor::DimOp::create(builder, loc, mask, 1);
  Value capacity = tensor::DimOp::create(builder, loc, indices, 1);
  Value unset = arith::ConstantIntOp::create(builder, loc, 0, 32);
  Value cleared = linalg::FillOp::create(builder, loc, unset, indices).getResult(0);
  auto loop = scf::ForOp::create(
      builder, loc, zero, entries, one, ValueRange{cleared, zero},
      [&](OpBuilder &body, Location at, Value entry, ValueRange state) {
        Value isSet = tensor::ExtractOp::create(body, at, mask, ValueRange{row, entry});
        Value hasRoom = arith::CmpIOp::create(body, at, arith::CmpIPredicate::slt, state[1], capacity);
        Value isTaken = arith::AndIOp::create(body, at, isSet, hasRoom);
        auto branch = scf::IfOp::create(
            body, at, isTaken,
            [&](OpBuilder &taken, Location here) {
              Value index = arith::IndexCastOp::create(taken, here, taken.getI32Type(), entry);
              Value stored =
                  tensor::InsertOp::create(taken, here, index, state[0], ValueRange{zero, state[1]});
              Value next = arith::AddIOp::create(taken, here, state[1], one);
              scf::YieldOp::create(taken, here, ValueRange{stored, next});
            },
            [&](OpBuilder &skipped, Location here) { scf::YieldOp::create(skipped, here, state); });
        scf::YieldOp::create(body, at, branch.getResults());
      });
  return {loop.getResult(0), loop.getResult(1)};
}

} // namespace

LogicalResult tileEnumeration(RewriterBase &rewriter, func::FuncOp kernel, SelectionEnumerateOp enumerate) {
  Location loc = enumerate.getLoc();
  Block &block = kernel.getBody().front();
  Operation *terminator = block.getTerminator();
  int64_t inputs = kernel->getAttrOfType<IntegerAttr>(kInputsAttribute).getInt();
  Value indices = block.getArgument(inputs), counts = block.getArgument(inputs + 1);
  rewriter.setInsertionPoint(terminator);
  OpFoldResult zero = rewriter.getIndexAttr(0), one = rewriter.getIndexAttr(1);
  OpFoldResult rows = tensor::getMixedSize(rewriter, loc, counts, 0);
  OpFoldResult capacity = tensor::getMixedSize(rewriter, loc, indices, 1);
  auto forall = scf::ForallOp::create(rewriter, loc, ArrayRef<OpFoldResult>{rows},
                                      ValueRange{indices, counts}, std::nullopt);
  rewriter.setInsertionPoint(forall.getTerminator());
  Value row = forall.getInductionVar(0);
  Value allIndices = forall.getRegionIterArgs()[0], allCounts = forall.getRegionIterArgs()[1];
  SmallVector<OpFoldResult> offsets{row, zero}, sizes{one, capacity}, strides{one, one};
  Value rowIndices = tensor::ExtractSliceOp::create(rewriter, loc, allIndices, offsets, sizes, strides);
  auto [filled, count] = scanRow(rewriter, loc, enumerate.getMask(), row, rowIndices);
  Value rowCount = tensor::ExtractSliceOp::create(rewriter, loc, allCounts, ArrayRef<OpFoldResult>{row},
                                                  ArrayRef<OpFoldResult>{one}, ArrayRef<OpFoldResult>{one});
  Value count32 = arith::IndexCastOp::create(rewriter, loc, rewriter.getI32Type(), count);
  Value first = arith::ConstantIndexOp::create(rewriter, loc, 0);
  Value stored = tensor::InsertOp::create(rewriter, loc, count32, rowCount, first);
  rewriter.setInsertionPointToEnd(forall.getTerminator().getBody());
  tensor::ParallelInsertSliceOp::create(rewriter, loc, filled, allIndices, offsets, sizes, strides);
  tensor::ParallelInsertSliceOp::create(rewriter, loc, stored, allCounts, ArrayRef<OpFoldResult>{row},
                                        ArrayRef<OpFoldResult>{one}, ArrayRef<OpFoldResult>{one});
  rewriter.modifyOpInPlace(terminator, [&] { terminator->setOperands(forall.getResults()); });
  kernel->setAttr(kTileAttribute, rewriter.getDenseI64ArrayAttr({1}));
  return success();
}

} // namespace winnow
