// The CTA: its warps, barriers and memories, and the reports of what goes wrong in it.
#include "runtime/device/ptxsim/execute/Cta.h"

#include <algorithm>
#include <cstring>

namespace winnow::ptxsim {

namespace {
constexpr uint64_t kRowAlignment = 64;
uint64_t alignUp(uint64_t value) { return (value + kRowAlignment - 1) / kRowAlignment * kRowAlignment; }

bool isBlocked(const Fragment &fragment) {
  return fragment.state == Fragment::State::AtBarrier || fragment.state == Fragment::State::AtWarpSync;
}
} // namespace

/// Allocates for all CTAs that this executor will run; constants and thread numbers never change.
CtaExecutor::CtaExecutor(const LaunchContext &launch)
    : launch(launch), code(launch.code.instructions.data()), lanes(laneTable().memory) {
  uint32_t threads = launch.threads(), warpCount = (threads + kLanes - 1) / kLanes;
  uint64_t frames = uint64_t(launch.code.frameBytes) * warpCount, sharedBytes = alignUp(launch.sharedBytes());
  localStride = launch.localBytes();
  storage.resize(frames + sharedBytes + localStride * warpCount * kLanes + kRowAlignment);
  auto *base = reinterpret_cast<std::byte *>(alignUp(reinterpret_cast<uint64_t>(storage.data())));
  shared = base + frames;
  local = shared + sharedBytes;
  lastRange.assign(launch.code.instructions.size(), nullptr);
  instructionCounts.resize(launch.code.instructions.size());
  warps.resize(warpCount);
  for (uint32_t i = 0; i < warpCount; ++i) {
    warps[i].index = i;
    warps[i].rows = base + uint64_t(launch.code.frameBytes) * i;
    std::copy(launch.code.constants.begin(), launch.code.constants.end(), warps[i].rows);
    fillSpecials(warps[i], /*ofCta=*/false);
  }
  makeShadows();
  if (launch.deviceAddresses)
    figures = std::make_unique<FigureCollector>(instructionCounts.size(), *launch.deviceAddresses);
}

/// Special registers of a warp (PTX ISA: "Special Registers"): once those that are the same in every CTA,
/// and for each CTA its index.
void CtaExecutor::fillSpecials(Warp &warp, bool ofCta) {
  for (const SpecialRow &special : launch.code.specials) {
    bool isIndex = special.name >= SpecialRegister::CtaX && special.name <= SpecialRegister::CtaZ;
    if (isIndex != ofCta)
      continue;
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      uint64_t value = specialValue(special.name, warp, lane);
      std::memcpy(warp.rows + special.row + lane * special.bytes, &value, special.bytes);
    }
  }
}

uint64_t CtaExecutor::specialValue(SpecialRegister name, const Warp &warp, unsigned lane) const {
  uint32_t thread = warp.index * kLanes + lane, bit = 1u << lane;
  switch (name) {
  case SpecialRegister::ThreadX:
    return thread % launch.block[0];
  case SpecialRegister::ThreadY:
    return thread / launch.block[0] % launch.block[1];
  case SpecialRegister::ThreadZ:
    return thread / launch.block[0] / launch.block[1];
  case SpecialRegister::ThreadCountX:
  case SpecialRegister::ThreadCountY:
  case SpecialRegister::ThreadCountZ:
    return launch.block[unsigned(name) - unsigned(SpecialRegister::ThreadCountX)];
  case SpecialRegister::CtaX:
  case SpecialRegister::CtaY:
  case SpecialRegister::CtaZ:
    return ctaIndex[unsigned(name) - unsigned(SpecialRegister::CtaX)];
  case SpecialRegister::CtaCountX:
  case SpecialRegister::CtaCountY:
  case SpecialRegister::CtaCountZ:
    return launch.grid[unsigned(name) - unsigned(SpecialRegister::CtaCountX)];
  case SpecialRegister::Lane:
    return lane;
  case SpecialRegister::Warp:
    return warp.index;
  case SpecialRegister::WarpCount:
    return warps.size();
  case SpecialRegister::MultiprocessorCount:
    return 1;
  case SpecialRegister::LaneMaskEqual:
    return bit;
  case SpecialRegister::LaneMaskLess:
    return bit - 1;
  case SpecialRegister::LaneMaskLessEqual:
    return bit | (bit - 1);
  case SpecialRegister::LaneMaskGreater:
    return ~(bit | (bit - 1));
  case SpecialRegister::LaneMaskGreaterEqual:
    return ~(bit - 1);
  case SpecialRegister::DynamicSharedBytes:
    return launch.dynamicSharedBytes;
  case SpecialRegister::TotalSharedBytes:
    return launch.sharedBytes();
  default: // the grid's number and the multiprocessor's; clocks are not kept in rows
    return 0;
  }
}

