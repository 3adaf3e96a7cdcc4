// Writes modules as .wnm files.
#pragma once

#include "format/Module.h"
#include "format/Status.h"

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

namespace winnow::format {

/// The bytes of a module in pieces that follow each other: images and weights stay where the module has them.
struct SerializedModule {
  SerializedModule() = default;
  SerializedModule(SerializedModule &&) = default;

  std::vector<std::span<const uint8_t>> pieces;
  std::deque<std::vector<uint8_t>> owned; // what pieces refer to that is not the module's
  uint64_t size = 0;                      // of all pieces together
};

/// The bytes of `module`, which must live and stay unchanged as long as they. Fails with DamagedModule,
/// naming what is wrong, if `module` does not verify.
Result<SerializedModule> serializeInPlace(const Module &module);

/// The same as one copy.
Result<std::vector<uint8_t>> serialize(const Module &module);

/// Writes `module` to `path`, complete or not at all (see writeFileAtomically).
Status writeModule(const Module &module, const std::string &path);

} // namespace winnow::format
