/* How products are computed: precision, autocast, and test aids that force a way. */
#include <string.h>

#include "bind/guard.h"
#include "op/conv.h"
#include "op/gemm.h"

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

/* Precision and autocast as one number. */
static int as_mode(vs_products p) { return 2 * (int)p.precision + p.autocast; }

static int exchange(int mode) {
  vs_products old = vs_products_now();
  vs_products_set((vs_products){(vs_precision)(mode / 2), mode % 2});
  return as_mode(old);
}

/* autocast(body, args...) runs body under autocast and passes on its results; autocast() returns a
 * guard. */
static int autocast(lua_State *L) {
  return lvs_withmode(L, exchange, as_mode((vs_products){vs_products_now().precision, true}));
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

/* _in_full(body, args...) runs body at highest precision, without autocast: where numbers are
 * compared. */
static int in_full(lua_State *L) {
  return lvs_withmode(L, exchange, as_mode((vs_products){VS_HIGHEST, false}));
}

/* Test aid: see vs_gemm_force. */
static int force_products(lua_State *L) {
  vs_gemm_force(lua_toboolean(L, 1), lua_toboolean(L, 2), lua_toboolean(L, 3));
  return 0;
}

/* Test aid: see vs_conv_force. */
static int force_conv(lua_State *L) {
  static const char *const ways[] = {"best", "plain", "winograd", "few", NULL};
  vs_conv_force((vs_conv_way)luaL_checkoption(L, 1, "best", ways));
  return 0;
}

void lvs_open_products(lua_State *L) {
  static const luaL_Reg functions[] = {{"set_matmul_precision", set_matmul_precision},
                                       {"get_matmul_precision", get_matmul_precision},
                                       {"autocast", autocast},
                                       {"set_autocast_enabled", set_autocast_enabled},
                                       {"is_autocast_enabled", is_autocast_enabled},
                                       {"_in_full", in_full},
                                       {"_force_products", force_products},
                                       {"_force_conv", force_conv},
                                       {NULL, NULL}};
  luaL_setfuncs(L, functions, 0);
}
