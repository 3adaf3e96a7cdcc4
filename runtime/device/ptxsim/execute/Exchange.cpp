// The exchange between the lanes of a warp (PTX ISA: "shfl.sync", "vote.sync", "match.sync", "redux.sync",
// "activemask"), and clocks.
#include "runtime/device/ptxsim/execute/Exchange.h"

#include "runtime/device/ptxsim/execute/Matrices.h"
#include "runtime/device/ptxsim/inspect/Inspection.h"
#include "runtime/device/ptxsim/inspect/UndefinedValues.h"

#include <chrono>
#include <cstring>

namespace winnow::ptxsim {
namespace {

template <typename T> T *row(std::byte *rows, Row offset) { return reinterpret_cast<T *>(rows + offset); }

void writePredicate(std::byte *rows, Row offset, uint32_t value, uint32_t mask) {
  uint32_t *out = row<uint32_t>(rows, offset);
  *out = (*out & ~mask) | (value & mask);
}

void writeLanes(std::byte *rows, Row offset, const uint32_t *values, uint32_t mask) {
  uint32_t *out = row<uint32_t>(rows, offset);
  for (unsigned i = 0; i < kLanes; ++i)
    if (mask >> i & 1)
      out[i] = values[i];
}

void writeSame(std::byte *rows, Row offset, uint32_t value, uint32_t mask) {
  uint32_t values[kLanes];
  for (uint32_t &each : values)
    each = value;
  writeLanes(rows, offset, values, mask);
}

void readClock(const Warp &warp, const Instruction &in, uint32_t mask) {
  auto now = std::chrono::steady_clock::now().time_since_epoch();
  uint64_t time = uint64_t(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
  auto special = SpecialRegister(in.mode);
  uint64_t value = special >= SpecialRegister::GlobalTimer ? time : warp.clock;
  if (special == SpecialRegister::ClockHigh || special == SpecialRegister::GlobalTimerHigh)
    value >>= 32;
  unsigned bytes = special == SpecialRegister::Clock64 || special == SpecialRegister::GlobalTimer ? 8 : 4;
  for (unsigned i = 0; i < kLanes; ++i)
    if (mask >> i & 1)
      std::memcpy(warp.rows + in.destination + i * bytes, &value, bytes);
}

/// The leader is the lowest lane that takes part, which PTX leaves open.
void elect(std::byte *rows, const Instruction &in, uint32_t mask) {
  if (in.destination != kNoRow)
    writeSame(rows, in.destination, uint32_t(__builtin_ctz(mask)), mask);
  if (in.destination2 != kNoRow)
    writePredicate(rows, in.destination2, mask & -mask, mask);
}

/// The lane that each lane reads, its own where the choice is out of range; the lanes whose choice is not. It
/// is computed from b and the clamp and segment mask in c.
uint32_t shuffleSources(std::byte *rows, const Instruction &in, uint8_t *sources) {
  const uint32_t *b = row<uint32_t>(rows, in.source[1]), *c = row<uint32_t>(rows, in.source[2]);
  uint32_t valid = 0;
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    int32_t amount = int32_t(b[lane] & 31), clamp = int32_t(c[lane] & 31),
            segment = int32_t(c[lane] >> 8 & 31);
    int32_t own = int32_t(lane), last = (own & segment) | (clamp & ~segment), first = own & segment,
            source = own;
    bool inRange = false;
    switch (ShuffleMode(in.mode)) {
    case ShuffleMode::Up:
      source = own - amount;
      inRange = source >= last;
      break;
    case ShuffleMode::Down:
      source = own + amount;
      inRange = source <= last;
      break;
    case ShuffleMode::Butterfly:
      source = own ^ amount;
      inRange = source <= last;
      break;
    case ShuffleMode::Index:
      source = first | (amount & ~segment);
      inRange = source <= last;
      break;
    }
    sources[lane] = uint8_t(inRange ? source : own);
    valid |= uint32_t(inRange) << lane;
  }
  return valid;
}

void vote(std::byte *rows, const Instruction &in, uint32_t mask) {
  uint32_t bits = *row<uint32_t>(rows, in.source[0]);
  bits = (in.flags & kInvert ? ~bits : bits) & mask;
  if (VoteMode(in.mode) == VoteMode::Ballot)
    return writeSame(rows, in.destination, bits, mask);
  bool all = bits == mask, any = bits != 0;
  bool result = VoteMode(in.mode) == VoteMode::All   ? all
                : VoteMode(in.mode) == VoteMode::Any ? any
                                                     : all || !any;
  writePredicate(rows, in.destination, result ? kFullMask : 0, mask);
}

void match(std::byte *rows, const Instruction &in, uint32_t mask) {
  uint64_t keys[kLanes];
  for (unsigned i = 0; i < kLanes; ++i)
    keys[i] = in.type == ScalarType::B64 ? row<uint64_t>(rows, in.source[0])[i]
                                         : row<uint32_t>(rows, in.source[0])[i];
  uint32_t values[kLanes] = {};
  for (unsigned i = 0; i < kLanes; ++i)
    for (unsigned k = 0; k < kLanes; ++k)
      values[i] |= uint32_t((mask >> k & 1) && keys[k] == keys[i]) << k;
  if (in.mode) { // all: the mask where all keys are equal, else zero
    bool isEqual = values[__builtin_ctz(mask)] == mask;
    for (uint32_t &value : values)
      value = isEqual ? mask : 0;
    if (in.destination2 != kNoRow)
      writePredicate(rows, in.destination2, isEqual ? kFullMask : 0, mask);
  }
  writeLanes(rows, in.destination, values, mask);
}

void warpReduce(std::byte *rows, const Instruction &in, uint32_t mask) {
  const uint32_t *a = row<uint32_t>(rows, in.source[0]);
  uint32_t result = a[__builtin_ctz(mask)];
  for (uint32_t left = mask & (mask - 1); left; left &= left - 1) {
    uint32_t value = a[__builtin_ctz(left)];
    bool less = in.type == ScalarType::S32 ? int32_t(value) < int32_t(result) : value < result;
    switch (AtomicOperation(in.mode)) {
    case AtomicOperation::Add:
      result += value;
      break;
    case AtomicOperation::Minimum:
      result = less ? value : result;
      break;
    case AtomicOperation::Maximum:
      result = less ? result : value;
      break;
    case AtomicOperation::And:
      result &= value;
      break;
    case AtomicOperation::Or:
      result |= value;
      break;
    default:
      result ^= value;
      break;
    }
  }
  writeSame(rows, in.destination, result, mask);
}

} // namespace

bool Exchange::execute(Warp &warp, uint32_t pc, uint32_t mask) {
  const Instruction &in = code[pc];
  switch (in.operation) {
  case Operation::Shuffle:
    shuffle(warp, pc, mask);
    return true;
  case Operation::Vote:
    undefined.followReduction(warp, in, mask);
    vote(warp.rows, in, mask);
    return true;
  case Operation::Match:
    undefined.followReduction(warp, in, mask);
    match(warp.rows, in, mask);
    return true;
  case Operation::WarpReduce:
    undefined.followReduction(warp, in, mask);
    warpReduce(warp.rows, in, mask);
    return true;
  case Operation::Elect:
    elect(warp.rows, in, mask);
    return true;
  case Operation::ActiveMask:
    writeSame(warp.rows, in.destination, mask, mask);
    return true;
  case Operation::ReadClock:
    readClock(warp, in, mask);
    return true;
  case Operation::WarpBarrier:
    inspection.synchronizeWarp(warp);
    return true;
  default:
    return matrices.execute(warp, pc, mask);
  }
}

/// What a lane that does not take part gives is undefined in PTX, the reading lane's own value here.
void Exchange::shuffle(Warp &warp, uint32_t pc, uint32_t mask) {
  const Instruction &in = code[pc];
  const uint32_t *a = row<uint32_t>(warp.rows, in.source[0]);
  uint8_t sources[kLanes];
  uint32_t values[kLanes], valid = shuffleSources(warp.rows, in, sources), absent = 0;
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    bool takesPart = mask >> sources[lane] & 1;
    absent |= uint32_t(!takesPart) << lane;
    values[lane] = a[takesPart ? sources[lane] : lane];
  }
  undefined.followShuffle(warp, pc, mask, sources, absent & mask);
  writeLanes(warp.rows, in.destination, values, mask);
  if (in.destination2 != kNoRow)
    writePredicate(warp.rows, in.destination2, valid, mask);
}

} // namespace winnow::ptxsim
