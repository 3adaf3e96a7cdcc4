/* What the libraries have: loads their modules, and executes one on a row of eight numbers, in place. */
#include <winnow/runtime.h>

wn_status load_absolute(wn_module **module);
wn_status load_absolute_again(wn_module **module);
wn_status load_scaled(wn_module **module);
