// The shadow of memory against the definition of a race, applied byte by byte to the list of all that
// happened.
#include "runtime/device/ptxsim/inspect/Shadow.h"

#include <gtest/gtest.h>
#include <random>

namespace winnow::ptxsim::test {
namespace {

struct Event {
  enum class Kind { Load, Store, SynchronizeWarp, SynchronizeCta, SynchronizeDevice, BeginCta };
  Kind kind = Kind::Load;
  Actor actor; // of a synchronization of a warp: any of its threads
  uint64_t begin = 0;
  unsigned bytes = 0;

  bool touches(uint64_t byte) const { return byte - begin < bytes; }
};

bool isSameThread(const Actor &a, const Actor &b) { return a.cta == b.cta && a.thread == b.thread; }

/// Everything that happened, in order.
class History {
public:
  explicit History(bool isOfOneCta) : isOfOneCta(isOfOneCta) {}
  void add(const Event &event) { events.push_back(event); }

  /// The last write, and the newest reads of two threads: what a shadow remembers of a byte. Of several by
  /// one thread with no synchronization between, the last weak one counts.
  std::optional<size_t> lastWrite(uint64_t byte) const {
    return newestWeak(
        [&](const Event &event) { return event.kind == Event::Kind::Store && event.touches(byte); });
  }
  std::vector<size_t> lastReads(uint64_t byte) const {
    auto isRead = [&](const Event &event) { return event.kind == Event::Kind::Load && event.touches(byte); };
    std::vector<size_t> reads;
    if (auto first = newestWeak(isRead)) {
      reads.push_back(*first);
      if (auto second = newestWeak([&](const Event &event) {
            return isRead(event) && !isSameThread(event.actor, events[*first].actor);
          }))
        reads.push_back(*second);
    }
    return reads;
  }
  const Actor &actor(size_t event) const { return events[event].actor; }

  bool isRace(size_t earlier, const Actor &later) const {
    const Actor &other = events[earlier].actor;
    if (isSameThread(other, later) || (other.isStrong && later.isStrong) ||
        (isOfOneCta && other.cta != later.cta))
      return false;
    for (size_t i = earlier + 1; i < events.size(); ++i) {
      Event::Kind kind = events[i].kind;
      bool isOfWarp = other.cta == later.cta && other.thread / 32 == later.thread / 32 &&
                      events[i].actor.thread / 32 == later.thread / 32;
      if (kind == Event::Kind::SynchronizeDevice ||
          (kind == Event::Kind::SynchronizeCta && other.cta == later.cta) ||
          (kind == Event::Kind::SynchronizeWarp && isOfWarp))
        return false;
    }
    return true;
  }

  /// The other side of the first race that an access makes, and whether it wrote.
  std::optional<Conflict> conflict(const Event &access, uint64_t changed) const {
    for (unsigned i = 0; i < access.bytes; ++i) {
      uint64_t byte = access.begin + i;
      bool isStore = access.kind == Event::Kind::Store;
      auto write = lastWrite(byte);
      if (write && isRace(*write, access.actor) && (!isStore || (changed >> i & 1)))
        return Conflict{Conflict::Kind::Race, actor(*write), true};
      for (size_t read : isStore ? lastReads(byte) : std::vector<size_t>())
        if (isRace(read, access.actor))
          return Conflict{Conflict::Kind::Race, actor(read), false};
    }
    return std::nullopt;
  }
  bool isWritten(const Event &access) const {
    for (unsigned i = 0; i < access.bytes; ++i)
      if (!newest([&](const Event &event) {
            return event.kind == Event::Kind::Store && event.touches(access.begin + i) &&
                   (!isOfOneCta || event.actor.cta == access.actor.cta);
          }))
        return false;
    return true;
  }

private:
  template <class Choose> std::optional<size_t> newest(Choose choose) const {
    for (size_t i = events.size(); i-- > 0;)
      if (choose(events[i]))
        return i;
    return std::nullopt;
  }

