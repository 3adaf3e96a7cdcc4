// Operators that are made of simpler ones: ONNX's functions, written as such.
#pragma once

#include "lib/Import/ONNX/Node.h"

#include <variant>

namespace winnow::frontend {

/// Imports operators as parts of a node:
///
///     Composition c(node);
///     GraphValue mean = c.op("ReduceMean", {x, c.integers({-1})});
///     return c.finish({c.op("Sub", {x, mean})});
///
/// An operator means what it means in the last operator set that winnow imports. After a problem, which is
/// reported as the node's, every further value is a placeholder, and finish() fails.
class Composition {
public:
  using Attribute = std::variant<int64_t, double, std::string, llvm::SmallVector<int64_t>>;
  using Attributes = llvm::ArrayRef<std::pair<const char *, Attribute>>;

  explicit Composition(Node &node);

  /// Output 0. An input without an element type is absent.
  GraphValue op(llvm::StringRef name, llvm::ArrayRef<GraphValue> inputs, Attributes attributes = {});
  /// The first `count` outputs.
  std::vector<GraphValue> ops(llvm::StringRef name, llvm::ArrayRef<GraphValue> inputs, int64_t count,
                              Attributes attributes = {});

  /// The node's input, or an absent value.
  GraphValue input(int64_t index) const;

  // Constants.
  GraphValue real(mlir::Type type, double value) const;
  GraphValue integer(mlir::Type type, int64_t value) const;
  /// A scalar of the type, which may be real.
  GraphValue number(mlir::Type type, double value) const;
  /// A list of int64: axes, shapes.
  GraphValue integers(llvm::ArrayRef<int64_t> values) const;
  /// A scalar of int64, and a list, that may depend on sizes.
  GraphValue extent(const Extent &value) const;
  GraphValue extents(llvm::ArrayRef<Extent> values) const;

  /// Element-wise operators by their names.
  GraphValue add(const GraphValue &a, const GraphValue &b) { return op("Add", {a, b}); }
  GraphValue subtract(const GraphValue &a, const GraphValue &b) { return op("Sub", {a, b}); }
  GraphValue multiply(const GraphValue &a, const GraphValue &b) { return op("Mul", {a, b}); }
  GraphValue divide(const GraphValue &a, const GraphValue &b) { return op("Div", {a, b}); }
  GraphValue where(const GraphValue &condition, const GraphValue &a, const GraphValue &b) {
    return op("Where", {condition, a, b});
  }
  GraphValue cast(const GraphValue &value, mlir::Type type);
  GraphValue reshape(const GraphValue &value, llvm::ArrayRef<Extent> shape);
  GraphValue transpose(const GraphValue &value, llvm::ArrayRef<int64_t> permutation);

  bool hasFailed() const { return failed; }
  mlir::LogicalResult error(const llvm::Twine &message);
  /// Makes the values the node's outputs.
  mlir::LogicalResult finish(llvm::ArrayRef<GraphValue> outputs);

private:
  Node &node;
  bool failed = false;
};

} // namespace winnow::frontend
