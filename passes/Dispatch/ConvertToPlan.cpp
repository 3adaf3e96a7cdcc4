// Turns the entry functions into plan programs: tensors become buffers of known sizes.
#include "passes/Dispatch/InterfaceTypes.h"
#include "passes/Dispatch/Planner.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/RegionUtils.h"

namespace winnow {
#define GEN_PASS_DEF_CONVERTTOPLAN
#include "passes/Dispatch/Passes.h.inc"

using namespace mlir;

Value Planner::constant(int64_t value) {
  return arith::ConstantIndexOp::create(builder, entry.getLoc(), value);
}

Value Planner::materialize(OpFoldResult size) {
  if (auto value = dyn_cast<Value>(size)) {
    return scalars.lookupOrDefault(value);
  }
  return constant(*getConstantIntValue(size));
}

Value Planner::bytes(const PlannedTensor &tensor, Type type) {
  int64_t width = std::max<int64_t>(1, cast<ShapedType>(type).getElementTypeBitWidth() / 8);
  Value total = constant(width);
  for (Value size : tensor.sizes) {
    total = arith::MulIOp::create(builder, entry.getLoc(), total, size);
  }
  return total;
}

ArrayAttr Planner::signatures(TypeRange types, bool areInputs) {
  SmallVector<Attribute> result;
  for (auto [index, type] : llvm::enumerate(types)) {
    auto attribute = [&](StringRef name) {
      return areInputs ? entry.getArgAttr(index, name) : entry.getResultAttr(index, name);
    };
    auto tensor = cast<RankedTensorType>(type);
    if (auto named = dyn_cast_if_present<StringAttr>(attribute("winnow.type"))) {
      if (Type element = interfaceType(named, tensor.getElementType())) {
        tensor = tensor.clone(element);
      }
    }
    auto name = dyn_cast_if_present<StringAttr>(attribute("winnow.name"));
    if (!name) {
      name = builder.getStringAttr((areInputs ? "input" : "output") + Twine(index));
    }
    SmallVector<StringAttr> dimensions(tensor.getRank(), builder.getStringAttr(""));
    if (auto names = dyn_cast_if_present<ArrayAttr>(attribute("winnow.dims"))) {
      for (auto [dimension, given] : llvm::zip(dimensions, names.getAsRange<StringAttr>())) {
        dimension = given;
      }
    }
    result.push_back(plan::SignatureAttr::get(context, name, tensor, dimensions));
  }
  return builder.getArrayAttr(result);
}

LogicalResult Planner::createFunction() {
  for (BlockArgument argument : entry.getArguments()) {
    if (FlatSymbolRefAttr symbol = sessionSymbol(entry.getArgAttrDict(argument.getArgNumber()))) {
      sessionArguments.push_back(symbol);
    }
  }
  for (unsigned index = 0; index < entry.getNumResults(); ++index) {
    if (FlatSymbolRefAttr symbol = sessionSymbol(entry.getResultAttrDict(index))) {
      sessionResults.push_back(symbol);
    }
  }
  for (Type type : llvm::concat<const Type>(entry.getArgumentTypes(), entry.getResultTypes())) {
    if (!isa<RankedTensorType>(type)) {
      return entry.emitError() << "function " << entry.getName() << " takes or returns " << type
                               << ", but ranked tensors were expected";
    }
  }
  builder.setInsertionPoint(entry);
  program = plan::FuncOp::create(
      builder, entry.getLoc(), entry.getName(),
      signatures(entry.getArgumentTypes().drop_back(sessionArguments.size()), true),
      signatures(entry.getResultTypes().drop_back(sessionResults.size()), false), StringAttr());
  if (!sessionArguments.empty()) {
    program->setAttr(kSessionArguments, builder.getArrayAttr(sessionArguments));
  }
  if (!sessionResults.empty()) {
    program->setAttr(kSessionResults, builder.getArrayAttr(sessionResults));
  }
  builder.createBlock(&program.getBody());
  llvm::for_each(entry.getArguments(), [&](BlockArgument argument) { convertArgument(argument); });
  return success();
}

void Planner::convertArgument(BlockArgument argument) {
  Location loc = argument.getLoc();
  PlannedTensor planned;
  DictionaryAttr attributes = entry.getArgAttrDict(argument.getArgNumber());
  FlatSymbolRefAttr symbol = sessionSymbol(attributes);
  if (symbol && attributes.contains(kParameterAttribute)) {
    planned.buffer = plan::ParameterOp::create(builder, loc, bufferType, symbol);
  } else if (symbol) {
    planned = {plan::StateOp::create(builder, loc, bufferType, symbol), stateSizes(symbol)};
  } else {
    auto type = cast<RankedTensorType>(argument.getType());
    int64_t number = argument.getArgNumber();
    for (int64_t dimension = 0; dimension < type.getRank(); ++dimension) {
      planned.sizes.push_back(
          type.isDynamicDim(dimension)
              ? plan::InputDimensionOp::create(builder, loc, builder.getIndexType(), number, dimension)
                    .getResult()
              : constant(type.getDimSize(dimension)));
    }
    planned.buffer = plan::InputOp::create(builder, loc, bufferType, number);
  }
  tensors[argument] = planned;
}

void Planner::convertConstant(arith::ConstantOp op) {
  auto type = dyn_cast<RankedTensorType>(op.getType());
  if (!type) {
    scalars.map(op.getResult(), builder.clone(*op)->getResult(0));
    return;
  }
  plan::WeightOp &weight = weightOf[op.getValue()];
  if (!weight) {
    OpBuilder atModule = OpBuilder::atBlockEnd(weights);
    std::string name = (entry.getName() + "_weight_" + Twine(weightOf.size() - 1)).str();
    weight = plan::WeightOp::create(atModule, op.getLoc(), name, cast<ElementsAttr>(op.getValue()));
  }
  PlannedTensor planned;
  for (int64_t size : type.getShape()) {
    planned.sizes.push_back(constant(size));
  }
  planned.buffer = plan::LoadOp::create(builder, op.getLoc(), bufferType, weight.getSymName());
  tensors[op.getResult()] = planned;
}

/// The output that `value` becomes without a copy: it, or a reshape of it, is returned.
std::optional<unsigned> Planner::returnedAs(Value value) {
  for (OpOperand &use : value.getUses()) {
    Operation *user = use.getOwner();
    if (isa<func::ReturnOp>(user)) {
      if (!outputs.contains(use.getOperandNumber())) {
        return use.getOperandNumber();
      }
    } else if (isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp, tensor::CastOp>(user)) {
      if (std::optional<unsigned> output = returnedAs(user->getResult(0))) {
        return output;
      }
    }
  }
  return std::nullopt;
}

/// The buffer that what computes `value` writes: an output's, one that it was promised, or a new one.
Value Planner::destination(Value value, const PlannedTensor &planned) {
  Location loc = value.getLoc();
  if (Value claimed = claims.lookup(value)) {
    return claimed;
  }
  std::optional<unsigned> output = returnedAs(value);
  if (!output) {
    return plan::AllocOp::create(builder, loc, bufferType, bytes(planned, value.getType()));
  }
  unsigned outputCount = program.getOutputs().size();
  if (*output >= outputCount) {
    auto state = cast<FlatSymbolRefAttr>(sessionResults[*output - outputCount]);
    return outputs[*output] = plan::NextStateOp::create(builder, loc, bufferType, state);
  }
  // A reshape on the way to the return keeps the bytes; the shape is the output's own.
  auto returned = cast<func::ReturnOp>(entry.front().getTerminator()).getOperand(*output);
  SmallVector<Value> shape = returned == value ? planned.sizes : SmallVector<Value>();
  if (returned != value) {
    outputBytes[*output] = bytes(planned, value.getType());
  }
  auto op = plan::OutputOp::create(builder, loc, bufferType, *output, shape);
  return outputs[*output] = op.getResult();
}

/// What a tensor has become. One without elements needs nobody who writes it.
PlannedTensor Planner::lookup(Value value) {
  PlannedTensor &planned = tensors[value];
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!planned.buffer && type && llvm::is_contained(type.getShape(), 0)) {
    planned.buffer = plan::AllocOp::create(builder, value.getLoc(), bufferType, constant(0));
  }
  return planned;
}

