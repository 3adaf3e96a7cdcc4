// Registers the winnow dialect's parts.
#include "dialects/Winnow/WinnowDialect.h"

#include "dialects/Winnow/WinnowDialect.cpp.inc"

void winnow::WinnowDialect::initialize() {}
