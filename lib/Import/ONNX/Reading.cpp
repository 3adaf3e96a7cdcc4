// Guarded reads.
#include "lib/Import/ONNX/Reading.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace winnow::frontend {

using mlir::Value;

Source sourceOf(Emitter &emit, const GraphValue &value) {
  Source source{emit.tensor(value), {}};
  for (const Extent &size : value.shape)
    source.sizes.push_back(emit.index(size));
  return source;
}

Value isInside(const Scalars &s, Value index, Value size) {
  // One unsigned comparison covers both ends.
  return mlir::arith::CmpIOp::create(s.builder, s.location, mlir::arith::CmpIPredicate::ult, index, size);
}

Value both(const Scalars &s, Value a, Value b) {
  return mlir::arith::AndIOp::create(s.builder, s.location, a, b);
}

Value wrapped(const Scalars &s, Value index, Value size) {
  Value zero = s.constant(index.getType(), 0);
  return s.select(s.less(index, zero), s.add(index, size), index);
}

Value clamped(const Scalars &s, Value index, Value size) {
  Value zero = s.constant(index.getType(), 0), last = s.subtract(size, s.constant(index.getType(), 1));
  return s.maximum(s.minimum(wrapped(s, index, size), last), zero);
}

Value readAt(const Scalars &s, const Source &source, mlir::ValueRange indices) {
  return mlir::tensor::ExtractOp::create(s.builder, s.location, source.tensor, indices);
}

Value readIf(const Scalars &s, Value condition, const Source &source, mlir::ValueRange indices,
             Value otherwise) {
  auto branch = mlir::scf::IfOp::create(s.builder, s.location, otherwise.getType(), condition,
                                        /*withElseRegion=*/true);
  mlir::OpBuilder inside = branch.getThenBodyBuilder(), outside = branch.getElseBodyBuilder();
  Value element = mlir::tensor::ExtractOp::create(inside, s.location, source.tensor, indices);
  mlir::scf::YieldOp::create(inside, s.location, element);
  mlir::scf::YieldOp::create(outside, s.location, otherwise);
  return branch.getResult(0);
}

GraphValue computeByIndex(Emitter &emit, mlir::Type type, const Shape &shape,
                          llvm::function_ref<Value(const Scalars &)> element) {
  return emit.elementwise(type, shape, {},
                          [&](mlir::OpBuilder &builder, mlir::Location location, mlir::ValueRange) {
                            return element(Scalars{builder, location});
                          });
}

} // namespace winnow::frontend
