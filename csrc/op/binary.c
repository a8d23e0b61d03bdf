/* Binary element-wise ops with broadcasting: arithmetic, comparisons, logic, where.
 *
 * Either operand may be a number.  Two integer operands (int64, uint8, bool; integer-valued numbers
 * count) give int64, two of bfloat16, or one and a number, bfloat16 where the op says so, a tensor
 * of float64 float64 without a gradient, anything else the compute type; comparisons give bool. */
#include <math.h>

#include "core/loop.h"
#include "kernel/elementwise.h"
#include "kernel/math.h"
#include "op/bf16.h"
#include "op/dims.h"
#include "op/op.h"
#include "op/reduce.h"

/* ---- operands ---- */

static bool is_bf16(const vs_tensor *t) { return t->dtype == VS_BFLOAT16; }
static bool is_number(const vs_ctx *c, int i) { return c->given[i] == NULL; }

/* Whether one of two inputs was given as float64: then both become that, but nothing flows back. */
static bool is_wide(const vs_ctx *c, int i) {
  return vs_is_wide(c->given[i]) || vs_is_wide(c->given[i + 1]);
}

static int widen(vs_ctx *c, int i) {
  if (c->training && (vs_refuse_wide(c, i) || vs_refuse_wide(c, i + 1))) return -1;
  return vs_recast(c, i, VS_FLOAT64) || vs_recast(c, i + 1, VS_FLOAT64) ? -1 : 0;
}

static int broadcast(const vs_ctx *c, int64_t *dims) {
  int n = vs_broadcast(c->in[0], c->in[1], dims);
  if (n < 0)
    return vs_fail("x %s and y %s do not broadcast", vs_shape_str(c->in[0]),
                   vs_shape_str(c->in[1]));
  return n;
}

/* Brings both inputs to what is computed with, and finds the broadcast shape; *dtype: of a result.
 * bfloat16 stays what it is where the op takes it. */
static int unify(vs_ctx *c, vs_dtype *dtype, int64_t *dims) {
  bool integers = vs_is_integer(c->in[0]) && vs_is_integer(c->in[1]), bf16[2];
  bool wide = is_wide(c, 0);
  *dtype = integers ? VS_INT64 : wide ? VS_FLOAT64 : VS_REAL;
  if (wide && widen(c, 0)) return -1;
  for (int i = 0; i < 2; i++) {
    bf16[i] = is_bf16(c->in[i]) && c->op->flags & VS_BF16;
    if (!bf16[i] && vs_recast(c, i, *dtype) < 0) return -1;
  }
  if ((bf16[0] || bf16[1]) && (bf16[0] || is_number(c, 0)) && (bf16[1] || is_number(c, 1)))
    *dtype = VS_BFLOAT16;
  return broadcast(c, dims);
}

typedef struct run {
  int which, side;
  bool bf16[2], bf16_out; /* which of x, y, out are bfloat16 */
} run;

/* t, which broadcasts to out, at the shape of out: itself, or *view made so. */
static vs_tensor *at_shape(vs_tensor *view, vs_tensor *t, const vs_tensor *out) {
  if (vs_same_shape(t, out)) return t;
  vs_broadcast_onto(view, t, out->ndim, out->shape);
  return view;
}

/* Walks out, x, y at their common shape. */
static void walk(vs_tensor *out, vs_tensor *x, vs_tensor *y, vs_loopfn fn, run *r) {
  vs_tensor vx, vy, *t[3] = {out, at_shape(&vx, x, out), at_shape(&vy, y, out)};
  vs_loop(3, t, fn, r, true);
}

/* ---- arithmetic ---- */

static int arithmetic_shape(vs_ctx *c) {
  vs_dtype dtype;
  int64_t dims[VS_MAX_DIM];
  int n = unify(c, &dtype, dims);
  return n < 0 ? -1 : vs_out(c, 0, dtype, n, dims);
}

/* Division and powers of integers are real. */
static int real_shape(vs_ctx *c) {
  for (int i = 0; i < 2 && !is_wide(c, 0); i++)
    if (!is_bf16(c->in[i]) && vs_recast(c, i, VS_REAL) < 0) return -1;
  return arithmetic_shape(c);
}

