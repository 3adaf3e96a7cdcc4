// Control flow, barriers and the exchange between a warp's lanes (PTX ISA: "Control Flow Instructions",
// "Parallel Synchronization and Communication Instructions").
#include "runtime/device/ptxsim/decode/DecoderState.h"

namespace winnow::ptxsim {

using syntax::Operand;

bool Decoder::branch() {
  if (modifiers.take("uni"))
    out.flags |= kUniform;
  if (!finishModifiers() || !expectOperands(1))
    return false;
  const Operand &label = current->operands[0];
  if (label.kind != Operand::Kind::Name || label.negated || label.offset || !label.second.empty())
    return operandError(label, "a label");
  out.operation = Operation::Branch;
  scopes.back().pending.push_back({code.instructions.size(), false, label.name, label.location});
  emit();
  return true;
}

bool Decoder::branchIndexed() {
  if (!modifiers.take("idx"))
    return unsupported("form");
  modifiers.take("uni");
  if (!finishModifiers() || !expectOperands(2) || !source(0, ScalarType::U32, out.source[0]))
    return false;
  const Operand &operand = current->operands[1];
  std::optional<Symbol> table = operand.kind == Operand::Kind::Name ? find(operand.name) : std::nullopt;
  if (!table || table->kind != Symbol::Kind::BranchTable)
    return operandError(operand, "a table of branch targets");
  out.operation = Operation::BranchIndexed;
  out.target = uint32_t(code.targets.size());
  out.targetCount = uint32_t(table->targets->labels.size());
  for (std::string_view label : table->targets->labels) {
    scopes.back().pending.push_back({code.targets.size(), true, label, operand.location});
    code.targets.push_back(0);
  }
  emit();
  return true;
}

/// ret, exit, trap, brkpt. A kernel's return ends its threads; that of a function goes on behind the call,
/// which is a branch where the call is expanded.
bool Decoder::leave() {
  modifiers.take("uni");
  if (!finishModifiers() || !expectOperands(0))
    return false;
  if (operation == Operation::Return && owner != kKernel && callees.empty())
    storeResults();
  out.operation = operation == Operation::Return && owner == kKernel ? Operation::Exit : operation;
  if (operation == Operation::Return && !callees.empty()) {
    out.operation = Operation::Branch;
    returns.push_back(code.instructions.size());
  }
  emit();
  return true;
}

/// pmevent a and pmevent.mask m, which tell a profiler something (PTX ISA: "pmevent").
bool Decoder::performanceEvent() {
  const bool isMask = modifiers.take("mask");
  if (!finishModifiers() || !expectOperands(1))
    return false;
  auto event = integerLiteral(0);
  if (!event || *event > (isMask ? 0xffff : 15))
    return operandError(current->operands[0], isMask ? "a mask of 16 bits" : "an event from 0 to 15");
  out.operation = operation;
  emit();
  return true;
}

/// bar and barrier; bar.sync is barrier.sync.aligned.
bool Decoder::barrier() {
  modifiers.take("cta");
  bool aligned = modifiers.take("aligned") || current->opcode == "bar";
  out.flags |= aligned ? kAligned : 0;
  if (modifiers.take("warp")) {
    out.operation = Operation::WarpBarrier;
    if (!modifiers.take("sync") || !finishModifiers() || !expectOperands(1) ||
        !source(0, ScalarType::U32, out.source[0]))
      return false;
    emit();
    return true;
  }
  size_t count = current->operands.size();
  if (modifiers.take("red")) {
    bool negated = false;
    out.operation = Operation::BarrierReduce;
    out.mode = uint8_t(modifiers.take("popc") ? 0 : modifiers.take("and") ? 1 : modifiers.take("or") ? 2 : 3);
    ScalarType type = modifiers.takeType();
    if (out.mode == 3 || type != (out.mode == 0 ? ScalarType::U32 : ScalarType::Pred))
      return unsupported("form");
    out.type = type;
    if (!finishModifiers() || (count != 3 && !expectOperands(4)) || !destination(0, type, out.destination) ||
        !source(1, ScalarType::U32, out.source[0]) ||
        (count == 4 && !source(2, ScalarType::U32, out.source[1])) ||
        !predicateSource(count - 1, out.source[2], negated))
      return false;
    out.flags |= negated ? kNegateThird : 0;
    emit();
    return true;
  }
  bool arrives = modifiers.take("arrive");
  if (!arrives && !modifiers.take("sync"))
    return unsupported("form");
  out.operation = arrives ? Operation::BarrierArrive : Operation::Barrier;
  if (!finishModifiers() || ((arrives || count != 1) && !expectOperands(2)) ||
      !source(0, ScalarType::U32, out.source[0]) ||
      (count == 2 && !source(1, ScalarType::U32, out.source[1])))
    return false;
  emit();
  return true;
}

/// membar, fence, nanosleep: memory is in sequential order, and time is not modelled.
bool Decoder::fence() {
  out.mode = modifiers.takeAny({"gpu", "gl", "sys"});
  while (modifiers.takeAny({"sc", "acq_rel", "acquire", "release", "cta", "cluster", "proxy", "alias",
                            "async", "u32", "mbarrier_init", "async::generic"})) {
  }
  if (!finishModifiers())
    return false;
  out.operation = operation;
  emit();
  return true;
}

/// shfl.sync.mode.b32 d|p, a, b, c, membermask.
bool Decoder::shuffle() {
  if (!modifiers.take("sync"))
    return unsupported("form");
  constexpr std::pair<std::string_view, ShuffleMode> kModes[] = {{"up", ShuffleMode::Up},
                                                                 {"down", ShuffleMode::Down},
                                                                 {"bfly", ShuffleMode::Butterfly},
                                                                 {"idx", ShuffleMode::Index}};
  bool found = false;
  for (auto [spelling, mode] : kModes)
    if (modifiers.take(spelling)) {
      out.mode = uint8_t(mode);
      found = true;
      break;
    }
  if (!found || modifiers.takeType() != ScalarType::B32)
    return unsupported("form");
  if (!finishModifiers() || !expectOperands(5))
    return false;
  Operand result = current->operands[0];
  std::string_view predicate = result.second;
  result.second = {};
  if (!destination(result, ScalarType::B32, out.destination) ||
      (!predicate.empty() && predicate != "_" &&
       !predicateNamed(predicate, result.location, out.destination2)))
    return false;
  for (size_t i = 0; i < 4; ++i)
    if (!source(i + 1, ScalarType::B32, out.source[i]))
      return false;
  out.operation = Operation::Shuffle;
  out.type = ScalarType::B32;
  emit();
  return true;
}

bool Decoder::vote() {
  if (!modifiers.take("sync"))
    return unsupported("form");
  constexpr std::pair<std::string_view, VoteMode> kModes[] = {{"all", VoteMode::All},
                                                              {"any", VoteMode::Any},
                                                              {"uni", VoteMode::Uniform},
                                                              {"ballot", VoteMode::Ballot}};
  std::optional<VoteMode> chosen;
  for (auto [spelling, mode] : kModes)
    if (modifiers.take(spelling))
      chosen = mode;
  ScalarType type = modifiers.takeType(),
             expected = chosen == VoteMode::Ballot ? ScalarType::B32 : ScalarType::Pred;
  if (!chosen || type != expected)
    return unsupported("form");
  bool negated = false;
  if (!finishModifiers() || !expectOperands(3) || !destination(0, type, out.destination) ||
      !predicateSource(1, out.source[0], negated) || !source(2, ScalarType::B32, out.source[3]))
    return false;
  out.flags |= negated ? kInvert : 0;
  out.mode = uint8_t(*chosen);
  out.operation = Operation::Vote;
  out.type = type;
  emit();
  return true;
}

bool Decoder::activeMask() {
  if (modifiers.takeType() != ScalarType::B32)
    return unsupported("type");
  if (!finishModifiers() || !expectOperands(1) || !destination(0, ScalarType::B32, out.destination))
    return false;
  out.operation = Operation::ActiveMask;
  emit();
  return true;
}

/// match.any.sync.b32 d, a, membermask; match.all also gives a predicate: d|p.
bool Decoder::match() {
  bool all = modifiers.take("all");
  if ((!all && !modifiers.take("any")) || !modifiers.take("sync"))
    return unsupported("form");
  out.type = modifiers.takeType();
  if (out.type != ScalarType::B32 && out.type != ScalarType::B64)
    return unsupported("type");
  if (!finishModifiers() || !expectOperands(3))
    return false;
  Operand result = current->operands[0];
  std::string_view predicate = result.second;
  result.second = {};
  if (!destination(result, ScalarType::B32, out.destination) ||
      (!predicate.empty() && predicate != "_" &&
       !predicateNamed(predicate, result.location, out.destination2)) ||
      !source(1, out.type, out.source[0]) || !source(2, ScalarType::B32, out.source[3]))
    return false;
  out.mode = all;
  out.operation = Operation::Match;
  emit();
  return true;
}

/// redux.sync.op.type d, a, membermask.
bool Decoder::warpReduce() {
  constexpr std::pair<std::string_view, AtomicOperation> kOperations[] = {
      {"add", AtomicOperation::Add}, {"min", AtomicOperation::Minimum}, {"max", AtomicOperation::Maximum},
      {"and", AtomicOperation::And}, {"or", AtomicOperation::Or},       {"xor", AtomicOperation::Xor}};
  std::optional<AtomicOperation> chosen;
  for (auto [spelling, candidate] : kOperations)
    if (modifiers.take(spelling)) {
      chosen = candidate;
      break;
    }
  out.type = modifiers.takeType();
  bool isLogic = chosen >= AtomicOperation::And;
  bool known =
      isLogic ? out.type == ScalarType::B32 : out.type == ScalarType::U32 || out.type == ScalarType::S32;
  if (!chosen || !known || !modifiers.take("sync"))
    return unsupported("form");
  if (!finishModifiers() || !expectOperands(3) || !destination(0, out.type, out.destination) ||
      !source(1, out.type, out.source[0]) || !source(2, ScalarType::B32, out.source[3]))
    return false;
  out.mode = uint8_t(*chosen);
  out.operation = Operation::WarpReduce;
  emit();
  return true;
}

} // namespace winnow::ptxsim
