/* vs.io.h5: any HDF5 file, read a few rows at a time. data.open reads vesper's own files.
 *
 * A file and the data sets opened in it are in one box; rows count from 1.  What cannot be read
 * gives nil and a message; rows beyond the ends raise. */
#include <stdlib.h>
#include <string.h>

#include "bind/strings.h"
#include "io/h5.h"

#define LVS_H5FILE "vesper.H5File"

enum { MAX_OPEN = 16 }; /* data sets kept open, with their caches of chunks */

typedef struct h5file {
  vs_h5 *h;
  int n;
  vs_h5data *data[MAX_OPEN];
} h5file;

static void free_file(void *p) {
  h5file *f = p;
  for (int i = 0; i < f->n; i++) vs_h5_data_close(f->data[i]);
  vs_h5_close(f->h);
  free(f);
}

/* vs.io.h5(path) -> H5File, or nil and a message */
static int lvs_h5(lua_State *L) {
  const char *path = lvs_checkstr(L, 1, "path", NULL);
  h5file *f = lvs_newzeroed(L, LVS_H5FILE, sizeof *f);
  return (f->h = vs_h5_open(path)) ? 1 : lvs_nilerror(L);
}

/* The data set named at 2, opened once; NULL with an error set. */
static vs_h5data *open_data(lua_State *L, h5file *f) {
  const char *name = lvs_checkstr(L, 2, "name", NULL);
  for (int i = 0; i < f->n; i++)
    if (!strcmp(vs_h5_name(f->data[i]), name)) return f->data[i];
  vs_h5data *d = vs_h5_data_partial(f->h, name);
  if (!d) return NULL;
  if (f->n == MAX_OPEN) vs_h5_data_close(f->data[--f->n]);
  return f->data[f->n++] = d;
}

/* file:info(name) -> {kind, shape, bytes [, partial = true]}, or nil and a message */
static int lvs_h5_info(lua_State *L) {
  static const char *const kinds[] = {"integers", "numbers", "strings", "other"};
  const vs_h5data *d = open_data(L, lvs_checkbox(L, 1, LVS_H5FILE));
  if (!d) return lvs_nilerror(L);
  const vs_h5info *info = vs_h5_info(d);
  lua_createtable(L, 0, 3);
  lua_pushstring(L, info->is_bool ? "booleans" : kinds[info->kind]);
  lua_setfield(L, -2, "kind");
  lvs_setint(L, "bytes", info->size);
  if (info->partial) {
    lua_pushboolean(L, true);
    lua_setfield(L, -2, "partial");
  }
  lua_createtable(L, info->ndim, 0);
  for (int i = 0; i < info->ndim && !info->scalar; i++) {
    lua_pushinteger(L, info->dims[i]);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setfield(L, -2, "shape");
  return 1;
}

typedef struct rows {
  vs_h5data *d;
  int64_t first, n;
} rows;

static vs_tensor *make_rows(void *arg) {
  const rows *r = arg;
  const vs_h5info *info = vs_h5_info(r->d);
  int64_t shape[VS_MAX_DIM];
  memcpy(shape, info->dims, sizeof shape);
  shape[0] = r->n;
  int ndim = info->scalar && r->n == 1 ? 0 : info->ndim;
  vs_dtype dtype = info->is_bool                         ? VS_BOOL
                   : info->kind == VS_H5_REALS           ? VS_REAL
                   : info->size == 1 && !info->is_signed ? VS_UINT8
                                                         : VS_INT64;
  vs_tensor *t = vs_tensor_new(dtype, ndim, shape);
  if (t && vs_h5_read(r->d, dtype, r->first, r->n, vs_data(t))) {
    vs_unref(t);
    t = NULL;
  }
  return t;
}

static int push_tensor(lua_State *L, rows *r) {
  void **box = lvs_newbox(L, LVS_TENSOR);
  bool again = false;
  do *box = make_rows(r);
  while (!*box && lvs_retry(L, &again));
  lvs_maybe_collect(L);
  return *box ? 1 : lvs_nilerror(L);
}

static int push_list(lua_State *L, const rows *r) {
  vs_strings *s = lvs_newstrings(L);
  if (vs_h5_read_some_strings(r->d, r->first, r->n, s)) return lvs_nilerror(L);
  lvs_pushstrings(L, s);
  return 1;
}

/* file:read(name [, first [, last]]) -> tensor or list of strings, or nil and a message */
static int lvs_h5_read(lua_State *L) {
  h5file *f = lvs_checkbox(L, 1, LVS_H5FILE);
  lua_Integer first = lua_isnoneornil(L, 3) ? 1 : lvs_checkint(L, 3, "first");
  bool all = lua_isnoneornil(L, 4);
  lua_Integer last = all ? 0 : lvs_checkint(L, 4, "last");
  rows r = {.d = open_data(L, f)};
  if (!r.d) return lvs_nilerror(L);
  const vs_h5info *info = vs_h5_info(r.d);
  if (all) last = info->dims[0];
  if (first < 1 || last > info->dims[0] || last < first - 1)
    return lvs_error(L, "read: rows %I to %I are not in 1..%I", first, last,
                     (lua_Integer)info->dims[0]);
  r.first = first - 1;
  r.n = last - first + 1;
  if (vs_h5_rows_fit(r.d, info->varying ? info->dims[0] : r.n)) return lvs_nilerror(L);
  if (info->kind == VS_H5_OTHER) {
    vs_h5_bad(r.d, "neither numbers nor strings");
    return lvs_nilerror(L);
  }
  return info->kind == VS_H5_STRINGS ? push_list(L, &r) : push_tensor(L, &r);
}

static int lvs_h5_close(lua_State *L) { return lvs_closebox(L, 1, LVS_H5FILE); }

void lvs_open_h5file(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"info", lvs_h5_info}, {"read", lvs_h5_read}, {"close", lvs_h5_close}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"h5", lvs_h5}, {NULL, NULL}};
  lvs_newclass(L, LVS_H5FILE, methods, NULL, free_file);
  lvs_setfunctions(L, "io", functions);
}
