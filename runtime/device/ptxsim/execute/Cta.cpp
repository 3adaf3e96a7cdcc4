// The warps of a CTA, its memories, and the special registers.
#include "runtime/device/ptxsim/execute/Cta.h"

#include <algorithm>
#include <cstring>

namespace winnow::ptxsim {
namespace {

constexpr uint64_t kRowAlignment = 64;

} // namespace

Dimensions indexInGrid(Dimensions grid, uint64_t number) {
  return {uint32_t(number % grid[0]), uint32_t(number / grid[0] % grid[1]),
          uint32_t(number / grid[0] / grid[1])};
}

/// Constants and thread numbers never change.
Cta::Cta(const LaunchContext &launch)
    : launch(launch), localStride(launch.localBytes()), warps(launch.warps()) {
  uint64_t frames = uint64_t(launch.code.frameBytes) * warps.size(),
           sharedBytes = alignUp(launch.sharedBytes(), kRowAlignment);
  storage.resize(frames + sharedBytes + allLocalBytes() + kRowAlignment);
  auto *base =
      reinterpret_cast<std::byte *>(alignUp(reinterpret_cast<uint64_t>(storage.data()), kRowAlignment));
  shared = base + frames;
  local = shared + sharedBytes;
  for (Warp &warp : warps) {
    warp.index = uint32_t(&warp - warps.data());
    warp.rows = base + uint64_t(launch.code.frameBytes) * warp.index;
    std::copy(launch.code.constants.begin(), launch.code.constants.end(), warp.rows);
    fillSpecials(warp, /*ofCta=*/false);
  }
}

/// Special registers of a warp (PTX ISA: "Special Registers"): once those that are the same in every CTA,
/// and for each CTA its index.
void Cta::fillSpecials(Warp &warp, bool ofCta) {
  for (const SpecialRow &special : launch.code.specials) {
    bool isIndex = special.name >= SpecialRegister::CtaX && special.name <= SpecialRegister::CtaZ;
    if (isIndex != ofCta)
      continue;
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      uint64_t value = specialValue(special.name, warp, lane);
      std::memcpy(warp.rows + special.row + lane * special.bytes, &value, special.bytes);
    }
  }
}

uint64_t Cta::specialValue(SpecialRegister name, const Warp &warp, unsigned lane) const {
  uint32_t thread = warp.index * kLanes + lane, bit = 1u << lane;
  switch (name) {
  case SpecialRegister::ThreadX:
    return thread % launch.block[0];
  case SpecialRegister::ThreadY:
    return thread / launch.block[0] % launch.block[1];
  case SpecialRegister::ThreadZ:
    return thread / launch.block[0] / launch.block[1];
  case SpecialRegister::ThreadCountX:
  case SpecialRegister::ThreadCountY:
  case SpecialRegister::ThreadCountZ:
    return launch.block[unsigned(name) - unsigned(SpecialRegister::ThreadCountX)];
  case SpecialRegister::CtaX:
  case SpecialRegister::CtaY:
  case SpecialRegister::CtaZ:
    return index[unsigned(name) - unsigned(SpecialRegister::CtaX)];
  case SpecialRegister::CtaCountX:
  case SpecialRegister::CtaCountY:
  case SpecialRegister::CtaCountZ:
    return launch.grid[unsigned(name) - unsigned(SpecialRegister::CtaCountX)];
  case SpecialRegister::Lane:
    return lane;
  case SpecialRegister::Warp:
    return warp.index;
  case SpecialRegister::WarpCount:
    return warps.size();
  case SpecialRegister::MultiprocessorCount:
    return 1;
  case SpecialRegister::LaneMaskEqual:
    return bit;
  case SpecialRegister::LaneMaskLess:
    return bit - 1;
  case SpecialRegister::LaneMaskLessEqual:
    return bit | (bit - 1);
  case SpecialRegister::LaneMaskGreater:
    return ~(bit | (bit - 1));
  case SpecialRegister::LaneMaskGreaterEqual:
    return ~(bit - 1);
  case SpecialRegister::DynamicSharedBytes:
    return launch.dynamicSharedBytes;
  case SpecialRegister::TotalSharedBytes:
    return launch.sharedBytes();
  default: // the grid's number and the multiprocessor's; clocks are not kept in rows
    return 0;
  }
}

/// Zero, so that a kernel that reads what it never wrote does so reproducibly.
void Cta::begin(uint64_t newNumber) {
  number = newNumber;
  index = indexInGrid(launch.grid, number);
  aliveThreads = launch.threads();
  std::memset(shared, 0, launch.sharedBytes());
  std::memset(local, 0, allLocalBytes());
  for (Warp &warp : warps) {
    fillSpecials(warp, /*ofCta=*/true);
    std::memset(warp.rows + launch.code.registersBegin, 0,
                launch.code.frameBytes - launch.code.registersBegin);
    uint32_t first = warp.index * kLanes, count = std::min(kLanes, aliveThreads - first);
    warp.alive = count == kLanes ? kFullMask : (1u << count) - 1;
    warp.executed = 0;
    warp.isSplit = false;
    warp.fragments.clear();
    Fragment root;
    root.state = Fragment::State::Ready;
    root.mask = warp.alive;
    warp.fragments.push_back(root);
  }
}

} // namespace winnow::ptxsim