LogicalResult Planner::convertCall(func::CallOp call) {
  auto module = entry->getParentOfType<ModuleOp>();
  auto kernel = module.lookupSymbol<func::FuncOp>(call.getCallee());
  if (!kernel || !kernel->hasAttr(kKernelAttribute)) {
    return call.emitError() << "calls " << call.getCallee() << ", but only kernels can be called here";
  }
  int64_t inputs = kernel->getAttrOfType<IntegerAttr>(kInputsAttribute).getInt();
  int64_t domain = kernel->getAttrOfType<IntegerAttr>(kDomainAttribute).getInt();
  SmallVector<Value> buffers, sizes, indices, extents;
  SmallVector<bool> written;
  for (auto [position, operand] : llvm::enumerate(call.getOperands())) {
    auto type = dyn_cast<RankedTensorType>(operand.getType());
    if (!type) {
      if (!isa<IndexType>(operand.getType())) {
        return call.emitError() << "a kernel needs a scalar of type " << operand.getType()
                                << " from the host, but only sizes are known there";
      }
      indices.push_back(scalars.lookupOrDefault(operand));
      continue;
    }
    PlannedTensor planned =
        static_cast<int64_t>(position) < inputs ? lookup(operand) : tensors.lookup(operand);
    int64_t result = static_cast<int64_t>(position) - inputs;
    bool isDestination = result >= 0;
    if (isDestination) {
      Value value = call.getResult(result);
      planned.buffer = destination(value, planned);
      tensors[value] = planned;
    }
    if (!planned.buffer) {
      return call.emitError() << "operand " << position << " has no contents when the kernel reads it";
    }
    buffers.push_back(planned.buffer);
    written.push_back(isDestination);
    for (auto [dimension, size] : llvm::enumerate(planned.sizes)) {
      if (type.isDynamicDim(dimension)) {
        sizes.push_back(size);
      }
    }
    if (static_cast<int64_t>(position) == domain) {
      extents = planned.sizes;
    }
  }
  llvm::append_range(sizes, indices);
  auto symbol =
      SymbolRefAttr::get(context, kKernelsModule, {FlatSymbolRefAttr::get(context, call.getCallee())});
  plan::DispatchOp::create(builder, call.getLoc(), symbol, extents, buffers, sizes, written);
  return success();
}

