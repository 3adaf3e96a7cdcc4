// The comparison of outputs with what they should be.
#include "tools/winnow-run/Compare.h"
#include "tools/winnow-run/Arrays.h"
#include "tools/winnow-run/Numbers.h"

#include <cmath>
#include <cstring>

namespace winnow::run {
namespace {

std::string position(int64_t index, const std::vector<int64_t> &shape) {
  std::string text;
  for (size_t d = shape.size(); d-- > 0;) {
    text = std::to_string(index % shape[d]) + (text.empty() ? "" : ", ") + text;
    index /= shape[d];
  }
  return "[" + text + "]";
}

bool isClose(double found, double expected, Tolerance tolerance) {
  if (std::isnan(found) || std::isnan(expected))
    return std::isnan(found) && std::isnan(expected);
  if (std::isinf(found) || std::isinf(expected))
    return found == expected;
  return std::fabs(found - expected) <= tolerance.absolute + tolerance.relative * std::fabs(expected);
}

} // namespace

Comparison compare(const std::string &output, const std::string &expectedName, const Array &found,
                   const Array &expected, Tolerance tolerance) {
  Comparison result{output, expectedName, "", found.elementCount()};
  if (found.type != expected.type || found.shape != expected.shape) {
    result.problem = "expected " + std::string(name(expected.type)) + " " + shapeText(expected.shape) +
                     ", found " + name(found.type) + " " + shapeText(found.shape);
    return result;
  }
  size_t width = size_t(format::byteWidth(found.type));
  for (int64_t i = 0; i < result.elements; ++i) {
    if (std::memcmp(&found.bytes[size_t(i) * width], &expected.bytes[size_t(i) * width], width) == 0)
      continue;
    double a = load(found, i), b = load(expected, i), error = std::fabs(a - b);
    bool close = isClose(a, b, tolerance);
    if (!std::isnan(error))
      result.largestError = std::max(result.largestError, error);
    if (!close && ++result.differences == 1)
      result.problem =
          "at " + position(i, found.shape) + " expected " + text(expected, i) + ", found " + text(found, i);
  }
  return result;
}

std::string Comparison::sentence() const {
  char error[40];
  std::snprintf(error, sizeof(error), "%.3g", largestError);
  std::string start = "output '" + output + "' ";
  if (agrees())
    return start + "agrees with " + expected + ", largest error " + error;
  if (differences == 0)
    return start + "differs from " + expected + ": " + problem;
  return start + "differs from " + expected + " in " + std::to_string(differences) + " of " +
         std::to_string(elements) + " elements, largest error " + error + ": " + problem;
}

nlohmann::ordered_json Comparison::json() const {
  return {{"output", output},
          {"expected", expected},
          {"agrees", agrees()},
          {"elements", elements},
          {"differences", differences},
          {"largest_error", largestError},
          {"problem", problem.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(problem)}};
}

} // namespace winnow::run
