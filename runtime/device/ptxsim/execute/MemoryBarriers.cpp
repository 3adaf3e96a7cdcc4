// mbarrier (PTX ISA: "Parallel Synchronization and Communication Instructions: mbarrier"). A barrier is an
// opaque object of 64 bits in shared memory; its states are these bits, too.
#include "runtime/device/ptxsim/execute/MemoryBarriers.h"

#include "runtime/device/ptxsim/execute/Addresses.h"
#include "runtime/device/ptxsim/execute/AsyncCopies.h"
#include "runtime/device/ptxsim/inspect/Inspection.h"

#include <cstring>

namespace winnow::ptxsim {
namespace {

constexpr unsigned kCountBits = 20;
constexpr uint32_t kMostArrivals = (1u << kCountBits) - 1; // PTX ISA: "Contents of the mbarrier object"
constexpr size_t kMostDelayedArrivals = 1 << 16;
constexpr int32_t kMostTransactions = (1 << kCountBits) - 1;

/// What the bits say: arrivals that are missing in this phase and expected in each, bytes under way, and the
/// phase.
struct BarrierState {
  uint32_t pending = 0, expected = 0; // expected 0: not initialized
  int32_t transactions = 0;
  bool phase = false;

  explicit BarrierState(uint64_t bits)
      : pending(uint32_t(bits) & kMostArrivals), expected(uint32_t(bits >> kCountBits) & kMostArrivals),
        transactions(int32_t(int64_t(bits << 2) >> (2 + 2 * kCountBits))), phase(bits >> 63) {}
  uint64_t bits() const {
    constexpr uint64_t kTransactionMask = (uint64_t(1) << (kCountBits + 1)) - 1;
    return pending | uint64_t(expected) << kCountBits |
           (uint64_t(int64_t(transactions)) & kTransactionMask) << 2 * kCountBits | uint64_t(phase) << 63;
  }
  /// The phase ends when nothing is missing; whether it did.
  bool advance() {
    if (pending || transactions)
      return false;
    phase = !phase;
    pending = expected;
    return true;
  }
};

uint64_t load(uint64_t address) {
  uint64_t bits;
  std::memcpy(&bits, reinterpret_cast<const void *>(address), sizeof(bits));
  return bits;
}
void store(uint64_t address, uint64_t bits) {
  std::memcpy(reinterpret_cast<void *>(address), &bits, sizeof(bits));
}

bool isDrop(MemoryBarrierMode mode) {
  return mode >= MemoryBarrierMode::ArriveDrop && mode <= MemoryBarrierMode::ArriveDropExpectTransactions;
}
bool expectsTransactions(MemoryBarrierMode mode) {
  return mode == MemoryBarrierMode::ArriveExpectTransactions ||
         mode == MemoryBarrierMode::ArriveDropExpectTransactions ||
         mode == MemoryBarrierMode::ExpectTransactions;
}

} // namespace

void MemoryBarriers::countArrivals(uint64_t address, uint32_t count) {
  BarrierState state(load(address));
  state.pending -= std::min(count, state.pending);
  if (state.advance())
    inspection.synchronizeCta();
  store(address, state.bits());
}

/// A thread asks for the phase of a barrier: what it tracks has happened.
void MemoryBarriers::completeArrivals(uint64_t address) {
  auto isHere = [&](const DelayedArrival &arrival) { return arrival.address == address; };
  for (const DelayedArrival &arrival : delayedArrivals)
    if (isHere(arrival)) {
      copies.complete(cta.warps[arrival.warp], arrival.lane, arrival.order);
      countArrivals(address, 1);
    }
  std::erase_if(delayedArrivals, isHere);
}

void MemoryBarriers::countPending(const Warp &warp, const Instruction &in, uint32_t mask) {
  auto *states = reinterpret_cast<const uint64_t *>(warp.rows + in.source[1]);
  auto *counts = reinterpret_cast<uint32_t *>(warp.rows + in.destination);
  for (uint32_t left = mask; left; left &= left - 1) {
    unsigned lane = unsigned(__builtin_ctz(left));
    counts[lane] = BarrierState(states[lane]).pending;
  }
}

bool MemoryBarriers::execute(Warp &warp, uint32_t pc, uint32_t mask) {
  const Instruction &in = code[pc];
  const auto mode = MemoryBarrierMode(in.mode);
  if (mode == MemoryBarrierMode::PendingCount) {
    countPending(warp, in, mask);
    return true;
  }
  uint64_t addresses[kLanes];
  lanes.addresses(warp.rows, in, mask, addresses);
  if (!resolver.resolve(warp, pc, mask, {AccessKind::Atomic, in.space, 8}, addresses))
    return false;
  AccessKind kind = mode == MemoryBarrierMode::Initialize ? AccessKind::Store : AccessKind::Atomic;
  if (!inspection.inspect(warp, pc, mask, {kind, in.space, 8}, addresses))
    return false;
  for (uint32_t left = mask; left; left &= left - 1) {
    unsigned lane = unsigned(__builtin_ctz(left));
    if (!executeLane(warp, pc, lane, addresses[lane]))
      return false;
  }
  return true;
}

bool MemoryBarriers::badUse(const Warp &warp, uint32_t pc, unsigned lane, std::string_view message) {
  return fault(warp, pc, 1u << lane, format::concatenate("bad use of a memory barrier: ", message));
}

/// The count of arrivals or bytes, or the parity; 1 where there is none.
uint32_t MemoryBarriers::operand(const Warp &warp, const Instruction &in, unsigned lane) {
  return in.source[1] == kNoRow ? 1 : reinterpret_cast<const uint32_t *>(warp.rows + in.source[1])[lane];
}

bool MemoryBarriers::executeLane(const Warp &warp, uint32_t pc, unsigned lane, uint64_t address) {
  const Instruction &in = code[pc];
  const auto mode = MemoryBarrierMode(in.mode);
  if (mode == MemoryBarrierMode::Initialize)
    return initialize(warp, pc, lane, address);
  if (mode == MemoryBarrierMode::TestState || mode == MemoryBarrierMode::TestParity)
    completeArrivals(address);
  if (BarrierState(load(address)).bits() == 0)
    return badUse(warp, pc, lane, "it is not initialized");
  switch (mode) {
  case MemoryBarrierMode::Invalidate:
    store(address, 0);
    return true;
  case MemoryBarrierMode::TestState:
  case MemoryBarrierMode::TestParity:
    test(warp, in, lane, address);
    return true;
  case MemoryBarrierMode::ArriveAfterCopies:
  case MemoryBarrierMode::ArriveAfterCopiesNoIncrement:
    arriveAfterCopies(warp, in, lane, address);
    return true;
  default:
    return arrive(warp, pc, lane, address);
  }
}

bool MemoryBarriers::initialize(const Warp &warp, uint32_t pc, unsigned lane, uint64_t address) {
  const uint32_t count = operand(warp, code[pc], lane);
  if (count == 0 || count > kMostArrivals)
    return badUse(warp, pc, lane,
                  format::concatenate("its count is ", count, ", but must be 1 to ", kMostArrivals));
  BarrierState state(0);
  state.pending = state.expected = count;
  store(address, state.bits());
  return true;
}

/// Whether the phase that the state is of, or that has the parity, is over.
void MemoryBarriers::test(const Warp &warp, const Instruction &in, unsigned lane, uint64_t address) {
  const bool asked = MemoryBarrierMode(in.mode) == MemoryBarrierMode::TestParity
                         ? operand(warp, in, lane) & 1
                         : reinterpret_cast<const uint64_t *>(warp.rows + in.source[1])[lane] >> 63;
  auto *done = reinterpret_cast<uint32_t *>(warp.rows + in.destination);
  *done = (*done & ~(1u << lane)) | uint32_t(BarrierState(load(address)).phase != asked) << lane;
}

void MemoryBarriers::arriveAfterCopies(const Warp &warp, const Instruction &in, unsigned lane,
                                       uint64_t address) {
  BarrierState state(load(address));
  if (MemoryBarrierMode(in.mode) == MemoryBarrierMode::ArriveAfterCopies)
    ++state.pending;
  store(address, state.bits());
  if (delayedArrivals.size() == kMostDelayedArrivals)
    completeArrivals(delayedArrivals[0].address);
  delayedArrivals.push_back({address, copies.nextOrder(), warp.index, lane});
}

/// Arrivals, and bytes that are expected or have come. The result is the state before.
bool MemoryBarriers::arrive(const Warp &warp, uint32_t pc, unsigned lane, uint64_t address) {
  const Instruction &in = code[pc];
  const auto mode = MemoryBarrierMode(in.mode);
  BarrierState state(load(address));
  const uint64_t before = state.bits();
  uint32_t arrivals = 0;
  if (mode == MemoryBarrierMode::CompleteTransactions)
    state.transactions -= int32_t(operand(warp, in, lane));
  else if (mode != MemoryBarrierMode::ExpectTransactions)
    arrivals = expectsTransactions(mode) ? 1 : operand(warp, in, lane);
  if (expectsTransactions(mode))
    state.transactions += int32_t(operand(warp, in, lane));
  if (state.transactions > kMostTransactions || state.transactions < -kMostTransactions)
    return badUse(warp, pc, lane,
                  format::concatenate("more than ", kMostTransactions, " bytes are under way"));
  const bool staysOpen =
      mode == MemoryBarrierMode::ArriveNoComplete || mode == MemoryBarrierMode::ArriveDropNoComplete;
  if (arrivals > state.pending || (staysOpen && arrivals == state.pending))
    return badUse(warp, pc, lane,
                  format::concatenate(arrivals, " arrivals, but the phase lacks ", state.pending,
                                      staysOpen ? ", and may not end" : ""));
  state.pending -= arrivals;
  if (isDrop(mode))
    state.expected -= std::min(arrivals, state.expected);
  if (state.advance())
    inspection.synchronizeCta();
  store(address, state.bits());
  if (in.destination != kNoRow)
    reinterpret_cast<uint64_t *>(warp.rows + in.destination)[lane] = before;
  return true;
}

} // namespace winnow::ptxsim