/// Makes the call fail unless the sizes are equal.
void Planner::checkSizes(Location loc, ValueRange found, ValueRange expected, const Twine &message) {
  for (auto [a, b] : llvm::zip_equal(found, expected)) {
    if (a != b) {
      plan::CheckOp::create(builder, loc, a, b, builder.getStringAttr(message));
    }
  }
}

/// Reads the element, in row-major order.
LogicalResult Planner::convertHostValue(HostValueOp op) {
  const PlannedTensor planned = tensors.lookup(op.getTensor());
  if (!planned.buffer) {
    return op.emitError() << "needs an element of a tensor without contents";
  }
  if (!isa<plan::FuncOp>(builder.getInsertionBlock()->getParentOp())) {
    return op.emitError() << "needs an element of a tensor inside a conditional subgraph or a loop, where no "
                             "size can be read";
  }
  Location loc = op.getLoc();
  Value place = constant(0);
  for (auto [index, size] : llvm::zip_equal(op.getIndices(), planned.sizes)) {
    Value row = arith::MulIOp::create(builder, loc, place, size);
    place = arith::AddIOp::create(builder, loc, row, materialize(index));
  }
  Type type = op.getType();
  auto read = plan::ReadOp::create(builder, loc, builder.getIndexType(), planned.buffer, place, type);
  read->setAttr(kNumberAttribute, op.getNumberAttr());
  Value value = read;
  if (type.isInteger(1)) {
    Value zero = constant(0);
    value = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, value, zero);
  } else {
    value = arith::IndexCastOp::create(builder, loc, type, value);
  }
  scalars.map(op.getResult(), value);
  return success();
}

/// A condition that the host decides is a check. One that compares sizes for being equal names both.
void Planner::convertAssertion(cf::AssertOp op) {
  Value left = scalars.lookupOrDefault(op.getArg()), right;
  auto compare = left.getDefiningOp<arith::CmpIOp>();
  if (compare && compare.getPredicate() == arith::CmpIPredicate::eq && compare.getLhs().getType().isIndex()) {
    left = compare.getLhs();
    right = compare.getRhs();
  } else {
    left = arith::IndexCastUIOp::create(builder, op.getLoc(), builder.getIndexType(), left);
    right = constant(1);
  }
  plan::CheckOp::create(builder, op.getLoc(), left, right, op.getMsg());
}

LogicalResult Planner::convertReshape(Operation *op, Value source, ArrayRef<OpFoldResult> sizes) {
  PlannedTensor planned{tensors.lookup(source).buffer, {}};
  for (OpFoldResult size : sizes) {
    planned.sizes.push_back(materialize(size));
  }
  tensors[op->getResult(0)] = planned;
  return success();
}

