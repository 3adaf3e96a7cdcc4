// Counts sectors by a sweep over sorted ranges, and wavefronts by the words that each bank must deliver.
#include "runtime/device/ptxsim/figures/AccessCost.h"

#include "runtime/device/ptxsim/code/Instruction.h"

#include <algorithm>
#include <array>

namespace winnow::ptxsim {
namespace {

/// Most accesses come sorted: neighbours in memory are neighbours in the warp.
void sortRanges(std::span<ByteRange> ranges) {
  bool isSorted = true;
  for (size_t i = 1; i < ranges.size(); ++i)
    isSorted &= ranges[i - 1].begin <= ranges[i].begin;
  if (!isSorted)
    std::sort(ranges.begin(), ranges.end(),
              [](const ByteRange &a, const ByteRange &b) { return a.begin < b.begin; });
}

/// Calls visit(unit) for every distinct unit of `unitBytes` bytes that the sorted ranges touch, ascending.
template <class Visit> void visitUnits(std::span<const ByteRange> ranges, uint64_t unitBytes, Visit visit) {
  uint64_t next = 0; // all units before it have been visited
  for (const ByteRange &range : ranges) {
    uint64_t end = (range.end + unitBytes - 1) / unitBytes;
    for (next = std::max(next, range.begin / unitBytes); next < end; ++next)
      visit(next);
  }
}

/// The words that the banks deliver to a group of lanes. No group has more than 32 words, or twice as many
/// when each lane's word lies across two.
class BankLoad {
public:
  /// Words are not added twice: one delivery serves all who want it.
  void deliver(uint64_t word) {
    if (isUsed(word % kBanks))
      for (int8_t entry = last[word % kBanks]; entry >= 0; entry = before[entry])
        if (words[entry] == word)
          return;
    serve(word);
  }
  /// Once more, even if it is the same.
  void serve(uint64_t word) {
    size_t bank = word % kBanks;
    before[used] = isUsed(bank) ? last[bank] : int8_t(-1);
    loads[bank] = isUsed(bank) ? uint8_t(loads[bank] + 1) : uint8_t(1);
    usedBanks |= 1u << bank;
    words[used] = word;
    last[bank] = int8_t(used++);
    most = std::max(most, loads[bank]);
  }
  uint64_t wavefronts() const { return most; }

private:
  bool isUsed(size_t bank) const { return usedBanks >> bank & 1; }

  // Valid are the first `used` entries, which are linked by bank, and the banks in `usedBanks`.
  static constexpr size_t kMostWords = 2 * kBanks;
  uint64_t words[kMostWords];
  int8_t before[kMostWords], last[kBanks];
  uint8_t loads[kBanks], most = 0;
  uint32_t usedBanks = 0;
  size_t used = 0;
};

} // namespace

SectorCost sectorCost(std::span<ByteRange> ranges, std::vector<uint64_t> &footprint) {
  sortRanges(ranges);
  SectorCost cost;
  uint64_t counted = 0; // bytes before it are counted
  for (const ByteRange &range : ranges) {
    uint64_t begin = std::max(range.begin, counted);
    counted = std::max(range.end, counted);
    cost.bytes += counted - begin;
  }
  visitUnits(ranges, kSectorBytes, [&](uint64_t sector) {
    ++cost.sectors;
    footprint[sector / 64] |= uint64_t(1) << sector % 64;
  });
  cost.leastSectors = (cost.bytes + kSectorBytes - 1) / kSectorBytes;
  return cost;
}

WavefrontCost wavefrontCost(const uint64_t *offsets, uint32_t mask, unsigned bytes, bool isAtomic) {
  unsigned groups = std::max(1u, bytes / kBankBytes), lanes = kLanes / groups;
  WavefrontCost cost;
  for (unsigned first = 0; first < kLanes; first += lanes) {
    uint32_t group = mask >> first & (lanes == kLanes ? kFullMask : (1u << lanes) - 1);
    if (!group)
      continue;
    BankLoad load;
    for (; group; group &= group - 1) {
      uint64_t begin = offsets[first + unsigned(__builtin_ctz(group))];
      for (uint64_t word = begin / kBankBytes; word * kBankBytes < begin + bytes; ++word)
        isAtomic ? load.serve(word) : load.deliver(word);
    }
    cost.wavefronts += load.wavefronts();
    ++cost.leastWavefronts;
  }
  return cost;
}

WavefrontCost wavefrontCost(std::span<ByteRange> ranges) {
  sortRanges(ranges);
  std::array<uint64_t, kBanks> loads{};
  uint64_t words = 0;
  visitUnits(ranges, kBankBytes, [&](uint64_t word) {
    ++words;
    ++loads[word % kBanks];
  });
  return {*std::max_element(loads.begin(), loads.end()), (words + kBanks - 1) / kBanks};
}

} // namespace winnow::ptxsim
