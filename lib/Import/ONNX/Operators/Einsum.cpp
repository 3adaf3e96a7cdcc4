// Einsum: the operands are contracted from left to right, each pair as one batched matrix product. What only
// one operand has is summed before, diagonals are taken before that.
#include "lib/Import/ONNX/Composition.h"
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Scalars.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <map>

namespace winnow::frontend {
namespace {

/// One letter for each dimension; those of an ellipsis are digits, counted from the last.
using Labels = std::string;

/// A tensor whose dimensions have labels, all different once its diagonals are taken.
struct Term {
  GraphValue value;
  Labels labels;

  const Extent &size(char label) const { return value.shape[labels.find(label)]; }
  bool has(char label) const { return labels.find(label) != Labels::npos; }
};

struct Equation {
  std::vector<Labels> operands;
  Labels result;
  bool hasResult = false;
};

/// Splits "bij,bjk->bik"; an ellipsis becomes one '.'. Fails on anything that is no equation.
std::optional<Equation> parse(llvm::StringRef text) {
  std::string compact = text.str();
  llvm::erase(compact, ' ');
  for (size_t at = compact.find("..."); at != std::string::npos; at = compact.find("..."))
    compact.replace(at, 3, "@");
  llvm::StringRef rest = compact;
  Equation equation;
  auto [left, right] = rest.split("->");
  equation.hasResult = rest.contains("->");
  equation.result = right.str();
  llvm::SmallVector<llvm::StringRef> parts;
  left.split(parts, ',');
  for (llvm::StringRef part : parts)
    equation.operands.push_back(part.str());
  auto isLabels = [](const Labels &labels) {
    return llvm::all_of(labels, [](char c) { return llvm::isAlpha(c) || c == '@'; }) &&
           llvm::count(labels, '@') <= 1;
  };
  if (!llvm::all_of(equation.operands, isLabels) || !isLabels(equation.result))
    return std::nullopt;
  return equation;
}

/// "...": `count` digits.
Labels ellipsis(int64_t count) {
  Labels labels;
  for (int64_t i = count - 1; i >= 0; --i)
    labels.push_back(static_cast<char>('0' + i));
  return labels;
}

Labels expanded(Labels labels, int64_t count) {
  if (size_t at = labels.find('@'); at != Labels::npos)
    labels.replace(at, 1, ellipsis(count));
  return labels;
}

/// Without "->": the ellipsis, then the letters that appear once, in alphabetical order.
Labels implicitResult(const Equation &equation) {
  Labels all, result;
  for (const Labels &labels : equation.operands)
    all += labels;
  if (all.find('@') != Labels::npos)
    result.push_back('@');
  Labels sorted = all;
  llvm::sort(sorted);
  for (char label : sorted)
    if (label != '@' && llvm::count(all, label) == 1)
      result.push_back(label);
  return result;
}

/// A problem was reported.
GraphValue faulty() {
  GraphValue value;
  value.isFaulty = true;
  return value;
}

class Contraction {
public:
  Contraction(Node &node) : node(node), c(node) {}

  mlir::LogicalResult run() {
    if (failed(readTerms()) || failed(agreeOnSizes()))
      return mlir::failure();
    Term result = reduced(terms.front(), 1);
    for (size_t i = 1; i < terms.size(); ++i)
      result = product(result, reduced(terms[i], i + 1), i + 1);
    llvm::SmallVector<int64_t> permutation;
    for (char label : resultLabels)
      permutation.push_back(static_cast<int64_t>(result.labels.find(label)));
    return c.finish({permutation.empty() ? result.value : c.transpose(result.value, permutation)});
  }

private:
  mlir::LogicalResult readTerms();
  mlir::LogicalResult agreeOnSizes();
  Term diagonal(const Term &term);
  Term reduced(const Term &term, size_t next);
  Term product(const Term &a, const Term &b, size_t next);
  Term broadcastProduct(const Term &a, const Term &b, const Labels &labels);
  bool isNeeded(char label, size_t next) const;
  GraphValue arranged(const Term &term, const Labels &order);
  GraphValue asMatrices(const Term &term, const Labels &batch, const Labels &rows, const Labels &columns);
  mlir::FailureOr<Extent> count(const Labels &labels);

