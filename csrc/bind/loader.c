/* vs.data.Loader.
 *
 * `for batch in loader` runs one pass, which the loader owns; loader:batches() gives a pass of its
 * own.  A loader may be one of several parts, whose other parts are other processes'. */
#include "data/loader.h"

#include <stdlib.h>
#include <string.h>

#include "bind/dataset.h"
#include "bind/options.h"
#include "core/random.h"

#define LVS_LOADER "vesper.Loader"
#define LVS_PASS "vesper.Pass"

typedef struct loader {
  vs_dataset *set;
  vs_loaderopt opt;
  int64_t epoch, batch; /* epochs started; batches returned in the current one */
  int64_t resume;       /* batches of `epoch` that the next loop skips; -1: a new epoch */
  vs_pass *pass;        /* of `for batch in loader`; NULL between loops */
  const void *last;     /* the batch returned last: identifies the running loop */
} loader;

static void free_pass(void *p) { vs_pass_free(p); }

static void free_loader(void *p) {
  loader *l = p;
  vs_pass_free(l->pass);
  vs_dataset_unref(l->set);
  free(l);
}

/* A seed of the process-wide generator, for a shuffling loader without one of its own. */
static uint64_t some_seed(void) {
  vs_rng r = vs_rng_take();
  return (uint64_t)vs_rng_bits(r, 0) << 32 | vs_rng_bits(r, 1);
}

/* The set, or a view of it where another mode of captions is asked for: into the loader, which is
 * in a box already. */
static void take_set(lua_State *L, loader *l, vs_dataset *d, const vs_value *captions) {
  bool again = false;
  if (captions->kind == VS_V_NONE || captions->i == d->captions) {
    l->set = vs_dataset_ref(d);
    return;
  }
  do l->set = vs_dataset_view(d, (int)captions->i, d->seed);
  while (!l->set && lvs_retry(L, &again));
  if (l->set) return;
  vs_fail_prefix("Loader");
  lvs_raise(L);
}

static void check_part(lua_State *L, int64_t rank, int64_t ranks) {
  if (ranks < 1) lvs_error(L, "Loader: ranks is %I, expected at least 1", (lua_Integer)ranks);
  if (rank < 0 || rank >= ranks)
    lvs_error(L, "Loader: rank is %I, expected 0 to %I", (lua_Integer)rank, (lua_Integer)ranks - 1);
}

/* data.Loader(set, {batch_size, shuffle, seed, workers, drop_last, captions, fields, ...}) */
static int lvs_loader_new(lua_State *L) {
  vs_dataset *d = lvs_checkbox(L, 1, LVS_DATASET);
  static const char args[] =
      "batch_size:int=32, shuffle:bool=false, seed:int?, workers:int=0, drop_last:bool=false, "
      "crop:int=0, flip:num=0, jitter:num=0, erase:num=0, chunks:int=0, "
      "captions:all|first|random?, fields:strings?, rank:int=0, ranks:int=1";
  enum {
    BATCH,
    SHUFFLE,
    SEED,
    WORKERS,
    DROP_LAST,
    CROP,
    FLIP,
    JITTER,
    ERASE,
    CHUNKS,
    CAPTIONS,
    FIELDS,
    RANK,
    RANKS
  };
  const vs_argspec *spec = vs_args_spec(args);
  vs_value v[VS_MAX_ARGS];
  if (!spec) return lvs_raise(L);
  lvs_checkargs(L, 2, spec, v, "Loader");
  if (vs_args_check(spec, v)) return lvs_raise(L);
  if (v[BATCH].i < 1)
    return lvs_error(L, "Loader: batch_size is %I, expected at least 1", (lua_Integer)v[BATCH].i);
  if (v[WORKERS].i < 0 || v[WORKERS].i > VS_MAX_WORKERS)
    return lvs_error(L, "Loader: workers is %I, expected 0 to %d", (lua_Integer)v[WORKERS].i,
                     VS_MAX_WORKERS);
  check_part(L, v[RANK].i, v[RANKS].i);
  vs_augment augment = {
      .crop = v[CROP].i, .flip = v[FLIP].f, .jitter = v[JITTER].f, .erase = v[ERASE].f};
  vs_loaderopt o = {.batch_size = v[BATCH].i,
                    .shuffle = v[SHUFFLE].i,
                    .workers = (int)v[WORKERS].i,
                    .drop_last = v[DROP_LAST].i,
                    .chunks = v[CHUNKS].i,
                    .rank = v[RANK].i,
                    .ranks = v[RANKS].i,
                    .augment = augment};
  if (vs_augment_check(&augment)) {
    vs_fail_prefix("Loader");
    return lvs_raise(L);
  }
  loader *l = lvs_newzeroed(L, LVS_LOADER, sizeof *l);
  int index = lua_gettop(L);
  l->opt = o;
  take_set(L, l, d, &v[CAPTIONS]);
  if ((l->opt.some_fields = v[FIELDS].kind != VS_V_NONE))
    lvs_checkfields(L, l->set, &v[FIELDS], &l->opt.fields, "Loader");
  if (vs_loader_check(l->set, &l->opt)) {
    vs_fail_prefix("Loader");
    return lvs_raise(L);
  }
  bool random = l->opt.shuffle || vs_augment_any(&augment);
  l->opt.seed = v[SEED].kind != VS_V_NONE ? (uint64_t)v[SEED].i : random ? some_seed() : 0;
  l->resume = -1;
  lua_settop(L, index);
  return 1;
}

