/* JSON in vs.io: whole values, the elements of a long array one by one, and writing.
 *
 * A missing or broken file gives nil and a message.  C trees, buffers and readers are in boxes, so
 * that an error of Lua frees them. */
#include "io/json.h"

#include <stdlib.h>
#include <string.h>

#include "bind/bind.h"
#include "bind/options.h"

#define LVS_JSONTREE "vesper.JsonTree"
#define LVS_JSONITEMS "vesper.JsonItems"
#define LVS_JSONARRAY "vesper.JsonArray"
#define LVS_BUFFER "vesper.Buffer"

/* --- JSON to Lua --- */

static void free_json(void *v) { vs_json_free(v); }

static void push_json(lua_State *L, const vs_json *v);

static void push_array(lua_State *L, const vs_json *v) {
  size_t n = vs_json_count(v);
  lua_createtable(L, n < 1 << 20 ? (int)n : 0, 0);
  luaL_setmetatable(L, LVS_JSONARRAY);
  for (size_t i = 0; i < n; i++) {
    push_json(L, vs_json_at(v, i));
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
}

static void push_object(lua_State *L, const vs_json *v) {
  size_t n = vs_json_count(v);
  lua_createtable(L, 0, n < 1 << 20 ? (int)n : 0);
  for (void *it = vs_json_first(v); it; it = vs_json_next(v, it)) {
    const char *key = vs_json_key(it, &n);
    lua_pushlstring(L, key, n);
    push_json(L, vs_json_value(it));
    lua_rawset(L, -3);
  }
}

static void push_json(lua_State *L, const vs_json *v) {
  size_t n;
  const char *s;
  luaL_checkstack(L, 6, "deep JSON");
  switch (vs_json_kind(v)) {
    case VS_JSON_NULL: lua_pushlightuserdata(L, NULL); break;
    case VS_JSON_BOOL: lua_pushboolean(L, vs_json_bool(v)); break;
    case VS_JSON_INT: lua_pushinteger(L, vs_json_int(v)); break;
    case VS_JSON_NUM: lua_pushnumber(L, vs_json_num(v)); break;
    case VS_JSON_STRING:
      s = vs_json_string(v, &n);
      lua_pushlstring(L, s, n);
      break;
    case VS_JSON_ARRAY: push_array(L, v); break;
    case VS_JSON_OBJECT: push_object(L, v); break;
  }
}

static int push_tree(lua_State *L, void **box) {
  if (!*box) return lvs_nilerror(L);
  push_json(L, *box);
  vs_json_free(*box);
  *box = NULL;
  return 1;
}

/* vs.io.json_decode(text) */
static int lvs_json_decode(lua_State *L) {
  size_t n;
  const char *text = lvs_checkstr(L, 1, "text", &n);
  void **box = lvs_newbox(L, LVS_JSONTREE);
  *box = vs_json_parse(text, n, "JSON");
  return push_tree(L, box);
}

/* vs.io.json_load(path) */
static int lvs_json_load(lua_State *L) {
  const char *path = lvs_checkstr(L, 1, "path", NULL);
  void **box = lvs_newbox(L, LVS_JSONTREE);
  *box = vs_json_read(path);
  return push_tree(L, box);
}

/* --- a JSON array element by element --- */

static void free_items(void *r) { vs_jsonitems_close(r); }

/* Pushes the next element.  1; 0 at the end, nothing pushed; -1 with an error set. */
static int push_item(lua_State *L, vs_jsonitems *r) {
  void **box = lvs_newbox(L, LVS_JSONTREE);
  vs_json *v;
  int got = vs_jsonitems_next(r, &v);
  *box = v;
  if (got == 1) push_tree(L, box);
  return got;
}

/* vs.io.json_items(path [, {key = "images"}]) -> what a generic for wants: the reader, and again to
 * be closed */
static int lvs_json_items(lua_State *L) {
  const char *path = lvs_checkstr(L, 1, "path", NULL);
  lvs_checkoptions(L, 2, "key", "json_items");
  const char *key = lvs_optword(L, 2, "key", NULL);
  void **box = lvs_newbox(L, LVS_JSONITEMS);
  *box = vs_jsonitems_open(path, key);
  return *box ? lvs_iterate(L) : lvs_nilerror(L);
}

/* items() -> the next element, nil at the end; raises where the file is broken */
static int lvs_items_call(lua_State *L) {
  int got = push_item(L, lvs_checkbox(L, 1, LVS_JSONITEMS));
  return got < 0 ? lvs_raise(L) : got;
}

/* items:read() -> the next element, nil at the end, nil and a message where the file is broken */
static int lvs_items_read(lua_State *L) {
  int got = push_item(L, lvs_checkbox(L, 1, LVS_JSONITEMS));
  if (got < 0) return lvs_nilerror(L);
  if (got == 0) lua_pushnil(L);
  return 1;
}

static int lvs_items_close(lua_State *L) { return lvs_closebox(L, 1, LVS_JSONITEMS); }

/* --- Lua to JSON --- */

static void free_buffer(void *p) {
  vs_buffer *b = p;
  free(b->data);
  free(b);
}

typedef struct writer {
  vs_buffer *out;
  int indent; /* 0: everything on one line */
} writer;

static void put_value(lua_State *L, const writer *w, int depth);

static void put_break(const writer *w, int depth) {
  if (w->indent == 0) return;
  vs_buffer_puts(w->out, "\n");
  for (int i = 0; i < depth * w->indent; i++) vs_buffer_puts(w->out, " ");
}

/* The table on top: n when it is a list of n (keys exactly 1..n), else -1. */
static lua_Integer list_length(lua_State *L) {
  lua_Integer n = (lua_Integer)lua_rawlen(L, -1), count = 0;
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
    if (!lua_isinteger(L, -2) || lua_tointeger(L, -2) < 1 || lua_tointeger(L, -2) > n) {
      lua_pop(L, 2);
      return -1;
    }
    count++;
  }
  return count == n ? n : -1;
}

