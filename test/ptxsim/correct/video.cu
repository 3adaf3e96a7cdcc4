// Video instructions against plain C++. Kernels trap when a value is not what it should be. README.md says what the
// lines before each kernel mean.
#include <cstdint>

__device__ uint32_t word_of(int thread) { return thread * 2654435761u ^ 0x80ff7f01u; }
__device__ int byte_of(uint32_t word, int i) { return word >> (8 * i) & 255; }

//! launch block=64 out=64
extern "C" __global__ void sums_of_absolute_differences(unsigned *y) {
  uint32_t a = word_of(threadIdx.x), b = word_of(threadIdx.x + 1000), sum, expected = 7;
  asm("vabsdiff4.u32.u32.u32.add %0, %1, %2, %3;" : "=r"(sum) : "r"(a), "r"(b), "r"(7));
  for (int i = 0; i < 4; ++i)
    expected += abs(byte_of(a, i) - byte_of(b, i));
  if (sum != expected)
    __trap();
  y[threadIdx.x] = sum;
}

//! launch block=64 out=64
extern "C" __global__ void saturated_bytes(unsigned *y) {
  uint32_t a = word_of(threadIdx.x), b = word_of(threadIdx.x + 500), sum;
  asm("vadd4.s32.s32.s32.sat %0, %1, %2, %3;" : "=r"(sum) : "r"(a), "r"(b), "r"(0));
  for (int i = 0; i < 4; ++i) {
    int exact = int8_t(byte_of(a, i)) + int8_t(byte_of(b, i));
    if (int8_t(byte_of(sum, i)) != max(-128, min(127, exact)))
      __trap();
  }
  y[threadIdx.x] = sum;
}

// Of three bytes of a and b, shifted and put into the upper half of c.
//! launch block=64 out=64
extern "C" __global__ void parts_of_words(unsigned *y) {
  uint32_t a = word_of(threadIdx.x), b = word_of(threadIdx.x + 77), c = word_of(threadIdx.x + 99), out;
  asm("vsub.s32.u32.s32.sat %0.h1, %1.b2, %2.h0, %3;" : "=r"(out) : "r"(a), "r"(b), "r"(c));
  int difference = max(-32768, min(32767, byte_of(a, 2) - int16_t(b)));
  if (out != (uint32_t(difference) << 16 | (c & 0xffff)))
    __trap();
  y[threadIdx.x] = out;
}

// A step of the Smith-Waterman recurrence on four bytes, as alignment programs have it.
//! launch block=96 out=96
extern "C" __global__ void alignment_scores(unsigned *y) {
  uint32_t h = 0, e = 0;
  int expectedH[4] = {}, expectedE[4] = {};
  for (int step = 0; step < 20; ++step) {
    uint32_t score = word_of(threadIdx.x * 20 + step) & 0x07070707, gap = 0x03030303, zero = 0;
    asm("vadd4.u32.u32.u32.sat %0, %0, %1, %2;" : "+r"(h) : "r"(score), "r"(zero));
    asm("vsub4.u32.u32.u32.sat %0, %1, %2, %3;" : "=r"(e) : "r"(h), "r"(gap), "r"(zero));
    asm("vmax4.u32.u32.u32 %0, %0, %1.b0321, %2;" : "+r"(h) : "r"(e), "r"(zero));
    for (int i = 0; i < 4; ++i)
      expectedH[i] = min(255, expectedH[i] + byte_of(score, i));
    for (int i = 0; i < 4; ++i)
      expectedE[i] = max(0, expectedH[i] - 3);
    // The selector takes elements of b:a: 1, 2, 3 and 0 are h's own bytes, rotated.
    int rotated[4] = {expectedH[1], expectedH[2], expectedH[3], expectedH[0]};
    for (int i = 0; i < 4; ++i)
      expectedH[i] = max(expectedH[i], rotated[i]);
  }
  for (int i = 0; i < 4; ++i)
    if (byte_of(h, i) != expectedH[i] || byte_of(e, i) != expectedE[i])
      __trap();
  y[threadIdx.x] = h;
}
