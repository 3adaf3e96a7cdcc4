// Executes micro-kernels on a GPU and in the simulator, and compares the results: evidence that the simulator
// computes what hardware does, instruction by instruction.
#include "test/gpu/Comparison.h"

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

namespace {

using namespace winnow;
using Json = nlohmann::ordered_json;

struct Options {
  std::string filter, output, ptx;
  uint32_t threads = 1 << 16;
  int ordinal = 0;
};

struct Summary {
  Json kernels = Json::array();
  unsigned agree = 0, differ = 0, failed = 0;
};

void compareKernel(const gpu::MicroKernel &kernel, const Options &options, gpu::Executor &device,
                   gpu::Executor &simulator, Summary &summary) {
  auto compared = gpu::compare(kernel, options.threads, device, simulator);
  Json entry{{"name", kernel.name}};
  if (!compared.ok()) {
    ++summary.failed;
    entry["error"] = compared.status().message();
    std::cout << kernel.name << ": cannot be executed: " << compared.status().message() << "\n";
  } else {
    entry["results"] = compared->results;
    entry["unequal"] = compared->unequal;
    entry["beyond_bound"] = compared->differences;
    if (kernel.agreement.kind != gpu::Agreement::Kind::Bits)
      entry["largest_part_of_bound"] = compared->largestPart;
    ++(compared->differences ? summary.differ : summary.agree);
    if (compared->differences) {
      entry["first"] = compared->first;
      std::cout << kernel.name << ": " << compared->differences << " of " << compared->results
                << " results differ, the first in " << compared->first << "\n";
    }
  }
  summary.kernels.push_back(std::move(entry));
}

int writePtx(const std::string &path) {
  std::ofstream file(path);
  file << gpu::kernelHeader(90);
  size_t number = 0;
  for (const gpu::MicroKernel &kernel : gpu::microKernels())
    file << "// " << kernel.name << "\n" << gpu::kernelText(kernel, "k" + std::to_string(number++));
  if (file.flush())
    return 0;
  std::cerr << "compare-gpu: error: cannot write '" << path << "'\n";
  return 1;
}

int report(const Options &options, const gpu::Executor &device, const Summary &summary) {
  std::cout << device.name() << ": " << summary.agree << " instructions agree, " << summary.differ
            << " differ, " << summary.failed << " cannot be executed\n";
  if (!options.output.empty()) {
    std::ofstream file(options.output);
    file << Json{{"device", device.name()}, {"threads", options.threads}, {"instructions", summary.kernels}}
                .dump(1)
         << "\n";
    if (!file.flush()) {
      std::cerr << "compare-gpu: error: cannot write '" << options.output << "'\n";
      return 1;
    }
  }
  return summary.agree && !summary.differ && !summary.failed ? 0 : 1;
}

} // namespace

int main(int argc, char **argv) {
  Options options;
  CLI::App app("Compares a GPU with the PTX simulator, instruction by instruction. The exit status is 1 if "
               "they disagree.",
               "compare-gpu");
  app.add_option("--filter", options.filter, "only instructions whose name contains this");
  app.add_option("--threads", options.threads,
                 "how many threads execute each; from 65536 on, 16-bit operands take all values")
      ->check([](const std::string &text) {
        uint32_t threads = 0;
        return CLI::detail::lexical_cast(text, threads) && threads && threads % gpu::kThreads == 0
                   ? ""
                   : "--threads must be a multiple of " + std::to_string(gpu::kThreads) + ", but is " + text;
      });
  app.add_option("--gpu", options.ordinal, "the number of the GPU")->check(CLI::NonNegativeNumber);
  app.add_option("--output", options.output, "a JSON file for all results");
  app.add_option("--ptx", options.ptx, "write all kernels to this file, for an assembler, and execute none");
  CLI11_PARSE(app, argc, argv);

  if (!options.ptx.empty())
    return writePtx(options.ptx);
  auto simulator = gpu::makeSimulator();
  auto device = gpu::openGpu(options.ordinal);
  if (!device.ok()) {
    std::cerr << "compare-gpu: error: " << device.status().message() << "\n";
    return 1;
  }
  Summary summary;
  for (const gpu::MicroKernel &kernel : gpu::microKernels())
    if (kernel.target <= (*device)->target() && kernel.name.find(options.filter) != std::string::npos)
      compareKernel(kernel, options, **device, *simulator, summary);
  if (summary.kernels.empty()) {
    std::cerr << "compare-gpu: error: no instruction's name contains '" << options.filter << "'\n";
    return 1;
  }
  return report(options, **device, summary);
}
