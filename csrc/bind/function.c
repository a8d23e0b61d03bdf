/* Functions written in Lua: nodes of the graph whose backward is Lua.
 *
 * They run inside vs_backward, on the state that called it, and always protected: an error becomes
 * vs_fail, so that C cleans up before bind raises.  Their Lua values are referenced from the
 * registry until C frees the node. */
#include <stdlib.h>
#include <string.h>

#include "autograd/autograd.h"
#include "bind/bind.h"
#include "core/hooks.h"
#include "core/mem.h"
#include "core/profile.h"
#include "op/gemm.h"

/* The state whose backward is under way on this thread. */
static _Thread_local lua_State *running;

/* How many backwards this thread has begun outside of any other. */
static _Thread_local lua_Integer walks;

/* Registry key of the list of functions that are called when the backward under way has ended. */
static const char at_end;

static void forget_at_end(lua_State *L) {
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &at_end);
}

int lvs_backward(lua_State *L, vs_tensor *t, vs_tensor *grad, bool retain) {
  lua_State *outer = running;
  running = L;
  if (outer == NULL) walks++;
  int err = vs_backward(t, grad, retain);
  running = outer;
  if (err != 0 && outer == NULL) forget_at_end(L);
  return err;
}

void lvs_endbackward(lua_State *L) {
  if (running != NULL) return;
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &at_end) == LUA_TTABLE) {
    forget_at_end(L);
    for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++) lua_call(L, 0, 0);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

/* _after_backward([fn]) -> the number of the backward under way, the outermost; fn is called once,
 * when it has ended without an error and all gradients are there. */
static int after_backward(lua_State *L) {
  if (running == NULL) return luaL_error(L, "_after_backward: no backward is under way");
  if (!lua_isnoneornil(L, 1)) {
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &at_end) != LUA_TTABLE) {
      lua_pop(L, 1);
      lua_newtable(L);
      lua_pushvalue(L, -1);
      lua_rawsetp(L, LUA_REGISTRYINDEX, &at_end);
    }
    lua_pushvalue(L, 1);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  }
  lua_pushinteger(L, walks);
  return 1;
}

lua_State *lvs_running(void) { return running; }

static bool collect_running(void) {
  if (running != NULL) lvs_collect(running);
  return running != NULL;
}

lua_State *lvs_mainof(lua_State *L) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  lua_State *main = lua_tothread(L, -1);
  lua_pop(L, 1);
  return main;
}

int lvs_failtop(lua_State *L, const char *what) {
  vs_fail("%s: %s", what, lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "an error object");
  lua_pop(L, 1);
  return -1;
}

/* ---- functions ---- */

typedef struct kept {
  vs_tensor *t; /* an alias */
  uint32_t version;
} kept;

/* The node of one call.  in[i] has the shape of the i-th argument where it is a tensor that wants a
 * gradient, else NULL; out[i] has the shape of the i-th result where it is a tensor of numbers. */
typedef struct luafunction {
  lua_State *main;
  int ctx, backward;      /* references in the registry */
  vs_precision precision; /* of products: backward has forward's */
  char name[64];
  int nin, nout, nkept;
  vs_tensor **in, **out;
  kept *kept; /* the tensors that forward put into ctx */
} luafunction;

static void release_function(void *self) {
  luafunction *f = self;
  luaL_unref(f->main, LUA_REGISTRYINDEX, f->ctx);
  luaL_unref(f->main, LUA_REGISTRYINDEX, f->backward);
  f->ctx = f->backward = LUA_NOREF;
  for (int i = 0; i < f->nkept; i++) vs_unref(f->kept[i].t);
  f->nkept = 0;
}

static void free_function(void *self) {
  luafunction *f = self;
  release_function(f);
  for (int i = 0; i < f->nin + f->nout; i++) vs_unref(f->in[i]);
  free(f->in);
  free(f->kept);
  free(f);
}

/* The gradient of argument i, at that index of the stack. */
static vs_tensor *gradient_at(lua_State *L, int index, const luafunction *f, int i) {
  vs_tensor *g = lvs_testtensor(L, index);
  if (lua_isnil(L, index)) return NULL;
  if (g == NULL)
    luaL_error(L, "gradient %d is a %s, expected a tensor or nil", i + 1, lvs_typename(L, index));
  if (!vs_is_derivable(g) || !vs_same_shape(g, f->in[i]))
    luaL_error(L, "gradient %d is %s %s, argument %d is %s", i + 1, vs_dtype_name(g->dtype),
               vs_shape_str(g), i + 1, vs_shape_str(f->in[i]));
  return g;
}

