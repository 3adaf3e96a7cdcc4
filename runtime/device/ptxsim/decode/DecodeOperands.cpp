// Modifiers, operands and rows of the instruction being decoded, and the layout of the register file.
#include "runtime/device/ptxsim/decode/DecoderState.h"
#include "runtime/device/ptxsim/decode/SpecialRegisters.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace winnow::ptxsim {

using syntax::Operand;

bool Modifiers::take(std::string_view modifier) {
  auto found = std::find(left.begin(), left.end(), modifier);
  if (found == left.end())
    return false;
  left.erase(found);
  return true;
}

bool Modifiers::takeAny(std::initializer_list<std::string_view> modifiers) {
  return std::any_of(modifiers.begin(), modifiers.end(),
                     [&](std::string_view modifier) { return take(modifier); });
}

ScalarType Modifiers::takeType() {
  for (size_t i = 0; i < left.size(); ++i)
    if (auto type = parseType(left[i])) {
      left.erase(left.begin() + ptrdiff_t(i));
      return *type;
    }
  return ScalarType::None;
}

std::optional<StateSpace> Modifiers::takeSpace() {
  for (size_t i = 0; i < left.size(); ++i)
    if (auto space = parseSpace(left[i])) {
      left.erase(left.begin() + ptrdiff_t(i));
      return space;
    }
  return std::nullopt;
}

std::optional<Rounding> Modifiers::takeRounding() {
  constexpr std::pair<std::string_view, Rounding> kRoundings[] = {
      {"rn", Rounding::NearestEven},  {"rz", Rounding::Zero},         {"rm", Rounding::Down},
      {"rp", Rounding::Up},           {"rna", Rounding::NearestAway}, {"rni", Rounding::IntegerNearestEven},
      {"rzi", Rounding::IntegerZero}, {"rmi", Rounding::IntegerDown}, {"rpi", Rounding::IntegerUp}};
  for (auto [spelling, rounding] : kRoundings)
    if (take(spelling))
      return rounding;
  return std::nullopt;
}

ScalarType bitsOf(ScalarType type) {
  if (type == ScalarType::Pred)
    return type;
  unsigned bytes = byteWidth(type);
  return bytes == 8   ? ScalarType::B64
         : bytes == 4 ? ScalarType::B32
         : bytes == 2 ? ScalarType::B16
                      : ScalarType::B8;
}

Row Decoder::newRow(RowInfo info) {
  info.owner = owner;
  rowInfos.push_back(info);
  return Row(rowInfos.size() - 1);
}

/// A lane has at least 16 bits; predicates are one bit.
Row Decoder::temporary(ScalarType type) {
  RowInfo info;
  info.kind = type == ScalarType::Pred ? RowInfo::Kind::Predicate : RowInfo::Kind::Register;
  info.bytes = uint8_t(type == ScalarType::Pred ? 0 : std::max(2u, byteWidth(type)));
  return newRow(info);
}

Row Decoder::constant(unsigned bytes, uint64_t bits) {
  if (bytes && bytes < 8)
    bits &= (uint64_t(1) << 8 * bytes) - 1;
  auto [found, isNew] = constants.try_emplace({bytes, bits}, kNoRow);
  if (isNew) {
    RowInfo info;
    info.kind = RowInfo::Kind::Constant;
    info.bytes = uint8_t(bytes);
    info.bits = bits;
    found->second = newRow(info);
  }
  return found->second;
}

Row Decoder::specialRow(SpecialRegister special, unsigned bytes) {
  auto [found, isNew] = specials.try_emplace({special, bytes}, kNoRow);
  if (isNew) {
    RowInfo info;
    info.kind = RowInfo::Kind::Special;
    info.bytes = uint8_t(bytes);
    info.special = special;
    found->second = newRow(info);
  }
  return found->second;
}

bool Decoder::expectOperands(size_t count) {
  if (current->operands.size() == count)
    return true;
  return fail(current->location,
              format::concatenate("expected ", count, count == 1 ? " operand, found " : " operands, found ",
                                  current->operands.size(), " in '", current->text, "'"));
}

bool Decoder::operandError(const Operand &operand, std::string_view expected) {
  return fail(operand.location, format::concatenate("expected ", expected, " in '", current->text, "'"));
}

