/* Optimizers as userdata: constructors by descriptor, groups of parameters with their own settings.
 *
 *   opt = optim.Adam(net:parameters(), {lr = 1e-3})
 *   opt = optim.SGD({{params = a, lr = 0.1}, {params = b}}, {lr = 0.01})
 *   opt:step()   opt:zero_grad()   opt.lr = 1e-4   opt.param_groups[2].lr = 1e-5
 *
 * State dictionaries are made in lua/vesper/optim/init.lua from `state` and `set_state` here. */
#include "optim/optim.h"

#include <stdlib.h>
#include <string.h>

#include "bind/bind.h"

#define LVS_OPTIM "vesper.Optimizer"
#define LVS_GROUP "vesper.ParamGroup"

static vs_optim *check_optim(lua_State *L) { return lvs_checkbox(L, 1, LVS_OPTIM); }

/* A list of tensors at index into a userdata left on the stack. */
static vs_tensor **read_params(lua_State *L, int index, int *n, const char *what) {
  if (!lua_istable(L, index))
    lvs_error(L, "%s: expected a list of parameters, got %s", what, lvs_typename(L, index));
  index = lua_absindex(L, index);
  *n = (int)lvs_listlen(L, index, what, "the list of parameters");
  vs_tensor **list = lua_newuserdatauv(L, (size_t)(*n > 0 ? *n : 1) * sizeof *list, 0);
  for (int i = 0; i < *n; i++) {
    lua_rawgeti(L, index, i + 1);
    list[i] = lvs_testtensor(L, -1);
    if (list[i] == NULL)
      lvs_error(L, "%s: parameter %d is a %s, expected a tensor", what, i + 1, lvs_typename(L, -1));
    lua_pop(L, 1);
  }
  return list;
}

/* ---- making ---- */

/* Settings of one group: its own table first, then those common to all. */
static void read_settings(lua_State *L, const vs_optimdef *def, int group, int common,
                          vs_value *h) {
  const vs_argspec *spec = vs_optim_spec(def);
  lua_newtable(L);
  int merged = lua_gettop(L);
  for (int k = 0; k < 2; k++) {
    int from = k == 0 ? common : group;
    if (from == 0) continue;
    lua_pushnil(L);
    while (lua_next(L, from)) {
      lua_pushvalue(L, -2);
      lua_insert(L, -2);
      if (k == 1 && lua_type(L, -2) == LUA_TSTRING && strcmp(lua_tostring(L, -2), "params") == 0)
        lua_pop(L, 2);
      else
        lua_settable(L, merged);
    }
  }
  lvs_checkargs(L, merged, spec, h, def->name);
}

static void add_group(lua_State *L, vs_optim *o, int params, int group, int common) {
  const vs_optimdef *def = vs_optim_def(o);
  const vs_argspec *spec = vs_optim_spec(def);
  vs_value h[VS_MAX_ARGS];
  int n = 0, top = lua_gettop(L);
  vs_tensor **list = read_params(L, params, &n, def->name);
  read_settings(L, def, group, common, h);
  if (vs_optim_add_group(o, list, n, h, spec->n) < 0) lvs_raise(L);
  lua_settop(L, top);
}

/* Upvalue 1: the descriptor.  new(params or groups, settings) */
static int new_optim(lua_State *L) {
  const vs_optimdef *def = lua_touserdata(L, lua_upvalueindex(1));
  lua_settop(L, 2);
  int common = lua_isnil(L, 2) ? 0 : 2;
  if (common != 0 && !lua_istable(L, 2))
    return lvs_error(L, "%s: settings must be a table: {lr = 0.1}", def->name);
  if (!lua_istable(L, 1))
    return lvs_error(L, "%s: expected a list of parameters, got %s", def->name, lvs_typename(L, 1));
  lua_Integer entries = lvs_listlen(L, 1, def->name, "the list of parameters");
  if (entries == 0)
    return lvs_error(L, "%s: the list of parameters is empty, expected model:parameters()",
                     def->name);
  void **box = lvs_newbox(L, LVS_OPTIM);
  *box = vs_optim_new(def);
  if (*box == NULL) return lvs_raise(L);
  lua_rawgeti(L, 1, 1);
  bool groups = lua_istable(L, -1);
  lua_pop(L, 1);
  for (int i = 1; groups && i <= (int)entries; i++) {
    lua_rawgeti(L, 1, i);
    if (!lua_istable(L, -1) || lua_getfield(L, -1, "params") != LUA_TTABLE)
      return lvs_error(L, "%s: group %d has no list `params`", def->name, i);
    add_group(L, *box, lua_gettop(L), lua_gettop(L) - 1, common);
    lua_pop(L, 2);
  }
  if (!groups) add_group(L, *box, 1, 0, common);
  return 1;
}

