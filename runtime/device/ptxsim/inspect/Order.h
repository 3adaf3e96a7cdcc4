// When accesses happened, and which two of them nothing orders (PTX ISA: "Memory Consistency Model").
#pragma once

#include "runtime/device/ptxsim/code/Instruction.h"

#include <cstdint>
#include <vector>

namespace winnow::ptxsim {

/// A thread at an instruction.
struct Actor {
  uint64_t cta = 0;
  uint32_t thread = 0, pc = 0;
  bool isStrong = false; // atomic, volatile or relaxed: two such accesses never race (PTX ISA: "Morally
                         // strong operations")
};

/// An access in 63 bits: its time, whether it is strong, its instruction and its thread. Later accesses
/// compare greater, and those of the lanes of a warp follow one another.
struct Record {
  static constexpr unsigned kThreadBits = 10, kInstructionBits = 20, kTimeBits = 32;
  static constexpr unsigned kStrongShift = kThreadBits + kInstructionBits, kTimeShift = kStrongShift + 1;
  static constexpr int64_t kThreadMask = (1 << kThreadBits) - 1;

  int64_t bits = 0; // 0: none

  bool isStrong() const { return bits >> kStrongShift & 1; }
  Record ofLane(unsigned lane) const { return {bits + lane}; }
  /// What to remember when this access follows one by the same thread with no tick of the clock between: the
  /// weak one of the two, with which more accesses race.
  Record after(Record before) const {
    constexpr int64_t kMoment = ~int64_t(0) << kTimeShift | kThreadMask;
    bool keeps = ((bits ^ before.bits) & kMoment) == 0 && isStrong() && !before.isStrong();
    return keeps ? before : *this;
  }
};

/// The records that nothing orders before what a thread of a warp does now. They race with it, unless both
/// are strong.
struct Unordered {
  int64_t othersBegin = 0, othersEnd = 0; // of other CTAs
  int64_t ctaBegin = 0, warpBegin = 0;    // of the CTA's other warps, and of the warp

  bool contains(Record earlier, Record later) const { return signOf(earlier, later) < 0; }
  bool isRace(Record earlier, Record later) const {
    return contains(earlier, later) && !(earlier.isStrong() && later.isStrong());
  }
  /// Negative when contains(). All comparisons are in the signs of differences, which every vector unit has.
  int64_t signOf(Record earlier, Record later) const {
    int64_t threads = (earlier.bits ^ later.bits) & Record::kThreadMask; // 0: the same
    int64_t isOthers = ~(earlier.bits - othersBegin) & (earlier.bits - othersEnd);
    int64_t isWarps = ~(earlier.bits - warpBegin) & -threads;
    int64_t isCtas = ~(earlier.bits - ctaBegin) & (int64_t(kLanes) - 1 - threads);
    return isOthers | isWarps | isCtas;
  }
};

/// The clock of a worker, which runs one CTA after the other: barriers and fences are its ticks. What a
/// barrier of a CTA orders, it orders for all threads of the CTA, and what a fence of the device orders, for
/// all CTAs, whoever took part: races may be missed by that, and none is invented.
class Order {
public:
  static constexpr uint64_t kMostTimes = uint64_t(1) << Record::kTimeBits;
  explicit Order(uint32_t warps, uint64_t times = kMostTimes) : times(times), warpSync(warps) {}

  void beginCta(uint64_t cta);
  void synchronizeWarp(uint32_t warp) { warpSync[warp] = clock++; }
  void synchronizeCta() { ctaSync = clock++; }
  void synchronizeDevice() { ctaSync = deviceSync = clock++; }
  /// The clock is at its end: whoever keeps records must forget them, and restart it within the CTA.
  bool isFull() const { return clock >= times - 1; }
  void restart();

  Record record(const Actor &actor) const;
  Actor actor(Record record) const;
  /// Of memory that all CTAs share, or that is each CTA's own.
  Unordered unordered(uint32_t warp, bool isOfOneCta) const;

private:
  uint64_t times;
  uint64_t clock = 1, ctaSync = 0, deviceSync = 0; // records of the times up to one of these are ordered
  std::vector<uint64_t> warpSync;
  std::vector<uint32_t> ctaBegins{1}; // of consecutive CTAs
  uint64_t firstCta = 0;
};

} // namespace winnow::ptxsim
