/* vs.data: the readers of readers.def, data sets and loaders as Lua sees them.
 *
 * A batch is a plain table of tensors (and the list of texts).  What C made for it is owned by a
 * box until each tensor has a box of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bind/bind.h"
#include "bind/options.h"
#include "core/profile.h"
#include "core/random.h"
#include "data/loader.h"
#include "io/folder.h"

#define LVS_DATASET "vesper.Dataset"
#define LVS_LOADER "vesper.Loader"
#define LVS_PASS "vesper.Pass"
#define LVS_BATCH "vesper.Batch"
#define LVS_TEXTS "vesper.Texts"

typedef struct loader {
  vs_dataset *set;
  vs_loaderopt opt;
  int64_t epoch, batch; /* epochs begun; batches given of the running one */
  int64_t resume;       /* batches of `epoch` that the next loop passes over; -1: a new epoch */
  vs_pass *pass;        /* of `for batch in loader`; NULL between loops */
  const void *last;     /* the table given last: tells the loop that is running from another */
} loader;

static void free_dataset(void *p) { vs_dataset_unref(p); }
static void free_pass(void *p) { vs_pass_free(p); }

static void free_batch(void *p) {
  if (p) vs_batch_clear(p);
  free(p);
}

static void free_texts(void *p) {
  if (p) vs_strings_free(p);
  free(p);
}

static void free_loader(void *p) {
  loader *l = p;
  if (!l) return;
  vs_pass_free(l->pass);
  vs_dataset_unref(l->set);
  free(l);
}

/* Pushes a box with zeroed memory of its own in it. */
static void *new_zeroed(lua_State *L, const char *class, size_t bytes) {
  void **box = lvs_newbox(L, class);
  bool again = false;
  while (!(*box = vs_new0(bytes)))
    if (!lvs_retry(L, &again)) lvs_raise(L);
  return *box;
}

/* Pushes the method of that name of the object at 1, or nil. */
static void push_method(lua_State *L, const char *key) {
  luaL_getmetafield(L, 1, "methods");
  lua_getfield(L, -1, key);
}

static void push_strings(lua_State *L, const vs_strings *s) {
  lua_createtable(L, (int)VS_MIN(s->n, 1 << 24), 0);
  for (int64_t i = 0; i < s->n; i++) {
    lua_pushlstring(L, vs_strings_get(s, i), vs_strings_len(s, i));
    lua_rawseti(L, -2, i + 1);
  }
}

/* Moves the tensors of a batch into a new table on the stack. */
static void push_batch(lua_State *L, vs_batch *b) {
  lua_createtable(L, 0, b->nfield + 1);
  for (int i = 0; i < b->nfield; i++) {
    void **box = lvs_newbox(L, LVS_TENSOR);
    *box = b->field[i].t;
    b->field[i].t = NULL;
    lua_setfield(L, -2, b->field[i].name);
  }
  if (b->text.n == 0) return;
  push_strings(L, &b->text);
  lua_setfield(L, -2, "text");
}

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
    if (lua_type(L, -2) != LUA_TSTRING) lvs_error(L, "%s: expected names before the tensors", what);
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
    lvs_error(L, "sample %I is not in 1..%I", i, (lua_Integer)d->n);
  return at;
}

/* Pushes a batch box with those samples in it; tries again after a collection. */
static vs_batch *fetch(lua_State *L, const vs_dataset *d, int64_t epoch, const int64_t *index,
                       int64_t n) {
  vs_batch *b = new_zeroed(L, LVS_BATCH, sizeof *b);
  lvs_maybe_collect(L);
  vs_span span;
  bool again = false;
  int rc;
  do {
    bool counted = vs_span_begin(&span);
    rc = vs_dataset_fetch(d, epoch, index, n, b);
    if (counted) vs_span_end(&span, "Dataset", VS_IN_OTHER, 0);
  } while (rc && lvs_retry(L, &again));
  if (rc) lvs_raise(L);
  return b;
}

