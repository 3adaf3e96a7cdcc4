// How much work a launch gives to the units of a multiprocessor: what estimates of time are made of.
#pragma once

#include "runtime/device/ptxsim/figures/AccessCost.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace winnow::ptxsim {

/// The units that execute an instruction's lanes, by the rows of the CUDA C++ Programming Guide's table
/// "Throughput of Native Arithmetic Instructions". Integer is additions, logic, shifts, comparisons, minima
/// and selections; Special is the approximate functions (rcp, rsqrt, sqrt, ex2, lg2, sin, cos, tanh) and
/// instructions of their rate.
enum class Unit : uint8_t { Float32, Float64, Float16, Integer, IntegerMultiply, Special };
constexpr unsigned kUnits = 6;
/// "float32"
const char *name(Unit unit);

/// What tensor cores multiply.
enum class TensorType : uint8_t { F16, BF16, TF32, F64, Int8, Int4, Bit, Float8 };
constexpr unsigned kTensorTypes = 8;
/// "f16"
const char *name(TensorType type);

struct Work {
  /// Lanes of instructions, by Unit. PTX is not what a GPU executes: each counts as one machine instruction
  /// on 32 bits, or as two when it is of 64-bit integers; a division is but one.
  std::array<uint64_t, kUnits> lanes{};
  /// By TensorType. Those of sparse products include the zeros that are left out.
  std::array<uint64_t, kTensorTypes> multiplyAdds{}, sparseMultiplyAdds{};

  void add(const Work &other);
  /// Every count with its name in profiles and files, always in the same order.
  std::vector<std::pair<std::string, uint64_t>> named() const;
};

struct Code;
struct Instruction;

/// Adds what executing `instruction` for so many warps and lanes is.
void addWork(Work &work, const Code &code, const Instruction &instruction, uint64_t warps, uint64_t lanes);

} // namespace winnow::ptxsim
