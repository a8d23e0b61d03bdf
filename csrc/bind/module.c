/* luaopen_vesper_core: the module table, filled by every opener. */
#include "bind/bind.h"

__attribute__((visibility("default"))) int luaopen_vesper_core(lua_State *L);

int luaopen_vesper_core(lua_State *L) {
  lua_newtable(L);
#define X(name) lvs_open_##name(L);
  LVS_OPENERS(X)
#undef X
  return 1;
}
