/* The tensor class: properties, indexing, conversion to Lua values.  Ops are methods by op.c. */
#include <stdlib.h>
#include <string.h>

#include "bind/bind.h"
#include "bind/indexing.h"
#include "core/format.h"
#include "op/op.h"

/* ---- properties ---- */

static void push_shape(lua_State *L, const vs_tensor *t) {
  lua_createtable(L, t->ndim, 0);
  for (int d = 0; d < t->ndim; d++) {
    lua_pushinteger(L, t->shape[d]);
    lua_rawseti(L, -2, d + 1);
  }
}

static bool push_property(lua_State *L, vs_tensor *t, const char *key) {
  if (strcmp(key, "shape") == 0)
    push_shape(L, t);
  else if (strcmp(key, "dtype") == 0)
    lua_pushstring(L, vs_dtype_name(t->dtype));
  else if (strcmp(key, "ndim") == 0)
    lua_pushinteger(L, t->ndim);
  else if (strcmp(key, "requires_grad") == 0)
    lua_pushboolean(L, t->requires_grad);
  else if (strcmp(key, "is_leaf") == 0)
    lua_pushboolean(L, t->node == NULL);
  else if (strcmp(key, "grad") == 0 && t->grad == NULL)
    lua_pushnil(L);
  else if (strcmp(key, "grad") == 0)
    lvs_pushref(L, t->grad);
  else
    return false;
  return true;
}

/* ---- indexing ---- */

/* Pushes what vesper.help.near says of a name that tensors do not have, "" where it cannot. */
static const char *push_hint(lua_State *L, const char *key) {
  lua_getglobal(L, "require");
  lua_pushliteral(L, "vesper.help.near");
  if (lua_pcall(L, 1, 1, 0) == LUA_OK && lua_istable(L, -1)) {
    lua_getfield(L, -1, "method");
    lua_pushstring(L, key);
    if (lua_pcall(L, 1, 1, 0) == LUA_OK && lua_isstring(L, -1)) return lua_tostring(L, -1);
  }
  return lua_pushliteral(L, "");
}

/* Upvalue 1: the methods. */
static int tensor_index(lua_State *L) {
  vs_tensor *t = lvs_checktensor(L, 1);
  if (lua_type(L, 2) == LUA_TSTRING) {
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
    if (push_property(L, t, lua_tostring(L, 2))) return 1;
    return lvs_error(L, "tensor has no method or property '%s'%s", lua_tostring(L, 2),
                     push_hint(L, lua_tostring(L, 2)));
  }
  return lvs_pushindexed(L, t);
}

static int set_property(lua_State *L, vs_tensor *t, const char *key) {
  if (strcmp(key, "requires_grad") == 0) {
    lua_getfield(L, 1, "requires_grad_");
    lua_pushvalue(L, 1);
    lua_pushboolean(L, lua_toboolean(L, 3));
    lua_call(L, 2, 0);
    return 0;
  }
  if (strcmp(key, "grad") == 0) {
    vs_tensor *g = lua_isnil(L, 3) ? NULL : lvs_checktensor(L, 3);
    if (g != NULL && (!vs_same_shape(g, t) || g->dtype != VS_REAL || !vs_is_contiguous(g)))
      return lvs_error(L, "grad: a %s tensor %s does not fit %s", vs_dtype_name(g->dtype),
                       vs_shape_str(g), vs_shape_str(t));
    if (g != NULL && (g = vs_alias(g)) == NULL) return lvs_raise(L); /* outside any graph */
    vs_unref(t->grad);
    t->grad = g;
    return 0;
  }
  return lvs_error(L, "tensor has no property '%s' to set", key);
}

static int tensor_newindex(lua_State *L) {
  vs_tensor *t = lvs_checktensor(L, 1);
  if (lua_type(L, 2) == LUA_TSTRING) return set_property(L, t, lua_tostring(L, 2));
  return lvs_setindexed(L, t);
}

static int tensor_len(lua_State *L) {
  vs_tensor *t = lvs_checktensor(L, 1);
  if (t->ndim == 0) return lvs_error(L, "#: a tensor without dimensions has no length");
  lua_pushinteger(L, t->shape[0]);
  return 1;
}

static int tensor_tostring(lua_State *L) {
  vs_tensor *t = lvs_checktensor(L, 1);
  char *s = vs_format(t);
  if (s == NULL) return lvs_raise(L);
  lua_pushstring(L, s); /* may raise out of memory and then leak s: accepted */
  free(s);
  return 1;
}

/* ---- to Lua values ---- */

static void push_element(lua_State *L, const vs_tensor *t, int64_t at) {
  if (t->dtype == VS_BOOL)
    lua_pushboolean(L, vs_get_double(t, at) != 0);
  else if (t->dtype == VS_INT64 || t->dtype == VS_INT32 || t->dtype == VS_UINT8)
    lua_pushinteger(L, vs_get_int(t, at));
  else
    lua_pushnumber(L, vs_get_double(t, at));
}

