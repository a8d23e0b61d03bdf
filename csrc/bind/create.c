/* Constructors: tensor, zeros, ones, full, empty, arange, linspace, eye, rand, randn, randint,
 * randperm. */
#include <math.h>
#include <string.h>

#include "bind/bind.h"
#include "bind/options.h"
#include "core/random.h"
#include "core/thread.h"
#include "op/fill.h"

typedef struct request {
  vs_dtype dtype;
  int ndim;
  int64_t shape[VS_MAX_DIM];
  vs_value value; /* a number */
  vs_rng rng;
} request;

static vs_tensor *make_empty(void *arg) {
  const request *r = arg;
  return vs_tensor_new(r->dtype, r->ndim, r->shape);
}

static vs_tensor *make_full(void *arg) {
  const request *r = arg;
  vs_tensor *t = vs_tensor_new(r->dtype, r->ndim, r->shape);
  if (t != NULL && r->value.kind == VS_V_INT)
    vs_fill_int(t, r->value.i);
  else if (t != NULL)
    vs_fill(t, r->value.f);
  return t;
}

/* ---- options at the end of the arguments ---- */

/* The options table at the top of the stack, if there is one; its index or 0. */
static int options_at(lua_State *L) {
  int top = lua_gettop(L);
  return top > 0 && lua_istable(L, top) && lua_rawlen(L, top) == 0 && top > 1 ? top : 0;
}

static vs_dtype dtype_option(lua_State *L, int options, vs_dtype otherwise, const char *what) {
  if (options == 0) return otherwise;
  lvs_checkoptions(L, options, "dtype|requires_grad", what);
  lua_getfield(L, options, "dtype");
  const char *name = lua_tostring(L, -1);
  int d = name == NULL ? (int)otherwise : vs_dtype_parse(name);
  if (d < 0 || (name == NULL && !lua_isnil(L, -1)))
    lvs_error(L, "%s: unknown dtype %s", what, lvs_pushtext(L, -1));
  lua_pop(L, 1);
  return (vs_dtype)d;
}

static bool grad_option(lua_State *L, int options) {
  if (options == 0) return false;
  lua_getfield(L, options, "requires_grad");
  bool on = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return on;
}

static int finish(lua_State *L, bool grad, const char *what) {
  vs_tensor *t = lvs_checktensor(L, -1);
  if (grad && t->dtype != VS_REAL)
    return lvs_error(L, "%s: only %s tensors can require gradients, not %s", what,
                     vs_dtype_name(VS_REAL), vs_dtype_name(t->dtype));
  t->requires_grad = grad;
  return 1;
}

/* Sizes from arguments first..last: numbers or one list. */
static void read_sizes(lua_State *L, int first, int last, request *r, const char *what) {
  bool list = first == last && lua_istable(L, first);
  int n = list ? (int)lvs_listlen(L, first, what, "sizes") : last - first + 1;
  if (n < 0) n = 0;
  if (n > VS_MAX_DIM) lvs_error(L, "%s: %d dimensions, at most %d", what, n, VS_MAX_DIM);
  r->ndim = n;
  for (int i = 0; i < n; i++) {
    int whole = 0;
    if (list)
      lua_rawgeti(L, first, i + 1);
    else
      lua_pushvalue(L, first + i);
    r->shape[i] = lua_tointegerx(L, -1, &whole);
    if (!whole || r->shape[i] < 0)
      lvs_error(L, "%s: size %d is %s, expected a whole number of 0 or more", what, i + 1,
                lvs_pushtext(L, -1));
    lua_pop(L, 1);
  }
}

static int sized(lua_State *L, vs_tensor *(*make)(void *), double value, const char *what) {
  int options = options_at(L), last = options != 0 ? options - 1 : lua_gettop(L);
  request r = {.dtype = dtype_option(L, options, VS_REAL, what), .value = VS_F(value)};
  read_sizes(L, 1, last, &r, what);
  bool grad = grad_option(L, options);
  lvs_pushmade(L, make, &r);
  return finish(L, grad, what);
}

static int zeros(lua_State *L) { return sized(L, make_full, 0, "zeros"); }
static int ones(lua_State *L) { return sized(L, make_full, 1, "ones"); }
static int empty(lua_State *L) { return sized(L, make_empty, 0, "empty"); }

/* An integer keeps its digits. */
static vs_value check_value(lua_State *L, int index) {
  double f = lvs_checknum(L, index, "value");
  return lua_isinteger(L, index) ? VS_I(lua_tointeger(L, index)) : VS_F(f);
}

