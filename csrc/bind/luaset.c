/* data.LuaDataset: a data set whose samples a Lua function makes.
 *
 * fetch calls the function once a sample, protected, on the state that called set:batch or runs the
 * loop over a loader; so it never runs in a worker thread.  The first sample that is seen decides
 * which fields there are, of which kind, dtype and shape; it is the only state that changes after
 * opening.  The function is referenced from the registry until C frees the data set: one that
 * refers to its own data set keeps it alive. */
#include <stdlib.h>
#include <string.h>

#include "bind/dataset.h"
#include "bind/options.h"
#include "bind/strings.h"
#include "text/ids.h"

/* The state that fetches on this thread. */
static _Thread_local lua_State *running;

lua_State *lvs_beginfetch(lua_State *L, vs_dataset *d) {
  lua_State *outer = running;
  running = L;
  vs_dataset_ref(d);
  return outer;
}

void lvs_endfetch(lua_State *outer, vs_dataset *d) {
  running = outer;
  vs_dataset_unref(d);
}

/* --- what the fields of a sample are --- */

typedef struct luafield {
  char name[VS_MAX_FIELD_NAME];
  enum { TENSOR, INTEGER, NUMBER, TEXT, TOKENS, INTEGERS } kind;
  vs_dtype dtype; /* of a tensor */
  int ndim;
  int64_t shape[VS_MAX_DIM]; /* of a tensor; of a list of integers the length */
} luafield;

typedef struct luaset {
  lua_State *main; /* L itself, a coroutine, may be dead when the reference is released */
  int get;         /* reference in the registry */
  int64_t first;   /* the sample that decided the fields, from 0; -1: none has been seen */
  int nfield;
  luafield field[VS_MAX_FIELDS];
} luaset;

/* A batch being made.  at: the sample that is looked at, -1 between them; rc: -1 when C failed. */
typedef struct job {
  const vs_dataset *d;
  luaset *s;
  int64_t epoch;
  const int64_t *index;
  int64_t n;
  vs_batch *b;
  int64_t at;
  int rc;
  vs_ids tokens;
} job;

static bool is_whole(lua_State *L, int index) {
  int whole = 0;
  if (lua_type(L, index) == LUA_TNUMBER) lua_tointegerx(L, index, &whole);
  return whole;
}

/* Fields that are integers whatever other samples have. */
static bool is_count(const char *name) {
  return !strcmp(name, "label") || !strcmp(name, "item") || !strcmp(name, "index") ||
         !strcmp(name, "image_index");
}

static void check_integers(lua_State *L, int index, const char *name) {
  lua_Integer later, hole = lvs_hole(L, index, &later);
  if (hole != 0) luaL_error(L, "%s has no entry %I, but an entry %I", name, hole, later);
  for (lua_Integer i = 1, n = (lua_Integer)lua_rawlen(L, index); i <= n; i++) {
    lua_rawgeti(L, index, i);
    if (!is_whole(L, -1)) luaL_error(L, "entry %I of %s is not an integer", i, name);
    lua_pop(L, 1);
  }
}

/* What the value at index, field `name` of a sample, is. */
static void read_kind(lua_State *L, int index, const char *name, luafield *f) {
  const vs_tensor *t = lvs_testtensor(L, index);
  *f = (luafield){0};
  if (strlen(name) >= sizeof f->name) luaL_error(L, "the name %s is too long", name);
  strcpy(f->name, name);
  if (t && !strcmp(name, "tokens") && t->ndim == 1 && t->dtype == VS_INT64) {
    f->kind = TOKENS;
  } else if (t) {
    if (t->ndim == VS_MAX_DIM) luaL_error(L, "%s has %d dimensions", name, t->ndim);
    f->kind = TENSOR;
    f->dtype = t->dtype;
    f->ndim = t->ndim;
    memcpy(f->shape, t->shape, (size_t)t->ndim * sizeof *f->shape);
  } else if (lua_type(L, index) == LUA_TNUMBER) {
    bool count = is_count(name);
    if (count && !is_whole(L, index))
      luaL_error(L, "%s is %s, expected an integer", name, lvs_pushtext(L, index));
    f->kind = count || lua_isinteger(L, index) ? INTEGER : NUMBER;
  } else if (lua_type(L, index) == LUA_TSTRING && !strcmp(name, "text")) {
    f->kind = TEXT;
  } else if (lua_istable(L, index)) {
    check_integers(L, index, name);
    f->kind = !strcmp(name, "tokens") ? TOKENS : INTEGERS;
    f->shape[0] = f->kind == TOKENS ? 0 : (int64_t)lua_rawlen(L, index);
  } else {
    luaL_error(L,
               "%s is a %s, expected a tensor, a number, a list of integers, or a string in text",
               name, lvs_typename(L, index));
  }
}

