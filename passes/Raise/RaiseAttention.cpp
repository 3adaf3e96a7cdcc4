// Recognizes attention in the matrix products and the softmax that exporters write for it.
#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"
#include "passes/Raise/Passes.h"
#include "passes/Raise/RepeatedHeads.h"
#include "passes/Raise/SoftmaxForm.h"

#include <cmath>

using namespace mlir;

namespace winnow {
#define GEN_PASS_DEF_RAISEATTENTION
#include "passes/Raise/Passes.h.inc"
} // namespace winnow

using namespace winnow;

namespace {

/// What the products of attention work on: matrices for each batch and head, flattened or not.
struct AttentionForm {
  linalg::BatchMatmulOp output, products; // the second and the first product
  Value query, transposedKey, value;      // of the rank of the scores, or with heads flattened
  ScoreChain chain;
  float scale = 1.0f;
  SmallVector<Operation *> operations; // what computes scores and weights, the first product included
};

int64_t rankOf(Value tensor) { return cast<RankedTensorType>(tensor.getType()).getRank(); }

int64_t headsOf(Value tensor) { return cast<RankedTensorType>(tensor.getType()).getDimSize(1); }

bool mergesHeads(ArrayRef<ReassociationIndices> groups) {
  return groups == ArrayRef<ReassociationIndices>{{0, 1}, {2}, {3}};
}

/// The matrices of batches and heads that `matrices`, an operand of a batched product, has as one dimension.
Value splitHeads(Value matrices) {
  auto collapse = matrices.getDefiningOp<tensor::CollapseShapeOp>();
  return collapse && mergesHeads(collapse.getReassociationIndices()) ? collapse.getSrc() : matrices;
}

/// The matrices that `matrices` has by batch and head, with one dimension for both, if they were computed so.
Value flattenHeads(Value matrices) {
  auto expand = matrices.getDefiningOp<tensor::ExpandShapeOp>();
  return expand && mergesHeads(expand.getReassociationIndices()) ? expand.getSrc() : matrices;
}

/// How many of the last dimensions of `group`, which batches and heads are flattened from, make up the heads,
/// ones before them included.
std::optional<size_t> countHeadDimensions(RankedTensorType type, const ReassociationIndices &group,
                                          int64_t heads) {
  int64_t product = 1;
  size_t count = 0;
  auto next = [&] { return type.getDimSize(group[group.size() - count - 1]); };
  for (; product != heads || count == 0; ++count) {
    if (count + 1 >= group.size() || ShapedType::isDynamic(next()) || next() == 0 ||
        heads % (product * next()) != 0)
      return std::nullopt;
    product *= next();
  }
  while (count + 1 < group.size() && next() == 1)
    ++count;
  return count;
}

/// The batched product whose matrices `products` has by batch and head, or by one dimension for both.
linalg::BatchMatmulOp findProducts(Value products) {
  return flattenHeads(products).getDefiningOp<linalg::BatchMatmulOp>();
}

bool startsAtZero(linalg::BatchMatmulOp op) {
  auto fill = op.getOutputs()[0].getDefiningOp<linalg::FillOp>();
  return fill && matchPattern(fill.getInputs()[0], m_AnyZeroFloat());
}

/// A product as it is defined by default: no transposed or broadcast operands.
bool isPlain(linalg::BatchMatmulOp op) {
  return op.hasPureTensorSemantics() && !op.hasUserDefinedMaps() && startsAtZero(op) &&
         getElementTypeOrSelf(op.getResult(0).getType()).isF32();
}

/// Takes the constants by which `value` is multiplied out of it.
Value takeScale(Value value, float &scale) {
  while (std::optional<ConstantScale> found = findConstantScale(value)) {
    value = found->input;
    scale *= found->factor;
  }
  return value;
}

/// An operand of a product, with batches and heads apart and without constant factors.
Value findOperand(Value matrices, float &scale) {
  return takeScale(splitHeads(takeScale(matrices, scale)), scale);
}

/// Nothing else may need what attention does not compute: scores, weights, their sums. Captures neither.
bool isUsedElsewhere(const AttentionForm &form) {
  SmallPtrSet<Operation *, 16> inside(form.operations.begin(), form.operations.end());
  inside.insert(form.output);
  for (const ScoreStep &step : form.chain.steps)
    for (OpOperand *capture : step.captures)
      if (inside.contains(capture->get().getDefiningOp()))
        return true;
  return llvm::any_of(form.operations, [&](Operation *op) {
    return llvm::any_of(op->getUsers(), [&](Operation *user) { return !inside.contains(user); });
  });
}

/// The heads of all operands are the same; where they are a dimension of their own, they must be known.
bool haveSameHeads(const AttentionForm &form) {
  bool hasHeads = rankOf(form.chain.products) == 4;
  int64_t heads = hasHeads ? headsOf(form.chain.products) : 1;
  return !ShapedType::isDynamic(heads) &&
         llvm::all_of(ArrayRef<Value>{form.query, form.transposedKey, form.value}, [&](Value tensor) {
           return rankOf(tensor) == 3 || (hasHeads && headsOf(tensor) == heads);
         });
}

/// The attention whose second product is `output`.
std::optional<AttentionForm> findAttention(linalg::BatchMatmulOp output) {
  if (!isPlain(output))
    return std::nullopt;
  AttentionForm form;
  form.output = output;
  Value weights = splitHeads(output.getInputs()[0]);
  if (weights != output.getInputs()[0])
    form.operations.push_back(output.getInputs()[0].getDefiningOp());
  std::optional<SoftmaxForm> softmax = findSoftmax(weights);
  if (!softmax)
    return std::nullopt;
  llvm::append_range(form.operations, softmax->operations);
  std::optional<ScoreChain> chain = findScoreChain(softmax->scores, [](Value value) {
    linalg::BatchMatmulOp products = findProducts(value);
    return products && isPlain(products);
  });
  if (!chain)
    return std::nullopt;
  form.chain = std::move(*chain);
  for (const ScoreStep &step : form.chain.steps)
    form.operations.push_back(step.op);
  form.products = findProducts(form.chain.products);
  form.operations.push_back(form.products);
  if (form.chain.products.getDefiningOp() != form.products)
    form.operations.push_back(form.chain.products.getDefiningOp());

  form.query = findOperand(form.products.getInputs()[0], form.scale);
  form.transposedKey = findOperand(form.products.getInputs()[1], form.scale);
  form.value = splitHeads(output.getInputs()[1]);
  // Factors of the products themselves are the scale as well.
  while (!form.chain.steps.empty()) {
    std::optional<ConstantScale> factor = findConstantScale(form.chain.steps.front().op->getResult(0));
    if (!factor)
      break;
    form.scale *= factor->factor;
    form.chain.steps.erase(form.chain.steps.begin());
  }
  if (!haveSameHeads(form) || isUsedElsewhere(form) || !std::isfinite(form.scale))
    return std::nullopt;
  return form;
}

/// Writes the operation in place of what was found.
class AttentionWriter {
public:
  AttentionWriter(RewriterBase &rewriter, AttentionForm &form)
      : rewriter(rewriter), form(form), location(form.output.getLoc()) {}

