// Chooses a precision for each contraction under a budget of weight bytes.
#include "dialects/Winnow/WinnowAttributes.h"
#include "lib/Analysis/WeightError.h"
#include "passes/Precision/ByteBudget.h"
#include "passes/Precision/Passes.h"
#include "passes/Precision/PrecisionReport.h"

#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace winnow {
#define GEN_PASS_DEF_ASSIGNPRECISION
#include "passes/Precision/Passes.h.inc"

using namespace mlir;

namespace {

/// The precision that an operation is marked with, or null.
PrecisionAttr getGiven(Operation *op) {
  return op->getAttrOfType<PrecisionAttr>(WinnowDialect::getPrecisionAttrName());
}

struct AssignPrecision : impl::AssignPrecisionBase<AssignPrecision> {
  using AssignPrecisionBase::AssignPrecisionBase;

  void runOnOperation() override;

private:
  std::optional<Precision> uniform() const;
  LogicalResult checkOptions();
  void choose(const WeightErrorAnalysis &analysis);
  std::optional<PrecisionChoice> decideAlone(const WeightError &entry);
  void meetBudget(const WeightErrorAnalysis &analysis, ArrayRef<size_t> undecided);
  int64_t countBytes(const WeightErrorAnalysis &analysis) const;
  void leaveRemark(const WeightError &entry, const PrecisionChoice &choice);

