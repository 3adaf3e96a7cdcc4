// Copies by cp.async that are used too early, or begun too early. README.md says what the lines before each
// kernel mean.
#include <cstdint>

__device__ void copy4(int *destination, const int *source) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"((unsigned)__cvta_generic_to_shared(destination)),
               "l"(source)
               : "memory");
}
__device__ void commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int groups> __device__ void wait() { asm volatile("cp.async.wait_group %0;" ::"n"(groups) : "memory"); }

//! launch block=32 in=32 out=32
//! report "race: load of 4 bytes" "while the copy by thread (0,0,0)" "a wait for it is missing before"
extern "C" __global__ void no_wait(const int *x, int *y) {
  __shared__ int tile[32];
  copy4(tile + threadIdx.x, x + threadIdx.x); // <-
  commit();
  y[threadIdx.x] = tile[threadIdx.x]; // <-
}

//! launch block=32 in=32 out=32
//! report "race: load of 4 bytes" "a wait for it is missing before"
extern "C" __global__ void no_commit(const int *x, int *y) {
  __shared__ int tile[32];
  copy4(tile + threadIdx.x, x + threadIdx.x); // <-
  wait<0>();
  y[threadIdx.x] = tile[threadIdx.x]; // <-
}

//! launch block=32 in=64 out=32
//! report "race: load of 4 bytes" "a wait for it is missing before"
extern "C" __global__ void wait_leaves_one_group_too_many(const int *x, int *y) {
  __shared__ int tiles[2][32];
  copy4(tiles[0] + threadIdx.x, x + threadIdx.x);
  commit();
  copy4(tiles[1] + threadIdx.x, x + 32 + threadIdx.x); // <-
  commit();
  wait<1>();
  y[threadIdx.x] = tiles[0][threadIdx.x] + tiles[1][threadIdx.x]; // <-
}

//! launch block=64 in=64 out=64
//! report "race: " "of shared memory"
extern "C" __global__ void no_barrier_after_the_wait(const int *x, int *y) {
  __shared__ int tile[64];
  copy4(tile + threadIdx.x, x + threadIdx.x); // <-
  commit();
  wait<0>();
  y[threadIdx.x] = tile[63 - threadIdx.x]; // <-
}

//! launch block=64 in=64 out=64
//! report "race: " "of shared memory"
extern "C" __global__ void barrier_before_the_wait(const int *x, int *y) {
  __shared__ int tile[64];
  copy4(tile + threadIdx.x, x + threadIdx.x); // <-
  commit();
  __syncthreads();
  wait<0>();
  y[threadIdx.x] = tile[63 - threadIdx.x]; // <-
}

//! launch block=64 in=256 out=256
//! report "race: load of 4 bytes" "a wait for it is missing before"
extern "C" __global__ void one_stage_early(const int *x, int *y) {
  __shared__ int tiles[2][64];
  copy4(tiles[0] + threadIdx.x, x + threadIdx.x);
  commit();
#pragma unroll 1
  for (int k = 0; k < 4; ++k) {
    if (k < 3)
      copy4(tiles[(k + 1) & 1] + threadIdx.x, x + 64 * (k + 1) + threadIdx.x); // <-
    commit();
    wait<1>();
    __syncthreads();
    y[64 * k + threadIdx.x] = tiles[(k + 1) & 1][63 - threadIdx.x]; // <-
    __syncthreads();
  }
}

//! launch block=64 in=256 out=256
//! report "race: " "of shared memory"
extern "C" __global__ void next_copy_while_others_read(const int *x, int *y) {
  __shared__ int tile[64];
#pragma unroll 1
  for (int k = 0; k < 4; ++k) {
    copy4(tile + threadIdx.x, x + 64 * k + threadIdx.x); // <-
    commit();
    wait<0>();
    __syncthreads();
    y[64 * k + threadIdx.x] = tile[63 - threadIdx.x]; // <-
  }
}

//! launch block=32 in=32 out=32
//! report "race: store of 4 bytes" "while the copy by thread" "a wait for it is missing before"
extern "C" __global__ void store_into_the_copy(const int *x, int *y) {
  __shared__ int tile[32];
  copy4(tile + threadIdx.x, x + threadIdx.x); // <-
  commit();
  if (threadIdx.x == 31)
    tile[31] = 0; // <-
  wait<0>();
  y[threadIdx.x] = tile[threadIdx.x];
}

//! launch block=32 inout=32 out=32
//! report "race: store of 4 bytes" "of 'inout 0'" "while the copy by thread"
extern "C" __global__ void source_changes_under_the_copy(int *x, int *y) {
  __shared__ int tile[32];
  copy4(tile + threadIdx.x, x + threadIdx.x); // <-
  commit();
  x[threadIdx.x] = 1; // <-
  wait<0>();
  y[threadIdx.x] = tile[threadIdx.x];
}

//! launch block=32 in=32
//! report "race: " "of shared memory"
extern "C" __global__ void two_copies_to_one_place(const int *x) {
  __shared__ int tile[32];
  copy4(tile + (threadIdx.x & 15), x + threadIdx.x); // <-
  commit();
  wait<0>();
}

//! launch block=33 in=32 out=33
//! report "out-of-bounds load of 4 bytes" "of 'in 0'" "thread (32,0,0)"
extern "C" __global__ void source_out_of_bounds(const int *x, int *y) {
  __shared__ int tile[33];
  copy4(tile + threadIdx.x, x + threadIdx.x); // <-
  commit();
  wait<0>();
  y[threadIdx.x] = tile[threadIdx.x];
}

//! launch block=32 in=32 out=32
//! report "out-of-bounds store of 4 bytes at 0x80 in shared memory (128 bytes)"
extern "C" __global__ void destination_out_of_bounds(const int *x, int *y) {
  __shared__ int tile[32];
  copy4(tile + threadIdx.x + 1, x + threadIdx.x); // <-
  commit();
  wait<0>();
  y[threadIdx.x] = tile[threadIdx.x];
}

//! launch block=4 in=32 out=16
//! report "misaligned load of 16 bytes" "of 'in 0'"
extern "C" __global__ void source_misaligned(const int *x, int *y) {
  __shared__ alignas(16) int tile[16];
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"((unsigned)__cvta_generic_to_shared(tile + 4 * threadIdx.x)),
               "l"(x + 4 * threadIdx.x + 1) // <-
               : "memory");
  commit();
  wait<0>();
  y[threadIdx.x] = tile[threadIdx.x];
}

//! launch block=32 in=32 out=32
//! report "race: load of 4 bytes" "a wait for it is missing before"
extern "C" __global__ void arrival_that_nobody_waits_for(const int *x, int *y) {
  __shared__ int tile[32];
  __shared__ uint64_t barrier;
  unsigned address = (unsigned)__cvta_generic_to_shared(&barrier);
  if (threadIdx.x == 0)
    asm volatile("mbarrier.init.shared.b64 [%0], 32;" ::"r"(address) : "memory");
  __syncthreads();
  copy4(tile + threadIdx.x, x + threadIdx.x); // <-
  asm volatile("cp.async.mbarrier.arrive.noinc.shared.b64 [%0];" ::"r"(address) : "memory");
  __syncthreads();
  y[threadIdx.x] = tile[threadIdx.x]; // <-
}
