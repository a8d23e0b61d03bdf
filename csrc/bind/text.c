/* vs.text: the word tokenizer, Vocab, WordVectors and WordPiece as Lua sees them.
 *
 * Checks arguments and turns lists into C rows of ids; rows being made sit in a box, so that an
 * error of Lua frees them.  Ids are the 1-based values that stand in the tensors. */
#include <stdlib.h>
#include <string.h>

#include "bind/bind.h"
#include "bind/options.h"
#include "core/mem.h"
#include "text/ids.h"
#include "text/vectors.h"
#include "text/vocab.h"
#include "text/wordpiece.h"
#include "text/words.h"

#define LVS_VOCAB "vesper.Vocab"
#define LVS_VECTORS "vesper.WordVectors"
#define LVS_WORDPIECE "vesper.WordPiece"
#define LVS_ROWS "vesper.TokenRows"
#define LVS_READER "vesper.WordReader"

/* --- shared --- */

static void free_vocab(void *p) { vs_vocab_free(p); }
static void free_vectors(void *p) { vs_vectors_free(p); }
static void free_wordpiece(void *p) { vs_wordpiece_free(p); }

static void free_rows(void *p) {
  if (p) vs_ids_free(p);
  free(p);
}

static void free_reader(void *p) {
  if (p) vs_words_free(p);
  free(p);
}

/* Raises vs_error() after the name of the function. */
static int raise_in(lua_State *L, const char *what) {
  vs_fail_prefix(what);
  return lvs_raise(L);
}

/* Pushes a box of that class with zeroed memory of its own in it. */
static void *new_zeroed(lua_State *L, const char *class, size_t bytes) {
  void **box = lvs_newbox(L, class);
  *box = vs_new0(bytes);
  if (!*box) lvs_raise(L);
  return *box;
}

static vs_ids *new_rows(lua_State *L) { return new_zeroed(L, LVS_ROWS, sizeof(vs_ids)); }

/* The option invalid = "error" | "replace". */
static bool opt_replace(lua_State *L, int options, const char *what) {
  const char *word = lvs_optword(L, options, "invalid", "error");
  if (strcmp(word, "replace") == 0) return true;
  if (strcmp(word, "error") != 0)
    lvs_error(L, "%s: invalid is \"%s\", expected \"error\" or \"replace\"", what, word);
  return false;
}

/* String i of the list at index, borrowed from the list. */
static const char *list_item(lua_State *L, int index, lua_Integer i, size_t *n, const char *what) {
  if (lua_rawgeti(L, index, i) != LUA_TSTRING)
    lvs_error(L, "%s: item %I of the list is a %s, expected a string", what, i,
              luaL_typename(L, -1));
  const char *s = lua_tolstring(L, -1, n);
  lua_pop(L, 1);
  return s;
}

/* How many texts the list at index holds; an empty list makes no batch. */
static lua_Integer check_batch(lua_State *L, int index, const char *what) {
  lvs_checktype(L, index, LUA_TTABLE, "texts");
  lua_Integer n = (lua_Integer)lua_rawlen(L, index);
  if (n == 0) lvs_error(L, "%s: the list is empty", what);
  return n;
}

typedef struct made {
  vs_ids *rows;
  int64_t pad;
} made;
static vs_tensor *make_row(void *p) { return vs_ids_row(((made *)p)->rows, 0); }
static vs_tensor *make_padded(void *p) {
  return vs_ids_padded(((made *)p)->rows, ((made *)p)->pad);
}
static vs_tensor *make_lengths(void *p) { return vs_ids_lengths(((made *)p)->rows); }
static vs_tensor *make_mask(void *p) { return vs_ids_mask(((made *)p)->rows); }

/* The int64 ids [T] or one id [] that decode takes, as a contiguous tensor in a box on the
 * stack. */
static vs_tensor *check_ids(lua_State *L, int index, const char *what) {
  vs_tensor *t = lvs_checktensor(L, index);
  if (t->dtype != VS_INT64 || t->ndim > 1)
    lvs_error(L, "%s: ids are %s %s, expected int64 [T]", what, vs_dtype_name(t->dtype),
              vs_shape_str(t));
  void **box = lvs_newbox(L, LVS_TENSOR);
  *box = vs_contiguous(t);
  if (!*box) raise_in(L, what);
  return *box;
}

/* --- words --- */

