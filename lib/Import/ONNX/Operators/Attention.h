// Scaled dot-product attention, which the attention operators of all domains are made of.
#pragma once

#include "lib/Import/ONNX/Composition.h"

namespace winnow::frontend {

/// What attention is computed from. Heads of queries that are neighbours share one of keys and values.
struct AttentionTask {
  GraphValue query; // [batch, heads, queries, width]
  GraphValue key;   // [batch, key heads, keys, width]
  GraphValue value; // [batch, key heads, keys, value width]
  double scale = 1;
  double softcap = 0; // 0: none
  /// Tensors that broadcast to the scores: bools are true where a query may attend to a key, floats are
  /// added.
  llvm::SmallVector<GraphValue, 2> masks;
  /// What the model does to the scores after that, and to the weights.
  std::function<GraphValue(const GraphValue &)> modifyScores, modifyWeights;
  /// The element type of the softmax, if it has to be a wide one.
  mlir::Type softmaxType;
};

/// The stages of attention, in the type it is computed in: f32 unless the operands are f64.
struct AttentionStages {
  GraphValue products; // scaled
  GraphValue capped;   // by softcap
  GraphValue masked;   // the scores
  GraphValue weights;
  GraphValue result; // [batch, heads, queries, value width], of the query's type
};

/// Emits matrix product, softmax, matrix product, in the form that passes/Raise makes `winnow.attention` of.
/// The weights of a query all of whose keys are masked are zero.
AttentionStages attend(Node &node, Composition &c, const AttentionTask &task);

/// Which keys a query sees by its position. Query i is at `offset` + i, or at the end of its batch's
/// `lengths`.
struct Positions {
  Extent offset = 0;
  GraphValue lengths; // [batch]: how many of the keys are there; or absent
  bool isCausal = false;
  int64_t left = -1, right = -1; // how many keys beside the query's own; -1: all

  bool restrictsKeys() const { return isCausal || left >= 0 || right >= 0 || lengths.elementType; }
};

/// The mask [queries, keys], or [batch, 1, queries, keys] with lengths.
GraphValue positionMask(Node &node, const Positions &positions, const Extent &queries, const Extent &keys);

/// [batch, length, heads * width] as [batch, heads, length, width].
GraphValue splitHeads(Composition &c, const GraphValue &value, int64_t heads);
/// The reverse.
GraphValue mergeHeads(Composition &c, const GraphValue &value);

/// The scale 1 / sqrt(width); an error if the width is dynamic.
double defaultScale(Composition &c, const GraphValue &query);

/// Rotary embedding of [batch, length, heads, width], or with `isHeadFirst` of [batch, heads, length, width].
struct Rotation {
  GraphValue cosines, sines; // [positions, width / 2], or [batch, length, width / 2] without `positions`
  GraphValue positions;      // int64 [batch, length], or absent
  int64_t width = 0;         // how much of each head is rotated
  bool isInterleaved = false;
  bool isHeadFirst = false;
};
GraphValue rotate(Node &node, const GraphValue &value, const Rotation &rotation);

} // namespace winnow::frontend