/* Arguments: the function, its dout, its din. */
static int protected_backward(lua_State *L) {
  const luafunction *f = lua_touserdata(L, 1);
  vs_tensor *const *dout = lua_touserdata(L, 2), **din = lua_touserdata(L, 3);
  lua_settop(L, 0);
  luaL_checkstack(L, f->nin + f->nout + 8, "gradients");
  lua_rawgeti(L, LUA_REGISTRYINDEX, f->backward);
  lua_rawgeti(L, LUA_REGISTRYINDEX, f->ctx);
  for (int i = 0; i < f->nout; i++) {
    if (f->out[i] == NULL) {
      lua_pushnil(L);
      continue;
    }
    void **box = lvs_newbox(L, LVS_TENSOR);
    *box = dout[i] != NULL ? vs_ref(dout[i])
                           : vs_tensor_zeros(VS_REAL, f->out[i]->ndim, f->out[i]->shape);
    if (*box == NULL) return luaL_error(L, "%s", vs_error());
  }
  lua_call(L, 1 + f->nout, f->nin);
  for (int i = 0; i < f->nin; i++)
    if (f->in[i] != NULL) gradient_at(L, i + 1, f, i); /* all are checked before any is taken */
  for (int i = 0; i < f->nin; i++) {
    vs_tensor *g = f->in[i] ? gradient_at(L, i + 1, f, i) : NULL;
    if (g != NULL && (din[i] = vs_cast(g, VS_REAL)) == NULL) return luaL_error(L, "%s", vs_error());
  }
  return 0;
}

static int run_function(void *self, vs_tensor *const *dout, vs_tensor **din) {
  luafunction *f = self;
  lua_State *L = running;
  for (int i = 0; i < f->nkept; i++)
    if (f->kept[i].version != f->kept[i].t->storage->version)
      return vs_fail("%s: a tensor %s in ctx was changed in place after forward", f->name,
                     vs_shape_str(f->kept[i].t));
  if (L == NULL || !lua_checkstack(L, 8)) return vs_fail("%s: the Lua stack is full", f->name);
  vs_span span;
  bool counted = vs_span_begin(&span);
  lua_pushcfunction(L, protected_backward);
  lua_pushlightuserdata(L, f);
  lua_pushlightuserdata(L, (void *)(uintptr_t)dout);
  lua_pushlightuserdata(L, din);
  vs_products now = vs_products_now();
  vs_products_set((vs_products){f->precision, false});
  int status = lua_pcall(L, 3, 0, 0);
  vs_products_set(now);
  if (counted) vs_span_end(&span, f->name, VS_IN_BACKWARD, 0);
  return status == LUA_OK ? 0 : lvs_failtop(L, f->name);
}

static const vs_nodeclass function_node = {"function", run_function, release_function,
                                           free_function};

/* Remembers the version of every tensor among the fields of ctx, which is on top of the stack. */
static int keep_versions(lua_State *L, luafunction *f) {
  int n = 0, at = lua_gettop(L);
  for (lua_pushnil(L); lua_next(L, at); lua_pop(L, 1)) n += lvs_testtensor(L, -1) != NULL;
  f->kept = vs_new0((size_t)n * sizeof *f->kept + 1);
  if (f->kept == NULL) return -1;
  for (lua_pushnil(L); lua_next(L, at); lua_pop(L, 1)) {
    vs_tensor *t = lvs_testtensor(L, -1);
    if (t == NULL) continue;
    vs_tensor *alias = vs_alias(t);
    if (alias == NULL) {
      lua_pop(L, 2);
      return -1;
    }
    f->kept[f->nkept++] = (kept){alias, t->storage->version};
  }
  return 0;
}

/* A call under way.  Stack: 1 name, 2 forward, 3 backward, 4 ctx, then nin arguments, then nout
 * results of forward, then as many boxes. */
typedef struct call {
  lua_State *L;
  int nin, nout;
} call;

static int arg_at(int i) { return 5 + i; }
static int result_at(const call *c, int i) { return 5 + c->nin + i; }
static int box_at(const call *c, int i) { return 5 + c->nin + c->nout + i; }

/* The function with its shapes, and references that are to be filled in. */
static luafunction *new_function(const call *c) {
  luafunction *f = vs_new0(sizeof *f);
  if (f == NULL) return NULL;
  f->main = lvs_mainof(c->L);
  f->precision = vs_matmul_precision();
  f->ctx = f->backward = LUA_NOREF;
  f->nin = c->nin;
  f->nout = c->nout;
  strncpy(f->name, lua_tostring(c->L, 1), sizeof f->name - 1);
  f->in = vs_new0((size_t)(c->nin + c->nout) * sizeof(vs_tensor *) + 1);
  bool ok = f->in != NULL;
  f->out = f->in + c->nin;
  for (int i = 0; ok && i < c->nin; i++) {
    vs_tensor *t = lvs_testtensor(c->L, arg_at(i));
    if (t != NULL && t->requires_grad) ok = (f->in[i] = vs_shape_only(t)) != NULL;
  }
  for (int i = 0; ok && i < c->nout; i++) {
    vs_tensor *t = lvs_testtensor(c->L, result_at(c, i));
    if (t != NULL && vs_is_derivable(t)) ok = (f->out[i] = vs_shape_only(t)) != NULL;
  }
  lua_pushvalue(c->L, 4);
  if (ok) ok = keep_versions(c->L, f) == 0;
  lua_pop(c->L, 1);
  if (ok) return f;
  if (f->in == NULL) f->nin = f->nout = 0;
  free_function(f);
  return NULL;
}

