/* Hooks of tensors: Lua functions that backward calls with a gradient.
 *
 * A hook may refer to the tensor that it belongs to.  If C held the function, no collector would
 * see that cycle.  So C holds its address only, and the function belongs to the tensor's box, as a
 * field would: Lua collects both together.  A graph may need a tensor whose box nobody in Lua
 * refers to any more.  Such a box is kept, with its hooks, until the graph is gone. */
#include <stdlib.h>

#include "autograd/autograd.h"
#include "bind/bind.h"
#include "core/mem.h"
#include "op/gemm.h"

#define LVS_HOOK "vesper.Hook"

typedef struct luahook {
  lua_State *main;
  bool after;
} luahook;

/* Registry keys of three tables: box -> {[address of a luahook] = function}, with weak keys;
 * address -> box, with weak values; kept box -> true. */
static const char functions, boxes, kept;

static void push_table(lua_State *L, const char *key) { lua_rawgetp(L, LUA_REGISTRYINDEX, key); }

/* Pushes {[address] = function} of the hook's box; false, nothing pushed: the box is gone. */
static bool push_functions(lua_State *L, const luahook *h) {
  push_table(L, &functions);
  push_table(L, &boxes);
  if (lua_rawgetp(L, -1, h) != LUA_TNIL && lua_rawget(L, -3) == LUA_TTABLE) {
    lua_replace(L, -3);
    lua_pop(L, 1);
    return true;
  }
  lua_pop(L, 3);
  return false;
}

/* ---- calls ---- */

static int protected_hook(lua_State *L) {
  vs_tensor *grad = lua_touserdata(L, 2), **out = lua_touserdata(L, 3);
  bool after = lua_toboolean(L, 4);
  lua_settop(L, 1);
  lvs_pushref(L, grad);
  lua_call(L, 1, 1);
  if (after || lua_isnil(L, -1)) {
    *out = vs_ref(grad);
    return 0;
  }
  vs_tensor *g = lvs_testtensor(L, -1);
  if (g == NULL)
    return luaL_error(L, "it returned a %s, expected nil or a gradient", lvs_typename(L, -1));
  if (!vs_is_derivable(g) || !vs_same_shape(g, grad))
    return luaL_error(L, "it returned %s %s, the gradient is %s", vs_dtype_name(g->dtype),
                      vs_shape_str(g), vs_shape_str(grad));
  *out = vs_cast(g, VS_REAL);
  return *out ? 0 : luaL_error(L, "%s", vs_error());
}

static vs_tensor *call_hook(void *self, vs_tensor *grad) {
  lua_State *L = lvs_running();
  vs_tensor *out = NULL;
  if (L == NULL || !lua_checkstack(L, 12)) return vs_fail_null("hook: the Lua stack is full");
  int top = lua_gettop(L);
  lua_pushcfunction(L, protected_hook);
  if (!push_functions(L, self)) {
    lua_settop(L, top);
    return vs_fail_null("hook: its function was lost when memory ran out");
  }
  lua_rawgetp(L, -1, self);
  lua_remove(L, -2);
  lua_pushlightuserdata(L, grad);
  lua_pushlightuserdata(L, &out);
  lua_pushboolean(L, ((const luahook *)self)->after);
  vs_products now = vs_products_now();
  vs_products_set((vs_products){vs_matmul_precision(), false});
  int status = lua_pcall(L, 4, 0, 0);
  vs_products_set(now);
  if (status == LUA_OK) return out;
  lvs_failtop(L, "hook");
  return NULL;
}

/* Makes the box at index, which was kept, collectable.  Lua calls __gc once for each
 * setmetatable. */
static void release_box(lua_State *L, int index) {
  index = lua_absindex(L, index);
  push_table(L, &kept);
  lua_pushvalue(L, index);
  if (lua_rawget(L, -2) != LUA_TNIL) {
    lua_pushvalue(L, index);
    lua_getmetatable(L, -1);
    lua_setmetatable(L, -2);
    lua_pushnil(L);
    lua_rawset(L, -4);
  }
  lua_pop(L, 2);
}

/* Forgets the function; a box without functions need not be kept.  Setting a field to nil needs no
 * memory. */
static void forget(const luahook *h) {
  lua_State *L = h->main;
  if (!lua_checkstack(L, 12)) return;
  int top = lua_gettop(L);
  if (push_functions(L, h)) {
    lua_pushnil(L);
    lua_rawsetp(L, -2, h);
    lua_pushnil(L);
    bool empty = lua_next(L, top + 1) == 0;
    push_table(L, &boxes);
    if (empty && lua_rawgetp(L, -1, h) == LUA_TUSERDATA) release_box(L, -1);
  }
  lua_settop(L, top);
  push_table(L, &boxes);
  lua_pushnil(L);
  lua_rawsetp(L, -2, h);
  lua_settop(L, top);
}

static void free_hook(void *self) {
  forget(self);
  free(self);
}

/* ---- boxes that are kept ---- */

static const vs_node *node_of(const vs_tensor *t) { return t->node != NULL ? t->node : t->watch; }

/* Whether something besides one box needs the tensor, or the node that made it. */
static bool used_elsewhere(const vs_tensor *t) {
  return t->refs > 1 || (t->node != NULL && t->node->refs > 1);
}

