// Operators of ONNX Runtime's domain com.microsoft that its optimizer makes of simpler ones: activations,
// normalizations, products with packed weights.
#include "lib/Import/ONNX/Composition.h"
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Scalars.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

using mlir::Value;
using mlir::ValueRange;

/// Layer or RMS normalization of the last dimension, in f32 at least.
GraphValue normalizeWide(Node &node, Composition &c, const GraphValue &x, const GraphValue &scale,
                         const GraphValue &shift, double epsilon, bool isRMS) {
  if (x.isFaulty)
    return x;
  mlir::Type type = x.elementType, wide = type.isF64() ? type : node.builder.getF32Type();
  llvm::SmallVector<GraphValue> operands = {c.cast(x, wide), c.cast(scale, wide)};
  if (shift.elementType)
    operands.push_back(c.cast(shift, wide));
  GraphValue result =
      c.op(isRMS ? "RMSNormalization" : "LayerNormalization", operands, {{"epsilon", epsilon}});
  return c.cast(result, type);
}

/// Integers in a byte: element `place` of those that are stored from the first of `row`'s bytes on.
Value unpack(const Scalars &s, Value packed, ValueRange row, Value place, int64_t bits) {
  auto number = [&](int64_t value) { return s.constant(place.getType(), value); };
  llvm::SmallVector<Value> index(row);
  index.push_back(s.divide(s.multiply(place, number(bits)), number(8)));
  Value byte = mlir::tensor::ExtractOp::create(s.builder, s.location, packed, index);
  mlir::Type i32 = s.builder.getI32Type();
  Value wide = mlir::arith::ExtUIOp::create(s.builder, s.location, i32, byte);
  Value inByte = s.multiply(s.remainder(place, number(8 / bits)), number(bits));
  Value shift = mlir::arith::IndexCastOp::create(s.builder, s.location, i32, inByte);
  Value shifted = mlir::arith::ShRUIOp::create(s.builder, s.location, wide, shift);
  return mlir::arith::AndIOp::create(s.builder, s.location, shifted, s.constant(i32, (1 << bits) - 1));
}

/// A weight [N, K] in blocks along K, each with its scale and zero point.
struct BlockWeight {
  int64_t rows = 0, columns = 0, bits = 4, block = 0, blocks = 0;
  GraphValue packed; // uint8 [N, blocks, bytes]
  GraphValue scales; // [N, blocks]
  GraphValue zeros;  // packed as uint8 [N, bytes], or [N, blocks] as the scales; absent: half of the range
};

mlir::FailureOr<BlockWeight> readBlockWeight(Node &node, Composition &c) {
  BlockWeight w;
  w.rows = node.integer("N", 0), w.columns = node.integer("K", 0), w.bits = node.integer("bits", 4);
  w.block = node.integer("block_size", 0);
  node.integer("accuracy_level", 0); // how much may be lost: nothing is
  if (node.integer("weight_prepacked", 0) != 0)
    return node.error("weight_prepacked is not 0, but expected a weight in ONNX's layout");
  if (node.has(4))
    return node.error("has g_idx, but expected blocks of neighbouring elements");
  if ((w.bits != 2 && w.bits != 4 && w.bits != 8) || w.rows < 1 || w.columns < 1 || w.block < 16 ||
      w.block > INT32_MAX)
    return node.error("N, K, bits and block_size are " + llvm::Twine(w.rows) + ", " + llvm::Twine(w.columns) +
                      ", " + llvm::Twine(w.bits) + " and " + llvm::Twine(w.block) +
                      ", but expected sizes of at least 1, 2, 4 or 8 bits, and blocks of at least 16");
  w.blocks = (w.columns + w.block - 1) / w.block;
  auto shaped = [&](int64_t input, llvm::ArrayRef<Extent> shape) {
    return c.reshape(node.input(input), shape);
  };
  w.packed = shaped(1, {w.rows, w.blocks, w.block * w.bits / 8});
  w.scales = shaped(2, {w.rows, w.blocks});
  if (node.has(3)) {
    bool isPacked = isUnsigned(node.input(3).elementType);
    if (!isPacked && node.input(3).elementType != node.input(2).elementType)
      return node.error("the zero points have element type " + typeName(node.input(3).elementType) +
                        ", but expected uint8 or that of the scales");
    w.zeros = shaped(3, {w.rows, isPacked ? (w.blocks * w.bits + 7) / 8 : w.blocks});
  }
  if (c.hasFailed())
    return mlir::failure();
  return w;
}

/// The weight as [K, N]. It is unpacked by the program, so that the module has it in few bits.
GraphValue dequantize(Node &node, const BlockWeight &w, mlir::Type type) {
  Value packed = node.emit.tensor(w.packed), scales = node.emit.tensor(w.scales), zeros;
  bool hasPackedZeros = w.zeros.elementType && !w.zeros.isReal();
  if (w.zeros.elementType)
    zeros = node.emit.tensor(w.zeros);
  Shape shape = {w.columns, w.rows};
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange) {
    Scalars s{builder, location};
    Value place = s.loop(0), row = s.loop(1), size = s.constant(place.getType(), w.block);
    Value block = s.divide(place, size), inBlock = s.remainder(place, size);
    auto real = [&](Value integer) -> Value {
      return mlir::arith::SIToFPOp::create(builder, location, type, integer);
    };
    auto read = [&](Value tensor) -> Value {
      return mlir::tensor::ExtractOp::create(builder, location, tensor, ValueRange{row, block});
    };
    Value zero = s.constant(type, 1 << (w.bits - 1));
    if (zeros)
      zero = hasPackedZeros ? real(unpack(s, zeros, row, block, w.bits)) : read(zeros);
    Value element = real(unpack(s, packed, {row, block}, inBlock, w.bits));
    return s.multiply(s.subtract(element, zero), read(scales));
  };
  return node.emit.elementwise(type, shape, {}, body);
}

} // namespace

