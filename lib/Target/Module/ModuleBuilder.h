// Collects what goes into a module file: programs, kernels and their compiled forms, weights.
#pragma once

#include "dialects/Plan/PlanDialect.h"
#include "dialects/Winnow/WinnowOps.h"
#include "format/Module.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"

#include <unordered_map>

namespace winnow {

class ModuleBuilder {
public:
  ModuleBuilder();

  /// Adds the program of `function`. Its kernels and weights must have been added.
  mlir::LogicalResult addFunction(plan::FuncOp function);

  /// Makes room for that many bytes of weights, so that adding them does not move what is there.
  void reserveWeights(uint64_t bytes) { module.weightData.reserve(bytes); }
  /// Adds constant data, once for equal bytes. The key of a name is the plan's weight symbol.
  mlir::LogicalResult addWeight(llvm::StringRef symbol, mlir::ElementsAttr value, mlir::Location location);

  /// Declares what sessions keep, as the model does. A state's sizes are parameters that must have been
  /// added.
  mlir::LogicalResult addParameter(ParameterOp parameter);
  mlir::LogicalResult addState(StateOp state);

  /// Declares a kernel as the plan calls it; its compiled forms follow. `sizes` is the number of sizes that
  /// it takes behind its buffers.
  void addKernel(llvm::StringRef symbol, llvm::StringRef origin, llvm::ArrayRef<bool> written, size_t sizes);

  /// Adds code for a target and returns its position, which addVariant takes.
  uint32_t addImage(llvm::StringRef target, llvm::StringRef kind, std::vector<uint8_t> bytes);
  void addVariant(llvm::StringRef kernel, uint32_t image, llvm::StringRef symbol,
                  llvm::ArrayRef<int64_t> tile, int64_t threads);

  void setReport(std::string json) { module.report = std::move(json); }
  format::Module take() { return std::move(module); }

  bool hasKernel(llvm::StringRef symbol) const { return kernels.contains(symbol); }
  uint32_t kernelIndex(llvm::StringRef symbol) const { return kernels.lookup(symbol); }
  uint32_t weightIndex(llvm::StringRef symbol) const { return weights.lookup(symbol); }
  uint32_t parameterIndex(llvm::StringRef symbol) const { return parameters.lookup(symbol); }
  uint32_t stateIndex(llvm::StringRef symbol) const { return states.lookup(symbol); }
  bool hasWeight(llvm::StringRef symbol) const { return weights.contains(symbol); }

private:
  uint32_t storeWeight(llvm::StringRef symbol, llvm::ArrayRef<uint8_t> bytes);

  format::Module module;
  llvm::StringMap<uint32_t> kernels, weights, parameters, states;
  llvm::DenseMap<mlir::Attribute, uint32_t> weightOfValue;
  std::unordered_map<uint64_t, llvm::SmallVector<uint32_t, 1>> weightsOfHash;
};

/// The module format's type for an element type, or a diagnostic at `location`.
mlir::FailureOr<format::ElementType> elementTypeOf(mlir::Type type, mlir::Location location);

/// The program of `function` as instructions.
mlir::FailureOr<format::Function> serializePlan(plan::FuncOp function, const ModuleBuilder &builder);

/// What a location says to people: the names of the model's nodes behind it, "conv1, relu2".
std::string describeOrigin(mlir::Location location);

} // namespace winnow
