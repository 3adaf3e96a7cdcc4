// A kernel's decoded instructions and the layout of its register file and memories.
#pragma once

#include "runtime/device/ptxsim/code/Calls.h"
#include "runtime/device/ptxsim/code/Instruction.h"
#include "runtime/device/ptxsim/code/Matrix.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace winnow::ptxsim {

enum class SpecialRegister : uint8_t {
  ThreadX,
  ThreadY,
  ThreadZ,
  ThreadCountX,
  ThreadCountY,
  ThreadCountZ,
  CtaX,
  CtaY,
  CtaZ,
  CtaCountX,
  CtaCountY,
  CtaCountZ,
  Lane,
  Warp,
  WarpCount,
  Grid,
  Multiprocessor,
  MultiprocessorCount,
  LaneMaskEqual,
  LaneMaskLess,
  LaneMaskLessEqual,
  LaneMaskGreater,
  LaneMaskGreaterEqual,
  DynamicSharedBytes,
  TotalSharedBytes,
  Unspecified, // read as zero, with 32 or 64 bits
  Unspecified64,
  Clock, // from here on mov reads them, each time anew
  ClockHigh,
  Clock64,
  GlobalTimer,
  GlobalTimerLow,
  GlobalTimerHigh
};

struct SpecialRow {
  SpecialRegister name;
  Row row;
  uint8_t bytes; // of a lane
};

/// One register file per warp: constants first, then special registers, then the kernel's registers.
struct Code {
  std::string kernel;
  std::vector<Instruction> instructions; // ends with Exit
  std::vector<Row> rows;                 // elements of vectors
  std::vector<uint32_t> targets;         // of brx.idx
  std::vector<MatrixProduct> products;   // of mma
  std::vector<MatrixFragment> fragments; // of wmma.load and wmma.store
  std::vector<FunctionCode> functions;   // whose instructions stand behind the kernel's
  std::vector<CallSite> calls;
  std::vector<std::byte> constants; // the start of every register file
  std::vector<SpecialRow> specials;
  Row registersBegin = 0; // where the kernel's own registers begin
  /// Rows that lie side by side, with the bytes of a lane; 0 for predicates.
  struct RowRange {
    Row begin;
    unsigned laneBytes;
  };
  std::vector<RowRange> rowRanges;
  uint32_t frameBytes = 0;
  uint64_t sharedBytes = 0, localBytes = 0, parameterBytes = 0;
  bool usesStack = false; // it allocates, saves or restores
  uint32_t requiredThreads[3] = {0, 0, 0}, maximumThreads[3] = {0, 0, 0};
  // For reports: one of each for every instruction, and the files' names. The views are into the program's
  // text.
  std::vector<std::string_view> texts;
  std::vector<SourceLine> sources;
  std::map<uint32_t, std::string_view> files;

  unsigned laneBytes(Row row) const {
    size_t i = rowRanges.size() - 1;
    while (i && row < rowRanges[i].begin)
      --i;
    return rowRanges[i].laneBytes;
  }

  /// The target of branches whose lanes never meet again: no instruction has this number.
  static constexpr uint32_t kEnd = ~uint32_t(0);
};

/// Of one kernel.
constexpr size_t kMostInstructions = size_t(1) << 20;

/// Generic addresses: global memory is itself; the windows lie where no host address is (PTX ISA: "Generic
/// Addressing").
constexpr uint64_t kWindowBits = 60;
constexpr uint64_t kSharedWindow = uint64_t(1) << kWindowBits, kLocalWindow = uint64_t(2) << kWindowBits;
constexpr uint64_t kParameterWindow = uint64_t(3) << kWindowBits;
/// Functions have addresses where no memory is.
constexpr uint64_t kFunctionWindow = uint64_t(4) << kWindowBits, kFunctionSpacing = 16;

} // namespace winnow::ptxsim
