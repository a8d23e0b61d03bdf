/* vs.text.WordVectors: word vectors as Lua sees them. */
#include "text/vectors.h"

#include "bind/text.h"

#define LVS_VECTORS "vesper.WordVectors"

static void free_vectors(void *p) { vs_vectors_free(p); }

/* text.WordVectors(path) -> vectors, or nil and a message */
static int lvs_vectors_load(lua_State *L) {
  const char *path = lvs_checkstr(L, 1, "path", NULL);
  void **box = lvs_newbox(L, LVS_VECTORS);
  *box = vs_vectors_load(path);
  return *box ? 1 : lvs_nilerror(L);
}

static int lvs_vectors_dim(lua_State *L) {
  vs_vectors *v = lvs_checkbox(L, 1, LVS_VECTORS);
  lua_pushinteger(L, v->dim);
  return 1;
}

static int lvs_vectors_len(lua_State *L) {
  lua_pushinteger(L, vs_vectors_size(lvs_checkbox(L, 1, LVS_VECTORS)));
  return 1;
}

typedef struct lookup {
  const vs_vectors *v;
  const vs_vocab *vocab;
  float *row;
  double scale;
  vs_rng rng;
  bool seeded; /* else rng is the next stream of the process-wide generator */
  int64_t found;
} lookup;

static vs_tensor *make_vector(void *p) {
  const lookup *l = p;
  vs_tensor *t = vs_tensor_new(VS_REAL, 1, (int64_t[]){l->v->dim});
  for (int64_t i = 0; t && i < l->v->dim; i++) vs_reals(t)[i] = l->row[i];
  return t;
}

static vs_tensor *make_matrix(void *p) {
  lookup *l = p;
  return vs_vectors_matrix(l->v, l->vocab, l->scale, l->rng, &l->found);
}

/* wv:vector(word) -> float32 [D], or nil when there is no vector for the word */
static int lvs_vectors_vector(lua_State *L) {
  vs_vectors *v = lvs_checkbox(L, 1, LVS_VECTORS);
  size_t n;
  const char *word = lvs_checkstr(L, 2, "word", &n);
  lookup l = {.v = v, .row = lua_newuserdatauv(L, (size_t)v->dim * sizeof(float), 0)};
  if (vs_vectors_get(v, word, n, l.row)) return lvs_pushmade(L, make_vector, &l);
  lua_pushnil(L);
  return 1;
}

/* wv:has(word): whether wv:vector(word) is not nil */
static int lvs_vectors_has(lua_State *L) {
  vs_vectors *v = lvs_checkbox(L, 1, LVS_VECTORS);
  size_t n;
  const char *word = lvs_checkstr(L, 2, "word", &n);
  float *row = lua_newuserdatauv(L, (size_t)v->dim * sizeof(float), 0);
  lua_pushboolean(L, vs_vectors_get(v, word, n, row));
  return 1;
}

/* The options scale and seed of matrix, into l. */
static void read_draw(lua_State *L, int options, lookup *l) {
  lvs_checkoptions(L, options, "scale|seed", "matrix");
  l->scale = 0.1;
  if (lua_istable(L, options) && lua_getfield(L, options, "scale") != LUA_TNIL) {
    if (lua_type(L, -1) != LUA_TNUMBER)
      lvs_error(L, "matrix: scale is a %s, expected a number", luaL_typename(L, -1));
    l->scale = lua_tonumber(L, -1);
  }
  vs_rngstate next = vs_rng_state();
  l->rng = (vs_rng){next.seed, next.counter};
  l->seeded = lua_istable(L, options) && lua_getfield(L, options, "seed") != LUA_TNIL;
  if (l->seeded)
    l->rng = (vs_rng){(uint64_t)lvs_optint(L, options, "seed", INT64_MIN, INT64_MAX, 0),
                      0x766563746F7273}; /* a stream number that no other use of the seed has */
}

/* wv:matrix(vocab [, {scale = 0.1, seed = nil}]) -> float32 [#vocab, D], number of words found */
static int lvs_vectors_matrix(lua_State *L) {
  lookup l = {.v = lvs_checkbox(L, 1, LVS_VECTORS), .vocab = lvs_checkbox(L, 2, LVS_VOCAB)};
  read_draw(L, 3, &l);
  lvs_pushmade(L, make_matrix, &l);
  if (!l.seeded) vs_rng_take();
  lua_pushinteger(L, l.found);
  return 2;
}

/* wv:nearest(word [, k = 10]) -> list of {word =, score =}, best first, or nil and a message */
static int lvs_vectors_nearest(lua_State *L) {
  vs_vectors *v = lvs_checkbox(L, 1, LVS_VECTORS);
  size_t n;
  const char *word = lvs_checkstr(L, 2, "word", &n);
  lua_Integer k = lua_isnoneornil(L, 3) ? 10 : lvs_checkint(L, 3, "k");
  if (k < 1) return lvs_error(L, "nearest: k is %I, expected at least 1", k);
  k = VS_MIN(k, vs_vectors_size(v));
  int64_t *id = lua_newuserdatauv(L, (size_t)k * (sizeof(int64_t) + sizeof(float)), 0);
  float *score = (float *)(id + k);
  int64_t have = vs_vectors_nearest(v, word, n, k, id, score);
  if (have < 0 && vs_error_kind() == VS_ENOMEM) return lvs_raise(L);
  if (have < 0) {
    lua_pushnil(L);
    lua_pushstring(L, vs_error());
    return 2;
  }
  lua_createtable(L, (int)have, 0);
  for (int64_t i = 0; i < have; i++) {
    lua_createtable(L, 0, 2);
    const char *s = vs_strmap_get(&v->map, id[i], &n);
    lua_pushlstring(L, s, n);
    lua_setfield(L, -2, "word");
    lua_pushnumber(L, (lua_Number)score[i]);
    lua_setfield(L, -2, "score");
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

static int lvs_vectors_tostring(lua_State *L) {
  vs_vectors *v = lvs_testbox(L, 1, LVS_VECTORS);
  if (!v)
    lua_pushstring(L, "WordVectors (closed)");
  else
    lua_pushfstring(L, "WordVectors (%I words, %I numbers%s)", (lua_Integer)vs_vectors_size(v),
                    (lua_Integer)v->dim, v->maxn ? " and n-grams" : "");
  return 1;
}

void lvs_open_vectors(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"dim", lvs_vectors_dim},       {"vector", lvs_vectors_vector},   {"has", lvs_vectors_has},
      {"matrix", lvs_vectors_matrix}, {"nearest", lvs_vectors_nearest}, {NULL, NULL}};
  static const luaL_Reg meta[] = {
      {"__len", lvs_vectors_len}, {"__tostring", lvs_vectors_tostring}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"WordVectors", lvs_vectors_load}, {NULL, NULL}};
  lvs_newclass(L, LVS_VECTORS, methods, meta, free_vectors);
  lvs_setfunctions(L, "text", functions);
}
