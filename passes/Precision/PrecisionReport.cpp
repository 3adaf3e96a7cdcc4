// Keeps the choices of the precision phase on the module and gives them out as JSON.
#include "passes/Precision/PrecisionReport.h"

#include "lib/Analysis/ReportJSON.h"
#include "mlir/IR/Builders.h"
#include "passes/Precision/Passes.h"

using namespace mlir;
using namespace winnow;

namespace {

constexpr StringLiteral kReportAttribute = "winnow.precision_report";

} // namespace

void winnow::recordPrecisionReport(ModuleOp module, ArrayRef<WeightError> entries,
                                   ArrayRef<PrecisionChoice> choices, const WeightBytes &bytes) {
  Builder builder(module.getContext());
  auto named = [&](StringRef name, Attribute value) { return builder.getNamedAttr(name, value); };
  auto integer = [&](StringRef name, int64_t value) { return named(name, builder.getI64IntegerAttr(value)); };
  auto string = [&](StringRef name, StringRef value) { return named(name, builder.getStringAttr(value)); };
  SmallVector<Attribute> operations;
  for (auto [entry, choice] : llvm::zip_equal(entries, choices))
    operations.push_back(builder.getDictionaryAttr({
        string("name", layerName(entry.op)),
        string("operation", entry.op->getName().getStringRef()),
        string("precision", stringifyPrecision(choice.precision)),
        named("error", builder.getF64FloatAttr(entry.error)),
        integer("bytes", entry.bytes),
        integer("quantized_bytes", entry.quantizedBytes),
        string("reason", choice.reason),
    }));
  module->setAttr(kReportAttribute, builder.getDictionaryAttr(
                                        {integer("f32_bytes", bytes.before), integer("bytes", bytes.after),
                                         integer("budget_bytes", bytes.budget),
                                         named("operations", builder.getArrayAttr(operations))}));
}

llvm::json::Value winnow::collectPrecisionReport(ModuleOp module) {
  Attribute report = module->getAttr(kReportAttribute);
  return report ? reportToJSON(report) : nullptr;
}
