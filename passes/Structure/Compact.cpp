// Builds operations on selected channels.
#include "passes/Structure/Compact.h"

#include "dialects/Winnow/Extents.h"

using namespace mlir;
using namespace winnow;

namespace {

RankedTensorType typeOf(Value tensor) { return cast<RankedTensorType>(tensor.getType()); }

/// `type` with the first two extents of `source`.
RankedTensorType withFirst(RankedTensorType type, Value source) {
  SmallVector<int64_t> shape(type.getShape());
  for (int64_t i = 0; i < 2; ++i)
    shape[i] = typeOf(source).getDimSize(i);
  return type.clone(shape);
}

Value buildInit(RewriterBase &rewriter, linalg::LinalgOp op, Value selection) {
  OpOperand *init = op.getDpsInitOperand(0);
  if (op.payloadUsesValueFromOperand(init))
    return buildGathered(rewriter, op.getLoc(), init->get(), selection);
  return tensor::EmptyOp::create(rewriter, op.getLoc(),
                                 compactExtents(rewriter, op.getLoc(), init->get(), selection),
                                 typeOf(init->get()).getElementType());
}

/// The map of a gathered table: it has a dimension of rows now.
AffineMap withRows(AffineMap map, ChannelLoops loops) {
  SmallVector<AffineExpr> results{getAffineDimExpr(loops.row, map.getContext())};
  llvm::append_range(results, map.getResults());
  return AffineMap::get(map.getNumDims(), 0, results, map.getContext());
}

/// What winnow has noted on an operation stays true of its compact form; what upstream notes may not.
void keepAttributes(Operation *from, Operation *to) {
  for (NamedAttribute attribute : from->getDiscardableAttrs())
    if (isa_and_present<WinnowDialect>(attribute.getNameDialect()))
      to->setDiscardableAttr(attribute.getName(), attribute.getValue());
}

/// Sums may be wider than their terms.
void keepElementType(Operation *from, Operation *to) {
  Value result = to->getResult(0);
  Type element = getElementTypeOrSelf(from->getResult(0).getType());
  result.setType(cast<RankedTensorType>(result.getType()).clone(element));
}

} // namespace

Value winnow::buildGathered(OpBuilder &builder, Location location, Value source, Value selection,
                            bool shared) {
  return builder.createOrFold<GatherOp>(location, source, selection, shared);
}

SmallVector<OpFoldResult> winnow::compactExtents(OpBuilder &builder, Location location, Value dense,
                                                 Value selection) {
  SmallVector<OpFoldResult> extents = tensor::getMixedSizes(builder, location, dense);
  extents[1] = getCapacity(builder, location, selection);
  return extents;
}

Value winnow::buildCompact(RewriterBase &rewriter, linalg::LinalgOp op, ChannelLoops loops, Value selection) {
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (OpOperand *input : op.getDpsInputOperands()) {
    AffineMap map = op.getMatchingIndexingMap(input);
    ChannelAccess access = accessOf(map, loops);
    bool isShared = access == ChannelAccess::Shared;
    inputs.push_back(access == ChannelAccess::None
                         ? input->get()
                         : buildGathered(rewriter, op.getLoc(), input->get(), selection, isShared));
    maps.push_back(isShared ? withRows(map, loops) : map);
  }
  Value init = buildInit(rewriter, op, selection);
  auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
  if (!generic) {
    inputs.push_back(init);
    return clone(rewriter, op, init.getType(), inputs)->getResult(0);
  }
  maps.push_back(op.getMatchingIndexingMap(op.getDpsInitOperand(0)));
  auto compact = linalg::GenericOp::create(rewriter, op.getLoc(), TypeRange{init.getType()}, inputs, init,
                                           maps, op.getIteratorTypesArray());
  rewriter.cloneRegionBefore(generic.getRegion(), compact.getRegion(), compact.getRegion().begin());
  keepAttributes(op, compact);
  return compact.getResult(0);
}

Value winnow::buildCompact(OpBuilder &builder, tensor::ExpandShapeOp op, Value source) {
  SmallVector<OpFoldResult> extents = op.getMixedOutputShape();
  for (int64_t i = 0; i < 2; ++i)
    extents[i] = getDimension(builder, op.getLoc(), source, i);
  return tensor::ExpandShapeOp::create(builder, op.getLoc(), withFirst(op.getResultType(), source), source,
                                       op.getReassociationIndices(), extents);
}

Value winnow::buildCompact(OpBuilder &builder, tensor::CollapseShapeOp op, Value source) {
  return tensor::CollapseShapeOp::create(builder, op.getLoc(), withFirst(op.getResultType(), source), source,
                                         op.getReassociationIndices());
}

Value winnow::buildCompact(OpBuilder &builder, tensor::PadOp op, Value source) {
  return tensor::PadOp::create(builder, op.getLoc(), withFirst(op.getResultType(), source), source,
                               op.getMixedLowPad(), op.getMixedHighPad(), op.getConstantPaddingValue());
}

Value winnow::buildSelected(OpBuilder &builder, linalg::MatmulOp op, Value x, Value inputs, Value outputs) {
  auto selected = MatmulOp::create(builder, op.getLoc(), x, op.getInputs()[1], inputs, outputs);
  keepAttributes(op, selected);
  keepElementType(op, selected);
  return selected;
}

Value winnow::buildSelected(OpBuilder &builder, linalg::Conv2DNchwFchwOp op, Value x, Value inputs,
                            Value outputs) {
  auto numbers = [](DenseIntElementsAttr values) { return llvm::to_vector(values.getValues<int64_t>()); };
  const int64_t none[4] = {0, 0, 0, 0};
  auto selected = Conv2DOp::create(builder, op.getLoc(), x, op.getInputs()[1], inputs, outputs,
                                   numbers(op.getStrides()), numbers(op.getDilations()), none);
  keepAttributes(op, selected);
  keepElementType(op, selected);
  return selected;
}

Value winnow::buildSelected(OpBuilder &builder, MatmulOp op, Value x, Value inputs, Value outputs) {
  auto selected = MatmulOp::create(builder, op.getLoc(), x, op.getWeights(), inputs, outputs);
  keepAttributes(op, selected);
  keepElementType(op, selected);
  return selected;
}

Value winnow::buildSelected(OpBuilder &builder, Conv2DOp op, Value x, Value inputs, Value outputs) {
  auto selected = Conv2DOp::create(builder, op.getLoc(), x, op.getWeights(), inputs, outputs, op.getStrides(),
                                   op.getDilations(), op.getPadding());
  keepAttributes(op, selected);
  keepElementType(op, selected);
  return selected;
}

Value winnow::castTo(OpBuilder &builder, Location location, Value value, Type type) {
  if (value.getType() == type)
    return value;
  return tensor::CastOp::create(builder, location, type, value);
}
