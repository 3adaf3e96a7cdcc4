// Folding of data movement.
#include "lib/Import/ONNX/Rearrange.h"

#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {

void forEachIndex(llvm::ArrayRef<int64_t> shape, llvm::function_ref<void(llvm::ArrayRef<int64_t>)> visit) {
  if (llvm::is_contained(shape, 0))
    return;
  llvm::SmallVector<int64_t> index(shape.size(), 0);
  while (true) {
    visit(index);
    size_t axis = shape.size();
    while (axis > 0 && ++index[axis - 1] == shape[axis - 1])
      index[--axis] = 0;
    if (axis == 0)
      return;
  }
}

std::optional<GraphValue> rearrange(const GraphValue &value, const Shape &shape,
                                    llvm::function_ref<int64_t(llvm::ArrayRef<int64_t>)> source) {
  // Broadcasts of large constants are left to the program.
  constexpr int64_t kMaximumGrowth = 1 << 16;
  GraphValue result;
  result.elementType = value.elementType;
  result.shape = shape;
  if (value.isUniform()) {
    result.constant = value.constant;
    return result;
  }
  std::optional<llvm::SmallVector<int64_t>> numbers = constantShape(shape);
  std::optional<Extent> count = elementCount(shape);
  if (!value.isKnown() || !numbers || !count)
    return std::nullopt;
  int64_t known = value.constant ? value.constant->size() : static_cast<int64_t>(value.integers->size());
  if (*count->constant() > std::max(known, kMaximumGrowth))
    return std::nullopt;
  std::vector<int64_t> places;
  places.reserve(*count->constant());
  forEachIndex(*numbers, [&](llvm::ArrayRef<int64_t> index) { places.push_back(source(index)); });
  if (value.constant) {
    result.constant = value.constant->gather(places.size(), [&](int64_t i) { return places[i]; });
    return result;
  }
  result.integers.emplace();
  for (int64_t place : places)
    result.integers->push_back((*value.integers)[place]);
  // What is left may be known: the last dimension of a shape, say.
  if (std::optional<llvm::SmallVector<int64_t>> constants = constantShape(*result.integers)) {
    result.constant = Constant::integers(value.elementType, *constants);
    result.integers.reset();
  }
  return result;
}

} // namespace winnow::frontend