/// The shape of an output that a kernel has written before the shape is computed. Where that needs what a
/// later kernel finds, the kernel gets a buffer of its own instead, and this is false.
bool Planner::setSizes(plan::OutputOp output, ValueRange sizes) {
  IRRewriter rewriter(output.getContext());
  if (succeeded(moveValueDefinitions(rewriter, sizes, output))) {
    output.getSizesMutable().assign(sizes);
    return true;
  }
  rewriter.setInsertionPoint(output);
  Value buffer =
      plan::AllocOp::create(rewriter, output.getLoc(), bufferType, outputBytes.at(output.getOutput()));
  for (auto &[value, planned] : tensors) {
    if (planned.buffer == output.getResult()) {
      planned.buffer = buffer;
    }
  }
  rewriter.replaceOp(output, buffer);
  return false;
}

LogicalResult Planner::convertReturn(func::ReturnOp op) {
  unsigned outputCount = program.getOutputs().size();
  for (OpOperand &operand : op->getOpOperands()) {
    unsigned output = operand.getOperandNumber();
    PlannedTensor planned = lookup(operand.get());
    if (output >= outputCount) {
      if (failed(convertWrite(op, cast<FlatSymbolRefAttr>(sessionResults[output - outputCount]), planned,
                              outputs.lookup(output)))) {
        return failure();
      }
      continue;
    }
    if (Value buffer = outputs.lookup(output)) {
      auto existing = buffer.getDefiningOp<plan::OutputOp>();
      if (!existing.getSizes().empty() || setSizes(existing, planned.sizes)) {
        continue;
      }
      planned = lookup(operand.get());
    }
    if (!planned.buffer) {
      return op.emitError() << "output " << output << " has no contents when the function returns it";
    }
    auto created = plan::OutputOp::create(builder, op.getLoc(), bufferType, output, planned.sizes);
    plan::CopyOp::create(builder, op.getLoc(), created, planned.buffer);
  }
  return success();
}

LogicalResult Planner::convert(Operation &op) {
  if (auto constantOp = dyn_cast<arith::ConstantOp>(op)) {
    convertConstant(constantOp);
    return success();
  }
  if (auto call = dyn_cast<func::CallOp>(op)) {
    return isAlternative(call) ? success() : convertCall(call);
  }
  if (auto when = dyn_cast<WhenOp>(op)) {
    return convertWhen(when);
  }
  if (auto loop = dyn_cast<LoopOp>(op)) {
    return convertLoop(loop);
  }
  if (auto insertion = dyn_cast<tensor::InsertSliceOp>(op); insertion && writesInPlace(insertion)) {
    return convertInsertion(insertion);
  }
  if (isa<YieldOp>(op)) {
    return success();
  }
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    std::optional<int64_t> index = dim.getConstantIndex();
    if (!index) {
      return op.emitError() << "takes a dimension that is not a constant";
    }
    const PlannedTensor source = tensors.lookup(dim.getSource());
    if (*index < 0 || *index >= static_cast<int64_t>(source.sizes.size())) {
      return op.emitError() << "takes dimension " << *index << " of a tensor of rank " << source.sizes.size();
    }
    scalars.map(dim.getResult(), source.sizes[*index]);
    return success();
  }
  if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
    return convertExtract(extract);
  }
  if (auto value = dyn_cast<HostValueOp>(op)) {
    return convertHostValue(value);
  }
  if (auto assertion = dyn_cast<cf::AssertOp>(op)) {
    convertAssertion(assertion);
    return success();
  }
  if (auto empty = dyn_cast<tensor::EmptyOp>(op)) {
    PlannedTensor planned;
    for (OpFoldResult size : empty.getMixedSizes()) {
      planned.sizes.push_back(materialize(size));
    }
    tensors[empty.getResult()] = planned;
    return success();
  }
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    const PlannedTensor source = tensors.lookup(collapse.getSrc());
    SmallVector<OpFoldResult> sizes;
    for (const ReassociationIndices &group : collapse.getReassociationIndices()) {
      Value product = constant(1);
      for (int64_t dimension : group) {
        product = arith::MulIOp::create(builder, op.getLoc(), product, source.sizes[dimension]);
      }
      sizes.push_back(product);
    }
    return convertReshape(&op, collapse.getSrc(), sizes);
  }
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
    return convertReshape(&op, expand.getSrc(), expand.getMixedOutputShape());
  }
  if (auto cast = dyn_cast<tensor::CastOp>(op)) {
    tensors[cast.getResult()] = tensors.lookup(cast.getSource());
    return success();
  }
  if (auto returned = dyn_cast<func::ReturnOp>(op)) {
    return convertReturn(returned);
  }
  bool isArithmetic = isa<arith::ArithDialect, affine::AffineDialect>(op.getDialect()) &&
                      llvm::none_of(op.getResultTypes(), llvm::IsaPred<ShapedType>);
  if (!isArithmetic && !isa<plan::CheckOp>(op)) {
    return op.emitError()
           << "'" << op.getName()
           << "' cannot be compiled: expected operations of linalg, tensor and winnow on tensors, "
              "element-wise ones of arith and math, and arithmetic on sizes";
  }
  builder.clone(op, scalars);
  return success();
}

