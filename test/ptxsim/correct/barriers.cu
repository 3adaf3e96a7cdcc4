// Barriers that look as if some threads missed them, and loops that look endless. README.md says what the lines
// before each kernel mean.

//! launch block=64 out=64
extern "C" __global__ void barrier_in_a_uniform_branch(int *y) {
  __shared__ int tile[64];
  if (blockDim.x == 64) {
    tile[threadIdx.x] = threadIdx.x;
    __syncthreads();
    y[threadIdx.x] = tile[63 - threadIdx.x];
  }
}

//! launch block=48 out=48
extern "C" __global__ void last_warp_is_not_full(int *y) {
  __shared__ int tile[48];
  tile[threadIdx.x] = threadIdx.x;
  __syncthreads();
  y[threadIdx.x] = tile[47 - threadIdx.x];
}

//! launch block=96 out=64
extern "C" __global__ void a_warp_has_left(int *y) {
  __shared__ int tile[64];
  if (threadIdx.x >= 64)
    return;
  tile[threadIdx.x] = threadIdx.x;
  __syncthreads();
  y[threadIdx.x] = tile[63 - threadIdx.x];
}

//! launch block=64 in=256 out=128
extern "C" __global__ void producer_and_consumer(const int *x, int *y) {
  __shared__ int tile[32];
  bool produces = threadIdx.x < 32;
  int lane = threadIdx.x % 32;
#pragma unroll 1
  for (int k = 0; k < 4; ++k) {
    if (produces) {
      tile[lane] = x[32 * k + lane];
      asm volatile("bar.arrive 1, 64;" ::: "memory"); // full
      asm volatile("bar.sync 2, 64;" ::: "memory");   // empty
    } else {
      asm volatile("bar.sync 1, 64;" ::: "memory");
      y[32 * k + lane] = tile[31 - lane];
      asm volatile("bar.arrive 2, 64;" ::: "memory");
    }
  }
}

//! launch block=128 out=128
extern "C" __global__ void barriers_of_halves(int *y) {
  __shared__ int tile[128];
  tile[threadIdx.x] = threadIdx.x;
  if (threadIdx.x < 64)
    asm volatile("bar.sync 1, 64;" ::: "memory");
  else
    asm volatile("bar.sync 2, 64;" ::: "memory");
  y[threadIdx.x] = tile[threadIdx.x ^ 63];
}

//! launch block=64 out=64
extern "C" __global__ void unaligned_barriers_in_branches(int *y) {
  __shared__ int tile[64];
  tile[threadIdx.x] = threadIdx.x;
  if (threadIdx.x & 1)
    asm volatile("barrier.sync 0;" ::: "memory");
  else
    asm volatile("barrier.sync 0;" ::: "memory");
  y[threadIdx.x] = tile[63 - threadIdx.x];
}

//! launch block=64 in=64 out=64
extern "C" __global__ void counting_barriers(const int *x, int *y) {
  int odd = __syncthreads_count(x[threadIdx.x] & 1);
  int any = __syncthreads_or(x[threadIdx.x] == 63), all = __syncthreads_and(x[threadIdx.x] < 64);
  y[threadIdx.x] = odd == 32 && any && all ? 1 : (__trap(), 0);
}

//! launch block=32 in=32 out=32
extern "C" __global__ void loops_of_unequal_length_before_a_barrier(const int *x, int *y) {
  __shared__ int tile[32];
  int sum = 0;
#pragma unroll 1
  for (int i = 0; i < x[threadIdx.x]; ++i)
    sum += i;
  tile[threadIdx.x] = sum;
  __syncthreads();
  y[threadIdx.x] = tile[31 - threadIdx.x];
}

//! launch block=32 out=32
extern "C" __global__ void syncwarp_of_half_a_warp(int *y) {
  __shared__ int tile[32];
  if (threadIdx.x < 16) {
    tile[threadIdx.x] = threadIdx.x;
    __syncwarp(0xffff);
    y[threadIdx.x] = tile[15 - threadIdx.x];
  }
}

//! launch block=32 out=32
extern "C" __global__ void syncwarp_in_both_branches(int *y) {
  __shared__ int tile[32];
  if (threadIdx.x & 1) {
    tile[threadIdx.x] = 1;
    __syncwarp();
  } else {
    tile[threadIdx.x] = 2;
    __syncwarp();
  }
  y[threadIdx.x] = tile[threadIdx.x ^ 1];
}

//! launch block=32 in=32 out=32
extern "C" __global__ void shuffle_of_those_who_stayed(const int *x, int *y) {
  unsigned mask = __ballot_sync(~0u, x[threadIdx.x] % 4 == 0);
  if (x[threadIdx.x] % 4 == 0)
    y[threadIdx.x] = __shfl_sync(mask, x[threadIdx.x], 28) == 28 ? 1 : (__trap(), 0);
}

//! launch block=32 out=32
extern "C" __global__ void shuffle_down_into_nothing(int *y) {
  int v = threadIdx.x;
  if (threadIdx.x < 16) {
    for (int step = 8; step; step /= 2)
      v += __shfl_down_sync(0xffff, v, step);
    if (threadIdx.x == 0)
      y[0] = v == 120 ? v : (__trap(), 0);
  }
}

//! launch block=32 out=32
extern "C" __global__ void waits_for_its_own_warp(int *y) {
  __shared__ volatile int turn;
  if (threadIdx.x == 0)
    turn = 0;
  __syncthreads();
  while (turn != threadIdx.x)
    ;
  turn = threadIdx.x + 1;
  y[threadIdx.x] = 1;
}

//! launch block=64
extern "C" __global__ void nothing_at_all() {}

//! launch block=32 out=32
extern "C" __global__ void some_leave_others_vote(int *y) {
  if (threadIdx.x >= 24)
    return;
  y[threadIdx.x] = __any_sync(0xffffff, threadIdx.x == 23) ? 1 : (__trap(), 0);
}
