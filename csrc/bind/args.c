/* Lua arguments to descriptor values and back.  See core/args.h for the language. */
#include <string.h>

#include "bind/bind.h"

/* ---- errors ---- */

static int bad(lua_State *L, const char *what, const vs_arg *a, int index) {
  vs_tensor *t = lvs_testtensor(L, index);
  if (t != NULL)
    return lvs_error(L, "%s: %s is a %s tensor %s, expected %s", what, a->name,
                     vs_dtype_name(t->dtype), vs_shape_str(t), vs_argkind_name(a));
  if (luaL_testudata(L, index, LVS_TENSOR) != NULL)
    return lvs_error(L, "%s: %s is a closed tensor", what, a->name);
  if (lua_type(L, index) == LUA_TSTRING)
    return lvs_error(L, "%s: %s is '%s', expected %s", what, a->name, lua_tostring(L, index),
                     vs_argkind_name(a));
  if (lua_type(L, index) == LUA_TNUMBER)
    return lvs_error(L, "%s: %s is %s, expected %s", what, a->name, lvs_pushtext(L, index),
                     vs_argkind_name(a));
  const char *got = lvs_typename(L, index);
  const char *article = strcmp(got, "nothing") == 0            ? ""
                        : strchr("aeiouAEIOU", got[0]) != NULL ? "an "
                                                               : "a ";
  return lvs_error(L, "%s: %s is %s%s, expected %s", what, a->name, article, got,
                   vs_argkind_name(a));
}

/* ---- one value ---- */

static bool to_int(lua_State *L, int index, int64_t *out) {
  int whole = 0;
  if (lua_type(L, index) != LUA_TNUMBER) return false;
  *out = lua_tointegerx(L, index, &whole);
  return whole;
}

/* Lua's dimension 3 is C's 2; negatives are the same; 0 raises. */
static int64_t from_one(lua_State *L, const char *what, const vs_arg *a, int64_t d) {
  if (d == 0)
    lvs_error(L, "%s: %s is 0: dimensions count from 1, or from -1 backwards", what, a->name);
  return d > 0 ? d - 1 : d;
}

static void read_ints(lua_State *L, int index, const vs_arg *a, vs_value *v, const char *what) {
  *v = (vs_value){.kind = VS_V_INTS};
  if (to_int(L, index, &v->ints[0])) {
    v->n = 1;
  } else if (lua_istable(L, index)) {
    lua_Integer n = lvs_listlen(L, index, what, a->name);
    if (n > VS_MAX_DIM)
      lvs_error(L, "%s: %s has %d entries, at most %d", what, a->name, (int)n, VS_MAX_DIM);
    for (v->n = 0; v->n < (int)n; v->n++) {
      lua_rawgeti(L, index, v->n + 1);
      if (!to_int(L, -1, &v->ints[v->n])) bad(L, what, a, index);
      lua_pop(L, 1);
    }
  } else {
    bad(L, what, a, index);
  }
  for (int i = 0; i < v->n && a->kind == VS_A_DIMS; i++)
    v->ints[i] = from_one(L, what, a, v->ints[i]);
}

static void read_pair(lua_State *L, int index, const vs_arg *a, vs_value *v, const char *what) {
  int64_t one;
  if (a->kind == VS_A_PAIR && to_int(L, index, &one)) {
    *v = VS_P(one, one);
    return;
  }
  if (a->kind == VS_A_NUMPAIR && lua_type(L, index) == LUA_TNUMBER) {
    double n = lua_tonumber(L, index);
    *v = (vs_value){.kind = VS_V_NUMPAIR, .numpair = {n, n}};
    return;
  }
  if (!lua_istable(L, index) || lvs_listlen(L, index, what, a->name) != 2) bad(L, what, a, index);
  *v = (vs_value){.kind = a->kind == VS_A_PAIR ? VS_V_PAIR : VS_V_NUMPAIR};
  for (int i = 0; i < 2; i++) {
    lua_rawgeti(L, index, i + 1);
    if (a->kind == VS_A_PAIR ? !to_int(L, -1, &v->pair[i]) : lua_type(L, -1) != LUA_TNUMBER)
      bad(L, what, a, index);
    if (a->kind == VS_A_NUMPAIR) v->numpair[i] = lua_tonumber(L, -1);
    lua_pop(L, 1);
  }
}

/* A list of tensors into a userdata that stays on the stack. */
static void read_list(lua_State *L, int index, const vs_arg *a, vs_value *v, const char *what) {
  if (!lua_istable(L, index)) bad(L, what, a, index);
  int n = (int)lvs_listlen(L, index, what, a->name);
  if (n == 0) lvs_error(L, "%s: %s is empty", what, a->name);
  luaL_checkstack(L, 4, what);
  vs_tensor **list = lua_newuserdatauv(L, (size_t)n * sizeof *list, 0);
  for (int i = 0; i < n; i++) {
    lua_rawgeti(L, index, i + 1);
    list[i] = lvs_testtensor(L, -1); /* kept alive by the table */
    if (list[i] == NULL)
      lvs_error(L, "%s: element %d of %s is a %s, expected a tensor", what, i + 1, a->name,
                lvs_typename(L, -1));
    lua_pop(L, 1);
  }
  *v = VS_L(list, n);
}

