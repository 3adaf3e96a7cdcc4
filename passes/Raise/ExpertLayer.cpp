// Finds the layers of experts. Which activation is between the products is found by evaluating what is there:
// few operations of arithmetic that agree with an activation at all magnitudes are that activation.
#include "passes/Raise/ExpertLayer.h"

#include "lib/Analysis/ScalarEvaluation.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace winnow;

namespace {

int64_t rankOf(Value tensor) { return cast<RankedTensorType>(tensor.getType()).getRank(); }

/// The operation that computes `value` element by element, from tensors and what repeats in them.
linalg::GenericOp findElementwise(Value value) {
  auto op = value.getDefiningOp<linalg::GenericOp>();
  if (!op || op->getNumResults() != 1 || op.getNumReductionLoops() != 0 || !op.hasPureTensorSemantics() ||
      !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity() ||
      !op.getMatchingBlockArgument(op.getDpsInitOperand(0)).use_empty() ||
      !op.getBlock()->getOps<linalg::IndexOp>().empty())
    return {};
  return op;
}

/// The dimension of an operand that a loop runs along, by its map.
std::optional<unsigned> dimensionOf(AffineMap map, unsigned loop) {
  return map.getResultPosition(getAffineDimExpr(loop, map.getContext()));
}

unsigned loopOf(AffineMap map, unsigned dimension) { return map.getDimPosition(dimension); }

/// The loops of a product.
struct ProductLoops {
  std::optional<unsigned> expert;
  unsigned token, column, input;
};

/// Whether the operand with this map is the weights: read by input and column, and expert if there is one.
bool isWeights(AffineMap map, const ProductLoops &loops) {
  return map.isProjectedPermutation() && map.getNumResults() == (loops.expert ? 3u : 2u) &&
         dimensionOf(map, loops.input) && dimensionOf(map, loops.column) && !dimensionOf(map, loops.token);
}

/// Whether the operand with this map is what the weights are multiplied by.
bool isActivations(AffineMap map, const ProductLoops &loops) {
  return map.isProjectedPermutation() && dimensionOf(map, loops.input) && dimensionOf(map, loops.token) &&
         !dimensionOf(map, loops.column);
}

/// A contraction of f32 that starts at zero, with one summed loop.
linalg::LinalgOp findContraction(Value value) {
  auto op = value.getDefiningOp<linalg::LinalgOp>();
  if (!op || !linalg::isaContractionOpInterface(op) || op.getNumReductionLoops() != 1 ||
      !op.hasPureTensorSemantics())
    return {};
  for (Value operand : op->getOperands())
    if (!getElementTypeOrSelf(operand.getType()).isF32())
      return {};
  auto fill = op.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
  return fill && matchPattern(fill.getInputs()[0], m_AnyZeroFloat()) ? op : linalg::LinalgOp();
}

/// A tensor and the bias that is added to it.
struct Biased {
  Value values, bias;
};

/// The addition that `op` is, of a bias for each column, and expert if there are some.
std::optional<Biased> findBias(linalg::GenericOp op, const LayerAxes &axes) {
  if (!op || op.getNumDpsInputs() != 2 || !llvm::hasSingleElement(op.getBlock()->without_terminator()) ||
      !isa<arith::AddFOp>(op.getBlock()->front()))
    return std::nullopt;
  auto sum = cast<arith::AddFOp>(op.getBlock()->front());
  SmallVector<unsigned> expected{axes.column};
  if (axes.expert)
    expected.insert(expected.begin(), *axes.expert);
  for (auto [values, bias] : {std::pair(0, 1), std::pair(1, 0)}) {
    OpOperand *whole = op.getDpsInputOperand(values), *added = op.getDpsInputOperand(bias);
    AffineMap map = AffineMap::getMultiDimMapWithTargets(op.getNumLoops(), expected, op.getContext());
    if (op.getMatchingIndexingMap(whole).isIdentity() && op.getMatchingIndexingMap(added) == map &&
        llvm::is_contained(sum->getOperands(), op.getMatchingBlockArgument(whole)) &&
        llvm::is_contained(sum->getOperands(), op.getMatchingBlockArgument(added)))
      return Biased{whole->get(), added->get()};
  }
  return std::nullopt;
}

/// The product that `value`, of these dimensions, is; `operations` gets what computes it.
std::optional<LayerProduct> findProduct(Value value, const LayerAxes &axes,
                                        SmallVectorImpl<Operation *> &operations) {
  SmallVector<Operation *> found;
  LayerProduct product;
  if (std::optional<Biased> biased = findBias(findElementwise(value), axes)) {
    found.push_back(value.getDefiningOp());
    product.bias = biased->bias;
    value = biased->values;
  }
  linalg::LinalgOp op = findContraction(value);
  if (!op || rankOf(value) != (axes.expert ? 3 : 2))
    return std::nullopt;
  AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  SmallVector<unsigned> reductions;
  op.getReductionDims(reductions);
  ProductLoops loops{std::nullopt, loopOf(result, axes.token), loopOf(result, axes.column), reductions[0]};
  if (axes.expert)
    loops.expert = loopOf(result, *axes.expert);
  for (auto [x, weights] : {std::pair(0, 1), std::pair(1, 0)}) {
    AffineMap xMap = op.getMatchingIndexingMap(op.getDpsInputOperand(x));
    AffineMap weightsMap = op.getMatchingIndexingMap(op.getDpsInputOperand(weights));
    if (!isActivations(xMap, loops) || !isWeights(weightsMap, loops))
      continue;
    product.x = op.getDpsInputOperand(x)->get();
    product.axes = LayerAxes{std::nullopt, *dimensionOf(xMap, loops.token), *dimensionOf(xMap, loops.input)};
    if (loops.expert) {
      product.axes->expert = dimensionOf(xMap, *loops.expert);
      product.order.push_back(*dimensionOf(weightsMap, *loops.expert));
    }
    product.weights = op.getDpsInputOperand(weights)->get();
    product.order.append({*dimensionOf(weightsMap, loops.input), *dimensionOf(weightsMap, loops.column)});
    operations.append(found);
    operations.push_back(op);
    return product;
  }
  return std::nullopt;
}

/// The element-wise arithmetic between products, as a function of their elements.
class Between {
public:
  explicit Between(const LayerAxes &axes) : axes(axes) {}

