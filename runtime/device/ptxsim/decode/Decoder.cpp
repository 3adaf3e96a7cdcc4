// Declarations, scopes and labels of a kernel, and the walk over its statements.
#include "runtime/device/ptxsim/decode/DecoderState.h"

#include "runtime/device/ptxsim/decode/ControlFlow.h"
#include "runtime/device/ptxsim/syntax/Parser.h"

#include <algorithm>

namespace winnow::ptxsim {
namespace {

constexpr uint64_t kMostRegisters = uint64_t(1) << 18, kMostLocalBytes = uint64_t(1) << 19;
/// What a kernel may declare; more must be dynamic (CUDA C++ Programming Guide, "Compute Capability 8.x").
constexpr uint64_t kMostSharedBytes = uint64_t(48) << 10;

} // namespace

uint64_t variableBytes(const syntax::VariableDeclaration &variable) {
  return variable.elements * variable.vectorWidth * byteWidth(variable.type);
}

uint64_t variableAlignment(const syntax::VariableDeclaration &variable) {
  return std::max<uint64_t>(variable.alignment,
                            variable.alignment ? 1 : byteWidth(variable.type) * variable.vectorWidth);
}

Decoder::Decoder(const syntax::Function &function, const ModuleSymbols &module, Kernel &kernel, Code &code)
    : function(function), module(module), kernel(kernel), code(code), table(laneTable()) {}

bool Decoder::fail(Location location, std::string_view message) {
  if (status.ok())
    status = errorAt(location, message);
  return false;
}

/// %r7 of `.reg .b32 %r<9>`: rows of a range are made when they are first named.
std::optional<Symbol> Decoder::findInRange(Scope &scope, std::string_view name) {
  size_t digits = name.size();
  while (digits && name[digits - 1] >= '0' && name[digits - 1] <= '9')
    --digits;
  // The number may begin at any digit that is not a leading zero: %r1<10> declares %r10.
  for (; digits < name.size() && name.size() - digits > 9; ++digits) {
  }
  for (; digits < name.size(); ++digits) {
    if (name[digits] == '0' && digits + 1 < name.size())
      continue;
    auto found = scope.ranges.find(name.substr(0, digits));
    if (found == scope.ranges.end())
      continue;
    uint64_t number = 0;
    for (char c : name.substr(digits))
      number = number * 10 + uint64_t(c - '0');
    RegisterRange &range = found->second;
    if (number >= range.rows.size())
      continue;
    Row &row = range.rows[number];
    if (row == kNoRow)
      row = temporary(range.type);
    Symbol symbol;
    symbol.kind = Symbol::Kind::Register;
    symbol.type = range.type;
    symbol.row = row;
    return symbol;
  }
  return std::nullopt;
}

std::optional<Symbol> Decoder::find(std::string_view name) {
  for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope) {
    if (auto found = scope->symbols.find(name); found != scope->symbols.end())
      return found->second;
    if (auto found = findInRange(*scope, name))
      return found;
  }
  if (auto found = sharedSymbols.find(name); found != sharedSymbols.end())
    return found->second;
  if (auto found = module.memory.find(name); found != module.memory.end())
    return found->second;
  auto found = module.functionAddresses.find(name);
  if (found == module.functionAddresses.end())
    return std::nullopt;
  Symbol symbol; // in no state space that could be accessed
  symbol.address = found->second;
  return symbol;
}

bool Decoder::declare(std::string_view name, Location location, const Symbol &symbol) {
  if (!scopes.back().symbols.emplace(name, symbol).second)
    return fail(location, format::concatenate("'", name, "' is declared twice"));
  return true;
}

/// Parameters are packed in order, each at its alignment (the layout that the CUDA driver uses).
void Decoder::declareParameters() {
  for (const syntax::VariableDeclaration &declared : function.parameters) {
    Parameter parameter;
    parameter.name = declared.name;
    parameter.type = declared.type;
    parameter.size = variableBytes(declared);
    parameter.alignment = variableAlignment(declared);
    parameter.offset = alignUp(kernel.parameterBytes, parameter.alignment);
    kernel.parameterBytes = parameter.offset + parameter.size;
    Symbol symbol;
    symbol.space = StateSpace::Parameter;
    symbol.type = declared.type;
    symbol.address = parameter.offset;
    symbol.size = parameter.size;
    declare(declared.name, declared.location, symbol);
    kernel.parameters.push_back(std::move(parameter));
  }
}

