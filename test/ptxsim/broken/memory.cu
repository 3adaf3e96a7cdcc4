// Accesses to what is not there, is not aligned, may not be written or holds nothing. README.md says what the
// lines before each kernel mean.
#include <cstdint>

//! launch grid=2 block=32 in=64 out=64
//! report "out-of-bounds store of 4 bytes" "0 bytes after the end of 'out 1' (256 bytes"
extern "C" __global__ void one_past_the_end(const int *x, int *y) {
  int i = blockIdx.x * 32 + threadIdx.x;
  y[i + 1] = x[i]; // <-
}

//! launch block=32 in=32 out=32
//! report "out-of-bounds load of 4 bytes" "4 bytes before 'in 0' (128 bytes"
extern "C" __global__ void index_below_zero(const int *x, int *y) {
  int i = threadIdx.x;
  y[i] = x[i - 1] + 1; // <-
}

//! launch block=64 in=48 out=64
//! report "out-of-bounds load of 4 bytes" "0 bytes after the end of 'in 0' (192 bytes" "thread (48,0,0)"
extern "C" __global__ void guard_forgotten(const int *x, int *y) {
  y[threadIdx.x] = x[threadIdx.x]; // <-
}

//! launch block=32 in=32 out=32
//! report "out-of-bounds load of 16 bytes" "0 bytes after the end of 'in 0'" "thread (8,0,0)"
extern "C" __global__ void elements_taken_for_vectors(const int4 *x, int *y) {
  int4 v = x[threadIdx.x]; // <-
  y[threadIdx.x] = v.x + v.y + v.z + v.w;
}

//! launch grid=1,3 block=8,4 in=64 out=96
//! report "out-of-bounds load of 4 bytes" "CTA (0,2,0)"
extern "C" __global__ void rows_beyond_the_matrix(const int *x, int *y) {
  int row = blockIdx.y * 4 + threadIdx.y, column = threadIdx.x;
  y[row * 8 + column] = x[row * 8 + column]; // <-
}

//! launch block=32 in=32 out=32
//! report "out-of-bounds load of 4 bytes"
extern "C" __global__ void index_overflows(const int *x, int *y) {
  unsigned i = threadIdx.x;
  y[i] = x[(i - 1) & 0x7fffffffu]; // <-
}

//! launch block=64 out=64
//! report "out-of-bounds store of 4 bytes at 0x100 in shared memory (256 bytes)"
extern "C" __global__ void static_tile_too_small(int *y) {
  __shared__ volatile int tile[64];
  tile[threadIdx.x + 1] = threadIdx.x; // <-
  __syncthreads();
  y[threadIdx.x] = tile[threadIdx.x];
}

//! launch block=64 shared=128 out=64
//! report "out-of-bounds store of 4 bytes at 0x80 in shared memory (128 bytes)"
extern "C" __global__ void dynamic_tile_too_small(int *y) {
  extern __shared__ int dynamic[];
  dynamic[threadIdx.x] = threadIdx.x; // <-
  __syncthreads();
  y[threadIdx.x] = dynamic[63 - threadIdx.x];
}

//! launch block=32 in=32 out=32
//! report "out-of-bounds store of 4 bytes" "local memory"
extern "C" __global__ void local_array_too_small(const int *x, int *y) {
  int counts[8];
  for (int i = 0; i < 8; ++i)
    counts[i] = i;
  counts[x[threadIdx.x]] = 1; // <-
  y[threadIdx.x] = counts[x[threadIdx.x] & 3] + counts[7];
}

//! launch block=32 freed=32 out=32
//! report "freed" "load of 4 bytes" "at byte 0 of 'freed 0'"
extern "C" __global__ void read_after_free(const int *x, int *y) {
  y[threadIdx.x] = x[threadIdx.x]; // <-
}

//! launch block=32 freed=32
//! report "freed" "store of 4 bytes" "at byte 64 of 'freed 0'"
extern "C" __global__ void write_after_free(int *x) {
  if (threadIdx.x >= 16)
    x[threadIdx.x] = 1; // <-
}

//! launch block=8 in=64 out=8
//! report "misaligned load of 16 bytes" "whose alignment must be 16, at byte 4 of 'in 0'"
extern "C" __global__ void misaligned_vector(const int *x, int *y) {
  int4 v = *reinterpret_cast<const int4 *>(x + 1 + 4 * threadIdx.x); // <-
  y[threadIdx.x] = v.x ^ v.w;
}

//! launch block=8 inout=64
//! report "misaligned atomic operation of 4 bytes"
extern "C" __global__ void misaligned_atomic(char *x) {
  atomicAdd(reinterpret_cast<int *>(x + 4 * threadIdx.x + 2), 1); // <-
}

//! launch block=8 out=8
//! report "misaligned store of 8 bytes at 0x4 in shared memory"
extern "C" __global__ void misaligned_shared(int *y) {
  __shared__ alignas(16) volatile int tile[32];
  *reinterpret_cast<volatile long long *>(tile + 2 * threadIdx.x + 1) = 7; // <-
  __syncthreads();
  y[threadIdx.x] = tile[threadIdx.x];
}

//! launch block=32 out=32
//! report "uninitialized: load of 4 bytes" "of shared memory" "thread (31,0,0)"
extern "C" __global__ void tile_not_filled(int *y) {
  __shared__ int tile[33];
  tile[threadIdx.x] = threadIdx.x;
  __syncthreads();
  y[threadIdx.x] = tile[threadIdx.x + 1]; // <-
}

//! launch block=32 out=32
//! report "uninitialized: load of 4 bytes" "of 'out 0'"
extern "C" __global__ void accumulates_into_nothing(float *y) {
  y[threadIdx.x] += 1; // <-
}

//! launch block=32 out=32
//! report "uninitialized: atomic operation of 4 bytes" "of 'out 0'"
extern "C" __global__ void counter_not_cleared(unsigned *counts) {
  atomicAdd(counts + threadIdx.x % 4, 1u); // <-
}

//! launch block=32 out=32
//! report "uninitialized: atomic operation of 4 bytes" "of shared memory"
extern "C" __global__ void shared_histogram_not_cleared(unsigned *counts) {
  __shared__ unsigned bins[4];
  atomicAdd(bins + threadIdx.x % 4, 1u); // <-
  __syncthreads();
  counts[threadIdx.x] = bins[threadIdx.x % 4];
}

//! launch grid=2 block=32 out=64
//! report "uninitialized: load of 4 bytes" "of shared memory" "CTA (1,0,0)"
extern "C" __global__ void tile_of_the_first_block_only(int *y) {
  __shared__ int tile[32];
  if (blockIdx.x == 0)
    tile[threadIdx.x] = 1;
  __syncthreads();
  y[blockIdx.x * 32 + threadIdx.x] = tile[31 - threadIdx.x]; // <-
}

//! launch block=32 in=32
//! report "read-only store of 4 bytes" "of 'in 0'"
extern "C" __global__ void writes_its_input(int *x) {
  x[threadIdx.x] = 0; // <-
}

//! launch block=1 in=1
//! report "out-of-bounds load of 4 bytes at 0x0 in global memory"
extern "C" __global__ void null_pointer(int **x) {
  int *nothing = nullptr;
  asm volatile("" : "+l"(nothing));
  if (*nothing == 3) // <-
    __trap();
}
