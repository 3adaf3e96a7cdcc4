// Which weights to shrink so that enough bytes are saved at the least cost.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/BitVector.h"

#include <cstdint>

namespace winnow {

/// Weights that may be shrunk: the bytes that this saves (more than 0) and what it costs (at least 0).
struct Saving {
  int64_t bytes = 0;
  double cost = 0;
};

/// The cheapest set of savings that together save at least `needed` bytes; all of them if even that is too
/// little. Exact unless the search exceeds its limit, then the best set found. Deterministic.
llvm::BitVector chooseSavings(llvm::ArrayRef<Saving> savings, int64_t needed);

} // namespace winnow
