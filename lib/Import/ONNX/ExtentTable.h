// The symbols that extents are made of: dynamic dimensions of the model's inputs, integers that are read from
// tensors, and values that are no polynomial (quotients, minima, ...).
#pragma once

#include "lib/Import/ONNX/Extent.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace winnow::frontend {

/// What the model's equations force a dynamic dimension of an input to be: a number, or another one's size.
struct Binding {
  std::optional<int64_t> size;
  std::string dimension;
  bool hasName = false;
};
using Bindings = llvm::StringMap<Binding>;

struct ExtentSymbol {
  enum class Kind { Input, Data, FloorDivide, CeilDivide, Remainder, Minimum, Maximum };
  Kind kind = Kind::Input;
  std::string name; // Input: the dimension's name, or "input.dimension" when it has none; Data: for messages
  bool hasName = false; // Input: the model names it
  Extent a, b;          // the other kinds
  std::optional<int64_t> lowerBound;
};

class ExtentTable {
public:
  /// The size of an input's dynamic dimension; equal names are equal symbols.
  Extent input(llvm::StringRef name, bool hasName);
  /// An integer that is known when the program runs.
  Extent data(llvm::StringRef name, std::optional<int64_t> lowerBound);
  /// Whether the value depends on more than the sizes of inputs.
  bool dependsOnData(const Extent &extent) const;

  // Nothing when the result cannot be expressed, as in Extent. Division is by positive numbers: a divisor
  // that may be zero at run time is raised to one. floorDivide and remainder round down.
  std::optional<Extent> floorDivide(const Extent &a, const Extent &b);
  std::optional<Extent> ceilDivide(const Extent &a, const Extent &b);
  std::optional<Extent> remainder(const Extent &a, const Extent &b);
  std::optional<Extent> minimum(const Extent &a, const Extent &b);
  std::optional<Extent> maximum(const Extent &a, const Extent &b);

  /// Whether a < b, a == b: nothing when it depends on sizes that are unknown.
  std::optional<bool> less(const Extent &a, const Extent &b) const;
  std::optional<bool> equal(const Extent &a, const Extent &b) const;
  std::optional<int64_t> lowerBound(const Extent &extent) const;
  bool isAtLeast(const Extent &extent, int64_t bound) const;

  const ExtentSymbol &symbol(unsigned number) const { return symbols[number]; }
  size_t size() const { return symbols.size(); }

  /// For messages: "batch * 64 + 1".
  std::string text(const Extent &extent) const;
  /// "[batch, 3, 8, 8]"
  std::string text(llvm::ArrayRef<Extent> shape) const;

private:
  std::optional<Extent> define(ExtentSymbol::Kind kind, const Extent &a, const Extent &b,
                               std::optional<int64_t> lowerBound);

  std::vector<ExtentSymbol> symbols;
};

} // namespace winnow::frontend
