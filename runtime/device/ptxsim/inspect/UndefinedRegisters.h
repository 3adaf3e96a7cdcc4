// Which bits of a warp's registers come from local memory that nobody has written. Optimizers load such
// values before they know whether they are needed, so a load is no fault; a use is.
#pragma once

#include "runtime/device/ptxsim/code/Code.h"

#include <array>
#include <cstring>
#include <vector>

namespace winnow::ptxsim {

/// A second register file with the layout of the first, of bits that are set where the other's are undefined.
class UndefinedRegisters {
public:
  explicit UndefinedRegisters(const Code &code);
  UndefinedRegisters(UndefinedRegisters &&) = default;
  /// All registers are defined again.
  void clear();
  /// Whether there has been an undefined bit since then.
  bool any() const { return hasAny; }

  /// The register file of the bits, for the lane functions of loads and stores.
  std::byte *bits() { return file; }
  const std::byte *bits() const { return file; }
  /// The lanes whose value has an undefined bit.
  uint32_t lanes(Row row) const { return row == kNoRow ? 0 : lanesOf[row / kRowUnit]; }
  /// Of these, the lanes whose lowest byte has one.
  uint32_t lanesOfLowestByte(Row row) const;
  /// The load that an undefined value of the row comes from.
  uint32_t origin(Row row) const { return origins[row / kRowUnit]; }

  void define(Row row, uint32_t mask);
  /// Of the lanes of `mask` those of `undefinedLanes` become undefined, the others defined.
  void assign(Row row, uint32_t mask, uint32_t undefinedLanes, uint32_t origin) {
    define(row, mask & ~undefinedLanes);
    undefine(row, mask & undefinedLanes, origin);
  }
  void undefine(Row row, uint32_t mask, uint32_t origin);
  /// After bits() have got what the load `origin` found for the lanes of `mask`.
  void update(Row row, uint32_t mask, uint32_t origin);
  /// What a lane operation does to definedness, before it is executed on `rows`. Lanes of `doubtful` may or
  /// may not execute it.
  void execute(const std::byte *rows, const Instruction &in, uint32_t mask, uint32_t doubtful);

private:
  static constexpr unsigned kRowUnit = sizeof(uint32_t); // the smallest row, a predicate
  static constexpr unsigned kMostSources = 4, kMostRowBytes = 8 * kLanes;
  struct Operands {
    Row sources[kMostSources + 1], destinations[kMostSources]; // kNoRow where there is none
  };
  static Operands operandsOf(const Instruction &in);

  /// A row, or none, with the width of its lanes, 0 of a predicate, which takes a search.
  struct SizedRow {
    Row row = kNoRow;
    unsigned laneBytes = 0;

    bool exists() const { return row != kNoRow; }
  };
  SizedRow sized(Row row) const { return row == kNoRow ? SizedRow() : SizedRow{row, code.laneBytes(row)}; }
  template <size_t count> std::array<SizedRow, count> sized(const Row (&rows)[count]) const;
  static uint64_t value(const std::byte *rows, SizedRow row, unsigned lane);
  void set(SizedRow row, unsigned lane, uint64_t undefinedBits);
  /// Each gives the lanes of which an operand that chooses bits or places is undefined.
  uint32_t moveBits(const std::byte *rows, const Instruction &in, uint32_t mask, unsigned firstChooser);
  void combineBits(const std::byte *rows, const Instruction &in, uint8_t table, uint32_t mask);
  void compare(const std::byte *rows, const Instruction &in, uint32_t mask);
  void spread(const Instruction &in, const Operands &operands, uint32_t mask);

  const Code &code;
  std::vector<std::byte> storage;
  std::byte *file = nullptr;
  std::vector<uint32_t> lanesOf, origins; // by row / kRowUnit
  bool hasAny = false;
};

} // namespace winnow::ptxsim
