/* The process-wide random state, and data.permutation.  Random tensors are made in create.c. */
#include "core/random.h"

#include "bind/bind.h"

static int manual_seed(lua_State *L) {
  vs_manual_seed((uint64_t)lvs_checkint(L, 1, "seed"));
  return 0;
}

static int get_rng_state(lua_State *L) {
  vs_rngstate s = vs_rng_state();
  lua_createtable(L, 0, 2);
  lvs_setint(L, "seed", s.seed);
  lvs_setint(L, "counter", s.counter);
  return 1;
}

static int set_rng_state(lua_State *L) {
  lvs_checktype(L, 1, LUA_TTABLE, "state");
  lua_getfield(L, 1, "seed");
  lua_getfield(L, 1, "counter");
  vs_rng_restore((vs_rngstate){.seed = (uint64_t)lvs_checkint(L, -2, "seed"),
                               .counter = (uint64_t)lvs_checkint(L, -1, "counter")});
  return 0;
}

/* data.permutation(n, seed) -> list of 1..n in an order that depends on the seed alone */
static int lvs_permutation(lua_State *L) {
  lua_Integer n = lvs_checkint(L, 1, "n"), seed = lvs_checkint(L, 2, "seed");
  if (n < 0 || n > 1 << 28)
    return lvs_error(L, "permutation: n is %I, expected 0 to %d", n, 1 << 28);
  int64_t *order = lua_newuserdatauv(L, (size_t)(n + 1) * sizeof *order, 0);
  vs_rng_permutation((vs_rng){(uint64_t)seed, 0}, n, order);
  lua_createtable(L, (int)n, 0);
  for (lua_Integer i = 0; i < n; i++) {
    lua_pushinteger(L, order[i] + 1);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

void lvs_open_random(lua_State *L) {
  static const luaL_Reg functions[] = {{"manual_seed", manual_seed},
                                       {"get_rng_state", get_rng_state},
                                       {"set_rng_state", set_rng_state},
                                       {NULL, NULL}};
  static const luaL_Reg data[] = {{"permutation", lvs_permutation}, {NULL, NULL}};
  luaL_setfuncs(L, functions, 0);
  lvs_setfunctions(L, "data", data);
}
