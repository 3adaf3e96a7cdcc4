// Accesses that barriers, fences, atomics and flags order, some in ways that look like races. Kernels trap when
// a value is not what it should be. README.md says what the lines before each kernel mean.
#include <cstdint>
#include <cuda/atomic>

//! launch block=64 in=256 out=64
extern "C" __global__ void tile_used_again(const int *x, int *y) {
  __shared__ int tile[64];
  int sum = 0;
  for (int k = 0; k < 4; ++k) {
    tile[threadIdx.x] = x[64 * k + threadIdx.x];
    __syncthreads();
    sum += tile[63 - threadIdx.x];
    __syncthreads();
  }
  y[threadIdx.x] = sum;
}

//! launch block=64 in=256 out=256
extern "C" __global__ void two_buffers_with_one_barrier(const int *x, int *y) {
  __shared__ int tiles[2][64];
#pragma unroll 1
  for (int k = 0; k < 4; ++k) {
    tiles[k & 1][threadIdx.x] = x[64 * k + threadIdx.x];
    __syncthreads();
    y[64 * k + threadIdx.x] = tiles[k & 1][63 - threadIdx.x];
  }
}

//! launch block=128 in=128 out=1
extern "C" __global__ void reduction_by_halves(const int *x, int *y) {
  __shared__ int sums[128];
  sums[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
#pragma unroll 1
  for (int half = 64; half > 0; half >>= 1) {
    if (threadIdx.x < half)
      sums[threadIdx.x] += sums[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0)
    *y = sums[0] == 127 * 64 ? 1 : (__trap(), 0);
}

//! launch block=32 in=32 out=1
extern "C" __global__ void reduction_in_a_warp(const int *x, int *y) {
  __shared__ int sums[64];
  sums[threadIdx.x] = x[threadIdx.x];
  sums[threadIdx.x + 32] = 0;
  __syncwarp();
#pragma unroll 1
  for (int half = 16; half > 0; half >>= 1) {
    int other = sums[threadIdx.x + half];
    __syncwarp();
    sums[threadIdx.x] += other;
    __syncwarp();
  }
  if (threadIdx.x == 0)
    *y = sums[0] == 31 * 16 ? 1 : (__trap(), 0);
}

//! launch block=64 out=64
extern "C" __global__ void rows_of_each_warp(int *y) {
  __shared__ int tile[2][32];
  int *row = tile[threadIdx.x / 32], lane = threadIdx.x % 32;
  row[lane] = threadIdx.x;
  __syncwarp();
  y[threadIdx.x] = row[31 - lane];
}

//! launch block=64 out=64
extern "C" __global__ void one_value_from_all(int *y) {
  __shared__ int found;
  found = 0;
  __syncthreads();
  if (threadIdx.x % 3 == 0)
    found = 1;
  __syncthreads();
  y[threadIdx.x] = found == 1 ? 1 : (__trap(), 0);
}

//! launch grid=4 block=32 inout=1
extern "C" __global__ void one_value_from_all_blocks(int *found) {
  if (threadIdx.x == blockIdx.x)
    *found = 1;
}

//! launch grid=3 block=64 in=64 out=192
extern "C" __global__ void overlapping_reads(const int *x, int *y) {
  int sum = 0;
  for (int i = -2; i <= 2; ++i)
    sum += x[(threadIdx.x + i) & 63];
  y[blockIdx.x * 64 + threadIdx.x] = sum;
}

//! launch grid=3 block=32 inout=4 out=97
extern "C" __global__ void last_block_sums(unsigned *counter, int *partial) {
  partial[blockIdx.x * 32 + threadIdx.x] = 1;
  __threadfence();
  __shared__ unsigned arrived;
  __syncthreads();
  if (threadIdx.x == 0)
    arrived = atomicAdd(counter, 1u);
  __syncthreads();
  if (arrived == 2) {
    __threadfence();
    int sum = 0;
    for (int i = 0; i < 3; ++i)
      sum += partial[i * 32 + threadIdx.x];
    if (sum != 3)
      __trap();
  }
}

//! launch grid=2 block=64 inout=1 inout=1
extern "C" __global__ void spin_lock(unsigned *lock, int *value) {
  if (threadIdx.x % 32 == 0) {
    while (atomicCAS(lock, 0u, 1u))
      ;
    __threadfence();
    *value += 1;
    __threadfence();
    atomicExch(lock, 0u);
  }
}

//! launch grid=2 block=96 inout=1 inout=1
extern "C" __global__ void spin_lock_of_acquire_and_release(unsigned *word, int *value) {
  cuda::atomic_ref<unsigned, cuda::thread_scope_device> lock(*word);
  if (threadIdx.x % 32 == 0) {
    while (lock.exchange(1u, cuda::memory_order_acquire))
      ;
    *value += 1;
    lock.store(0u, cuda::memory_order_release);
  }
}

//! launch block=32 inout=1 inout=1
extern "C" __global__ void lock_that_a_warp_fights_for(unsigned *lock, int *value) {
  bool done = false;
  while (!done) {
    if (atomicCAS(lock, 0u, 1u) == 0u) {
      __threadfence();
      *value += 1;
      __threadfence();
      atomicExch(lock, 0u);
      done = true;
    }
  }
  __syncthreads();
  if (*value != 32)
    __trap();
}

//! launch block=64 out=1
extern "C" __global__ void flag_with_fences(int *y) {
  __shared__ volatile int flag;
  __shared__ int data;
  if (threadIdx.x == 0)
    flag = 0;
  __syncthreads();
  if (threadIdx.x == 0) {
    data = 5;
    __threadfence_block();
    flag = 1;
  }
  if (threadIdx.x == 32) {
    while (!flag)
      ;
    __threadfence_block();
    *y = data == 5 ? data : (__trap(), 0);
  }
}

//! launch grid=2 block=32 inout=1 out=32
extern "C" __global__ void flag_of_release_and_acquire(int *word, int *data) {
  cuda::atomic_ref<int, cuda::thread_scope_device> flag(*word);
  if (blockIdx.x == 0) {
    data[threadIdx.x] = 2;
    __syncthreads();
    if (threadIdx.x == 0)
      flag.store(1, cuda::memory_order_release);
  } else {
    while (!flag.load(cuda::memory_order_acquire))
      ;
    if (data[threadIdx.x] != 2)
      __trap();
  }
}

//! launch grid=2 block=64 in=128 inout=4
extern "C" __global__ void histogram_in_shared_memory(const int *x, unsigned *bins) {
  __shared__ unsigned own[4];
  if (threadIdx.x < 4)
    own[threadIdx.x] = 0;
  __syncthreads();
  atomicAdd(own + (x[blockIdx.x * 64 + threadIdx.x] & 3), 1u);
  __syncthreads();
  if (threadIdx.x < 4)
    atomicAdd(bins + threadIdx.x, own[threadIdx.x]);
}

//! launch grid=2 block=64 in=128 inout=1 out=128
extern "C" __global__ void compaction_by_aggregated_atomics(const int *x, unsigned *count, int *kept) {
  int v = x[blockIdx.x * 64 + threadIdx.x];
  if (v % 3 == 0) {
    unsigned active = __activemask(), lane = threadIdx.x % 32, leader = __ffs(active) - 1, base = 0;
    if (lane == leader)
      base = atomicAdd(count, __popc(active));
    base = __shfl_sync(active, base, leader);
    kept[base + __popc(active & ((1u << lane) - 1))] = v;
  }
}

//! launch block=64 in=64 out=64
extern "C" __global__ void scan_of_warps(const int *x, int *y) {
  __shared__ int sums[2];
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32, v = x[threadIdx.x];
  for (int step = 1; step < 32; step *= 2) {
    int left = __shfl_up_sync(~0u, v, step);
    v += lane >= step ? left : 0;
  }
  if (lane == 31)
    sums[warp] = v;
  __syncthreads();
  if (warp)
    v += sums[0];
  y[threadIdx.x] = v == int(threadIdx.x * (threadIdx.x + 1) / 2) ? v : (__trap(), 0);
}

//! launch block=64 inout=1 out=64
extern "C" __global__ void atomic_then_barrier_then_load(int *counter, int *y) {
  atomicAdd(counter, 1);
  __syncthreads();
  y[threadIdx.x] = *counter == 64 ? 1 : (__trap(), 0);
}

//! launch block=64 out=64
extern "C" __global__ void halves_of_words(int *y) {
  __shared__ unsigned short tile[64];
  tile[threadIdx.x ^ 1] = threadIdx.x;
  __syncthreads();
  y[threadIdx.x] = tile[threadIdx.x] == (threadIdx.x ^ 1) ? 1 : (__trap(), 0);
}

//! launch block=32,2 in=64 out=64
extern "C" __global__ void transposition(const int *x, int *y) {
  __shared__ int tile[2][33];
  tile[threadIdx.y][threadIdx.x] = x[threadIdx.y * 32 + threadIdx.x];
  __syncthreads();
  int t = threadIdx.y * 32 + threadIdx.x;
  y[t] = tile[t % 2][t / 2];
}

//! launch block=64 out=64
extern "C" __global__ void reads_its_neighbour_after_an_mbarrier(int *y) {
  __shared__ uint64_t barrier;
  __shared__ int tile[64];
  unsigned address = (unsigned)__cvta_generic_to_shared(&barrier);
  if (threadIdx.x == 0)
    asm volatile("mbarrier.init.shared.b64 [%0], 64;" ::"r"(address) : "memory");
  __syncthreads();
#pragma unroll 1
  for (int phase = 0; phase < 6; ++phase) {
    if (phase % 2 == 0)
      tile[threadIdx.x] = threadIdx.x + phase;
    asm volatile("{ .reg .b64 s; mbarrier.arrive.shared.b64 s, [%0]; }" ::"r"(address) : "memory");
    asm volatile("{ .reg .pred p; W: mbarrier.test_wait.parity.shared.b64 p, [%0], %1; @!p bra W; }" ::"r"(address),
                 "r"(phase & 1)
                 : "memory");
    if (phase % 2 == 0)
      y[threadIdx.x] = tile[63 - threadIdx.x] == 63 - int(threadIdx.x) + phase ? 1 : (__trap(), 0);
  }
}
