// Collects the figures of the CTAs that one executor runs.
#pragma once

#include "runtime/device/ptxsim/MemoryMap.h"
#include "runtime/device/ptxsim/figures/Figures.h"

namespace winnow::ptxsim {

struct Code;
struct InstructionCount;

/// Where a launch's buffers would lie on a device: one after the other from 0 on, each at a multiple of 256
/// bytes, as cudaMalloc gives them (CUDA C++ Programming Guide: "Device Memory Accesses").
class DeviceAddresses {
public:
  explicit DeviceAddresses(const MemoryMap &memory);

  struct Buffer {
    uint64_t hostBegin = 0, hostEnd = 0, deviceBegin = 0;
    bool holds(uint64_t address) const { return address >= hostBegin && address < hostEnd; }
  };
  /// The buffer that holds an address of the host, or null.
  const Buffer *find(uint64_t address) const;
  uint64_t sectors() const { return end / kSectorBytes + 1; }

private:
  std::vector<Buffer> buffers; // ascending
  uint64_t end = 0;
};

class FigureCollector {
public:
  FigureCollector(size_t instructions, const DeviceAddresses &addresses);

  /// The device's address of a host address; false when it is in no buffer.
  bool translate(uint64_t address, uint64_t &deviceAddress) {
    if (!lastBuffer.holds(address) && !findBuffer(address))
      return false;
    deviceAddress = address - lastBuffer.hostBegin + lastBuffer.deviceBegin;
    return true;
  }
  void countGlobal(uint32_t pc, AccessKind kind, std::span<ByteRange> ranges);
  void countShared(uint32_t pc, AccessKind kind, const WavefrontCost &cost);
  void countDivergence(uint32_t pc) { ++instructions[pc].divergences; }

  /// What each instruction that a fragment executes costs those who wait: lanes, by the branch to blame.
  struct Charge {
    uint32_t branch, lanes;
  };
  std::vector<Charge> charges; // of the fragment that runs
  void charge(uint64_t executed);

  void add(const FigureCollector &other);
  Figures summarize(const Code &code, const std::vector<InstructionCount> &counts) const;

private:
  struct InstructionFigures {
    std::array<SectorFigures, kAccessKinds> global{};
    std::array<WavefrontFigures, kAccessKinds> shared{};
    uint64_t divergences = 0, lostLanes = 0;
  };
  bool findBuffer(uint64_t address);

  const DeviceAddresses &addresses;
  DeviceAddresses::Buffer lastBuffer;
  std::vector<InstructionFigures> instructions;
  std::vector<uint64_t> readFootprint, writtenFootprint; // a bit for each sector
};

} // namespace winnow::ptxsim
