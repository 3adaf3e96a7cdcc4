// The part of TilingInterface that is the same for every operation whose loops are the dimensions of its one
// result.
#pragma once

#include "mlir/Interfaces/TilingInterface.h"

namespace winnow {

/// A tile of the iteration space is a tile of the result. `Model` writes one: getTiledImplementation(op,
/// builder, offsets, sizes). `Op` reifies the shape of its result.
template <typename Model, typename Op> struct ResultTiling : mlir::TilingInterface::ExternalModel<Model, Op> {
  using Extents = llvm::ArrayRef<mlir::OpFoldResult>;

  llvm::SmallVector<mlir::utils::IteratorType> getLoopIteratorTypes(mlir::Operation *op) const {
    int64_t rank = llvm::cast<mlir::RankedTensorType>(op->getResult(0).getType()).getRank();
    return llvm::SmallVector<mlir::utils::IteratorType>(rank, mlir::utils::IteratorType::parallel);
  }

  llvm::SmallVector<mlir::Range> getIterationDomain(mlir::Operation *op, mlir::OpBuilder &builder) const {
    mlir::ReifiedRankedShapedTypeDims shapes;
    if (failed(llvm::cast<mlir::ReifyRankedShapedTypeOpInterface>(op).reifyResultShapes(builder, shapes)))
      llvm::report_fatal_error("an operation that is tiled by its result cannot say its result's shape");
    llvm::SmallVector<mlir::Range> domain;
    for (mlir::OpFoldResult size : shapes.front())
      domain.push_back({builder.getIndexAttr(0), size, builder.getIndexAttr(1)});
    return domain;
  }

  mlir::LogicalResult getResultTilePosition(mlir::Operation *, mlir::OpBuilder &, unsigned, Extents offsets,
                                            Extents sizes,
                                            llvm::SmallVector<mlir::OpFoldResult> &resultOffsets,
                                            llvm::SmallVector<mlir::OpFoldResult> &resultSizes) const {
    resultOffsets.assign(offsets.begin(), offsets.end());
    resultSizes.assign(sizes.begin(), sizes.end());
    return mlir::success();
  }

  mlir::FailureOr<mlir::TilingResult> generateResultTileValue(mlir::Operation *op, mlir::OpBuilder &builder,
                                                              unsigned, Extents offsets,
                                                              Extents sizes) const {
    return static_cast<const Model *>(this)->getTiledImplementation(op, builder, offsets, sizes);
  }
};

} // namespace winnow
