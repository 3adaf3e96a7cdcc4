// Says which activation functions and feed-forward layers there are.
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Remarks.h"
#include "passes/Raise/ActivationForm.h"
#include "passes/Raise/ElementExpression.h"
#include "passes/Raise/Passes.h"

namespace winnow {
#define GEN_PASS_DEF_RECOGNIZEFEEDFORWARD
#include "passes/Raise/Passes.h.inc"
} // namespace winnow

using namespace mlir;
using namespace winnow;

namespace {

struct FeedForwardForm {
  int64_t neurons;
  ActivationKind activation;
  bool isGated;
};

/// `tensor` as it was before dimensions of rows were taken apart or put together.
Value skipReshape(Value tensor) {
  if (auto collapse = tensor.getDefiningOp<tensor::CollapseShapeOp>())
    return collapse.getSrc();
  if (auto expand = tensor.getDefiningOp<tensor::ExpandShapeOp>())
    return expand.getSrc();
  return tensor;
}

linalg::MatmulOp findProduct(Value scalar, bool mayAddBias);

/// The product of which `scalar` is an element; a reshape may lie between, and a bias before or behind it.
linalg::MatmulOp findFlatProduct(Value scalar, bool mayAddBias) {
  Value tensor = findTensor(resolveElement(scalar));
  if (!tensor)
    return nullptr;
  Value flat = skipReshape(tensor);
  auto generic = flat.getDefiningOp<linalg::GenericOp>();
  if (generic && flat != tensor && mayAddBias && isElementwise(generic))
    return findProduct(generic.getBlock()->getTerminator()->getOperand(0), mayAddBias);
  return flat.getDefiningOp<linalg::MatmulOp>();
}

/// The product of which `scalar` is an element, perhaps after a bias was added, once.
linalg::MatmulOp findProduct(Value scalar, bool mayAddBias) {
  auto sum = findScalar<arith::AddFOp>(scalar);
  if (!sum || !mayAddBias)
    return sum ? nullptr : findFlatProduct(scalar, mayAddBias);
  linalg::MatmulOp product = findFlatProduct(sum.getLhs(), /*mayAddBias=*/false);
  return product ? product : findFlatProduct(sum.getRhs(), /*mayAddBias=*/false);
}

int64_t columnsOf(linalg::MatmulOp product) {
  return cast<RankedTensorType>(product->getResult(0).getType()).getDimSize(1);
}

/// An activation of a product, and its neurons.
std::optional<FeedForwardForm> findHidden(Value scalar) {
  std::optional<ActivationForm> activation = findActivation(scalar);
  linalg::MatmulOp product = activation ? findProduct(activation->input, /*mayAddBias=*/true) : nullptr;
  if (!product)
    return std::nullopt;
  return FeedForwardForm{columnsOf(product), activation->kind, false};
}

/// The feed-forward layer that ends with `down`.
std::optional<FeedForwardForm> findFeedForward(linalg::MatmulOp down) {
  auto hidden = skipReshape(down.getInputs()[0]).getDefiningOp<linalg::GenericOp>();
  if (!hidden || !isElementwise(hidden))
    return std::nullopt;
  Value scalar = hidden.getBlock()->getTerminator()->getOperand(0);
  if (std::optional<FeedForwardForm> form = findHidden(scalar))
    return form;
  auto gated = findScalar<arith::MulFOp>(scalar);
  if (!gated)
    return std::nullopt;
  for (unsigned i : {0, 1})
    if (std::optional<FeedForwardForm> form = findHidden(gated->getOperand(i)))
      if (linalg::MatmulOp up = findProduct(gated->getOperand(1 - i), /*mayAddBias=*/true);
          up && columnsOf(up) == form->neurons) {
        form->isGated = true;
        return form;
      }
  return std::nullopt;
}

void remarkOn(linalg::GenericOp op, const ActivationForm &form) {
  remark::analysis(op.getLoc(), remark::RemarkOpts::name("RecognizeActivation").category("raise"))
      << remark::add("recognized {0}", nameOf(form.kind));
}

void remarkOn(linalg::MatmulOp down, const FeedForwardForm &form) {
  std::string neurons =
      ShapedType::isDynamic(form.neurons) ? "" : " of " + std::to_string(form.neurons) + " neurons";
  remark::analysis(down.getLoc(), remark::RemarkOpts::name("RecognizeFeedForward").category("raise"))
      << remark::add("recognized a {0}feed-forward layer{1} with {2}", form.isGated ? "gated " : "", neurons,
                     nameOf(form.activation));
}

/// A remark on the activation that `op` ends with. ReLU is an operation that everybody knows.
void recognizeActivation(linalg::GenericOp op) {
  if (!isElementwise(op))
    return;
  Value result = op.getBlock()->getTerminator()->getOperand(0);
  // What another operation computes is that one's.
  if (!result.getDefiningOp())
    return;
  std::optional<ActivationForm> form = findActivation(result);
  if (form && form->kind != ActivationKind::Relu)
    remarkOn(op, *form);
}

struct RecognizeFeedForward : winnow::impl::RecognizeFeedForwardBase<RecognizeFeedForward> {
  void runOnOperation() override {
    getOperation().walk([](Operation *op) {
      if (auto generic = dyn_cast<linalg::GenericOp>(op))
        recognizeActivation(generic);
      else if (auto down = dyn_cast<linalg::MatmulOp>(op))
        if (std::optional<FeedForwardForm> form = findFeedForward(down))
          remarkOn(down, *form);
    });
    markAllAnalysesPreserved();
  }
};

} // namespace
