// Accesses that look wrong and are not: at the very edges, of parts of words, of what is filled just in time.
// Kernels trap when a value is not what it should be. README.md says what the lines before each kernel mean.
#include <cstdint>

//! launch grid=2 block=32 in=64 out=64
extern "C" __global__ void last_element(const int *x, int *y) {
  int i = blockIdx.x * 32 + threadIdx.x;
  y[63 - i] = x[i];
}

//! launch grid=2 block=64 in=100 out=100
extern "C" __global__ void guarded_tail(const int *x, int *y) {
  int i = blockIdx.x * 64 + threadIdx.x;
  if (i < 100)
    y[i] = x[i] + (i + 1 < 100 ? x[i + 1] : 0);
}

//! launch block=32 in=64 out=64
extern "C" __global__ void negative_offset_from_the_middle(const int *x, int *y) {
  const int *middle = x + 32;
  int i = (int)threadIdx.x - 32;
  y[threadIdx.x] = middle[i];
  y[threadIdx.x + 32] = middle[i + 32];
}

//! launch block=16 in=64 out=64
extern "C" __global__ void vectors_of_all_widths(const int *x, int *y) {
  int4 four = reinterpret_cast<const int4 *>(x)[threadIdx.x];
  reinterpret_cast<int2 *>(y)[2 * threadIdx.x] = {four.x, four.y};
  reinterpret_cast<short *>(y)[8 * threadIdx.x + 4] = four.z;
  reinterpret_cast<short *>(y)[8 * threadIdx.x + 5] = 0;
  reinterpret_cast<int *>(y)[4 * threadIdx.x + 3] = four.w;
}

//! launch block=32 shared=256 out=32
extern "C" __global__ void dynamic_memory_cut_in_two(int *y) {
  extern __shared__ int dynamic[];
  int *first = dynamic, *second = dynamic + 32;
  first[threadIdx.x] = threadIdx.x;
  second[31 - threadIdx.x] = threadIdx.x;
  __syncthreads();
  y[threadIdx.x] = first[31 - threadIdx.x] + second[threadIdx.x];
}

//! launch block=32 in=32 out=32
extern "C" __global__ void local_array_by_index(const int *x, int *y) {
  int counts[8];
  for (int i = 0; i < 8; ++i)
    counts[i] = i;
  counts[x[threadIdx.x] & 7] = 100;
  y[threadIdx.x] = counts[x[31 - threadIdx.x] & 7];
}

//! launch block=32 in=32 out=32
extern "C" __global__ void local_array_filled_up_to_a_count(const int *x, int *y) {
  int stack[8], top = 0;
  for (int i = 0; i < x[threadIdx.x] % 8; ++i)
    stack[top++] = i;
  int sum = 0;
  while (top)
    sum += stack[--top];
  y[threadIdx.x] = sum;
}

//! launch block=32 out=32
extern "C" __global__ void written_before_it_is_read(int *y) {
  y[threadIdx.x] = threadIdx.x;
  __syncthreads();
  if (y[31 - threadIdx.x] != 31 - threadIdx.x)
    __trap();
}

//! launch block=64 out=64
extern "C" __global__ void tile_filled_by_bytes(int *y) {
  __shared__ unsigned char tile[256];
  for (int i = 0; i < 4; ++i)
    tile[64 * i + threadIdx.x] = threadIdx.x;
  __syncthreads();
  y[threadIdx.x] = reinterpret_cast<int *>(tile)[threadIdx.x];
}

//! launch block=32 out=32
extern "C" __global__ void padding_is_never_read(int *y) {
  __shared__ int tile[32][33];
#pragma unroll 1
  for (int row = 0; row < 32; ++row)
    tile[row][threadIdx.x] = row * 32 + threadIdx.x;
  __syncthreads();
  int sum = 0;
#pragma unroll 1
  for (int row = 0; row < 32; ++row)
    sum += tile[threadIdx.x][row];
  y[threadIdx.x] = sum;
}

__device__ int total = 3;
//! launch grid=2 block=32
extern "C" __global__ void program_variable() {
  atomicAdd(&total, 1);
}

__constant__ int table[4] = {1, 2, 3, 4};
//! launch block=32 out=32
extern "C" __global__ void constants_by_index(int *y) { y[threadIdx.x] = table[threadIdx.x & 3]; }

//! launch block=32 inout=32
extern "C" __global__ void in_place_by_the_same_thread(int *x) {
  for (int i = 0; i < 5; ++i)
    x[threadIdx.x] += i;
  if (x[threadIdx.x] != 10)
    __trap();
}

struct Pair {
  char tag;
  int value;
};
//! launch block=16 out=32
extern "C" __global__ void structures_with_padding(Pair *y) {
  Pair pair;
  pair.tag = 1;
  pair.value = threadIdx.x;
  y[threadIdx.x] = pair;
  if (y[threadIdx.x].value != threadIdx.x)
    __trap();
}
