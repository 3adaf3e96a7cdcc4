// The functions that execute lane operations, in one set for each level of the host's instruction set.
#pragma once

#include "runtime/device/ptxsim/code/Instruction.h"
#include "runtime/device/ptxsim/code/Matrix.h"

#include <array>

namespace winnow::ptxsim {

/// The loops of loads and stores. Addresses are the host's, one for each lane; a lane that is not in the mask
/// has the address of one that is.
struct MemoryLanes {
  /// The address register plus the offset.
  void (*addresses)(const std::byte *rows, const Instruction &instruction, uint32_t mask,
                    uint64_t *addresses) = nullptr;
  /// Whether all addresses lie in [first, last] and have no bit of `misaligned`.
  bool (*contained)(const uint64_t *addresses, uint64_t first, uint64_t last, uint64_t misaligned) = nullptr;
  /// `elements` are the registers' rows, one for each element of the vector.
  void (*load)(std::byte *rows, const Instruction &instruction, uint32_t mask, const uint64_t *addresses,
               const Row *elements) = nullptr;
  void (*store)(const std::byte *rows, const Instruction &instruction, uint32_t mask,
                const uint64_t *addresses, const Row *elements) = nullptr;
};

/// The loops of mma: `rows` is the warp's register file, `registers` are Code::rows.
using MatrixFunction = void (*)(std::byte *rows, const MatrixProduct &product, const Row *registers);

/// By operation and type; null where PTX has no such instruction.
struct LaneTable {
  MemoryLanes memory;
  MatrixFunction multiplyMatrices = nullptr;
  std::array<std::array<LaneFunction, kScalarTypeCount>, kLaneOperationCount> functions{};

  void set(Operation operation, ScalarType type, LaneFunction function) {
    functions[unsigned(operation)][unsigned(type)] = function;
  }
  LaneFunction get(Operation operation, ScalarType type) const {
    return functions[unsigned(operation)][unsigned(type)];
  }
};

/// The table for the machine that this runs on.
const LaneTable &laneTable();

} // namespace winnow::ptxsim
