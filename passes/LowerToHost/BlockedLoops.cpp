// Creates the loops over register blocks. Sums are values of the loops over reductions: separate vectors of
// one dimension, which LLVM keeps in registers.
#include "passes/LowerToHost/BlockedLoops.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/LowerToHost/BodyEmitter.h"
#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace winnow;

namespace {

/// A part of a dimension's extent that is covered by equal steps.
struct Segment {
  OpFoldResult begin, end;
  int64_t step;   // elements
  int64_t points; // of a block
  int64_t lanes;  // of a vector, in the vector dimension
  bool masked = false;
};

using Values = SmallVector<Value>;

class LoopCreator {
public:
  LoopCreator(OpBuilder &builder, const IterationSpace &space, const RegisterBlock &block)
      : builder(builder), location(space.op.getLoc()), space(space), block(block), points(space.rank(), 1) {
    Value zero = arith::ConstantIndexOp::create(builder, location, 0);
    position.variables.assign(space.rank(), zero);
    position.shape = block.shape;
    lanesReduce = block.lanesReduce(space);
    if (lanesReduce)
      combiners = *findCombiners(space);
    for (int64_t dimension = 0; dimension < space.rank(); ++dimension)
      if (dimension != block.shape.vector && space.extent(dimension) != 1)
        (space.isReduction[dimension] ? reductions : parallels).push_back(dimension);
    // Vectors go through memory in order.
    if (block.shape.vector >= 0 && space.extent(block.shape.vector) != 1)
      (lanesReduce ? reductions : parallels).push_back(block.shape.vector);
  }

  void run() { createParallelLoops(parallels); }

private:
  //===-- Segments
  //--------------------------------------------------------------------------------------------===//

  int64_t unit(int64_t dimension) const {
    return dimension == block.shape.vector ? block.shape.lanes
           : dimension == block.shape.row  ? block.shape.rows
                                           : 1;
  }

  SmallVector<Segment> segments(int64_t dimension) {
    bool isVector = dimension == block.shape.vector && block.shape.rows == 1;
    if (std::optional<int64_t> extent = space.extent(dimension))
      return staticSegments(dimension, *extent, isVector);
    return dynamicSegments(dimension, isVector);
  }

  SmallVector<Segment> staticSegments(int64_t dimension, int64_t extent, bool isVector) {
    int64_t each = unit(dimension), count = block.points[dimension], begin = 0;
    SmallVector<Segment> result;
    auto append = [&](int64_t end, int64_t step, int64_t size, int64_t lanes, bool masked = false) {
      if (end > begin)
        result.push_back({builder.getIndexAttr(begin), builder.getIndexAttr(end), step, size, lanes, masked});
      begin = std::max(begin, end);
    };
    append(extent / (each * count) * each * count, each * count, count, block.shape.lanes);
    int64_t rest = (extent - begin) / each;
    append(begin + rest * each, rest * each, rest, block.shape.lanes);
    if (isVector && block.masked)
      append(extent, each, 1, block.shape.lanes, /*masked=*/true);
    while (begin < extent) {
      int64_t lanes = llvm::bit_floor(uint64_t(extent - begin));
      append(begin + lanes, lanes, 1, lanes);
    }
    return result;
  }

  SmallVector<Segment> dynamicSegments(int64_t dimension, bool isVector) {
    int64_t each = unit(dimension), count = block.points[dimension];
    OpFoldResult begin = builder.getIndexAttr(0), extent = space.extents[dimension];
    SmallVector<Segment> result;
    auto append = [&](int64_t step, int64_t size, int64_t lanes) {
      AffineExpr e = getAffineSymbolExpr(0, builder.getContext());
      OpFoldResult end =
          step == 1 ? extent
                    : affine::makeComposedFoldedAffineApply(builder, location, e - e % step, {extent});
      result.push_back({begin, end, step, size, lanes, false});
      begin = end;
    };
    if (count > 1)
      append(each * count, count, block.shape.lanes);
    append(each, 1, block.shape.lanes);
    if (isVector && block.masked)
      result.push_back({begin, extent, each, 1, block.shape.lanes, true});
    else if (each > 1)
      append(1, 1, 1);
    return result;
  }

