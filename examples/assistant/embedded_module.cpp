// Puts the file ASSISTANT_MODULE into the program's read-only data, from where only what is used is read.
#include "embedded_module.h"

asm(R"(
    .pushsection .rodata
    .balign 4096
assistant_module_begin:
    .incbin ")" ASSISTANT_MODULE R"("
assistant_module_end:
    .byte 0
    .popsection
)");

extern "C" const unsigned char assistant_module_begin[], assistant_module_end[];

namespace assistant {

const unsigned char *const kModule = assistant_module_begin;
const size_t kModuleSize = assistant_module_end - assistant_module_begin;

} // namespace assistant