  AttentionOp write() {
    rewriter.setInsertionPoint(form.output);
    Value query = withHeads(form.query), key = withHeads(transpose(flattenHeads(form.transposedKey)));
    Value value = withHeads(form.value);
    shareHeads(key, value);
    auto attention = AttentionOp::create(rewriter, location, query, key, value, form.scale);
    writeScore(attention);
    replaceOutput(attention);
    return attention;
  }

private:
  Value transpose(Value tensor);
  Value withHeads(Value matrices);
  Value unflatten(Value matrices, int64_t heads);
  void shareHeads(Value &key, Value &value);
  void writeScore(AttentionOp attention);
  void replaceOutput(AttentionOp attention);
  AffineMap captureMap(AffineMap map);

  RewriterBase &rewriter;
  AttentionForm &form;
  Location location;
};

/// `tensor` with its last two dimensions exchanged; transpositions that it comes from are merged with that.
Value AttentionWriter::transpose(Value tensor) {
  int64_t rank = rankOf(tensor);
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  std::swap(order[rank - 1], order[rank - 2]);
  while (auto earlier = tensor.getDefiningOp<linalg::TransposeOp>()) {
    for (int64_t &dimension : order)
      dimension = earlier.getPermutation()[dimension];
    tensor = earlier.getInput();
  }
  if (llvm::equal(order, llvm::seq<int64_t>(0, rank)))
    return tensor;
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, location, tensor), permuted;
  for (int64_t dimension : order)
    permuted.push_back(sizes[dimension]);
  Value empty = tensor::EmptyOp::create(rewriter, location, permuted, getElementTypeOrSelf(tensor.getType()));
  return linalg::TransposeOp::create(rewriter, location, tensor, empty, order)->getResult(0);
}

