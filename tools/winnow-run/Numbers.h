// Elements of any type as numbers.
#pragma once

#include "format/numpy/Array.h"

#include <string>

namespace winnow::run {

/// An element as the double next to it.
double load(const format::Array &array, int64_t index);
/// Rounds to the nearest value of the element type.
void store(format::Array &array, int64_t index, double value);
/// An element exactly, as people read it.
std::string text(const format::Array &array, int64_t index);

/// A sequence that is equal on every machine (splitmix64).
class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}
  /// Floating point: uniform in -1..1; integers: 0..9; bool: 0 or 1.
  double next(format::ElementType type);

private:
  uint64_t bits();
  uint64_t state;
};

} // namespace winnow::run
