// Barriers that not all threads reach, or not with the same count, and kernels that never end. README.md says
// what the lines before each kernel mean.
#include <cstdint>

//! launch block=32 out=32
//! report "divergent barrier: only 16 of the warp's 32 threads reach it together"
extern "C" __global__ void barrier_in_a_branch(int *y) {
  if (threadIdx.x < 16) {
    __syncthreads(); // <-
    y[threadIdx.x] = 1;
  }
}

//! launch block=64 out=64
//! report "divergent barrier"
extern "C" __global__ void barrier_in_both_branches(int *y) {
  if (threadIdx.x & 1) {
    y[threadIdx.x] = 1;
    __syncthreads();
    y[threadIdx.x] = 2;
  } else {
    y[threadIdx.x] = 3;
    asm volatile("bar.sync 0;" ::: "memory"); // <-
    y[threadIdx.x] = 4;
  }
}

//! launch block=32 in=32 out=32
//! report "divergent barrier"
extern "C" __global__ void barrier_in_a_loop_of_unequal_length(const int *x, int *y) {
#pragma unroll 1
  for (int i = 0; i < x[threadIdx.x]; ++i)
    __syncthreads(); // <-
  y[threadIdx.x] = 1;
}

//! launch block=64
//! report "deadlock: 32 of the 64 threads that barrier 1 waits for have come; others wait at"
extern "C" __global__ void barriers_of_different_numbers() {
  if (threadIdx.x < 32)
    asm volatile("bar.sync 1;"); // <-
  else
    asm volatile("bar.sync 2;"); // <-
}

//! launch block=64
//! report "deadlock: 64 of the 96 threads that barrier 1 waits for have come"
extern "C" __global__ void barrier_for_more_threads_than_there_are() {
  asm volatile("bar.sync 1, 96;"); // <-
}

//! launch block=96
//! report "barrier 1 is for 64 threads here, but for 96 at"
extern "C" __global__ void barrier_of_two_counts() {
  if (threadIdx.x < 32)
    asm volatile("bar.sync 1, 96;"); // <-
  else
    asm volatile("bar.sync 1, 64;"); // <-
}

//! launch block=64
//! report "barrier 2 is for 48 threads, but the count must be a multiple of 32"
extern "C" __global__ void barrier_for_half_a_warp() {
  asm volatile("bar.sync 2, 48;"); // <-
}

//! launch block=64 out=1
//! report "barrier 0 is a reduction here, but not at"
extern "C" __global__ void reduction_meets_a_plain_barrier(int *y) {
  if (threadIdx.x < 32)
    asm volatile("bar.sync 0;"); // <-
  else
    *y = __syncthreads_or(threadIdx.x == 40); // <-
}

//! launch block=32 u32=16
//! report "barrier 16 does not exist"
extern "C" __global__ void barrier_of_no_number(unsigned number) {
  asm volatile("bar.sync %0;" ::"r"(number)); // <-
}

//! launch block=64
//! report "deadlock: 32 of the 64 threads that barrier 3 waits for have come"
extern "C" __global__ void producer_never_arrives() {
  if (threadIdx.x < 32)
    asm volatile("bar.sync 3, 64;"); // <-
}

//! launch block=64 in=128 out=128
//! report "deadlock: 32 of the 64 threads that barrier 1 waits for have come"
extern "C" __global__ void producer_does_not_wait_for_the_consumer(const int *x, int *y) {
  __shared__ int tile[32];
  int lane = threadIdx.x % 32;
#pragma unroll 1
  for (int k = 0; k < 4; ++k)
    if (threadIdx.x < 32) { // arrives twice, which is all that the barrier waits for
      tile[lane] = x[32 * k + lane];
      asm volatile("bar.arrive 1, 64;" ::: "memory");
    } else {
      asm volatile("bar.sync 1, 64;" ::: "memory"); // <-
      y[32 * k + lane] = tile[31 - lane];
    }
}

//! launch block=32 limit=20000
//! report "limit: a warp executed 20000 instructions"
extern "C" __global__ void endless_loop() {
  for (;;)
    asm volatile("nanosleep.u32 1;"); // <-
}

//! launch block=64 inout=1 limit=20000
//! report "limit: a warp executed 20000 instructions"
extern "C" __global__ void flag_that_nobody_sets(volatile int *flag) {
#pragma unroll 1
  while (*flag == 0) // <-
    ;
}

