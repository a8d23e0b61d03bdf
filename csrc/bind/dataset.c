/* vs.data: the readers of readers.def, and data sets as Lua sees them. */
#include "bind/dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bind/strings.h"
#include "core/profile.h"
#include "io/pattern.h"

static void free_dataset(void *p) { vs_dataset_unref(p); }

/* --- opening --- */

static int by_name(const void *a, const void *b) {
  return strcmp(((const vs_field *)a)->name, ((const vs_field *)b)->name);
}

/* The named tensors of the table at 1, in alphabetical order, borrowed. */
static int check_named(lua_State *L, const char *what, vs_field *field) {
  int n = 0;
  lvs_checktype(L, 1, LUA_TTABLE, "tensors");
  for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
    vs_tensor *t = lvs_testtensor(L, -1);
    if (lua_type(L, -2) != LUA_TSTRING)
      lvs_error(L, "%s: the keys must be names, {name = tensor}", what);
    const char *name = lua_tostring(L, -2);
    if (!t) lvs_error(L, "%s: %s is a %s, expected a tensor", what, name, luaL_typename(L, -1));
    if (n == VS_MAX_FIELDS) lvs_error(L, "%s: more than %d tensors", what, VS_MAX_FIELDS);
    if (strlen(name) >= sizeof field->name) lvs_error(L, "%s: the name %s is too long", what, name);
    snprintf(field[n].name, sizeof field->name, "%s", name);
    field[n++].t = t;
  }
  qsort(field, (size_t)n, sizeof *field, by_name);
  return n;
}

/* A reader's constructor; the descriptor is the upvalue. */
static int lvs_reader(lua_State *L) {
  const vs_readerdef *def = lua_touserdata(L, lua_upvalueindex(1));
  vs_value v[VS_MAX_ARGS];
  vs_field field[VS_MAX_FIELDS];
  int nfield = 0;
  if (def->flags & VS_READ_NAMED) {
    nfield = check_named(L, def->name, field);
  } else {
    const vs_argspec *spec = vs_reader_spec(def);
    if (!spec) return lvs_raise(L);
    lvs_checkargs(L, 1, spec, v, def->name);
  }
  void **box = lvs_newbox(L, LVS_DATASET);
  bool again = false;
  do *box = vs_dataset_open(def, v, field, nfield);
  while (!*box && lvs_retry(L, &again));
  return *box ? 1 : lvs_nilerror(L);
}

/* --- data sets --- */

static vs_dataset *check_set(lua_State *L) { return lvs_checkbox(L, 1, LVS_DATASET); }

/* The position at index, negative from the end, as one from 0. */
static int64_t check_sample(lua_State *L, int index, const vs_dataset *d) {
  lua_Integer i = lvs_checkint(L, index, "sample");
  int64_t at = i < 0 ? d->n + i : i - 1;
  if (i == 0 || at < 0 || at >= d->n)
    lvs_error(L, "%s: sample %I is not in 1..%I", lvs_pushcallee(L), i, (lua_Integer)d->n);
  return at;
}

/* Pushes a batch box with those samples in it; tried twice as by lvs_retry. */
static vs_batch *fetch(lua_State *L, vs_dataset *d, int64_t epoch, const int64_t *index, int64_t n,
                       const vs_fieldnames *wanted) {
  vs_batch *b = lvs_newbatch(L);
  lvs_maybe_collect(L);
  vs_span span;
  bool again = false;
  int rc;
  lua_State *outer = lvs_beginfetch(L, d);
  do {
    bool counted = vs_span_begin(&span);
    rc = vs_dataset_fetch(d, epoch, index, n, wanted, b);
    if (counted) vs_span_end(&span, "Dataset", VS_IN_OTHER, 0);
  } while (rc && lvs_retry(L, &again));
  lvs_endfetch(outer, d);
  if (rc) lvs_raise(L);
  return b;
}