/* text.tokenize(s [, {invalid = "error"|"replace"}]) -> list of words */
static int lvs_tokenize(lua_State *L) {
  size_t n;
  const char *s = lvs_checkstr(L, 1, "text", &n);
  lvs_checkoptions(L, 2, "invalid", "tokenize");
  bool replace = opt_replace(L, 2, "tokenize");
  vs_words *w = new_zeroed(L, LVS_READER, sizeof *w);
  int got;
  vs_words_start(w, s, n, replace);
  lua_newtable(L);
  for (lua_Integer i = 1; (got = vs_words_next(w)) == 1; i++) {
    lua_pushlstring(L, w->word, w->len);
    lua_rawseti(L, -2, i);
  }
  return got < 0 ? raise_in(L, "tokenize") : 1;
}

/* --- Vocab --- */

/* text.Vocab.build(texts [, {min_count = 1, max_size = nil, invalid = "error"}]) */
static int lvs_vocab_build(lua_State *L) {
  lvs_checktype(L, 1, LUA_TTABLE, "texts");
  lvs_checkoptions(L, 2, "min_count|max_size|invalid", "Vocab.build");
  int64_t min_count = lvs_optint(L, 2, "min_count", 1, INT64_MAX, 1);
  int64_t max_size = lvs_optint(L, 2, "max_size", 3, INT64_MAX, 0);
  bool replace = opt_replace(L, 2, "Vocab.build");
  void **box = lvs_newbox(L, LVS_VOCAB);
  if (!(*box = vs_vocab_new())) return lvs_raise(L);
  lua_Integer count = (lua_Integer)lua_rawlen(L, 1);
  for (lua_Integer i = 1; i <= count; i++) {
    size_t n;
    const char *s = list_item(L, 1, i, &n, "Vocab.build");
    if (vs_vocab_add_text(*box, s, n, replace) != 0)
      return raise_in(L, lua_pushfstring(L, "Vocab.build: text %I", i));
  }
  if (vs_vocab_build(*box, min_count, max_size) != 0) return raise_in(L, "Vocab.build");
  return 1;
}

/* text.Vocab.new(words): words in id order, the first two "<pad>" and "<unk>" */
static int lvs_vocab_new(lua_State *L) {
  lvs_checktype(L, 1, LUA_TTABLE, "words");
  void **box = lvs_newbox(L, LVS_VOCAB);
  if (!(*box = vs_vocab_new())) return lvs_raise(L);
  lua_Integer count = (lua_Integer)lua_rawlen(L, 1);
  if (count < 2) return lvs_error(L, "Vocab.new: %I words, expected <pad>, <unk> and more", count);
  for (lua_Integer i = 1; i <= count; i++) {
    size_t n;
    const char *s = list_item(L, 1, i, &n, "Vocab.new");
    if (vs_vocab_add_word(*box, s, n) != 0) return raise_in(L, "Vocab.new");
  }
  return 1;
}

/* vocab:encode(s [, {max_len =, invalid =}]) -> ids int64 [T] */
static int lvs_vocab_encode(lua_State *L) {
  vs_vocab *v = lvs_checkbox(L, 1, LVS_VOCAB);
  size_t n;
  const char *s = lvs_checkstr(L, 2, "text", &n);
  lvs_checkoptions(L, 3, "max_len|invalid", "encode");
  int64_t max_len = lvs_optint(L, 3, "max_len", 1, INT64_MAX, 0);
  bool replace = opt_replace(L, 3, "encode");
  vs_ids *rows = new_rows(L);
  if (vs_vocab_encode(v, s, n, max_len, replace, rows) != 0) return raise_in(L, "encode");
  return lvs_pushmade(L, make_row, &(made){rows, VS_PAD_ID});
}

/* vocab:encode_batch(texts [, {max_len =, invalid =}]) -> tokens int64 [B,T], lengths int64 [B] */
static int lvs_vocab_encode_batch(lua_State *L) {
  vs_vocab *v = lvs_checkbox(L, 1, LVS_VOCAB);
  lua_Integer count = check_batch(L, 2, "encode_batch");
  lvs_checkoptions(L, 3, "max_len|invalid", "encode_batch");
  int64_t max_len = lvs_optint(L, 3, "max_len", 1, INT64_MAX, 0);
  bool replace = opt_replace(L, 3, "encode_batch");
  made m = {new_rows(L), VS_PAD_ID};
  for (lua_Integer i = 1; i <= count; i++) {
    size_t n;
    const char *s = list_item(L, 2, i, &n, "encode_batch");
    if (vs_vocab_encode(v, s, n, max_len, replace, m.rows) != 0)
      return raise_in(L, lua_pushfstring(L, "encode_batch: text %I", i));
  }
  lvs_pushmade(L, make_padded, &m);
  lvs_pushmade(L, make_lengths, &m);
  return 2;
}

