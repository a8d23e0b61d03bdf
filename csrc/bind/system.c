/* Threads, precision, instruction set, memory, clock, build facts; and luaopen_vesper_core. */
#include <string.h>
#include <unistd.h>

#include "bind/bind.h"
#include "core/mem.h"
#include "core/profile.h"
#include "core/thread.h"
#include "io/crc.h"
#include "kernel/kernel.h"
#include "kernel/peak.h"
#include "op/conv.h"
#include "op/gemm.h"

static int set_num_threads(lua_State *L) {
  lua_Integer n = lvs_checkint(L, 1, "n");
  if (n < 1 || n > 1024)
    return lvs_error(L, "set_num_threads: %d is not a number of threads", (int)n);
  vs_set_num_threads((int)n);
  return 0;
}

static int get_num_threads(lua_State *L) {
  lua_pushinteger(L, vs_num_threads());
  return 1;
}

static const char *const precisions[] = {
    [VS_HIGHEST] = "highest", [VS_HIGH] = "high", [VS_MEDIUM] = "medium"};

static int set_matmul_precision(lua_State *L) {
  const char *name = lvs_checkstr(L, 1, "precision", NULL);
  for (int i = 0; i < VS_COUNT(precisions); i++)
    if (strcmp(name, precisions[i]) == 0) {
      vs_products_set((vs_products){(vs_precision)i, vs_products_now().autocast});
      return 0;
    }
  return lvs_error(L, "set_matmul_precision: \"%s\", expected highest, high or medium", name);
}

static int get_matmul_precision(lua_State *L) {
  lua_pushstring(L, precisions[vs_matmul_precision()]);
  return 1;
}

/* A guard that puts back how products were made when its variable goes out of scope. */
#define LVS_PRODUCTS_GUARD "vesper.ProductsGuard"

typedef struct guard {
  vs_products old;
  bool open;
} guard;

static int guard_close(lua_State *L) {
  guard *g = luaL_testudata(L, 1, LVS_PRODUCTS_GUARD);
  if (g == NULL) return lvs_wrongarg(L, 1, "guard", "a guard of autocast");
  if (g->open) vs_products_set(g->old);
  g->open = false;
  return 0;
}

/* Runs body, at index 1, with products made so, and passes on its results. */
static int run_with(lua_State *L, vs_products products) {
  vs_products now = vs_products_now();
  lvs_checktype(L, 1, LUA_TFUNCTION, "body");
  vs_products_set(products);
  int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
  vs_products_set(now);
  return status == LUA_OK ? lua_gettop(L) : lua_error(L);
}

/* autocast(body, args...) runs body under autocast and passes on its results; autocast() returns a
 * guard. */
static int autocast(lua_State *L) {
  const vs_products cast = {vs_products_now().precision, true};
  if (!lua_isnone(L, 1)) return run_with(L, cast);
  guard *g = lua_newuserdatauv(L, sizeof *g, 0);
  *g = (guard){vs_products_now(), false};
  luaL_setmetatable(L, LVS_PRODUCTS_GUARD);
  g->open = true;
  vs_products_set(cast);
  return 1;
}

static int set_autocast_enabled(lua_State *L) {
  lvs_checktype(L, 1, LUA_TBOOLEAN, "on");
  vs_products_set((vs_products){vs_products_now().precision, lua_toboolean(L, 1)});
  return 0;
}

static int is_autocast_enabled(lua_State *L) {
  lua_pushboolean(L, vs_products_now().autocast);
  return 1;
}

/* _in_full(body, args...): the same at highest precision, without autocast: where numbers are
 * compared. */
static int in_full(lua_State *L) { return run_with(L, (vs_products){VS_HIGHEST, false}); }

/* Test aid: see vs_gemm_force. */
static int force_products(lua_State *L) {
  vs_gemm_force(lua_toboolean(L, 1), lua_toboolean(L, 2), lua_toboolean(L, 3), lua_toboolean(L, 4));
  return 0;
}

/* Test aid: see vs_conv_force. */
static int force_conv(lua_State *L) {
  static const char *const ways[] = {"best", "plain", "winograd", "few", NULL};
  vs_conv_force((vs_conv_way)luaL_checkoption(L, 1, "best", ways));
  return 0;
}

