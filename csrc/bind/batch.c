/* Batches and samples as Lua sees them: plain tables with a metatable that prints them. */
#include <stdlib.h>
#include <string.h>

#include "bind/dataset.h"
#include "bind/strings.h"

#define LVS_BATCH "vesper.Batch"
#define LVS_SAMPLE "vesper.Sample"
#define LVS_FETCHED "vesper.Fetched"

static void free_batch(void *p) {
  vs_batch_clear(p);
  free(p);
}

vs_batch *lvs_newbatch(lua_State *L) { return lvs_newzeroed(L, LVS_FETCHED, sizeof(vs_batch)); }

void lvs_pushbatch(lua_State *L, vs_batch *b) {
  lua_createtable(L, 0, b->nfield + 1);
  for (int i = 0; i < b->nfield; i++) lvs_movetensor(L, &b->field[i].t, b->field[i].name);
  if (b->has_text) {
    lvs_pushstrings(L, &b->text);
    lua_setfield(L, -2, "text");
  }
  luaL_setmetatable(L, LVS_BATCH);
}

static vs_tensor *make_row(void *t) { return vs_select(t, 0, 0); }

void lvs_pushsample(lua_State *L, vs_batch *b) {
  lua_createtable(L, 0, b->nfield + 1);
  for (int i = 0; i < b->nfield; i++) {
    vs_tensor *t = b->field[i].t;
    if (t->ndim == 1 && t->dtype == VS_INT64)
      lua_pushinteger(L, vs_ints(t)[0]);
    else
      lvs_pushmade(L, make_row, t);
    lua_setfield(L, -2, b->field[i].name);
  }
  if (b->has_text) {
    lua_pushlstring(L, vs_strings_get(&b->text, 0), vs_strings_len(&b->text, 0));
    lua_setfield(L, -2, "text");
  }
  luaL_setmetatable(L, LVS_SAMPLE);
}

/* --- the order in which fields are shown --- */

static int rank_of(const char *name) {
  static const char *const first[] = {"image", "feature",  "regions", "region_count",
                                      "boxes", "landmark", "tokens",  "lengths",
                                      "text",  "label",    "item",    "tags"};
  if (!strcmp(name, "index")) return VS_COUNT(first) + 1;
  if (!strcmp(name, "image_index")) return VS_COUNT(first) + 2;
  int i = 0;
  while (i < VS_COUNT(first) && strcmp(first[i], name) != 0) i++;
  return i;
}

static int by_rank(const char *a, const char *b) {
  int difference = rank_of(a) - rank_of(b);
  return difference ? difference : strcmp(a, b);
}

static int by_rank_of_names(const void *a, const void *b) { return by_rank(a, b); }

static int by_rank_of_pointers(const void *a, const void *b) {
  return by_rank(*(const char *const *)a, *(const char *const *)b);
}

static void sort_fields(vs_fieldnames *names) {
  qsort(names->name, (size_t)names->n, sizeof names->name[0], by_rank_of_names);
}

/* --- the fields of a set --- */

/* What the fields look like into a batch in a box left on the stack, where `wanted` is read (a
 * copy: Lua may run); NULL: all.  On an error that is set, NULL. */
static vs_batch *push_fields(lua_State *L, vs_dataset *d, const vs_fieldnames *wanted,
                             vs_fieldnames *out) {
  vs_fieldnames all, some = wanted ? *wanted : (vs_fieldnames){0};
  vs_batch *b = lvs_newbatch(L);
  bool again = false;
  int rc;
  lua_State *outer = lvs_beginfetch(L, d);
  do rc = vs_dataset_fields(d, b, &all);
  while (rc && lvs_retry(L, &again));
  lvs_endfetch(outer, d);
  if (rc) return NULL;
  out->n = 0;
  b->wanted = wanted ? &some : NULL;
  for (int i = 0; i < all.n; i++)
    if (vs_batch_wants(b, all.name[i])) strcpy(out->name[out->n++], all.name[i]);
  b->wanted = NULL;
  sort_fields(out);
  return b;
}

void lvs_pushfields(lua_State *L, vs_dataset *d, const vs_fieldnames *wanted) {
  vs_fieldnames names;
  if (!push_fields(L, d, wanted, &names)) lvs_raise(L);
  lua_createtable(L, names.n, 0);
  for (int i = 0; i < names.n; i++) {
    lua_pushstring(L, names.name[i]);
    lua_rawseti(L, -2, i + 1);
  }
}

