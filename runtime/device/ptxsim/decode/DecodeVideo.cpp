// Video instructions (PTX ISA: "Scalar Video Instructions", "SIMD Video Instructions").
#include "runtime/device/ptxsim/decode/DecoderState.h"
#include "runtime/device/ptxsim/decode/SpecialRegisters.h"

#include <algorithm>

namespace winnow::ptxsim {

using syntax::Operand;

namespace {

constexpr std::pair<std::string_view, VideoOperation> kOperations[] = {
    {"vadd", VideoOperation::Add},
    {"vsub", VideoOperation::Subtract},
    {"vabsdiff", VideoOperation::AbsoluteDifference},
    {"vmin", VideoOperation::Minimum},
    {"vmax", VideoOperation::Maximum},
    {"vavrg", VideoOperation::Average},
    {"vshl", VideoOperation::ShiftLeft},
    {"vshr", VideoOperation::ShiftRight}};
constexpr std::pair<std::string_view, VideoOperation> kComparisons[] = {
    {"eq", VideoOperation::Equal},   {"ne", VideoOperation::NotEqual},
    {"lt", VideoOperation::Less},    {"le", VideoOperation::LessEqual},
    {"gt", VideoOperation::Greater}, {"ge", VideoOperation::GreaterEqual}};
constexpr std::pair<std::string_view, VideoCombination> kCombinations[] = {
    {"add", VideoCombination::Add}, {"min", VideoCombination::Minimum}, {"max", VideoCombination::Maximum}};

/// Cuts "%r1.b0" into the register and "b0"; "" without a selector.
std::string_view cutSelector(Operand &operand) {
  size_t dot = operand.name.rfind('.');
  if (operand.kind != Operand::Kind::Name || dot == std::string_view::npos || parseSpecial(operand.name))
    return {};
  std::string_view selector = operand.name.substr(dot + 1);
  operand.name = operand.name.substr(0, dot);
  return selector;
}

/// Whether a selector is a 'b' or an 'h' and `count` digits below `limit`; 0 for any number of digits.
bool hasForm(std::string_view selector, char letter, size_t count, unsigned limit) {
  if (selector.size() < 2 || selector[0] != letter || (count && selector.size() != count + 1))
    return false;
  return std::all_of(selector.begin() + 1, selector.end(),
                     [=](char c) { return c >= '0' && c < char('0' + limit); });
}

/// Of a scalar instruction: ".b0" to ".b3", ".h0", ".h1"; a word without.
bool parsePart(std::string_view selector, uint8_t &bytes, unsigned &place) {
  bytes = selector.empty() ? 4 : selector[0] == 'b' ? 1 : 2;
  place = selector.empty() ? 0 : unsigned(selector.back() - '0');
  return selector.empty() || hasForm(selector, 'b', 1, 4) || hasForm(selector, 'h', 1, 2);
}

std::string expectedPart(std::string_view selector) {
  return format::concatenate("one of the selectors '.b0' to '.b3', '.h0' and '.h1' instead of '.", selector,
                             "'");
}

bool isWord(ScalarType type) { return type == ScalarType::U32 || type == ScalarType::S32; }

} // namespace

/// The types, which set the signs: of the result, but for vset, whose result is unsigned, and of a and b.
bool Decoder::videoTypes() {
  const bool isSet = current->opcode.starts_with("vset");
  ScalarType result = isSet ? ScalarType::U32 : modifiers.takeType();
  ScalarType a = modifiers.takeType(), b = modifiers.takeType();
  if (!isWord(result) || !isWord(a) || !isWord(b))
    return fail(current->location,
                format::concatenate("expected ", isSet ? "two" : "three",
                                    " types, each '.u32' or '.s32', in '", current->text, "'"));
  out.flags |= uint16_t((isSigned(result) ? kSignedResult : 0) | (isSigned(a) ? kSignedA : 0) |
                        (isSigned(b) ? kSignedB : 0));
  return true;
}

/// Of a mnemonic without its number of elements; the comparison of vset and the mode of shifts are modifiers.
bool Decoder::videoOperation(std::string_view name) {
  for (auto [spelling, chosen] : kOperations)
    if (name == spelling)
      out.mode = uint8_t(chosen);
  if (name == "vset") {
    auto chosen = std::find_if(std::begin(kComparisons), std::end(kComparisons),
                               [&](const auto &comparison) { return modifiers.take(comparison.first); });
    if (chosen == std::end(kComparisons))
      return unsupported("comparison");
    out.mode = uint8_t(chosen->second);
    return true;
  }
  if (name == "vshl" || name == "vshr") {
    if (out.flags & kSignedB)
      return fail(current->location,
                  format::concatenate("expected '.u32' as type of the shift in '", current->text, "'"));
    if (modifiers.take("wrap"))
      out.flags |= kWrap;
    else if (!modifiers.take("clamp"))
      return unsupported("mode");
  }
  out.flags |= modifiers.take("sat") ? kSaturate : 0;
  return true;
}

/// The operand a (index 1) or b (index 2) of an instruction on `elements` at once, and what is taken of it.
bool Decoder::videoSource(size_t index, unsigned elements, uint8_t &bytes) {
  Operand operand = current->operands[index];
  const std::string_view selector = cutSelector(operand);
  const bool isSecond = index == 2;
  uint32_t places = 0;
  if (elements == 1) {
    unsigned place = 0;
    if (!parsePart(selector, bytes, place))
      return operandError(operand, expectedPart(selector));
    places = place + (isSecond ? 4 / bytes : 0);
  } else {
    bytes = uint8_t(4 / elements);
    if (!selector.empty() && !hasForm(selector, elements == 2 ? 'h' : 'b', elements, 2 * elements))
      return operandError(operand,
                          format::concatenate("a selector such as '.", elements == 2 ? "h10" : "b3210",
                                              "' instead of '.", selector, "'"));
    for (unsigned i = 0; i < elements; ++i) {
      uint32_t place = selector.empty() ? i + (isSecond ? elements : 0)
                                        : uint32_t(selector[selector.size() - 1 - i] - '0');
      places |= place << 4 * i;
    }
  }
  out.target |= places << (isSecond ? 16 : 0);
  return source(operand, ScalarType::U32, out.source[index - 1]);
}

/// The destination, and which of its elements are written.
bool Decoder::videoResult(unsigned elements) {
  Operand operand = current->operands[0];
  const std::string_view selector = cutSelector(operand);
  out.count = uint8_t(elements);
  if (elements == 1) {
    unsigned place = 0;
    if (!parsePart(selector, out.elementBytes, place))
      return operandError(operand, expectedPart(selector));
    out.targetCount = 1u << place;
    return destination(operand, ScalarType::U32, out.destination);
  }
  out.elementBytes = uint8_t(4 / elements);
  out.targetCount = selector.empty() ? (1u << elements) - 1 : 0;
  bool isFalling = true;
  for (size_t i = 2; i < selector.size(); ++i)
    isFalling &= selector[i] < selector[i - 1];
  if (!selector.empty() && (!isFalling || !hasForm(selector, elements == 2 ? 'h' : 'b', 0, elements)))
    return operandError(operand, format::concatenate("a mask such as '.", elements == 2 ? "h10" : "b3210",
                                                     "' instead of '.", selector, "'"));
  for (size_t i = 1; i < selector.size(); ++i)
    out.targetCount |= 1u << (selector[i] - '0');
  return destination(operand, ScalarType::U32, out.destination);
}

/// vadd.dtype.atype.btype{.sat}{.op} d, a, b{, c} and the others of this form; those whose name ends with a
/// number operate on so many elements, and always have c.
bool Decoder::video() {
  std::string_view name = current->opcode;
  const unsigned elements = name.back() == '2' ? 2 : name.back() == '4' ? 4 : 1;
  name.remove_suffix(elements == 1 ? 0 : 1);
  if (!videoTypes() || !videoOperation(name))
    return false;
  for (auto [spelling, chosen] : kCombinations)
    if ((elements == 1 || chosen == VideoCombination::Add) && modifiers.take(spelling)) {
      out.videoCombination = chosen;
      break;
    }
  const bool combines = out.videoCombination != VideoCombination::Merge;
  if (elements > 1 && combines && out.flags & kSaturate)
    return unsupported("saturation of what is added");
  if (!finishModifiers() || (current->operands.empty() && !expectOperands(elements == 1 ? 3 : 4)) ||
      !videoResult(elements))
    return false;
  if (elements == 1 && combines && out.elementBytes < 4)
    return operandError(current->operands[0], "a destination without a selector");
  const bool hasThird = elements > 1 || combines || out.elementBytes < 4;
  if (!expectOperands(hasThird ? 4 : 3) || !chooseLanes(Operation::Video, ScalarType::B32) ||
      !videoSource(1, elements, out.registerBytes) || !videoSource(2, elements, out.sourceBytes))
    return false;
  out.source[2] = out.source[0]; // any, if there is none
  if (hasThird && !source(3, ScalarType::U32, out.source[2]))
    return false;
  emit();
  return true;
}

/// vmad.dtype.atype.btype{.po}{.sat}{.scale} d, {-}a, {-}b, {-}c. The type of the result changes nothing.
bool Decoder::videoMultiplyAdd() {
  if (!videoTypes())
    return false;
  out.flags |= uint16_t((modifiers.take("po") ? kPlusOne : 0) | (modifiers.take("sat") ? kSaturate : 0));
  out.mode = modifiers.take("shr7") ? 7 : modifiers.take("shr15") ? 15 : 0;
  if (!finishModifiers() || !expectOperands(4) || !chooseLanes(Operation::VideoMultiplyAdd, ScalarType::B32))
    return false;
  syntax::Instruction positive = *current;
  bool isNegative[4] = {};
  for (size_t i = 1; i < 4; ++i)
    if (current->operands[i].kind == Operand::Kind::Minus) {
      isNegative[i] = true;
      positive.operands[i] = current->operands[i].elements.front();
    }
  const bool negatesProduct = isNegative[1] != isNegative[2];
  if ((negatesProduct && isNegative[3]) ||
      (out.flags & kPlusOne && (isNegative[1] || isNegative[2] || isNegative[3])))
    return fail(
        current->location,
        format::concatenate("at most one of the product and c may be negated, and none with '.po', in '",
                            current->text, "'"));
  out.flags |= uint16_t((negatesProduct ? kNegateProduct : 0) | (isNegative[3] ? kNegateThird : 0));
  const syntax::Instruction *written = std::exchange(current, &positive);
  bool ok = videoSource(1, 1, out.registerBytes) && videoSource(2, 1, out.sourceBytes) &&
            source(3, ScalarType::U32, out.source[2]) && destination(0, ScalarType::U32, out.destination);
  current = written;
  if (ok)
    emit();
  return ok;
}

} // namespace winnow::ptxsim
