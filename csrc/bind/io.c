/* vs.io (CSV, JSON, XML), vs.save, vs.load and folders for checkpoints: argument checks and
 * conversion to Lua values.
 *
 * A missing or broken file gives nil and a message; a broken row in the middle of a `for` raises,
 * as io.lines does.  C trees, buffers and readers sit in boxes, so that Lua's errors free them. */
#include <stdlib.h>
#include <string.h>

#include "bind/bind.h"
#include "bind/options.h"
#include "core/mem.h"
#include "io/csv.h"
#include "io/folder.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "io/xml.h"

#define LVS_CSV "vesper.CsvReader"
#define LVS_JSONTREE "vesper.JsonTree"
#define LVS_JSONITEMS "vesper.JsonItems"
#define LVS_JSONARRAY "vesper.JsonArray"
#define LVS_BUFFER "vesper.Buffer"
#define LVS_XMLTEXTS "vesper.XmlTexts"
#define LVS_TENSORFILE "vesper.TensorFile"

/* --- CSV --- */

static void free_csv(void *c) { vs_csv_close(c); }

static int push_csv(lua_State *L, int first, const char *what) {
  const char *path = lvs_checkstr(L, first, "path", NULL);
  lvs_checkoptions(L, first + 1, "delimiter", what);
  const char *delimiter = lvs_optword(L, first + 1, "delimiter", ",");
  if (strlen(delimiter) != 1) return lvs_error(L, "%s: the delimiter is one character", what);
  void **box = lvs_newbox(L, LVS_CSV);
  *box = vs_csv_open(path, delimiter[0]);
  return *box != NULL;
}

static void push_row(lua_State *L, const vs_csv *c) {
  int columns = vs_csv_columns(c);
  lua_createtable(L, 0, columns);
  for (int i = 0; i < columns; i++) {
    size_t n;
    const char *s = vs_csv_column_name(c, i, &n);
    lua_pushlstring(L, s, n);
    s = vs_csv_field(c, i, &n);
    lua_pushlstring(L, s, n);
    lua_rawset(L, -3);
  }
}

/* vs.io.csv(path [, options]) -> what a generic for wants: the reader, and again to be closed */
static int lvs_csv(lua_State *L) {
  if (!push_csv(L, 1, "csv")) return lvs_nilerror(L);
  lua_pushnil(L);
  lua_pushnil(L);
  lua_pushvalue(L, -3);
  return 4;
}

/* reader() -> the next row, nil at the end */
static int lvs_csv_call(lua_State *L) {
  vs_csv *c = lvs_checkbox(L, 1, LVS_CSV);
  int got = vs_csv_next(c);
  if (got < 0) return lvs_raise(L);
  if (got == 0) return 0;
  push_row(L, c);
  return 1;
}

