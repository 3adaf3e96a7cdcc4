volatile int value;
__attribute__((constructor)) static void construct(void) { value = 1; }
