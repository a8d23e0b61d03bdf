/* Errors, boxes and the coupling of Lua's collector to tensor memory.  See bind.h. */
#include "bind/bind.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "core/number.h"
#include "core/profile.h"

/* ---- errors ---- */

/* Registry key of the folder with vesper's own Lua files: the prefix of their chunk names. */
static const char own_folder = 0;

void lvs_set_own_folder(lua_State *L, const char *prefix) {
  lua_pushstring(L, prefix);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &own_folder);
}

void lvs_pushplace(lua_State *L) {
  lua_Debug ar;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &own_folder);
  const char *own = lua_tostring(L, -1);
  for (int level = 0; lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "Sl", &ar);
    if (ar.currentline < 0) continue;
    if (own != NULL && ar.source[0] == '@' && strncmp(ar.source + 1, own, strlen(own)) == 0)
      continue;
    lua_pop(L, 1);
    lua_pushfstring(L, "%s:%d: ", ar.short_src, ar.currentline);
    lvs_addrank(L);
    return;
  }
  lua_pop(L, 1);
  lua_pushliteral(L, "");
  lvs_addrank(L);
}

/* lua_pushvfstring in the C locale, in which %f has a decimal point.  When memory runs out here,
 * the thread keeps that locale. */
static const char *push_text(lua_State *L, const char *fmt, va_list ap) {
  void *old = vs_locale_enter();
  const char *s = lua_pushvfstring(L, fmt, ap);
  vs_locale_leave(old);
  return s;
}

int lvs_raise(lua_State *L) {
  if (vs_error_kind() == VS_EINTERRUPTED) lvs_serve_interrupt();
  lvs_pushplace(L);
  if (vs_error_kind() == VS_EUSER && !vs_error_named()) {
    lvs_pushcallee(L);
    lua_pushliteral(L, ": ");
    lua_concat(L, 3);
  }
  lua_pushstring(L, vs_error());
  lua_concat(L, 2);
  return lua_error(L);
}

int lvs_error(lua_State *L, const char *fmt, ...) {
  va_list ap;
  lvs_pushplace(L);
  va_start(ap, fmt);
  push_text(L, fmt, ap);
  va_end(ap);
  lua_concat(L, 2);
  return lua_error(L);
}

const char *lvs_pushfstring(lua_State *L, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  const char *s = push_text(L, fmt, ap);
  va_end(ap);
  return s;
}

const char *lvs_pushtext(lua_State *L, int index) {
  if (lua_isinteger(L, index)) return lvs_pushfstring(L, "%I", lua_tointeger(L, index));
  if (lua_type(L, index) == LUA_TNUMBER) return lvs_pushfstring(L, "%f", lua_tonumber(L, index));
  return luaL_tolstring(L, index, NULL);
}

int lvs_nilerror(lua_State *L) {
  if (vs_error_kind() != VS_EFILE) return lvs_raise(L);
  luaL_pushfail(L);
  lua_pushstring(L, vs_error());
  return 2;
}

/* ---- boxes ---- */

const char lvs_tensor_class[] = "vesper.Tensor";

/* Tensors are created by the million, so looking up their metatable must be cheap.  For the state
 * opened last its address is kept, which no other table has while that state lives, and its place
 * in the registry.  The address is cleared when that state closes, before the table is freed.
 * Other states use the registry by name. */
static struct {
  const void *address;
  int ref;
} tensors;

static inline bool is_tensors(const void *metatable) {
  const void *address = __atomic_load_n(&tensors.address, __ATOMIC_RELAXED);
  return address != NULL && metatable == address;
}

static int forget_tensors(lua_State *L) {
  const void *mine = *(const void **)lua_touserdata(L, 1);
  __atomic_compare_exchange_n(&tensors.address, &mine, NULL, false, __ATOMIC_RELAXED,
                              __ATOMIC_RELAXED);
  return 0;
}

