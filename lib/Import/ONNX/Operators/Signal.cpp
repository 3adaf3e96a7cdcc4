// Signal processing: windows, MelWeightMatrix, DFT and STFT.
#include "lib/Import/ONNX/Composition.h"
#include "lib/Import/ONNX/Elementwise.h"
#include "lib/Import/ONNX/ModelFile.h"
#include "lib/Import/ONNX/Operators.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/STLExtras.h"

#include <cmath>

namespace winnow::frontend {
namespace {

using mlir::Value;
using mlir::ValueRange;

/// The matrix of a Fourier transform: cos or sin of 2 pi n k / length for n < rows, k < columns.
struct Wave {
  bool isSine;
  Extent rows, columns, length;
  /// The rows are one half of a symmetric spectrum: those that stand for two count twice.
  bool isHalf;
};

/// The matrix as a constant.
GraphValue knownWave(mlir::Type type, const Wave &wave) {
  int64_t rows = *wave.rows.constant(), columns = *wave.columns.constant(), length = *wave.length.constant();
  llvm::SmallVector<double> values;
  for (int64_t n = 0; n < rows; ++n)
    for (int64_t k = 0; k < columns; ++k) {
      // Reduced first: a large angle loses digits.
      double angle = 2 * M_PI * static_cast<double>(n * k % length) / static_cast<double>(length);
      double factor = wave.isHalf && n != 0 && 2 * n != length ? 2 : 1;
      values.push_back(factor * (wave.isSine ? std::sin(angle) : std::cos(angle)));
    }
  GraphValue result;
  result.elementType = type;
  result.shape = {rows, columns};
  result.constant = Constant::reals(type, values);
  return result;
}

GraphValue emitWave(Node &node, mlir::Type type, const Wave &wave) {
  constexpr int64_t kMaximumKnown = 1 << 18;
  std::optional<Extent> count = multiply(wave.rows, wave.columns);
  if (count && count->constant() && *count->constant() <= kMaximumKnown && wave.rows.constant() &&
      wave.length.constant())
    return knownWave(type, wave);
  Value length = node.emit.index(wave.length);
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange) -> Value {
    Scalars s{builder, location};
    mlir::Type wide = builder.getI64Type();
    auto toReal = [&](Value index) {
      return s.cast(mlir::arith::IndexCastOp::create(builder, location, wide, index), type);
    };
    Value n = s.loop(0);
    Value turns = s.divide(toReal(s.remainder(s.multiply(n, s.loop(1)), length)), toReal(length));
    Value angle = s.multiply(turns, s.constant(type, 2 * M_PI));
    Value result;
    if (wave.isSine)
      result = mlir::math::SinOp::create(builder, location, angle);
    else
      result = mlir::math::CosOp::create(builder, location, angle);
    if (!wave.isHalf)
      return result;
    Value isSingle = s.maximum(s.equal(n, s.constant(n.getType(), 0)), s.equal(s.add(n, n), length));
    return s.select(isSingle, result, s.add(result, result));
  };
  return node.emit.elementwise(type, {wave.rows, wave.columns}, {}, body);
}

/// What a DFT is to do.
struct Transform {
  int64_t axis;
  Extent length; // of the signal
  bool isInverse, isOneSided;

