// CUDA's own abstractions: cooperative groups, barriers and pipelines of libcu++. Kernels trap when a value is not
// what it should be. README.md says what the lines before each kernel mean.
#include <cooperative_groups.h>
#include <cooperative_groups/memcpy_async.h>
#include <cooperative_groups/reduce.h>
#include <cooperative_groups/scan.h>
#include <cuda/barrier>
#include <cuda/pipeline>

namespace cg = cooperative_groups;

//! launch block=64 out=64
extern "C" __global__ void tiles_of_sixteen(int *y) {
  __shared__ int values[64];
  auto tile = cg::tiled_partition<16>(cg::this_thread_block());
  int *own = values + 16 * tile.meta_group_rank();
  own[tile.thread_rank()] = threadIdx.x;
  tile.sync();
  y[threadIdx.x] = own[15 - tile.thread_rank()] == (threadIdx.x ^ 15) ? 1 : (__trap(), 0);
}

//! launch block=64 out=64
extern "C" __global__ void shuffles_of_tiles_in_a_branch(int *y) {
  auto tile = cg::tiled_partition<8>(cg::this_thread_block());
  int v = threadIdx.x;
  if (tile.meta_group_rank() % 2)
    for (int step = 4; step; step /= 2)
      v += tile.shfl_xor(v, step);
  int rank = threadIdx.x & ~7u;
  y[threadIdx.x] = v == (tile.meta_group_rank() % 2 ? 8 * rank + 28 : (int)threadIdx.x) ? 1 : (__trap(), 0);
}

//! launch block=96 in=96 out=96
extern "C" __global__ void reductions_of_tiles(const int *x, int *y) {
  auto tile = cg::tiled_partition<32>(cg::this_thread_block());
  int sum = cg::reduce(tile, x[threadIdx.x], cg::plus<int>());
  int before = cg::exclusive_scan(tile, 1);
  y[threadIdx.x] = sum == 32 * (int)(threadIdx.x & ~31u) + 31 * 16 && before == threadIdx.x % 32 ? 1 : (__trap(), 0);
}

//! launch block=64 in=64 out=64
extern "C" __global__ void coalesced_threads(const int *x, int *y) {
  if (x[threadIdx.x] % 3 == 0) {
    auto group = cg::coalesced_threads();
    int first = group.shfl(x[threadIdx.x], 0);
    group.sync();
    y[threadIdx.x] = first + group.size();
  }
}

//! launch block=64 out=64
extern "C" __global__ void barrier_of_the_library(int *y) {
  __shared__ cuda::barrier<cuda::thread_scope_block> barrier;
  __shared__ int tile[64];
  if (threadIdx.x == 0)
    init(&barrier, 64);
  __syncthreads();
  for (int k = 0; k < 3; ++k) {
    tile[threadIdx.x] = threadIdx.x + k;
    barrier.arrive_and_wait();
    y[threadIdx.x] = tile[63 - threadIdx.x] == 63 - (int)threadIdx.x + k ? 1 : (__trap(), 0);
    barrier.arrive_and_wait();
  }
}

//! launch block=32 in=128 out=32
extern "C" __global__ void copy_by_the_group(const int *x, int *y) {
  __shared__ int tile[128];
  auto block = cg::this_thread_block();
  cg::memcpy_async(block, tile, x, sizeof(tile));
  cg::wait(block);
  y[threadIdx.x] = tile[127 - threadIdx.x] == 127 - threadIdx.x ? 1 : (__trap(), 0);
}

//! launch block=32 in=256 out=32
extern "C" __global__ void pipeline_of_the_library(const int *x, int *y) {
  __shared__ int tiles[2][32];
  auto pipeline = cuda::make_pipeline();
  int sum = 0;
  for (int fetch = 0, k = 0; k < 8; ++k) {
    for (; fetch < 8 && fetch < k + 2; ++fetch) {
      pipeline.producer_acquire();
      cuda::memcpy_async(tiles[fetch % 2] + threadIdx.x, x + 32 * fetch + threadIdx.x, sizeof(int), pipeline);
      pipeline.producer_commit();
    }
    pipeline.consumer_wait();
    __syncthreads();
    sum += tiles[k % 2][31 - threadIdx.x];
    __syncthreads();
    pipeline.consumer_release();
  }
  y[threadIdx.x] = sum == 8 * (31 - (int)threadIdx.x) + 32 * 28 ? sum : (__trap(), 0);
}

//! launch block=64 in=256 out=64
extern "C" __global__ void pipeline_of_a_block(const int *x, int *y) {
  __shared__ cuda::pipeline_shared_state<cuda::thread_scope_block, 2> state;
  __shared__ alignas(16) int tiles[2][64];
  auto block = cg::this_thread_block();
  auto pipeline = cuda::make_pipeline(block, &state);
  int sum = 0;
  for (int fetch = 0, k = 0; k < 4; ++k) {
    for (; fetch < 4 && fetch < k + 2; ++fetch) {
      pipeline.producer_acquire();
      cuda::memcpy_async(block, tiles[fetch % 2], x + 64 * fetch, cuda::aligned_size_t<16>(256), pipeline);
      pipeline.producer_commit();
    }
    pipeline.consumer_wait();
    sum += tiles[k % 2][63 - threadIdx.x];
    pipeline.consumer_release();
  }
  y[threadIdx.x] = sum == 4 * (63 - (int)threadIdx.x) + 64 * 6 ? sum : (__trap(), 0);
}
