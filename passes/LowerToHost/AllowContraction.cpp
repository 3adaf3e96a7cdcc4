// Marks float arithmetic with `contract`: LLVM's x86 code generator forms fused multiply-adds of such only.
#include "passes/LowerToHost/Passes.h"

namespace winnow {
#define GEN_PASS_DEF_ALLOWCONTRACTION
#include "passes/LowerToHost/Passes.h.inc"
} // namespace winnow

using namespace mlir;

namespace {

template <typename OpTy> void allowContraction(OpTy op) {
  op.setFastmathAttr(
      arith::FastMathFlagsAttr::get(op.getContext(), op.getFastmath() | arith::FastMathFlags::contract));
}

struct AllowContraction : winnow::impl::AllowContractionBase<AllowContraction> {
  void runOnOperation() override {
    getOperation()->walk([](Operation *op) {
      if (auto add = dyn_cast<arith::AddFOp>(op))
        allowContraction(add);
      else if (auto subtract = dyn_cast<arith::SubFOp>(op))
        allowContraction(subtract);
      else if (auto multiply = dyn_cast<arith::MulFOp>(op))
        allowContraction(multiply);
    });
  }
};

} // namespace
