// The loops of loads and stores: addresses, range checks, and the transfer between memory and registers.
#include "runtime/device/ptxsim/lanes/LaneLoops.h"
#include "runtime/device/ptxsim/lanes/Sets.h"

namespace winnow::ptxsim {
namespace {

void addresses(const std::byte *rows, const Instruction &in, uint32_t mask, uint64_t *out) {
  uint64_t offset = uint64_t(in.offset);
  if (in.source[0] == kNoRow) {
    for (unsigned i = 0; i < kLanes; ++i)
      out[i] = offset;
    return;
  }
  if (in.sourceBytes == 4) {
    auto *base = reinterpret_cast<const uint32_t *>(rows + in.source[0]);
    WINNOW_LANE_LOOP
    for (unsigned i = 0; i < kLanes; ++i)
      out[i] = base[i] + uint32_t(offset); // within 32 bits
  } else {
    auto *base = reinterpret_cast<const uint64_t *>(rows + in.source[0]);
    WINNOW_LANE_LOOP
    for (unsigned i = 0; i < kLanes; ++i)
      out[i] = base[i] + offset;
  }
  if (mask == kFullMask)
    return;
  uint64_t leader = out[__builtin_ctz(mask)];
  WINNOW_LANE_LOOP
  for (unsigned i = 0; i < kLanes; ++i)
    out[i] = (mask >> i & 1) ? out[i] : leader;
}

/// A distance from `first` beyond `length` shows in the sign of one of the two differences, as long as
/// `length` is below 2^63.
bool contained(const uint64_t *addresses, uint64_t first, uint64_t last, uint64_t misaligned) {
  uint64_t outside = 0, low = 0, length = last - first;
  WINNOW_LANE_LOOP
  for (unsigned i = 0; i < kLanes; ++i) {
    uint64_t distance = addresses[i] - first;
    outside |= distance | (length - distance);
    low |= addresses[i];
  }
  return !(outside >> 63) && !(low & misaligned);
}

/// Whether each lane's address is that of the lane before plus `bytes`.
bool contiguous(const uint64_t *addresses, uint64_t bytes) {
  uint64_t difference = 0;
  WINNOW_LANE_LOOP
  for (unsigned i = 0; i < kLanes - 1; ++i)
    difference |= (addresses[i + 1] - addresses[i]) ^ bytes;
  return difference == 0;
}

template <typename M> M read(uint64_t address) {
  M value;
  std::memcpy(&value, reinterpret_cast<const void *>(address), sizeof(M));
  return value;
}

/// Memory of type M to registers of type R.
template <typename M, typename R>
void loadElements(std::byte *rows, const Instruction &in, uint32_t mask, const uint64_t *addresses,
                  const Row *elements) {
  if (sizeof(M) == sizeof(R) && in.count == 1 && mask == kFullMask && elements[0] != kNoRow &&
      contiguous(addresses, sizeof(M))) {
    std::memcpy(rows + elements[0], reinterpret_cast<const void *>(addresses[0]), kLanes * sizeof(M));
    return;
  }
  for (unsigned e = 0; e < in.count; ++e) {
    if (elements[e] == kNoRow)
      continue;
    alignas(64) R values[kLanes];
    R *destination = row<R>(rows, elements[e]), *out = mask == kFullMask ? destination : values;
    uint64_t offset = e * sizeof(M);
    for (unsigned i = 0; i < kLanes; ++i)
      out[i] = R(read<M>(addresses[i] + offset));
    if (mask != kFullMask)
      blend(destination, values, mask);
  }
}

template <typename M>
void loadFrom(std::byte *rows, const Instruction &in, uint32_t mask, const uint64_t *addresses,
              const Row *elements) {
  if (in.registerBytes == 8)
    loadElements<M, uint64_t>(rows, in, mask, addresses, elements);
  else if constexpr (sizeof(M) <= 4) {
    if (in.registerBytes == 4)
      loadElements<M, uint32_t>(rows, in, mask, addresses, elements);
    else if constexpr (sizeof(M) <= 2)
      loadElements<M, uint16_t>(rows, in, mask, addresses, elements);
  }
}

void load(std::byte *rows, const Instruction &in, uint32_t mask, const uint64_t *addresses,
          const Row *elements) {
  bool isSigned = in.flags & kSignedA;
  switch (in.elementBytes) {
  case 1:
    return isSigned ? loadFrom<int8_t>(rows, in, mask, addresses, elements)
                    : loadFrom<uint8_t>(rows, in, mask, addresses, elements);
  case 2:
    return isSigned ? loadFrom<int16_t>(rows, in, mask, addresses, elements)
                    : loadFrom<uint16_t>(rows, in, mask, addresses, elements);
  case 4:
    return isSigned ? loadFrom<int32_t>(rows, in, mask, addresses, elements)
                    : loadFrom<uint32_t>(rows, in, mask, addresses, elements);
  default:
    return loadFrom<uint64_t>(rows, in, mask, addresses, elements);
  }
}

template <typename M, typename R>
void storeElements(const std::byte *rows, const Instruction &in, uint32_t mask, const uint64_t *addresses,
                   const Row *elements) {
  if (sizeof(M) == sizeof(R) && in.count == 1 && mask == kFullMask && contiguous(addresses, sizeof(M))) {
    std::memcpy(reinterpret_cast<void *>(addresses[0]), rows + elements[0], kLanes * sizeof(M));
    return;
  }
  for (uint32_t left = mask; left; left &= left - 1) {
    unsigned i = unsigned(__builtin_ctz(left));
    for (unsigned e = 0; e < in.count; ++e) {
      M value = M(reinterpret_cast<const R *>(rows + elements[e])[i]);
      std::memcpy(reinterpret_cast<void *>(addresses[i] + e * sizeof(M)), &value, sizeof(M));
    }
  }
}

template <typename M>
void storeTo(const std::byte *rows, const Instruction &in, uint32_t mask, const uint64_t *addresses,
             const Row *elements) {
  if (in.registerBytes == 8)
    storeElements<M, uint64_t>(rows, in, mask, addresses, elements);
  else if constexpr (sizeof(M) <= 4) {
    if (in.registerBytes == 4)
      storeElements<M, uint32_t>(rows, in, mask, addresses, elements);
    else if constexpr (sizeof(M) <= 2)
      storeElements<M, uint16_t>(rows, in, mask, addresses, elements);
  }
}

void store(const std::byte *rows, const Instruction &in, uint32_t mask, const uint64_t *addresses,
           const Row *elements) {
  switch (in.elementBytes) {
  case 1:
    return storeTo<uint8_t>(rows, in, mask, addresses, elements);
  case 2:
    return storeTo<uint16_t>(rows, in, mask, addresses, elements);
  case 4:
    return storeTo<uint32_t>(rows, in, mask, addresses, elements);
  default:
    return storeTo<uint64_t>(rows, in, mask, addresses, elements);
  }
}

} // namespace

namespace WINNOW_LANE_SET {
void installMemory(LaneTable &table) {
  table.memory.addresses = addresses;
  table.memory.contained = contained;
  table.memory.load = load;
  table.memory.store = store;
}
} // namespace WINNOW_LANE_SET

} // namespace winnow::ptxsim
