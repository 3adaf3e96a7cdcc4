// A line on the terminal that says how far a command has come.
#pragma once

#include <chrono>
#include <string_view>

namespace winnow {

/// Draws on standard error if that is a terminal, and nothing otherwise. What takes less than a moment is
/// never drawn.
class ProgressBar {
public:
  /// `total` is the number of steps, at least 1.
  explicit ProgressBar(int total);
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar &) = delete;
  ProgressBar &operator=(const ProgressBar &) = delete;

  /// `done` steps are behind us; `label` names what goes on now.
  void show(int done, std::string_view label);
  /// Makes room for other output. The next show() draws the bar again.
  void clear();

private:
  int total;
  bool terminal, drawn = false;
  std::chrono::steady_clock::time_point last = std::chrono::steady_clock::now();
};

} // namespace winnow