  /// Looks at what computes `value`; fails where that is neither arithmetic nor a product.
  LogicalResult find(Value value) {
    constexpr unsigned kMostSteps = 16;
    if (is_contained(values, value) || is_contained(steps, value.getDefiningOp()))
      return success();
    if (std::optional<LayerProduct> product = findProduct(value, axes, operations)) {
      values.push_back(value);
      products.push_back(std::move(*product));
      return success();
    }
    linalg::GenericOp op = findElementwise(value);
    if (!op || steps.size() == kMostSteps)
      return failure();
    for (OpOperand *input : op.getDpsInputOperands())
      if (!op.getMatchingIndexingMap(input).isIdentity() || failed(find(input->get())))
        return failure();
    steps.insert(op);
    operations.push_back(op);
    return success();
  }

  /// The element of `value` where those of the products are `elements`; nothing if it cannot be told.
  std::optional<double> evaluate(Value value, ArrayRef<float> elements) const {
    DenseMap<Value, Attribute> known;
    Builder builder(value.getContext());
    for (auto [product, element] : llvm::zip_equal(values, elements))
      known[product] = builder.getF32FloatAttr(element);
    for (Operation *step : steps) {
      auto op = cast<linalg::GenericOp>(step);
      SmallVector<Attribute> arguments;
      for (Value input : op.getDpsInputs())
        arguments.push_back(known.lookup(input));
      arguments.emplace_back();
      known[op.getResult(0)] = evaluateBody(op, arguments).front();
    }
    auto number = dyn_cast_if_present<FloatAttr>(known.lookup(value));
    return number ? std::optional(number.getValueAsDouble()) : std::nullopt;
  }