std::optional<uint64_t> Decoder::integerLiteral(size_t index) const {
  const Operand &operand = current->operands[index];
  if (operand.kind != Operand::Kind::Literal || operand.literal.isFloat)
    return std::nullopt;
  return operand.literal.bits;
}

/// The bits of a literal as a value of `type`. Integers stand for the bits of untyped and 16-bit float types.
bool Decoder::literalBits(const Operand &operand, ScalarType type, uint64_t &bits) {
  const syntax::Literal &literal = operand.literal;
  bits = literal.bits;
  if (!literal.isFloat) {
    if (type == ScalarType::F32 || type == ScalarType::F64)
      return operandError(operand, "a floating-point constant");
    return true;
  }
  bool isSingle = type == ScalarType::F32 || type == ScalarType::B32;
  if (!isSingle && type != ScalarType::F64 && type != ScalarType::B64)
    return operandError(operand, "an integer constant");
  if (isSingle && !literal.isSinglePrecision)
    bits = std::bit_cast<uint32_t>(float(std::bit_cast<double>(literal.bits)));
  if (!isSingle && literal.isSinglePrecision)
    bits = std::bit_cast<uint64_t>(double(std::bit_cast<float>(uint32_t(literal.bits))));
  return true;
}

/// A register, special register, constant or the address of a variable, as a row.
bool Decoder::source(const Operand &operand, ScalarType type, Row &row, bool allowWider) {
  unsigned bytes = std::max(2u, byteWidth(type));
  if (operand.negated || !operand.second.empty())
    return operandError(operand, "a register or a constant");
  if (operand.kind == Operand::Kind::Literal) {
    uint64_t bits = 0;
    if (!literalBits(operand, type, bits))
      return false;
    row = constant(bytes, bits);
    return true;
  }
  if (operand.kind != Operand::Kind::Name)
    return operandError(operand, "a register or a constant");
  if (auto special = parseSpecial(operand.name)) {
    if (isClock(*special))
      return operandError(operand, "a register that mov can read into");
    if (bytes != specialBytes(*special) && !(allowWider && bytes < specialBytes(*special)))
      return operandError(
          operand, format::concatenate("a ", 8 * bytes, "-bit operand instead of '", operand.name, "'"));
    row = specialRow(*special, specialBytes(*special));
    return true;
  }
  if (operand.name == "WARP_SZ") {
    row = constant(bytes, kLanes);
    return true;
  }
  std::optional<Symbol> symbol = find(operand.name);
  if (!symbol || !symbol->isValue())
    return fail(operand.location, format::concatenate("'", operand.name, "' is not declared"));
  if (symbol->kind == Symbol::Kind::Memory && symbol->isInFrame) {
    if (bytes != 8)
      return operandError(operand,
                          format::concatenate("a 64-bit type for the address of '", operand.name, "'"));
    row = frameAddress(symbol->address + uint64_t(operand.offset));
    return true;
  }
  if (symbol->kind == Symbol::Kind::Memory) {
    if (bytes < 4 || (bytes == 4 && symbol->address + uint64_t(operand.offset) > 0xffffffff))
      return operandError(operand,
                          format::concatenate("a type that holds the address of '", operand.name, "'"));
    row = constant(bytes, symbol->address + uint64_t(operand.offset));
    return true;
  }
  if (operand.offset)
    return operandError(operand, "a register without an offset");
  unsigned found = rowBytes(symbol->row);
  if (symbol->type == ScalarType::Pred || (found != bytes && !(allowWider && found > bytes)))
    return operandError(
        operand, format::concatenate("a ", 8 * bytes, "-bit register instead of '", operand.name, "'"));
  row = symbol->row;
  return true;
}