static int lvs_csv_columns(lua_State *L) {
  vs_csv *c = lvs_checkbox(L, 1, LVS_CSV);
  int n = vs_csv_columns(c);
  lua_createtable(L, n, 0);
  for (int i = 0; i < n; i++) {
    size_t len;
    const char *s = vs_csv_column_name(c, i, &len);
    lua_pushlstring(L, s, len);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

static int lvs_csv_line(lua_State *L) {
  lua_pushinteger(L, vs_csv_line(lvs_checkbox(L, 1, LVS_CSV)));
  return 1;
}

static int lvs_csv_close(lua_State *L) {
  void **box = luaL_testudata(L, 1, LVS_CSV);
  if (!box) return lvs_wrongarg(L, 1, "reader", "a CsvReader");
  vs_csv_close(*box);
  *box = NULL;
  return 0;
}

/* vs.io.csv_rows(path [, options]) -> list of rows, list of column names */
static int lvs_csv_rows(lua_State *L) {
  if (!push_csv(L, 1, "csv_rows")) return lvs_nilerror(L);
  int box = lua_gettop(L), got;
  vs_csv *c = lvs_checkbox(L, box, LVS_CSV);
  lua_newtable(L);
  for (lua_Integer i = 1; (got = vs_csv_next(c)) > 0; i++) {
    push_row(L, c);
    lua_rawseti(L, -2, i);
  }
  if (got < 0) return lvs_nilerror(L);
  lua_pushcfunction(L, lvs_csv_columns);
  lua_pushvalue(L, box);
  lua_call(L, 1, 1);
  return 2;
}

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
  if (!*box) return lvs_nilerror(L);
  lua_pushnil(L);
  lua_pushnil(L);
  lua_pushvalue(L, -3);
  return 4;
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

static int lvs_items_close(lua_State *L) {
  void **box = luaL_testudata(L, 1, LVS_JSONITEMS);
  if (!box) return lvs_wrongarg(L, 1, "items", "JsonItems");
  vs_jsonitems_close(*box);
  *box = NULL;
  return 0;
}

/* --- XML --- */

typedef struct xmltexts {
  vs_strings name, text;
} xmltexts;

static void free_xmltexts(void *p) {
  xmltexts *x = p;
  if (!x) return;
  vs_strings_free(&x->name);
  vs_strings_free(&x->text);
  free(x);
}

/* vs.io.xml_texts(path) -> list of {name = "svg/title", text = "A hat"} */
static int lvs_xml_texts(lua_State *L) {
  const char *path = lvs_checkstr(L, 1, "path", NULL);
  void **box = lvs_newbox(L, LVS_XMLTEXTS);
  xmltexts *x = *box = vs_new0(sizeof *x);
  if (!x || vs_xml_texts(path, &x->name, &x->text)) return lvs_nilerror(L);
  lua_createtable(L, (int)x->name.n, 0); /* at most VS_XML_MAX_TEXT */
  for (int64_t i = 0; i < x->name.n; i++) {
    lua_createtable(L, 0, 2);
    lua_pushlstring(L, vs_strings_get(&x->name, i), vs_strings_len(&x->name, i));
    lua_setfield(L, -2, "name");
    lua_pushlstring(L, vs_strings_get(&x->text, i), vs_strings_len(&x->text, i));
    lua_setfield(L, -2, "text");
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

/* --- Lua to JSON --- */

static void free_buffer(void *p) {
  vs_buffer *b = p;
  if (b) free(b->data);
  free(b);
}

static vs_buffer *new_buffer(lua_State *L) {
  void **box = lvs_newbox(L, LVS_BUFFER);
  *box = calloc(1, sizeof(vs_buffer));
  if (!*box) lvs_error(L, "%s: out of memory", lvs_pushcallee(L));
  return *box;
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
      lvs_error(L,
                "json_encode: a table is a list 1..n or has string keys alone; this one has the "
                "key %s",
                luaL_tolstring(L, -2, NULL));
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
    lvs_error(L, "json_encode: nested more than %d deep (a table that holds itself?)",
              VS_JSON_MAX_DEPTH);
  }
  lua_Integer n = list_length(L);
  if (n > 0 || marked_array(L)) {
    if (n < 0) lvs_error(L, "json_encode: a table marked as a list has other keys than 1..n");
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
        lvs_error(L, "json_encode: a %s has no form in JSON", luaL_typename(L, -1));
      }
      vs_buffer_puts(w->out, "null");
  }
  if (rc != 0) lvs_raise(L);
}

/* The value at `value`, options behind it, as text in a buffer that is pushed. */
static vs_buffer *push_text(lua_State *L, int value, const char *what) {
  lvs_checkoptions(L, value + 1, "indent", what);
  writer w = {.indent = (int)lvs_optint(L, value + 1, "indent", 0, 16, 0)};
  w.out = new_buffer(L);
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

/* --- safetensors --- */

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
      lvs_error(L, "save: names are strings, got a %s", luaL_typename(L, -2));
    }
    vs_named *e = &f->tensor[f->n++];
    size_t n;
    e->name = (char *)lua_tolstring(L, -2, &n);
    if (strlen(e->name) != n || strcmp(e->name, "__metadata__") == 0) {
      lvs_error(L, "save: '%s' cannot be a name", e->name);
    }
    e->t = lvs_testtensor(L, -1);
    if (!e->t) {
      lvs_error(L, "save: entry '%s' is a %s, a tensor is expected", e->name, luaL_typename(L, -1));
    }
  }
}

