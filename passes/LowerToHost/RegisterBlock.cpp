// Chooses the vector dimension and the register block of an operation by estimating the time of each choice.
#include "passes/LowerToHost/RegisterBlock.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace winnow;

FailureOr<SmallVector<Combiner>> winnow::findCombiners(const IterationSpace &space) {
  SmallVector<Combiner> combiners;
  linalg::GenericOp op = space.op;
  for (unsigned position = 0; position < space.outputs.size(); ++position) {
    SmallVector<Operation *> operations;
    Value term = matchReduction(op.getRegionOutputArgs(), position, operations);
    if (!term || operations.size() != 1)
      return failure();
    std::optional<vector::CombiningKind> kind = linalg::getCombinerOpKind(operations.front());
    std::optional<TypedAttr> neutral = arith::getNeutralElement(operations.front());
    if (!kind || !neutral)
      return failure();
    combiners.push_back({operations.front(), *kind, *neutral});
  }
  return combiners;
}

namespace {

// What an extent that is not known is taken for: enough that blocks pay, and not a multiple of anything.
constexpr int64_t assumedExtent = 61;
constexpr double loadCycles = 0.5, operationCycles = 0.5, shuffleCycles = 1, laneCycles = 1,
                 latencyCycles = 4, horizontalCycles = 8;
// Of the time of loads, what is not hidden behind arithmetic: the fewer, the better, even where arithmetic
// limits.
constexpr double missShare = 0.1;

class BlockChooser {
public:
  BlockChooser(const IterationSpace &space, const HostTarget &target) : space(space), target(target) {
    Block *body = this->space.op.getBody();
    for (Operation &op : body->without_terminator())
      if (!isa<arith::ConstantOp, linalg::IndexOp, arith::ExtFOp, arith::ExtSIOp, arith::ExtUIOp>(op) &&
          !isFused(&op))
        ++operations;
    fullLanes = std::max<int64_t>(1, target.vectorBits / widestElement(body));
  }

  RegisterBlock run() {
    consider(LaneShape());
    for (int64_t dimension = 0; dimension < space.rank(); ++dimension) {
      if (space.extent(dimension) == 1 || space.extent(dimension) == 0)
        continue;
      bool reduces = space.isReduction[dimension];
      if (reduces && failed(findCombiners(space)))
        continue;
      considerLanes(dimension);
      if (!reduces)
        considerRows(dimension);
    }
    return best;
  }

private:
  /// A product that is added to something takes no instruction of its own.
  static bool isFused(Operation *op) {
    return isa<arith::MulFOp>(op) && op->hasOneUse() && isa<arith::AddFOp, arith::SubFOp>(*op->user_begin());
  }

  /// Bits of the widest number that is computed with; narrower ones are loaded as parts of a register.
  static int64_t widestElement(Block *body) {
    int64_t bits = 8;
    auto visit = [&](Type type) {
      if (type.isIntOrFloat())
        bits = std::max<int64_t>(bits, type.getIntOrFloatBitWidth());
    };
    for (BlockArgument argument : body->getArguments())
      visit(argument.getType());
    body->walk([&](Operation *op) {
      // The weights' indices may be 64 bits wide, but they are scalars.
      if (!isa<arith::ConstantOp, arith::IndexCastOp>(op) &&
          !llvm::any_of(op->getOperandTypes(), [](Type type) { return type.isIndex(); }))
        llvm::for_each(op->getResultTypes(), visit);
    });
    return bits;
  }

  static int64_t bitsOf(Type type) { return type.isIndex() ? 64 : type.getIntOrFloatBitWidth(); }

  int64_t assumed(int64_t dimension) const { return space.extent(dimension).value_or(assumedExtent); }

  void considerLanes(int64_t dimension) {
    LaneShape shape;
    shape.vector = dimension;
    shape.lanes = fullLanes;
    std::optional<int64_t> extent = space.extent(dimension);
    if (extent && *extent < fullLanes)
      shape.lanes = canMask(shape) ? llvm::PowerOf2Ceil(*extent) : llvm::bit_floor(uint64_t(*extent));
    if (shape.lanes > 1)
      consider(shape);
  }