/* vocab:decode(ids int64 [T]) -> words joined by spaces, padding left out */
static int lvs_vocab_decode(lua_State *L) {
  vs_vocab *v = lvs_checkbox(L, 1, LVS_VOCAB);
  vs_tensor *t = check_ids(L, 2, "decode");
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  for (int64_t i = 0, words = 0; i < t->numel; i++) {
    size_t n;
    const char *word = vs_vocab_word(v, vs_ints(t)[i], &n);
    if (!word) return raise_in(L, "decode");
    if (vs_ints(t)[i] == VS_PAD_ID) continue;
    if (words++) luaL_addchar(&b, ' ');
    luaL_addlstring(&b, word, n);
  }
  luaL_pushresult(&b);
  return 1;
}

/* vocab:id(word) -> id, or nil when the word is not in it */
static int lvs_vocab_id(lua_State *L) {
  vs_vocab *v = lvs_checkbox(L, 1, LVS_VOCAB);
  size_t n;
  const char *word = lvs_checkstr(L, 2, "word", &n);
  int64_t id = vs_vocab_id(v, word, n);
  if (id)
    lua_pushinteger(L, id);
  else
    lua_pushnil(L);
  return 1;
}

/* vocab:word(id) -> word; raises when there is no such id */
static int lvs_vocab_word(lua_State *L) {
  size_t n;
  const char *word = vs_vocab_word(lvs_checkbox(L, 1, LVS_VOCAB), lvs_checkint(L, 2, "id"), &n);
  if (!word) return raise_in(L, "word");
  lua_pushlstring(L, word, n);
  return 1;
}

/* vocab:words() -> list of words in id order */
static int lvs_vocab_words(lua_State *L) {
  vs_vocab *v = lvs_checkbox(L, 1, LVS_VOCAB);
  lua_createtable(L, (int)VS_MIN(vs_vocab_size(v), 1 << 24), 0);
  for (int64_t i = 1; i <= vs_vocab_size(v); i++) {
    size_t n;
    const char *word = vs_vocab_word(v, i, &n);
    lua_pushlstring(L, word, n);
    lua_rawseti(L, -2, i);
  }
  return 1;
}

/* vocab:count(word) -> how often it was in the texts; 0 for words not kept; nil if not built
 * from texts */
static int lvs_vocab_count(lua_State *L) {
  vs_vocab *v = lvs_checkbox(L, 1, LVS_VOCAB);
  size_t n;
  const char *word = lvs_checkstr(L, 2, "word", &n);
  int64_t id = vs_vocab_id(v, word, n);
  if (!v->count)
    lua_pushnil(L);
  else
    lua_pushinteger(L, id ? v->count[id - 1] : 0);
  return 1;
}

static int lvs_vocab_len(lua_State *L) {
  lua_pushinteger(L, vs_vocab_size(lvs_checkbox(L, 1, LVS_VOCAB)));
  return 1;
}

static int lvs_vocab_tostring(lua_State *L) {
  vs_vocab *v = lvs_testbox(L, 1, LVS_VOCAB);
  if (!v)
    lua_pushstring(L, "Vocab (closed)");
  else
    lua_pushfstring(L, "Vocab (%I words)", (lua_Integer)vs_vocab_size(v));
  return 1;
}

/* --- WordVectors --- */

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
  bool seeded; /* else rng is the stream that the process-wide generator gives next */
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

/* wv:vector(word) -> float32 [D], or nil when nothing is known of the word */
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
                      0x766563746F7273}; /* a stream that no other use of that seed has */
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

/* --- WordPiece --- */

/* text.WordPiece(path [, {lowercase = true, max_len = 512, invalid = "error"}]), or nil and a
 * message */
static int lvs_wordpiece_load(lua_State *L) {
  const char *path = lvs_checkstr(L, 1, "path", NULL);
  lvs_checkoptions(L, 2, "lowercase|max_len|invalid", "WordPiece");
  int64_t max_len = lvs_optint(L, 2, "max_len", 3, INT64_MAX, 512);
  bool replace = opt_replace(L, 2, "WordPiece");
  void **box = lvs_newbox(L, LVS_WORDPIECE);
  vs_wordpiece *w = *box = vs_wordpiece_load(path);
  if (!w) return lvs_nilerror(L);
  w->lowercase = lvs_optbool(L, 2, "lowercase", w->lowercase);
  w->max_len = max_len;
  w->replace = replace;
  return 1;
}