bool Decoder::destination(const Operand &operand, ScalarType type, Row &row, bool allowWider) {
  unsigned bytes = std::max(2u, byteWidth(type));
  if (operand.kind == Operand::Kind::Sink && operand.second.empty()) {
    row = temporary(type);
    return true;
  }
  if (operand.kind != Operand::Kind::Name || operand.negated || operand.offset)
    return operandError(operand, "a register");
  std::optional<Symbol> symbol = find(operand.name);
  if (!symbol)
    return fail(operand.location, format::concatenate("'", operand.name, "' is not declared"));
  if (symbol->kind != Symbol::Kind::Register)
    return operandError(operand, format::concatenate("a register instead of '", operand.name, "'"));
  unsigned found = rowBytes(symbol->row);
  bool isPredicate = symbol->type == ScalarType::Pred;
  if (isPredicate != (type == ScalarType::Pred) ||
      (!isPredicate && found != bytes && !(allowWider && found > bytes)))
    return operandError(
        operand, type == ScalarType::Pred
                     ? format::concatenate("a predicate instead of '", operand.name, "'")
                     : format::concatenate("a ", 8 * bytes, "-bit register instead of '", operand.name, "'"));
  row = symbol->row;
  return true;
}

bool Decoder::predicateNamed(std::string_view name, Location location, Row &row) {
  std::optional<Symbol> symbol = find(name);
  if (!symbol)
    return fail(location, format::concatenate("'", name, "' is not declared"));
  if (symbol->kind != Symbol::Kind::Register || symbol->type != ScalarType::Pred)
    return fail(location, format::concatenate("expected a predicate instead of '", name, "'"));
  row = symbol->row;
  return true;
}

/// A predicate operand: p, !p, or a constant.
bool Decoder::predicateSource(size_t index, Row &row, bool &negated) {
  const Operand &operand = current->operands[index];
  negated = operand.negated;
  if (auto value = integerLiteral(index)) {
    row = constant(0, *value ? kFullMask : 0);
    return true;
  }
  if (operand.kind != Operand::Kind::Name || !operand.second.empty())
    return operandError(operand, "a predicate");
  return predicateNamed(operand.name, operand.location, row);
}

/// "p", "p|q", "_|q".
bool Decoder::predicateDestinations(size_t index) {
  const Operand &operand = current->operands[index];
  if (operand.kind == Operand::Kind::Name && !operand.negated) {
    if (!predicateNamed(operand.name, operand.location, out.destination))
      return false;
  } else if (operand.kind != Operand::Kind::Sink) {
    return operandError(operand, "a predicate");
  }
  if (operand.second.empty() || operand.second == "_")
    return true;
  return predicateNamed(operand.second, operand.location, out.destination2);
}

/// "[register+offset]", "[variable+offset]" or "[number]": source[0] and `offset`.
bool Decoder::address(const Operand &operand, StateSpace space) {
  if (operand.kind != Operand::Kind::Address)
    return operandError(operand, "an address in brackets");
  out.space = space;
  out.offset = operand.offset;
  if (operand.name.empty())
    return true;
  std::optional<Symbol> symbol = find(operand.name);
  if (!symbol || !symbol->isValue())
    return fail(operand.location, format::concatenate("'", operand.name, "' is not declared"));
  if (symbol->kind == Symbol::Kind::Register) {
    out.sourceBytes = uint8_t(rowBytes(symbol->row));
    if (symbol->type == ScalarType::Pred || out.sourceBytes < 4)
      return operandError(operand,
                          format::concatenate("a 32- or 64-bit register instead of '", operand.name, "'"));
    out.source[0] = symbol->row;
    return true;
  }
  bool isGlobal = symbol->space == StateSpace::Global || symbol->space == StateSpace::Constant;
  if (space == StateSpace::Generic && isGlobal)
    space = symbol->space;
  if (space == StateSpace::Parameter && symbol->isCallParameter)
    out.space = space = StateSpace::Local;
  if (symbol->space != space)
    return operandError(operand, format::concatenate("a variable in state space '.", ptxsim::name(space),
                                                     "' instead of '", operand.name, "'"));
  out.offset += int64_t(symbol->address);
  if (symbol->isInFrame) {
    out.source[0] = code.functions[owner].frame;
    out.sourceBytes = 8;
  }
  return true;
}

bool Decoder::unsupported(std::string_view what) {
  return fail(current->location, format::concatenate("unsupported ", what, " in '", current->text, "'"));
}

bool Decoder::finishModifiers() {
  if (modifiers.remaining().empty())
    return true;
  return unsupported(format::concatenate("modifier '.", modifiers.remaining().front(), "'"));
}

