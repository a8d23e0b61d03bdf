/* Layers as userdata: constructors by descriptor, calls, parameters as fields.
 *
 * What layers share with modules written in Lua (parameters, state_dict, train, ...) is written
 * once, in lua/vesper/nn/module.lua, on top of `slots`, `attributes` and `training` here. */
#include "nn/layer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bind/bind.h"
#include "core/number.h"

#define LVS_LAYER "vesper.Layer"

static vs_layer *check_layer(lua_State *L) { return lvs_checkbox(L, 1, LVS_LAYER); }

/* Upvalue 1: the descriptor. */
static int new_layer(lua_State *L) {
  const vs_layerdef *def = lua_touserdata(L, lua_upvalueindex(1));
  const vs_argspec *spec = vs_layer_spec(def);
  vs_value v[VS_MAX_ARGS];
  if (spec == NULL) return lvs_raise(L);
  lvs_checkargs(L, 1, spec, v, def->name);
  void **box = lvs_newbox(L, LVS_LAYER);
  bool again = false;
  do *box = vs_layer_new(def, v, spec->n);
  while (*box == NULL && lvs_retry(L, &again));
  if (*box == NULL) return lvs_raise(L);
  return 1;
}

static int forward(lua_State *L) {
  vs_layer *l = check_layer(L);
  const vs_argspec *spec = vs_layer_inputs(l->def);
  vs_value v[VS_MAX_ARGS];
  vs_tensor *out[VS_MAX_OUT];
  void **box[VS_MAX_OUT];
  lvs_checkargs(L, 2, spec, v, l->def->name);
  lvs_maybe_collect(L);
  for (int i = 0; i < l->def->outputs; i++) box[i] = lvs_newbox(L, LVS_TENSOR);
  bool again = false;
  while (vs_layer_forward(l, v, spec->n, out) < 0) {
    if (lvs_retry(L, &again)) continue;
    if (vs_error_kind() == VS_EUSER && !vs_error_named()) vs_fail_prefix(l->def->name);
    return lvs_raise(L);
  }
  for (int i = 0; i < l->def->outputs; i++) *box[i] = out[i];
  return l->def->outputs;
}

/* layer(...): forward, through the hooks of lua/vesper/nn/hooks.lua if it has any. */
static int call_layer(lua_State *L) {
  if (!check_layer(L)->hooked) return forward(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, "vesper.core");
  lua_getfield(L, -1, "_hooked_call");
  lua_replace(L, -3);
  lua_pop(L, 1);
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

/* ---- fields ---- */

static vs_slot *find_slot(vs_layer *l, const char *name) {
  for (int i = 0; i < l->nslot; i++)
    if (strcmp(l->slot[i].name, name) == 0) return &l->slot[i];
  return NULL;
}

/* Registry key of layer -> {[name of a slot] = box}, with weak keys. */
static const char slot_boxes;

/* Pushes the tensor of a slot of the layer at index 1: the same box each time, which lives as long
 * as the layer, so that hooks of a parameter do (see hook.c). */
static void push_slot(lua_State *L, const vs_slot *s) {
  if (s->t == NULL) {
    lua_pushnil(L);
    return;
  }
  int top = lua_gettop(L);
  luaL_checkstack(L, 8, "parameters");
  lua_rawgetp(L, LUA_REGISTRYINDEX, &slot_boxes);
  lua_pushvalue(L, 1);
  if (lua_rawget(L, -2) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, 1);
    lua_pushvalue(L, -2);
    lua_rawset(L, -4);
  }
  lua_pushstring(L, s->name);
  lua_pushvalue(L, -1);
  lua_rawget(L, top + 2);
  if (lvs_testtensor(L, -1) != s->t) {
    lua_pop(L, 1);
    lvs_pushref(L, s->t);
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -2);
    lua_rawset(L, top + 2);
  }
  lua_replace(L, top + 1);
  lua_settop(L, top + 1);
}

/* Upvalue 1: the methods. */
static int layer_index(lua_State *L) {
  vs_layer *l = check_layer(L);
  const char *key = lvs_checkstr(L, 2, "key", NULL);
  const vs_argspec *spec = vs_layer_spec(l->def);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
  vs_slot *s = find_slot(l, key);
  int i = 0;
  while (i < spec->n && strcmp(spec->arg[i].name, key) != 0) i++;
  if (s != NULL)
    push_slot(L, s);
  else if (strcmp(key, "training") == 0)
    lua_pushboolean(L, l->training);
  else if (strcmp(key, "hooked") == 0)
    lua_pushboolean(L, l->hooked);
  else if (strcmp(key, "name") == 0)
    lua_pushstring(L, l->def->name);
  else if (i < spec->n)
    lvs_pushvalue(L, &spec->arg[i], &l->attr[i]);
  else
    return 0;
  return 1;
}

/* A parameter may be replaced by a tensor of its shape (tied weights); training may be set. */
static int layer_newindex(lua_State *L) {
  vs_layer *l = check_layer(L);
  const char *key = lvs_checkstr(L, 2, "key", NULL);
  vs_slot *s = find_slot(l, key);
  if (strcmp(key, "training") == 0) {
    l->training = lua_toboolean(L, 3);
    return 0;
  }
  if (strcmp(key, "hooked") == 0) {
    l->hooked = lua_toboolean(L, 3);
    return 0;
  }
  if (s == NULL || s->t == NULL)
    return lvs_error(L, "%s has no parameter '%s' to set", l->def->name, key);
  vs_tensor *t = lvs_checktensor(L, 3);
  if (!vs_same_shape(t, s->t) || t->dtype != s->t->dtype || !vs_is_contiguous(t))
    return lvs_error(L, "%s: %s is %s %s, the new tensor %s %s", l->def->name, key,
                     vs_dtype_name(s->t->dtype), vs_shape_str(s->t), vs_dtype_name(t->dtype),
                     vs_shape_str(t));
  vs_tensor *old = s->t;
  s->t = vs_ref(t);
  vs_unref(old);
  return 0;
}

