// Records of accesses, and the rules by which two of them race (PTX ISA: "Memory Consistency Model").
#include "runtime/device/ptxsim/Shadow.h"
#include "runtime/device/ptxsim/Code.h"

#include <algorithm>

namespace winnow::ptxsim {
namespace {

constexpr unsigned kThreadBits = 10;
constexpr uint32_t kStrongBit = uint32_t(1) << 31;
static_assert(kMostInstructions <= kStrongBit >> kThreadBits);

} // namespace

bool Order::isOrdered(const Actor &earlier, uint32_t time, const Actor &later) const {
  if (earlier.cta != later.cta)
    return time <= deviceSync;
  if (earlier.thread == later.thread || time <= ctaSync)
    return true;
  uint32_t warp = later.thread / kLanes;
  return earlier.thread / kLanes == warp && time <= warpSync[warp];
}

void ShadowRegion::Record::set(const Actor &actor, uint32_t now) {
  time = now;
  cta = actor.cta;
  place = actor.pc << kThreadBits | actor.thread | (actor.isStrong ? kStrongBit : 0);
}

Actor ShadowRegion::Record::actor() const {
  uint32_t weak = place & ~kStrongBit;
  return {cta, weak & ((1u << kThreadBits) - 1), weak >> kThreadBits, (place & kStrongBit) != 0};
}

ShadowRegion::ShadowRegion(uint64_t bytes, const Options &options) : size(bytes), options(options) {
  if (options.tracksRaces)
    pages.resize((bytes + kPageBytes - 1) / kPageBytes);
  if (options.beginsUnwritten)
    written.assign(bytes, false);
}

void ShadowRegion::forget() {
  std::fill(written.begin(), written.end(), false);
  if (copyingBytes)
    std::fill(copies.begin(), copies.end(), Record());
  copyingBytes = 0;
}

/// A page has room for what reaches beyond it: without the check of alignment an access may straddle two
/// pages, whose last bytes are then remembered twice.
ShadowRegion::Byte *ShadowRegion::bytesAt(uint64_t offset) {
  std::unique_ptr<Page> &page = pages[offset / kPageBytes];
  if (!page)
    page = std::make_unique<Page>();
  return page->data() + offset % kPageBytes;
}

bool ShadowRegion::isRace(const Record &record, const Actor &actor, const Order &order) const {
  if (record.time == 0 || (options.isOfOneCta && record.cta != actor.cta))
    return false;
  Actor other = record.actor();
  return !(other.isStrong && actor.isStrong) && !order.isOrdered(other, record.time, actor);
}

std::optional<Conflict> ShadowRegion::unfinished(uint64_t offset, unsigned bytes) const {
  for (unsigned i = 0; copyingBytes && i < bytes; ++i)
    if (copies[offset + i].time)
      return Conflict{Conflict::Kind::UnfinishedCopy, copies[offset + i].actor(), true};
  return std::nullopt;
}

std::optional<Conflict> ShadowRegion::load(uint64_t offset, unsigned bytes, const Actor &actor,
                                           const Order &order) {
  if (auto conflict = unfinished(offset, bytes))
    return conflict;
  Byte *records = options.tracksRaces ? bytesAt(offset) : nullptr;
  for (unsigned i = 0; i < bytes && records; ++i) {
    Byte &byte = records[i];
    if (isRace(byte.write, actor, order))
      return Conflict{Conflict::Kind::Race, byte.write.actor(), true};
    Record &newest = byte.reads[0];
    if (newest.time && (newest.cta != actor.cta || newest.actor().thread != actor.thread))
      byte.reads[1] = newest;
    newest.set(actor, order.now());
  }
  for (unsigned i = 0; i < bytes && !written.empty(); ++i)
    if (!written[offset + i])
      return Conflict{};
  return std::nullopt;
}

std::optional<Conflict> ShadowRegion::checkStore(uint64_t offset, unsigned bytes, const Actor &actor,
                                                 const Order &order, uint64_t changed) {
  if (auto conflict = unfinished(offset, bytes))
    return conflict;
  const Byte *records = options.tracksRaces ? bytesAt(offset) : nullptr;
  for (unsigned i = 0; i < bytes && records; ++i) {
    const Byte &byte = records[i];
    if ((changed >> i & 1) && isRace(byte.write, actor, order))
      return Conflict{Conflict::Kind::Race, byte.write.actor(), true};
    for (const Record &read : byte.reads)
      if (isRace(read, actor, order))
        return Conflict{Conflict::Kind::Race, read.actor(), false};
  }
  return std::nullopt;
}

void ShadowRegion::recordStore(uint64_t offset, unsigned bytes, const Actor &actor, const Order &order) {
  for (unsigned i = 0; i < bytes && !written.empty(); ++i)
    written[offset + i] = true;
  Byte *records = options.tracksRaces ? bytesAt(offset) : nullptr;
  for (unsigned i = 0; i < bytes && records; ++i)
    records[i].write.set(actor, order.now());
}

std::optional<Conflict> ShadowRegion::store(uint64_t offset, unsigned bytes, const Actor &actor,
                                            const Order &order, uint64_t changed) {
  auto conflict = checkStore(offset, bytes, actor, order, changed);
  if (!conflict)
    recordStore(offset, bytes, actor, order);
  return conflict;
}

std::optional<Conflict> ShadowRegion::beginCopy(uint64_t offset, unsigned bytes, const Actor &actor,
                                                const Order &order) {
  if (auto conflict = checkStore(offset, bytes, actor, order, ~uint64_t(0)))
    return conflict;
  copies.resize(size);
  for (unsigned i = 0; i < bytes; ++i)
    copies[offset + i].set(actor, order.now());
  copyingBytes += bytes;
  return std::nullopt;
}

void ShadowRegion::finishCopy(uint64_t offset, unsigned bytes, const Actor &actor, const Order &order) {
  for (unsigned i = 0; i < bytes; ++i)
    copies[offset + i] = Record();
  copyingBytes -= bytes;
  recordStore(offset, bytes, actor, order);
}

} // namespace winnow::ptxsim
