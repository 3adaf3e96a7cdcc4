// Micro-kernels in the simulator.
#include "runtime/device/ptxsim/Simulator.h"
#include "test/gpu/Executor.h"
#include "test/gpu/MicroKernel.h"

namespace winnow::gpu {
namespace {

class Simulator : public Executor {
public:
  std::string name() const override { return "PTX simulator"; }
  unsigned target() const override { return 90; }

  format::Status run(const std::string &ptx, uint32_t threads, Buffers &buffers) override {
    auto program = ptxsim::Program::parse(ptx);
    if (!program.ok())
      return program.status();
    ptxsim::MemoryMap memory;
    std::vector<uint64_t> parameters;
    for (size_t i = 0; i < buffers.size(); ++i) {
      parameters.push_back(reinterpret_cast<uint64_t>(buffers[i].data()));
      if (buffers[i].empty())
        continue;
      if (auto status = memory.add(buffers[i].data(), buffers[i].size(), std::string(1, "dabc"[i]), i == 0);
          !status.ok())
        return status;
    }
    return ptxsim::launch(*program, *program->find("k"), {threads / kThreads, 1, 1}, {kThreads, 1, 1}, 0,
                          std::as_bytes(std::span(parameters)), memory);
  }
};

} // namespace

std::unique_ptr<Executor> makeSimulator() { return std::make_unique<Simulator>(); }

} // namespace winnow::gpu
