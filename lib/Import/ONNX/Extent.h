// Symbolic integers for shape arithmetic: polynomials over the sizes of the model's dynamic dimensions.
// Equal values have equal representations, so that "batch * 64" can be recognized wherever it comes from.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace winnow::frontend {

/// A polynomial with integer coefficients over numbered symbols (see ExtentTable). Immutable.
class Extent {
public:
  /// `coefficient` times the product of `symbols`, which are sorted.
  struct Term {
    int64_t coefficient = 0;
    std::vector<unsigned> symbols;
    bool operator==(const Term &) const = default;
  };

  Extent(int64_t value = 0);
  static Extent symbol(unsigned number);

  /// The value, if it is known.
  std::optional<int64_t> constant() const;
  bool is(int64_t value) const { return constant() == value; }
  /// The symbol, if it is nothing but one.
  std::optional<unsigned> asSymbol() const;
  llvm::ArrayRef<Term> terms() const { return sum; }
  bool operator==(const Extent &) const = default;

  // These yield nothing when a coefficient overflows or the result gets too large to be of use.
  friend std::optional<Extent> add(const Extent &a, const Extent &b);
  friend std::optional<Extent> subtract(const Extent &a, const Extent &b);
  friend std::optional<Extent> multiply(const Extent &a, const Extent &b);
  /// a / b if b is a single term that divides every term of a.
  friend std::optional<Extent> divideExactly(const Extent &a, const Extent &b);

private:
  static std::optional<Extent> normalized(std::vector<Term> terms);

  std::vector<Term> sum; // sorted by symbols, no zero coefficients; empty is zero
};

std::optional<Extent> add(const Extent &a, const Extent &b);
std::optional<Extent> subtract(const Extent &a, const Extent &b);
std::optional<Extent> multiply(const Extent &a, const Extent &b);
std::optional<Extent> divideExactly(const Extent &a, const Extent &b);

using Shape = llvm::SmallVector<Extent, 4>;

/// The number of elements of a shape, or nothing when it overflows.
std::optional<Extent> elementCount(llvm::ArrayRef<Extent> shape);

/// The shape as numbers, if all of them are known.
std::optional<llvm::SmallVector<int64_t>> constantShape(llvm::ArrayRef<Extent> shape);

} // namespace winnow::frontend
