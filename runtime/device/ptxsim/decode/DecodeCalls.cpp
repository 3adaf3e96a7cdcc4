// Calls (PTX ISA: "call", "Function declarations and definitions"). A callee's body is decoded in the place
// of the call, with registers and memory of its own, so lanes diverge and meet in it as anywhere else. Those
// of functions that are recursive or called through pointers are in DecodeFunctions.cpp.
#include "runtime/device/ptxsim/decode/DecoderState.h"

#include <algorithm>

namespace winnow::ptxsim {

using syntax::Operand;

namespace {

constexpr size_t kDeepestCall = 64;

const std::vector<Operand> *listOf(const Operand &operand) {
  return operand.kind == Operand::Kind::Call ? &operand.elements : nullptr;
}

/// Whose return frees what it allocated.
bool allocatesOnStack(const syntax::Function &function) {
  return std::any_of(function.body.begin(), function.body.end(), [](const syntax::Statement &statement) {
    auto *in = std::get_if<syntax::Instruction>(&statement);
    return in && in->opcode == "alloca";
  });
}

} // namespace

/// call{.uni} {(results), }name{, (arguments)}{, prototype or targets}. A function that cannot be expanded
/// here is called.
bool Decoder::call() {
  modifiers.take("uni");
  if (!finishModifiers())
    return false;
  const std::vector<Operand> none, &operands = current->operands;
  const Operand *called = calledOperand(*current);
  if (!called)
    return unsupported("form of call");
  size_t at = size_t(called - operands.data()), next = at + 1;
  const std::vector<Operand> &results = at ? *listOf(operands[0]) : none;
  const std::vector<Operand> *arguments = next < operands.size() ? listOf(operands[next]) : &none;
  next += arguments && arguments != &none;
  arguments = arguments ? arguments : &none;
  auto found = module.functions.find(called->name);
  if (found == module.functions.end()) {
    if (next + 1 != operands.size())
      return find(called->name)
                 ? operandError(*called, "a prototype or a list of targets at the end of an indirect call")
                 : fail(called->location, format::concatenate("'", called->name, "' is not declared"));
    return callThrough(*called, results, *arguments, operands[next]);
  }
  const syntax::Function &callee = *found->second;
  if (next != operands.size() || arguments->size() != callee.parameters.size() ||
      results.size() != callee.results.size())
    return fail(current->location,
                format::concatenate("function '", callee.name, "' has ", callee.parameters.size(),
                                    " parameters and ", callee.results.size(), " results, unlike '",
                                    current->text, "'"));
  if (!callee.hasBody)
    return callSystem(callee, results, *arguments);
  if (module.calls.recursive.count(callee.name))
    return callFunction(callee, results, *arguments);
  if (callees.size() == kDeepestCall)
    return fail(current->location, format::concatenate("calls are nested more than ", kDeepestCall, " deep"));
  return expandCall(callee, results, *arguments);
}

bool Decoder::expandCall(const syntax::Function &callee, const std::vector<Operand> &results,
                         const std::vector<Operand> &arguments) {
  size_t skip = code.instructions.size();
  bool isGuarded = out.guard != kNoRow;
  // The call itself counts as an instruction; without a guard there is nothing to skip.
  out.operation = isGuarded ? Operation::Branch : Operation::Prefetch;
  out.flags ^= isGuarded ? kGuardNegated : 0;
  emit();
  Scope inner;
  std::vector<std::pair<Row, Row>> registerResults; // the callee's, the caller's
  for (size_t i = 0; i < arguments.size(); ++i)
    if (!bindArgument(callee.parameters[i], arguments[i], inner))
      return false;
  for (size_t i = 0; i < results.size(); ++i)
    if (!bindResult(callee.results[i], results[i], inner, registerResults))
      return false;
  const syntax::Instruction *callSite = current;
  std::vector<Scope> callers = std::move(scopes);
  std::vector<size_t> callerReturns = std::move(returns);
  scopes.clear();
  returns.clear();
  scopes.push_back(std::move(inner));
  callees.push_back(&callee);
  const Row stack = allocatesOnStack(callee) ? temporary(ScalarType::U64) : kNoRow;
  if (stack != kNoRow)
    saveStack(stack);
  bool ok = statements(callee.body) && closeScope();
  callees.pop_back();
  for (size_t index : returns)
    code.instructions[index].target = uint32_t(code.instructions.size());
  scopes = std::move(callers);
  returns = std::move(callerReturns);
  current = callSite;
  if (stack != kNoRow)
    restoreStack(stack);
  for (size_t i = 0; ok && i < registerResults.size(); ++i)
    ok = copyRegister(registerResults[i].first, registerResults[i].second, callee.results[i].type);
  if (isGuarded)
    code.instructions[skip].target = uint32_t(code.instructions.size());
  return ok;
}

/// Parameters in memory are the caller's variables; those in registers are copied.
bool Decoder::bindArgument(const syntax::VariableDeclaration &formal, const Operand &actual, Scope &inner) {
  Symbol symbol;
  if (formal.space != StateSpace::Register)
    return bindVariable(formal, actual, inner);
  symbol.kind = Symbol::Kind::Register;
  symbol.type = formal.type;
  symbol.row = temporary(formal.type);
  inner.symbols.emplace(formal.name, symbol);
  Row from = kNoRow;
  return source(actual, formal.type, from) && copyRegister(from, symbol.row, formal.type);
}

bool Decoder::bindResult(const syntax::VariableDeclaration &formal, const Operand &actual, Scope &inner,
                         std::vector<std::pair<Row, Row>> &registerResults) {
  if (formal.space != StateSpace::Register)
    return bindVariable(formal, actual, inner);
  Symbol symbol;
  symbol.kind = Symbol::Kind::Register;
  symbol.type = formal.type;
  symbol.row = temporary(formal.type);
  inner.symbols.emplace(formal.name, symbol);
  Row to = kNoRow;
  if (!destination(actual, formal.type, to))
    return false;
  registerResults.emplace_back(symbol.row, to);
  return true;
}

bool Decoder::bindVariable(const syntax::VariableDeclaration &formal, const Operand &actual, Scope &inner) {
  std::optional<Symbol> variable = actual.kind == Operand::Kind::Name ? find(actual.name) : std::nullopt;
  if (!variable || !variable->isCallParameter)
    return operandError(actual, "a variable in state space '.param'");
  if (variable->size < variableBytes(formal))
    return operandError(actual, format::concatenate("a variable of ", variableBytes(formal), " bytes for '",
                                                    formal.name, "'"));
  if (!inner.symbols.emplace(formal.name, *variable).second)
    return fail(formal.location, format::concatenate("'", formal.name, "' is declared twice"));
  return true;
}

bool Decoder::copyRegister(Row from, Row to, ScalarType type) {
  out = Instruction();
  out.location = current->location;
  out.flags = kContinuation;
  out.source[0] = from;
  out.destination = to;
  if (!chooseLanes(Operation::Move, bitsOf(type)))
    return false;
  emit();
  return true;
}

/// The kernel, and every function with a body that it may call, each once.
std::vector<const syntax::Function *> Decoder::reachableFunctions() const {
  std::vector<const syntax::Function *> reached{&function};
  auto reach = [&](std::string_view name) {
    auto found = module.functions.find(name);
    if (found != module.functions.end() &&
        std::find(reached.begin(), reached.end(), found->second) == reached.end())
      reached.push_back(found->second);
    return found != module.functions.end();
  };
  for (size_t i = 0; i < reached.size(); ++i)
    for (const syntax::Statement &statement : reached[i]->body) {
      auto *in = std::get_if<syntax::Instruction>(&statement);
      const Operand *called = in && in->opcode == "call" ? calledOperand(*in) : nullptr;
      if (called && !reach(called->name))
        for (std::string_view name : module.calls.addressTaken)
          reach(name);
    }
  return reached;
}

} // namespace winnow::ptxsim
