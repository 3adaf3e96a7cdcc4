// Finds heads that are repeated by a broadcast whose new dimension joins that of the heads.
#include "passes/Raise/RepeatedHeads.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace winnow;

namespace {

constexpr size_t kHeads = 1; // the dimension of the heads among batch, heads, rows and width

/// The operation that copies its only input, in the order of its dimensions, along dimensions of its result.
linalg::GenericOp findBroadcast(Value value) {
  auto op = value.getDefiningOp<linalg::GenericOp>();
  if (!op || op->getNumResults() != 1 || op.getNumDpsInputs() != 1 || op.getNumReductionLoops() != 0 ||
      !op.hasPureTensorSemantics() || !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity())
    return {};
  if (op.getBlock()->getTerminator()->getOperand(0) != op.getBlock()->getArgument(0))
    return {};
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInputOperand(0));
  auto loops = llvm::map_range(map.getResults(), [](AffineExpr loop) {
    return isa<AffineDimExpr>(loop) ? static_cast<int64_t>(cast<AffineDimExpr>(loop).getPosition()) : -1;
  });
  return map.isProjectedPermutation() && llvm::is_sorted(loops) ? op : linalg::GenericOp();
}

/// Fills `repeated.groups` from those of the broadcast's result. Fails where something else than a head is
/// repeated, or where neighbouring heads differ.
LogicalResult groupSource(linalg::GenericOp broadcast, ArrayRef<ReassociationIndices> groups,
                          RepeatedHeads &repeated) {
  AffineMap map = broadcast.getMatchingIndexingMap(broadcast.getDpsInputOperand(0));
  ArrayRef<int64_t> extents = cast<RankedTensorType>(broadcast.getResult(0).getType()).getShape();
  for (auto [number, group] : llvm::enumerate(groups)) {
    ReassociationIndices &own = repeated.groups.emplace_back();
    bool isRepeated = false;
    for (int64_t loop : group) {
      bool isUnit = extents[loop] == 1;
      if (std::optional<unsigned> dimension =
              map.getResultPosition(getAffineDimExpr(loop, broadcast.getContext()))) {
        own.push_back(*dimension);
        if (isRepeated && !isUnit)
          return failure();
      } else if (!isUnit) {
        isRepeated = true;
      }
    }
    if (own.empty() || (isRepeated && number != kHeads))
      return failure();
  }
  return success();
}

} // namespace

std::optional<RepeatedHeads> winnow::findRepeatedHeads(Value tensor) {
  SmallVector<ReassociationIndices> groups{{0}, {1}, {2}, {3}};
  if (auto collapse = tensor.getDefiningOp<tensor::CollapseShapeOp>()) {
    groups = collapse.getReassociationIndices();
    tensor = collapse.getSrc();
  }
  linalg::GenericOp broadcast = findBroadcast(tensor);
  if (!broadcast || groups.size() != 4)
    return std::nullopt;
  RepeatedHeads repeated{broadcast.getInputs()[0], {}, 1};
  if (failed(groupSource(broadcast, groups, repeated)))
    return std::nullopt;
  auto type = cast<RankedTensorType>(repeated.source.getType());
  for (int64_t dimension : repeated.groups[kHeads]) {
    if (type.getDimSize(dimension) < 1) // not known, or none
      return std::nullopt;
    repeated.heads *= type.getDimSize(dimension);
  }
  return repeated;
}

Value winnow::takeHeads(OpBuilder &builder, Location location, const RepeatedHeads &repeated) {
  if (cast<RankedTensorType>(repeated.source.getType()).getRank() == 4)
    return repeated.source;
  return tensor::CollapseShapeOp::create(builder, location, repeated.source, repeated.groups);
}
