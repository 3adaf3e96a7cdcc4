// Loops as winnow.loop: carried tensors, rows that are written where they belong, and a count of the rounds
// where only the data tells it.
#include "lib/Import/ONNX/Loops.h"
#include "lib/Import/ONNX/Branches.h"
#include "lib/Import/ONNX/Composition.h"

#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

using mlir::Value;

/// The tensor as one of that type, which differs at most in what is known of its sizes.
Value castTo(Emitter &emit, Value tensor, mlir::RankedTensorType type) {
  return tensor.getType() == type
             ? tensor
             : mlir::tensor::CastOp::create(emit.builder, emit.location, type, tensor).getResult();
}

class LoopImporter {
public:
  LoopImporter(Node &node, const std::optional<Extent> &count, llvm::ArrayRef<GraphValue> initial)
      : node(node), emit(node.emit), count(count), initial(initial.begin(), initial.end()),
        region(std::make_unique<mlir::Region>()), block(region->emplaceBlock()) {}

  mlir::LogicalResult importBody(llvm::function_ref<mlir::LogicalResult(Round &)> body);
  mlir::FailureOr<LoopResults> finish(const GraphValue *condition);

private:
  mlir::LogicalResult checkNext(const Round &round);
  mlir::LogicalResult collect(const Round &round);
  void countRounds(const Round &round);
  GraphValue argument(mlir::Type elementType, const Shape &shape) {
    return emit.wrap(block.addArgument(emit.type(elementType, shape), node.location), elementType, shape);
  }
  Node &node;
  Emitter &emit;
  std::optional<Extent> count;
  std::vector<GraphValue> initial;
  std::unique_ptr<mlir::Region> region;
  mlir::Block &block;
  llvm::SmallVector<Value> yielded;
  std::optional<Value> goesOn;
  std::vector<std::pair<mlir::Type, Shape>> collected;
};

mlir::LogicalResult LoopImporter::checkNext(const Round &round) {
  if (round.next.size() != initial.size())
    return node.error("a round carries " + llvm::Twine(round.next.size()) + " values, but expected " +
                      llvm::Twine(initial.size()));
  for (auto [index, next, before] : llvm::enumerate(round.next, initial)) {
    std::string what = ("carried value " + llvm::Twine(index)).str();
    if (next.elementType != before.elementType)
      return node.error(what + " becomes " + typeName(next.elementType) + ", but expected " +
                        typeName(before.elementType) + " as it begins");
    bool isSame = next.rank() == before.rank();
    for (int64_t i = 0; isSame && i < next.rank(); ++i)
      isSame = node.importer.requireEqual(next.shape[i], before.shape[i]);
    if (!isSame)
      return node.error(what + " changes its shape from " + node.extents.text(before.shape) + " to " +
                        node.extents.text(next.shape) + ", but expected one that stays");
  }
  return mlir::success();
}

/// Each row is written into a tensor that the loop carries.
mlir::LogicalResult LoopImporter::collect(const Round &round) {
  if (!round.rows.empty() && !count)
    return node.error("collects a value of each round without a trip count, but expected one");
  for (const GraphValue &row : round.rows) {
    Shape shape = row.shape, part = row.shape;
    shape.insert(shape.begin(), *count);
    part.insert(part.begin(), 1);
    GraphValue all = argument(row.elementType, shape);
    llvm::SmallVector<Extent> offsets(shape.size(), 0);
    offsets[0] = round.number;
    yielded.push_back(emit.tensor(emit.insert(emit.reshape(row, part), all, offsets)));
    collected.emplace_back(row.elementType, shape);
  }
  return mlir::success();
}

/// How many rounds there were, for what was collected.
void LoopImporter::countRounds(const Round &round) {
  if (collected.empty() || !goesOn)
    return;
  argument(node.builder.getI64Type(), {});
  yielded.push_back(emit.tensor(Composition(node).extent(*add(round.number, 1))));
}