/* full({2, 3}, 7): the sizes are one list here, as the value follows them. */
static int full(lua_State *L) {
  request r = {.dtype = VS_REAL};
  lvs_checktype(L, 1, LUA_TTABLE, "sizes");
  r.value = check_value(L, 2);
  int options = lua_gettop(L) > 2 ? options_at(L) : 0;
  r.dtype = dtype_option(L, options, VS_REAL, "full");
  read_sizes(L, 1, 1, &r, "full");
  bool grad = grad_option(L, options);
  lvs_pushmade(L, make_full, &r);
  return finish(L, grad, "full");
}

static int like(lua_State *L, vs_value value) {
  vs_tensor *t = lvs_checktensor(L, 1);
  request r = {.dtype = t->dtype, .ndim = t->ndim, .value = value};
  memcpy(r.shape, t->shape, sizeof r.shape);
  return lvs_pushmade(L, make_full, &r);
}

static int zeros_like(lua_State *L) { return like(L, VS_I(0)); }
static int ones_like(lua_State *L) { return like(L, VS_I(1)); }
static int full_like(lua_State *L) { return like(L, check_value(L, 2)); }

/* ---- from Lua tables ---- */

/* Sizes from the first elements; ragged tables are found when the values are read. */
static void measure(lua_State *L, int index, request *r) {
  lua_pushvalue(L, index);
  while (lua_istable(L, -1)) {
    if (r->ndim == VS_MAX_DIM) lvs_error(L, "tensor: more than %d levels of tables", VS_MAX_DIM);
    r->shape[r->ndim++] = (int64_t)lvs_listlen(L, -1, "tensor", "the table");
    luaL_checkstack(L, 3, "tensor");
    lua_rawgeti(L, -1, 1);
    lua_remove(L, -2);
  }
  if (lua_isboolean(L, -1)) r->dtype = VS_BOOL;
  lua_pop(L, 1);
}

static void read_number(lua_State *L, vs_tensor *t, int64_t at) {
  if (t->dtype == VS_INT64 && lua_isinteger(L, -1))
    vs_ints(t)[at] = lua_tointeger(L, -1);
  else if (lua_isboolean(L, -1))
    vs_set_double(t, at, lua_toboolean(L, -1));
  else if (lua_type(L, -1) == LUA_TNUMBER)
    vs_set_double(t, at, lua_tonumber(L, -1));
  else
    lvs_error(L, "tensor: element %d is a %s, expected a number", (int)at + 1, lvs_typename(L, -1));
}

/* The table on top into t, from *at on. */
static void read_nested(lua_State *L, vs_tensor *t, int dim, int64_t *at) {
  if (dim == t->ndim) {
    read_number(L, t, (*at)++);
    return;
  }
  if (!lua_istable(L, -1) || (int64_t)lvs_listlen(L, -1, "tensor", "a table") != t->shape[dim])
    lvs_error(L,
              "tensor: the tables are ragged: expected %d entries at level %d, after %d elements",
              (int)t->shape[dim], dim + 1, (int)*at);
  for (int64_t i = 1; i <= t->shape[dim]; i++) {
    lua_rawgeti(L, -1, i);
    read_nested(L, t, dim + 1, at);
    lua_pop(L, 1);
  }
}

static int from_table(lua_State *L) {
  request r = {.dtype = VS_REAL};
  int64_t at = 0;
  int options = lua_isnoneornil(L, 2) ? 0 : 2;
  if (options != 0) lvs_checktype(L, 2, LUA_TTABLE, "options");
  if (lvs_testtensor(L, 1) != NULL)
    return lvs_error(L, "tensor: the argument is a tensor already; x:clone() copies it");
  if (!lua_istable(L, 1) && lua_type(L, 1) != LUA_TNUMBER && !lua_isboolean(L, 1))
    return lvs_error(L, "tensor: expected a number or a table of numbers, got %s",
                     lvs_typename(L, 1));
  measure(L, 1, &r);
  r.dtype = dtype_option(L, options, r.dtype, "tensor");
  bool grad = grad_option(L, options);
  lvs_pushmade(L, make_empty, &r);
  vs_tensor *t = lvs_checktensor(L, -1);
  luaL_checkstack(L, VS_MAX_DIM + 4, "tensor");
  lua_pushvalue(L, 1);
  read_nested(L, t, 0, &at);
  lua_pop(L, 1);
  return finish(L, grad, "tensor");
}

/* ---- sequences ---- */

/* Element i is a + i * by in int64, wrapping around, or first + i * step. */
typedef struct ramp {
  vs_tensor *t;
  bool whole;
  double first, step;
  int64_t a, by;
} ramp;

