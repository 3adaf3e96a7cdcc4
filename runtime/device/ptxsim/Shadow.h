// What the checks of races and of uninitialized memory remember about memory: for each byte the last
// accesses, whether anyone has written it, and whether a cp.async is under way to it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace winnow::ptxsim {

/// A thread at an instruction.
struct Actor {
  uint32_t cta = 0, thread = 0, pc = 0;
  bool isStrong = false; // atomic, volatile or relaxed: two such accesses never race (PTX ISA: "Morally
                         // strong operations")
};

/// Why an access is wrong, and who is on the other side.
struct Conflict {
  enum class Kind : uint8_t { Unwritten, UnfinishedCopy, Race };
  Kind kind = Kind::Unwritten;
  Actor other;
  bool otherWrote = false;
};

/// When things happened, as far as barriers and fences order them. What a barrier of a CTA orders, it orders
/// for all threads of the CTA, whoever took part: races may be missed by that, and none is invented.
class Order {
public:
  explicit Order(uint32_t warps) : warpSync(warps, 0) {}
  uint32_t now() const { return clock; }
  void synchronizeWarp(uint32_t warp) { warpSync[warp] = clock++; }
  void synchronizeCta() { ctaSync = clock++; }
  void synchronizeDevice() { ctaSync = deviceSync = clock++; }
  /// Whether `earlier`, at `time`, happened before what `later` does now.
  bool isOrdered(const Actor &earlier, uint32_t time, const Actor &later) const;

private:
  uint32_t clock = 1, ctaSync = 0, deviceSync = 0;
  std::vector<uint32_t> warpSync;
};

/// The shadow of one piece of memory.
class ShadowRegion {
public:
  struct Options {
    bool tracksRaces = false;
    bool beginsUnwritten = false;
    bool isOfOneCta = false; // shared memory
  };
  ShadowRegion(uint64_t bytes, const Options &options);

  /// For each CTA its shared memory is new.
  void forget();
  std::optional<Conflict> load(uint64_t offset, unsigned bytes, const Actor &actor, const Order &order);
  /// `changed` has a bit for each byte that gets another value: two writes of one value do not race.
  std::optional<Conflict> store(uint64_t offset, unsigned bytes, const Actor &actor, const Order &order,
                                uint64_t changed = ~uint64_t(0));
  /// A copy begins, which writes at some time until it is finished.
  std::optional<Conflict> beginCopy(uint64_t offset, unsigned bytes, const Actor &actor, const Order &order);
  void finishCopy(uint64_t offset, unsigned bytes, const Actor &actor, const Order &order);

private:
  /// An access, packed.
  struct Record {
    uint32_t time = 0; // 0: none
    uint32_t cta = 0, place = 0;
    void set(const Actor &actor, uint32_t now);
    Actor actor() const;
  };
  struct Byte {
    Record write, reads[2]; // the newest readers, of two threads
  };
  static constexpr uint64_t kPageBytes = 1024;
  static constexpr uint64_t kMostAccessBytes = 32;
  using Page = std::array<Byte, kPageBytes + kMostAccessBytes>;

  /// The records of the bytes of one access, made when they are first touched.
  Byte *bytesAt(uint64_t offset);
  bool isRace(const Record &record, const Actor &actor, const Order &order) const;
  std::optional<Conflict> unfinished(uint64_t offset, unsigned bytes) const;
  std::optional<Conflict> checkStore(uint64_t offset, unsigned bytes, const Actor &actor, const Order &order,
                                     uint64_t changed);
  void recordStore(uint64_t offset, unsigned bytes, const Actor &actor, const Order &order);

  uint64_t size;
  Options options;
  std::vector<std::unique_ptr<Page>> pages; // made when they are first touched
  std::vector<bool> written;                // empty: all of it
  std::vector<Record> copies;               // under way, by byte; empty before the first
  uint64_t copyingBytes = 0;
};

/// The shadows of a worker. Global memory is shared by CTAs, which run on one worker while these checks are
/// made.
struct Shadows {
  Order order;
  ShadowRegion shared;
  std::unordered_map<uint64_t, ShadowRegion> global; // by the range's first address
  // The range of the access before, and its shadow, if it has one.
  uint64_t lastBegin = 0, lastSize = 0;
  ShadowRegion *last = nullptr;
};

} // namespace winnow::ptxsim
