// Folding and emission of element-wise operators.
#include "lib/Import/ONNX/Elementwise.h"
#include "lib/Import/ONNX/LateSizes.h"

#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

// Folding may make small tensors larger, by broadcasting, but not beyond this.
constexpr int64_t kMaximumGrowth = 1 << 16;

/// For each result element, the place of the operand's element, in row-major order.
llvm::SmallVector<int64_t> operandStrides(const GraphValue &operand, llvm::ArrayRef<int64_t> shape) {
  llvm::SmallVector<int64_t> own = rowMajorStrides(*constantShape(operand.shape));
  llvm::SmallVector<int64_t> strides(shape.size(), 0);
  size_t missing = shape.size() - own.size();
  for (size_t i = 0; i < own.size(); ++i)
    if (!operand.shape[i].is(1))
      strides[missing + i] = own[i];
  return strides;
}

int64_t operandPlace(int64_t place, llvm::ArrayRef<int64_t> resultStrides, llvm::ArrayRef<int64_t> strides) {
  int64_t result = 0;
  for (auto [all, own] : llvm::zip_equal(resultStrides, strides)) {
    result += place / all * own;
    place %= all;
  }
  return result;
}

/// The number of elements to compute: one if all operands are uniform; nothing if it is not known or large.
std::optional<int64_t> foldCount(llvm::ArrayRef<const GraphValue *> operands, const Shape &shape) {
  if (llvm::all_of(operands, [](const GraphValue *operand) { return operand->isUniform(); }))
    return 1;
  std::optional<Extent> count = elementCount(shape);
  if (!count || !count->constant())
    return std::nullopt;
  int64_t largest = kMaximumGrowth;
  for (const GraphValue *operand : operands) {
    std::optional<Extent> own = elementCount(operand->shape);
    largest = std::max(largest, own ? own->constant().value_or(0) : 0);
    if (!constantShape(operand->shape) && !operand->isUniform())
      return std::nullopt;
  }
  return *count->constant() <= largest ? count->constant() : std::nullopt;
}

/// Calls visit(place, place in each operand) for each element.
bool forEachElement(llvm::ArrayRef<const GraphValue *> operands, const Shape &shape, int64_t count,
                    llvm::function_ref<bool(llvm::ArrayRef<int64_t>)> visit) {
  llvm::SmallVector<int64_t> places(operands.size(), 0);
  std::optional<llvm::SmallVector<int64_t>> numbers = constantShape(shape);
  llvm::SmallVector<int64_t> all;
  llvm::SmallVector<llvm::SmallVector<int64_t>> strides(operands.size());
  if (numbers && count != 1) {
    all = rowMajorStrides(*numbers);
    for (auto [operand, own] : llvm::zip_equal(operands, strides))
      if (!operand->isUniform())
        own = operandStrides(*operand, *numbers);
  }
  for (int64_t i = 0; i < count; ++i) {
    for (auto [operand, own, place] : llvm::zip_equal(operands, strides, places))
      place = own.empty() ? 0 : operandPlace(i, all, own);
    if (!visit(places))
      return false;
  }
  return true;
}

std::optional<GraphValue> foldReals(mlir::Type resultType, llvm::ArrayRef<const GraphValue *> operands,
                                    const Shape &shape, int64_t count, const ElementFunction &function) {
  std::vector<char> bytes;
  llvm::SmallVector<double> values(operands.size());
  bool isComplete = forEachElement(operands, shape, count, [&](llvm::ArrayRef<int64_t> places) {
    for (auto [operand, place, value] : llvm::zip_equal(operands, places, values))
      value = operand->constant->real(place);
    std::optional<double> result = function.foldReal(values);
    if (result && isReal(resultType))
      appendReal(bytes, resultType, *result);
    else if (result)
      appendInteger(bytes, resultType, static_cast<int64_t>(*result));
    return result.has_value();
  });
  if (!isComplete)
    return std::nullopt;
  GraphValue folded;
  folded.elementType = resultType;
  folded.shape = shape;
  folded.constant = std::make_shared<Constant>(resultType, std::move(bytes));
  return folded;
}

