// Reads ONNX files: the protobuf, and tensors that lie inside it or beside it.
#pragma once

#include "lib/Import/ONNX/GraphValue.h"
#include "lib/Import/ONNX/onnx.pb.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/StringRef.h"

#include <memory>
#include <string>

namespace winnow {
class ModelWeights;
}

namespace winnow::frontend {

/// The model in the file, or nothing and the reason in `error`.
std::unique_ptr<onnx::ModelProto> readModel(llvm::StringRef path, std::string &error);

/// The type that stands for an ONNX data type, or null if it is not supported.
mlir::Type elementType(mlir::MLIRContext *context, int32_t dataType);
/// ONNX's name of a data type: "COMPLEX64", or its number if it has none.
std::string dataTypeName(int32_t dataType);

/// The tensor's contents, or nothing and the reason in `error`. External data is read from files in or
/// below `folder`; what `weights` has, if they are given, is taken from there.
std::optional<GraphValue> readTensor(mlir::MLIRContext *context, const onnx::TensorProto &tensor,
                                     llvm::StringRef folder, std::string &error,
                                     const ModelWeights *weights = nullptr);

} // namespace winnow::frontend
