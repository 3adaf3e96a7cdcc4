// Gives bufferized functions the boundary of reference code: buffers, sizes and the caller's allocator.
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/Reference/Passes.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace winnow {
#define GEN_PASS_DEF_WRAPREFERENCE
#include "passes/Reference/Passes.h.inc"
} // namespace winnow

namespace {

/// Bytes of an element in memory; a bool takes one.
int64_t elementBytes(Type type) {
  return type.isIndex() ? 8 : llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
}

/// Rewrites one function. The boundary's four arguments come first while the old ones still exist.
class BoundaryRewriter {
public:
  explicit BoundaryRewriter(func::FuncOp function)
      : function(function), builder(function.getContext()), converter(function.getContext()),
        pointer(LLVM::LLVMPointerType::get(function.getContext())) {}

  LogicalResult run();

private:
  LogicalResult check();
  void replaceArguments();
  void replaceReturns();
  void replaceAllocations();
  void replaceCopies();

  Value constant(Location location, int64_t value) {
    return LLVM::ConstantOp::create(builder, location, builder.getI64Type(), value);
  }
  /// Entry `index` of the array of `type` that argument `argument` points to.
  Value loadFromArgument(Location location, unsigned argument, int64_t index, Type type);
  /// The next dynamic extent of `sizes`, or the static one, for each dimension.
  SmallVector<Value> loadSizes(Location location, MemRefType type);
  /// A memref of the given extents at an address.
  Value buildMemRef(Location location, MemRefType type, Value address, ArrayRef<Value> extents);
  Value buildBytes(Location location, MemRefType type, ArrayRef<Value> extents);