mlir::LogicalResult LoopImporter::importBody(llvm::function_ref<mlir::LogicalResult(Round &)> body) {
  Emitter::RegionScope scope(emit, &block);
  Round round;
  round.number = emit.dataExtent(block.addArgument(node.builder.getIndexType(), node.location), "round", 0);
  for (const GraphValue &value : initial)
    round.carried.push_back(argument(value.elementType, value.shape));
  if (failed(body(round)) || failed(checkNext(round)))
    return mlir::failure();
  for (auto [next, before] : llvm::zip_equal(round.next, initial)) {
    yielded.push_back(castTo(emit, emit.tensor(next), emit.type(before.elementType, before.shape)));
  }
  if (round.goesOn)
    goesOn = emit.tensor(emit.reshape(*round.goesOn, {}));
  if (failed(collect(round)))
    return mlir::failure();
  countRounds(round);
  if (goesOn)
    yielded.insert(yielded.begin(), *goesOn);
  YieldOp::create(emit.builder, node.location, yielded);
  if (readsElements(*region))
    return node.error("a round computes sizes from data, but expected ones that are known before the loop");
  return mlir::success();
}

mlir::FailureOr<LoopResults> LoopImporter::finish(const GraphValue *condition) {
  for (auto &[type, shape] : collected)
    if (!llvm::all_of(shape, [&](const Extent &size) { return emit.isDefined(size); }))
      return node.error("collects values of shape " +
                        node.extents.text(llvm::ArrayRef<Extent>(shape).drop_front()) +
                        ", which depends on the round, but expected one that stays");
  llvm::SmallVector<Value> begins;
  for (const GraphValue &value : initial)
    begins.push_back(emit.tensor(value));
  for (auto &[type, shape] : collected)
    begins.push_back(emit.empty(type, shape));
  bool isCounted = !collected.empty() && goesOn;
  if (isCounted)
    begins.push_back(emit.tensor(Composition(node).extent(0)));
  Value first;
  if (goesOn)
    first = condition ? emit.tensor(emit.reshape(*condition, {}))
                      : emit.tensor(Composition(node).integer(node.builder.getI1Type(), 1));
  llvm::SmallVector<mlir::Type> types =
      llvm::map_to_vector(begins, [](Value value) { return value.getType(); });
  auto loop = LoopOp::create(emit.builder, node.location, types, emit.index(count.value_or(INT64_MAX)), first,
                             begins);
  loop.getBody().takeBody(*region);

  LoopResults results;
  for (auto [value, result] : llvm::zip(initial, loop.getResults()))
    results.carried.push_back(emit.wrap(result, value.elementType, value.shape));
  for (auto [index, entry] : llvm::enumerate(collected))
    results.collected.push_back(emit.wrap(loop.getResult(initial.size() + index), entry.first, entry.second));
  if (!isCounted)
    return results;
  GraphValue executed = emit.wrap(loop.getResults().back(), node.builder.getI64Type(), {});
  Extent rounds = emit.dataExtent(emit.index(emit.readElements(executed, "rounds").front()), "rounds", 0);
  for (GraphValue &all : results.collected) {
    Shape shape = all.shape;
    shape[0] = rounds;
    all = emit.slice(all, llvm::SmallVector<Extent>(shape.size(), 0), shape,
                     llvm::SmallVector<int64_t>(shape.size(), 1));
  }
  return results;
}

} // namespace

mlir::FailureOr<LoopResults> emitLoop(Node &node, const std::optional<Extent> &count,
                                      const GraphValue *condition, llvm::ArrayRef<GraphValue> initial,
                                      llvm::function_ref<mlir::LogicalResult(Round &)> body) {
  node.builder.getContext()->loadDialect<WinnowDialect>();
  LoopImporter importer(node, count, initial);
  if (failed(importer.importBody(body)))
    return mlir::failure();
  return importer.finish(condition);
}

} // namespace winnow::frontend
