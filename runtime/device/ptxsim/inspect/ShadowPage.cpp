// Loops over the records of granules.
#include "runtime/device/ptxsim/inspect/ShadowPage.h"

#include <algorithm>

namespace winnow::ptxsim {
namespace {

/// Calls visit(word, bits of it) for the words of a range of bits, until it gives false; whether it never
/// did.
template <class Visit> bool visitWords(uint64_t begin, unsigned count, Visit visit) {
  for (uint64_t end = begin + count; begin < end;) {
    unsigned first = unsigned(begin % 64), inWord = unsigned(std::min<uint64_t>(64 - first, end - begin));
    if (!visit(begin / 64, (~uint64_t(0) >> (64 - inWord)) << first))
      return false;
    begin += inWord;
  }
  return true;
}

} // namespace

/// Every byte of a granule has the same history, so its parts inherit it.
void ShadowPage::refine(unsigned newShift) {
  for (std::unique_ptr<Record[]> &old : records) {
    if (!old)
      continue;
    auto finer = std::make_unique<Record[]>(kBytes >> newShift);
    for (unsigned i = 0; i < kBytes >> newShift; ++i)
      finer[i] = old[i >> (shift - newShift)];
    old = std::move(finer);
  }
  shift = newShift;
}

Record *ShadowPage::make(Kind kind) {
  if (!records[kind])
    records[kind] = std::make_unique<Record[]>(granules());
  return records[kind].get();
}

/// Without a branch in the loop, which is what nearly all accesses take.
bool ShadowPage::anyUnordered(Kind kind, const Span &span, const Unordered &unordered) const {
  if (!records[kind])
    return false;
  const Record *first = records[kind].get() + span.begin;
  int64_t signs = 0;
  for (unsigned i = 0; i < span.count; ++i)
    signs |= unordered.signOf(first[i], span.at(i));
  return signs < 0;
}

bool ShadowPage::any(Kind kind, const Span &span) const {
  int64_t bits = 0;
  for (unsigned i = 0; records[kind] && i < span.count; ++i)
    bits |= records[kind][span.begin + i].bits;
  return bits != 0;
}

void ShadowPage::record(Kind kind, const Span &span) {
  Record *first = make(kind) + span.begin;
  for (unsigned i = 0; i < span.count; ++i)
    first[i] = span.at(i).after(first[i]);
}

void ShadowPage::recordRead(const Span &span, int64_t ctaBegin) {
  Record *newest = make(Read) + span.begin;
  // Negative when there is a record, of another thread.
  auto signOfOther = [&](unsigned i) {
    int64_t before = newest[i].bits, threads = (before ^ span.at(i).bits) & Record::kThreadMask;
    return -before & (-threads | (before - ctaBegin));
  };
  int64_t signs = 0;
  for (unsigned i = 0; i < span.count; ++i)
    signs |= signOfOther(i);
  if (signs < 0) {
    Record *earlier = make(EarlierRead) + span.begin;
    for (unsigned i = 0; i < span.count; ++i)
      earlier[i] = signOfOther(i) < 0 ? newest[i] : earlier[i];
  }
  for (unsigned i = 0; i < span.count; ++i)
    newest[i] = span.at(i).after(newest[i]);
}

void ShadowPage::clear(Kind kind, const Span &span) {
  if (records[kind])
    std::fill_n(records[kind].get() + span.begin, span.count, Record());
}

bool ShadowPage::isWritten(uint64_t begin, unsigned bytes) const {
  return written && visitWords(begin, bytes, [&](uint64_t word, uint64_t bits) {
           return ((*written)[word] & bits) == bits;
         });
}

void ShadowPage::markWritten(uint64_t begin, unsigned bytes) {
  if (!written)
    written = std::make_unique<Bits>();
  visitWords(begin, bytes, [&](uint64_t word, uint64_t bits) {
    (*written)[word] |= bits;
    return true;
  });
}

void ShadowPage::clearWritten() {
  if (written)
    written->fill(0);
}

void ShadowPage::clearWritten(uint64_t begin, unsigned bytes) {
  if (written)
    visitWords(begin, bytes, [&](uint64_t word, uint64_t bits) {
      (*written)[word] &= ~bits;
      return true;
    });
}

} // namespace winnow::ptxsim
