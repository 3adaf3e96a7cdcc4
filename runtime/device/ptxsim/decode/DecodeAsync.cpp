// Asynchronous copies and the barriers that track them (PTX ISA: "cp.async", "mbarrier"), and elect.
#include "runtime/device/ptxsim/decode/DecoderState.h"

namespace winnow::ptxsim {

using syntax::Operand;

/// cp.async and what waits for it. Bulk copies belong to sm_90 and are not there.
bool Decoder::asynchronous() {
  if (!modifiers.take("async"))
    return unsupported("form");
  if (modifiers.take("mbarrier")) {
    if (!modifiers.take("arrive"))
      return unsupported("form");
    out.mode = uint8_t(modifiers.take("noinc") ? MemoryBarrierMode::ArriveAfterCopiesNoIncrement
                                               : MemoryBarrierMode::ArriveAfterCopies);
    return memoryBarrierOperands(/*result=*/ScalarType::None, /*operand=*/ScalarType::None,
                                 /*isOptional=*/false);
  }
  if (modifiers.take("commit_group"))
    return copyControl(Operation::CommitCopies, 0);
  if (modifiers.take("wait_all"))
    return copyControl(Operation::WaitCopies, 0);
  if (modifiers.take("wait_group"))
    return copyControl(Operation::WaitCopies, 1);
  return copyAsync();
}

bool Decoder::copyControl(Operation control, size_t operandCount) {
  if (!finishModifiers() || !expectOperands(operandCount) ||
      (operandCount && !source(0, ScalarType::U32, out.source[0])))
    return false;
  out.operation = control;
  emit();
  return true;
}

/// cp.async.ca.shared.global [to], [from], size{, source size or predicate}{, cache policy}.
bool Decoder::copyAsync() {
  bool isCg = modifiers.take("cg"), hasCaching = isCg || modifiers.take("ca");
  auto to = modifiers.takeSpace(), from = modifiers.takeSpace();
  if (!hasCaching || to != StateSpace::Shared || from != StateSpace::Global)
    return unsupported("form");
  size_t count = current->operands.size() - (takeCacheHint() ? 1 : 0);
  modifiers.takeAny({"L2::64B", "L2::128B", "L2::256B"});
  if (!finishModifiers() || (count != 3 && count != 4 && !expectOperands(4)))
    return false;
  auto bytes = integerLiteral(2);
  if (!bytes || (*bytes != 16 && (isCg || (*bytes != 4 && *bytes != 8))))
    return operandError(current->operands[2], isCg ? "16" : "4, 8 or 16");
  if (!address(current->operands[1], StateSpace::Global))
    return false;
  out.source[1] = out.source[0];
  out.sourceOffset = out.offset;
  out.registerBytes = out.sourceBytes;
  out.source[0] = kNoRow;
  if (!address(current->operands[0], StateSpace::Shared) || (count == 4 && !copySource(current->operands[3])))
    return false;
  out.operation = Operation::CopyAsync;
  out.type = ScalarType::B8;
  out.elementBytes = uint8_t(*bytes);
  emit();
  return true;
}

/// How much is read: a size, or a predicate by which nothing is.
bool Decoder::copySource(const Operand &operand) {
  std::optional<Symbol> symbol = operand.kind == Operand::Kind::Name ? find(operand.name) : std::nullopt;
  if (!symbol || symbol->kind != Symbol::Kind::Register || symbol->type != ScalarType::Pred)
    return source(operand, ScalarType::U32, out.source[2]);
  out.source[3] = symbol->row;
  out.flags |= operand.negated ? kNegateThird : 0;
  return true;
}

/// mbarrier.OPERATION{.sem.scope}{.space}.b64.
bool Decoder::memoryBarrier() {
  using Mode = MemoryBarrierMode;
  modifiers.takeAny({"release", "acquire", "relaxed"});
  modifiers.takeAny({"cta", "cluster"});
  auto form = [&](Mode mode) { out.mode = uint8_t(mode); };
  if (modifiers.take("init")) {
    form(Mode::Initialize);
    return memoryBarrierOperands(ScalarType::None, ScalarType::U32, false);
  }
  if (modifiers.take("inval")) {
    form(Mode::Invalidate);
    return memoryBarrierOperands(ScalarType::None, ScalarType::None, false);
  }
  bool drops = modifiers.take("arrive_drop"), arrives = drops || modifiers.take("arrive");
  bool expects = modifiers.take("expect_tx");
  if (arrives) {
    bool staysOpen = modifiers.take("noComplete");
    form(expects     ? (drops ? Mode::ArriveDropExpectTransactions : Mode::ArriveExpectTransactions)
         : staysOpen ? (drops ? Mode::ArriveDropNoComplete : Mode::ArriveNoComplete)
         : drops     ? Mode::ArriveDrop
                     : Mode::Arrive);
    return memoryBarrierOperands(ScalarType::B64, ScalarType::U32, /*isOptional=*/!expects && !staysOpen);
  }
  if (expects || modifiers.take("complete_tx")) {
    form(expects ? Mode::ExpectTransactions : Mode::CompleteTransactions);
    return memoryBarrierOperands(ScalarType::None, ScalarType::U32, false);
  }
  if (modifiers.take("pending_count")) {
    form(Mode::PendingCount);
    return pendingCount();
  }
  if (!modifiers.takeAny({"test_wait", "try_wait"}))
    return unsupported("form");
  bool isParity = modifiers.take("parity");
  form(isParity ? Mode::TestParity : Mode::TestState);
  return memoryBarrierOperands(ScalarType::Pred, isParity ? ScalarType::U32 : ScalarType::B64, false);
}

bool Decoder::pendingCount() {
  if (!modifiers.take("b64"))
    return unsupported("type");
  if (!finishModifiers() || !expectOperands(2) || !destination(0, ScalarType::U32, out.destination) ||
      !source(1, ScalarType::B64, out.source[1]))
    return false;
  out.operation = Operation::MemoryBarrier;
  emit();
  return true;
}

/// "{result, }[address]{, operand}{, time}". Type None: there is no such operand.
bool Decoder::memoryBarrierOperands(ScalarType result, ScalarType operand, bool isOptional) {
  StateSpace space = modifiers.takeSpace().value_or(StateSpace::Generic);
  if (!modifiers.take("b64") || (space != StateSpace::Shared && space != StateSpace::Generic))
    return unsupported("form");
  size_t at = result == ScalarType::None ? 0 : 1, count = current->operands.size();
  bool hasOperand = operand != ScalarType::None && !(isOptional && count == at + 1);
  size_t expected = at + 1 + (hasOperand ? 1 : 0);
  bool hasTime =
      result == ScalarType::Pred && count == expected + 1; // of try_wait: how long to sleep at most
  if (!finishModifiers() || (!hasTime && !expectOperands(expected)) ||
      (at && !destination(0, result, out.destination)) || !address(current->operands[at], space) ||
      (hasOperand && !source(at + 1, operand, out.source[1])))
    return false;
  out.operation = Operation::MemoryBarrier;
  emit();
  return true;
}

/// elect.sync d|p, membermask.
bool Decoder::elect() {
  if (!modifiers.take("sync"))
    return unsupported("form");
  if (!finishModifiers() || !expectOperands(2))
    return false;
  Operand result = current->operands[0];
  std::string_view predicate = result.second;
  result.second = {};
  if (predicate.empty())
    return operandError(current->operands[0], "a register and a predicate, d|p");
  if ((result.kind != Operand::Kind::Sink && !destination(result, ScalarType::B32, out.destination)) ||
      (predicate != "_" && !predicateNamed(predicate, result.location, out.destination2)) ||
      !source(1, ScalarType::B32, out.source[3]))
    return false;
  out.operation = Operation::Elect;
  emit();
  return true;
}

} // namespace winnow::ptxsim
