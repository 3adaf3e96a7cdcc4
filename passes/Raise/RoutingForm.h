// The forms in which a model says that most gates of its experts are zero.
#pragma once

#include "mlir/IR/Builders.h"

#include <optional>

namespace winnow {

/// The entries of gates [rows, entries] that may be other than zero: those of a selection that is there, or
/// the k highest of scores.
struct Routing {
  mlir::Value selection;
  mlir::Value scores; // if there is no selection
  int64_t k = 0;
};

/// What gates are known to be zero outside of: scattered values of a top-k, products with a mask, a softmax
/// of scores that are minus infinity elsewhere, and what element-wise operations or a division by a number
/// for each row make of them. Zero times an infinity, and zero divided by zero, are taken to be zero.
std::optional<Routing> findRouting(mlir::Value gates);

/// The selection that a routing is.
mlir::Value createSelection(mlir::OpBuilder &builder, mlir::Location location, const Routing &routing);

} // namespace winnow