  bool makesReal() const { return isInverse && isOneSided; }
};

/// The transform over the last dimension of real and imaginary parts; an absent imaginary part is zero.
/// Elements that are missing at the end count as zeros.
std::pair<GraphValue, GraphValue> transformed(Node &node, Composition &c, const Transform &transform,
                                              const GraphValue &real, const GraphValue &imaginary,
                                              const Extent &half) {
  Extent columns = transform.isOneSided && !transform.isInverse ? half : transform.length;
  Wave wave{false, real.shape.back(), columns, transform.length, transform.makesReal()};
  GraphValue cosine = emitWave(node, real.elementType, wave);
  wave.isSine = true;
  GraphValue sine = emitWave(node, real.elementType, wave);
  auto times = [&](const GraphValue &part, const GraphValue &matrix) {
    return c.op("MatMul", {part, matrix});
  };
  // e^(-i a) = cos a - i sin a; the inverse turns the other way.
  GraphValue a = times(real, cosine), b, zero = c.real(real.elementType, 0);
  if (!transform.makesReal())
    b = transform.isInverse ? times(real, sine) : c.op("Neg", {times(real, sine)});
  if (imaginary.elementType) {
    GraphValue crossed = times(imaginary, sine);
    a = transform.isInverse ? c.subtract(a, crossed) : c.add(a, crossed);
    if (!transform.makesReal())
      b = c.add(b, times(imaginary, cosine));
  }
  if (transform.isInverse) {
    GraphValue count = c.cast(c.extent(transform.length), real.elementType);
    a = c.divide(a, count);
    b = b.elementType ? c.divide(b, count) : b;
  }
  return {a, b};
}

mlir::LogicalResult importTransform(Node &node, Transform transform) {
  const GraphValue &input = node.input(0);
  int64_t rank = input.rank();
  std::optional<int64_t> parts = input.shape.back().constant();
  if (transform.axis == rank - 1 || !parts || (*parts != 1 && *parts != 2))
    return node.error("expected an axis before the last and a last dimension of 1 or 2, but found axis " +
                      llvm::Twine(transform.axis) + " of shape " + node.extents.text(input.shape));
  std::optional<Extent> quotient = node.extents.floorDivide(transform.length, 2);
  mlir::FailureOr<Extent> half = node.require(quotient ? add(*quotient, 1) : std::nullopt);
  if (failed(half))
    return mlir::failure();
  mlir::FailureOr<Extent> used = node.require(
      node.extents.minimum(input.shape[transform.axis], transform.makesReal() ? *half : transform.length));
  if (failed(used))
    return mlir::failure();
  Composition c(node);
  mlir::Type type = input.elementType.isF64() ? input.elementType : node.builder.getF32Type();
  // [others..., parts, axis], cut to what is used.
  llvm::SmallVector<int64_t> order;
  for (int64_t i = 0; i < rank - 1; ++i)
    if (i != transform.axis)
      order.push_back(i);
  order.append({rank - 1, transform.axis});
  GraphValue moved = c.transpose(c.cast(input, type), order);
  moved = c.op("Slice", {moved, c.integers({0}), c.extents(*used), c.integers({-1})});
  auto part = [&](int64_t index) {
    return c.op("Gather", {moved, c.integer(node.builder.getI64Type(), index)}, {{"axis", rank - 2}});
  };
  GraphValue real = part(0), imaginary = *parts == 2 ? part(1) : GraphValue();
  if (c.hasFailed())
    return mlir::failure();
  auto [a, b] = transformed(node, c, transform, real, imaginary, *half);
  GraphValue result = c.op("Unsqueeze", {a, c.integers({-1})});
  if (!transform.makesReal())
    result = c.op("Concat", {result, c.op("Unsqueeze", {b, c.integers({-1})})}, {{"axis", int64_t{-1}}});
  // [others..., axis, parts], brought back.
  llvm::SmallVector<int64_t> back;
  for (int64_t i = 0; i < rank - 1; ++i)
    back.push_back(i == transform.axis ? rank - 2 : i - (i > transform.axis));
  back.push_back(rank - 1);
  return c.finish({c.cast(c.transpose(result, back), input.elementType)});
}

mlir::FailureOr<Extent> scalarInput(Node &node, int64_t index, llvm::StringRef what) {
  mlir::FailureOr<llvm::SmallVector<Extent>> given = node.requireIntegers(index, what);
  if (failed(given))
    return mlir::failure();
  if (given->size() != 1)
    return node.error(llvm::Twine(what) + " has " + llvm::Twine(given->size()) + " elements, but expected 1");
  return given->front();
}

} // namespace

static mlir::LogicalResult importDFT(Node &node) {
  const GraphValue &input = node.input(0);
  Transform transform;
  transform.isInverse = node.integer("inverse", 0) != 0;
  transform.isOneSided = node.integer("onesided", 0) != 0;
  if (input.rank() < 2)
    return node.error("the input has rank " + llvm::Twine(input.rank()) + ", but expected at least 2");
  int64_t axis = -2;
  if (node.opset() < 20) {
    axis = node.integer("axis", 1);
  } else if (node.has(2)) {
    mlir::FailureOr<llvm::SmallVector<int64_t>> given = node.requireNumbers(2, "the axis");
    if (failed(given) || given->size() != 1)
      return failed(given) ? mlir::failure() : node.error("expected one axis");
    axis = given->front();
  }
  mlir::FailureOr<int64_t> normalized = node.axis(axis, input.rank());
  if (failed(normalized))
    return mlir::failure();
  transform.axis = *normalized;
  const Extent &size = input.shape[*normalized];
  mlir::FailureOr<Extent> length = size;
  if (node.has(1)) {
    length = scalarInput(node, 1, "dft_length");
  } else if (transform.makesReal()) {
    std::optional<Extent> steps = subtract(size, 1);
    length = node.require(steps ? multiply(*steps, 2) : std::nullopt);
  }
  if (failed(length))
    return mlir::failure();
  if (length->constant().value_or(1) < 1)
    return node.error("the length of the transform is " + node.extents.text(*length) +
                      ", but expected at least 1");
  transform.length = *length;
  return importTransform(node, transform);
}

