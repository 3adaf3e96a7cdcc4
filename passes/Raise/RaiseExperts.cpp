// Recognizes mixtures of experts that are written densely: every expert for every token, most times zero.
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"
#include "passes/Raise/ExpertLayer.h"
#include "passes/Raise/Passes.h"
#include "passes/Raise/RoutingForm.h"

using namespace mlir;

namespace winnow {
#define GEN_PASS_DEF_RAISEEXPERTS
#include "passes/Raise/Passes.h.inc"
} // namespace winnow

using namespace winnow;

namespace {

/// A sum over experts of their outputs times their gates.
struct Mixture {
  Value gates;                         // [tokens, experts]
  SmallVector<ExpertLayer, 0> layers;  // one for all experts, or one for each
  SmallVector<Value> others;           // what is added to the experts' sum besides
  SmallVector<Operation *> operations; // that compute the sum, the last one excluded

  bool isBatched() const { return layers.front().down.order.size() == 3; }
};

ArrayRef<int64_t> shapeOf(Value tensor) { return cast<RankedTensorType>(tensor.getType()).getShape(); }

bool startsAtZero(linalg::LinalgOp op) {
  auto fill = op.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
  return fill && matchPattern(fill.getInputs()[0], m_AnyZeroFloat());
}

/// The element-wise `Op` of two tensors that `value` is, with nothing else in the body.
template <typename Op> linalg::GenericOp findBinary(Value value) {
  auto op = value.getDefiningOp<linalg::GenericOp>();
  if (!op || op->getNumResults() != 1 || op.getNumReductionLoops() != 0 || op.getNumDpsInputs() != 2 ||
      !op.hasPureTensorSemantics() || !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity() ||
      !llvm::hasSingleElement(op.getBlock()->without_terminator()))
    return {};
  auto only = dyn_cast<Op>(op.getBlock()->front());
  bool matches = only && only.getResult() == op.getBlock()->getTerminator()->getOperand(0) &&
                 llvm::is_contained(only->getOperands(), op.getBlock()->getArgument(0)) &&
                 llvm::is_contained(only->getOperands(), op.getBlock()->getArgument(1));
  return matches ? op : linalg::GenericOp();
}

// Experts as a dimension of the tensors.

/// What is multiplied before the sum: outputs by all three loops, and gates by token and expert.
struct Factors {
  OpOperand *outputs, *gates;
};

/// Gates [tokens, experts] that are read by these loops, if `map` reads them so, transposed or not.
Value findGates(Value gates, AffineMap map, unsigned token, unsigned expert) {
  MLIRContext *context = map.getContext();
  if (map == AffineMap::getMultiDimMapWithTargets(map.getNumDims(), {token, expert}, context))
    return gates;
  auto transpose = gates.getDefiningOp<linalg::TransposeOp>();
  bool isTransposed =
      map == AffineMap::getMultiDimMapWithTargets(map.getNumDims(), {expert, token}, context) && transpose;
  return isTransposed ? transpose.getInput() : Value();
}

/// The mixture whose outputs and gates the operation `op` multiplies; its loops `token` and `expert` are
/// given.
std::optional<Mixture> findFactors(linalg::LinalgOp op, unsigned token, unsigned column, unsigned expert) {
  for (auto [outputs, gates] : {std::pair(0, 1), std::pair(1, 0)}) {
    AffineMap outputsMap = op.getMatchingIndexingMap(op.getDpsInputOperand(outputs));
    Mixture mixture;
    mixture.gates = findGates(op.getDpsInputOperand(gates)->get(),
                              op.getMatchingIndexingMap(op.getDpsInputOperand(gates)), token, expert);
    if (!mixture.gates || !outputsMap.isPermutation())
      continue;
    auto dimension = [&](unsigned loop) {
      return *outputsMap.getResultPosition(getAffineDimExpr(loop, op.getContext()));
    };
    LayerAxes axes{dimension(expert), dimension(token), dimension(column)};
    std::optional<ExpertLayer> layer = findExpertLayer(op.getDpsInputOperand(outputs)->get(), axes);
    if (!layer)
      continue;
    mixture.layers.push_back(std::move(*layer));
    return mixture;
  }
  return std::nullopt;
}

/// The mixture that `op` sums over a dimension of experts.
std::optional<Mixture> findBatched(linalg::LinalgOp op) {
  if (op.getNumLoops() != 3 || op.getNumReductionLoops() != 1 || op->getNumResults() != 1 ||
      !op.hasPureTensorSemantics() || !startsAtZero(op))
    return std::nullopt;
  SmallVector<unsigned> reductions;
  op.getReductionDims(reductions);
  AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  unsigned expert = reductions[0], token = result.getDimPosition(0), column = result.getDimPosition(1);
  if (linalg::isaContractionOpInterface(op))
    return findFactors(op, token, column, expert);

  // A product before the sum. Its loops are the dimensions of what is summed.
  if (op.getNumDpsInputs() != 1 || !isa<arith::AddFOp>(op.getBlock()->front()) ||
      !llvm::hasSingleElement(op.getBlock()->without_terminator()))
    return std::nullopt;
  AffineMap summed = op.getMatchingIndexingMap(op.getDpsInputOperand(0));
  linalg::GenericOp product = findBinary<arith::MulFOp>(op.getDpsInputOperand(0)->get());
  if (!product || !summed.isPermutation())
    return std::nullopt;
  auto dimension = [&](unsigned loop) {
    return *summed.getResultPosition(getAffineDimExpr(loop, op.getContext()));
  };
  std::optional<Mixture> mixture =
      findFactors(product, dimension(token), dimension(column), dimension(expert));
  if (mixture)
    mixture->operations.push_back(product);
  return mixture;
}

// Experts one after another.

/// Column `expert` of gates [tokens, experts].
struct GateColumn {
  Value gates;
  int64_t expert;
};

std::optional<GateColumn> findColumn(Value column) {
  if (auto collapse = column.getDefiningOp<tensor::CollapseShapeOp>())
    column = collapse.getSrc();
  auto slice = column.getDefiningOp<tensor::ExtractSliceOp>();
  if (!slice || slice.getSourceType().getRank() != 2)
    return std::nullopt;
  std::optional<int64_t> expert = getConstantIntValue(slice.getMixedOffsets()[1]);
  bool isColumn = expert && isConstantIntValue(slice.getMixedOffsets()[0], 0) &&
                  isConstantIntValue(slice.getMixedSizes()[1], 1) &&
                  isConstantIntValue(slice.getMixedStrides()[0], 1);
  // All rows: the products that the column takes part in have as many.
  return isColumn ? std::optional<GateColumn>({slice.getSource(), *expert}) : std::nullopt;
}

/// What a product of a column of gates and a tensor [tokens, columns] consists of.
struct Term {
  GateColumn gate;
  ExpertLayer layer;
};

std::optional<Term> findTerm(linalg::GenericOp product) {
  if (!product || product.getNumLoops() != 2)
    return std::nullopt;
  AffineMap rows = AffineMap::getMultiDimIdentityMap(2, product.getContext()).getMajorSubMap(1);
  for (auto [outputs, gates] : {std::pair(0, 1), std::pair(1, 0)}) {
    OpOperand *output = product.getDpsInputOperand(outputs), *gate = product.getDpsInputOperand(gates);
    std::optional<GateColumn> column = findColumn(gate->get());
    if (!column || product.getMatchingIndexingMap(gate) != rows ||
        !product.getMatchingIndexingMap(output).isIdentity() || shapeOf(gate->get()).size() != 1)
      continue;
    if (std::optional<ExpertLayer> layer = findExpertLayer(output->get(), {std::nullopt, 0, 1}))
      return Term{*column, std::move(*layer)};
  }
  return std::nullopt;
}

linalg::GenericOp findSum(Value value) {
  linalg::GenericOp sum = findBinary<arith::AddFOp>(value);
  bool isWhole = sum && sum.getNumLoops() == 2 &&
                 llvm::all_of(sum.getIndexingMapsArray(), [](AffineMap map) { return map.isIdentity(); });
  return isWhole ? sum : linalg::GenericOp();
}

/// Whether nothing but another sum needs `sum`.
bool isPartOfSum(linalg::GenericOp sum) {
  auto user = sum->hasOneUse() ? dyn_cast<linalg::GenericOp>(*sum->user_begin()) : linalg::GenericOp();
  return user && user->getNumResults() == 1 && findSum(user->getResult(0));
}

/// The terms that `sum` adds, sums among them taken apart where nothing else needs them.
void collectTerms(linalg::GenericOp sum, SmallVectorImpl<Value> &terms, Mixture &mixture) {
  for (Value operand : sum.getDpsInputs()) {
    linalg::GenericOp inner = operand.hasOneUse() ? findSum(operand) : linalg::GenericOp();
    if (!inner) {
      terms.push_back(operand);
      continue;
    }
    mixture.operations.push_back(inner);
    collectTerms(inner, terms, mixture);
  }
}

/// The mixture that `sum` adds up, its layers in the order of the experts.
std::optional<Mixture> findUnrolled(linalg::GenericOp sum) {
  Mixture mixture;
  SmallVector<Value> terms;
  collectTerms(sum, terms, mixture);
  SmallVector<std::optional<ExpertLayer>, 0> layers;
  for (Value value : terms) {
    linalg::GenericOp product = findBinary<arith::MulFOp>(value);
    std::optional<Term> term = findTerm(product);
    if (!term || (mixture.gates && term->gate.gates != mixture.gates)) {
      mixture.others.push_back(value);
      continue;
    }
    mixture.gates = term->gate.gates;
    if (ShapedType::isDynamic(shapeOf(mixture.gates)[1]))
      return std::nullopt;
    layers.resize(shapeOf(mixture.gates)[1]);
    if (layers[term->gate.expert])
      return std::nullopt;
    layers[term->gate.expert] = std::move(term->layer);
    mixture.operations.push_back(product);
  }
  for (std::optional<ExpertLayer> &layer : layers) {
    if (!layer)
      return std::nullopt;
    mixture.layers.push_back(std::move(*layer));
  }
  return mixture.layers.size() < 2 ? std::nullopt : std::optional(std::move(mixture));
}

// What both forms must have.

/// Nothing else may need what is not computed any more: what experts make of tokens that are not theirs.
bool isUsedElsewhere(const Mixture &mixture, Operation *last) {
  SmallPtrSet<Operation *, 32> inside(mixture.operations.begin(), mixture.operations.end());
  for (const ExpertLayer &layer : mixture.layers)
    inside.insert(layer.operations.begin(), layer.operations.end());
  SmallPtrSet<Operation *, 32> users = inside;
  users.insert(last);
  return llvm::any_of(inside, [&](Operation *op) {
    return llvm::any_of(op->getUsers(), [&](Operation *user) { return !users.contains(user); });
  });
}

bool isConstant(Value value) {
  DenseElementsAttr elements;
  return !value || matchPattern(value, m_Constant(&elements));
}

/// Whether weights are as winnow.experts takes them, or constants that can be brought into that order.
bool canTake(const LayerProduct &product) {
  bool isBatched = product.order.size() == 3;
  return isConstant(product.weights) ? isBatched || isConstant(product.bias)
                                     : isBatched && llvm::is_sorted(product.order);
}

bool haveSameTypes(const LayerProduct &a, const LayerProduct &b) {
  return a.weights.getType() == b.weights.getType() && a.order == b.order && !a.bias == !b.bias &&
         (!a.bias || a.bias.getType() == b.bias.getType());
}

/// Whether the layers of experts differ in nothing but constant weights and biases.
bool areAlike(const ExpertLayer &first, const ExpertLayer &layer) {
  auto isAlike = [](const LayerProduct &a, const LayerProduct &b) {
    return haveSameTypes(a, b) && isConstant(b.weights) && isConstant(b.bias);
  };
  return first.activation == layer.activation && first.up.x == layer.up.x &&
         first.gate.has_value() == layer.gate.has_value() && isAlike(first.up, layer.up) &&
         isAlike(first.down, layer.down) && (!first.gate || isAlike(*first.gate, *layer.gate));
}

bool canRaise(const Mixture &mixture) {
  const ExpertLayer &first = mixture.layers.front();
  bool isOrdered = canTake(first.up) && canTake(first.down) && (!first.gate || canTake(*first.gate));
  return isOrdered && shapeOf(mixture.gates).size() == 2 &&
         (mixture.isBatched() ||
          llvm::all_of(mixture.layers, [&](const ExpertLayer &layer) { return areAlike(first, layer); }));
}

/// Writes the operation in place of what was found.
class ExpertsWriter {
public:
  ExpertsWriter(RewriterBase &rewriter, Operation *last, const Mixture &mixture)
      : rewriter(rewriter), last(last), location(last->getLoc()), mixture(mixture) {}

