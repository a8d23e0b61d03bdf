/* vs.save and vs.load.  A missing or broken file gives nil and a message. */
#include "io/safetensors.h"

#include <string.h>

#include "bind/bind.h"
#include "bind/options.h"

#define LVS_TENSORFILE "vesper.TensorFile"

static void free_tensorfile(void *f) { vs_tensorfile_free(f); }

static lua_Integer count_keys(lua_State *L, int index) {
  lua_Integer n = 0;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) n++;
  return n;
}

/* Strings and tensors are borrowed from the tables; the arrays are userdata left on the stack. */
static void collect_tensors(lua_State *L, int index, vs_tensorfile *f) {
  lua_Integer room = count_keys(L, index);
  f->tensor = lua_newuserdatauv(L, (size_t)(room + 1) * sizeof *f->tensor, 0);
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING) {
      lvs_error(L, "save: names must be strings, got a %s", luaL_typename(L, -2));
    }
    vs_named *e = &f->tensor[f->n++];
    size_t n;
    e->name = (char *)lua_tolstring(L, -2, &n);
    if (strlen(e->name) != n || strcmp(e->name, "__metadata__") == 0) {
      lvs_error(L, "save: '%s' cannot be a name", e->name);
    }
    e->t = lvs_testtensor(L, -1);
    if (!e->t) {
      lvs_error(L, "save: entry '%s' is a %s, expected a tensor", e->name, luaL_typename(L, -1));
    }
  }
}

static void collect_metadata(lua_State *L, int index, vs_tensorfile *f) {
  lua_Integer room = count_keys(L, index);
  f->meta = lua_newuserdatauv(L, (size_t)(room + 1) * sizeof *f->meta, 0);
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    size_t n, m;
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING) {
      lvs_error(L, "save: metadata must be a table of strings");
    }
    vs_pair *p = &f->meta[f->nmeta++];
    p->key = (char *)lua_tolstring(L, -2, &n);
    p->value = (char *)lua_tolstring(L, -1, &m);
    if (strlen(p->key) != n || strlen(p->value) != m) {
      lvs_error(L, "save: metadata '%s' contains a zero byte", p->key);
    }
  }
}

/* vs.save(path, {name = tensor} [, {key = text}]) -> true */
static int lvs_save(lua_State *L) {
  const char *path = lvs_checkstr(L, 1, "path", NULL);
  vs_tensorfile f = {0};
  lua_settop(L, 3);
  lvs_checktype(L, 2, LUA_TTABLE, "tensors");
  lua_settop(L, 3);
  collect_tensors(L, 2, &f);
  if (!lua_isnoneornil(L, 3)) {
    lvs_checktype(L, 3, LUA_TTABLE, "metadata");
    collect_metadata(L, 3, &f);
  }
  bool again = false;
  int rc;
  do rc = vs_safetensors_save(path, &f);
  while (rc != 0 && lvs_retry(L, &again));
  if (rc != 0) return lvs_nilerror(L);
  lua_pushboolean(L, true);
  return 1;
}

/* At 1 a light userdata, the file: returns a table of its tensors, which it takes. */
static int push_tensors(lua_State *L) {
  vs_tensorfile *f = lua_touserdata(L, 1);
  lua_createtable(L, 0, (int)VS_MIN(f->n, 1 << 26));
  for (int64_t i = 0; i < f->n; i++) lvs_movetensor(L, &f->tensor[i].t, f->tensor[i].name);
  return 1;
}

/* The same without collections in between, which would visit what is made so far again and again:
 * nothing of it is garbage. */
static void push_all_tensors(lua_State *L, vs_tensorfile *f) {
  bool running = lua_gc(L, LUA_GCISRUNNING);
  lua_pushcfunction(L, push_tensors);
  lua_pushlightuserdata(L, f);
  lua_gc(L, LUA_GCSTOP);
  int rc = lua_pcall(L, 1, 1, 0);
  if (running) lua_gc(L, LUA_GCRESTART);
  if (rc != LUA_OK) lua_error(L);
}

/* vs.load(path [, {mmap = true}]) -> {name = tensor}, {key = text} */
static int lvs_load(lua_State *L) {
  const char *path = lvs_checkstr(L, 1, "path", NULL);
  lvs_checkoptions(L, 2, "mmap", "load");
  bool mapped = lvs_optbool(L, 2, "mmap", true);
  void **box = lvs_newbox(L, LVS_TENSORFILE);
  bool again = false;
  do *box = vs_safetensors_load(path, mapped);
  while (!*box && lvs_retry(L, &again));
  vs_tensorfile *f = *box;
  if (!f) return lvs_nilerror(L);
  push_all_tensors(L, f);
  lua_newtable(L);
  for (int64_t i = 0; i < f->nmeta; i++) {
    lua_pushstring(L, f->meta[i].value);
    lua_setfield(L, -2, f->meta[i].key);
  }
  vs_tensorfile_free(f);
  *box = NULL;
  return 2;
}

void lvs_open_safetensors(lua_State *L) {
  static const luaL_Reg functions[] = {{"save", lvs_save}, {"load", lvs_load}, {NULL, NULL}};
  lvs_newclass(L, LVS_TENSORFILE, NULL, NULL, free_tensorfile);
  luaL_setfuncs(L, functions, 0);
}
