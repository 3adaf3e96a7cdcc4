// Turns each kernel into a function over a range of items, and an exported function with the runtime's
// signature.
#include "passes/LowerToHost/Passes.h"
#include "passes/LowerToHost/PlainPointers.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

namespace winnow {
#define GEN_PASS_DEF_EXPOSEHOSTKERNELS
#include "passes/LowerToHost/Passes.h.inc"
} // namespace winnow

using namespace mlir;
using namespace winnow;

namespace {

constexpr int64_t stackLimit = 1024 * 1024;
constexpr int64_t stackAlignment = 64;

/// What a kernel's signature becomes: pointers, then sizes.
struct Boundary {
  SmallVector<Type> itemTypes; // of NAME.items, without the range
  int64_t bufferCount = 0, sizeCount = 0;
};

FailureOr<Boundary> analyzeBoundary(func::FuncOp kernel) {
  Boundary boundary;
  for (auto [position, type] : llvm::enumerate(kernel.getArgumentTypes())) {
    if (auto memref = dyn_cast<MemRefType>(type)) {
      if (!memref.getLayout().isIdentity() || memref.getMemorySpace())
        return kernel.emitOpError("argument ")
               << position << " must be a memref with identity layout, but is " << type;
      ++boundary.bufferCount;
      boundary.sizeCount += memref.getNumDynamicDims();
    } else if (type.isIndex()) {
      ++boundary.sizeCount;
    } else {
      return kernel.emitOpError("argument ") << position << " must be a memref or an index, but is " << type;
    }
  }
  boundary.itemTypes.append(boundary.bufferCount, LLVM::LLVMPointerType::get(kernel.getContext()));
  boundary.itemTypes.append(boundary.sizeCount, IndexType::get(kernel.getContext()));
  return boundary;
}

FailureOr<scf::ForallOp> findItems(func::FuncOp kernel) {
  if (!kernel.getBody().hasOneBlock() || kernel.getNumResults() != 0)
    return kernel.emitOpError("is a kernel and must have one block and no results");
  auto loops = kernel.getBody().front().getOps<scf::ForallOp>();
  if (!llvm::hasSingleElement(loops))
    return kernel.emitOpError("is a kernel and must have exactly one scf.forall over its items, but has ")
           << std::distance(loops.begin(), loops.end());
  return *loops.begin();
}

/// The kernel's arguments, made from the pointers and sizes of NAME.items.
SmallVector<Value> createArguments(OpBuilder &builder, func::FuncOp kernel, const Boundary &boundary,
                                   ValueRange parts) {
  ValueRange pointers = parts.take_front(boundary.bufferCount);
  ValueRange sizes = parts.slice(boundary.bufferCount, boundary.sizeCount);
  SmallVector<Value> arguments;
  // The sizes of all buffers come before the index arguments.
  int64_t indexPosition = 0;
  for (Type type : kernel.getArgumentTypes())
    if (auto memref = dyn_cast<MemRefType>(type))
      indexPosition += memref.getNumDynamicDims();
  for (Type type : kernel.getArgumentTypes()) {
    auto memref = dyn_cast<MemRefType>(type);
    if (!memref) {
      arguments.push_back(sizes[indexPosition++]);
      continue;
    }
    int64_t count = memref.getNumDynamicDims();
    arguments.push_back(
        createMemRef(builder, kernel.getLoc(), pointers.front(), memref, sizes.take_front(count)));
    pointers = pointers.drop_front();
    sizes = sizes.drop_front(count);
    indexPosition -= count;
  }
  return arguments;
}

/// The next multi-index in row-major order. Counting on is cheaper than dividing for every item.
SmallVector<Value> createIncrement(OpBuilder &builder, Location location, ValueRange indices,
                                   ValueRange counts) {
  SmallVector<Value> next(indices.begin(), indices.end());
  Value zero = arith::ConstantIndexOp::create(builder, location, 0);
  Value carry = arith::ConstantIndexOp::create(builder, location, 1);
  for (int64_t dimension = indices.size() - 1; dimension >= 0; --dimension) {
    Value sum = arith::AddIOp::create(builder, location, indices[dimension], carry);
    Value wraps = arith::CmpIOp::create(builder, location, arith::CmpIPredicate::eq, sum, counts[dimension]);
    next[dimension] = arith::SelectOp::create(builder, location, wraps, zero, sum);
    carry = arith::IndexCastUIOp::create(builder, location, builder.getIndexType(), wraps);
  }
  return next;
}

/// Replaces the loop over all items by one over `begin` to `end`.
void createItemLoop(scf::ForallOp forall, Value begin, Value end) {
  OpBuilder builder(forall);
  Location location = forall.getLoc();
  SmallVector<Value> lower = forall.getLowerBound(builder), upper = forall.getUpperBound(builder),
                     steps = forall.getStep(builder), counts;
  for (auto [low, high, step] : llvm::zip_equal(lower, upper, steps)) {
    Value extent = builder.createOrFold<arith::SubIOp>(location, high, low);
    counts.push_back(builder.createOrFold<arith::CeilDivSIOp>(location, extent, step));
  }
  SmallVector<Value> first;
  if (!counts.empty())
    llvm::append_range(first, affine::AffineDelinearizeIndexOp::create(builder, location, begin, counts,
                                                                       /*hasOuterBound=*/true)
                                  .getResults());
  Value one = arith::ConstantIndexOp::create(builder, location, 1);
  auto loop = scf::ForOp::create(builder, location, begin, end, one, first);

  builder.setInsertionPointToStart(loop.getBody());
  IRMapping mapping;
  for (auto [variable, low, step, index] :
       llvm::zip_equal(forall.getInductionVars(), lower, steps, loop.getRegionIterArgs())) {
    Value offset = arith::MulIOp::create(builder, location, index, step);
    mapping.map(variable, builder.createOrFold<arith::AddIOp>(location, low, offset));
  }
  for (Operation &op : forall.getBody()->without_terminator())
    builder.clone(op, mapping);
  SmallVector<Value> next = createIncrement(builder, location, loop.getRegionIterArgs(), counts);
  if (!next.empty())
    scf::YieldOp::create(builder, location, next);
  forall.erase();
}

/// Moves stack allocations out of the loop over items, which would make the stack grow.
LogicalResult hoistAllocations(func::FuncOp items, StringRef name) {
  int64_t bytes = 0;
  Block &entry = items.getBody().front();
  SmallVector<memref::AllocaOp> allocations;
  WalkResult result = items.walk([&](Operation *op) -> WalkResult {
    if (isa<memref::AllocOp, memref::DeallocOp>(op))
      return op->emitOpError("in kernel '") << name << "', but a kernel may not use the heap";
    auto allocation = dyn_cast<memref::AllocaOp>(op);
    if (!allocation)
      return WalkResult::advance();
    MemRefType type = allocation.getType();
    if (!type.hasStaticShape() || !type.getLayout().isIdentity())
      return op->emitOpError("in kernel '")
             << name << "' must have a static shape and identity layout, but is " << type;
    bytes += llvm::divideCeil(type.getNumElements() * type.getElementTypeBitWidth(), 8);
    allocations.push_back(allocation);
    return WalkResult::advance();
  });
  if (result.wasInterrupted())
    return failure();
  if (bytes > stackLimit)
    return items.emitError("kernel '")
           << name << "' needs " << bytes << " bytes of stack, but at most " << stackLimit << " are allowed";
  for (memref::AllocaOp allocation : llvm::reverse(allocations)) {
    allocation.setAlignment(stackAlignment);
    allocation->moveBefore(&entry, entry.begin());
  }
  return success();
}

/// NAME.items: the kernel's body on pointers, for a range of items.
FailureOr<func::FuncOp> createItemsFunction(func::FuncOp kernel, const Boundary &boundary) {
  OpBuilder builder(kernel);
  SmallVector<Type> types(boundary.itemTypes);
  types.append(2, builder.getIndexType());
  auto items = func::FuncOp::create(builder, kernel.getLoc(), (kernel.getName() + ".items").str(),
                                    builder.getFunctionType(types, {}));
  items.setPrivate();
  items->setAttr("llvm.linkage", LLVM::LinkageAttr::get(builder.getContext(), LLVM::Linkage::Internal));
  // Once inlined, the pointers' independence would have to survive as metadata.
  items->setAttr("passthrough", builder.getStrArrayAttr({"noinline"}));
  for (int64_t buffer = 0; buffer < boundary.bufferCount; ++buffer)
    items.setArgAttr(buffer, LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr());

  Block *entry = items.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  IRMapping mapping;
  mapping.map(kernel.getArguments(), createArguments(builder, kernel, boundary, items.getArguments()));
  for (Operation &op : kernel.getBody().front())
    builder.clone(op, mapping);
  FailureOr<scf::ForallOp> forall = findItems(items);
  createItemLoop(*forall, entry->getArgument(types.size() - 2), entry->getArgument(types.size() - 1));
  if (failed(hoistAllocations(items, kernel.getName())))
    return failure();
  return items;
}

/// NAME: takes the pointers and sizes out of the runtime's arrays.
void createExportedFunction(func::FuncOp kernel, func::FuncOp items, const Boundary &boundary) {
  OpBuilder builder(kernel);
  Location location = kernel.getLoc();
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext()), i64 = builder.getI64Type();
  auto exported = func::FuncOp::create(builder, location, kernel.getName(),
                                       builder.getFunctionType({pointer, pointer, i64, i64}, {}));
  Block *entry = exported.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  auto toIndex = [&](Value value) -> Value {
    return arith::IndexCastOp::create(builder, location, builder.getIndexType(), value);
  };
  Value some = arith::CmpIOp::create(builder, location, arith::CmpIPredicate::slt, entry->getArgument(2),
                                     entry->getArgument(3));
  auto guard = scf::IfOp::create(builder, location, some);
  builder.setInsertionPointToStart(guard.thenBlock());
  SmallVector<Value> operands;
  for (int64_t buffer = 0; buffer < boundary.bufferCount; ++buffer)
    operands.push_back(loadElement(builder, location, entry->getArgument(0), pointer, buffer));
  for (int64_t size = 0; size < boundary.sizeCount; ++size)
    operands.push_back(toIndex(loadElement(builder, location, entry->getArgument(1), i64, size)));
  operands.push_back(toIndex(entry->getArgument(2)));
  operands.push_back(toIndex(entry->getArgument(3)));
  func::CallOp::create(builder, location, items, operands);
  builder.setInsertionPointToEnd(entry);
  func::ReturnOp::create(builder, location);
}

struct ExposeHostKernels : winnow::impl::ExposeHostKernelsBase<ExposeHostKernels> {
  void runOnOperation() override {
    for (auto kernel : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      if (!kernel->hasAttr("winnow.kernel"))
        continue;
      FailureOr<Boundary> boundary = analyzeBoundary(kernel);
      if (failed(boundary) || failed(findItems(kernel)))
        return signalPassFailure();
      FailureOr<func::FuncOp> items = createItemsFunction(kernel, *boundary);
      if (failed(items))
        return signalPassFailure();
      createExportedFunction(kernel, *items, *boundary);
      kernel.erase();
    }
  }
};

} // namespace