static loader *check_loader(lua_State *L) { return lvs_checkbox(L, 1, LVS_LOADER); }

/* Starts an epoch, or continues the one that load_state set. */
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

/* Pushes the next batch, or nil at the end.  Raises where the function of a LuaDataset closed the
 * loader meanwhile: after a return it is still there. */
static bool push_next(lua_State *L, vs_pass *p) {
  vs_batch *b;
  lvs_maybe_collect(L);
  bool again = false;
  int rc;
  lua_State *outer = lvs_beginfetch(L, NULL);
  do rc = vs_pass_next(p, &b);
  while (rc < 0 && lvs_retry(L, &again));
  lvs_endfetch(outer, NULL);
  if (rc < 0) lvs_raise(L);
  if (rc)
    lvs_pushbatch(L, b);
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
  if (push_next(L, l->pass)) {
    l->batch++;
    l->last = lua_topointer(L, -1);
  } else {
    l->batch = 0;
    vs_pass_free(l->pass);
    l->pass = NULL;
  }
  return 1;
}

static int next_of_pass(lua_State *L) {
  vs_pass *p = lvs_checkbox(L, lua_upvalueindex(1), LVS_PASS);
  push_next(L, p);
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

/* Pushes "image,boxes", the fields that are read, in the order of lvs_pushfields, or "all". */
static void push_fields_setting(lua_State *L, const loader *l) {
  const vs_fieldnames *f = &l->opt.fields;
  if (!l->opt.some_fields) lua_pushliteral(L, "all");
  if (!l->opt.some_fields) return;
  lua_pushliteral(L, "");
  for (int i = 0; i < f->n; i++) {
    lua_pushfstring(L, "%s%s", i ? "," : "", f->name[i]);
    lua_concat(L, 2);
  }
}

/* Pushes setting i of those that, with seed and position, decide which samples a batch has and how
 * they are changed; returns its name. */
enum { NSETTING = 11 };
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
    case 8: return lua_pushnumber(L, a->erase), "erase";
    case 9: return push_fields_setting(L, l), "fields";
    default:
      if (l->set->captions == VS_CAPTIONS_NONE)
        lua_pushnil(L);
      else
        lua_pushstring(L, vs_captions_name(l->set->captions));
      return "captions";
  }
}

static bool push_named_setting(lua_State *L, const loader *l, const char *key) {
  for (int i = 0; i < NSETTING; i++) {
    if (!strcmp(push_setting(L, l, i), key)) return true;
    lua_pop(L, 1);
  }
  return false;
}

/* loader:state() -> {seed, epoch, batch, and the settings}: epochs started, and batches returned in
 * the current one (0: none is running) */
static int lvs_loader_state(lua_State *L) {
  const loader *l = check_loader(L);
  lua_createtable(L, 0, 3 + NSETTING);
  lvs_setint(L, "seed", l->opt.seed);
  lvs_setint(L, "epoch", l->epoch);
  lvs_setint(L, "batch", l->batch);
  for (int i = 0; i < NSETTING; i++) {
    const char *name = push_setting(L, l, i);
    lua_setfield(L, -2, name);
  }
  if (l->opt.ranks > 1) lvs_setint(L, "ranks", l->opt.ranks);
  return 1;
}

/* Raises when a setting in the state at 2 differs from the loader's. */
static void check_settings(lua_State *L, const loader *l) {
  for (int i = 0; i < NSETTING; i++) {
    const char *name = push_setting(L, l, i);
    int here = lua_gettop(L), there = here + 1;
    if (lua_getfield(L, 2, name) != LUA_TNIL && !lua_compare(L, here, there, LUA_OPEQ)) {
      const char *mine = lvs_pushtext(L, here);
      lvs_error(L, "load_state: %s is %s here, %s in the state", name, mine,
                lvs_pushtext(L, there));
    }
    lua_pop(L, 2);
  }
}

