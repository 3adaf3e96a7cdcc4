// Keeps what became of pruned weights on the module and gives it out as JSON.
#include "passes/Structure/PruningReport.h"

#include "lib/Analysis/ReportJSON.h"
#include "mlir/IR/Builders.h"
#include "passes/Structure/Passes.h"

using namespace mlir;

static constexpr llvm::StringLiteral kReportAttribute = "winnow.pruning_report";

void winnow::recordPruningReport(ModuleOp module, ArrayRef<PruningEntry> entries) {
  Builder builder(module.getContext());
  auto named = [&](StringRef name, Attribute value) { return builder.getNamedAttr(name, value); };
  SmallVector<Attribute> products;
  for (const PruningEntry &entry : entries)
    products.push_back(builder.getDictionaryAttr({
        named("name", builder.getStringAttr(entry.name)),
        named("structure", builder.getStringAttr(entry.structure.empty() ? "dense" : entry.structure)),
        named("error", builder.getF64FloatAttr(entry.error)),
        named("bytes", builder.getI64IntegerAttr(entry.bytes)),
        named("packed_bytes", builder.getI64IntegerAttr(entry.packedBytes)),
        named("reason", builder.getStringAttr(entry.reason)),
    }));
  module->setAttr(kReportAttribute, builder.getArrayAttr(products));
}

llvm::json::Value winnow::collectPruningReport(ModuleOp module) {
  Attribute report = module->getAttr(kReportAttribute);
  return report ? reportToJSON(report) : nullptr;
}