/* Integers cannot be divided by 0. */
static int division_shape(vs_ctx *c) {
  if (arithmetic_shape(c) < 0) return -1;
  const vs_tensor *y = c->in[1];
  for (int64_t i = 0; vs_is_integer(c->out[0]) && i < y->numel; i++)
    if (vs_ints(y)[vs_offset_of(i, y->ndim, y->shape, y->stride)] == 0)
      return vs_fail("element %lld of y is 0: integers cannot be divided by it", (long long)i + 1);
  return 0;
}

static void real_run(int64_t n, void *const *p, const int64_t *s, void *arg) {
  const run *r = arg;
  vs_k_elementwise()->binary[r->which](n, p[0], s[0], p[1], s[1], p[2], s[2]);
}

/* Numbers `step` apart; 0: one for all. */
typedef struct column {
  const vs_real *at;
  int64_t step;
} column;

/* Elements first.. of those at p, s apart, n of them: where they lie, or in `room`. */
static column column_of(const void *p, int64_t s, bool bf16, int64_t first, int64_t n,
                        vs_real *room) {
  const uint16_t *b = (const uint16_t *)p + first * s;
  if (!bf16) return (column){(const vs_real *)p + first * s, s};
  if (s == 1) vs_k_elementwise()->lengthen(n, room, b);
  for (int64_t i = 0; s != 1 && i < (s == 0 ? 1 : n); i++)
    room[i] = (vs_real)vs_bf16_to_float(b[i * s]);
  return (column){room, s == 0 ? 0 : 1};
}

/* Some are bfloat16, as r->bf16 says.  The result is contiguous. */
static void bf16_run(int64_t n, void *const *p, const int64_t *s, void *arg) {
  const run *r = arg;
  vs_real room[3][VS_PIECE];
  for (int64_t at = 0, many; at < n; at += many) {
    many = VS_MIN(n - at, VS_PIECE);
    column x = column_of(p[1], s[1], r->bf16[0], at, many, room[0]);
    column y = column_of(p[2], s[2], r->bf16[1], at, many, room[1]);
    vs_real *out = r->bf16_out ? room[2] : (vs_real *)p[0] + at;
    vs_k_elementwise()->binary[r->which](many, out, 1, x.at, x.step, y.at, y.step);
    if (r->bf16_out) vs_k_elementwise()->shorten(many, (uint16_t *)p[0] + at, out);
  }
}

/* x / y rounded down, or towards zero, and what is left; y is not 0. */
static int64_t int_division(int64_t x, int64_t y, int which) {
  bool quotient = which == VS_BIN_FLOOR_DIVIDE || which == VS_BIN_TRUNC_DIVIDE;
  if (y == -1) return quotient ? (int64_t)(0 - (uint64_t)x) : 0;
  int64_t q = x / y, r = x % y;
  bool towards_0 = which == VS_BIN_FMOD || which == VS_BIN_TRUNC_DIVIDE;
  bool down = !towards_0 && r != 0 && (r < 0) != (y < 0);
  if (which == VS_BIN_TRUNC_DIVIDE) return q;
  return which == VS_BIN_FLOOR_DIVIDE ? q - down : down ? r + y : r;
}

static void int_run(int64_t n, void *const *p, const int64_t *s, void *arg) {
  const run *r = arg;
  int64_t *o = p[0];
  const int64_t *x = p[1], *y = p[2];
  for (int64_t i = 0; i < n; i++) {
    int64_t a = x[i * s[1]], b = y[i * s[2]], v;
    uint64_t ua = (uint64_t)a, ub = (uint64_t)b; /* wraps, as everywhere */
    switch (r->which) {
      case VS_BIN_ADD: v = (int64_t)(ua + ub); break;
      case VS_BIN_SUB: v = (int64_t)(ua - ub); break;
      case VS_BIN_MUL: v = (int64_t)(ua * ub); break;
      case VS_BIN_MAXIMUM: v = VS_MAX(a, b); break;
      case VS_BIN_FMOD:
      case VS_BIN_REMAINDER:
      case VS_BIN_TRUNC_DIVIDE:
      case VS_BIN_FLOOR_DIVIDE: v = int_division(a, b, r->which); break;
      default: v = VS_MIN(a, b); break;
    }
    o[i * s[0]] = v;
  }
}

