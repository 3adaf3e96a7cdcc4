// The patterns of winnow-expand-selections that have files of their own.
#pragma once

#include "mlir/IR/PatternMatch.h"

namespace winnow {

/// Conversions, unions, counts and masks of every form, and the choice of blocks.
void populateSelectionFormExpansions(mlir::RewritePatternSet &patterns);

/// Feed-forward layers and experts.
void populateFeedForwardExpansions(mlir::RewritePatternSet &patterns);

/// Order statistics.
void populateOrderExpansions(mlir::RewritePatternSet &patterns);

/// Replaces the operation that makes a selection in the form rows by the enumeration of `mask`. A dynamic
/// capacity is that of the mask, or `capacity`.
void replaceByEnumeration(mlir::PatternRewriter &rewriter, mlir::Operation *op, mlir::Value mask,
                          mlir::Value capacity = {});

} // namespace winnow
