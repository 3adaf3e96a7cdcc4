// The choice under a byte budget is the cheapest there is, which a search of all subsets confirms.
#include "passes/Precision/ByteBudget.h"

#include "gtest/gtest.h"

#include <limits>
#include <random>
#include <vector>

using winnow::chooseSavings;
using winnow::Saving;

namespace {

struct Total {
  int64_t bytes = 0;
  double cost = 0;
};

Total totalOf(const std::vector<Saving> &savings, const llvm::BitVector &chosen) {
  Total total;
  for (unsigned index : chosen.set_bits()) {
    total.bytes += savings[index].bytes;
    total.cost += savings[index].cost;
  }
  return total;
}

/// The least cost of saving `needed` bytes, by trying every subset.
double cheapest(const std::vector<Saving> &savings, int64_t needed) {
  double best = std::numeric_limits<double>::infinity();
  for (uint64_t subset = 0; subset < uint64_t{1} << savings.size(); ++subset) {
    llvm::BitVector chosen(savings.size());
    for (size_t index = 0; index < savings.size(); ++index)
      chosen[index] = (subset >> index) & 1;
    Total total = totalOf(savings, chosen);
    if (total.bytes >= needed)
      best = std::min(best, total.cost);
  }
  return best;
}

TEST(ByteBudgetTest, NothingIsNeeded) {
  EXPECT_TRUE(chooseSavings({{10, 0}, {20, 1}}, 0).none());
  EXPECT_TRUE(chooseSavings({{10, 0}, {20, 1}}, -5).none());
  EXPECT_EQ(chooseSavings({}, 5).size(), 0u);
}

TEST(ByteBudgetTest, EverythingIfItIsNotEnough) {
  EXPECT_TRUE(chooseSavings({{10, 3}, {20, 1}}, 31).all());
  EXPECT_TRUE(chooseSavings({{10, 3}, {20, 1}}, 30).all());
}

// By cost for each byte alone, the first would be taken, and then the second as well.
TEST(ByteBudgetTest, BetterThanTheCheapestByteFirst) {
  llvm::BitVector chosen = chooseSavings({{60, 1}, {100, 2}}, 100);
  EXPECT_FALSE(chosen.test(0));
  EXPECT_TRUE(chosen.test(1));
}

TEST(ByteBudgetTest, SameAsTryingEverySubset) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<Saving> savings(1 + random() % 11);
    int64_t all = 0;
    for (Saving &saving : savings) {
      saving = {static_cast<int64_t>(1 + random() % 1000), static_cast<double>(random() % 64) / 64};
      all += saving.bytes;
    }
    int64_t needed = 1 + static_cast<int64_t>(random() % all);
    Total total = totalOf(savings, chooseSavings(savings, needed));
    EXPECT_GE(total.bytes, needed);
    EXPECT_DOUBLE_EQ(total.cost, cheapest(savings, needed)) << "round " << round;
  }
}

// Equal costs make the bound useless; the search must end all the same.
TEST(ByteBudgetTest, EndsOnHundredsOfAlikeSavings) {
  std::vector<Saving> savings(400, {1000, 1});
  Total total = totalOf(savings, chooseSavings(savings, 200500));
  EXPECT_EQ(total.bytes, 201000);
}

} // namespace