VS_DIVISIONS(double, wide, fmod, floor, trunc)

static void wide_run(int64_t n, void *const *p, const int64_t *s, void *arg) {
  const run *r = arg;
  double *o = p[0];
  const double *x = p[1], *y = p[2];
  for (int64_t i = 0; i < n; i++) {
    double a = x[i * s[1]], b = y[i * s[2]], v;
    switch (r->which) {
      case VS_BIN_ADD: v = a + b; break;
      case VS_BIN_SUB: v = a - b; break;
      case VS_BIN_MUL: v = a * b; break;
      case VS_BIN_DIV: v = a / b; break;
      case VS_BIN_POW: v = pow(a, b); break;
      case VS_BIN_ATAN2: v = atan2(a, b); break;
      case VS_BIN_FMOD: v = fmod(a, b); break;
      case VS_BIN_REMAINDER: v = wide_remainder(a, b); break;
      case VS_BIN_FLOOR_DIVIDE: v = wide_floor_divide(a, b); break;
      case VS_BIN_TRUNC_DIVIDE: v = wide_trunc_divide(a, b); break;
      case VS_BIN_MAXIMUM: v = a != a || a > b ? a : b; break;
      default: v = a != a || a < b ? a : b; break;
    }
    o[i * s[0]] = v;
  }
}

static void arithmetic(vs_ctx *c, int which) {
  run r = {which, 0, {is_bf16(c->in[0]), is_bf16(c->in[1])}, is_bf16(c->out[0])};
  vs_loopfn fn = vs_is_integer(c->out[0])               ? int_run
                 : vs_is_wide(c->out[0])                ? wide_run
                 : r.bf16[0] || r.bf16[1] || r.bf16_out ? bf16_run
                                                        : real_run;
  walk(c->out[0], c->in[0], c->in[1], fn, &r);
}

static void grad_run(int64_t n, void *const *p, const int64_t *s, void *arg) {
  const run *r = arg;
  vs_k_elementwise()->binary_grad[r->which][r->side](n, p[0], s[0], p[1], s[1], p[2], s[2], p[3],
                                                     s[3]);
}

static void bf16_grad_run(int64_t n, void *const *p, const int64_t *s, void *arg) {
  const run *r = arg;
  vs_real room[2][VS_PIECE];
  for (int64_t at = 0, many; at < n; at += many) {
    many = VS_MIN(n - at, VS_PIECE);
    column x = column_of(p[2], s[2], r->bf16[0], at, many, room[0]);
    column y = column_of(p[3], s[3], r->bf16[1], at, many, room[1]);
    vs_k_elementwise()->binary_grad[r->which][r->side](many, (vs_real *)p[0] + at * s[0], s[0],
                                                       (vs_real *)p[1] + at * s[1], s[1], x.at,
                                                       x.step, y.at, y.step);
  }
}

/* d = dout * d(x op y)/d(side), at the broadcast shape. */
static void full_grad(vs_ctx *c, int which, int side, vs_tensor *d) {
  run r = {which, side, {false, false}, false};
  vs_tensor vx, vy, *g = c->dout[0], *t[4] = {d, g, g, g};
  if (c->op->keep != 0) { /* otherwise the operands are not read: any address will do */
    t[2] = at_shape(&vx, c->in[0], g);
    t[3] = at_shape(&vy, c->in[1], g);
    for (int i = 0; i < 2; i++) r.bf16[i] = is_bf16(c->in[i]);
  }
  vs_loop(4, t, r.bf16[0] || r.bf16[1] ? bf16_grad_run : grad_run, &r, true);
}

/* Passing the gradient on unchanged needs no new memory. */
static bool passes(int which, int side) {
  return which == VS_BIN_ADD || (which == VS_BIN_SUB && side == 0);
}