static int step(lua_State *L) {
  vs_optim *o = check_optim(L);
  bool again = false;
  while (vs_optim_step(o) < 0)
    if (!lvs_retry(L, &again)) return lvs_raise(L);
  return 0;
}

static int zero_grad(lua_State *L) {
  vs_optim_zero_grad(check_optim(L));
  return 0;
}

static int add_param_group(lua_State *L) {
  vs_optim *o = check_optim(L);
  lvs_checktype(L, 2, LUA_TTABLE, "group");
  lua_settop(L, 2);
  lua_getfield(L, 2, "params");
  add_group(L, o, 3, 2, 0);
  return 0;
}

/* ---- settings of groups ---- */

/* A group: its number, and the optimizer as user value 1. */
static vs_optim *group_owner(lua_State *L, int index, int *group) {
  int *g = luaL_testudata(L, index, LVS_GROUP);
  if (g == NULL) lvs_wrongarg(L, index, "group", "a parameter group");
  *group = *g;
  lua_getiuservalue(L, index, 1);
  vs_optim *o = lvs_checkbox(L, -1, LVS_OPTIM);
  lua_pop(L, 1); /* the group keeps it alive */
  return o;
}

static int find_setting(vs_optim *o, const char *key) {
  const vs_argspec *spec = vs_optim_spec(vs_optim_def(o));
  for (int i = 0; i < spec->n; i++)
    if (strcmp(spec->arg[i].name, key) == 0) return i;
  return -1;
}

static bool push_setting(lua_State *L, vs_optim *o, int group, const char *key) {
  int i = find_setting(o, key);
  if (i < 0) return false;
  lvs_pushvalue(L, &vs_optim_spec(vs_optim_def(o))->arg[i], &vs_optim_hyper(o, group)[i]);
  return true;
}

/* The value at index into one setting of a group, checked as at creation. */
static void set_setting(lua_State *L, vs_optim *o, int group, const char *key, int index) {
  const vs_optimdef *def = vs_optim_def(o);
  const vs_argspec *spec = vs_optim_spec(def);
  vs_value h[VS_MAX_ARGS], given[VS_MAX_ARGS];
  int i = find_setting(o, key);
  if (i < 0) lvs_error(L, "%s has no setting '%s'", def->name, key);
  lua_createtable(L, 0, 1);
  lua_pushvalue(L, index);
  lua_setfield(L, -2, key);
  lvs_checkargs(L, lua_gettop(L), spec, given, def->name);
  lua_pop(L, 1);
  memcpy(h, vs_optim_hyper(o, group), (size_t)spec->n * sizeof *h);
  h[i] = given[i];
  if (vs_args_check(spec, h) < 0 || (def->check != NULL && def->check(h) < 0)) {
    vs_fail_prefix(def->name);
    lvs_raise(L);
  }
  vs_optim_hyper(o, group)[i] = h[i];
}

