/* Threads, clock, terminal, build facts; helpers of vesper's own Lua files. */
#include <string.h>
#include <unistd.h>

#include "bind/bind.h"
#include "core/number.h"
#include "core/profile.h"
#include "core/thread.h"
#include "io/crc.h"
#include "io/image.h"
#include "kernel/kernel.h"
#include "kernel/peak.h"

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

static double seconds_now(void) { return (double)vs_clock_ns() * 1e-9; }

/* Seconds of a clock that only goes forward: os.clock counts what all threads use. */
static int now(lua_State *L) {
  lua_pushnumber(L, seconds_now());
  return 1;
}

/* is_terminal(1 or 2): whether standard output or error is a terminal. */
static int is_terminal(lua_State *L) {
  lua_pushboolean(L, isatty((int)lvs_checkint(L, 1, "file")));
  return 1;
}

static int set_own_folder(lua_State *L) {
  lvs_set_own_folder(L, lvs_checkstr(L, 1, "prefix", NULL));
  return 0;
}

/* _crc32c(bytes): for lua/vesper/train/tensorboard.lua and data/splits.lua. */
static int crc32c(lua_State *L) {
  size_t n;
  const char *bytes = lvs_checkstr(L, 1, "bytes", &n);
  lua_pushinteger(L, vs_crc32c(bytes, n));
  return 1;
}

/* For vesper's Lua files: raises with the place in the user's own script. */
static int raise(lua_State *L) { return lvs_error(L, "%s", luaL_checkstring(L, 1)); }

/* _place() -> "script.lua:12: ", as errors begin */
static int place(lua_State *L) {
  lvs_pushplace(L);
  return 1;
}

/* _format(format, ...): string.format (the upvalue) with a decimal point in every locale */
static int format(lua_State *L) {
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  void *old = vs_locale_enter();
  int rc = lua_pcall(L, lua_gettop(L) - 1, 1, 0);
  vs_locale_leave(old);
  return rc != LUA_OK ? lua_error(L) : 1;
}

/* _before(a, b): whether the bytes of a come before those of b; `<` depends on the locale */
static int before(lua_State *L) {
  size_t n, m;
  const char *a = luaL_checklstring(L, 1, &n), *b = luaL_checklstring(L, 2, &m);
  int order = memcmp(a, b, VS_MIN(n, m));
  lua_pushboolean(L, order < 0 || (order == 0 && n < m));
  return 1;
}

/* _hole(list) -> the first missing entry and the next one that is there; nothing without a hole */
static int hole(lua_State *L) {
  lua_Integer later, first;
  luaL_checktype(L, 1, LUA_TTABLE);
  first = lvs_hole(L, 1, &later);
  if (first == 0) return 0;
  lua_pushinteger(L, first);
  lua_pushinteger(L, later);
  return 2;
}

/* _peak_flops(seconds): float32 multiply-adds a second of all threads, two flops each. */
typedef struct peak {
  int64_t rounds;
  double flops[1024]; /* of each thread */
  vs_real keep[1024];
} peak;

static void run_peak(void *arg, int64_t first, int64_t last, int slot) {
  peak *p = arg;
  (void)slot;
  for (int64_t i = first; i < last; i++)
    p->keep[i] += vs_k_peak()->multiply_adds(p->rounds, &p->flops[i]);
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

static void push_build(lua_State *L) {
  lua_createtable(L, 0, 6);
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
  lua_pushstring(L, vs_image_jpeg_decoder);
  lua_setfield(L, -2, "jpeg");
}

void lvs_open_system(lua_State *L) {
  static const luaL_Reg functions[] = {{"set_num_threads", set_num_threads},
                                       {"get_num_threads", get_num_threads},
                                       {"now", now},
                                       {"is_terminal", is_terminal},
                                       {"_peak_flops", peak_flops},
                                       {"_crc32c", crc32c},
                                       {"_raise", raise},
                                       {"_place", place},
                                       {"_hole", hole},
                                       {"_before", before},
                                       {"_set_own_folder", set_own_folder},
                                       {NULL, NULL}};
  if (vs_isa_check() < 0) lvs_raise(L);
  luaL_setfuncs(L, functions, 0);
  lua_getglobal(L, "string");
  lua_getfield(L, -1, "format");
  lua_pushcclosure(L, format, 1);
  lua_setfield(L, -3, "_format");
  lua_pop(L, 1);
  push_build(L);
  lua_setfield(L, -2, "build");
  lua_pushliteral(L, VESPER_VERSION);
  lua_setfield(L, -2, "version");
}
