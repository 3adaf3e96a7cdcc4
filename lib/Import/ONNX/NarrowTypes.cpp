// Codes of narrow floats from and to f32 by integer arithmetic, so that no target needs to know them.
#include "lib/Import/ONNX/NarrowTypes.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

namespace winnow::frontend {

using mlir::Value;
namespace arith = mlir::arith;

namespace {

constexpr int64_t kSingleInfinity = 0x7f800000, kSingleNaN = 0x7fc00000, kSingleBias = 127,
                  kSingleMantissa = 23;

/// A format with a sign in its highest bit. Codes are without it.
struct NarrowFormat {
  int64_t bits, mantissaBits, bias;
  int64_t largest;              // the code of the largest number
  int64_t overflow, notANumber; // the codes of what is beyond it unless it saturates, and of NaN
  bool hasNegativeZero = true;  // else the code of -0 is the only NaN
};

NarrowFormat formatOf(mlir::Type type) {
  return llvm::TypeSwitch<mlir::Type, NarrowFormat>(type)
      .Case([](mlir::Float8E4M3FNType) { return NarrowFormat{8, 3, 7, 0x7e, 0x7f, 0x7f}; })
      .Case([](mlir::Float8E4M3FNUZType) { return NarrowFormat{8, 3, 8, 0x7f, 0x80, 0x80, false}; })
      .Case([](mlir::Float8E5M2Type) { return NarrowFormat{8, 2, 15, 0x7b, 0x7c, 0x7e}; })
      .Case([](mlir::Float8E5M2FNUZType) { return NarrowFormat{8, 2, 16, 0x7f, 0x80, 0x80, false}; })
      // These have numbers only; a NaN becomes -0, as in ml_dtypes.
      .Case([](mlir::Float6E2M3FNType) { return NarrowFormat{6, 3, 1, 0x1f, 0x1f, 0x20}; })
      .Case([](mlir::Float6E3M2FNType) { return NarrowFormat{6, 2, 3, 0x1f, 0x1f, 0x20}; })
      .Default([](mlir::Type) { return NarrowFormat{4, 1, 1, 7, 7, 8}; }); // float4_e2m1fn
}

/// Arithmetic on the bits of an f32.
class Bits {
public:
  explicit Bits(const Scalars &s) : s(s), type(s.builder.getI32Type()) {}