bool Decoder::chooseLanes(Operation operation, ScalarType type) {
  out.operation = operation;
  out.type = type;
  out.lanes = type == ScalarType::None ? nullptr : table.get(operation, type);
  if (out.lanes)
    return true;
  return type == ScalarType::None
             ? fail(current->location, format::concatenate("expected a type in '", current->text, "'"))
             : unsupported(format::concatenate("type '.", name(type), "'"));
}

void Decoder::emit() {
  if (code.instructions.size() >= kMostInstructions)
    fail(current->location,
         format::concatenate("kernel '", kernel.name, "' has more than ", kMostInstructions,
                             " instructions, those of the functions that it calls included"));
  code.instructions.push_back(out);
  code.texts.push_back(current->text);
  code.sources.push_back(current->source);
  out.flags |= kContinuation;
}

/// An instruction with one destination and register operands; the rest of `out` is set by the caller.
bool Decoder::laneOperation(Operation operation, ScalarType type, ScalarType destinationType,
                            std::initializer_list<ScalarType> sourceTypes) {
  if (!finishModifiers() || !expectOperands(sourceTypes.size() + 1) || !chooseLanes(operation, type) ||
      !destination(0, destinationType, out.destination))
    return false;
  size_t index = 0;
  for (ScalarType sourceType : sourceTypes) {
    if (!source(index + 1, sourceType, out.source[index]))
      return false;
    ++index;
  }
  emit();
  return true;
}

/// Constants, special registers, registers by falling width, and predicates; row numbers become offsets.
void Decoder::layOut() {
  std::vector<Row> offsets(rowInfos.size());
  Row next = 0;
  auto place = [&](RowInfo::Kind kind, unsigned bytes) {
    code.rowRanges.push_back({next, bytes});
    for (size_t i = 0; i < rowInfos.size(); ++i)
      if (rowInfos[i].kind == kind && rowInfos[i].bytes == bytes) {
        offsets[i] = next;
        next += bytes ? bytes * kLanes : uint32_t(sizeof(uint32_t));
      }
    next = (next + 63) / 64 * 64;
  };
  for (unsigned bytes : {8u, 4u, 2u, 0u})
    place(RowInfo::Kind::Constant, bytes);
  code.constants.resize(next);
  for (unsigned bytes : {8u, 4u})
    place(RowInfo::Kind::Special, bytes);
  code.registersBegin = next;
  for (unsigned bytes : {8u, 4u, 2u})
    place(RowInfo::Kind::Register, bytes);
  place(RowInfo::Kind::Predicate, 0);
  code.frameBytes = next;
  for (size_t i = 0; i < rowInfos.size(); ++i) {
    const RowInfo &info = rowInfos[i];
    if (info.kind == RowInfo::Kind::Special)
      code.specials.push_back({info.special, offsets[i], info.bytes});
    if (info.kind != RowInfo::Kind::Constant)
      continue;
    unsigned bytes = info.bytes ? info.bytes : unsigned(sizeof(uint32_t));
    for (unsigned lane = 0; lane < (info.bytes ? kLanes : 1); ++lane)
      std::memcpy(code.constants.data() + offsets[i] + lane * bytes, &info.bits, bytes);
  }
  auto rewrite = [&](Row &row) { row = row == kNoRow ? kNoRow : offsets[row]; };
  for (Instruction &in : code.instructions) {
    rewrite(in.guard);
    rewrite(in.destination);
    rewrite(in.destination2);
    for (Row &row : in.source)
      rewrite(row);
  }
  for (Row &row : code.rows)
    rewrite(row);
  for (MatrixProduct &product : code.products)
    rewrite(product.metadata);
  for (CallSite &site : code.calls)
    rewrite(site.frame);
  for (FunctionCode &callee : code.functions)
    rewrite(callee.frame);
  for (size_t i = 0; i < rowInfos.size(); ++i)
    if (rowInfos[i].owner != kKernel && rowInfos[i].kind >= RowInfo::Kind::Register)
      code.functions[rowInfos[i].owner].rows.push_back({offsets[i], rowInfos[i].bytes});
  code.localBytes = (localBytes + 15) / 16 * 16;
}

} // namespace winnow::ptxsim
