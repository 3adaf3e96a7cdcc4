// Replaces a kernel's memref arguments by plain pointers and 64-bit sizes.
#include "passes/LowerToPTX/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/PatternMatch.h"

namespace winnow {
#define GEN_PASS_DEF_LOWERKERNELBOUNDARY
#include "passes/LowerToPTX/Passes.h.inc"
} // namespace winnow

using namespace mlir;

namespace {

/// An element's own alignment. More would be true, but LLVM rounds the loads of a few neighbours up to a
/// vector where alignment shows that the vector stays within a page, and so reads behind the end of a buffer.
int64_t alignmentOf(MemRefType type) { return std::max<int64_t>(1, type.getElementTypeBitWidth() / 8); }

/// A memref on `pointer`, made without a descriptor among the kernel's parameters.
Value createView(OpBuilder &builder, Location location, Value pointer, MemRefType type,
                 ArrayRef<Value> dynamicSizes) {
  MLIRContext *context = builder.getContext();
  Type address = LLVM::LLVMPointerType::get(context), word = builder.getI64Type();
  auto descriptorType = LLVM::LLVMStructType::getLiteral(context, {address, address, word});
  Value descriptor = LLVM::PoisonOp::create(builder, location, descriptorType);
  Value zero = LLVM::ConstantOp::create(builder, location, word, builder.getI64IntegerAttr(0));
  descriptor = LLVM::InsertValueOp::create(builder, location, descriptor, pointer, ArrayRef<int64_t>{0});
  descriptor = LLVM::InsertValueOp::create(builder, location, descriptor, pointer, ArrayRef<int64_t>{1});
  descriptor = LLVM::InsertValueOp::create(builder, location, descriptor, zero, ArrayRef<int64_t>{2});
  auto scalar =
      MemRefType::get({}, type.getElementType(), MemRefLayoutAttrInterface(), type.getMemorySpace());
  Value base = UnrealizedConversionCastOp::create(builder, location, scalar, descriptor).getResult(0);
  if (type.getRank() == 0)
    return base;

  SmallVector<OpFoldResult> sizes, strides(type.getRank());
  for (int64_t size : type.getShape())
    sizes.push_back(
        ShapedType::isDynamic(size)
            ? OpFoldResult(dynamicSizes[llvm::count_if(sizes, [](OpFoldResult s) { return isa<Value>(s); })])
            : builder.getIndexAttr(size));
  OpFoldResult stride = builder.getIndexAttr(1);
  for (int64_t i = type.getRank(); i-- > 0;) {
    strides[i] = stride;
    std::optional<int64_t> known = getConstantIntValue(stride), size = getConstantIntValue(sizes[i]);
    if (known && size)
      stride = builder.getIndexAttr(*known * *size);
    else
      stride = builder.createOrFold<arith::MulIOp>(
          location, getValueOrCreateConstantIndexOp(builder, location, stride),
          getValueOrCreateConstantIndexOp(builder, location, sizes[i]));
  }
  return memref::ReinterpretCastOp::create(builder, location, type, base, builder.getIndexAttr(0), sizes,
                                           strides);
}

struct LowerKernelBoundary : winnow::impl::LowerKernelBoundaryBase<LowerKernelBoundary> {
  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    if (failed(check(kernel)))
      return signalPassFailure();
    Block &entry = kernel.getBody().front();
    Location location = kernel.getLoc();
    OpBuilder builder(&entry, entry.begin());
    Type address = LLVM::LLVMPointerType::get(&getContext()), word = builder.getI64Type();
    SmallVector<BlockArgument> arguments(entry.getArguments());
    SmallVector<Type> types;
    SmallVector<Attribute> attributes;
    auto bufferAttributes = [&](int64_t alignment) {
      return builder.getDictionaryAttr(
          {builder.getNamedAttr(LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr()),
           builder.getNamedAttr(LLVM::LLVMDialect::getAlignAttrName(),
                                builder.getI64IntegerAttr(alignment))});
    };
    auto addParameter = [&](Type type, DictionaryAttr described) -> Value {
      types.push_back(type);
      attributes.push_back(described);
      return entry.addArgument(type, location);
    };
    auto addSize = [&] {
      return arith::IndexCastOp::create(builder, location, builder.getIndexType(),
                                        addParameter(word, builder.getDictionaryAttr({})));
    };

    SmallVector<Value> pointers;
    for (BlockArgument argument : arguments)
      if (auto type = dyn_cast<MemRefType>(argument.getType()))
        pointers.push_back(addParameter(address, bufferAttributes(alignmentOf(type))));
    for (auto [argument, pointer] :
         llvm::zip(llvm::make_filter_range(arguments, [](Value a) { return isa<MemRefType>(a.getType()); }),
                   pointers)) {
      auto type = cast<MemRefType>(argument.getType());
      SmallVector<Value> sizes;
      for (int64_t i = 0, count = type.getNumDynamicDims(); i < count; ++i)
        sizes.push_back(addSize());
      argument.replaceAllUsesWith(createView(builder, location, pointer, type, sizes));
    }
    for (BlockArgument argument : arguments)
      if (argument.getType().isIndex())
        argument.replaceAllUsesWith(addSize());

    entry.eraseArguments(0, arguments.size());
    kernel.setType(FunctionType::get(&getContext(), types, {}));
    kernel.setAllArgAttrs(attributes);
  }

  LogicalResult check(func::FuncOp kernel) {
    if (kernel.isExternal() || kernel.getNumResults() != 0)
      return kernel.emitOpError("is no kernel: expected a body, and no results");
    for (Type type : kernel.getArgumentTypes())
      if (!isa<MemRefType>(type) && !type.isIndex())
        return kernel.emitOpError("takes ") << type << ", but a kernel takes memrefs and indices";
    return success();
  }
};

} // namespace