static vs_tensor *make_row(void *t) { return vs_select(t, 0, 0); }

/* One sample: the rows of a batch of one; whole numbers as integers. */
static int push_sample(lua_State *L, const vs_dataset *d, int64_t at) {
  vs_batch *b = fetch(L, d, 0, &at, 1);
  lua_createtable(L, 0, b->nfield + 1);
  for (int i = 0; i < b->nfield; i++) {
    vs_tensor *t = b->field[i].t;
    if (t->ndim == 1 && t->dtype == VS_INT64)
      lua_pushinteger(L, vs_ints(t)[0]);
    else
      lvs_pushmade(L, make_row, t);
    lua_setfield(L, -2, b->field[i].name);
  }
  if (b->text.n > 0) {
    lua_pushstring(L, vs_strings_get(&b->text, 0));
    lua_setfield(L, -2, "text");
  }
  return 1;
}

/* set:batch(list or int64 tensor [, epoch]) -> those samples as a batch */
static int lvs_dataset_batch(lua_State *L) {
  vs_dataset *d = check_set(L);
  vs_tensor *t = lvs_testtensor(L, 2);
  lua_Integer epoch = lua_isnoneornil(L, 3) ? 0 : lvs_checkint(L, 3, "epoch");
  if (!t) lvs_checktype(L, 2, LUA_TTABLE, "samples");
  if (t && (t->dtype != VS_INT64 || t->ndim != 1))
    lvs_error(L, "batch: samples are %s %s, expected int64 [B]", vs_dtype_name(t->dtype),
              vs_shape_str(t));
  int64_t n = t ? t->numel : (int64_t)lua_rawlen(L, 2);
  if (n == 0) lvs_error(L, "batch: no samples asked for");
  int64_t *index = lua_newuserdatauv(L, (size_t)n * sizeof *index, 0);
  for (int64_t i = 0; i < n; i++) {
    if (t)
      lua_pushinteger(L, vs_get_int(t, i * t->stride[0]));
    else
      lua_rawgeti(L, 2, i + 1);
    index[i] = check_sample(L, -1, d);
    lua_pop(L, 1);
  }
  push_batch(L, fetch(L, d, epoch, index, n));
  return 1;
}

/* set:classes() -> list of names; label l is the l-th */
static int lvs_dataset_classes(lua_State *L) {
  push_strings(L, &check_set(L)->classes);
  return 1;
}

/* set:tags() -> list of names; column g of a batch's tags is the g-th */
static int lvs_dataset_tags(lua_State *L) {
  push_strings(L, &check_set(L)->tags);
  return 1;
}

/* set:vocab() -> list of words in the order of their ids, made anew at each call */
static int lvs_dataset_vocab(lua_State *L) {
  push_strings(L, &check_set(L)->vocab);
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
      lua_pushstring(L, a->text);
    lua_setfield(L, -2, a->name);
  }
  return 1;
}

/* Pushes a box with the texts of a sample's image. */
static vs_strings *texts(lua_State *L, int64_t *own) {
  vs_dataset *d = check_set(L);
  int64_t at = check_sample(L, 2, d);
  vs_strings *s = new_zeroed(L, LVS_TEXTS, sizeof *s);
  *own = -1;
  if (d->def->captions && d->def->captions(d, at, s, own)) lvs_raise(L);
  return s;
}

/* set:captions(i) -> every text of that sample's image */
static int lvs_dataset_captions(lua_State *L) {
  int64_t own;
  push_strings(L, texts(L, &own));
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
    if (i == 0) return lvs_error(L, "sample 0 is not in 1..%I", (lua_Integer)d->n);
    int64_t at = i < 0 ? d->n + i : i - 1;
    if (at < 0 || at >= d->n) return 0;
    return push_sample(L, d, at);
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
    push_method(L, key);
  return 1;
}

