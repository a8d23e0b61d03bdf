/* vs.data.Writer: making a data-set file from Lua.
 *
 * Borrowed strings stay alive in a table on the stack while C uses them; lists of strings and
 * arrays live in boxes or userdata, so that an error of Lua frees them. */
#include "data/writer.h"

#include <string.h>

#include "bind/options.h"
#include "bind/strings.h"

#define LVS_WRITER "vesper.Writer"

static void free_writer(void *p) { vs_writer_free(p); }

/* --- the constructor --- */

/* Field `key` as a tensor, borrowed from the table; NULL when absent. */
static vs_tensor *opt_tensor(lua_State *L, int table, const char *key, const char *what) {
  vs_tensor *t = NULL;
  if (lua_getfield(L, table, key) != LUA_TNIL) {
    t = lvs_testtensor(L, -1);
    if (!t) lvs_error(L, "%s: %s is a %s, expected a tensor", what, key, luaL_typename(L, -1));
  }
  lua_pop(L, 1);
  return t;
}

static void opt_size(lua_State *L, int options, vs_writeropt *o) {
  if (lua_getfield(L, options, "image_size") != LUA_TNIL) {
    int whole[2] = {0, 0};
    lua_Integer side[2] = {0, 0};
    for (int i = 0; lua_istable(L, -1) && i < 2; i++) {
      lua_rawgeti(L, -1, i + 1);
      side[i] = lua_tointegerx(L, -1, &whole[i]);
      lua_pop(L, 1);
    }
    for (int i = 0; i < 2; i++) {
      if (!whole[i] || side[i] < 1 || side[i] > 1 << 14)
        lvs_error(L, "Writer: image_size must be {height, width}, each 1 to %d", 1 << 14);
    }
    o->height = side[0];
    o->width = side[1];
  }
  lua_pop(L, 1);
}

/* data.Writer(path [, options]) -> Writer, or nil and a message */
static int lvs_writer_new(lua_State *L) {
  const char *path = lvs_checkstr(L, 1, "path", NULL);
  lvs_checkoptions(
      L, 2,
      "name|source|split_seed|classes|vocab|tags|vectors|image_size|regions|max_words|compress|"
      "chunk|half|landmark_pairs|shard|note|captions|part|parts",
      "Writer");
  lua_settop(L, 2);
  if (lua_isnil(L, 2)) {
    lua_newtable(L);
    lua_replace(L, 2);
  }
  vs_writeropt o = {0};
  o.name = lvs_optword(L, 2, "name", NULL);
  o.source = lvs_optword(L, 2, "source", NULL);
  o.note = lvs_optword(L, 2, "note", NULL);
  o.split_seed = lvs_optint(L, 2, "split_seed", INT64_MIN, INT64_MAX, 0);
  o.regions = lvs_optint(L, 2, "regions", 1, 1 << 20, 0);
  o.max_words = lvs_optint(L, 2, "max_words", 1, 1 << 20, 0);
  o.half = lvs_optbool(L, 2, "half", false);
  o.compress = (int)lvs_optint(L, 2, "compress", 0, 9, 0);
  o.chunk = lvs_optint(L, 2, "chunk", 1, 1 << 16, 1);
  o.shard = lvs_optint(L, 2, "shard", 1, INT64_MAX / 2, 0);
  o.parts = lvs_optint(L, 2, "parts", 1, INT64_MAX / 2, 0);
  o.part = lvs_optint(L, 2, "part", 1, INT64_MAX / 2, 0);
  if (!o.part != !o.parts || o.part > o.parts)
    lvs_error(L, "Writer: part is %I of %I parts", (lua_Integer)o.part, (lua_Integer)o.parts);
  if (o.part && o.shard) lvs_error(L, "Writer: part and shard, expected one of them");
  opt_size(L, 2, &o);
  o.vectors = opt_tensor(L, 2, "vectors", "Writer");
  o.classes = lvs_optstrings(L, 2, "classes", "Writer");
  o.tags = lvs_optstrings(L, 2, "tags", "Writer");
  o.captions = lvs_optstrings(L, 2, "captions", "Writer");
  o.words = lvs_optstrings(L, 2, "vocab", "Writer");
  o.pair = lvs_optpairs(L, 2, "landmark_pairs", "Writer", &o.npair);
  void **box = lvs_newbox(L, LVS_WRITER);
  bool again = false;
  do *box = vs_writer_new(path, &o);
  while (!*box && lvs_retry(L, &again));
  return *box ? 1 : lvs_nilerror(L);
}

