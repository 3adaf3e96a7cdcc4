// Gates: which channels a gate closes, and how it is computed.
#pragma once

#include "mlir/IR/Value.h"

#include <optional>

namespace winnow {

/// A tensor [rows, channels] of i1 that tells where a gate may be open.
struct GateMask {
  mlir::Value mask;
  /// The gate is 1 where the mask is set; otherwise it is known only that it is 0 where it is not.
  bool isBinary = false;
};

/// The mask of a hard gate [rows, channels]; nothing if the gate is not known to be zero anywhere.
std::optional<GateMask> findGateMask(mlir::Value gate);

/// The selection of what a mask sets: the one that the mask was made of, or null.
mlir::Value findSelection(mlir::Value mask);

/// What a squeeze-excite gate is computed from: sigmoid(W2 relu(W1 mean(x))) for x [rows, channels,
/// space...], where the sigmoid may be a hard one. Null if the gate is another.
mlir::Value findSqueezed(mlir::Value gate);

} // namespace winnow
