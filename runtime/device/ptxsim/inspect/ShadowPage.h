// The records of the accesses to a piece of memory. One record is kept for each granule: the largest unit
// that every access to the page so far has been made of, so that most pages need few.
#pragma once

#include "runtime/device/ptxsim/inspect/Order.h"

#include <array>
#include <memory>

namespace winnow::ptxsim {

class ShadowPage {
public:
  static constexpr uint64_t kBytes = 4096;

  /// What is recorded; each is allocated when it is first needed.
  enum Kind : uint8_t {
    Write,
    Read,
    EarlierRead, // by another thread than the newest
    Copy,        // by a cp.async under way
    KindCount
  };

  /// Granules of the page, and the record of whoever accesses the first; every 2^laneShift granules on it is
  /// the next lane.
  struct Span {
    unsigned begin = 0, count = 0;
    Record self;
    unsigned laneShift = 31;

    Record at(unsigned i) const { return self.ofLane(i >> laneShift); }
  };

  /// The granules of a lane's or of several lanes' bytes, made small enough for them. `laneBytes` is a power
  /// of two when there are several.
  Span span(uint64_t begin, unsigned bytes, unsigned laneBytes, Record self) {
    auto needed = unsigned(__builtin_ctzll(begin | bytes | laneBytes | uint64_t(1) << kMostShift));
    if (needed < shift)
      refine(needed);
    Span span{unsigned(begin >> shift), bytes >> shift, self};
    if (laneBytes < bytes)
      span.laneShift = unsigned(__builtin_ctz(laneBytes)) - shift;
    return span;
  }

  unsigned granuleBytes() const { return 1u << shift; }

  Record at(Kind kind, unsigned granule) const { return records[kind] ? records[kind][granule] : Record(); }
  /// Whether a record of the span is in `unordered`, strong or not.
  bool anyUnordered(Kind kind, const Span &span, const Unordered &unordered) const;
  bool any(Kind kind, const Span &span) const;
  void record(Kind kind, const Span &span);
  /// The newest reader and, of the others, the newest; a thread of another CTA, which began before
  /// `ctaBegin`, is another one.
  void recordRead(const Span &span, int64_t ctaBegin);
  void clear(Kind kind, const Span &span);
  void clear(Kind kind) { records[kind].reset(); }

  /// By byte: whether anyone has written it.
  bool isWritten(uint64_t begin, unsigned bytes) const;
  void markWritten(uint64_t begin, unsigned bytes);
  void clearWritten();
  void clearWritten(uint64_t begin, unsigned bytes);

private:
  static constexpr unsigned kMostShift = 4, kWordBits = 64;
  using Bits = std::array<uint64_t, kBytes / kWordBits>;

  unsigned granules() const { return unsigned(kBytes >> shift); }
  void refine(unsigned newShift);
  Record *make(Kind kind);

  std::array<std::unique_ptr<Record[]>, KindCount> records;
  std::unique_ptr<Bits> written;
  unsigned shift = kMostShift; // a granule has 2^shift bytes
};

} // namespace winnow::ptxsim