/* --- adding --- */

/* Tokens of the caption at index: a list of ids or an int64 [T]; ids go to a userdata in `keep`. */
static void check_tokens(lua_State *L, int index, int keep, lua_Integer at, vs_caption *c) {
  vs_tensor *t = lvs_testtensor(L, index);
  if (!t && !lua_istable(L, index))
    lvs_error(L, "add: tokens of caption %I are a %s, expected a list or an int64 tensor", at,
              luaL_typename(L, index));
  if (t && (t->dtype != VS_INT64 || t->ndim != 1))
    lvs_error(L, "add: tokens of caption %I are %s %s, expected int64 [T]", at,
              vs_dtype_name(t->dtype), vs_shape_str(t));
  c->ntoken = t ? t->numel : (int64_t)lvs_listlen(L, index, "add", "tokens");
  int64_t *id = lua_newuserdatauv(L, (size_t)(c->ntoken + 1) * sizeof *id, 0);
  lua_rawseti(L, keep, luaL_len(L, keep) + 1);
  c->token = id;
  for (int64_t i = 0; i < c->ntoken; i++) {
    int whole = 1;
    if (t) {
      id[i] = vs_get_int(t, i * t->stride[0]);
    } else {
      lua_rawgeti(L, index, i + 1);
      id[i] = lua_tointegerx(L, -1, &whole);
      lua_pop(L, 1);
    }
    if (!whole)
      lvs_error(L, "add: token %I of caption %I is not an integer", (lua_Integer)i + 1, at);
  }
}

/* One caption at the stack top: a string or {text = , tokens = }. */
static void check_caption(lua_State *L, int keep, lua_Integer at, vs_caption *c) {
  int index = lua_gettop(L);
  *c = (vs_caption){0};
  if (lua_istable(L, index)) {
    lvs_checkoptions(L, index, "text|tokens", "add");
    if (lua_getfield(L, index, "tokens") != LUA_TNIL) check_tokens(L, lua_gettop(L), keep, at, c);
    lua_getfield(L, index, "text");
  } else {
    lua_pushvalue(L, index);
  }
  if (lua_isnil(L, -1) && c->token) lua_pushliteral(L, "");
  if (lua_type(L, -1) != LUA_TSTRING)
    lvs_error(L, "add: caption %I is a %s, expected a string", at, luaL_typename(L, -1));
  c->text = lua_tolstring(L, -1, &c->n);
  lua_pushvalue(L, -1);
  lua_rawseti(L, keep, luaL_len(L, keep) + 1);
  lua_settop(L, index);
}

static void check_captions(lua_State *L, int item, vs_item *out) {
  if (lua_getfield(L, item, "captions") == LUA_TNIL) return;
  if (!lua_istable(L, -1))
    lvs_error(L, "add: captions is a %s, expected a list", luaL_typename(L, -1));
  int list = lua_gettop(L);
  out->ncaption = (int64_t)lvs_listlen(L, list, "add", "captions");
  vs_caption *c = lua_newuserdatauv(L, (size_t)(out->ncaption + 1) * sizeof *c, 0);
  lua_newtable(L);
  int keep = lua_gettop(L);
  for (lua_Integer i = 1; i <= out->ncaption; i++) {
    lua_rawgeti(L, list, i);
    check_caption(L, keep, i, &c[i - 1]);
    lua_pop(L, 1);
  }
  out->caption = c;
}

/* A whole number from 1 in field `key` of the item, 0 when absent. */
static int64_t opt_number(lua_State *L, int item, const char *key) {
  int64_t number = 0;
  if (lua_getfield(L, item, key) != LUA_TNIL) {
    int whole;
    number = lua_tointegerx(L, -1, &whole);
    if (!whole || number < 1)
      lvs_error(L, "add: %s is %s, expected an integer from 1", key, lvs_pushtext(L, -1));
  }
  lua_pop(L, 1);
  return number;
}

/* The list of numbers in field tags, in a userdata left on the stack. */
static void check_tags(lua_State *L, int item, vs_item *out) {
  if (lua_getfield(L, item, "tags") == LUA_TNIL) return;
  if (!lua_istable(L, -1)) lvs_error(L, "add: tags is a %s, expected a list", luaL_typename(L, -1));
  int list = lua_gettop(L);
  out->ntag = (int64_t)lvs_listlen(L, list, "add", "tags");
  int64_t *tag = lua_newuserdatauv(L, (size_t)(out->ntag + 1) * sizeof *tag, 0);
  for (lua_Integer i = 1; i <= out->ntag; i++) {
    int whole;
    lua_rawgeti(L, list, i);
    tag[i - 1] = lua_tointegerx(L, -1, &whole);
    if (!whole) lvs_error(L, "add: tag %I is not an integer", i);
    lua_pop(L, 1);
  }
  out->tag = tag;
}

