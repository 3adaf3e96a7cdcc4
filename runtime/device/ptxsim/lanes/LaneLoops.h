// The loops over 32 lanes that every lane operation is made of. Included by the sources in this folder
// only, which are compiled once for each instruction-set level: everything here has internal linkage.
#pragma once

#include "runtime/device/ptxsim/code/Instruction.h"
#include "runtime/device/ptxsim/lanes/Lanes.h"

#include <cstring>
#include <type_traits>

#if defined(__clang__)
#define WINNOW_LANE_LOOP _Pragma("clang loop vectorize(assume_safety)")
#else
#define WINNOW_LANE_LOOP _Pragma("GCC ivdep")
#endif

namespace winnow::ptxsim {
namespace {

template <typename T> T *row(std::byte *rows, Row offset) { return reinterpret_cast<T *>(rows + offset); }

/// All bits of the elements of the lanes in `mask`, none of the others.
template <typename U> [[gnu::noinline]] void expandMask(uint32_t mask, U *selected) {
  WINNOW_LANE_LOOP
  for (unsigned i = 0; i < kLanes; ++i)
    selected[i] = U(0) - U(mask >> i & 1);
}

/// Moves the lanes of `mask` from `values` to `out`. Bits are merged with a mask that is made elsewhere: of a
/// choice between two elements compilers make a branch for each lane or a masked store, which many processors
/// split into its elements.
template <typename T> [[gnu::noinline]] void blend(T *out, const T *values, uint32_t mask) {
  using U =
      std::conditional_t<sizeof(T) == 8, uint64_t, std::conditional_t<sizeof(T) == 4, uint32_t, uint16_t>>;
  static_assert(sizeof(U) == sizeof(T));
  alignas(64) U selected[kLanes];
  expandMask(mask, selected);
  auto *to = reinterpret_cast<U *>(out);
  auto *from = reinterpret_cast<const U *>(values);
  WINNOW_LANE_LOOP
  for (unsigned i = 0; i < kLanes; ++i)
    to[i] = (to[i] & ~selected[i]) | (from[i] & selected[i]);
}

/// Where a result goes: the destination itself when all lanes are active, else a copy that finish() blends.
template <typename T> struct Output {
  alignas(64) T scratch[kLanes];
  T *destination, *values;

  Output(std::byte *rows, Row offset, uint32_t mask)
      : destination(row<T>(rows, offset)), values(mask == kFullMask ? destination : scratch) {}
  void finish(uint32_t mask) {
    if (mask != kFullMask)
      blend(destination, scratch, mask);
  }
};

inline void writePredicate(std::byte *rows, Row offset, uint32_t value, uint32_t mask) {
  uint32_t *out = row<uint32_t>(rows, offset);
  *out = (*out & ~mask) | (value & mask);
}

/// Operations on integers: Op::apply(a, b, c) for as many operands as it takes.
template <class Op, typename T> void unary(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<T> out(rows, in.destination, mask);
  const T *a = row<T>(rows, in.source[0]);
  T *values = out.values;
  WINNOW_LANE_LOOP
  for (unsigned i = 0; i < kLanes; ++i)
    values[i] = Op::apply(a[i]);
  out.finish(mask);
}

template <class Op, typename T> void binary(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<T> out(rows, in.destination, mask);
  const T *a = row<T>(rows, in.source[0]), *b = row<T>(rows, in.source[1]);
  T *values = out.values;
  WINNOW_LANE_LOOP
  for (unsigned i = 0; i < kLanes; ++i)
    values[i] = Op::apply(a[i], b[i]);
  out.finish(mask);
}

template <class Op, typename T> void ternary(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<T> out(rows, in.destination, mask);
  const T *a = row<T>(rows, in.source[0]), *b = row<T>(rows, in.source[1]), *c = row<T>(rows, in.source[2]);
  T *values = out.values;
  WINNOW_LANE_LOOP
  for (unsigned i = 0; i < kLanes; ++i)
    values[i] = Op::apply(a[i], b[i], c[i]);
  out.finish(mask);
}

/// Operations whose result, first and other operands differ in type: R = Op::apply(A, B, C).
template <class Op, typename R, typename A>
void unaryTo(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<R> out(rows, in.destination, mask);
  const A *a = row<A>(rows, in.source[0]);
  R *values = out.values;
  WINNOW_LANE_LOOP
  for (unsigned i = 0; i < kLanes; ++i)
    values[i] = Op::apply(a[i]);
  out.finish(mask);
}

template <class Op, typename R, typename A, typename B>
void binaryTo(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<R> out(rows, in.destination, mask);
  const A *a = row<A>(rows, in.source[0]);
  const B *b = row<B>(rows, in.source[1]);
  R *values = out.values;
  WINNOW_LANE_LOOP
  for (unsigned i = 0; i < kLanes; ++i)
    values[i] = Op::apply(a[i], b[i]);
  out.finish(mask);
}

template <class Op, typename R, typename A, typename B, typename C>
void ternaryTo(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<R> out(rows, in.destination, mask);
  const A *a = row<A>(rows, in.source[0]);
  const B *b = row<B>(rows, in.source[1]);
  const C *c = row<C>(rows, in.source[2]);
  R *values = out.values;
  WINNOW_LANE_LOOP
  for (unsigned i = 0; i < kLanes; ++i)
    values[i] = Op::apply(a[i], b[i], c[i]);
  out.finish(mask);
}

} // namespace
} // namespace winnow::ptxsim
