// Lists what may get its value from a file, and declares initializers for inputs that do.
#include "lib/Import/ONNX/InitializersFromFiles.h"
#include "lib/Import/ONNX/ModelFile.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

namespace winnow::frontend {
namespace {

/// The file of an initializer's external data may be missing: a graph that was exported without its weights.
bool hasData(const onnx::TensorProto &tensor, llvm::StringRef folder) {
  if (tensor.data_location() != onnx::TensorProto::EXTERNAL)
    return true;
  for (const auto &entry : tensor.external_data())
    if (entry.key() == "location") {
      llvm::SmallString<256> path(folder);
      llvm::sys::path::append(path, entry.value());
      return llvm::sys::fs::exists(path);
    }
  return false;
}

void setType(WeightTarget &target, int32_t dataType, mlir::MLIRContext *context) {
  mlir::Type type = elementType(context, dataType);
  target.typeText = type ? typeName(type) : dataTypeName(dataType);
  target.type = findElementType(target.typeText);
}

WeightTarget targetOf(const onnx::TensorProto &tensor, llvm::StringRef folder, mlir::MLIRContext *context) {
  WeightTarget target;
  target.name = tensor.name();
  setType(target, tensor.data_type(), context);
  target.shape.assign(tensor.dims().begin(), tensor.dims().end());
  target.hasValue = hasData(tensor, folder);
  mlir::Type type = elementType(context, tensor.data_type());
  bool isScalar = llvm::all_of(target.shape, [](int64_t size) { return size == 1; });
  target.isWeight = type && isReal(type) && !isScalar;
  return target;
}

WeightTarget targetOf(const onnx::ValueInfoProto &input, mlir::MLIRContext *context) {
  WeightTarget target;
  target.name = input.name();
  target.kind = "input";
  const onnx::TypeProto::Tensor &type = input.type().tensor_type();
  setType(target, type.elem_type(), context);
  for (const onnx::TensorShapeProto::Dimension &dimension : type.shape().dim())
    target.shape.push_back(dimension.has_dim_value() ? dimension.dim_value() : -1);
  target.hasValue = true;
  return target;
}

void collect(const onnx::GraphProto &graph, llvm::StringRef folder, mlir::MLIRContext *context,
             std::vector<WeightTarget> &targets) {
  for (const onnx::TensorProto &tensor : graph.initializer())
    targets.push_back(targetOf(tensor, folder, context));
  for (const onnx::NodeProto &node : graph.node())
    for (const onnx::AttributeProto &attribute : node.attribute())
      if (attribute.has_g())
        collect(attribute.g(), folder, context, targets);
}

} // namespace

mlir::LogicalResult takeInitializers(onnx::ModelProto &model, llvm::StringRef folder, ModelWeights &weights,
                                     mlir::MLIRContext *context) {
  onnx::GraphProto &graph = *model.mutable_graph();
  std::vector<WeightTarget> targets;
  collect(graph, folder, context, targets);
  llvm::StringSet<> initializers;
  for (const WeightTarget &target : targets)
    initializers.insert(target.name);
  auto isPlainInput = [&](const onnx::ValueInfoProto &input) {
    return input.type().has_tensor_type() && !initializers.contains(input.name());
  };
  for (const onnx::ValueInfoProto &input : graph.input())
    if (isPlainInput(input))
      targets.push_back(targetOf(input, context));
  if (failed(weights.assign(targets)))
    return mlir::failure();
  for (const onnx::ValueInfoProto &input : graph.input())
    if (isPlainInput(input) && weights.has(input.name())) {
      onnx::TensorProto &initializer = *graph.add_initializer();
      initializer.set_name(input.name());
      initializer.set_data_type(input.type().tensor_type().elem_type());
      for (int64_t size : weights.shape(input.name()))
        initializer.add_dims(size);
    }
  return mlir::success();
}

} // namespace winnow::frontend
