// Inputs whose value the user fixes when the model is compiled.
#pragma once

#include "lib/Import/ONNX/onnx.pb.h"

#include "mlir/IR/Location.h"
#include "mlir/Support/LogicalResult.h"
#include "llvm/ADT/StringMap.h"

#include <string>

namespace winnow::frontend {

/// Makes initializers of the inputs that `files` names, with the arrays in those .npy files. An input that
/// does not exist, an array that cannot be read and one that the input cannot be are errors, which are
/// reported.
mlir::LogicalResult fixInputs(onnx::ModelProto &model, const llvm::StringMap<std::string> &files,
                              mlir::Location location);

} // namespace winnow::frontend
