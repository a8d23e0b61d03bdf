/* vs.text.Vocab: vocabularies as Lua sees them.  Ids are the values, from 1, that tensors hold. */
#include "text/vocab.h"

#include "bind/text.h"

static void free_vocab(void *p) { vs_vocab_free(p); }

/* text.Vocab.build(texts [, {min_count = 1, max_size = nil, invalid = "error"}]) */
static int lvs_vocab_build(lua_State *L) {
  lvs_checktype(L, 1, LUA_TTABLE, "texts");
  lvs_checkoptions(L, 2, "min_count|max_size|invalid", "Vocab.build");
  int64_t min_count = lvs_optint(L, 2, "min_count", 1, INT64_MAX, 1);
  int64_t max_size = lvs_optint(L, 2, "max_size", 3, INT64_MAX, 0);
  bool replace = lvs_optreplace(L, 2, "Vocab.build");
  void **box = lvs_newbox(L, LVS_VOCAB);
  if (!(*box = vs_vocab_new())) return lvs_raise(L);
  lua_Integer count = lvs_listlen(L, 1, "Vocab.build", "texts");
  for (lua_Integer i = 1; i <= count; i++) {
    size_t n;
    const char *s = lvs_listitem(L, 1, i, &n, "Vocab.build");
    if (vs_vocab_add_text(*box, s, n, replace) != 0)
      return lvs_raisein(L, lua_pushfstring(L, "Vocab.build: text %I", i));
  }
  if (vs_vocab_build(*box, min_count, max_size) != 0) return lvs_raisein(L, "Vocab.build");
  return 1;
}

/* text.Vocab.new(words): words in id order, the first two "<pad>" and "<unk>" */
static int lvs_vocab_new(lua_State *L) {
  lvs_checktype(L, 1, LUA_TTABLE, "words");
  void **box = lvs_newbox(L, LVS_VOCAB);
  if (!(*box = vs_vocab_new())) return lvs_raise(L);
  lua_Integer count = lvs_listlen(L, 1, "Vocab.new", "words");
  if (count < 2) return lvs_error(L, "Vocab.new: %I words, expected <pad>, <unk> and more", count);
  for (lua_Integer i = 1; i <= count; i++) {
    size_t n;
    const char *s = lvs_listitem(L, 1, i, &n, "Vocab.new");
    if (vs_vocab_add_word(*box, s, n) != 0) return lvs_raisein(L, "Vocab.new");
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
  bool replace = lvs_optreplace(L, 3, "encode");
  vs_ids *rows = lvs_newrows(L);
  if (vs_vocab_encode(v, s, n, max_len, replace, rows) != 0) return lvs_raisein(L, "encode");
  return lvs_pushmade(L, lvs_makerow, &(lvs_made){rows, VS_PAD_ID});
}

/* vocab:encode_batch(texts [, {max_len =, invalid =}]) -> tokens int64 [B,T], lengths int64 [B] */
static int lvs_vocab_encode_batch(lua_State *L) {
  vs_vocab *v = lvs_checkbox(L, 1, LVS_VOCAB);
  lua_Integer count = lvs_checkbatch(L, 2, "encode_batch");
  lvs_checkoptions(L, 3, "max_len|invalid", "encode_batch");
  int64_t max_len = lvs_optint(L, 3, "max_len", 1, INT64_MAX, 0);
  bool replace = lvs_optreplace(L, 3, "encode_batch");
  lvs_made m = {lvs_newrows(L), VS_PAD_ID};
  for (lua_Integer i = 1; i <= count; i++) {
    size_t n;
    const char *s = lvs_listitem(L, 2, i, &n, "encode_batch");
    if (vs_vocab_encode(v, s, n, max_len, replace, m.rows) != 0)
      return lvs_raisein(L, lua_pushfstring(L, "encode_batch: text %I", i));
  }
  lvs_pushmade(L, lvs_makepadded, &m);
  lvs_pushmade(L, lvs_makelengths, &m);
  return 2;
}

/* vocab:decode(ids int64 [T]) -> words joined by spaces, padding left out */
static int lvs_vocab_decode(lua_State *L) {
  vs_vocab *v = lvs_checkbox(L, 1, LVS_VOCAB);
  vs_tensor *t = lvs_checkids(L, 2, "decode");
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  for (int64_t i = 0, words = 0; i < t->numel; i++) {
    size_t n;
    const char *word = vs_vocab_word(v, vs_ints(t)[i], &n);
    if (!word) return lvs_raisein(L, "decode");
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
  return lvs_pushid(L, vs_vocab_id(v, word, n));
}

/* vocab:word(id) -> word; raises when there is no such id */
static int lvs_vocab_word(lua_State *L) {
  size_t n;
  const char *word = vs_vocab_word(lvs_checkbox(L, 1, LVS_VOCAB), lvs_checkint(L, 2, "id"), &n);
  return lvs_pushword(L, word, n, "word");
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

void lvs_open_vocab(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"encode", lvs_vocab_encode}, {"encode_batch", lvs_vocab_encode_batch},
      {"decode", lvs_vocab_decode}, {"id", lvs_vocab_id},
      {"word", lvs_vocab_word},     {"words", lvs_vocab_words},
      {"count", lvs_vocab_count},   {NULL, NULL}};
  static const luaL_Reg meta[] = {
      {"__len", lvs_vocab_len}, {"__tostring", lvs_vocab_tostring}, {NULL, NULL}};
  static const luaL_Reg functions[] = {
      {"build", lvs_vocab_build}, {"new", lvs_vocab_new}, {NULL, NULL}};
  lvs_newclass(L, LVS_VOCAB, methods, meta, free_vocab);
  luaL_getsubtable(L, -1, "text");
  lvs_setfunctions(L, "Vocab", functions);
  lua_pop(L, 1);
}