static int group_index(lua_State *L) {
  int group;
  vs_optim *o = group_owner(L, 1, &group);
  const char *key = lvs_checkstr(L, 2, "key", NULL);
  if (push_setting(L, o, group, key)) return 1;
  if (strcmp(key, "params") != 0) return 0;
  int n = vs_optim_nparams(o, group);
  lua_createtable(L, n, 0);
  for (int i = 0; i < n; i++) {
    lvs_pushref(L, vs_optim_param(o, group, i));
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

static int group_newindex(lua_State *L) {
  int group;
  vs_optim *o = group_owner(L, 1, &group);
  set_setting(L, o, group, lvs_checkstr(L, 2, "key", NULL), 3);
  return 0;
}

static void push_groups(lua_State *L, vs_optim *o) {
  int n = vs_optim_ngroups(o);
  lua_createtable(L, n, 0);
  for (int i = 0; i < n; i++) {
    int *g = lua_newuserdatauv(L, sizeof *g, 1);
    *g = i;
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    luaL_setmetatable(L, LVS_GROUP);
    lua_rawseti(L, -2, i + 1);
  }
}

/* Upvalue 1: the methods. */
static int optim_index(lua_State *L) {
  vs_optim *o = check_optim(L);
  const char *key = lvs_checkstr(L, 2, "key", NULL);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
  if (strcmp(key, "param_groups") == 0) {
    push_groups(L, o);
    return 1;
  }
  if (strcmp(key, "name") == 0) {
    lua_pushstring(L, vs_optim_def(o)->name);
    return 1;
  }
  return push_setting(L, o, 0, key) ? 1 : 0;
}

/* opt.lr = v: in every group. */
static int optim_newindex(lua_State *L) {
  vs_optim *o = check_optim(L);
  for (int i = 0; i < vs_optim_ngroups(o); i++)
    set_setting(L, o, i, lvs_checkstr(L, 2, "key", NULL), 3);
  return 0;
}

/* ---- state ---- */

static const char *state_name(const vs_optimdef *def, int which, size_t *n) {
  const char *p = def->state;
  for (;; p++) {
    p += strspn(p, " ");
    *n = strcspn(p, ", ");
    if (*n == 0) return NULL;
    if (which-- == 0) return p;
    p += strcspn(p, ",");
    if (*p == '\0') return NULL;
  }
}

/* Position 1..n as one from 0. */
static int check_position(lua_State *L, int index, const char *name, int n) {
  lua_Integer i = lvs_checkint(L, index, name);
  if (i < 1 || i > n) lvs_error(L, "%s: %s %I is not in 1..%d", lvs_pushcallee(L), name, i, n);
  return (int)i - 1;
}

/* state(group, i) -> {name = tensor, ...}, steps */
static int get_state(lua_State *L) {
  vs_optim *o = check_optim(L);
  int group = check_position(L, 2, "group", vs_optim_ngroups(o));
  int i = check_position(L, 3, "parameter", vs_optim_nparams(o, group));
  size_t n;
  lua_newtable(L);
  for (int k = 0; k < VS_MAX_STATE; k++) {
    const char *name = state_name(vs_optim_def(o), k, &n);
    vs_tensor *t = name == NULL ? NULL : vs_optim_state(o, group, i, k);
    if (t == NULL) continue;
    lua_pushlstring(L, name, n);
    lvs_pushref(L, t);
    lua_settable(L, -3);
  }
  lua_pushinteger(L, vs_optim_steps(o, group, i));
  return 2;
}

/* set_state(group, i, {name = tensor, ...}, steps): what is missing in the table starts as zeros */
static int set_state(lua_State *L) {
  vs_optim *o = check_optim(L);
  int group = check_position(L, 2, "group", vs_optim_ngroups(o));
  int i = check_position(L, 3, "parameter", vs_optim_nparams(o, group));
  size_t n;
  lvs_checktype(L, 4, LUA_TTABLE, "state");
  int64_t steps = (int64_t)lvs_checkint(L, 5, "steps");
  for (int k = 0; k < VS_MAX_STATE; k++) {
    const char *name = state_name(vs_optim_def(o), k, &n);
    if (name == NULL) break;
    lua_pushlstring(L, name, n);
    lua_gettable(L, 4);
    vs_tensor *t = lvs_testtensor(L, -1);
    if (vs_optim_set_state(o, group, i, k, t) < 0) return lvs_raise(L);
    lua_pop(L, 1);
  }
  vs_optim_set_steps(o, group, i, steps);
  return 0;
}

/* ---- clipping ---- */

/* clip_grad_norm_(params, max_norm) -> the norm before */
static int clip_grad_norm(lua_State *L) {
  int n = 0;
  double norm = 0, max = lvs_checknum(L, 2, "max_norm");
  vs_tensor **list = read_params(L, 1, &n, "clip_grad_norm_");
  bool again = false;
  while (vs_clip_grad_norm(list, n, max, &norm) < 0)
    if (!lvs_retry(L, &again)) return lvs_raise(L);
  lua_pushnumber(L, norm);
  return 1;
}

static int clip_grad_value(lua_State *L) {
  int n = 0;
  double clip = lvs_checknum(L, 2, "clip");
  vs_tensor **list = read_params(L, 1, &n, "clip_grad_value_");
  bool again = false;
  while (vs_clip_grad_value(list, n, clip) < 0)
    if (!lvs_retry(L, &again)) return lvs_raise(L);
  return 0;
}

static int list_optims(lua_State *L) {
  lua_createtable(L, vs_noptims, 0);
  for (int i = 0; i < vs_noptims; i++) {
    lvs_pushdescriptor(L, vs_optims[i]->name, vs_optims[i]->args, vs_optims[i]->doc);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

/* Appends ", lr 0.001, betas 0.9/0.999", the settings of a group. */
static void add_settings(lua_State *L, luaL_Buffer *b, vs_optim *o, int group) {
  const vs_argspec *spec = vs_optim_spec(vs_optim_def(o));
  const vs_value *h = vs_optim_hyper(o, group);
  for (int i = 0; i < spec->n; i++) {
    const char *name = spec->arg[i].name;
    switch (h[i].kind) {
      case VS_V_NUM: lvs_pushfstring(L, ", %s %f", name, h[i].f); break;
      case VS_V_INT: lua_pushfstring(L, ", %s %I", name, (lua_Integer)h[i].i); break;
      case VS_V_BOOL: lua_pushfstring(L, ", %s %s", name, h[i].i ? "true" : "false"); break;
      case VS_V_NUMPAIR:
        lvs_pushfstring(L, ", %s %f/%f", name, h[i].numpair[0], h[i].numpair[1]);
        break;
      default: continue;
    }
    luaL_addvalue(b);
  }
}

/* "Adam\n  group 1: 2 tensors, 9 numbers, lr 0.001, ...", a line for each group */
static int optim_tostring(lua_State *L) {
  vs_optim *o = lvs_testbox(L, 1, LVS_OPTIM);
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  luaL_addstring(&b, o == NULL ? "Optimizer (closed)" : vs_optim_def(o)->name);
  for (int g = 0; o != NULL && g < vs_optim_ngroups(o); g++) {
    int64_t numbers = 0;
    int n = vs_optim_nparams(o, g);
    for (int i = 0; i < n; i++) numbers += vs_optim_param(o, g, i)->numel;
    lua_pushfstring(L, "\n  group %d: %d tensors, %I numbers", g + 1, n, (lua_Integer)numbers);
    luaL_addvalue(&b);
    add_settings(L, &b, o, g);
  }
  luaL_pushresult(&b);
  return 1;
}

static void free_optim(void *o) { vs_optim_free(o); }

static const luaL_Reg methods[] = {
    {"step", step},       {"zero_grad", zero_grad}, {"add_param_group", add_param_group},
    {"state", get_state}, {"set_state", set_state}, {NULL, NULL}};
static const luaL_Reg meta[] = {
    {"__newindex", optim_newindex}, {"__tostring", optim_tostring}, {NULL, NULL}};
static const luaL_Reg group_meta[] = {
    {"__index", group_index}, {"__newindex", group_newindex}, {NULL, NULL}};
static const luaL_Reg functions[] = {{"list_optims", list_optims},
                                     {"clip_grad_norm_", clip_grad_norm},
                                     {"clip_grad_value_", clip_grad_value},
                                     {NULL, NULL}};

void lvs_open_optim(lua_State *L) {
  lvs_newclass(L, LVS_OPTIM, methods, meta, free_optim);
  luaL_getmetatable(L, LVS_OPTIM);
  lua_getfield(L, -1, "methods");
  lua_pushvalue(L, -1);
  lua_setfield(L, -4, "optim_methods");
  lua_pushcclosure(L, optim_index, 1);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  luaL_newmetatable(L, LVS_GROUP);
  lvs_setname(L, LVS_GROUP);
  luaL_setfuncs(L, group_meta, 0);
  lua_pop(L, 1);
  lua_createtable(L, 0, vs_noptims);
  for (int i = 0; i < vs_noptims; i++) {
    if (vs_optim_spec(vs_optims[i]) == NULL) lvs_raise(L);
    lua_pushlightuserdata(L, (void *)(uintptr_t)vs_optims[i]);
    lua_pushcclosure(L, new_optim, 1);
    lua_setfield(L, -2, vs_optims[i]->name);
  }
  lua_setfield(L, -2, "optims");
  luaL_setfuncs(L, functions, 0);
}