/// The operand's integer, unless it is beyond the signed ones that extents are.
std::optional<Extent> integerOf(const GraphValue &operand, int64_t place) {
  if (operand.integers)
    return (*operand.integers)[place];
  int64_t value = operand.constant->integer(place);
  return value < 0 && isUnsigned(operand.elementType) ? std::nullopt : std::optional<Extent>(value);
}

std::optional<GraphValue> foldIntegers(Node &node, mlir::Type resultType,
                                       llvm::ArrayRef<const GraphValue *> operands, const Shape &shape,
                                       int64_t count, const ElementFunction &function) {
  llvm::SmallVector<Extent> results, values(operands.size());
  bool isComplete = forEachElement(operands, shape, count, [&](llvm::ArrayRef<int64_t> places) {
    for (auto [operand, place, value] : llvm::zip_equal(operands, places, values)) {
      std::optional<Extent> integer = integerOf(*operand, place);
      if (!integer)
        return false;
      value = std::move(*integer);
    }
    std::optional<Extent> result = function.foldInteger(node.extents, values);
    if (result)
      results.push_back(std::move(*result));
    return result.has_value();
  });
  if (!isComplete)
    return std::nullopt;
  GraphValue folded;
  folded.elementType = resultType;
  folded.shape = shape;
  if (std::optional<llvm::SmallVector<int64_t>> numbers = constantShape(results))
    folded.constant = Constant::integers(resultType, *numbers);
  else
    folded.integers = std::move(results);
  return folded;
}

std::optional<GraphValue> fold(Node &node, mlir::Type resultType, llvm::ArrayRef<const GraphValue *> operands,
                               const Shape &shape, const ElementFunction &function) {
  if (!llvm::all_of(operands, [](const GraphValue *operand) {
        return operand->isKnown() && !isNarrowFloat(operand->elementType);
      }))
    return std::nullopt;
  std::optional<int64_t> count = foldCount(operands, shape);
  if (!count)
    return std::nullopt;
  auto hasReal = [](const GraphValue *operand) { return operand->isReal(); };
  if (llvm::any_of(operands, hasReal))
    return function.foldReal &&
                   llvm::all_of(operands,
                                [](const GraphValue *operand) { return operand->constant != nullptr; })
               ? foldReals(resultType, operands, shape, *count, function)
               : std::nullopt;
  // Integers are symbolic only in small numbers: large ones are data.
  constexpr int64_t kMaximumIntegers = 4096;
  if (isReal(resultType) || isNarrowFloat(resultType) || !function.foldInteger || *count > kMaximumIntegers)
    return std::nullopt;
  return foldIntegers(node, resultType, operands, shape, *count, function);
}

} // namespace

mlir::FailureOr<GraphValue> applyElementwise(Node &node, mlir::Type resultType,
                                             llvm::ArrayRef<const GraphValue *> operands,
                                             const ElementFunction &function) {
  if (std::vector<GraphValue> repeated = repeatLate(node, operands); !repeated.empty()) {
    auto pointers = llvm::map_to_vector(repeated, [](const GraphValue &value) { return &value; });
    return applyElementwise(node, resultType, pointers, function);
  }
  mlir::FailureOr<Shape> shape = node.broadcast(operands);
  if (failed(shape))
    return mlir::failure();
  if (std::optional<GraphValue> folded = fold(node, resultType, operands, *shape, function))
    return *folded;
  bool hasUnsigned =
      llvm::any_of(operands, [](const GraphValue *operand) { return isUnsigned(operand->elementType); });
  return node.emit.elementwise(
      resultType, *shape, operands,
      [&](mlir::OpBuilder &builder, mlir::Location location, mlir::ValueRange values) {
        return function.emit(Scalars{builder, location, hasUnsigned}, values);
      });
}

mlir::LogicalResult setElementwise(Node &node, mlir::Type resultType,
                                   llvm::ArrayRef<const GraphValue *> operands,
                                   const ElementFunction &function) {
  mlir::FailureOr<GraphValue> result = applyElementwise(node, resultType, operands, function);
  if (failed(result))
    return mlir::failure();
  node.set(0, *result);
  return mlir::success();
}

GraphValue realScalar(mlir::Type type, double value) {
  GraphValue result;
  result.elementType = type;
  result.constant = Constant::uniformReal(type, value);
  return result;
}

} // namespace winnow::frontend
