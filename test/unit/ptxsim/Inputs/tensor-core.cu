// What kernels.cu has no need of: tensor cores, asynchronous pipelines, functions that are called, and atomic counters.
// tensor-core.ptx was made of them by
//   nvcc --ptx -arch=sm_80 tensor-core.cu
#include <cuda_fp16.h>
#include <cuda_pipeline.h>
#include <mma.h>

using namespace nvcuda;

// c (m x n) = a (m x k) * b (k x n), row-major; one warp for each 16 by 16 tile.
extern "C" __global__ void wmma_product(const half *a, const half *b, float *c, int n, int k) {
  wmma::fragment<wmma::matrix_a, 16, 16, 16, half, wmma::row_major> left;
  wmma::fragment<wmma::matrix_b, 16, 16, 16, half, wmma::row_major> right;
  wmma::fragment<wmma::accumulator, 16, 16, 16, float> sum;
  wmma::fill_fragment(sum, 0.0f);
  int row = blockIdx.y * 16, column = blockIdx.x * 16;
  for (int i = 0; i < k; i += 16) {
    wmma::load_matrix_sync(left, a + row * k + i, k);
    wmma::load_matrix_sync(right, b + i * n + column, n);
    wmma::mma_sync(sum, left, right, sum);
  }
  for (int i = 0; i < sum.num_elements; ++i)
    sum.x[i] = sum.x[i] * 0.5f;
  wmma::store_matrix_sync(c + row * n + column, sum, n, wmma::mem_row_major);
}

// y[i] = x[i] + x of the thread's neighbour, tile by tile of 128, through a pipeline of two stages in shared memory.
extern "C" __global__ void pipeline(const float4 *x, float *y, int tiles) {
  __shared__ float4 stages[2][32];
  int t = threadIdx.x; // of 32
  __pipeline_memcpy_async(&stages[0][t], &x[t], sizeof(float4));
  __pipeline_commit();
  for (int tile = 0; tile < tiles; ++tile) {
    if (tile + 1 < tiles)
      __pipeline_memcpy_async(&stages[(tile + 1) & 1][t], &x[(tile + 1) * 32 + t], sizeof(float4));
    __pipeline_commit();
    __pipeline_wait_prior(1);
    __syncthreads();
    float4 own = stages[tile & 1][t], other = stages[tile & 1][t ^ 1];
    float *out = y + (tile * 32 + t) * 4;
    out[0] = own.x + other.x;
    out[1] = own.y + other.y;
    out[2] = own.z + other.z;
    out[3] = own.w + other.w;
    __syncthreads();
  }
}

struct Pair {
  float value;
  int index;
};

// Functions with parameters and results in memory, a structure among them.
__device__ __noinline__ Pair larger(Pair a, Pair b) { return b.value > a.value ? b : a; }
__device__ __noinline__ float polynomial(const float *coefficients, int count, float x) {
  float sum = 0;
  for (int i = count - 1; i >= 0; --i)
    sum = fmaf(sum, x, coefficients[i]);
  return sum;
}

// The largest of polynomial(x[i]) for each thread's elements, and where it is.
extern "C" __global__ void maxima(const float *x, float *values, int *indices, int n) {
  float coefficients[4];
  for (int i = 0; i < 4; ++i)
    coefficients[i] = 1.0f / (1 + i + (threadIdx.x & 1));
  Pair best = {-1e30f, -1};
  for (int i = threadIdx.x; i < n; i += blockDim.x)
    best = larger(best, {polynomial(coefficients, 4, x[i]), i});
  values[threadIdx.x] = best.value;
  indices[threadIdx.x] = best.index;
}

// The sum of x by blocks; the last block to arrive adds the blocks' sums.
extern "C" __global__ void grid_sum(const float *x, float *partial, unsigned *arrived, float *sum, int n) {
  __shared__ float sums[128];
  __shared__ bool isLast;
  float own = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    own += x[i];
  sums[threadIdx.x] = own;
  __syncthreads();
  for (unsigned width = 64; width > 0; width /= 2) {
    if (threadIdx.x < width)
      sums[threadIdx.x] += sums[threadIdx.x + width];
    __syncthreads();
  }
  if (threadIdx.x == 0) {
    partial[blockIdx.x] = sums[0];
    __threadfence();
    isLast = atomicAdd(arrived, 1) == gridDim.x - 1;
  }
  __syncthreads();
  if (isLast && threadIdx.x == 0) {
    __threadfence();
    float total = 0;
    for (unsigned i = 0; i < gridDim.x; ++i)
      total += partial[i];
    *sum = total;
  }
}
