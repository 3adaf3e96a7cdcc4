// Reads arrays from .npy files and puts them into the graph as initializers, which importers take for
// constants.
#include "lib/Import/ONNX/FixedInputs.h"
#include "lib/Import/ONNX/ModelFile.h"

#include "format/numpy/NumpyFile.h"
#include "lib/Import/Weights/ModelWeights.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

/// The declared sizes, -1 where they are dynamic.
llvm::SmallVector<int64_t> declaredShape(const onnx::TypeProto::Tensor &type) {
  llvm::SmallVector<int64_t> shape;
  for (const onnx::TensorShapeProto::Dimension &dimension : type.shape().dim())
    shape.push_back(dimension.has_dim_value() ? dimension.dim_value() : -1);
  return shape;
}

mlir::LogicalResult fixInput(onnx::GraphProto &graph, llvm::StringRef name, const std::string &path,
                             mlir::Location location) {
  auto input = llvm::find_if(graph.input(), [&](const auto &candidate) { return candidate.name() == name; });
  if (input == graph.input().end())
    return mlir::emitError(location) << "no input has the name '" << name << "', which is to be fixed";
  auto bytes = format::readFile(path);
  auto read = bytes.ok() ? format::parseNumpy(*bytes) : format::Result<format::Array>(bytes.status());
  if (!read.ok())
    return mlir::emitError(location) << "input '" << name << "' cannot be fixed: " << read.status().message();
  const onnx::TypeProto::Tensor &type = input->type().tensor_type();
  mlir::Type wanted = elementType(location.getContext(), type.elem_type());
  if (!wanted || typeName(wanted) != format::name(read->type))
    return mlir::emitError(location) << "input '" << name << "' is fixed to an array of "
                                     << format::name(read->type) << ", but expected " << typeName(wanted);
  if (type.has_shape() && !canHaveShape(declaredShape(type), read->shape))
    return mlir::emitError(location) << "input '" << name << "' is fixed to an array of shape "
                                     << shapeText(read->shape) << ", but expected "
                                     << shapeText(declaredShape(type));
  onnx::TensorProto &initializer = *graph.add_initializer();
  initializer.set_name(name.str());
  initializer.set_data_type(type.elem_type());
  for (int64_t size : read->shape)
    initializer.add_dims(size);
  initializer.set_raw_data(read->bytes.data(), read->bytes.size());
  return mlir::success();
}

} // namespace

mlir::LogicalResult fixInputs(onnx::ModelProto &model, const llvm::StringMap<std::string> &files,
                              mlir::Location location) {
  llvm::SmallVector<llvm::StringRef> names(files.keys());
  llvm::sort(names); // so that messages do not depend on the map's order
  return mlir::success(llvm::all_of(names, [&](llvm::StringRef name) {
    return succeeded(fixInput(*model.mutable_graph(), name, files.lookup(name), location));
  }));
}

} // namespace winnow::frontend
