// Arithmetic of symbolic sizes.
#include "lib/Import/ONNX/Extent.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

namespace winnow::frontend {
namespace {

// Beyond these a size is no longer something that a later phase could reason about.
constexpr size_t kMaximumTerms = 32;
constexpr size_t kMaximumDegree = 8;

} // namespace

Extent::Extent(int64_t value) {
  if (value != 0)
    sum.push_back({value, {}});
}

Extent Extent::symbol(unsigned number) {
  Extent result;
  result.sum.push_back({1, {number}});
  return result;
}

std::optional<int64_t> Extent::constant() const {
  if (sum.empty())
    return 0;
  if (sum.size() == 1 && sum[0].symbols.empty())
    return sum[0].coefficient;
  return std::nullopt;
}

std::optional<unsigned> Extent::asSymbol() const {
  if (sum.size() == 1 && sum[0].coefficient == 1 && sum[0].symbols.size() == 1)
    return sum[0].symbols[0];
  return std::nullopt;
}

std::optional<Extent> Extent::normalized(std::vector<Term> terms) {
  llvm::sort(terms, [](const Term &a, const Term &b) { return a.symbols < b.symbols; });
  Extent result;
  for (Term &term : terms) {
    if (!result.sum.empty() && result.sum.back().symbols == term.symbols) {
      int64_t &coefficient = result.sum.back().coefficient;
      if (llvm::AddOverflow(coefficient, term.coefficient, coefficient))
        return std::nullopt;
      if (coefficient == 0)
        result.sum.pop_back();
    } else if (term.coefficient != 0) {
      if (term.symbols.size() > kMaximumDegree)
        return std::nullopt;
      result.sum.push_back(std::move(term));
    }
  }
  if (result.sum.size() > kMaximumTerms)
    return std::nullopt;
  return result;
}

std::optional<Extent> add(const Extent &a, const Extent &b) {
  std::vector<Extent::Term> terms = a.sum;
  terms.insert(terms.end(), b.sum.begin(), b.sum.end());
  return Extent::normalized(std::move(terms));
}

std::optional<Extent> subtract(const Extent &a, const Extent &b) {
  std::optional<Extent> negated = multiply(b, -1);
  return negated ? add(a, *negated) : std::nullopt;
}

std::optional<Extent> multiply(const Extent &a, const Extent &b) {
  std::vector<Extent::Term> terms;
  for (const Extent::Term &x : a.sum)
    for (const Extent::Term &y : b.sum) {
      Extent::Term product;
      if (llvm::MulOverflow(x.coefficient, y.coefficient, product.coefficient))
        return std::nullopt;
      product.symbols = x.symbols;
      product.symbols.insert(product.symbols.end(), y.symbols.begin(), y.symbols.end());
      llvm::sort(product.symbols);
      terms.push_back(std::move(product));
    }
  return Extent::normalized(std::move(terms));
}

std::optional<Extent> divideExactly(const Extent &a, const Extent &b) {
  if (b.sum.size() != 1)
    return std::nullopt;
  const Extent::Term &divisor = b.sum[0];
  std::vector<Extent::Term> terms;
  for (const Extent::Term &term : a.sum) {
    bool overflows = divisor.coefficient == -1 && term.coefficient == INT64_MIN;
    if (overflows || term.coefficient % divisor.coefficient != 0 ||
        !std::includes(term.symbols.begin(), term.symbols.end(), divisor.symbols.begin(),
                       divisor.symbols.end()))
      return std::nullopt;
    Extent::Term quotient;
    quotient.coefficient = term.coefficient / divisor.coefficient;
    std::set_difference(term.symbols.begin(), term.symbols.end(), divisor.symbols.begin(),
                        divisor.symbols.end(), std::back_inserter(quotient.symbols));
    terms.push_back(std::move(quotient));
  }
  return Extent::normalized(std::move(terms));
}

std::optional<Extent> elementCount(llvm::ArrayRef<Extent> shape) {
  Extent count = 1;
  for (const Extent &extent : shape) {
    std::optional<Extent> next = multiply(count, extent);
    if (!next)
      return std::nullopt;
    count = std::move(*next);
  }
  return count;
}

std::optional<llvm::SmallVector<int64_t>> constantShape(llvm::ArrayRef<Extent> shape) {
  llvm::SmallVector<int64_t> result;
  for (const Extent &extent : shape) {
    std::optional<int64_t> value = extent.constant();
    if (!value)
      return std::nullopt;
    result.push_back(*value);
  }
  return result;
}

} // namespace winnow::frontend