/// Registers and memories begin as zero, so that a kernel that reads what it never wrote does so
/// reproducibly.
void CtaExecutor::begin(uint64_t cta) {
  ctaNumber = cta;
  ctaIndex = indexOf(cta);
  beginShadows();
  aliveThreads = launch.threads();
  barriers.fill(Barrier());
  delayedArrivals.clear();
  std::memset(shared, 0, launch.sharedBytes());
  std::memset(local, 0, localStride * warps.size() * kLanes);
  for (Warp &warp : warps) {
    fillSpecials(warp, /*ofCta=*/true);
    std::memset(warp.rows + launch.code.registersBegin, 0,
                launch.code.frameBytes - launch.code.registersBegin);
    uint32_t first = warp.index * kLanes, count = std::min(kLanes, aliveThreads - first);
    warp.alive = count == kLanes ? kFullMask : (1u << count) - 1;
    warp.executed = 0;
    warp.isSplit = false;
    warp.copies.clear();
    warp.committedGroups.fill(0);
    if (!launch.code.functions.empty())
      warp.stacks.fill(CallStack());
    warp.fragments.clear();
    Fragment root;
    root.state = Fragment::State::Ready;
    root.mask = warp.alive;
    warp.fragments.push_back(root);
  }
}

/// The fragment to run next: the newest, so that the sides of a branch end before what follows them. `turn`
/// gives way to the others after a fragment that spins.
int CtaExecutor::readyFragment(const Warp &warp) const {
  size_t count = warp.fragments.size();
  for (size_t k = 0; k < count; ++k) {
    size_t index = (2 * count - 1 - warp.turn % count - k) % count;
    if (warp.fragments[index].state == Fragment::State::Ready)
      return int(index);
  }
  return -1;
}

/// Runs the fragments of a warp until all wait or it has had its share; false when none could run.
bool CtaExecutor::runWarp(Warp &warp) {
  for (unsigned runs = 0; runs < kRunsPerSlice; ++runs) {
    int index = readyFragment(warp);
    if (index < 0 || !status.ok())
      return runs > 0;
    if (!runFragment(warp, uint32_t(index))) {
      releaseArrivedLanes(warp, uint32_t(index));
      break;
    }
  }
  ++warp.turn;
  return true;
}

format::Status CtaExecutor::run(uint64_t cta) {
  begin(cta);
  while (status.ok()) {
    bool anyAlive = false, anyRan = false;
    for (Warp &warp : warps) {
      if (!warp.alive)
        continue;
      anyAlive = true;
      anyRan |= runWarp(warp);
      if (!status.ok())
        break;
    }
    if (!anyAlive)
      break;
    if (!anyRan && status.ok())
      reportDeadlock();
    if (status.ok() && launch.options.isCancelled && launch.options.isCancelled())
      status = format::failure(format::Code::Cancelled, "kernel '", launch.code.kernel, "' was cancelled");
  }
  if (status.ok())
    status = unwritten;
  handOutPrinted();
  return status;
}

/// PTX ISA, "bar, barrier": a count is a multiple of the warp's size, the same for all that arrive, and
/// reductions may not be mixed with other arrivals.
bool CtaExecutor::checkBarrier(const Warp &warp, uint32_t pc, uint32_t mask, unsigned number,
                               uint32_t expected) {
  const Barrier &barrier = barriers[number];
  if (expected % kLanes)
    return fault(warp, pc, mask,
                 format::concatenate("barrier ", number, " is for ", expected,
                                     " threads, but the count must be a multiple of ", kLanes));
  if (!barrier.arrived)
    return true;
  auto threads = [&](uint32_t count) { return count ? count : launch.threads(); };
  std::string elsewhere = describeInstruction(barrier.firstPc);
  if (threads(expected) != threads(barrier.expected))
    return fault(warp, pc, mask,
                 format::concatenate("barrier ", number, " is for ", threads(expected),
                                     " threads here, but for ", threads(barrier.expected), " at ",
                                     elsewhere));
  bool isReduction = code[pc].operation == Operation::BarrierReduce;
  if (isReduction != (code[barrier.firstPc].operation == Operation::BarrierReduce))
    return fault(warp, pc, mask,
                 format::concatenate("barrier ", number,
                                     isReduction ? " is a reduction here, but not at "
                                                 : " is no reduction here, but it is at ",
                                     elsewhere));
  return true;
}

