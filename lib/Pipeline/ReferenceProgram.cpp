// The plan program of the reference device: one launch that computes the whole function.
#include "lib/Pipeline/ReferenceProgram.h"

#include "dialects/Winnow/WinnowOps.h"
#include "passes/Dispatch/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

#include <map>

using namespace mlir;

namespace winnow {

namespace {

/// The buffers and sizes of what a session keeps, behind a function's inputs and outputs.
class SessionBoundary {
public:
  SessionBoundary(plan::FuncOp compiled, OpBuilder &builder)
      : compiled(compiled), builder(builder), bufferType(plan::BufferType::get(builder.getContext())) {}

  void addArguments(SmallVectorImpl<Value> &buffers, SmallVectorImpl<Value> &sizes) {
    for (FlatSymbolRefAttr symbol : symbols(kSessionArguments)) {
      if (StateOp state = lookupState(symbol)) {
        buffers.push_back(plan::StateOp::create(builder, compiled.getLoc(), bufferType, symbol));
        addSizes(state, sizes);
      } else {
        buffers.push_back(plan::ParameterOp::create(builder, compiled.getLoc(), bufferType, symbol));
      }
    }
  }

  void addResults(SmallVectorImpl<Value> &buffers, SmallVectorImpl<Value> &sizes) {
    for (FlatSymbolRefAttr symbol : symbols(kSessionResults)) {
      buffers.push_back(plan::NextStateOp::create(builder, compiled.getLoc(), bufferType, symbol));
      addSizes(lookupState(symbol), sizes);
    }
  }

private:
  SmallVector<FlatSymbolRefAttr> symbols(StringRef attribute) {
    auto list = compiled->getAttrOfType<ArrayAttr>(attribute);
    return list ? llvm::to_vector(list.getAsRange<FlatSymbolRefAttr>()) : SmallVector<FlatSymbolRefAttr>();
  }

  StateOp lookupState(FlatSymbolRefAttr symbol) {
    return compiled->getParentOfType<ModuleOp>().lookupSymbol<StateOp>(symbol.getAttr());
  }

  void addSizes(StateOp state, SmallVectorImpl<Value> &sizes) {
    for (FlatSymbolRefAttr parameter : state.getSizeParameters()) {
      sizes.push_back(
          plan::ParameterValueOp::create(builder, compiled.getLoc(), builder.getIndexType(), parameter));
    }
  }

  plan::FuncOp compiled;
  OpBuilder &builder;
  Type bufferType;
};

} // namespace

namespace {

/// Writes the program of one function.
class ReferenceProgram {
public:
  ReferenceProgram(plan::FuncOp compiled)
      : compiled(compiled), builder(compiled.getContext()), loc(compiled.getLoc()),
        bufferType(plan::BufferType::get(compiled.getContext())), session(compiled, builder) {}

  plan::FuncOp build(const ReferenceKernel &kernel, const std::optional<ReferenceKernel> &hostValues) {
    builder.setInsertionPointAfter(compiled);
    // The symbol differs; the name that callers use is the same and is restored when the module is written.
    auto program =
        plan::FuncOp::create(builder, loc, (compiled.getSymName() + ".reference").str(), compiled.getInputs(),
                             compiled.getOutputs(), builder.getStringAttr("reference"));
    builder.createBlock(&program.getBody());
    if (hostValues) {
      computeHostValues(*hostValues);
    }
    cloneScalars();
    dispatch(kernel, [&] { addOutputs(); });
    return program;
  }

private:
  /// Launches `kernel` on inputs, session values and weights, and what `addResults` adds.
  void dispatch(const ReferenceKernel &kernel, llvm::function_ref<void()> addResults) {
    buffers.clear();
    sizes.clear();
    addInputs(kernel.weights);
    SmallVector<bool> written(buffers.size(), false);
    addResults();
    written.resize(buffers.size(), true);
    auto symbol = SymbolRefAttr::get(builder.getContext(), kernel.symbol);
    plan::DispatchOp::create(builder, loc, symbol, ValueRange{}, buffers, sizes, written);
  }

  void addInputs(ArrayRef<std::string> weights) {
    for (auto [index, attribute] : llvm::enumerate(compiled.getInputs().getAsRange<plan::SignatureAttr>())) {
      for (int64_t dimension = 0; dimension < attribute.getType().getRank(); ++dimension) {
        if (attribute.getType().isDynamicDim(dimension)) {
          sizes.push_back(
              plan::InputDimensionOp::create(builder, loc, builder.getIndexType(), index, dimension));
        }
      }
    }
    for (size_t index = 0; index < compiled.getInputs().size(); ++index) {
      buffers.push_back(plan::InputOp::create(builder, loc, bufferType, index));
    }
    session.addArguments(buffers, sizes);
    for (const std::string &weight : weights) {
      buffers.push_back(plan::LoadOp::create(builder, loc, bufferType, weight));
    }
  }

