// Kernels of CompiledTest.cpp. kernels.ptx was made of them by
//   nvcc --ptx -arch=sm_80 kernels.cu
#include <cuda_fp16.h>

extern "C" __global__ void reduce(const float *__restrict__ x, float *sums, int n) {
  __shared__ float s[256];
  int t = threadIdx.x;
  float sum = 0;
  for (int i = blockIdx.x * blockDim.x + t; i < n; i += gridDim.x * blockDim.x)
    sum += x[i];
  s[t] = sum;
  __syncthreads();
  for (int k = blockDim.x / 2; k > 0; k >>= 1) {
    if (t < k)
      s[t] += s[t + k];
    __syncthreads();
  }
  if (t == 0)
    sums[blockIdx.x] = s[0];
}

// An inclusive scan of each block: shuffles in warps, shared memory between them.
extern "C" __global__ void scan(int *x) {
  __shared__ int totals[32];
  int t = threadIdx.x, lane = t & 31, warp = t >> 5, value = x[blockIdx.x * blockDim.x + t];
  for (int d = 1; d < 32; d <<= 1) {
    int other = __shfl_up_sync(0xffffffff, value, d);
    if (lane >= d)
      value += other;
  }
  if (lane == 31)
    totals[warp] = value;
  __syncthreads();
  if (warp == 0) {
    int total = lane < blockDim.x / 32 ? totals[lane] : 0;
    for (int d = 1; d < 32; d <<= 1) {
      int other = __shfl_up_sync(0xffffffff, total, d);
      if (lane >= d)
        total += other;
    }
    totals[lane] = total;
  }
  __syncthreads();
  x[blockIdx.x * blockDim.x + t] = value + (warp ? totals[warp - 1] : 0);
}

extern "C" __global__ void histogram(const unsigned char *x, unsigned *bins, int n) {
  __shared__ unsigned local[256];
  for (int i = threadIdx.x; i < 256; i += blockDim.x)
    local[i] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    atomicAdd(&local[x[i]], 1u);
  __syncthreads();
  for (int i = threadIdx.x; i < 256; i += blockDim.x)
    if (local[i])
      atomicAdd(&bins[i], local[i]);
}

// c = a * b, n x n, with 16 x 16 tiles in shared memory.
extern "C" __global__ void product(const float *a, const float *b, float *c, int n) {
  __shared__ float s[16][16], t[16][17];
  int x = threadIdx.x, y = threadIdx.y, row = blockIdx.y * 16 + y, column = blockIdx.x * 16 + x;
  float sum = 0;
  for (int k = 0; k < n; k += 16) {
    s[y][x] = row < n && k + x < n ? a[row * n + k + x] : 0;
    t[y][x] = column < n && k + y < n ? b[(k + y) * n + column] : 0;
    __syncthreads();
#pragma unroll
    for (int i = 0; i < 16; ++i)
      sum = fmaf(s[y][i], t[i][x], sum);
    __syncthreads();
  }
  if (row < n && column < n)
    c[row * n + column] = sum;
}

// Sorts each thread's eight numbers: a local array with indices that are only known at run time.
extern "C" __global__ void sort(int *x, const int *order) {
  int values[8], *mine = x + 8 * (blockIdx.x * blockDim.x + threadIdx.x);
  for (int i = 0; i < 8; ++i)
    values[i] = mine[order[i]];
  for (int i = 1; i < 8; ++i)
    for (int k = i; k > 0 && values[k - 1] > values[k]; --k) {
      int swapped = values[k];
      values[k] = values[k - 1];
      values[k - 1] = swapped;
    }
  for (int i = 0; i < 8; ++i)
    mine[order[i]] = values[i];
}

// How many steps of the Collatz sequence lead to 1: a loop whose length differs for each thread.
extern "C" __global__ void collatz(unsigned long long *steps, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  unsigned long long value = i + 1ull, count = 0;
  while (value != 1) {
    value = value % 2 ? 3 * value + 1 : value / 2;
    ++count;
  }
  steps[i] = count;
}

extern "C" __global__ void mathematics(const float *x, float *y, int which) {
  int i = threadIdx.x;
  float v = x[i];
  switch (which) {
  case 0: y[i] = expf(v); break;
  case 1: y[i] = logf(v); break;
  case 2: y[i] = sinf(v * 1e5f); break;
  case 3: y[i] = tanhf(v); break;
  case 4: y[i] = erff(v); break;
  case 5: y[i] = sqrtf(v); break;
  case 6: y[i] = powf(v, 1.7f); break;
  case 7: y[i] = 1.0f / v; break;
  case 8: y[i] = fmodf(v * 1000, 3.25f); break;
  case 9: y[i] = (float)exp((double)v); break;
  default: y[i] = rintf(v * 10) + floorf(v) - truncf(-v); break;
  }
}

extern "C" __global__ void halves(const __half2 *x, __half2 *y) {
  int i = threadIdx.x;
  y[i] = __hfma2(x[i], x[i], __hmul2(x[i], __float2half2_rn(0.5f)));
}

// Divisions that the compiler turns into multiplications and shifts, and one that it cannot.
extern "C" __global__ void divisions(const long long *x, long long *y, long long divisor) {
  int i = threadIdx.x;
  y[4 * i] = x[i] / 7;
  y[4 * i + 1] = (int)x[i] % 1000;
  y[4 * i + 2] = (unsigned)x[i] / 3;
  y[4 * i + 3] = x[i] / divisor;
}
