// Follows lanes through the body of an operation: index arithmetic stays scalar as long as it is linear.
#include "passes/LowerToHost/LaneAnalysis.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace winnow;

LaneAccess winnow::laneAccess(const LinearAccess &access, const LaneShape &shape) {
  if (!access.isMemory || shape.width() == 1)
    return LaneAccess::Uniform;
  std::optional<int64_t> lane = shape.lanes > 1 ? access.stride(shape.vector) : 0;
  std::optional<int64_t> row = shape.rows > 1 ? access.stride(shape.row) : 0;
  if (lane == 0 && row == 0)
    return LaneAccess::Uniform;
  if (lane == 1)
    return shape.rows == 1 || row == shape.lanes ? LaneAccess::Contiguous : LaneAccess::ContiguousRows;
  if (lane == 2 && shape.rows == 1)
    return LaneAccess::EverySecond;
  return LaneAccess::Gather;
}

bool winnow::isContiguousLoad(Operation *op, const LaneAnalysis &analysis, const LaneShape &shape) {
  auto load = cast<memref::LoadOp>(op);
  MemRefType type = load.getMemRefType();
  if (load.getIndices().empty() || shape.rows != 1 || type.getElementType().isInteger(1) ||
      !type.isLastDimUnitStride())
    return false;
  for (Value index : load.getIndices().drop_back())
    if (analysis.of(index).form != LaneForm::Uniform)
      return false;
  LaneValue last = analysis.of(load.getIndices().back());
  return last.form == LaneForm::Ramp && last.stride == 1;
}

namespace {

class LaneAnalyzer {
public:
  LaneAnalyzer(const IterationSpace &space, const LaneShape &shape) : space(space), shape(shape) {}

  LaneAnalysis run() {
    if (shape.width() == 1)
      return result;
    Block *body = space.op.getBody();
    for (auto [argument, access] : llvm::zip(space.op.getRegionInputArgs(), space.inputs))
      analyzeAccess(argument, access, /*isInput=*/true);
    for (auto [argument, access] : llvm::zip(space.op.getRegionOutputArgs(), space.outputs))
      analyzeAccess(argument, access, /*isInput=*/false);
    for (Operation &op : body->without_terminator())
      analyze(&op);
    return std::move(result);
  }

private:
  void analyzeAccess(Value argument, const LinearAccess &access, bool isInput) {
    LaneAccess form = laneAccess(access, shape);
    if (form == LaneAccess::Gather)
      ++result.gathers;
    // Lanes beyond the end can only be masked off where lanes are adjacent.
    if (form != LaneAccess::Uniform && form != LaneAccess::Contiguous)
      result.needsAllLanes = true;
    // Accumulators are vectors, whatever they start from.
    set(argument, isInput && form == LaneAccess::Uniform ? LaneForm::Uniform : LaneForm::Varying);
  }

  void analyze(Operation *op) {
    if (auto index = dyn_cast<linalg::IndexOp>(op))
      return analyzeIndex(index);
    if (isUniform(op)) {
      // An operation with regions or effects runs once for all lanes only if nothing in it needs a lane.
      if (!isMemoryEffectFree(op) && !isa<memref::LoadOp>(op))
        result.vectorizable = false;
      return;
    }
    if (isa<memref::LoadOp>(op)) {
      set(op->getResult(0), LaneForm::Varying);
      if (!isContiguousLoad(op, result, shape)) {
        ++result.gathers;
        result.needsAllLanes = true;
      }
      return;
    }
    if (auto loop = dyn_cast<scf::ForOp>(op))
      return analyzeLoop(loop);
    if (analyzeRamp(op))
      return;
    if (!OpTrait::hasElementwiseMappableTraits(op) || op->getNumResults() != 1 ||
        !op->getResult(0).getType().isIntOrIndexOrFloat()) {
      result.vectorizable = false;
      return;
    }
    if (isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp, arith::CeilDivSIOp,
            arith::CeilDivUIOp, arith::FloorDivSIOp>(op))
      result.needsAllLanes = true;
    set(op->getResult(0), LaneForm::Varying);
  }

  /// A loop that all lanes repeat as often carries vectors.
  void analyzeLoop(scf::ForOp loop) {
    auto isUniformBound = [&](Value value) { return result.of(value).form == LaneForm::Uniform; };
    auto isScalar = [](Type type) { return type.isIntOrIndexOrFloat(); };
    if (!llvm::all_of(ValueRange{loop.getLowerBound(), loop.getUpperBound(), loop.getStep()},
                      isUniformBound) ||
        !llvm::all_of(loop.getResultTypes(), isScalar)) {
      result.vectorizable = false;
      return;
    }
    for (auto [carried, value] : llvm::zip_equal(loop.getRegionIterArgs(), loop.getResults())) {
      set(carried, LaneForm::Varying);
      set(value, LaneForm::Varying);
    }
    for (Operation &inner : loop.getBody()->without_terminator())
      analyze(&inner);
  }

  void analyzeIndex(linalg::IndexOp index) {
    int64_t dimension = index.getDim();
    if (shape.rows > 1 && (dimension == shape.row || dimension == shape.vector))
      set(index, LaneForm::Varying);
    else if (shape.lanes > 1 && dimension == shape.vector)
      set(index, LaneForm::Ramp, 1);
  }

  bool isUniform(Operation *op) {
    auto uniform = [&](Value value) { return result.of(value).form == LaneForm::Uniform; };
    llvm::SetVector<Value> captured;
    getUsedValuesDefinedAbove(op->getRegions(), captured);
    return llvm::all_of(op->getOperands(), uniform) && llvm::all_of(captured, uniform);
  }

  /// Sums and multiples of ramps are ramps.
  bool analyzeRamp(Operation *op) {
    auto ramp = [&](int64_t stride) {
      set(op->getResult(0), stride == 0 ? LaneForm::Uniform : LaneForm::Ramp, stride);
      return true;
    };
    auto operand = [&](unsigned position) { return result.of(op->getOperand(position)); };
    auto isVarying = [&](Value value) { return result.of(value).form == LaneForm::Varying; };
    if (llvm::any_of(op->getOperands(), isVarying))
      return false;
    if (isa<arith::IndexCastOp>(op))
      return ramp(operand(0).stride);
    // A ramp and a uniform value only: a difference of ramps would have to be found uniform as well.
    if (isa<arith::AddIOp>(op) && operand(0).form != operand(1).form)
      return ramp(operand(0).stride + operand(1).stride);
    if (isa<arith::SubIOp>(op) && operand(1).form == LaneForm::Uniform)
      return ramp(operand(0).stride);
    APInt factor;
    if (isa<arith::MulIOp>(op) && matchPattern(op->getOperand(1), m_ConstantInt(&factor)))
      return ramp(operand(0).stride * factor.getSExtValue());
    return false;
  }

  void set(Value value, LaneForm form, int64_t stride = 0) { result.values[value] = {form, stride}; }

  const IterationSpace &space;
  const LaneShape &shape;
  LaneAnalysis result;
};

} // namespace

LaneAnalysis winnow::analyzeLanes(const IterationSpace &space, const LaneShape &shape) {
  return LaneAnalyzer(space, shape).run();
}
