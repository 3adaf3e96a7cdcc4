// Contractions of operands that are rounded to a 16-bit float type and summed in f32.
#include "passes/Precision/HalfContraction.h"

#include "dialects/Winnow/WinnowOps.h"
#include "lib/Analysis/WeightQuantization.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace winnow;

namespace {

Value roundElements(OpBuilder &builder, Location location, Value x, FloatType type) {
  auto from = cast<RankedTensorType>(x.getType());
  Value empty = tensor::EmptyOp::create(builder, location, tensor::getMixedSizes(builder, location, x), type);
  AffineMap identity = builder.getMultiDimIdentityMap(from.getRank());
  SmallVector<utils::IteratorType> parallel(from.getRank(), utils::IteratorType::parallel);
  return linalg::GenericOp::create(builder, location, from.clone(type), x, empty,
                                   ArrayRef<AffineMap>{identity, identity}, parallel,
                                   [&](OpBuilder &body, Location at, ValueRange arguments) {
                                     Value rounded = arith::TruncFOp::create(body, at, type, arguments[0]);
                                     linalg::YieldOp::create(body, at, rounded);
                                   })
      .getResult(0);
}

/// The activations in 16 bits. What is padded by a constant is rounded before, since it is smaller.
Value roundActivations(OpBuilder &builder, Location location, Value x, FloatType type) {
  auto pad = x.getDefiningOp<tensor::PadOp>();
  Value filler = pad ? pad.getConstantPaddingValue() : Value();
  if (!filler || pad.getNofold())
    return roundElements(builder, location, x, type);
  Value source = roundElements(builder, location, pad.getSource(), type);
  Value rounded = builder.createOrFold<arith::TruncFOp>(location, type, filler);
  return tensor::PadOp::create(builder, location, pad.getResultType().clone(type), source,
                               pad.getMixedLowPad(), pad.getMixedHighPad(), rounded);
}

Value roundWeights(OpBuilder &builder, Location location, Value weights, FloatType type) {
  ElementsAttr constant;
  matchPattern(weights, m_Constant(&constant));
  HalfWeights half = roundToHalf(*readFloats(constant), type);
  ShapedType shape = constant.getShapedType();
  return arith::ConstantOp::create(
      builder, location,
      DenseElementsAttr::getFromRawBuffer(
          shape.clone(type),
          ArrayRef(reinterpret_cast<const char *>(half.bits.data()), half.bits.size() * sizeof(uint16_t))));
}

} // namespace

void winnow::realizeHalf(IRRewriter &rewriter, Operation *op, const Contraction &contraction,
                         FloatType type) {
  rewriter.setInsertionPoint(op);
  Location location = op->getLoc();
  Value x = roundActivations(rewriter, location, contraction.x, type);
  Value weights = roundWeights(rewriter, location, contraction.weights, type);
  Type result = op->getResult(0).getType();
  Operation *realized =
      llvm::TypeSwitch<Operation *, Operation *>(op)
          .Case([&](MatmulOp) {
            return MatmulOp::create(rewriter, location, result, x, weights, contraction.inputs,
                                    contraction.outputs);
          })
          .Case([&](Conv2DOp conv) {
            return Conv2DOp::create(rewriter, location, result, x, weights, contraction.inputs,
                                    contraction.outputs, conv.getStrides(), conv.getDilations(),
                                    conv.getPadding());
          })
          .Case([&](linalg::MatmulOp matmul) {
            return linalg::MatmulOp::create(rewriter, location, TypeRange{result}, ValueRange{x, weights},
                                            matmul.getOutputs());
          })
          .Case([&](linalg::Conv2DNchwFchwOp conv) {
            return linalg::Conv2DNchwFchwOp::create(rewriter, location, TypeRange{result},
                                                    ValueRange{x, weights}, conv.getOutputs(),
                                                    conv.getStrides(), conv.getDilations());
          });
  realized->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  rewriter.replaceOp(op, realized->getResults());
}
