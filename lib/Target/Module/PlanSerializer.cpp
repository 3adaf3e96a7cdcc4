// Turns a plan program into the module format's instructions.
#include "lib/Target/Module/ModuleBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using winnow::format::Opcode;

namespace winnow {

namespace {

class PlanSerializer {
public:
  PlanSerializer(plan::FuncOp source, const ModuleBuilder &builder) : source(source), builder(builder) {}

  FailureOr<format::Function> run();

private:
  LogicalResult addSignatures(ArrayAttr attributes, std::vector<format::Signature> &signatures);
  LogicalResult add(Operation &op);
  LogicalResult add(Block &block);
  LogicalResult addIf(plan::IfOp op);
  LogicalResult addFor(plan::ForOp op);
  LogicalResult addDispatch(plan::DispatchOp op);
  LogicalResult addArithmetic(Operation &op);

  uint32_t scalar(Value value) const { return scalars.lookup(value); }
  uint32_t buffer(Value value) const { return buffers.lookup(value); }
  uint32_t newScalar(Value value) { return scalars[value] = function.scalarCount++; }
  uint32_t newBuffer(Value value) { return buffers[value] = function.bufferCount++; }
  uint32_t addConstant(int64_t value);
  void emit(Opcode opcode, uint32_t result, std::vector<uint32_t> operands, int64_t immediate = 0) {
    function.body.push_back({opcode, result, immediate, std::move(operands)});
  }

  plan::FuncOp source;
  const ModuleBuilder &builder;
  format::Function function;
  DenseMap<Value, uint32_t> scalars, buffers;
};

LogicalResult PlanSerializer::addSignatures(ArrayAttr attributes,
                                            std::vector<format::Signature> &signatures) {
  for (auto attribute : attributes.getAsRange<plan::SignatureAttr>()) {
    format::Signature signature;
    signature.name = attribute.getName().str();
    FailureOr<format::ElementType> type =
        elementTypeOf(attribute.getType().getElementType(), source.getLoc());
    if (failed(type)) {
      return failure();
    }
    signature.type = *type;
    for (auto [size, name] : llvm::zip(attribute.getType().getShape(), attribute.getDimensions())) {
      format::Dimension dimension;
      dimension.size = ShapedType::isDynamic(size) ? format::kDynamic : size;
      dimension.name = name.str();
      signature.shape.push_back(dimension);
    }
    signatures.push_back(std::move(signature));
  }
  return success();
}

uint32_t PlanSerializer::addConstant(int64_t value) {
  uint32_t result = function.scalarCount++;
  emit(Opcode::Constant, result, {}, value);
  return result;
}

std::optional<Opcode> opcodeOf(Operation &op) {
  return llvm::TypeSwitch<Operation *, std::optional<Opcode>>(&op)
      .Case<arith::AddIOp>([](auto) { return Opcode::Add; })
      .Case<arith::SubIOp>([](auto) { return Opcode::Subtract; })
      .Case<arith::MulIOp>([](auto) { return Opcode::Multiply; })
      // Sizes are not negative, so every division rounds alike.
      .Case<arith::FloorDivSIOp, arith::DivSIOp, arith::DivUIOp>([](auto) { return Opcode::FloorDivide; })
      .Case<arith::CeilDivSIOp, arith::CeilDivUIOp>([](auto) { return Opcode::CeilDivide; })
      .Case<arith::RemSIOp, arith::RemUIOp>([](auto) { return Opcode::Remainder; })
      .Case<arith::MinSIOp, arith::MinUIOp>([](auto) { return Opcode::Minimum; })
      .Case<arith::MaxSIOp, arith::MaxUIOp>([](auto) { return Opcode::Maximum; })
      .Case<arith::SelectOp>([](auto) { return Opcode::Select; })
      .Default([](Operation *) { return std::nullopt; });
}

LogicalResult PlanSerializer::addArithmetic(Operation &op) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    emit(Opcode::Constant, newScalar(constant.getResult()), {},
         cast<IntegerAttr>(constant.getValue()).getInt());
    return success();
  }
  if (isa<arith::IndexCastOp, arith::IndexCastUIOp>(op)) {
    scalars[op.getResult(0)] = scalar(op.getOperand(0));
    return success();
  }
  if (auto compare = dyn_cast<arith::CmpIOp>(op)) {
    uint32_t a = scalar(compare.getLhs()), b = scalar(compare.getRhs());
    using Predicate = arith::CmpIPredicate;
    Predicate predicate = compare.getPredicate();
    bool isEquality = predicate == Predicate::eq || predicate == Predicate::ne;
    bool isSwapped =
        llvm::is_contained({Predicate::sgt, Predicate::ugt, Predicate::sle, Predicate::ule}, predicate);
    bool isNegated = llvm::is_contained(
        {Predicate::ne, Predicate::sle, Predicate::ule, Predicate::sge, Predicate::uge}, predicate);
    std::vector<uint32_t> operands = isSwapped ? std::vector{b, a} : std::vector{a, b};
    Opcode opcode = isEquality ? Opcode::Equal : Opcode::Less;
    if (!isNegated) {
      emit(opcode, newScalar(compare.getResult()), std::move(operands));
      return success();
    }
    uint32_t positive = function.scalarCount++;
    emit(opcode, positive, std::move(operands));
    uint32_t zero = addConstant(0);
    emit(Opcode::Equal, newScalar(compare.getResult()), {positive, zero});
    return success();
  }
  std::optional<Opcode> opcode = opcodeOf(op);
  if (!opcode) {
    return op.emitError() << "has no instruction in a module's program";
  }
  std::vector<uint32_t> operands;
  for (Value operand : op.getOperands()) {
    operands.push_back(scalar(operand));
  }
  emit(*opcode, newScalar(op.getResult(0)), std::move(operands));
  return success();
}

