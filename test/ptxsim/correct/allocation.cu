// Memory that threads allocate themselves: on their stack and on the heap. Kernels trap when a value is not what
// it should be. README.md says what the lines before each kernel mean.
#include <alloca.h>
#include <cstdint>
#include <cstdlib>

//! launch grid=2 block=64 in=64 out=128
extern "C" __global__ void array_of_a_size_known_late(const int *x, int *y) {
  int n = threadIdx.x % 7 + 1, sum = 0;
  int *reversed = static_cast<int *>(alloca(n * sizeof(int)));
  for (int i = 0; i < n; ++i)
    reversed[n - 1 - i] = x[i];
  for (int i = 0; i < n; ++i)
    sum += (i + 1) * reversed[i];
  if (sum != (n - 1) * n * (n + 1) / 6)
    __trap();
  y[blockIdx.x * 64 + threadIdx.x] = sum;
}

__device__ __noinline__ int sum_backwards(const int *x, int n) {
  int *copy = static_cast<int *>(alloca(n * sizeof(int)));
  for (int i = 0; i < n; ++i)
    copy[n - 1 - i] = x[i];
  int sum = 0;
  for (int i = 0; i < n; ++i)
    sum += copy[i] * (n - i);
  return sum;
}

// 16 KiB would not be enough for what all calls take together.
//! launch block=32 in=64 out=32
extern "C" __global__ void the_stack_is_free_after_each_call(const int *x, int *y) {
  int sum = 0;
  for (int i = 0; i < 200; ++i)
    sum += sum_backwards(x, 40 + i % 3 + threadIdx.x % 2);
  int expected = 0;
  for (int i = 0; i < 200; ++i) {
    int n = 40 + i % 3 + threadIdx.x % 2;
    expected += (n - 1) * n * (n + 1) / 3;
  }
  if (sum != expected)
    __trap();
  y[threadIdx.x] = sum;
}

__device__ __noinline__ int depth_first(const int *x, int n) {
  if (n == 0)
    return 0;
  int *own = static_cast<int *>(alloca(n * sizeof(int)));
  for (int i = 0; i < n; ++i)
    own[i] = x[i] + n;
  int below = depth_first(x, n - 1), sum = 0;
  for (int i = 0; i < n; ++i)
    sum += own[i];
  return below + sum;
}

//! launch block=40 in=64 out=40
extern "C" __global__ void arrays_of_recursive_calls(const int *x, int *y) {
  int n = threadIdx.x % 9, expected = 0;
  for (int k = 1; k <= n; ++k)
    expected += k * (k - 1) / 2 + k * k;
  int sum = depth_first(x, n);
  if (sum != expected)
    __trap();
  y[threadIdx.x] = sum;
}

struct Node {
  Node *next;
  int value;
};

//! launch grid=3 block=48 out=144
extern "C" __global__ void linked_lists(int *y) {
  Node *first = nullptr;
  int n = threadIdx.x % 5, sum = 0;
  for (int i = 0; i < n; ++i)
    first = new Node{first, i * i};
  while (first) {
    Node *next = first->next;
    sum = sum * 10 + first->value;
    delete first;
    first = next;
  }
  const int expected[] = {0, 0, 10, 410, 9410};
  if (sum != expected[n])
    __trap();
  y[blockIdx.x * 48 + threadIdx.x] = sum;
}

//! launch block=64 out=64
extern "C" __global__ void one_block_for_all_threads(int *y) {
  __shared__ int *buffer;
  if (threadIdx.x == 0)
    buffer = static_cast<int *>(malloc(64 * sizeof(int)));
  __syncthreads();
  buffer[threadIdx.x] = threadIdx.x;
  __syncthreads();
  y[threadIdx.x] = buffer[63 - threadIdx.x];
  if (y[threadIdx.x] != 63 - threadIdx.x)
    __trap();
  __syncthreads();
  if (threadIdx.x == 0)
    free(buffer);
}

//! launch block=32 out=32
extern "C" __global__ void the_heap_has_an_end(int *y) {
  bool tooLarge = malloc(16 << 20) == nullptr;
  if (!tooLarge)
    __trap();
  free(nullptr);
  y[threadIdx.x] = tooLarge;
}

__constant__ int table[4] = {3, 1, 4, 1};
__device__ int counters[4];

/// 1 for global, 2 shared, 4 constant and 8 for local memory.
__device__ __noinline__ int spaces_of(const void *address) {
  return __isGlobal(address) + 2 * __isShared(address) + 4 * __isConstant(address) + 8 * __isLocal(address);
}

//! launch block=32 in=4 out=32
extern "C" __global__ void spaces_of_addresses(const int *x, int *y) {
  __shared__ int tile[4];
  int own[4];
  own[threadIdx.x & 3] = 8;
  if (spaces_of(table) != 4 || spaces_of(&table[3]) != 4 || spaces_of(counters) != 1 || spaces_of(x) != 1 ||
      spaces_of(tile) != 2 || spaces_of(own) != own[threadIdx.x & 3])
    __trap();
  y[threadIdx.x] = spaces_of(y);
}
