// Maps or borrows the bytes of a module and reads them.
#include "runtime/module/LoadedModule.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace winnow::runtime {

using format::Code;
using format::failure;
using format::Result;
using format::Status;

namespace {

constexpr size_t kAlignment = 64;

struct Mapping {
  std::shared_ptr<const void> owner;
  std::span<const uint8_t> bytes;
};

Status openError(const std::string &path) {
  return failure(errno == ENOENT ? Code::NotFound : Code::InputOutput, "cannot open '", path,
                 "': ", std::strerror(errno));
}

Result<Mapping> mapFile(const std::string &path) {
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return openError(path);
  struct stat info;
  if (::fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(file);
    return failure(Code::InputOutput, "cannot read '", path, "': it is not a regular file");
  }
  size_t size = size_t(info.st_size);
  // An empty file cannot be mapped; the reader refuses it.
  void *address = size ? ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0) : nullptr;
  Status status = address == MAP_FAILED ? openError(path) : Status();
  ::close(file);
  if (!status.ok())
    return status;
  std::shared_ptr<const void> owner(address, [size](const void *mapped) {
    if (mapped)
      ::munmap(const_cast<void *>(mapped), size);
  });
  return Mapping{owner, {static_cast<const uint8_t *>(address), size}};
}

} // namespace

Result<std::shared_ptr<const LoadedModule>> LoadedModule::fromFile(const std::string &path) {
  auto mapping = mapFile(path);
  if (!mapping.ok())
    return mapping.status();
  auto view = format::readModule(mapping->bytes);
  if (!view.ok())
    return failure(view.status().code(), "cannot load '", path, "': ", view.status().message());
  std::shared_ptr<LoadedModule> module(new LoadedModule());
  module->storage = mapping->owner;
  module->view = std::move(*view);
  return std::shared_ptr<const LoadedModule>(std::move(module));
}

Result<std::shared_ptr<const LoadedModule>> LoadedModule::fromMemory(std::span<const uint8_t> bytes) {
  std::shared_ptr<const void> storage;
  if (reinterpret_cast<uintptr_t>(bytes.data()) % kAlignment != 0) {
    void *copy = std::aligned_alloc(kAlignment, (bytes.size() + kAlignment - 1) / kAlignment * kAlignment);
    if (!copy)
      return failure(Code::OutOfMemory, "cannot allocate ", bytes.size(), " bytes for the module");
    std::memcpy(copy, bytes.data(), bytes.size());
    storage.reset(copy, [](const void *address) { std::free(const_cast<void *>(address)); });
    bytes = {static_cast<const uint8_t *>(copy), bytes.size()};
  }
  auto view = format::readModule(bytes);
  if (!view.ok())
    return failure(view.status().code(), "cannot load the module: ", view.status().message());
  std::shared_ptr<LoadedModule> module(new LoadedModule());
  module->storage = std::move(storage);
  module->view = std::move(*view);
  return std::shared_ptr<const LoadedModule>(std::move(module));
}

Result<std::span<const uint8_t>> LoadedModule::weight(uint32_t index) const {
  const format::Weight &weight = view.module.weights[index];
  if (Status status = view.weightChecks.check(weight.offset, weight.size); !status.ok())
    return status;
  return view.weights.subspan(weight.offset, weight.size);
}

const format::Function *LoadedModule::findFunction(std::string_view name, std::string_view device) const {
  for (const format::Function &function : view.module.functions) {
    if (function.name == name && function.device == device)
      return &function;
  }
  return nullptr;
}

std::set<uint32_t> LoadedModule::dispatchedKernels(std::string_view device) const {
  std::set<uint32_t> kernels;
  for (const format::Function &function : view.module.functions) {
    if (function.device != device)
      continue;
    for (const format::Instruction &instruction : function.body) {
      if (instruction.opcode == format::Opcode::Dispatch)
        kernels.insert(instruction.operands[0]);
    }
  }
  return kernels;
}

} // namespace winnow::runtime