/* set:batch(list or int64 tensor [, epoch] [, {fields =}]) -> those samples as a batch */
static int lvs_dataset_batch(lua_State *L) {
  vs_dataset *d = check_set(L);
  vs_tensor *t = lvs_testtensor(L, 2);
  const vs_argspec *spec = vs_args_spec("epoch:int=0, fields:strings?");
  vs_value v[VS_MAX_ARGS];
  if (!spec) return lvs_raise(L);
  if (lua_gettop(L) < 2) lua_settop(L, 2);
  if (!t) lvs_checktype(L, 2, LUA_TTABLE, "samples");
  lvs_checkargs(L, 3, spec, v, "batch");
  if (vs_args_check(spec, v)) return lvs_raise(L);
  if (t && (t->dtype != VS_INT64 || t->ndim != 1))
    lvs_error(L, "batch: samples are %s %s, expected int64 [B]", vs_dtype_name(t->dtype),
              vs_shape_str(t));
  int64_t n = t ? t->numel : (int64_t)lvs_listlen(L, 2, "batch", "samples");
  if (n == 0) lvs_error(L, "batch: the list of samples is empty");
  int64_t *index = lua_newuserdatauv(L, (size_t)n * sizeof *index, 0);
  for (int64_t i = 0; i < n; i++) {
    if (t)
      lua_pushinteger(L, vs_get_int(t, i * t->stride[0]));
    else
      lua_rawgeti(L, 2, i + 1);
    index[i] = check_sample(L, -1, d);
    lua_pop(L, 1);
  }
  vs_fieldnames names;
  bool some = v[1].kind != VS_V_NONE;
  if (some) {
    lvs_checkfields(L, d, &v[1], &names, "batch");
    check_set(L); /* a function of its own may have closed it */
  }
  lvs_pushbatch(L, fetch(L, d, v[0].i, index, n, some ? &names : NULL));
  return 1;
}

/* set:fields() -> names of what the set's batches have */
static int lvs_dataset_fields(lua_State *L) {
  lvs_pushfields(L, check_set(L), NULL);
  return 1;
}

/* set:view{captions =, seed =} -> a data set on the same open file */
static int lvs_dataset_view(lua_State *L) {
  vs_dataset *d = check_set(L);
  const vs_argspec *spec = vs_args_spec("captions:all|first|random?, seed:int?");
  vs_value v[VS_MAX_ARGS];
  if (!spec) return lvs_raise(L);
  lvs_checkargs(L, 2, spec, v, "view");
  int captions = v[0].kind == VS_V_NONE ? d->captions : (int)v[0].i;
  uint64_t seed = v[1].kind == VS_V_NONE ? d->seed : (uint64_t)v[1].i;
  void **box = lvs_newbox(L, LVS_DATASET);
  bool again = false;
  do *box = vs_dataset_view(d, captions, seed);
  while (!*box && lvs_retry(L, &again));
  if (*box) return 1;
  vs_fail_prefix("view");
  return lvs_raise(L);
}

