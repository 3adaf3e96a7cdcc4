// Verification, folds and shapes of the operations on packed weights.
#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/PackedConstants.h"
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace winnow;

namespace {

LogicalResult checkDense(Operation *op, StringRef name, Value dense, PackedType packed) {
  if (dense.getType() == packed.getDenseType())
    return success();
  return op->emitOpError() << "'" << name << "' is " << dense.getType() << ", but " << packed.getDenseType()
                           << " was expected (C1)";
}

LogicalResult checkParts(Operation *op, TypeRange found, PackedType packed) {
  SmallVector<Type> expected = packed.getPartTypes();
  if (found.size() != expected.size())
    return op->emitOpError() << "has " << found.size() << " parts, but " << packed << " has "
                             << expected.size() << " (C1)";
  for (auto [index, part, type] : llvm::enumerate(found, expected))
    if (part != type)
      return op->emitOpError() << "part " << index << " is " << part << ", but " << type
                               << " was expected (C1)";
  return success();
}

Type productElement(Value x) {
  Type element = getElementTypeOrSelf(x.getType());
  return element.isInteger() ? IntegerType::get(x.getContext(), 32) : element;
}

/// A constant is stored packed.
struct CompressConstant : OpRewritePattern<CompressOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(CompressOp op, PatternRewriter &rewriter) const override {
    ElementsAttr constant;
    if (!matchPattern(op.getX(), m_Constant(&constant)))
      return rewriter.notifyMatchFailure(op, "is not of a constant");
    std::optional<SmallVector<uint32_t>> bits = readBits(constant);
    if (!bits)
      return rewriter.notifyMatchFailure(op, "the constant's values are not there");
    SmallVector<Value> parts;
    for (DenseElementsAttr part : packConstant(*bits, op.getType()))
      parts.push_back(arith::ConstantOp::create(rewriter, op.getLoc(), part));
    rewriter.replaceOpWithNewOp<PackedAssembleOp>(op, op.getType(), parts);
    return success();
  }
};

/// A packed constant is unpacked where its dense form is needed.
struct ExpandConstant : OpRewritePattern<ExpandOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ExpandOp op, PatternRewriter &rewriter) const override {
    auto assemble = op.getPacked().getDefiningOp<PackedAssembleOp>();
    if (!assemble)
      return rewriter.notifyMatchFailure(op, "the parts are not known");
    SmallVector<ElementsAttr> parts;
    for (Value part : assemble.getParts())
      if (!matchPattern(part, m_Constant(&parts.emplace_back())))
        return rewriter.notifyMatchFailure(op, "a part is not constant");
    PackedType type = op.getPacked().getType();
    std::optional<SmallVector<uint32_t>> dense = unpackConstant(parts, type);
    if (!dense)
      return rewriter.notifyMatchFailure(op, "the parts are not as the type describes them");
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, writeBits(type.getDenseType(), *dense));
    return success();
  }
};

} // namespace

LogicalResult CompressOp::verify() { return checkDense(*this, "x", getX(), getType()); }

OpFoldResult CompressOp::fold(FoldAdaptor) {
  // Packing again what was unpacked: the same matrix, and everything it has is in the structure already.
  auto expand = getX().getDefiningOp<ExpandOp>();
  if (expand && expand.getPacked().getType() == getType())
    return expand.getPacked();
  return {};
}

void CompressOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<CompressConstant>(context);
}

void ExpandOp::build(OpBuilder &builder, OperationState &state, Value packed) {
  build(builder, state, cast<PackedType>(packed.getType()).getDenseType(), packed);
}

LogicalResult ExpandOp::verify() { return checkDense(*this, "result", getResult(), getPacked().getType()); }

OpFoldResult ExpandOp::fold(FoldAdaptor) {
  auto compress = getPacked().getDefiningOp<CompressOp>();
  if (compress && getPacked().getType().hasRoomForAll())
    return compress.getX();
  return {};
}

void ExpandOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<ExpandConstant>(context);
}

void PackedPartsOp::build(OpBuilder &builder, OperationState &state, Value packed) {
  build(builder, state, cast<PackedType>(packed.getType()).getPartTypes(), packed);
}

LogicalResult PackedPartsOp::verify() {
  return checkParts(*this, getParts().getTypes(), getPacked().getType());
}

LogicalResult PackedPartsOp::fold(FoldAdaptor, SmallVectorImpl<OpFoldResult> &results) {
  auto assemble = getPacked().getDefiningOp<PackedAssembleOp>();
  if (!assemble)
    return failure();
  llvm::append_range(results, assemble.getParts());
  return success();
}

LogicalResult PackedAssembleOp::verify() { return checkParts(*this, getParts().getTypes(), getType()); }

OpFoldResult PackedAssembleOp::fold(FoldAdaptor) {
  auto parts = getParts().front().getDefiningOp<PackedPartsOp>();
  if (parts && parts.getPacked().getType() == getType() && llvm::equal(parts.getParts(), getParts()))
    return parts.getPacked();
  return {};
}

void PackedMatmulOp::build(OpBuilder &builder, OperationState &state, Value x, Value weights) {
  int64_t rows = cast<RankedTensorType>(x.getType()).getDimSize(0);
  int64_t columns = cast<PackedType>(weights.getType()).getColumns();
  build(builder, state, RankedTensorType::get({rows, columns}, productElement(x)), x, weights);
}

LogicalResult PackedMatmulOp::verify() {
  PackedType weights = getWeights().getType();
  auto x = cast<RankedTensorType>(getX().getType()), result = cast<RankedTensorType>(getType());
  if (failed(checkDimension(*this, "x", getX(), 1, "the number of rows of 'weights'", weights.getRows(),
                            "C1")) ||
      failed(checkDimension(*this, "result", getResult(), 0, "dimension 0 of 'x'", x.getDimSize(0), "C2")) ||
      failed(checkDimension(*this, "result", getResult(), 1, "the number of columns of 'weights'",
                            weights.getColumns(), "C2")))
    return failure();
  if (x.getElementType() != weights.getElementType())
    return emitOpError("'weights' has element type ")
           << weights.getElementType() << ", but 'x' has " << x.getElementType() << " (C3)";
  bool isWidened = result.getElementType().isF32() && x.getElementTypeBitWidth() == 16;
  if (result.getElementType() != productElement(getX()) && !isWidened)
    return emitOpError("'result' has element type ")
           << result.getElementType() << ", but " << productElement(getX()) << " is expected (C3)";
  return success();
}

LogicalResult PackedMatmulOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> extents{getDimension(builder, getLoc(), getX(), 0),
                                    builder.getIndexAttr(getWeights().getType().getColumns())};
  shapes.push_back(matchExtents(builder, getResult(), extents));
  return success();
}
