// What --summary prints.
#include "tools/winnow-ptxsim/Lines.h"
#include "tools/winnow-ptxsim/Report.h"

#include <cstdio>

namespace winnow::ptxsim::tool {
namespace {

using format::concatenate;

/// "12.3"
std::string decimal(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.3g", value);
  return text;
}

std::string percent(uint64_t part, uint64_t whole) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f%%", 100 * double(part) / double(whole));
  return text;
}

std::string launchText(const Report &report) {
  auto shape = [](const Dimensions &d) { return concatenate(d[0], "x", d[1], "x", d[2]); };
  const Statistics &statistics = report.statistics;
  std::string text = concatenate("kernel ", report.kernel.name, ", grid ", shape(report.options.grid),
                                 ", block ", shape(report.options.block), "\n");
  if (statistics.warpInstructions)
    text += concatenate("  instructions: ", statistics.warpInstructions, " of warps, with ",
                        decimal(double(statistics.laneInstructions) / double(statistics.warpInstructions)),
                        " of ", 32, " lanes\n");
  if (statistics.branches)
    text += concatenate("  branches: ", statistics.divergentBranches, " of ", statistics.branches,
                        " diverge, and ", statistics.figures->lostLanes, " lanes are lost by it\n");
  return text;
}

std::string memoryText(const Figures &figures) {
  std::string text;
  for (unsigned kind = 0; kind < kAccessKinds; ++kind)
    if (const SectorFigures &global = figures.global[kind]; global.requests)
      text += concatenate("  global ", name(AccessKind(kind)), "s: ", global.requests, " requests, ",
                          global.sectors, " sectors, at least ", global.leastSectors, " (",
                          percent(global.leastSectors, global.sectors), ")\n");
  if (figures.readSectors || figures.writtenSectors)
    text += concatenate("  global memory touched: ", figures.readSectors * kSectorBytes, " bytes read, ",
                        figures.writtenSectors * kSectorBytes, " bytes written\n");
  for (unsigned kind = 0; kind < kAccessKinds; ++kind)
    if (const WavefrontFigures &shared = figures.shared[kind]; shared.requests)
      text +=
          concatenate("  shared ", name(AccessKind(kind)), "s: ", shared.requests, " requests, ",
                      shared.wavefronts, " wavefronts, ", shared.conflicts(), " of them bank conflicts\n");
  return text;
}

std::string linesText(const Figures &figures) {
  std::string text;
  for (const LineOrder &order : lineOrders()) {
    auto lines = firstLines(figures, order);
    if (lines.empty())
      continue;
    text += concatenate(order.title, ":\n");
    for (const LineFigures *line : lines)
      text += concatenate("  ", order.measure(*line), "  ", line->location.line, ":", line->location.column,
                          "  ", line->text, line->sourceFile.empty() ? "" : "  ", sourceOf(*line), "\n");
  }
  return text;
}

std::string estimateText(const Estimate &estimate) {
  const Occupancy &occupancy = estimate.occupancy;
  std::string text = concatenate(
      estimate.gpu->form, ": ",
      estimate.registersPerThread ? concatenate(*estimate.registersPerThread, " registers")
                                  : concatenate("registers unknown (", estimate.registersUnknownBecause, ")"),
      "\n  occupancy: ");
  text += occupancy.ctas ? concatenate(occupancy.ctas, " CTAs and ", occupancy.warps, " of ",
                                       estimate.gpu->warps, " warps in a multiprocessor, limited by ",
                                       occupancy.limitedBy, "; ", decimal(estimate.waves), " waves\n")
                         : concatenate("a CTA does not fit, because of its ", occupancy.limitedBy, "\n");
  const Roofline &roofline = estimate.roofline;
  text += concatenate("  at least ", decimal(roofline.binding.microseconds), " microseconds, bound by ",
                      roofline.binding.resource, " (");
  std::string bounds;
  for (const Roofline::Bound &bound : roofline.bounds)
    if (bound.microseconds > 0)
      bounds += concatenate(bounds.empty() ? "" : ", ", bound.resource, " ", decimal(bound.microseconds));
  text += bounds + ")\n";
  for (TensorType type : roofline.withoutPeak)
    text += concatenate("  no peak of ", name(type), " products is published: they are left out\n");
  return text;
}

} // namespace

std::string reportText(const Report &report) {
  if (!report.statistics.figures)
    return ""; // nothing was executed
  std::string text = launchText(report) + memoryText(*report.statistics.figures);
  for (const Estimate &estimate : report.estimates)
    text += estimateText(estimate);
  return text + linesText(*report.statistics.figures);
}

} // namespace winnow::ptxsim::tool