//! launch block=32 inout=1 limit=20000
//! report "limit: a warp executed 20000 instructions"
extern "C" __global__ void lock_that_is_not_released(unsigned *lock) {
  while (atomicCAS(lock, 0u, 1u) != 0u) // <-
    ;
}

//! launch block=32 in=32
//! report "trap" "thread (7,0,0)"
extern "C" __global__ void assertion(const int *x) {
  if (x[threadIdx.x] == 7)
    __trap(); // <-
}

//! launch block=32
//! report "whose member mask does not name it" "thread (16,0,0)"
extern "C" __global__ void syncwarp_without_the_caller() {
  __syncwarp(0xffff); // <-
}

//! launch block=32 out=32
//! report "deadlock: 16 of the 32 threads of the warp that this waits for have come; others wait at"
extern "C" __global__ void shuffles_in_both_branches(int *y) {
  int v = threadIdx.x;
  if (threadIdx.x < 16)
    asm volatile("shfl.sync.bfly.b32 %0, %0, 1, 31, -1;" : "+r"(v)); // <-
  else
    asm volatile("shfl.sync.bfly.b32 %0, %0, 2, 31, -1;" : "+r"(v)); // <-
  y[threadIdx.x] = v;
}

//! launch block=32 out=32
//! report "divergent barrier: only 16 of the warp's 32 threads"
extern "C" __global__ void shuffle_names_lanes_that_wait_elsewhere(int *y) {
  int v = threadIdx.x;
  if (threadIdx.x < 16) {
    asm volatile("shfl.sync.bfly.b32 %0, %0, 1, 31, -1;" : "+r"(v));
    y[threadIdx.x] = v;
  } else {
    __syncthreads(); // <-
  }
}

__device__ void wait(uint64_t *barrier, unsigned phase) {
  asm volatile("{ .reg .pred p; WAIT: mbarrier.test_wait.parity.shared.b64 p, [%0], %1; @!p bra WAIT; }" ::"r"(
                   (unsigned)__cvta_generic_to_shared(barrier)),
               "r"(phase)
               : "memory");
}
__device__ void arrive(uint64_t *barrier) {
  asm volatile("{ .reg .b64 state; mbarrier.arrive.shared.b64 state, [%0]; }" ::"r"(
                   (unsigned)__cvta_generic_to_shared(barrier))
               : "memory");
}
__device__ void init(uint64_t *barrier, unsigned count) {
  asm volatile("mbarrier.init.shared.b64 [%0], %1;" ::"r"((unsigned)__cvta_generic_to_shared(barrier)), "r"(count)
               : "memory");
}

//! launch block=64 limit=20000
//! report "limit: a warp executed 20000 instructions"
extern "C" __global__ void memory_barrier_that_is_never_full() {
  __shared__ uint64_t barrier;
  if (threadIdx.x == 0)
    init(&barrier, 65);
  __syncthreads();
  arrive(&barrier);
  wait(&barrier, 0); // <-
}

//! launch block=64
//! report "bad use of a memory barrier: it is not initialized"
extern "C" __global__ void memory_barrier_without_init() {
  __shared__ uint64_t barrier;
  if (threadIdx.x == 0)
    barrier = 0;
  __syncthreads();
  arrive(&barrier); // <-
}

//! launch block=64
//! report "race: " "at byte 0 of shared memory"
extern "C" __global__ void memory_barrier_used_before_a_barrier() {
  __shared__ uint64_t barrier;
  if (threadIdx.x == 0)
    init(&barrier, 63); // <-
  else
    arrive(&barrier); // <-
  wait(&barrier, 0);
}

//! launch block=64 in=64 out=64
//! report "race: " "of shared memory"
extern "C" __global__ void memory_barrier_of_the_wrong_phase(const int *x, int *y) {
  __shared__ uint64_t barrier;
  __shared__ int tile[64];
  if (threadIdx.x == 0)
    init(&barrier, 64);
  __syncthreads();
  tile[threadIdx.x] = x[threadIdx.x]; // <-
  wait(&barrier, 1); // has passed before anyone arrived
  y[threadIdx.x] = tile[63 - threadIdx.x]; // <-
  arrive(&barrier);
}