LogicalResult PlanSerializer::addDispatch(plan::DispatchOp op) {
  StringRef kernel = op.getKernel().getLeafReference();
  if (!builder.hasKernel(kernel)) {
    return op.emitError() << "launches " << op.getKernel() << ", which was not compiled";
  }
  std::vector<uint32_t> operands{builder.kernelIndex(kernel), static_cast<uint32_t>(op.getExtents().size())};
  for (Value extent : op.getExtents()) {
    operands.push_back(scalar(extent));
  }
  operands.push_back(op.getBuffers().size());
  for (Value value : op.getBuffers()) {
    operands.push_back(buffer(value));
  }
  for (Value size : op.getSizes()) {
    operands.push_back(scalar(size));
  }
  emit(Opcode::Dispatch, 0, std::move(operands));
  return success();
}

LogicalResult PlanSerializer::addIf(plan::IfOp op) {
  emit(Opcode::If, 0, {buffer(op.getCondition())});
  if (failed(add(op.getBody().front()))) {
    return failure();
  }
  if (!op.getOtherwise().empty()) {
    emit(Opcode::Else, 0, {});
    if (failed(add(op.getOtherwise().front()))) {
      return failure();
    }
  }
  emit(Opcode::EndIf, 0, {});
  return success();
}

LogicalResult PlanSerializer::addFor(plan::ForOp op) {
  std::vector<uint32_t> operands{scalar(op.getCount())};
  if (op.getCondition()) {
    operands.push_back(buffer(op.getCondition()));
  }
  emit(Opcode::For, newScalar(op.getBody().getArgument(0)), std::move(operands));
  if (failed(add(op.getBody().front()))) {
    return failure();
  }
  emit(Opcode::EndFor, 0, {});
  return success();
}

LogicalResult PlanSerializer::add(Block &block) {
  return success(llvm::all_of(block, [&](Operation &op) { return succeeded(add(op)); }));
}

