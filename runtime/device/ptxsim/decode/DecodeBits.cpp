// Logic, shifts, bit fields and byte products (PTX ISA: "Logic and Shift Instructions", "Integer Arithmetic
// Instructions").
#include "runtime/device/ptxsim/decode/DecoderState.h"

#include <algorithm>
#include <utility>

namespace winnow::ptxsim {

/// and, or, xor, not, cnot. Predicates may be negated in none of them.
bool Decoder::logic() {
  ScalarType type = modifiers.takeType();
  bool isUnary = operation == Operation::Not || operation == Operation::ConditionalNot;
  if (type != ScalarType::Pred)
    return isUnary ? laneOperation(operation, type, type, {type})
                   : laneOperation(operation, type, type, {type, type});
  size_t sources = isUnary ? 1 : 2;
  if (!finishModifiers() || !expectOperands(sources + 1) || !chooseLanes(operation, type) ||
      !destination(0, type, out.destination))
    return false;
  for (size_t i = 0; i < sources; ++i) {
    bool negated = false;
    if (!predicateSource(i + 1, out.source[i], negated))
      return false;
    if (negated)
      return unsupported("negated operand");
  }
  emit();
  return true;
}

bool Decoder::shift() {
  ScalarType type = modifiers.takeType();
  return laneOperation(operation, type, type, {type, ScalarType::U32});
}

bool Decoder::funnelShift() {
  bool isLeft = modifiers.take("l");
  if (!isLeft && !modifiers.take("r"))
    return unsupported("direction");
  if (modifiers.take("wrap"))
    out.flags |= kWrap;
  else if (!modifiers.take("clamp"))
    return unsupported("mode");
  ScalarType type = modifiers.takeType();
  return laneOperation(isLeft ? Operation::FunnelLeft : Operation::FunnelRight, type, type,
                       {type, type, ScalarType::U32});
}

bool Decoder::fieldExtract() {
  ScalarType type = modifiers.takeType();
  return laneOperation(operation, type, type, {type, ScalarType::U32, ScalarType::U32});
}

bool Decoder::fieldInsert() {
  ScalarType type = modifiers.takeType();
  return laneOperation(operation, type, type, {type, type, ScalarType::U32, ScalarType::U32});
}

/// bmsk, szext.
bool Decoder::wrapOrClamp() {
  if (modifiers.take("wrap"))
    out.flags |= kWrap;
  else if (!modifiers.take("clamp"))
    return unsupported("mode");
  ScalarType type = modifiers.takeType();
  return laneOperation(operation, type, type, {type, type});
}

/// popc, clz, brev.
bool Decoder::countBits() {
  ScalarType type = modifiers.takeType();
  return laneOperation(operation, type, operation == Operation::ReverseBits ? type : ScalarType::U32, {type});
}

bool Decoder::findLeadingBit() {
  out.mode = modifiers.take("shiftamt");
  ScalarType type = modifiers.takeType();
  return laneOperation(operation, type, ScalarType::U32, {type});
}

bool Decoder::permute() {
  constexpr std::pair<std::string_view, PermuteMode> kModes[] = {
      {"f4e", PermuteMode::ForwardExtract}, {"b4e", PermuteMode::BackwardExtract},
      {"rc8", PermuteMode::Replicate8},     {"ecl", PermuteMode::EdgeClampLeft},
      {"ecr", PermuteMode::EdgeClampRight}, {"rc16", PermuteMode::Replicate16}};
  for (auto [spelling, mode] : kModes)
    if (modifiers.take(spelling))
      out.mode = uint8_t(mode);
  ScalarType type = modifiers.takeType();
  return laneOperation(operation, type, type, {type, type, type});
}

/// lop3.b32 d, a, b, c, table, and lop3.or.b32 d|p, a, b, c, table, q: p = (d != 0) or q (PTX ISA: "lop3").
bool Decoder::logicTable() {
  BooleanOperation combine = modifiers.take("or")    ? BooleanOperation::Or
                             : modifiers.take("and") ? BooleanOperation::And
                                                     : BooleanOperation::None;
  bool hasPredicate = combine != BooleanOperation::None;
  ScalarType type = modifiers.takeType();
  if (!finishModifiers() || !expectOperands(hasPredicate ? 6 : 5) || !chooseLanes(operation, type))
    return false;
  syntax::Operand result = current->operands[0];
  std::string_view predicate = std::exchange(result.second, {});
  if (predicate.empty() == hasPredicate)
    return operandError(result, hasPredicate ? "a register and a predicate, 'd|p'," : "a register");
  if (!destination(result, type, out.destination))
    return false;
  for (size_t i = 0; i < 3; ++i)
    if (!source(i + 1, type, out.source[i]))
      return false;
  auto lookup = integerLiteral(4);
  if (!lookup || *lookup > 255)
    return operandError(current->operands[4], "a table from 0 to 255");
  out.mode = uint8_t(*lookup);
  emit();
  return !hasPredicate || testLogicTable(predicate, combine);
}

/// The predicate of lop3, made of the result that `out` has just been emitted for.
bool Decoder::testLogicTable(std::string_view predicate, BooleanOperation combine) {
  out.source[0] = out.destination;
  out.source[1] = constant(4, 0);
  out.combine = combine;
  bool negated = false;
  if (!predicateNamed(predicate, current->operands[0].location, out.destination) ||
      !predicateSource(5, out.source[2], negated) ||
      !chooseLanes(Operation::CompareNotEqual, ScalarType::B32))
    return false;
  out.flags |= negated ? kNegateThird : 0;
  emit();
  return true;
}

/// fns.b32 d, mask, base, offset.
bool Decoder::findNthSet() {
  ScalarType type = modifiers.takeType();
  return laneOperation(operation, type, type, {type, type, ScalarType::S32});
}

/// dp4a.atype.btype, dp2a.mode.atype.btype.
bool Decoder::dotProduct() {
  if (operation == Operation::DotProduct2) {
    if (modifiers.take("hi"))
      out.flags |= kHigh;
    else if (!modifiers.take("lo"))
      return unsupported("mode");
  }
  ScalarType a = modifiers.takeType(), b = modifiers.takeType();
  auto isWord = [](ScalarType type) { return type == ScalarType::U32 || type == ScalarType::S32; };
  if (!isWord(a) || !isWord(b))
    return fail(current->location,
                format::concatenate("expected two types, each '.u32' or '.s32', in '", current->text, "'"));
  out.flags |= uint16_t((isSigned(a) ? kSignedA : 0) | (isSigned(b) ? kSignedB : 0));
  return laneOperation(operation, ScalarType::U32, ScalarType::U32,
                       {ScalarType::U32, ScalarType::U32, ScalarType::U32});
}

} // namespace winnow::ptxsim
