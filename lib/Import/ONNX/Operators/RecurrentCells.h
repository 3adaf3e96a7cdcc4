// The cells of recurrent operators: what one step makes of the states before it.
#pragma once

#include "lib/Import/ONNX/Composition.h"
#include "lib/Import/ONNX/Scalars.h"

namespace winnow::frontend {

/// An activation function, applied to what `clip` leaves of its input.
using Activation = std::function<mlir::Value(const Scalars &, mlir::Value)>;

/// The activations of all directions, in their order.
mlir::FailureOr<llvm::SmallVector<Activation>>
readActivations(Node &node, llvm::ArrayRef<const char *> defaults, int64_t directions);

/// One direction of a recurrent operator.
struct Cell {
  llvm::ArrayRef<Activation> activations;
  Extent hidden;
  GraphValue inputs;         // [steps, batch, gates * hidden]: the input's product with W, and biases
  GraphValue recurrence;     // [hidden, gates * hidden]: R, transposed
  GraphValue lastRecurrence; // GRU without linear_before_reset: that of the hidden gate, which is apart then
  GraphValue hiddenBias;     // GRU with linear_before_reset: R's bias of the hidden gate [hidden], or absent
  GraphValue peepholes[3];   // LSTM: of input, output and forget gate, each [hidden], or absent
  GraphValue lengths;        // [batch, 1], or absent
  bool isLinearBeforeReset = false, couplesForget = false;
};

/// The states after `position` of the sequence: the hidden one, and LSTM's cell. States of a sequence that
/// has ended stay.
using CellFunction = std::vector<GraphValue> (*)(Composition &c, Node &node, const Cell &cell,
                                                 const Extent &position, llvm::ArrayRef<GraphValue> states);
std::vector<GraphValue> stepRNN(Composition &c, Node &node, const Cell &cell, const Extent &position,
                                llvm::ArrayRef<GraphValue> states);
std::vector<GraphValue> stepGRU(Composition &c, Node &node, const Cell &cell, const Extent &position,
                                llvm::ArrayRef<GraphValue> states);
std::vector<GraphValue> stepLSTM(Composition &c, Node &node, const Cell &cell, const Extent &position,
                                 llvm::ArrayRef<GraphValue> states);

/// `value` [batch, hidden] where the sequence has not ended before `position`, else `otherwise`, or zero if
/// that is absent.
GraphValue whereLive(Node &node, const Cell &cell, const Extent &position, const GraphValue &value,
                     const GraphValue &otherwise);

} // namespace winnow::frontend
