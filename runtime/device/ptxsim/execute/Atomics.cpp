// Atomic operations, lane by lane in ascending order (PTX ISA: "atom", "red").
#include "runtime/device/ptxsim/execute/Atomics.h"

#include "runtime/device/ptxsim/lanes/FloatModes.h"

namespace winnow::ptxsim {
namespace {

/// Replaces the value at `address` by update(value) and gives the one before.
template <typename T, class Update> T exchangeAtomically(uint64_t address, Update update) {
  T *pointer = reinterpret_cast<T *>(address);
  T before = __atomic_load_n(pointer, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(pointer, &before, update(before), false, __ATOMIC_SEQ_CST,
                                      __ATOMIC_RELAXED)) {
  }
  return before;
}

uint16_t addHalves(uint16_t a, uint16_t b, bool isBfloat) {
  return isBfloat ? toBfloat(narrowToOdd(fusedToOdd(fromBfloat(a), 1.0, fromBfloat(b))))
                  : toHalf(narrowToOdd(fusedToOdd(fromHalf(a), 1.0, fromHalf(b))));
}

template <typename T> T addBits(ScalarType type, T a, T b) {
  if constexpr (sizeof(T) == 8) {
    if (type == ScalarType::F64)
      return std::bit_cast<uint64_t>(canonical(std::bit_cast<double>(a) + std::bit_cast<double>(b)));
  } else if constexpr (sizeof(T) == 4) {
    if (type == ScalarType::F32)
      return std::bit_cast<uint32_t>(canonical(std::bit_cast<float>(a) + std::bit_cast<float>(b)));
    bool isBfloat = type == ScalarType::BF16x2;
    if (isBfloat || type == ScalarType::F16x2)
      return uint32_t(addHalves(uint16_t(a >> 16), uint16_t(b >> 16), isBfloat)) << 16 |
             addHalves(uint16_t(a), uint16_t(b), isBfloat);
  } else {
    return addHalves(a, b, type == ScalarType::BF16);
  }
  return a + b;
}

template <typename T> T update(const Instruction &in, T old, T value) {
  using Signed = std::make_signed_t<T>;
  bool less = isSigned(in.type) ? Signed(value) < Signed(old) : value < old;
  switch (AtomicOperation(in.mode)) {
  case AtomicOperation::Add:
    return addBits(in.type, old, value);
  case AtomicOperation::Minimum:
    return less ? value : old;
  case AtomicOperation::Maximum:
    return less ? old : value;
  case AtomicOperation::And:
    return old & value;
  case AtomicOperation::Or:
    return old | value;
  case AtomicOperation::Xor:
    return old ^ value;
  case AtomicOperation::Increment:
    return old >= value ? 0 : T(old + 1);
  case AtomicOperation::Decrement:
    return old == 0 || old > value ? value : T(old - 1);
  default:
    return value;
  }
}

template <typename T>
void atomicOn(std::byte *rows, const Instruction &in, uint32_t mask, const uint64_t *addresses) {
  bool isSwap = AtomicOperation(in.mode) == AtomicOperation::CompareAndSwap;
  T *out = in.destination == kNoRow ? nullptr : row<T>(rows, in.destination);
  T values[kLanes], replacements[kLanes] = {};
  std::memcpy(values, row<T>(rows, in.source[1]), sizeof(values));
  if (isSwap)
    std::memcpy(replacements, row<T>(rows, in.source[2]), sizeof(replacements));
  for (uint32_t left = mask; left; left &= left - 1) {
    unsigned lane = unsigned(__builtin_ctz(left));
    T before = exchangeAtomically<T>(addresses[lane], [&](T old) {
      return isSwap ? (old == values[lane] ? replacements[lane] : old) : update<T>(in, old, values[lane]);
    });
    if (out)
      out[lane] = before;
  }
}

} // namespace

void atomic(std::byte *rows, const Instruction &in, uint32_t mask, const uint64_t *addresses) {
  switch (byteWidth(in.type)) {
  case 2:
    return atomicOn<uint16_t>(rows, in, mask, addresses);
  case 4:
    return atomicOn<uint32_t>(rows, in, mask, addresses);
  default:
    return atomicOn<uint64_t>(rows, in, mask, addresses);
  }
}

} // namespace winnow::ptxsim