static int tensor_item(lua_State *L) {
  vs_tensor *t = lvs_checktensor(L, 1);
  if (t->numel != 1)
    return lvs_error(L, "item: x %s has %d elements, expected 1", vs_shape_str(t), (int)t->numel);
  push_element(L, t, 0);
  return 1;
}

static void push_list(lua_State *L, const vs_tensor *t, int dim, int64_t at) {
  if (dim == t->ndim) {
    push_element(L, t, at);
    return;
  }
  luaL_checkstack(L, 4, "tolist");
  lua_createtable(L, (int)t->shape[dim], 0);
  for (int64_t i = 0; i < t->shape[dim]; i++) {
    push_list(L, t, dim + 1, at + i * t->stride[dim]);
    lua_rawseti(L, -2, i + 1);
  }
}

static int tensor_tolist(lua_State *L) {
  push_list(L, lvs_checktensor(L, 1), 0, 0);
  return 1;
}

static int tensor_size(lua_State *L) {
  vs_tensor *t = lvs_checktensor(L, 1);
  if (lua_isnoneornil(L, 2)) {
    push_shape(L, t);
    return 1;
  }
  lua_Integer d = lvs_checkint(L, 2, "dim"), i = d > 0 ? d - 1 : d + t->ndim;
  if (d == 0 || i < 0 || i >= t->ndim)
    return lvs_error(L, "size: dim %d is out of range for %s", (int)d, vs_shape_str(t));
  lua_pushinteger(L, t->shape[i]);
  return 1;
}

static int tensor_numel(lua_State *L) {
  lua_pushinteger(L, lvs_checktensor(L, 1)->numel);
  return 1;
}

static int tensor_is_contiguous(lua_State *L) {
  lua_pushboolean(L, vs_is_contiguous(lvs_checktensor(L, 1)));
  return 1;
}

/* A value that is equal for two boxes of the same tensor. */
static int tensor_id(lua_State *L) {
  lua_pushlightuserdata(L, lvs_checktensor(L, 1));
  return 1;
}

/* ---- short names for dtypes ---- */

static int to_dtype(lua_State *L, vs_dtype dtype) {
  return lvs_pushcall(L, &vs_op_to, (vs_value[]){VS_T(lvs_checktensor(L, 1)), VS_I(dtype)}, 2);
}

static int tensor_float(lua_State *L) { return to_dtype(L, VS_REAL); }
static int tensor_long(lua_State *L) { return to_dtype(L, VS_INT64); }
static int tensor_byte(lua_State *L) { return to_dtype(L, VS_UINT8); }
static int tensor_bool(lua_State *L) { return to_dtype(L, VS_BOOL); }

static int transpose_2d(lua_State *L) {
  vs_tensor *t = lvs_checktensor(L, 1);
  if (t->ndim != 2) return lvs_error(L, "t: x is %s, expected 2 dimensions", vs_shape_str(t));
  return lvs_pushcall(L, &vs_op_transpose, (vs_value[]){VS_T(t)}, 1);
}

static int is_tensor(lua_State *L) {
  lua_pushboolean(L, lvs_testtensor(L, 1) != NULL);
  return 1;
}

/* _free(t): for vesper's own Lua files, where no script can refer to t.  A graph may. */
static int free_now(lua_State *L) { return lvs_closebox(L, 1, LVS_TENSOR); }

static void free_tensor(void *t) { vs_unref(t); }

static const luaL_Reg methods[] = {{"item", tensor_item},
                                   {"tolist", tensor_tolist},
                                   {"size", tensor_size},
                                   {"numel", tensor_numel},
                                   {"is_contiguous", tensor_is_contiguous},
                                   {"float", tensor_float},
                                   {"long", tensor_long},
                                   {"byte", tensor_byte},
                                   {"bool", tensor_bool},
                                   {"t", transpose_2d},
                                   {"id", tensor_id},
                                   {NULL, NULL}};

static const luaL_Reg meta[] = {{"__newindex", tensor_newindex},
                                {"__len", tensor_len},
                                {"__tostring", tensor_tostring},
                                {NULL, NULL}};

void lvs_open_tensor(lua_State *L) {
  lvs_newclass(L, LVS_TENSOR, methods, meta, free_tensor);
  luaL_getmetatable(L, LVS_TENSOR);
  lua_getfield(L, -1, "methods");
  lua_pushcclosure(L, tensor_index, 1);
  lua_setfield(L, -2, "__index");
  lua_getfield(L, -1, "methods");
  lua_setfield(L, -3, "tensor_methods"); /* for Lua files that add methods */
  lua_pop(L, 1);
  lua_pushcfunction(L, is_tensor);
  lua_setfield(L, -2, "is_tensor");
  lua_pushcfunction(L, free_now);
  lua_setfield(L, -2, "_free");
}