/* Pushes "uint8 [3,4,4]" or the like. */
static const char *push_kind(lua_State *L, const luafield *f) {
  switch (f->kind) {
    case TENSOR:
      return lua_pushfstring(L, "%s %s", vs_dtype_name(f->dtype), vs_dims_str(f->ndim, f->shape));
    case INTEGERS: return lua_pushfstring(L, "a list of %I integers", (lua_Integer)f->shape[0]);
    case INTEGER: return lua_pushliteral(L, "an integer");
    case NUMBER: return lua_pushliteral(L, "a float");
    case TEXT: return lua_pushliteral(L, "a string");
    default: return lua_pushliteral(L, "a list of integers");
  }
}

static bool same_kind(const luafield *a, const luafield *b) {
  return a->kind == b->kind && a->dtype == b->dtype && a->ndim == b->ndim &&
         !memcmp(a->shape, b->shape, sizeof a->shape);
}

static const luafield *find_field(const luaset *s, const char *name) {
  for (int i = 0; i < s->nfield; i++) {
    if (!strcmp(s->field[i].name, name)) return &s->field[i];
  }
  return NULL;
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const luafield *)a)->name, ((const luafield *)b)->name);
}

/* The fields of the sample at index, which is the first one. */
static void learn(lua_State *L, int index, job *j) {
  luafield field[VS_MAX_FIELDS];
  int n = 0;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    if (n == VS_MAX_FIELDS) luaL_error(L, "has more than %d fields", VS_MAX_FIELDS);
    read_kind(L, lua_gettop(L), lua_tostring(L, -2), &field[n++]);
  }
  if (n == 0) luaL_error(L, "has no fields");
  qsort(field, (size_t)n, sizeof *field, by_name);
  bool lists = false, lengths = false;
  for (int i = 0; i < n; i++) {
    lists |= field[i].kind == TOKENS;
    lengths |= !strcmp(field[i].name, "lengths");
  }
  if (lists && lengths) luaL_error(L, "has lengths, which are counted from tokens");
  luaset *s = j->s;
  memcpy(s->field, field, (size_t)n * sizeof *field);
  s->nfield = n;
  s->first = j->at;
}

/* The sample at index has the fields of the first. */
static void check_sample(lua_State *L, int index, const job *j) {
  const luaset *s = j->s;
  lua_Integer first = s->first + 1;
  luafield f;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    const char *name = lua_tostring(L, -2);
    const luafield *want = find_field(s, name);
    if (!want) luaL_error(L, "has a field %s, unlike sample %I", name, first);
    read_kind(L, lua_gettop(L), name, &f);
    if (!same_kind(&f, want)) {
      const char *got = push_kind(L, &f);
      luaL_error(L, "%s is %s, in sample %I it is %s", name, got, first, push_kind(L, want));
    }
  }
  for (int i = 0; i < s->nfield; i++) {
    lua_pushstring(L, s->field[i].name);
    if (lua_rawget(L, index) == LUA_TNIL)
      luaL_error(L, "has no field %s, unlike sample %I", s->field[i].name, first);
    lua_pop(L, 1);
  }
}

/* Pushes sample `at` as the function makes it, checked. */
static void push_sample(lua_State *L, job *j, int64_t at) {
  j->at = at;
  lua_rawgeti(L, LUA_REGISTRYINDEX, j->s->get);
  lua_pushinteger(L, at + 1);
  lua_pushinteger(L, j->epoch);
  lua_call(L, 2, 1);
  if (!lua_istable(L, -1))
    luaL_error(L, "get returned a %s, expected a table", lvs_typename(L, -1));
  int index = lua_gettop(L);
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
    if (lua_type(L, -2) != LUA_TSTRING) luaL_error(L, "has a key that is no name");
  if (j->s->first < 0)
    learn(L, index, j);
  else
    check_sample(L, index, j);
}

/* --- a batch --- */

/* The tensors of the batch, uninitialised; tokens and texts come row by row. */
static int make_tensors(job *j) {
  const luaset *s = j->s;
  for (int i = 0; i < s->nfield; i++) {
    const luafield *f = &s->field[i];
    if (!vs_batch_wants(j->b, f->name)) continue;
    int64_t shape[VS_MAX_DIM] = {j->n};
    int ndim = f->kind == TENSOR ? f->ndim : f->kind == INTEGERS;
    for (int d = 0; d < ndim; d++) shape[d + 1] = f->shape[d];
    vs_dtype dtype = f->kind == TENSOR ? f->dtype : f->kind == NUMBER ? VS_REAL : VS_INT64;
    if (f->kind == TEXT)
      j->b->has_text = true;
    else if (f->kind != TOKENS && !vs_batch_add(j->b, f->name, dtype, ndim + 1, shape))
      return -1;
  }
  return 0;
}

