// Reads the sources of the collection and finds the source lines of reports.
#include "test/unit/ptxsim/Collection.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>

namespace winnow::ptxsim::test {
namespace {

std::vector<std::string> readLines(const std::filesystem::path &path) {
  std::ifstream stream(path);
  if (!stream)
    throw std::runtime_error("cannot read " + path.string());
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line);
  return lines;
}

/// "8", "8,4" or "8,4,2".
Dimensions parseDimensions(const std::string &text) {
  Dimensions dimensions{1, 1, 1};
  std::istringstream stream(text);
  std::string part;
  for (size_t i = 0; i < 3 && std::getline(stream, part, ','); ++i)
    dimensions[i] = uint32_t(std::stoul(part));
  return dimensions;
}

/// "grid=2 block=32,2 shared=64 limit=20000 in=64 u32=5"
void parseLaunch(CollectedKernel &kernel, const std::string &text) {
  using Kind = CollectedArgument::Kind;
  const std::pair<std::string, Kind> kinds[] = {{"in", Kind::In},
                                                {"out", Kind::Out},
                                                {"inout", Kind::InOut},
                                                {"freed", Kind::Freed},
                                                {"u32", Kind::Value}};
  std::istringstream stream(text);
  for (std::string word; stream >> word;) {
    size_t equals = word.find('=');
    if (equals == std::string::npos)
      throw std::runtime_error("'" + word + "' is not KEY=VALUE");
    std::string key = word.substr(0, equals), value = word.substr(equals + 1);
    auto kind =
        std::find_if(std::begin(kinds), std::end(kinds), [&](auto &each) { return each.first == key; });
    if (key == "grid")
      kernel.grid = parseDimensions(value);
    else if (key == "block")
      kernel.block = parseDimensions(value);
    else if (key == "shared")
      kernel.sharedBytes = std::stoul(value);
    else if (key == "limit")
      kernel.instructionLimit = std::stoul(value);
    else if (kind != std::end(kinds))
      kernel.arguments.push_back(
          {kind->second, key + " " + std::to_string(kernel.arguments.size()), uint32_t(std::stoul(value))});
    else
      throw std::runtime_error("'" + key + "' is neither a part of a launch nor a kind of argument");
  }
}

void parseReport(CollectedKernel &kernel, const std::string &text) {
  static const std::regex quoted("\"([^\"]*)\"");
  for (std::sregex_iterator part(text.begin(), text.end(), quoted), end; part != end; ++part)
    kernel.report.push_back((*part)[1]);
}

/// The kernels of a CUDA or PTX source, in its order.
std::vector<CollectedKernel> readSource(const std::filesystem::path &source) {
  static const std::regex directive("^//! (launch|report|missed) ?(.*)$"), mark("// <-$"),
      entry(R"((?:__global__ void|\.entry) (\w+)\()");
  std::vector<CollectedKernel> kernels;
  uint32_t number = 0;
  for (const std::string &line : readLines(source)) {
    ++number;
    std::smatch match;
    if (std::regex_search(line, match, directive)) {
      if (match[1] == "launch")
        kernels.emplace_back();
      if (kernels.empty() || !kernels.back().name.empty())
        throw std::runtime_error(source.string() + ": a report before its launch: " + line);
      if (match[1] == "launch")
        parseLaunch(kernels.back(), match[2]);
      else if (match[1] == "report")
        parseReport(kernels.back(), match[2]);
    } else if (!kernels.empty() && kernels.back().name.empty() && std::regex_search(line, match, entry)) {
      kernels.back().name = match[1];
      kernels.back().ptx = std::filesystem::path(source).replace_extension("ptx");
    } else if (!kernels.empty() && std::regex_search(line, mark)) {
      kernels.back().lines.insert(number);
    }
  }
  return kernels;
}

/// The source line of a line of PTX, both counted from 1.
uint32_t sourceLine(const std::vector<std::string> &ptx, uint32_t line) {
  static const std::regex location(R"(^\s*\.loc\s+\d+ (\d+) \d+(?:.*inlined_at \d+ (\d+))?)");
  std::smatch match;
  for (uint32_t i = std::min(line, uint32_t(ptx.size())); i-- > 0;)
    if (std::regex_search(ptx[i], match, location))
      return uint32_t(std::stoul(match[2].matched ? match[2] : match[1]));
  return line;
}

} // namespace

std::vector<CollectedKernel> readCollection(const std::string &folder) {
  std::vector<std::filesystem::path> sources;
  for (const auto &file : std::filesystem::directory_iterator(folder)) {
    std::filesystem::path path = file.path(), cuda = std::filesystem::path(path).replace_extension("cu");
    if (path.extension() == ".cu" || (path.extension() == ".ptx" && !std::filesystem::exists(cuda)))
      sources.push_back(path);
  }
  std::sort(sources.begin(), sources.end());
  std::vector<CollectedKernel> kernels;
  for (const std::filesystem::path &source : sources)
    for (CollectedKernel &kernel : readSource(source))
      kernels.push_back(std::move(kernel));
  return kernels;
}

std::set<uint32_t> sourceLines(const CollectedKernel &kernel, const std::string &report) {
  static const std::regex place(R"(\.ptx:(\d+):\d+)");
  std::vector<std::string> ptx = readLines(kernel.ptx);
  std::set<uint32_t> lines;
  for (std::sregex_iterator match(report.begin(), report.end(), place), end; match != end; ++match)
    lines.insert(sourceLine(ptx, uint32_t(std::stoul((*match)[1]))));
  return lines;
}

} // namespace winnow::ptxsim::test
