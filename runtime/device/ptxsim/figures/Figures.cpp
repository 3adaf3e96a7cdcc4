// Sums of figures, and their names.
#include "runtime/device/ptxsim/figures/Figures.h"

#include <map>
#include <tuple>

namespace winnow::ptxsim {
namespace {

std::tuple<uint32_t, uint32_t> placeOf(const LineFigures &line) {
  return {line.location.line, line.location.column};
}

} // namespace

const char *name(AccessKind kind) {
  return kind == AccessKind::Load ? "load" : kind == AccessKind::Store ? "store" : "atomic";
}

void SectorFigures::add(const SectorFigures &other) {
  requests += other.requests;
  sectors += other.sectors;
  leastSectors += other.leastSectors;
  bytes += other.bytes;
}

void SectorFigures::add(const SectorCost &cost) { add({1, cost.sectors, cost.leastSectors, cost.bytes}); }

void WavefrontFigures::add(const WavefrontFigures &other) {
  requests += other.requests;
  wavefronts += other.wavefronts;
  leastWavefronts += other.leastWavefronts;
}

void WavefrontFigures::add(const WavefrontCost &cost) { add({1, cost.wavefronts, cost.leastWavefronts}); }

void LineFigures::add(const LineFigures &other) {
  warpInstructions += other.warpInstructions;
  laneInstructions += other.laneInstructions;
  global.add(other.global);
  shared.add(other.shared);
  divergences += other.divergences;
  lostLanes += other.lostLanes;
}

SectorFigures Figures::globalTotal() const {
  SectorFigures total;
  for (const SectorFigures &each : global)
    total.add(each);
  return total;
}

WavefrontFigures Figures::sharedTotal() const {
  WavefrontFigures total;
  for (const WavefrontFigures &each : shared)
    total.add(each);
  return total;
}

void Figures::add(const Figures &other) {
  for (unsigned kind = 0; kind < kAccessKinds; ++kind) {
    global[kind].add(other.global[kind]);
    shared[kind].add(other.shared[kind]);
  }
  readSectors += other.readSectors;
  writtenSectors += other.writtenSectors;
  lostLanes += other.lostLanes;
  std::map<std::tuple<uint32_t, uint32_t>, LineFigures> merged;
  auto merge = [&](const std::vector<LineFigures> &some) {
    for (const LineFigures &line : some)
      if (auto [found, isNew] = merged.emplace(placeOf(line), line); !isNew)
        found->second.add(line);
  };
  merge(lines);
  merge(other.lines);
  lines.clear();
  for (auto &[place, line] : merged)
    lines.push_back(std::move(line));
}

std::vector<std::pair<std::string, uint64_t>> Figures::named() const {
  std::vector<std::pair<std::string, uint64_t>> named;
  for (unsigned kind = 0; kind < kAccessKinds; ++kind) {
    std::string prefix = std::string("global_") + name(AccessKind(kind));
    named.emplace_back(prefix + "_requests", global[kind].requests);
    named.emplace_back(prefix + "_sectors", global[kind].sectors);
    named.emplace_back(prefix + "_least_sectors", global[kind].leastSectors);
    named.emplace_back(prefix + "_distinct_bytes", global[kind].bytes);
  }
  named.emplace_back("global_footprint_read_bytes", readSectors * kSectorBytes);
  named.emplace_back("global_footprint_written_bytes", writtenSectors * kSectorBytes);
  for (unsigned kind = 0; kind < kAccessKinds; ++kind) {
    std::string prefix = std::string("shared_") + name(AccessKind(kind));
    named.emplace_back(prefix + "_requests", shared[kind].requests);
    named.emplace_back(prefix + "_wavefronts", shared[kind].wavefronts);
    named.emplace_back(prefix + "_conflicts", shared[kind].conflicts());
  }
  named.emplace_back("lanes_lost_to_divergence", lostLanes);
  return named;
}

} // namespace winnow::ptxsim
