// Lists as users write them in options.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

namespace winnow::format {

/// "a,b" has two items, "" has none; a comma at the end does not begin another.
inline std::vector<std::string_view> commaSeparated(std::string_view text) {
  std::vector<std::string_view> items;
  while (!text.empty()) {
    items.push_back(text.substr(0, text.find(',')));
    text.remove_prefix(std::min(text.size(), items.back().size() + 1));
  }
  return items;
}

} // namespace winnow::format