static int put_tensor(vs_tensor *out, int64_t row, vs_tensor *t) {
  vs_tensor *to = vs_select(out, 0, row);
  int rc = to ? vs_copy(to, t) : -1;
  vs_unref(to);
  return rc;
}

/* One row of ids from the list or tensor on top; no tokens are one unknown word. */
static int put_tokens(lua_State *L, vs_ids *ids) {
  const vs_tensor *t = lvs_testtensor(L, -1);
  int64_t n = t ? t->numel : (int64_t)lua_rawlen(L, -1);
  for (int64_t i = 0; i < n; i++) {
    int64_t id;
    if (t) {
      id = vs_get_int(t, i * t->stride[0]);
    } else {
      lua_rawgeti(L, -1, i + 1);
      id = lua_tointeger(L, -1);
      lua_pop(L, 1);
    }
    if (vs_ids_push(ids, id)) return -1;
  }
  if (n == 0 && vs_ids_push(ids, 2)) return -1;
  return vs_ids_end_row(ids);
}

/* The value on top as row `row` of its field. */
static int put_field(lua_State *L, job *j, const luafield *f, int64_t row) {
  vs_tensor *out = vs_batch_get(j->b, f->name);
  size_t n;
  switch (f->kind) {
    case TENSOR: return put_tensor(out, row, lvs_testtensor(L, -1));
    case INTEGER: vs_ints(out)[row] = lua_tointeger(L, -1); return 0;
    case NUMBER: vs_reals(out)[row] = (vs_real)lua_tonumber(L, -1); return 0;
    case TEXT: {
      const char *text = lua_tolstring(L, -1, &n);
      return vs_strings_add(&j->b->text, text, n);
    }
    case TOKENS: return put_tokens(L, &j->tokens);
    default:
      for (int64_t i = 0; i < f->shape[0]; i++) {
        lua_rawgeti(L, -1, i + 1);
        vs_ints(out)[row * f->shape[0] + i] = lua_tointeger(L, -1);
        lua_pop(L, 1);
      }
      return 0;
  }
}

static int put_sample(lua_State *L, int index, job *j, int64_t row) {
  int rc = 0;
  for (int i = 0; rc == 0 && i < j->s->nfield; i++) {
    const luafield *f = &j->s->field[i];
    if (!vs_batch_wants(j->b, f->kind == TOKENS ? "lengths" : f->name)) continue;
    lua_pushstring(L, f->name);
    lua_rawget(L, index);
    rc = put_field(L, j, f, row);
    lua_pop(L, 1);
  }
  return rc;
}

static int finish(job *j) {
  vs_batch *b = j->b;
  const luafield *tokens = find_field(j->s, "tokens");
  if (tokens && tokens->kind == TOKENS && vs_batch_wants(b, "lengths")) {
    if (vs_batch_wants(b, "tokens") && vs_batch_give(b, "tokens", vs_ids_padded(&j->tokens, 1)))
      return -1;
    if (vs_batch_give(b, "lengths", vs_ids_lengths(&j->tokens))) return -1;
  }
  if (vs_batch_get(b, "index")) return 0;
  vs_tensor *at = vs_batch_add(b, "index", VS_INT64, 1, &j->n);
  for (int64_t i = 0; at && i < j->n; i++) vs_ints(at)[i] = j->index[i] + 1;
  return at ? 0 : -1;
}

/* (job): everything that may raise. */
static int protected_fetch(lua_State *L) {
  job *j = lua_touserdata(L, 1);
  for (int64_t i = 0; i < j->n; i++) {
    lua_settop(L, 1);
    push_sample(L, j, j->index[i]);
    if (i == 0) j->rc = make_tensors(j);
    if (j->rc == 0) j->rc = put_sample(L, 2, j, i);
    if (j->rc) return 0;
    j->at = -1;
  }
  if (j->n == 0 && j->s->first < 0 && j->d->n > 0) push_sample(L, j, 0);
  if (j->n == 0) j->rc = make_tensors(j);
  if (j->rc == 0) j->rc = finish(j);
  return 0;
}

