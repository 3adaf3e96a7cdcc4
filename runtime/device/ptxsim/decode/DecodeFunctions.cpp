// Calls of functions with code of their own: recursive ones, those that are called through a pointer (PTX
// ISA: "call", ".callprototype", ".calltargets"), and those of the CUDA runtime. Parameters are copied
// between the caller's variables and the callee's frame.
#include "runtime/device/ptxsim/decode/DecoderState.h"

#include <algorithm>

namespace winnow::ptxsim {

using syntax::Operand;

namespace {

constexpr uint64_t kFrameAlignment = 16;

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

bool Decoder::emitCall(CallSite site) {
  site.frame = owner == kKernel ? kNoRow : code.functions[owner].frame;
  out.target = uint32_t(code.calls.size());
  code.calls.push_back(std::move(site));
  emit();
  return true;
}

bool Decoder::callFunction(const syntax::Function &callee, const std::vector<Operand> &results,
                           const std::vector<Operand> &arguments) {
  CallSite site;
  out.operation = Operation::Call;
  return requireFunction(callee, site.callee) &&
         passVariables(arguments, callee.parameters, site.arguments) &&
         passVariables(results, callee.results, site.results) && emitCall(std::move(site));
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
         passVariables(results, *resultTypes, site.results) && emitCall(std::move(site));
}

/// printf and assert; others have no body that could be executed.
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
    return emitCall(std::move(site));
  }
  return fail(current->location, format::concatenate("function '", callee.name, "' has no body"));
}

/// The function's place in code.functions; its body is decoded after the kernel's.
bool Decoder::requireFunction(const syntax::Function &callee, uint32_t &index) {
  index = uint32_t(std::find(required.begin(), required.end(), &callee) - required.begin());
  if (index < required.size())
    return true;
  for (const Variables *variables : {&callee.parameters, &callee.results})
    for (const syntax::VariableDeclaration &variable : *variables)
      if (variable.space == StateSpace::Register)
        return fail(variable.location,
                    format::concatenate("function '", callee.name,
                                        "' is recursive or called through a "
                                        "pointer, so '",
                                        variable.name, "' must be in state space '.param'"));
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
  bool ok = declareFormals(callee.parameters, made.parameters) &&
            declareFormals(callee.results, made.results) && statements(callee.body);
  if (ok) {
    emitEnd(Operation::Return, callee.location, "the end of the function");
    ok = closeScope();
  }
  made.frameBytes = alignUp(localBytes, kFrameAlignment);
  code.functions[index] = std::move(made);
  localBytes = kernelBytes;
  owner = kKernel;
  return ok;
}

bool Decoder::declareFormals(const Variables &formals, std::vector<FrameVariable> &places) {
  for (const syntax::VariableDeclaration &formal : formals) {
    if (!declareVariable(formal))
      return false;
    places.push_back({scopes.back().symbols.at(formal.name).address, variableBytes(formal)});
  }
  return true;
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