/// What `matrices` are flattened from, as a tensor [batch, heads, rows, columns]; null if that is not known.
Value AttentionWriter::unflatten(Value matrices, int64_t heads) {
  auto collapse = matrices.getDefiningOp<tensor::CollapseShapeOp>();
  if (!collapse)
    return {};
  SmallVector<ReassociationIndices> groups = collapse.getReassociationIndices();
  std::optional<size_t> count = countHeadDimensions(collapse.getSrcType(), groups[0], heads);
  if (!count)
    return {};
  ReassociationIndices inner(groups[0].end() - *count, groups[0].end());
  groups[0].truncate(groups[0].size() - *count);
  groups.insert(groups.begin() + 1, std::move(inner));
  if (collapse.getSrcType().getRank() == 4)
    return collapse.getSrc();
  return tensor::CollapseShapeOp::create(rewriter, location, collapse.getSrc(), groups);
}

/// Rank 4: the flattened heads are taken apart as those of the scores are, and matrices without heads get a
/// single one.
Value AttentionWriter::withHeads(Value matrices) {
  auto type = cast<RankedTensorType>(matrices.getType());
  if (type.getRank() == 4)
    return matrices;
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, location, matrices);
  SmallVector<int64_t> shape(type.getShape());
  int64_t heads = 1;
  if (auto scores = form.chain.products.getDefiningOp<tensor::ExpandShapeOp>()) {
    sizes[0] = scores.getMixedOutputShape()[0];
    shape[0] = scores.getResultType().getDimSize(0);
    heads = headsOf(scores);
    if (Value unflattened = unflatten(matrices, heads))
      return unflattened;
  }
  sizes.insert(sizes.begin() + 1, rewriter.getIndexAttr(heads));
  shape.insert(shape.begin() + 1, heads);
  return tensor::ExpandShapeOp::create(rewriter, location, type.clone(shape), matrices,
                                       ArrayRef<ReassociationIndices>{{0, 1}, {2}, {3}}, sizes);
}

/// Heads that are repeated for the queries' are taken as they were before.
void AttentionWriter::shareHeads(Value &key, Value &value) {
  std::optional<RepeatedHeads> keys = findRepeatedHeads(key), values = findRepeatedHeads(value);
  if (!keys || !values || keys->heads != values->heads)
    return;
  key = takeHeads(rewriter, location, *keys);
  value = takeHeads(rewriter, location, *values);
}

/// A map from the loops of a step to one from batch, head, query and key.
AffineMap AttentionWriter::captureMap(AffineMap map) {
  if (map.getNumDims() == 4)
    return map;
  MLIRContext *context = rewriter.getContext();
  SmallVector<AffineExpr> coordinates{getAffineDimExpr(0, context), getAffineDimExpr(2, context),
                                      getAffineDimExpr(3, context)};
  return map.replaceDimsAndSymbols(coordinates, {}, 4, 0);
}