/* The metatable is on top of the stack. */
static void remember_tensors(lua_State *L) {
  const void *address = lua_topointer(L, -1);
  lua_pushvalue(L, -1);
  int ref = luaL_ref(L, LUA_REGISTRYINDEX);
  const void **closing = lua_newuserdatauv(L, sizeof *closing, 0);
  *closing = address;
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, forget_tensors);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  luaL_ref(L, LUA_REGISTRYINDEX);
  __atomic_store_n(&tensors.ref, ref, __ATOMIC_RELAXED);
  __atomic_store_n(&tensors.address, address, __ATOMIC_RELAXED);
}

static void push_class(lua_State *L, const char *class) {
  if (class != lvs_tensor_class) {
    luaL_getmetatable(L, class);
    return;
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, __atomic_load_n(&tensors.ref, __ATOMIC_RELAXED));
  if (is_tensors(lua_topointer(L, -1))) return;
  lua_pop(L, 1);
  lua_rawgetp(L, LUA_REGISTRYINDEX, class);
}

/* What the collector goes by: of the thread, as states do not share their heaps. */
static _Thread_local struct {
  size_t boxes_made, boxes_freed; /* since the last collection began */
  /* What was left after it: bytes of tensors, and of the Lua heap without the boxes that it closed,
   * whose memory Lua frees in the next collection. */
  size_t survivors, heap_left;
  /* The clock at its end, and the ns that went into walking over what was left. */
  uint64_t collected_at, cost;
  size_t patience; /* twice the growth that has proved too little for a cheap collection, or 0 */
} gc;

void **lvs_newbox(lua_State *L, const char *class) {
  gc.boxes_made++;
  void **box = lua_newuserdatauv(L, sizeof *box, 0);
  *box = NULL;
  push_class(L, class);
  lua_setmetatable(L, -2);
  return box;
}

/* The box itself, closed or not; NULL when the value is something else. */
static void **find_box(lua_State *L, int index, const char *class) {
  void **box = lua_touserdata(L, index);
  if (box == NULL || !lua_getmetatable(L, index)) return NULL;
  if (class == lvs_tensor_class && is_tensors(lua_topointer(L, -1))) {
    lua_pop(L, 1);
    return box;
  }
  push_class(L, class);
  if (!lua_rawequal(L, -1, -2)) box = NULL;
  lua_pop(L, 2);
  return box;
}

