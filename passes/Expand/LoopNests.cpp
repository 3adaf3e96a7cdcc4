// Loop nests as linalg.generic operations.
#include "passes/Expand/LoopNests.h"

#include "dialects/Winnow/Definition.h"

using namespace mlir;
using namespace winnow;

Value winnow::fusedMultiplyAdd(OpBuilder &builder, Location loc, Value a, Value b, Value sum) {
  Formula formula(builder, loc);
  return math::FmaOp::create(builder, loc, formula.toF32(a), formula.toF32(b), sum);
}

Value LoopNests::parallel(Sizes sizes, Type element, ArrayRef<Operand> operands, GenericBody body) {
  return create(sizes, element, operands, 0, {}, body);
}

Value LoopNests::reduction(Sizes sizes, TypedAttr start, ArrayRef<Operand> operands, GenericBody body) {
  return create(sizes, start.getType(), operands, 1, start, body);
}

Value LoopNests::product(Sizes sizes, const Operand &a, const Operand &b) {
  return reduction(sizes, builder.getF32FloatAttr(0.0f), {a, b},
                   [](OpBuilder &inner, Location at, ValueRange arguments) {
                     return fusedMultiplyAdd(inner, at, arguments[0], arguments[1], arguments[2]);
                   });
}

Value LoopNests::filled(Sizes sizes, TypedAttr value) {
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, value.getType());
  Value scalar = arith::ConstantOp::create(builder, loc, value);
  return linalg::FillOp::create(builder, loc, scalar, empty).getResult(0);
}

Value LoopNests::create(Sizes sizes, Type element, ArrayRef<Operand> operands, unsigned reductions,
                        Attribute start, GenericBody body) {
  SmallVector<Value> tensors;
  SmallVector<AffineMap> maps;
  for (const Operand &operand : operands) {
    tensors.push_back(operand.tensor);
    maps.push_back(mapOf(builder, sizes.size() + reductions, operand.loops));
  }
  return createGeneric(builder, loc, sizes, element, tensors, maps, reductions, start, body);
}
