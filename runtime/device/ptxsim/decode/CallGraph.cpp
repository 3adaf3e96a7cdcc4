#include "runtime/device/ptxsim/decode/CallGraph.h"

#include <algorithm>
#include <unordered_map>

namespace winnow::ptxsim {
namespace {

class Analysis {
public:
  explicit Analysis(const syntax::Module &module) : module(module) {}

  CallGraph run() {
    for (const syntax::Function &function : module.functions)
      if (!function.isEntry)
        calls[function.name];
    for (const syntax::VariableDeclaration &variable : module.variables)
      for (const syntax::Initializer &element : variable.initializer)
        takeAddress(element.symbol);
    for (const syntax::Function &function : module.functions)
      for (const syntax::Statement &statement : function.body)
        visit(function, statement);
    for (const auto &[name, callees] : calls)
      if (reaches(callees, name))
        graph.recursive.insert(name);
    return std::move(graph);
  }

private:
  void visit(const syntax::Function &function, const syntax::Statement &statement) {
    if (auto *targets = std::get_if<syntax::CallTargets>(&statement))
      for (std::string_view target : targets->functions)
        takeAddress(target);
    auto *in = std::get_if<syntax::Instruction>(&statement);
    if (!in)
      return;
    const syntax::Operand *called = in->opcode == "call" ? calledOperand(*in) : nullptr;
    for (const syntax::Operand &operand : in->operands)
      if (&operand != called)
        takeAddress(operand.name);
      else if (calls.count(called->name) && !function.isEntry)
        calls[function.name].push_back(called->name);
  }

  void takeAddress(std::string_view name) {
    if (calls.count(name) && taken.insert(name).second)
      graph.addressTaken.push_back(name);
  }

  bool reaches(const std::vector<std::string_view> &first, std::string_view name) const {
    std::vector<std::string_view> work = first;
    std::unordered_set<std::string_view> seen;
    while (!work.empty()) {
      std::string_view reached = work.back();
      work.pop_back();
      if (reached == name)
        return true;
      if (seen.insert(reached).second)
        work.insert(work.end(), calls.at(reached).begin(), calls.at(reached).end());
    }
    return false;
  }

  const syntax::Module &module;
  CallGraph graph;
  std::unordered_map<std::string_view, std::vector<std::string_view>> calls; // of every function, not kernels
  std::unordered_set<std::string_view> taken;
};

} // namespace

CallGraph analyzeCalls(const syntax::Module &module) { return Analysis(module).run(); }

/// call{.uni} {(results), }called{, (arguments)}{, prototype}.
const syntax::Operand *calledOperand(const syntax::Instruction &call) {
  size_t at = !call.operands.empty() && call.operands[0].kind == syntax::Operand::Kind::Call ? 1 : 0;
  bool isThere = call.operands.size() > at && call.operands[at].kind == syntax::Operand::Kind::Name;
  return isThere ? &call.operands[at] : nullptr;
}

} // namespace winnow::ptxsim