/* loader:load_state(state): the next loop continues where the state was taken */
static int lvs_loader_load_state(lua_State *L) {
  loader *l = check_loader(L);
  lvs_checktype(L, 2, LUA_TTABLE, "state");
  lvs_checkoptions(L, 2,
                   "seed|epoch|batch|samples|batch_size|shuffle|drop_last|chunks|crop|flip|jitter|"
                   "erase|fields|captions|ranks",
                   "load_state");
  check_settings(L, l);
  int64_t seed = lvs_optint(L, 2, "seed", INT64_MIN, INT64_MAX, (int64_t)l->opt.seed);
  int64_t epoch = lvs_optint(L, 2, "epoch", 0, INT64_MAX - 1, 0);
  int64_t most = vs_loader_batches(l->set->n, &l->opt);
  int64_t batch = lvs_optint(L, 2, "batch", 0, most, 0) % VS_MAX(most, 1);
  int64_t ranks = lvs_optint(L, 2, "ranks", 1, INT64_MAX, l->opt.ranks);
  if (batch > 0 && ranks != l->opt.ranks)
    return lvs_error(L,
                     "load_state: ranks is %I here, %I in the state, which is of the middle of an "
                     "epoch",
                     (lua_Integer)l->opt.ranks, (lua_Integer)ranks);
  vs_pass_free(l->pass);
  l->pass = NULL;
  l->opt.seed = (uint64_t)seed;
  l->epoch = epoch;
  l->batch = batch;
  l->resume = batch > 0 && epoch > 0 ? batch : -1;
  return 0;
}

static int lvs_loader_index(lua_State *L) {
  loader *l = check_loader(L);
  const char *key = lvs_checkstr(L, 2, "key", NULL);
  if (!strcmp(key, "epoch"))
    lua_pushinteger(L, l->epoch);
  else if (!strcmp(key, "seed"))
    lua_pushinteger(L, (lua_Integer)l->opt.seed);
  else if (!strcmp(key, "workers"))
    lua_pushinteger(L, l->opt.workers);
  else if (!strcmp(key, "rank"))
    lua_pushinteger(L, l->opt.rank);
  else if (!strcmp(key, "ranks"))
    lua_pushinteger(L, l->opt.ranks);
  else if (!strcmp(key, "set"))
    *lvs_newbox(L, LVS_DATASET) = vs_dataset_ref(l->set);
  else if (!strcmp(key, "fields"))
    lvs_pushfields(L, l->set, l->opt.some_fields ? &l->opt.fields : NULL);
  else if (!push_named_setting(L, l, key))
    lvs_pushmethod(L, key);
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

/* loader:part(rank, ranks, [blocks]) -> a loader of that part, at the same epoch */
static int lvs_loader_part(lua_State *L) {
  const loader *l = check_loader(L);
  int64_t rank = lvs_checkint(L, 2, "rank"), ranks = lvs_checkint(L, 3, "ranks");
  if (!lua_isnoneornil(L, 4)) lvs_checktype(L, 4, LUA_TBOOLEAN, "blocks");
  bool blocks = lua_toboolean(L, 4);
  check_part(L, rank, ranks);
  loader *part = lvs_newzeroed(L, LVS_LOADER, sizeof *part);
  part->set = vs_dataset_ref(l->set);
  part->opt = l->opt;
  part->opt.rank = rank;
  part->opt.ranks = ranks;
  part->opt.blocks = blocks;
  part->epoch = l->epoch;
  part->resume = -1;
  return 1;
}

/* loader:close(): stops the workers; the next loop starts a new epoch */
static int lvs_loader_close(lua_State *L) {
  loader *l = check_loader(L);
  vs_pass_free(l->pass);
  l->pass = NULL;
  return 0;
}

static int lvs_loader_tostring(lua_State *L) {
  const loader *l = lvs_testbox(L, 1, LVS_LOADER);
  if (!l) {
    lua_pushliteral(L, "Loader (closed)");
    return 1;
  }
  lua_pushfstring(L, "Loader: %I batches of %I, %I samples%s, %d workers, epoch %I",
                  (lua_Integer)vs_loader_batches(l->set->n, &l->opt),
                  (lua_Integer)l->opt.batch_size, (lua_Integer)l->set->n,
                  l->opt.shuffle ? " shuffled" : "", l->opt.workers, (lua_Integer)l->epoch);
  lvs_describefields(L, l->set, l->opt.some_fields ? &l->opt.fields : NULL);
  lua_concat(L, 2);
  return 1;
}

void lvs_open_loader(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"batches", lvs_loader_batches},       {"state", lvs_loader_state},
      {"load_state", lvs_loader_load_state}, {"part", lvs_loader_part},
      {"close", lvs_loader_close},           {NULL, NULL}};
  static const luaL_Reg meta[] = {
      {"__call", lvs_loader_call},         {"__index", lvs_loader_index},
      {"__len", lvs_loader_len},           {"__newindex", lvs_loader_newindex},
      {"__tostring", lvs_loader_tostring}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"Loader", lvs_loader_new}, {NULL, NULL}};
  lvs_newclass(L, LVS_LOADER, methods, meta, free_loader);
  lvs_newclass(L, LVS_PASS, NULL, NULL, free_pass);
  lvs_setfunctions(L, "data", functions);
}
