// How far a selection of channels can move: up to what produces a tensor, down to what consumes it.
#pragma once

#include "mlir/IR/Value.h"

#include <string>

namespace winnow {

/// True if a contraction that produces `tensor` need compute only selected channels, given that nothing else
/// uses it.
bool reachesProducer(mlir::Value tensor);

/// True if a contraction that consumes `tensor` need read only the channels that are not zero.
bool reachesConsumer(mlir::Value tensor);

/// Why a gather of `tensor` cannot move above the operation that produces it, as the end of "stops at ...".
std::string explainGather(mlir::Value tensor);

/// Why a scatter cannot move below the operation that has this operand.
std::string explainScatter(mlir::OpOperand &use);

} // namespace winnow
