// Loads, stores and atomic operations (PTX ISA: "Data Movement and Conversion Instructions: ld", "st",
// "Parallel Synchronization and Communication Instructions: atom", "red").
#include "runtime/device/ptxsim/decode/DecoderState.h"

namespace winnow::ptxsim {

using syntax::Operand;

namespace {

/// Scope and caching say nothing about a thread's result.
void takeHints(Modifiers &modifiers) {
  while (modifiers.takeAny({"cta",
                            "cluster",
                            "gpu",
                            "sys",
                            "ca",
                            "cg",
                            "cs",
                            "lu",
                            "cv",
                            "wb",
                            "wt",
                            "nc",
                            "L1::evict_normal",
                            "L1::evict_unchanged",
                            "L1::evict_first",
                            "L1::evict_last",
                            "L1::no_allocate",
                            "L2::evict_normal",
                            "L2::evict_first",
                            "L2::evict_last",
                            "L2::64B",
                            "L2::128B",
                            "L2::256B"})) {
  }
}

uint8_t takeVector(Modifiers &modifiers) {
  return modifiers.take("v2") ? 2 : modifiers.take("v4") ? 4 : modifiers.take("v8") ? 8 : 1;
}

} // namespace

/// CTAs see memory in sequential order here; the check of races wants to know what orders accesses. A release
/// is a fence before the access, an acquire one after it.
bool Decoder::takeMemoryOrder() {
  const bool isMmio =
      operation != Operation::Atomic && operation != Operation::Reduce && modifiers.take("mmio");
  const bool isSystem = modifiers.take("sys");
  bool isFence = modifiers.take("acq_rel");
  bool releases = modifiers.take("release") || isFence;
  acquires = modifiers.take("acquire") || isFence;
  const bool isRelaxed = modifiers.take("relaxed"), isVolatile = modifiers.take("volatile");
  if (isMmio && (!isRelaxed || !isSystem))
    return fail(current->location, format::concatenate("expected '.relaxed' and '.sys' beside '.mmio' in '",
                                                       current->text, "'"));
  modifiers.take("weak");
  takeHints(modifiers);
  if (releases)
    emitFence();
  out.flags |= isRelaxed || isVolatile || releases || acquires ? kStrong : 0;
  return true;
}

/// Counted with the access.
void Decoder::emitFence() {
  Instruction access = out;
  out = Instruction();
  out.location = access.location;
  out.guard = access.guard;
  out.flags = uint16_t((access.flags & kGuardNegated) | kContinuation);
  out.operation = Operation::Fence;
  out.mode = 1;
  emit();
  out = access;
}

/// Emits an access, and the fence that an acquire is.
void Decoder::emitAccess() {
  emit();
  if (acquires)
    emitFence();
}

/// The register or "{a, b, ...}" that is loaded or stored: `out.target` begins its rows in Code::rows.
bool Decoder::vectorRows(const Operand &operand, ScalarType type, bool isDestination) {
  std::vector<const Operand *> elements;
  if (operand.kind == Operand::Kind::Vector)
    for (const Operand &element : operand.elements)
      elements.push_back(&element);
  else
    elements.push_back(&operand);
  if (elements.size() != out.count)
    return operandError(operand, format::concatenate("a vector of ", unsigned(out.count), " elements"));
  out.target = uint32_t(code.rows.size());
  out.registerBytes = 0;
  for (const Operand *element : elements) {
    Row row = kNoRow;
    bool isSink = isDestination && element->kind == Operand::Kind::Sink;
    if (!isSink && !(isDestination ? destination(*element, type, row, /*allowWider=*/true)
                                   : source(*element, type, row, /*allowWider=*/true)))
      return false;
    code.rows.push_back(row);
    if (isSink)
      continue;
    if (out.registerBytes && out.registerBytes != rowBytes(row))
      return operandError(operand, "registers of one width");
    out.registerBytes = uint8_t(rowBytes(row));
  }
  out.registerBytes = out.registerBytes ? out.registerBytes : uint8_t(std::max(2u, byteWidth(type)));
  return true;
}

bool Decoder::load() {
  if (!takeMemoryOrder())
    return false;
  if (modifiers.take("unified"))
    return unsupported("form");
  StateSpace space = modifiers.takeSpace().value_or(StateSpace::Generic);
  out.count = takeVector(modifiers);
  out.type = modifiers.takeType();
  unsigned bytes = byteWidth(out.type);
  if (bytes == 0 || bytes > 8 || bytes * out.count > 32)
    return unsupported("type");
  size_t operands = takeCacheHint() ? 3 : 2;
  if (!finishModifiers() || !expectOperands(operands) ||
      !vectorRows(current->operands[0], out.type, /*isDestination=*/true) ||
      !address(current->operands[1], space))
    return false;
  out.operation = Operation::Load;
  out.elementBytes = uint8_t(bytes);
  out.flags |= isSigned(out.type) ? kSignedA : 0;
  if (out.space == StateSpace::Parameter && out.source[0] == kNoRow) {
    uint64_t size = uint64_t(bytes) * out.count, limit = kernel.parameterBytes;
    if (out.offset < 0 || size > limit || uint64_t(out.offset) > limit - size)
      return fail(current->location, format::concatenate("'", current->text, "' reads beyond the ", limit,
                                                         " bytes of parameters"));
    out.operation = Operation::LoadParameter;
  }
  emitAccess();
  return true;
}

bool Decoder::store() {
  if (!takeMemoryOrder())
    return false;
  StateSpace space = modifiers.takeSpace().value_or(StateSpace::Generic);
  out.count = takeVector(modifiers);
  out.type = modifiers.takeType();
  unsigned bytes = byteWidth(out.type);
  if (bytes == 0 || bytes > 8 || bytes * out.count > 32)
    return unsupported("type");
  size_t operands = takeCacheHint() ? 3 : 2;
  if (!finishModifiers() || !expectOperands(operands) || !address(current->operands[0], space) ||
      !vectorRows(current->operands[1], out.type, /*isDestination=*/false))
    return false;
  if (out.space == StateSpace::Parameter || out.space == StateSpace::Constant)
    return unsupported("state space");
  out.operation = Operation::Store;
  out.elementBytes = uint8_t(bytes);
  emitAccess();
  return true;
}

/// prefetch, prefetchu: they change no value.
bool Decoder::prefetch() {
  modifiers.takeSpace();
  while (modifiers.takeAny({"L1", "L2", "L2::evict_last", "L2::evict_normal"})) {
  }
  if (!finishModifiers() || current->operands.empty())
    return unsupported("form");
  out.operation = Operation::Prefetch;
  emit();
  return true;
}

/// discard.global.L2 and applypriority.global.L2::evict_normal, of 128 bytes (PTX ISA: "discard",
/// "applypriority").
bool Decoder::cacheLine() {
  StateSpace space = modifiers.takeSpace().value_or(StateSpace::Generic);
  if (space != StateSpace::Generic && space != StateSpace::Global)
    return unsupported("state space");
  if (!modifiers.take(operation == Operation::Discard ? "L2" : "L2::evict_normal"))
    return unsupported("form");
  if (!finishModifiers() || !expectOperands(2) || !address(current->operands[0], space))
    return false;
  if (integerLiteral(1) != kCacheLineBytes)
    return operandError(current->operands[1], "the size 128");
  out.operation = operation;
  emit();
  return true;
}

/// createpolicy: a hint that is nothing here.
bool Decoder::createPolicy() {
  while (modifiers.takeAny({"fractional", "range", "global", "cvt", "L2", "L2::evict_last",
                            "L2::evict_normal", "L2::evict_first", "L2::evict_unchanged"})) {
  }
  if (!modifiers.take("b64"))
    return unsupported("form");
  if (!finishModifiers() || current->operands.empty() || !chooseLanes(Operation::Move, ScalarType::B64) ||
      !destination(0, ScalarType::B64, out.destination))
    return false;
  out.source[0] = constant(8, 0);
  emit();
  return true;
}

namespace {

bool hasAtomic(AtomicOperation operation, ScalarType type) {
  using enum ScalarType;
  bool isWord = type == U32 || type == S32 || type == U64 || type == S64;
  switch (operation) {
  case AtomicOperation::Add:
    return isWord || type == F32 || type == F64 || type == F16 || type == F16x2 || type == BF16 ||
           type == BF16x2;
  case AtomicOperation::Minimum:
  case AtomicOperation::Maximum:
    return isWord;
  case AtomicOperation::And:
  case AtomicOperation::Or:
  case AtomicOperation::Xor:
    return type == B32 || type == B64;
  case AtomicOperation::Exchange:
    return type == B32 || type == B64;
  case AtomicOperation::CompareAndSwap:
    return type == B16 || type == B32 || type == B64;
  case AtomicOperation::Increment:
  case AtomicOperation::Decrement:
    return type == U32;
  }
  return false;
}

} // namespace

/// atom and red, which is atom without a result.
bool Decoder::atomic() {
  constexpr std::pair<std::string_view, AtomicOperation> kOperations[] = {
      {"add", AtomicOperation::Add},       {"min", AtomicOperation::Minimum},
      {"max", AtomicOperation::Maximum},   {"and", AtomicOperation::And},
      {"or", AtomicOperation::Or},         {"xor", AtomicOperation::Xor},
      {"exch", AtomicOperation::Exchange}, {"cas", AtomicOperation::CompareAndSwap},
      {"inc", AtomicOperation::Increment}, {"dec", AtomicOperation::Decrement}};
  if (!takeMemoryOrder())
    return false;
  modifiers.take("noftz");
  StateSpace space = modifiers.takeSpace().value_or(StateSpace::Generic);
  std::optional<AtomicOperation> chosen;
  for (auto [spelling, candidate] : kOperations)
    if (modifiers.take(spelling)) {
      chosen = candidate;
      break;
    }
  out.type = modifiers.takeType();
  if (space != StateSpace::Generic && space != StateSpace::Global && space != StateSpace::Shared)
    return unsupported("state space");
  if (!chosen || !hasAtomic(*chosen, out.type))
    return unsupported("operation");
  bool isReduction = operation == Operation::Reduce, isSwap = chosen == AtomicOperation::CompareAndSwap;
  if (isReduction && (isSwap || chosen == AtomicOperation::Exchange))
    return unsupported("operation");
  size_t first = isReduction ? 0 : 1;
  if (!finishModifiers() || !expectOperands(first + (isSwap ? 3 : 2)) ||
      (!isReduction && !destination(0, out.type, out.destination)) ||
      !address(current->operands[first], space) || !source(first + 1, out.type, out.source[1]) ||
      (isSwap && !source(first + 2, out.type, out.source[2])))
    return false;
  out.operation = Operation::Atomic;
  out.elementBytes = uint8_t(byteWidth(out.type));
  out.mode = uint8_t(*chosen);
  emitAccess();
  return true;
}

} // namespace winnow::ptxsim
