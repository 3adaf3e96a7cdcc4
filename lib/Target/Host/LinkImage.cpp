// Runs lld on an object. lld reads and writes files only, so they live in a folder of their own for the time.
#include "lib/Target/Host/LinkImage.h"

#include "lld/Common/CommonLinkerContext.h"
#include "lld/Common/Driver.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <mutex>

LLD_HAS_DRIVER(elf)

using namespace winnow;

/// lld would only say "undefined symbol" for a file name that nobody knows.
static llvm::Error checkNothingIsUndefined(llvm::StringRef object) {
  auto file = llvm::object::ObjectFile::createObjectFile(llvm::MemoryBufferRef(object, "object"));
  if (!file)
    return file.takeError();
  std::vector<std::string> undefined;
  for (const llvm::object::SymbolRef &symbol : (*file)->symbols()) {
    auto flags = symbol.getFlags();
    if (!flags)
      return flags.takeError();
    if (!(*flags & llvm::object::SymbolRef::SF_Undefined))
      continue;
    auto name = symbol.getName();
    if (!name)
      return name.takeError();
    if (!name->empty() && *name != "_GLOBAL_OFFSET_TABLE_")
      undefined.push_back(name->str());
  }
  if (undefined.empty())
    return llvm::Error::success();
  return llvm::createStringError("host code may not call functions outside of the image, but refers to: " +
                                 llvm::join(undefined, ", "));
}

static llvm::Error writeFile(llvm::StringRef path, llvm::StringRef bytes) {
  std::error_code code;
  llvm::raw_fd_ostream stream(path, code);
  if (!code) {
    stream << bytes;
    stream.close();
    code = stream.error();
  }
  return code ? llvm::createStringError(code, "cannot write '" + path + "': " + code.message())
              : llvm::Error::success();
}

static llvm::Error runLinker(llvm::StringRef input, llvm::StringRef output) {
  std::string in = input.str(), out = output.str();
  const char *arguments[] = {"ld.lld",          "-shared",           "-Bsymbolic",
                             "-znow",           "-znorelro",         "-znoexecstack",
                             "--no-undefined",  "--gc-sections",     "--strip-all",
                             "--build-id=none", "--hash-style=sysv", "--no-dynamic-linker",
                             "--threads=1",     in.c_str(),          "-o",
                             out.c_str()};
  // lld keeps its state in globals.
  static std::mutex mutex;
  std::lock_guard<std::mutex> lock(mutex);
  std::string messages;
  llvm::raw_string_ostream stream(messages);
  lld::Result result = lld::lldMain(arguments, stream, stream, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode == 0 && result.canRunAgain)
    return llvm::Error::success();
  return llvm::createStringError("linking the host image failed: " + llvm::StringRef(messages).trim());
}

llvm::Expected<std::vector<uint8_t>> winnow::linkImage(llvm::StringRef object) {
  if (llvm::Error error = checkNothingIsUndefined(object))
    return error;
  llvm::SmallString<128> folder;
  if (std::error_code code = llvm::sys::fs::createUniqueDirectory("winnow-link", folder))
    return llvm::createStringError(code,
                                   "cannot make a temporary folder '" + folder + "': " + code.message());
  llvm::scope_exit removeFolder([&] { llvm::sys::fs::remove_directories(folder); });
  llvm::SmallString<128> input(folder), output(folder);
  llvm::sys::path::append(input, "kernels.o");
  llvm::sys::path::append(output, "kernels.so");
  if (llvm::Error error = writeFile(input, object))
    return error;
  if (llvm::Error error = runLinker(input, output))
    return error;
  auto image = llvm::MemoryBuffer::getFile(output, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!image)
    return llvm::createStringError(image.getError(),
                                   "cannot read the linked image: " + image.getError().message());
  return std::vector<uint8_t>((*image)->getBufferStart(), (*image)->getBufferEnd());
}
