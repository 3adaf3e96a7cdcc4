// Calls of functions with code of their own: recursive ones, those that are called through a pointer (PTX
// ISA: "call", ".callprototype", ".calltargets"), and those of the CUDA runtime. Parameters are copied
// between the caller's variables and the callee's frame; those in registers go through memory, too.
#include "runtime/device/ptxsim/decode/DecoderState.h"

#include <algorithm>

namespace winnow::ptxsim {

using syntax::Operand;

namespace {

/// What the CUDA runtime calls them, with the sizes of their parameters and results.
struct SystemFunction {
  std::string_view name;
  SystemCall call;
  std::vector<uint64_t> parameters, results;
};

const std::vector<SystemFunction> &systemFunctions() {
  static const std::vector<SystemFunction> functions = {
      {"vprintf", SystemCall::Print, {8, 8}, {4}},
      {"__assertfail", SystemCall::FailAssertion, {8, 8, 4, 8, 8}, {}},
      {"malloc", SystemCall::Allocate, {8}, {8}},
      {"free", SystemCall::Free, {8}, {}},
  };
  return functions;
}

bool haveSizes(const std::vector<FrameVariable> &variables, const std::vector<uint64_t> &sizes) {
  return std::equal(variables.begin(), variables.end(), sizes.begin(), sizes.end(),
                    [](const FrameVariable &variable, uint64_t size) { return variable.size == size; });
}

} // namespace

/// Where the caller's variables are, with the sizes that the callee knows.
bool Decoder::passVariables(const std::vector<Operand> &actuals, const Variables &formals,
                            std::vector<FrameVariable> &passed) {
  for (size_t i = 0; i < actuals.size(); ++i) {
    if (formals[i].space == StateSpace::Register) {
      passed.emplace_back();
      if (!placeRegister(formals[i], passed.back()))
        return false;
      continue;
    }
    std::optional<Symbol> variable =
        actuals[i].kind == Operand::Kind::Name ? find(actuals[i].name) : std::nullopt;
    if (!variable || !variable->isCallParameter)
      return operandError(actuals[i], "a variable in state space '.param'");
    uint64_t size = variableBytes(formals[i]);
    if (variable->size < size)
      return operandError(actuals[i],
                          format::concatenate("a variable of ", size, " bytes for '", formals[i].name, "'"));
    passed.push_back({variable->address, size});
  }
  return true;
}

/// The place of a parameter that is in a register, in the frame of the function whose code is being decoded.
bool Decoder::placeRegister(const syntax::VariableDeclaration &formal, FrameVariable &place) {
  place.size = std::max(2u, byteWidth(formal.type));
  return placeLocal(place.size, place.size, formal.location, place.offset);
}

/// Moves a register to its place or from there, before or after the instruction that `out` is.
bool Decoder::moveRegister(Operation move, Row row, const FrameVariable &place) {
  const Instruction saved = out;
  out = Instruction();
  out.location = saved.location;
  out.guard = saved.guard;
  out.flags = uint16_t((saved.flags & kGuardNegated) | kContinuation);
  out.operation = move;
  out.type = place.size == 8 ? ScalarType::B64 : place.size == 4 ? ScalarType::B32 : ScalarType::B16;
  out.space = StateSpace::Local;
  out.offset = int64_t(place.offset);
  if (owner != kKernel) {
    out.source[0] = code.functions[owner].frame;
    out.sourceBytes = 8;
  }
  out.registerBytes = out.elementBytes = uint8_t(place.size);
  out.target = uint32_t(code.rows.size());
  code.rows.push_back(row);
  emit();
  out = saved;
  return status.ok();
}

/// What is passed in registers is stored before the call and loaded behind it.
bool Decoder::emitCall(CallSite site, const Passed &results, const Passed &arguments) {
  const std::vector<FrameVariable> resultPlaces = site.results;
  for (size_t i = 0; i < arguments.actuals.size(); ++i) {
    const syntax::VariableDeclaration &formal = arguments.formals[i];
    Row row = kNoRow;
    if (formal.space == StateSpace::Register && (!source(arguments.actuals[i], formal.type, row) ||
                                                 !moveRegister(Operation::Store, row, site.arguments[i])))
      return false;
  }
  site.frame = owner == kKernel ? kNoRow : code.functions[owner].frame;
  out.target = uint32_t(code.calls.size());
  code.calls.push_back(std::move(site));
  emit();
  for (size_t i = 0; i < results.actuals.size(); ++i) {
    const syntax::VariableDeclaration &formal = results.formals[i];
    Row row = kNoRow;
    if (formal.space == StateSpace::Register && (!destination(results.actuals[i], formal.type, row) ||
                                                 !moveRegister(Operation::Load, row, resultPlaces[i])))
      return false;
  }
  return true;
}

bool Decoder::callFunction(const syntax::Function &callee, const std::vector<Operand> &results,
                           const std::vector<Operand> &arguments) {
  CallSite site;
  out.operation = Operation::Call;
  return requireFunction(callee, site.callee) &&
         passVariables(arguments, callee.parameters, site.arguments) &&
         passVariables(results, callee.results, site.results) &&
         emitCall(std::move(site), {results, callee.results}, {arguments, callee.parameters});
}

/// call (results), pointer, (arguments), prototype; the last may be a list of functions of one prototype.
bool Decoder::callThrough(const Operand &pointer, const std::vector<Operand> &results,
                          const std::vector<Operand> &arguments, const Operand &targets) {
  std::optional<Symbol> listed = targets.kind == Operand::Kind::Name ? find(targets.name) : std::nullopt;
  bool isList = listed && listed->kind == Symbol::Kind::CallTargets;
  if (!listed || (!isList && listed->kind != Symbol::Kind::CallPrototype))
    return operandError(targets, "a prototype or a list of targets");
  const Variables *parameterTypes = nullptr, *resultTypes = nullptr;
  if (isList) {
    for (std::string_view name : listed->callees->functions)
      if (!module.functions.count(name))
        return fail(listed->callees->location, format::concatenate("'", name, "' is not declared"));
    const syntax::Function &first = *module.functions.at(listed->callees->functions.front());
    parameterTypes = &first.parameters;
    resultTypes = &first.results;
  } else {
    parameterTypes = &listed->prototype->parameters;
    resultTypes = &listed->prototype->results;
  }
  if (arguments.size() != parameterTypes->size() || results.size() != resultTypes->size())
    return fail(current->location,
                format::concatenate("'", targets.name, "' has ", parameterTypes->size(), " parameters and ",
                                    resultTypes->size(), " results, unlike '", current->text, "'"));
  for (std::string_view name : module.calls.addressTaken)
    if (!requireAddressed(name))
      return false;
  CallSite site;
  out.operation = Operation::Call;
  return source(pointer, ScalarType::U64, out.source[0]) &&
         passVariables(arguments, *parameterTypes, site.arguments) &&
         passVariables(results, *resultTypes, site.results) &&
         emitCall(std::move(site), {results, *resultTypes}, {arguments, *parameterTypes});
}

/// printf, assert, malloc and free; others have no body that could be executed.
bool Decoder::callSystem(const syntax::Function &callee, const std::vector<Operand> &results,
                         const std::vector<Operand> &arguments) {
  for (const SystemFunction &known : systemFunctions()) {
    if (callee.name != known.name)
      continue;
    CallSite site;
    if (!passVariables(arguments, callee.parameters, site.arguments) ||
        !passVariables(results, callee.results, site.results))
      return false;
    if (!haveSizes(site.arguments, known.parameters) || !haveSizes(site.results, known.results))
      return fail(callee.location,
                  format::concatenate("function '", callee.name,
                                      "' is declared with other parameters than the CUDA runtime's"));
    out.operation = Operation::CallSystem;
    out.mode = uint8_t(known.call);
    return emitCall(std::move(site), {results, callee.results}, {arguments, callee.parameters});
  }
  return fail(current->location, format::concatenate("function '", callee.name, "' has no body"));
}

/// The function's place in code.functions; its body is decoded after the kernel's.
bool Decoder::requireFunction(const syntax::Function &callee, uint32_t &index) {
  index = uint32_t(std::find(required.begin(), required.end(), &callee) - required.begin());
  if (index < required.size())
    return true;
  required.push_back(&callee);
  FunctionCode made;
  made.name = callee.name;
  made.address = module.functionAddresses.at(callee.name);
  code.functions.push_back(std::move(made));
  return true;
}

/// A pointer to a function without a body is of no use, but no error until it is called.
bool Decoder::requireAddressed(std::string_view name) {
  const syntax::Function &callee = *module.functions.at(name);
  uint32_t index = 0;
  return !callee.hasBody || requireFunction(callee, index);
}

/// Bodies may require further functions.
bool Decoder::functionBodies() {
  for (uint32_t i = 0; i < required.size(); ++i)
    if (!functionBody(i))
      return false;
  return true;
}

bool Decoder::functionBody(uint32_t index) {
  const syntax::Function &callee = *required[index];
  uint64_t kernelBytes = std::exchange(localBytes, 0);
  owner = index;
  Row frame = temporary(ScalarType::U64);
  FunctionCode made = code.functions[index];
  made.frame = code.functions[index].frame = frame;
  made.entry = uint32_t(code.instructions.size());
  scopes.emplace_back();
  out = Instruction();
  out.location = callee.location;
  std::vector<RegisterFormal> parameters;
  registerResults.clear();
  bool ok = declareFormals(callee.parameters, made.parameters, parameters) &&
            declareFormals(callee.results, made.results, registerResults);
  for (const RegisterFormal &parameter : parameters)
    ok = ok && moveRegister(Operation::Load, parameter.row, parameter.place);
  ok = ok && statements(callee.body);
  if (ok) {
    out = Instruction();
    out.location = callee.location;
    storeResults();
    emitEnd(Operation::Return, callee.location, "the end of the function");
    ok = closeScope();
  }
  made.frameBytes = alignUp(localBytes, kFrameAlignment);
  code.functions[index] = std::move(made);
  localBytes = kernelBytes;
  owner = kKernel;
  return ok;
}

/// Those in registers are listed.
bool Decoder::declareFormals(const Variables &formals, std::vector<FrameVariable> &places,
                             std::vector<RegisterFormal> &registers) {
  for (const syntax::VariableDeclaration &formal : formals) {
    if (formal.space != StateSpace::Register) {
      if (!declareVariable(formal))
        return false;
      places.push_back({scopes.back().symbols.at(formal.name).address, variableBytes(formal)});
      continue;
    }
    Symbol symbol;
    symbol.kind = Symbol::Kind::Register;
    symbol.type = formal.type;
    symbol.row = temporary(formal.type);
    FrameVariable place;
    if (!declare(formal.name, formal.location, symbol) || !placeRegister(formal, place))
      return false;
    places.push_back(place);
    registers.push_back({symbol.row, place});
  }
  return true;
}

/// Before a function with code of its own returns.
void Decoder::storeResults() {
  for (const RegisterFormal &result : registerResults)
    moveRegister(Operation::Store, result.row, result.place);
}

/// The address of a variable of the function, computed before the instruction that is being decoded.
Row Decoder::frameAddress(uint64_t offset) {
  Instruction instruction = std::exchange(out, Instruction());
  out.location = current->location;
  out.flags = kContinuation;
  out.source[0] = code.functions[owner].frame;
  out.source[1] = constant(8, offset);
  out.destination = temporary(ScalarType::U64);
  Row address = out.destination;
  chooseLanes(Operation::Add, ScalarType::U64);
  emit();
  out = instruction;
  return address;
}

} // namespace winnow::ptxsim
