#include "models.h"
#include <absolute.h>
#include <scaled-rows.h>

wn_status load_absolute_again(wn_module **module) {
  return wn_module_load_memory(absolute_data, absolute_size, module);
}

wn_status load_scaled(wn_module **module) { return scaled_load(module); }
