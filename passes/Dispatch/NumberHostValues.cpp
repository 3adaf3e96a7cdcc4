// Finds the elements of tensors that the host needs.
#include "passes/Dispatch/Passes.h"

#include "dialects/Winnow/WinnowOps.h"

namespace winnow {
#define GEN_PASS_DEF_NUMBERHOSTVALUES
#include "passes/Dispatch/Passes.h.inc"

using namespace mlir;

namespace {

bool isParameter(func::FuncOp function, Value tensor) {
  auto argument = dyn_cast<BlockArgument>(tensor);
  return argument && argument.getOwner() == &function.front() &&
         function.getArgAttr(argument.getArgNumber(), kParameterAttribute);
}

struct NumberHostValues : impl::NumberHostValuesBase<NumberHostValues> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal()) {
      return;
    }
    int64_t count = 0;
    function.walk([&](HostValueOp op) { count = std::max<int64_t>(count, op.getNumber() + 1); });
    // Only those between operations on tensors: the bodies of kernels read elements, too.
    for (auto op : llvm::make_early_inc_range(function.getOps<tensor::ExtractOp>())) {
      if (isParameter(function, op.getTensor()) || !op.getType().isInteger()) {
        continue;
      }
      OpBuilder builder(op);
      Value value =
          HostValueOp::create(builder, op.getLoc(), op.getType(), op.getTensor(), op.getIndices(), count++);
      op.replaceAllUsesWith(value);
      op.erase();
    }
  }
};

} // namespace
} // namespace winnow
