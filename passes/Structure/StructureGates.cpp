// Turns gates into selections of the channels that they leave open.
#include "lib/Analysis/Gates.h"
#include "lib/Analysis/SelectionReach.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Remarks.h"
#include "passes/Structure/Compact.h"
#include "passes/Structure/Passes.h"

using namespace mlir;

namespace winnow {
#define GEN_PASS_DEF_STRUCTUREGATES
#include "passes/Structure/Passes.h.inc"
} // namespace winnow

using namespace winnow;

namespace {

/// What becomes of soft gates.
struct SoftGates {
  enum class Kind { Dense, TopK, Threshold } kind = Kind::Dense;
  int64_t k = 0;
  double threshold = 0;
};

std::optional<SoftGates> parseSoftGates(StringRef text) {
  SoftGates result;
  if (text == "none")
    return result;
  if (text.consume_front("topk:")) {
    result.kind = SoftGates::Kind::TopK;
    if (!text.getAsInteger(10, result.k) && result.k >= 1)
      return result;
  } else if (text.consume_front("threshold:")) {
    result.kind = SoftGates::Kind::Threshold;
    if (!text.getAsDouble(result.threshold) && !std::isnan(result.threshold))
      return result;
  }
  return std::nullopt;
}

/// The selection that a gate becomes, or why it stays dense.
struct Decision {
  Value selection;
  bool isBinary = false;
  std::string why; // how it was made, or why it was not
};

Value buildProduct(OpBuilder &builder, Location location, Value x, Value gate) {
  auto type = cast<RankedTensorType>(x.getType());
  AffineMap identity = builder.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> parallel(type.getRank(), utils::IteratorType::parallel);
  Value empty = tensor::EmptyOp::create(builder, location, tensor::getMixedSizes(builder, location, x),
                                        type.getElementType());
  return linalg::GenericOp::create(
             builder, location, TypeRange{type}, ValueRange{x, gate}, empty,
             ArrayRef<AffineMap>{identity, identity.getMajorSubMap(2), identity}, parallel,
             [](OpBuilder &body, Location at, ValueRange arguments) {
               Value product = arith::MulFOp::create(body, at, arguments[0], arguments[1]);
               linalg::YieldOp::create(body, at, product);
             })
      .getResult(0);
}

struct StructureGates : winnow::impl::StructureGatesBase<StructureGates> {
  using StructureGatesBase::StructureGatesBase;

  void runOnOperation() override {
    if (failed(checkSoftGates(getOperation(), softGates)))
      return signalPassFailure();
    std::optional<SoftGates> parsed = parseSoftGates(softGates);
    SmallVector<ChannelGateOp> gates;
    getOperation().walk([&](ChannelGateOp gate) { gates.push_back(gate); });
    for (ChannelGateOp gate : gates)
      rewrite(gate, *parsed);
  }

  void rewrite(ChannelGateOp gate, const SoftGates &soft) {
    IRRewriter rewriter(gate);
    Decision decision = decide(rewriter, gate, soft);
    remark::RemarkOpts opts = remark::RemarkOpts::name("StructureGates").category("structure");
    if (!decision.selection) {
      remark::missed(gate.getLoc(), opts) << remark::add("the gate stays dense: {0}", decision.why);
      rewriter.replaceOp(gate, buildProduct(rewriter, gate.getLoc(), gate.getX(), gate.getGate()));
      return;
    }
    remark::passed(gate.getLoc(), opts) << remark::add("the gate selects channels: {0}", decision.why);
    Value compact = buildGathered(rewriter, gate.getLoc(), gate.getX(), decision.selection);
    if (!decision.isBinary)
      compact = buildProduct(rewriter, gate.getLoc(), compact,
                             buildGathered(rewriter, gate.getLoc(), gate.getGate(), decision.selection));
    rewriter.replaceOpWithNewOp<ScatterOp>(gate, gate.getType(), compact, decision.selection);
  }

  Decision decide(OpBuilder &builder, ChannelGateOp gate, const SoftGates &soft) {
    std::optional<GateMask> hard = findGateMask(gate.getGate());
    if (!hard && soft.kind == SoftGates::Kind::Dense)
      return {{}, false, "it is soft, and soft gates are kept (soft-gates=none)"};
    if (!reachesProducer(gate.getX()) && !reachesConsumer(gate.getResult()))
      return {{}, false, "neither what makes the gated channels nor what uses them could skip any"};
    return hard ? decideHard(builder, gate, *hard) : decideSoft(builder, gate, soft);
  }

  Decision decideHard(OpBuilder &builder, ChannelGateOp gate, const GateMask &hard) {
    Value selection = findSelection(hard.mask);
    if (!selection)
      return {SelectionFromMaskOp::create(builder, gate.getLoc(), hard.mask), hard.isBinary,
              "exactly those that its mask sets"};
    if (isTooLarge(cast<SelectionType>(selection.getType()),
                   selection.getDefiningOp<SelectTopKOp>() != nullptr))
      return {{}, false, "it keeps more than dense-share of the channels"};
    return {selection, hard.isBinary, "exactly those that its mask sets"};
  }

  Decision decideSoft(OpBuilder &builder, ChannelGateOp gate, const SoftGates &soft) {
    if (soft.kind == SoftGates::Kind::Threshold)
      return {SelectThresholdOp::create(builder, gate.getLoc(), gate.getGate(), ThresholdComparison::Greater,
                                        soft.threshold),
              false,
              "an approximation, since the gate is soft: those above " + std::to_string(soft.threshold)};
    int64_t channels = cast<RankedTensorType>(gate.getGate().getType()).getDimSize(1);
    int64_t kept = ShapedType::isDynamic(channels) ? soft.k : std::min(soft.k, channels);
    if (isTooLarge(SelectionType::get(builder.getContext(), ShapedType::kDynamic, channels, kept), true))
      return {{}, false, "it would keep more than dense-share of the channels"};
    return {SelectTopKOp::create(builder, gate.getLoc(), gate.getGate(), soft.k), false,
            "an approximation, since the gate is soft: the " + std::to_string(soft.k) + " highest"};
  }

  /// A top-k keeps as many channels as it can; of a threshold, nothing is known.
  bool isTooLarge(SelectionType type, bool isTopK) {
    return isTopK && !ShapedType::isDynamic(type.getUniverse()) &&
           static_cast<double>(type.getCapacity()) > denseShare * static_cast<double>(type.getUniverse());
  }
};

} // namespace

LogicalResult winnow::checkSoftGates(ModuleOp module, StringRef rule) {
  if (parseSoftGates(rule))
    return success();
  return module.emitError("soft-gates is '")
         << rule << "', but must be none, topk:K with K at least 1, or threshold:T";
}
