/* Executes each model on the same row of numbers and prints what it answers. */
#include "models.h"
#include <stdio.h>

static int failed(wn_status status) {
  if (!status)
    return 0;
  fprintf(stderr, "code %d: %s\n", wn_status_code(status), wn_status_message(status));
  wn_status_free(status);
  return 1;
}

static int answer(const char *name, wn_status (*load)(wn_module **)) {
  float row[8] = {-1, 2, -3, 4, -5.5f, 0, 7, -8};
  int64_t shape[2] = {1, 8};
  DLTensor input = {row, {kDLCPU, 0}, 2, {kDLFloat, 32, 1}, shape, NULL, 0};
  DLTensor output = {NULL};
  wn_module *module;
  wn_session *session;
  if (failed(load(&module)) || failed(wn_session_create(module, "host", NULL, &session)) ||
      failed(wn_session_invoke(session, "main", &input, 1, &output, 1)))
    return 1;
  printf("%s:", name);
  for (int i = 0; i < 8; ++i)
    printf(" %g", ((const float *)output.data)[i]);
  printf("\n");
  wn_tensor_free(&output);
  wn_session_free(session);
  wn_module_free(module);
  return 0;
}

int main(void) {
  return answer("absolute", load_absolute) | answer("again", load_absolute_again) |
         answer("scaled", load_scaled);
}
