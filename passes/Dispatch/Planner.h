// Builds the plan program of an entry function; one source for each of its concerns.
#pragma once

#include "dialects/Winnow/WinnowOps.h"
#include "passes/Dispatch/Passes.h"

#include "mlir/IR/IRMapping.h"

namespace winnow {

/// What a tensor of the entry function has become.
struct PlannedTensor {
  mlir::Value buffer;                   // null until something writes it
  llvm::SmallVector<mlir::Value> sizes; // one index for each dimension
};

/// Builds the program of one entry function.
class Planner {
public:
  Planner(mlir::func::FuncOp entry, mlir::Block *weights)
      : entry(entry), context(entry.getContext()), builder(context),
        bufferType(plan::BufferType::get(context)), weights(weights) {}

  mlir::LogicalResult run();

private:
  mlir::LogicalResult createFunction();
  mlir::LogicalResult convert(mlir::Operation &op);
  mlir::LogicalResult convertCall(mlir::func::CallOp call);
  mlir::LogicalResult convertBlock(mlir::Block &block);
  mlir::LogicalResult convertWhen(WhenOp op);
  mlir::LogicalResult convertLoop(LoopOp op);
  mlir::LogicalResult beginLoop(LoopOp op, llvm::SmallVectorImpl<PlannedTensor> &carried);
  mlir::LogicalResult endRound(LoopOp op, llvm::ArrayRef<PlannedTensor> carried);
  mlir::LogicalResult convertInsertion(mlir::tensor::InsertSliceOp op);
  bool setSizes(plan::OutputOp output, mlir::ValueRange sizes);
  mlir::LogicalResult convertReturn(mlir::func::ReturnOp op);
  mlir::LogicalResult convertWrite(mlir::func::ReturnOp op, mlir::FlatSymbolRefAttr state,
                                   const PlannedTensor &planned, mlir::Value written);
  void checkSizes(mlir::Location loc, mlir::ValueRange found, mlir::ValueRange expected,
                  const llvm::Twine &message);
  void convertConstant(mlir::arith::ConstantOp op);
  mlir::LogicalResult convertReshape(mlir::Operation *op, mlir::Value source,
                                     llvm::ArrayRef<mlir::OpFoldResult> sizes);

  void convertArgument(mlir::BlockArgument argument);
  mlir::LogicalResult convertExtract(mlir::tensor::ExtractOp op);
  mlir::LogicalResult convertHostValue(HostValueOp op);
  void convertAssertion(mlir::cf::AssertOp op);
  llvm::SmallVector<mlir::Value> stateSizes(mlir::FlatSymbolRefAttr symbol);
  mlir::Value parameterValue(mlir::FlatSymbolRefAttr symbol);
  mlir::ArrayAttr signatures(mlir::TypeRange types, bool areInputs);
  mlir::Value constant(int64_t value);
  PlannedTensor lookup(mlir::Value value);
  mlir::Value materialize(mlir::OpFoldResult size);
  mlir::Value bytes(const PlannedTensor &tensor, mlir::Type type);
  std::optional<unsigned> returnedAs(mlir::Value value);
  mlir::Value destination(mlir::Value value, const PlannedTensor &planned);
  void claim(mlir::Value value, mlir::Block *block, mlir::Value buffer);
  mlir::Value destinationOperand(mlir::func::CallOp call);
  mlir::LogicalResult deliver(mlir::Operation *op, mlir::Value value, const PlannedTensor &result,
                              unsigned index);

  mlir::func::FuncOp entry;
  mlir::MLIRContext *context;
  mlir::OpBuilder builder;
  mlir::Type bufferType;
  mlir::Block *weights;
  plan::FuncOp program;
  mlir::IRMapping scalars;
  llvm::DenseMap<mlir::Value, PlannedTensor> tensors;
  llvm::DenseMap<mlir::Attribute, plan::WeightOp> weightOf;
  llvm::DenseMap<mlir::Attribute, mlir::Value> parameterValues;
  // The symbols of parameters and states, in the order of the function.
  llvm::SmallVector<mlir::Attribute> sessionArguments, sessionResults;
  llvm::DenseMap<unsigned, mlir::Value> outputs;     // buffers of outputs that a kernel writes directly
  llvm::DenseMap<unsigned, mlir::Value> outputBytes; // of those that are reshaped on the way to the return
  llvm::DenseMap<mlir::Value, mlir::Value> claims;   // the buffers that values are to be written to
};

/// The parameter or state that an argument or result of these attributes stands for, or null.
mlir::FlatSymbolRefAttr sessionSymbol(mlir::DictionaryAttr attributes);

/// Whether `op` computes nothing but what a conditional subgraph yields otherwise.
bool isAlternative(mlir::Operation *op);

} // namespace winnow
