// Recognizes a top-k by evaluating what its three loops compute. A body that only compares its operands is
// known by what it yields for each order in which they may be, however it is written.
#include "passes/Raise/TopKForm.h"

#include "lib/Analysis/Channelwise.h"
#include "lib/Analysis/ScalarEvaluation.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace winnow;

namespace {

/// Loops (row, n, j) with j reduced and the result [row, n]: all three steps have them.
bool hasTopKLoops(linalg::GenericOp op) {
  return op.getNumLoops() == 3 && op.getNumReductionLoops() == 1 && op->getNumResults() == 1 &&
         op.getIteratorTypesArray().back() == utils::IteratorType::reduction &&
         op.getMatchingIndexingMap(op.getDpsInitOperand(0)) ==
             AffineMap::getMultiDimIdentityMap(3, op.getContext()).getMajorSubMap(2);
}

bool isMap(linalg::GenericOp op, OpOperand *operand, unsigned second) {
  AffineMap expected = AffineMap::getMultiDimIdentityMap(3, op.getContext()).getSubMap({0, second});
  return op.getMatchingIndexingMap(operand) == expected;
}

/// Operations whose results depend on the order of their operands only, or pass values on.
bool onlyCompares(linalg::GenericOp op) {
  return llvm::all_of(op.getBlock()->without_terminator(), [](Operation &inner) {
    return isa<arith::CmpFOp, arith::CmpIOp, arith::AndIOp, arith::OrIOp, arith::XOrIOp, arith::SelectOp,
               arith::ExtUIOp, arith::AddIOp, arith::IndexCastOp, arith::IndexCastUIOp, linalg::IndexOp,
               arith::ConstantOp>(inner);
  });
}

/// No comparison of a block argument with a constant: it would see more than an order.
bool comparesArgumentsOnly(linalg::GenericOp op) {
  return llvm::all_of(op.getBlock()->getOps<arith::CmpFOp>(), [](arith::CmpFOp compare) {
    return isa<BlockArgument>(compare.getLhs()) && isa<BlockArgument>(compare.getRhs());
  });
}

std::optional<int64_t> integerOf(Attribute value) {
  auto integer = dyn_cast_if_present<IntegerAttr>(value);
  return integer ? std::optional<int64_t>(integer.getValue().getSExtValue()) : std::nullopt;
}

SmallVector<Attribute> indexAttributes(MLIRContext *context, ArrayRef<int64_t> values) {
  Builder builder(context);
  return llvm::map_to_vector(values, [&](int64_t v) -> Attribute { return builder.getIndexAttr(v); });
}

/// Whether score `a` at place `i` comes before score `b` at place `j`.
bool comesBefore(double a, int64_t i, double b, int64_t j) {
  bool aIsNaN = std::isnan(a), bIsNaN = std::isnan(b);
  if (aIsNaN != bIsNaN)
    return bIsNaN;
  if (!aIsNaN && a != b)
    return a > b;
  return i < j;
}

/// The scores, if `op` counts for each of them those that come before it; else null.
Value findRankedScores(linalg::GenericOp op) {
  if (!op || !hasTopKLoops(op) || op.getNumDpsInputs() != 2 || !onlyCompares(op) ||
      !comparesArgumentsOnly(op) || !isZero(findFill(op.getDpsInits()[0])))
    return {};
  OpOperand *self = op.getDpsInputOperand(0), *other = op.getDpsInputOperand(1);
  if (!isMap(op, self, 1))
    std::swap(self, other);
  if (!isMap(op, self, 1) || !isMap(op, other, 2) || self->get() != other->get())
    return {};
  auto type = dyn_cast<FloatType>(getElementTypeOrSelf(self->get().getType()));
  if (!type)
    return {};
  Builder builder(op.getContext());
  constexpr int64_t kSoFar = 5;
  const double scores[] = {1.0, 2.0, NAN};
  const int64_t places[][2] = {{3, 4}, {4, 4}, {4, 3}};
  for (double a : scores)
    for (double b : scores)
      for (auto [i, j] : places) {
        SmallVector<Attribute> arguments(3);
        arguments[op.getMatchingBlockArgument(self).getArgNumber()] = builder.getFloatAttr(type, a);
        arguments[op.getMatchingBlockArgument(other).getArgNumber()] = builder.getFloatAttr(type, b);
        arguments[2] = builder.getIntegerAttr(op.getBlock()->getArgument(2).getType(), kSoFar);
        Attribute result = evaluateBody(op, arguments, indexAttributes(op.getContext(), {0, i, j})).front();
        if (i == j && a != b && !(std::isnan(a) && std::isnan(b)))
          continue; // one entry is equal to itself
        if (integerOf(result) != kSoFar + comesBefore(b, j, a, i))
          return {};
      }
  return self->get();
}

/// The scores, if `op` puts at place p the index of the score of rank p; else null.
Value findScoresOfIndices(linalg::GenericOp op) {
  if (!op || !hasTopKLoops(op) || op.getNumDpsInputs() != 1 || !onlyCompares(op) ||
      !isMap(op, op.getDpsInputOperand(0), 2) || !isZero(findFill(op.getDpsInits()[0])))
    return {};
  Builder builder(op.getContext());
  Block &body = *op.getBlock();
  auto integer = [&](unsigned argument, int64_t value) -> Attribute {
    return builder.getIntegerAttr(body.getArgument(argument).getType(), value);
  };
  constexpr int64_t kSoFar = 100, kEntry = 7;
  // Where there is one place, the body may have its number as a constant.
  int64_t place = cast<RankedTensorType>(op->getResult(0).getType()).getDimSize(1) == 1 ? 0 : 3;
  for (int64_t rank : {place, place + 1, place + 2}) {
    SmallVector<Attribute> arguments{integer(0, rank), integer(1, kSoFar)};
    Attribute result =
        evaluateBody(op, arguments, indexAttributes(op.getContext(), {0, place, kEntry})).front();
    if (integerOf(result) != (rank == place ? kEntry : kSoFar))
      return {};
  }
  return findRankedScores(op.getDpsInputs()[0].getDefiningOp<linalg::GenericOp>());
}

/// The constant that `op` writes at the entries that its operand lists, if it does just that; else null.
TypedAttr findScattered(linalg::GenericOp op) {
  Block &body = *op.getBlock();
  Builder builder(op.getContext());
  Attribute soFar = builder.getZeroAttr(body.getArgument(1).getType()), written;
  constexpr int64_t kEntry = 3;
  for (int64_t index : {kEntry - 1, kEntry, kEntry + 1}) {
    SmallVector<Attribute> arguments{builder.getIntegerAttr(body.getArgument(0).getType(), index), soFar};
    Attribute result = evaluateBody(op, arguments, indexAttributes(op.getContext(), {0, kEntry, 0})).front();
    if (index == kEntry)
      written = result;
    else if (result != soFar)
      return {};
  }
  return dyn_cast_if_present<TypedAttr>(written);
}

} // namespace