  template <class Choose> std::optional<size_t> newestWeak(Choose choose) const {
    auto last = newest(choose);
    for (size_t i = last.value_or(0); last && events[*last].actor.isStrong && i-- > 0;) {
      const Event &event = events[i];
      bool isAccess = event.kind == Event::Kind::Load || event.kind == Event::Kind::Store;
      if (!isAccess || (choose(event) && !isSameThread(event.actor, events[*last].actor)))
        break;
      if (choose(event) && !event.actor.isStrong)
        return i;
    }
    return last;
  }

  bool isOfOneCta;
  std::vector<Event> events;
};

constexpr uint64_t kBytes = 2 * ShadowPage::kBytes + 24;
constexpr uint32_t kWarps = 3;

/// A random run of accesses and synchronizations until the first race; how many accesses it had.
class Episode {
public:
  Episode(unsigned seed, bool isOfOneCta)
      : isOfOneCta(isOfOneCta), random(seed), region(kBytes, {true, true, isOfOneCta}), order(kWarps),
        history(isOfOneCta) {
    order.beginCta(0);
  }

  unsigned run() {
    unsigned accesses = 0;
    for (; accesses < 150 && !isOver && !testing::Test::HasFailure(); ++accesses)
      chance(6) ? synchronize() : access();
    return accesses;
  }

private:
  uint32_t below(uint32_t count) { return uint32_t(random() % count); }
  bool chance(uint32_t oneOf) { return below(oneOf) == 0; }

  void synchronize() {
    Event event;
    event.actor.thread = below(kWarps) * 32;
    switch (below(8)) {
    case 0:
      order.synchronizeDevice();
      event.kind = Event::Kind::SynchronizeDevice;
      break;
    case 1:
      order.beginCta(++cta);
      if (isOfOneCta)
        region.forget();
      event.kind = Event::Kind::BeginCta;
      break;
    case 2:
    case 3:
    case 4:
      order.synchronizeWarp(event.actor.thread / 32);
      event.kind = Event::Kind::SynchronizeWarp;
      break;
    default:
      order.synchronizeCta();
      event.kind = Event::Kind::SynchronizeCta;
      break;
    }
    event.actor.cta = cta;
    history.add(event);
  }

  /// Of one lane or of several, whose bytes lie side by side, near the beginning or where two pages meet.
  void access() {
    unsigned bytes = 1u << below(6), lanes = chance(2) ? 1 : 1 + below(32);
    uint64_t begin = (chance(2) ? 0 : ShadowPage::kBytes - 64) + below(128);
    if (!chance(8))
      begin = begin / bytes * bytes;
    lanes = unsigned(std::min<uint64_t>(lanes, (kBytes - begin) / bytes));
    Actor actor{cta, below(kWarps) * 32, below(5), chance(3)};
    if (lanes == 1)
      actor.thread += below(4);
    bool isStore = chance(2);
    uint64_t changed = chance(3) ? random() : ~uint64_t(0);
    while (lanes && !isOver) {
      ShadowRegion::LaneRun run{begin, bytes, lanes, order.record(actor)};
      unsigned together = isStore ? region.storeLanes(run, order) : region.loadLanes(run, order);
      unsigned done = std::max(together, 1u);
      for (unsigned i = 0; i < done && !isOver; ++i, begin += bytes, ++actor.thread)
        compare({isStore ? Event::Kind::Store : Event::Kind::Load, actor, begin, bytes}, changed,
                together > 0);
      lanes -= done;
    }
  }

