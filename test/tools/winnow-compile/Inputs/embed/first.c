#include "models.h"
#include <absolute.h>

wn_status load_absolute(wn_module **module) { return absolute_load(module); }
