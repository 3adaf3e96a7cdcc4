// The kernels of test/ptxsim, with what their sources say about them (test/ptxsim/README.md).
#pragma once

#include "runtime/device/ptxsim/Simulator.h"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace winnow::ptxsim::test {

struct CollectedArgument {
  enum class Kind : uint8_t { In, Out, InOut, Freed, Value };
  Kind kind = Kind::Value;
  std::string name;
  uint32_t number = 0; // words of the buffer, or the value
};

struct CollectedKernel {
  std::string name, ptx; // the PTX file
  Dimensions grid{1, 1, 1}, block{1, 1, 1};
  uint64_t sharedBytes = 0;
  uint64_t instructionLimit = uint64_t(1) << 20;
  std::vector<CollectedArgument> arguments;
  std::vector<std::string> report; // what the message must contain; empty: nothing is wrong
  std::set<uint32_t> lines;        // of the source, which the message must name
};

/// All kernels of a folder of PTX and CUDA files. Throws std::runtime_error for a line that makes no sense.
std::vector<CollectedKernel> readCollection(const std::string &folder);

/// The source lines of the places "FILE.ptx:LINE:COLUMN" in a report: where the PTX has .loc directives
/// (PTX ISA: "Debugging Directives: .loc"), lines of the CUDA source, of the outermost function.
std::set<uint32_t> sourceLines(const CollectedKernel &kernel, const std::string &report);

} // namespace winnow::ptxsim::test