static void drop_unused(lua_State *L) {
  push_table(L, &kept);
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
    const vs_tensor *t = lvs_testtensor(L, -2);
    if (t == NULL || !used_elsewhere(t)) release_box(L, -2);
  }
  lua_pop(L, 1);
}

void lvs_dropkept(lua_State *L) {
  if (lua_checkstack(L, 8)) drop_unused(L);
}

static bool none_kept(lua_State *L) {
  push_table(L, &kept);
  lua_pushnil(L);
  bool none = lua_next(L, -2) == 0;
  lua_pop(L, none ? 1 : 3);
  return none;
}

/* Has after_cycle called at the end of the collector's next cycle. */
static int after_cycle(lua_State *L);
static void watch_cycle(lua_State *L) {
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, after_cycle);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  lua_pop(L, 1);
}

static int after_cycle(lua_State *L) {
  drop_unused(L);
  if (!none_kept(L)) watch_cycle(L);
  return 0;
}

/* The argument is a box that Lua has removed from the weak values, not yet from the weak keys. */
static int keep(lua_State *L) {
  push_table(L, &functions);
  lua_pushvalue(L, 1);
  if (lua_rawget(L, -2) != LUA_TTABLE) return 0;
  if (none_kept(L)) watch_cycle(L);
  push_table(L, &kept);
  lua_pushvalue(L, 1);
  lua_pushboolean(L, true);
  lua_rawset(L, -3);
  push_table(L, &boxes);
  for (lua_pushnil(L); lua_next(L, -4); lua_pop(L, 1)) {
    lua_pushvalue(L, 1);
    lua_rawsetp(L, -4, lua_touserdata(L, -3));
  }
  lua_pushboolean(L, true);
  return 1;
}

bool lvs_keephooked(lua_State *L, const vs_tensor *t) {
  const vs_node *n = node_of(t);
  if (n == NULL || n->hooks == NULL || !used_elsewhere(t) || !lua_checkstack(L, 4)) return false;
  lua_pushcfunction(L, keep);
  lua_pushvalue(L, 1);
  bool done = lua_pcall(L, 1, 1, 0) == LUA_OK && lua_toboolean(L, -1);
  lua_pop(L, 1);
  return done;
}

/* The last thing that runs when the state closes: what is kept then. */
static int free_kept(lua_State *L) {
  for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
    void **box = lua_touserdata(L, -2);
    vs_tensor *t = *box;
    *box = NULL;
    vs_unref(t);
  }
  return 0;
}

/* ---- methods ---- */

static int add_hook(lua_State *L, bool after) {
  vs_tensor *t = lvs_checktensor(L, 1);
  lvs_checktype(L, 2, LUA_TFUNCTION, "hook");
  lua_settop(L, 2);
  vs_hook **handle = (vs_hook **)lvs_newbox(L, LVS_HOOK);
  luahook *h = vs_new(sizeof *h);
  if (h != NULL) {
    *h = (luahook){lvs_mainof(L), after};
    *handle = vs_hook_add(t, after, call_hook, free_hook, h);
  }
  if (*handle == NULL) {
    free(h);
    return lvs_raise(L);
  }
  (*handle)->removed = true; /* until its function is in place: any of this may raise */
  push_table(L, &functions);
  lua_pushvalue(L, 1);
  if (lua_rawget(L, -2) != LUA_TTABLE) {
    lua_newtable(L);
    lua_pushvalue(L, 1);
    lua_pushvalue(L, -2);
    lua_rawset(L, 4);
  } else {
    lua_pushvalue(L, -1);
  }
  lua_pushvalue(L, 2);
  lua_rawsetp(L, -2, h);
  push_table(L, &boxes);
  lua_pushvalue(L, 1);
  lua_rawsetp(L, -2, h);
  (*handle)->removed = false;
  lua_settop(L, 3);
  return 1;
}

/* t:register_hook(fn) -> handle */
static int register_hook(lua_State *L) { return add_hook(L, false); }

/* t:register_post_accumulate_grad_hook(fn) -> handle */
static int register_after(lua_State *L) { return add_hook(L, true); }

static int remove_hook(lua_State *L) {
  vs_hook *h = lvs_checkbox(L, 1, LVS_HOOK);
  h->removed = true;
  forget(h->self);
  return 0;
}

static void free_handle(void *h) { vs_hook_unref(h); }

static void new_table(lua_State *L, const char *key, const char *mode) {
  bool opened = lua_rawgetp(L, LUA_REGISTRYINDEX, key) == LUA_TTABLE;
  lua_pop(L, 1);
  if (opened) return;
  lua_newtable(L);
  lua_newtable(L);
  if (mode != NULL) {
    lua_pushstring(L, mode);
    lua_setfield(L, -2, "__mode");
  } else {
    lua_pushcfunction(L, free_kept);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

static const luaL_Reg hook_methods[] = {{"remove", remove_hook}, {NULL, NULL}};

void lvs_open_hook(lua_State *L) {
  new_table(L, &functions, "k");
  new_table(L, &boxes, "v");
  new_table(L, &kept, NULL);
  lvs_newclass(L, LVS_HOOK, hook_methods, NULL, free_handle);
  luaL_getmetatable(L, LVS_TENSOR);
  lua_getfield(L, -1, "methods");
  lua_pushcfunction(L, register_hook);
  lua_setfield(L, -2, "register_hook");
  lua_pushcfunction(L, register_after);
  lua_setfield(L, -2, "register_post_accumulate_grad_hook");
  lua_pop(L, 2);
}