  SmallVector<PrecisionChoice> choices; // one for each entry of the analysis
  WeightBytes bytes;
};

void AssignPrecision::runOnOperation() {
  ModuleOp module = getOperation();
  if (failed(checkOptions()))
    return signalPassFailure();
  std::optional<WeightErrorAnalysis> half;
  if (uniform() == Precision::F16 || uniform() == Precision::BF16)
    half.emplace(module, *uniform());
  const WeightErrorAnalysis &analysis = half ? *half : getAnalysis<WeightErrorAnalysis>();
  choose(analysis);
  for (auto [entry, choice] : llvm::zip_equal(analysis.getEntries(), choices)) {
    entry.op->setAttr(WinnowDialect::getPrecisionAttrName(),
                      PrecisionAttr::get(&getContext(), choice.precision));
    leaveRemark(entry, choice);
  }
  recordPrecisionReport(module, analysis.getEntries(), choices, bytes);
  markAnalysesPreserved<WeightErrorAnalysis>();
}

/// The one precision that everything is to have, if there is one.
std::optional<Precision> AssignPrecision::uniform() const {
  switch (all.getValue()) {
  case UniformPrecision::None:
    return std::nullopt;
  case UniformPrecision::F32:
    return Precision::F32;
  case UniformPrecision::I8:
    return Precision::I8;
  case UniformPrecision::F16:
    return Precision::F16;
  case UniformPrecision::BF16:
    return Precision::BF16;
  }
  llvm_unreachable("a precision of the enumeration");
}

LogicalResult AssignPrecision::checkOptions() {
  Location loc = getOperation().getLoc();
  if (budgetBytes < 0)
    return emitError(loc) << "option budget-bytes is " << budgetBytes.getValue()
                          << ", but must be at least 0";
  if (!(budget >= 0 && budget <= 1))
    return emitError(loc) << "option budget is " << budget.getValue()
                          << ", but must be a fraction between 0 and 1";
  if (!(maxError >= 0))
    return emitError(loc) << "option max-error is " << maxError.getValue() << ", but must be at least 0";
  if (budgetBytes > 0 && budget > 0)
    return emitError(loc) << "options budget and budget-bytes are both given, but one was expected";
  return success();
}

void AssignPrecision::choose(const WeightErrorAnalysis &analysis) {
  ArrayRef<WeightError> entries = analysis.getEntries();
  choices.assign(entries.size(), {});
  bytes = {};
  bytes.before = countBytes(analysis);
  bytes.budget = budgetBytes > 0
                     ? budgetBytes
                     : static_cast<int64_t>(std::floor(budget * static_cast<double>(bytes.before)));
  SmallVector<bool> decided(entries.size());
  for (auto [index, entry] : llvm::enumerate(entries))
    if (std::optional<PrecisionChoice> choice = decideAlone(entry)) {
      choices[index] = *choice;
      decided[index] = true;
    }
  // Weights that one of their users reads as f32 stay f32 for the others.
  SmallVector<size_t> undecided;
  for (auto [index, group] : llvm::enumerate(analysis.getGroups())) {
    auto keeper = llvm::find_if(
        group, [&](size_t member) { return decided[member] && choices[member].precision == Precision::F32; });
    if (keeper == group.end()) {
      if (llvm::any_of(group, [&](size_t member) { return !decided[member]; }))
        undecided.push_back(index);
      continue;
    }
    for (size_t member : group)
      if (!decided[member] || (choices[member].precision != Precision::F32 && !getGiven(entries[member].op)))
        choices[member] = {Precision::F32,
                           llvm::formatv("'{0}' keeps its weights as f32", layerName(entries[*keeper].op))};
  }
  meetBudget(analysis, undecided);
  bytes.after = countBytes(analysis);
  if (bytes.budget > 0 && all == UniformPrecision::None && bytes.after > bytes.budget)
    emitWarning(getOperation().getLoc()) << "the weights of the contractions take at least " << bytes.after
                                         << " bytes, but the budget is " << bytes.budget << " bytes";
}

/// A choice that the budget has no say in.
std::optional<PrecisionChoice> AssignPrecision::decideAlone(const WeightError &entry) {
  if (PrecisionAttr given = getGiven(entry.op))
    return PrecisionChoice{given.getValue(), "it was marked before"};
  if (!entry.obstacle.empty())
    return PrecisionChoice{Precision::F32, entry.obstacle};
  if (all == UniformPrecision::F32)
    return PrecisionChoice{Precision::F32, "everything is to stay f32"};
  if (all == UniformPrecision::None && bytes.budget == 0)
    return PrecisionChoice{Precision::F32, "no budget is set"};
  if (entry.error > maxError)
    return PrecisionChoice{Precision::F32,
                           llvm::formatv("its error {0:e2} is above the largest allowed, {1:e2}", entry.error,
                                         maxError.getValue())};
  if (std::optional<Precision> precision = uniform())
    return PrecisionChoice{
        *precision, llvm::formatv("everything that can be is to be {0}", stringifyPrecision(*precision))};
  return std::nullopt;
}

/// Chooses among the groups that are left: those that together save enough at the least error.
void AssignPrecision::meetBudget(const WeightErrorAnalysis &analysis, ArrayRef<size_t> undecided) {
  ArrayRef<WeightError> entries = analysis.getEntries();
  SmallVector<Saving> savings;
  for (size_t index : undecided) {
    ArrayRef<size_t> group = analysis.getGroups()[index];
    const WeightError &first = entries[group.front()];
    // Each operation adds its own error.
    savings.push_back(
        {first.bytes - first.quantizedBytes, first.error * first.error * static_cast<double>(group.size())});
  }
  llvm::BitVector chosen = chooseSavings(savings, countBytes(analysis) - bytes.budget);
  for (auto [position, index] : llvm::enumerate(undecided))
    for (size_t member : analysis.getGroups()[index])
      if (!getGiven(entries[member].op))
        choices[member] = chosen.test(position)
                              ? PrecisionChoice{Precision::I8, "it saves bytes at the least error"}
                              : PrecisionChoice{Precision::F32, "the budget is met without it"};
}

/// The bytes of all weights as chosen so far. Weights are small if all who use them have them small.
int64_t AssignPrecision::countBytes(const WeightErrorAnalysis &analysis) const {
  int64_t total = 0;
  for (const SmallVector<size_t> &group : analysis.getGroups()) {
    const WeightError &first = analysis.getEntries()[group.front()];
    bool isQuantized =
        llvm::all_of(group, [&](size_t member) { return choices[member].precision != Precision::F32; });
    total += isQuantized ? first.quantizedBytes : first.bytes;
  }
  return total;
}

void AssignPrecision::leaveRemark(const WeightError &entry, const PrecisionChoice &choice) {
  // The engine may keep a remark, and its name with it, until the context ends.
  remark::RemarkOpts opts = remark::RemarkOpts::name("AssignPrecision").category("precision");
  if (auto function = entry.op->getParentOfType<FunctionOpInterface>())
    opts = opts.function(function.getName());
  bool isQuantized = choice.precision != Precision::F32;
  auto emitted =
      isQuantized ? remark::passed(entry.op->getLoc(), opts) : remark::missed(entry.op->getLoc(), opts);
  emitted << remark::add("{0} is {1}: {2}", layerName(entry.op), stringifyPrecision(choice.precision).str(),
                         choice.reason)
          << remark::metric("Error", llvm::formatv("{0:e2}", entry.error).str())
          << remark::metric("Bytes", isQuantized ? entry.quantizedBytes : entry.bytes)
          << remark::metric("BytesF32", entry.bytes);
}

} // namespace
} // namespace winnow
