// The compiler's PTX path and the simulator's launch, joined.
#include "test/unit/target-ptx/SimulatedKernels.h"

#include "lib/Pipeline/Registration.h"
#include "lib/Target/PTX/EmitPTX.h"
#include "passes/LowerToPTX/Passes.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <sstream>

using namespace winnow;

namespace {

constexpr uint32_t blockThreads = 128;

std::optional<std::string> emitText(const std::string &text) {
  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  if (!module)
    return std::nullopt;
  mlir::PassManager manager(&context);
  PTXLoweringOptions options;
  options.threads = blockThreads;
  buildPTXLoweringPipeline(manager, options);
  if (mlir::failed(manager.run(*module)))
    return std::nullopt;
  mlir::FailureOr<std::string> image = emitPTX(*module, PTXTarget());
  return mlir::succeeded(image) ? std::optional(*image) : std::nullopt;
}

} // namespace

std::optional<SimulatedKernels> SimulatedKernels::compile(const std::string &text) {
  std::optional<std::string> image = emitText(text);
  if (!image) {
    ADD_FAILURE() << "the compiler refused:\n" << text;
    return std::nullopt;
  }
  auto program = ptxsim::Program::parse(*image);
  if (!program.ok()) {
    ADD_FAILURE() << program.status().message() << "\n" << *image;
    return std::nullopt;
  }
  return SimulatedKernels(*program);
}

std::optional<SimulatedKernels> SimulatedKernels::compileFile(const std::string &name) {
  std::ifstream file(std::string(WINNOW_TEST_KERNELS) + "/" + name);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) {
    ADD_FAILURE() << "cannot read " << name;
    return std::nullopt;
  }
  return compile(text.str());
}

ptxsim::Statistics SimulatedKernels::launch(const std::string &symbol,
                                            const std::vector<const Buffer *> &buffers,
                                            const std::vector<int64_t> &sizes, int64_t items) const {
  ptxsim::Statistics statistics;
  const ptxsim::Kernel *kernel = program.find(symbol);
  if (!kernel || kernel->parameters.size() != buffers.size() + sizes.size()) {
    ADD_FAILURE() << symbol << " is missing or takes other parameters";
    return statistics;
  }
  ptxsim::MemoryMap memory;
  std::vector<std::byte> parameters(kernel->parameterBytes);
  for (size_t i = 0; i < kernel->parameters.size(); ++i) {
    uint64_t value;
    if (i < buffers.size()) {
      value = reinterpret_cast<uint64_t>(buffers[i]->data());
      auto added = memory.add(buffers[i]->data(), buffers[i]->byteCount(), "buffer " + std::to_string(i),
                              buffers[i]->isWritable());
      EXPECT_TRUE(added.ok()) << added.message();
    } else {
      value = static_cast<uint64_t>(sizes[i - buffers.size()]);
    }
    std::memcpy(parameters.data() + kernel->parameters[i].offset, &value, sizeof value);
  }
  // One block more than needed shows that excess threads do nothing.
  auto blocks = static_cast<uint32_t>((items + blockThreads - 1) / blockThreads + 1);
  auto status = ptxsim::launch(program, *kernel, {blocks, 1, 1}, {blockThreads, 1, 1}, 0, parameters, memory,
                               {}, &statistics);
  EXPECT_TRUE(status.ok()) << status.message();
  return statistics;
}