  /// A loop, or what it would contain if it runs once. `body` gets the values that the loop carries.
  Values createLoop(const Segment &segment, int64_t dimension, ValueRange carried,
                    function_ref<Values(ValueRange)> body) {
    auto value = [&](OpFoldResult bound) {
      return getValueOrCreateConstantIndexOp(builder, location, bound);
    };
    Value saved = position.variables[dimension];
    std::optional<int64_t> begin = constantOf(segment.begin), end = constantOf(segment.end);
    Values results;
    if (begin && end && *end <= *begin) {
      results = carried;
    } else if (begin && end && *end - *begin <= segment.step) {
      position.variables[dimension] = value(segment.begin);
      results = body(carried);
    } else {
      Value step = arith::ConstantIndexOp::create(builder, location, segment.step);
      auto loop =
          scf::ForOp::create(builder, location, value(segment.begin), value(segment.end), step, carried);
      OpBuilder::InsertionGuard guard(builder);
      if (carried.empty())
        builder.setInsertionPoint(loop.getBody()->getTerminator());
      else
        builder.setInsertionPointToEnd(loop.getBody());
      position.variables[dimension] = loop.getInductionVar();
      Values inner = body(loop.getRegionIterArgs());
      if (!carried.empty())
        scf::YieldOp::create(builder, location, inner);
      results = Values(loop.getResults());
    }
    position.variables[dimension] = saved;
    return results;
  }

  /// The lanes of a vector that lie before the end of its dimension.
  Value createMask(int64_t dimension, int64_t lanes) {
    Value end = getValueOrCreateConstantIndexOp(builder, location, space.extents[dimension]);
    Value rest = builder.createOrFold<arith::SubIOp>(location, end, position.variables[dimension]);
    return vector::CreateMaskOp::create(builder, location, VectorType::get({lanes}, builder.getI1Type()),
                                        rest);
  }

  //===-- Parallel loops
  //--------------------------------------------------------------------------------------===//

  void createParallelLoops(ArrayRef<int64_t> dimensions) {
    if (dimensions.empty())
      return space.hasReduction() ? createReduction() : createElementwise();
    int64_t dimension = dimensions.front();
    for (const Segment &segment : segments(dimension)) {
      createLoop(segment, dimension, {}, [&](ValueRange) {
        points[dimension] = segment.points;
        if (dimension == block.shape.vector)
          position.shape.lanes = segment.lanes;
        if (segment.masked)
          position.mask = createMask(dimension, segment.lanes);
        createParallelLoops(dimensions.drop_front());
        position.mask = {};
        return Values();
      });
    }
    points[dimension] = 1;
    if (dimension == block.shape.vector)
      position.shape.lanes = block.shape.lanes;
  }

  /// The points of the current block, over the dimensions for which `isIncluded`.
  SmallVector<Offsets> blockPoints(bool reduction = false) const {
    SmallVector<Offsets> result = {Offsets(space.rank(), 0)};
    for (int64_t dimension = 0; dimension < space.rank(); ++dimension) {
      if (space.isReduction[dimension] != reduction)
        continue;
      SmallVector<Offsets> next;
      for (const Offsets &offsets : result)
        for (int64_t point = 0; point < points[dimension]; ++point) {
          next.push_back(offsets);
          next.back()[dimension] = point * currentUnit(dimension);
        }
      result = std::move(next);
    }
    return result;
  }

  int64_t currentUnit(int64_t dimension) const {
    return dimension == block.shape.vector ? position.shape.lanes : unit(dimension);
  }

