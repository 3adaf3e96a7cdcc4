// Heads of keys and values that a model repeats, so that each head of the queries has its own.
#pragma once

#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <optional>

namespace winnow {

/// A tensor [batch, heads, rows, width] whose neighbouring heads are the same ones of another tensor.
struct RepeatedHeads {
  mlir::Value source; // any rank
  llvm::SmallVector<mlir::ReassociationIndices, 4>
      groups;    // its dimensions that are batch, heads, rows and width
  int64_t heads; // of `source`
};

/// How `tensor`, of rank 4, is made by repeating heads; nothing if it is not, or in another order.
std::optional<RepeatedHeads> findRepeatedHeads(mlir::Value tensor);

/// The tensor [batch, heads, rows, width] of the heads before their repetition.
mlir::Value takeHeads(mlir::OpBuilder &builder, mlir::Location location, const RepeatedHeads &repeated);

} // namespace winnow