/// Appends the program of `block` where the builder stands.
LogicalResult Planner::convertBlock(Block &block) {
  for (Operation &op : block) {
    if (failed(convert(op))) {
      return failure();
    }
  }
  return success();
}

LogicalResult Planner::run() {
  if (failed(createFunction())) {
    return failure();
  }
  builder.setInsertionPointToEnd(&program.getBody().front());
  if (failed(convertBlock(entry.getBody().front()))) {
    return failure();
  }
  entry.erase();
  return success();
}

namespace {

/// Moves an operation of a round before the outermost branch of the round that holds it.
void moveOutOfBranches(Operation *op) {
  Operation *place = op;
  while (isa<plan::IfOp>(place->getParentOp())) {
    place = place->getParentOp();
  }
  if (place != op) {
    op->moveBefore(place);
  }
}

/// Moves the scalar operations and the checks before all others, out of branches too, so that every size is
/// known before the first buffer. What depends on a read follows the last one that it depends on, and what
/// depends on the round of a loop stays in it.
void hoistScalars(plan::FuncOp program) {
  // Where scalars go that depend on nothing, and those that depend on each read.
  Operation *front = nullptr;
  llvm::MapVector<Operation *, Operation *> places;
  llvm::DenseMap<Operation *, Operation *> readBefore; // of scalars: the last read that they depend on
  llvm::DenseSet<Value> rounds;                        // what depends on the round of a loop
  program.getBody().walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (op == program.getOperation()) {
      return;
    }
    bool isScalar =
        llvm::all_of(op->getResultTypes(), llvm::IsaPred<IndexType, IntegerType>) && op->getNumResults() > 0;
    if (isa<plan::ReadOp>(op) || (!isScalar && !isa<plan::CheckOp>(op))) {
      front = front ? front : op;
      if (isa<plan::ReadOp>(op)) {
        places[op] = op;
        readBefore[op] = op;
      }
      return;
    }
    auto isOfRound = [&](Value operand) { return isa<BlockArgument>(operand) || rounds.contains(operand); };
    if (llvm::any_of(op->getOperands(), isOfRound)) {
      rounds.insert_range(op->getResults());
      moveOutOfBranches(op);
      return;
    }
    Operation *last = nullptr;
    for (Value operand : op->getOperands()) {
      Operation *read = readBefore.lookup(operand.getDefiningOp());
      last = !last || (read && last->isBeforeInBlock(read)) ? read : last;
    }
    if (last) {
      op->moveAfter(places[last]);
      places[last] = op;
      readBefore[op] = last;
    } else if (front) {
      op->moveBefore(front);
    }
  });
}

struct ConvertToPlan : impl::ConvertToPlanBase<ConvertToPlan> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<func::FuncOp> entries, kernels;
    for (auto function : module.getOps<func::FuncOp>()) {
      (function->hasAttr(kKernelAttribute) ? kernels : entries).push_back(function);
    }
    for (func::FuncOp entry : entries) {
      if (failed(Planner(entry, module.getBody()).run())) {
        return signalPassFailure();
      }
    }
    for (auto program : module.getOps<plan::FuncOp>()) {
      hoistScalars(program);
    }
    OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
    auto nested = ModuleOp::create(builder, module.getLoc(), StringRef(kKernelsModule));
    for (func::FuncOp kernel : kernels) {
      kernel->moveBefore(nested.getBody(), nested.getBody()->end());
    }
  }
};

} // namespace
} // namespace winnow
