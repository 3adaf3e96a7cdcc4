// How undefined bits spread through lane operations. Where a bit of the result depends on no undefined bit
// whatever the others are, it is defined; of arithmetic that is found for the low bits only.
#include "runtime/device/ptxsim/inspect/UndefinedRegisters.h"

#include <algorithm>

namespace winnow::ptxsim {
namespace {

constexpr uint64_t kFileAlignment = 64;
// lop3's tables of a, of and, or, and xor (PTX ISA: "lop3").
constexpr uint8_t kFirst = 0xf0, kAnd = 0xc0, kOr = 0xfc, kXor = 0x3c;

/// The bits of a function of three bits that depend on undefined ones: both results are possible.
uint32_t undefinedBits(uint8_t table, const uint32_t (&values)[3], const uint32_t (&undefined)[3]) {
  uint32_t possible[2] = {0, 0};
  for (unsigned row = 0; row < 8; ++row) {
    uint32_t matches = ~0u;
    for (unsigned k = 0; k < 3; ++k)
      matches &= undefined[k] | (row >> (2 - k) & 1 ? values[k] : ~values[k]);
    possible[table >> row & 1] |= matches;
  }
  return possible[0] & possible[1];
}

/// The number of operands that are moved bit by bit where the others, which follow them, say: all of them
/// when none does. 0 for what is no such operation.
unsigned movedOperands(Operation operation) {
  switch (operation) {
  case Operation::Move:
  case Operation::Pack:
  case Operation::Unpack:
  case Operation::Extend:
  case Operation::ReverseBits:
    return 4;
  case Operation::ShiftLeft:
  case Operation::ShiftRight:
  case Operation::FieldExtract:
    return 1;
  case Operation::Select:
  case Operation::SelectBySign:
  case Operation::FunnelLeft:
  case Operation::FunnelRight:
  case Operation::FieldInsert:
  case Operation::Permute:
    return 2;
  default:
    return 0;
  }
}

/// The table of a logic operation, or 0.
uint8_t tableOf(const Instruction &in) {
  switch (in.operation) {
  case Operation::And:
    return kAnd;
  case Operation::Or:
    return kOr;
  case Operation::Xor:
    return kXor;
  case Operation::Not:
    return kFirst;
  case Operation::LogicTable:
    return in.mode;
  default:
    return 0;
  }
}

bool isComparison(Operation operation) {
  return operation >= Operation::CompareEqual && operation <= Operation::CompareNumbers;
}

/// Operations whose low bits depend on the operands' low bits only.
bool carriesUpwards(const Instruction &in) {
  if (isFloat(in.type) || (in.flags & (kCarryIn | kSaturate)))
    return false;
  switch (in.operation) {
  case Operation::Add:
  case Operation::Subtract:
  case Operation::Negate:
  case Operation::Multiply:
  case Operation::MultiplyWide:
  case Operation::MultiplyAdd:
  case Operation::MultiplyAddWide:
    return true;
  default:
    return false;
  }
}

} // namespace

UndefinedRegisters::UndefinedRegisters(const Code &code)
    : code(code), storage(code.frameBytes + kMostSources * kMostRowBytes + kFileAlignment),
      lanesOf(code.frameBytes / kRowUnit), origins(code.frameBytes / kRowUnit) {
  auto address = reinterpret_cast<uint64_t>(storage.data());
  file = storage.data() + (kFileAlignment - address % kFileAlignment) % kFileAlignment;
}

void UndefinedRegisters::clear() {
  if (!hasAny)
    return;
  std::fill(storage.begin(), storage.end(), std::byte(0));
  std::fill(lanesOf.begin(), lanesOf.end(), 0u);
  hasAny = false;
}

template <size_t count>
std::array<UndefinedRegisters::SizedRow, count> UndefinedRegisters::sized(const Row (&rows)[count]) const {
  std::array<SizedRow, count> result;
  std::transform(std::begin(rows), std::end(rows), result.begin(), [&](Row row) { return sized(row); });
  return result;
}

uint64_t UndefinedRegisters::value(const std::byte *rows, SizedRow row, unsigned lane) {
  uint64_t value = 0;
  if (row.laneBytes == 0) {
    std::memcpy(&value, rows + row.row, sizeof(uint32_t));
    return value >> lane & 1;
  }
  std::memcpy(&value, rows + row.row + lane * row.laneBytes, row.laneBytes);
  return value;
}

void UndefinedRegisters::set(SizedRow row, unsigned lane, uint64_t undefinedBits) {
  if (row.laneBytes) {
    std::memcpy(file + row.row + lane * row.laneBytes, &undefinedBits, row.laneBytes);
    return;
  }
  uint32_t lanes;
  std::memcpy(&lanes, file + row.row, sizeof(lanes));
  lanes = (lanes & ~(1u << lane)) | uint32_t(undefinedBits & 1) << lane;
  std::memcpy(file + row.row, &lanes, sizeof(lanes));
}

uint32_t UndefinedRegisters::lanesOfLowestByte(Row row) const {
  const SizedRow bits = sized(row);
  uint32_t found = 0;
  for (uint32_t left = lanes(row); left; left &= left - 1) {
    unsigned lane = unsigned(__builtin_ctz(left));
    found |= uint32_t((value(file, bits, lane) & 0xff) != 0) << lane;
  }
  return found;
}

void UndefinedRegisters::define(Row row, uint32_t mask) {
  if (row == kNoRow)
    return;
  uint32_t &all = lanesOf[row / kRowUnit];
  if ((all & mask) == 0)
    return;
  const SizedRow bits = sized(row);
  for (uint32_t left = all & mask; left; left &= left - 1)
    set(bits, unsigned(__builtin_ctz(left)), 0);
  all &= ~mask;
}

void UndefinedRegisters::undefine(Row row, uint32_t mask, uint32_t origin) {
  if (row == kNoRow || mask == 0)
    return;
  const SizedRow bits = sized(row);
  for (uint32_t left = mask; left; left &= left - 1)
    set(bits, unsigned(__builtin_ctz(left)), ~uint64_t(0));
  update(row, mask, origin);
}

void UndefinedRegisters::update(Row row, uint32_t mask, uint32_t origin) {
  if (row == kNoRow)
    return;
  const SizedRow bits = sized(row);
  uint32_t found = 0;
  for (uint32_t left = mask; left; left &= left - 1) {
    unsigned lane = unsigned(__builtin_ctz(left));
    found |= uint32_t(value(file, bits, lane) != 0) << lane;
  }
  uint32_t &all = lanesOf[row / kRowUnit];
  all = (all & ~mask) | found;
  if (found) {
    origins[row / kRowUnit] = origin;
    hasAny = true;
  }
}

/// The guard is the last source. Unpack has its results where others have operands, and a carry is both.
UndefinedRegisters::Operands UndefinedRegisters::operandsOf(const Instruction &in) {
  if (in.operation == Operation::Unpack)
    return {{in.source[0], kNoRow, kNoRow, kNoRow, in.guard},
            {in.destination, in.destination2, in.source[2], in.source[3]}};
  Row carryIn = in.source[3], carryOut = kNoRow;
  if (in.flags & kCarryOut)
    carryOut = in.source[3];
  bool isCarry = in.operation >= Operation::AddCarry && in.operation <= Operation::MultiplyAddHighCarry;
  if (isCarry && !(in.flags & kCarryIn))
    carryIn = kNoRow;
  return {{in.source[0], in.source[1], in.source[2], carryIn, in.guard},
          {in.destination, in.destination2, carryOut, kNoRow}};
}

void UndefinedRegisters::execute(const std::byte *rows, const Instruction &in, uint32_t mask,
                                 uint32_t doubtful) {
  const Operands operands = operandsOf(in);
  uint32_t affected = doubtful, origin = 0;
  for (Row source : operands.sources)
    if (uint32_t found = lanes(source) & mask) {
      affected |= found;
      origin = this->origin(source);
    }
  if (!affected) {
    for (Row destination : operands.destinations)
      define(destination, mask);
    return;
  }
  if (unsigned moved = movedOperands(in.operation))
    doubtful |= moveBits(rows, in, mask, moved);
  else if (uint8_t table = tableOf(in))
    combineBits(rows, in, table, mask);
  else if (isComparison(in.operation))
    compare(rows, in, mask);
  else
    spread(in, operands, mask);
  for (Row destination : operands.destinations) {
    update(destination, mask, origin);
    undefine(destination, doubtful & mask, origin);
  }
}

/// Moves the undefined bits as the operation moves bits: it is executed on them, with the true values of the
/// operands that choose.
uint32_t UndefinedRegisters::moveBits(const std::byte *rows, const Instruction &in, uint32_t mask,
                                      unsigned firstChooser) {
  Instruction onBits = in;
  uint32_t doubtful = 0;
  for (unsigned k = firstChooser; k < kMostSources; ++k) {
    if (in.source[k] == kNoRow)
      continue;
    doubtful |= lanes(in.source[k]);
    unsigned bytes = code.laneBytes(in.source[k]);
    onBits.source[k] = code.frameBytes + k * kMostRowBytes;
    std::memcpy(file + onBits.source[k], rows + in.source[k], bytes ? bytes * kLanes : sizeof(uint32_t));
  }
  in.lanes(file, onBits, mask);
  return doubtful & mask;
}

void UndefinedRegisters::combineBits(const std::byte *rows, const Instruction &in, uint8_t table,
                                     uint32_t mask) {
  const auto sources = sized(in.source);
  const SizedRow destination = sized(in.destination);
  for (uint32_t left = mask; left; left &= left - 1) {
    unsigned lane = unsigned(__builtin_ctz(left));
    uint64_t result = 0;
    for (unsigned half = 0; half < 2; ++half) {
      uint32_t values[3] = {0, 0, 0}, undefined[3] = {0, 0, 0};
      for (unsigned k = 0; k < 3; ++k)
        if (sources[k].exists()) {
          values[k] = uint32_t(value(rows, sources[k], lane) >> 32 * half);
          undefined[k] = uint32_t(value(file, sources[k], lane) >> 32 * half);
        }
      result |= uint64_t(undefinedBits(table, values, undefined)) << 32 * half;
    }
    set(destination, lane, result);
  }
}

/// Of integers that differ in a defined bit it is defined whether they are equal. The predicate that the
/// result is combined with may decide alone.
void UndefinedRegisters::compare(const std::byte *rows, const Instruction &in, uint32_t mask) {
  bool isEquality = !isFloat(in.type) &&
                    (in.operation == Operation::CompareEqual || in.operation == Operation::CompareNotEqual);
  uint32_t undefined = 0, results = 0;
  Instruction alone = in; // on copies of the operands
  alone.combine = BooleanOperation::None;
  alone.destination = code.frameBytes + 2 * kMostRowBytes;
  alone.destination2 = kNoRow;
  for (unsigned k = 0; k < 2; ++k) {
    alone.source[k] = code.frameBytes + k * kMostRowBytes;
    std::memcpy(file + alone.source[k], rows + in.source[k], code.laneBytes(in.source[k]) * kLanes);
  }
  in.lanes(file, alone, kFullMask);
  std::memcpy(&results, file + alone.destination, sizeof(results));
  const SizedRow a = sized(in.source[0]), b = sized(in.source[1]);
  for (uint32_t left = (lanes(in.source[0]) | lanes(in.source[1])) & mask; left; left &= left - 1) {
    unsigned lane = unsigned(__builtin_ctz(left));
    uint64_t open = value(file, a, lane) | value(file, b, lane);
    uint64_t differing = value(rows, a, lane) ^ value(rows, b, lane);
    undefined |= uint32_t(!isEquality || (differing & ~open) == 0) << lane;
  }
  uint32_t third = 0, thirdUndefined = 0;
  if (in.combine != BooleanOperation::None) {
    std::memcpy(&third, rows + in.source[2], sizeof(third));
    third = in.flags & kNegateThird ? ~third : third;
    thirdUndefined = lanes(in.source[2]);
  }
  const uint8_t table = in.combine == BooleanOperation::None  ? kFirst
                        : in.combine == BooleanOperation::And ? kAnd
                        : in.combine == BooleanOperation::Or  ? kOr
                                                              : kXor;
  auto write = [&](Row row, uint32_t result) {
    if (row == kNoRow)
      return;
    uint32_t bits = undefinedBits(table, {result, third, 0}, {undefined, thirdUndefined, 0}), before;
    std::memcpy(&before, file + row, sizeof(before));
    bits = (before & ~mask) | (bits & mask);
    std::memcpy(file + row, &bits, sizeof(bits));
  };
  write(in.destination, results);
  write(in.destination2, ~results);
}

/// An undefined bit makes the result undefined: of sums and low products from this bit on, of pairs of floats
/// its half.
void UndefinedRegisters::spread(const Instruction &in, const Operands &operands, uint32_t mask) {
  bool isPair = in.type == ScalarType::F16x2 || in.type == ScalarType::BF16x2;
  const auto sources = sized(operands.sources);
  const auto destinations = sized(operands.destinations);
  for (uint32_t left = mask; left; left &= left - 1) {
    unsigned lane = unsigned(__builtin_ctz(left));
    uint64_t open = 0;
    for (unsigned k = 0; k < kMostSources; ++k)
      if (sources[k].exists())
        open |= value(file, sources[k], lane);
    uint64_t result = open ? ~uint64_t(0) : 0;
    if (in.operation == Operation::ConvertPair) // the first becomes the upper half
      result = (value(file, sources[0], lane) ? ~uint64_t(0xffff) : 0) |
               (sources[1].exists() && value(file, sources[1], lane) ? 0xffff : 0);
    else if (open && carriesUpwards(in))
      result <<= __builtin_ctzll(open);
    else if (isPair)
      result = (open & 0xffff ? 0xffff : 0) | (open >> 16 ? ~uint64_t(0xffff) : 0);
    for (const SizedRow &destination : destinations)
      if (destination.exists())
        set(destination, lane, result);
  }
}

} // namespace winnow::ptxsim
