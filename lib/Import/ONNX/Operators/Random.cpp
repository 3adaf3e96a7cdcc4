// Random numbers: RandomUniform, RandomNormal, their Like forms, Bernoulli, Multinomial, Dropout.
//
// A counter-based generator, so that every element is computed on its own and every device gives the same:
// Philox 4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy as 1, 2, 3, 2011). The counter
// is the element's number in row-major order. The key is the bits of the attribute `seed` and 0, or,
// without one, a hash (FNV-1a) of the node's first output's name and 1: then nodes differ from each other,
// and runs do not.
#include "lib/Import/ONNX/Composition.h"
#include "lib/Import/ONNX/Elementwise.h"
#include "lib/Import/ONNX/ModelFile.h"
#include "lib/Import/ONNX/Operators.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/bit.h"

#include <array>
#include <cmath>

namespace winnow::frontend {
namespace {

using mlir::Value;
using mlir::ValueRange;
namespace arith = mlir::arith;
using Words = std::array<Value, 4>; // i64, of which the lower 32 bits are used

struct Key {
  uint32_t low, high;
};

uint32_t fnv1a(llvm::StringRef text) {
  uint32_t hash = 2166136261u;
  for (char c : text)
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

Key readKey(Node &node) {
  if (node.hasAttribute("seed"))
    return {llvm::bit_cast<uint32_t>(static_cast<float>(node.real("seed", 0))), 0};
  return {fnv1a(node.outputName(0)), 1};
}

Value lowWord(const Scalars &s, Value wide) {
  return arith::AndIOp::create(s.builder, s.location, wide, s.integer(wide.getType(), 0xffffffff));
}

Value highWord(const Scalars &s, Value wide) {
  return arith::ShRUIOp::create(s.builder, s.location, wide, s.integer(wide.getType(), 32));
}

Value exclusiveOr(const Scalars &s, Value a, Value b) {
  return arith::XOrIOp::create(s.builder, s.location, a, b);
}

Words philox(const Scalars &s, Value counter, Key key) {
  mlir::Type type = counter.getType();
  Value zero = s.integer(type, 0);
  Words words = {lowWord(s, counter), highWord(s, counter), zero, zero};
  for (int round = 0; round < 10; ++round) {
    Value first = s.multiply(words[0], s.integer(type, 0xd2511f53));
    Value second = s.multiply(words[2], s.integer(type, 0xcd9e8d57));
    words = {exclusiveOr(s, exclusiveOr(s, highWord(s, second), words[1]), s.integer(type, key.low)),
             lowWord(s, second),
             exclusiveOr(s, exclusiveOr(s, highWord(s, first), words[3]), s.integer(type, key.high)),
             lowWord(s, first)};
    key = {key.low + 0x9e3779b9u, key.high + 0xbb67ae85u};
  }
  return words;
}

/// The type to compute in: float32 where the result has 16 bits.
mlir::Type computedType(mlir::Type type) {
  return type.isF64() ? type : mlir::Float32Type::get(type.getContext());
}

/// k + shift in units of 2^-bits, for a random k from 0 to 2^bits - 1.
Value fraction(const Scalars &s, Value high, Value low, mlir::Type type, unsigned bits, double shift) {
  mlir::Type wide = high.getType();
  Value both = arith::OrIOp::create(
      s.builder, s.location, arith::ShLIOp::create(s.builder, s.location, high, s.integer(wide, 32)), low);
  Value number = arith::ShRUIOp::create(s.builder, s.location, both, s.integer(wide, 64 - bits));
  Value real = s.cast(number, type);
  if (shift != 0)
    real = s.add(real, s.constant(type, shift));
  return s.multiply(real, s.constant(type, std::ldexp(1, -static_cast<int>(bits))));
}

/// As many bits as the type holds, so that rounding never gives 1.
unsigned precisionOf(mlir::Type type) { return mlir::cast<mlir::FloatType>(type).getFPMantissaWidth(); }

Value uniform(const Scalars &s, const Words &words, mlir::Type type) {
  return fraction(s, words[0], words[1], computedType(type), precisionOf(type), 0);
}

/// Box and Muller: the first number is never 0.
Value normal(const Scalars &s, const Words &words, mlir::Type type) {
  unsigned bits = precisionOf(type);
  Value radius = s.squareRoot(s.multiply(
      s.constant(type, -2), s.logarithm(fraction(s, words[0], words[1], type, bits, /*shift=*/1))));
  Value angle = s.multiply(s.constant(type, 2 * M_PI), fraction(s, words[2], words[3], type, bits, 0));
  return s.multiply(radius, mlir::math::CosOp::create(s.builder, s.location, angle));
}

using Draw = llvm::function_ref<Value(const Scalars &, const Words &, ValueRange)>;

/// A tensor of random numbers; `draw` makes each from its words and the operands' elements.
GraphValue emitRandom(Node &node, mlir::Type type, const Shape &shape, Key key,
                      llvm::ArrayRef<const GraphValue *> operands, Draw draw) {
  llvm::SmallVector<Value> sizes;
  for (const Extent &extent : shape)
    sizes.push_back(node.emit.index(extent));
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
    Scalars s{builder, location};
    Value place = s.constant(builder.getIndexType(), 0);
    for (size_t i = 0; i < sizes.size(); ++i)
      place = s.add(s.multiply(place, sizes[i]), s.loop(static_cast<int64_t>(i)));
    Value counter = arith::IndexCastOp::create(builder, location, builder.getI64Type(), place);
    return draw(s, philox(s, counter, key), v);
  };
  return node.emit.elementwise(type, shape, operands, body);
}

mlir::LogicalResult setRandom(Node &node, const Shape &shape, mlir::Type otherwise) {
  mlir::FailureOr<mlir::Type> type = node.elementType("dtype", otherwise, 'f');
  if (failed(type))
    return mlir::failure();
  if (!isReasonable(shape))
    return node.error("the shape " + node.extents.text(shape) + " is negative or too large");
  bool isNormal = node.operatorName().starts_with("RandomNormal");
  // low + (high - low) * uniform, mean + scale * normal.
  double from = isNormal ? node.real("mean", 0) : node.real("low", 0);
  double scale = isNormal ? node.real("scale", 1) : node.real("high", 1) - from;
  mlir::Type computed = computedType(*type);
  auto draw = [&](const Scalars &s, const Words &words, ValueRange) {
    Value number = isNormal ? normal(s, words, computed) : uniform(s, words, *type);
    Value scaled = s.multiply(number, s.constant(computed, scale));
    return s.cast(s.add(scaled, s.constant(computed, from)), *type);
  };
  node.set(0, emitRandom(node, *type, shape, readKey(node), {}, draw));
  return mlir::success();
}

} // namespace

static mlir::LogicalResult importRandom(Node &node) {
  std::optional<llvm::SmallVector<int64_t>> given = node.integers("shape");
  if (!given)
    return node.error("has no attribute 'shape', but expected one");
  return setRandom(node, Shape(given->begin(), given->end()), node.builder.getF32Type());
}

static mlir::LogicalResult importRandomLike(Node &node) {
  return setRandom(node, node.input(0).shape, node.input(0).elementType);
}

/// 1 with the probability that the input says, 0 otherwise.
static mlir::LogicalResult importBernoulli(Node &node) {
  const GraphValue &chances = node.input(0);
  mlir::FailureOr<mlir::Type> type = node.elementType("dtype", chances.elementType, 'c');
  if (failed(type))
    return mlir::failure();
  mlir::Type computed = computedType(chances.elementType);
  auto draw = [&](const Scalars &s, const Words &words, ValueRange v) {
    Value isDrawn = s.less(uniform(s, words, computed), s.cast(v[0], computed));
    return s.cast(isDrawn, storageType(*type));
  };
  node.set(0, emitRandom(node, *type, chances.shape, readKey(node), {&chances}, draw));
  return mlir::success();
}

/// Draws classes by their unnormalized log probabilities: the largest after noise of Gumbel's distribution
/// was added has just these chances.
static mlir::LogicalResult importMultinomial(Node &node) {
  const GraphValue &logarithms = node.input(0);
  int64_t count = node.integer("sample_size", 1);
  mlir::FailureOr<mlir::Type> type = node.elementType("dtype", node.builder.getI32Type(), 'c');
  if (failed(type) || failed(node.requireRank(0, 2, 2)))
    return mlir::failure();
  if (count < 1 || !(type->isInteger(32) || type->isInteger(64)))
    return node.error("expected sample_size 1 or more and a result of int32 or int64, but found " +
                      llvm::Twine(count) + " and " + typeName(*type));
  mlir::Type real = node.builder.getF32Type();
  Shape shape = {logarithms.shape[0], count, logarithms.shape[1]};
  auto draw = [&](const Scalars &s, const Words &words, ValueRange) {
    Value number = fraction(s, words[0], words[1], real, 23, /*shift=*/0.5);
    return s.negate(s.logarithm(s.negate(s.logarithm(number))));
  };
  GraphValue noise = emitRandom(node, real, shape, readKey(node), {}, draw);
  Composition c(node);
  GraphValue chances = c.op("Unsqueeze", {c.cast(logarithms, real), c.integers({1})});
  GraphValue drawn =
      c.op("ArgMax", {c.add(chances, noise)}, {{"axis", int64_t{2}}, {"keepdims", int64_t{0}}});
  return c.finish({c.cast(drawn, *type)});
}

/// The key of Dropout, whose seed is an integer.
static Key readIntegerKey(Node &node) {
  if (!node.hasAttribute("seed"))
    return readKey(node);
  auto seed = static_cast<uint64_t>(node.integer("seed", 0));
  return {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
}

/// A scalar input of Dropout; an absent value if it is not there.
static mlir::FailureOr<GraphValue> scalarInput(Node &node, int64_t index, llvm::StringRef what) {
  if (!node.has(index))
    return GraphValue();
  std::optional<Extent> count = elementCount(node.input(index).shape);
  if (!count || !count->is(1))
    return node.error(what + " has shape " + node.extents.text(node.input(index).shape) +
                      ", but expected a scalar");
  return node.emit.reshape(node.input(index), {});
}

/// Dropout of a model that was exported for inference: nothing is dropped.
static mlir::LogicalResult keepAll(Node &node) {
  GraphValue mask;
  mask.elementType = node.opset() < 10 ? node.input(0).elementType : node.builder.getI1Type();
  mask.shape = node.input(0).shape;
  mask.constant = node.opset() < 10 ? Constant::uniformReal(mask.elementType, 1)
                                    : Constant::uniformInteger(mask.elementType, 1);
  node.set(0, node.input(0));
  node.set(1, mask);
  return mlir::success();
}

/// Drops the elements whose random number is below the ratio and scales the others, if `training` holds.
static mlir::LogicalResult dropSome(Node &node, const GraphValue &givenRatio, const GraphValue &training,
                                    Key key) {
  Composition c(node);
  const GraphValue &x = node.input(0);
  mlir::Type computed = computedType(x.elementType);
  GraphValue ratio = givenRatio.elementType ? c.cast(givenRatio, computed) : c.real(computed, 0.5);
  auto draw = [&](const Scalars &s, const Words &words, ValueRange v) {
    return s.lessOrEqual(v[0], uniform(s, words, computed));
  };
  GraphValue kept = emitRandom(node, node.builder.getI1Type(), x.shape, key, {&ratio}, draw);
  GraphValue scaled = c.divide(c.cast(x, computed), c.subtract(c.real(computed, 1), ratio));
  GraphValue dropped = c.cast(c.where(kept, scaled, c.real(computed, 0)), x.elementType);
  return c.finish({c.where(training, dropped, x), c.op("Or", {kept, c.op("Not", {training})})});
}

static mlir::LogicalResult importDropout(Node &node) {
  Key key = readIntegerKey(node);
  node.real("ratio", 0.5); // an attribute up to opset 11, an input since
  if (node.opset() < 7 && node.integer("is_test", 0) == 0)
    return node.error("is_test is 0, but expected 1: export the model for inference");
  mlir::FailureOr<GraphValue> ratio = scalarInput(node, 1, "the ratio");
  mlir::FailureOr<GraphValue> training = scalarInput(node, 2, "training_mode");
  if (failed(ratio) || failed(training))
    return mlir::failure();
  bool keepsAll = ratio->constant && ratio->constant->real(0) == 0;
  bool isInference = !training->elementType || (training->constant && training->constant->integer(0) == 0);
  return keepsAll || isInference ? keepAll(node) : dropSome(node, *ratio, *training, key);
}

Family randomOperators() {
  static constexpr Operator kOperators[] = {
      {"Bernoulli", 15, "f", importBernoulli}, {"Dropout", 1, "f", importDropout},
      {"Dropout", 12, "ff?b?", importDropout}, {"Multinomial", 7, "f", importMultinomial},
      {"RandomNormal", 1, "", importRandom},   {"RandomNormalLike", 1, "a", importRandomLike},
      {"RandomUniform", 1, "", importRandom},  {"RandomUniformLike", 1, "a", importRandomLike},
  };
  return kOperators;
}

} // namespace winnow::frontend
