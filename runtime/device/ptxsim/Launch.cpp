// Launches: checks of the request, the distribution of CTAs over workers, and the statistics.
#include "runtime/device/ptxsim/Checks.h"
#include "runtime/device/ptxsim/Program.h"
#include "runtime/device/ptxsim/execute/Executor.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <new>

namespace winnow::ptxsim {
namespace {

using format::Status;
using ErrorCode = format::Code;

constexpr uint32_t kMostThreads = 1024, kMostThreadsInZ = 64;

/// Shared memory that a block of a target can have at most (CUDA C++ Programming Guide, "Technical
/// Specifications per Compute Capability"). Of targets that are not here the most that any has.
uint64_t mostSharedBytes(std::string_view target) {
  constexpr std::pair<std::string_view, uint64_t> kKibibytes[] = {
      {"sm_70", 96},  {"sm_72", 96}, {"sm_75", 64},  {"sm_80", 163}, {"sm_86", 99},
      {"sm_87", 163}, {"sm_89", 99}, {"sm_90", 227}, {"sm_120", 99}, {"sm_121", 99}};
  if (target.ends_with('a') || target.ends_with('f'))
    target.remove_suffix(1);
  for (auto [name, kibibytes] : kKibibytes)
    if (name == target)
      return kibibytes << 10;
  return uint64_t(227) << 10;
}

Status checkShared(const Kernel &kernel, std::string_view target, uint64_t dynamicBytes) {
  uint64_t most = mostSharedBytes(target);
  if (dynamicBytes <= most && kernel.sharedBytes <= most - dynamicBytes)
    return {};
  return format::failure(ErrorCode::InvalidArgument, "kernel '", kernel.name, "': a block of ", target,
                         " has at most ", most, " bytes of shared memory, but ", kernel.sharedBytes,
                         " that are declared and ", dynamicBytes, " dynamic ones were asked for");
}

/// PTX ISA: ".reqntid", ".maxntid"; CUDA's limits on a CTA and a grid.
Status checkShape(const Kernel &kernel, Dimensions grid, Dimensions block) {
  auto shape = [](Dimensions d) { return format::concatenate(d[0], "x", d[1], "x", d[2]); };
  uint64_t threads = uint64_t(block[0]) * block[1] * block[2];
  if (block[0] == 0 || block[1] == 0 || block[2] == 0 || block[0] > kMostThreads || block[1] > kMostThreads ||
      block[2] > kMostThreads || threads > kMostThreads)
    return format::failure(ErrorCode::InvalidArgument, "kernel '", kernel.name, "': a block must have 1 to ",
                           kMostThreads, " threads, but is ", shape(block));
  if (block[2] > kMostThreadsInZ)
    return format::failure(ErrorCode::InvalidArgument, "kernel '", kernel.name, "': a block must have 1 to ",
                           kMostThreadsInZ, " threads in z, but is ", shape(block));
  if (grid[0] == 0 || grid[1] == 0 || grid[2] == 0 || grid[0] > 0x7fffffff || grid[1] > 0xffff ||
      grid[2] > 0xffff)
    return format::failure(ErrorCode::InvalidArgument, "kernel '", kernel.name,
                           "': a grid must have 1 to 2147483647 x 65535 x 65535 blocks, but is ",
                           shape(grid));
  const Code &code = *kernel.code;
  const Dimensions required{code.requiredThreads[0], code.requiredThreads[1], code.requiredThreads[2]};
  if (required[0] && required != block)
    return format::failure(ErrorCode::InvalidArgument, "kernel '", kernel.name, "' requires blocks of ",
                           shape(required), " threads, but the block is ", shape(block));
  uint64_t most = uint64_t(code.maximumThreads[0]) * code.maximumThreads[1] * code.maximumThreads[2];
  if (most && threads > most)
    return format::failure(ErrorCode::InvalidArgument, "kernel '", kernel.name, "' allows ", most,
                           " threads in a block, but the block is ", shape(block));
  return {};
}

/// The failure of the first CTA that fails, whatever the order in which workers get there.
struct Outcome {
  std::mutex lock;
  std::atomic<uint64_t> failedCta{~uint64_t(0)};
  Status status;
  std::vector<InstructionCount> counts;
  uint64_t divergentBranches = 0;
  std::unique_ptr<FigureCollector> figures;

