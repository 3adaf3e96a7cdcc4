// Accesses that nothing orders: within a warp, within a block and between blocks. README.md says what the lines
// before each kernel mean.

//! launch block=64 out=64
//! report "race: " "of shared memory" "with no barrier between them"
extern "C" __global__ void no_barrier_after_stores(int *y) {
  __shared__ int tile[64];
  tile[threadIdx.x] = threadIdx.x; // <-
  y[threadIdx.x] = tile[63 - threadIdx.x]; // <-
}

//! launch block=64 in=256 out=64
//! report "race: " "of shared memory" "with no barrier between them"
extern "C" __global__ void no_barrier_before_reuse(const int *x, int *y) {
  __shared__ int tile[64];
  int sum = 0;
  for (int k = 0; k < 4; ++k) {
    tile[threadIdx.x] = x[64 * k + threadIdx.x]; // <-
    __syncthreads();
#pragma unroll 1
    for (int i = 0; i < 64; i += 32)
      sum += tile[threadIdx.x ^ i]; // <-
  }
  y[threadIdx.x] = sum;
}

//! launch block=128 in=128 out=1
//! report "race: " "of shared memory" "with no barrier between them"
extern "C" __global__ void reduction_without_the_last_barrier(const int *x, int *y) {
  __shared__ volatile int sums[128];
  sums[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
#pragma unroll 1
  for (int half = 64; half > 0; half >>= 1)
    if (threadIdx.x < half) {
      int other = *const_cast<int *>(sums + threadIdx.x + half); // <-
      *const_cast<int *>(sums + threadIdx.x) += other; // <-
    }
  if (threadIdx.x == 0)
    *y = sums[0];
}

//! launch block=32 out=32
//! report "race: " "of shared memory" "with no barrier between them"
extern "C" __global__ void no_syncwarp(int *y) {
  __shared__ int tile[32];
  tile[threadIdx.x] = threadIdx.x; // <-
  y[threadIdx.x] = tile[31 - threadIdx.x]; // <-
}

//! launch block=64 out=64
//! report "race: " "of shared memory"
extern "C" __global__ void syncwarp_for_two_warps(int *y) {
  __shared__ int tile[64];
  tile[threadIdx.x] = threadIdx.x; // <-
  __syncwarp();
  y[threadIdx.x] = tile[threadIdx.x ^ 32]; // <-
}

//! launch block=64 in=1 out=64
//! report "race: " "of shared memory"
extern "C" __global__ void one_branch_writes(const int *x, int *y) {
  __shared__ int total;
  if (threadIdx.x == 0)
    total = *x; // <-
  y[threadIdx.x] = total; // <-
}

//! launch block=64 out=64
//! report "race: store of 4 bytes" "of shared memory" "and the store by thread"
extern "C" __global__ void different_values_in_a_warp(int *y) {
  __shared__ int last;
  last = threadIdx.x; // <-
  __syncthreads();
  y[threadIdx.x] = last;
}

//! launch block=64 out=64
//! report "race: store of 4 bytes" "of shared memory" "and the store by thread"
extern "C" __global__ void different_values_of_two_warps(int *y) {
  __shared__ int last;
  if (threadIdx.x % 32 == 5)
    last = threadIdx.x; // <-
  __syncthreads();
  y[threadIdx.x] = last;
}

//! launch grid=4 block=32 out=32
//! report "race: store of 4 bytes" "of 'out 0' in global memory and the store by CTA (0,0,0)" "neither must come first"
extern "C" __global__ void different_values_of_blocks(int *y) {
  y[threadIdx.x] = blockIdx.x; // <-
}

//! launch grid=3 block=32 inout=1
//! report "race: " "of 'inout 0' in global memory"
extern "C" __global__ void sum_without_atomics(int *sum) {
  *sum += threadIdx.x; // <-
}

//! launch grid=2 block=64 in=128 inout=4
//! report "race: " "of 'inout 1' in global memory"
extern "C" __global__ void histogram_without_atomics(const int *x, int *bins) {
  ++bins[x[blockIdx.x * 64 + threadIdx.x] & 3]; // <-
}

//! launch block=64 in=64 out=4
//! report "race: " "of shared memory"
extern "C" __global__ void shared_histogram_without_atomics(const int *x, int *counts) {
  __shared__ int bins[4];
  if (threadIdx.x < 4)
    bins[threadIdx.x] = 0;
  __syncthreads();
  ++bins[x[threadIdx.x] & 3]; // <-
  __syncthreads();
  if (threadIdx.x < 4)
    counts[threadIdx.x] = bins[threadIdx.x];
}

//! launch grid=2 block=32 inout=64
//! report "race: " "of 'inout 0' in global memory" "neither must come first"
extern "C" __global__ void stencil_in_place(int *x) {
  int i = blockIdx.x * 32 + threadIdx.x;
  int left = i ? x[i - 1] : 0; // <-
  __syncthreads();
  x[i] = left + 1; // <-
}

//! launch grid=2 block=32 inout=2 out=32
//! report "race: load of 4 bytes" "neither must come first"
extern "C" __global__ void flag_without_fence(volatile int *flag, int *data) {
  if (blockIdx.x == 0) {
    data[threadIdx.x] = 2; // <-
    __syncthreads();
    if (threadIdx.x == 0)
      *flag = 1;
  } else if (*flag) {
    if (data[threadIdx.x] == 3) // <-
      __trap();
  }
}

//! launch block=64 out=1
//! report "race: load of 4 bytes" "and the store by thread"
extern "C" __global__ void flag_without_fence_in_a_block(int *y) {
  __shared__ volatile int flag;
  __shared__ int data;
  if (threadIdx.x == 0)
    flag = 0;
  __syncthreads();
  if (threadIdx.x == 0) {
    *const_cast<volatile int *>(&data) = 1;
    data = 5; // <-
    flag = 1;
  }
  if (threadIdx.x == 32) {
    while (!flag)
      ;
    *y = data; // <-
  }
}

//! launch grid=3 block=32 inout=4 out=96
//! report "race: load of 4 bytes" "neither must come first"
extern "C" __global__ void last_block_without_fence(unsigned *counter, int *partial) {
  partial[blockIdx.x * 32 + threadIdx.x] = 1; // <-
  __shared__ unsigned arrived;
  __syncthreads();
  if (threadIdx.x == 0)
    arrived = atomicAdd(counter, 1u);
  __syncthreads();
  if (arrived == 2) {
    int sum = 0;
    for (int i = 0; i < 3; ++i)
      sum += partial[i * 32 + threadIdx.x]; // <-
    if (sum != 3)
      __trap();
  }
}

//! launch block=64 inout=1 out=64
//! report "race: " "atomic operation"
extern "C" __global__ void atomics_and_plain_loads(int *counter, int *y) {
  atomicAdd(counter, 1); // <-
  y[threadIdx.x] = *counter; // <-
}

//! launch grid=2 block=32 inout=1
//! report "race: " "atomic operation"
extern "C" __global__ void atomics_and_plain_stores(int *counter) {
  if (blockIdx.x == 0)
    atomicAdd(counter, 1); // <-
  else
    *counter = 0; // <-
}

//! launch block=64 in=192 out=192
//! report "race: " "of shared memory"
extern "C" __global__ void one_buffer_taken_for_two(const int *x, int *y) {
  __shared__ int tiles[2][64];
  tiles[0][threadIdx.x] = x[threadIdx.x];
#pragma unroll 1
  for (int k = 0; k < 3; ++k) {
    __syncthreads();
    if (k + 1 < 3)
      tiles[k & 1][threadIdx.x] = x[64 * (k + 1) + threadIdx.x]; // <-
    y[64 * k + threadIdx.x] = tiles[k & 1][63 - threadIdx.x]; // <-
  }
}

//! launch block=32,2 out=64
//! report "race: " "of shared memory"
extern "C" __global__ void padded_rows_overlap(int *y) {
  __shared__ int tile[2 * 33];
  volatile int *row = tile + threadIdx.y * 31;
  *const_cast<int *>(row + threadIdx.x) = threadIdx.y * 32 + threadIdx.x; // <-
  __syncthreads();
  y[threadIdx.y * 32 + threadIdx.x] = tile[threadIdx.x];
}

//! launch block=64 inout=64
//! report "race: " "in global memory"
extern "C" __global__ void scan_in_place_without_barriers(int *x) {
#pragma unroll 1
  for (int step = 1; step < 64; step *= 2) {
    int left = threadIdx.x >= step ? x[threadIdx.x - step] : 0; // <-
    x[threadIdx.x] += left + 1; // <-
  }
}

//! launch grid=2 block=32 inout=2 inout=1
//! report "race: " "neither must come first"
extern "C" __global__ void lock_without_acquire(unsigned *lock, volatile int *value) {
  if (threadIdx.x == 0) {
    while (atomicCAS(lock, 0u, 1u))
      ;
    *const_cast<int *>(value) += 1; // <-
    *(volatile unsigned *)lock = 0;
  }
}

//! launch grid=2 block=32 inout=1 out=32
//! report "race: load of 4 bytes" "neither must come first"
extern "C" __global__ void fence_of_too_small_a_scope(volatile int *flag, int *data) {
  if (blockIdx.x == 0) {
    data[threadIdx.x] = 2; // <-
    __threadfence_block();
    __syncthreads();
    if (threadIdx.x == 0)
      *flag = 1;
  } else {
    while (*flag == 0)
      ;
    __threadfence_block();
    if (data[threadIdx.x] == 3) // <-
      __trap();
  }
}

//! launch block=32 out=32
//! report "race: " "of shared memory"
extern "C" __global__ void branches_of_one_warp(int *y) {
  __shared__ int tile[16];
  if (threadIdx.x < 16)
    tile[threadIdx.x] = 1; // <-
  else
    y[threadIdx.x] = tile[threadIdx.x - 16]; // <-
}

//! launch block=32 out=32
//! report "race: " "of shared memory"
extern "C" __global__ void shuffle_taken_for_a_barrier(int *y) {
  __shared__ int tile[32];
  tile[threadIdx.x] = threadIdx.x; // <-
  int other = __shfl_xor_sync(~0u, (int)threadIdx.x, 1);
  y[threadIdx.x] = tile[other]; // <-
}

//! launch grid=2 block=32 inout=32
//! report "race: " "neither must come first"
extern "C" __global__ void block_barrier_taken_for_a_grid_barrier(int *x) {
  x[threadIdx.x] = blockIdx.x; // <-
  __syncthreads();
  if (x[31 - threadIdx.x] == 7)
    __trap();
}

//! launch block=96 out=1
//! report "race: " "of shared memory" "with no barrier between them"
extern "C" __global__ void no_barrier_after_initialization(int *y) {
  __shared__ int counter;
  if (threadIdx.x == 0)
    counter = 0; // <-
  atomicAdd(&counter, 1); // <-
  __syncthreads();
  if (threadIdx.x == 0)
    *y = counter;
}

//! launch block=32
//! report "race: " "of shared memory"
extern "C" __global__ void memory_barrier_used_by_all_before_a_barrier() {
  __shared__ unsigned long long barrier;
  unsigned address = (unsigned)__cvta_generic_to_shared(&barrier);
  if (threadIdx.x == 0)
    asm volatile("mbarrier.init.shared.b64 [%0], 32;" ::"r"(address) : "memory"); // <-
  asm volatile("{ .reg .b64 s; mbarrier.arrive.shared.b64 s, [%0]; }" ::"r"(address) : "memory"); // <-
}
