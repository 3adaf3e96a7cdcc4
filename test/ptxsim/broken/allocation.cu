// Memory that threads allocate themselves, used before, beyond and after it is theirs. README.md says what the lines
// before each kernel mean.
#include <alloca.h>
#include <cstdlib>

//! launch block=32 out=32
//! report "out-of-bounds store of 4 bytes" "0 bytes after the end of a block of the heap (40 bytes)"
extern "C" __global__ void one_past_the_block(int *y) {
  int *block = static_cast<int *>(malloc(40));
  for (int i = 0; i <= 10; ++i)
    block[i] = i; // <-
  y[threadIdx.x] = block[threadIdx.x % 10];
  free(block);
}

//! launch block=32 out=32
//! report "out-of-bounds load of 4 bytes" "at byte 8 of a block of the heap (16 bytes), which was freed"
extern "C" __global__ void used_after_it_was_freed(int *y) {
  volatile int *block = static_cast<int *>(malloc(16));
  block[2] = 1;
  free(const_cast<int *>(block));
  y[threadIdx.x] = block[2]; // <-
}

//! launch block=64 out=64
//! report "out-of-bounds free" "at byte 0 of a block of the heap (256 bytes), which was freed"
extern "C" __global__ void freed_by_all_threads(int *y) {
  __shared__ int *buffer;
  if (threadIdx.x == 0)
    buffer = static_cast<int *>(malloc(256));
  __syncthreads();
  y[threadIdx.x] = buffer != nullptr;
  free(buffer); // <-
}

//! launch block=32 out=32
//! report "out-of-bounds free" "where no block of the heap begins, at byte 4 of a block of the heap (64 bytes)"
extern "C" __global__ void freed_in_the_middle(int *y) {
  int *block = static_cast<int *>(malloc(64));
  y[threadIdx.x] = block != nullptr;
  free(block + 1); // <-
}

//! launch block=32 out=32
//! report "out-of-bounds store of 4 bytes at 0x0 in global memory"
extern "C" __global__ void the_heap_is_full(int *y) {
  int *block = static_cast<int *>(malloc(16 << 20));
  block[0] = threadIdx.x; // <-
  y[threadIdx.x] = block[0];
  free(block);
}

//! launch block=32 in=64 out=32
//! report "stack overflow: alloca of 1024 bytes behind"
extern "C" __global__ void arrays_of_a_loop(const int *x, int *y) {
  int sum = 0;
  for (int i = 0; i < 20; ++i) {
    volatile int *own = static_cast<int *>(alloca((256 + x[0]) * sizeof(int))); // <-
    own[i] = x[i];
    sum += own[i];
  }
  y[threadIdx.x] = sum;
}
