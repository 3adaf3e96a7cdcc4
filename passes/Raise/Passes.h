// Recognizes what an imported model computes: masks and gates.
#pragma once

#include "mlir/Pass/Pass.h"

namespace winnow {

#define GEN_PASS_DECL
#include "passes/Raise/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Raise/Passes.h.inc"

/// What follows the import: cleaning, masks, gates.
void buildRaisePipeline(mlir::OpPassManager &manager);

} // namespace winnow
