// Chooses savings by branch and bound: a knapsack that must be filled at the least cost.
#include "passes/Precision/ByteBudget.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"

#include <limits>
#include <numeric>

using namespace llvm;

namespace winnow {
namespace {

// Some hundredths of a second for a few hundred operations, which rarely need a thousand steps.
constexpr int64_t kMostSteps = 1 << 16;

class Search {
public:
  Search(ArrayRef<Saving> savings, int64_t needed);
  BitVector run();

private:
  double leastCost(size_t next, int64_t bytes) const;

  ArrayRef<Saving> savings;
  int64_t needed;
  SmallVector<size_t> order;      // cheapest byte first
  SmallVector<int64_t> remaining; // bytes that order[i...] can save
};

Search::Search(ArrayRef<Saving> savings, int64_t needed)
    : savings(savings), needed(needed), order(savings.size()), remaining(savings.size() + 1) {
  std::iota(order.begin(), order.end(), 0);
  stable_sort(order, [&](size_t a, size_t b) {
    return savings[a].cost * static_cast<double>(savings[b].bytes) <
           savings[b].cost * static_cast<double>(savings[a].bytes);
  });
  for (size_t next = order.size(); next-- > 0;)
    remaining[next] = remaining[next + 1] + savings[order[next]].bytes;
}

/// What saving `needed` bytes with order[next...] costs at least: as if the last could be taken in part.
double Search::leastCost(size_t next, int64_t bytes) const {
  double cost = 0;
  for (; bytes > 0 && next < order.size(); ++next) {
    const Saving &saving = savings[order[next]];
    cost += saving.cost * std::min(1.0, static_cast<double>(bytes) / static_cast<double>(saving.bytes));
    bytes -= saving.bytes;
  }
  return cost;
}

BitVector Search::run() {
  BitVector taken(savings.size()), best(savings.size(), true);
  if (remaining.front() <= needed)
    return best;
  double bestCost = std::numeric_limits<double>::infinity(), cost = 0;
  int64_t missing = needed;
  size_t next = 0;
  for (int64_t step = 0; step < kMostSteps; ++step) {
    bool filled = missing <= 0;
    bool hopeless = missing > remaining[next] || cost + leastCost(next, missing) >= bestCost;
    if (!filled && !hopeless) {
      taken.set(order[next]);
      cost += savings[order[next]].cost;
      missing -= savings[order[next]].bytes;
      ++next;
      continue;
    }
    if (filled && cost < bestCost) {
      best = taken;
      bestCost = cost;
    }
    // Back to the last one taken: go on without it.
    while (next > 0 && !taken.test(order[next - 1]))
      --next;
    if (next == 0)
      break;
    const Saving &last = savings[order[next - 1]];
    taken.reset(order[next - 1]);
    cost -= last.cost;
    missing += last.bytes;
  }
  return best;
}

} // namespace

BitVector chooseSavings(ArrayRef<Saving> savings, int64_t needed) {
  if (needed <= 0)
    return BitVector(savings.size());
  return Search(savings, needed).run();
}

} // namespace winnow
