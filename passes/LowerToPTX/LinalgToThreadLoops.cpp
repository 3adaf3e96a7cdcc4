// Lowers linalg on buffers to the loops of one thread, with accumulators carried as values.
#include "passes/LowerToPTX/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"

namespace winnow {
#define GEN_PASS_DEF_LINALGTOTHREADLOOPS
#include "passes/LowerToPTX/Passes.h.inc"
} // namespace winnow

using namespace mlir;

namespace {

/// The loops of one linalg operation while they are being built.
class ThreadLoops {
public:
  ThreadLoops(RewriterBase &rewriter, linalg::LinalgOp operation, int64_t unroll)
      : rewriter(rewriter), operation(operation), location(operation.getLoc()), unroll(unroll) {}

  void build();

private:
  /// One value for each loop of the operation: the coordinates of a point of the iteration space.
  using Point = SmallVector<Value>;

  void classifyLoops();
  scf::ForOp createLoop(unsigned loop, ValueRange carried);
  SmallVector<Point> writeOutPoints(const Point &point);
  Value constant(int64_t value) { return arith::ConstantIndexOp::create(rewriter, location, value); }
  SmallVector<Value> indicesOf(OpOperand &operand, const Point &point);
  Value load(OpOperand &operand, const Point &point);
  void store(Value value, OpOperand &operand, const Point &point);
  void buildReduction(Point point);
  SmallVector<Value> buildBody(const Point &point, ValueRange accumulators);
  Value fuseMultiplyAdd(Value yielded, Value accumulator);