/* wp:tokenize(s) -> list of pieces */
static int lvs_wordpiece_tokenize(lua_State *L) {
  vs_wordpiece *w = lvs_checkbox(L, 1, LVS_WORDPIECE);
  size_t n;
  const char *s = lvs_checkstr(L, 2, "text", &n);
  vs_ids *rows = new_rows(L);
  if (vs_wordpiece_pieces(w, s, n, rows) != 0) return raise_in(L, "tokenize");
  lua_createtable(L, (int)VS_MIN(rows->n, (size_t)1 << 24), 0);
  for (size_t i = 0; i < rows->n; i++) {
    const char *piece = vs_wordpiece_piece(w, rows->id[i], &n);
    lua_pushlstring(L, piece, n);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

/* wp:encode(s [, {pair =, max_len =}]) -> ids int64 [T], types int64 [T] (1 first text, 2
 * second) */
static int lvs_wordpiece_encode(lua_State *L) {
  vs_wordpiece *w = lvs_checkbox(L, 1, LVS_WORDPIECE);
  size_t na, nb = 0;
  const char *a = lvs_checkstr(L, 2, "text", &na), *b = NULL;
  lvs_checkoptions(L, 3, "pair|max_len", "encode");
  int64_t max_len = lvs_optint(L, 3, "max_len", 2, INT64_MAX, w->max_len);
  if (lua_istable(L, 3) && lua_getfield(L, 3, "pair") != LUA_TNIL)
    b = lvs_checkstr(L, -1, "pair", &nb);
  vs_ids *rows = new_rows(L), *types = new_rows(L);
  if (vs_wordpiece_encode(w, a, na, b, nb, max_len, rows, types) != 0) return raise_in(L, "encode");
  lvs_pushmade(L, make_row, &(made){rows, w->pad});
  lvs_pushmade(L, make_row, &(made){types, 1});
  return 2;
}

/* wp:encode_batch(texts [, {pairs = list, max_len =}])
 *   -> ids int64 [B,T], mask bool [B,T], lengths int64 [B], types int64 [B,T] */
static int lvs_wordpiece_encode_batch(lua_State *L) {
  vs_wordpiece *w = lvs_checkbox(L, 1, LVS_WORDPIECE);
  lua_Integer count = check_batch(L, 2, "encode_batch");
  lvs_checkoptions(L, 3, "pairs|max_len", "encode_batch");
  int64_t max_len = lvs_optint(L, 3, "max_len", 2, INT64_MAX, w->max_len);
  int pairs = 0;
  if (lua_istable(L, 3) && lua_getfield(L, 3, "pairs") != LUA_TNIL) {
    pairs = lua_gettop(L);
    lvs_checktype(L, pairs, LUA_TTABLE, "pairs");
    lua_Integer have = (lua_Integer)lua_rawlen(L, pairs);
    if (have != count) return lvs_error(L, "encode_batch: %I texts, but %I pairs", count, have);
  }
  vs_ids *rows = new_rows(L), *types = new_rows(L);
  for (lua_Integer i = 1; i <= count; i++) {
    size_t na, nb = 0;
    const char *a = list_item(L, 2, i, &na, "encode_batch"), *b = NULL;
    if (pairs) b = list_item(L, pairs, i, &nb, "encode_batch");
    if (vs_wordpiece_encode(w, a, na, b, nb, max_len, rows, types) != 0)
      return raise_in(L, lua_pushfstring(L, "encode_batch: text %I", i));
  }
  made m = {rows, w->pad};
  lvs_pushmade(L, make_padded, &m);
  lvs_pushmade(L, make_mask, &m);
  lvs_pushmade(L, make_lengths, &m);
  lvs_pushmade(L, make_padded, &(made){types, 1});
  return 4;
}

static bool is_frame(const vs_wordpiece *w, int64_t id) {
  return id == w->pad || id == w->cls || id == w->sep;
}

/* wp:decode(ids int64 [T] [, {special = false}]) -> text; special keeps [PAD], [CLS] and [SEP] */
static int lvs_wordpiece_decode(lua_State *L) {
  vs_wordpiece *w = lvs_checkbox(L, 1, LVS_WORDPIECE);
  lvs_checkoptions(L, 3, "special", "decode");
  bool special = lvs_optbool(L, 3, "special", false);
  vs_tensor *t = check_ids(L, 2, "decode");
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  for (int64_t i = 0, pieces = 0; i < t->numel; i++) {
    size_t n;
    int64_t id = vs_ints(t)[i];
    const char *piece = vs_wordpiece_piece(w, id, &n);
    if (!piece) return raise_in(L, "decode");
    if (!special && is_frame(w, id)) continue;
    bool glued = pieces++ > 0 && n > 2 && memcmp(piece, "##", 2) == 0;
    if (pieces > 1 && !glued) luaL_addchar(&b, ' ');
    luaL_addlstring(&b, piece + 2 * glued, n - 2 * glued);
  }
  luaL_pushresult(&b);
  return 1;
}

/* wp:id(token) -> id, or nil */
static int lvs_wordpiece_id(lua_State *L) {
  vs_wordpiece *w = lvs_checkbox(L, 1, LVS_WORDPIECE);
  size_t n;
  const char *piece = lvs_checkstr(L, 2, "token", &n);
  int64_t id = vs_wordpiece_id(w, piece, n);
  if (id)
    lua_pushinteger(L, id);
  else
    lua_pushnil(L);
  return 1;
}

/* wp:token(id) -> token; raises when there is no such id */
static int lvs_wordpiece_token(lua_State *L) {
  size_t n;
  const char *s =
      vs_wordpiece_piece(lvs_checkbox(L, 1, LVS_WORDPIECE), lvs_checkint(L, 2, "id"), &n);
  if (!s) return raise_in(L, "token");
  lua_pushlstring(L, s, n);
  return 1;
}

static int lvs_wordpiece_len(lua_State *L) {
  vs_wordpiece *w = lvs_checkbox(L, 1, LVS_WORDPIECE);
  lua_pushinteger(L, w->map.n);
  return 1;
}

static int lvs_wordpiece_tostring(lua_State *L) {
  vs_wordpiece *w = lvs_testbox(L, 1, LVS_WORDPIECE);
  if (!w)
    lua_pushstring(L, "WordPiece (closed)");
  else
    lua_pushfstring(L, "WordPiece (%I pieces)", (lua_Integer)w->map.n);
  return 1;
}

/* --- opening --- */

static const luaL_Reg vocab_methods[] = {
    {"encode", lvs_vocab_encode}, {"encode_batch", lvs_vocab_encode_batch},
    {"decode", lvs_vocab_decode}, {"id", lvs_vocab_id},
    {"word", lvs_vocab_word},     {"words", lvs_vocab_words},
    {"count", lvs_vocab_count},   {NULL, NULL}};
static const luaL_Reg vocab_meta[] = {
    {"__len", lvs_vocab_len}, {"__tostring", lvs_vocab_tostring}, {NULL, NULL}};

static const luaL_Reg vectors_methods[] = {
    {"dim", lvs_vectors_dim},       {"vector", lvs_vectors_vector},   {"has", lvs_vectors_has},
    {"matrix", lvs_vectors_matrix}, {"nearest", lvs_vectors_nearest}, {NULL, NULL}};
static const luaL_Reg vectors_meta[] = {
    {"__len", lvs_vectors_len}, {"__tostring", lvs_vectors_tostring}, {NULL, NULL}};

static const luaL_Reg wordpiece_methods[] = {{"tokenize", lvs_wordpiece_tokenize},
                                             {"encode", lvs_wordpiece_encode},
                                             {"encode_batch", lvs_wordpiece_encode_batch},
                                             {"decode", lvs_wordpiece_decode},
                                             {"id", lvs_wordpiece_id},
                                             {"token", lvs_wordpiece_token},
                                             {NULL, NULL}};
static const luaL_Reg wordpiece_meta[] = {
    {"__len", lvs_wordpiece_len}, {"__tostring", lvs_wordpiece_tostring}, {NULL, NULL}};

static const luaL_Reg none[] = {{NULL, NULL}};
static const luaL_Reg text_functions[] = {{"tokenize", lvs_tokenize},
                                          {"WordVectors", lvs_vectors_load},
                                          {"WordPiece", lvs_wordpiece_load},
                                          {NULL, NULL}};
static const luaL_Reg vocab_functions[] = {
    {"build", lvs_vocab_build}, {"new", lvs_vocab_new}, {NULL, NULL}};

void lvs_open_text(lua_State *L) {
  lvs_newclass(L, LVS_VOCAB, vocab_methods, vocab_meta, free_vocab);
  lvs_newclass(L, LVS_VECTORS, vectors_methods, vectors_meta, free_vectors);
  lvs_newclass(L, LVS_WORDPIECE, wordpiece_methods, wordpiece_meta, free_wordpiece);
  lvs_newclass(L, LVS_ROWS, none, none, free_rows);
  lvs_newclass(L, LVS_READER, none, none, free_reader);
  luaL_newlib(L, text_functions);
  luaL_newlib(L, vocab_functions);
  lua_setfield(L, -2, "Vocab");
  lua_setfield(L, -2, "text");
}
