// One table of checks, for every command that takes their names.
#include "runtime/device/ptxsim/Checks.h"

namespace winnow::ptxsim {
namespace {

struct Check {
  std::string_view name;
  bool LaunchOptions::*option; // null: always made, since the simulator's own memory depends on it
};
constexpr Check kChecks[] = {{"bounds", nullptr},
                             {"alignment", &LaunchOptions::checkAlignment},
                             {"barriers", &LaunchOptions::checkBarriers},
                             {"uninitialized", &LaunchOptions::checkUninitialized},
                             {"races", &LaunchOptions::checkRaces}};

std::string knownNames() {
  std::string names;
  for (const Check &check : kChecks)
    names += format::concatenate(names.empty() ? "" : ", ", check.name);
  return names;
}

void set(LaunchOptions &options, const Check &check, bool value) {
  if (check.option)
    options.*check.option = value;
}

} // namespace

format::Status parseChecks(std::string_view checks, LaunchOptions &options) {
  if (checks.empty())
    return {};
  for (const Check &check : kChecks)
    set(options, check, false);
  while (!checks.empty()) {
    std::string_view wanted = checks.substr(0, checks.find(','));
    checks.remove_prefix(std::min(checks.size(), wanted.size() + 1));
    bool isKnown = wanted == "all" || wanted == "none";
    for (const Check &check : kChecks) {
      isKnown |= wanted == check.name;
      if (wanted == "all" || wanted == check.name)
        set(options, check, true);
    }
    if (!isKnown)
      return format::failure(format::Code::InvalidArgument, "check '", wanted,
                             "' is unknown, expected all, none, or some of ", knownNames());
  }
  return {};
}

std::string describeChecks() {
  return format::concatenate("what to check, comma-separated: all, none, or some of ", knownNames(),
                             "; bounds are always checked (bounds,alignment,barriers)");
}

} // namespace winnow::ptxsim
