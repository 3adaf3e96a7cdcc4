// Linearizes the operands of linalg operations, and merges dimensions that are contiguous in all of them.
#include "passes/LowerToHost/IterationSpace.h"

#include "mlir/Analysis/FlatLinearValueConstraints.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/SmallSet.h"

using namespace mlir;
using namespace winnow;

std::optional<int64_t> winnow::constantOf(OpFoldResult value) { return getConstantIntValue(value); }

bool IterationSpace::hasReduction() const { return llvm::is_contained(isReduction, true); }

static OpFoldResult compute(OpBuilder &builder, Location location, AffineExpr expression,
                            ArrayRef<OpFoldResult> operands) {
  return affine::makeComposedFoldedAffineApply(builder, location, expression, operands);
}

static OpFoldResult multiply(OpBuilder &builder, Location location, OpFoldResult a, OpFoldResult b) {
  AffineExpr x, y;
  bindSymbols(builder.getContext(), x, y);
  return compute(builder, location, x * y, {a, b});
}

static OpFoldResult add(OpBuilder &builder, Location location, OpFoldResult a, OpFoldResult b) {
  AffineExpr x, y;
  bindSymbols(builder.getContext(), x, y);
  return compute(builder, location, x + y, {a, b});
}

/// The coefficients of the map's results in the loop variables, each with the constant term last.
static FailureOr<SmallVector<SmallVector<int64_t>>> linearCoefficients(AffineMap map) {
  SmallVector<SmallVector<int64_t>> rows;
  for (AffineExpr result : map.getResults()) {
    SmallVector<int64_t> row;
    if (failed(getFlattenedAffineExpr(result, map.getNumDims(), map.getNumSymbols(), &row)))
      return failure();
    // Divisions and remainders appear as further variables.
    if (row.size() != map.getNumDims() + 1)
      return failure();
    rows.push_back(std::move(row));
  }
  return rows;
}

/// `value`'s memory as a memref of rank 1, with everything between it and the buffer's start left to the
/// offset.
static Value createFlatMemory(OpBuilder &builder, Location location,
                              memref::ExtractStridedMetadataOp metadata, Type elementType) {
  Value base = metadata.getBaseBuffer();
  if (elementType.isInteger(1) || elementType.isBF16()) {
    elementType = elementType.isBF16() ? builder.getI16Type() : builder.getI8Type();
    base = UnrealizedConversionCastOp::create(builder, location, MemRefType::get({}, elementType), base)
               .getResult(0);
  }
  OpFoldResult last = metadata.getConstifiedMixedOffset();
  AffineExpr size, stride, sum;
  bindSymbols(builder.getContext(), size, stride, sum);
  for (auto [extent, step] :
       llvm::zip_equal(metadata.getConstifiedMixedSizes(), metadata.getConstifiedMixedStrides()))
    last = compute(builder, location, (size - 1) * stride + sum, {extent, step, last});
  OpFoldResult span = add(builder, location, last, builder.getIndexAttr(1));
  int64_t constantSpan = std::max<int64_t>(0, constantOf(span).value_or(ShapedType::kDynamic));
  if (!constantOf(span))
    constantSpan = ShapedType::kDynamic;
  else
    span = builder.getIndexAttr(constantSpan);
  return memref::ReinterpretCastOp::create(builder, location, MemRefType::get({constantSpan}, elementType),
                                           base, OpFoldResult(builder.getIndexAttr(0)),
                                           ArrayRef<OpFoldResult>{span},
                                           ArrayRef<OpFoldResult>{builder.getIndexAttr(1)});
}

static LinearAccess createAccess(OpBuilder &builder, Location location, Value operand,
                                 ArrayRef<SmallVector<int64_t>> rows, int64_t rank) {
  LinearAccess access;
  access.strides.assign(rank, builder.getIndexAttr(0));
  access.offset = builder.getIndexAttr(0);
  auto type = dyn_cast<MemRefType>(operand.getType());
  if (!type) {
    access.memory = operand;
    access.isMemory = false;
    return access;
  }
  auto metadata = memref::ExtractStridedMetadataOp::create(builder, location, operand);
  access.elementType = type.getElementType();
  access.memory = createFlatMemory(builder, location, metadata, type.getElementType());
  access.offset = metadata.getConstifiedMixedOffset();
  for (auto [row, stride] : llvm::zip_equal(rows, metadata.getConstifiedMixedStrides())) {
    auto scaled = [&](int64_t factor) {
      return multiply(builder, location, stride, builder.getIndexAttr(factor));
    };
    for (int64_t dimension = 0; dimension < rank; ++dimension)
      if (row[dimension] != 0)
        access.strides[dimension] = add(builder, location, access.strides[dimension], scaled(row[dimension]));
    if (row.back() != 0)
      access.offset = add(builder, location, access.offset, scaled(row.back()));
  }
  return access;
}

