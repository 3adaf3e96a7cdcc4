// Executes PTX on the host: parse a text once, then launch its kernels on named ranges of host memory.
#pragma once

#include "format/Status.h"
#include "runtime/device/ptxsim/MemoryMap.h"
#include "runtime/device/ptxsim/Types.h"
#include "runtime/device/ptxsim/figures/Figures.h"
#include "runtime/device/ptxsim/figures/Work.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace winnow::ptxsim {

struct Parameter {
  std::string name;
  ScalarType type = ScalarType::None;
  uint64_t offset = 0, size = 0, alignment = 1; // in the packed parameter bytes
};

struct Code; // Code.h

struct Kernel {
  std::string name;
  std::vector<Parameter> parameters;
  uint64_t parameterBytes = 0;
  uint64_t sharedBytes = 0;         // static; the dynamic part follows it
  uint64_t localBytes = 0;          // of one thread
  std::shared_ptr<const Code> code; // null when the kernel was not decoded
};

struct ProgramStorage; // Program.cpp

/// A parsed PTX text with its global variables. Launches may run at the same time; like on a GPU they share
/// the global variables.
class Program {
public:
  /// Parses and decodes; the failure's message is "NAME:LINE:COLUMN: what was expected and what was found".
  /// With `entry`, of the kernels only that one is decoded: what others need may be missing.
  static format::Result<Program> parse(std::string_view text, std::string_view name = "ptx",
                                       std::string_view entry = "");

  const std::vector<Kernel> &kernels() const;
  /// Null when there is none of that name.
  const Kernel *find(std::string_view kernel) const;

private:
  friend struct LaunchAccess;
  std::shared_ptr<ProgramStorage> storage;
};

using Dimensions = std::array<uint32_t, 3>;

/// Counts of one launch. "Lane" counts are per thread: one warp instruction with 20 active lanes is 20.
struct Statistics {
  uint64_t warpInstructions = 0, laneInstructions = 0;
  // Lane counts. A packed operation on two f16 counts twice, dp4a is four integer multiply-adds, dp2a two.
  uint64_t floatMultiplyAdds = 0, floatMultiplies = 0, floatAdds = 0, otherFloat = 0;
  uint64_t tensorMultiplyAdds = 0; // of mma; of a sparse product those with zeros, too
  uint64_t integerMultiplyAdds = 0, integerMultiplies = 0, otherInteger = 0;
  uint64_t comparisons = 0, conversions = 0, moves = 0, control = 0;
  uint64_t atomics = 0, shuffles = 0;
  // Warp counts.
  uint64_t branches = 0, divergentBranches = 0, barriers = 0;
  // By StateSpace: lane counts of loads and stores, and their bytes.
  struct Traffic {
    uint64_t loads = 0, loadBytes = 0, stores = 0, storeBytes = 0;
  };
  std::array<Traffic, 7> memory{};
  Work work;
  /// Of the launches that were asked for them.
  std::optional<Figures> figures;

  void add(const Statistics &other);
  /// Every count with its name in profiles and files, always in the same order; figures come last.
  std::vector<std::pair<std::string, uint64_t>> named() const;
};

/// Calls body(0), ..., body(count - 1), in any order, at the same time or not.
using ParallelFor = std::function<void(int64_t count, const std::function<void(int64_t)> &body)>;

/// One instruction executed by lanes of a warp.
struct TraceEntry {
  Dimensions cta{};
  uint32_t warp = 0, lanes = 0;
  Location location;
  std::string_view text;
};

/// A check, by the name that Checks.h has for it, that launches of a kernel do not make.
struct Suppression {
  std::string check, kernel;
};

struct LaunchOptions {
  /// Misaligned accesses are an error. Accesses out of bounds always are.
  bool checkAlignment = true;
  /// A barrier that only a part of a warp's threads reaches is an error.
  bool checkBarriers = true;
  /// Loads of shared memory and of uninitialized ranges that nobody has written are an error.
  bool checkUninitialized = false;
  /// Accesses to shared and global memory that no barrier, fence or atomicity orders are an error, and so is
  /// the use of what a cp.async is still writing. With these two checks CTAs run one after the other.
  bool checkRaces = false;
  /// Exceptions from the above.
  std::vector<Suppression> suppressions;
  /// Measures Statistics::figures, too.
  bool measuresFigures = false;
  /// The most instructions one warp may execute; 0 for no limit.
  uint64_t instructionLimit = 0;
  /// Runs CTAs in parallel; without it they run one after the other on the caller's thread.
  ParallelFor parallelFor;
  /// How many calls parallelFor is asked for at most; each works through CTAs until none is left.
  unsigned workers = 1;
  /// When it becomes true the launch ends early with Code::Cancelled. May be null.
  std::function<bool()> isCancelled;
  /// Gets what the kernel's threads print with printf: the text of a CTA at its end, when it fails, or when
  /// it has become long; by one CTA at a time, in any order. May be null.
  std::function<void(std::string_view)> print;
  /// Called for every instruction in the order of execution, before it; CTAs then run one after the other.
  /// May be null.
  std::function<void(const TraceEntry &)> trace;
};

/// Executes a grid. `parameters` are the packed bytes that Kernel::parameters describes. A fault (a bad
/// access, a divergent barrier, a trap, the instruction limit) is a failed status that names the kernel,
/// PTX line, CTA, thread and, for memory, the address and the nearest buffer.
format::Status launch(const Program &program, const Kernel &kernel, Dimensions grid, Dimensions block,
                      uint64_t dynamicSharedBytes, std::span<const std::byte> parameters,
                      const MemoryMap &memory, const LaunchOptions &options = {},
                      Statistics *statistics = nullptr);

} // namespace winnow::ptxsim
