// The check of values that are undefined in PTX: what is loaded from local memory that nobody has written,
// and what a shuffle reads from a lane that takes no part. Correct kernels have them, too, and drop them.
#pragma once

#include "runtime/device/ptxsim/execute/Access.h"
#include "runtime/device/ptxsim/execute/ExecutionUnit.h"
#include "runtime/device/ptxsim/inspect/UndefinedRegisters.h"

#include <span>

namespace winnow::ptxsim {

/// On from the beginning where local memory is to be watched, else with the first shuffle that reads what is
/// not there; does nothing before. What returns a bool is false after a fault. Addresses are the host's.
class UndefinedValues : private ExecutionUnit {
public:
  UndefinedValues(Cta &cta, Faults &faults);

  bool isOn() const { return !registersOf.empty(); }
  void begin();

  /// Before an instruction is executed by the lanes of `mask`, of the `active` ones those whose guard holds.
  bool follow(const Warp &warp, uint32_t pc, uint32_t active, uint32_t mask);
  /// Before a load, a store or an atomic operation.
  bool followAccess(const Warp &warp, uint32_t pc, uint32_t mask, const Access &access,
                    const uint64_t *addresses);
  /// Before a shuffle from the lanes `sources`, of which those of the `absent` lanes take no part.
  void followShuffle(const Warp &warp, uint32_t pc, uint32_t mask, const uint8_t *sources, uint32_t absent);
  /// Before what is made of the values of several lanes.
  void followReduction(const Warp &warp, const Instruction &in, uint32_t mask);

  /// The frame of a function that a lane enters is new.
  void beginFrame(const Warp &warp, unsigned lane, const std::byte *frame, const FunctionCode &callee);
  void copyLocal(const std::byte *from, const std::byte *to, uint64_t bytes);
  void defineLocal(const std::byte *to, uint64_t bytes);
  void defineRegister(const Warp &warp, Row row, unsigned lane);
  bool checkPrinted(const Warp &warp, uint32_t pc, unsigned lane, const std::byte *address, unsigned bytes);

private:
  void turnOn();
  bool followOperands(const Warp &warp, uint32_t pc, uint32_t mask);
  bool useOperand(const Warp &warp, uint32_t pc, uint32_t mask, Row operand, std::string_view what);
  bool undefinedFault(const Warp &warp, uint32_t pc, uint32_t mask, Row row, std::string_view what);
  uint32_t lanesOfLocal(uint32_t mask, const Access &access, const uint64_t *addresses) const;
  std::span<const Row> vectorResults(const Instruction &in) const;
  std::byte *bitsOf(const std::byte *address);

  std::vector<UndefinedRegisters> registersOf; // warps
  std::vector<std::byte> local;                // a bit for each bit of the local memory of all threads
};

} // namespace winnow::ptxsim
