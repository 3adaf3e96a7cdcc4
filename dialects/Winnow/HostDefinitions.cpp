// Executable definitions of what the host must know of values.
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace winnow;

SmallVector<SmallVector<Value>> HostValueOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  SmallVector<Value> indices;
  for (ValueRange index : operands.drop_front()) {
    llvm::append_range(indices, index);
  }
  return {{tensor::ExtractOp::create(builder, getLoc(), operands[0].front(), indices)}};
}
