// Moves, selections, comparisons and conversions (PTX ISA: "Data Movement and Conversion Instructions",
// "Comparison and Selection Instructions").
#include "runtime/device/ptxsim/decode/DecoderState.h"
#include "runtime/device/ptxsim/decode/SpecialRegisters.h"

#include <algorithm>

namespace winnow::ptxsim {

using syntax::Operand;

bool Decoder::move() {
  ScalarType type = modifiers.takeType();
  if (!finishModifiers() || !expectOperands(2))
    return false;
  const Operand &to = current->operands[0], &from = current->operands[1];
  if (type == ScalarType::Pred) {
    bool negated = false;
    if (!destination(0, type, out.destination) || !predicateSource(1, out.source[0], negated) ||
        !chooseLanes(negated ? Operation::Not : Operation::Move, type))
      return false;
    emit();
    return true;
  }
  if (from.kind == Operand::Kind::Vector)
    return pack(bitsOf(type));
  if (to.kind == Operand::Kind::Vector)
    return unpack(bitsOf(type));
  if (from.kind == Operand::Kind::Name)
    if (auto special = parseSpecial(from.name); special && isClock(*special))
      return readClock(*special, type);
  if (!chooseLanes(Operation::Move, bitsOf(type)) || !destination(0, type, out.destination) ||
      !source(1, type, out.source[0]))
    return false;
  emit();
  return true;
}

bool Decoder::readClock(SpecialRegister clock, ScalarType type) {
  out.operation = Operation::ReadClock;
  out.type = type;
  out.mode = uint8_t(clock);
  if (!destination(0, specialBytes(clock) == 8 ? ScalarType::U64 : ScalarType::U32, out.destination))
    return false;
  emit();
  return true;
}

namespace {

/// The type of one of `count` elements of `type`; None when there is none.
ScalarType elementType(ScalarType type, size_t count) {
  if (type == ScalarType::B32 && count == 2)
    return ScalarType::B16;
  if (type == ScalarType::B64 && count == 2)
    return ScalarType::B32;
  if (type == ScalarType::B64 && count == 4)
    return ScalarType::B16;
  return ScalarType::None;
}

} // namespace

bool Decoder::pack(ScalarType type) {
  const std::vector<Operand> &elements = current->operands[1].elements;
  ScalarType part = elementType(type, elements.size());
  if (part == ScalarType::None)
    return unsupported("vector");
  if (!chooseLanes(Operation::Pack, type) || !destination(0, type, out.destination))
    return false;
  out.count = uint8_t(elements.size());
  for (size_t i = 0; i < elements.size(); ++i)
    if (!source(elements[i], part, out.source[i]))
      return false;
  emit();
  return true;
}

bool Decoder::unpack(ScalarType type) {
  const std::vector<Operand> &elements = current->operands[0].elements;
  ScalarType part = elementType(type, elements.size());
  if (part == ScalarType::None)
    return unsupported("vector");
  if (!chooseLanes(Operation::Unpack, type) || !source(1, type, out.source[0]))
    return false;
  out.count = uint8_t(elements.size());
  Row *rows[4] = {&out.destination, &out.destination2, &out.source[2], &out.source[3]};
  for (size_t i = 0; i < elements.size(); ++i)
    if (elements[i].kind != Operand::Kind::Sink && !destination(elements[i], part, *rows[i]))
      return false;
  emit();
  return true;
}

bool Decoder::select() {
  ScalarType type = modifiers.takeType();
  bool negated = false;
  if (!finishModifiers() || !expectOperands(4) || !chooseLanes(operation, bitsOf(type)) ||
      !destination(0, type, out.destination) || !source(1, type, out.source[0]) ||
      !source(2, type, out.source[1]) || !predicateSource(3, out.source[2], negated))
    return false;
  out.flags |= negated ? kNegateThird : 0;
  emit();
  return true;
}

/// slct.dtype.{s32,f32}.
bool Decoder::selectBySign() {
  if (modifiers.take("ftz"))
    out.flags |= kFlushToZero;
  ScalarType type = modifiers.takeType(), selector = modifiers.takeType();
  if (selector != ScalarType::S32 && selector != ScalarType::F32)
    return unsupported("type of the third operand");
  out.convertFrom = selector;
  return laneOperation(operation, bitsOf(type), type, {type, type, selector});
}

/// The comparison, boolean operation and type of setp and set. Unordered comparisons are negated ordered
/// ones.
bool Decoder::comparison(Operation &compare, uint16_t &invert, ScalarType &type, bool isSet) {
  struct Entry {
    std::string_view spelling;
    Operation operation;
    bool isInverted;
  };
  constexpr Entry kComparisons[] = {
      {"eq", Operation::CompareEqual, false},        {"ne", Operation::CompareNotEqual, false},
      {"lt", Operation::CompareLess, false},         {"le", Operation::CompareLessEqual, false},
      {"gt", Operation::CompareGreater, false},      {"ge", Operation::CompareGreaterEqual, false},
      {"lo", Operation::CompareLess, false},         {"ls", Operation::CompareLessEqual, false},
      {"hi", Operation::CompareGreater, false},      {"hs", Operation::CompareGreaterEqual, false},
      {"equ", Operation::CompareNotEqual, true},     {"neu", Operation::CompareEqual, true},
      {"ltu", Operation::CompareGreaterEqual, true}, {"leu", Operation::CompareGreater, true},
      {"gtu", Operation::CompareLessEqual, true},    {"geu", Operation::CompareLess, true},
      {"num", Operation::CompareNumbers, false},     {"nan", Operation::CompareNumbers, true}};
  const Entry *found = nullptr;
  for (const Entry &entry : kComparisons)
    if (modifiers.take(entry.spelling)) {
      found = &entry;
      break;
    }
  if (!found)
    return fail(current->location,
                format::concatenate("expected a comparison such as '.eq' in '", current->text, "'"));
  if (modifiers.take("ftz"))
    out.flags |= kFlushToZero;
  for (auto [spelling, boolean] :
       {std::pair{"and", BooleanOperation::And}, std::pair{"or", BooleanOperation::Or},
        std::pair{"xor", BooleanOperation::Xor}})
    if (modifiers.take(spelling))
      out.combine = boolean;
  if (!isSet)
    type = modifiers.takeType();
  compare = found->operation;
  invert = found->isInverted ? kInvert : 0;
  bool isUnsignedForm = found->spelling == "lo" || found->spelling == "ls" || found->spelling == "hi" ||
                        found->spelling == "hs";
  if (isUnsignedForm && (isFloat(type) || isSigned(type)))
    return unsupported("comparison");
  if (found->isInverted && !isFloat(type))
    return unsupported("comparison");
  return true;
}

bool Decoder::setPredicate() {
  Operation compare = Operation::CompareEqual;
  uint16_t invert = 0;
  ScalarType type = ScalarType::None;
  if (!comparison(compare, invert, type, /*isSet=*/false) || !finishModifiers())
    return false;
  out.flags |= invert;
  bool hasThird = out.combine != BooleanOperation::None, negated = false;
  if (!expectOperands(hasThird ? 4 : 3) || !predicateDestinations(0) ||
      (hasThird && !predicateSource(3, out.source[2], negated)))
    return false;
  out.flags |= negated ? kNegateThird : 0;
  if (type == ScalarType::F16x2 || type == ScalarType::BF16x2) {
    out.operation = compare;
    return setPredicatePair(type == ScalarType::F16x2 ? ScalarType::F16 : ScalarType::BF16);
  }
  if (!chooseLanes(compare, type) || !source(1, type, out.source[0]) || !source(2, type, out.source[1]))
    return false;
  emit();
  return true;
}

/// setp.f16x2 p|q: p compares the lower halves, q the upper ones.
bool Decoder::setPredicatePair(ScalarType half) {
  Instruction compare = out;
  Row halves[2][2];
  for (size_t i = 0; i < 2; ++i) {
    if (!source(i + 1, ScalarType::B32, out.source[0]) || !chooseLanes(Operation::Unpack, ScalarType::B32))
      return false;
    out.count = 2;
    out.flags = uint16_t((out.flags & kContinuation) | (compare.flags & kGuardNegated));
    out.destination = halves[i][0] = temporary(ScalarType::B16);
    out.destination2 = halves[i][1] = temporary(ScalarType::B16);
    out.source[2] = kNoRow;
    emit();
  }
  for (size_t part = 0; part < 2; ++part) {
    out = compare;
    out.destination = part ? compare.destination2 : compare.destination;
    out.destination2 = kNoRow;
    out.source[0] = halves[0][part];
    out.source[1] = halves[1][part];
    if (!chooseLanes(compare.operation, half))
      return false;
    out.flags |= kContinuation;
    if (out.destination != kNoRow)
      emit();
  }
  return true;
}

namespace {

bool isPlainInteger(ScalarType type) {
  return type >= ScalarType::U8 && type <= ScalarType::S64 && type != ScalarType::B16 &&
         type != ScalarType::B32 && type != ScalarType::B64;
}

/// The type whose extension to the register gives the conversion between integers, or None when it takes two
/// steps: the low bits at the narrower of the two types.
ScalarType extension(ScalarType to, ScalarType from, unsigned registerBytes) {
  ScalarType narrow = byteWidth(from) < byteWidth(to) ? from : to;
  if (narrow == from && isSigned(from) && !isSigned(to) && registerBytes > byteWidth(to))
    return ScalarType::None;
  return narrow == ScalarType::S64 ? ScalarType::U64 : narrow;
}

/// The pairs that lanes/Convert.cpp has functions for.
bool isCommonToFloat(ScalarType to, ScalarType from) {
  bool isNarrowInteger = !isFloat(from) && byteWidth(from) < 4;
  if (to == ScalarType::F32)
    return from != ScalarType::F32 && !isNarrowInteger;
  if (to == ScalarType::F64)
    return from == ScalarType::F32 || (!isFloat(from) && !isNarrowInteger);
  return from == ScalarType::F32;
}
bool isWordFromFloat(ScalarType to, ScalarType from) {
  return from == ScalarType::F32 && (to == ScalarType::S32 || to == ScalarType::U32);
}

} // namespace

/// cvt.d.a: a function of its own for the common pairs, one for all others.
bool Decoder::convert() {
  if (modifiers.take("pack"))
    return convertPacked();
  std::optional<Rounding> rounding = modifiers.takeRounding();
  out.flags |= uint16_t((modifiers.take("ftz") ? kFlushToZero : 0) | (modifiers.take("sat") ? kSaturate : 0) |
                        (modifiers.take("satfinite") ? kFinite : 0) | (modifiers.take("relu") ? kRelu : 0));
  if (modifiers.take("tf32"))
    return convertTf32(rounding);
  for (auto [spelling, format] : {std::pair{"e4m3x2", ByteFloat::E4M3}, std::pair{"e5m2x2", ByteFloat::E5M2}})
    if (modifiers.take(spelling))
      return convertByteFloats(format, rounding, /*isSource=*/current->modifiers.back() == spelling);
  ScalarType to = modifiers.takeType(), from = modifiers.takeType();
  if (to == ScalarType::F16x2 || to == ScalarType::BF16x2)
    return from == ScalarType::F32 && rounding ? convertPair(to, *rounding) : unsupported("conversion");
  bool known = (isPlainInteger(to) || isFloat(to)) && (isPlainInteger(from) || isFloat(from)) &&
               from != ScalarType::F16x2 && from != ScalarType::BF16x2;
  if (!known)
    return unsupported("conversion");
  if (!finishModifiers() || !expectOperands(2) || !destination(0, to, out.destination, /*allowWider=*/true) ||
      !source(1, from, out.source[0], /*allowWider=*/true))
    return false;
  out.registerBytes = uint8_t(rowBytes(out.destination));
  out.sourceBytes = uint8_t(rowBytes(out.source[0]));
  out.convertFrom = from;
  if (out.flags & kFinite && !((to == ScalarType::F16 || to == ScalarType::BF16) && from == ScalarType::F32))
    return unsupported("conversion");
  bool toInteger = isFloat(from) && !isFloat(to),
       needsRounding =
           toInteger || (isFloat(to) && !isFloat(from)) || (isFloat(to) && byteWidth(to) < byteWidth(from));
  if (needsRounding && !rounding)
    return fail(current->location,
                format::concatenate("expected a rounding such as '.rn' in '", current->text, "'"));
  if (toInteger != (needsRounding && *rounding >= Rounding::IntegerNearestEven))
    return unsupported("rounding");
  if (rounding == Rounding::NearestAway)
    return unsupported("rounding");
  out.mode = uint8_t(rounding.value_or(Rounding::NearestEven));
  bool isPlain = !(out.flags & (kSaturate | kRelu | kFinite)) && out.mode == uint8_t(Rounding::NearestEven);
  if (!isFloat(to) && !isFloat(from) && isPlain) {
    ScalarType narrow = extension(to, from, out.registerBytes);
    if (narrow != ScalarType::None && chooseLanes(Operation::Extend, narrow)) {
      emit();
      return true;
    }
  }
  bool exactWidths = out.registerBytes == byteWidth(to) && out.sourceBytes == byteWidth(from);
  bool flushesSource = out.flags & kFlushToZero && from == ScalarType::F32;
  bool isDirected = rounding == Rounding::IntegerUp || rounding == Rounding::IntegerDown;
  bool isCommon = toInteger ? isWordFromFloat(to, from) && !(flushesSource && isDirected)
                            : isPlain && isCommonToFloat(to, from) && !flushesSource &&
                                  !(out.flags & kFlushToZero && from == ScalarType::F64);
  if (!chooseLanes(exactWidths && isCommon ? Operation::ConvertFloat : Operation::Convert, to))
    return false;
  emit();
  return true;
}

/// cvt.rna.tf32.f32, also with .rn and .rz.
bool Decoder::convertTf32(std::optional<Rounding> rounding) {
  bool isKnown =
      rounding == Rounding::NearestAway || rounding == Rounding::NearestEven || rounding == Rounding::Zero;
  if (!isKnown || out.flags & (kSaturate | kFlushToZero | kRelu | kFinite) ||
      modifiers.takeType() != ScalarType::F32)
    return unsupported("conversion");
  out.mode = uint8_t(*rounding);
  return laneOperation(Operation::ConvertTf32, ScalarType::F32, ScalarType::F32, {ScalarType::F32});
}

/// cvt.rn or .rz of two floats; the first goes to the upper half.
bool Decoder::convertPair(ScalarType type, Rounding rounding) {
  if (out.flags & (kSaturate | kFlushToZero | kFinite) ||
      (rounding != Rounding::NearestEven && rounding != Rounding::Zero))
    return unsupported("conversion");
  out.mode = uint8_t(rounding);
  return laneOperation(Operation::ConvertPair, type, type, {ScalarType::F32, ScalarType::F32});
}

namespace {

uint64_t window(StateSpace space) {
  return space == StateSpace::Shared      ? kSharedWindow
         : space == StateSpace::Local     ? kLocalWindow
         : space == StateSpace::Parameter ? kParameterWindow
                                          : 0;
}

} // namespace

/// cvta: generic addresses have their space in the top bits (Code.h).
bool Decoder::convertAddress() {
  bool toSpace = modifiers.take("to");
  std::optional<StateSpace> space = modifiers.takeSpace();
  ScalarType type = modifiers.takeType();
  if (!space || type != ScalarType::U64)
    return unsupported("form");
  if (!finishModifiers() || !expectOperands(2) || !destination(0, type, out.destination) ||
      !source(1, type, out.source[0]))
    return false;
  uint64_t bits = window(*space);
  ScalarType laneType = bits ? ScalarType::U64 : ScalarType::B64;
  if (bits)
    out.source[1] = constant(8, bits);
  if (!chooseLanes(!bits ? Operation::Move : toSpace ? Operation::Subtract : Operation::Add, laneType))
    return false;
  emit();
  return true;
}

/// Whether the address in source[0] is one of `bytes` from `begin` on. It is a step of a larger instruction.
void Decoder::emitIsWithin(Row address, uint64_t begin, uint64_t bytes, Row predicate) {
  out.source[0] = address;
  out.source[1] = constant(8, begin);
  out.destination = temporary(ScalarType::U64);
  chooseLanes(Operation::Subtract, ScalarType::U64);
  emit();
  out.source[0] = out.destination;
  out.source[1] = constant(8, bytes);
  out.destination = predicate;
  chooseLanes(Operation::CompareLess, ScalarType::U64);
  emit();
}

/// By the window that the top bits name; constants have none, and lie between global variables.
bool Decoder::isInSpace() {
  std::optional<StateSpace> space = modifiers.takeSpace();
  if (!space)
    return unsupported("state space");
  Row address = kNoRow, result = kNoRow;
  if (!finishModifiers() || !expectOperands(2) || !source(1, ScalarType::U64, address) ||
      !destination(0, ScalarType::Pred, result))
    return false;
  const uint64_t constantBytes = module.constantsEnd - module.constantsBegin;
  if (*space == StateSpace::Constant) {
    emitIsWithin(address, module.constantsBegin, constantBytes, result);
    return true;
  }
  emitIsWithin(address, window(*space), uint64_t(1) << kWindowBits, result);
  if (*space != StateSpace::Global || constantBytes == 0)
    return true;
  const Row isConstant = temporary(ScalarType::Pred);
  emitIsWithin(address, module.constantsBegin, constantBytes, isConstant);
  out.source[0] = isConstant;
  out.destination = isConstant;
  chooseLanes(Operation::Not, ScalarType::Pred);
  emit();
  out.source[0] = result;
  out.source[1] = isConstant;
  out.destination = result;
  chooseLanes(Operation::And, ScalarType::Pred);
  emit();
  return true;
}

} // namespace winnow::ptxsim