void CtaExecutor::handOutPrinted() {
  if (printed.empty())
    return;
  std::lock_guard guard(launch.printing);
  launch.options.print(printed);
  printed.clear();
}

/// Lanes reach a barrier (PTX ISA: "bar, barrier"). Without a count it takes all threads that are alive.
void CtaExecutor::arrive(Warp &warp, uint32_t index, uint32_t pc, uint32_t mask) {
  const Instruction &in = code[pc];
  unsigned leader = unsigned(__builtin_ctz(mask));
  auto value = [&](Row row) { return reinterpret_cast<const uint32_t *>(warp.rows + row)[leader]; };
  uint32_t number = value(in.source[0]);
  if (number >= barriers.size()) {
    fault(warp, pc, mask,
          format::concatenate("barrier ", number, " does not exist: there are ", barriers.size()));
    return;
  }
  bool isReduction = in.operation == Operation::BarrierReduce;
  if ((in.flags & kAligned) && launch.options.checkBarriers && mask != warp.alive && !warp.isSplit) {
    fault(warp, pc, warp.alive & ~mask,
          format::concatenate("divergent barrier: only ", countLanes(mask), " of the warp's ",
                              countLanes(warp.alive), " threads reach it together; this one does not"));
    return;
  }
  Barrier &barrier = barriers[number];
  Row countRow = isReduction || in.operation == Operation::Barrier || in.operation == Operation::BarrierArrive
                     ? in.source[1]
                     : kNoRow;
  uint32_t expected = countRow == kNoRow ? 0 : value(countRow);
  if (launch.options.checkBarriers && !checkBarrier(warp, pc, mask, number, expected))
    return;
  if (!barrier.arrived)
    barrier.firstPc = pc;
  barrier.expected = expected;
  barrier.arrived += countLanes(mask);
  if (isReduction) {
    uint32_t predicate = *reinterpret_cast<const uint32_t *>(warp.rows + in.source[2]);
    predicate = (in.flags & kNegateThird ? ~predicate : predicate) & mask;
    barrier.population += countLanes(predicate);
    barrier.all &= predicate == mask;
    barrier.any |= predicate != 0;
  }
  Fragment &fragment = warp.fragments[index];
  fragment.next = in.operation == Operation::BarrierArrive ? pc + 1 : pc;
  if (in.operation != Operation::BarrierArrive) {
    fragment.state = Fragment::State::AtBarrier;
    fragment.barrier = uint8_t(number);
    fragment.syncMask = mask;
  }
  if (barrier.arrived >= (barrier.expected ? barrier.expected : aliveThreads))
    releaseBarrier(number);
}

void CtaExecutor::finishBarrierReduce(Warp &warp, const Fragment &fragment, const Barrier &barrier) {
  const Instruction &in = code[fragment.next];
  if (in.operation != Operation::BarrierReduce)
    return;
  auto *out = reinterpret_cast<uint32_t *>(warp.rows + in.destination);
  if (in.type == ScalarType::Pred) {
    bool value = in.mode == 1 ? barrier.all : barrier.any;
    *out = (*out & ~fragment.syncMask) | (value ? fragment.syncMask : 0);
    return;
  }
  for (uint32_t left = fragment.syncMask; left; left &= left - 1)
    out[__builtin_ctz(left)] = barrier.population;
}

void CtaExecutor::releaseBarrier(unsigned number) {
  synchronizeCta();
  for (Warp &warp : warps)
    for (Fragment &fragment : warp.fragments)
      if (fragment.state == Fragment::State::AtBarrier && fragment.barrier == number) {
        finishBarrierReduce(warp, fragment, barriers[number]);
        fragment.state = Fragment::State::Ready;
        ++fragment.next;
      }
  barriers[number] = Barrier();
}

