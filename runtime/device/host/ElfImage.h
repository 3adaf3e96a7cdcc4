// Loads the ELF images of a module, without the system's dynamic linker.
#pragma once

#include "format/Status.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

namespace winnow::runtime {

/// An ELF64 shared object for this machine's architecture, mapped and relocated. An image may have loadable
/// segments, each writable or executable but not both; relative relocations; and a dynamic symbol table by
/// which its functions are found. It imports nothing: no needed libraries, undefined or indirect symbols, no
/// constructors, no thread-local storage, no interpreter, and no page that belongs to two segments.
class ElfImage {
public:
  /// Copies what it needs of `file`. Fails with DamagedModule, naming what an image may not have.
  static format::Result<std::unique_ptr<ElfImage>> load(std::span<const uint8_t> file);
  ~ElfImage();
  ElfImage(const ElfImage &) = delete;
  ElfImage &operator=(const ElfImage &) = delete;

  /// The address of an exported function, or null.
  void *function(std::string_view symbol) const;

private:
  friend class ElfLoader;
  ElfImage() = default;

  void *reservation = nullptr;
  size_t reservedBytes = 0;
  std::unordered_map<std::string, void *> functions;
};

} // namespace winnow::runtime
