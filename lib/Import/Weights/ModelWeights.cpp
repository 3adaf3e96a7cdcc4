// Finds the tensors, compares types and shapes, and says what does not fit.
#include "lib/Import/Weights/ModelWeights.h"
#include "lib/Import/Weights/WeightConversion.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <set>

namespace winnow {
namespace {

using format::ElementType;

/// "'a', 'b' and 7 others"
std::string listText(llvm::ArrayRef<std::string> names) {
  constexpr size_t kMost = 3;
  size_t shown = names.size() > kMost + 1 ? kMost : names.size();
  std::string text;
  for (auto [index, name] : llvm::enumerate(names.take_front(shown))) {
    text += (index == 0 ? "'" : index + 1 == names.size() ? " and '" : ", '") + name + "'";
  }
  return shown < names.size() ? text + " and " + std::to_string(names.size() - shown) + " others" : text;
}

void emitRemark(mlir::Location location, const std::string &text) {
  mlir::remark::analysis(location, mlir::remark::RemarkOpts::name("Weights").category("import"))
      << mlir::remark::add("{0}", text);
}

mlir::LogicalResult reportProblems(mlir::Location location, llvm::ArrayRef<std::string> problems) {
  constexpr size_t kMaximumNotes = 100;
  if (problems.size() == 1) {
    return mlir::emitError(location) << problems[0];
  }
  mlir::InFlightDiagnostic diagnostic = mlir::emitError(location)
                                        << problems.size() << " weights cannot be taken from files";
  for (const std::string &problem : problems.take_front(kMaximumNotes)) {
    diagnostic.attachNote(location) << problem;
  }
  return diagnostic;
}

ElementType withoutSign(ElementType type) {
  switch (type) {
  case ElementType::U8:
    return ElementType::I8;
  case ElementType::U16:
    return ElementType::I16;
  case ElementType::U32:
    return ElementType::I32;
  case ElementType::U64:
    return ElementType::I64;
  default:
    return type;
  }
}

llvm::SmallVector<int64_t> shapeOf(const FileTensor &tensor, bool isTransposed) {
  llvm::SmallVector<int64_t> shape(tensor.stored.shape.begin(), tensor.stored.shape.end());
  if (isTransposed) {
    std::reverse(shape.begin(), shape.end());
  }
  return shape;
}

std::string describe(const WeightSource &source, const FileTensor &tensor) {
  return "tensor '" + source.tensor + "' of '" + tensor.file + "'";
}

} // namespace

std::optional<ElementType> findElementType(llvm::StringRef name) {
  for (int number = 0; number < format::kElementTypeCount; ++number) {
    if (name == format::name(ElementType(number))) {
      return ElementType(number);
    }
  }
  return std::nullopt;
}

std::string shapeText(llvm::ArrayRef<int64_t> shape) {
  std::string text;
  for (int64_t size : shape) {
    text += (text.empty() ? "" : ", ") + (size < 0 ? "?" : std::to_string(size));
  }
  return "[" + text + "]";
}

bool canHaveShape(llvm::ArrayRef<int64_t> declared, llvm::ArrayRef<int64_t> shape) {
  return declared.size() == shape.size() && llvm::all_of(llvm::zip(declared, shape), [](auto pair) {
           auto [wanted, size] = pair;
           return wanted < 0 || wanted == size;
         });
}

std::unique_ptr<ModelWeights> ModelWeights::open(const WeightOptions &options, mlir::Location location) {
  auto files = WeightFiles::open(options.files);
  auto names = options.map.empty() ? WeightNames() : WeightNames::read(options.map);
  if (llvm::Error error = llvm::joinErrors(files ? llvm::Error::success() : files.takeError(),
                                           names ? llvm::Error::success() : names.takeError())) {
    mlir::emitError(location) << llvm::toString(std::move(error));
    return nullptr;
  }
  return std::unique_ptr<ModelWeights>(new ModelWeights(location, std::move(*files), std::move(*names)));
}

std::string ModelWeights::checkFit(const WeightTarget &target, const FileTensor &tensor,
                                   const WeightSource &source) const {
  std::string what = format::concatenate(target.kind, " '", target.name, "'");
  std::optional<ElementType> from = tensor.stored.readAs;
  if (from && target.isSignless) {
    from = withoutSign(*from);
  }
  if (!target.type || !from || !canConvert(*from, *target.type)) {
    return what + " is " + target.typeText + ", but " + describe(source, tensor) + " is " +
           tensor.stored.type + ", which is not converted to it";
  }
  if (source.isTransposed && tensor.stored.shape.size() != 2) {
    return describe(source, tensor) + " is to be transposed, but has shape " +
           shapeText(tensor.stored.shape) + ", expected a matrix";
  }
  llvm::SmallVector<int64_t> shape = shapeOf(tensor, source.isTransposed);
  if (canHaveShape(target.shape, shape)) {
    return "";
  }
  bool fitsTransposed =
      shape.size() == 2 && canHaveShape(target.shape, shapeOf(tensor, !source.isTransposed));
  return what + " has shape " + shapeText(target.shape) + ", but " + describe(source, tensor) + " has " +
         shapeText(shape) + (source.isTransposed ? " when it is transposed" : "") +
         (fitsTransposed ? "; --weights-map can say '" + source.tensor + (source.isTransposed ? "'" : "^T'")
                         : "");
}

/// What is wrong, or nothing.
std::string ModelWeights::assignOne(const WeightTarget &target) {
  WeightSource source = names.source(target.name);
  const FileTensor *tensor = files.find(source.tensor);
  if (!tensor && source.isDemanded) {
    return format::concatenate(target.kind, " '", target.name, "' is mapped to '", source.tensor, "', which ",
                               files.text(), " does not have");
  }
  if (!tensor) {
    return target.hasValue ? ""
                           : format::concatenate(target.kind, " '", target.name, "' (", target.typeText, " ",
                                                 shapeText(target.shape), ") has no value in the model, and ",
                                                 files.text(), " has no tensor '", source.tensor, "'");
  }
  std::string problem = checkFit(target, *tensor, source);
  if (problem.empty()) {
    assigned[target.name] = {tensor, source.isTransposed, *target.type};
  }
  return problem;
}

void ModelWeights::warnOfRest(llvm::ArrayRef<WeightTarget> targets) const {
  std::set<std::string> used;
  std::vector<std::string> kept, unused;
  for (const WeightTarget &target : targets) {
    if (has(target.name)) {
      used.insert(names.source(target.name).tensor);
    } else if (target.isWeight) {
      kept.push_back(target.name);
    }
  }
  for (const auto &[name, tensor] : files.all()) {
    if (!used.count(name)) {
      unused.push_back(name);
    }
  }
  if (!kept.empty()) {
    mlir::emitWarning(location) << "weights without a tensor of their name in " << files.text()
                                << " keep the values that the model has: " << listText(kept);
  }
  if (!unused.empty()) {
    mlir::emitWarning(location) << "tensors of " << files.text()
                                << " without a weight of their name in the model are not used: "
                                << listText(unused);
  }
}

void ModelWeights::reportConversions() const {
  std::map<std::pair<std::string, std::string>, std::pair<std::vector<std::string>, bool>> conversions;
  for (const auto &[name, weight] : assigned) {
    ElementType from = *weight.tensor->stored.readAs;
    if (canConvert(from, weight.type) && from != weight.type) {
      auto &[weights, exact] = conversions[{format::name(from), format::name(weight.type)}];
      weights.push_back(name);
      exact = isExact(from, weight.type);
    }
  }
  for (const auto &[types, conversion] : conversions) {
    const auto &[weights, exact] = conversion;
    std::string text = "from " + types.first + " in " + files.text() + " to " + types.second +
                       ", which the model has: " + listText(weights);
    if (exact) {
      emitRemark(location, "weights are converted exactly, " + text);
    } else {
      mlir::emitWarning(location) << "weights are rounded, " << text;
    }
  }
}

mlir::LogicalResult ModelWeights::assign(llvm::ArrayRef<WeightTarget> targets) {
  auto targetNames = llvm::map_to_vector(targets, [](const WeightTarget &target) { return target.name; });
  if (std::optional<std::string> unknown = names.firstUnknown(targetNames)) {
    return mlir::emitError(location) << "--weights-map has the name '" << *unknown
                                     << "', but the model has no weight or input of that name";
  }
  std::string prefix = names.findPrefix(targetNames, files);
  std::vector<std::string> problems;
  for (const WeightTarget &target : targets) {
    if (std::string problem = assignOne(target); !problem.empty()) {
      problems.push_back(std::move(problem));
    }
  }
  if (problems.empty() && assigned.empty()) {
    std::vector<std::string> found;
    for (const auto &[name, tensor] : files.all()) {
      found.push_back(name);
    }
    problems.push_back("no tensor of " + files.text() +
                       " has the name of a weight or input of the model; found " + listText(found) +
                       ", expected " + listText(targetNames));
  }
  if (!problems.empty()) {
    if (assigned.empty() && !prefix.empty()) {
      problems.push_back(prefix);
    }
    return reportProblems(location, problems);
  }
  if (!prefix.empty()) {
    emitRemark(location, prefix);
  }
  warnOfRest(targets);
  reportConversions();
  return mlir::success();
}

llvm::SmallVector<int64_t> ModelWeights::shape(std::string_view name) const {
  const Assigned &weight = assigned.find(name)->second;
  return shapeOf(*weight.tensor, weight.isTransposed);
}

std::vector<char> ModelWeights::read(std::string_view name) const {
  const Assigned &weight = assigned.find(name)->second;
  const format::StoredTensor &stored = weight.tensor->stored;
  // Integers that only differ in what their highest bit means have equal bytes.
  ElementType from = canConvert(*stored.readAs, weight.type) ? *stored.readAs : weight.type;
  std::vector<char> bytes = convertElements(stored.bytes, from, weight.type);
  if (!weight.isTransposed) {
    return bytes;
  }
  return transposeElements(bytes, stored.shape[0], stored.shape[1], byteWidth(weight.type));
}

} // namespace winnow