/* One string as a list, whose memory stays on the stack. */
static void read_path(lua_State *L, int index, vs_value *v) {
  const char **list = lua_newuserdatauv(L, sizeof *list, 0);
  list[0] = lua_tostring(L, index);
  *v = (vs_value){.kind = VS_V_STRINGS, .n = 1, .strings = list};
}

/* A list of strings, which the list keeps alive, into a userdata that stays on the stack. */
static void read_strings(lua_State *L, int index, const vs_arg *a, vs_value *v, const char *what) {
  if (a->kind == VS_A_PATHS && lua_type(L, index) == LUA_TSTRING) return read_path(L, index, v);
  if (!lua_istable(L, index)) bad(L, what, a, index);
  int n = (int)lvs_listlen(L, index, what, a->name);
  luaL_checkstack(L, 4, what);
  const char **list = lua_newuserdatauv(L, (size_t)n * sizeof *list + 1, 0);
  for (int i = 0; i < n; i++) {
    if (lua_rawgeti(L, index, i + 1) != LUA_TSTRING)
      lvs_error(L, "%s: element %d of %s is a %s, expected a string", what, i + 1, a->name,
                lvs_typename(L, -1));
    list[i] = lua_tostring(L, -1);
    lua_pop(L, 1);
  }
  *v = (vs_value){.kind = VS_V_STRINGS, .n = n, .strings = list};
}

/* The memory of a list stays on the stack. */
static void read_value(lua_State *L, int index, const vs_arg *a, vs_value *v, const char *what) {
  int64_t i = 0;
  vs_tensor *t = vs_arg_is_tensor(a) ? lvs_testtensor(L, index) : NULL;
  if (t != NULL && a->kind != VS_A_TENSORS) {
    v->kind = VS_V_TENSOR;
    v->t = t;
    return;
  }
  if (lua_isnoneornil(L, index)) {
    *v = VS_NONE;
    return;
  }
  switch (a->kind) {
    case VS_A_TENSOR:
    case VS_A_ANY:
    case VS_A_INDEX:
    case VS_A_MASK:
    case VS_A_BUFFER: bad(L, what, a, index); break;
    case VS_A_NUMBER:
    case VS_A_OPERAND:
      if (lua_isinteger(L, index))
        *v = VS_I(lua_tointeger(L, index));
      else if (lua_type(L, index) == LUA_TNUMBER)
        *v = VS_F(lua_tonumber(L, index));
      else
        bad(L, what, a, index);
      break;
    case VS_A_TENSORS: read_list(L, index, a, v, what); break;
    case VS_A_PATHS:
    case VS_A_STRINGS: read_strings(L, index, a, v, what); break;
    case VS_A_NUM:
      if (lua_type(L, index) != LUA_TNUMBER) bad(L, what, a, index);
      *v = VS_F(lua_tonumber(L, index));
      break;
    case VS_A_INT:
      if (!to_int(L, index, &i)) bad(L, what, a, index);
      *v = VS_I(i);
      break;
    case VS_A_DIM:
      if (!to_int(L, index, &i)) bad(L, what, a, index);
      *v = VS_I(from_one(L, what, a, i));
      break;
    case VS_A_BOOL:
      if (!lua_isboolean(L, index)) bad(L, what, a, index);
      *v = VS_B(lua_toboolean(L, index));
      break;
    case VS_A_STRING:
      if (lua_type(L, index) != LUA_TSTRING) bad(L, what, a, index);
      *v = (vs_value){.kind = VS_V_STRING, .s = lua_tostring(L, index)};
      break;
    case VS_A_DTYPE:
      i = lua_type(L, index) == LUA_TSTRING ? vs_dtype_parse(lua_tostring(L, index)) : -1;
      if (i < 0) bad(L, what, a, index);
      *v = VS_I(i);
      break;
    case VS_A_CHOICE: {
      size_t n = 0;
      const char *s = lua_type(L, index) == LUA_TSTRING ? lua_tolstring(L, index, &n) : NULL;
      i = s != NULL ? vs_choice(a->choices, s, n) : -1;
      if (i < 0) bad(L, what, a, index);
      *v = VS_I(i);
      break;
    }
    case VS_A_PAIR:
    case VS_A_NUMPAIR: read_pair(L, index, a, v, what); break;
    case VS_A_DIMS:
    case VS_A_INTS: read_ints(L, index, a, v, what); break;
  }
}

/* ---- all of them ---- */

