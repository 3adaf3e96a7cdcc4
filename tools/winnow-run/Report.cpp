// Formats descriptions and results.
#include "tools/winnow-run/Report.h"
#include "tools/winnow-run/Numbers.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace winnow::run {
namespace {

using Json = nlohmann::ordered_json;

template <typename... Arguments> std::string print(const char *format, Arguments... arguments) {
  int size = std::snprintf(nullptr, 0, format, arguments...);
  std::string text(size_t(size), '\0');
  std::snprintf(text.data(), text.size() + 1, format, arguments...);
  return text;
}

/// 16, batch, batch=1..64, memory.working
std::string dimensionText(const Json &dimension) {
  if (dimension.is_string())
    return dimension.get<std::string>();
  if (dimension.is_number())
    return std::to_string(dimension.get<int64_t>());
  std::string name = dimension.value("name", "?");
  if (dimension.contains("size"))
    return name + "=" + std::to_string(dimension["size"].get<int64_t>());
  bool bounded = dimension.contains("maximum");
  if (!bounded && dimension["minimum"] == 0)
    return name;
  return name + "=" + std::to_string(dimension["minimum"].get<int64_t>()) + ".." +
         (bounded ? std::to_string(dimension["maximum"].get<int64_t>()) : "");
}

std::string tensorsText(const char *what, const Json &tensors) {
  std::string text;
  for (const Json &tensor : tensors) {
    std::string shape;
    for (const Json &dimension : tensor["shape"])
      shape += (shape.empty() ? "" : ", ") + dimensionText(dimension);
    text += std::string("  ") + what + " " + tensor["name"].get<std::string>() + ": " +
            tensor["type"].get<std::string>() + "[" + shape + "]" +
            (tensor.value("placement", "device") == "host" ? " in host memory\n" : "\n");
  }
  return text;
}

std::string sessionText(const Json &description) {
  std::string text;
  for (const Json &parameter : description["parameters"])
    text += "  parameter " + parameter["name"].get<std::string>() + ": " +
            parameter["type"].get<std::string>() + " = " + parameter["default"].dump() + "\n";
  return text + tensorsText("state", description["states"]);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  size_t middle = values.size() / 2;
  return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

struct Summary {
  double minimum = 0, maximum = 0, mean = 0; // of the finite elements
  int64_t notANumber = 0, infinite = 0;
};

Summary summarize(const Array &array) {
  Summary summary;
  double sum = 0;
  int64_t finite = 0;
  for (int64_t i = 0; i < array.elementCount(); ++i) {
    double value = load(array, i);
    summary.notANumber += std::isnan(value);
    summary.infinite += std::isinf(value);
    if (!std::isfinite(value))
      continue;
    summary.minimum = finite ? std::min(summary.minimum, value) : value;
    summary.maximum = finite ? std::max(summary.maximum, value) : value;
    sum += value;
    ++finite;
  }
  summary.mean = finite ? sum / double(finite) : 0;
  return summary;
}

/// What the first elements do not show: "; min -1, max 2.5, mean 0.3, 2 NaN".
std::string summaryText(const Array &array) {
  Summary summary = summarize(array);
  std::string text = print("; min %.6g, max %.6g, mean %.6g", summary.minimum, summary.maximum, summary.mean);
  if (summary.notANumber)
    text += print(", %lld NaN", static_cast<long long>(summary.notANumber));
  if (summary.infinite)
    text += print(", %lld infinite", static_cast<long long>(summary.infinite));
  return text;
}

std::string outputText(const std::string &outputName, const Array &array) {
  constexpr int64_t shown = 8;
  std::string values;
  for (int64_t i = 0; i < std::min(array.elementCount(), shown); ++i)
    values += (i ? ", " : "") + text(array, i);
  if (array.elementCount() > shown)
    values += ", ..." + summaryText(array);
  return outputName + ": " + name(array.type) + " " + shapeText(array.shape) + " = " + values + "\n";
}

std::string kernelTable(const Json &profile) {
  std::string text = "   launches   microseconds  kernel\n";
  for (const Json &kernel : profile["kernels"]) {
    double launches = kernel["launches"].get<double>(), nanoseconds = kernel["nanoseconds"].get<double>();
    text += print("%11.0f %14.2f  %s (%s)\n", launches, nanoseconds / 1000 / launches,
                  kernel["name"].get<std::string>().c_str(), kernel["origin"].get<std::string>().c_str());
    for (const auto &[counter, value] : kernel["counters"].items())
      if (value.get<uint64_t>())
        text += print("%28s%s = %llu\n", "", counter.c_str(),
                      static_cast<unsigned long long>(value.get<uint64_t>()));
  }
  return text;
}

} // namespace

std::string describeText(const Json &description) {
  std::string text = "made by " + description["producer"].get<std::string>() + "\n";
  for (const Json &function : description["functions"]) {
    text += "function " + function["name"].get<std::string>();
    if (function.contains("device"))
      text += " for device " + function["device"].get<std::string>();
    text += print(", %lld dispatches\n", static_cast<long long>(function["dispatches"].get<int64_t>()));
    text += tensorsText("input", function["inputs"]) + tensorsText("output", function["outputs"]);
  }
  text += sessionText(description);
  for (const Json &image : description["images"])
    text += print("code %s (%s), %lld bytes\n", image["target"].get<std::string>().c_str(),
                  image["kind"].get<std::string>().c_str(),
                  static_cast<long long>(image["bytes"].get<int64_t>()));
  text += print("%zu kernels; %lld weights, %lld bytes\n", description["kernels"].size(),
                static_cast<long long>(description["weights"]["count"].get<int64_t>()),
                static_cast<long long>(description["weights"]["bytes"].get<int64_t>()));
  return text;
}

Json executionJson(const Execution &execution) {
  const std::vector<double> &times = execution.milliseconds;
  Json json = {{"function", execution.function},
               {"device", execution.device},
               {"target", execution.target},
               {"load_milliseconds", execution.loadMilliseconds},
               {"milliseconds",
                {{"runs", times.size()},
                 {"first", times.front()},
                 {"min", *std::min_element(times.begin(), times.end())},
                 {"median", median(times)},
                 {"mean", std::accumulate(times.begin(), times.end(), 0.0) / double(times.size())}}}};
  json["outputs"] = Json::array();
  for (size_t i = 0; i < execution.outputs.size(); ++i) {
    Summary summary = summarize(execution.outputs[i]);
    json["outputs"].push_back({{"name", execution.outputNames[i]},
                               {"type", name(execution.outputs[i].type)},
                               {"shape", execution.outputs[i].shape},
                               {"min", summary.minimum},
                               {"max", summary.maximum},
                               {"mean", summary.mean},
                               {"nan", summary.notANumber},
                               {"infinite", summary.infinite}});
  }
  json["comparisons"] = Json::array();
  for (const Comparison &comparison : execution.comparisons)
    json["comparisons"].push_back(comparison.json());
  json["profile"] = execution.profile;
  return json;
}

std::string executionText(const Execution &execution, bool kernels) {
  std::string text;
  for (size_t i = 0; i < execution.outputs.size(); ++i)
    text += outputText(execution.outputNames[i], execution.outputs[i]);
  for (const Comparison &comparison : execution.comparisons)
    text += comparison.sentence() + "\n";
  const std::vector<double> &times = execution.milliseconds;
  text += print("%s on %s (%s): %zu runs, first %.4f ms, min %.4f ms, median %.4f ms\n",
                execution.function.c_str(), execution.device.c_str(), execution.target.c_str(), times.size(),
                times.front(), *std::min_element(times.begin(), times.end()), median(times));
  if (!kernels)
    return text;
  std::string passedOver = execution.profile["passed_over"].get<std::string>();
  if (!passedOver.empty())
    text += "passed over " + passedOver + "\n";
  return text + kernelTable(execution.profile);
}

std::vector<std::string> suppressionNotes(const Execution &execution) {
  constexpr std::string_view prefix = "suppressed_"; // of the simulator's counters
  std::vector<std::string> notes;
  for (const Json &kernel : execution.profile["kernels"])
    for (const auto &[counter, value] : kernel["counters"].items())
      if (counter.starts_with(prefix))
        notes.push_back(counter.substr(prefix.size()) + " not checked in kernel '" +
                        kernel["name"].get<std::string>() + "': suppressed by --check");
  return notes;
}

} // namespace winnow::run
