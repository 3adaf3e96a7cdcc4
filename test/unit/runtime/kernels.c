// Kernels for the runtime's tests, called as docs/rfcs/2026-11-23-first-slice.md says.
#include <stdint.h>

typedef void *(*allocate_function)(void *context, int64_t bytes);

// x: [n, 16], w: [16], h: [n, 16]; sizes n, n; an item is a row.
void scale_relu(void *const *buffers, const int64_t *sizes, int64_t begin, int64_t end) {
  const float *x = buffers[0], *w = buffers[1];
  float *h = buffers[2];
  (void)sizes;
  for (int64_t row = begin; row < end; ++row)
    for (int64_t i = 0; i < 16; ++i) {
      float value = x[row * 16 + i] * w[i];
      h[row * 16 + i] = value > 0 ? value : 0;
    }
}

// h: [n, 16], bias: [16], y: [n, 16]; sizes n, n; an item is a row.
void add_bias(void *const *buffers, const int64_t *sizes, int64_t begin, int64_t end) {
  const float *h = buffers[0], *bias = buffers[1];
  float *y = buffers[2];
  (void)sizes;
  for (int64_t row = begin; row < end; ++row)
    for (int64_t i = 0; i < 16; ++i)
      y[row * 16 + i] = h[row * 16 + i] + bias[i];
}

// A table of pointers, so that the image has relocations and data that becomes read-only.
static int64_t larger(const float *row, int64_t a, int64_t b) { return row[b] > row[a] ? b : a; }
static int64_t smaller(const float *row, int64_t a, int64_t b) { return row[b] < row[a] ? b : a; }
typedef int64_t (*choice)(const float *, int64_t, int64_t);
static const choice choices[] = {larger, smaller};

// y: [n, 16], z: [n]; sizes n, n, which; an item is a row.
void choose(void *const *buffers, const int64_t *sizes, int64_t begin, int64_t end) {
  const float *y = buffers[0];
  int64_t *z = buffers[1];
  for (int64_t row = begin; row < end; ++row) {
    z[row] = 0;
    for (int64_t i = 1; i < 16; ++i)
      z[row] = ((const volatile choice *)choices)[sizes[2]](y + row * 16, z[row], i);
  }
}

// counts: [n]; sizes n, steps; an item counts to `steps`, slowly.
void count(void *const *buffers, const int64_t *sizes, int64_t begin, int64_t end) {
  int64_t *counts = buffers[0];
  for (int64_t item = begin; item < end; ++item) {
    volatile int64_t value = 0;
    for (int64_t step = 0; step < sizes[1]; ++step)
      value = value + 1;
    counts[item] = value;
  }
}

// The whole of `main` for the reference device: x, w, bias, y, z; sizes n, n, n.
void reference_main(void *const *buffers, const int64_t *sizes, allocate_function allocate, void *context) {
  void *h = allocate(context, sizes[0] * 64);
  void *first[] = {buffers[0], buffers[1], h}, *second[] = {h, buffers[2], buffers[3]};
  void *third[] = {buffers[3], buffers[4]};
  int64_t third_sizes[] = {sizes[0], sizes[0], 0};
  scale_relu(first, sizes, 0, sizes[0]);
  add_bias(second, sizes, 0, sizes[0]);
  choose(third, third_sizes, 0, sizes[0]);
}

// sum: [48], step: [], weights: [48], next: [48]; no sizes; an item is an element.
void accumulate(void *const *buffers, const int64_t *sizes, int64_t begin, int64_t end) {
  const float *sum = buffers[0], *step = buffers[1], *weights = buffers[2];
  float *next = buffers[3];
  (void)sizes;
  for (int64_t i = begin; i < end; ++i)
    next[i] = sum[i] + *step * weights[i];
}

// The same for the reference device, by way of memory that it asks for.
void reference_accumulate(void *const *buffers, const int64_t *sizes, allocate_function allocate,
                          void *context) {
  float *sum = allocate(context, 48 * sizeof(float));
  void *last[] = {buffers[0], buffers[1], buffers[2], sum};
  accumulate(last, sizes, 0, 48);
  for (int64_t i = 0; i < 48; ++i)
    ((float *)buffers[3])[i] = sum[i];
}