  Value number(int64_t value) const { return s.integer(type, value); }
  Value of(Value single) const { return arith::BitcastOp::create(s.builder, s.location, type, single); }
  Value toSingle(Value bits) const {
    return arith::BitcastOp::create(s.builder, s.location, s.builder.getF32Type(), bits);
  }
  Value both(Value a, int64_t mask) const {
    return arith::AndIOp::create(s.builder, s.location, a, number(mask));
  }
  Value either(Value a, Value b) const { return arith::OrIOp::create(s.builder, s.location, a, b); }
  Value left(Value a, int64_t by) const {
    return arith::ShLIOp::create(s.builder, s.location, a, number(by));
  }
  Value right(Value a, int64_t by) const {
    return arith::ShRUIOp::create(s.builder, s.location, a, number(by));
  }
  Value add(Value a, int64_t b) const { return s.add(a, number(b)); }
  Value isGreater(Value a, int64_t b) const { return s.less(number(b), a); }
  Value isEqual(Value a, int64_t b) const { return s.equal(a, number(b)); }

private:
  Scalars s;
  mlir::Type type;
};

Value decodeExponent(const Scalars &s, const Bits &b, Value code) {
  // 2^-127 is subnormal in f32.
  Value bits =
      s.select(b.isEqual(code, 0), b.number(1 << (kSingleMantissa - 1)), b.left(code, kSingleMantissa));
  return b.toSingle(s.select(b.isEqual(code, 255), b.number(kSingleNaN), bits));
}

/// float8_e8m0fnu has exponents only, no sign: what is negative has no value there.
Value encodeExponent(const Scalars &s, const Bits &b, Value bits, NarrowRounding rounding) {
  using Mode = NarrowRounding::Mode;
  Value magnitude = b.both(bits, 0x7fffffff);
  Value exponent = b.right(magnitude, kSingleMantissa), fraction = b.both(magnitude, 0x7fffff);
  Value one = b.number(1), zero = b.number(0), half = b.number(1 << (kSingleMantissa - 1));
  Value isSubnormal = b.isEqual(exponent, 0);
  // Below 2^-126 the next lower power is 2^-127, whose f32 has the fraction `half`.
  Value excess = s.select(isSubnormal, s.subtract(fraction, half), fraction);
  Value nearest = s.select(isSubnormal, b.number(1 << (kSingleMantissa - 2)), half);
  Value increment = zero;
  if (rounding.mode == Mode::Up)
    increment = s.select(s.less(zero, excess), one, zero);
  else if (rounding.mode == Mode::Nearest)
    increment = s.select(s.less(excess, nearest), zero, one);
  Value code = s.add(exponent, increment);
  code = s.select(b.isGreater(code, 254), b.number(rounding.saturate ? 254 : 255), code);
  if (!rounding.saturate)
    code = s.select(s.less(magnitude, half), b.number(255), code);
  Value isNegative =
      arith::AndIOp::create(s.builder, s.location, s.less(bits, zero), s.notEqual(magnitude, zero));
  Value hasNoValue = b.either(isNegative, b.isGreater(magnitude, kSingleInfinity));
  return s.select(hasNoValue, b.number(255), code);
}

/// The code, without sign, of a magnitude that is not too large; `bits` are those of the f32 `magnitude`.
Value encodeMagnitude(const Scalars &s, const Bits &b, Value bits, Value magnitude,
                      const NarrowFormat &format) {
  int64_t dropped = kSingleMantissa - format.mantissaBits;
  int64_t rebias = kSingleBias - format.bias;
  // Half of the last place less one, and one if the last place is odd: a carry is the next code.
  Value isOdd = b.both(b.right(bits, dropped), 1);
  Value rounded = s.add(b.add(bits, (int64_t{1} << (dropped - 1)) - 1), isOdd);
  Value normal = b.add(b.right(rounded, dropped), -(rebias << format.mantissaBits));
  // The last place of this sum is that of subnormals, so that adding rounds.
  int64_t scale = (rebias + 1 + dropped) << kSingleMantissa;
  Value sum = s.add(magnitude, b.toSingle(b.number(scale)));
  Value subnormal = b.add(b.of(sum), -scale);
  Value isSubnormal = s.less(bits, b.number((rebias + 1) << kSingleMantissa));
  return s.select(isSubnormal, subnormal, normal);
}

Value narrowTo(const Scalars &s, Value code) {
  return arith::TruncIOp::create(s.builder, s.location, s.builder.getI8Type(), code);
}

} // namespace

Value decodeFloat(const Scalars &scalars, Value code, mlir::Type narrow) {
  Scalars s{scalars.builder, scalars.location};
  Bits b(s);
  code = arith::ExtUIOp::create(s.builder, s.location, s.builder.getI32Type(), code);
  if (mlir::isa<mlir::Float8E8M0FNUType>(narrow))
    return decodeExponent(s, b, code);
  NarrowFormat format = formatOf(narrow);
  int64_t shift = kSingleMantissa - format.mantissaBits, rebias = kSingleBias - format.bias;
  Value magnitude = b.both(code, (1 << (format.bits - 1)) - 1);
  Value normal = b.add(b.left(magnitude, shift), rebias << kSingleMantissa);
  Value unit = b.toSingle(b.number((rebias + 1 - format.mantissaBits) << kSingleMantissa));
  Value units = arith::SIToFPOp::create(s.builder, s.location, s.builder.getF32Type(), magnitude);
  Value isSubnormal = s.less(magnitude, b.number(1 << format.mantissaBits));
  Value bits = s.select(isSubnormal, b.of(s.multiply(units, unit)), normal);
  if (format.overflow != format.largest && format.hasNegativeZero) {
    Value special = b.number(kSingleNaN);
    if (format.overflow != format.notANumber)
      special = s.select(b.isEqual(magnitude, format.overflow), b.number(kSingleInfinity), special);
    bits = s.select(b.isGreater(magnitude, format.largest), special, bits);
  }
  bits = b.either(bits, b.left(b.right(code, format.bits - 1), 31));
  if (!format.hasNegativeZero)
    bits = s.select(b.isEqual(code, format.notANumber), b.number(kSingleNaN), bits);
  return b.toSingle(bits);
}

Value encodeFloat(const Scalars &scalars, Value number, mlir::Type narrow, NarrowRounding rounding) {
  Scalars s{scalars.builder, scalars.location};
  Bits b(s);
  Value bits = b.of(number);
  if (mlir::isa<mlir::Float8E8M0FNUType>(narrow))
    return narrowTo(s, encodeExponent(s, b, bits, rounding));
  NarrowFormat format = formatOf(narrow);
  Value magnitudeBits = b.both(bits, 0x7fffffff);
  Value code = encodeMagnitude(s, b, magnitudeBits, b.toSingle(magnitudeBits), format);
  Value beyond = b.number(rounding.saturate ? format.largest : format.overflow);
  code = s.select(b.isGreater(code, format.largest), beyond, code);
  code = s.select(b.isGreater(magnitudeBits, kSingleInfinity), b.number(format.notANumber), code);
  Value withSign = b.either(code, b.both(b.right(bits, 32 - format.bits), 1 << (format.bits - 1)));
  if (!format.hasNegativeZero)
    withSign = s.select(b.isEqual(code, 0), code, withSign);
  return narrowTo(s, withSign);
}

Value wrapInteger(const Scalars &s, Value value, mlir::Type narrow) {
  unsigned width = narrow.getIntOrFloatBitWidth();
  Value unused = s.integer(value.getType(), 8 - width);
  Value shifted = arith::ShLIOp::create(s.builder, s.location, value, unused);
  if (isUnsigned(narrow))
    return arith::ShRUIOp::create(s.builder, s.location, shifted, unused);
  return arith::ShRSIOp::create(s.builder, s.location, shifted, unused);
}

bool isPacked(mlir::Type type) {
  unsigned width = type.getIntOrFloatBitWidth();
  return width > 1 && width < 8;
}

std::optional<GraphValue> packedValue(ExtentTable &extents, const GraphValue &value) {
  std::optional<Extent> count = elementCount(value.shape);
  std::optional<Extent> bits = count ? multiply(*count, value.elementType.getIntOrFloatBitWidth()) : count;
  std::optional<Extent> bytes = bits ? extents.ceilDivide(*bits, 8) : bits;
  if (!bytes)
    return std::nullopt;
  GraphValue packed;
  packed.elementType = mlir::IntegerType::get(value.elementType.getContext(), 8, mlir::IntegerType::Unsigned);
  packed.shape = {*bytes};
  return packed;
}

GraphValue unpack(Emitter &emit, Value packed, mlir::Type type, const Shape &shape) {
  Shape list = {*elementCount(shape)};
  Access output{emit.empty(type, list), {0}};
  int64_t bits = type.getIntOrFloatBitWidth();
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, mlir::ValueRange) {
    Scalars s{builder, location};
    auto index = [&](int64_t value) { return s.integer(builder.getIndexType(), value); };
    Value place = s.multiply(s.loop(0), index(bits));
    Value byte = arith::DivUIOp::create(builder, location, place, index(8));
    Value offset = arith::RemUIOp::create(builder, location, place, index(8));
    Value last = s.subtract(mlir::tensor::DimOp::create(builder, location, packed, 0), index(1));
    auto load = [&](Value at) -> Value {
      Value found = mlir::tensor::ExtractOp::create(builder, location, packed, at);
      return arith::ExtUIOp::create(builder, location, builder.getI32Type(), found);
    };
    Value window = load(byte);
    if (8 % bits != 0) {
      Value next = load(arith::MinUIOp::create(builder, location, s.add(byte, index(1)), last));
      window = Bits(s).either(window, Bits(s).left(next, 8));
    }
    Value shift = arith::IndexCastOp::create(builder, location, builder.getI32Type(), offset);
    Value code = arith::ShRUIOp::create(builder, location, window, shift);
    code = narrowTo(s, Bits(s).both(code, (1 << bits) - 1));
    return llvm::SmallVector<Value>{isNarrowInteger(type) ? wrapInteger(s, code, type) : code};
  };
  Value elements = emit.generic(1, {}, {}, output, body)[0];
  return emit.reshape(emit.wrap(elements, type, list), shape);
}