static void write_ramp(void *arg, int64_t from, int64_t to, int slot) {
  const ramp *r = arg;
  double first = r->first, step = r->step;
  uint64_t a = (uint64_t)r->a, by = (uint64_t)r->by;
  (void)slot;
  if (r->whole && r->t->dtype == VS_INT64) {
    int64_t *v = vs_ints(r->t);
    for (int64_t i = from; i < to; i++) v[i] = (int64_t)(a + (uint64_t)i * by);
  } else if (!r->whole && r->t->dtype == VS_REAL) {
    vs_real *v = vs_reals(r->t);
    for (int64_t i = from; i < to; i++) v[i] = (vs_real)(first + step * (double)i);
  } else {
    for (int64_t i = from; i < to; i++)
      vs_set_double(r->t, i,
                    r->whole ? (double)(int64_t)(a + (uint64_t)i * by) : first + step * (double)i);
  }
}

/* Pushes a tensor of `count` elements, the elements as `r` says. */
static int sequence(lua_State *L, int options, ramp r, double count, vs_dtype dtype,
                    const char *what) {
  if (!(count >= 0 && count < 1e12)) return lvs_error(L, "%s: too many elements", what);
  request q = {
      .dtype = dtype_option(L, options, dtype, what), .ndim = 1, .shape = {(int64_t)count}};
  lvs_pushmade(L, make_empty, &q);
  r.t = lvs_checktensor(L, -1);
  vs_parallel(r.t->numel, 1 << 15, write_ramp, &r);
  return 1;
}

/* arange of integers: exact, and int64 unless another dtype is asked for. */
static int whole_arange(lua_State *L, int options, int last) {
  int64_t a = last < 2 ? 1 : lua_tointeger(L, 1), b = lua_tointeger(L, last < 2 ? 1 : 2);
  int64_t step = last < 3 ? 1 : lua_tointeger(L, 3);
  uint64_t up = (uint64_t)b - (uint64_t)a, down = (uint64_t)a - (uint64_t)b, count = 0;
  if (step > 0 && b >= a) count = up / (uint64_t)step;
  if (step < 0 && b <= a) count = down / (0 - (uint64_t)step);
  bool any = step > 0 ? b >= a : b <= a;
  return sequence(L, options, (ramp){.whole = true, .a = a, .by = step},
                  any ? (double)count + 1 : 0, VS_INT64, "arange");
}

/* arange(first, last [, step]): both ends included, as ranges are in Lua. */
static int arange(lua_State *L) {
  int options = options_at(L), last = options != 0 ? options - 1 : lua_gettop(L);
  double a = lvs_checknum(L, 1, "first"), b = last >= 2 ? lvs_checknum(L, 2, "last") : a, step = 1;
  bool whole =
      lua_isinteger(L, 1) && (last < 2 || lua_isinteger(L, 2)) && (last < 3 || lua_isinteger(L, 3));
  if (last < 2) a = 1;
  if (last >= 3) step = lvs_checknum(L, 3, "step");
  if (step == 0) return lvs_error(L, "arange: step is 0");
  if (whole) return whole_arange(L, options, last);
  double n = floor((b - a) / step + 1e-9) + 1;
  return sequence(L, options, (ramp){.first = a, .step = step}, n < 0 ? 0 : n, VS_REAL, "arange");
}

/* n values from a to b, both exact: the second half is counted from b.  base: NULL, or the values
 * are exponents of it. */
static int spaced(lua_State *L, double a, double b, lua_Integer n, const double *base, int options,
                  const char *what) {
  double step = n > 1 ? (b - a) / (double)(n - 1) : 0;
  sequence(L, options, (ramp){0}, (double)n, VS_REAL, what);
  vs_tensor *t = lvs_checktensor(L, -1);
  for (int64_t i = 0; i < n; i++) {
    double v = i < (n + 1) / 2 ? a + step * (double)i : b - step * (double)(n - 1 - i);
    vs_set_double(t, i, base ? pow(*base, v) : v);
  }
  return 1;
}

static int linspace(lua_State *L) {
  double a = lvs_checknum(L, 1, "first"), b = lvs_checknum(L, 2, "last");
  lua_Integer n = lvs_checkint(L, 3, "count");
  return spaced(L, a, b, n, NULL, lua_gettop(L) > 3 ? options_at(L) : 0, "linspace");
}

/* logspace(first, last, count [, base]): base^first to base^last, exponents evenly spaced. */
static int logspace(lua_State *L) {
  int options = lua_gettop(L) > 3 ? options_at(L) : 0, last = lua_gettop(L);
  double a = lvs_checknum(L, 1, "first"), b = lvs_checknum(L, 2, "last");
  lua_Integer n = lvs_checkint(L, 3, "count");
  double base = last - (options != 0) >= 4 ? lvs_checknum(L, 4, "base") : 10;
  return spaced(L, a, b, n, &base, options, "logspace");
}

