// Blocks of the heap that nobody has filled, or that threads share without order. README.md says what the lines
// before each kernel mean.
#include <cstdlib>

//! launch block=32 out=32
//! report "uninitialized: load of 4 bytes at byte 36 of a block of the heap (40 bytes), which nobody has written"
extern "C" __global__ void one_element_is_not_filled(int *y) {
  volatile int *block = static_cast<int *>(malloc(40));
  for (int i = 0; i < 9; ++i)
    block[i] = i;
  int sum = 0;
  for (int i = 0; i < 10; ++i)
    sum += block[i]; // <-
  y[threadIdx.x] = sum;
  free(const_cast<int *>(block));
}

// There is no room for two such blocks, so the second one is where the first was.
//! launch block=1 out=1
//! report "uninitialized: load of 4 bytes at byte 8 of a block of the heap (5242880 bytes), which nobody has written"
extern "C" __global__ void what_was_in_a_freed_block(int *y) {
  volatile int *first = static_cast<int *>(malloc(5 << 20));
  first[2] = 7;
  free(const_cast<int *>(first));
  volatile int *second = static_cast<int *>(malloc(5 << 20));
  y[0] = second[2]; // <-
  free(const_cast<int *>(second));
}

//! launch block=64 out=64
//! report "uninitialized: atomic operation of 4 bytes at byte 12 of a block of the heap (16 bytes)"
extern "C" __global__ void counters_begin_as_they_are(int *y) {
  __shared__ int *counters;
  if (threadIdx.x == 0) {
    counters = static_cast<int *>(malloc(4 * sizeof(int)));
    counters[0] = counters[1] = counters[2] = 0;
  }
  __syncthreads();
  y[threadIdx.x] = atomicAdd(&counters[threadIdx.x & 3], 1); // <-
}

//! launch block=64 out=64
//! report "race: " "of a block of the heap (256 bytes)" "with no barrier between them"
extern "C" __global__ void no_barrier_after_filling_a_block(int *y) {
  __shared__ int *shared;
  if (threadIdx.x == 0)
    shared = static_cast<int *>(malloc(64 * sizeof(int)));
  __syncthreads();
  volatile int *block = shared;
  const_cast<int *>(block)[threadIdx.x] = threadIdx.x; // <-
  y[threadIdx.x] = block[63 - threadIdx.x]; // <-
}

//! launch block=32 out=32
//! report "race: store of 4 bytes at byte 4 of a block of the heap (8 bytes) and the store by thread (0,0,0)"
extern "C" __global__ void different_values_in_a_block(int *y) {
  __shared__ int *block;
  if (threadIdx.x == 0)
    block = static_cast<int *>(malloc(2 * sizeof(int)));
  __syncthreads();
  block[1] = threadIdx.x; // <-
  __syncthreads();
  y[threadIdx.x] = block[1];
}

//! launch grid=2 block=32 inout=2 out=32
//! report "race: load of 4 bytes at byte 0 of a block of the heap (128 bytes) and the store by CTA (0,0,0)"
//! report "neither must come first"
extern "C" __global__ void handed_over_without_fence(unsigned long long *slot, int *y) {
  if (blockIdx.x == 0) {
    if (threadIdx.x == 0) {
      int *block = static_cast<int *>(malloc(32 * sizeof(int)));
      for (int i = 0; i < 32; ++i)
        block[i] = i; // <-
      atomicExch(slot, reinterpret_cast<unsigned long long>(block));
    }
  } else if (auto *block = reinterpret_cast<int *>(atomicAdd(slot, 0ull))) {
    y[threadIdx.x] = block[threadIdx.x]; // <-
  }
}

//! launch block=64 out=64
//! report "race: free of 256 bytes at byte 0 of a block of the heap (256 bytes) and the load by thread (1,0,0)"
//! report "with no barrier between them"
extern "C" __global__ void freed_while_others_read(int *y) {
  __shared__ int *block;
  if (threadIdx.x == 0) {
    block = static_cast<int *>(malloc(64 * sizeof(int)));
    for (int i = 0; i < 64; ++i)
      block[i] = i;
  }
  __syncthreads();
  y[threadIdx.x] = block[threadIdx.x]; // <-
  if (threadIdx.x == 0)
    free(block); // <-
}
