// Branches that are not taken are skipped, where the host knows the shapes of what they make before.
#include "lib/Import/ONNX/Branches.h"

#include "lib/Import/ONNX/Composition.h"

#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {

namespace {

using Values = std::vector<GraphValue>;

/// A subgraph in a region of its own.
struct Branch {
  mlir::Region region;
  Values values;
};

class BranchImporter {
public:
  BranchImporter(Node &node, const GraphValue &condition)
      : node(node), emit(node.emit), condition(condition) {}

  mlir::FailureOr<Values> import(const onnx::GraphProto &taken, const onnx::GraphProto &other);

private:
  mlir::LogicalResult importRegion(const onnx::GraphProto &graph, Branch &branch);
  mlir::LogicalResult checkTypes(const Values &a, const Values &b);
  bool canSkip(Branch &a, Branch &b);
  /// What the branch makes where the condition holds, else `otherwise`, whose shapes they have.
  Values emitWhen(const GraphValue &holds, Branch &branch, const Values &otherwise);
  Values placeholders(const Values &values);
  /// `a` where the condition holds, else `b`, of any shapes of the same rank.
  GraphValue choose(Composition &c, const Extent &holds, const GraphValue &a, const GraphValue &b);
  mlir::FailureOr<Values> executeBoth(const onnx::GraphProto &taken, const onnx::GraphProto &other);

  Node &node;
  Emitter &emit;
  GraphValue condition;
};

mlir::LogicalResult BranchImporter::importRegion(const onnx::GraphProto &graph, Branch &branch) {
  Emitter::RegionScope scope(emit, &branch.region.emplaceBlock());
  mlir::FailureOr<Values> values = node.importBody(graph, {});
  if (failed(values))
    return mlir::failure();
  branch.values = std::move(*values);
  llvm::SmallVector<mlir::Value> yielded;
  for (const GraphValue &value : branch.values)
    yielded.push_back(emit.tensor(value));
  YieldOp::create(emit.builder, node.location, yielded);
  return mlir::success();
}

mlir::LogicalResult BranchImporter::checkTypes(const Values &taken, const Values &other) {
  if (taken.size() != other.size())
    return node.error("its branches make " + llvm::Twine(taken.size()) + " and " + llvm::Twine(other.size()) +
                      " values, but expected as many");
  for (auto [a, b] : llvm::zip_equal(taken, other))
    if (a.elementType != b.elementType || a.rank() != b.rank())
      return node.error("its branches make " + typeName(a.elementType) + " " + node.extents.text(a.shape) +
                        " and " + typeName(b.elementType) + " " + node.extents.text(b.shape) +
                        ", but expected a constant condition, or equal types and ranks");
  return mlir::success();
}

bool BranchImporter::canSkip(Branch &taken, Branch &other) {
  auto isKnown = [&](const Extent &size) { return emit.isDefined(size); };
  for (auto [a, b] : llvm::zip_equal(taken.values, other.values)) {
    if (!llvm::all_of(a.shape, isKnown) || !llvm::all_of(b.shape, isKnown))
      return false;
    for (auto [m, n] : llvm::zip_equal(a.shape, b.shape))
      if (node.extents.equal(m, n) != true)
        return false;
  }
  return !readsElements(taken.region) && !readsElements(other.region);
}

Values BranchImporter::emitWhen(const GraphValue &holds, Branch &branch, const Values &otherwise) {
  llvm::SmallVector<mlir::Value> alternatives;
  for (const GraphValue &value : otherwise)
    alternatives.push_back(emit.tensor(value));
  mlir::Value flag = emit.tensor(emit.reshape(holds, {}));
  auto when = WhenOp::create(emit.builder, node.location, flag, alternatives);
  when.getBody().takeBody(branch.region);
  Values results;
  for (auto [value, result] : llvm::zip_equal(otherwise, when.getResults()))
    results.push_back(emit.wrap(result, value.elementType, value.shape));
  return results;
}

/// Values of the same types and shapes that nobody reads.
Values BranchImporter::placeholders(const Values &values) {
  Values result;
  for (const GraphValue &value : values)
    result.push_back(emit.wrap(emit.zeros(value.elementType, value.shape), value.elementType, value.shape));
  return result;
}

GraphValue BranchImporter::choose(Composition &c, const Extent &holds, const GraphValue &a,
                                  const GraphValue &b) {
  // Out of both, one after the other, the elements of one. Sizes are computed with 0 and 1.
  auto either = [&](const Extent &m, const Extent &n) {
    std::optional<Extent> size = subtract(m, n);
    size = size ? multiply(holds, *size) : std::nullopt;
    mlir::FailureOr<Extent> sum = node.require(size ? add(*size, n) : std::nullopt);
    return failed(sum) ? Extent(0) : node.asSize(*sum, "a size of a branch");
  };
  GraphValue all = c.op("Concat", {c.reshape(a, {-1}), c.reshape(b, {-1})}, {{"axis", int64_t(0)}});
  Extent countOfA = a.rank() == 0 ? Extent(1) : *elementCount(a.shape);
  Extent countOfB = b.rank() == 0 ? Extent(1) : *elementCount(b.shape);
  Extent start = either(0, countOfA), count = either(countOfA, countOfB);
  GraphValue chosen = c.op("Slice", {all, c.extents({start}), c.extents({*add(start, count)})});
  Shape shape;
  for (auto [m, n] : llvm::zip_equal(a.shape, b.shape))
    shape.push_back(either(m, n));
  return c.reshape(chosen, shape);
}

mlir::FailureOr<Values> BranchImporter::executeBoth(const onnx::GraphProto &taken,
                                                    const onnx::GraphProto &other) {
  if (emit.isInRegion())
    return node.error("its branches make values of different shapes, or compute sizes, in a part of the "
                      "graph that is not always executed, but expected equal shapes that are known before");
  mlir::FailureOr<Values> first = node.importBody(taken, {}), second = node.importBody(other, {});
  if (failed(first) || failed(second))
    return mlir::failure();
  Extent holds = emit.readElements(emit.reshape(condition, {}), "condition").front();
  Composition c(node);
  Values results;
  for (auto [a, b] : llvm::zip_equal(*first, *second))
    results.push_back(choose(c, holds, a, b));
  if (c.hasFailed())
    return mlir::failure();
  return results;
}

mlir::FailureOr<Values> BranchImporter::import(const onnx::GraphProto &taken, const onnx::GraphProto &other) {
  Branch first, second;
  if (failed(importRegion(taken, first)) || failed(importRegion(other, second)) ||
      failed(checkTypes(first.values, second.values)))
    return mlir::failure();
  if (!canSkip(first, second))
    return executeBoth(taken, other);
  GraphValue opposite = Composition(node).op("Not", {condition});
  Values values = emitWhen(opposite, second, placeholders(second.values));
  return emitWhen(condition, first, values);
}

} // namespace

bool readsElements(mlir::Region &region) {
  auto found = region.walk([](mlir::tensor::ExtractOp read) {
    return read->getParentOfType<mlir::linalg::LinalgOp>() ? mlir::WalkResult::advance()
                                                           : mlir::WalkResult::interrupt();
  });
  return found.wasInterrupted();
}

mlir::FailureOr<std::vector<GraphValue>> emitBranches(Node &node, const GraphValue &condition,
                                                      const onnx::GraphProto &taken,
                                                      const onnx::GraphProto &other) {
  node.builder.getContext()->loadDialect<WinnowDialect>();
  return BranchImporter(node, condition).import(taken, other);
}

} // namespace winnow::frontend
