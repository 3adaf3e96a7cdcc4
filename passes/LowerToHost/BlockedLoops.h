// The loops of an operation, in register blocks.
#pragma once

#include "passes/LowerToHost/RegisterBlock.h"

namespace winnow {

/// Creates loops that compute `space.op` on its memrefs, `block` by block, with remainders.
void createBlockedLoops(mlir::OpBuilder &builder, const IterationSpace &space, const RegisterBlock &block);

} // namespace winnow