bool Decoder::declareRegisters(const syntax::RegisterDeclaration &declared) {
  registerCount += std::min(declared.count, kMostRegisters + 1);
  if (registerCount > kMostRegisters)
    return fail(declared.location, format::concatenate("more than ", kMostRegisters, " registers"));
  if (byteWidth(declared.type) > 8)
    return fail(declared.location,
                format::concatenate("registers of type '.", name(declared.type), "' are not supported"));
  if (declared.isRange) {
    RegisterRange range{declared.type, std::vector<Row>(declared.count, kNoRow)};
    if (!scopes.back().ranges.emplace(declared.name, std::move(range)).second)
      return fail(declared.location, format::concatenate("'", declared.name, "' is declared twice"));
    return true;
  }
  Symbol symbol;
  symbol.kind = Symbol::Kind::Register;
  symbol.type = declared.type;
  symbol.row = temporary(declared.type);
  return declare(declared.name, declared.location, symbol);
}

void Decoder::placeShared(const syntax::VariableDeclaration &variable) {
  Symbol symbol;
  symbol.space = StateSpace::Shared;
  symbol.type = variable.type;
  symbol.size = variableBytes(variable);
  code.sharedBytes = alignUp(code.sharedBytes, variableAlignment(variable));
  symbol.address = code.sharedBytes;
  code.sharedBytes += symbol.size;
  sharedSymbols[variable.name] = symbol;
}

/// The variables of the kernel and of functions that it calls lie at the beginning, then those of the module
/// that they name; variables of unknown size begin where all others end.
bool Decoder::placeReferencedShared() {
  std::vector<const syntax::VariableDeclaration *> dynamic;
  std::vector<const syntax::Function *> functions = reachableFunctions();
  for (const syntax::Function *reached : functions)
    for (const syntax::Statement &statement : reached->body) {
      auto *variable = std::get_if<syntax::VariableDeclaration>(&statement);
      if (!variable || variable->space != StateSpace::Shared)
        continue;
      if (variable->elements == 0) {
        dynamic.push_back(variable);
        continue;
      }
      uint64_t offset = alignUp(code.sharedBytes, variableAlignment(*variable));
      sharedOffsets[variable] = offset;
      code.sharedBytes = offset + variableBytes(*variable);
      if (code.sharedBytes > kMostSharedBytes)
        return tooMuchShared();
    }
  for (const syntax::Function *reached : functions)
    for (const syntax::Statement &statement : reached->body) {
      auto *in = std::get_if<syntax::Instruction>(&statement);
      for (size_t i = 0; in && i < in->operands.size(); ++i) {
        auto found = module.shared.find(in->operands[i].name);
        if (found == module.shared.end() || sharedSymbols.count(found->first))
          continue;
        placeShared(*found->second);
        if (found->second->elements == 0)
          dynamic.push_back(found->second);
        if (code.sharedBytes > kMostSharedBytes)
          return tooMuchShared();
      }
    }
  for (const syntax::VariableDeclaration *variable : dynamic)
    code.sharedBytes = alignUp(code.sharedBytes, variableAlignment(*variable));
  for (const syntax::VariableDeclaration *variable : dynamic)
    if (module.shared.count(variable->name))
      placeShared(*variable);
  return true;
}

bool Decoder::tooMuchShared() {
  return fail(function.location, format::concatenate("more than ", kMostSharedBytes,
                                                     " bytes of shared memory that is not dynamic"));
}

/// In the frame of the function whose code is being decoded, or in the kernel's local memory.
bool Decoder::placeLocal(uint64_t size, uint64_t alignment, Location location, uint64_t &address) {
  address = alignUp(localBytes, alignment);
  localBytes = address + std::min(size, kMostLocalBytes + 1);
  return localBytes <= kMostLocalBytes ||
         fail(location, format::concatenate("more than ", kMostLocalBytes, " bytes of local memory"));
}

bool Decoder::declareVariable(const syntax::VariableDeclaration &variable) {
  Symbol symbol;
  symbol.space = variable.space;
  symbol.type = variable.type;
  symbol.size = variableBytes(variable);
  if (!variable.initializer.empty())
    return fail(variable.location, "only variables of the module may have an initializer");
  if (variable.space == StateSpace::Shared) {
    symbol.address = variable.elements == 0 ? alignUp(code.sharedBytes, variableAlignment(variable))
                                            : sharedOffsets[&variable];
  } else if (variable.space == StateSpace::Local || variable.space == StateSpace::Parameter) {
    symbol.space = StateSpace::Local;
    symbol.isCallParameter = variable.space == StateSpace::Parameter;
    symbol.isInFrame = owner != kKernel;
    if (!placeLocal(symbol.size, variableAlignment(variable), variable.location, symbol.address))
      return false;
  } else {
    return fail(variable.location,
                format::concatenate("a variable in a function may not be in state space '.",
                                    ptxsim::name(variable.space), "'"));
  }
  return declare(variable.name, variable.location, symbol);
}