std::optional<TopKMask> winnow::findTopKMask(linalg::GenericOp scatter) {
  if (!hasTopKLoops(scatter) || scatter.getNumDpsInputs() != 1 ||
      !isMap(scatter, scatter.getDpsInputOperand(0), 2) || !isZero(findFill(scatter.getDpsInits()[0])))
    return std::nullopt;
  Value indices = scatter.getDpsInputs()[0];
  auto type = cast<RankedTensorType>(indices.getType());
  if (!type.getElementType().isSignlessInteger() || type.isDynamicDim(1) || type.getDimSize(1) < 1)
    return std::nullopt;
  Value scores = findScoresOfIndices(indices.getDefiningOp<linalg::GenericOp>());
  if (!scores || cast<RankedTensorType>(scores.getType()).getDimSize(1) !=
                     cast<RankedTensorType>(scatter->getResult(0).getType()).getDimSize(1))
    return std::nullopt; // a mask may be wider than the scores
  TypedAttr value = findScattered(scatter);
  if (!value)
    return std::nullopt;
  return TopKMask{scores, type.getDimSize(1), value};
}

/// Whether `scatter` leaves an entry as it is, `elsewhere`, when `indices` has other entries. Every entry is
/// tried with every index, or with many if there are too many.
static bool leavesOthers(linalg::GenericOp scatter, OpOperand *indices, int64_t entries,
                         Attribute elsewhere) {
  constexpr int64_t kMostPairs = 4096;
  Builder builder(scatter.getContext());
  BlockArgument index = scatter.getMatchingBlockArgument(indices);
  int64_t step = 1 + entries * entries / kMostPairs;
  for (int64_t entry = 0; entry < entries; entry += step)
    for (int64_t other = 0; other < entries; ++other) {
      SmallVector<Attribute> arguments(scatter.getBlock()->getNumArguments());
      arguments[index.getArgNumber()] = builder.getIntegerAttr(index.getType(), other);
      arguments.back() = elsewhere;
      Attribute places[] = {{}, builder.getIndexAttr(entry), {}};
      if (other != entry && evaluateBody(scatter, arguments, places).front() != elsewhere)
        return false;
    }
  return true;
}

std::optional<TopKScatter> winnow::findTopKScatter(linalg::GenericOp scatter) {
  if (!scatter || !hasTopKLoops(scatter))
    return std::nullopt;
  Attribute elsewhere = findFill(scatter.getDpsInits()[0]);
  auto result = cast<RankedTensorType>(scatter->getResult(0).getType());
  if (!elsewhere || result.isDynamicDim(1))
    return std::nullopt;
  for (OpOperand *operand : scatter.getDpsInputOperands()) {
    auto type = cast<RankedTensorType>(operand->get().getType());
    if (!type.getElementType().isSignlessInteger() || !isMap(scatter, operand, 2) || type.isDynamicDim(1) ||
        type.getDimSize(1) < 1)
      continue;
    Value scores = findScoresOfIndices(operand->get().getDefiningOp<linalg::GenericOp>());
    if (scores && cast<RankedTensorType>(scores.getType()).getDimSize(1) == result.getDimSize(1) &&
        leavesOthers(scatter, operand, result.getDimSize(1), elsewhere))
      return TopKScatter{scores, type.getDimSize(1), elsewhere};
  }
  return std::nullopt;
}
