// Kernels of one instruction, for the comparison of the simulator with a GPU.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace winnow::gpu {

/// What the bits of a register mean: decides its type in PTX and the values that it is filled with.
enum class Format : uint8_t {
  B16,
  B32,
  B64,
  Pred,
  F16,
  BF16,
  F16x2,
  BF16x2,
  TF32,
  F32,
  F64,
  S8x4,
  S4x8,
  F8x4
};

/// How a register is filled: with edges and random bits, or with numbers that products are exact for or
/// nearly so.
enum class Fill : uint8_t { Any, Moderate };

/// The registers of one letter that each thread has: %a0, %a1, ...
struct Operand {
  Format format = Format::B32;
  unsigned registers = 0;
  Fill fill = Fill::Any;
};

/// How far a GPU's result may be from the simulator's.
struct Agreement {
  enum class Kind : uint8_t {
    Bits,    // not at all
    Numbers, // |difference| <= relative * |value| + absolute; NaN with NaN
    Sums     // |difference| <= relative * the same result of the magnitudes of the inputs
  };
  Kind kind = Kind::Bits;
  double relative = 0, absolute = 0;
};

/// Every thread executes `body`, which sets the registers %d0, ... from %a0, ..., %b0, ... and %c0, ...; all
/// threads of a warp execute it together.
struct MicroKernel {
  std::string name;
  std::string body;
  Operand d, a, b, c;
  Agreement agreement;
  unsigned target = 80; // compute capability times ten that it needs
};

/// All of them; names are unique.
std::vector<MicroKernel> microKernels();

/// Bytes of a register; the type it has in PTX ("b32").
unsigned registerBytes(Format format);
const char *registerType(Format format);

/// A text whose kernel "k" executes the kernel's body: kernelHeader() and kernelText().
std::string toPtx(const MicroKernel &kernel);

std::string kernelHeader(unsigned target);
/// A kernel that takes the addresses of d, a, b and c. Register r of thread i of n is element r * n + i.
std::string kernelText(const MicroKernel &kernel, const std::string &entry);

constexpr uint32_t kThreads = 64; // of a block

} // namespace winnow::gpu
