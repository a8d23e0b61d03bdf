/* vs.io.csv and vs.io.csv_rows.
 *
 * A missing file gives nil and a message; a broken row in the middle of a `for` raises, as io.lines
 * does. */
#include "io/csv.h"

#include <string.h>

#include "bind/bind.h"
#include "bind/options.h"

#define LVS_CSV "vesper.CsvReader"

static void free_csv(void *c) { vs_csv_close(c); }

static int push_csv(lua_State *L, int first, const char *what) {
  const char *path = lvs_checkstr(L, first, "path", NULL);
  lvs_checkoptions(L, first + 1, "delimiter", what);
  const char *delimiter = lvs_optword(L, first + 1, "delimiter", ",");
  if (strlen(delimiter) != 1) return lvs_error(L, "%s: delimiter must be one character", what);
  void **box = lvs_newbox(L, LVS_CSV);
  *box = vs_csv_open(path, delimiter[0]);
  return *box != NULL;
}

static void push_row(lua_State *L, const vs_csv *c) {
  int columns = vs_csv_columns(c);
  lua_createtable(L, 0, columns);
  for (int i = 0; i < columns; i++) {
    size_t n;
    const char *s = vs_csv_column_name(c, i, &n);
    lua_pushlstring(L, s, n);
    s = vs_csv_field(c, i, &n);
    lua_pushlstring(L, s, n);
    lua_rawset(L, -3);
  }
}

/* vs.io.csv(path [, options]) -> what a generic for wants: the reader, and again to be closed */
static int lvs_csv(lua_State *L) {
  return push_csv(L, 1, "csv") ? lvs_iterate(L) : lvs_nilerror(L);
}

/* reader() -> the next row, nil at the end */
static int lvs_csv_call(lua_State *L) {
  vs_csv *c = lvs_checkbox(L, 1, LVS_CSV);
  int got = vs_csv_next(c);
  if (got < 0) return lvs_raise(L);
  if (got == 0) return 0;
  push_row(L, c);
  return 1;
}

static int lvs_csv_columns(lua_State *L) {
  vs_csv *c = lvs_checkbox(L, 1, LVS_CSV);
  int n = vs_csv_columns(c);
  lua_createtable(L, n, 0);
  for (int i = 0; i < n; i++) {
    size_t len;
    const char *s = vs_csv_column_name(c, i, &len);
    lua_pushlstring(L, s, len);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

static int lvs_csv_line(lua_State *L) {
  lua_pushinteger(L, vs_csv_line(lvs_checkbox(L, 1, LVS_CSV)));
  return 1;
}

static int lvs_csv_close(lua_State *L) { return lvs_closebox(L, 1, LVS_CSV); }

/* vs.io.csv_rows(path [, options]) -> list of rows, list of column names */
static int lvs_csv_rows(lua_State *L) {
  if (!push_csv(L, 1, "csv_rows")) return lvs_nilerror(L);
  int box = lua_gettop(L), got;
  vs_csv *c = lvs_checkbox(L, box, LVS_CSV);
  lua_newtable(L);
  for (lua_Integer i = 1; (got = vs_csv_next(c)) > 0; i++) {
    push_row(L, c);
    lua_rawseti(L, -2, i);
  }
  if (got < 0) return lvs_nilerror(L);
  lua_pushcfunction(L, lvs_csv_columns);
  lua_pushvalue(L, box);
  lua_call(L, 1, 1);
  return 2;
}

void lvs_open_csv(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"columns", lvs_csv_columns}, {"line", lvs_csv_line}, {"close", lvs_csv_close}, {NULL, NULL}};
  static const luaL_Reg meta[] = {{"__call", lvs_csv_call}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"csv", lvs_csv}, {"csv_rows", lvs_csv_rows}, {NULL, NULL}};
  lvs_newclass(L, LVS_CSV, methods, meta, free_csv);
  lvs_setfunctions(L, "io", functions);
}
