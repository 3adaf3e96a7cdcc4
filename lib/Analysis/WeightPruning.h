// Which entries of a weight matrix are kept when it is pruned by magnitude, and what that costs.
#pragma once

#include "dialects/Winnow/WinnowTypes.h"
#include "mlir/IR/BuiltinAttributes.h"

#include <optional>
#include <string>

namespace winnow {

/// The structure that weights are pruned to, and the share of blocks or entries that is kept (2:4 keeps
/// half).
struct PruningTarget {
  mlir::Attribute structure; // without a capacity
  double density = 0.5;
};

/// Parses "2:4", "blocks:RxC:DENSITY" and "coo:DENSITY"; nothing for anything else.
std::optional<PruningTarget> parsePruningTarget(mlir::MLIRContext *context, llvm::StringRef text);

/// A matrix after pruning.
struct PrunedWeights {
  mlir::DenseElementsAttr weights; // dense, with zeros where something was pruned
  PackedType type;                 // with room for exactly what is left
  double error = 0;                // ||W - pruned W|| / ||W||, Frobenius norms
};

/// Prunes a constant matrix, or says why it cannot have the structure: the entries (blocks) of the least
/// magnitude (norm) go, of equal ones those that come later in row-major order.
std::optional<PrunedWeights> pruneWeights(mlir::ElementsAttr weights, const PruningTarget &target,
                                          std::string &obstacle);

} // namespace winnow
