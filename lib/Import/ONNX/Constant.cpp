// Constant tensors: element access in any supported type.
#include "lib/Import/ONNX/Constant.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/APFloat.h"

#include <cassert>
#include <cstring>

namespace winnow::frontend {
namespace {

template <typename T> T read(llvm::ArrayRef<char> element) {
  T value;
  std::memcpy(&value, element.data(), sizeof(T));
  return value;
}

llvm::APFloat readFloat(mlir::FloatType type, llvm::ArrayRef<char> element) {
  uint64_t bits = 0;
  std::memcpy(&bits, element.data(), element.size());
  return llvm::APFloat(type.getFloatSemantics(), llvm::APInt(type.getWidth(), bits));
}

} // namespace

int64_t elementBytes(mlir::Type type) {
  if (type.isF32() || type.isInteger(32))
    return 4;
  if (type.isF64() || type.isInteger(64))
    return 8;
  if (type.isF16() || type.isBF16())
    return 2;
  return type.isInteger(1) || type.isInteger(8) ? 1 : 0;
}

mlir::Type storageType(mlir::Type type) {
  return isUnsigned(type) ? mlir::IntegerType::get(type.getContext(), type.getIntOrFloatBitWidth()) : type;
}

bool isReal(mlir::Type type) { return mlir::isa<mlir::FloatType>(type); }
bool isUnsigned(mlir::Type type) { return type.isUnsignedInteger(); }

std::string typeName(mlir::Type type) {
  if (!type)
    return "an unsupported type";
  unsigned width = type.getIntOrFloatBitWidth();
  if (type.isBF16())
    return "bfloat16";
  if (isReal(type))
    return "float" + std::to_string(width);
  return width == 1 ? "bool" : (isUnsigned(type) ? "uint" : "int") + std::to_string(width);
}

Constant::Constant(mlir::Type type, std::vector<char> data)
    : elementType(type), width(elementBytes(type)), bytes(std::move(data)) {
  assert(width > 0 && bytes.size() % width == 0 && "whole elements of a supported type");
  // Each element equals the next.
  size_t stride = static_cast<size_t>(width);
  if (bytes.size() >= stride &&
      std::memcmp(bytes.data(), bytes.data() + stride, bytes.size() - stride) == 0) {
    bytes.resize(stride);
    single = true;
  }
}

ConstantPointer Constant::uniform(mlir::Type type, llvm::ArrayRef<char> element) {
  return std::make_shared<Constant>(type, std::vector<char>(element.begin(), element.end()));
}

ConstantPointer Constant::uniformReal(mlir::Type type, double value) { return reals(type, value); }
ConstantPointer Constant::uniformInteger(mlir::Type type, int64_t value) { return integers(type, value); }

ConstantPointer Constant::reals(mlir::Type type, llvm::ArrayRef<double> values) {
  std::vector<char> data;
  data.reserve(values.size() * elementBytes(type));
  for (double value : values)
    appendReal(data, type, value);
  return std::make_shared<Constant>(type, std::move(data));
}

ConstantPointer Constant::integers(mlir::Type type, llvm::ArrayRef<int64_t> values) {
  std::vector<char> data;
  data.reserve(values.size() * elementBytes(type));
  for (int64_t value : values)
    appendInteger(data, type, value);
  return std::make_shared<Constant>(type, std::move(data));
}

llvm::ArrayRef<char> Constant::element(int64_t index) const {
  int64_t place = single ? 0 : index;
  return llvm::ArrayRef<char>(bytes).slice(place * width, width);
}

double Constant::real(int64_t index) const {
  llvm::ArrayRef<char> data = element(index);
  if (elementType.isF32())
    return read<float>(data);
  if (elementType.isF64())
    return read<double>(data);
  if (auto type = mlir::dyn_cast<mlir::FloatType>(elementType)) {
    llvm::APFloat value = readFloat(type, data);
    bool losesInformation = false;
    value.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &losesInformation);
    return value.convertToDouble();
  }
  return static_cast<double>(integer(index));
}

int64_t Constant::integer(int64_t index) const {
  llvm::ArrayRef<char> data = element(index);
  if (elementType.isInteger(64))
    return read<int64_t>(data);
  if (elementType.isInteger(32))
    return read<int32_t>(data);
  if (elementType.isInteger(1))
    return read<uint8_t>(data) != 0;
  return isUnsigned(elementType) ? int64_t{read<uint8_t>(data)} : int64_t{read<int8_t>(data)};
}

mlir::TypedAttr Constant::attribute(int64_t index) const {
  if (auto type = mlir::dyn_cast<mlir::FloatType>(elementType))
    return mlir::FloatAttr::get(type, readFloat(type, element(index)));
  return mlir::IntegerAttr::get(storageType(elementType), integer(index));
}

mlir::DenseElementsAttr Constant::dense(mlir::RankedTensorType type) const {
  if (single)
    return mlir::DenseElementsAttr::get(type, mlir::Attribute(attribute(0)));
  if (elementType.isInteger(1))
    return mlir::DenseElementsAttr::get(
        type, llvm::ArrayRef<bool>(reinterpret_cast<const bool *>(bytes.data()), bytes.size()));
  return mlir::DenseElementsAttr::getFromRawBuffer(type, bytes);
}

ConstantPointer Constant::gather(int64_t count, llvm::function_ref<int64_t(int64_t)> source) const {
  if (single)
    return uniform(elementType, bytes);
  std::vector<char> data(count * width);
  for (int64_t i = 0; i < count; ++i)
    std::memcpy(data.data() + i * width, bytes.data() + source(i) * width, width);
  return std::make_shared<Constant>(elementType, std::move(data));
}

void appendReal(std::vector<char> &bytes, mlir::Type type, double value) {
  char element[8];
  if (type.isF32()) {
    float narrow = static_cast<float>(value);
    std::memcpy(element, &narrow, sizeof(narrow));
  } else if (type.isF64()) {
    std::memcpy(element, &value, sizeof(value));
  } else {
    llvm::APFloat narrow(value);
    bool losesInformation = false;
    narrow.convert(mlir::cast<mlir::FloatType>(type).getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven,
                   &losesInformation);
    uint64_t bits = narrow.bitcastToAPInt().getZExtValue();
    std::memcpy(element, &bits, sizeof(bits));
  }
  bytes.insert(bytes.end(), element, element + elementBytes(type));
}

void appendInteger(std::vector<char> &bytes, mlir::Type type, int64_t value) {
  if (type.isInteger(1))
    value = value != 0;
  char element[8];
  std::memcpy(element, &value, sizeof(value));
  bytes.insert(bytes.end(), element, element + elementBytes(type));
}

llvm::SmallVector<int64_t> rowMajorStrides(llvm::ArrayRef<int64_t> shape) {
  llvm::SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  return strides;
}

} // namespace winnow::frontend