/* Fills the boxes with aliases of the results that belong to a new node. */
static int record(const call *c) {
  lua_State *L = c->L;
  vs_node *node = NULL;
  luafunction *f = new_function(c);
  vs_tensor **in = f != NULL ? vs_new0((size_t)c->nin * sizeof *in + 1) : NULL;
  for (int i = 0; in != NULL && i < c->nin; i++)
    in[i] = f->in[i] != NULL ? lvs_testtensor(L, arg_at(i)) : NULL;
  if (in != NULL) node = vs_node_new(&function_node, f, in, c->nin, c->nout);
  free(in);
  if (node == NULL) {
    if (f != NULL) free_function(f);
    return -1;
  }
  int err = 0;
  for (int i = 0; err == 0 && i < c->nout; i++) {
    if (f->out[i] == NULL) continue;
    vs_tensor *t = vs_alias(lvs_testtensor(L, result_at(c, i)));
    if (t == NULL) {
      err = -1;
      break;
    }
    *(void **)lua_touserdata(L, box_at(c, i)) = t;
    vs_node_output(node, t, i);
  }
  vs_node_unref(node);
  if (err != 0) return -1;
  lua_pushvalue(L, 3);
  int backward = luaL_ref(L, LUA_REGISTRYINDEX); /* may raise: the boxes own the node by now */
  f->backward = backward;
  lua_pushvalue(L, 4);
  f->ctx = luaL_ref(L, LUA_REGISTRYINDEX);
  return 0;
}

/* Pushes ctx: needs_input_grad has for each argument whether it needs a gradient.  Returns whether
 * any does. */
static bool push_ctx(lua_State *L, int nin) {
  bool any = false;
  lua_createtable(L, 0, 4);
  lua_createtable(L, nin, 0);
  for (int i = 0; i < nin; i++) {
    vs_tensor *t = lvs_testtensor(L, arg_at(i) - 1); /* ctx is inserted below them later */
    bool wants = vs_grad_enabled() && t != NULL && t->requires_grad;
    any = any || wants;
    lua_pushboolean(L, wants);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setfield(L, -2, "needs_input_grad");
  return any;
}

/* Runs forward on the arguments, tensors as aliases outside the graph, without recording.  Leaves
 * its results on the stack; an error is raised after the mode is restored. */
static int run_forward(lua_State *L, int nin) {
  int top = lua_gettop(L);
  lua_pushvalue(L, 2);
  lua_pushvalue(L, 4);
  for (int i = 0; i < nin; i++) {
    vs_tensor *t = lvs_testtensor(L, arg_at(i));
    if (t == NULL) {
      lua_pushvalue(L, arg_at(i));
      continue;
    }
    void **box = lvs_newbox(L, LVS_TENSOR);
    if ((*box = vs_alias(t)) == NULL) return lvs_raise(L);
  }
  bool old = vs_set_grad_enabled(false);
  vs_span span;
  bool counted = vs_span_begin(&span);
  int status = lua_pcall(L, 1 + nin, LUA_MULTRET, 0);
  if (counted) vs_span_end(&span, lua_tostring(L, 1), VS_IN_FORWARD, 0);
  vs_set_grad_enabled(old);
  return status == LUA_OK ? lua_gettop(L) - top : lua_error(L);
}

/* Upvalues: name, forward, backward. */
static int apply(lua_State *L) {
  call c = {L, lua_gettop(L), 0};
  luaL_checkstack(L, 3 * c.nin + 16, "arguments");
  for (int i = 1; i <= 3; i++) {
    lua_pushvalue(L, lua_upvalueindex(i));
    lua_insert(L, i);
  }
  bool wanted = push_ctx(L, c.nin);
  lua_insert(L, 4);
  c.nout = run_forward(L, c.nin);
  if (!wanted || c.nout == 0) return c.nout;
  luaL_checkstack(L, 2 * c.nout + 16, "results");
  bool any = false;
  for (int i = 0; i < c.nout; i++) {
    vs_tensor *t = lvs_testtensor(L, result_at(&c, i));
    any = any || (t != NULL && vs_is_derivable(t));
    if (t != NULL && vs_is_derivable(t))
      lvs_newbox(L, LVS_TENSOR);
    else
      lua_pushvalue(L, result_at(&c, i));
  }
  if (!any) return c.nout;
  if (record(&c) < 0) {
    lua_settop(L, box_at(&c, 0) - 1);
    return lvs_raise(L);
  }
  lvs_maybe_collect(L);
  return c.nout;
}

/* _function(name, forward, backward) */
static int new_callable(lua_State *L) {
  lvs_checkstr(L, 1, "name", NULL);
  lvs_checktype(L, 2, LUA_TFUNCTION, "forward");
  lvs_checktype(L, 3, LUA_TFUNCTION, "backward");
  lua_settop(L, 3);
  lua_pushcclosure(L, apply, 3);
  return 1;
}

__attribute__((constructor)) static void connect(void) { vs_collect_hook = collect_running; }

void lvs_open_function(lua_State *L) {
  lua_pushcfunction(L, new_callable);
  lua_setfield(L, -2, "_function");
  lua_pushcfunction(L, after_backward);
  lua_setfield(L, -2, "_after_backward");
}
