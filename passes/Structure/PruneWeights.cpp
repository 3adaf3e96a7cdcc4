// Prunes constant weights of matrix products by magnitude and packs what is left.
#include "dialects/Winnow/WinnowOps.h"
#include "lib/Analysis/WeightError.h"
#include "lib/Analysis/WeightPruning.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Remarks.h"
#include "passes/Structure/Passes.h"
#include "passes/Structure/PruningReport.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace winnow {
#define GEN_PASS_DEF_PRUNEWEIGHTS
#include "passes/Structure/Passes.h.inc"
} // namespace winnow

using namespace winnow;

namespace {

/// What becomes of the weights of one product.
struct Decision {
  PruningEntry entry;
  std::optional<PrunedWeights> pruned; // nothing if they stay dense
};

std::string printed(Attribute structure) {
  std::string text;
  llvm::raw_string_ostream(text) << structure;
  return text;
}

/// The operation that reads the weights otherwise than as the weights of a product, or null.
Operation *findForeignUser(Value weights) {
  for (OpOperand &use : weights.getUses())
    if (!isa<linalg::MatmulOp>(use.getOwner()) || use.getOperandNumber() != 1)
      return use.getOwner();
  return nullptr;
}

bool isZero(Value value) {
  while (auto fill = value.getDefiningOp<linalg::FillOp>())
    value = fill.getInputs()[0];
  return matchPattern(value, m_AnyZeroFloat()) || matchPattern(value, m_Zero());
}

/// sum + init, element by element.
Value buildSum(OpBuilder &builder, Location location, Value sum, Value init) {
  auto type = cast<RankedTensorType>(init.getType());
  Value empty = tensor::EmptyOp::create(builder, location, tensor::getMixedSizes(builder, location, init),
                                        type.getElementType());
  return linalg::AddOp::create(builder, location, ValueRange{sum, init}, ValueRange{empty}).getResult(0);
}

struct PruneWeights : winnow::impl::PruneWeightsBase<PruneWeights> {
  using PruneWeightsBase::PruneWeightsBase;

  void runOnOperation() override {
    if (prune == "none")
      return;
    if (failed(checkPruning(getOperation(), prune)))
      return signalPassFailure();
    std::optional<PruningTarget> target = parsePruningTarget(&getContext(), prune);
    if (!(maxError >= 0)) {
      getOperation().emitError("max-error is ") << maxError << ", but must be at least 0";
      return signalPassFailure();
    }
    SmallVector<Operation *> products;
    getOperation().walk([&](Operation *op) {
      if (isa<linalg::MatmulOp, MatmulOp>(op))
        products.push_back(op);
    });
    SmallVector<PruningEntry> report;
    for (Operation *product : products) {
      Decision decision = decide(product, *target);
      leaveRemark(product, decision);
      report.push_back(decision.entry);
      if (decision.pruned)
        rewrite(cast<linalg::MatmulOp>(product), *decision.pruned);
    }
    recordPruningReport(getOperation(), report);
  }

  Decision decide(Operation *op, const PruningTarget &target) {
    Decision decision;
    decision.entry.name = layerName(op);
    decision.entry.reason = findObstacle(op);
    if (!decision.entry.reason.empty())
      return decision;
    ElementsAttr weights;
    matchPattern(op->getOperand(1), m_Constant(&weights));
    ShapedType type = weights.getShapedType();
    decision.entry.bytes = type.getNumElements() * (type.getElementTypeBitWidth() / 8);
    std::optional<PrunedWeights> pruned = pruneWeights(weights, target, decision.entry.reason);
    if (!pruned)
      return decision;
    decision.entry.error = pruned->error;
    decision.entry.packedBytes = pruned->type.getBytes();
    if (pruned->error > maxError)
      decision.entry.reason = llvm::formatv("its error {0:e2} is above the largest allowed, {1:e2}",
                                            pruned->error, maxError.getValue());
    else if (decision.entry.packedBytes >= decision.entry.bytes)
      decision.entry.reason = llvm::formatv("its weights take {0} bytes dense and {1} packed",
                                            decision.entry.bytes, decision.entry.packedBytes);
    else
      accept(decision, std::move(*pruned));
    return decision;
  }

  void accept(Decision &decision, PrunedWeights pruned) {
    decision.entry.structure = printed(pruned.type.getStructure());
    decision.entry.reason =
        pruned.error == 0 ? "its weights have the structure already" : "entries of the least magnitude go";
    decision.pruned = std::move(pruned);
  }

  /// Why the weights cannot be pruned, whatever they are; empty if they can.
  std::string findObstacle(Operation *op) {
    if (isa<MatmulOp>(op))
      return "it has a selection, which a product with packed weights does not take";
    auto product = cast<linalg::MatmulOp>(op);
    if (!product.hasPureTensorSemantics() || product.hasUserDefinedMaps())
      return "it is not a plain product of tensors";
    Value x = product.getInputs()[0], weights = product.getInputs()[1];
    if (!matchPattern(weights, m_Constant()))
      return "its weights are not constant";
    Type element = getElementTypeOrSelf(x.getType());
    Type sum = getElementTypeOrSelf(product.getResultTypes()[0]);
    bool isKnownSum = element.isInteger() ? sum.isInteger(32) : sum == element || sum.isF32();
    if (element != getElementTypeOrSelf(weights.getType()) || !isKnownSum)
      return "its operands and its result have different element types";
    if (Operation *user = findForeignUser(weights))
      return llvm::formatv("'{0}' reads its weights as they are", user->getName());
    return {};
  }

  void rewrite(linalg::MatmulOp product, const PrunedWeights &pruned) {
    IRRewriter rewriter(product);
    Location location = product.getLoc();
    Value weights = arith::ConstantOp::create(rewriter, location, pruned.weights);
    Value packed = CompressOp::create(rewriter, location, pruned.type, weights);
    Value result = PackedMatmulOp::create(rewriter, location, product.getResultTypes()[0],
                                          product.getInputs()[0], packed);
    Value init = product.getOutputs()[0];
    if (!isZero(init))
      result = buildSum(rewriter, location, result, init);
    rewriter.replaceOp(product, result);
  }

  void leaveRemark(Operation *op, const Decision &decision) {
    remark::RemarkOpts opts = remark::RemarkOpts::name("PruneWeights").category("structure");
    const PruningEntry &entry = decision.entry;
    if (!decision.pruned) {
      remark::missed(op->getLoc(), opts)
          << remark::add("{0} stays dense: {1}", entry.name, entry.reason)
          << remark::metric("Error", llvm::formatv("{0:e2}", entry.error).str());
      return;
    }
    remark::passed(op->getLoc(), opts)
        << remark::add("{0} is packed as {1}: {2}", entry.name, entry.structure, entry.reason)
        << remark::metric("Error", llvm::formatv("{0:e2}", entry.error).str())
        << remark::metric("Bytes", entry.packedBytes) << remark::metric("BytesDense", entry.bytes);
  }
};

} // namespace

LogicalResult winnow::checkPruning(ModuleOp module, StringRef rule) {
  if (rule == "none" || parsePruningTarget(module.getContext(), rule))
    return success();
  return module.emitError("prune is '")
         << rule << "', but must be none, 2:4, blocks:RxC:DENSITY or coo:DENSITY, "
         << "where DENSITY is above 0 and at most 1";
}
