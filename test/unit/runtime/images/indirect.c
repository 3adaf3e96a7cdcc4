static int one(void) { return 1; }
static void *resolve(void) { return (void *)one; }
int kernel(void) __attribute__((ifunc("resolve")));