static int lvs_dataset_tostring(lua_State *L) {
  vs_dataset *d = lvs_testbox(L, 1, LVS_DATASET);
  if (!d)
    lua_pushliteral(L, "Dataset (closed)");
  else
    lua_pushfstring(L, "Dataset %s%s%s: %I samples of %I images, %I classes, %I words",
                    d->name ? d->name : d->def->name, d->split ? " " : "", d->split ? d->split : "",
                    (lua_Integer)d->n, (lua_Integer)d->images, (lua_Integer)d->classes.n,
                    (lua_Integer)d->vocab.n);
  return 1;
}

/* --- loaders --- */

/* A seed of the process-wide generator, for a shuffling loader without one of its own. */
static uint64_t some_seed(void) {
  vs_rng r = vs_rng_take();
  return (uint64_t)vs_rng_bits(r, 0) << 32 | vs_rng_bits(r, 1);
}

/* data.Loader(set, {batch_size, shuffle, seed, workers, drop_last}) */
static int lvs_loader_new(lua_State *L) {
  vs_dataset *d = check_set(L);
  static const char args[] =
      "batch_size:int=32, shuffle:bool=false, seed:int?, workers:int=0, drop_last:bool=false, "
      "crop:int=0, flip:num=0, jitter:num=0, erase:num=0, chunks:int=0";
  const vs_argspec *spec = vs_args_spec(args);
  vs_value v[VS_MAX_ARGS];
  if (!spec) return lvs_raise(L);
  lvs_checkargs(L, 2, spec, v, "Loader");
  if (vs_args_check(spec, v)) return lvs_raise(L);
  if (v[0].i < 1)
    return lvs_error(L, "Loader: batch_size is %I, expected at least 1", (lua_Integer)v[0].i);
  if (v[3].i < 0 || v[3].i > VS_MAX_WORKERS)
    return lvs_error(L, "Loader: workers is %I, expected 0 to %d", (lua_Integer)v[3].i,
                     VS_MAX_WORKERS);
  vs_augment augment = {.crop = v[5].i, .flip = v[6].f, .jitter = v[7].f, .erase = v[8].f};
  vs_loaderopt o = {.batch_size = v[0].i,
                    .shuffle = v[1].i,
                    .workers = (int)v[3].i,
                    .drop_last = v[4].i,
                    .chunks = v[9].i,
                    .augment = augment};
  if (vs_augment_check(&augment) || vs_loader_check(d, &o)) {
    vs_fail_prefix("Loader");
    return lvs_raise(L);
  }
  loader *l = new_zeroed(L, LVS_LOADER, sizeof *l);
  l->opt = o;
  bool random = l->opt.shuffle || vs_augment_any(&augment);
  l->opt.seed = v[2].kind != VS_V_NONE ? (uint64_t)v[2].i : random ? some_seed() : 0;
  l->resume = -1;
  l->set = vs_dataset_ref(d);
  return 1;
}

static loader *check_loader(lua_State *L) { return lvs_checkbox(L, 1, LVS_LOADER); }

/* Begins an epoch, or goes on in the one that load_state named. */
static vs_pass *begin(lua_State *L, loader *l) {
  int64_t first = VS_MAX(l->resume, 0), epoch = l->resume > 0 ? l->epoch : l->epoch + 1;
  vs_pass *p;
  bool again = false;
  do p = vs_pass_new(l->set, &l->opt, epoch, first);
  while (!p && lvs_retry(L, &again));
  if (!p) return NULL;
  l->epoch = epoch;
  l->batch = first;
  l->resume = -1;
  return p;
}

/* Pushes the next batch, or nil at the end.  Keeps the loader's count where `l` is given. */
static bool push_next(lua_State *L, vs_pass *p, loader *l) {
  vs_batch *b;
  lvs_maybe_collect(L);
  bool again = false;
  int rc;
  do rc = vs_pass_next(p, &b);
  while (rc < 0 && lvs_retry(L, &again));
  if (rc < 0) lvs_raise(L);
  if (l) l->batch = rc ? l->batch + 1 : 0;
  if (rc)
    push_batch(L, b);
  else
    lua_pushnil(L);
  return rc == 1;
}