/// The steps as a score region.
void AttentionWriter::writeScore(AttentionOp attention) {
  if (form.chain.steps.empty())
    return;
  Type index = rewriter.getIndexType();
  SmallVector<Type> types{rewriter.getF32Type(), index, index, index, index};
  SmallVector<Value> captures;
  SmallVector<AffineMap> maps;
  for (ScoreStep &step : form.chain.steps)
    for (OpOperand *capture : step.captures) {
      captures.push_back(capture->get());
      maps.push_back(captureMap(step.op.getMatchingIndexingMap(capture)));
      types.push_back(getElementTypeOrSelf(capture->get().getType()));
    }
  OpBuilder::InsertionGuard guard(rewriter);
  SmallVector<Location> locations(types.size(), location);
  Block *block = rewriter.createBlock(&attention.getScore(), {}, types, locations);
  Value score = block->getArgument(0);
  auto captured = block->getArguments().drop_front(5).begin();
  for (ScoreStep &step : form.chain.steps) {
    IRMapping mapping;
    mapping.map(step.op.getMatchingBlockArgument(step.score), score);
    for (OpOperand *capture : step.captures)
      mapping.map(step.op.getMatchingBlockArgument(capture), *captured++);
    for (Operation &op : step.op.getBlock()->without_terminator())
      rewriter.clone(op, mapping);
    score = mapping.lookupOrDefault(step.op.getBlock()->getTerminator()->getOperand(0));
  }
  YieldOp::create(rewriter, location, score);
  attention.getCapturesMutable().assign(captures);
  if (!maps.empty())
    attention.setCaptureMapsAttr(rewriter.getAffineMapArrayAttr(maps));
}

/// The second product has batches and heads as one dimension; who takes them apart gets them as they are.
void AttentionWriter::replaceOutput(AttentionOp attention) {
  Value output = form.output.getResult(0);
  auto expand = output.hasOneUse() ? dyn_cast<tensor::ExpandShapeOp>(*output.user_begin()) : nullptr;
  if (expand && mergesHeads(expand.getReassociationIndices()) &&
      headsOf(expand) == headsOf(attention.getResult())) {
    Value result = attention.getResult();
    if (result.getType() != expand.getType())
      result = tensor::CastOp::create(rewriter, location, expand.getType(), result);
    rewriter.replaceOp(expand, result);
    rewriter.eraseOp(form.output);
    return;
  }
  Value collapsed = tensor::CollapseShapeOp::create(rewriter, location, attention.getResult(),
                                                    ArrayRef<ReassociationIndices>{{0, 1}, {2}, {3}});
  if (collapsed.getType() != output.getType())
    collapsed = tensor::CastOp::create(rewriter, location, output.getType(), collapsed);
  rewriter.replaceOp(form.output, collapsed);
}

void remarkOn(AttentionOp attention) {
  auto shape = cast<RankedTensorType>(attention.getQuery().getType()).getShape();
  auto text = [](int64_t extent) {
    return ShapedType::isDynamic(extent) ? std::string("unknown") : std::to_string(extent);
  };
  remark::analysis(attention.getLoc(), remark::RemarkOpts::name("RaiseAttention").category("raise"))
      << remark::add("recognized attention: heads {0}, width {1}, captured tensors {2}", text(shape[1]),
                     text(shape[3]), attention.getCaptures().size());
}

struct RaiseAttention : winnow::impl::RaiseAttentionBase<RaiseAttention> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<linalg::BatchMatmulOp> candidates;
    getOperation().walk([&](linalg::BatchMatmulOp op) { candidates.push_back(op); });
    for (linalg::BatchMatmulOp op : candidates)
      if (std::optional<AttentionForm> form = findAttention(op))
        remarkOn(AttentionWriter(rewriter, *form).write());
  }
};

} // namespace
