// Symbols of shape arithmetic and what is known about their values.
#include "lib/Import/ONNX/ExtentTable.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

namespace winnow::frontend {

Extent ExtentTable::input(llvm::StringRef name, bool hasName) {
  for (auto [number, symbol] : llvm::enumerate(symbols))
    if (symbol.kind == ExtentSymbol::Kind::Input && symbol.name == name)
      return Extent::symbol(number);
  symbols.push_back({ExtentSymbol::Kind::Input, name.str(), hasName, {}, {}, 0});
  return Extent::symbol(symbols.size() - 1);
}

Extent ExtentTable::data(llvm::StringRef name, std::optional<int64_t> lowerBound) {
  symbols.push_back({ExtentSymbol::Kind::Data, name.str(), false, {}, {}, lowerBound});
  return Extent::symbol(symbols.size() - 1);
}

bool ExtentTable::dependsOnData(const Extent &extent) const {
  return llvm::any_of(extent.terms(), [&](const Extent::Term &term) {
    return llvm::any_of(term.symbols, [&](unsigned number) {
      const ExtentSymbol &symbol = symbols[number];
      return symbol.kind == ExtentSymbol::Kind::Data || dependsOnData(symbol.a) || dependsOnData(symbol.b);
    });
  });
}

std::optional<Extent> ExtentTable::define(ExtentSymbol::Kind kind, const Extent &a, const Extent &b,
                                          std::optional<int64_t> lowerBound) {
  // A model whose sizes need more than this is not one that anybody wrote.
  constexpr size_t kMaximumSymbols = 4096;
  for (auto [number, symbol] : llvm::enumerate(symbols))
    if (symbol.kind == kind && symbol.a == a && symbol.b == b)
      return Extent::symbol(number);
  if (symbols.size() >= kMaximumSymbols)
    return std::nullopt;
  symbols.push_back({kind, "", false, a, b, lowerBound});
  return Extent::symbol(symbols.size() - 1);
}

std::optional<int64_t> ExtentTable::lowerBound(const Extent &extent) const {
  int64_t bound = 0;
  for (const Extent::Term &term : extent.terms()) {
    int64_t value = term.coefficient;
    if (value < 0 && !term.symbols.empty())
      return std::nullopt;
    for (unsigned number : term.symbols) {
      std::optional<int64_t> factor = symbols[number].lowerBound;
      if (!factor || *factor < 0 || llvm::MulOverflow(value, *factor, value))
        return std::nullopt;
    }
    if (llvm::AddOverflow(bound, value, bound))
      return std::nullopt;
  }
  return bound;
}

bool ExtentTable::isAtLeast(const Extent &extent, int64_t bound) const {
  std::optional<int64_t> known = lowerBound(extent);
  return known && *known >= bound;
}

std::optional<bool> ExtentTable::less(const Extent &a, const Extent &b) const {
  if (std::optional<Extent> difference = subtract(b, a); difference && isAtLeast(*difference, 1))
    return true;
  if (std::optional<Extent> difference = subtract(a, b); difference && isAtLeast(*difference, 0))
    return false;
  return std::nullopt;
}

std::optional<bool> ExtentTable::equal(const Extent &a, const Extent &b) const {
  if (a == b)
    return true;
  if (less(a, b) == true || less(b, a) == true)
    return false;
  return std::nullopt;
}

std::optional<Extent> ExtentTable::floorDivide(const Extent &a, const Extent &b) {
  if (std::optional<Extent> quotient = divideExactly(a, b))
    return quotient;
  std::optional<int64_t> divisor = b.constant();
  if (divisor && *divisor <= 0)
    return std::nullopt;
  std::optional<int64_t> bound = lowerBound(a);
  if (divisor && a.constant())
    return llvm::divideFloorSigned(*a.constant(), *divisor);
  if (bound)
    bound = divisor ? llvm::divideFloorSigned(*bound, *divisor) : std::min<int64_t>(*bound, 0);
  if (bound && !divisor && *bound < 0)
    bound = std::nullopt;
  return define(ExtentSymbol::Kind::FloorDivide, a, b, bound);
}

std::optional<Extent> ExtentTable::ceilDivide(const Extent &a, const Extent &b) {
  if (std::optional<Extent> quotient = divideExactly(a, b))
    return quotient;
  std::optional<int64_t> divisor = b.constant();
  if (!divisor || *divisor <= 0)
    return std::nullopt;
  if (a.constant())
    return llvm::divideCeilSigned(*a.constant(), *divisor);
  std::optional<int64_t> bound = lowerBound(a);
  return define(ExtentSymbol::Kind::CeilDivide, a, b,
                bound ? std::optional(llvm::divideCeilSigned(*bound, *divisor)) : std::nullopt);
}

std::optional<Extent> ExtentTable::remainder(const Extent &a, const Extent &b) {
  if (b.constant() != 0 && divideExactly(a, b))
    return Extent(0);
  std::optional<int64_t> divisor = b.constant();
  if (divisor && *divisor <= 0)
    return std::nullopt;
  if (divisor && a.constant())
    return llvm::mod(*a.constant(), *divisor);
  return define(ExtentSymbol::Kind::Remainder, a, b, 0);
}

std::optional<Extent> ExtentTable::minimum(const Extent &a, const Extent &b) {
  if (std::optional<bool> order = less(a, b))
    return *order ? a : b;
  if (less(b, a) == false)
    return a;
  std::optional<int64_t> x = lowerBound(a), y = lowerBound(b);
  return define(ExtentSymbol::Kind::Minimum, a, b, x && y ? std::optional(std::min(*x, *y)) : std::nullopt);
}

std::optional<Extent> ExtentTable::maximum(const Extent &a, const Extent &b) {
  if (std::optional<bool> order = less(a, b))
    return *order ? b : a;
  if (less(b, a) == false)
    return b;
  std::optional<int64_t> x = lowerBound(a), y = lowerBound(b);
  return define(ExtentSymbol::Kind::Maximum, a, b, x && y ? std::max(*x, *y) : x ? x : y);
}

std::string ExtentTable::text(const Extent &extent) const {
  if (std::optional<int64_t> value = extent.constant())
    return std::to_string(*value);
  std::string result;
  for (const Extent::Term &term : llvm::reverse(extent.terms())) {
    std::string product;
    if (term.coefficient != 1 || term.symbols.empty())
      product = std::to_string(term.coefficient);
    for (unsigned number : term.symbols) {
      const ExtentSymbol &symbol = symbols[number];
      product += product.empty() ? "" : " * ";
      // Operands are left out: they may be as large as a table of symbols allows.
      product += symbol.name.empty() ? "?" : symbol.name;
    }
    result += (result.empty() ? "" : " + ") + product;
  }
  return result;
}

std::string ExtentTable::text(llvm::ArrayRef<Extent> shape) const {
  std::string result = "[";
  for (const Extent &extent : shape)
    result += (result.size() > 1 ? ", " : "") + text(extent);
  return result + "]";
}

} // namespace winnow::frontend