/* for batch in loader: called with (loader, nil, the batch before); nil before the first one. */
static int lvs_loader_call(lua_State *L) {
  loader *l = check_loader(L);
  lua_settop(L, 3);
  if (lua_isnil(L, 3)) {
    vs_pass_free(l->pass);
    l->pass = NULL;
    l->pass = begin(L, l);
    if (!l->pass) return lvs_raise(L);
  } else if (!l->pass || lua_topointer(L, 3) != l->last) {
    return lvs_error(
        L, "this loader is already in another loop: use loader:batches() for loops inside loops");
  }
  if (push_next(L, l->pass, l)) {
    l->last = lua_topointer(L, -1);
  } else {
    vs_pass_free(l->pass);
    l->pass = NULL;
  }
  return 1;
}

static int next_of_pass(lua_State *L) {
  vs_pass *p = lvs_checkbox(L, lua_upvalueindex(1), LVS_PASS);
  push_next(L, p, NULL);
  return 1;
}

/* for batch in loader:batches(): an epoch of its own, closed as soon as the loop is left */
static int lvs_loader_batches(lua_State *L) {
  loader *l = check_loader(L);
  void **box = lvs_newbox(L, LVS_PASS);
  lua_pushvalue(L, -1);
  lua_pushcclosure(L, next_of_pass, 1);
  *box = begin(L, l); /* counts the epoch: nothing raises after it */
  if (!*box) return lvs_raise(L);
  l->batch = 0;
  lua_pushnil(L);
  lua_pushnil(L);
  lua_pushvalue(L, -4);
  return 4;
}

static int lvs_loader_len(lua_State *L) {
  const loader *l = check_loader(L);
  lua_pushinteger(L, vs_loader_batches(l->set->n, &l->opt));
  return 1;
}

/* What decides which samples a batch holds and what is done to them, beside seed and position:
 * field i of the loader, pushed. */
enum { NSETTING = 9 };
static const char *push_setting(lua_State *L, const loader *l, int i) {
  const vs_augment *a = &l->opt.augment;
  switch (i) {
    case 0: return lua_pushinteger(L, l->set->n), "samples";
    case 1: return lua_pushinteger(L, l->opt.batch_size), "batch_size";
    case 2: return lua_pushboolean(L, l->opt.shuffle), "shuffle";
    case 3: return lua_pushboolean(L, l->opt.drop_last), "drop_last";
    case 4: return lua_pushinteger(L, l->opt.chunks), "chunks";
    case 5: return lua_pushinteger(L, a->crop), "crop";
    case 6: return lua_pushnumber(L, a->flip), "flip";
    case 7: return lua_pushnumber(L, a->jitter), "jitter";
    default: return lua_pushnumber(L, a->erase), "erase";
  }
}

static bool push_named_setting(lua_State *L, const loader *l, const char *key) {
  for (int i = 0; i < NSETTING; i++) {
    if (!strcmp(push_setting(L, l, i), key)) return true;
    lua_pop(L, 1);
  }
  return false;
}

/* loader:state() -> {seed, epoch, batch, and the settings}: epochs begun, and batches given of the
 * running one (0: none is running) */
static int lvs_loader_state(lua_State *L) {
  const loader *l = check_loader(L);
  lua_createtable(L, 0, 3 + NSETTING);
  lua_pushinteger(L, (lua_Integer)l->opt.seed);
  lua_setfield(L, -2, "seed");
  lua_pushinteger(L, l->epoch);
  lua_setfield(L, -2, "epoch");
  lua_pushinteger(L, l->batch);
  lua_setfield(L, -2, "batch");
  for (int i = 0; i < NSETTING; i++) {
    const char *name = push_setting(L, l, i);
    lua_setfield(L, -2, name);
  }
  return 1;
}