/// Whether vectors of `type` lie in memory like arrays of it, or can be made to.
static bool isVectorElement(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type))
    return integer.getWidth() == 1 || llvm::is_contained({8, 16, 32, 64}, integer.getWidth());
  return type.isIndex() || type.isF16() || type.isBF16() || type.isF32() || type.isF64();
}

FailureOr<IterationSpace> winnow::createIterationSpace(OpBuilder &builder, linalg::GenericOp op) {
  for (Type type : op->getOperandTypes())
    if (!isVectorElement(getElementTypeOrSelf(type)))
      return failure();
  SmallVector<SmallVector<SmallVector<int64_t>>> coefficients;
  for (AffineMap map : op.getIndexingMapsArray()) {
    auto rows = linearCoefficients(map);
    if (failed(rows))
      return failure();
    coefficients.push_back(std::move(*rows));
  }
  IterationSpace space;
  space.op = op;
  for (utils::IteratorType type : op.getIteratorTypesArray())
    space.isReduction.push_back(type == utils::IteratorType::reduction);
  int64_t rank = space.isReduction.size();
  for (int64_t output = op.getNumDpsInputs(); output < op->getNumOperands(); ++output)
    for (const SmallVector<int64_t> &row : coefficients[output])
      for (int64_t dimension = 0; dimension < rank; ++dimension)
        if (row[dimension] != 0 && space.isReduction[dimension])
          return failure();

  Location location = op.getLoc();
  for (Range range : cast<linalg::LinalgOp>(op.getOperation()).createLoopRanges(builder, location))
    space.extents.push_back(range.size);
  for (auto [position, operand] : llvm::enumerate(op->getOperands())) {
    LinearAccess access = createAccess(builder, location, operand, coefficients[position], rank);
    for (int64_t dimension = 0; dimension < rank; ++dimension)
      if (space.extent(dimension) == 1)
        access.strides[dimension] = builder.getIndexAttr(0);
    bool isInput = static_cast<int64_t>(position) < op.getNumDpsInputs();
    (isInput ? space.inputs : space.outputs).push_back(std::move(access));
  }
  return space;
}

/// Whether going one step in `outer` is the same as going through all of `inner`, for each operand.
static bool canMerge(const IterationSpace &space, int64_t outer, int64_t inner) {
  std::optional<int64_t> extent = space.extent(inner);
  if (!extent || *extent <= 1 || space.extent(outer) == 1 ||
      space.isReduction[outer] != space.isReduction[inner])
    return false;
  auto isDense = [&](const LinearAccess &access) {
    std::optional<int64_t> outerStride = access.stride(outer), innerStride = access.stride(inner);
    return outerStride && innerStride && *outerStride == *innerStride * *extent;
  };
  return llvm::all_of(space.inputs, isDense) && llvm::all_of(space.outputs, isDense);
}

void winnow::mergeDimensions(OpBuilder &builder, IterationSpace &space) {
  llvm::SmallSet<int64_t, 8> fixed;
  space.op.getBody()->walk([&](linalg::IndexOp index) { fixed.insert(index.getDim()); });
  for (int64_t inner = space.rank() - 1; inner >= 0; --inner) {
    for (int64_t outer = space.rank() - 1; outer >= 0; --outer) {
      if (outer == inner || fixed.contains(outer) || fixed.contains(inner) || !canMerge(space, outer, inner))
        continue;
      space.extents[inner] = multiply(builder, space.op.getLoc(), space.extents[inner], space.extents[outer]);
      space.extents[outer] = builder.getIndexAttr(1);
      for (LinearAccess &access : llvm::concat<LinearAccess>(space.inputs, space.outputs))
        access.strides[outer] = builder.getIndexAttr(0);
      outer = space.rank(); // the merged dimension may be dense in yet another one
    }
  }
}
