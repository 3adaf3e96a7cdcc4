// The rules by which accesses conflict.
#include "runtime/device/ptxsim/inspect/Shadow.h"

#include <algorithm>

namespace winnow::ptxsim {

ShadowRegion::ShadowRegion(uint64_t bytes, const Options &options)
    : size(bytes), options(options), pages((bytes + ShadowPage::kBytes - 1) / ShadowPage::kBytes) {}

void ShadowRegion::forget() {
  for (ShadowPage &page : pages) {
    page.clearWritten();
    if (copyingBytes)
      page.clear(ShadowPage::Copy);
  }
  copyingBytes = 0;
}

void ShadowRegion::forgetAccesses() {
  for (ShadowPage &page : pages)
    for (ShadowPage::Kind kind : {ShadowPage::Write, ShadowPage::Read, ShadowPage::EarlierRead})
      page.clear(kind);
}

/// Calls visit(page, offset in the page, bytes) for the parts of a piece of the region until it gives false;
/// whether it never did. An access straddles two pages at most, and only when alignment is not checked.
template <class Visit> bool ShadowRegion::visitPages(uint64_t offset, uint64_t bytes, Visit visit) {
  for (uint64_t end = offset + bytes; offset < end;) {
    uint64_t begin = offset % ShadowPage::kBytes;
    auto inPage = unsigned(std::min(ShadowPage::kBytes - begin, end - offset));
    if (!visit(pages[offset / ShadowPage::kBytes], begin, inPage))
      return false;
    offset += inPage;
  }
  return true;
}

void ShadowRegion::restart(const Options &newOptions) {
  forgetAccesses();
  options = newOptions;
}

void ShadowRegion::renew(uint64_t offset, uint64_t bytes) {
  visitPages(offset, bytes, [](ShadowPage &page, uint64_t begin, unsigned count) {
    page.clearWritten(begin, count);
    const ShadowPage::Span span = page.span(begin, count, count, Record());
    for (ShadowPage::Kind kind : {ShadowPage::Write, ShadowPage::Read, ShadowPage::EarlierRead})
      page.clear(kind, span);
    return true;
  });
}

void ShadowRegion::markWritten(uint64_t offset, uint64_t bytes) {
  visitPages(offset, bytes, [](ShadowPage &page, uint64_t begin, unsigned count) {
    page.markWritten(begin, count);
    return true;
  });
}

Unordered ShadowRegion::unordered(Record self, const Order &order) const {
  return order.unordered(uint32_t(self.bits & Record::kThreadMask) / kLanes, options.isOfOneCta);
}

std::optional<Conflict> ShadowRegion::unfinished(uint64_t offset, unsigned bytes, Record self,
                                                 const Order &order) {
  std::optional<Conflict> conflict;
  if (copyingBytes == 0)
    return conflict;
  visitPages(offset, bytes, [&](ShadowPage &page, uint64_t begin, unsigned count) {
    ShadowPage::Span span = page.span(begin, count, count, self);
    for (unsigned i = 0; i < span.count && !conflict; ++i)
      if (Record copy = page.at(ShadowPage::Copy, span.begin + i); copy.bits)
        conflict = Conflict{Conflict::Kind::UnfinishedCopy, order.actor(copy), true};
    return !conflict;
  });
  return conflict;
}

std::optional<Conflict> ShadowRegion::load(uint64_t offset, unsigned bytes, Record self, const Order &order) {
  std::optional<Conflict> conflict = unfinished(offset, bytes, self, order);
  if (conflict)
    return conflict;
  const Unordered others = unordered(self, order);
  auto loadPart = [&](ShadowPage &page, uint64_t begin, unsigned count) {
    ShadowPage::Span span = page.span(begin, count, count, self);
    for (unsigned i = 0; i < span.count; ++i)
      if (Record write = page.at(ShadowPage::Write, span.begin + i); others.isRace(write, self)) {
        conflict = Conflict{Conflict::Kind::Race, order.actor(write), true};
        return false;
      }
    page.recordRead(span, others.othersEnd);
    return true;
  };
  if (options.tracksRaces && !visitPages(offset, bytes, loadPart))
    return conflict;
  auto isWritten = [](const ShadowPage &page, uint64_t begin, unsigned count) {
    return page.isWritten(begin, count);
  };
  if (options.beginsUnwritten && !visitPages(offset, bytes, isWritten))
    conflict = Conflict();
  return conflict;
}

std::optional<Conflict> ShadowRegion::checkStore(uint64_t offset, unsigned bytes, Record self,
                                                 const Order &order, uint64_t changed) {
  std::optional<Conflict> conflict = unfinished(offset, bytes, self, order);
  if (conflict || !options.tracksRaces)
    return conflict;
  const Unordered others = unordered(self, order);
  visitPages(offset, bytes, [&](ShadowPage &page, uint64_t begin, unsigned count) {
    ShadowPage::Span span = page.span(begin, count, count, self);
    const uint64_t ofGranule = (uint64_t(1) << page.granuleBytes()) - 1;
    for (unsigned i = 0; i < span.count && !conflict; ++i, changed >>= page.granuleBytes()) {
      auto compare = [&](ShadowPage::Kind kind) {
        Record other = page.at(kind, span.begin + i);
        if (!conflict && others.isRace(other, self))
          conflict = Conflict{Conflict::Kind::Race, order.actor(other), kind == ShadowPage::Write};
      };
      // The report is of the first byte that races.
      if (changed & 1)
        compare(ShadowPage::Write);
      compare(ShadowPage::Read);
      compare(ShadowPage::EarlierRead);
      if (changed & ofGranule)
        compare(ShadowPage::Write);
    }
    return !conflict;
  });
  return conflict;
}

void ShadowRegion::recordStore(uint64_t offset, unsigned bytes, Record self) {
  visitPages(offset, bytes, [&](ShadowPage &page, uint64_t begin, unsigned count) {
    if (options.beginsUnwritten)
      page.markWritten(begin, count);
    if (options.tracksRaces)
      page.record(ShadowPage::Write, page.span(begin, count, count, self));
    return true;
  });
}

std::optional<Conflict> ShadowRegion::store(uint64_t offset, unsigned bytes, Record self, const Order &order,
                                            uint64_t changed) {
  auto conflict = checkStore(offset, bytes, self, order, changed);
  if (!conflict)
    recordStore(offset, bytes, self);
  return conflict;
}

std::optional<Conflict> ShadowRegion::checkStores(uint64_t offset, uint64_t bytes, Record self,
                                                  const Order &order) {
  constexpr uint64_t kMostBytes = 64; // that checkStore() knows of
  std::optional<Conflict> conflict;
  for (const uint64_t end = offset + bytes; offset < end && !conflict; offset += kMostBytes)
    conflict = checkStore(offset, unsigned(std::min(kMostBytes, end - offset)), self, order, ~uint64_t(0));
  return conflict;
}

ShadowRegion::PagePart ShadowRegion::firstPart(const LaneRun &run) {
  PagePart part{pages[run.offset / ShadowPage::kBytes], {}, run.offset % ShadowPage::kBytes};
  bool isPower = (run.laneBytes & (run.laneBytes - 1)) == 0;
  uint64_t room = std::min(ShadowPage::kBytes - part.begin, size - run.offset);
  if (!isPower || room < run.laneBytes)
    return part;
  part.lanes = unsigned(std::min<uint64_t>(run.lanes, room >> __builtin_ctz(run.laneBytes)));
  part.bytes = part.lanes * run.laneBytes;
  part.span = part.page.span(part.begin, part.bytes, run.laneBytes, run.first);
  return part;
}

unsigned ShadowRegion::loadLanes(const LaneRun &run, const Order &order) {
  PagePart part = firstPart(run);
  if (part.lanes == 0 || (copyingBytes && part.page.any(ShadowPage::Copy, part.span)) ||
      (options.beginsUnwritten && !part.page.isWritten(part.begin, part.bytes)))
    return 0;
  if (options.tracksRaces) {
    const Unordered others = unordered(run.first, order);
    if (part.page.anyUnordered(ShadowPage::Write, part.span, others))
      return 0;
    part.page.recordRead(part.span, others.othersEnd);
  }
  return part.lanes;
}

/// Whether a store to the part certainly conflicts with nothing.
bool ShadowRegion::mayStore(const PagePart &part, const Order &order) const {
  if (part.lanes == 0 || (copyingBytes && part.page.any(ShadowPage::Copy, part.span)))
    return false;
  const Unordered others = unordered(part.span.self, order);
  for (ShadowPage::Kind kind : {ShadowPage::Write, ShadowPage::Read, ShadowPage::EarlierRead})
    if (options.tracksRaces && part.page.anyUnordered(kind, part.span, others))
      return false;
  return true;
}

void ShadowRegion::recordStore(const PagePart &part) {
  if (options.tracksRaces)
    part.page.record(ShadowPage::Write, part.span);
  if (options.beginsUnwritten)
    part.page.markWritten(part.begin, part.bytes);
}

unsigned ShadowRegion::storeLanes(const LaneRun &run, const Order &order) {
  PagePart part = firstPart(run);
  if (!mayStore(part, order))
    return 0;
  recordStore(part);
  return part.lanes;
}

unsigned ShadowRegion::beginCopyLanes(const LaneRun &run, const Order &order) {
  PagePart part = firstPart(run);
  if (!mayStore(part, order))
    return 0;
  part.page.record(ShadowPage::Copy, part.span);
  copyingBytes += part.bytes;
  return part.lanes;
}

unsigned ShadowRegion::finishCopyLanes(const LaneRun &run) {
  PagePart part = firstPart(run);
  if (part.lanes == 0)
    return 0;
  part.page.clear(ShadowPage::Copy, part.span);
  copyingBytes -= part.bytes;
  recordStore(part);
  return part.lanes;
}

std::optional<Conflict> ShadowRegion::beginCopy(uint64_t offset, unsigned bytes, Record self,
                                                const Order &order) {
  if (auto conflict = checkStore(offset, bytes, self, order, ~uint64_t(0)))
    return conflict;
  visitPages(offset, bytes, [&](ShadowPage &page, uint64_t begin, unsigned count) {
    page.record(ShadowPage::Copy, page.span(begin, count, count, self));
    return true;
  });
  copyingBytes += bytes;
  return std::nullopt;
}

void ShadowRegion::finishCopy(uint64_t offset, unsigned bytes, Record self) {
  visitPages(offset, bytes, [&](ShadowPage &page, uint64_t begin, unsigned count) {
    page.clear(ShadowPage::Copy, page.span(begin, count, count, self));
    return true;
  });
  copyingBytes -= bytes;
  recordStore(offset, bytes, self);
}

void Shadows::restartFullClock() {
  if (!order.isFull())
    return;
  shared.forgetAccesses();
  for (auto &[begin, region] : global)
    region.forgetAccesses();
  if (heap)
    heap->forgetAccesses();
  order.restart();
}

} // namespace winnow::ptxsim
