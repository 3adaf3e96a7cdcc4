// Moves gathers and scatters to the contractions, and says where they stop.
#include "lib/Analysis/SelectionReach.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/Structure/Compact.h"
#include "passes/Structure/Passes.h"

using namespace mlir;

namespace winnow {
#define GEN_PASS_DEF_PUSHSELECTIONS
#include "passes/Structure/Passes.h.inc"
} // namespace winnow

using namespace winnow;

namespace {

remark::RemarkOpts options() { return remark::RemarkOpts::name("PushSelections").category("structure"); }

/// "at most 16 of 64", or what is known of it.
std::string shareOf(Value selection) {
  auto type = cast<SelectionType>(selection.getType());
  auto text = [](int64_t extent) {
    return ShapedType::isDynamic(extent) ? std::string("some") : std::to_string(extent);
  };
  return "at most " + text(type.getCapacity()) + " of " + text(type.getUniverse());
}

template <typename OpTy> void remarkOnContraction(OpTy op) {
  std::string inputs = op.getInputs() ? "reads " + shareOf(op.getInputs()) + " input channels" : "";
  std::string outputs = op.getOutputs() ? "computes " + shareOf(op.getOutputs()) + " output channels" : "";
  std::string both = inputs.empty() || outputs.empty() ? "" : " and ";
  remark::passed(op.getLoc(), options())
      << remark::add("{0} {1}{2}{3}", op->getName().getStringRef().str(), inputs, both, outputs);
}

void remarkOnScatter(ScatterOp scatter) {
  for (OpOperand &use : scatter.getResult().getUses())
    if (!isa<GatherOp>(use.getOwner()))
      remark::missed(use.getOwner()->getLoc(), options()) << remark::add(
          "the skipped channels are filled with zeros: the selection stops at {0}", explainScatter(use));
}

/// Small tables and gates are gathered as they are, which is nothing to remark on.
void remarkOnGather(GatherOp gather) {
  if (gather.getShared() || cast<RankedTensorType>(gather.getSource().getType()).getRank() <= 2)
    return;
  remark::missed(gather.getLoc(), options()) << remark::add(
      "the channels that are not selected are computed all the same: the selection stops at {0}",
      explainGather(gather.getSource()));
}

struct PushSelections : winnow::impl::PushSelectionsBase<PushSelections> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateGatherPatterns(patterns);
    populateScatterPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    getOperation().walk([&](Operation *op) {
      if (auto matmul = dyn_cast<MatmulOp>(op))
        remarkOnContraction(matmul);
      else if (auto convolution = dyn_cast<Conv2DOp>(op))
        remarkOnContraction(convolution);
      else if (auto scatter = dyn_cast<ScatterOp>(op))
        remarkOnScatter(scatter);
      else if (auto gather = dyn_cast<GatherOp>(op))
        remarkOnGather(gather);
    });
  }
};

} // namespace