static int arithmetic_backward(vs_ctx *c, int which) {
  for (int side = 0; side < 2; side++) {
    if (!c->need[side]) continue;
    vs_tensor *g = c->dout[0], *full = NULL;
    if (passes(which, side)) {
      full = vs_ref(g);
    } else {
      full = vs_tensor_new(VS_REAL, g->ndim, g->shape);
      if (full == NULL) return -1;
      full_grad(c, which, side, full);
    }
    if (vs_same_shape(full, c->in[side])) {
      c->din[side] = full;
      continue;
    }
    c->din[side] = vs_tensor_new(VS_REAL, c->in[side]->ndim, c->in[side]->shape);
    if (c->din[side] != NULL) vs_sum_to(c->din[side], full);
    vs_unref(full);
    if (c->din[side] == NULL) return -1;
  }
  return 0;
}

#define BINARY(NAME, fn, shape_fn, flag, keeps, text)                                   \
  static void fn##_forward(vs_ctx *c) { arithmetic(c, VS_BIN_##NAME); }                 \
  static int fn##_backward(vs_ctx *c) { return arithmetic_backward(c, VS_BIN_##NAME); } \
  const vs_opdef vs_op_##fn = {.name = #fn,                                             \
                               .args = "x:operand, y:operand",                          \
                               .outputs = 1,                                            \
                               .flags = VS_STRIDED | VS_OWN_GRADS | (flag),             \
                               .keep = keeps,                                           \
                               .shape = shape_fn,                                       \
                               .forward = fn##_forward,                                 \
                               .backward = fn##_backward,                               \
                               .doc = text};
#define BOTH (VS_KEEP_IN(0) | VS_KEEP_IN(1))

BINARY(ADD, add, arithmetic_shape, VS_BF16, 0,
       "x + y with broadcasting; either may be a number. Same as x + y.")
BINARY(SUB, sub, arithmetic_shape, VS_BF16, 0,
       "x - y with broadcasting; either may be a number. Same as x - y.")
BINARY(MUL, mul, arithmetic_shape, VS_BF16, BOTH,
       "x * y with broadcasting; either may be a number. Same as x * y.")
BINARY(POW, pow, real_shape, 0, BOTH,
       "x to the power y with broadcasting; either may be a number. Same as x ^ y.")
BINARY(ATAN2, atan2, real_shape, 0, BOTH,
       "The angle of the point (y, x), x the height, in radians, -pi to pi; with broadcasting.")
BINARY(MAXIMUM, maximum, arithmetic_shape, VS_KINK | VS_BF16, BOTH,
       "The larger of x and y, with broadcasting. Equal values share the gradient.")
BINARY(MINIMUM, minimum, arithmetic_shape, VS_KINK | VS_BF16, BOTH,
       "The smaller of x and y, with broadcasting. Equal values share the gradient.")
BINARY(FMOD, fmod, division_shape, VS_KINK, BOTH,
       "What is left of x / y rounded towards 0: x's sign, exact, as math.fmod; with broadcasting.")
BINARY(REMAINDER, remainder, division_shape, VS_KINK, BOTH,
       "What is left of x / y rounded down: y's sign, exact, with broadcasting. Same as x % y.")
BINARY(FLOOR_DIVIDE, floor_divide, division_shape, VS_NOGRAD, 0,
       "x / y rounded down, exact, with broadcasting. Same as x // y. No gradient.")

/* div with its rounding_mode */
static int div_kind(const vs_ctx *c) {
  if (c->attr[0].kind == VS_V_NONE) return VS_BIN_DIV;
  return c->attr[0].i ? VS_BIN_TRUNC_DIVIDE : VS_BIN_FLOOR_DIVIDE;
}
static int div_shape(vs_ctx *c) {
  return div_kind(c) == VS_BIN_DIV ? real_shape(c) : division_shape(c);
}
static void div_forward(vs_ctx *c) { arithmetic(c, div_kind(c)); }
static int div_backward(vs_ctx *c) { return arithmetic_backward(c, div_kind(c)); }

const vs_opdef vs_op_div = {
    .name = "div",
    .args = "x:operand, y:operand, rounding_mode:floor|trunc?",
    .outputs = 1,
    .flags = VS_STRIDED | VS_OWN_GRADS | VS_BF16,
    .keep = BOTH,
    .shape = div_shape,
    .forward = div_forward,
    .backward = div_backward,
    .doc = "x / y with broadcasting; either may be a number. Same as x / y. rounding_mode: rounded "
           "down or towards 0, exact, of integers int64; the gradient is then 0.",
};

