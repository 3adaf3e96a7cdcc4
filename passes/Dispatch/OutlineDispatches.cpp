// Outlines fused groups of operations into kernel functions.
#include "passes/Dispatch/Passes.h"

#include "dialects/Winnow/WinnowOps.h"

#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/TilingInterface.h"
#include "llvm/ADT/SetVector.h"

namespace winnow {
#define GEN_PASS_DEF_OUTLINEDISPATCHES
#include "passes/Dispatch/Passes.h.inc"

using namespace mlir;

namespace {

/// Whether `op` computes on tensors and so belongs in a kernel.
bool isCompute(Operation *op) {
  return isa<linalg::LinalgOp, TilingInterface, SelectionEnumerateOp, SelectionEnumerateColumnsOp,
             SelectionAccumulateOp>(op) &&
         op->getNumResults() > 0;
}

/// Whether `op`'s tiles are of its own making, so that nothing is fused with it.
bool isAlone(Operation *op) {
  return isa<tensor::PadOp, SelectionEnumerateOp, SelectionEnumerateColumnsOp, SelectionAccumulateOp,
             AttentionOp>(op);
}

bool isFill(Operation *op) { return isa_and_nonnull<linalg::FillOp>(op); }

/// Whether `value` is made in a region of `op`.
bool isInside(Operation *op, Value value) { return op->isAncestor(value.getParentBlock()->getParentOp()); }

/// Whether `op` makes a scalar that is no size of other scalars: the host passes only sizes to a kernel.
bool isScalarArithmetic(Operation *op) {
  return op->getNumRegions() == 0 && isPure(op) &&
         llvm::none_of(op->getOperandTypes(), llvm::IsaPred<ShapedType>) &&
         llvm::none_of(op->getResultTypes(), llvm::IsaPred<ShapedType, IndexType>);
}

/// Whether a copy of `op` inside a kernel is cheaper than a buffer between kernels.
bool isRepeated(Operation *op) {
  if (isFill(op) || isScalarArithmetic(op) ||
      isa<tensor::EmptyOp, SelectionAssembleOp, SelectionAssembleColumnsOp>(op)) {
    return true;
  }
  auto constant = dyn_cast<arith::ConstantOp>(op);
  if (!constant) {
    return false;
  }
  auto elements = dyn_cast<DenseElementsAttr>(constant.getValue());
  return !isa<ShapedType>(constant.getType()) || (elements && elements.isSplat());
}

bool isElementwise(Operation *op) {
  auto generic = dyn_cast<linalg::LinalgOp>(op);
  return generic && generic.getNumLoops() == generic.getNumParallelLoops();
}

/// Whether `root` reads every element of `operand` once, at the position of the element that it writes.
bool readsInPlace(Operation *root, OpOperand &operand) {
  auto generic = dyn_cast<linalg::LinalgOp>(root);
  return generic && generic.isDpsInput(&operand) && generic.getMatchingIndexingMap(&operand).isIdentity() &&
         llvm::all_of(generic.getDpsInitsMutable(),
                      [&](OpOperand &init) { return generic.getMatchingIndexingMap(&init).isIdentity(); });
}

/// One kernel to be: operations in program order, the last is the root.
struct Group {
  SetVector<Operation *> members;
  Operation *root() const { return members.back(); }
};

/// Whether `operand` is where `member` puts its result.
bool isInit(Operation *member, OpOperand &operand) {
  auto style = dyn_cast<DestinationStyleOpInterface>(member);
  return style && operand.getOwner() == member && style.isDpsInit(&operand);
}

/// Whether an accumulation starts from what `use` reads.
bool isStart(OpOperand &use) { return isCompute(use.getOwner()) && isInit(use.getOwner(), use); }

/// What an accumulation on `init` starts from: the filled scalar, the tensor, or null if it is empty.
Value startOf(Value init) {
  Operation *definition = init.getDefiningOp(), *origin = definition;
  while (isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::CastOp>(origin)) {
    origin = origin->getOperand(0).getDefiningOp();
  }
  if (isa_and_nonnull<tensor::EmptyOp>(origin)) {
    return {};
  }
  return isFill(definition) ? cast<linalg::FillOp>(definition).getInputs()[0] : init;
}

/// The argument whose shape is the item space: the (last) result, unless the results are cut at places that
/// only an input tells.
int64_t domainOf(Operation *root, const SetVector<Value> &tensors) {
  if (auto enumerate = dyn_cast<SelectionEnumerateColumnsOp>(root)) {
    return llvm::find(tensors, enumerate.getOffsets()) - tensors.begin();
  }
  return tensors.size() + root->getNumResults() - 1;
}

class Outliner {
public:
  Outliner(func::FuncOp entry, OpBuilder builder) : entry(entry), builder(builder) {}