  LayerAxes axes;
  SmallVector<Value> values; // the products
  SmallVector<LayerProduct> products;
  llvm::SetVector<Operation *> steps; // what is used before what uses it
  SmallVector<Operation *> operations;
};

double activate(Activation activation, double x) {
  switch (activation) {
  case Activation::Relu:
    return std::max(x, 0.0);
  case Activation::Gelu:
    return x / 2 * (1 + std::erf(x / std::sqrt(2.0)));
  case Activation::GeluTanh:
    return x / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
  case Activation::Silu:
    return x / (1 + std::exp(-x));
  }
  llvm_unreachable("there are no other activations");
}

constexpr float kSamples[] = {0.0f, 1e-3f, 0.1f, 0.5f,  1.0f,  1.7f, 2.5f,
                              3.5f, 5.0f,  7.5f, 12.0f, 40.0f, 1e3f, 1e6f};

/// Whether `between` computes in `hidden` the activation of product `gate`, times product `up` if there are
/// two.
bool computes(const Between &between, Value hidden, Activation activation, unsigned gate) {
  auto agrees = [&](float x, float up) {
    SmallVector<float> elements(between.values.size(), up);
    elements[gate] = x;
    double factor = between.values.size() == 2 ? up : 1.0, expected = activate(activation, x) * factor;
    std::optional<double> found = between.evaluate(hidden, elements);
    return found && std::abs(*found - expected) <= 1e-6 * std::abs(factor) * std::max(1.0f, std::abs(x));
  };
  return llvm::all_of(kSamples, [&](float x) {
    return llvm::all_of(ArrayRef<float>{1.0f, -3.0f, 0.0f, 1e3f},
                        [&](float up) { return agrees(x, up) && agrees(-x, up); });
  });
}

/// Puts products and activation into `layer`, if that is what computes `hidden`.
LogicalResult findHidden(Value hidden, const LayerAxes &axes, ExpertLayer &layer) {
  Between between(axes);
  if (failed(between.find(hidden)) || between.values.empty() || between.values.size() > 2)
    return failure();
  for (Activation activation : {Activation::Relu, Activation::Gelu, Activation::GeluTanh, Activation::Silu})
    for (unsigned gate = 0; gate < between.values.size(); ++gate) {
      if (!computes(between, hidden, activation, gate))
        continue;
      layer.activation = activation;
      layer.up = between.products[between.values.size() - 1 - gate];
      if (between.values.size() == 2)
        layer.gate = between.products[gate];
      layer.operations.append(between.operations);
      return success();
    }
  return failure();
}

/// What a broadcast along a new dimension of experts repeats.
Value skipBroadcast(Value x, LayerAxes &axes) {
  linalg::GenericOp op = axes.expert ? findElementwise(x) : linalg::GenericOp();
  if (!op || op.getNumDpsInputs() != 1 ||
      op.getBlock()->getTerminator()->getOperand(0) != op.getBlock()->getArgument(0))
    return x;
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInputOperand(0));
  if (!map.isProjectedPermutation() || map.getNumResults() != 2 || dimensionOf(map, *axes.expert))
    return x;
  axes = {std::nullopt, *dimensionOf(map, axes.token), *dimensionOf(map, axes.column)};
  return op.getDpsInputs()[0];
}

/// Whether all experts see the same tokens [tokens, inputs].
bool hasSharedTokens(LayerProduct &product) {
  product.x = skipBroadcast(product.x, *product.axes);
  return !product.axes->expert && product.axes->token == 0 && product.axes->column == 1 &&
         rankOf(product.x) == 2;
}

} // namespace

std::optional<ExpertLayer> winnow::findExpertLayer(Value value, const LayerAxes &axes) {
  ExpertLayer layer;
  std::optional<LayerProduct> down = findProduct(value, axes, layer.operations);
  if (!down || axes.expert.has_value() != down->axes->expert.has_value() ||
      failed(findHidden(down->x, *down->axes, layer)))
    return std::nullopt;
  layer.down = std::move(*down);
  if (!hasSharedTokens(layer.up) ||
      (layer.gate && (!hasSharedTokens(*layer.gate) || layer.gate->x != layer.up.x)))
    return std::nullopt;
  return layer;
}
