// Integer and floating-point arithmetic (PTX ISA: "Integer Arithmetic Instructions", "Extended-Precision
// Integer Arithmetic Instructions", "Floating-Point Instructions", "Half Precision ...").
#include "runtime/device/ptxsim/decode/DecoderState.h"

namespace winnow::ptxsim {
namespace {

bool isInteger(ScalarType type) { return type >= ScalarType::B8 && type <= ScalarType::S64; }
bool isHalf(ScalarType type) { return type >= ScalarType::F16 && type <= ScalarType::BF16x2; }

ScalarType widened(ScalarType type) {
  switch (type) {
  case ScalarType::U16:
    return ScalarType::U32;
  case ScalarType::S16:
    return ScalarType::S32;
  case ScalarType::U32:
    return ScalarType::U64;
  default:
    return ScalarType::S64;
  }
}

} // namespace

/// The modifiers of floating-point arithmetic: rounding, .ftz, .sat. Directed roundings take `rounded`.
bool Decoder::floatModes(ScalarType type, Operation nearest, std::optional<Operation> rounded,
                         Operation &result) {
  result = nearest;
  if (type != ScalarType::F64 && modifiers.take("ftz"))
    out.flags |= kFlushToZero;
  if (type != ScalarType::F64 && modifiers.take("sat"))
    out.flags |= kSaturate;
  std::optional<Rounding> rounding = modifiers.takeRounding();
  if (!rounding || *rounding == Rounding::NearestEven)
    return true;
  if (*rounding > Rounding::Up || !rounded || isHalf(type))
    return unsupported("rounding");
  out.mode = uint8_t(*rounding);
  result = *rounded;
  return true;
}

/// add, sub and their forms .sat, .cc, addc, subc.
bool Decoder::addition() {
  bool isAdd = current->opcode.starts_with("add"), carryIn = current->opcode.ends_with("c");
  bool carryOut = modifiers.take("cc");
  ScalarType type = modifiers.takeType();
  if (carryIn || carryOut) {
    if (carryRow == kNoRow)
      carryRow = temporary(ScalarType::Pred);
    out.source[3] = carryRow;
    out.flags |= uint16_t((carryIn ? kCarryIn : 0) | (carryOut ? kCarryOut : 0));
    ScalarType typed = type == ScalarType::B32 ? ScalarType::U32 : type;
    return laneOperation(isAdd ? Operation::AddCarry : Operation::SubtractCarry, typed, type, {type, type});
  }
  Operation chosen = isAdd ? Operation::Add : Operation::Subtract;
  if (isInteger(type) && modifiers.take("sat"))
    chosen = isAdd ? Operation::AddSaturated : Operation::SubtractSaturated;
  else if (isFloat(type) &&
           !floatModes(type, chosen, isAdd ? Operation::AddRounded : Operation::SubtractRounded, chosen))
    return false;
  return laneOperation(chosen, type, type, {type, type});
}

bool Decoder::multiplication() {
  ScalarType type = modifiers.takeType();
  if (isFloat(type)) {
    Operation chosen = Operation::Multiply;
    return floatModes(type, Operation::Multiply, Operation::MultiplyRounded, chosen) &&
           laneOperation(chosen, type, type, {type, type});
  }
  if (modifiers.take("wide"))
    return laneOperation(Operation::MultiplyWide, type, widened(type), {type, type});
  if (modifiers.take("hi"))
    return laneOperation(Operation::MultiplyHigh, type, type, {type, type});
  if (!modifiers.take("lo"))
    return fail(current->location,
                format::concatenate("expected '.lo', '.hi' or '.wide' in '", current->text, "'"));
  return laneOperation(Operation::Multiply, type, type, {type, type});
}

/// mad.lo.cc, mad.hi.cc, madc.
bool Decoder::carryMultiplyAdd(bool isHigh) {
  if (carryRow == kNoRow)
    carryRow = temporary(ScalarType::Pred);
  out.source[3] = carryRow;
  out.flags |= uint16_t((current->opcode == "madc" ? kCarryIn : 0) | (modifiers.take("cc") ? kCarryOut : 0));
  ScalarType type = modifiers.takeType();
  return laneOperation(isHigh ? Operation::MultiplyAddHighCarry : Operation::MultiplyAddCarry, type, type,
                       {type, type, type});
}

bool Decoder::multiplyAdd() {
  bool isWide = modifiers.take("wide"), isHigh = !isWide && modifiers.take("hi");
  bool isLow = !isWide && !isHigh && modifiers.take("lo");
  if (!isWide && !isHigh && !isLow)
    return current->opcode == "mad" ? fusedMultiplyAdd() : unsupported("form");
  bool hasCarry = current->opcode == "madc";
  for (std::string_view modifier : modifiers.remaining())
    hasCarry |= modifier == "cc";
  if (hasCarry && !isWide)
    return carryMultiplyAdd(isHigh);
  bool saturates = isHigh && modifiers.take("sat");
  ScalarType type = modifiers.takeType();
  if (isWide)
    return laneOperation(Operation::MultiplyAddWide, type, widened(type), {type, type, widened(type)});
  Operation chosen = saturates ? Operation::MultiplyAddHighSaturated
                     : isHigh  ? Operation::MultiplyAddHigh
                               : Operation::MultiplyAdd;
  return laneOperation(chosen, type, type, {type, type, type});
}

/// mul24, mad24.
bool Decoder::shortMultiplication() {
  bool adds = operation == Operation::MultiplyAdd24, isHigh = modifiers.take("hi");
  if (!isHigh && !modifiers.take("lo"))
    return fail(current->location, format::concatenate("expected '.lo' or '.hi' in '", current->text, "'"));
  out.flags |= uint16_t((isHigh ? kHigh : 0) | (adds && isHigh && modifiers.take("sat") ? kSaturate : 0));
  ScalarType type = modifiers.takeType();
  if (out.flags & kSaturate && type != ScalarType::S32)
    return unsupported("form");
  return adds ? laneOperation(operation, type, type, {type, type, type})
              : laneOperation(operation, type, type, {type, type});
}

/// fma, and mad of floating-point types, which is the same on sm_20 and later.
bool Decoder::fusedMultiplyAdd() {
  ScalarType type = modifiers.takeType();
  Operation chosen = Operation::FusedMultiplyAdd;
  if (!isFloat(type))
    return chooseLanes(Operation::FusedMultiplyAdd, type);
  if (isHalf(type) && modifiers.take("relu"))
    out.flags |= kRelu;
  return floatModes(type, chosen, Operation::FusedMultiplyAddRounded, chosen) &&
         laneOperation(chosen, type, type, {type, type, type});
}

bool Decoder::division() {
  ScalarType type = modifiers.takeType();
  if (!isFloat(type))
    return laneOperation(Operation::Divide, type, type, {type, type});
  Operation chosen = modifiers.take("approx") ? Operation::DivideApproximate : Operation::Divide;
  modifiers.take("full"); // at most two units from the quotient, which the exact one is
  return floatModes(type, chosen, Operation::DivideRounded, chosen) &&
         laneOperation(chosen, type, type, {type, type});
}

bool Decoder::remainder() {
  ScalarType type = modifiers.takeType();
  return laneOperation(Operation::Remainder, type, type, {type, type});
}

/// neg, abs.
bool Decoder::unaryArithmetic() {
  if (modifiers.take("ftz"))
    out.flags |= kFlushToZero;
  ScalarType type = modifiers.takeType();
  return laneOperation(operation, type, type, {type});
}

bool Decoder::minimumMaximum() {
  ScalarType type = modifiers.takeType();
  bool isMinimum = operation == Operation::Minimum;
  if (isFloat(type) && modifiers.take("ftz"))
    out.flags |= kFlushToZero;
  Operation chosen = operation;
  if (isFloat(type) && modifiers.take("NaN"))
    chosen = isMinimum ? Operation::MinimumNan : Operation::MaximumNan;
  if (isFloat(type) && type != ScalarType::F64 && modifiers.take("xorsign")) {
    if (!modifiers.take("abs"))
      return fail(current->location, format::concatenate("expected '.xorsign.abs' in '", current->text, "'"));
    out.flags |= kXorSign;
  }
  return laneOperation(chosen, type, type, {type, type});
}

/// rcp, sqrt: rounded, or approximate.
bool Decoder::reciprocalOrRoot() {
  ScalarType type = modifiers.takeType();
  bool isReciprocal = operation == Operation::Reciprocal;
  Operation chosen = operation;
  if (modifiers.take("approx")) {
    chosen = isReciprocal ? Operation::ReciprocalApproximate : Operation::SquareRootApproximate;
    if (type == ScalarType::F64) // of rcp; sqrt has no such form
      return modifiers.take("ftz") ? laneOperation(chosen, type, type, {type}) : unsupported("form");
  }
  return floatModes(type, chosen, isReciprocal ? Operation::ReciprocalRounded : Operation::SquareRootRounded,
                    chosen) &&
         laneOperation(chosen, type, type, {type});
}

bool Decoder::reciprocalSquareRoot() {
  modifiers.take("approx");
  if (modifiers.take("ftz"))
    out.flags |= kFlushToZero;
  ScalarType type = modifiers.takeType();
  bool isGross = type == ScalarType::F64 && out.flags & kFlushToZero;
  return laneOperation(isGross ? Operation::ReciprocalSquareRootApproximate : operation, type, type, {type});
}

/// ex2, lg2, sin, cos, tanh.
bool Decoder::transcendental() {
  modifiers.take("approx");
  if (modifiers.take("ftz"))
    out.flags |= kFlushToZero;
  ScalarType type = modifiers.takeType();
  return laneOperation(operation, type, type, {type});
}

bool Decoder::testProperty() {
  constexpr std::string_view kProperties[] = {"finite",     "infinite", "number",
                                              "notanumber", "normal",   "subnormal"};
  ScalarType type = modifiers.takeType();
  for (uint8_t i = 0; i < 6; ++i)
    if (modifiers.take(kProperties[i])) {
      out.mode = i;
      return laneOperation(operation, type, ScalarType::Pred, {type});
    }
  return fail(current->location,
              format::concatenate("expected a property such as '.finite' in '", current->text, "'"));
}

bool Decoder::copySign() {
  ScalarType type = modifiers.takeType();
  return laneOperation(operation, type, type, {type, type});
}

bool Decoder::sumAbsoluteDifference() {
  ScalarType type = modifiers.takeType();
  return laneOperation(operation, type, type, {type, type, type});
}

} // namespace winnow::ptxsim
