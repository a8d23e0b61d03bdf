/* vs.text.WordPiece: BERT's tokenizer as Lua sees it. */
#include "text/wordpiece.h"

#include <string.h>

#include "bind/strings.h"
#include "bind/text.h"

#define LVS_WORDPIECE "vesper.WordPiece"

static void free_wordpiece(void *p) { vs_wordpiece_free(p); }

/* The list of pieces at 1, in a box that is left pushed. */
static vs_strings *check_pieces(lua_State *L) {
  vs_strings *s = lvs_newstrings(L);
  lua_Integer count = lvs_listlen(L, 1, "WordPiece", "pieces");
  for (lua_Integer i = 1; i <= count; i++) {
    size_t n;
    const char *piece = lvs_listitem(L, 1, i, &n, "WordPiece");
    if (vs_strings_add(s, piece, n)) lvs_raisein(L, "WordPiece");
  }
  return s;
}

/* text.WordPiece(path or list of pieces [, {lowercase = true, strip_accents = lowercase,
 * max_len = 512, invalid = "error"}]), or nil and a message */
static int lvs_wordpiece_load(lua_State *L) {
  bool listed = lua_istable(L, 1);
  const char *path = listed ? NULL : lvs_checkstr(L, 1, "path", NULL);
  lvs_checkoptions(L, 2, "lowercase|strip_accents|max_len|invalid", "WordPiece");
  int64_t max_len = lvs_optint(L, 2, "max_len", 3, INT64_MAX, 512);
  bool replace = lvs_optreplace(L, 2, "WordPiece");
  const vs_strings *pieces = listed ? check_pieces(L) : NULL;
  void **box = lvs_newbox(L, LVS_WORDPIECE);
  vs_wordpiece *w = *box = listed ? vs_wordpiece_new(pieces) : vs_wordpiece_load(path);
  if (!w) return lvs_nilerror(L);
  bool lower = lvs_optbool(L, 2, "lowercase", w->lowercase);
  bool strip = lower == w->lowercase ? w->strip : lower;
  w->lowercase = lower;
  w->strip = lvs_optbool(L, 2, "strip_accents", strip);
  w->max_len = max_len;
  w->replace = replace;
  return 1;
}

/* wp:tokenize(s) -> list of pieces */
static int lvs_wordpiece_tokenize(lua_State *L) {
  vs_wordpiece *w = lvs_checkbox(L, 1, LVS_WORDPIECE);
  size_t n;
  const char *s = lvs_checkstr(L, 2, "text", &n);
  vs_ids *rows = lvs_newrows(L);
  if (vs_wordpiece_pieces(w, s, n, rows) != 0) return lvs_raisein(L, "tokenize");
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
  vs_ids *rows = lvs_newrows(L), *types = lvs_newrows(L);
  if (vs_wordpiece_encode(w, a, na, b, nb, max_len, rows, types) != 0)
    return lvs_raisein(L, "encode");
  lvs_pushmade(L, lvs_makerow, &(lvs_made){rows, w->pad});
  lvs_pushmade(L, lvs_makerow, &(lvs_made){types, 1});
  return 2;
}

/* wp:encode_batch(texts [, {pairs = list, max_len =}])
 *   -> ids int64 [B,T], mask bool [B,T], lengths int64 [B], types int64 [B,T] */
