/* _profile: runs a function while core/profile.h counts. lua/vesper/profile.lua prints the result.
 *
 * The function runs protected, in a C call that no coroutine can yield out of: however it ends, the
 * profile ends with it, and spans close in the order in which they opened.  */
#include "core/profile.h"

#include <string.h>

#include "bind/bind.h"
#include "core/mem.h"

static void set_number(lua_State *L, const char *key, double value) {
  lua_pushnumber(L, value);
  lua_setfield(L, -2, key);
}

static void push_row(lua_State *L, const vs_profilerow *r) {
  static const char *const passes[] = {"forward", "backward", "other"};
  lua_createtable(L, 0, 8); /* with what Lua adds */
  lua_pushstring(L, r->name);
  lua_setfield(L, -2, "name");
  lua_pushstring(L, passes[r->pass]);
  lua_setfield(L, -2, "pass");
  set_number(L, "seconds", (double)r->ns * 1e-9);
  lvs_setint(L, "calls", r->calls);
  lvs_setint(L, "bytes", r->touched);
  lvs_setint(L, "allocated", r->allocated);
}

/* The rows, and last a row for the remaining time. */
static void push_rows(lua_State *L, const vs_profile *p, uint64_t allocated) {
  vs_profilerow rest = {.name = "Lua and the rest", .pass = VS_IN_OTHER, .ns = p->ns};
  int n = 0;
  lua_createtable(L, p->nrow + 1, 0);
  for (int i = 0; i < VS_PROFILE_ROWS; i++) {
    const vs_profilerow *r = &p->row[i];
    if (r->calls == 0) continue;
    rest.ns -= r->ns;
    allocated -= r->allocated;
    push_row(L, r);
    lua_rawseti(L, -2, ++n);
  }
  rest.allocated = allocated;
  push_row(L, &rest);
  lua_rawseti(L, -2, n + 1);
}

static void push_memory(lua_State *L, const vs_memstats *before, const vs_memstats *after) {
  lua_createtable(L, 0, 3);
  lvs_setint(L, "asked", after->system_bytes - before->system_bytes);
  lvs_setint(L, "requests", after->system_requests - before->system_requests);
  lvs_setint(L, "peak", after->recent_peak);
}

/* _profile(fn) -> {seconds, rows, memory}; what fn returns is dropped */
static int profile(lua_State *L) {
  lvs_checktype(L, 1, LUA_TFUNCTION, "fn");
  lua_settop(L, 1);
  vs_profile *p = lua_newuserdatauv(L, sizeof *p, 0);
  memset(p, 0, sizeof *p);
  lua_insert(L, 1);
  vs_memstats before = vs_mem_stats();
  uint64_t allocated = vs_mem_handed_out();
  if (vs_profile_start(p) < 0) {
    vs_fail_prefix("profile");
    return lvs_raise(L);
  }
  vs_mem_mark();
  int status = lua_pcall(L, 0, 0, 0);
  vs_profile_stop();
  if (status != LUA_OK) return lua_error(L);
  vs_memstats after = vs_mem_stats();
  allocated = vs_mem_handed_out() - allocated;
  lua_createtable(L, 0, 8);
  set_number(L, "seconds", (double)p->ns * 1e-9);
  push_rows(L, p, allocated);
  lua_setfield(L, -2, "rows");
  push_memory(L, &before, &after);
  lua_setfield(L, -2, "memory");
  return 1;
}

void lvs_open_profile(lua_State *L) {
  lua_pushcfunction(L, profile);
  lua_setfield(L, -2, "_profile");
}
