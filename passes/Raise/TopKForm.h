// The form in which importing leaves a top-k: ranks, then what belongs to each rank, then a scatter.
#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <optional>

namespace winnow {

/// Ones, or any value, at the places of the k highest scores of each row and zeros elsewhere.
struct TopKMask {
  mlir::Value scores; // [rows, entries]
  int64_t k;
  mlir::TypedAttr value;
};

/// Recognizes the scatter that ends the form.
std::optional<TopKMask> findTopKMask(mlir::linalg::GenericOp scatter);

/// Something at the places of the k highest scores of each row, and one constant elsewhere.
struct TopKScatter {
  mlir::Value scores; // [rows, entries]
  int64_t k;
  mlir::Attribute elsewhere;
};

/// Recognizes a scatter of anything to where a top-k is.
std::optional<TopKScatter> findTopKScatter(mlir::linalg::GenericOp scatter);

} // namespace winnow