  RewriterBase &rewriter;
  linalg::LinalgOp operation;
  Location location;
  int64_t unroll;
  SmallVector<Range> ranges;
  SmallVector<unsigned> outer, written, reductions;
  /// The initial operands whose element stays the same during the reduction loops.
  SmallVector<OpOperand *> carried;
};

/// Decides for each loop whether it surrounds the accumulation, is written out inside of it, or reduces.
void ThreadLoops::classifyLoops() {
  ranges = operation.createLoopRanges(rewriter, location);
  SmallVector<utils::IteratorType> kinds = operation.getIteratorTypesArray();
  int64_t points = 1;
  for (unsigned loop = ranges.size(); loop-- > 0;) {
    std::optional<int64_t> extent = getConstantIntValue(ranges[loop].size);
    if (kinds[loop] == utils::IteratorType::reduction) {
      reductions.insert(reductions.begin(), loop);
    } else if (extent && *extent > 0 && points * *extent <= unroll) {
      points *= *extent;
      written.insert(written.begin(), loop);
    } else {
      outer.insert(outer.begin(), loop);
    }
  }
  if (reductions.empty())
    return;
  for (OpOperand &initial : operation.getDpsInitsMutable()) {
    AffineMap map = operation.getMatchingIndexingMap(&initial);
    if (llvm::none_of(reductions, [&](unsigned loop) { return map.isFunctionOfDim(loop); }))
      carried.push_back(&initial);
  }
}

scf::ForOp ThreadLoops::createLoop(unsigned loop, ValueRange carriedValues) {
  Value lower = getValueOrCreateConstantIndexOp(rewriter, location, ranges[loop].offset);
  Value upper = getValueOrCreateConstantIndexOp(rewriter, location, ranges[loop].size);
  Value step = getValueOrCreateConstantIndexOp(rewriter, location, ranges[loop].stride);
  return scf::ForOp::create(rewriter, location, lower, upper, step, carriedValues);
}

/// The points that `point` stands for: one for each combination of the loops that are written out.
SmallVector<ThreadLoops::Point> ThreadLoops::writeOutPoints(const Point &point) {
  SmallVector<Point> points = {point};
  for (unsigned loop : written) {
    SmallVector<Point> next;
    int64_t extent = *getConstantIntValue(ranges[loop].size);
    SmallVector<Value> positions;
    for (int64_t i = 0; i < extent; ++i)
      positions.push_back(constant(i));
    for (const Point &prefix : points)
      for (Value position : positions) {
        next.push_back(prefix);
        next.back()[loop] = position;
      }
    points = std::move(next);
  }
  return points;
}

SmallVector<Value> ThreadLoops::indicesOf(OpOperand &operand, const Point &point) {
  SmallVector<Value> indices;
  AffineMap map = operation.getMatchingIndexingMap(&operand);
  for (AffineExpr result : map.getResults()) {
    AffineMap single = AffineMap::get(map.getNumDims(), 0, result);
    SmallVector<OpFoldResult> operands(point.begin(), point.end());
    OpFoldResult index = affine::makeComposedFoldedAffineApply(rewriter, location, single, operands);
    indices.push_back(getValueOrCreateConstantIndexOp(rewriter, location, index));
  }
  return indices;
}

Value ThreadLoops::load(OpOperand &operand, const Point &point) {
  if (!isa<MemRefType>(operand.get().getType()))
    return operand.get();
  return memref::LoadOp::create(rewriter, location, operand.get(), indicesOf(operand, point));
}

void ThreadLoops::store(Value value, OpOperand &operand, const Point &point) {
  memref::StoreOp::create(rewriter, location, value, operand.get(), indicesOf(operand, point));
}

/// Rewrites `accumulator + a * b` to one fused multiply-add.
Value ThreadLoops::fuseMultiplyAdd(Value yielded, Value accumulator) {
  auto sum = yielded.getDefiningOp<arith::AddFOp>();
  if (!sum || !sum->use_empty())
    return yielded;
  Value term = sum.getLhs() == accumulator ? sum.getRhs() : sum.getLhs();
  if (term == accumulator || (sum.getLhs() != accumulator && sum.getRhs() != accumulator))
    return yielded;
  auto product = term.getDefiningOp<arith::MulFOp>();
  if (!product || !product->hasOneUse())
    return yielded;
  Value result = math::FmaOp::create(rewriter, location, product.getLhs(), product.getRhs(), accumulator);
  rewriter.eraseOp(sum);
  rewriter.eraseOp(product);
  return result;
}

/// Clones the operation's body for one point; stores what is not carried and returns what is.
SmallVector<Value> ThreadLoops::buildBody(const Point &point, ValueRange accumulators) {
  Block *block = operation.getBlock();
  IRMapping mapping;
  for (OpOperand &operand : operation->getOpOperands()) {
    BlockArgument argument = operation.getMatchingBlockArgument(&operand);
    auto position = llvm::find(carried, &operand);
    if (position != carried.end())
      mapping.map(argument, accumulators[position - carried.begin()]);
    else if (!argument.use_empty())
      mapping.map(argument, load(operand, point));
  }
  for (Operation &inner : block->without_terminator()) {
    if (auto index = dyn_cast<linalg::IndexOp>(inner)) {
      mapping.map(index.getResult(), point[index.getDim()]);
      continue;
    }
    Operation *clone = rewriter.clone(inner, mapping);
    SmallVector<linalg::IndexOp> nested;
    clone->walk([&](linalg::IndexOp index) { nested.push_back(index); });
    for (linalg::IndexOp index : nested)
      rewriter.replaceOp(index, point[index.getDim()]);
  }

  SmallVector<Value> results(carried.size());
  for (auto [initial, yielded] :
       llvm::zip_equal(operation.getDpsInitsMutable(), block->getTerminator()->getOperands())) {
    Value value = mapping.lookupOrDefault(yielded);
    auto position = llvm::find(carried, &initial);
    if (position == carried.end())
      store(value, initial, point);
    else
      results[position - carried.begin()] = fuseMultiplyAdd(value, accumulators[position - carried.begin()]);
  }
  return results;
}

/// Loads the accumulators of all points, runs the reduction loops once for all, and stores the results.
void ThreadLoops::buildReduction(Point point) {
  SmallVector<Point> points = writeOutPoints(point);
  SmallVector<Value> values;
  for (const Point &written : points)
    for (OpOperand *initial : carried)
      values.push_back(load(*initial, written));

  scf::ForOp outermost;
  for (unsigned loop : reductions) {
    scf::ForOp nest = createLoop(loop, values);
    if (!outermost)
      outermost = nest;
    else if (!values.empty())
      scf::YieldOp::create(rewriter, location, nest.getResults());
    values.assign(nest.getRegionIterArgs().begin(), nest.getRegionIterArgs().end());
    for (Point &written : points)
      written[loop] = nest.getInductionVar();
    rewriter.setInsertionPointToStart(nest.getBody());
  }

  SmallVector<Value> next;
  for (auto [index, written] : llvm::enumerate(points))
    llvm::append_range(next,
                       buildBody(written, ValueRange(values).slice(index * carried.size(), carried.size())));
  if (!outermost)
    return;
  if (!next.empty())
    scf::YieldOp::create(rewriter, location, next);
  rewriter.setInsertionPointAfter(outermost);
  for (auto [index, written] : llvm::enumerate(points))
    for (auto [number, initial] : llvm::enumerate(carried))
      store(outermost.getResult(index * carried.size() + number), *initial, written);
}

void ThreadLoops::build() {
  rewriter.setInsertionPoint(operation);
  classifyLoops();
  Point point(ranges.size());
  for (unsigned loop : outer) {
    scf::ForOp nest = createLoop(loop, {});
    point[loop] = nest.getInductionVar();
    rewriter.setInsertionPointToStart(nest.getBody());
  }
  buildReduction(point);
  rewriter.eraseOp(operation);
}

struct LinalgToThreadLoops : winnow::impl::LinalgToThreadLoopsBase<LinalgToThreadLoops> {
  using Base::Base;

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<memref::CopyOp> copies;
    getOperation().walk([&](memref::CopyOp copy) { copies.push_back(copy); });
    for (memref::CopyOp copy : copies) {
      rewriter.setInsertionPoint(copy);
      linalg::makeMemRefCopyOp(rewriter, copy.getLoc(), copy.getSource(), copy.getTarget());
      rewriter.eraseOp(copy);
    }

    SmallVector<linalg::LinalgOp> operations;
    WalkResult result = getOperation().walk<WalkOrder::PreOrder>([&](Operation *operation) {
      if (!isa<linalg::LinalgDialect>(operation->getDialect()))
        return WalkResult::advance();
      auto structured = dyn_cast<linalg::LinalgOp>(operation);
      if (structured && structured.hasPureBufferSemantics()) {
        operations.push_back(structured);
        return WalkResult::skip();
      }
      operation->emitOpError(
          "has no lowering to a thread's loops: an operation of linalg on memrefs was expected");
      return WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    for (linalg::LinalgOp operation : operations) {
      ThreadLoops(rewriter, operation, unroll).build();
    }
  }
};

} // namespace
