// Expansions that only PTX needs, besides those that all targets share (lib/MathExpansions).
#pragma once

#include "mlir/IR/PatternMatch.h"

namespace winnow {

/// exp on f32, from the instruction ex2.approx.
void populateInstructionExpansions(mlir::RewritePatternSet &patterns);

/// The power of scalar integers.
void populateIntegerExpansions(mlir::RewritePatternSet &patterns);

} // namespace winnow
