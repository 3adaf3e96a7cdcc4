// winnow-ptxsim: executes a kernel of any PTX file on this machine's processor, with checks that no GPU
// makes.
#include "format/AtomicFile.h"
#include "runtime/device/ParallelFor.h"
#include "runtime/device/ptxsim/Checks.h"
#include "runtime/device/ptxsim/PtxsimDevice.h"
#include "tools/winnow-ptxsim/Report.h"

#include <chrono>
#include <fstream>
#include <iomanip>
#include <iostream>

using namespace winnow::ptxsim;
using namespace winnow::ptxsim::tool;
using winnow::format::Status;

namespace {

constexpr int kBadRequest = 1, kCheckFired = 3;

void orThrow(const Status &status) {
  if (!status.ok())
    throw UserError(status.message());
}

Program parseFile(const Options &options) {
  auto bytes = winnow::format::readFile(options.file);
  orThrow(bytes.status());
  auto program = Program::parse({reinterpret_cast<const char *>(bytes->data()), bytes->size()}, options.file,
                                options.entry);
  orThrow(program.status());
  return std::move(*program);
}

const Kernel &findKernel(const Program &program, const Options &options) {
  std::string names;
  for (const Kernel &kernel : program.kernels())
    names += (names.empty() ? "" : ", ") + kernel.name;
  if (names.empty())
    throw UserError("'" + options.file + "' has no kernel");
  if (options.entry.empty() && program.kernels().size() > 1)
    throw UserError("'" + options.file + "' has several kernels, choose one with --entry: " + names);
  const Kernel *kernel = options.entry.empty() ? &program.kernels()[0] : program.find(options.entry);
  if (!kernel)
    throw UserError("'" + options.file + "' has no kernel '" + options.entry + "', it has " + names);
  return *kernel;
}

/// "CTA (0,0,0) warp 1 lanes ffffffff 12:3 add.s32 %r1, %r2, %r3"
void writeTraceLine(std::ostream &out, const TraceEntry &entry) {
  out << "CTA (" << entry.cta[0] << ',' << entry.cta[1] << ',' << entry.cta[2] << ") warp " << entry.warp
      << " lanes " << std::hex << std::setw(8) << std::setfill('0') << entry.lanes << std::dec << ' '
      << entry.location.line << ':' << entry.location.column << ' ' << entry.text << '\n';
}

void report(const Report &report) {
  if (!report.options.statistics.empty()) {
    std::string text = reportJson(report).dump(2) + "\n";
    orThrow(winnow::format::writeFileAtomically(
        report.options.statistics, {{reinterpret_cast<const uint8_t *>(text.data()), text.size()}}));
  }
  if (report.options.printsSummary)
    std::cout << reportText(report);
}

/// What is not checked is said, whatever comes of the launch.
void noteSuppressions(const Program &program, const Options &options, const Kernel &kernel) {
  std::vector<std::string> names;
  for (const Kernel &each : program.kernels())
    names.push_back(each.name);
  orThrow(checkSuppressions(options.launch, names));
  for (std::string_view check : suppressedChecks(options.launch, kernel.name))
    std::cerr << "winnow-ptxsim: note: " << check << " not checked in kernel '" << kernel.name
              << "': suppressed by --check\n";
}

int run(Options &options) {
  Program program = parseFile(options);
  const Kernel &kernel = findKernel(program, options);
  noteSuppressions(program, options, kernel);
  orThrow(readArrays(kernel, options.arguments));
  auto binding = bindArguments(kernel, options.arguments);
  orThrow(binding.status());
  std::unique_ptr<winnow::runtime::ParallelFor> threads = winnow::runtime::makeThreadPool(options.threads);
  winnow::runtime::useThreads(options.launch, *threads);
  options.launch.print = [](std::string_view text) { std::cout << text << std::flush; };
  std::ofstream trace;
  if (!options.trace.empty()) {
    trace.open(options.trace);
    if (!trace)
      throw UserError("cannot write '" + options.trace + "'");
    options.launch.trace = [&](const TraceEntry &entry) { writeTraceLine(trace, entry); };
  }
  Statistics statistics;
  auto begin = std::chrono::steady_clock::now();
  Status status = launch(program, kernel, options.grid, options.block, options.sharedBytes,
                         binding->parameters, binding->memory, options.launch, &statistics);
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (!options.trace.empty() && !trace.flush())
    throw UserError("cannot write '" + options.trace + "'");
  if (status.ok() || status.code() == winnow::format::Code::DeviceFault) {
    report({options, kernel, statistics, seconds, estimate(options, kernel, statistics)});
  }
  if (status.code() == winnow::format::Code::DeviceFault) {
    std::cerr << "winnow-ptxsim: error: " << status.message() << '\n';
    return kCheckFired;
  }
  orThrow(status);
  orThrow(writeArrays(options.arguments));
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  try {
    int exitCode = 0;
    std::optional<Options> options = parseOptions(argc, argv, exitCode);
    return options ? run(*options) : exitCode;
  } catch (const std::bad_alloc &) {
    std::cerr << "winnow-ptxsim: error: out of memory\n";
  } catch (const std::exception &error) {
    std::cerr << "winnow-ptxsim: error: " << error.what() << '\n';
  }
  return kBadRequest;
}
