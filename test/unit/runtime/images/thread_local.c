_Thread_local int value;
int kernel(void) { return value++; }
