// The lines of the PTX that matter most, by several measures.
#pragma once

#include "runtime/device/ptxsim/figures/Figures.h"

#include <span>

namespace winnow::ptxsim::tool {

struct LineOrder {
  const char *name;  // in JSON
  const char *title; // what is counted, in text
  uint64_t (*measure)(const LineFigures &line);
};
std::span<const LineOrder> lineOrders();

/// The lines with the greatest measures, those with none left out, at most ten. Equal ones come in the order
/// of the text.
std::vector<const LineFigures *> firstLines(const Figures &figures, const LineOrder &order);

/// "kernel.cu:12", or nothing.
std::string sourceOf(const LineFigures &line);

} // namespace winnow::ptxsim::tool