static bool marked_array(lua_State *L) {
  if (!lua_getmetatable(L, -1)) return false;
  luaL_getmetatable(L, LVS_JSONARRAY);
  bool same = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return same;
}

static void put_list(lua_State *L, const writer *w, lua_Integer n, int depth) {
  vs_buffer_puts(w->out, "[");
  for (lua_Integer i = 1; i <= n; i++) {
    if (i > 1) vs_buffer_puts(w->out, w->indent ? "," : ", ");
    put_break(w, depth + 1);
    lua_rawgeti(L, -1, i);
    put_value(L, w, depth + 1);
    lua_pop(L, 1);
  }
  if (n > 0) put_break(w, depth);
  vs_buffer_puts(w->out, "]");
}

typedef struct key {
  const char *s;
  size_t n;
} key;

static int by_bytes(const void *a, const void *b) {
  const key *x = a, *y = b;
  int c = memcmp(x->s, y->s, VS_MIN(x->n, y->n));
  return c ? c : (x->n > y->n) - (x->n < y->n);
}

/* Pushes a block with the keys of the table on top, sorted; returns it. */
static key *push_keys(lua_State *L, size_t *n) {
  size_t count = 0, i = 0;
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) count++;
  key *keys = lua_newuserdatauv(L, (count + 1) * sizeof *keys, 0);
  for (lua_pushnil(L); lua_next(L, -3); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING) {
      lvs_error(
          L,
          "json_encode: a table must be a list 1..n or have only string keys; this one has the "
          "key %s",
          lvs_pushtext(L, -2));
    }
    keys[i].s = lua_tolstring(L, -2, &keys[i].n);
    i++;
  }
  qsort(keys, count, sizeof *keys, by_bytes);
  *n = count;
  return keys;
}

