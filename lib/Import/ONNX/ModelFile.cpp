// Reading and checking of ONNX files. Everything in a file is untrusted: sizes are checked before use.
#include "lib/Import/ONNX/ModelFile.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <google/protobuf/io/coded_stream.h>

#include <cstring>
#include <limits>

namespace winnow::frontend {
namespace {

using onnx::TensorProto;

/// Elements that the file stores in a typed field, where narrow integers are widened to 32 bits.
template <typename Field>
std::optional<std::vector<char>> convertTyped(const Field &field, mlir::Type type, int64_t count,
                                              std::string &error) {
  if (field.size() != count) {
    error = (llvm::Twine("its shape has ") + llvm::Twine(count) + " elements, but " +
             llvm::Twine(field.size()) + " are stored")
                .str();
    return std::nullopt;
  }
  std::vector<char> bytes;
  bytes.reserve(count * elementBytes(type));
  for (auto value : field)
    if constexpr (std::is_floating_point_v<decltype(value)>)
      appendReal(bytes, type, value);
    else
      appendInteger(bytes, type, static_cast<int64_t>(value));
  return bytes;
}

/// The 16-bit floats of the int32 field are bit patterns.
std::optional<std::vector<char>> convertHalf(const TensorProto &tensor, int64_t count, std::string &error) {
  if (tensor.int32_data_size() != count) {
    error = "its shape and the number of stored elements differ";
    return std::nullopt;
  }
  std::vector<char> bytes;
  for (int32_t value : tensor.int32_data()) {
    bytes.push_back(static_cast<char>(value & 0xff));
    bytes.push_back(static_cast<char>((value >> 8) & 0xff));
  }
  return bytes;
}

std::optional<std::vector<char>> readExternal(const TensorProto &tensor, llvm::StringRef folder,
                                              int64_t expected, std::string &error) {
  std::string location;
  uint64_t offset = 0, length = expected;
  for (const auto &entry : tensor.external_data()) {
    llvm::StringRef key = entry.key(), value = entry.value();
    if (key == "location")
      location = value.str();
    else if ((key == "offset" && value.getAsInteger(10, offset)) ||
             (key == "length" && value.getAsInteger(10, length))) {
      error = (llvm::Twine("external data has ") + key + " '" + value + "', but expected a number").str();
      return std::nullopt;
    }
  }
  bool leavesFolder =
      llvm::sys::path::is_absolute(location) ||
      llvm::is_contained(llvm::make_range(llvm::sys::path::begin(location), llvm::sys::path::end(location)),
                         llvm::StringRef(".."));
  if (location.empty() || leavesFolder) {
    error = "external data is in '" + location + "', but expected a file in or below the model's folder";
    return std::nullopt;
  }
  if (length != static_cast<uint64_t>(expected)) {
    error = (llvm::Twine("external data has ") + llvm::Twine(length) + " bytes, but its shape needs " +
             llvm::Twine(expected))
                .str();
    return std::nullopt;
  }
  llvm::SmallString<256> path(folder);
  llvm::sys::path::append(path, location);
  uint64_t size = 0;
  if (std::error_code code = llvm::sys::fs::file_size(path, size)) {
    error = "external data file '" + std::string(path) + "': " + code.message();
    return std::nullopt;
  }
  if (offset > size || length > size - offset) {
    error = "external data file '" + std::string(path) + "' ends before the tensor does";
    return std::nullopt;
  }
  if (length == 0)
    return std::vector<char>();
  auto buffer = llvm::MemoryBuffer::getFileSlice(path, length, offset);
  if (!buffer) {
    error = "external data file '" + std::string(path) + "': " + buffer.getError().message();
    return std::nullopt;
  }
  return std::vector<char>((*buffer)->getBufferStart(), (*buffer)->getBufferEnd());
}

std::optional<std::vector<char>> readRaw(const TensorProto &tensor, int64_t expected, std::string &error) {
  const std::string &raw = tensor.raw_data();
  if (raw.size() != static_cast<size_t>(expected)) {
    error = (llvm::Twine("its shape needs ") + llvm::Twine(expected) + " bytes, but " +
             llvm::Twine(raw.size()) + " are stored")
                .str();
    return std::nullopt;
  }
  return std::vector<char>(raw.begin(), raw.end());
}

std::optional<std::vector<char>> readBytes(const TensorProto &tensor, mlir::Type type, int64_t count,
                                           llvm::StringRef folder, std::string &error) {
  int64_t expected = count * elementBytes(type);
  if (tensor.data_location() == TensorProto::EXTERNAL)
    return readExternal(tensor, folder, expected, error);
  if (tensor.has_raw_data())
    return readRaw(tensor, expected, error);
  if (type.isF32())
    return convertTyped(tensor.float_data(), type, count, error);
  if (type.isF64())
    return convertTyped(tensor.double_data(), type, count, error);
  if (type.isInteger(64))
    return convertTyped(tensor.int64_data(), type, count, error);
  if (isReal(type))
    return convertHalf(tensor, count, error);
  return convertTyped(tensor.int32_data(), type, count, error);
}

} // namespace

std::unique_ptr<onnx::ModelProto> readModel(llvm::StringRef path, std::string &error) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer) {
    error = buffer.getError().message();
    return nullptr;
  }
  size_t size = (*buffer)->getBufferSize();
  if (size > static_cast<size_t>(std::numeric_limits<int>::max())) {
    error = "the file is larger than 2 GiB, which protobuf cannot read; store the weights as external data";
    return nullptr;
  }
  auto model = std::make_unique<onnx::ModelProto>();
  google::protobuf::io::CodedInputStream stream(
      reinterpret_cast<const uint8_t *>((*buffer)->getBufferStart()), static_cast<int>(size));
  if (!model->ParsePartialFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
    error = "not an ONNX model, or a truncated or damaged one";
    return nullptr;
  }
  if (!model->has_graph() || model->opset_import_size() == 0) {
    error = "not an ONNX model, or a truncated one: expected a graph and the versions of its operator sets";
    return nullptr;
  }
  return model;
}

