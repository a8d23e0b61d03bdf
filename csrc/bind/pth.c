/* vs.load_pth: PyTorch's own files.  A missing or refused file gives nil and a message. */
#include "io/pth.h"

#include "bind/bind.h"
#include "bind/options.h"

#define LVS_PTHFILE "vesper.PthFile"

static void free_pthfile(void *f) { vs_pth_free(f); }

static void push_value(lua_State *L, const vs_pthvalue *v) {
  switch (v->kind) {
    case VS_PK_BOOL: lua_pushboolean(L, v->i != 0); break;
    case VS_PK_FLOAT: lua_pushnumber(L, v->f); break;
    case VS_PK_TEXT: lua_pushlstring(L, v->text, (size_t)v->i); break;
    default: lua_pushinteger(L, v->i);
  }
}

/* The option's text, which the stack keeps, or NULL. */
static const char *text_option(lua_State *L, const char *name) {
  if (!lua_istable(L, 2)) return NULL;
  lua_getfield(L, 2, name);
  return lua_isnil(L, -1) ? NULL : lvs_checkstr(L, lua_gettop(L), name, NULL);
}

/* vs.load_pth(path [, {key = "state_dict", strip_prefix = "module."}])
 * -> {name = tensor}, {name = number, boolean, text} */
static int lvs_load_pth(lua_State *L) {
  const char *path = lvs_checkstr(L, 1, "path", NULL);
  lvs_checkoptions(L, 2, "key|strip_prefix", "load_pth");
  const char *key = text_option(L, "key"), *prefix = text_option(L, "strip_prefix");
  void **box = lvs_newbox(L, LVS_PTHFILE);
  bool again = false;
  do *box = vs_pth_load(path, key, prefix);
  while (!*box && lvs_retry(L, &again));
  vs_pthfile *f = *box;
  if (!f) return lvs_nilerror(L);
  lua_newtable(L);
  for (int64_t i = 0; i < f->n; i++) lvs_movetensor(L, &f->tensor[i].t, f->tensor[i].name);
  lua_newtable(L);
  for (int64_t i = 0; i < f->nvalue; i++) {
    push_value(L, &f->value[i]);
    lua_setfield(L, -2, f->value[i].name);
  }
  vs_pth_free(f);
  *box = NULL;
  return 2;
}

void lvs_open_pth(lua_State *L) {
  lvs_newclass(L, LVS_PTHFILE, NULL, NULL, free_pthfile);
  lua_pushcfunction(L, lvs_load_pth);
  lua_setfield(L, -2, "load_pth");
}
