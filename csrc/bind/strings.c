/* Lists of strings.  See strings.h. */
#include "bind/strings.h"

#include <stdlib.h>

#define LVS_STRINGS "vesper.Strings"

static void free_strings(void *p) {
  vs_strings_free(p);
  free(p);
}

vs_strings *lvs_newstrings(lua_State *L) {
  return lvs_newzeroed(L, LVS_STRINGS, sizeof(vs_strings));
}

void lvs_pushstrings(lua_State *L, const vs_strings *s) {
  lua_createtable(L, (int)VS_MIN(s->n, 1 << 24), 0);
  for (int64_t i = 0; i < s->n; i++) {
    lua_pushlstring(L, vs_strings_get(s, i), vs_strings_len(s, i));
    lua_rawseti(L, -2, i + 1);
  }
}

void lvs_open_strings(lua_State *L) { lvs_newclass(L, LVS_STRINGS, NULL, NULL, free_strings); }
