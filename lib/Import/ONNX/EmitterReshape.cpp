// Reshapes and transposes, which are views wherever the symbolic sizes show that they are.
#include "lib/Import/ONNX/Emitter.h"
#include "lib/Import/ONNX/Rearrange.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

/// Runs of source and result dimensions with equal element counts.
struct Reassociation {
  llvm::SmallVector<mlir::ReassociationIndices> source, result;
  Shape counts;
};

/// Extends one group until both sides have the same count. Fails where the sizes cannot tell which side to
/// extend.
bool matchGroup(llvm::ArrayRef<Extent> source, llvm::ArrayRef<Extent> result, size_t &i, size_t &j,
                Reassociation &groups) {
  mlir::ReassociationIndices from{static_cast<int64_t>(i)}, to{static_cast<int64_t>(j)};
  Extent a = source[i++], b = result[j++];
  while (!(a == b)) {
    std::optional<int64_t> x = a.constant(), y = b.constant();
    bool extendSource = x && y ? *x < *y : divideExactly(b, a).has_value();
    if (!extendSource && !(x && y) && !divideExactly(a, b))
      return false;
    if (extendSource ? i == source.size() : j == result.size())
      return false;
    std::optional<Extent> product = extendSource ? multiply(a, source[i]) : multiply(b, result[j]);
    if (!product)
      return false;
    if (extendSource) {
      a = *product;
      from.push_back(i++);
    } else {
      b = *product;
      to.push_back(j++);
    }
  }
  groups.source.push_back(std::move(from));
  groups.result.push_back(std::move(to));
  groups.counts.push_back(a);
  return true;
}

/// Both shapes have at least one dimension and no known zero.
Reassociation reassociate(llvm::ArrayRef<Extent> source, llvm::ArrayRef<Extent> result) {
  Reassociation groups;
  size_t i = 0, j = 0;
  bool matches = true;
  while (matches && i < source.size() && j < result.size())
    matches = matchGroup(source, result, i, j, groups);
  // What is left over must be ones, which join the last group.
  for (; matches && i < source.size(); ++i) {
    matches = source[i].is(1);
    groups.source.back().push_back(i);
  }
  for (; matches && j < result.size(); ++j) {
    matches = result[j].is(1);
    groups.result.back().push_back(j);
  }
  if (matches)
    return groups;
  auto all = [](size_t rank) {
    auto sequence = llvm::seq<int64_t>(0, rank);
    return mlir::ReassociationIndices(sequence.begin(), sequence.end());
  };
  Reassociation whole;
  whole.source.push_back(all(source.size()));
  whole.result.push_back(all(result.size()));
  whole.counts.push_back(*elementCount(source));
  return whole;
}

bool isTrivial(llvm::ArrayRef<mlir::ReassociationIndices> groups) {
  return llvm::all_of(groups, [](const auto &group) { return group.size() == 1; });
}

} // namespace

/// A group of dimensions and the one that it comes from must both be static or both be dynamic. They may
/// differ where a size is only known when the program runs.
mlir::Value Emitter::castToCounts(mlir::Value tensor, llvm::ArrayRef<mlir::ReassociationIndices> groups,
                                  llvm::ArrayRef<Extent> shape) {
  auto given = mlir::cast<mlir::RankedTensorType>(tensor.getType());
  llvm::SmallVector<int64_t> sizes(given.getShape());
  for (auto [size, group] : llvm::zip(sizes, groups)) {
    int64_t product = 1;
    for (int64_t dimension : group) {
      std::optional<int64_t> known = shape[dimension].constant();
      product =
          known && !mlir::ShapedType::isDynamic(product) ? product * *known : mlir::ShapedType::kDynamic;
    }
    size = product;
  }
  mlir::RankedTensorType wanted = given.clone(sizes);
  return wanted == given ? tensor
                         : mlir::tensor::CastOp::create(builder, location, wanted, tensor).getResult();
}

GraphValue Emitter::reshape(const GraphValue &given, const Shape &shape) {
  if (given.shape == shape)
    return given;
  GraphValue result;
  result.elementType = given.elementType;
  result.shape = shape;
  result.constant = given.constant;
  result.integers = given.integers;
  if (given.isKnown())
    return result;
  auto isZero = [](const Extent &extent) { return extent.is(0); };
  if (llvm::any_of(shape, isZero)) {
    result.tensor = empty(given.elementType, shape);
    return result;
  }
  auto known = origins.find(given.tensor);
  GraphValue source = known == origins.end() ? given : known->second;
  if (source.shape == shape)
    return source;
  Reassociation groups;
  if (!source.shape.empty() && !shape.empty())
    groups = reassociate(source.shape, shape);
  mlir::Value tensor = source.tensor;
  if (!isTrivial(groups.source) || shape.empty())
    tensor = mlir::tensor::CollapseShapeOp::create(builder, location, type(source.elementType, groups.counts),
                                                   tensor, groups.source);
  tensor = castToCounts(tensor, groups.result, shape);
  if (!isTrivial(groups.result) || source.shape.empty())
    tensor = mlir::tensor::ExpandShapeOp::create(builder, location, type(source.elementType, shape), tensor,
                                                 groups.result, sizes(shape));
  result.tensor = tensor;
  origins[tensor] = source;
  return result;
}

GraphValue Emitter::transpose(const GraphValue &value, llvm::ArrayRef<int64_t> permutation) {
  if (llvm::is_sorted(permutation))
    return value;
  Shape shape;
  llvm::SmallVector<int64_t> moved;
  for (int64_t axis : permutation) {
    shape.push_back(value.shape[axis]);
    if (!value.shape[axis].is(1))
      moved.push_back(axis);
  }
  if (value.isKnown()) {
    std::optional<llvm::SmallVector<int64_t>> numbers = constantShape(value.shape);
    llvm::SmallVector<int64_t> strides = numbers ? rowMajorStrides(*numbers) : llvm::SmallVector<int64_t>();
    auto source = [&](llvm::ArrayRef<int64_t> index) {
      int64_t place = 0;
      for (auto [position, axis] : llvm::zip_equal(index, permutation))
        place += position * strides[axis];
      return place;
    };
    if (std::optional<GraphValue> folded = rearrange(value, shape, source))
      return *folded;
  }
  if (llvm::is_sorted(moved))
    return reshape(value, shape);
  mlir::Value input = tensor(value), init = empty(value.elementType, shape);
  mlir::Value result =
      mlir::linalg::TransposeOp::create(builder, location, input, init, permutation)->getResult(0);
  return wrap(result, value.elementType, std::move(shape));
}

} // namespace winnow::frontend
