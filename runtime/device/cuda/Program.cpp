// Loads code with the driver, and asks for more shared memory than a kernel gets unasked.
#include "runtime/device/cuda/Program.h"

#include <utility>

namespace winnow::runtime::cuda {

using format::Code;
using format::failure;
using format::Result;
using format::Status;

namespace {

/// More must be asked for, "Shared Memory" of compute capabilities in the CUDA C++ Programming Guide.
constexpr uint64_t kSharedBytesUnasked = uint64_t(48) << 10;
constexpr size_t kLogBytes = 4096;

/// What the driver's compiler wrote, on one line.
std::string oneLine(std::string_view log) {
  std::string line;
  for (char each : log) {
    if (each == 0)
      break;
    bool isBreak = each == '\n' || each == '\r' || each == '\t';
    if (!isBreak)
      line += each;
    else if (!line.empty() && line.back() != ' ')
      line += ' ';
  }
  while (!line.empty() && line.back() == ' ')
    line.pop_back();
  return line;
}

Result<uint32_t> readAttribute(Gpu &gpu, const Kernel &kernel, FunctionAttribute attribute) {
  int value = 0;
  Outcome outcome = gpu.functions().functionGetAttribute(&value, attribute, kernel.function);
  if (!outcome.ok())
    return gpu.settle(outcome, "cannot read attribute ", int(attribute), " of kernel '", kernel.name, "'");
  return uint32_t(value);
}

} // namespace

Result<Program> Program::load(Gpu &gpu, std::span<const uint8_t> code, bool isText, std::string_view name) {
  // The driver wants text to end with a zero.
  std::string text;
  if (isText)
    text.assign(code.begin(), code.end());
  const void *image = isText ? static_cast<const void *>(text.c_str()) : code.data();
  char log[kLogBytes] = {};
  JitOption options[] = {JitOption::ErrorLog, JitOption::ErrorLogBytes};
  void *values[] = {log, reinterpret_cast<void *>(kLogBytes - 1)};
  ModuleHandle module = nullptr;
  Outcome outcome = gpu.functions().moduleLoad(&module, image, 2, options, values);
  if (outcome.ok())
    return Program(gpu, module, name);
  Status status = gpu.settle(outcome, "cannot load ", name, " onto ", gpu.name());
  std::string said = oneLine({log, sizeof(log)});
  return said.empty() ? status : failure(status.code(), status.message(), ": ", said);
}

Program::Program(Program &&other) noexcept
    : gpu(other.gpu), module(std::exchange(other.module, nullptr)), name(std::move(other.name)) {}

Program::~Program() {
  if (module)
    (void)gpu->functions().moduleUnload(module);
}

Result<Kernel> Program::kernel(const std::string &symbol) const {
  Kernel found;
  found.name = symbol;
  Outcome outcome = gpu->functions().moduleGetFunction(&found.function, module, symbol.c_str());
  if (!outcome.ok())
    return gpu->settle(outcome, "cannot find kernel '", symbol, "' in ", name);
  auto threads = readAttribute(*gpu, found, FunctionAttribute::MostThreads);
  auto shared = readAttribute(*gpu, found, FunctionAttribute::StaticSharedBytes);
  if (!threads.ok() || !shared.ok())
    return threads.ok() ? shared.status() : threads.status();
  found.mostThreads = *threads;
  found.staticSharedBytes = *shared;
  return found;
}

Status prepareLaunches(Gpu &gpu, const Kernel &kernel, uint64_t threads, uint64_t dynamicSharedBytes) {
  if (threads > kernel.mostThreads)
    return failure(Code::Unsupported, "kernel '", kernel.name, "' needs blocks of ", threads,
                   " threads, but ", gpu.name(), " executes it in blocks of at most ", kernel.mostThreads);
  if (dynamicSharedBytes > gpu.mostSharedBytes() ||
      kernel.staticSharedBytes + dynamicSharedBytes > gpu.mostSharedBytes())
    return failure(Code::Unsupported, "kernel '", kernel.name, "' needs ", kernel.staticSharedBytes, " + ",
                   dynamicSharedBytes, " bytes of shared memory (static + dynamic), but ", gpu.name(),
                   " has ", gpu.mostSharedBytes(), " for a block");
  if (kernel.staticSharedBytes + dynamicSharedBytes <= kSharedBytesUnasked)
    return {};
  // As much as there is: another launch of the same function may need more than this one.
  uint32_t most = gpu.mostSharedBytes() - kernel.staticSharedBytes;
  Outcome outcome = gpu.functions().functionSetAttribute(
      kernel.function, FunctionAttribute::MostDynamicSharedBytes, int(most));
  return gpu.settle(outcome, "cannot have ", most, " bytes of dynamic shared memory for kernel '",
                    kernel.name, "' on ", gpu.name());
}

} // namespace winnow::runtime::cuda