/* set:landmark_pairs() -> list of {left, right} */
static int lvs_dataset_pairs(lua_State *L) {
  const vs_dataset *d = check_set(L);
  lua_createtable(L, (int)d->npair, 0);
  for (int64_t i = 0; i < d->npair; i++) {
    lua_createtable(L, 2, 0);
    for (int k = 0; k < 2; k++) {
      lua_pushinteger(L, d->pair[2 * i + k] + 1);
      lua_rawseti(L, -2, k + 1);
    }
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

/* set:files() -> paths of its files, in the order of their samples */
static int lvs_dataset_files(lua_State *L) {
  lvs_pushstrings(L, &check_set(L)->files);
  return 1;
}

/* set:classes() -> list of names; label l is the l-th */
static int lvs_dataset_classes(lua_State *L) {
  lvs_pushstrings(L, &check_set(L)->classes);
  return 1;
}

/* set:tags() -> list of names; column g of a batch's tags is the g-th */
static int lvs_dataset_tags(lua_State *L) {
  lvs_pushstrings(L, &check_set(L)->tags);
  return 1;
}

/* set:vocab() -> list of words in the order of their ids, a new one at each call */
static int lvs_dataset_vocab(lua_State *L) {
  lvs_pushstrings(L, &check_set(L)->vocab);
  return 1;
}

static vs_tensor *make_alias(void *t) { return vs_alias(t); }

/* set:vectors() -> [V,D] word vectors, or nil */
static int lvs_dataset_vectors(lua_State *L) {
  vs_dataset *d = check_set(L);
  if (d->vectors)
    lvs_pushmade(L, make_alias, d->vectors);
  else
    lua_pushnil(L);
  return 1;
}

/* set:attrs() -> table of the file's attributes */
static int lvs_dataset_attrs(lua_State *L) {
  vs_dataset *d = check_set(L);
  lua_createtable(L, 0, d->nattr);
  for (int i = 0; i < d->nattr; i++) {
    const vs_h5attr *a = &d->attr[i];
    if (a->kind == VS_H5_INT)
      lua_pushinteger(L, a->i);
    else if (a->kind == VS_H5_NUM)
      lua_pushnumber(L, a->f);
    else
      lua_pushlstring(L, a->text, (size_t)a->i);
    lua_setfield(L, -2, a->name);
  }
  return 1;
}

/* Pushes a box with the texts of a sample's image. */
static vs_strings *texts(lua_State *L, int64_t *own) {
  vs_dataset *d = check_set(L);
  int64_t at = check_sample(L, 2, d);
  vs_strings *s = lvs_newstrings(L);
  *own = -1;
  if (d->def->captions && d->def->captions(d, at, s, own)) lvs_raise(L);
  return s;
}

/* set:captions(i) -> every text of that sample's image */
static int lvs_dataset_captions(lua_State *L) {
  int64_t own;
  lvs_pushstrings(L, texts(L, &own));
  return 1;
}

/* set:text(i) -> the sample's own text, or nil */
static int lvs_dataset_text(lua_State *L) {
  int64_t own;
  const vs_strings *s = texts(L, &own);
  if (own < 0)
    lua_pushnil(L);
  else
    lua_pushlstring(L, vs_strings_get(s, own), vs_strings_len(s, own));
  return 1;
}

/* set:id(i) -> the name that the sample's image has in its source, or nil */
static int lvs_dataset_id(lua_State *L) {
  vs_dataset *d = check_set(L);
  int64_t at = check_sample(L, 2, d);
  lua_pushstring(L, d->def->id ? d->def->id(d, at) : NULL);
  return 1;
}

static int lvs_dataset_len(lua_State *L) {
  lua_pushinteger(L, check_set(L)->n);
  return 1;
}

/* set[i] is a sample (nil beyond the ends), set.name a field or a method. */
static int lvs_dataset_index(lua_State *L) {
  vs_dataset *d = check_set(L);
  if (lua_isinteger(L, 2)) {
    lua_Integer i = lua_tointeger(L, 2);
    if (i == 0)
      return lvs_error(L, "%s: sample 0 is not in 1..%I", lvs_pushcallee(L), (lua_Integer)d->n);
    int64_t at = i < 0 ? d->n + i : i - 1;
    if (at < 0 || at >= d->n) return 0;
    lvs_pushsample(L, fetch(L, d, 0, &at, 1, NULL));
    return 1;
  }
  const char *key = lvs_checkstr(L, 2, "key", NULL);
  if (!strcmp(key, "name"))
    lua_pushstring(L, d->name);
  else if (!strcmp(key, "split"))
    lua_pushstring(L, d->split);
  else if (!strcmp(key, "path"))
    lua_pushstring(L, d->path);
  else if (!strcmp(key, "images"))
    lua_pushinteger(L, d->images);
  else
    lvs_pushmethod(L, key);
  return 1;
}

/* Pushes "Dataset emoji.h5 train: 10 images, 50 captions, 8 classes". */
static void push_sizes(lua_State *L, const vs_dataset *d) {
  const char *slash = d->path ? strrchr(d->path, '/') : NULL;
  bool images = d->captions != VS_CAPTIONS_NONE;
  if (d->path)
    lua_pushfstring(L, "Dataset %s", slash ? slash + 1 : d->path);
  else
    lua_pushstring(L, d->def->name);
  if (d->files.n > 1) lua_pushfstring(L, " (%I files)", (lua_Integer)d->files.n);
  if (d->split) lua_pushfstring(L, " %s", d->split);
  lua_pushfstring(L, ": %I %s", (lua_Integer)(images ? d->images : d->n),
                  images ? "images" : "samples");
  if (!images && d->images != d->n) lua_pushfstring(L, " of %I images", (lua_Integer)d->images);
  if (d->ncaption >= 0) lua_pushfstring(L, ", %I captions", (lua_Integer)d->ncaption);
  if (d->ncaption >= 0 && d->captions != VS_CAPTIONS_ALL)
    lua_pushfstring(L, " (%s)", vs_captions_name(d->captions));
  if (d->classes.n) lua_pushfstring(L, ", %I classes", (lua_Integer)d->classes.n);
}

static int lvs_dataset_tostring(lua_State *L) {
  vs_dataset *d = lvs_testbox(L, 1, LVS_DATASET);
  lua_settop(L, 1);
  if (!d) {
    lua_pushliteral(L, "Dataset (closed)");
    return 1;
  }
  push_sizes(L, d);
  lvs_describefields(L, d, NULL);
  lua_concat(L, lua_gettop(L) - 1);
  return 1;
}

/* --- the module --- */

/* data.files(path, pattern or list of them) -> paths, or nil and a message */
static int lvs_files(lua_State *L) {
  const vs_argspec *spec = vs_args_spec("path:paths");
  vs_value v[VS_MAX_ARGS];
  if (!spec) return lvs_raise(L);
  lvs_checkargs(L, 1, spec, v, "files");
  if (vs_args_check(spec, v)) return lvs_raise(L);
  vs_strings *s = lvs_newstrings(L);
  if (vs_files_of(v[0].strings, v[0].n, s)) return lvs_nilerror(L);
  lvs_pushstrings(L, s);
  return 1;
}

/* data.readers() -> list of {name, args, doc} */
static int lvs_readers(lua_State *L) {
  lua_createtable(L, vs_nreaders, 0);
  for (int i = 0; i < vs_nreaders; i++) {
    const char *const pair[] = {"name", vs_readers[i]->name, "args", vs_readers[i]->args,
                                "doc",  vs_readers[i]->doc};
    lua_createtable(L, 0, 3);
    for (int k = 0; k < 6; k += 2) {
      lua_pushstring(L, pair[k + 1]);
      lua_setfield(L, -2, pair[k]);
    }
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

void lvs_open_dataset(lua_State *L) {
  static const luaL_Reg methods[] = {{"batch", lvs_dataset_batch},
                                     {"fields", lvs_dataset_fields},
                                     {"view", lvs_dataset_view},
                                     {"landmark_pairs", lvs_dataset_pairs},
                                     {"files", lvs_dataset_files},
                                     {"classes", lvs_dataset_classes},
                                     {"tags", lvs_dataset_tags},
                                     {"vocab", lvs_dataset_vocab},
                                     {"vectors", lvs_dataset_vectors},
                                     {"attrs", lvs_dataset_attrs},
                                     {"captions", lvs_dataset_captions},
                                     {"text", lvs_dataset_text},
                                     {"id", lvs_dataset_id},
                                     {NULL, NULL}};
  static const luaL_Reg meta[] = {{"__index", lvs_dataset_index},
                                  {"__len", lvs_dataset_len},
                                  {"__tostring", lvs_dataset_tostring},
                                  {NULL, NULL}};
  static const luaL_Reg functions[] = {
      {"readers", lvs_readers}, {"files", lvs_files}, {NULL, NULL}};
  lvs_newclass(L, LVS_DATASET, methods, meta, free_dataset);
  lvs_setfunctions(L, "data", functions);
  lua_getfield(L, -1, "data");
  for (int i = 0; i < vs_nreaders; i++) {
    if (!vs_reader_spec(vs_readers[i])) lvs_raise(L);
    lua_pushlightuserdata(L, (void *)(uintptr_t)vs_readers[i]);
    lua_pushcclosure(L, lvs_reader, 1);
    lua_setfield(L, -2, vs_readers[i]->name);
  }
  lua_pop(L, 1);
}
