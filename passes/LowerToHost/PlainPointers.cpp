// Makes memrefs from plain pointers: a descriptor of rank 0, and a reinterpretation of that with sizes.
#include "passes/LowerToHost/PlainPointers.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

Value winnow::createMemRef(OpBuilder &builder, Location location, Value pointer, MemRefType type,
                           ValueRange sizes) {
  auto pointerType = cast<LLVM::LLVMPointerType>(pointer.getType());
  Type descriptorType = LLVM::LLVMStructType::getLiteral(builder.getContext(),
                                                         {pointerType, pointerType, builder.getI64Type()});
  Value zero = LLVM::ConstantOp::create(builder, location, builder.getI64IntegerAttr(0));
  Value descriptor = LLVM::PoisonOp::create(builder, location, descriptorType);
  std::array<Value, 3> parts{pointer, pointer, zero};
  for (auto [position, part] : llvm::enumerate(parts))
    descriptor = LLVM::InsertValueOp::create(builder, location, descriptor, part, position);
  auto scalarType = MemRefType::get({}, type.getElementType());
  Value scalar = UnrealizedConversionCastOp::create(builder, location, scalarType, descriptor).getResult(0);
  if (type.getRank() == 0)
    return scalar;

  SmallVector<OpFoldResult> shape, strides(type.getRank());
  for (int64_t extent : type.getShape()) {
    if (ShapedType::isDynamic(extent)) {
      shape.push_back(sizes.front());
      sizes = sizes.drop_front();
    } else {
      shape.push_back(builder.getIndexAttr(extent));
    }
  }
  Value stride = arith::ConstantIndexOp::create(builder, location, 1);
  for (int64_t dimension = type.getRank() - 1; dimension >= 0; --dimension) {
    strides[dimension] = getAsOpFoldResult(stride);
    stride = builder.createOrFold<arith::MulIOp>(
        location, stride, getValueOrCreateConstantIndexOp(builder, location, shape[dimension]));
  }
  return memref::ReinterpretCastOp::create(builder, location, type, scalar, builder.getIndexAttr(0), shape,
                                           strides);
}

Value winnow::loadElement(OpBuilder &builder, Location location, Value array, Type type, int64_t index) {
  Value address = LLVM::GEPOp::create(builder, location, array.getType(), type, array,
                                      ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
  return LLVM::LoadOp::create(builder, location, type, address);
}
