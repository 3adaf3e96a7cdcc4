// Values that are undefined in PTX: what is loaded from local memory that nobody has written, and what a
// shuffle reads from a lane that takes no part. They are followed through registers, and reported where they
// decide something or leave the thread: correct kernels have them, too, and drop them.
#include "runtime/device/ptxsim/inspect/UndefinedValues.h"

#include <algorithm>

namespace winnow::ptxsim {

UndefinedValues::UndefinedValues(Cta &cta, Faults &faults) : ExecutionUnit(cta, faults) {
  if (launch.options.checkUninitialized && cta.localStride)
    turnOn();
}

void UndefinedValues::turnOn() {
  local.resize(cta.allLocalBytes());
  registersOf.reserve(cta.warps.size());
  for (size_t i = 0; i < cta.warps.size(); ++i)
    registersOf.emplace_back(launch.code);
}

void UndefinedValues::begin() {
  const std::byte bits = launch.options.checkUninitialized ? std::byte(0xff) : std::byte(0);
  std::fill(local.begin(), local.end(), bits);
  for (UndefinedRegisters &registers : registersOf)
    registers.clear();
}

/// The lanes of `mask` that access local memory.
uint32_t UndefinedValues::lanesOfLocal(uint32_t mask, const Access &access, const uint64_t *addresses) const {
  if (access.space != StateSpace::Generic)
    return access.space == StateSpace::Local ? mask : 0;
  uint32_t found = 0;
  for (unsigned lane = 0; lane < kLanes; ++lane)
    found |= uint32_t(cta.localOffset(addresses[lane]) < cta.allLocalBytes()) << lane;
  return found & mask;
}

bool UndefinedValues::undefinedFault(const Warp &warp, uint32_t pc, uint32_t mask, Row row,
                                     std::string_view what) {
  uint32_t origin = registersOf[warp.index].origin(row);
  bool isShuffle = code[origin].operation == Operation::Shuffle;
  return fault(warp, pc, mask,
               format::concatenate(isShuffle ? "warp barrier: " : "uninitialized: ", what,
                                   " depends on what ", faults.describeInstruction(origin),
                                   isShuffle ? " read from a thread that does not take part in it"
                                             : " loaded from local memory that nobody has written"));
}

/// Before an instruction is executed by the lanes of `mask`, of the `active` ones those whose guard holds.
bool UndefinedValues::follow(const Warp &warp, uint32_t pc, uint32_t active, uint32_t mask) {
  UndefinedRegisters &registers = registersOf[warp.index];
  if (!registers.any())
    return true;
  const Instruction &in = code[pc];
  uint32_t doubtful = registers.lanes(in.guard) & active;
  if (in.operation <= Operation::LastLaneOperation) {
    if (mask | doubtful)
      registers.execute(warp.rows, in, mask | doubtful, doubtful);
    return true;
  }
  if (doubtful)
    return undefinedFault(warp, pc, doubtful, in.guard, "whether this is executed");
  return followOperands(warp, pc, mask);
}

/// What is not a lane operation uses its operands, but for the values that loads, stores and exchanges pass
/// on, and its results are defined, but for theirs.
bool UndefinedValues::followOperands(const Warp &warp, uint32_t pc, uint32_t mask) {
  UndefinedRegisters &registers = registersOf[warp.index];
  const Instruction &in = code[pc];
  switch (in.operation) {
  case Operation::Prefetch:
    return true;
  case Operation::Load:
  case Operation::Store:
    return useOperand(warp, pc, mask, in.source[0], "the address");
  case Operation::Shuffle:
  case Operation::Vote:
  case Operation::Match:
  case Operation::WarpReduce:
    return useOperand(warp, pc, mask, in.source[3], "the member mask");
  case Operation::TransposeMatrix:
    break;
  default:
    for (Row operand : in.source)
      if (!useOperand(warp, pc, mask, operand, "an operand of this"))
        return false;
  }
  for (Row result : {in.destination, in.destination2})
    registers.define(result, mask);
  for (Row result : vectorResults(in))
    registers.define(result, mask);
  return true;
}

bool UndefinedValues::useOperand(const Warp &warp, uint32_t pc, uint32_t mask, Row operand,
                                 std::string_view what) {
  uint32_t found = registersOf[warp.index].lanes(operand) & mask;
  return !found || undefinedFault(warp, pc, found, operand, what);
}

/// The results that are not in Instruction::destination.
std::span<const Row> UndefinedValues::vectorResults(const Instruction &in) const {
  const std::vector<Row> &rows = launch.code.rows;
  if (in.operation == Operation::LoadParameter || in.operation == Operation::LoadMatrix)
    return std::span(rows).subspan(in.target, in.count);
  if (in.operation != Operation::LoadFragment && in.operation != Operation::MultiplyMatrices)
    return {};
  const MatrixFragment &fragment = in.operation == Operation::LoadFragment
                                       ? launch.code.fragments[in.target]
                                       : launch.code.products[in.target].d;
  return std::span(rows).subspan(fragment.firstRegister, fragment.registerCount);
}

/// A load takes definedness along with the value, and so does a store to local memory; others must store
/// what is defined. A whole element of which only the lowest byte is defined may end with padding.
bool UndefinedValues::followAccess(const Warp &warp, uint32_t pc, uint32_t mask, const Access &access,
                                   const uint64_t *addresses) {
  UndefinedRegisters &registers = registersOf[warp.index];
  const Instruction &in = code[pc];
  const Row *elements = launch.code.rows.data() + in.target;
  uint32_t inLocal = lanesOfLocal(mask, access, addresses);
  if (access.kind == AccessKind::Store && registers.any())
    for (unsigned i = 0; i < in.count; ++i)
      if (uint32_t found = registers.lanesOfLowestByte(elements[i]) & mask & ~inLocal)
        return undefinedFault(warp, pc, found, elements[i], "the stored value");
  alignas(64) uint64_t bits[kLanes];
  for (unsigned lane = 0; inLocal && lane < kLanes; ++lane) {
    unsigned from = inLocal >> lane & 1 ? lane : unsigned(__builtin_ctz(inLocal));
    bits[lane] = reinterpret_cast<uint64_t>(local.data() + cta.localOffset(addresses[from]));
  }
  if (access.kind == AccessKind::Atomic) {
    for (uint32_t left = inLocal; left; left &= left - 1)
      std::memset(reinterpret_cast<void *>(bits[__builtin_ctz(left)]), 0, access.bytes);
    return true;
  }
  if (access.kind == AccessKind::Store) {
    if (inLocal)
      lanes.store(registers.bits(), in, inLocal, bits, elements);
    return true;
  }
  if (inLocal)
    lanes.load(registers.bits(), in, inLocal, bits, elements);
  for (unsigned i = 0; i < in.count; ++i) {
    registers.define(elements[i], mask & ~inLocal);
    registers.update(elements[i], inLocal, pc);
  }
  return true;
}

/// Before a shuffle: a lane that gets another's value gets its definedness. `absent` lanes read one that does
/// not take part (PTX ISA, "shfl.sync": the result is undefined).
void UndefinedValues::followShuffle(const Warp &warp, uint32_t pc, uint32_t mask, const uint8_t *sources,
                                    uint32_t absent) {
  if (!launch.options.checkBarriers)
    absent = 0;
  if (absent && !isOn())
    turnOn();
  if (!isOn() || (!absent && !registersOf[warp.index].any()))
    return;
  UndefinedRegisters &registers = registersOf[warp.index];
  const Instruction &in = code[pc];
  uint32_t open = registers.lanes(in.source[0]), passed = 0, choosing = 0;
  uint32_t origin = open ? registers.origin(in.source[0]) : 0;
  for (unsigned lane = 0; lane < kLanes; ++lane)
    passed |= (open >> sources[lane] & 1) << lane;
  for (Row choice : {in.source[1], in.source[2]})
    if (uint32_t found = registers.lanes(choice) & mask) {
      choosing |= found;
      origin = registers.origin(choice);
    }
  registers.assign(in.destination, mask, passed | choosing, origin);
  registers.assign(in.destination2, mask, choosing, origin);
  registers.undefine(in.destination, absent, pc);
}

/// Before what is made of the values of several lanes: undefined for all when one of these is.
void UndefinedValues::followReduction(const Warp &warp, const Instruction &in, uint32_t mask) {
  if (!isOn() || !registersOf[warp.index].any())
    return;
  UndefinedRegisters &registers = registersOf[warp.index];
  bool isUndefined = registers.lanes(in.source[0]) & mask;
  uint32_t origin = isUndefined ? registers.origin(in.source[0]) : 0;
  for (Row destination : {in.destination, in.destination2})
    registers.assign(destination, mask, isUndefined ? mask : 0, origin);
}

void UndefinedValues::beginFrame(const Warp &warp, unsigned lane, const std::byte *frame,
                                 const FunctionCode &callee) {
  if (!isOn())
    return;
  const std::byte bits = launch.options.checkUninitialized ? std::byte(0xff) : std::byte(0);
  std::fill_n(bitsOf(frame), callee.frameBytes, bits);
  registersOf[warp.index].define(callee.frame, 1u << lane);
}

void UndefinedValues::copyLocal(const std::byte *from, const std::byte *to, uint64_t bytes) {
  if (isOn())
    std::copy_n(bitsOf(from), bytes, bitsOf(to));
}

void UndefinedValues::defineLocal(const std::byte *to, uint64_t bytes) {
  if (isOn())
    std::fill_n(bitsOf(to), bytes, std::byte(0));
}

void UndefinedValues::defineRegister(const Warp &warp, Row row, unsigned lane) {
  if (isOn())
    registersOf[warp.index].define(row, 1u << lane);
}

bool UndefinedValues::checkPrinted(const Warp &warp, uint32_t pc, unsigned lane, const std::byte *address,
                                   unsigned bytes) {
  if (!isOn() || cta.localOffset(reinterpret_cast<uint64_t>(address)) >= cta.allLocalBytes())
    return true;
  const std::byte *bits = bitsOf(address);
  if (std::all_of(bits, bits + bytes, [](std::byte each) { return each == std::byte(0); }))
    return true;
  return fault(warp, pc, 1u << lane,
               "uninitialized: an argument that is printed lies in local memory that nobody has written");
}

std::byte *UndefinedValues::bitsOf(const std::byte *address) {
  return local.data() + cta.localOffset(reinterpret_cast<uint64_t>(address));
}

} // namespace winnow::ptxsim
