// Splits every kernel into items: one scf.forall over tiles of the root's result.
#include "passes/Tile/HandTiled.h"
#include "passes/Tile/Passes.h"

#include "dialects/Winnow/NormalizationTiling.h"
#include "dialects/Winnow/WinnowOps.h"
#include "passes/Dispatch/GeneralizeOperations.h"
#include "passes/Dispatch/Passes.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/TilingInterface.h"

namespace winnow {
#define GEN_PASS_DEF_TILEKERNELS
#include "passes/Tile/Passes.h.inc"

using namespace mlir;

namespace {

// An item's result stays in the first-level data cache beside its operands.
constexpr int64_t kHostItemElements = 2048;
// The innermost extent that an item covers at most: eight 512-bit vectors of f32.
constexpr int64_t kHostInnermost = 128;
// Fewer rows of a normalization than this are an item each.
constexpr int64_t kHostFewRows = 8;
// What an item of attention holds at once, at most: scores (16 KiB) and queries, whose sums are of 128
// columns.
constexpr int64_t kHostAttentionScores = 4096;
constexpr int64_t kHostAttentionQueries = 64;
// The columns of values that a thread sums, in its local memory.
constexpr int64_t kThreadColumns = 128;
// The threads of a warp, on every architecture.
constexpr int64_t kLanes = 32;

/// The operation whose result the kernel returns.
Operation *findRoot(func::FuncOp kernel) {
  return kernel.getBody().front().getTerminator()->getOperand(0).getDefiningOp();
}

/// Tile sizes for the host: whole inner dimensions as long as the item stays small.
SmallVector<int64_t> chooseHostTile(ArrayRef<int64_t> extents) {
  SmallVector<int64_t> tile(extents.size(), 1);
  int64_t budget = kHostItemElements;
  for (int64_t dimension = extents.size() - 1; dimension >= 0; --dimension) {
    bool innermost = dimension == static_cast<int64_t>(extents.size()) - 1;
    int64_t limit = innermost ? std::min(budget, kHostInnermost) : budget;
    int64_t size = ShapedType::isDynamic(extents[dimension]) ? limit : std::min(extents[dimension], limit);
    tile[dimension] = std::max<int64_t>(1, size);
    budget = std::max<int64_t>(1, budget / tile[dimension]);
  }
  return tile;
}

/// Tile sizes for attention: queries of one batch and head, as many as keep a block of scores small, or a
/// single one for a thread; with active blocks, a part of one query block.
SmallVector<int64_t> chooseAttentionTile(AttentionOp attention, ArrayRef<int64_t> extents, bool isHost) {
  auto limit = [](int64_t extent, int64_t most) {
    return ShapedType::isDynamic(extent) ? most : std::max<int64_t>(1, std::min(extent, most));
  };
  int64_t queries = 1;
  if (isHost) {
    int64_t keyBlock = attention.getKeyBlock();
    queries = std::clamp<int64_t>(kHostAttentionScores / keyBlock, 1, kHostAttentionQueries);
    if (attention.getActive()) {
      while (attention.getQueryBlock() % queries != 0) {
        --queries;
      }
    } else {
      queries = limit(extents[2], queries);
    }
  }
  return {1, 1, queries, limit(extents[3], isHost ? kHostInnermost : kThreadColumns)};
}

/// Tile sizes for normalizations: whole rows, or for a thread an equal part of a row, which its warp shares.
SmallVector<int64_t> chooseRowTile(NormalizeOp normalize, ArrayRef<int64_t> extents, bool isHost) {
  int64_t width = normalize.getWidth();
  if (!isHost) {
    SmallVector<int64_t> tile(extents.size(), 1);
    bool isShared = width % kLanes == 0;
    if (isShared) {
      normalize->setAttr(kSharedRowsAttribute, UnitAttr::get(normalize.getContext()));
    }
    tile.back() = isShared ? width / kLanes : width;
    return tile;
  }
  SmallVector<int64_t> tile = chooseHostTile(extents.drop_back());
  // A few rows, of a number that only a call tells, would neither be a register block nor leave one to a row.
  int64_t rows = kHostItemElements / width < kHostFewRows ? 1 : kHostItemElements / width;
  for (int64_t &size : llvm::reverse(tile)) {
    size = std::min(size, rows);
    rows /= size;
  }
  tile.push_back(width);
  return tile;
}

/// Orders the root's loops so that its parallel loops are the dimensions of its (first) result.
LogicalResult orderLoops(RewriterBase &rewriter, Operation *&root) {
  auto generic = dyn_cast<linalg::GenericOp>(root);
  if (!generic) {
    return success();
  }
  AffineMap map = generic.getMatchingIndexingMap(generic.getDpsInitOperand(generic.getNumDpsInits() - 1));
  if (!map.isProjectedPermutation() || map.getNumResults() != generic.getNumParallelLoops()) {
    return root->emitError("a kernel's result must be indexed by each of its parallel loops once");
  }
  SmallVector<unsigned> order;
  for (AffineExpr result : map.getResults()) {
    order.push_back(cast<AffineDimExpr>(result).getPosition());
  }
  for (unsigned loop = 0; loop < generic.getNumLoops(); ++loop) {
    if (!llvm::is_contained(order, loop)) {
      order.push_back(loop);
    }
  }
  if (llvm::equal(order, llvm::seq<unsigned>(0, order.size()))) {
    return success();
  }
  rewriter.setInsertionPoint(root);
  FailureOr<linalg::GenericOp> ordered = linalg::interchangeGenericOp(rewriter, generic, order);
  if (failed(ordered)) {
    return root->emitError("cannot order the kernel's loops like its result");
  }
  root = *ordered;
  return success();
}

struct TileKernels : impl::TileKernelsBase<TileKernels> {
  void runOnOperation() override {
    auto target = getOperation()->getAttrOfType<StringAttr>(kTargetAttribute);
    if (!target) {
      getOperation().emitError() << "module has no " << kTargetAttribute;
      return signalPassFailure();
    }
    isHost = !target.getValue().starts_with("cuda");
    for (auto kernel : getOperation().getOps<func::FuncOp>()) {
      if (kernel->hasAttr(kKernelAttribute) && failed(tile(kernel))) {
        return signalPassFailure();
      }
    }
  }

private:
  LogicalResult tile(func::FuncOp kernel);
  bool isHost = true;
};

/// The operation of this kind in the kernel, or null.
template <typename Op> Op find(func::FuncOp kernel) {
  auto operations = kernel.getBody().front().getOps<Op>();
  return operations.empty() ? Op() : *operations.begin();
}

/// Lets what computes the source of a copy, and nothing else, write into the copy's destination.
void writeInPlace(RewriterBase &rewriter, func::FuncOp kernel) {
  SmallVector<linalg::CopyOp> copies;
  kernel.walk([&](linalg::CopyOp copy) { copies.push_back(copy); });
  for (linalg::CopyOp copy : copies) {
    auto producer = copy.getInputs()[0].getDefiningOp<linalg::GenericOp>();
    if (!producer || !producer->hasOneUse() || producer.getNumReductionLoops() != 0 ||
        !producer.getDpsInits()[0].getDefiningOp<tensor::EmptyOp>() ||
        producer->getResultTypes() != copy->getResultTypes()) {
      continue;
    }
    rewriter.moveOpBefore(producer, copy);
    rewriter.modifyOpInPlace(producer, [&] { producer.getDpsInitOperand(0)->set(copy.getOutputs()[0]); });
    rewriter.replaceOp(copy, producer);
  }
}

/// Whether the kernel works on a selection, whose rows have extents of their own.
bool hasSelection(func::FuncOp kernel) {
  return kernel.walk([](SelectionAssembleOp) { return WalkResult::interrupt(); }).wasInterrupted();
}

LogicalResult TileKernels::tile(func::FuncOp kernel) {
  IRRewriter rewriter(&getContext());
  for (Operation &op : kernel.getBody().front()) {
    if (auto enumerate = dyn_cast<SelectionEnumerateOp>(op)) {
      return tileEnumeration(rewriter, kernel, enumerate);
    }
    if (auto enumerate = dyn_cast<SelectionEnumerateColumnsOp>(op)) {
      return tileColumnEnumeration(rewriter, kernel, enumerate);
    }
    if (auto accumulate = dyn_cast<SelectionAccumulateOp>(op)) {
      return tileAccumulation(rewriter, kernel, accumulate);
    }
    if (auto pad = dyn_cast<tensor::PadOp>(op)) {
      if (isHost && pad.getConstantPaddingValue()) {
        return tilePadding(rewriter, kernel, pad);
      }
      rewriter.setInsertionPoint(pad);
      rewriter.replaceOp(pad, padByIndex(rewriter, pad));
      break;
    }
  }
  Operation *root = findRoot(kernel);
  if (!isa_and_nonnull<TilingInterface>(root)) {
    return kernel.emitError() << "kernel " << kernel.getName() << " returns what no operation in it computes";
  }
  if (failed(orderLoops(rewriter, root))) {
    return failure();
  }
  int64_t domain = kernel->getAttrOfType<IntegerAttr>(kDomainAttribute).getInt();
  auto shape = cast<RankedTensorType>(kernel.getArgumentTypes()[domain]).getShape();
  SmallVector<int64_t> sizes = isHost ? chooseHostTile(shape) : SmallVector<int64_t>(shape.size(), 1);
  if (auto attention = find<AttentionOp>(kernel)) {
    sizes = chooseAttentionTile(attention, shape, isHost);
  } else if (auto normalize = find<NormalizeOp>(kernel)) {
    sizes = chooseRowTile(normalize, shape, isHost);
  } else if (!shape.empty() && hasSelection(kernel)) {
    sizes.front() = 1;
  }
  kernel->setAttr(kTileAttribute, rewriter.getDenseI64ArrayAttr(sizes));
  if (shape.empty()) {
    return success(); // a single item, the whole kernel
  }

  auto tiled = cast<TilingInterface>(root);
  sizes.resize(tiled.getLoopIteratorTypes().size(), 0); // reductions stay whole
  scf::SCFTileAndFuseOptions options;
  options.tilingOptions.setTileSizes(getAsIndexOpFoldResult(&getContext(), sizes));
  options.tilingOptions.setLoopType(scf::SCFTilingOptions::LoopType::ForallOp);
  rewriter.setInsertionPoint(root);
  FailureOr<scf::SCFTileAndFuseResult> result =
      scf::tileConsumerAndFuseProducersUsingSCF(rewriter, tiled, options);
  if (failed(result)) {
    return root->emitError() << "cannot be split into items";
  }
  for (auto [from, to] : result->replacements) {
    rewriter.replaceAllUsesWith(from, to);
  }
  writeInPlace(rewriter, kernel);
  return success();
}

} // namespace
} // namespace winnow
