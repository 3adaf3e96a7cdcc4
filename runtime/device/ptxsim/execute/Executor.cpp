// Whose turn it is: the warps of a CTA one after the other, and their fragments.
#include "runtime/device/ptxsim/execute/Executor.h"

namespace winnow::ptxsim {
namespace {

/// How many fragments a warp may run before others get a turn.
constexpr unsigned kRunsPerSlice = 1 << 12;

bool isBlocked(const Fragment &fragment) {
  return fragment.state == Fragment::State::AtBarrier || fragment.state == Fragment::State::AtWarpSync;
}

/// The fragment to run next, or -1: the newest, so that the sides of a branch end before what follows them.
/// `turn` gives way to the others after a fragment that spins.
int readyFragment(const Warp &warp) {
  size_t count = warp.fragments.size();
  for (size_t k = 0; k < count; ++k) {
    size_t index = (2 * count - 1 - warp.turn % count - k) % count;
    if (warp.fragments[index].state == Fragment::State::Ready)
      return int(index);
  }
  return -1;
}

} // namespace

CtaExecutor::CtaExecutor(const LaunchContext &launch)
    : launch(launch), code(launch.code.instructions.data()), cta(launch),
      instructionCounts(launch.code.instructions.size()) {}

void CtaExecutor::begin(uint64_t number) {
  cta.begin(number);
  inspection.begin();
  undefined.begin();
  barriers.begin();
  calls.begin();
  copies.begin();
  memoryBarriers.begin();
}

format::Status CtaExecutor::run(uint64_t number) {
  begin(number);
  while (faults.ok() && runWarps())
    if (faults.ok() && launch.options.isCancelled && launch.options.isCancelled())
      faults.cancel();
  systemCalls.handOutPrinted();
  return faults.finish();
}

/// Gives each warp a turn; false when none is alive.
bool CtaExecutor::runWarps() {
  bool anyAlive = false, anyRan = false;
  for (Warp &warp : cta.warps) {
    if (!warp.alive)
      continue;
    anyAlive = true;
    anyRan |= runWarp(warp);
    if (!faults.ok())
      return true;
  }
  if (anyAlive && !anyRan)
    reportDeadlock();
  return anyAlive;
}

/// Runs the fragments of a warp until all wait or it has had its share; false when none could run.
bool CtaExecutor::runWarp(Warp &warp) {
  for (unsigned runs = 0; runs < kRunsPerSlice; ++runs) {
    int index = readyFragment(warp);
    if (index < 0 || !faults.ok())
      return runs > 0;
    if (!runFragment(warp, uint32_t(index))) {
      divergence.releaseArrivedLanes(warp, uint32_t(index));
      break;
    }
  }
  ++warp.turn;
  return true;
}

/// "deadlock: 32 of the 64 threads that barrier 1 waits for have come; others wait at ptx:12:3 (bar.sync 2;)"
std::string CtaExecutor::describeDeadlock(const Warp &warp, const Fragment &waiting) const {
  std::string message = waiting.state == Fragment::State::AtBarrier
                            ? barriers.describeWaiting(waiting.barrier)
                            : format::concatenate(countLanes(waiting.syncMask), " of the ",
                                                  countLanes(waiting.syncMembers & warp.alive),
                                                  " threads of the warp that this waits for have come");
  message = "barrier deadlock: " + message;
  for (const Warp &each : cta.warps)
    for (const Fragment &other : each.fragments)
      if (isBlocked(other) && other.next != waiting.next)
        return message + "; others wait at " + faults.describeInstruction(other.next);
  return message;
}

/// Every thread waits: for a barrier that others never reach, or for lanes of its warp.
void CtaExecutor::reportDeadlock() {
  for (const Warp &warp : cta.warps)
    for (const Fragment &fragment : warp.fragments)
      if (isBlocked(fragment)) {
        faults.raise(warp, fragment.next, fragment.syncMask, describeDeadlock(warp, fragment));
        return;
      }
}

} // namespace winnow::ptxsim