  ExpertsOp write(const Routing &routing);

private:
  /// A product of a layer, or null.
  using ProductOf = const LayerProduct *(*)(const ExpertLayer &);

  Value takeWeights(ProductOf product);
  Value takeBias(ProductOf product);
  Value stack(ArrayRef<Value> values, ArrayRef<unsigned> order);
  Value createSum(Value a, Value b);

  RewriterBase &rewriter;
  Operation *last;
  Location location;
  const Mixture &mixture;
};

/// The elements of a constant, its dimensions in `order`, after those of `elements`.
void appendElements(Value value, ArrayRef<unsigned> order, std::vector<float> &elements) {
  DenseElementsAttr constant;
  matchPattern(value, m_Constant(&constant));
  ArrayRef<int64_t> shape = shapeOf(value);
  SmallVector<int64_t> own = computeSuffixProduct(shape);
  SmallVector<int64_t> strides =
      llvm::map_to_vector(order, [&](unsigned dimension) { return own[dimension]; });
  SmallVector<int64_t> permuted =
      llvm::map_to_vector(order, [&](unsigned dimension) { return shape[dimension]; });
  SmallVector<int64_t> basis = computeSuffixProduct(permuted);
  auto from = constant.getValues<float>();
  for (int64_t place = 0; place < constant.getNumElements(); ++place)
    elements.push_back(from[linearize(delinearize(place, basis), strides)]);
}

/// Constants as one, with a first dimension for them where they have none for experts.
Value ExpertsWriter::stack(ArrayRef<Value> values, ArrayRef<unsigned> order) {
  std::vector<float> elements;
  for (Value value : values)
    appendElements(value, order, elements);
  SmallVector<int64_t> shape =
      llvm::map_to_vector(order, [&](unsigned dimension) { return shapeOf(values.front())[dimension]; });
  if (!mixture.isBatched())
    shape.insert(shape.begin(), values.size());
  auto type = RankedTensorType::get(shape, rewriter.getF32Type());
  return arith::ConstantOp::create(rewriter, location, DenseElementsAttr::get(type, ArrayRef(elements)));
}

/// The weights of a product in all layers, [experts, inputs, columns]; null if layers do not have it.
Value ExpertsWriter::takeWeights(ProductOf product) {
  const LayerProduct *first = product(mixture.layers.front());
  if (!first)
    return {};
  if (mixture.isBatched() && llvm::is_sorted(first->order))
    return first->weights;
  SmallVector<Value> weights =
      llvm::map_to_vector(mixture.layers, [&](const ExpertLayer &layer) { return product(layer)->weights; });
  return stack(weights, first->order);
}

/// The biases of a product in all layers, [experts, columns]; null if there are none.
Value ExpertsWriter::takeBias(ProductOf product) {
  const LayerProduct *first = product(mixture.layers.front());
  if (!first || !first->bias)
    return {};
  if (mixture.isBatched())
    return first->bias;
  SmallVector<Value> biases =
      llvm::map_to_vector(mixture.layers, [&](const ExpertLayer &layer) { return product(layer)->bias; });
  return stack(biases, {0});
}

ExpertsOp ExpertsWriter::write(const Routing &routing) {
  rewriter.setInsertionPoint(last);
  ProductOf up = [](const ExpertLayer &layer) { return &layer.up; };
  ProductOf down = [](const ExpertLayer &layer) { return &layer.down; };
  ProductOf gate = [](const ExpertLayer &layer) { return layer.gate ? &*layer.gate : nullptr; };
  const ExpertLayer &first = mixture.layers.front();
  auto experts =
      ExpertsOp::create(rewriter, location, last->getResult(0).getType(), first.up.x, takeWeights(up),
                        takeWeights(down), mixture.gates, createSelection(rewriter, location, routing),
                        takeWeights(gate), takeBias(up), takeBias(gate), takeBias(down), first.activation);
  Value result = experts;
  for (Value other : mixture.others)
    result = createSum(result, other);
  rewriter.replaceOp(last, result);
  return experts;
}

/// a + b, as the sum of the unrolled form was.
Value ExpertsWriter::createSum(Value a, Value b) {
  auto sum = cast<linalg::GenericOp>(last);
  Value empty = sum.getDpsInits()[0];
  auto add = [](OpBuilder &body, Location at, ValueRange arguments) {
    Value added = arith::AddFOp::create(body, at, arguments[0], arguments[1]);
    linalg::YieldOp::create(body, at, added);
  };
  return linalg::GenericOp::create(rewriter, location, TypeRange{sum->getResult(0).getType()},
                                   ValueRange{a, b}, ValueRange{empty}, sum.getIndexingMapsArray(),
                                   sum.getIteratorTypesArray(), add)
      .getResult(0);
}

/// How many experts a token has at most; nothing if that is not known.
std::optional<int64_t> countRouted(const Routing &routing) {
  if (!routing.selection)
    return routing.k;
  int64_t capacity = cast<SelectionType>(routing.selection.getType()).getCapacity();
  return ShapedType::isDynamic(capacity) ? std::nullopt : std::optional(capacity);
}

void remarkOnDense(Operation *op, StringRef reason) {
  remark::missed(op->getLoc(), remark::RemarkOpts::name("RaiseExperts").category("raise"))
      << remark::add("experts stay dense: {0}", reason.str());
}

/// The routing of a mixture, if it leaves enough out.
std::optional<Routing> findSparseRouting(const Mixture &mixture, Operation *last) {
  int64_t experts = shapeOf(mixture.gates)[1];
  std::optional<Routing> routing = findRouting(mixture.gates);
  if (!routing) {
    remarkOnDense(last, "it is not known that gates are zero");
    return std::nullopt;
  }
  std::optional<int64_t> routed = countRouted(*routing);
  if (!routed || ShapedType::isDynamic(experts) || 2 * *routed > experts) {
    remarkOnDense(last, "tokens may have more than half of them");
    return std::nullopt;
  }
  return routing;
}

struct RaiseExperts : winnow::impl::RaiseExpertsBase<RaiseExperts> {
  void runOnOperation() override {
    SmallVector<linalg::LinalgOp> candidates;
    getOperation().walk([&](linalg::LinalgOp op) { candidates.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (linalg::LinalgOp op : candidates)
      if (std::optional<Mixture> mixture = findMixture(op))
        raise(rewriter, op, *mixture);
  }

  std::optional<Mixture> findMixture(linalg::LinalgOp op) {
    if (std::optional<Mixture> batched = findBatched(op))
      return batched;
    if (op->getNumResults() != 1)
      return std::nullopt;
    linalg::GenericOp sum = findSum(op->getResult(0));
    // A part of a larger sum is looked at with that.
    if (!sum || isPartOfSum(sum))
      return std::nullopt;
    return findUnrolled(sum);
  }

  void raise(IRRewriter &rewriter, linalg::LinalgOp op, const Mixture &mixture) {
    if (!canRaise(mixture) || isUsedElsewhere(mixture, op))
      return;
    std::optional<Routing> routing = findSparseRouting(mixture, op);
    if (!routing)
      return;
    ExpertsOp experts = ExpertsWriter(rewriter, op, mixture).write(*routing);
    remark::analysis(experts.getLoc(), remark::RemarkOpts::name("RaiseExperts").category("raise"))
        << remark::add("recognized {0} experts, of which a token has {1}", shapeOf(mixture.gates)[1],
                       *countRouted(*routing));
  }
};

} // namespace