static void put_object(lua_State *L, const writer *w, int depth) {
  size_t n;
  key *keys = push_keys(L, &n);
  vs_buffer_puts(w->out, "{");
  for (size_t i = 0; i < n; i++) {
    if (i > 0) vs_buffer_puts(w->out, w->indent ? "," : ", ");
    put_break(w, depth + 1);
    if (vs_json_put_string(w->out, keys[i].s, keys[i].n) != 0) lvs_raise(L);
    vs_buffer_puts(w->out, ": ");
    lua_pushlstring(L, keys[i].s, keys[i].n);
    lua_rawget(L, -3);
    put_value(L, w, depth + 1);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  if (n > 0) put_break(w, depth);
  vs_buffer_puts(w->out, "}");
}

static void put_table(lua_State *L, const writer *w, int depth) {
  if (depth > VS_JSON_MAX_DEPTH) {
    lvs_error(L, "json_encode: nested more than %d deep (a table that contains itself?)",
              VS_JSON_MAX_DEPTH);
  }
  lua_Integer n = list_length(L);
  if (n > 0 || marked_array(L)) {
    if (n < 0) lvs_error(L, "json_encode: a table marked as a list has keys other than 1..n");
    put_list(L, w, n, depth);
  } else {
    put_object(L, w, depth);
  }
}

/* Writes the value on top of the stack. */
static void put_value(lua_State *L, const writer *w, int depth) {
  size_t n;
  const char *s;
  int rc = 0;
  luaL_checkstack(L, 8, "deep JSON");
  switch (lua_type(L, -1)) {
    case LUA_TBOOLEAN: vs_buffer_puts(w->out, lua_toboolean(L, -1) ? "true" : "false"); break;
    case LUA_TNUMBER:
      if (lua_isinteger(L, -1)) {
        vs_json_put_int(w->out, lua_tointeger(L, -1));
      } else {
        rc = vs_json_put_num(w->out, lua_tonumber(L, -1));
      }
      break;
    case LUA_TSTRING:
      s = lua_tolstring(L, -1, &n);
      rc = vs_json_put_string(w->out, s, n);
      break;
    case LUA_TTABLE: put_table(L, w, depth); break;
    default:
      if (!lua_islightuserdata(L, -1) || lua_touserdata(L, -1)) {
        lvs_error(L, "json_encode: a %s cannot be written as JSON", luaL_typename(L, -1));
      }
      vs_buffer_puts(w->out, "null");
  }
  if (rc != 0) lvs_raise(L);
}

/* The value at `value`, options after it, as text in a buffer that is pushed. */
static vs_buffer *push_text(lua_State *L, int value, const char *what) {
  lvs_checkoptions(L, value + 1, "indent", what);
  writer w = {.indent = (int)lvs_optint(L, value + 1, "indent", 0, 16, 0)};
  w.out = lvs_newzeroed(L, LVS_BUFFER, sizeof *w.out);
  lua_pushvalue(L, value);
  put_value(L, &w, 0);
  lua_pop(L, 1);
  if (w.out->failed) lvs_raise(L);
  return w.out;
}

/* vs.io.json_encode(value [, {indent = 2}]) */
static int lvs_json_encode(lua_State *L) {
  if (lua_isnone(L, 1)) return lvs_wrongarg(L, 1, "value", "a value");
  vs_buffer *b = push_text(L, 1, "json_encode");
  lua_pushlstring(L, b->data, b->n);
  return 1;
}

/* vs.io.json_save(path, value [, {indent = 2}]) */
static int lvs_json_save(lua_State *L) {
  const char *path = lvs_checkstr(L, 1, "path", NULL);
  if (lua_isnone(L, 2)) return lvs_wrongarg(L, 2, "value", "a value");
  vs_buffer *b = push_text(L, 2, "json_save");
  vs_buffer_puts(b, "\n");
  if (b->failed) return lvs_raise(L);
  if (vs_file_write(path, b->data, b->n) != 0) return lvs_nilerror(L);
  lua_pushboolean(L, true);
  return 1;
}

/* vs.io.array(list) -> the same table, marked: written as [] even when it is empty */
static int lvs_json_array(lua_State *L) {
  lvs_checktype(L, 1, LUA_TTABLE, "list");
  lua_settop(L, 1);
  luaL_setmetatable(L, LVS_JSONARRAY);
  return 1;
}

/* --- opening --- */

static int lvs_array_tostring(lua_State *L) {
  lua_pushfstring(L, "JsonArray: %I values", (lua_Integer)lua_rawlen(L, 1));
  return 1;
}

void lvs_open_json(lua_State *L) {
  static const luaL_Reg functions[] = {{"json_decode", lvs_json_decode},
                                       {"json_load", lvs_json_load},
                                       {"json_items", lvs_json_items},
                                       {"json_encode", lvs_json_encode},
                                       {"json_save", lvs_json_save},
                                       {"array", lvs_json_array},
                                       {NULL, NULL}};
  static const luaL_Reg methods[] = {
      {"read", lvs_items_read}, {"close", lvs_items_close}, {NULL, NULL}};
  static const luaL_Reg meta[] = {{"__call", lvs_items_call}, {NULL, NULL}};
  lvs_newclass(L, LVS_JSONITEMS, methods, meta, free_items);
  lvs_newclass(L, LVS_JSONTREE, NULL, NULL, free_json);
  lvs_newclass(L, LVS_BUFFER, NULL, NULL, free_buffer);
  luaL_newmetatable(L, LVS_JSONARRAY);
  lua_pushcfunction(L, lvs_array_tostring);
  lua_setfield(L, -2, "__tostring");
  lua_pop(L, 1);
  lvs_setfunctions(L, "io", functions);
  lua_getfield(L, -1, "io");
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  lua_pop(L, 1);
}
