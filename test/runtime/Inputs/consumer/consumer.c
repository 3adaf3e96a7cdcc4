/* Executes `main` of the module that is its argument on x = 1, and prints the first row of y and z. */
#include <stdio.h>
#include <winnow/runtime.h>

static int failed(wn_status status) {
  if (!status)
    return 0;
  fprintf(stderr, "code %d: %s\n", wn_status_code(status), wn_status_message(status));
  wn_status_free(status);
  return 1;
}

int main(int argc, char **argv) {
  wn_module *module;
  wn_session *session;
  float x[2 * 16];
  int64_t shape[2] = {2, 16};
  DLTensor input = {x, {kDLCPU, 0}, 2, {kDLFloat, 32, 1}, shape, NULL, 0};
  DLTensor outputs[2] = {{NULL}, {NULL}};
  for (int i = 0; i < 2 * 16; ++i)
    x[i] = 1;
  if (argc != 2 || failed(wn_module_load_file(argv[1], &module)))
    return 1;
  if (failed(wn_session_create(module, "auto", NULL, &session)))
    return 1;
  if (failed(wn_session_invoke(session, "main", &input, 1, outputs, 2)))
    return 1;
  printf("%s:", wn_module_function_name(module, 0));
  for (int i = 0; i < 16; ++i)
    printf(" %g", ((const float *)outputs[0].data)[i]);
  printf("; %lld\n", (long long)((const int64_t *)outputs[1].data)[0]);
  wn_tensor_free(&outputs[0]);
  wn_tensor_free(&outputs[1]);
  wn_session_free(session);
  wn_module_free(module);
  return 0;
}