/// Gelu, BiasGelu, FastGelu: with a bias if there is an input 1.
static mlir::LogicalResult importGelu(Node &node) {
  Composition c(node);
  GraphValue x = node.has(1) ? c.add(node.input(0), node.input(1)) : node.input(0);
  std::string form = node.operatorName() == "FastGelu" ? "tanh" : "none";
  return c.finish(c.op("Gelu", {x}, {{"approximate", form}}));
}

static mlir::LogicalResult importQuickGelu(Node &node) {
  Composition c(node);
  const GraphValue &x = node.input(0);
  GraphValue scaled = c.multiply(x, c.real(x.elementType, node.real("alpha", 1.702)));
  return c.finish(c.multiply(x, c.op("Sigmoid", {scaled})));
}

static mlir::LogicalResult importSkipLayerNormalization(Node &node) {
  Composition c(node);
  bool isRMS = node.operatorName() == "SkipSimplifiedLayerNormalization";
  GraphValue shift = isRMS ? GraphValue() : c.input(3), bias = c.input(isRMS ? 3 : 4);
  GraphValue sum = c.add(node.input(0), node.input(1));
  if (bias.elementType)
    sum = c.add(sum, bias);
  GraphValue result = normalizeWide(node, c, sum, node.input(2), shift, node.real("epsilon", 1e-12), isRMS);
  return c.finish({result, {}, {}, sum});
}

static mlir::LogicalResult importSimplifiedLayerNormalization(Node &node) {
  Composition c(node);
  const GraphValue &x = node.input(0);
  mlir::Type wide = x.elementType.isF64() ? x.elementType : node.builder.getF32Type();
  node.integer("stash_type", 1);
  GraphValue result = c.op("RMSNormalization", {c.cast(x, wide), c.cast(node.input(1), wide)},
                           {{"epsilon", node.real("epsilon", 1e-5)}, {"axis", node.integer("axis", -1)}});
  return c.finish(c.cast(result, node.input(1).elementType));
}

static mlir::LogicalResult importEmbedLayerNormalization(Node &node) {
  enum { kIds, kSegments, kWords, kPositionTable, kSegmentTable, kScale, kShift, kMask, kPositions };
  Composition c(node);
  node.integer("mask_index_type", 0);
  if (failed(node.requireRank(kIds, 2, 2)) || failed(node.requireRank(kPositionTable, 2, 2)))
    return mlir::failure();
  if (node.has(kSegments) != node.has(kSegmentTable))
    return node.error("has one of segment_ids and segment_embedding, but expected both or none");
  const Extent batch = node.input(kIds).shape[0], length = node.input(kIds).shape[1];
  GraphValue sum = c.op("Gather", {node.input(kWords), node.input(kIds)});
  GraphValue positions = c.input(kPositions);
  if (!node.has(kPositions)) {
    mlir::Type i64 = node.builder.getI64Type();
    GraphValue end = c.extent(length);
    positions = c.op("Range", {c.integer(i64, 0), end, c.integer(i64, 1)});
  }
  sum = c.add(sum, c.op("Gather", {node.input(kPositionTable), positions}));
  if (node.has(kSegments))
    sum = c.add(sum, c.op("Gather", {node.input(kSegmentTable), node.input(kSegments)}));
  GraphValue result =
      normalizeWide(node, c, sum, node.input(kScale), node.input(kShift), node.real("epsilon", 1e-12), false);
  // How many words each text has.
  mlir::Type i32 = node.builder.getI32Type();
  GraphValue count = c.op("Expand", {c.integer(i32, 0), c.extents({batch})});
  if (node.has(kMask)) {
    GraphValue isWord = c.op("Equal", {node.input(kMask), c.integer(node.input(kMask).elementType, 1)});
    if (!c.hasFailed())
      count = c.op("ReduceSum", {c.cast(isWord, i32), c.integers({1})}, {{"keepdims", int64_t{0}}});
  }
  return c.finish({result, count, sum});
}

static mlir::LogicalResult importMatMulNBits(Node &node) {
  Composition c(node);
  mlir::FailureOr<BlockWeight> weight = readBlockWeight(node, c);
  if (failed(weight))
    return mlir::failure();
  GraphValue result = c.op("MatMul", {node.input(0), dequantize(node, *weight, node.input(0).elementType)});
  return c.finish(node.has(5) ? c.add(result, node.input(5)) : result);
}

Family contributedOperators() {
  static constexpr const char *kDomain = "com.microsoft";
  static constexpr Operator kOperators[] = {
      {"BiasGelu", 1, "FF", importGelu, kDomain},
      {"EmbedLayerNormalization", 1, "ii?FFF?FFi?i?", importEmbedLayerNormalization, kDomain},
      {"FastGelu", 1, "FF?", importGelu, kDomain},
      {"Gelu", 1, "f", importGelu, kDomain},
      {"MatMulNBits", 1, "FaFa?i?F?", importMatMulNBits, kDomain},
      {"QuickGelu", 1, "f", importQuickGelu, kDomain},
      // ONNX Runtime puts this one into ONNX's own domain.
      {"SimplifiedLayerNormalization", 1, "ff", importSimplifiedLayerNormalization},
      {"SimplifiedLayerNormalization", 1, "ff", importSimplifiedLayerNormalization, kDomain},
      {"SkipLayerNormalization", 1, "FFFF?F?", importSkipLayerNormalization, kDomain},
      {"SkipSimplifiedLayerNormalization", 1, "FFFF?", importSkipLayerNormalization, kDomain},
  };
  return kOperators;
}

} // namespace winnow::frontend