std::optional<GraphValue> pack(Emitter &emit, const GraphValue &value) {
  std::optional<GraphValue> packed = packedValue(emit.extents, value);
  if (!packed)
    return std::nullopt;
  Value elements = emit.tensor(emit.reshape(value, {*elementCount(value.shape)}));
  int64_t bits = value.elementType.getIntOrFloatBitWidth();
  Access output{emit.empty(packed->elementType, packed->shape), {0}};
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, mlir::ValueRange) {
    Scalars s{builder, location};
    Bits b(s);
    auto index = [&](int64_t number) { return s.integer(builder.getIndexType(), number); };
    Value place = s.multiply(s.loop(0), index(8));
    Value first = arith::DivUIOp::create(builder, location, place, index(bits));
    Value before = arith::RemUIOp::create(builder, location, place, index(bits));
    Value count = mlir::tensor::DimOp::create(builder, location, elements, 0);
    Value window = b.number(0);
    for (int64_t i = 0; i < static_cast<int64_t>(llvm::divideCeil(8, bits)); ++i) {
      Value at = s.add(first, index(i));
      Value isInside = arith::CmpIOp::create(builder, location, arith::CmpIPredicate::ult, at, count);
      Value found =
          mlir::tensor::ExtractOp::create(builder, location, elements, s.select(isInside, at, first));
      Value code = arith::ExtUIOp::create(builder, location, builder.getI32Type(), found);
      code = s.select(isInside, b.both(code, (1 << bits) - 1), b.number(0));
      window = b.either(window, b.left(code, i * bits));
    }
    Value shift = arith::IndexCastOp::create(builder, location, builder.getI32Type(), before);
    Value byte = arith::ShRUIOp::create(builder, location, window, shift);
    return llvm::SmallVector<Value>{narrowTo(s, byte)};
  };
  packed->tensor = emit.generic(1, {}, {}, output, body)[0];
  return packed;
}

} // namespace winnow::frontend