  void fail(uint64_t cta, Status failure) {
    std::lock_guard guard(lock);
    if (cta >= failedCta)
      return;
    failedCta = cta;
    status = std::move(failure);
  }
  void add(CtaExecutor &executor) {
    std::lock_guard guard(lock);
    counts.resize(executor.counts().size());
    for (size_t i = 0; i < counts.size(); ++i) {
      counts[i].warps += executor.counts()[i].warps;
      counts[i].lanes += executor.counts()[i].lanes;
    }
    divergentBranches += executor.divergentBranches();
    if (!figures)
      figures = executor.takeFigures();
    else
      figures->add(*executor.takeFigures());
  }

  Statistics statistics(const Code &code) const {
    Statistics sum = summarize(code, counts, divergentBranches);
    if (figures)
      sum.figures = figures->summarize(code, counts);
    return sum;
  }
};

/// Takes CTAs until none is left. CTAs before a failed one are always finished, so that the report does not
/// depend on timing.
void work(const LaunchContext &launch, std::atomic<uint64_t> &next, uint64_t ctas, Outcome &outcome) {
  uint64_t cta = 0;
  try {
    CtaExecutor executor(launch);
    for (cta = next++; cta < ctas && cta < outcome.failedCta; cta = next++) {
      if (Status status = executor.run(cta); !status.ok()) {
        outcome.fail(cta, std::move(status));
        break;
      }
    }
    outcome.add(executor);
  } catch (const std::bad_alloc &) {
    outcome.fail(cta, format::failure(ErrorCode::OutOfMemory, "no memory to simulate a block of kernel '",
                                      launch.code.kernel, "'"));
  }
}

} // namespace

format::Status launch(const Program &program, const Kernel &kernel, Dimensions grid, Dimensions block,
                      uint64_t dynamicSharedBytes, std::span<const std::byte> parameters,
                      const MemoryMap &memory, const LaunchOptions &options, Statistics *statistics) {
  if (!kernel.code)
    return format::failure(ErrorCode::InvalidArgument, "kernel '", kernel.name, "' was not decoded");
  if (Status status = checkShape(kernel, grid, block); !status.ok())
    return status;
  if (parameters.size() != kernel.parameterBytes)
    return format::failure(ErrorCode::InvalidArgument, "kernel '", kernel.name, "' takes ",
                           kernel.parameterBytes, " bytes of parameters, but got ", parameters.size());
  const ProgramStorage &storage = LaunchAccess::storage(program);
  if (Status status = checkShared(kernel, storage.target, dynamicSharedBytes); !status.ok())
    return status;
  MemoryMap everything = memory;
  for (const MemoryRange &range : storage.ranges)
    if (Status status = everything.add(range); !status.ok())
      return status;
  const LaunchOptions made = withoutSuppressed(options, kernel.name);
  std::optional<DeviceAddresses> deviceAddresses;
  if (made.measuresFigures)
    deviceAddresses.emplace(everything);
  std::mutex printing;
  LaunchContext context{
      *kernel.code, storage.name, everything,         parameters,
      grid,         block,        dynamicSharedBytes, made,
      printing,     storage.heap, storage.heapShadow, deviceAddresses ? &*deviceAddresses : nullptr};
  uint64_t ctas = uint64_t(grid[0]) * grid[1] * grid[2];
  std::atomic<uint64_t> next{0};
  Outcome outcome;
  uint64_t workers = made.trace || made.checkRaces || made.checkUninitialized
                         ? 1
                         : std::min<uint64_t>(ctas, std::max(1u, made.workers));
  if (made.parallelFor && workers > 1)
    made.parallelFor(int64_t(workers), [&](int64_t) { work(context, next, ctas, outcome); });
  else
    work(context, next, ctas, outcome);
  if (!made.checkUninitialized)
    storage.heapShadow.forgetUnwritten();
  if (statistics && !outcome.counts.empty())
    statistics->add(outcome.statistics(*kernel.code));
  return outcome.status;
}

} // namespace winnow::ptxsim
