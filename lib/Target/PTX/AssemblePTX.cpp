// Runs ptxas on PTX text: the check that every kernel is accepted, cubins, and resources for reports.
#include "lib/Target/PTX/EmitPTX.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace {

/// A file that is removed with this object.
struct TemporaryFile {
  explicit TemporaryFile(StringRef suffix) {
    error = llvm::sys::fs::createTemporaryFile("winnow", suffix, path);
    remover.setFile(path);
  }
  llvm::SmallString<128> path;
  llvm::FileRemover remover;
  std::error_code error;
};

/// The number before `unit` in `line`, or zero.
int64_t numberBefore(StringRef line, StringRef unit) {
  size_t end = line.find(unit);
  if (end == StringRef::npos)
    return 0;
  StringRef digits = line.take_front(end).rtrim();
  digits = digits.drop_front(digits.find_last_not_of("0123456789") + 1);
  int64_t value = 0;
  return digits.getAsInteger(10, value) ? 0 : value;
}

/// Reads what `ptxas -v` prints: a line that names the kernel, then lines with its numbers.
std::vector<winnow::PTXResources> parseResources(StringRef log) {
  std::vector<winnow::PTXResources> kernels;
  SmallVector<StringRef> lines;
  log.split(lines, '\n');
  for (StringRef line : lines) {
    auto [before, name] = line.split("Compiling entry function '");
    if (!name.empty()) {
      kernels.push_back({name.take_until([](char c) { return c == '\''; }).str()});
      continue;
    }
    if (kernels.empty())
      continue;
    winnow::PTXResources &kernel = kernels.back();
    if (line.contains("bytes stack frame")) {
      kernel.stackBytes = numberBefore(line, "bytes stack frame");
      kernel.spillBytes = numberBefore(line, "bytes spill stores") + numberBefore(line, "bytes spill loads");
    } else if (line.contains("registers")) {
      kernel.registers = numberBefore(line, "registers");
    }
  }
  return kernels;
}

/// A warning of ptxas is lost performance or a mistake: neither goes unseen.
void reportWarnings(Location location, StringRef log) {
  SmallVector<StringRef> lines;
  log.split(lines, '\n');
  for (StringRef line : lines)
    if (line.contains_insensitive("warning"))
      emitWarning(location) << line.trim();
}

LogicalResult writeFile(StringRef path, StringRef text) {
  std::error_code error;
  llvm::raw_fd_ostream stream(path, error);
  stream << text;
  stream.close();
  if (error || stream.has_error()) {
    stream.clear_error();
    return failure();
  }
  return success();
}

} // namespace

std::optional<std::string> winnow::findPTXAssembler() {
  llvm::ErrorOr<std::string> path = llvm::sys::findProgramByName("ptxas");
  return path ? std::optional(*path) : std::nullopt;
}

FailureOr<winnow::AssembledPTX> winnow::assemblePTX(Location location, StringRef text,
                                                    const PTXTarget &target, StringRef assembler) {
  TemporaryFile input("ptx"), output("cubin"), log("log");
  if (input.error || output.error || log.error || failed(writeFile(input.path, text)))
    return emitError(location, "cannot write temporary files for ptxas");
  std::string architecture = "-arch=" + target.chip;
  SmallVector<StringRef> arguments = {assembler, "-v", architecture, input.path, "-o", output.path};
  std::optional<StringRef> redirects[] = {std::nullopt, StringRef(log.path), StringRef(log.path)};
  std::string message;
  int status = llvm::sys::ExecuteAndWait(assembler, arguments, std::nullopt, redirects, 0, 0, &message);
  auto logBuffer = llvm::MemoryBuffer::getFile(log.path);
  StringRef said = logBuffer ? (*logBuffer)->getBuffer() : StringRef(message);
  if (status != 0)
    return emitError(location) << "ptxas refuses the PTX for " << target.chip << ": "
                               << (said.empty() ? StringRef(message) : said).trim();
  reportWarnings(location, said);
  auto cubin = llvm::MemoryBuffer::getFile(output.path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!cubin)
    return emitError(location, "cannot read what ptxas wrote: ") << cubin.getError().message();
  StringRef bytes = (*cubin)->getBuffer();
  return AssembledPTX{{bytes.bytes_begin(), bytes.bytes_end()}, parseResources(said)};
}
