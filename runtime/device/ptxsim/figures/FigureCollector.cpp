// Figures by instruction, and from them those of lines and of the launch.
#include "runtime/device/ptxsim/figures/FigureCollector.h"

#include "runtime/device/ptxsim/execute/Cta.h"

#include <algorithm>
#include <bit>

namespace winnow::ptxsim {
namespace {

constexpr uint64_t kBufferAlignment = 256;

uint64_t countBits(const std::vector<uint64_t> &words) {
  uint64_t bits = 0;
  for (uint64_t word : words)
    bits += uint64_t(std::popcount(word));
  return bits;
}

/// An instruction as one line with single spaces, however it is written.
std::string oneLine(std::string_view text) {
  std::string line;
  for (char c : text) {
    bool isSpace = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!isSpace)
      line += c;
    else if (!line.ends_with(' '))
      line += ' ';
  }
  return line;
}

void unite(std::vector<uint64_t> &words, const std::vector<uint64_t> &others) {
  for (size_t i = 0; i < words.size(); ++i)
    words[i] |= others[i];
}

} // namespace

DeviceAddresses::DeviceAddresses(const MemoryMap &memory) {
  for (const MemoryRange &range : memory.ranges()) {
    if (range.size == 0)
      continue;
    uint64_t begin = (end + kBufferAlignment - 1) / kBufferAlignment * kBufferAlignment + range.deviceOffset;
    buffers.push_back({range.begin, range.end(), begin});
    end = begin + range.size;
  }
}

const DeviceAddresses::Buffer *DeviceAddresses::find(uint64_t address) const {
  auto after =
      std::upper_bound(buffers.begin(), buffers.end(), address,
                       [](uint64_t value, const Buffer &buffer) { return value < buffer.hostBegin; });
  return after != buffers.begin() && std::prev(after)->holds(address) ? &*std::prev(after) : nullptr;
}

FigureCollector::FigureCollector(size_t instructionCount, const DeviceAddresses &addresses)
    : addresses(addresses), instructions(instructionCount), readFootprint(addresses.sectors() / 64 + 1),
      writtenFootprint(readFootprint.size()) {}

bool FigureCollector::findBuffer(uint64_t address) {
  const DeviceAddresses::Buffer *found = addresses.find(address);
  if (found)
    lastBuffer = *found;
  return found;
}

/// An atomic operation reads what it writes.
void FigureCollector::countGlobal(uint32_t pc, AccessKind kind, std::span<ByteRange> ranges) {
  SectorCost cost = sectorCost(ranges, kind == AccessKind::Store ? writtenFootprint : readFootprint);
  if (kind == AccessKind::Atomic)
    sectorCost(ranges, writtenFootprint);
  instructions[pc].global[unsigned(kind)].add(cost);
}

void FigureCollector::countShared(uint32_t pc, AccessKind kind, const WavefrontCost &cost) {
  instructions[pc].shared[unsigned(kind)].add(cost);
}

void FigureCollector::charge(uint64_t executed) {
  for (const Charge &each : charges)
    instructions[each.branch].lostLanes += executed * each.lanes;
}

void FigureCollector::add(const FigureCollector &other) {
  for (size_t i = 0; i < instructions.size(); ++i) {
    for (unsigned kind = 0; kind < kAccessKinds; ++kind) {
      instructions[i].global[kind].add(other.instructions[i].global[kind]);
      instructions[i].shared[kind].add(other.instructions[i].shared[kind]);
    }
    instructions[i].divergences += other.instructions[i].divergences;
    instructions[i].lostLanes += other.instructions[i].lostLanes;
  }
  unite(readFootprint, other.readFootprint);
  unite(writtenFootprint, other.writtenFootprint);
}

Figures FigureCollector::summarize(const Code &code, const std::vector<InstructionCount> &counts) const {
  Figures sum;
  Figures all; // lines of instructions, which `sum` merges
  sum.readSectors = countBits(readFootprint);
  sum.writtenSectors = countBits(writtenFootprint);
  for (size_t i = 0; i < instructions.size(); ++i) {
    const Instruction &in = code.instructions[i];
    if ((in.flags & kContinuation) || counts[i].warps == 0)
      continue;
    const InstructionFigures &figures = instructions[i];
    LineFigures line;
    line.location = in.location;
    line.text = oneLine(code.texts[i]);
    if (auto file = code.files.find(code.sources[i].file); file != code.files.end()) {
      line.sourceFile = file->second;
      line.sourceLine = code.sources[i].line;
    }
    line.warpInstructions = counts[i].warps;
    line.laneInstructions = counts[i].lanes;
    line.divergences = figures.divergences;
    line.lostLanes = figures.lostLanes;
    for (unsigned kind = 0; kind < kAccessKinds; ++kind) {
      line.global.add(figures.global[kind]);
      line.shared.add(figures.shared[kind]);
      sum.global[kind].add(figures.global[kind]);
      sum.shared[kind].add(figures.shared[kind]);
    }
    sum.lostLanes += figures.lostLanes;
    all.lines.push_back(std::move(line));
  }
  sum.add(all);
  return sum;
}

} // namespace winnow::ptxsim
