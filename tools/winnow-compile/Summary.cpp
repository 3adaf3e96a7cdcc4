// Counts what a planned model consists of.
#include "tools/winnow-compile/Summary.h"

#include "dialects/Plan/PlanDialect.h"
#include "lib/Target/Module/ModuleBuilder.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace winnow {
namespace {

/// "float32 [batch, 64]"
std::string describe(plan::SignatureAttr signature) {
  RankedTensorType type = signature.getType();
  FailureOr<format::ElementType> element =
      elementTypeOf(type.getElementType(), UnknownLoc::get(type.getContext()));
  std::string text = (succeeded(element) ? format::name(*element) : "unknown") + std::string(" [");
  for (auto [index, size, name] : llvm::enumerate(type.getShape(), signature.getDimensions())) {
    text += index == 0 ? "" : ", ";
    text += !ShapedType::isDynamic(size) ? std::to_string(size) : name.empty() ? "?" : name.str();
  }
  return text + "]";
}

int64_t bytesOf(ElementsAttr value) {
  ShapedType type = value.getShapedType();
  return type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
}

void printFunction(llvm::raw_ostream &stream, plan::FuncOp function) {
  stream << "function " << function.getSymName() << "\n";
  for (auto input : function.getInputs().getAsRange<plan::SignatureAttr>()) {
    stream << "  input " << input.getName().getValue() << ": " << describe(input) << "\n";
  }
  for (auto output : function.getOutputs().getAsRange<plan::SignatureAttr>()) {
    stream << "  output " << output.getName().getValue() << ": " << describe(output) << "\n";
  }
  llvm::SetVector<Attribute> kernels;
  int64_t launches = 0, reads = 0, loops = 0, branches = 0;
  function.walk([&](Operation *op) {
    if (auto dispatch = dyn_cast<plan::DispatchOp>(op)) {
      ++launches;
      kernels.insert(dispatch.getKernel());
    }
    reads += isa<plan::ReadOp>(op);
    loops += isa<plan::ForOp>(op);
    branches += isa<plan::IfOp>(op);
  });
  stream << "  launches: " << launches << " of " << kernels.size() << " kernels\n";
  if (reads + loops + branches > 0) {
    stream << "  depends on data: " << reads << " sizes, " << loops << " loops, " << branches
           << " branches\n";
  }
}

} // namespace

std::map<std::string, int64_t> countNodes(ModuleOp model) {
  llvm::SetVector<StringAttr> nodes;
  model.walk([&](Operation *op) {
    if (auto named = op->getLoc()->findInstanceOf<NameLoc>()) {
      nodes.insert(named.getName());
    }
  });
  std::map<std::string, int64_t> counts;
  for (StringAttr node : nodes) {
    ++counts[node.getValue().split(':').first.str()];
  }
  return counts;
}

void printSummary(llvm::raw_ostream &stream, ModuleOp planned, const std::map<std::string, int64_t> &nodes) {
  for (auto function : planned.getOps<plan::FuncOp>()) {
    printFunction(stream, function);
  }
  int64_t count = 0, bytes = 0;
  for (auto weight : planned.getOps<plan::WeightOp>()) {
    ++count;
    bytes += bytesOf(weight.getValue());
  }
  stream << "weights: " << bytes << " bytes in " << count << " tensors\n";
  if (nodes.empty()) {
    return;
  }
  stream << "nodes: "
         << llvm::join(llvm::map_range(nodes,
                                       [](const auto &entry) {
                                         return std::to_string(entry.second) + " " + entry.first;
                                       }),
                       ", ")
         << "\n";
}

} // namespace winnow
