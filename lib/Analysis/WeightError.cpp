// Finds contractions and measures their weights.
#include "lib/Analysis/WeightError.h"

#include "dialects/Winnow/WinnowOps.h"
#include "lib/Analysis/WeightQuantization.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace winnow;

namespace {

// The largest product of two quantized values.
constexpr int64_t kLargestProduct = 127 * 127;

template <typename OpTy> std::optional<Contraction> matchSelected(OpTy op, int64_t channelDimension) {
  return Contraction{op.getX(), op.getWeights(), op.getInputs(), op.getOutputs(), channelDimension};
}

std::optional<Contraction> matchLinalg(linalg::LinalgOp op, int64_t channelDimension) {
  if (!op.hasPureTensorSemantics() || op.hasUserDefinedMaps())
    return std::nullopt;
  return Contraction{op.getDpsInputs()[0], op.getDpsInputs()[1], Value(), Value(), channelDimension};
}

ElementsAttr constantValue(Value value) {
  ElementsAttr constant;
  matchPattern(value, m_Constant(&constant));
  return constant;
}

/// The weights of a matrix product or convolution that has no integer form: its constant tensor.
Value findWeightsOfOther(Operation *op) {
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  if (!linalgOp ||
      !(linalg::isaContractionOpInterface(linalgOp) || linalg::isaConvolutionOpInterface(linalgOp)))
    return {};
  for (Value operand : linalgOp.getDpsInputs())
    if (auto type = dyn_cast<RankedTensorType>(operand.getType()))
      if (type.getRank() >= 2 && isa<FloatType>(type.getElementType()) && constantValue(operand))
        return operand;
  return {};
}

int64_t bytesOf(ShapedType type) {
  return type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
}

std::string printed(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

/// The values of finite constant weights, or the obstacle.
std::optional<SmallVector<float>> readFinite(WeightError &entry) {
  std::optional<SmallVector<float>> elements = readFloats(entry.weights);
  if (!elements)
    entry.obstacle = "the values of its weights are not there";
  else if (!llvm::all_of(*elements, [](float element) { return std::isfinite(element); }))
    entry.obstacle = "its weights are not finite";
  return entry.obstacle.empty() ? std::move(elements) : std::nullopt;
}

/// Fills in the size and error of constant weights in 16 bits, or the obstacle to rounding them.
void measureHalf(WeightError &entry, Precision precision) {
  entry.quantizedBytes = entry.weights.getNumElements() * static_cast<int64_t>(sizeof(uint16_t));
  std::optional<SmallVector<float>> elements = readFinite(entry);
  if (!elements)
    return;
  HalfWeights half = roundToHalf(*elements, halfTypeOf(precision, entry.op->getContext()));
  if (half.isInRange)
    entry.error = half.error;
  else
    entry.obstacle = llvm::formatv("its weights are beyond the range of {0}", stringifyPrecision(precision));
}

/// Fills in the size and error of constant weights, or the obstacle to quantizing them.
void measureConstant(WeightError &entry, int64_t channelDimension) {
  ShapedType type = entry.weights.getShapedType();
  int64_t channels = type.getDimSize(channelDimension);
  entry.quantizedBytes = type.getNumElements() + channels * static_cast<int64_t>(sizeof(float));
  if (entry.quantizedBytes >= entry.bytes) {
    entry.obstacle = llvm::formatv("its weights take {0} bytes as f32 and {1} as i8 with their scales",
                                   entry.bytes, entry.quantizedBytes);
    return;
  }
  int64_t terms = type.getNumElements() / channels;
  if (terms > std::numeric_limits<int32_t>::max() / kLargestProduct) {
    entry.obstacle = llvm::formatv("a sum of {0} products may exceed 32 bits", terms);
    return;
  }
  if (std::optional<SmallVector<float>> elements = readFinite(entry))
    entry.error = quantizePerChannel(*elements, type.getShape(), channelDimension).error;
}

} // namespace

std::optional<Contraction> winnow::matchContraction(Operation *op) {
  return TypeSwitch<Operation *, std::optional<Contraction>>(op)
      .Case([](MatmulOp matmul) { return matchSelected(matmul, 1); })
      .Case([](Conv2DOp conv) { return matchSelected(conv, 0); })
      .Case([](linalg::MatmulOp matmul) { return matchLinalg(matmul, 1); })
      .Case([](linalg::Conv2DNchwFchwOp conv) { return matchLinalg(conv, 0); })
      .Default(std::nullopt);
}

FloatType winnow::halfTypeOf(Precision precision, MLIRContext *context) {
  if (precision == Precision::F16)
    return Float16Type::get(context);
  return precision == Precision::BF16 ? FloatType(BFloat16Type::get(context)) : FloatType();
}

std::optional<WeightError> winnow::measureWeightError(Operation *op, Precision precision) {
  WeightError entry;
  entry.op = op;
  std::optional<Contraction> contraction = matchContraction(op);
  Value weights = contraction ? contraction->weights : findWeightsOfOther(op);
  if (!weights)
    return std::nullopt;
  Type element = cast<RankedTensorType>(weights.getType()).getElementType();
  if (element.isInteger())
    return std::nullopt;
  entry.weights = constantValue(weights);
  if (entry.weights)
    entry.bytes = entry.quantizedBytes = bytesOf(entry.weights.getShapedType());

  auto isF32 = [](Value value) { return getElementTypeOrSelf(value.getType()).isF32(); };
  if (!contraction)
    entry.obstacle = llvm::formatv("'{0}' has no {1} form", op->getName(),
                                   precision == Precision::I8 ? "integer" : "16-bit");
  else if (!isF32(contraction->x) || !isF32(weights) || !isF32(op->getResult(0)))
    entry.obstacle = llvm::formatv("its element type is {0}, but only f32 can become {1}", printed(element),
                                   stringifyPrecision(precision));
  else if (!entry.weights)
    entry.obstacle = "its weights are not constant";
  else if (halfTypeOf(precision, op->getContext()))
    measureHalf(entry, precision);
  else
    measureConstant(entry, contraction->channelDimension);
  return entry;
}

std::string winnow::layerName(Operation *op) {
  std::string name;
  op->getLoc()->walk([&](Location location) {
    auto named = dyn_cast<NameLoc>(location);
    if (!named)
      return WalkResult::advance();
    name = named.getName().str();
    return WalkResult::interrupt();
  });
  return name.empty() ? op->getName().getStringRef().str() : name;
}

WeightErrorAnalysis::WeightErrorAnalysis(Operation *root, Precision precision) {
  root->walk([&](Operation *op) {
    if (std::optional<WeightError> entry = measureWeightError(op, precision))
      entries.push_back(std::move(*entry));
  });
  findForeignUses(root);
  formGroups();
}

/// Weights are only given up if nobody reads them as f32.
void WeightErrorAnalysis::findForeignUses(Operation *root) {
  DenseSet<OpOperand *> expected;
  for (WeightError &entry : entries)
    if (std::optional<Contraction> contraction = matchContraction(entry.op); contraction && entry.weights)
      for (OpOperand &use : contraction->weights.getUses())
        if (use.getOwner() == entry.op)
          expected.insert(&use);
  DenseMap<Attribute, Operation *> foreign;
  root->walk([&](arith::ConstantOp constant) {
    for (OpOperand &use : constant->getUses())
      if (!expected.contains(&use))
        foreign.try_emplace(constant.getValue(), use.getOwner());
  });
  for (WeightError &entry : entries)
    if (Operation *user = entry.weights ? foreign.lookup(entry.weights) : nullptr)
      if (entry.obstacle.empty() && user != entry.op)
        entry.obstacle = llvm::formatv("'{0}' reads its weights as f32", user->getName());
}

void WeightErrorAnalysis::formGroups() {
  llvm::MapVector<Attribute, SmallVector<size_t>> users;
  for (auto [index, entry] : llvm::enumerate(entries))
    if (entry.weights)
      users[entry.weights].push_back(index);
  for (auto &[weights, members] : users) {
    auto blocked = llvm::find_if(members, [&](size_t index) { return !entries[index].obstacle.empty(); });
    if (blocked != members.end())
      for (size_t index : members)
        if (entries[index].obstacle.empty())
          entries[index].obstacle =
              llvm::formatv("'{0}' reads its weights as f32", layerName(entries[*blocked].op));
    groups.push_back(std::move(members));
  }
}