  Values loadResults(BodyEmitter &body, const Offsets &offsets, bool all) {
    Values values;
    linalg::GenericOp op = space.op;
    for (auto [argument, output] : llvm::zip_equal(op.getRegionOutputArgs(), space.outputs)) {
      Value value = all || !argument.use_empty() ? body.load(output, offsets) : Value();
      values.push_back(value);
    }
    return values;
  }

  void createElementwise() {
    BodyEmitter body(builder, space, position);
    for (const Offsets &offsets : blockPoints()) {
      Values results = body.compute(offsets, loadResults(body, offsets, /*all=*/false));
      for (auto [output, result] : llvm::zip_equal(space.outputs, results))
        body.store(output, offsets, result);
    }
  }

  //===-- Reductions
  //------------------------------------------------------------------------------------------===//

  void createReduction() {
    if (lanesReduce)
      return createLaneReduction();
    SmallVector<Offsets> block = blockPoints();
    BodyEmitter memory(builder, space, position);
    Values sums;
    for (const Offsets &offsets : block)
      llvm::append_range(sums, loadResults(memory, offsets, /*all=*/true));
    sums = createReductionLoops(reductions, sums, [&](ValueRange carried) {
      return computeSums(block, carried, space.outputs.size());
    });
    storeSums(memory, block, sums);
  }

  void storeSums(BodyEmitter &memory, ArrayRef<Offsets> block, ValueRange sums) {
    for (const Offsets &offsets : block)
      for (const LinearAccess &output : space.outputs) {
        memory.store(output, offsets, sums.front());
        sums = sums.drop_front();
      }
  }

  /// One step of the reduction for every point of `block`.
  Values computeSums(ArrayRef<Offsets> block, ValueRange carried, size_t resultCount) {
    BodyEmitter body(builder, space, position);
    Values sums;
    for (const Offsets &offsets : block) {
      llvm::append_range(sums, body.compute(offsets, carried.take_front(resultCount)));
      carried = carried.drop_front(resultCount);
    }
    return sums;
  }

  Values createReductionLoops(ArrayRef<int64_t> dimensions, ValueRange carried,
                              function_ref<Values(ValueRange)> body) {
    if (dimensions.empty())
      return body(carried);
    int64_t dimension = dimensions.front();
    Segment whole{builder.getIndexAttr(0), space.extents[dimension], 1, 1, 1};
    return createLoop(whole, dimension, carried, [&](ValueRange inner) {
      return createReductionLoops(dimensions.drop_front(), inner, body);
    });
  }

  /// Lanes hold partial results, which are combined at the end; elements that do not fill a vector are added
  /// to scalars. The loops carry the vectors of all points of the block and then the scalars.
  void createLaneReduction() {
    SmallVector<Offsets> scalarPoints = blockPoints();
    size_t results = space.outputs.size();
    int64_t depth = block.points[block.shape.vector];
    position.shape.lanes = 1;
    BodyEmitter memory(builder, space, position);
    Values carried;
    for ([[maybe_unused]] const Offsets &offsets : scalarPoints)
      for (int64_t layer = 0; layer < depth; ++layer)
        for (const Combiner &combiner : combiners)
          carried.push_back(neutralVector(combiner));
    size_t vectorCount = carried.size();
    for (const Offsets &offsets : scalarPoints)
      llvm::append_range(carried, loadResults(memory, offsets, /*all=*/true));

    carried = createReductionLoops(ArrayRef(reductions).drop_back(), carried, [&](ValueRange inner) {
      return createLaneLoops(scalarPoints, inner, vectorCount, depth);
    });

    Values sums;
    for (size_t point = 0; point < scalarPoints.size(); ++point)
      for (size_t result = 0; result < results; ++result) {
        Value vector = carried[point * depth * results + result];
        for (int64_t layer = 1; layer < depth; ++layer)
          vector = combine(combiners[result], vector, carried[(point * depth + layer) * results + result]);
        Value scalar = reduceLanes(combiners[result], vector);
        sums.push_back(combine(combiners[result], carried[vectorCount + point * results + result], scalar));
      }
    storeSums(memory, scalarPoints, sums);
    position.shape.lanes = block.shape.lanes;
  }

