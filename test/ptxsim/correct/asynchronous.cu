// Copies by cp.async that are waited for just in time. Kernels trap when a value is not what it should be.
// README.md says what the lines before each kernel mean.
#include <cstdint>

__device__ void copy4(int *destination, const int *source) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"((unsigned)__cvta_generic_to_shared(destination)),
               "l"(source)
               : "memory");
}
__device__ void commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int groups> __device__ void wait() { asm volatile("cp.async.wait_group %0;" ::"n"(groups) : "memory"); }

//! launch block=32 in=32 out=32
extern "C" __global__ void own_element_needs_no_barrier(const int *x, int *y) {
  __shared__ int tile[32];
  copy4(tile + threadIdx.x, x + threadIdx.x);
  commit();
  wait<0>();
  y[threadIdx.x] = tile[threadIdx.x] == threadIdx.x ? 1 : (__trap(), 0);
}

//! launch block=32 in=64 out=64
extern "C" __global__ void older_group_only(const int *x, int *y) {
  __shared__ int tiles[2][32];
  copy4(tiles[0] + threadIdx.x, x + threadIdx.x);
  commit();
  copy4(tiles[1] + threadIdx.x, x + 32 + threadIdx.x);
  commit();
  wait<1>();
  __syncwarp();
  y[threadIdx.x] = tiles[0][31 - threadIdx.x];
  wait<0>();
  __syncwarp();
  y[32 + threadIdx.x] = tiles[1][31 - threadIdx.x];
}

//! launch block=64 in=512 out=512
extern "C" __global__ void pipeline_of_three_stages(const int *x, int *y) {
  __shared__ int tiles[3][64];
  for (int k = 0; k < 2; ++k) {
    copy4(tiles[k] + threadIdx.x, x + 64 * k + threadIdx.x);
    commit();
  }
#pragma unroll 1
  for (int k = 0; k < 8; ++k) {
    wait<1>();
    __syncthreads(); // also: nobody reads the tile that the next copy fills
    if (k + 2 < 8)
      copy4(tiles[(k + 2) % 3] + threadIdx.x, x + 64 * (k + 2) + threadIdx.x);
    commit();
    int v = tiles[k % 3][63 - threadIdx.x];
    y[64 * k + threadIdx.x] = v == 64 * k + 63 - threadIdx.x ? v : (__trap(), 0);
  }
}

//! launch block=32 in=20 out=32
extern "C" __global__ void zeros_beyond_the_source(const int *x, int *y) {
  __shared__ int tile[32];
  int bytes = threadIdx.x < 20 ? 4 : 0;
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(
                   (unsigned)__cvta_generic_to_shared(tile + threadIdx.x)),
               "l"(x + threadIdx.x), "r"(bytes)
               : "memory");
  commit();
  wait<0>();
  y[threadIdx.x] = tile[threadIdx.x] == (threadIdx.x < 20 ? threadIdx.x : 0) ? 1 : (__trap(), 0);
}

//! launch block=32 in=32 out=32
extern "C" __global__ void tracked_by_a_memory_barrier(const int *x, int *y) {
  __shared__ int tile[32];
  __shared__ uint64_t barrier;
  unsigned address = (unsigned)__cvta_generic_to_shared(&barrier);
  if (threadIdx.x == 0)
    asm volatile("mbarrier.init.shared.b64 [%0], 32;" ::"r"(address) : "memory");
  __syncthreads();
  copy4(tile + threadIdx.x, x + threadIdx.x);
  asm volatile("cp.async.mbarrier.arrive.noinc.shared.b64 [%0];" ::"r"(address) : "memory");
  asm volatile("{ .reg .pred p; W: mbarrier.test_wait.parity.shared.b64 p, [%0], 0; @!p bra W; }" ::"r"(address)
               : "memory");
  y[threadIdx.x] = tile[31 - threadIdx.x] == 31 - threadIdx.x ? 1 : (__trap(), 0);
}

//! launch block=32 in=32 out=32
extern "C" __global__ void source_read_meanwhile(const int *x, int *y) {
  __shared__ int tile[32];
  copy4(tile + threadIdx.x, x + threadIdx.x);
  commit();
  int v = x[31 - threadIdx.x];
  wait<0>();
  y[threadIdx.x] = tile[threadIdx.x] + v == 31 ? 1 : (__trap(), 0);
}

//! launch block=32 inout=32 out=32
extern "C" __global__ void source_changed_after_the_wait(int *x, int *y) {
  __shared__ int tile[32];
  copy4(tile + threadIdx.x, x + threadIdx.x);
  commit();
  wait<0>();
  x[threadIdx.x] = 1;
  y[threadIdx.x] = tile[threadIdx.x] == 0 ? 1 : (__trap(), 0);
}

//! launch block=32 in=32
extern "C" __global__ void ends_with_copies_under_way(const int *x) {
  __shared__ int tile[32];
  copy4(tile + threadIdx.x, x + threadIdx.x);
  commit();
}
