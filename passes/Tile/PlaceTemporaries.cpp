// Puts the temporaries of an item on the stack.
#include "passes/Tile/Passes.h"

#include "mlir/Interfaces/ValueBoundsOpInterface.h"

namespace winnow {
#define GEN_PASS_DEF_PLACETEMPORARIES
#include "passes/Tile/Passes.h.inc"

using namespace mlir;

namespace {

// What one item may keep on the stack: threads of a pool have megabytes, a GPU's thread has kilobytes.
constexpr int64_t kMaximumBytes = 512 * 1024;

/// Replaces `alloc` by a stack buffer of its largest size, seen through a view of its actual size.
LogicalResult place(memref::AllocOp alloc) {
  MemRefType type = alloc.getType();
  OpBuilder builder(alloc);
  SmallVector<int64_t> bound;
  int64_t bytes = std::max<int64_t>(1, type.getElementTypeBitWidth() / 8);
  for (int64_t dimension = 0; dimension < type.getRank(); ++dimension) {
    FailureOr<int64_t> size = type.getDimSize(dimension);
    if (type.isDynamicDim(dimension)) {
      size = ValueBoundsConstraintSet::computeConstantBound(presburger::BoundType::UB, {alloc, dimension},
                                                            /*stopCondition=*/nullptr, /*closedUB=*/true);
    }
    if (failed(size)) {
      return alloc.emitError() << "temporary of type " << type << " has no constant bound in dimension "
                               << dimension;
    }
    bound.push_back(*size);
    bytes *= *size;
  }
  if (bytes > kMaximumBytes) {
    return alloc.emitError() << "temporary of type " << type << " needs " << bytes
                             << " bytes, but an item has " << kMaximumBytes << " at most";
  }
  auto storageType = MemRefType::get(bound, type.getElementType());
  Value storage =
      memref::AllocaOp::create(builder, alloc.getLoc(), storageType, builder.getI64IntegerAttr(64));
  if (storageType != type) {
    // The view keeps the actual strides: a tile at the edge is dense as well.
    SmallVector<OpFoldResult> sizes = alloc.getMixedSizes(), strides(type.getRank());
    OpFoldResult stride = builder.getIndexAttr(1);
    for (int64_t dimension = type.getRank() - 1; dimension >= 0; --dimension) {
      strides[dimension] = stride;
      AffineExpr a, b;
      bindSymbols(builder.getContext(), a, b);
      stride =
          affine::makeComposedFoldedAffineApply(builder, alloc.getLoc(), a * b, {stride, sizes[dimension]});
    }
    auto view = memref::ReinterpretCastOp::create(builder, alloc.getLoc(), storage,
                                                  OpFoldResult(builder.getIndexAttr(0)), sizes, strides);
    storage = memref::CastOp::create(builder, alloc.getLoc(), type, view);
  }
  alloc.replaceAllUsesWith(storage);
  alloc.erase();
  return success();
}

struct PlaceTemporaries : impl::PlaceTemporariesBase<PlaceTemporaries> {
  void runOnOperation() override {
    SmallVector<memref::AllocOp> allocations;
    getOperation().walk([&](memref::AllocOp alloc) { allocations.push_back(alloc); });
    getOperation().walk([](memref::DeallocOp dealloc) { dealloc.erase(); });
    for (memref::AllocOp alloc : allocations) {
      if (failed(place(alloc))) {
        return signalPassFailure();
      }
    }
  }
};

} // namespace
} // namespace winnow
