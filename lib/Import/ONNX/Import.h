// The ONNX importer: reads a model file and makes a module of linalg, tensor, arith and math on tensors.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace winnow {

class ModelWeights;

struct ONNXImportOptions {
  /// Sizes for named dynamic dimensions; these become static.
  llvm::StringMap<int64_t> dimensions;
  /// Inputs that always have the value in a .npy file; they are no inputs of the compiled function.
  llvm::StringMap<std::string> fixedInputs;
  /// Values inside the graph to return from a second function, "main_intermediates", after the outputs; or
  /// "all".
  std::vector<std::string> intermediates;
  /// Where initializers and inputs of these names get their values from; null for none.
  ModelWeights *weights = nullptr;
  std::string functionName = "main";
};

/// Imports opsets 6 to 28. The module has one function, or two with intermediates; its arguments and results
/// carry `winnow.name`, and `winnow.dims` with the names of the dynamic dimensions ("" for static or unnamed
/// ones); equal names are equal sizes. A uint8 tensor is i8 with `winnow.type = "uint8"`, a float8_e5m2
/// tensor one with that type. A tensor of elements narrower than a byte is a list of uint8, packed as in the
/// file. Every operation is located at the node that it comes from (see describeONNXLocation).
///
/// On failure the result is null, and one error was emitted to the context's diagnostic engine, with a note
/// for each problem if there are several. External data is read from the model's folder.
mlir::OwningOpRef<mlir::ModuleOp> importONNX(llvm::StringRef path, mlir::MLIRContext &context,
                                             const ONNXImportOptions &options = {});

/// "node 'conv1' (Conv)" for the location of an imported operation, "" for any other location.
std::string describeONNXLocation(mlir::Location location);

/// The operators that can be imported, sorted: "Add", "com.microsoft.BiasGelu".
std::vector<std::string> supportedONNXOperators();

} // namespace winnow
