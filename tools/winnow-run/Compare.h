// Compares arrays within tolerances.
#pragma once

#include "format/numpy/Array.h"

#include <nlohmann/json.hpp>
#include <string>

namespace winnow::run {

struct Tolerance {
  double relative, absolute;
};

struct Comparison {
  std::string output;   // its name
  std::string expected; // what it was compared with: a file or a device
  std::string problem;  // empty if they agree: the first difference, or that types or shapes differ
  int64_t elements = 0, differences = 0;
  double largestError = 0; // absolute

  bool agrees() const { return problem.empty(); }
  nlohmann::ordered_json json() const;
  /// One line.
  std::string sentence() const;
};

/// |found - expected| <= absolute + relative * |expected| for each element; infinities must be equal, and NaN
/// is equal to NaN only. Integers of 64 bits that are equal agree whatever their size.
Comparison compare(const std::string &output, const std::string &expectedName, const format::Array &found,
                   const format::Array &expected, Tolerance tolerance);

} // namespace winnow::run