void *lvs_testbox(lua_State *L, int index, const char *class) {
  void **box = find_box(L, index, class);
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

/* The box itself, closed or not. */
static void **check_class(lua_State *L, int index, const char *class) {
  void **box = find_box(L, index, class);
  if (box != NULL) return box;
  const char *got = lvs_typename(L, index), *callee = lvs_pushcallee(L);
  if (index < 0) lvs_error(L, "%s: expected a %s, got %s", callee, plain_name(class), got);
  lvs_error(L, "%s: argument %d: expected a %s, got %s", callee, index, plain_name(class), got);
  return NULL;
}

void *lvs_checkbox(lua_State *L, int index, const char *class) {
  void **box = check_class(L, index, class);
  if (*box == NULL) lvs_error(L, "%s: this %s is closed", lvs_pushcallee(L), plain_name(class));
  return *box;
}

typedef struct freeing {
  void (*free)(void *);
  bool keep_hooked; /* boxes of tensors */
} freeing;

/* Upvalue 1: a userdata that says how. */
static int free_box(lua_State *L) {
  const freeing *how = lua_touserdata(L, lua_upvalueindex(1));
  void **box = lua_touserdata(L, 1);
  void *p = box != NULL ? *box : NULL;
  if (p == NULL || (how->keep_hooked && lvs_keephooked(L, p))) return 0;
  *box = NULL;
  gc.boxes_freed++;
  how->free(p);
  return 0;
}

void *lvs_newzeroed(lua_State *L, const char *class, size_t bytes) {
  void **box = lvs_newbox(L, class);
  bool again = false;
  while (!(*box = vs_new0(bytes)))
    if (!lvs_retry(L, &again)) lvs_raise(L);
  return *box;
}

int lvs_closebox(lua_State *L, int index, const char *class) {
  check_class(L, index, class);
  lua_pushvalue(L, index);
  luaL_getmetafield(L, -1, "__close");
  lua_insert(L, -2);
  lua_call(L, 1, 0);
  return 0;
}

int lvs_iterate(lua_State *L) {
  lua_pushnil(L);
  lua_pushnil(L);
  lua_pushvalue(L, -3);
  return 4;
}

void lvs_setint(lua_State *L, const char *key, int64_t value) {
  lua_pushinteger(L, (lua_Integer)value);
  lua_setfield(L, -2, key);
}

void lvs_pushmethod(lua_State *L, const char *name) {
  luaL_getmetafield(L, 1, "methods");
  lua_getfield(L, -1, name);
}

void lvs_setfunctions(lua_State *L, const char *field, const luaL_Reg *functions) {
  luaL_getsubtable(L, -1, field);
  luaL_setfuncs(L, functions, 0);
  lua_pop(L, 1);
}

static int name_tostring(lua_State *L) {
  lua_pushvalue(L, lua_upvalueindex(1));
  return 1;
}

void lvs_setname(lua_State *L, const char *class) {
  const char *dot = strchr(class, '.');
  lua_pushstring(L, dot ? dot + 1 : class);
  lua_pushcclosure(L, name_tostring, 1);
  lua_setfield(L, -2, "__tostring");
}

void lvs_newclass(lua_State *L, const char *class, const luaL_Reg *methods, const luaL_Reg *meta,
                  void (*release)(void *)) {
  luaL_newmetatable(L, class);
  lvs_setname(L, class);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, class);
  if (meta != NULL) luaL_setfuncs(L, meta, 0);
  if (lua_getfield(L, -1, "methods") != LUA_TTABLE) { /* opened twice: what Lua added stays */
    lua_pop(L, 1);
    lua_newtable(L);
  }
  if (methods != NULL) luaL_setfuncs(L, methods, 0);
  if (lua_getfield(L, -2, "__index") == LUA_TNIL) {
    lua_pushvalue(L, -2);
    lua_setfield(L, -4, "__index");
  }
  lua_pop(L, 1);
  lua_setfield(L, -2, "methods");
  freeing *how = lua_newuserdatauv(L, sizeof *how, 0);
  *how = (freeing){release, class == lvs_tensor_class};
  lua_pushcclosure(L, free_box, 1);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "__gc");
  lua_setfield(L, -2, "__close");
  lua_pushliteral(L, "protected");
  lua_setfield(L, -2, "__metatable");
  if (class == lvs_tensor_class) remember_tensors(L);
  lua_pop(L, 1);
}

/* ---- arguments of functions bound by hand ---- */

/* Looks for the value at `what` in the table on top, and in the tables inside it to that depth.
 * Pops the table; pushes its key ("text.Vocab.build") when found. */
static bool push_key_of(lua_State *L, int what, int depth) {
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING) continue;
    if (lua_rawequal(L, -1, what)) {
      lua_pop(L, 1);
      lua_remove(L, -2);
      return true;
    }
    if (depth == 0 || !lua_istable(L, -1)) continue;
    lua_pushvalue(L, -1);
    if (!push_key_of(L, what, depth - 1)) continue;
    lua_pushfstring(L, "%s.%s", lua_tostring(L, -3), lua_tostring(L, -1));
    lua_replace(L, -5);
    lua_pop(L, 3);
    return true;
  }
  lua_pop(L, 1);
  return false;
}

/* The same among the methods ("Vocab:encode") and metamethods ("Vocab") of all classes. */
static bool push_method_of(lua_State *L, int what) {
  lua_pushvalue(L, LUA_REGISTRYINDEX);
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
    const char *class = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
    if (strncmp(class, "vesper.", 7) != 0 || !lua_istable(L, -1)) continue;
    lua_pushvalue(L, -1);
    if (push_key_of(L, what, 0)) {
      lua_pushstring(L, plain_name(class));
      return true;
    }
    if (lua_getfield(L, -1, "methods") != LUA_TTABLE) {
      lua_pop(L, 1);
    } else if (push_key_of(L, what, 0)) {
      lua_pushfstring(L, "%s:%s", plain_name(class), lua_tostring(L, -1));
      return true;
    }
  }
  lua_pop(L, 1);
  return false;
}