static int luaset_fetch(const vs_dataset *d, int64_t epoch, const int64_t *index, int64_t n,
                        vs_batch *b) {
  lua_State *L = running;
  job j = {.d = d, .s = d->state, .epoch = epoch, .index = index, .n = n, .b = b, .at = -1};
  if (!L || !lua_checkstack(L, 8)) return vs_fail("LuaDataset: the Lua stack is full");
  lua_pushcfunction(L, protected_fetch);
  lua_pushlightuserdata(L, &j);
  int status = lua_pcall(L, 1, 0, 0);
  vs_ids_free(&j.tokens);
  if (status == LUA_OK) return j.rc;
  const char *why = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "an error object";
  if (j.at >= 0)
    vs_fail("LuaDataset: sample %lld: %s", (long long)j.at + 1, why);
  else
    vs_fail("LuaDataset: %s", why);
  lua_pop(L, 1);
  return -1;
}

/* --- life --- */

enum { SIZE, IMAGES }; /* arguments */

static int luaset_open(vs_dataset *d, const vs_value *v, const vs_field *field, int nfield) {
  (void)field, (void)nfield;
  luaset *s = d->state = vs_new0(sizeof *s);
  if (!s) return -1;
  s->get = LUA_NOREF;
  s->first = -1;
  d->n = v[SIZE].i;
  d->images = v[IMAGES].kind == VS_V_NONE ? d->n : v[IMAGES].i;
  return 0;
}

static void luaset_close(vs_dataset *d) {
  luaset *s = d->state;
  if (!s) return;
  if (s->get != LUA_NOREF) luaL_unref(s->main, LUA_REGISTRYINDEX, s->get);
  free(s);
}

/* Not in readers.def: its constructor takes a function. */
static const vs_readerdef reader = {
    .name = "LuaDataset",
    .args = "size:int, images:int?",
    .flags = VS_READ_LUA,
    .open = luaset_open,
    .fetch = luaset_fetch,
    .close = luaset_close,
};

static void move_strings(vs_strings *to, vs_strings *from) {
  if (!from) return;
  *to = *from;
  *from = (vs_strings){0};
}

/* The pairs as C counts them; may fail, and the set is then freed by its box. */
static int copy_pairs(vs_dataset *d, const int64_t *pair, int64_t n) {
  if (n == 0) return 0;
  d->pair = vs_new((size_t)n * 2 * sizeof *d->pair);
  if (!d->pair) return -1;
  for (int64_t i = 0; i < 2 * n; i++) d->pair[i] = pair[i] - 1;
  d->npair = n;
  return 0;
}

/* data.LuaDataset{size =, get = function(i, epoch) return sample end, ...} */
static int lvs_luaset_new(lua_State *L) {
  vs_value v[2] = {VS_NONE, VS_NONE};
  int64_t npair;
  lvs_checktype(L, 1, LUA_TTABLE, "options");
  lvs_checkoptions(L, 1, "size|get|images|classes|vocab|tags|landmark_pairs", "LuaDataset");
  lua_settop(L, 1);
  int64_t size = lvs_optint(L, 1, "size", 0, INT64_MAX, -1);
  if (size < 0) return lvs_error(L, "LuaDataset: size is missing, expected an integer");
  v[SIZE] = VS_I(size);
  v[IMAGES] = VS_I(lvs_optint(L, 1, "images", 0, INT64_MAX, size));
  vs_strings *classes = lvs_optstrings(L, 1, "classes", "LuaDataset");
  vs_strings *vocab = lvs_optstrings(L, 1, "vocab", "LuaDataset");
  vs_strings *tags = lvs_optstrings(L, 1, "tags", "LuaDataset");
  const int64_t *pair = lvs_optpairs(L, 1, "landmark_pairs", "LuaDataset", &npair);
  void **box = lvs_newbox(L, LVS_DATASET);
  int index = lua_gettop(L);
  if (lua_getfield(L, 1, "get") != LUA_TFUNCTION)
    return lvs_error(L, "LuaDataset: get is a %s, expected a function", lvs_typename(L, -1));
  int get = luaL_ref(L, LUA_REGISTRYINDEX);
  bool again = false;
  do *box = vs_dataset_open(&reader, v, NULL, 0);
  while (!*box && lvs_retry(L, &again));
  vs_dataset *d = *box;
  if (!d || copy_pairs(d, pair, npair)) {
    luaL_unref(L, LUA_REGISTRYINDEX, get);
    return lvs_raise(L);
  }
  luaset *s = d->state;
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  s->main = lua_tothread(L, -1);
  s->get = get;
  move_strings(&d->classes, classes);
  move_strings(&d->vocab, vocab);
  move_strings(&d->tags, tags);
  lua_pushvalue(L, index);
  return 1;
}

void lvs_open_luaset(lua_State *L) {
  static const luaL_Reg functions[] = {{"LuaDataset", lvs_luaset_new}, {NULL, NULL}};
  lvs_setfunctions(L, "data", functions);
}