  LogicalResult run();
  int64_t kernels = 0;

private:
  void formGroups(Block &block);
  void separateStarts(Operation *fill);
  void formGroup(Operation *root);
  void collectCaptures(const Group &group, SetVector<Value> &tensors, SetVector<Value> &scalars);
  void outline(const Group &group);
  Value materializeInit(OpBuilder &body, Value init, Value destination, IRMapping &mapping, Location loc);
  void cloneRepeated(OpBuilder &body, Value value, IRMapping &mapping);
  void cloneMember(OpBuilder &body, Operation *member, ValueRange destinations, bool isRoot,
                   IRMapping &mapping);

  func::FuncOp entry;
  OpBuilder builder;
  SmallVector<Group> groups;
  DenseSet<Operation *> grouped;
};

/// Reads scalars where they are used, inside kernels: the host knows the elements of no tensor but those of
/// integer parameters, which it needs as sizes.
void sinkScalars(func::FuncOp entry) {
  SmallVector<tensor::ExtractOp> scalars;
  entry.walk([&](tensor::ExtractOp op) {
    if (op.getIndices().empty() && !op->getParentOfType<linalg::LinalgOp>()) {
      scalars.push_back(op);
    }
  });
  for (tensor::ExtractOp scalar : scalars) {
    for (OpOperand &use : llvm::make_early_inc_range(scalar->getUses())) {
      if (auto reader = use.getOwner()->getParentOfType<linalg::LinalgOp>()) {
        OpBuilder body = OpBuilder::atBlockBegin(&reader->getRegion(0).front());
        use.set(body.clone(*scalar)->getResult(0));
      }
    }
  }
}

LogicalResult Outliner::run() {
  sinkScalars(entry);
  formGroups(entry.getBody().front());
  for (const Group &group : llvm::reverse(groups)) {
    outline(group);
  }
  return success();
}

/// Forms the groups of a block from its end. A group inside a conditional subgraph takes in what is before
/// the subgraph and only it reads, so that this runs under the condition too.
void Outliner::formGroups(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
    if (auto when = dyn_cast<WhenOp>(op)) {
      formGroups(when.getBody().front());
      continue;
    }
    if (auto loop = dyn_cast<LoopOp>(op)) {
      formGroups(loop.getBody().front());
      continue;
    }
    if (!isCompute(&op) || grouped.contains(&op) || op.use_empty()) {
      continue;
    }
    // A fill is repeated where it only starts an accumulation; read as data, it needs a buffer.
    if (isFill(&op) && llvm::all_of(op.getUses(), isStart)) {
      continue;
    }
    if (isFill(&op)) {
      separateStarts(&op);
    }
    formGroup(&op);
  }
}

/// Gives the accumulations that start from `fill` a fill of their own, so that they need not wait for, and
/// read, the buffer that its other uses need.
void Outliner::separateStarts(Operation *fill) {
  builder.setInsertionPoint(fill);
  Operation *start = builder.clone(*fill);
  fill->getResult(0).replaceUsesWithIf(start->getResult(0), isStart);
  if (start->use_empty()) {
    start->erase();
  }
}

void Outliner::formGroup(Operation *root) {
  Group group;
  if (isElementwise(root) && !isFill(root)) {
    for (OpOperand &operand : root->getOpOperands()) {
      Operation *producer = operand.get().getDefiningOp();
      if (producer && isCompute(producer) && !isFill(producer) && !isAlone(producer) &&
          producer->getNumResults() == 1 && producer->hasOneUse() && readsInPlace(root, operand) &&
          producer->getParentOfType<LoopOp>() == root->getParentOfType<LoopOp>()) {
        group.members.insert(producer);
      }
    }
  }
  group.members.insert(root);
  grouped.insert(group.members.begin(), group.members.end());
  groups.push_back(std::move(group));
}

void Outliner::collectCaptures(const Group &group, SetVector<Value> &tensors, SetVector<Value> &scalars) {
  std::function<void(Value)> capture = [&](Value value) {
    Operation *definition = value.getDefiningOp();
    if (definition && group.members.contains(definition)) {
      return;
    }
    if (definition && isRepeated(definition)) {
      llvm::for_each(definition->getOperands(), capture);
      return;
    }
    if (isa<TensorType>(value.getType())) {
      tensors.insert(value);
    } else {
      scalars.insert(value);
    }
  };
  for (Operation *member : group.members) {
    member->walk([&](Operation *nested) {
      for (OpOperand &operand : nested->getOpOperands()) {
        Value value = operand.get();
        if (isInit(member, operand)) {
          // An accumulation that starts from a fill has the destination's shape.
          value = startOf(value);
        }
        if (value && !isInside(member, value)) {
          capture(value);
        }
      }
    });
  }
}

/// Clones what defines `value` when it is repeated.
void Outliner::cloneRepeated(OpBuilder &body, Value value, IRMapping &mapping) {
  Operation *definition = value.getDefiningOp();
  if (mapping.contains(value) || !definition || !isRepeated(definition)) {
    return;
  }
  for (Value operand : definition->getOperands()) {
    cloneRepeated(body, operand, mapping);
  }
  body.clone(*definition, mapping);
}

/// The value that starts the accumulation on `init`, in the storage of `destination`.
Value Outliner::materializeInit(OpBuilder &body, Value init, Value destination, IRMapping &mapping,
                                Location loc) {
  Value start = startOf(init);
  if (!start) {
    return destination;
  }
  cloneRepeated(body, start, mapping);
  Value value = mapping.lookupOrDefault(start);
  if (isa<TensorType>(value.getType())) {
    return linalg::CopyOp::create(body, loc, value, destination).getResult(0);
  }
  return linalg::FillOp::create(body, loc, value, destination).getResult(0);
}

/// Clones `member`, which writes the kernel's destinations if it is the root.
void Outliner::cloneMember(OpBuilder &body, Operation *member, ValueRange destinations, bool isRoot,
                           IRMapping &mapping) {
  member->walk([&](Operation *nested) {
    for (OpOperand &operand : nested->getOpOperands()) {
      if (!isInit(member, operand) && !isInside(member, operand.get())) {
        cloneRepeated(body, operand.get(), mapping);
      }
    }
  });
  auto style = dyn_cast<DestinationStyleOpInterface>(member);
  SmallVector<Value> inits;
  if (style) {
    for (auto [index, init] : llvm::enumerate(style.getDpsInits())) {
      Value destination = destinations[isRoot ? index : 0];
      if (!isRoot) {
        // What is fused has the root's shape.
        auto type = cast<RankedTensorType>(init.getType());
        SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(body, member->getLoc(), destination);
        destination = tensor::EmptyOp::create(body, member->getLoc(), sizes, type.getElementType());
      }
      inits.push_back(materializeInit(body, init, destination, mapping, member->getLoc()));
    }
  }
  Operation *clone = body.clone(*member, mapping);
  for (auto [index, init] : llvm::enumerate(inits)) {
    OpOperand *operand = cast<DestinationStyleOpInterface>(clone).getDpsInitOperand(index);
    operand->set(init);
    clone->getResult(index).setType(init.getType());
  }
}

void Outliner::outline(const Group &group) {
  SetVector<Value> tensors, scalars;
  collectCaptures(group, tensors, scalars);
  Operation *root = group.root();
  auto rootStyle = dyn_cast<DestinationStyleOpInterface>(root);
  SmallVector<Location> locations;
  for (Operation *member : group.members) {
    locations.push_back(member->getLoc());
  }
  Location loc = builder.getFusedLoc(locations);

  SmallVector<Type> arguments(tensors.getArrayRef().size());
  llvm::transform(tensors, arguments.begin(), [](Value value) { return value.getType(); });
  int64_t inputs = arguments.size();
  llvm::append_range(arguments, root->getResultTypes());
  for (Value scalar : scalars) {
    arguments.push_back(scalar.getType());
  }

  builder.setInsertionPoint(entry);
  std::string name;
  do {
    name = (entry.getName() + "_" + Twine(kernels++)).str();
  } while (SymbolTable::lookupNearestSymbolFrom(entry, builder.getStringAttr(name)));
  auto kernel =
      func::FuncOp::create(builder, loc, name, builder.getFunctionType(arguments, root->getResultTypes()));
  kernel.setPrivate();
  kernel->setAttr(kKernelAttribute, builder.getUnitAttr());
  kernel->setAttr(kInputsAttribute, builder.getI64IntegerAttr(inputs));
  kernel->setAttr(kDomainAttribute, builder.getI64IntegerAttr(domainOf(root, tensors)));

  Block *block = kernel.addEntryBlock();
  OpBuilder body = OpBuilder::atBlockBegin(block);
  IRMapping mapping;
  mapping.map(tensors.getArrayRef(), block->getArguments().take_front(inputs));
  mapping.map(scalars.getArrayRef(), block->getArguments().take_back(scalars.size()));
  ValueRange destinations = block->getArguments().slice(inputs, root->getNumResults());

  for (Operation *member : group.members) {
    cloneMember(body, member, destinations, member == root, mapping);
  }
  SmallVector<Value> results;
  for (auto [result, destination] : llvm::zip(root->getResults(), destinations)) {
    Value value = mapping.lookup(result);
    results.push_back(
        rootStyle ? value : linalg::CopyOp::create(body, root->getLoc(), value, destination).getResult(0));
  }
  func::ReturnOp::create(body, loc, results);

  builder.setInsertionPoint(root);
  SmallVector<Value> operands(tensors.getArrayRef());
  for (auto [index, result] : llvm::enumerate(root->getResults())) {
    auto type = cast<RankedTensorType>(result.getType());
    SmallVector<OpFoldResult> sizes;
    if (rootStyle) {
      Value init = rootStyle.getDpsInits()[index];
      while (auto fill = init.getDefiningOp<linalg::FillOp>()) {
        init = fill.getOutputs()[0];
      }
      sizes = tensor::getMixedSizes(builder, loc, init);
    } else {
      ReifiedRankedShapedTypeDims shapes;
      (void)reifyResultShapes(builder, root, shapes);
      sizes = shapes[index];
    }
    operands.push_back(tensor::EmptyOp::create(builder, loc, sizes, type.getElementType()));
  }
  llvm::append_range(operands, scalars);
  auto call = func::CallOp::create(builder, loc, kernel, operands);
  root->replaceAllUsesWith(call.getResults());
  for (Operation *member : llvm::reverse(group.members)) {
    member->erase();
  }
}

struct OutlineDispatches : impl::OutlineDispatchesBase<OutlineDispatches> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> entries;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (!function->hasAttr(kKernelAttribute) && !function.isExternal()) {
        entries.push_back(function);
      }
    }
    for (func::FuncOp entry : entries) {
      if (!entry.getBody().hasOneBlock()) {
        entry.emitError() << "function " << entry.getName() << " has control flow between blocks, but a "
                          << "program of one block was expected";
        return signalPassFailure();
      }
      Outliner outliner(entry, OpBuilder(entry.getContext()));
      if (failed(outliner.run())) {
        return signalPassFailure();
      }
    }
  }
};

} // namespace
} // namespace winnow
