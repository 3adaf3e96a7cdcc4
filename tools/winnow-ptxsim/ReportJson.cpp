// The file that --stats writes; docs/ptx-simulator.md says what each field is.
#include "runtime/device/ptxsim/Checks.h"
#include "tools/winnow-ptxsim/Lines.h"
#include "tools/winnow-ptxsim/Report.h"

namespace winnow::ptxsim::tool {
namespace {

using Json = nlohmann::ordered_json;

/// Null where there is nothing to divide by.
Json ratio(uint64_t part, uint64_t whole) { return whole ? Json(double(part) / double(whole)) : Json(); }

Json ratiosJson(const Statistics &statistics) {
  Json json = {
      {"lanes_per_warp_instruction", ratio(statistics.laneInstructions, statistics.warpInstructions)},
      {"divergent_branches", ratio(statistics.divergentBranches, statistics.branches)}};
  for (unsigned kind = 0; kind < kAccessKinds; ++kind) {
    const SectorFigures &global = statistics.figures->global[kind];
    json[std::string("global_") + name(AccessKind(kind)) + "_efficiency"] =
        ratio(global.leastSectors, global.sectors);
  }
  for (unsigned kind = 0; kind < kAccessKinds; ++kind) {
    const WavefrontFigures &shared = statistics.figures->shared[kind];
    json[std::string("shared_") + name(AccessKind(kind)) + "_efficiency"] =
        ratio(shared.leastWavefronts, shared.wavefronts);
  }
  return json;
}

Json lineJson(const LineFigures &line) {
  Json source = line.sourceFile.empty() ? Json() : Json(sourceOf(line));
  return {{"line", line.location.line},
          {"column", line.location.column},
          {"text", line.text},
          {"source", std::move(source)},
          {"warp_instructions", line.warpInstructions},
          {"lane_instructions", line.laneInstructions},
          {"global_sectors", line.global.sectors},
          {"global_least_sectors", line.global.leastSectors},
          {"shared_wavefronts", line.shared.wavefronts},
          {"shared_conflicts", line.shared.conflicts()},
          {"divergences", line.divergences},
          {"lost_lanes", line.lostLanes}};
}

Json occupancyJson(const Estimate &estimate) {
  const Occupancy &occupancy = estimate.occupancy;
  Json limits = Json::object();
  for (const Occupancy::Limit &limit : occupancy.limits)
    limits[std::string(limit.resource)] = limit.ctas;
  return {{"ctas_per_multiprocessor", occupancy.ctas}, {"warps_per_multiprocessor", occupancy.warps},
          {"occupancy", occupancy.fraction},           {"limited_by", occupancy.limitedBy},
          {"ctas_by_limit", std::move(limits)},        {"waves", estimate.waves}};
}

Json rooflineJson(const Roofline &roofline) {
  Json bounds = Json::object(), withoutPeak = Json::array();
  for (const Roofline::Bound &bound : roofline.bounds)
    bounds[bound.resource] = bound.microseconds;
  for (TensorType type : roofline.withoutPeak)
    withoutPeak.push_back(name(type));
  return {{"microseconds", roofline.binding.microseconds},
          {"bound_by", roofline.binding.resource},
          {"microseconds_by_resource", std::move(bounds)},
          {"uncached_memory_microseconds", roofline.uncachedMemoryMicroseconds},
          {"tensor_types_without_peak", std::move(withoutPeak)}};
}

Json estimateJson(const Estimate &estimate) {
  Json json = {{"name", estimate.gpu->name}, {"form", estimate.gpu->form}, {"target", estimate.gpu->target}};
  if (estimate.registersPerThread)
    json["registers_per_thread"] = *estimate.registersPerThread;
  else
    json.update(
        {{"registers_per_thread", nullptr}, {"registers_unknown_because", estimate.registersUnknownBecause}});
  json["occupancy"] = occupancyJson(estimate);
  json["roofline"] = rooflineJson(estimate.roofline);
  return json;
}

} // namespace

Json reportJson(const Report &report) {
  Json json = {{"kernel", report.kernel.name},
               {"grid", report.options.grid},
               {"block", report.options.block},
               {"static_shared_bytes", report.kernel.sharedBytes},
               {"dynamic_shared_bytes", report.options.sharedBytes},
               {"local_bytes", report.kernel.localBytes},
               {"seconds", report.seconds}};
  if (auto suppressed = suppressedChecks(report.options.launch, report.kernel.name); !suppressed.empty())
    json["suppressed_checks"] = suppressed;
  for (const auto &[name, value] : report.statistics.named())
    json[name] = value;
  if (report.statistics.figures) {
    json["ratios"] = ratiosJson(report.statistics);
    for (const LineOrder &order : lineOrders()) {
      json["lines"][order.name] = Json::array();
      for (const LineFigures *line : firstLines(*report.statistics.figures, order))
        json["lines"][order.name].push_back(lineJson(*line));
    }
  }
  if (!report.estimates.empty())
    json["gpus"] = Json::array();
  for (const Estimate &estimate : report.estimates)
    json["gpus"].push_back(estimateJson(estimate));
  return json;
}

} // namespace winnow::ptxsim::tool
