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

vs_strings *lvs_optstrings(lua_State *L, int table, const char *key, const char *what) {
  if (lua_getfield(L, table, key) == LUA_TNIL) return NULL;
  if (lvs_testbox(L, -1, "vesper.Vocab") != NULL) {
    lua_getfield(L, -1, "words");
    lua_insert(L, -2);
    lua_call(L, 1, 1);
  }
  if (!lua_istable(L, -1))
    lvs_error(L, "%s: %s is a %s, expected a list", what, key, lvs_typename(L, -1));
  int list = lua_gettop(L);
  vs_strings *s = lvs_newstrings(L);
  lua_newtable(L); /* string -> its position */
  for (lua_Integer i = 1, n = lvs_listlen(L, list, what, key); i <= n; i++) {
    if (lua_rawgeti(L, list, i) != LUA_TSTRING)
      lvs_error(L, "%s: entry %I of %s is a %s, expected a string", what, i, key,
                lvs_typename(L, -1));
    size_t len;
    const char *text = lua_tolstring(L, -1, &len);
    if (vs_strings_add(s, text, len)) lvs_raise(L);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, -3) != LUA_TNIL)
      lvs_error(L, "%s: entry %I of %s, '%s', is already entry %I", what, i, key, text,
                lua_tointeger(L, -1));
    lua_pop(L, 1);
    lua_pushinteger(L, i);
    lua_rawset(L, -3);
  }
  lua_pop(L, 1);
  return s;
}

void lvs_pushstrings(lua_State *L, const vs_strings *s) {
  lua_createtable(L, (int)VS_MIN(s->n, 1 << 24), 0);
  for (int64_t i = 0; i < s->n; i++) {
    lua_pushlstring(L, vs_strings_get(s, i), vs_strings_len(s, i));
    lua_rawseti(L, -2, i + 1);
  }
}

void lvs_open_strings(lua_State *L) { lvs_newclass(L, LVS_STRINGS, NULL, NULL, free_strings); }
