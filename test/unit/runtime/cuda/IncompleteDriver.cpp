// A library that is a CUDA driver by its version and by nothing else.
extern "C" __attribute__((visibility("default"))) int cuDriverGetVersion(int *version) {
  *version = 12080;
  return 0;
}