const char *lvs_pushcallee(lua_State *L) {
  lua_Debug ar;
  int top = lua_gettop(L), what = top + 1;
  luaL_checkstack(L, 24, "names of functions");
  if (!lua_getstack(L, 0, &ar)) return lua_pushliteral(L, "?");
  lua_getinfo(L, "fn", &ar);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  bool found = push_method_of(L, what);
  for (int depth = 0; !found && depth < 3; depth++) /* the shortest name */
    found = lua_getfield(L, what + 1, "vesper.core") == LUA_TTABLE && push_key_of(L, what, depth);
  if (!found) lua_pushstring(L, ar.name ? ar.name : "?");
  lua_replace(L, what);
  lua_settop(L, what);
  return lua_tostring(L, what);
}

int lvs_wrongarg(lua_State *L, int index, const char *name, const char *expected) {
  const char *type = lvs_typename(L, index);
  if (lua_isnoneornil(L, index)) /* before a push makes the missing index valid */
    return lvs_error(L, "%s: %s is missing, expected %s", lvs_pushcallee(L), name, expected);
  return lvs_error(L, "%s: %s is a %s, expected %s", lvs_pushcallee(L), name, type, expected);
}

lua_Integer lvs_checkint(lua_State *L, int index, const char *name) {
  int whole = 0;
  lua_Number given = lua_tonumber(L, index);
  lua_Integer i = lua_tointegerx(L, index, &whole);
  if (lua_type(L, index) != LUA_TNUMBER) lvs_wrongarg(L, index, name, "an integer");
  if (!whole) lvs_error(L, "%s: %s is %f, expected an integer", lvs_pushcallee(L), name, given);
  return i;
}

double lvs_checknum(lua_State *L, int index, const char *name) {
  if (lua_type(L, index) != LUA_TNUMBER) lvs_wrongarg(L, index, name, "a number");
  return lua_tonumber(L, index);
}

const char *lvs_checkstr(lua_State *L, int index, const char *name, size_t *n) {
  if (lua_type(L, index) != LUA_TSTRING) lvs_wrongarg(L, index, name, "a string");
  return lua_tolstring(L, index, n);
}

void lvs_checktype(lua_State *L, int index, int type, const char *name) {
  char expected[32];
  if (lua_type(L, index) == type) return;
  snprintf(expected, sizeof expected, "a %s", lua_typename(L, type));
  lvs_wrongarg(L, index, name, expected);
}

/* One pass over the keys: with n a border, a list without a hole has n of them and none above n. */
lua_Integer lvs_hole(lua_State *L, int index, lua_Integer *later) {
  index = lua_absindex(L, index);
  lua_Integer n = (lua_Integer)lua_rawlen(L, index), count = 0, last = 0;
  luaL_checkstack(L, 3, "a list");
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    if (!lua_isinteger(L, -2)) continue;
    lua_Integer key = lua_tointeger(L, -2);
    if (key < 1) continue;
    count++;
    if (key > last) last = key;
  }
  if (count == n && last <= n) return 0;
  lua_Integer hole = 1;
  while (lua_rawgeti(L, index, hole) != LUA_TNIL) {
    lua_pop(L, 1);
    hole++;
  }
  lua_pop(L, 1);
  *later = hole;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    if (!lua_isinteger(L, -2)) continue;
    lua_Integer key = lua_tointeger(L, -2);
    if (key > hole && (*later == hole || key < *later)) *later = key;
  }
  return hole;
}

lua_Integer lvs_listlen(lua_State *L, int index, const char *what, const char *name) {
  lua_Integer later, hole = lvs_hole(L, index, &later);
  if (hole != 0) lvs_error(L, "%s: %s has no entry %I, but an entry %I", what, name, hole, later);
  return (lua_Integer)lua_rawlen(L, index);
}

/* ---- the collector ---- */

/* BOX: bytes of one, as Lua counts them.  A cheap collection waits for growth of LEAST bytes after
 * one that freed half of the growth or more, else for gc.patience. */
enum { BOX = 40, LEAST = 4 << 20 };

/* Bytes of tensors more than after the last collection: at most these are garbage. */
static size_t growth(void) {
  size_t live = vs_mem_stats().live;
  return live - VS_MIN(live, gc.survivors);
}