/* A list of {name, tensor, is_param}, in the layer's own order; absent ones left out. */
static int layer_slots(lua_State *L) {
  vs_layer *l = check_layer(L);
  int n = 0;
  lua_createtable(L, l->nslot, 0);
  for (int i = 0; i < l->nslot; i++) {
    if (l->slot[i].t == NULL) continue;
    lua_createtable(L, 3, 0);
    lua_pushstring(L, l->slot[i].name);
    lua_rawseti(L, -2, 1);
    push_slot(L, &l->slot[i]);
    lua_rawseti(L, -2, 2);
    lua_pushboolean(L, l->slot[i].is_param);
    lua_rawseti(L, -2, 3);
    lua_rawseti(L, -2, ++n);
  }
  return 1;
}

/* ---- printing: Conv2d(3, 32, kernel_size = 3x3, padding = 1x1) ---- */

static void add_value(lua_State *L, luaL_Buffer *b, const vs_arg *a, const vs_value *v) {
  char text[64];
  switch (v->kind) {
    case VS_V_NUM: vs_snprintf(text, sizeof text, "%g", v->f); break;
    case VS_V_BOOL: snprintf(text, sizeof text, "%s", v->i ? "true" : "false"); break;
    case VS_V_PAIR:
      snprintf(text, sizeof text, "{%d, %d}", (int)v->pair[0], (int)v->pair[1]);
      break;
    case VS_V_INTS: snprintf(text, sizeof text, "%s", vs_dims_str(v->n, v->ints)); break;
    default:
      lvs_pushvalue(L, a, v);
      snprintf(text, sizeof text, "%.60s", lvs_pushtext(L, -1));
      lua_pop(L, 2);
  }
  luaL_addstring(b, text);
}

static bool is_default(const vs_arg *a, const vs_value *v) {
  if (!a->has_default) return v->kind == VS_V_NONE;
  if (a->def.kind == VS_V_NUM) return v->f == a->def.f;
  if (a->def.kind == VS_V_PAIR) return v->pair[0] == a->def.pair[0] && v->pair[1] == a->def.pair[1];
  return v->i == a->def.i;
}

static int layer_tostring(lua_State *L) {
  vs_layer *l = check_layer(L);
  const vs_argspec *spec = vs_layer_spec(l->def);
  char line[1024];
  luaL_Buffer b;
  bool first = true;
  luaL_buffinitsize(L, &b, sizeof line);
  luaL_addstring(&b, l->def->name);
  luaL_addstring(&b, "(");
  for (int i = 0; i < spec->n; i++) {
    const vs_arg *a = &spec->arg[i];
    if ((a->has_default || a->optional) && is_default(a, &l->attr[i])) continue;
    luaL_addstring(&b, first ? "" : ", ");
    first = false;
    if (a->has_default || a->optional) {
      luaL_addstring(&b, a->name);
      luaL_addstring(&b, " = ");
    }
    add_value(L, &b, a, &l->attr[i]);
  }
  luaL_addstring(&b, ")");
  luaL_pushresult(&b);
  return 1;
}

static int list_layers(lua_State *L) {
  lua_createtable(L, vs_nlayers, 0);
  for (int i = 0; i < vs_nlayers; i++) {
    const vs_layerdef *def = vs_layers[i];
    lvs_pushdescriptor(L, def->name, def->args, def->doc);
    lua_pushstring(L, def->inputs);
    lua_setfield(L, -2, "inputs");
    lvs_setint(L, "outputs", def->outputs);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

static int is_layer(lua_State *L) {
  lua_pushboolean(L, lvs_testbox(L, 1, LVS_LAYER) != NULL);
  return 1;
}

static void free_layer(void *l) { vs_layer_free(l); }

static const luaL_Reg methods[] = {{"slots", layer_slots}, {"forward", forward}, {NULL, NULL}};
static const luaL_Reg meta[] = {{"__call", call_layer},
                                {"__newindex", layer_newindex},
                                {"__tostring", layer_tostring},
                                {NULL, NULL}};

void lvs_open_layer(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &slot_boxes) != LUA_TTABLE) {
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "k");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &slot_boxes);
  }
  lua_pop(L, 1);
  lvs_newclass(L, LVS_LAYER, methods, meta, free_layer);
  luaL_getmetatable(L, LVS_LAYER);
  lua_getfield(L, -1, "methods");
  lua_pushvalue(L, -1);
  lua_setfield(L, -4, "layer_methods"); /* nn.lua adds what layers and modules share */
  lua_pushcclosure(L, layer_index, 1);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  lua_createtable(L, 0, vs_nlayers);
  for (int i = 0; i < vs_nlayers; i++) {
    if (vs_layer_spec(vs_layers[i]) == NULL) lvs_raise(L);
    lua_pushlightuserdata(L, (void *)(uintptr_t)vs_layers[i]);
    lua_pushcclosure(L, new_layer, 1);
    lua_setfield(L, -2, vs_layers[i]->name);
  }
  lua_setfield(L, -2, "layers");
  lua_pushcfunction(L, is_layer);
  lua_setfield(L, -2, "is_layer");
  lua_pushcfunction(L, list_layers);
  lua_setfield(L, -2, "list_layers");
}
