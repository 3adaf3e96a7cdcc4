// Reads .wnm modules in place, from bytes that the caller maps or owns.
#pragma once

#include "format/Module.h"
#include "format/Status.h"

#include <atomic>
#include <memory>
#include <span>
#include <vector>

namespace winnow::format {

/// Checks the weights against their hashes, each chunk once, when it is first asked for. Thread-safe.
class WeightChecks {
public:
  WeightChecks() = default;
  WeightChecks(std::span<const uint8_t> weights, std::span<const uint8_t> hashes);

  /// Fails with DamagedModule if a chunk that holds some of the `size` bytes at `offset` is damaged.
  Status check(uint64_t offset, uint64_t size) const;

private:
  std::span<const uint8_t> weights;
  std::span<const uint8_t> hashes; // eight bytes for each chunk
  std::unique_ptr<std::atomic<bool>[]> checked;
};

/// A module whose bulk stays where it was read: `module.images[i].bytes` and `module.weightData` are empty,
/// and the spans point into the bytes given to readModule.
struct ModuleView {
  Module module;
  std::vector<std::span<const uint8_t>> images;
  std::span<const uint8_t> weights;
  WeightChecks weightChecks;
  uint64_t identity = 0; // of the weights: equal for modules with equal ones
};

/// Reads and verifies a module. `bytes` must outlive the view and be 64-byte aligned for the weights to be.
/// Everything but the weights is compared with its hash now. Fails with DamagedModule, or with Unsupported
/// for another version of the format; the message says what was expected and found.
Result<ModuleView> readModule(std::span<const uint8_t> bytes);

} // namespace winnow::format
