// Blocks of the heap whose bytes are all written before they are read, and that threads share in an order. Kernels
// trap when a value is not what it should be. README.md says what the lines before each kernel mean.
#include <cstdint>
#include <cstdlib>

//! launch block=32 out=32
extern "C" __global__ void filled_by_the_byte(unsigned *y) {
  auto *block = static_cast<volatile uint8_t *>(malloc(12));
  for (int i = 0; i < 12; ++i)
    block[i] = threadIdx.x + i;
  auto *words = reinterpret_cast<volatile unsigned *>(block);
  y[threadIdx.x] = words[0] + words[2];
  if (y[threadIdx.x] != 0x03020100u + 0x0b0a0908u + 2 * 0x01010101u * threadIdx.x)
    __trap();
  free(const_cast<uint8_t *>(block));
}

// There is no room for two such blocks: the second warp's is where the first warp's was, or there is none for it.
// Nothing orders the threads, and nothing has to.
//! launch block=64 out=2
extern "C" __global__ void memory_changes_hands(int *y) {
  if (threadIdx.x % 32)
    return;
  auto *block = static_cast<volatile int *>(malloc(5 << 20));
  if (!block)
    return;
  block[0] = block[1000000] = threadIdx.x;
  if (block[0] + block[1000000] != 2 * threadIdx.x)
    __trap();
  y[threadIdx.x / 32] = block[0];
  free(const_cast<int *>(block));
}

//! launch block=64 out=64
extern "C" __global__ void counters_begin_as_zero(int *y) {
  __shared__ int *counters;
  if (threadIdx.x == 0)
    counters = static_cast<int *>(malloc(4 * sizeof(int)));
  __syncthreads();
  if (threadIdx.x < 4)
    counters[threadIdx.x] = 0;
  __syncthreads();
  atomicAdd(&counters[threadIdx.x & 3], 1);
  __syncthreads();
  y[threadIdx.x] = counters[threadIdx.x & 3] == 16 ? 1 : (__trap(), 0);
  __syncthreads();
  if (threadIdx.x == 63)
    free(counters);
}

//! launch grid=2 block=32 inout=2 out=32
extern "C" __global__ void handed_over_with_fences(unsigned long long *slot, int *y) {
  if (blockIdx.x == 0) {
    if (threadIdx.x == 0) {
      int *block = static_cast<int *>(malloc(32 * sizeof(int)));
      for (int i = 0; i < 32; ++i)
        block[i] = i;
      __threadfence();
      atomicExch(slot, reinterpret_cast<unsigned long long>(block));
    }
  } else if (auto *block = reinterpret_cast<int *>(atomicAdd(slot, 0ull))) {
    __threadfence();
    y[threadIdx.x] = block[threadIdx.x] == threadIdx.x ? 1 : (__trap(), 0);
    __syncthreads();
    if (threadIdx.x == 0)
      free(block);
  }
}

struct Counted {
  int users, values[64];
};

// The last user frees, whoever that is: fences on both sides of the count order it after the others.
//! launch block=64 out=64
extern "C" __global__ void the_last_user_frees(int *y) {
  __shared__ Counted *counted;
  if (threadIdx.x == 0) {
    counted = static_cast<Counted *>(malloc(sizeof(Counted)));
    counted->users = 64;
    for (int i = 0; i < 64; ++i)
      counted->values[i] = i * i;
  }
  __syncthreads();
  int value = counted->values[63 - threadIdx.x];
  __threadfence();
  if (atomicSub(&counted->users, 1) == 1) {
    __threadfence();
    free(counted);
  }
  y[threadIdx.x] = value == (63 - threadIdx.x) * (63 - threadIdx.x) ? 1 : (__trap(), 0);
}
