// Recognizes products of channels with their gates.
#include "dialects/Winnow/WinnowOps.h"
#include "lib/Analysis/Gates.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"
#include "passes/Raise/Passes.h"

using namespace mlir;

namespace winnow {
#define GEN_PASS_DEF_RAISECHANNELGATES
#include "passes/Raise/Passes.h.inc"
} // namespace winnow

using namespace winnow;

namespace {

int64_t rankOf(OpOperand *operand) { return cast<RankedTensorType>(operand->get().getType()).getRank(); }

/// Whether the operand is a tensor of the result's shape.
bool isWhole(linalg::GenericOp op, OpOperand *operand) {
  return op.getMatchingIndexingMap(operand).isIdentity();
}

/// Whether the operand is a tensor of the result's rows and channels.
bool isPerChannel(linalg::GenericOp op, OpOperand *operand) {
  AffineMap map = op.getMatchingIndexingMap(operand);
  return map == AffineMap::getMultiDimIdentityMap(op.getNumLoops(), op.getContext()).getMajorSubMap(2);
}

struct Product {
  Value x, gate;
};

/// The factors of a product of two operands.
std::optional<Product> findProduct(linalg::GenericOp op) {
  Block &body = *op.getBlock();
  auto product = body.getTerminator()->getOperand(0).getDefiningOp<arith::MulFOp>();
  if (!product || !llvm::hasSingleElement(body.without_terminator()) || op.getNumDpsInputs() != 2)
    return std::nullopt;
  OpOperand *x = op.getDpsInputOperand(0), *gate = op.getDpsInputOperand(1);
  auto isFactor = [&](OpOperand *operand) {
    return llvm::is_contained(product->getOperands(), op.getMatchingBlockArgument(operand));
  };
  if (!isFactor(x) || !isFactor(gate))
    return std::nullopt;
  if (rankOf(x) < rankOf(gate) || (rankOf(x) == 2 && !findGateMask(gate->get())))
    std::swap(x, gate);
  if (!isWhole(op, x) || !isPerChannel(op, gate))
    return std::nullopt;
  // Two matrices: nothing but a mask tells the gate from what is gated.
  if (rankOf(x) == 2 && !findGateMask(gate->get()))
    return std::nullopt;
  return Product{x->get(), gate->get()};
}

/// A choice of an operand or zero by a mask: a product with the mask as 0 and 1.
std::optional<Product> findChoice(linalg::GenericOp op, OpBuilder &builder) {
  Block &body = *op.getBlock();
  auto choice = body.getTerminator()->getOperand(0).getDefiningOp<arith::SelectOp>();
  if (!choice || op.getNumDpsInputs() != 2)
    return std::nullopt;
  OpOperand *x = op.getDpsInputOperand(0), *mask = op.getDpsInputOperand(1);
  if (!getElementTypeOrSelf(mask->get().getType()).isInteger(1))
    std::swap(x, mask);
  if (choice.getCondition() != op.getMatchingBlockArgument(mask) ||
      choice.getTrueValue() != op.getMatchingBlockArgument(x) ||
      !matchPattern(choice.getFalseValue(), m_AnyZeroFloat()) || !isWhole(op, x) || !isPerChannel(op, mask))
    return std::nullopt;
  Location location = op.getLoc();
  Type element = getElementTypeOrSelf(x->get().getType());
  SmallVector<OpFoldResult> extents = tensor::getMixedSizes(builder, location, mask->get());
  Value empty = tensor::EmptyOp::create(builder, location, extents, element);
  AffineMap identity = builder.getMultiDimIdentityMap(2);
  SmallVector<utils::IteratorType> parallel(2, utils::IteratorType::parallel);
  auto convert = [&](OpBuilder &inner, Location at, ValueRange arguments) {
    Value number = arith::UIToFPOp::create(inner, at, element, arguments[0]);
    linalg::YieldOp::create(inner, at, number);
  };
  Value gate = linalg::GenericOp::create(builder, location, empty.getType(), mask->get(), empty,
                                         ArrayRef<AffineMap>{identity, identity}, parallel, convert)
                   .getResult(0);
  return Product{x->get(), gate};
}

void remarkOn(ChannelGateOp gate) {
  auto channels = cast<RankedTensorType>(gate.getGate().getType()).getDimSize(1);
  std::string count = ShapedType::isDynamic(channels) ? "" : " of " + std::to_string(channels) + " channels";
  StringRef kind = findGateMask(gate.getGate())   ? "a hard gate"
                   : findSqueezed(gate.getGate()) ? "a squeeze-excite gate"
                                                  : "a soft gate";
  remark::analysis(gate.getLoc(), remark::RemarkOpts::name("RaiseChannelGates").category("raise"))
      << remark::add("recognized {0}{1}", kind.str(), count);
}

struct RaiseChannelGates : winnow::impl::RaiseChannelGatesBase<RaiseChannelGates> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<linalg::GenericOp> candidates;
    getOperation().walk([&](linalg::GenericOp op) { candidates.push_back(op); });
    for (linalg::GenericOp op : candidates) {
      if (op.getNumReductionLoops() != 0 || op->getNumResults() != 1 || op.getNumLoops() < 2 ||
          !op.hasPureTensorSemantics() || !isWhole(op, op.getDpsInitOperand(0)))
        continue;
      rewriter.setInsertionPoint(op);
      std::optional<Product> product = findProduct(op);
      if (!product)
        product = findChoice(op, rewriter);
      if (!product || product->x.getType() != op->getResult(0).getType())
        continue;
      remarkOn(
          rewriter.replaceOpWithNewOp<ChannelGateOp>(op, product->x.getType(), product->x, product->gate));
    }
  }
};

} // namespace