/* ---- comparison ---- */

/* An integer and a number that is none are compared in double, as all of float64 is. */
static int compare_shape(vs_ctx *c) {
  vs_dtype dtype;
  int64_t dims[VS_MAX_DIM];
  if (vs_is_integer(c->in[0]) != vs_is_integer(c->in[1]) || is_wide(c, 0))
    for (int i = 0; i < 2; i++)
      if (vs_recast(c, i, VS_FLOAT64)) return -1;
  if (vs_is_wide(c->in[0])) {
    int wide = broadcast(c, dims);
    return wide < 0 ? -1 : vs_out(c, 0, VS_BOOL, wide, dims);
  }
  int n = unify(c, &dtype, dims);
  return n < 0 ? -1 : vs_out(c, 0, VS_BOOL, n, dims);
}

static void compare_run(int64_t n, void *const *p, const int64_t *s, void *arg) {
  const run *r = arg;
  vs_k_elementwise()->compare[r->which](n, p[0], s[0], p[1], s[1], p[2], s[2]);
}

#define COMPARE_RUN(run_name, T)                                                 \
  static void run_name(int64_t n, void *const *p, const int64_t *s, void *arg) { \
    const run *r = arg;                                                          \
    uint8_t *o = p[0];                                                           \
    const T *x = p[1], *y = p[2];                                                \
    for (int64_t i = 0; i < n; i++) {                                            \
      T a = x[i * s[1]], b = y[i * s[2]];                                        \
      bool v = false;                                                            \
      switch (r->which) { VS_COMPARE_LIST(X) }                                   \
      o[i * s[0]] = v;                                                           \
    }                                                                            \
  }
#define X(NAME, name, sign) \
  case VS_CMP_##NAME: v = a sign b; break;
COMPARE_RUN(compare_ints, int64_t)
COMPARE_RUN(compare_wide, double)
#undef X

static void compare(vs_ctx *c, int which) {
  run r = {.which = which};
  vs_loopfn fn = vs_is_real(c->in[0])   ? compare_run
                 : vs_is_wide(c->in[0]) ? compare_wide
                                        : compare_ints;
  walk(c->out[0], c->in[0], c->in[1], fn, &r);
}

#define COMPARE(NAME, fn, text)                                      \
  static void fn##_forward(vs_ctx *c) { compare(c, VS_CMP_##NAME); } \
  const vs_opdef vs_op_##fn = {.name = #fn,                          \
                               .args = "x:operand, y:operand",       \
                               .outputs = 1,                         \
                               .flags = VS_STRIDED | VS_NOGRAD,      \
                               .shape = compare_shape,               \
                               .forward = fn##_forward,              \
                               .doc = text                           \
                               " -> bool, with broadcasting. "       \
                               "Unlike Lua's own operator it compares element by element."};
COMPARE(EQ, eq, "x == y")
COMPARE(NE, ne, "x ~= y")
COMPARE(LT, lt, "x < y")
COMPARE(LE, le, "x <= y")
COMPARE(GT, gt, "x > y")
COMPARE(GE, ge, "x >= y")

/* ---- logic on masks ---- */

static int logic_shape(vs_ctx *c) {
  int64_t dims[VS_MAX_DIM];
  int n = vs_broadcast(c->in[0], c->in[1], dims);
  return n < 0 ? -1 : vs_out(c, 0, VS_BOOL, n, dims);
}

static void logic_run(int64_t n, void *const *p, const int64_t *s, void *arg) {
  const run *r = arg;
  uint8_t *o = p[0];
  const uint8_t *x = p[1], *y = p[2];
  for (int64_t i = 0; i < n; i++) {
    bool a = x[i * s[1]] != 0, b = y[i * s[2]] != 0;
    o[i * s[0]] = r->which == 0 ? a && b : r->which == 1 ? a || b : a != b;
  }
}

