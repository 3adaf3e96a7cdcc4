// Chooses lines for reports.
#include "tools/winnow-ptxsim/Lines.h"

#include <algorithm>

namespace winnow::ptxsim::tool {
namespace {

constexpr size_t kMostLines = 10;

constexpr LineOrder kOrders[] = {
    {"most_executed", "executions by warps", [](const LineFigures &line) { return line.warpInstructions; }},
    {"most_sectors", "sectors of global memory", [](const LineFigures &line) { return line.global.sectors; }},
    {"most_conflicts", "bank conflicts", [](const LineFigures &line) { return line.shared.conflicts(); }},
    {"most_lost_lanes", "lanes lost to divergence", [](const LineFigures &line) { return line.lostLanes; }},
};

} // namespace

std::span<const LineOrder> lineOrders() { return kOrders; }

std::vector<const LineFigures *> firstLines(const Figures &figures, const LineOrder &order) {
  std::vector<const LineFigures *> lines;
  for (const LineFigures &line : figures.lines)
    if (order.measure(line))
      lines.push_back(&line);
  std::stable_sort(lines.begin(), lines.end(), [&](const LineFigures *a, const LineFigures *b) {
    return order.measure(*a) > order.measure(*b);
  });
  lines.resize(std::min(lines.size(), kMostLines));
  return lines;
}

std::string sourceOf(const LineFigures &line) {
  return line.sourceFile.empty() ? "" : line.sourceFile + ":" + std::to_string(line.sourceLine);
}

} // namespace winnow::ptxsim::tool