/// Overlapping frames of the signal, times the window, transformed.
static mlir::LogicalResult importSTFT(Node &node) {
  const GraphValue &signal = node.input(0);
  bool isOneSided = node.integer("onesided", 1) != 0;
  mlir::FailureOr<Extent> step = scalarInput(node, 1, "frame_step");
  if (failed(step) || failed(node.requireRank(0, 3, 3)))
    return mlir::failure();
  mlir::FailureOr<Extent> length = signal.shape[1];
  if (node.has(2))
    length = node.input(2).rank() == 1 ? node.input(2).shape[0] : Extent(0);
  if (node.has(3)) {
    length = scalarInput(node, 3, "frame_length");
    if (succeeded(length) && node.has(2) &&
        (failed(node.requireRank(2, 1, 1)) ||
         failed(node.requireEqual(*length, node.input(2).shape[0], "frame_length and length of the window"))))
      return mlir::failure();
  }
  if (failed(length))
    return mlir::failure();
  if (step->constant().value_or(1) < 1 || length->constant().value_or(1) < 1 ||
      node.extents.less(signal.shape[1], *length) == true)
    return node.error("expected frames that the signal holds and a step of at least 1, but found frames of " +
                      node.extents.text(*length) + ", a signal of " + node.extents.text(signal.shape[1]) +
                      " and a step of " + node.extents.text(*step));
  std::optional<Extent> rest = subtract(signal.shape[1], *length);
  std::optional<Extent> steps = rest ? node.extents.floorDivide(*rest, *step) : std::nullopt;
  mlir::FailureOr<Extent> frames = node.require(steps ? add(*steps, 1) : std::nullopt);
  if (failed(frames))
    return mlir::failure();
  Composition c(node);
  auto count = [&](const Extent &limit, const Extent &by) {
    std::optional<Extent> end = multiply(limit, by);
    auto scalar = [&](const Extent &value) { return c.extent(value); };
    return c.op("Range", {scalar(0), scalar(end.value_or(0)), scalar(by)});
  };
  GraphValue starts = c.op("Unsqueeze", {count(*frames, *step), c.integers({1})});
  GraphValue cut = c.op("Gather", {signal, c.add(starts, count(*length, 1))}, {{"axis", int64_t{1}}});
  if (node.has(2))
    cut = c.multiply(cut, c.op("Unsqueeze", {node.input(2), c.integers({1})}));
  return c.finish({c.op("DFT", {cut, GraphValue(), c.integer(node.builder.getI64Type(), 2)},
                        {{"onesided", int64_t{isOneSided}}})});
}

/// A sum of cosines over one period.
static mlir::LogicalResult importWindow(Node &node) {
  mlir::FailureOr<mlir::Type> type = node.elementType("output_datatype", node.builder.getF32Type(), 'n');
  bool isPeriodic = node.integer("periodic", 1) != 0;
  mlir::FailureOr<Extent> size = scalarInput(node, 0, "the size");
  if (failed(type) || failed(size))
    return mlir::failure();
  llvm::StringRef name = node.operatorName();
  llvm::SmallVector<double> factors = {0.5, -0.5}; // HannWindow
  if (name == "HammingWindow")
    factors = {25.0 / 46, -21.0 / 46};
  else if (name == "BlackmanWindow")
    factors = {0.42, -0.5, 0.08};
  // What is known is computed now, in double precision.
  bool isDouble = size->constant() || type->isF64();
  mlir::Type computed = isDouble ? node.builder.getF64Type() : node.builder.getF32Type();
  Composition c(node);
  auto scalar = [&](const Extent &value) { return c.extent(value); };
  GraphValue positions = c.cast(c.op("Range", {scalar(0), scalar(*size), scalar(1)}), computed);
  mlir::FailureOr<Extent> period = node.require(add(*size, isPeriodic ? 0 : -1));
  if (failed(period))
    return mlir::failure();
  GraphValue turns = c.divide(positions, c.cast(scalar(*period), computed));
  GraphValue sum = c.real(computed, factors[0]);
  for (size_t i = 1; i < factors.size(); ++i) {
    GraphValue angle = c.multiply(turns, c.real(computed, 2 * M_PI * static_cast<double>(i)));
    sum = c.add(sum, c.multiply(c.op("Cos", {angle}), c.real(computed, factors[i])));
  }
  return c.finish({c.cast(sum, *type)});
}