#define LOGIC(fn, code, text)                                   \
  static void fn##_forward(vs_ctx *c) {                         \
    run r = {.which = code};                                    \
    walk(c->out[0], c->in[0], c->in[1], logic_run, &r);         \
  }                                                             \
  const vs_opdef vs_op_##fn = {.name = #fn,                     \
                               .args = "x:mask, y:mask",        \
                               .outputs = 1,                    \
                               .flags = VS_STRIDED | VS_NOGRAD, \
                               .shape = logic_shape,            \
                               .forward = fn##_forward,         \
                               .doc = text " of two masks -> bool."};
LOGIC(logical_and, 0, "x and y")
LOGIC(logical_or, 1, "x or y")
LOGIC(logical_xor, 2, "Either but not both")

static int logical_not_shape(vs_ctx *c) {
  return vs_out(c, 0, VS_BOOL, c->in[0]->ndim, c->in[0]->shape);
}

static void logical_not_forward(vs_ctx *c) {
  const uint8_t *x = vs_bytes(c->in[0]);
  uint8_t *o = vs_bytes(c->out[0]);
  for (int64_t i = 0; i < c->in[0]->numel; i++) o[i] = x[i] == 0;
}

const vs_opdef vs_op_logical_not = {.name = "logical_not",
                                    .args = "x:mask",
                                    .outputs = 1,
                                    .flags = VS_NOGRAD,
                                    .shape = logical_not_shape,
                                    .forward = logical_not_forward,
                                    .doc = "not x, of a mask -> bool."};

/* ---- where and masked_fill: out = mask ? x : y ---- */

/* The dtype that x is computed in here: its own, or a wider one. */
static vs_dtype computable(const vs_tensor *x) {
  if (!vs_is_integer(x)) return x->dtype == VS_FLOAT64 ? VS_FLOAT64 : VS_REAL;
  return x->dtype == VS_INT32 ? VS_INT64 : x->dtype;
}

static int where_shape(vs_ctx *c) {
  int64_t dims[VS_MAX_DIM];
  vs_tensor like = {0};
  const vs_tensor *x = c->in[1], *y = c->in[2];
  vs_dtype dtype = is_wide(c, 1)                            ? VS_FLOAT64
                   : !vs_is_integer(x) || !vs_is_integer(y) ? VS_REAL
                   : x->dtype == y->dtype                   ? computable(x)
                                                            : VS_INT64;
  int n = vs_broadcast(x, y, dims);
  if (n < 0 || (is_wide(c, 1) && widen(c, 1)) || vs_recast(c, 1, dtype) < 0 ||
      vs_recast(c, 2, dtype) < 0)
    return -1;
  like.ndim = n;
  for (int d = 0; d < n; d++) like.shape[d] = dims[d];
  n = vs_broadcast(c->in[0], &like, dims);
  return n < 0 ? -1 : vs_out(c, 0, dtype, n, dims);
}

#define VS_WHERE(name, type)                                                               \
  static void name(int64_t n, void *const *p, const int64_t *s, void *arg) {               \
    type *o = p[0];                                                                        \
    const uint8_t *m = p[1];                                                               \
    const type *x = p[2], *y = p[3];                                                       \
    (void)arg;                                                                             \
    for (int64_t i = 0; i < n; i++) o[i * s[0]] = m[i * s[1]] ? x[i * s[2]] : y[i * s[3]]; \
  }
VS_WHERE(where_reals, vs_real)
VS_WHERE(where_wide, double)
VS_WHERE(where_ints, int64_t)
VS_WHERE(where_bytes, uint8_t)

/* One number as a tensor of the caller's, for walks. */
typedef struct single {
  int64_t word;
  vs_storage storage;
  vs_tensor t;
} single;

static vs_tensor *single_of(single *s, vs_dtype dtype, const vs_value *value) {
  s->storage = (vs_storage){.refs = 1, .data = &s->word};
  s->t = (vs_tensor){.refs = 1, .dtype = dtype, .numel = 1, .storage = &s->storage};
  vs_fill_number(&s->t, value);
  return &s->t;
}