static int eye(lua_State *L) {
  lua_Integer n = lvs_checkint(L, 1, "n");
  request r = {.dtype = VS_REAL, .ndim = 2, .shape = {n, n}};
  lvs_pushmade(L, make_full, &r);
  vs_tensor *t = lvs_checktensor(L, -1);
  for (int64_t i = 0; i < n; i++) vs_reals(t)[i * n + i] = 1;
  return 1;
}

/* ---- random ---- */

static int random_sizes(lua_State *L, const char *what,
                        void (*fill)(vs_rng, int64_t, vs_real *, double, double)) {
  int options = options_at(L), last = options != 0 ? options - 1 : lua_gettop(L);
  request r = {.dtype = dtype_option(L, options, VS_REAL, what)};
  if (r.dtype != VS_REAL)
    return lvs_error(L, "%s: only %s is supported; to(dtype) converts", what,
                     vs_dtype_name(VS_REAL));
  read_sizes(L, 1, last, &r, what);
  bool grad = grad_option(L, options);
  lvs_pushmade(L, make_empty, &r);
  vs_tensor *t = lvs_checktensor(L, -1);
  fill(vs_rng_take(), t->numel, vs_reals(t), 0, 1);
  return finish(L, grad, what);
}

/* The result is always vs_real, whatever x's dtype. */
static int random_like(lua_State *L, void (*fill)(vs_rng, int64_t, vs_real *, double, double)) {
  vs_tensor *x = lvs_checktensor(L, 1);
  request r = {.dtype = VS_REAL, .ndim = x->ndim};
  memcpy(r.shape, x->shape, sizeof r.shape);
  lvs_pushmade(L, make_empty, &r);
  vs_tensor *t = lvs_checktensor(L, -1);
  fill(vs_rng_take(), t->numel, vs_reals(t), 0, 1);
  return 1;
}

static int uniform_like(lua_State *L) { return random_like(L, vs_fill_uniform); }
static int normal_like(lua_State *L) { return random_like(L, vs_fill_normal); }

static int rand_uniform(lua_State *L) { return random_sizes(L, "rand", vs_fill_uniform); }
static int rand_normal(lua_State *L) { return random_sizes(L, "randn", vs_fill_normal); }

/* randint(low, high, sizes...): int64, both ends included. */
static int randint(lua_State *L) {
  lua_Integer low = lvs_checkint(L, 1, "low"), high = lvs_checkint(L, 2, "high");
  request r = {.dtype = VS_INT64};
  if (high < low) return lvs_error(L, "randint: high %d is below low %d", (int)high, (int)low);
  read_sizes(L, 3, lua_gettop(L), &r, "randint");
  lvs_pushmade(L, make_empty, &r);
  vs_tensor *t = lvs_checktensor(L, -1);
  vs_rng rng = vs_rng_take();
  uint64_t span = (uint64_t)high - (uint64_t)low + 1;
  for (int64_t i = 0; i < t->numel; i++) {
    uint64_t bits = (uint64_t)vs_rng_bits(rng, (uint64_t)(2 * i)) << 32 |
                    vs_rng_bits(rng, (uint64_t)(2 * i + 1));
    vs_ints(t)[i] = (int64_t)((uint64_t)low + (span == 0 ? bits : bits % span));
  }
  return 1;
}

static int randperm(lua_State *L) {
  lua_Integer n = lvs_checkint(L, 1, "n");
  request r = {.dtype = VS_INT64, .ndim = 1, .shape = {n}};
  lvs_pushmade(L, make_empty, &r);
  vs_tensor *t = lvs_checktensor(L, -1);
  vs_rng_permutation(vs_rng_take(), n, vs_ints(t));
  for (int64_t i = 0; i < n; i++) vs_ints(t)[i]++;
  return 1;
}

static const luaL_Reg functions[] = {{"tensor", from_table},
                                     {"zeros", zeros},
                                     {"ones", ones},
                                     {"empty", empty},
                                     {"full", full},
                                     {"zeros_like", zeros_like},
                                     {"ones_like", ones_like},
                                     {"full_like", full_like},
                                     {"rand_like", uniform_like},
                                     {"randn_like", normal_like},
                                     {"arange", arange},
                                     {"linspace", linspace},
                                     {"logspace", logspace},
                                     {"eye", eye},
                                     {"rand", rand_uniform},
                                     {"randn", rand_normal},
                                     {"randint", randint},
                                     {"randperm", randperm},
                                     {NULL, NULL}};

void lvs_open_create(lua_State *L) { luaL_setfuncs(L, functions, 0); }
