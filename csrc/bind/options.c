/* Option tables.  See options.h. */
#include "bind/options.h"

#include <string.h>

#include "data/dataset.h"

void lvs_checkoptions(lua_State *L, int index, const char *keys, const char *what) {
  if (lua_isnoneornil(L, index)) return;
  if (!lua_istable(L, index)) {
    lvs_error(L, "%s: options must be a table, got a %s", what, lvs_typename(L, index));
  }
  index = lua_absindex(L, index);
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    size_t n = 0;
    const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tolstring(L, -2, &n) : NULL;
    if (key && vs_choice(keys, key, n) >= 0) continue;
    lvs_error(L, "%s: unknown option '%s', expected one of %s", what,
              key ? key : luaL_typename(L, -2), luaL_gsub(L, keys, "|", ", "));
  }
}

/* Pushes the option, or nothing and returns false. */
static bool push_option(lua_State *L, int index, const char *key) {
  if (!lua_istable(L, index)) return false;
  if (lua_getfield(L, index, key) != LUA_TNIL) return true;
  lua_pop(L, 1);
  return false;
}

int64_t lvs_optint(lua_State *L, int index, const char *key, int64_t low, int64_t high,
                   int64_t def) {
  if (!push_option(L, index, key)) return def;
  int whole;
  int64_t v = lua_tointegerx(L, -1, &whole);
  if (!whole || lua_type(L, -1) != LUA_TNUMBER || v < low || v > high) {
    const char *got = lvs_pushtext(L, -1);
    lvs_error(L, "%s: option '%s': expected a whole number from %I to %I, got %s",
              lvs_pushcallee(L), key, (lua_Integer)low, (lua_Integer)high, got);
  }
  lua_pop(L, 1);
  return v;
}

bool lvs_optbool(lua_State *L, int index, const char *key, bool def) {
  if (!push_option(L, index, key)) return def;
  if (!lua_isboolean(L, -1)) {
    const char *got = lvs_typename(L, -1);
    lvs_error(L, "%s: option '%s': expected true or false, got a %s", lvs_pushcallee(L), key, got);
  }
  bool v = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return v;
}

const char *lvs_optword(lua_State *L, int index, const char *key, const char *def) {
  if (!push_option(L, index, key)) return def;
  if (lua_type(L, -1) != LUA_TSTRING) {
    const char *got = lvs_typename(L, -1);
    lvs_error(L, "%s: option '%s': expected a string, got a %s", lvs_pushcallee(L), key, got);
  }
  const char *v = lua_tostring(L, -1);
  lua_pop(L, 1);
  return v;
}

/* Entry i of the list at `list` into pair[0..1]. */
static void check_pair(lua_State *L, int list, int64_t i, const char *key, const char *what,
                       int64_t *pair) {
  bool good = lua_rawgeti(L, list, i + 1) == LUA_TTABLE && lvs_listlen(L, -1, what, key) == 2;
  for (int k = 0; good && k < 2; k++) {
    int whole;
    lua_rawgeti(L, -1, k + 1);
    pair[k] = lua_tointegerx(L, -1, &whole);
    good = whole && pair[k] >= 1 && pair[k] <= VS_MAX_LANDMARK;
    lua_pop(L, 1);
  }
  if (!good)
    lvs_error(L, "%s: entry %I of %s must be {left, right}, integers from 1 to %d", what,
              (lua_Integer)i + 1, key, VS_MAX_LANDMARK);
  lua_pop(L, 1);
}

int64_t *lvs_optpairs(lua_State *L, int index, const char *key, const char *what, int64_t *n) {
  *n = 0;
  if (!push_option(L, index, key)) return NULL;
  int list = lua_gettop(L);
  if (!lua_istable(L, list))
    lvs_error(L, "%s: %s is a %s, expected a list of pairs", what, key, lvs_typename(L, list));
  *n = (int64_t)lvs_listlen(L, list, what, key);
  if (*n > VS_MAX_PAIRS) lvs_error(L, "%s: %s has more than %d pairs", what, key, VS_MAX_PAIRS);
  int64_t *pair = lua_newuserdatauv(L, (size_t)(*n + 1) * 2 * sizeof *pair, 0);
  for (int64_t i = 0; i < *n; i++) {
    check_pair(L, list, i, key, what, pair + 2 * i);
    for (int64_t a = 2 * i; a < 2 * i + 2; a++) {
      for (int64_t b = 0; b < a; b++) {
        if (pair[a] == pair[b])
          lvs_error(L, "%s: %s has point %I twice", what, key, (lua_Integer)pair[a]);
      }
    }
  }
  return pair;
}

void lvs_checkcolor(lua_State *L, int index, uint8_t rgb[3]) {
  index = lua_absindex(L, index);
  bool good = lua_istable(L, index) && lua_rawlen(L, index) == 3;
  for (int i = 0; good && i < 3; i++) {
    int whole;
    lua_rawgeti(L, index, i + 1);
    lua_Integer v = lua_tointegerx(L, -1, &whole);
    lua_pop(L, 1);
    good = whole && v >= 0 && v <= 255;
    rgb[i] = (uint8_t)v;
  }
  if (!good)
    lvs_error(L, "%s: a color must be a list of three whole numbers from 0 to 255",
              lvs_pushcallee(L));
}

void lvs_optcolor(lua_State *L, int index, const char *key, uint8_t rgb[3]) {
  if (!push_option(L, index, key)) return;
  lvs_checkcolor(L, -1, rgb);
  lua_pop(L, 1);
}
