// What one warp's access costs: 32-byte sectors of global memory, and wavefronts of shared memory.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace winnow::ptxsim {

constexpr uint64_t kSectorBytes = 32;
constexpr unsigned kBanks = 32, kBankBytes = 4;

struct ByteRange {
  uint64_t begin, end;
};

/// The sectors that an access touches. `leastSectors` hold as many distinct bytes, side by side.
struct SectorCost {
  uint64_t sectors = 0, leastSectors = 0, bytes = 0;
};

/// The bytes of all lanes, at device addresses. Sorts them. What is new to `footprint` is set in it: a bit
/// for each sector of the device's memory.
SectorCost sectorCost(std::span<ByteRange> ranges, std::vector<uint64_t> &footprint);

/// The wavefronts in which shared memory serves an access. `leastWavefronts` are without conflicts: one for
/// each group of lanes.
struct WavefrontCost {
  uint64_t wavefronts = 0, leastWavefronts = 0;
};

/// Lanes access `bytes` bytes each at `offsets` of shared memory. A wavefront serves one word of each of the
/// 32 banks, and all lanes that want it (CUDA C++ Programming Guide: "Shared Memory" of compute
/// capability 5.x and later). Lanes with more than 4 bytes are served in groups of 128 bytes, which is what
/// shared memory returns per clock: the halves of the warp for 8, the quarters for 16 (docs/ptx-simulator.md
/// has the source). Atomic operations on one word follow one another (the guide: "SIMT Architecture").
WavefrontCost wavefrontCost(const uint64_t *offsets, uint32_t mask, unsigned bytes, bool isAtomic);

/// The same for elements that the hardware spreads over the lanes as it likes (wmma): nothing but the words
/// decides. Sorts them.
WavefrontCost wavefrontCost(std::span<ByteRange> ranges);

} // namespace winnow::ptxsim
