// Calls what pipeline.mlir compiles to, and prints its three results.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

void reference_main(void *const *buffers, const int64_t *sizes, void *(*allocate)(void *context, int64_t bytes),
                    void *context) __asm__("main_reference");

static void *allocate(void *context, int64_t bytes) {
  ++*(int *)context;
  return bytes > 0 ? aligned_alloc(64, (bytes + 63) / 64 * 64) : NULL;
}

int main(void) {
  float x[3][2] = {{-1, 0.75f}, {0.5f, -9}, {1, 2}}, weights[2][2] = {{1, -2}, {3, 4}}, dense[3][2], tanh[3][2];
  uint8_t mask[3][2];
  void *buffers[] = {x, weights, dense, mask, tanh};
  int64_t sizes[] = {3, 3, 3, 3};
  int allocations = 0;
  reference_main(buffers, sizes, allocate, &allocations);
  for (int i = 0; i < 3; ++i)
    printf("%.4f %.4f\n", dense[i][0], dense[i][1]);
  printf("mask");
  for (int i = 0; i < 6; ++i)
    printf(" %d", mask[i / 2][i % 2]);
  printf("\ntanh");
  for (int i = 0; i < 6; ++i)
    printf(" %.4f", tanh[i / 2][i % 2]);
  printf("\n%s\n", allocations > 0 ? "allocated" : "did not allocate");
  return 0;
}
