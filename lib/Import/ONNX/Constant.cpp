// Constant tensors: element access in any supported type.
#include "lib/Import/ONNX/Constant.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

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

int64_t elementBytes(mlir::Type type) { return llvm::divideCeil(type.getIntOrFloatBitWidth(), 8); }

mlir::Type storageType(mlir::Type type) {
  if (isNarrowFloat(type) || isNarrowInteger(type))
    return mlir::IntegerType::get(type.getContext(), 8);
  return isUnsigned(type) ? mlir::IntegerType::get(type.getContext(), type.getIntOrFloatBitWidth()) : type;
}

bool isReal(mlir::Type type) { return mlir::isa<mlir::FloatType>(type) && !isNarrowFloat(type); }

bool isNarrowFloat(mlir::Type type) {
  auto floatType = mlir::dyn_cast<mlir::FloatType>(type);
  return floatType && floatType.getWidth() <= 8;
}

bool isNarrowInteger(mlir::Type type) { return type.isInteger(4) || type.isInteger(2); }

bool isUnsigned(mlir::Type type) { return type.isUnsignedInteger(); }

std::string typeName(mlir::Type type) {
  if (!type)
    return "an unsupported type";
  return llvm::TypeSwitch<mlir::Type, std::string>(type)
      .Case([](mlir::BFloat16Type) { return "bfloat16"; })
      .Case([](mlir::Float8E4M3FNType) { return "float8_e4m3fn"; })
      .Case([](mlir::Float8E4M3FNUZType) { return "float8_e4m3fnuz"; })
      .Case([](mlir::Float8E5M2Type) { return "float8_e5m2"; })
      .Case([](mlir::Float8E5M2FNUZType) { return "float8_e5m2fnuz"; })
      .Case([](mlir::Float8E8M0FNUType) { return "float8_e8m0fnu"; })
      .Case([](mlir::Float6E2M3FNType) { return "float6_e2m3fn"; })
      .Case([](mlir::Float6E3M2FNType) { return "float6_e3m2fn"; })
      .Case([](mlir::Float4E2M1FNType) { return "float4_e2m1fn"; })
      .Case([](mlir::FloatType known) { return "float" + std::to_string(known.getWidth()); })
      .Default([](mlir::Type integer) {
        unsigned width = integer.getIntOrFloatBitWidth();
        return width == 1 ? "bool" : (isUnsigned(integer) ? "uint" : "int") + std::to_string(width);
      });
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
  return isUnsigned(elementType) ? static_cast<double>(static_cast<uint64_t>(integer(index)))
                                 : static_cast<double>(integer(index));
}

int64_t Constant::integer(int64_t index) const {
  uint64_t bits = 0;
  std::memcpy(&bits, element(index).data(), width);
  if (elementType.isInteger(1))
    return bits != 0;
  bool isSigned = !isUnsigned(elementType) && !isNarrowFloat(elementType);
  return isSigned ? llvm::SignExtend64(bits, width * 8) : static_cast<int64_t>(bits);
}

mlir::TypedAttr Constant::attribute(int64_t index) const {
  if (isReal(elementType)) {
    auto type = mlir::cast<mlir::FloatType>(elementType);
    return mlir::FloatAttr::get(type, readFloat(type, element(index)));
  }
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
  if (isNarrowInteger(type)) {
    unsigned width = type.getIntOrFloatBitWidth();
    value = isUnsigned(type) ? value & int64_t(llvm::maskTrailingOnes<uint64_t>(width))
                             : llvm::SignExtend64(value, width);
  }
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
