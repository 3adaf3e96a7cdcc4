// Every operation of the winnow dialect; one file per concern is included here.
#ifndef WINNOW_OPS_TD
#define WINNOW_OPS_TD

include "dialects/Winnow/WinnowDialect.td"

#endif
