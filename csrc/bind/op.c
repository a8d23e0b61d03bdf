/* Every op as a function of the module and, where its first argument is a tensor, as a method: one
 * generic C function with the descriptor as upvalue. */
#include "op/op.h"

#include <stdlib.h>

#include "bind/bind.h"

static void call_with_retry(lua_State *L, const vs_opdef *op, const vs_value *v, int n,
                            vs_tensor **out) {
  bool again = false;
  while (vs_call(op, v, n, out) < 0)
    if (!lvs_retry(L, &again)) lvs_raise(L);
}

int lvs_pushcall(lua_State *L, const vs_opdef *op, const vs_value *v, int n) {
  vs_tensor *out[VS_MAX_OUT];
  void **box[VS_MAX_OUT];
  lvs_maybe_collect(L);
  for (int i = 0; i < op->outputs; i++) box[i] = lvs_newbox(L, LVS_TENSOR);
  call_with_retry(L, op, v, n, out);
  for (int i = 0; i < op->outputs; i++) *box[i] = out[i];
  lvs_poll_interrupt(L);
  return op->outputs;
}

void lvs_callinplace(lua_State *L, const vs_opdef *op, const vs_value *v, int n) {
  vs_tensor *out;
  call_with_retry(L, op, v, n, &out);
  vs_unref(out);
  lvs_poll_interrupt(L);
}

static int call_op(lua_State *L) {
  const vs_opdef *op = lua_touserdata(L, lua_upvalueindex(1));
  const vs_argspec *spec = vs_op_spec(op);
  vs_value v[VS_MAX_ARGS];
  lvs_checkargs(L, 1, spec, v, op->name);
  if (!(op->flags & VS_INPLACE)) return lvs_pushcall(L, op, v, spec->n);
  lvs_callinplace(L, op, v, spec->n);
  lua_pushvalue(L, 1); /* its own first argument */
  return 1;
}

/* An op with VS_QUANTIFIER: a Lua boolean unless a dimension is given. */
static int call_quantifier(lua_State *L) {
  bool whole = lua_isnoneornil(L, 2) && lua_gettop(L) <= 2;
  call_op(L);
  if (!whole) return 1;
  lua_pushboolean(L, *vs_bytes(lvs_checktensor(L, -1)) != 0);
  return 1;
}

void lvs_pushop(lua_State *L, const vs_opdef *op) {
  bool quantifier = op->flags & VS_QUANTIFIER;
  lua_pushlightuserdata(L, (void *)(uintptr_t)op);
  lua_pushcclosure(L, quantifier ? call_quantifier : call_op, 1);
}

/* ---- descriptors as tables, for help(), docs and specs ---- */

/* A table of {name, kind, optional, default} an argument. */
static void push_spec(lua_State *L, const vs_argspec *spec) {
  lua_createtable(L, spec->n, 0);
  for (int i = 0; i < spec->n; i++) {
    const vs_arg *a = &spec->arg[i];
    lua_createtable(L, 0, 4);
    lua_pushstring(L, a->name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, vs_argkind_name(a));
    lua_setfield(L, -2, "kind");
    lua_pushboolean(L, a->optional);
    lua_setfield(L, -2, "optional");
    if (a->has_default) {
      lvs_pushvalue(L, a, &a->def);
      lua_setfield(L, -2, "default");
    }
    lua_rawseti(L, -2, i + 1);
  }
}

void lvs_pushdescriptor(lua_State *L, const char *name, const char *args, const char *doc) {
  const vs_argspec *spec = vs_args_spec(args);
  if (spec == NULL) lvs_raise(L);
  lua_createtable(L, 0, 10);
  lua_pushstring(L, name);
  lua_setfield(L, -2, "name");
  lua_pushstring(L, args);
  lua_setfield(L, -2, "signature");
  push_spec(L, spec);
  lua_setfield(L, -2, "args");
  lua_pushstring(L, doc);
  lua_setfield(L, -2, "doc");
}

static int list_ops(lua_State *L) {
  static const struct {
    const char *name;
    unsigned flag;
  } flags[] = {{"nograd", VS_NOGRAD},
               {"inplace", VS_INPLACE},
               {"random", VS_RANDOM},
               {"kink", VS_KINK},
               {"view", VS_VIEW},
               {"hidden", VS_HIDDEN},
               {"quantifier", VS_QUANTIFIER}};
  lua_createtable(L, vs_nops, 0);
  for (int i = 0; i < vs_nops; i++) {
    const vs_opdef *op = vs_ops[i];
    lvs_pushdescriptor(L, op->name, op->args, op->doc);
    lvs_setint(L, "outputs", op->outputs);
    for (int f = 0; f < VS_COUNT(flags); f++) {
      lua_pushboolean(L, (op->flags & flags[f].flag) != 0);
      lua_setfield(L, -2, flags[f].name);
    }
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

/* ---- operators: x + y and the others ---- */

static void set_operator(lua_State *L, const char *event, const vs_opdef *op) {
  lvs_pushop(L, op);
  lua_setfield(L, -2, event);
}

/* Lua passes the operand of a unary operator twice. */
static int negate(lua_State *L) {
  lua_settop(L, 1);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, 1, 1);
  return 1;
}

void lvs_open_op(lua_State *L) {
  luaL_getmetatable(L, LVS_TENSOR);
  lua_getfield(L, -1, "methods");
  for (int i = 0; i < vs_nops; i++) {
    const vs_opdef *op = vs_ops[i];
    const vs_argspec *spec = vs_op_spec(op);
    if (spec == NULL) lvs_raise(L);
    if (op->flags & VS_HIDDEN) continue;
    lvs_pushop(L, op);
    lua_pushvalue(L, -1);
    lua_setfield(L, -5, op->name); /* module */
    if (spec->n > 0 && vs_arg_is_tensor(&spec->arg[0]) && spec->arg[0].kind != VS_A_TENSORS)
      lua_setfield(L, -2, op->name); /* method */
    else
      lua_pop(L, 1);
  }
  lua_pop(L, 1);
  set_operator(L, "__add", &vs_op_add);
  set_operator(L, "__sub", &vs_op_sub);
  set_operator(L, "__mul", &vs_op_mul);
  set_operator(L, "__div", &vs_op_div);
  set_operator(L, "__pow", &vs_op_pow);
  set_operator(L, "__mod", &vs_op_remainder);
  set_operator(L, "__idiv", &vs_op_floor_divide);
  lvs_pushop(L, &vs_op_neg);
  lua_pushcclosure(L, negate, 1);
  lua_setfield(L, -2, "__unm");
  lua_pop(L, 1);
  lua_pushcfunction(L, list_ops);
  lua_setfield(L, -2, "ops");
}
