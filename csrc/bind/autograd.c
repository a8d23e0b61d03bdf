/* backward, requires_grad_, and grad mode: no_grad, enable_grad, set_grad_enabled. */
#include "autograd/autograd.h"

#include "bind/guard.h"
#include "bind/options.h"

/* t:backward([grad], [{retain = true}]) */
static int backward(lua_State *L) {
  vs_tensor *t = lvs_checktensor(L, 1), *grad = NULL;
  bool retain = false;
  int last = lua_gettop(L);
  if (last > 1 && lua_istable(L, last)) {
    lvs_checkoptions(L, last, "retain", "backward");
    retain = lvs_optbool(L, last, "retain", false);
    last--;
  }
  if (last > 1 && !lua_isnil(L, 2)) grad = lvs_checktensor(L, 2);
  if (lvs_backward(L, t, grad, retain) < 0) return lvs_raise(L);
  lvs_endbackward(L);
  lvs_collect_after_step(L);
  return 0;
}

static int requires_grad_(lua_State *L) {
  vs_tensor *t = lvs_checktensor(L, 1);
  bool on = lua_isnoneornil(L, 2) || lua_toboolean(L, 2);
  if (t->node != NULL && !on)
    return lvs_error(
        L, "requires_grad_: the tensor is part of a graph; detach() gives one that is not");
  if (t->node == NULL && on && !vs_is_real(t))
    return lvs_error(L, "requires_grad_: only %s tensors can require gradients, not %s",
                     vs_dtype_name(VS_REAL), vs_dtype_name(t->dtype));
  if (t->node == NULL) t->requires_grad = on;
  lua_settop(L, 1);
  return 1;
}

/* ---- grad mode ---- */

static int exchange(int on) { return vs_set_grad_enabled(on != 0); }

static int no_grad(lua_State *L) { return lvs_withmode(L, exchange, false); }
static int enable_grad(lua_State *L) { return lvs_withmode(L, exchange, true); }

static int set_grad_enabled(lua_State *L) {
  lvs_checktype(L, 1, LUA_TBOOLEAN, "mode");
  lua_pushboolean(L, vs_set_grad_enabled(lua_toboolean(L, 1)));
  return 1;
}

static int is_grad_enabled(lua_State *L) {
  lua_pushboolean(L, vs_grad_enabled());
  return 1;
}

static const luaL_Reg functions[] = {{"no_grad", no_grad},
                                     {"enable_grad", enable_grad},
                                     {"set_grad_enabled", set_grad_enabled},
                                     {"is_grad_enabled", is_grad_enabled},
                                     {NULL, NULL}};
static const luaL_Reg methods[] = {
    {"backward", backward}, {"requires_grad_", requires_grad_}, {NULL, NULL}};

void lvs_open_autograd(lua_State *L) {
  luaL_getmetatable(L, LVS_TENSOR);
  lua_getfield(L, -1, "methods");
  luaL_setfuncs(L, methods, 0);
  lua_pop(L, 2);
  luaL_setfuncs(L, functions, 0);
}
