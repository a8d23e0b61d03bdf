/* Errors, boxes and the coupling of Lua's collector to tensor memory.  See bind.h. */
#include "bind/bind.h"

#include <string.h>

#include "core/mem.h"

/* ---- errors ---- */

/* Registry key of the folder that holds vesper's own Lua files, as it starts their chunk names. */
static const char own_folder = 0;

void lvs_set_own_folder(lua_State *L, const char *prefix) {
  lua_pushstring(L, prefix);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &own_folder);
}

/* Pushes "script.lua:12: " for the innermost Lua function that is not vesper's own. */
static void push_place(lua_State *L) {
  lua_Debug ar;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &own_folder);
  const char *own = lua_tostring(L, -1);
  for (int level = 0; lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "Sl", &ar);
    if (ar.currentline < 0) continue;
    if (own != NULL && ar.source[0] == '@' && strncmp(ar.source + 1, own, strlen(own)) == 0) continue;
    lua_pop(L, 1);
    lua_pushfstring(L, "%s:%d: ", ar.short_src, ar.currentline);
    return;
  }
  lua_pop(L, 1);
  lua_pushliteral(L, "");
}

int lvs_raise(lua_State *L) {
  push_place(L);
  lua_pushstring(L, vs_error());
  lua_concat(L, 2);
  return lua_error(L);
}

int lvs_error(lua_State *L, const char *fmt, ...) {
  va_list ap;
  push_place(L);
  va_start(ap, fmt);
  lua_pushvfstring(L, fmt, ap);
  va_end(ap);
  lua_concat(L, 2);
  return lua_error(L);
}

int lvs_nilerror(lua_State *L) {
  if (vs_error_kind() != VS_EFILE) return lvs_raise(L);
  luaL_pushfail(L);
  lua_pushstring(L, vs_error());
  return 2;
}

/* ---- boxes ---- */

void **lvs_newbox(lua_State *L, const char *class) {
  void **box = lua_newuserdatauv(L, sizeof *box, 0);
  *box = NULL;
  luaL_setmetatable(L, class);
  return box;
}

void *lvs_testbox(lua_State *L, int index, const char *class) {
  void **box = luaL_testudata(L, index, class);
  return box == NULL ? NULL : *box;
}

/* "vesper.Vocab" as a person reads it. */
static const char *plain_name(const char *class) {
  const char *dot = strrchr(class, '.');
  return dot == NULL ? class : dot + 1;
}

const char *lvs_typename(lua_State *L, int index) {
  if (luaL_getmetafield(L, index, "__name") == LUA_TSTRING) {
    const char *name = plain_name(lua_tostring(L, -1)); /* kept alive by the metatable */
    lua_pop(L, 1);
    return name;
  }
  return lua_isnoneornil(L, index) ? "nothing" : luaL_typename(L, index);
}

void *lvs_checkbox(lua_State *L, int index, const char *class) {
  void **box = luaL_testudata(L, index, class);
  if (box == NULL)
    lvs_error(L, "argument %d: expected a %s, got %s", index, plain_name(class), lvs_typename(L, index));
  if (*box == NULL) lvs_error(L, "argument %d: this %s is closed", index, plain_name(class));
  return *box;
}

/* Upvalue 1: the free function, as the bytes of a string (C has no portable void* for functions). */
static int free_box(lua_State *L) {
  void (*release)(void *);
  memcpy(&release, lua_tostring(L, lua_upvalueindex(1)), sizeof release);
  void **box = lua_touserdata(L, 1);
  void *p = box != NULL ? *box : NULL;
  if (p != NULL) {
    *box = NULL;
    release(p);
  }
  return 0;
}

void lvs_newclass(lua_State *L, const char *class, const luaL_Reg *methods, const luaL_Reg *meta,
                  void (*release)(void *)) {
  luaL_newmetatable(L, class);
  if (meta != NULL) luaL_setfuncs(L, meta, 0);
  lua_newtable(L);
  if (methods != NULL) luaL_setfuncs(L, methods, 0);
  if (lua_getfield(L, -2, "__index") == LUA_TNIL) {
    lua_pushvalue(L, -2);
    lua_setfield(L, -4, "__index");
  }
  lua_pop(L, 1);
  lua_setfield(L, -2, "methods");
  lua_pushlstring(L, (const char *)&release, sizeof release);
  lua_pushcclosure(L, free_box, 1);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "__gc");
  lua_setfield(L, -2, "__close");
  lua_pushliteral(L, "protected");
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}

/* ---- the collector ---- */

static size_t survivors;

bool lvs_collect(lua_State *L) {
  lua_gc(L, LUA_GCCOLLECT);
  vs_mem_collected();
  survivors = vs_mem_stats().live;
  return true;
}

void lvs_maybe_collect(lua_State *L) {
  size_t since = vs_mem_since_collection();
  if (since > (size_t)32 << 20 && since > survivors / 4) lvs_collect(L);
}

/* ---- tensors ---- */

vs_tensor *lvs_checktensor(lua_State *L, int index) { return lvs_checkbox(L, index, LVS_TENSOR); }

vs_tensor *lvs_testtensor(lua_State *L, int index) { return lvs_testbox(L, index, LVS_TENSOR); }

int lvs_pushmade(lua_State *L, vs_tensor *(*make)(void *), void *arg) {
  void **box = lvs_newbox(L, LVS_TENSOR);
  *box = make(arg);
  if (*box == NULL && vs_error_kind() == VS_ENOMEM && lvs_collect(L)) *box = make(arg);
  if (*box == NULL) return lvs_raise(L);
  lvs_maybe_collect(L);
  return 1;
}

void lvs_pushtensor(lua_State *L, vs_tensor *t) {
  void **box = lvs_newbox(L, LVS_TENSOR);
  *box = t;
}
