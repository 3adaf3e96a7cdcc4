// Checks at each call that the operands of an operation agree in the dimensions that they share.
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

/// Compares the sizes over which loop `loop` of `op` runs.
void checkLoop(OpBuilder &builder, linalg::LinalgOp op, unsigned loop) {
  Location loc = op.getLoc();
  Value expected;
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<RankedTensorType>(operand.get().getType());
    if (!type) {
      continue;
    }
    for (auto [dimension, result] : llvm::enumerate(op.getMatchingIndexingMap(&operand).getResults())) {
      if (result != builder.getAffineDimExpr(loop)) {
        continue;
      }
      Value size = tensor::getMixedSize(builder, loc, operand.get(), dimension).dyn_cast<Value>();
      if (!size) {
        size = arith::ConstantIndexOp::create(builder, loc, type.getDimSize(dimension));
      }
      if (expected && expected != size) {
        plan::CheckOp::create(builder, loc, expected, size,
                              "operands differ in a dimension that they share" + describePlace(loc));
      }
      expected = expected ? expected : size;
    }
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
  }
};

} // namespace
} // namespace winnow