  void considerRows(int64_t dimension) {
    std::optional<int64_t> extent = space.extent(dimension);
    if (!extent || !llvm::isPowerOf2_64(*extent) || *extent >= fullLanes)
      return;
    for (int64_t row = 0; row < space.rank(); ++row) {
      LaneShape shape{dimension, *extent, row, fullLanes / *extent};
      std::optional<int64_t> rows = space.extent(row);
      if (row != dimension && !space.isReduction[row] && rows && *rows > 0 && *rows % shape.rows == 0)
        consider(shape);
    }
  }

  bool canMask(const LaneShape &shape) const {
    if (target.maskedBits == 0 || shape.vector < 0 || shape.rows != 1 || space.isReduction[shape.vector])
      return false;
    int64_t narrowest = 64;
    for (const LinearAccess &access : llvm::concat<const LinearAccess>(space.inputs, space.outputs))
      if (access.isMemory && access.dependsOn(shape.vector))
        narrowest = std::min(narrowest, bitsOf(getElementTypeOrSelf(access.memory)));
    return narrowest >= target.maskedBits && !analyzeLanes(space, shape).needsAllLanes;
  }

  void consider(const LaneShape &shape) {
    LaneAnalysis analysis = analyzeLanes(space, shape);
    if (!analysis.vectorizable)
      return;
    bool parallelLanes = shape.width() > 1 && !space.isReduction[shape.vector];
    for (const LinearAccess &output : space.outputs) {
      LaneAccess form = laneAccess(output, shape);
      if (parallelLanes && form != LaneAccess::Contiguous && form != LaneAccess::ContiguousRows)
        return;
    }
    RegisterBlock block;
    block.shape = shape;
    block.masked = canMask(shape);
    block.points.assign(space.rank(), 1);
    SmallVector<int64_t> dimensions = unrolledDimensions(block);
    considerPoints(block, analysis, dimensions);
  }

  /// The dimensions in which a block may have several points, the vector's first.
  SmallVector<int64_t> unrolledDimensions(const RegisterBlock &block) const {
    SmallVector<int64_t> dimensions;
    auto mayUnroll = [&](int64_t dimension) {
      return dimension >= 0 && space.extent(dimension).value_or(assumedExtent) > unit(block.shape, dimension);
    };
    int64_t main = block.shape.row >= 0 ? block.shape.row : block.shape.vector;
    if (mayUnroll(main))
      dimensions.push_back(main);
    if (!space.hasReduction() || block.shape.width() == 1)
      return dimensions;
    for (int64_t dimension = space.rank() - 1; dimension >= 0 && dimensions.size() < 3; --dimension)
      if (!space.isReduction[dimension] && dimension != block.shape.vector && dimension != block.shape.row &&
          mayUnroll(dimension))
        dimensions.push_back(dimension);
    return dimensions;
  }

  static int64_t unit(const LaneShape &shape, int64_t dimension) {
    return dimension == shape.vector ? shape.lanes : dimension == shape.row ? shape.rows : 1;
  }

  void considerPoints(RegisterBlock &block, const LaneAnalysis &analysis, ArrayRef<int64_t> dimensions) {
    if (dimensions.empty()) {
      if (registers(block) > target.vectorCount)
        return;
      double cycles = totalCycles(block, analysis);
      if (cycles < leastCycles * 0.999) {
        leastCycles = cycles;
        best = block;
      }
      return;
    }
    int64_t dimension = dimensions.front();
    int64_t most = llvm::divideCeil(assumed(dimension), unit(block.shape, dimension));
    for (int64_t points : {1, 2, 3, 4, 5, 6, 8, 12}) {
      // Code that is not about sums needs few points to keep the machine busy.
      if (points > most || (!space.hasReduction() && points > 1 && points * operations > 32))
        break;
      block.points[dimension] = points;
      considerPoints(block, analysis, dimensions.drop_front());
    }
    block.points[dimension] = 1;
  }

  static int64_t product(ArrayRef<int64_t> values) {
    int64_t result = 1;
    for (int64_t value : values)
      result *= value;
    return result;
  }

  /// How many different values of `access` a block of `points` uses.
  int64_t distinct(const LinearAccess &access, ArrayRef<int64_t> points) const {
    int64_t count = 1;
    if (access.isMemory)
      for (int64_t dimension = 0; dimension < space.rank(); ++dimension)
        if (access.dependsOn(dimension))
          count *= points[dimension];
    return count;
  }