  void computeHostValues(const ReferenceKernel &kernel) {
    Value bytes = arith::ConstantIndexOp::create(builder, loc, 8 * kernel.hostValues);
    values = plan::AllocOp::create(builder, loc, bufferType, bytes);
    dispatch(kernel, [&] { buffers.push_back(values); });
  }

  static int64_t numberOf(plan::ReadOp read) {
    return read->getAttrOfType<IntegerAttr>(kNumberAttribute).getInt();
  }

  void cloneScalars() {
    for (Operation &op : compiled.getBody().front()) {
      bool isScalar =
          op.getNumResults() > 0 && llvm::all_of(op.getResultTypes(), llvm::IsaPred<IndexType, IntegerType>);
      if (auto read = dyn_cast<plan::ReadOp>(op)) {
        Value element = arith::ConstantIndexOp::create(builder, loc, numberOf(read));
        mapping.map(read.getValue(), plan::ReadOp::create(builder, loc, builder.getIndexType(), values,
                                                          element, builder.getI64Type())
                                         .getResult());
      } else if (isScalar || isa<plan::CheckOp>(op)) {
        builder.clone(op, mapping);
      } else if (auto output = dyn_cast<plan::OutputOp>(op)) {
        outputs[output.getOutput()] = output;
      }
    }
  }

  void addOutputs() {
    for (auto &[index, output] : outputs) {
      RankedTensorType type = cast<plan::SignatureAttr>(compiled.getOutputs()[index]).getType();
      SmallVector<Value> shape;
      for (auto [dimension, size] : llvm::enumerate(output.getSizes())) {
        shape.push_back(mapping.lookupOrDefault(size));
        if (type.isDynamicDim(dimension)) {
          sizes.push_back(shape.back());
        }
      }
      buffers.push_back(plan::OutputOp::create(builder, loc, bufferType, index, shape));
    }
    session.addResults(buffers, sizes);
  }

  plan::FuncOp compiled;
  OpBuilder builder;
  Location loc;
  Type bufferType;
  SessionBoundary session;
  IRMapping mapping;
  std::map<int64_t, plan::OutputOp> outputs; // in the function's order
  Value values;                              // the buffer of the host values
  SmallVector<Value> buffers, sizes;         // of the launch that is being written
};

/// The value as an i64.
Value widen(OpBuilder &builder, HostValueOp op) {
  Type wide = builder.getI64Type();
  if (op.getType() == wide) {
    return op;
  }
  return op.getType().isInteger(1) ? arith::ExtUIOp::create(builder, op.getLoc(), wide, op).getResult()
                                   : arith::ExtSIOp::create(builder, op.getLoc(), wide, op).getResult();
}

} // namespace

func::FuncOp addHostValuesFunction(func::FuncOp function) {
  if (function.getBody().getOps<HostValueOp>().empty()) {
    return nullptr;
  }
  OpBuilder builder(function);
  auto copy = cast<func::FuncOp>(builder.clone(*function));
  copy.setName((function.getName() + ".host_values").str());
  Operation *terminator = copy.front().getTerminator();
  builder.setInsertionPoint(terminator);
  Location loc = copy.getLoc();
  // By number. The compiled program may have found out that it does not need some of them.
  SmallVector<Value> values;
  for (auto op : copy.getOps<HostValueOp>()) {
    values.resize(std::max<size_t>(values.size(), op.getNumber() + 1));
    values[op.getNumber()] = widen(builder, op);
  }
  for (Value &value : values) {
    value = value ? value : arith::ConstantIntOp::create(builder, loc, 0, 64).getResult();
  }
  copy->setAttr(kHostValuesAttribute, builder.getI64IntegerAttr(static_cast<int64_t>(values.size())));
  auto type = RankedTensorType::get(static_cast<int64_t>(values.size()), builder.getI64Type());
  Value all = tensor::FromElementsOp::create(builder, loc, type, values);
  func::ReturnOp::create(builder, loc, all);
  terminator->erase();
  copy.setType(builder.getFunctionType(copy.getArgumentTypes(), type));
  copy.removeResAttrsAttr();
  return copy;
}

plan::FuncOp createReferenceProgram(plan::FuncOp compiled, const ReferenceKernel &kernel,
                                    const std::optional<ReferenceKernel> &hostValues) {
  return ReferenceProgram(compiled).build(kernel, hostValues);
}

} // namespace winnow