void lvs_checkfields(lua_State *L, vs_dataset *d, const vs_value *list, vs_fieldnames *out,
                     const char *what) {
  vs_fieldnames all;
  if (!push_fields(L, d, NULL, &all)) {
    vs_fail_prefix(what);
    lvs_raise(L);
  }
  out->n = 0;
  for (int i = 0; i < list->n; i++) {
    const char *name = list->strings[i];
    if (!vs_fieldnames_has(&all, name)) {
      lua_pushliteral(L, "");
      for (int k = 0; k < all.n; k++) {
        lua_pushfstring(L, "%s%s", k ? ", " : "", all.name[k]);
        lua_concat(L, 2);
      }
      lvs_error(L, "%s: the data set has no field '%s'; it has %s", what, name,
                lua_tostring(L, -1));
    }
    if (!vs_fieldnames_has(out, name)) strcpy(out->name[out->n++], name);
  }
  sort_fields(out);
  lua_pop(L, 1);
}

/* --- printing --- */

/* Pushes what a field of a batch or sample is, " uint8 [2,3,4,4]". */
static void push_kind(lua_State *L, int index) {
  const vs_tensor *t = lvs_testtensor(L, index);
  if (t)
    lua_pushfstring(L, " %s %s", vs_dtype_name(t->dtype), vs_shape_str(t));
  else if (lua_istable(L, index))
    lua_pushfstring(L, " list [%I]", (lua_Integer)lua_rawlen(L, index));
  else if (lua_type(L, index) == LUA_TSTRING)
    lua_pushfstring(L, " \"%s\"", lua_tostring(L, index));
  else if (lua_isinteger(L, index))
    lua_pushfstring(L, " %I", lua_tointeger(L, index));
  else if (lua_type(L, index) == LUA_TNUMBER)
    lvs_pushfstring(L, " %f", lua_tonumber(L, index));
  else
    lua_pushfstring(L, " %s", luaL_typename(L, index));
}

/* Upvalue 1: "Batch" or "Sample". */
static int table_tostring(lua_State *L) {
  int n = 0;
  lvs_checktype(L, 1, LUA_TTABLE, "fields");
  lua_settop(L, 1);
  for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) n += lua_type(L, -2) == LUA_TSTRING;
  const char **name = lua_newuserdatauv(L, (size_t)(n + 1) * sizeof *name, 0);
  n = 0;
  for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1))
    if (lua_type(L, -2) == LUA_TSTRING) name[n++] = lua_tostring(L, -2); /* kept by the table */
  qsort(name, (size_t)n, sizeof *name, by_rank_of_pointers);
  lua_pushvalue(L, lua_upvalueindex(1));
  for (int i = 0; i < n; i++) {
    lua_pushfstring(L, "%s%s", i ? ", " : ": ", name[i]);
    lua_pushstring(L, name[i]);
    lua_rawget(L, 1);
    push_kind(L, lua_gettop(L));
    lua_remove(L, -2);
    lua_concat(L, 3);
  }
  return 1;
}

/* What every batch has beside what it is for. */
static bool is_implied(const char *name) {
  return !strcmp(name, "index") || !strcmp(name, "image_index") || !strcmp(name, "lengths") ||
         !strcmp(name, "region_count");
}

/* " uint8 [3,64,64]": one sample's part of a field; "" for single numbers and tokens. */
static void push_part(lua_State *L, const vs_batch *b, const char *name) {
  const vs_tensor *t = vs_batch_get(b, name);
  if (!t || !strcmp(name, "tokens") || (t->ndim == 1 && t->dtype == VS_INT64))
    lua_pushliteral(L, "");
  else if (t->ndim == 1)
    lua_pushfstring(L, " %s", vs_dtype_name(t->dtype));
  else
    lua_pushfstring(L, " %s %s", vs_dtype_name(t->dtype), vs_dims_str(t->ndim - 1, t->shape + 1));
}

void lvs_describefields(lua_State *L, vs_dataset *d, const vs_fieldnames *wanted) {
  vs_fieldnames names = {0};
  const vs_batch *b = push_fields(L, d, wanted, &names);
  int box = lua_gettop(L);
  lua_pushliteral(L, "");
  for (int i = 0, shown = 0; b && i < names.n; i++) {
    if (is_implied(names.name[i])) continue;
    lua_pushfstring(L, "%s%s", shown++ ? ", " : "; ", names.name[i]);
    push_part(L, b, names.name[i]);
    lua_concat(L, 3);
  }
  lua_remove(L, box);
}

static void new_printed(lua_State *L, const char *class, const char *name) {
  luaL_newmetatable(L, class);
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__name");
  lua_pushstring(L, name);
  lua_pushcclosure(L, table_tostring, 1);
  lua_setfield(L, -2, "__tostring");
  lua_pushboolean(L, true);
  lua_setfield(L, -2, "plain"); /* a table that only prints otherwise */
  lua_pop(L, 1);
}

void lvs_open_batch(lua_State *L) {
  lvs_newclass(L, LVS_FETCHED, NULL, NULL, free_batch);
  new_printed(L, LVS_BATCH, "Batch");
  new_printed(L, LVS_SAMPLE, "Sample");
}