static void collect_metadata(lua_State *L, int index, vs_tensorfile *f) {
  lua_Integer room = count_keys(L, index);
  f->meta = lua_newuserdatauv(L, (size_t)(room + 1) * sizeof *f->meta, 0);
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    size_t n, m;
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING) {
      lvs_error(L, "save: metadata is a table of string to string");
    }
    vs_pair *p = &f->meta[f->nmeta++];
    p->key = (char *)lua_tolstring(L, -2, &n);
    p->value = (char *)lua_tolstring(L, -1, &m);
    if (strlen(p->key) != n || strlen(p->value) != m) {
      lvs_error(L, "save: metadata '%s' holds a 0 byte", p->key);
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

/* vs.load(path) -> {name = tensor}, {key = text} */
static int lvs_load(lua_State *L) {
  const char *path = lvs_checkstr(L, 1, "path", NULL);
  void **box = lvs_newbox(L, LVS_TENSORFILE);
  bool again = false;
  do *box = vs_safetensors_load(path);
  while (!*box && lvs_retry(L, &again));
  vs_tensorfile *f = *box;
  if (!f) return lvs_nilerror(L);
  lua_newtable(L);
  for (int64_t i = 0; i < f->n; i++) {
    void **t = lvs_newbox(L, LVS_TENSOR);
    *t = f->tensor[i].t;
    f->tensor[i].t = NULL;
    lua_setfield(L, -2, f->tensor[i].name);
  }
  lua_newtable(L);
  for (int64_t i = 0; i < f->nmeta; i++) {
    lua_pushstring(L, f->meta[i].value);
    lua_setfield(L, -2, f->meta[i].key);
  }
  vs_tensorfile_free(f);
  *box = NULL;
  return 2;
}

/* --- folders: what lua/vesper/checkpoint.lua and tensorboard.lua stand on --- */

/* The list of file names at index; the strings are borrowed from it, the array is left pushed. */
static vs_filenames read_names(lua_State *L, int index) {
  lvs_checktype(L, index, LUA_TTABLE, "files");
  int n = (int)lua_rawlen(L, index);
  const char **name = lua_newuserdatauv(L, (size_t)(n + 1) * sizeof *name, 0);
  for (int i = 0; i < n; i++) {
    if (lua_rawgeti(L, index, i + 1) != LUA_TSTRING)
      lvs_error(L, "%s: file names are strings", lvs_pushcallee(L));
    name[i] = lua_tostring(L, -1);
    lua_pop(L, 1);
  }
  return (vs_filenames){n, name};
}

/* _folder_make(folder) -> true */
static int lvs_folder_make(lua_State *L) {
  if (vs_folder_make(lvs_checkstr(L, 1, "folder", NULL))) return lvs_nilerror(L);
  lua_pushboolean(L, true);
  return 1;
}

/* _folder_stage(folder, files) -> the path to write them to */
static int lvs_folder_stage(lua_State *L) {
  const char *folder = lvs_checkstr(L, 1, "folder", NULL);
  if (vs_folder_stage(folder, read_names(L, 2))) return lvs_nilerror(L);
  lua_pushfstring(L, "%s" VS_FOLDER_NEW, folder);
  return 1;
}

/* _folder_commit(folder, files [, by two renames]) -> true */
static int lvs_folder_commit(lua_State *L) {
  const char *folder = lvs_checkstr(L, 1, "folder", NULL);
  bool exchange = !lua_toboolean(L, 3);
  if (vs_folder_commit(folder, read_names(L, 2), exchange)) return lvs_nilerror(L);
  lua_pushboolean(L, true);
  return 1;
}

/* _folder_abandon(folder, files) */
static int lvs_folder_abandon(lua_State *L) {
  const char *folder = lvs_checkstr(L, 1, "folder", NULL);
  vs_folder_abandon(folder, read_names(L, 2));
  return 0;
}

/* _folder_current(folder) -> the path of the complete one, or nil */
static int lvs_folder_current(lua_State *L) {
  const char *folder = lvs_checkstr(L, 1, "folder", NULL);
  int found = vs_folder_current(folder);
  if (found)
    lua_pushfstring(L, "%s%s", folder, found == 2 ? VS_FOLDER_OLD : "");
  else
    lua_pushnil(L);
  return 1;
}

/* --- opener --- */

void lvs_open_io(lua_State *L) {
  static const luaL_Reg none[] = {{NULL, NULL}};
  static const luaL_Reg csv_methods[] = {
      {"columns", lvs_csv_columns}, {"line", lvs_csv_line}, {"close", lvs_csv_close}, {NULL, NULL}};
  static const luaL_Reg csv_meta[] = {{"__call", lvs_csv_call}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"csv", lvs_csv},
                                       {"csv_rows", lvs_csv_rows},
                                       {"json_decode", lvs_json_decode},
                                       {"json_load", lvs_json_load},
                                       {"json_items", lvs_json_items},
                                       {"json_encode", lvs_json_encode},
                                       {"json_save", lvs_json_save},
                                       {"array", lvs_json_array},
                                       {"xml_texts", lvs_xml_texts},
                                       {NULL, NULL}};
  static const luaL_Reg items_methods[] = {
      {"read", lvs_items_read}, {"close", lvs_items_close}, {NULL, NULL}};
  static const luaL_Reg items_meta[] = {{"__call", lvs_items_call}, {NULL, NULL}};
  lvs_newclass(L, LVS_CSV, csv_methods, csv_meta, free_csv);
  lvs_newclass(L, LVS_JSONITEMS, items_methods, items_meta, free_items);
  lvs_newclass(L, LVS_JSONTREE, none, none, free_json);
  lvs_newclass(L, LVS_BUFFER, none, none, free_buffer);
  lvs_newclass(L, LVS_XMLTEXTS, none, none, free_xmltexts);
  lvs_newclass(L, LVS_TENSORFILE, none, none, free_tensorfile);
  luaL_newmetatable(L, LVS_JSONARRAY);
  lua_pop(L, 1);
  luaL_newlib(L, functions);
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  lua_setfield(L, -2, "io");
  lua_pushcfunction(L, lvs_save);
  lua_setfield(L, -2, "save");
  lua_pushcfunction(L, lvs_load);
  lua_setfield(L, -2, "load");
  lua_pushcfunction(L, lvs_folder_make);
  lua_setfield(L, -2, "_folder_make");
  lua_pushcfunction(L, lvs_folder_stage);
  lua_setfield(L, -2, "_folder_stage");
  lua_pushcfunction(L, lvs_folder_commit);
  lua_setfield(L, -2, "_folder_commit");
  lua_pushcfunction(L, lvs_folder_abandon);
  lua_setfield(L, -2, "_folder_abandon");
  lua_pushcfunction(L, lvs_folder_current);
  lua_setfield(L, -2, "_folder_current");
}
