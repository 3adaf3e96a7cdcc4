// Makes the contents of the files and writes them together.
#include "tools/winnow-compile/Outputs.h"

#include "format/AtomicFile.h"
#include "format/Writer.h"
#include "lib/Target/Object/EmitHeader.h"
#include "lib/Target/Object/EmitObject.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"

using namespace winnow;

static std::span<const uint8_t> bytesOf(llvm::StringRef text) {
  return {text.bytes_begin(), text.bytes_end()};
}

/// "gated.h" for "gated.o"
static std::string headerPath(llvm::StringRef object) {
  llvm::SmallString<128> path(object);
  llvm::sys::path::replace_extension(path, "h");
  return std::string(path);
}

static llvm::Error asError(const format::Status &status) {
  return status.ok() ? llvm::Error::success() : llvm::createStringError(status.message());
}

llvm::Error winnow::writeOutputs(const format::Module &module, const CommandLine &line) {
  auto file = format::serializeInPlace(module);
  if (!file.ok())
    return asError(file.status());
  std::vector<format::FileToWrite> files = {{line.output, file->pieces}};
  std::string objectStart, header;
  if (line.emit == Output::Object) {
    auto target = selectObjectTarget(line.compile.targets);
    if (!target)
      return target.takeError();
    auto start = emitObjectStart(*target, line.symbolPrefix, file->size);
    if (!start)
      return start.takeError();
    objectStart = std::move(*start);
    files[0].parts.insert(files[0].parts.begin(), bytesOf(objectStart));
    header = emitHeader(module, line.symbolPrefix, llvm::sys::path::filename(line.input));
    files.push_back({headerPath(line.output), {bytesOf(header)}});
  }
  if (!line.report.empty())
    files.push_back({line.report, {bytesOf(module.report)}});
  return asError(format::writeFilesAtomically(files));
}