  void compare(const Event &access, uint64_t changed, bool isDecided) {
    bool isStore = access.kind == Event::Kind::Store;
    std::optional<Conflict> expected = history.conflict(access, changed);
    if (!expected && !isStore && !history.isWritten(access))
      expected = Conflict();
    history.add(access);
    std::optional<Conflict> found;
    Record self = order.record(access.actor);
    if (!isDecided)
      found = isStore ? region.store(access.begin, access.bytes, self, order, changed)
                      : region.load(access.begin, access.bytes, self, order);
    ASSERT_EQ(found.has_value(), expected.has_value())
        << "access of " << access.bytes << " at " << access.begin;
    if (!found)
      return;
    ASSERT_EQ(found->kind, expected->kind);
    if (found->kind != Conflict::Kind::Race)
      return;
    EXPECT_EQ(found->otherWrote, expected->otherWrote);
    EXPECT_EQ(found->other.cta, expected->other.cta);
    EXPECT_EQ(found->other.thread, expected->other.thread);
    EXPECT_EQ(found->other.pc, expected->other.pc);
    EXPECT_EQ(found->other.isStrong, expected->other.isStrong);
    isOver = true;
  }

  const bool isOfOneCta;
  std::mt19937 random;
  ShadowRegion region;
  Order order;
  History history;
  uint64_t cta = 0;
  bool isOver = false;
};

TEST(Shadow, AgreesWithTheDefinition) {
  for (bool isOfOneCta : {false, true}) {
    unsigned accesses = 0;
    for (unsigned seed = 1; seed <= 3000; ++seed) {
      accesses += Episode(seed * 7919, isOfOneCta).run();
      ASSERT_FALSE(HasFailure()) << "seed " << seed << (isOfOneCta ? ", shared" : ", global");
    }
    EXPECT_GT(accesses, 10000u); // or the episodes end too early to mean much
  }
}

// A clock that runs full forgets, and neither invents a race nor stops finding them.
TEST(Shadow, ClockBeginsAgain) {
  Shadows shadows{Order(1, 16), ShadowRegion(64, {true, true, true}), {}};
  ShadowRegion heap(64, {true, true, false});
  shadows.heap = &heap;
  const Actor writer{7, 0, 1, false}, reader{7, 1, 2, false};
  auto write = [&] { return shadows.shared.store(0, 4, shadows.order.record(writer), shadows.order); };
  auto read = [&] { return shadows.shared.load(0, 4, shadows.order.record(reader), shadows.order); };
  auto writeHeap = [&] { return heap.store(0, 4, shadows.order.record(writer), shadows.order); };
  auto readHeap = [&] { return heap.load(0, 4, shadows.order.record(reader), shadows.order); };
  auto synchronize = [&] {
    shadows.order.synchronizeCta();
    shadows.restartFullClock();
  };
  shadows.order.beginCta(7);
  for (unsigned i = 0; i < 100; ++i) {
    ASSERT_FALSE(write() || writeHeap()) << i;
    synchronize();
    ASSERT_FALSE(read() || readHeap()) << i;
    synchronize();
  }
  ASSERT_FALSE(write());
  auto race = read();
  ASSERT_TRUE(race);
  EXPECT_EQ(race->kind, Conflict::Kind::Race);
  EXPECT_EQ(race->other.cta, 7u);
  EXPECT_EQ(race->other.thread, 0u);
}

// The shadow of a big buffer is made as it is touched.
TEST(Shadow, OfABigBuffer) {
  const uint64_t bytes = uint64_t(1) << 30;
  ShadowRegion region(bytes, {true, true, false});
  Order order(1);
  order.beginCta(0);
  EXPECT_FALSE(region.store(bytes - 4, 4, order.record({0, 0, 0, false}), order));
  EXPECT_FALSE(region.load(bytes - 4, 4, order.record({0, 0, 0, false}), order));
  EXPECT_TRUE(region.load(bytes - 4, 4, order.record({0, 1, 0, false}), order));
}

// A freed block that is allocated again is nobody's, across pages; what lies beside it is as before.
TEST(Shadow, RenewedBytes) {
  ShadowRegion region(3 * ShadowPage::kBytes, {true, true, false});
  Order order(1);
  order.beginCta(0);
  const Record self = order.record({0, 3, 9, false}), other = order.record({0, 4, 9, false});
  const uint64_t begin = ShadowPage::kBytes - 32, bytes = ShadowPage::kBytes + 48;
  for (uint64_t offset = begin - 16; offset < begin + bytes + 16; offset += 4)
    ASSERT_FALSE(region.store(offset, 4, self, order));
  EXPECT_FALSE(region.checkStores(begin, bytes, self, order));
  auto conflict = region.checkStores(begin + bytes, 16, other, order);
  ASSERT_TRUE(conflict);
  EXPECT_EQ(conflict->other.thread, 3u);
  region.renew(begin, bytes);
  EXPECT_FALSE(region.checkStores(begin, bytes, other, order));
  for (uint64_t offset : {begin, begin + 32, begin + bytes - 4})
    EXPECT_EQ(region.load(offset, 4, self, order)->kind, Conflict::Kind::Unwritten) << offset;
  EXPECT_FALSE(region.load(begin - 4, 4, self, order));
  EXPECT_FALSE(region.load(begin + bytes, 4, self, order));
  EXPECT_TRUE(region.checkStores(begin - 16, 32, other, order));
  region.markWritten(begin, bytes);
  EXPECT_FALSE(region.load(begin + 32, 4, self, order));
  region.restart({true, true, false});
  EXPECT_FALSE(region.checkStores(0, 3 * ShadowPage::kBytes, other, order));
  EXPECT_FALSE(region.load(begin - 4, 4, other, order));
}

TEST(Shadow, CopiesUnderWay) {
  ShadowRegion region(64, {true, false, true});
  Order order(1);
  order.beginCta(0);
  const Record self = order.record({0, 5, 9, false});
  EXPECT_FALSE(region.beginCopy(16, 8, self, order));
  for (auto [begin, bytes, lanes] : {std::tuple{16, 4, 1u}, {23, 1, 1u}, {0, 16, 2u}, {8, 16, 1u}}) {
    EXPECT_EQ(region.loadLanes({uint64_t(begin), unsigned(bytes), lanes, self}, order), 0u) << begin;
    EXPECT_EQ(region.storeLanes({uint64_t(begin), unsigned(bytes), lanes, self}, order), 0u) << begin;
  }
  auto conflict = region.load(20, 8, self, order);
  ASSERT_TRUE(conflict);
  EXPECT_EQ(conflict->kind, Conflict::Kind::UnfinishedCopy);
  EXPECT_EQ(conflict->other.pc, 9u);
  EXPECT_EQ(region.loadLanes({24, 4, 4, self}, order), 4u);
  region.finishCopy(16, 8, self);
  EXPECT_FALSE(region.load(16, 8, self, order));
  EXPECT_TRUE(region.load(16, 8, order.record({0, 6, 9, false}), order));
}

TEST(Shadow, CopiesOfSeveralLanes) {
  ShadowRegion region(2 * ShadowPage::kBytes, {true, true, true});
  Order order(1);
  order.beginCta(0);
  const Record self = order.record({0, 8, 9, false});
  // Three of the lanes are in the first page.
  ShadowRegion::LaneRun run{ShadowPage::kBytes - 48, 16, 4, self};
  EXPECT_EQ(region.beginCopyLanes(run, order), 3u);
  EXPECT_EQ(region.beginCopyLanes(run, order), 0u);
  EXPECT_EQ(region.storeLanes({run.offset + 47, 1, 1, self}, order), 0u);
  auto conflict = region.store(run.offset + 32, 4, self, order);
  ASSERT_TRUE(conflict);
  EXPECT_EQ(conflict->kind, Conflict::Kind::UnfinishedCopy);
  EXPECT_EQ(conflict->other.thread, 10u); // the third
  EXPECT_EQ(region.finishCopyLanes(run), 3u);
  EXPECT_EQ(region.loadLanes(run, order), 3u);
  EXPECT_TRUE(region.load(run.offset + 16, 16, self, order));               // the second's
  EXPECT_EQ(region.loadLanes({ShadowPage::kBytes, 4, 1, self}, order), 0u); // nobody has written it
}

} // namespace
} // namespace winnow::ptxsim::test
