// Kernels of FunctionTest.cpp. calls.ptx was made of them by
//   nvcc --ptx -arch=sm_80 calls.cu
// Calls that cannot be expanded in place: recursion, function pointers, virtual functions; printf and assert.
#include <cassert>
#include <cstdio>

using Function = float (*)(float, int);

__device__ __noinline__ float scale(float x, int n) { return x * n; }
__device__ __noinline__ float shift(float x, int n) { return x + n; }
__device__ __noinline__ float repeat(float x, int n) {
  for (int i = 0; i < n; ++i)
    x = x * 0.5f + 1;
  return x;
}
__device__ Function functions[3] = {scale, shift, repeat};

// A different function for every thread.
extern "C" __global__ void through_pointers(const int *which, const float *x, float *y) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  y[i] = functions[which[i]](x[i], i);
}

__device__ __noinline__ unsigned fibonacci(unsigned n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

extern "C" __global__ void recursive(unsigned *out) {
  unsigned n = threadIdx.x % 12;
  out[threadIdx.x] = fibonacci(n) + 1000 * __popc(__ballot_sync(~0u, n > 5));
}

__device__ bool is_odd(unsigned n);
__device__ __noinline__ bool is_even(unsigned n) { return n == 0 || is_odd(n - 1); }
__device__ __noinline__ bool is_odd(unsigned n) { return n != 0 && is_even(n - 1); }

extern "C" __global__ void mutual(int *out) { out[threadIdx.x] = is_even(threadIdx.x); }

// Every frame has an array of its own, whose address the deeper frames have.
struct Sums {
  int values[4];
  const Sums *caller;
};
__device__ __noinline__ int descend(int depth, const Sums *caller) {
  Sums sums{{depth, 2 * depth, 3 * depth, 4 * depth}, caller};
  if (depth > 0)
    return descend(depth - 1, &sums) + sums.values[depth % 4];
  int total = 0;
  for (const Sums *frame = caller; frame; frame = frame->caller)
    total += frame->values[3];
  return total;
}

extern "C" __global__ void frames(int *out) { out[threadIdx.x] = descend(threadIdx.x % 7, nullptr); }

extern "C" __global__ void endless(int *out) { out[0] = fibonacci(0x7fffffff); }

struct Shape {
  __device__ virtual float area() const = 0;
  __device__ virtual float weigh(float density) const { return area() * density; }
};
struct Square : Shape {
  float side;
  __device__ Square(float side) : side(side) {}
  __device__ float area() const override { return side * side; }
};
struct Disc : Shape {
  float radius;
  __device__ Disc(float radius) : radius(radius) {}
  __device__ float area() const override { return 3 * radius * radius; }
  __device__ float weigh(float density) const override { return area() * density + 1; }
};
__device__ __noinline__ float weigh(const Shape *shape, float density) { return shape->weigh(density); }

extern "C" __global__ void virtual_calls(float *out) {
  Square square(threadIdx.x);
  Disc disc(threadIdx.x);
  const Shape *shape = threadIdx.x % 3 ? static_cast<const Shape *>(&square) : &disc;
  out[threadIdx.x] = weigh(shape, 0.5f);
}

// Quicksort, whose depth depends on the data.
__device__ __noinline__ void quicksort(int *x, int count) {
  if (count < 2)
    return;
  int pivot = x[count / 2], low = 0, high = count - 1;
  while (low <= high) {
    while (x[low] < pivot)
      ++low;
    while (x[high] > pivot)
      --high;
    if (low <= high) {
      int value = x[low];
      x[low++] = x[high];
      x[high--] = value;
    }
  }
  quicksort(x, high + 1);
  quicksort(x + low, count - low);
}

extern "C" __global__ void sort_rows(int *x, int columns) { quicksort(x + threadIdx.x * columns, columns); }

extern "C" __global__ void print(const float *x) {
  unsigned i = threadIdx.x;
  if (i % 2 == 0)
    printf("%s %u: %5.2f|%-4d|%+lld|%x|%c%%\n", i ? "later" : "first", i, x[i], -int(i), 1ll << 40, 255 + i, 'a' + i);
}

extern "C" __global__ void check(const float *x) {
  assert(x[threadIdx.x] >= 0 && "no negative values");
}