  /// The loops over the vector dimension, which a reduction ends with.
  Values createLaneLoops(ArrayRef<Offsets> scalarPoints, ValueRange carried, size_t vectorCount,
                         int64_t depth) {
    size_t results = space.outputs.size();
    int64_t dimension = block.shape.vector;
    Values state(carried);
    for (const Segment &segment : segments(dimension)) {
      bool scalar = segment.lanes == 1;
      // Narrower vectors have no accumulators; their elements are taken one by one.
      Segment loop = segment;
      if (segment.lanes != block.shape.lanes) {
        scalar = true;
        loop.step = 1;
      }
      position.shape.lanes = scalar ? 1 : block.shape.lanes;
      Values active =
          activeSums(state, scalarPoints.size(), results, vectorCount, depth, scalar, loop.points);
      Values sums = createLoop(loop, dimension, active, [&](ValueRange inner) {
        SmallVector<Offsets> block;
        for (const Offsets &offsets : scalarPoints)
          for (int64_t layer = 0; layer < (scalar ? 1 : loop.points); ++layer) {
            block.push_back(offsets);
            block.back()[dimension] = layer * position.shape.lanes;
          }
        return computeSums(block, inner, results);
      });
      size_t next = 0;
      forActive(scalarPoints.size(), results, vectorCount, depth, scalar, loop.points,
                [&](size_t index) { state[index] = sums[next++]; });
      position.shape.lanes = 1;
    }
    return state;
  }

  static void forActive(size_t pointCount, size_t results, size_t vectorCount, int64_t depth, bool scalar,
                        int64_t layers, function_ref<void(size_t)> visit) {
    for (size_t point = 0; point < pointCount; ++point)
      for (int64_t layer = 0; layer < (scalar ? 1 : layers); ++layer)
        for (size_t result = 0; result < results; ++result)
          visit(scalar ? vectorCount + point * results + result : (point * depth + layer) * results + result);
  }

  static Values activeSums(ArrayRef<Value> state, size_t pointCount, size_t results, size_t vectorCount,
                           int64_t depth, bool scalar, int64_t layers) {
    Values active;
    forActive(pointCount, results, vectorCount, depth, scalar, layers,
              [&](size_t index) { active.push_back(state[index]); });
    return active;
  }

  Value neutralVector(const Combiner &combiner) {
    auto type = VectorType::get({block.shape.lanes}, combiner.op->getResult(0).getType());
    return arith::ConstantOp::create(builder, location, DenseElementsAttr::get(type, combiner.neutral));
  }

  Value combine(const Combiner &combiner, Value a, Value b) {
    OperationState state(location, combiner.op->getName(), {a, b}, a.getType());
    state.propertiesAttr = combiner.op->getPropertiesAsAttribute();
    return builder.create(state)->getResult(0);
  }

  Value reduceLanes(const Combiner &combiner, Value vector) {
    // In order, the sum would be a chain as long as the vector.
    auto flags = isa<FloatType>(getElementTypeOrSelf(vector)) ? arith::FastMathFlags::reassoc
                                                              : arith::FastMathFlags::none;
    return vector::ReductionOp::create(builder, location, combiner.kind, vector, flags);
  }

  OpBuilder &builder;
  Location location;
  const IterationSpace &space;
  const RegisterBlock &block;
  SmallVector<Combiner> combiners;
  SmallVector<int64_t> parallels, reductions; // in the order of the loops
  bool lanesReduce = false;
  // Of the block that is being created:
  Position position;
  SmallVector<int64_t> points;
};

} // namespace

void winnow::createBlockedLoops(OpBuilder &builder, const IterationSpace &space, const RegisterBlock &block) {
  LoopCreator(builder, space, block).run();
}
