// Tiles a kernel that enumerates a mask: an item is a row, scanned from its first entry to its last.
#include "passes/Tile/HandTiled.h"

#include "passes/Dispatch/Passes.h"
#include "passes/Tile/ListEntries.h"
#include "passes/Tile/Passes.h"

namespace winnow {

using namespace mlir;

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
  // Zero behind the count.
  Value unset = arith::ConstantIntOp::create(rewriter, loc, 0, 32);
  Value cleared = linalg::FillOp::create(rewriter, loc, unset, rowIndices).getResult(0);
  Value entries = tensor::DimOp::create(rewriter, loc, enumerate.getMask(), 1);
  auto entryOfRow = [&](Value entry) { return std::array{row, entry}; };
  auto [filled, count] = listSetEntries(rewriter, loc, enumerate.getMask(), entryOfRow, entries, cleared);
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
