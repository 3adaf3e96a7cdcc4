// What the checks of races and of uninitialized memory remember about memory: the last accesses, whether
// anyone has written it, and whether a cp.async is under way to it.
#pragma once

#include "runtime/device/ptxsim/inspect/ShadowPage.h"

#include <optional>
#include <unordered_map>
#include <vector>

namespace winnow::ptxsim {

/// Why an access is wrong, and who is on the other side.
struct Conflict {
  enum class Kind : uint8_t { Unwritten, UnfinishedCopy, Race };
  Kind kind = Kind::Unwritten;
  Actor other;
  bool otherWrote = false;
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
  /// For the clock to begin again.
  void forgetAccesses();
  /// For another launch, in which other checks may be made: what is written stays.
  void restart(const Options &newOptions);

  /// Bytes become new memory: nobody has written them, and nobody has used them. `offset` and `bytes` are
  /// multiples of 16.
  void renew(uint64_t offset, uint64_t bytes);
  void markWritten(uint64_t offset, uint64_t bytes);
  /// As store() says of any number of bytes, and nothing is recorded.
  std::optional<Conflict> checkStores(uint64_t offset, uint64_t bytes, Record self, const Order &order);

  std::optional<Conflict> load(uint64_t offset, unsigned bytes, Record self, const Order &order);
  /// `changed` has a bit for each byte that gets another value: two writes of one value do not race.
  std::optional<Conflict> store(uint64_t offset, unsigned bytes, Record self, const Order &order,
                                uint64_t changed = ~uint64_t(0));

  /// Accesses of lanes that follow one another, `laneBytes` of each, which lie side by side.
  struct LaneRun {
    uint64_t offset = 0;
    unsigned laneBytes = 0, lanes = 0;
    Record first; // the first lane's
  };
  /// Does what load() or store() do for the first of the lanes, as many as are in one page, and gives their
  /// number. When it may be that there is a conflict it does nothing and gives 0.
  unsigned loadLanes(const LaneRun &run, const Order &order);
  unsigned storeLanes(const LaneRun &run, const Order &order);

  /// A copy begins, which writes at some time until it is finished.
  std::optional<Conflict> beginCopy(uint64_t offset, unsigned bytes, Record self, const Order &order);
  void finishCopy(uint64_t offset, unsigned bytes, Record self);
  unsigned beginCopyLanes(const LaneRun &run, const Order &order);
  unsigned finishCopyLanes(const LaneRun &run);

private:
  /// Lanes of a run in one page.
  struct PagePart {
    ShadowPage &page;
    ShadowPage::Span span;
    uint64_t begin = 0;
    unsigned bytes = 0, lanes = 0;
  };
  PagePart firstPart(const LaneRun &run);
  bool mayStore(const PagePart &part, const Order &order) const;
  void recordStore(const PagePart &part);
  template <class Visit> bool visitPages(uint64_t offset, uint64_t bytes, Visit visit);
  Unordered unordered(Record self, const Order &order) const;
  std::optional<Conflict> unfinished(uint64_t offset, unsigned bytes, Record self, const Order &order);
  std::optional<Conflict> checkStore(uint64_t offset, unsigned bytes, Record self, const Order &order,
                                     uint64_t changed);
  void recordStore(uint64_t offset, unsigned bytes, Record self);

  uint64_t size;
  Options options;
  std::vector<ShadowPage> pages;
  uint64_t copyingBytes = 0;
};

/// The shadows of a worker. Global memory is shared by CTAs, which run on one worker while these checks are
/// made.
struct Shadows {
  Order order;
  ShadowRegion shared;
  std::unordered_map<uint64_t, ShadowRegion> global; // by the range's first address
  ShadowRegion *heap = nullptr;                      // once the launch has used it
  // The range of the access before, and its shadow, if it has one.
  uint64_t lastBegin = 0, lastSize = 0;
  ShadowRegion *last = nullptr;

  /// After every tick of the clock.
  void restartFullClock();
};

} // namespace winnow::ptxsim
