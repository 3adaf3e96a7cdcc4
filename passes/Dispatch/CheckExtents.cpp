// Checks at each call that the operands of an operation agree in the dimensions that they share.
#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/WinnowOps.h"
#include "passes/Dispatch/Passes.h"

namespace winnow {
#define GEN_PASS_DEF_CHECKEXTENTS
#include "passes/Dispatch/Passes.h.inc"

using namespace mlir;

namespace {

/// "model.mlir:3:8" or "node 'Add:sum'" for what is known of the place, else "".
std::string describePlace(Location location) {
  if (auto file = location->findInstanceOf<FileLineColLoc>()) {
    return (" at " + file.getFilename().getValue() + ":" + Twine(file.getLine()) + ":" +
            Twine(file.getColumn()))
        .str();
  }
  auto named = location->findInstanceOf<NameLoc>();
  return named ? (" of node '" + named.getName().getValue() + "'").str() : "";
}

/// A size as the operand of a check.
Value sizeOf(OpBuilder &builder, Location loc, Value tensor, int64_t dimension) {
  OpFoldResult size = tensor::getMixedSize(builder, loc, tensor, dimension);
  return getValueOrCreateConstantIndexOp(builder, loc, size);
}

void checkEqual(OpBuilder &builder, Location loc, ArrayRef<Value> sizes) {
  for (Value size : sizes) {
    if (size != sizes.front()) {
      plan::CheckOp::create(builder, loc, sizes.front(), size,
                            "operands differ in a dimension that they share" + describePlace(loc));
    }
  }
}

/// Compares the sizes over which loop `loop` of `op` runs.
void checkLoop(OpBuilder &builder, linalg::LinalgOp op, unsigned loop) {
  SmallVector<Value> sizes;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<RankedTensorType>(operand.get().getType())) {
      continue;
    }
    for (auto [dimension, result] : llvm::enumerate(op.getMatchingIndexingMap(&operand).getResults())) {
      if (result == builder.getAffineDimExpr(loop)) {
        sizes.push_back(sizeOf(builder, op.getLoc(), operand.get(), dimension));
      }
    }
  }
  checkEqual(builder, op.getLoc(), sizes);
}

/// The blocks that the selection of an attention is of: its rows and its universe (C8).
void checkActive(OpBuilder &builder, AttentionOp op, Value queries, Value keys) {
  Location loc = op.getLoc();
  auto blocksOf = [&](Value extent, int64_t block) -> Value {
    Value size = arith::ConstantIndexOp::create(builder, loc, block);
    return arith::CeilDivUIOp::create(builder, loc, extent, size);
  };
  Value heads = arith::MulIOp::create(builder, loc, sizeOf(builder, loc, op.getQuery(), 0),
                                      sizeOf(builder, loc, op.getQuery(), 1));
  Value rows = arith::MulIOp::create(builder, loc, heads, blocksOf(queries, op.getQueryBlock()));
  Value universe = blocksOf(keys, op.getKeyBlock());
  auto check = [&](OpFoldResult found, Value expected, StringRef what) {
    plan::CheckOp::create(builder, loc, getValueOrCreateConstantIndexOp(builder, loc, found), expected,
                          "the " + what.str() + " of the selection is not what the attention needs" +
                              describePlace(loc));
  };
  check(getRows(builder, loc, op.getActive()), rows, "number of rows");
  check(getUniverse(builder, loc, op.getActive()), universe, "universe");
}

void checkAttention(OpBuilder &builder, AttentionOp op) {
  Location loc = op.getLoc();
  auto size = [&](Value tensor, int64_t dimension) { return sizeOf(builder, loc, tensor, dimension); };
  Value query = op.getQuery(), key = op.getKey(), value = op.getValue();
  // Those of the coordinates that captures are read at.
  SmallVector<Value> coordinates{size(query, 0), size(query, 1), size(query, 2), size(key, 2)};
  checkEqual(builder, loc, {coordinates[0], size(key, 0), size(value, 0)});
  checkEqual(builder, loc, {size(key, 1), size(value, 1)});
  checkEqual(builder, loc, {coordinates[3], size(value, 2)});
  checkEqual(builder, loc, {size(query, 3), size(key, 3)});
  for (auto [number, capture] : llvm::enumerate(op.getCaptures())) {
    AffineMap map = cast<AffineMapAttr>((*op.getCaptureMaps())[number]).getValue();
    for (unsigned dimension = 0; dimension < map.getNumResults(); ++dimension) {
      checkEqual(builder, loc, {coordinates[map.getDimPosition(dimension)], size(capture, dimension)});
    }
  }
  if (op.getActive()) {
    checkActive(builder, op, coordinates[2], coordinates[3]);
  }
}

/// A cast to a static size claims what only the call can tell; canonicalization makes such casts.
void checkCast(OpBuilder &builder, tensor::CastOp op) {
  auto from = dyn_cast<RankedTensorType>(op.getSource().getType());
  auto to = dyn_cast<RankedTensorType>(op.getType());
  if (!from || !to) {
    return;
  }
  for (int64_t dimension = 0; dimension < from.getRank(); ++dimension) {
    if (!from.isDynamicDim(dimension) || to.isDynamicDim(dimension)) {
      continue;
    }
    Value found = builder.createOrFold<tensor::DimOp>(op.getLoc(), op.getSource(), dimension);
    Value expected = arith::ConstantIndexOp::create(builder, op.getLoc(), to.getDimSize(dimension));
    plan::CheckOp::create(builder, op.getLoc(), found, expected,
                          "a dynamic size is not what the model needs" + describePlace(op.getLoc()));
  }
}

struct CheckExtents : impl::CheckExtentsBase<CheckExtents> {
  void runOnOperation() override {
    SmallVector<linalg::LinalgOp> operations;
    getOperation().walk([&](linalg::LinalgOp op) { operations.push_back(op); });
    getOperation().walk([](tensor::CastOp op) {
      OpBuilder builder(op);
      checkCast(builder, op);
    });
    for (linalg::LinalgOp op : operations) {
      OpBuilder builder(op);
      for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
        checkLoop(builder, op, loop);
      }
    }
    getOperation().walk([](AttentionOp op) {
      OpBuilder builder(op);
      checkAttention(builder, op);
    });
  }
};

} // namespace
} // namespace winnow
