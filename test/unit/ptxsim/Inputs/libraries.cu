// Kernels of CudaLibrariesTest.cpp. libraries.ptx was made of them by
//   nvcc --ptx -arch=sm_80 libraries.cu
#include <cooperative_groups.h>
#include <cooperative_groups/memcpy_async.h>
#include <cooperative_groups/reduce.h>
#include <cooperative_groups/scan.h>
#include <cuda/atomic>
#include <cuda/barrier>
#include <cuda/pipeline>
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#pragma nv_diag_suppress static_var_with_dynamic_init

namespace groups = cooperative_groups;

// Sums and scans of tiles of 8 threads, and a sum of those threads of a warp that have the same key.
extern "C" __global__ void tiles(const int *x, const int *keys, int *sums, int *scans, int *of_key) {
  auto tile = groups::tiled_partition<8>(groups::this_thread_block());
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  sums[i] = groups::reduce(tile, x[i], groups::plus<int>());
  scans[i] = groups::inclusive_scan(tile, x[i], groups::plus<int>());
  auto same = groups::labeled_partition(groups::coalesced_threads(), keys[i]);
  of_key[i] = groups::reduce(same, x[i], groups::plus<int>());
}

// The threads that find something take places from one counter together.
extern "C" __global__ void filter(const int *x, int n, int *found, int *count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n && x[i] > 0) {
    auto active = groups::coalesced_threads();
    int place = 0;
    if (active.thread_rank() == 0)
      place = atomicAdd(count, int(active.size()));
    found[active.shfl(place, 0) + active.thread_rank()] = x[i];
  }
}

// y[i] = x[i] + x[i + 1] in a tile; two stages of a pipeline of the block.
extern "C" __global__ void staged(const float *x, float *y, int tiles) {
  constexpr int kThreads = 64, kStages = 2;
  __shared__ float stage[kStages][kThreads];
  __shared__ cuda::pipeline_shared_state<cuda::thread_scope_block, kStages> state;
  auto block = groups::this_thread_block();
  auto pipeline = cuda::make_pipeline(block, &state);
  for (int compute = 0, fetch = 0; compute < tiles; ++compute) {
    for (; fetch < tiles && fetch < compute + kStages; ++fetch) {
      pipeline.producer_acquire();
      cuda::memcpy_async(block, stage[fetch % kStages], x + fetch * kThreads, sizeof(float) * kThreads, pipeline);
      pipeline.producer_commit();
    }
    pipeline.consumer_wait();
    const float *tile = stage[compute % kStages];
    y[compute * kThreads + threadIdx.x] = tile[threadIdx.x] + tile[(threadIdx.x + 1) % kThreads];
    pipeline.consumer_release();
  }
}

// Copies that arrive at a barrier.
extern "C" __global__ void reversed(const int4 *x, int4 *y) {
  __shared__ int4 tile[128];
  __shared__ cuda::barrier<cuda::thread_scope_block> barrier;
  auto block = groups::this_thread_block();
  if (block.thread_rank() == 0)
    init(&barrier, block.size());
  block.sync();
  cuda::memcpy_async(block, tile, x + blockIdx.x * 128, cuda::aligned_size_t<16>(sizeof tile), barrier);
  barrier.arrive_and_wait();
  y[blockIdx.x * 128 + threadIdx.x] = tile[127 - threadIdx.x];
}

__device__ float atomic_maximum(float *address, float value) {
  int *bits = reinterpret_cast<int *>(address), old = *bits, assumed;
  do {
    assumed = old;
    old = atomicCAS(bits, assumed, __float_as_int(fmaxf(value, __int_as_float(assumed))));
  } while (old != assumed);
  return __int_as_float(old);
}

struct Totals {
  __half2 half;
  __nv_bfloat162 brain;
  double sum;
  float largest;
  int limited;
  unsigned long long mask;
  int system;
};

extern "C" __global__ void atomics(const float *x, int n, Totals *totals) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  atomicAdd(&totals->half, __floats2half2_rn(x[i], -x[i]));
  atomicAdd(&totals->brain, __floats2bfloat162_rn(1, 2));
  atomicAdd(&totals->sum, double(x[i]));
  atomic_maximum(&totals->largest, x[i]);
  atomicInc(reinterpret_cast<unsigned *>(&totals->limited), 9);
  atomicOr(&totals->mask, 1ull << i % 64);
  cuda::atomic_ref<int, cuda::thread_scope_system>(totals->system).fetch_add(2, cuda::std::memory_order_acq_rel);
}

extern "C" __global__ void dots(const int *a, const int *b, int *out) {
  int i = threadIdx.x;
  out[i] = __dp4a(a[i], b[i], 7) + __dp2a_lo(a[i], b[i], 1) + __dp2a_hi(unsigned(a[i]), unsigned(b[i]), 2u);
  out[i] ^= __byte_perm(a[i], b[i], 0x6240) ^ __funnelshift_l(a[i], b[i], 5) ^ __brev(a[i]);
}

extern "C" __global__ void doubles(const double *x, double *y, int which) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  double v = x[i];
  switch (which) {
  case 0: y[i] = exp(v); break;
  case 1: y[i] = log(v); break;
  case 2: y[i] = 1 / v; break;
  case 3: y[i] = pow(fabs(v), 0.37); break;
  case 4: y[i] = sin(v * 1e6); break;
  case 5: y[i] = erf(v); break;
  case 6: y[i] = tgamma(v); break;
  case 7: y[i] = sqrt(v); break;
  case 8: y[i] = cbrt(v); break;
  case 9: y[i] = fmod(v, 0.3); break;
  case 10: y[i] = tgammaf(float(v)); break;
  case 11: y[i] = powf(fabsf(float(v)), 2.7f); break;
  case 12: y[i] = cosf(float(v) * 1e7f); break;
  case 13: y[i] = atan2(v, 1.5); break;
  case 14: y[i] = lgamma(v); break;
  }
}

// Time passes, in whatever steps.
extern "C" __global__ void clocks(long long *out) {
  long long begin = clock64();
  __nanosleep(100);
  out[threadIdx.x] = clock64() - begin;
}