/* Raises where a setting that the state at 2 has differs from the loader's. */
static void check_settings(lua_State *L, const loader *l) {
  for (int i = 0; i < NSETTING; i++) {
    const char *name = push_setting(L, l, i);
    int here = lua_gettop(L), there = here + 1;
    if (lua_getfield(L, 2, name) != LUA_TNIL && !lua_compare(L, here, there, LUA_OPEQ)) {
      const char *mine = luaL_tolstring(L, here, NULL);
      lvs_error(L, "load_state: %s is %s here, %s in the state", name, mine,
                luaL_tolstring(L, there, NULL));
    }
    lua_pop(L, 2);
  }
}

/* loader:load_state(state): the next loop goes on where the state was taken */
static int lvs_loader_load_state(lua_State *L) {
  loader *l = check_loader(L);
  lvs_checktype(L, 2, LUA_TTABLE, "state");
  lvs_checkoptions(L, 2,
                   "seed|epoch|batch|samples|batch_size|shuffle|drop_last|chunks|crop|flip|jitter|"
                   "erase",
                   "load_state");
  check_settings(L, l);
  int64_t seed = lvs_optint(L, 2, "seed", INT64_MIN, INT64_MAX, (int64_t)l->opt.seed);
  int64_t epoch = lvs_optint(L, 2, "epoch", 0, INT64_MAX - 1, 0);
  int64_t most = vs_loader_batches(l->set->n, &l->opt);
  int64_t batch = lvs_optint(L, 2, "batch", 0, most, 0) % VS_MAX(most, 1);
  vs_pass_free(l->pass);
  l->pass = NULL;
  l->opt.seed = (uint64_t)seed;
  l->epoch = epoch;
  l->batch = batch;
  l->resume = batch > 0 && epoch > 0 ? batch : -1;
  return 0;
}

static int lvs_loader_index(lua_State *L) {
  const loader *l = check_loader(L);
  const char *key = lvs_checkstr(L, 2, "key", NULL);
  if (!strcmp(key, "epoch"))
    lua_pushinteger(L, l->epoch);
  else if (!strcmp(key, "seed"))
    lua_pushinteger(L, (lua_Integer)l->opt.seed);
  else if (!strcmp(key, "workers"))
    lua_pushinteger(L, l->opt.workers);
  else if (!strcmp(key, "set"))
    *lvs_newbox(L, LVS_DATASET) = vs_dataset_ref(l->set);
  else if (!push_named_setting(L, l, key))
    push_method(L, key);
  return 1;
}

/* loader.epoch = e: e epochs count as done, the next loop is epoch e + 1. */
static int lvs_loader_newindex(lua_State *L) {
  loader *l = check_loader(L);
  const char *key = lvs_checkstr(L, 2, "key", NULL);
  if (strcmp(key, "epoch")) return lvs_error(L, "Loader: %s cannot be set", key);
  lua_Integer epoch = lvs_checkint(L, 3, "epoch");
  if (epoch < 0) return lvs_error(L, "Loader: epoch is %I, expected at least 0", epoch);
  l->epoch = epoch;
  l->resume = -1;
  return 0;
}

/* loader:close(): stops the workers; a loop that follows starts anew */
static int lvs_loader_close(lua_State *L) {
  loader *l = check_loader(L);
  vs_pass_free(l->pass);
  l->pass = NULL;
  return 0;
}

static int lvs_loader_tostring(lua_State *L) {
  const loader *l = lvs_testbox(L, 1, LVS_LOADER);
  if (!l)
    lua_pushliteral(L, "Loader (closed)");
  else
    lua_pushfstring(L, "Loader: %I batches of %I, %d workers, epoch %I",
                    (lua_Integer)vs_loader_batches(l->set->n, &l->opt),
                    (lua_Integer)l->opt.batch_size, l->opt.workers, (lua_Integer)l->epoch);
  return 1;
}

