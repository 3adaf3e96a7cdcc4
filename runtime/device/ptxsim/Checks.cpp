// One table of checks, for every command that takes their names.
#include "runtime/device/ptxsim/Checks.h"

#include "format/CommaSeparated.h"

#include <algorithm>

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

std::string knownNames(bool onlyOptional = false) {
  std::string names;
  for (const Check &check : kChecks)
    if (check.option || !onlyOptional)
      names += format::concatenate(names.empty() ? "" : ", ", check.name);
  return names;
}

const Check *find(std::string_view name) {
  for (const Check &check : kChecks)
    if (check.name == name)
      return &check;
  return nullptr;
}

void set(LaunchOptions &options, const Check &check, bool value) {
  if (check.option)
    options.*check.option = value;
}

/// "races@kernel", after the minus sign.
format::Status parseSuppression(std::string_view text, LaunchOptions &options) {
  size_t at = std::min(text.find('@'), text.size());
  std::string_view name = text.substr(0, at);
  if (at + 1 >= text.size())
    return format::failure(format::Code::InvalidArgument, "check '-", text,
                           "' names no kernel, expected -CHECK@KERNEL");
  const Check *check = find(name);
  if (!check || !check->option)
    return format::failure(format::Code::InvalidArgument, "check '", name, "' cannot be suppressed, only ",
                           knownNames(/*onlyOptional=*/true), " can");
  options.suppressions.push_back({std::string(name), std::string(text.substr(at + 1))});
  return {};
}

} // namespace

format::Status parseChecks(std::string_view checks, LaunchOptions &options) {
  bool areNamed = false;
  for (std::string_view wanted : format::commaSeparated(checks)) {
    if (wanted.starts_with('-')) {
      if (format::Status status = parseSuppression(wanted.substr(1), options); !status.ok())
        return status;
      continue;
    }
    if (wanted != "all" && wanted != "none" && !find(wanted))
      return format::failure(format::Code::InvalidArgument, "check '", wanted,
                             "' is unknown, expected all, none, or some of ", knownNames());
    // The first name ends what is made when none is given; exceptions alone do not.
    for (const Check &check : kChecks)
      if (!areNamed || wanted == "all" || wanted == check.name)
        set(options, check, wanted == "all" || wanted == check.name);
    areNamed = true;
  }
  return {};
}

std::vector<std::string_view> suppressedChecks(const LaunchOptions &options, std::string_view kernel) {
  std::vector<std::string_view> names;
  for (const Check &check : kChecks)
    if (check.option && options.*check.option &&
        std::any_of(options.suppressions.begin(), options.suppressions.end(), [&](const Suppression &each) {
          return each.check == check.name && each.kernel == kernel;
        }))
      names.push_back(check.name);
  return names;
}

LaunchOptions withoutSuppressed(LaunchOptions options, std::string_view kernel) {
  for (std::string_view name : suppressedChecks(options, kernel))
    set(options, *find(name), false);
  return options;
}

format::Status checkSuppressions(const LaunchOptions &options, std::span<const std::string> kernels) {
  for (const Suppression &each : options.suppressions)
    if (std::find(kernels.begin(), kernels.end(), each.kernel) == kernels.end())
      return format::failure(format::Code::NotFound, "check '", each.check, "' is suppressed for kernel '",
                             each.kernel, "', which does not exist");
  return {};
}

std::string describeChecks() {
  return format::concatenate("what to check, comma-separated: all, none, or some of ", knownNames(),
                             "; -CHECK@KERNEL leaves a kernel out; bounds are always checked "
                             "(bounds,alignment,barriers)");
}

} // namespace winnow::ptxsim