/* w:add(split, item) -> true, or nil and a message when it cannot be written */
static int lvs_writer_add(lua_State *L) {
  vs_writer *w = lvs_checkbox(L, 1, LVS_WRITER);
  const char *split = lvs_checkstr(L, 2, "split", NULL);
  lvs_checktype(L, 3, LUA_TTABLE, "item");
  lvs_checkoptions(
      L, 3, "image|image_bytes|label|item|tags|id|captions|landmark|regions|boxes|feature", "add");
  vs_item item = {0};
  item.image = opt_tensor(L, 3, "image", "add");
  item.landmark = opt_tensor(L, 3, "landmark", "add");
  item.regions = opt_tensor(L, 3, "regions", "add");
  item.boxes = opt_tensor(L, 3, "boxes", "add");
  item.feature = opt_tensor(L, 3, "feature", "add");
  if (lua_getfield(L, 3, "image_bytes") == LUA_TSTRING)
    item.bytes = lua_tolstring(L, -1, &item.nbytes);
  else if (!lua_isnil(L, -1))
    lvs_error(L, "add: image_bytes is a %s, expected a string", luaL_typename(L, -1));
  item.label = opt_number(L, 3, "label");
  item.thing = opt_number(L, 3, "item");
  check_tags(L, 3, &item);
  item.id = lvs_optword(L, 3, "id", NULL);
  check_captions(L, 3, &item);
  bool again = false;
  while (vs_writer_add(w, split, &item))
    if (vs_writer_failed(w) || !lvs_retry(L, &again)) return lvs_nilerror(L);
  lua_pushboolean(L, true);
  return 1;
}

/* w:count(split) -> images added so far */
static int lvs_writer_count(lua_State *L) {
  vs_writer *w = lvs_checkbox(L, 1, LVS_WRITER);
  lua_pushinteger(L, vs_writer_count(w, lvs_checkstr(L, 2, "split", NULL)));
  return 1;
}

/* w:files() -> paths of the files that it writes, so far */
static int lvs_writer_files(lua_State *L) {
  lvs_pushstrings(L, vs_writer_files(lvs_checkbox(L, 1, LVS_WRITER)));
  return 1;
}

/* w:close() -> true, or nil and a message; only then is the file in its place */
static int lvs_writer_close(lua_State *L) {
  if (vs_writer_close(lvs_checkbox(L, 1, LVS_WRITER))) return lvs_nilerror(L);
  lua_pushboolean(L, true);
  return 1;
}

/* "Writer hats.h5: train 3, val 1" */
static int lvs_writer_tostring(lua_State *L) {
  vs_writer *w = lvs_testbox(L, 1, LVS_WRITER);
  if (!w) {
    lua_pushliteral(L, "Writer (closed)");
    return 1;
  }
  const char *path = vs_writer_path(w), *slash = strrchr(path, '/'), *name;
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  luaL_addstring(&b, "Writer ");
  luaL_addstring(&b, slash ? slash + 1 : path);
  if (vs_writer_files(w)->n > 1) {
    lua_pushfstring(L, " (%I files)", (lua_Integer)vs_writer_files(w)->n);
    luaL_addvalue(&b);
  }
  for (int i = 0; (name = vs_writer_split(w, i)) != NULL; i++) {
    lua_pushfstring(L, "%s%s %I", i > 0 ? ", " : ": ", name, (lua_Integer)vs_writer_count(w, name));
    luaL_addvalue(&b);
  }
  luaL_pushresult(&b);
  return 1;
}

void lvs_open_writer(lua_State *L) {
  static const luaL_Reg methods[] = {{"add", lvs_writer_add},
                                     {"count", lvs_writer_count},
                                     {"files", lvs_writer_files},
                                     {"close", lvs_writer_close},
                                     {NULL, NULL}};
  static const luaL_Reg functions[] = {{"Writer", lvs_writer_new}, {NULL, NULL}};
  static const luaL_Reg meta[] = {{"__tostring", lvs_writer_tostring}, {NULL, NULL}};
  lvs_newclass(L, LVS_WRITER, methods, meta, free_writer);
  lvs_setfunctions(L, "data", functions);
}
