// The plan program of the reference device: one launch that computes the whole function.
#include "lib/Pipeline/ReferenceProgram.h"

#include "dialects/Winnow/WinnowOps.h"
#include "passes/Dispatch/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

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

plan::FuncOp createReferenceProgram(plan::FuncOp compiled, StringRef kernel, ArrayRef<std::string> weights) {
  OpBuilder builder(compiled.getContext());
  builder.setInsertionPointAfter(compiled);
  Location loc = compiled.getLoc();
  // The symbol differs; the name that callers use is the same and is restored when the module is written.
  auto program =
      plan::FuncOp::create(builder, loc, (compiled.getSymName() + ".reference").str(), compiled.getInputs(),
                           compiled.getOutputs(), builder.getStringAttr("reference"));
  builder.createBlock(&program.getBody());
  Type bufferType = plan::BufferType::get(builder.getContext());

  IRMapping mapping;
  SmallVector<plan::OutputOp> outputs(compiled.getOutputs().size());
  for (Operation &op : compiled.getBody().front()) {
    bool isScalar =
        op.getNumResults() > 0 && llvm::all_of(op.getResultTypes(), llvm::IsaPred<IndexType, IntegerType>);
    if (isScalar || isa<plan::CheckOp>(op)) {
      builder.clone(op, mapping);
    } else if (auto output = dyn_cast<plan::OutputOp>(op)) {
      outputs[output.getOutput()] = output;
    }
  }
  SmallVector<Value> buffers, sizes;
  SmallVector<bool> written;
  SessionBoundary session(compiled, builder);
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
    written.push_back(false);
  }
  session.addArguments(buffers, sizes);
  written.resize(buffers.size(), false);
  for (const std::string &weight : weights) {
    buffers.push_back(plan::LoadOp::create(builder, loc, bufferType, weight));
    written.push_back(false);
  }
  for (auto [index, output] : llvm::enumerate(outputs)) {
    RankedTensorType type = cast<plan::SignatureAttr>(compiled.getOutputs()[index]).getType();
    SmallVector<Value> shape;
    for (auto [dimension, size] : llvm::enumerate(output.getSizes())) {
      shape.push_back(mapping.lookupOrDefault(size));
      if (type.isDynamicDim(dimension)) {
        sizes.push_back(shape.back());
      }
    }
    buffers.push_back(plan::OutputOp::create(builder, loc, bufferType, index, shape));
    written.push_back(true);
  }
  session.addResults(buffers, sizes);
  written.resize(buffers.size(), true);
  auto symbol = SymbolRefAttr::get(builder.getContext(), kernel);
  plan::DispatchOp::create(builder, loc, symbol, ValueRange{}, buffers, sizes, written);
  return program;
}

} // namespace winnow