  func::FuncOp function;
  OpBuilder builder;
  LLVMTypeConverter converter;
  Type pointer;
  int64_t buffersRead = 0, sizesRead = 0;
};

LogicalResult BoundaryRewriter::check() {
  auto isBuffer = [](Type type) {
    auto memref = dyn_cast<MemRefType>(type);
    return memref && memref.getLayout().isIdentity();
  };
  for (Type type : llvm::concat<const Type>(function.getArgumentTypes(), function.getResultTypes()))
    if (!isBuffer(type))
      return function.emitError("reference code takes and gives buffers in row-major order, but function '")
             << function.getName() << "' has " << type;
  WalkResult calls = function.walk([&](func::CallOp call) {
    call.emitError("reference code cannot call a function, but calls '") << call.getCallee() << "'";
    return WalkResult::interrupt();
  });
  return failure(calls.wasInterrupted());
}

Value BoundaryRewriter::loadFromArgument(Location location, unsigned argument, int64_t index, Type type) {
  Value address = LLVM::GEPOp::create(builder, location, pointer, type, function.getArgument(argument),
                                      ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
  return LLVM::LoadOp::create(builder, location, type, address);
}

SmallVector<Value> BoundaryRewriter::loadSizes(Location location, MemRefType type) {
  SmallVector<Value> extents;
  for (int64_t size : type.getShape())
    extents.push_back(ShapedType::isDynamic(size)
                          ? loadFromArgument(location, 1, sizesRead++, builder.getI64Type())
                          : constant(location, size));
  return extents;
}

Value BoundaryRewriter::buildMemRef(Location location, MemRefType type, Value address,
                                    ArrayRef<Value> extents) {
  auto descriptor = MemRefDescriptor::poison(builder, location, converter.convertType(type));
  descriptor.setAllocatedPtr(builder, location, address);
  descriptor.setAlignedPtr(builder, location, address);
  descriptor.setConstantOffset(builder, location, 0);
  Value stride = constant(location, 1);
  for (int64_t i = type.getRank() - 1; i >= 0; --i) {
    descriptor.setSize(builder, location, i, extents[i]);
    descriptor.setStride(builder, location, i, stride);
    stride = LLVM::MulOp::create(builder, location, stride, extents[i]);
  }
  return UnrealizedConversionCastOp::create(builder, location, type, Value(descriptor)).getResult(0);
}

Value BoundaryRewriter::buildBytes(Location location, MemRefType type, ArrayRef<Value> extents) {
  Value bytes = constant(location, elementBytes(type.getElementType()));
  for (Value extent : extents)
    bytes = LLVM::MulOp::create(builder, location, bytes, extent);
  return LLVM::SMaxOp::create(builder, location, bytes, constant(location, 1));
}

void BoundaryRewriter::replaceArguments() {
  unsigned count = function.getNumArguments() - 4;
  builder.setInsertionPointToStart(&function.front());
  for (unsigned i = 0; i < count; ++i) {
    BlockArgument argument = function.getArgument(4 + i);
    auto type = cast<MemRefType>(argument.getType());
    Value address = loadFromArgument(argument.getLoc(), 0, buffersRead++, pointer);
    SmallVector<Value> extents = loadSizes(argument.getLoc(), type);
    argument.replaceAllUsesWith(buildMemRef(argument.getLoc(), type, address, extents));
  }
}

void BoundaryRewriter::replaceReturns() {
  int64_t firstBuffer = buffersRead, firstSize = sizesRead;
  SmallVector<func::ReturnOp> returns(function.getOps<func::ReturnOp>());
  for (func::ReturnOp old : returns) {
    buffersRead = firstBuffer;
    sizesRead = firstSize;
    builder.setInsertionPoint(old);
    for (Value result : old.getOperands()) {
      auto type = cast<MemRefType>(result.getType());
      Value address = loadFromArgument(old.getLoc(), 0, buffersRead++, pointer);
      Value output = buildMemRef(old.getLoc(), type, address, loadSizes(old.getLoc(), type));
      memref::CopyOp::create(builder, old.getLoc(), result, output);
    }
    func::ReturnOp::create(builder, old.getLoc());
    old.erase();
  }
}

void BoundaryRewriter::replaceAllocations() {
  auto signature = LLVM::LLVMFunctionType::get(pointer, {pointer, builder.getI64Type()});
  function.walk([&](memref::AllocOp alloc) {
    builder.setInsertionPoint(alloc);
    Location location = alloc.getLoc();
    SmallVector<Value> extents;
    for (OpFoldResult size : alloc.getMixedSizes())
      extents.push_back(
          isa<Attribute>(size)
              ? constant(location, cast<IntegerAttr>(cast<Attribute>(size)).getInt())
              : arith::IndexCastOp::create(builder, location, builder.getI64Type(), cast<Value>(size)));
    Value bytes = buildBytes(location, alloc.getType(), extents);
    Value address = LLVM::CallOp::create(builder, location, signature,
                                         ValueRange{function.getArgument(2), function.getArgument(3), bytes})
                        .getResult();
    alloc.replaceAllUsesWith(buildMemRef(location, alloc.getType(), address, extents));
    alloc.erase();
  });
  function.walk([](memref::DeallocOp dealloc) { dealloc.erase(); });
}

/// A copy of buffers becomes a loop, since memref.copy may need a library.
void BoundaryRewriter::replaceCopies() {
  function.walk([&](memref::CopyOp copy) {
    builder.setInsertionPoint(copy);
    linalg::CopyOp::create(builder, copy.getLoc(), copy.getSource(), copy.getTarget());
    copy.erase();
  });
}

LogicalResult BoundaryRewriter::run() {
  if (failed(check()))
    return failure();
  unsigned count = function.getNumArguments();
  Block &entry = function.front();
  for (unsigned i = 0; i < 4; ++i)
    entry.insertArgument(i, pointer, function.getLoc());
  function.setType(builder.getFunctionType(entry.getArgumentTypes(), {}));
  function.removeArgAttrsAttr();
  function.removeResAttrsAttr();
  replaceArguments();
  replaceReturns();
  entry.eraseArguments(4, count);
  function.setType(builder.getFunctionType(entry.getArgumentTypes(), {}));
  replaceAllocations();
  replaceCopies();
  return success();
}

struct WrapReference : winnow::impl::WrapReferenceBase<WrapReference> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function.isPublic() && !function.isExternal() && failed(BoundaryRewriter(function).run()))
        return signalPassFailure();
  }
};

} // namespace
