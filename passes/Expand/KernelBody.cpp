// Scalar arithmetic in the bodies of the kernels that work on packed weights.
#include "passes/Expand/KernelBody.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace winnow;

Value KernelBody::index(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }

Value KernelBody::integer(int64_t value) { return arith::ConstantIntOp::create(builder, loc, value, 32); }

Value KernelBody::zero(Type type) {
  return arith::ConstantOp::create(builder, loc, cast<TypedAttr>(builder.getZeroAttr(type)));
}

Value KernelBody::loop(int64_t dimension) { return linalg::IndexOp::create(builder, loc, dimension); }

Value KernelBody::toIndex(Value value) {
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(), value);
}

Value KernelBody::toInteger(Value value) {
  return arith::IndexCastOp::create(builder, loc, builder.getI32Type(), value);
}

Value KernelBody::add(Value a, Value b) { return arith::AddIOp::create(builder, loc, a, b); }

Value KernelBody::subtract(Value a, Value b) { return arith::SubIOp::create(builder, loc, a, b); }

Value KernelBody::multiplyAdd(Value a, int64_t factor, Value b) {
  return factor == 1 ? add(a, b) : add(arith::MulIOp::create(builder, loc, a, index(factor)), b);
}

Value KernelBody::quotient(Value a, int64_t divisor) {
  return divisor == 1 ? a : arith::DivUIOp::create(builder, loc, a, index(divisor)).getResult();
}

Value KernelBody::remainder(Value a, int64_t divisor) {
  return divisor == 1 ? index(0) : arith::RemUIOp::create(builder, loc, a, index(divisor)).getResult();
}

Value KernelBody::isLess(Value a, Value b) {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, a, b);
}

Value KernelBody::isEqual(Value a, Value b) {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, a, b);
}

Value KernelBody::select(Value condition, Value yes, Value no) {
  return arith::SelectOp::create(builder, loc, condition, yes, no);
}

Value KernelBody::entry(Value tensor, ValueRange indices) {
  return tensor::ExtractOp::create(builder, loc, tensor, indices);
}

Value KernelBody::entryIf(Value condition, Value tensor,
                          function_ref<SmallVector<Value>(KernelBody &)> indices) {
  Type element = cast<RankedTensorType>(tensor.getType()).getElementType();
  return scf::IfOp::create(
             builder, loc, condition,
             [&](OpBuilder &nested, Location at) {
               KernelBody inside(nested, at);
               scf::YieldOp::create(nested, at, inside.entry(tensor, indices(inside)));
             },
             [&](OpBuilder &nested, Location at) {
               scf::YieldOp::create(nested, at, KernelBody(nested, at).zero(element));
             })
      .getResult(0);
}

Value KernelBody::accumulate(Value begin, Value end, Value initial,
                             function_ref<Value(KernelBody &, Value, Value)> step) {
  return scf::ForOp::create(builder, loc, begin, end, index(1), initial,
                            [&](OpBuilder &nested, Location at, Value position, ValueRange state) {
                              KernelBody inside(nested, at);
                              scf::YieldOp::create(nested, at, step(inside, position, state[0]));
                            })
      .getResult(0);
}

Value KernelBody::bisect(int64_t size, function_ref<Value(KernelBody &, Value)> isBefore) {
  // The answer is in first..last; each of these steps halves the distance, and further ones change nothing.
  Value steps = index(llvm::Log2_64_Ceil(size) + 1);
  auto search = scf::ForOp::create(builder, loc, index(0), steps, index(1), ValueRange{index(0), index(size)},
                                   [&](OpBuilder &nested, Location at, Value, ValueRange state) {
                                     KernelBody inside(nested, at);
                                     Value first = state[0], last = state[1];
                                     Value middle = inside.quotient(inside.add(first, last), 2);
                                     Value isOpen = inside.isLess(first, last);
                                     // When the search is over, the middle may be the end, which must not be
                                     // read.
                                     Value readable = inside.select(isOpen, middle, inside.index(0));
                                     Value goesOn = isBefore(inside, readable);
                                     Value isLater = arith::AndIOp::create(nested, at, isOpen, goesOn);
                                     Value next = inside.add(middle, inside.index(1));
                                     scf::YieldOp::create(nested, at,
                                                          ValueRange{inside.select(isLater, next, first),
                                                                     inside.select(isLater, last, middle)});
                                   });
  return search.getResult(0);
}

Value KernelBody::magnitude(Value element) {
  Type type = element.getType();
  if (type.isInteger()) {
    Value wide = arith::ExtSIOp::create(builder, loc, builder.getI32Type(), element);
    return arith::MaxSIOp::create(builder, loc, wide, subtract(integer(0), wide));
  }
  unsigned width = type.getIntOrFloatBitWidth();
  Value bits = arith::BitcastOp::create(builder, loc, builder.getIntegerType(width), element);
  if (width < 32)
    bits = arith::ExtUIOp::create(builder, loc, builder.getI32Type(), bits);
  return arith::AndIOp::create(builder, loc, bits, integer((int64_t(1) << (width - 1)) - 1));
}

Value KernelBody::multiplyAccumulate(Value a, Value b, Value accumulator) {
  Type type = accumulator.getType();
  if (type.isInteger()) {
    a = arith::ExtSIOp::create(builder, loc, type, a);
    b = arith::ExtSIOp::create(builder, loc, type, b);
    return arith::AddIOp::create(builder, loc, accumulator, arith::MulIOp::create(builder, loc, a, b));
  }
  if (a.getType() != type) {
    a = arith::ExtFOp::create(builder, loc, type, a);
    b = arith::ExtFOp::create(builder, loc, type, b);
  }
  // Both targets form fused multiply-adds of what may be contracted.
  auto contract = arith::FastMathFlags::contract;
  Value product = arith::MulFOp::create(builder, loc, a, b, contract);
  return arith::AddFOp::create(builder, loc, accumulator, product, contract);
}

Value winnow::createTensor(OpBuilder &builder, Location loc, ArrayRef<OpFoldResult> sizes, Type element,
                           EntryBody body) {
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, element);
  SmallVector<utils::IteratorType> parallel(sizes.size(), utils::IteratorType::parallel);
  return linalg::GenericOp::create(builder, loc, empty.getType(), ValueRange{}, empty,
                                   builder.getMultiDimIdentityMap(sizes.size()), parallel,
                                   [&](OpBuilder &nested, Location at, ValueRange) {
                                     KernelBody inside(nested, at);
                                     linalg::YieldOp::create(nested, at, body(inside));
                                   })
      .getResult(0);
}

Type winnow::accumulatorOf(Type element) {
  if (element.isInteger())
    return IntegerType::get(element.getContext(), 32);
  return Float32Type::get(element.getContext());
}

Value winnow::roundSums(OpBuilder &builder, Location loc, Value sums, Type element) {
  auto type = cast<RankedTensorType>(sums.getType());
  if (type.getElementType().isInteger() || type.getElementType() == element)
    return sums;
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, sums);
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, element);
  AffineMap identity = builder.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> parallel(type.getRank(), utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             builder, loc, empty.getType(), sums, empty, ArrayRef<AffineMap>{identity, identity}, parallel,
             [&](OpBuilder &nested, Location at, ValueRange arguments) {
               Value rounded = arith::TruncFOp::create(nested, at, element, arguments[0]);
               linalg::YieldOp::create(nested, at, rounded);
             })
      .getResult(0);
}