/// Which frequency each mel bin starts at, and the two after the last.
static llvm::SmallVector<int64_t> melBounds(int64_t bins, int64_t length, int64_t rate, double lower,
                                            double upper) {
  auto toMel = [](double hertz) { return 2595 * std::log10(1 + hertz / 700); };
  double low = toMel(lower), step = (toMel(upper) - low) / static_cast<double>(bins + 2);
  llvm::SmallVector<int64_t> bounds;
  for (int64_t i = 0; i < bins + 2; ++i) {
    double hertz = 700 * (std::pow(10, (low + static_cast<double>(i) * step) / 2595) - 1);
    bounds.push_back(static_cast<int64_t>(
        std::floor(static_cast<double>(length + 1) * hertz / static_cast<double>(rate))));
  }
  return bounds;
}

/// Triangles over the frequencies, whose corners are equally apart on the mel scale.
static mlir::LogicalResult importMelWeightMatrix(Node &node) {
  mlir::FailureOr<mlir::Type> type = node.elementType("output_datatype", node.builder.getF32Type(), 'n');
  int64_t numbers[3];
  for (int64_t i = 0; i < 3; ++i) {
    mlir::FailureOr<llvm::SmallVector<int64_t>> given = node.requireNumbers(i, "a parameter");
    if (failed(given) || given->size() != 1)
      return failed(given) ? mlir::failure() : node.error("a parameter is not a scalar");
    numbers[i] = given->front();
  }
  double edges[2];
  for (int64_t i = 0; i < 2; ++i) {
    const GraphValue &edge = node.input(3 + i);
    if (!edge.constant || edge.constant->size() != 1)
      return node.error("an edge depends on the model's data, but expected a constant");
    edges[i] = edge.constant->real(0);
  }
  auto [bins, length, rate] = numbers;
  if (failed(type))
    return mlir::failure();
  if (!frontend::isReal(*type))
    return node.error("its result has element type " + typeName(*type) + ", but expected a float");
  if (bins < 1 || length < 1 || rate < 1 || bins > 1 << 16 || length > 1 << 24 ||
      bins * (length / 2 + 1) > 1 << 24 || !(edges[0] >= 0) || !(edges[1] >= edges[0]))
    return node.error("its parameters are negative, in the wrong order, or too large");
  int64_t rows = length / 2 + 1;
  llvm::SmallVector<int64_t> bounds = melBounds(bins, length, rate, edges[0], edges[1]);
  if (bounds.back() > rows)
    return node.error("its upper edge is beyond half of the sample rate");
  llvm::SmallVector<double> weights(rows * bins, 0);
  for (int64_t bin = 0; bin < bins; ++bin) {
    int64_t left = bounds[bin], center = bounds[bin + 1], right = bounds[bin + 2];
    for (int64_t row = left; row < right; ++row)
      weights[row * bins + bin] =
          row < center ? static_cast<double>(row - left) / static_cast<double>(center - left)
                       : static_cast<double>(right - row) / static_cast<double>(right - center);
    // The corner belongs to the triangle even where it has no width.
    if (center < rows)
      weights[center * bins + bin] = 1;
  }
  GraphValue result;
  result.elementType = *type;
  result.shape = {rows, bins};
  result.constant = Constant::reals(*type, weights);
  node.set(0, std::move(result));
  return mlir::success();
}

Family signalOperators() {
  static constexpr Operator kOperators[] = {
      {"BlackmanWindow", 17, "i", importWindow}, {"DFT", 17, "fi?", importDFT},
      {"DFT", 20, "fi?l?", importDFT},           {"HammingWindow", 17, "i", importWindow},
      {"HannWindow", 17, "i", importWindow},     {"MelWeightMatrix", 17, "iiiff", importMelWeightMatrix},
      {"STFT", 17, "FiF?i?", importSTFT},
  };
  return kOperators;
}

} // namespace winnow::frontend
