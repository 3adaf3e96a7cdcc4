// A module in memory: mapped from a file, or in bytes that the caller owns.
#pragma once

#include "format/Reader.h"

#include <memory>
#include <set>
#include <span>
#include <string>

namespace winnow::runtime {

/// Never changes after it is loaded, so any number of sessions and threads may use it.
class LoadedModule {
public:
  /// Maps the file. Fails with NotFound or InputOutput if it cannot be opened, else as format::readModule;
  /// the message names the file. The file must not be changed in place while it is mapped.
  static format::Result<std::shared_ptr<const LoadedModule>> fromFile(const std::string &path);

  /// Borrows `bytes` for the life of the module if they are 64-byte aligned, else copies them.
  static format::Result<std::shared_ptr<const LoadedModule>> fromMemory(std::span<const uint8_t> bytes);

  const format::Module &contents() const { return view.module; }
  std::span<const uint8_t> image(uint32_t index) const { return view.images[index]; }

  /// Equal for modules with equal weights.
  uint64_t identity() const { return view.identity; }

  /// The bytes of a weight, which are compared with their hash the first time. Fails with DamagedModule.
  format::Result<std::span<const uint8_t>> weight(uint32_t index) const;

  /// The program of `function` for `device`, or null.
  const format::Function *findFunction(std::string_view function, std::string_view device) const;

  /// The kernels that programs for `device` dispatch.
  std::set<uint32_t> dispatchedKernels(std::string_view device) const;

private:
  LoadedModule() = default;

  std::shared_ptr<const void> storage; // owns what the view refers to, unless that is borrowed
  format::ModuleView view;
};

} // namespace winnow::runtime
