// What winnow-run prints: a module's description, and the results of an execution.
#pragma once

#include "tools/winnow-run/Arrays.h"
#include "tools/winnow-run/Compare.h"

namespace winnow::run {

struct Execution {
  std::string function, device, target;
  std::vector<std::string> outputNames;
  std::vector<Array> outputs;
  std::vector<double> milliseconds; // of each call
  double loadMilliseconds = 0;      // module and session
  std::vector<Comparison> comparisons;
  nlohmann::ordered_json profile; // as wn_session_profile
};

/// The module's JSON description as text for people.
std::string describeText(const nlohmann::ordered_json &description);

nlohmann::ordered_json executionJson(const Execution &execution);
/// With `kernels`, a table of the time that each took, and why no faster device was taken.
std::string executionText(const Execution &execution, bool kernels);

/// A sentence for each check that --check suppressed for a kernel.
std::vector<std::string> suppressionNotes(const Execution &execution);

} // namespace winnow::run