  /// Sums stay in registers, and so does the smaller set of vectors that they are made of.
  int64_t registers(const RegisterBlock &block) const {
    if (!space.hasReduction())
      return 0;
    int64_t operands = 0;
    for (const LinearAccess &input : space.inputs) {
      if (laneAccess(input, block.shape) == LaneAccess::Uniform)
        continue;
      int64_t count = distinct(input, block.points);
      operands = operands == 0 ? count : std::min(operands, count);
    }
    int64_t sums = product(block.points) * space.outputs.size();
    return sums + operands + 1 + (operations > 2 ? 2 : 0);
  }

  double accessCycles(const LinearAccess &access, const LaneShape &shape) const {
    switch (laneAccess(access, shape)) {
    case LaneAccess::Uniform:
    case LaneAccess::Contiguous:
      return loadCycles;
    case LaneAccess::ContiguousRows:
      return shape.rows * loadCycles + (shape.rows - 1) * shuffleCycles;
    case LaneAccess::EverySecond:
      return 2 * loadCycles + shuffleCycles;
    case LaneAccess::Gather:
      return shape.width() * laneCycles;
    }
    return loadCycles;
  }

  /// The time of one step of the reduction (or of the only step) for `points` at once.
  double stepCycles(const RegisterBlock &block, const LaneAnalysis &analysis,
                    ArrayRef<int64_t> points) const {
    double loads = 0;
    for (const LinearAccess &input : space.inputs)
      if (input.isMemory)
        loads += accessCycles(input, block.shape) * distinct(input, points);
    // Loads in the body are counted for each point: what they depend on is not known.
    linalg::GenericOp op = space.op;
    op.getBody()->walk([&](memref::LoadOp load) {
      bool gathers = analysis.of(load.getResult()).form == LaneForm::Varying &&
                     !isContiguousLoad(load, analysis, block.shape);
      loads += (gathers ? block.shape.width() * laneCycles : loadCycles) * product(points);
    });
    double compute = operations * operationCycles * product(points);
    if (!space.hasReduction())
      return std::max(loads, compute) + loadCycles * product(points);
    return std::max({loads, compute, latencyCycles}) + missShare * loads;
  }

  /// The time of the whole operation: full blocks and remainders in each dimension.
  double totalCycles(const RegisterBlock &block, const LaneAnalysis &analysis) const {
    double steps = 1, horizontal = 0;
    for (int64_t dimension = 0; dimension < space.rank(); ++dimension) {
      if (!space.isReduction[dimension])
        continue;
      if (dimension == block.shape.vector) {
        int64_t each = block.shape.lanes;
        steps *= double(assumed(dimension) / each) / block.points[dimension] + assumed(dimension) % each;
        horizontal = horizontalCycles;
      } else {
        steps *= assumed(dimension);
      }
    }
    SmallVector<int64_t> points(space.rank(), 1);
    return sumOverBlocks(block, analysis, 0, points, steps, horizontal);
  }

  double sumOverBlocks(const RegisterBlock &block, const LaneAnalysis &analysis, int64_t dimension,
                       SmallVectorImpl<int64_t> &points, double steps, double horizontal) const {
    if (dimension == space.rank())
      return stepCycles(block, analysis, points) * steps + horizontal * product(points);
    auto inner = [&](int64_t count) {
      points[dimension] = count;
      return sumOverBlocks(block, analysis, dimension + 1, points, steps, horizontal);
    };
    int64_t size = block.points[dimension];
    if (space.isReduction[dimension])
      return inner(size);
    int64_t each = unit(block.shape, dimension), extent = assumed(dimension);
    int64_t count =
        block.masked && dimension == block.shape.vector ? llvm::divideCeil(extent, each) : extent / each;
    // Elements that do not fill a vector are computed one by one.
    int64_t singles = extent - std::min(extent, count * each);
    double cycles = double(count / size) * inner(size);
    if (int64_t rest = count % size)
      cycles += space.extent(dimension) ? inner(rest) : rest * inner(1);
    if (singles)
      cycles += singles * inner(1);
    return cycles;
  }

  const IterationSpace &space;
  const HostTarget &target;
  int64_t operations = 0, fullLanes = 1;
  double leastCycles = std::numeric_limits<double>::infinity();
  RegisterBlock best;
};

} // namespace

RegisterBlock winnow::chooseRegisterBlock(const IterationSpace &space, const HostTarget &target) {
  RegisterBlock block = BlockChooser(space, target).run();
  if (block.points.empty())
    block.points.assign(space.rank(), 1);
  return block;
}