/// Threads that exit no longer count for barriers.
void CtaExecutor::releaseFullBarriers() {
  for (unsigned i = 0; i < barriers.size(); ++i)
    if (barriers[i].arrived && !barriers[i].expected && barriers[i].arrived >= aliveThreads)
      releaseBarrier(i);
}

Dimensions CtaExecutor::indexOf(uint64_t cta) const {
  return {uint32_t(cta % launch.grid[0]), uint32_t(cta / launch.grid[0] % launch.grid[1]),
          uint32_t(cta / launch.grid[0] / launch.grid[1])};
}

/// "(5,0,0)"
std::string describeIndex(Dimensions index) {
  return format::concatenate("(", index[0], ",", index[1], ",", index[2], ")");
}

std::string CtaExecutor::describeThread(uint32_t thread) const {
  return describeIndex({thread % launch.block[0], thread / launch.block[0] % launch.block[1],
                        thread / launch.block[0] / launch.block[1]});
}

namespace {

/// nvcc writes a call on many lines.
std::string onOneLine(std::string_view text) {
  std::string line;
  for (char c : text) {
    bool isSpace = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!isSpace)
      line += c;
    else if (!line.empty() && line.back() != ' ')
      line += ' ';
  }
  return line;
}

} // namespace

/// "ptx:12:3 (bar.sync 0;)", and " from kernel.cu:7:5" where the PTX says so.
std::string CtaExecutor::describeInstruction(uint32_t pc) const {
  const Location &location = code[pc].location;
  std::string text = format::concatenate(launch.program, ":", location.line, ":", location.column, " (",
                                         onOneLine(launch.code.texts[pc]), ")");
  const SourceLine &source = launch.code.sources[pc];
  auto file = launch.code.files.find(source.file);
  if (source.line && file != launch.code.files.end())
    text += format::concatenate(" from ", file->second, ":", source.line, ":", source.column);
  return text;
}

/// "kernel 'k', ptx:12:3 (bar.sync 0;), CTA (0,0,0), thread (5,0,0)"
std::string CtaExecutor::where(const Warp &warp, uint32_t pc, unsigned lane) const {
  return format::concatenate("kernel '", launch.code.kernel, "', ", describeInstruction(pc), ", CTA ",
                             describeIndex(ctaIndex), ", thread ",
                             describeThread(warp.index * kLanes + lane));
}

bool CtaExecutor::fault(const Warp &warp, uint32_t pc, uint32_t mask, std::string_view message) {
  if (status.ok())
    status = unwritten.ok() ? format::failure(format::Code::DeviceFault, message, ": ",
                                              where(warp, pc, unsigned(__builtin_ctz(mask))))
                            : unwritten; // which may well be why
  return false;
}

/// "deadlock: 32 of the 64 threads that barrier 1 waits for have come; others wait at ptx:12:3 (bar.sync 2;)"
std::string CtaExecutor::describeDeadlock(const Warp &warp, const Fragment &waiting) const {
  std::string message;
  if (waiting.state == Fragment::State::AtBarrier) {
    const Barrier &barrier = barriers[waiting.barrier];
    message = format::concatenate(
        "barrier deadlock: ", barrier.arrived, " of the ", barrier.expected ? barrier.expected : aliveThreads,
        " threads that barrier ", unsigned(waiting.barrier), " waits for have come");
  } else {
    message = format::concatenate("barrier deadlock: ", countLanes(waiting.syncMask), " of the ",
                                  countLanes(waiting.syncMembers & warp.alive),
                                  " threads of the warp that this waits for have come");
  }
  for (const Warp &each : warps)
    for (const Fragment &other : each.fragments)
      if (isBlocked(other) && other.next != waiting.next)
        return message + "; others wait at " + describeInstruction(other.next);
  return message;
}

/// Every thread waits: for a barrier that others never reach, or for lanes of its warp.
void CtaExecutor::reportDeadlock() {
  for (const Warp &warp : warps)
    for (const Fragment &fragment : warp.fragments)
      if (isBlocked(fragment)) {
        fault(warp, fragment.next, fragment.syncMask, describeDeadlock(warp, fragment));
        return;
      }
}

} // namespace winnow::ptxsim
