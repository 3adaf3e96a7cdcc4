// Draws the progress of a command.
#include "tools/ProgressBar.h"

#include <algorithm>
#include <iostream>
#include <string>
#include <unistd.h>

namespace winnow {

namespace {

constexpr int kWidth = 24;
constexpr std::chrono::milliseconds kMoment(100);

} // namespace

ProgressBar::ProgressBar(int total) : total(total), terminal(::isatty(STDERR_FILENO)) {}

void ProgressBar::show(int done, std::string_view label) {
  auto now = std::chrono::steady_clock::now();
  if (!terminal || now - last < kMoment)
    return;
  last = now;
  int filled = kWidth * std::min(done, total) / total;
  std::cerr << "\r\033[K[" << std::string(filled, '#') << std::string(kWidth - filled, ' ') << "] " << done
            << "/" << total << " " << label << std::flush;
  drawn = true;
}

void ProgressBar::clear() {
  if (drawn)
    std::cerr << "\r\033[K" << std::flush;
  drawn = false;
}

} // namespace winnow
