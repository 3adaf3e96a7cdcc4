// What a launch asks of a GPU's memory and how its warps diverge: measured on request, beside the counts of
// instructions.
#pragma once

#include "runtime/device/ptxsim/Types.h"
#include "runtime/device/ptxsim/figures/AccessCost.h"

#include <array>
#include <string>
#include <utility>

namespace winnow::ptxsim {

enum class AccessKind : uint8_t { Load, Store, Atomic };
constexpr unsigned kAccessKinds = 3;
/// "load"
const char *name(AccessKind kind);

/// Accesses of warps to global memory.
struct SectorFigures {
  uint64_t requests = 0, sectors = 0, leastSectors = 0;
  uint64_t bytes = 0; // distinct ones of each request
  void add(const SectorFigures &other);
  void add(const SectorCost &cost);
};

/// Accesses of warps to shared memory.
struct WavefrontFigures {
  uint64_t requests = 0, wavefronts = 0, leastWavefronts = 0;
  uint64_t conflicts() const { return wavefronts - leastWavefronts; }
  void add(const WavefrontFigures &other);
  void add(const WavefrontCost &cost);
};

/// What one instruction of the PTX did, wherever it was inlined.
struct LineFigures {
  Location location;
  std::string text;
  std::string sourceFile; // what .loc says, or empty
  uint32_t sourceLine = 0;
  uint64_t warpInstructions = 0, laneInstructions = 0;
  SectorFigures global;
  WavefrontFigures shared;
  uint64_t divergences = 0; // of a branch: how often lanes of a warp went different ways
  uint64_t lostLanes = 0;   // of a branch: see Figures::lostLanes
  void add(const LineFigures &other);
};

struct Figures {
  std::array<SectorFigures, kAccessKinds> global{};    // by AccessKind
  std::array<WavefrontFigures, kAccessKinds> shared{}; // by AccessKind
  /// Sectors that were read or written at all; the sum over launches. No cache saves a GPU these.
  uint64_t readSectors = 0, writtenSectors = 0;
  /// Lanes that stood by while others of their warp executed an instruction on another side of a branch, for
  /// each instruction executed. Those that had exited are not lost. A lane is lost by the innermost branch at
  /// which its warp split last.
  uint64_t lostLanes = 0;
  std::vector<LineFigures> lines; // in the order of the text

  WavefrontFigures sharedTotal() const;
  SectorFigures globalTotal() const;
  void add(const Figures &other);
  /// Every sum with its name in profiles and files, always in the same order.
  std::vector<std::pair<std::string, uint64_t>> named() const;
};

} // namespace winnow::ptxsim