/// Branches to labels of the scope that ends get their target; others wait for the scope around it.
bool Decoder::closeScope() {
  Scope scope = std::move(scopes.back());
  scopes.pop_back();
  for (const PendingBranch &branch : scope.pending) {
    auto found = scope.labels.find(branch.label);
    if (found != scope.labels.end())
      (branch.isTable ? code.targets[branch.index] : code.instructions[branch.index].target) = found->second;
    else if (!scopes.empty())
      scopes.back().pending.push_back(branch);
    else
      return fail(branch.location, format::concatenate("there is no label '", branch.label, "'"));
  }
  return true;
}

bool Decoder::instruction(const syntax::Instruction &instruction) {
  current = &instruction;
  auto found = mnemonics().find(instruction.opcode);
  if (found == mnemonics().end())
    return fail(instruction.location, format::concatenate("unknown instruction '", instruction.text, "'"));
  modifiers = Modifiers(instruction.modifiers);
  out = Instruction();
  out.location = instruction.location;
  operation = found->second.operation;
  if (!instruction.guard.empty()) {
    if (!predicateNamed(instruction.guard, instruction.location, out.guard))
      return false;
    out.flags |= instruction.guardNegated ? kGuardNegated : 0;
  }
  return (this->*found->second.decode)();
}

/// Of the kernel or a function with code of its own, for those that do not end with ret or exit.
void Decoder::emitEnd(Operation end, Location location, std::string_view text) {
  Instruction in;
  in.operation = end;
  in.location = location;
  code.instructions.push_back(in);
  code.texts.push_back(text);
  code.sources.emplace_back();
}

format::Status Decoder::run() {
  scopes.emplace_back();
  declareParameters();
  if (!status.ok() || !placeReferencedShared() || !statements(function.body))
    return status;
  emitEnd(Operation::Exit, function.location, "the end of the kernel");
  if (!closeScope() || !functionBodies())
    return status;
  layOut();
  computeReconvergence(code);
  return status;
}

bool Decoder::statements(const std::vector<syntax::Statement> &body) {
  for (const syntax::Statement &statement : body) {
    bool ok = true;
    if (auto *in = std::get_if<syntax::Instruction>(&statement)) {
      ok = instruction(*in) && status.ok();
    } else if (auto *label = std::get_if<syntax::Label>(&statement)) {
      ok = scopes.back().labels.emplace(label->name, uint32_t(code.instructions.size())).second ||
           fail(label->location, format::concatenate("label '", label->name, "' is defined twice"));
    } else if (auto *targets = std::get_if<syntax::BranchTargets>(&statement)) {
      Symbol symbol;
      symbol.kind = Symbol::Kind::BranchTable;
      symbol.targets = targets;
      ok = declare(targets->name, targets->location, symbol);
    } else if (auto *prototype = std::get_if<syntax::CallPrototype>(&statement)) {
      Symbol symbol;
      symbol.kind = Symbol::Kind::CallPrototype;
      symbol.prototype = prototype;
      ok = declare(prototype->name, prototype->location, symbol);
    } else if (auto *callees = std::get_if<syntax::CallTargets>(&statement)) {
      Symbol symbol;
      symbol.kind = Symbol::Kind::CallTargets;
      symbol.callees = callees;
      ok = declare(callees->name, callees->location, symbol);
    } else if (auto *registers = std::get_if<syntax::RegisterDeclaration>(&statement)) {
      ok = declareRegisters(*registers);
    } else if (auto *variable = std::get_if<syntax::VariableDeclaration>(&statement)) {
      ok = declareVariable(*variable);
    } else if (std::holds_alternative<syntax::ScopeBegin>(statement)) {
      scopes.emplace_back();
    } else {
      ok = closeScope();
    }
    if (!ok)
      return false;
  }
  return true;
}

format::Result<Kernel> decodeKernel(const syntax::Function &function, const ModuleSymbols &module) {
  Kernel kernel;
  kernel.name = function.name;
  auto code = std::make_shared<Code>();
  code->kernel = kernel.name;
  code->files = module.files;
  format::Status status = Decoder(function, module, kernel, *code).run();
  if (!status.ok())
    return status;
  std::copy_n(function.requiredThreads, 3, code->requiredThreads);
  std::copy_n(function.maximumThreads, 3, code->maximumThreads);
  code->parameterBytes = kernel.parameterBytes;
  kernel.sharedBytes = code->sharedBytes;
  kernel.localBytes = code->localBytes;
  kernel.code = std::move(code);
  return kernel;
}

} // namespace winnow::ptxsim
