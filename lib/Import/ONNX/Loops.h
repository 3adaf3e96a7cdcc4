// Loops whose rounds are parts of the graph.
#pragma once

#include "lib/Import/ONNX/Node.h"

namespace winnow::frontend {

/// One round, while it is imported.
struct Round {
  Extent number;                   // from 0
  std::vector<GraphValue> carried; // what it begins with
  // What it makes:
  std::vector<GraphValue> next;     // what the next round begins with, of the same types and shapes
  std::vector<GraphValue> rows;     // of what is collected: row `number` of each
  std::optional<GraphValue> goesOn; // whether there is a next round, a bool; without it there is one
};

struct LoopResults {
  std::vector<GraphValue> carried, collected;
};

/// Emits a loop of at most `count` rounds, without a limit if there is none. It begins only if `condition`, a
/// bool, is null or holds. Problems are reported as the node's.
mlir::FailureOr<LoopResults> emitLoop(Node &node, const std::optional<Extent> &count,
                                      const GraphValue *condition, llvm::ArrayRef<GraphValue> initial,
                                      llvm::function_ref<mlir::LogicalResult(Round &)> body);

} // namespace winnow::frontend