LogicalResult PlanSerializer::add(Operation &op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(&op)
      .Case([&](plan::InputDimensionOp dimension) {
        emit(Opcode::InputDimension, newScalar(dimension),
             {static_cast<uint32_t>(dimension.getInput()), static_cast<uint32_t>(dimension.getDimension())});
        return success();
      })
      .Case([&](plan::InputOp input) {
        emit(Opcode::Input, newBuffer(input), {static_cast<uint32_t>(input.getInput())});
        return success();
      })
      .Case([&](plan::OutputOp output) {
        std::vector<uint32_t> operands{static_cast<uint32_t>(output.getOutput())};
        for (Value size : output.getSizes()) {
          operands.push_back(scalar(size));
        }
        emit(Opcode::Output, newBuffer(output), std::move(operands));
        return success();
      })
      .Case([&](plan::LoadOp load) {
        emit(Opcode::Weight, newBuffer(load), {builder.weightIndex(load.getWeight())});
        return success();
      })
      .Case([&](plan::ParameterValueOp value) {
        emit(Opcode::ParameterValue, newScalar(value), {builder.parameterIndex(value.getParameter())});
        return success();
      })
      .Case([&](plan::ParameterOp parameter) {
        emit(Opcode::Parameter, newBuffer(parameter), {builder.parameterIndex(parameter.getParameter())});
        return success();
      })
      .Case([&](plan::StateOp state) {
        emit(Opcode::State, newBuffer(state), {builder.stateIndex(state.getState())});
        return success();
      })
      .Case([&](plan::NextStateOp state) {
        emit(Opcode::NextState, newBuffer(state), {builder.stateIndex(state.getState())});
        return success();
      })
      .Case([&](plan::AllocOp alloc) {
        emit(Opcode::Allocate, newBuffer(alloc), {scalar(alloc.getBytes())});
        return success();
      })
      .Case([&](plan::SliceOp slice) {
        emit(Opcode::Slice, newBuffer(slice),
             {buffer(slice.getBuffer()), scalar(slice.getOffset()), scalar(slice.getBytes())});
        return success();
      })
      .Case([&](plan::ReleaseOp release) {
        std::vector<uint32_t> operands;
        for (Value value : release.getBuffers()) {
          operands.push_back(buffer(value));
        }
        emit(Opcode::Release, 0, std::move(operands));
        return success();
      })
      .Case([&](plan::CopyOp copy) {
        emit(Opcode::Copy, 0, {buffer(copy.getDestination()), buffer(copy.getSource())});
        return success();
      })
      .Case([&](plan::ReadOp read) {
        FailureOr<format::ElementType> type = elementTypeOf(read.getType(), read.getLoc());
        if (failed(type)) {
          return failure();
        }
        emit(Opcode::Read, newScalar(read), {buffer(read.getBuffer()), scalar(read.getElement())},
             static_cast<int64_t>(*type));
        return success();
      })
      .Case([&](plan::CheckOp check) {
        function.strings.push_back(check.getMessage().str());
        emit(Opcode::Check, 0, {scalar(check.getLhs()), scalar(check.getRhs())},
             static_cast<int64_t>(function.strings.size()) - 1);
        return success();
      })
      .Case([&](plan::DispatchOp dispatch) { return addDispatch(dispatch); })
      .Case([&](plan::IfOp branch) { return addIf(branch); })
      .Case([&](plan::ForOp loop) { return addFor(loop); })
      .Default([&](Operation *other) { return addArithmetic(*other); });
}

FailureOr<format::Function> PlanSerializer::run() {
  // The programs of one function share the name that callers use.
  function.name = source.getSymName().split('.').first.str();
  function.device = source.getDevice().value_or("").str();
  if (failed(addSignatures(source.getInputs(), function.inputs)) ||
      failed(addSignatures(source.getOutputs(), function.outputs))) {
    return failure();
  }
  if (failed(add(source.getBody().front()))) {
    return failure();
  }
  emit(Opcode::Return, 0, {});
  return std::move(function);
}

} // namespace

FailureOr<format::Function> serializePlan(plan::FuncOp function, const ModuleBuilder &builder) {
  return PlanSerializer(function, builder).run();
}

} // namespace winnow