/* A table with names, not a list: {stride = 2}. An empty table counts as one where no list is
 * expected. */
static bool is_options(lua_State *L, int index, const vs_argspec *spec, int at) {
  if (!lua_istable(L, index) || lua_rawlen(L, index) > 0) return false;
  lua_pushnil(L);
  if (!lua_next(L, index)) {
    vs_argkind kind = at < spec->n ? spec->arg[at].kind : VS_A_NUM;
    return kind != VS_A_TENSORS && kind != VS_A_INTS && kind != VS_A_DIMS;
  }
  bool named = lua_type(L, -2) == LUA_TSTRING;
  lua_pop(L, 2);
  return named;
}

static void read_options(lua_State *L, int index, const vs_argspec *spec, vs_value *v,
                         const char *what) {
  luaL_checkstack(L, VS_MAX_ARGS + 8, what);
  lua_pushnil(L);
  while (lua_next(L, index)) {
    int i = 0;
    const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "a number";
    while (i < spec->n && strcmp(spec->arg[i].name, key) != 0) i++;
    if (i == spec->n) {
      luaL_Buffer b;
      luaL_buffinit(L, &b);
      for (i = 0; i < spec->n; i++) {
        luaL_addstring(&b, i > 0 ? ", " : "");
        luaL_addstring(&b, spec->arg[i].name);
      }
      luaL_pushresult(&b);
      lvs_error(L, "%s: unknown option '%s', expected one of %s", what, key, lua_tostring(L, -1));
    }
    if (v[i].kind != VS_V_NONE) lvs_error(L, "%s: %s is given twice", what, key);
    int top = lua_gettop(L);
    read_value(L, top, &spec->arg[i], &v[i], what);
    if (lua_gettop(L) > top) { /* a list's memory: move it below the iteration */
      lua_insert(L, top - 1);
      lua_pop(L, 1);
    } else {
      lua_pop(L, 1);
    }
  }
}

void lvs_checkargs(lua_State *L, int first, const vs_argspec *spec, vs_value *v, const char *what) {
  int top = lua_gettop(L), next = first;
  for (int i = 0; i < spec->n; i++) v[i].kind = VS_V_NONE;
  bool options = top >= first && is_options(L, top, spec, top - first);
  int last = options ? top - 1 : top;
  for (int i = 0; i < spec->n && next <= last; i++) {
    const vs_arg *a = &spec->arg[i];
    bool spread = (a->kind == VS_A_INTS || a->kind == VS_A_DIMS) && i == spec->n - 1;
    if (spread && lua_type(L, next) == LUA_TNUMBER && next < last) { /* x:reshape(2, 3) */
      lua_createtable(L, last - next + 1, 0);
      for (int k = next; k <= last; k++) {
        lua_pushvalue(L, k);
        lua_rawseti(L, -2, k - next + 1);
      }
      read_value(L, lua_gettop(L), a, &v[i], what);
      next = last + 1;
    } else {
      read_value(L, next++, a, &v[i], what);
    }
  }
  if (next <= last)
    lvs_error(L, "%s: %d arguments given, expected at most %d", what, last - first + 1, spec->n);
  if (options) read_options(L, top, spec, v, what);
}

void lvs_pushvalue(lua_State *L, const vs_arg *a, const vs_value *v) {
  switch (v->kind) {
    case VS_V_NUM: lua_pushnumber(L, v->f); break;
    case VS_V_BOOL: lua_pushboolean(L, (int)v->i); break;
    case VS_V_STRING: lua_pushstring(L, v->s); break;
    case VS_V_PAIR:
    case VS_V_NUMPAIR:
      lua_createtable(L, 2, 0);
      for (int i = 0; i < 2; i++) {
        if (v->kind == VS_V_PAIR)
          lua_pushinteger(L, v->pair[i]);
        else
          lua_pushnumber(L, v->numpair[i]);
        lua_rawseti(L, -2, i + 1);
      }
      break;
    case VS_V_INTS:
      lua_createtable(L, v->n, 0);
      for (int i = 0; i < v->n; i++) {
        lua_pushinteger(L, v->ints[i] + (a->kind == VS_A_DIMS && v->ints[i] >= 0));
        lua_rawseti(L, -2, i + 1);
      }
      break;
    case VS_V_INT:
      if (a->kind == VS_A_CHOICE) {
        const char *p = a->choices;
        for (int64_t i = 0; i < v->i; i++) p = strchr(p, '|') + 1;
        lua_pushlstring(L, p, strcspn(p, "|"));
      } else if (a->kind == VS_A_DTYPE) {
        lua_pushstring(L, vs_dtype_name((vs_dtype)v->i));
      } else {
        lua_pushinteger(L, a->kind == VS_A_DIM && v->i >= 0 ? v->i + 1 : v->i);
      }
      break;
    default: lua_pushnil(L);
  }
}
