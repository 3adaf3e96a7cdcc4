// The clock by which accesses are ordered.
#include "runtime/device/ptxsim/inspect/Order.h"
#include "runtime/device/ptxsim/code/Code.h"

#include <algorithm>
#include <limits>

namespace winnow::ptxsim {

static_assert(kMostInstructions <= size_t(1) << Record::kInstructionBits);

namespace {
int64_t beginOf(uint64_t time) { return int64_t(time << Record::kTimeShift); }
} // namespace

void Order::beginCta(uint64_t cta) {
  synchronizeCta();
  if (cta != firstCta + ctaBegins.size()) {
    ctaBegins.clear();
    firstCta = cta;
  }
  ctaBegins.push_back(uint32_t(clock));
}

void Order::restart() {
  firstCta += ctaBegins.size() - 1;
  ctaBegins.assign(1, 1);
  std::fill(warpSync.begin(), warpSync.end(), 0);
  ctaSync = deviceSync = 0;
  clock = 1;
}

Record Order::record(const Actor &actor) const {
  return {beginOf(clock) | int64_t(actor.isStrong) << Record::kStrongShift |
          int64_t(actor.pc) << Record::kThreadBits | actor.thread};
}

Actor Order::actor(Record record) const {
  auto time = uint32_t(record.bits >> Record::kTimeShift);
  auto next = std::upper_bound(ctaBegins.begin(), ctaBegins.end(), time);
  uint64_t cta = firstCta + uint64_t(std::max<ptrdiff_t>(next - ctaBegins.begin(), 1)) - 1;
  return {cta, uint32_t(record.bits & Record::kThreadMask),
          uint32_t(record.bits >> Record::kThreadBits) & ((1u << Record::kInstructionBits) - 1),
          record.isStrong()};
}

Unordered Order::unordered(uint32_t warp, bool isOfOneCta) const {
  constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  Unordered unordered;
  unordered.othersBegin = isOfOneCta ? kNever : beginOf(deviceSync + 1);
  unordered.othersEnd = beginOf(ctaBegins.back());
  unordered.ctaBegin = beginOf(ctaSync + 1);
  unordered.warpBegin = beginOf(std::max(ctaSync, warpSync[warp]) + 1);
  return unordered;
}

} // namespace winnow::ptxsim
