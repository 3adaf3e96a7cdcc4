unsigned long strlen(const char *);
unsigned long kernel(const char *text) { return strlen(text); }
