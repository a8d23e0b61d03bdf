/* What is shared by the bindings of tokenizers, and vs.text.tokenize.  See text.h. */
#include "bind/text.h"

#include <stdlib.h>
#include <string.h>

#include "text/words.h"

#define LVS_ROWS "vesper.TokenRows"
#define LVS_READER "vesper.WordReader"

static void free_rows(void *p) {
  vs_ids_free(p);
  free(p);
}

static void free_reader(void *p) {
  vs_words_free(p);
  free(p);
}

int lvs_raisein(lua_State *L, const char *what) {
  vs_fail_prefix(what);
  return lvs_raise(L);
}

vs_ids *lvs_newrows(lua_State *L) { return lvs_newzeroed(L, LVS_ROWS, sizeof(vs_ids)); }

bool lvs_optreplace(lua_State *L, int options, const char *what) {
  const char *word = lvs_optword(L, options, "invalid", "error");
  if (strcmp(word, "replace") == 0) return true;
  if (strcmp(word, "error") != 0)
    lvs_error(L, "%s: invalid is \"%s\", expected \"error\" or \"replace\"", what, word);
  return false;
}

const char *lvs_listitem(lua_State *L, int index, lua_Integer i, size_t *n, const char *what) {
  if (lua_rawgeti(L, index, i) != LUA_TSTRING)
    lvs_error(L, "%s: item %I of the list is a %s, expected a string", what, i,
              luaL_typename(L, -1));
  const char *s = lua_tolstring(L, -1, n);
  lua_pop(L, 1);
  return s;
}

lua_Integer lvs_checkbatch(lua_State *L, int index, const char *what) {
  lvs_checktype(L, index, LUA_TTABLE, "texts");
  lua_Integer n = lvs_listlen(L, index, what, "texts");
  if (n == 0) lvs_error(L, "%s: the list is empty", what);
  return n;
}

vs_tensor *lvs_makerow(void *p) { return vs_ids_row(((lvs_made *)p)->rows, 0); }

vs_tensor *lvs_makepadded(void *p) {
  const lvs_made *m = p;
  return vs_ids_padded(m->rows, m->pad);
}

vs_tensor *lvs_makelengths(void *p) { return vs_ids_lengths(((lvs_made *)p)->rows); }
vs_tensor *lvs_makemask(void *p) { return vs_ids_mask(((lvs_made *)p)->rows); }

vs_tensor *lvs_checkids(lua_State *L, int index, const char *what) {
  vs_tensor *t = lvs_checktensor(L, index);
  if (t->dtype != VS_INT64 || t->ndim > 1)
    lvs_error(L, "%s: ids are %s %s, expected int64 [T]", what, vs_dtype_name(t->dtype),
              vs_shape_str(t));
  void **box = lvs_newbox(L, LVS_TENSOR);
  *box = vs_contiguous(t);
  if (!*box) lvs_raisein(L, what);
  return *box;
}

int lvs_pushid(lua_State *L, int64_t id) {
  if (id)
    lua_pushinteger(L, id);
  else
    lua_pushnil(L);
  return 1;
}

int lvs_pushword(lua_State *L, const char *word, size_t n, const char *what) {
  if (!word) return lvs_raisein(L, what);
  lua_pushlstring(L, word, n);
  return 1;
}

/* text.tokenize(s [, {invalid = "error"|"replace"}]) -> list of words */
static int lvs_tokenize(lua_State *L) {
  size_t n;
  const char *s = lvs_checkstr(L, 1, "text", &n);
  lvs_checkoptions(L, 2, "invalid", "tokenize");
  bool replace = lvs_optreplace(L, 2, "tokenize");
  vs_words *w = lvs_newzeroed(L, LVS_READER, sizeof *w);
  int got;
  vs_words_start(w, s, n, replace);
  lua_newtable(L);
  for (lua_Integer i = 1; (got = vs_words_next(w)) == 1; i++) {
    lua_pushlstring(L, w->word, w->len);
    lua_rawseti(L, -2, i);
  }
  return got < 0 ? lvs_raisein(L, "tokenize") : 1;
}

void lvs_open_text(lua_State *L) {
  static const luaL_Reg functions[] = {{"tokenize", lvs_tokenize}, {NULL, NULL}};
  lvs_newclass(L, LVS_ROWS, NULL, NULL, free_rows);
  lvs_newclass(L, LVS_READER, NULL, NULL, free_reader);
  lvs_setfunctions(L, "text", functions);
}