static int memory(lua_State *L) {
  vs_memstats s = vs_mem_stats();
  lua_createtable(L, 0, 7);
  lua_pushinteger(L, (lua_Integer)s.live);
  lua_setfield(L, -2, "live");
  lua_pushinteger(L, (lua_Integer)s.blocks);
  lua_setfield(L, -2, "blocks");
  lua_pushinteger(L, (lua_Integer)s.cached);
  lua_setfield(L, -2, "cached");
  lua_pushinteger(L, (lua_Integer)s.peak);
  lua_setfield(L, -2, "peak");
  lua_pushinteger(L, (lua_Integer)s.limit);
  lua_setfield(L, -2, "limit");
  lua_pushinteger(L, (lua_Integer)s.system_requests);
  lua_setfield(L, -2, "system_requests");
  lua_pushinteger(L, (lua_Integer)s.allocations);
  lua_setfield(L, -2, "allocations");
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

static double seconds_now(void) { return (double)vs_clock_ns() * 1e-9; }

/* Seconds of a clock that only goes forward: os.clock counts what all threads use. */
static int now(lua_State *L) {
  lua_pushnumber(L, seconds_now());
  return 1;
}

/* is_terminal(1 or 2): whether standard output or error is looked at by a person. */
static int is_terminal(lua_State *L) {
  lua_pushboolean(L, isatty((int)lvs_checkint(L, 1, "file")));
  return 1;
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

static int set_own_folder(lua_State *L) {
  lvs_set_own_folder(L, lvs_checkstr(L, 1, "prefix", NULL));
  return 0;
}

/* _crc32c(bytes): for lua/vesper/tensorboard.lua. */
static int crc32c(lua_State *L) {
  size_t n;
  const char *bytes = lvs_checkstr(L, 1, "bytes", &n);
  lua_pushinteger(L, vs_crc32c(bytes, n));
  return 1;
}

/* For vesper's Lua files: raises with the place in the user's own script. */
static int raise(lua_State *L) { return lvs_error(L, "%s", luaL_checkstring(L, 1)); }

/* _peak_flops(seconds): float32 multiply-adds a second of all threads, two flops each. */
typedef struct peak {
  int64_t rounds;
  double flops[1024]; /* of each thread */
  vs_real keep[1024];
} peak;

static void run_peak(void *arg, int64_t first, int64_t last, int part) {
  peak *p = arg;
  for (int64_t i = first; i < last; i++)
    p->keep[part] += vs_k_peak()->multiply_adds(p->rounds, &p->flops[part]);
}

static int peak_flops(lua_State *L) {
  double seconds = luaL_checknumber(L, 1), best = 0, end = seconds_now() + seconds;
  static peak p;
  if (!(seconds >= 0 && seconds <= 1))
    return lvs_error(L, "_peak_flops: %f seconds, expected 0 to 1", seconds);
  do {
    double flops = 0, start = seconds_now();
    p = (peak){.rounds = 1 << 18};
    vs_parallel(vs_num_threads(), 1, run_peak, &p);
    for (int i = 0; i < vs_num_threads(); i++) flops += p.flops[i];
    best = VS_MAX(best, flops / (seconds_now() - start));
  } while (seconds_now() < end);
  lua_pushnumber(L, best);
  return 1;
}

static const luaL_Reg functions[] = {{"set_num_threads", set_num_threads},
                                     {"get_num_threads", get_num_threads},
                                     {"set_matmul_precision", set_matmul_precision},
                                     {"get_matmul_precision", get_matmul_precision},
                                     {"autocast", autocast},
                                     {"set_autocast_enabled", set_autocast_enabled},
                                     {"is_autocast_enabled", is_autocast_enabled},
                                     {"_in_full", in_full},
                                     {"_force_products", force_products},
                                     {"_force_conv", force_conv},
                                     {"memory", memory},
                                     {"empty_cache", empty_cache},
                                     {"set_cache_limit", set_cache_limit},
                                     {"now", now},
                                     {"is_terminal", is_terminal},
                                     {"_fail_allocation", fail_allocation},
                                     {"_fail_lua_allocation", fail_lua_allocation},
                                     {"_peak_flops", peak_flops},
                                     {"_crc32c", crc32c},
                                     {"_raise", raise},
                                     {"_set_own_folder", set_own_folder},
                                     {NULL, NULL}};

void lvs_open_system(lua_State *L) {
  luaL_newmetatable(L, LVS_PRODUCTS_GUARD);
  lua_pushcfunction(L, guard_close);
  lua_setfield(L, -2, "__close");
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
  lua_createtable(L, 0, 4);
  lua_pushliteral(L, VESPER_VERSION);
  lua_setfield(L, -2, "version");
  lua_pushstring(L, sizeof(vs_real) == sizeof(double) ? "double" : "float");
  lua_setfield(L, -2, "real");
  lua_pushstring(L, vs_isa_name());
  lua_setfield(L, -2, "isa");
  lua_pushboolean(L, vs_has_bf16());
  lua_setfield(L, -2, "bf16");
  lua_pushboolean(L, vs_has_amx());
  lua_setfield(L, -2, "amx");
  lua_setfield(L, -2, "build");
}

__attribute__((visibility("default"))) int luaopen_vesper_core(lua_State *L);

int luaopen_vesper_core(lua_State *L) {
  lua_newtable(L);
#define X(name) lvs_open_##name(L);
  LVS_OPENERS(X)
#undef X
  return 1;
}
