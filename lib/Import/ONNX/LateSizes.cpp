// Repeats what a call finds to be of size 1.
#include "lib/Import/ONNX/LateSizes.h"

#include "lib/Import/ONNX/Reading.h"
#include "lib/Import/ONNX/Scalars.h"

#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {

using mlir::Value;

namespace {

bool canDiffer(Node &node, const Extent &a, const Extent &b) {
  return !a.is(1) && !b.is(1) && !node.extents.equal(a, b) &&
         (node.extents.dependsOnData(a) || node.extents.dependsOnData(b));
}

} // namespace

Extent orIfOne(Node &node, const Extent &a, const Extent &b) {
  Scalars s{node.builder, node.location};
  Value first = node.emit.index(a), one = node.emit.indexConstant(1);
  return node.emit.dataExtent(s.select(s.equal(first, one), node.emit.index(b), first), "broadcast", 0);
}

GraphValue repeatTo(Node &node, const GraphValue &value, const Shape &shape) {
  int64_t missing = static_cast<int64_t>(shape.size()) - value.rank();
  for (auto [own, wanted] : llvm::zip_equal(value.shape, llvm::ArrayRef<Extent>(shape).drop_front(missing)))
    if (!own.is(1) && !node.extents.equal(own, wanted))
      node.emit.require(orIfOne(node, own, wanted), wanted, "sizes that must agree differ");
  Source source = sourceOf(node.emit, value);
  Scalars host{node.builder, node.location};
  Value zero = node.emit.indexConstant(0), one = node.emit.indexConstant(1);
  auto strides = llvm::map_to_vector(
      source.sizes, [&](Value size) { return host.select(host.equal(size, one), zero, one); });
  return computeByIndex(node.emit, value.elementType, shape, [&](const Scalars &s) {
    llvm::SmallVector<Value> indices;
    for (auto [axis, stride] : llvm::enumerate(strides))
      indices.push_back(s.multiply(s.loop(missing + static_cast<int64_t>(axis)), stride));
    return readAt(s, source, indices);
  });
}

std::vector<GraphValue> repeatLate(Node &node, llvm::ArrayRef<const GraphValue *> operands) {
  bool isLate = false;
  Shape common; // aligned at the end
  for (const GraphValue *operand : operands)
    for (int64_t i = 0; i < operand->rank(); ++i) {
      if (i == static_cast<int64_t>(common.size()))
        common.insert(common.begin(), 1);
      Extent &size = common[common.size() - 1 - i];
      const Extent &other = operand->shape[operand->rank() - 1 - i];
      bool isOpen = canDiffer(node, size, other);
      isLate |= isOpen;
      size = isOpen ? orIfOne(node, size, other) : size.is(1) ? other : size;
    }
  std::vector<GraphValue> repeated;
  if (!isLate)
    return repeated;
  for (const GraphValue *operand : operands) {
    Shape shape(common.end() - operand->rank(), common.end());
    bool isOpen = false;
    for (auto [size, own] : llvm::zip_equal(shape, operand->shape)) {
      isOpen |= canDiffer(node, size, own);
      size = own.is(1) ? own : size;
    }
    repeated.push_back(isOpen ? repeatTo(node, *operand, shape) : *operand);
  }
  return repeated;
}

} // namespace winnow::frontend
