// The plan program of the reference device: one launch that computes the whole function.
#include "lib/Pipeline/ReferenceProgram.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace winnow {

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
  auto symbol = SymbolRefAttr::get(builder.getContext(), kernel);
  plan::DispatchOp::create(builder, loc, symbol, ValueRange{}, buffers, sizes, written);
  return program;
}

} // namespace winnow
