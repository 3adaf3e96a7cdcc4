// set, which gives numbers where setp gives predicates (PTX ISA: "set").
#include "runtime/device/ptxsim/decode/DecoderState.h"

namespace winnow::ptxsim {
namespace {

bool isPair(ScalarType type) { return type == ScalarType::F16x2 || type == ScalarType::BF16x2; }
bool isHalf(ScalarType type) { return type == ScalarType::F16 || type == ScalarType::BF16; }
bool isInteger(ScalarType type, unsigned bytes) {
  return !isFloat(type) && type != bitsOf(type) && byteWidth(type) == bytes;
}

/// Which types set gives for operands of `type` (PTX ISA: "set", of integers and floats and of half
/// precision).
bool isResultOfSet(ScalarType result, ScalarType type) {
  if (isPair(type))
    return result == type || isInteger(result, 4);
  if (isHalf(result))
    return type != ScalarType::BF16 || result == type;
  return isInteger(result, 4) || (isHalf(type) ? isInteger(result, 2) : result == ScalarType::F32);
}

/// What set gives where the comparison holds.
uint64_t valueOfTrue(ScalarType result) {
  switch (result) {
  case ScalarType::F32:
    return 0x3f800000;
  case ScalarType::F16:
  case ScalarType::F16x2: // for each half
    return 0x3c00;
  case ScalarType::BF16:
  case ScalarType::BF16x2:
    return 0x3f80;
  default:
    return 0xffffffff;
  }
}

} // namespace

/// set.cmp.dtype.stype: all ones or 1.0 where the comparison holds; of pairs, in each half.
bool Decoder::set() {
  Operation compare = Operation::CompareEqual;
  uint16_t invert = 0;
  ScalarType result = modifiers.takeType(), type = modifiers.takeType();
  if (!comparison(compare, invert, type, /*isSet=*/true) || !finishModifiers())
    return false;
  if (!isResultOfSet(result, type))
    return unsupported("result type");
  out.flags |= invert;
  bool hasThird = out.combine != BooleanOperation::None, negated = false;
  if (!expectOperands(hasThird ? 4 : 3) || (hasThird && !predicateSource(3, out.source[2], negated)))
    return false;
  out.flags |= negated ? kNegateThird : 0;
  out.destination = temporary(ScalarType::Pred);
  if (isPair(type))
    return setPair(compare, result, type);
  const Row holds = out.destination;
  if (!chooseLanes(compare, type) || !source(1, type, out.source[0]) || !source(2, type, out.source[1]))
    return false;
  emit();
  return destination(0, result, out.destination) && selectOfSet(holds, bitsOf(result), result);
}

bool Decoder::setPair(Operation compare, ScalarType result, ScalarType type) {
  const Row holds[2] = {out.destination, out.destination2 = temporary(ScalarType::Pred)};
  out.operation = compare;
  if (!setPredicatePair(type == ScalarType::F16x2 ? ScalarType::F16 : ScalarType::BF16))
    return false;
  Row halves[2];
  for (unsigned part = 0; part < 2; ++part) {
    out.destination = halves[part] = temporary(ScalarType::B16);
    if (!selectOfSet(holds[part], ScalarType::B16, result))
      return false;
  }
  out.count = 2;
  out.source[0] = halves[0];
  out.source[1] = halves[1];
  if (!destination(0, result, out.destination) || !chooseLanes(Operation::Pack, ScalarType::B32))
    return false;
  emit();
  return true;
}

/// Into `out.destination`, a row of `bits`.
bool Decoder::selectOfSet(Row holds, ScalarType bits, ScalarType result) {
  out.flags &= uint16_t(kContinuation | kGuardNegated);
  out.destination2 = kNoRow;
  out.source[0] = constant(byteWidth(bits), valueOfTrue(result));
  out.source[1] = constant(byteWidth(bits), 0);
  out.source[2] = holds;
  if (!chooseLanes(Operation::Select, bits))
    return false;
  emit();
  return true;
}

} // namespace winnow::ptxsim
