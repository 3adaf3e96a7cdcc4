// Broken kernels that the simulator does not report, as docs/ptx-simulator.md says: when it learns to, they move
// to broken/. README.md says what the lines before each kernel mean.

//! launch block=96 out=96
//! missed "a barrier orders the accesses of threads that do not take part in it, too"
extern "C" __global__ void barrier_without_the_reader(int *y) {
  __shared__ int tile[32];
  if (threadIdx.x < 32)
    tile[threadIdx.x] = threadIdx.x;
  if (threadIdx.x < 64)
    asm volatile("bar.sync 1, 64;" ::: "memory");
  else
    y[threadIdx.x] = tile[threadIdx.x - 64];
}

//! launch block=64 out=64
//! missed "a fence orders the accesses of threads that do not execute it, too"
extern "C" __global__ void fence_of_a_bystander(int *y) {
  __shared__ int tile[64];
  if (threadIdx.x < 32)
    tile[threadIdx.x] = threadIdx.x;
  else if (threadIdx.x == 32)
    __threadfence_block();
  if (threadIdx.x > 32)
    y[threadIdx.x] = tile[threadIdx.x - 32];
}

//! launch block=64 inout=64
//! missed "of all that have read a byte the newest two are remembered"
extern "C" __global__ void the_first_of_three_readers(int *y) {
  __shared__ volatile int word;
  if (threadIdx.x == 0)
    *const_cast<int *>(&word) = 1;
  __syncthreads();
  if (threadIdx.x == 32 && *const_cast<int *>(&word) == 5)
    y[0] = 1; // in a race with the store
  if (threadIdx.x < 32) {
    if (threadIdx.x < 2 && *const_cast<int *>(&word) == 5)
      y[1] = 1;
    __syncwarp();
    if (threadIdx.x == 2)
      *const_cast<int *>(&word) = 3;
  }
}

//! launch block=32 out=32
//! missed "bar.warp.sync orders the accesses of the warp's other lanes, too"
extern "C" __global__ void syncwarp_of_other_lanes(int *y) {
  __shared__ int tile[32];
  tile[threadIdx.x] = threadIdx.x;
  if (threadIdx.x < 16)
    __syncwarp(0xffff);
  y[threadIdx.x] = tile[31 - threadIdx.x];
}

//! launch grid=2 block=32 inout=1
//! missed "the scope of an atomic operation is not looked at"
extern "C" __global__ void atomics_of_one_block_on_two(int *counter) { atomicAdd_block(counter, 1); }