static int lvs_wordpiece_encode_batch(lua_State *L) {
  vs_wordpiece *w = lvs_checkbox(L, 1, LVS_WORDPIECE);
  lua_Integer count = lvs_checkbatch(L, 2, "encode_batch");
  lvs_checkoptions(L, 3, "pairs|max_len", "encode_batch");
  int64_t max_len = lvs_optint(L, 3, "max_len", 2, INT64_MAX, w->max_len);
  int pairs = 0;
  if (lua_istable(L, 3) && lua_getfield(L, 3, "pairs") != LUA_TNIL) {
    pairs = lua_gettop(L);
    lvs_checktype(L, pairs, LUA_TTABLE, "pairs");
    lua_Integer have = lvs_listlen(L, pairs, "encode_batch", "pairs");
    if (have != count) return lvs_error(L, "encode_batch: %I texts, but %I pairs", count, have);
  }
  vs_ids *rows = lvs_newrows(L), *types = lvs_newrows(L);
  for (lua_Integer i = 1; i <= count; i++) {
    size_t na, nb = 0;
    const char *a = lvs_listitem(L, 2, i, &na, "encode_batch"), *b = NULL;
    if (pairs) b = lvs_listitem(L, pairs, i, &nb, "encode_batch");
    if (vs_wordpiece_encode(w, a, na, b, nb, max_len, rows, types) != 0)
      return lvs_raisein(L, lua_pushfstring(L, "encode_batch: text %I", i));
  }
  lvs_made m = {rows, w->pad};
  lvs_pushmade(L, lvs_makepadded, &m);
  lvs_pushmade(L, lvs_makemask, &m);
  lvs_pushmade(L, lvs_makelengths, &m);
  lvs_pushmade(L, lvs_makepadded, &(lvs_made){types, 1});
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
  vs_tensor *t = lvs_checkids(L, 2, "decode");
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  for (int64_t i = 0, pieces = 0; i < t->numel; i++) {
    size_t n;
    int64_t id = vs_ints(t)[i];
    const char *piece = vs_wordpiece_piece(w, id, &n);
    if (!piece) return lvs_raisein(L, "decode");
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
  return lvs_pushid(L, vs_wordpiece_id(w, piece, n));
}

/* wp:token(id) -> token; raises when there is no such id */
static int lvs_wordpiece_token(lua_State *L) {
  size_t n;
  const char *s =
      vs_wordpiece_piece(lvs_checkbox(L, 1, LVS_WORDPIECE), lvs_checkint(L, 2, "id"), &n);
  return lvs_pushword(L, s, n, "token");
}

/* wp:settings() -> {lowercase, strip_accents, max_len, invalid}, as options of text.WordPiece */
static int lvs_wordpiece_settings(lua_State *L) {
  vs_wordpiece *w = lvs_checkbox(L, 1, LVS_WORDPIECE);
  lua_createtable(L, 0, 4);
  lvs_setint(L, "max_len", w->max_len);
  lua_pushboolean(L, w->strip);
  lua_setfield(L, -2, "strip_accents");
  lua_pushboolean(L, w->lowercase);
  lua_setfield(L, -2, "lowercase");
  lua_pushstring(L, w->replace ? "replace" : "error");
  lua_setfield(L, -2, "invalid");
  return 1;
}

/* wp:tokens() -> list of tokens in the order of their ids */
static int lvs_wordpiece_tokens(lua_State *L) {
  vs_wordpiece *w = lvs_checkbox(L, 1, LVS_WORDPIECE);
  lua_createtable(L, (int)VS_MIN(w->map.n, 1 << 24), 0);
  for (int64_t i = 1; i <= w->map.n; i++) {
    size_t n;
    const char *piece = vs_wordpiece_piece(w, i, &n);
    lua_pushlstring(L, piece, n);
    lua_rawseti(L, -2, i);
  }
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

void lvs_open_wordpiece(lua_State *L) {
  static const luaL_Reg methods[] = {{"tokenize", lvs_wordpiece_tokenize},
                                     {"encode", lvs_wordpiece_encode},
                                     {"encode_batch", lvs_wordpiece_encode_batch},
                                     {"decode", lvs_wordpiece_decode},
                                     {"id", lvs_wordpiece_id},
                                     {"token", lvs_wordpiece_token},
                                     {"tokens", lvs_wordpiece_tokens},
                                     {"settings", lvs_wordpiece_settings},
                                     {NULL, NULL}};
  static const luaL_Reg meta[] = {
      {"__len", lvs_wordpiece_len}, {"__tostring", lvs_wordpiece_tostring}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"WordPiece", lvs_wordpiece_load}, {NULL, NULL}};
  lvs_newclass(L, LVS_WORDPIECE, methods, meta, free_wordpiece);
  lvs_setfunctions(L, "text", functions);
}