void lvs_collect(lua_State *L) {
  vs_span span;
  bool counted = vs_span_begin(&span);
  uint64_t start = vs_computed_ns();
  size_t grown = growth(), before = vs_mem_stats().live;
  gc.boxes_freed = 0;
  lvs_dropkept(L);
  lua_gc(L, LUA_GCCOLLECT);
  if (counted) vs_span_end(&span, "garbage collection", VS_IN_OTHER, 0);
  vs_mem_collected();
  bool paid = before - VS_MIN(before, vs_mem_stats().live) >= grown / 2;
  gc.patience = paid ? 0 : 2 * VS_MAX(VS_MAX(gc.patience, LEAST), grown);
  gc.survivors = vs_mem_stats().live;
  size_t heap = (size_t)lua_gc(L, LUA_GCCOUNT) << 10, dead = gc.boxes_freed * BOX;
  gc.heap_left = heap - VS_MIN(heap, dead);
  gc.boxes_made = 0;
  gc.collected_at = vs_clock_ns();
  gc.cost = (uint64_t)((double)(vs_computed_ns() - start) * (double)gc.heap_left /
                       (double)(gc.heap_left + 2 * dead));
}

bool lvs_retry(lua_State *L, bool *again) {
  if (*again || vs_error_kind() != VS_ENOMEM) return false;
  lvs_collect(L);
  *again = true;
  return true;
}

/* What a collection costs grows with the living part of the Lua heap: a millisecond for a thousand
 * captions or two that a script holds.  An expensive one waits until it takes a twentieth of the
 * time, or costs less than the memory for as much again would (a nanosecond for eight bytes), or
 * the garbage may be more than a 48th of the machine's memory, at most 512 MB. */
static bool affordable(void) {
  size_t more = growth(), most = VS_MIN(vs_mem_physical() / 48, (size_t)512 << 20);
  return gc.cost < more / 8 || more > most || vs_clock_ns() - gc.collected_at >= 20 * gc.cost;
}

/* New tensors should reuse memory that is in the cache.  So small ones are counted by their boxes,
 * and where a collection costs little beside the work on so many bytes, it does not wait for an
 * eighth of what survives. */
void lvs_maybe_collect(lua_State *L) {
  size_t more = growth(), since = vs_mem_since_collection();
  size_t enough = VS_MAX(VS_MAX(LEAST, gc.survivors / 8), VS_MIN(4 * gc.heap_left, 16 << 20));
  size_t patience = VS_MAX(gc.patience, LEAST);
  bool many = gc.boxes_made > VS_MAX(gc.heap_left, (size_t)1 << 18) / 64;
  bool large = since > enough && more > enough;
  bool cheap = since > patience && more > patience && gc.cost < more / 64;
  if (many || cheap || (large && affordable())) lvs_collect(L);
}

void lvs_collect_after_step(lua_State *L) {
  size_t since = vs_mem_since_collection(), heap = (size_t)lua_gc(L, LUA_GCCOUNT) << 10;
  if (since > VS_MAX(heap, (size_t)1 << 18) && affordable()) lvs_collect(L);
}

/* ---- tensors ---- */

vs_tensor *lvs_checktensor(lua_State *L, int index) { return lvs_checkbox(L, index, LVS_TENSOR); }

vs_tensor *lvs_testtensor(lua_State *L, int index) { return lvs_testbox(L, index, LVS_TENSOR); }

int lvs_pushmade(lua_State *L, vs_tensor *(*make)(void *), void *arg) {
  lvs_maybe_collect(L);
  void **box = lvs_newbox(L, LVS_TENSOR);
  bool again = false;
  do *box = make(arg);
  while (*box == NULL && lvs_retry(L, &again));
  if (*box == NULL) return lvs_raise(L);
  return 1;
}

void lvs_pushref(lua_State *L, vs_tensor *t) {
  void **box = lvs_newbox(L, LVS_TENSOR);
  *box = vs_ref(t);
}

void lvs_movetensor(lua_State *L, vs_tensor **t, const char *key) {
  void **box = lvs_newbox(L, LVS_TENSOR);
  *box = *t;
  *t = NULL;
  lua_setfield(L, -2, key);
}
