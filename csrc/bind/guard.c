/* Modes that hold for a scope.  See guard.h. */
#include "bind/guard.h"

#define LVS_GUARD "vesper.Guard"

typedef struct guard {
  int (*exchange)(int); /* NULL once closed */
  int old;
} guard;

static int close_guard(lua_State *L) {
  guard *g = luaL_testudata(L, 1, LVS_GUARD);
  if (g == NULL) return lvs_wrongarg(L, 1, "guard", "a guard");
  if (g->exchange != NULL) g->exchange(g->old);
  g->exchange = NULL;
  return 0;
}

int lvs_withmode(lua_State *L, int (*exchange)(int), int mode) {
  if (lua_isnone(L, 1)) {
    guard *g = lua_newuserdatauv(L, sizeof *g, 0);
    *g = (guard){0};
    luaL_setmetatable(L, LVS_GUARD);
    *g = (guard){exchange, exchange(mode)};
    return 1;
  }
  lvs_checktype(L, 1, LUA_TFUNCTION, "body");
  int old = exchange(mode);
  int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
  exchange(old);
  return status == LUA_OK ? lua_gettop(L) : lua_error(L);
}

void lvs_open_guard(lua_State *L) {
  luaL_newmetatable(L, LVS_GUARD);
  lua_pushcfunction(L, close_guard);
  lua_setfield(L, -2, "__close");
  lvs_setname(L, LVS_GUARD);
  lua_pop(L, 1);
}
