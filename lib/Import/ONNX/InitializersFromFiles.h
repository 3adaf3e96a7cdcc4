// Initializers that get their values from safetensors files.
#pragma once

#include "lib/Import/ONNX/onnx.pb.h"
#include "lib/Import/Weights/ModelWeights.h"

#include "llvm/ADT/StringRef.h"

namespace winnow::frontend {

/// Assigns tensors to the initializers and inputs of the model, also to initializers of its subgraphs. An
/// input that gets a value becomes an initializer. `folder` is where external data is. Problems are reported.
mlir::LogicalResult takeInitializers(onnx::ModelProto &model, llvm::StringRef folder, ModelWeights &weights,
                                     mlir::MLIRContext *context);

} // namespace winnow::frontend