mlir::Type elementType(mlir::MLIRContext *context, int32_t dataType) {
  mlir::Builder builder(context);
  switch (dataType) {
  case TensorProto::FLOAT:
    return builder.getF32Type();
  case TensorProto::DOUBLE:
    return builder.getF64Type();
  case TensorProto::FLOAT16:
    return builder.getF16Type();
  case TensorProto::BFLOAT16:
    return builder.getBF16Type();
  case TensorProto::INT64:
    return builder.getI64Type();
  case TensorProto::INT32:
    return builder.getI32Type();
  case TensorProto::INT8:
    return builder.getI8Type();
  case TensorProto::UINT8:
    return builder.getIntegerType(8, /*isSigned=*/false);
  case TensorProto::BOOL:
    return builder.getI1Type();
  default:
    return nullptr;
  }
}

std::string dataTypeName(int32_t dataType) {
  if (!onnx::TensorProto_DataType_IsValid(dataType))
    return "number " + std::to_string(dataType);
  return onnx::TensorProto_DataType_Name(static_cast<onnx::TensorProto_DataType>(dataType));
}

std::optional<GraphValue> readTensor(mlir::MLIRContext *context, const TensorProto &tensor,
                                     llvm::StringRef folder, std::string &error) {
  GraphValue value;
  value.elementType = elementType(context, tensor.data_type());
  if (!value.elementType) {
    error = "its element type is " + dataTypeName(tensor.data_type()) + ", which is not supported";
    return std::nullopt;
  }
  int64_t count = 1;
  bool overflows = false;
  for (int64_t size : tensor.dims()) {
    if (size < 0) {
      error = "its shape has a negative dimension, " + std::to_string(size);
      return std::nullopt;
    }
    overflows |= llvm::MulOverflow(count, size, count);
    value.shape.push_back(size);
  }
  if (int64_t total; overflows || llvm::MulOverflow(count, elementBytes(value.elementType), total)) {
    error = "its shape has too many elements";
    return std::nullopt;
  }
  auto bytes = readBytes(tensor, value.elementType, count, folder, error);
  if (!bytes)
    return std::nullopt;
  if (value.elementType.isInteger(1))
    for (char &byte : *bytes)
      byte = byte != 0;
  value.constant = std::make_shared<Constant>(value.elementType, std::move(*bytes));
  return value;
}

} // namespace winnow::frontend