/* --- the module --- */

/* data.permutation(n, seed) -> list of 1..n in an order that depends on the seed alone */
static int lvs_permutation(lua_State *L) {
  lua_Integer n = lvs_checkint(L, 1, "n"), seed = lvs_checkint(L, 2, "seed");
  if (n < 0 || n > 1 << 28)
    return lvs_error(L, "permutation: n is %I, expected 0 to %d", n, 1 << 28);
  int64_t *order = lua_newuserdatauv(L, (size_t)(n + 1) * sizeof *order, 0);
  vs_rng_permutation((vs_rng){(uint64_t)seed, 0}, n, order);
  lua_createtable(L, (int)n, 0);
  for (lua_Integer i = 0; i < n; i++) {
    lua_pushinteger(L, order[i] + 1);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

/* data.find(folder, ending) -> files below it whose paths end so, or nil and a message */
static int lvs_find(lua_State *L) {
  const char *folder = lvs_checkstr(L, 1, "folder", NULL),
             *ending = lvs_checkstr(L, 2, "ending", NULL);
  vs_strings *s = new_zeroed(L, LVS_TEXTS, sizeof *s);
  if (vs_folder_find(folder, ending, s)) return lvs_nilerror(L);
  push_strings(L, s);
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

static void open_classes(lua_State *L) {
  static const luaL_Reg set_methods[] = {{"batch", lvs_dataset_batch},
                                         {"classes", lvs_dataset_classes},
                                         {"tags", lvs_dataset_tags},
                                         {"vocab", lvs_dataset_vocab},
                                         {"vectors", lvs_dataset_vectors},
                                         {"attrs", lvs_dataset_attrs},
                                         {"captions", lvs_dataset_captions},
                                         {"text", lvs_dataset_text},
                                         {"id", lvs_dataset_id},
                                         {NULL, NULL}};
  static const luaL_Reg set_meta[] = {{"__index", lvs_dataset_index},
                                      {"__len", lvs_dataset_len},
                                      {"__tostring", lvs_dataset_tostring},
                                      {NULL, NULL}};
  static const luaL_Reg loader_methods[] = {{"batches", lvs_loader_batches},
                                            {"state", lvs_loader_state},
                                            {"load_state", lvs_loader_load_state},
                                            {"close", lvs_loader_close},
                                            {NULL, NULL}};
  static const luaL_Reg loader_meta[] = {
      {"__call", lvs_loader_call},         {"__index", lvs_loader_index},
      {"__len", lvs_loader_len},           {"__newindex", lvs_loader_newindex},
      {"__tostring", lvs_loader_tostring}, {NULL, NULL}};
  static const luaL_Reg none[] = {{NULL, NULL}};
  lvs_newclass(L, LVS_DATASET, set_methods, set_meta, free_dataset);
  lvs_newclass(L, LVS_LOADER, loader_methods, loader_meta, free_loader);
  lvs_newclass(L, LVS_PASS, none, none, free_pass);
  lvs_newclass(L, LVS_BATCH, none, none, free_batch);
  lvs_newclass(L, LVS_TEXTS, none, none, free_texts);
}

void lvs_open_data(lua_State *L) {
  static const luaL_Reg functions[] = {{"Loader", lvs_loader_new},
                                       {"permutation", lvs_permutation},
                                       {"find", lvs_find},
                                       {"readers", lvs_readers},
                                       {NULL, NULL}};
  open_classes(L);
  luaL_getsubtable(L, -1, "data");
  luaL_setfuncs(L, functions, 0);
  for (int i = 0; i < vs_nreaders; i++) {
    if (!vs_reader_spec(vs_readers[i])) lvs_raise(L);
    lua_pushlightuserdata(L, (void *)vs_readers[i]);
    lua_pushcclosure(L, lvs_reader, 1);
    lua_setfield(L, -2, vs_readers[i]->name);
  }
  lua_pop(L, 1);
}