  Node &node;
  Composition c;
  std::vector<Term> terms;
  Labels resultLabels;
  std::map<char, Extent> sizes;
};

mlir::LogicalResult Contraction::readTerms() {
  std::string text = node.string("equation", "");
  std::optional<Equation> equation = parse(text);
  if (!equation)
    return node.error("equation '" + text + "' is none: expected letters, ',', '...' and '->'");
  if (static_cast<int64_t>(equation->operands.size()) != node.inputCount())
    return node.error("equation '" + text + "' has " + llvm::Twine(equation->operands.size()) +
                      " operands, but the node has " + llvm::Twine(node.inputCount()));
  int64_t most = 0;
  for (auto [index, labels] : llvm::enumerate(equation->operands)) {
    bool hasEllipsis = labels.find('@') != Labels::npos;
    int64_t rank = node.input(index).rank(), named = static_cast<int64_t>(labels.size()) - hasEllipsis;
    if (rank < named || (rank > named && !hasEllipsis) || rank - named > 10)
      return node.error("input " + llvm::Twine(index) + " has rank " + llvm::Twine(rank) +
                        ", but the equation '" + text + "' names " + llvm::Twine(named) + " dimensions");
    terms.push_back({node.input(index), expanded(labels, rank - named)});
    most = std::max(most, hasEllipsis ? rank - named : 0);
  }
  resultLabels = expanded(equation->hasResult ? equation->result : implicitResult(*equation), most);
  for (char label : resultLabels)
    if (llvm::count(resultLabels, label) > 1 ||
        llvm::none_of(terms, [label](const Term &term) { return term.has(label); }))
      return node.error("the result of equation '" + text +
                        "' repeats a dimension or names one that no input has");
  for (Term &term : terms) {
    term = diagonal(term);
    if (term.value.isFaulty)
      return mlir::failure();
  }
  return mlir::success();
}

/// Keeps, of dimensions with one label, the elements where their indices are equal.
Term Contraction::diagonal(const Term &term) {
  Labels labels;
  for (char label : term.labels)
    if (labels.find(label) == Labels::npos)
      labels.push_back(label);
  if (labels.size() == term.labels.size())
    return term;
  Shape shape;
  for (char label : labels)
    shape.push_back(term.size(label));
  for (auto [label, size] : llvm::zip_equal(term.labels, term.value.shape))
    if (failed(node.requireEqual(size, term.size(label), "sizes of a repeated dimension")))
      return {faulty(), labels};
  mlir::Value source = node.emit.tensor(term.value);
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, mlir::ValueRange) -> mlir::Value {
    Scalars s{builder, location};
    llvm::SmallVector<mlir::Value> place;
    for (char label : term.labels)
      place.push_back(s.loop(static_cast<int64_t>(labels.find(label))));
    return mlir::tensor::ExtractOp::create(builder, location, source, place);
  };
  return {node.emit.elementwise(term.value.elementType, shape, {}, body), labels};
}

/// A dimension of size 1 that is larger elsewhere broadcasts: it is dropped here.
mlir::LogicalResult Contraction::agreeOnSizes() {
  for (const Term &term : terms)
    for (auto [label, size] : llvm::zip_equal(term.labels, term.value.shape)) {
      auto [known, isNew] = sizes.try_emplace(label, size);
      if (isNew || size.is(1))
        continue;
      if (known->second.is(1))
        known->second = size;
      else if (failed(node.requireEqual(size, known->second, "sizes of a dimension of the equation")))
        return mlir::failure();
    }
  for (Term &term : terms) {
    Labels kept;
    Shape shape;
    for (auto [label, size] : llvm::zip_equal(term.labels, term.value.shape))
      if (!size.is(1) || sizes.at(label).is(1)) {
        kept.push_back(label);
        shape.push_back(size);
      }
    if (kept.size() != term.labels.size())
      term = {c.reshape(term.value, shape), kept};
  }
  return mlir::success();
}

/// Whether the result or an operand from `next` on has the dimension.
bool Contraction::isNeeded(char label, size_t next) const {
  return resultLabels.find(label) != Labels::npos ||
         std::any_of(terms.begin() + static_cast<ptrdiff_t>(std::min(next, terms.size())), terms.end(),
                     [label](const Term &term) { return term.has(label); });
}

/// Sums the dimensions that no other operand and not the result has.
Term Contraction::reduced(const Term &term, size_t next) {
  Labels kept;
  llvm::SmallVector<int64_t> axes;
  for (auto [axis, label] : llvm::enumerate(term.labels)) {
    bool isEarlier = std::any_of(terms.begin(), terms.begin() + static_cast<ptrdiff_t>(next - 1),
                                 [label = label](const Term &other) { return other.has(label); });
    if (isNeeded(label, next) || isEarlier)
      kept.push_back(label);
    else
      axes.push_back(static_cast<int64_t>(axis));
  }
  if (axes.empty())
    return term;
  return {c.op("ReduceSum", {term.value, c.integers(axes)}, {{"keepdims", int64_t{0}}}), kept};
}

mlir::FailureOr<Extent> Contraction::count(const Labels &labels) {
  Shape shape;
  for (char label : labels)
    shape.push_back(sizes.at(label));
  return node.require(elementCount(shape));
}

GraphValue Contraction::arranged(const Term &term, const Labels &order) {
  llvm::SmallVector<int64_t> permutation;
  for (char label : order)
    permutation.push_back(static_cast<int64_t>(term.labels.find(label)));
  return permutation.empty() ? term.value : c.transpose(term.value, permutation);
}

GraphValue Contraction::asMatrices(const Term &term, const Labels &batch, const Labels &rows,
                                   const Labels &columns) {
  GraphValue value = arranged(term, batch + rows + columns);
  llvm::SmallVector<Extent> shape;
  for (const Labels *labels : {&batch, &rows, &columns}) {
    if (labels == &batch && batch.empty())
      continue;
    mlir::FailureOr<Extent> size = count(*labels);
    if (failed(size))
      return faulty();
    shape.push_back(*size);
  }
  return c.reshape(value, shape);
}

/// Nothing to sum: the operands broadcast.
Term Contraction::broadcastProduct(const Term &a, const Term &b, const Labels &labels) {
  auto spread = [&](const Term &term) {
    Labels order;
    llvm::SmallVector<Extent> shape;
    for (char label : labels) {
      shape.push_back(term.has(label) ? sizes.at(label) : Extent(1));
      if (term.has(label))
        order.push_back(label);
    }
    return c.reshape(arranged(term, order), shape);
  };
  return {c.multiply(spread(a), spread(b)), labels};
}

Term Contraction::product(const Term &a, const Term &b, size_t next) {
  Labels batch, rows, columns, summed;
  for (char label : a.labels)
    (b.has(label) ? (isNeeded(label, next) ? batch : summed) : rows).push_back(label);
  for (char label : b.labels)
    if (!a.has(label))
      columns.push_back(label);
  Labels labels = batch + rows + columns;
  if (summed.empty())
    return broadcastProduct(a, b, labels);
  GraphValue left = asMatrices(a, batch, rows, summed), right = asMatrices(b, batch, summed, columns);
  Shape shape;
  for (char label : labels)
    shape.push_back(sizes.at(label));
  return {c.reshape(c.op("MatMul", {left, right}), shape), labels};
}

} // namespace

static mlir::LogicalResult importEinsum(Node &node) { return Contraction(node).run(); }

Family einsumOperators() {
  static constexpr Operator kOperators[] = {
      {"Einsum", 12, "N*", importEinsum},
  };
  return kOperators;
}

} // namespace winnow::frontend
