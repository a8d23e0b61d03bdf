/* vs.memory and the cache of freed blocks; test aids that refuse allocations. */
#include "core/mem.h"

#include "bind/bind.h"

static int memory(lua_State *L) {
  vs_memstats s = vs_mem_stats();
  lua_createtable(L, 0, 7);
  lvs_setint(L, "live", s.live);
  lvs_setint(L, "blocks", s.blocks);
  lvs_setint(L, "cached", s.cached);
  lvs_setint(L, "peak", s.peak);
  lvs_setint(L, "limit", s.limit);
  lvs_setint(L, "system_requests", s.system_requests);
  lvs_setint(L, "allocations", s.allocations);
  return 1;
}

static int empty_cache(lua_State *L) {
  lvs_collect(L);
  vs_mem_empty_cache();
  return 0;
}

static int set_cache_limit(lua_State *L) {
  lua_Integer n = lvs_checkint(L, 1, "bytes");
  if (n < 0) return lvs_error(L, "set_cache_limit: %I bytes, expected at least 0", n);
  vs_mem_set_cache_limit((size_t)n);
  return 0;
}

/* _set_allowance([bytes]): what this thread may still allocate for tensors; nil: everything. */
static int set_allowance(lua_State *L) {
  lua_Integer n = lua_isnoneornil(L, 1) ? -1 : lvs_checkint(L, 1, "bytes");
  vs_mem_set_allowance(n < 0 ? UINT64_MAX : (uint64_t)n);
  return 0;
}

/* Test aids: the nth allocation from now (1 = the next) is refused; 0 turns it off.  They return
 * how many were refused since the last call. */
static int fail_allocation(lua_State *L) {
  int64_t n = lvs_checkint(L, 1, "n"),
          times = lua_isnoneornil(L, 2) ? 1 : lvs_checkint(L, 2, "times");
  lua_pushinteger(L, vs_mem_fail_at(n, times));
  return 1;
}

static lua_Alloc lua_own_alloc;
static void *lua_own_data;
static int64_t until_refused, lua_refused;

/* Lua asks a second time after a collection: both are refused. */
static void *refusing_alloc(void *data, void *block, size_t old, size_t size) {
  bool more = size > 0 && (block == NULL || size > old);
  if (more && until_refused > -2 && --until_refused < 0) {
    lua_refused++;
    return NULL;
  }
  return lua_own_alloc(data, block, old, size);
}

static int fail_lua_allocation(lua_State *L) {
  lua_Integer n = lvs_checkint(L, 1, "n");
  if (lua_own_alloc == NULL) lua_own_alloc = lua_getallocf(L, &lua_own_data);
  until_refused = n - 1;
  lua_setallocf(L, n > 0 ? refusing_alloc : lua_own_alloc, lua_own_data);
  lua_pushinteger(L, lua_refused);
  lua_refused = 0;
  return 1;
}

void lvs_open_memory(lua_State *L) {
  static const luaL_Reg functions[] = {{"memory", memory},
                                       {"empty_cache", empty_cache},
                                       {"set_cache_limit", set_cache_limit},
                                       {"_set_allowance", set_allowance},
                                       {"_fail_allocation", fail_allocation},
                                       {"_fail_lua_allocation", fail_lua_allocation},
                                       {NULL, NULL}};
  luaL_setfuncs(L, functions, 0);
}
