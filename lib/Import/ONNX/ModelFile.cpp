// Reading and checking of ONNX files. Everything in a file is untrusted: sizes are checked before use.
#include "lib/Import/ONNX/ModelFile.h"
#include "lib/Import/Weights/ModelWeights.h"

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

/// The int32 field holds the bits of 16-bit and narrower floats, and the bytes of elements that are packed
/// into bytes: `width` bytes in each number.
std::optional<std::vector<char>> convertBits(const TensorProto &tensor, int64_t width, int64_t expected,
                                             std::string &error) {
  if (tensor.int32_data_size() * width != expected) {
    error = "its shape and the number of stored elements differ";
    return std::nullopt;
  }
  std::vector<char> bytes;
  for (int32_t value : tensor.int32_data())
    for (int64_t byte = 0; byte < width; ++byte)
      bytes.push_back(static_cast<char>((value >> (8 * byte)) & 0xff));
  return bytes;
}

/// Bits of an element in a file.
int64_t storedBits(mlir::Type type) { return type.isInteger(1) ? 8 : type.getIntOrFloatBitWidth(); }

/// Elements of less than a byte, a sequence of bits from the lowest on, to a byte for each.
std::vector<char> unpack(llvm::ArrayRef<char> packed, mlir::Type type, int64_t count) {
  int64_t bits = storedBits(type);
  std::vector<char> bytes;
  bytes.reserve(count);
  for (int64_t i = 0; i < count; ++i) {
    size_t place = i * bits / 8;
    unsigned window = static_cast<uint8_t>(packed[place]);
    if (place + 1 < packed.size())
      window |= static_cast<uint8_t>(packed[place + 1]) << 8;
    int64_t value = window >> (i * bits % 8) & llvm::maskTrailingOnes<unsigned>(bits);
    if (isNarrowFloat(type))
      bytes.push_back(static_cast<char>(value));
    else
      appendInteger(bytes, type, value);
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

std::optional<std::vector<char>> readStored(const TensorProto &tensor, mlir::Type type, int64_t count,
                                            llvm::StringRef folder, std::string &error) {
  int64_t bits = storedBits(type), expected = llvm::divideCeil(count * bits, 8);
  if (tensor.data_location() == TensorProto::EXTERNAL)
    return readExternal(tensor, folder, expected, error);
  if (tensor.has_raw_data())
    return readRaw(tensor, expected, error);
  if (type.isF32())
    return convertTyped(tensor.float_data(), type, count, error);
  if (type.isF64())
    return convertTyped(tensor.double_data(), type, count, error);
  if (bits == 6)
    return convertBits(tensor, 1, count, error);
  if (mlir::isa<mlir::FloatType>(type) || bits < 8)
    return convertBits(tensor, std::max<int64_t>(bits / 8, 1), expected, error);
  if (isUnsigned(type) && bits >= 32)
    return convertTyped(tensor.uint64_data(), type, count, error);
  if (type.isInteger(64))
    return convertTyped(tensor.int64_data(), type, count, error);
  return convertTyped(tensor.int32_data(), type, count, error);
}

std::optional<std::vector<char>> readBytes(const TensorProto &tensor, mlir::Type type, int64_t count,
                                           llvm::StringRef folder, std::string &error) {
  std::optional<std::vector<char>> bytes = readStored(tensor, type, count, folder, error);
  // Typed data of 6 bits is not packed.
  bool isPacked = storedBits(type) < 8 && !(storedBits(type) == 6 && tensor.int32_data_size() > 0);
  return bytes && isPacked ? unpack(*bytes, type, count) : bytes;
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
    return builder.getIntegerType(64);
  case TensorProto::UINT64:
    return builder.getIntegerType(64, /*isSigned=*/false);
  case TensorProto::INT32:
    return builder.getIntegerType(32);
  case TensorProto::UINT32:
    return builder.getIntegerType(32, /*isSigned=*/false);
  case TensorProto::INT16:
    return builder.getIntegerType(16);
  case TensorProto::UINT16:
    return builder.getIntegerType(16, /*isSigned=*/false);
  case TensorProto::INT8:
    return builder.getIntegerType(8);
  case TensorProto::UINT8:
    return builder.getIntegerType(8, /*isSigned=*/false);
  case TensorProto::INT4:
    return builder.getIntegerType(4);
  case TensorProto::UINT4:
    return builder.getIntegerType(4, /*isSigned=*/false);
  case TensorProto::INT2:
    return builder.getIntegerType(2);
  case TensorProto::UINT2:
    return builder.getIntegerType(2, /*isSigned=*/false);
  case TensorProto::FLOAT8E4M3FN:
    return mlir::Float8E4M3FNType::get(context);
  case TensorProto::FLOAT8E4M3FNUZ:
    return mlir::Float8E4M3FNUZType::get(context);
  case TensorProto::FLOAT8E5M2:
    return mlir::Float8E5M2Type::get(context);
  case TensorProto::FLOAT8E5M2FNUZ:
    return mlir::Float8E5M2FNUZType::get(context);
  case TensorProto::FLOAT8E8M0:
    return mlir::Float8E8M0FNUType::get(context);
  case TensorProto::FLOAT4E2M1:
    return mlir::Float4E2M1FNType::get(context);
  case TensorProto::FLOAT6E2M3:
    return mlir::Float6E2M3FNType::get(context);
  case TensorProto::FLOAT6E3M2:
    return mlir::Float6E3M2FNType::get(context);
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
                                     llvm::StringRef folder, std::string &error,
                                     const ModelWeights *weights) {
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
  if (int64_t total; overflows || llvm::MulOverflow(count, storedBits(value.elementType), total)) {
    error = "its shape has too many elements";
    return std::nullopt;
  }
  bool isFromFiles = weights && weights->has(tensor.name());
  auto bytes = isFromFiles ? std::optional(weights->read(tensor.name()))
                           : readBytes(tensor, value.elementType, count, folder, error);
  if (!bytes)
    return std::nullopt;
  if (value.elementType.isInteger(1))
    for (char &byte : *bytes)
      byte = byte != 0;
  value.constant = std::make_shared<Constant>(value.elementType, std::move(*bytes));
  return value;
}

} // namespace winnow::frontend