/* out, x and y have one dtype. */
static void where_walk(vs_tensor *out, vs_tensor *m, vs_tensor *x, vs_tensor *y) {
  vs_tensor view[3], *t[4] = {out, m, x, y};
  for (int i = 1; i < 4; i++) t[i] = at_shape(&view[i - 1], t[i], out);
  vs_loop(4, t,
          out->dtype == VS_REAL      ? where_reals
          : out->dtype == VS_FLOAT64 ? where_wide
          : out->dtype == VS_INT64   ? where_ints
                                     : where_bytes,
          NULL, true);
}

static void where_forward(vs_ctx *c) { where_walk(c->out[0], c->in[0], c->in[1], c->in[2]); }

/* dx = mask ? dout : 0, dy = mask ? 0 : dout, summed over what was broadcast */
static int where_backward(vs_ctx *c) {
  vs_tensor *g = c->dout[0];
  single s;
  vs_tensor *zero = single_of(&s, VS_REAL, &VS_F(0));
  for (int i = 1; i < 3; i++) {
    if (!c->need[i]) continue;
    vs_tensor *full = vs_tensor_new(VS_REAL, g->ndim, g->shape);
    c->din[i] = full == NULL ? NULL : vs_tensor_new(VS_REAL, c->in[i]->ndim, c->in[i]->shape);
    if (c->din[i] != NULL) {
      where_walk(full, c->in[0], i == 1 ? g : zero, i == 1 ? zero : g);
      vs_sum_to(c->din[i], full);
    }
    vs_unref(full);
    if (c->din[i] == NULL) return -1;
  }
  return 0;
}

const vs_opdef vs_op_where = {
    .name = "where",
    .args = "mask:mask, x:operand, y:operand",
    .outputs = 1,
    .flags = VS_STRIDED | VS_OWN_GRADS,
    .keep = VS_KEEP_IN(0),
    .shape = where_shape,
    .forward = where_forward,
    .backward = where_backward,
    .doc = "x where mask is true, y elsewhere, with broadcasting; x and y may be numbers. Integers "
           "stay integers when both are."};

static int masked_fill_shape(vs_ctx *c) {
  int64_t dims[VS_MAX_DIM];
  int n = vs_broadcast(c->in[0], c->in[1], dims);
  if (n != c->in[0]->ndim || vs_numel(n, dims) != c->in[0]->numel)
    return vs_fail("mask %s does not broadcast to x %s", vs_shape_str(c->in[1]),
                   vs_shape_str(c->in[0]));
  vs_dtype dtype = computable(c->in[0]);
  double value = vs_number(&c->attr[0]), most = dtype == VS_INT64   ? 9.3e18
                                                : dtype == VS_UINT8 ? 255
                                                                    : 1;
  double least = dtype == VS_INT64 ? -most : 0;
  bool whole = c->attr[0].kind == VS_V_INT || (value == floor(value) && fabs(value) <= 9e18);
  if (vs_is_integer(c->in[0]) && !(whole && value >= least && value <= most))
    return vs_fail("value is %g, which %s cannot hold", value, vs_dtype_name(dtype));
  if (vs_recast(c, 0, dtype) < 0) return -1;
  return vs_out_like(c, 0, c->in[0]);
}

static void masked_fill_forward(vs_ctx *c) {
  single s;
  vs_tensor *value = single_of(&s, c->in[0]->dtype, &c->attr[0]);
  where_walk(c->out[0], c->in[1], value, c->in[0]);
}

static int masked_fill_backward(vs_ctx *c) {
  single s;
  vs_tensor *zero = single_of(&s, VS_REAL, &VS_F(0));
  c->din[0] = vs_tensor_new(VS_REAL, c->in[0]->ndim, c->in[0]->shape);
  if (c->din[0] == NULL) return -1;
  where_walk(c->din[0], c->in[1], zero, c->dout[0]);
  return 0;
}

const vs_opdef vs_op_masked_fill = {
    .name = "masked_fill",
    .args = "x:any, mask:mask, value:number",
    .outputs = 1,
    .flags = VS_STRIDED | VS_OWN_GRADS,
    .keep = VS_KEEP_IN(1),
    .shape = masked_fill_shape,
    .forward = masked_fill_forward,
    .backward = masked_fill_backward,
    .doc = "x with `value` where mask (broadcast to x) is true; no gradient flows there."};
