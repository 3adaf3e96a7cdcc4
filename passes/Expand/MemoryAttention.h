// What is computed with the tokens of a memory: attention, and the choice of pages.
#pragma once

#include "passes/Expand/MemoryStates.h"

namespace winnow {

/// Builds the result of attention to the tokens of a memory, and adds their weights to their mass.
mlir::Value attendToTokens(mlir::OpBuilder &builder, MemoryStates &states, MemoryAttendOp op);

/// Builds the selection of the pages that fit each query best.
mlir::Value selectPages(mlir::OpBuilder &builder, MemoryStates &states, MemorySelectOp op);

} // namespace winnow
