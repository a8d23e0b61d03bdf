/* scatter_reduce: the sum, product, mean or extreme of what an index brings to each place. */
#include "op/scatter.h"

enum { DIM, REDUCE, INCLUDE_SELF };
enum { SUM, PROD, MEAN, AMAX, AMIN };

/* What backward finds out about a place: how many values took part that count, and the product of
 * those that are not 0. */
typedef struct fate {
  int64_t count;
  double product;
} fate;

static int scatter_reduce_shape(vs_ctx *c) {
  for (int i = X; i <= SRC; i += SRC - X)
    if (c->in[i]->dtype == VS_BFLOAT16 && vs_recast(c, i, VS_REAL) < 0) return -1;
  if (vs_want_addable(c) < 0) return -1;
  if (c->attr[REDUCE].i == MEAN && !vs_is_real(c->in[X]))
    return vs_fail("x is %s, whose means are no integers: call :float()",
                   vs_dtype_name(c->in[X]->dtype));
  c->work_bytes = (size_t)c->in[X]->numel * sizeof(int64_t);
  c->back_bytes = (size_t)c->in[X]->numel * sizeof(fate);
  return vs_scattered_shape(c, false);
}

/* Whether b takes the place of a; NaN takes every other's. */
#define BEATS(a, b, sign) ((b)sign(a) || ((b) != (b) && (a) == (a)))

/* count: how many values of src came to a place.  A mean is a sum so far. */
#define REDUCTION(T, name, add, multiply)                                   \
  static void name(const vs_ctx *c, int64_t *count, T *out, const T *src) { \
    const int64_t *index = vs_ints(c->in[INDEX]);                           \
    int64_t which = c->attr[REDUCE].i;                                      \
    for (int64_t i = 0; i < c->in[INDEX]->numel; i++) {                     \
      int64_t at = vs_scattered_at(c, index, i);                            \
      T a = out[at], b = src[i];                                            \
      if (count[at]++ == 0 && !c->attr[INCLUDE_SELF].i)                     \
        out[at] = b;                                                        \
      else if (which == SUM || which == MEAN)                               \
        out[at] = (T)(add);                                                 \
      else if (which == PROD)                                               \
        out[at] = (T)(multiply);                                            \
      else if (which == AMAX ? BEATS(a, b, >) : BEATS(a, b, <))             \
        out[at] = b;                                                        \
    }                                                                       \
  }
REDUCTION(vs_real, reduce_reals, a + b, a *b)
/* Wraps around where int64 overflows. */
REDUCTION(int64_t, reduce_ints, (uint64_t)a + (uint64_t)b, (uint64_t)a *(uint64_t)b)

static void scatter_reduce_forward(vs_ctx *c) {
  int64_t *count = c->work;
  memset(count, 0, c->work_bytes);
  vs_copy_values(c->out[0], c->in[X]);
  if (!vs_is_real(c->in[X])) {
    reduce_ints(c, count, vs_ints(c->out[0]), vs_ints(c->in[SRC]));
    return;
  }
  vs_real *y = vs_reals(c->out[0]);
  reduce_reals(c, count, y, vs_reals(c->in[SRC]));
  for (int64_t at = 0; c->attr[REDUCE].i == MEAN && at < c->in[X]->numel; at++)
    if (count[at] > 0) y[at] /= (vs_real)(count[at] + c->attr[INCLUDE_SELF].i);
}

static bool same(vs_real a, vs_real b) { return a == b || (a != a && b != b); }

/* One more value for a place whose result is y. */
static void take_part(fate *f, int64_t which, vs_real v, vs_real y) {
  if (which == PROD) {
    f->count += v == 0;
    if (v != 0) f->product *= (double)v;
  } else {
    f->count += which < AMAX || same(v, y);
  }
}

/* d result / d v of a value of that place */
static double slope(const fate *f, int64_t which, vs_real v, vs_real y) {
  if (which == SUM) return 1;
  if (which == MEAN) return 1 / (double)f->count;
  if (which != PROD) return same(v, y) ? 1 / (double)f->count : 0;
  if (f->count == 0) return f->product / (double)v;
  return f->count == 1 && v == 0 ? f->product : 0;
}

/* A place that nothing came to passes its gradient on. */
static int scatter_reduce_backward(vs_ctx *c) {
  const int64_t *index = vs_ints(c->in[INDEX]);
  const vs_real *x = vs_reals(c->in[X]), *src = vs_reals(c->in[SRC]);
  const vs_real *y = vs_reals(c->out[0]), *dy = vs_reals(c->dout[0]);
  int64_t n = c->in[X]->numel, which = c->attr[REDUCE].i;
  bool include = c->attr[INCLUDE_SELF].i;
  fate *f = c->work;
  for (int64_t at = 0; at < n; at++) f[at] = (fate){0, 1};
  if (c->din[X]) vs_copy_values(c->din[X], c->dout[0]);
  for (int64_t i = 0; i < c->in[INDEX]->numel; i++) {
    int64_t at = vs_scattered_at(c, index, i);
    take_part(&f[at], which, src[i], y[at]);
    if (c->din[X]) vs_reals(c->din[X])[at] = 0; /* touched: set below where x takes part */
  }
  for (int64_t at = 0; include && at < n; at++) {
    take_part(&f[at], which, x[at], y[at]);
    if (c->din[X])
      vs_reals(c->din[X])[at] = (vs_real)(slope(&f[at], which, x[at], y[at]) * (double)dy[at]);
  }
  for (int64_t i = 0; c->din[SRC] && i < c->in[INDEX]->numel; i++) {
    int64_t at = vs_scattered_at(c, index, i);
    vs_reals(c->din[SRC])[i] = (vs_real)(slope(&f[at], which, src[i], y[at]) * (double)dy[at]);
  }
  return 0;
}

const vs_opdef vs_op_scatter_reduce = {
    .name = "scatter_reduce",
    .args = "x:any, dim:dim, index:index, src:any, reduce:sum|prod|mean|amax|amin, "
            "include_self:bool=true",
    .outputs = 1,
    .flags = VS_KINK,
    .keep = VS_KEEP_IN(X) | VS_KEEP_IN(INDEX) | VS_KEEP_IN(SRC) | VS_KEEP_OUT(0),
    .shape = scatter_reduce_shape,
    .forward = scatter_reduce_forward,
    .backward = scatter_reduce_backward,
    .doc = "A copy of x in which each place has the sum, product, mean, largest or smallest value "
           "of what was there and all src[.., i, ..] with index[.., i, ..] along dim naming it; "
           "without include_self of the latter alone. A place without any stays. Shapes and dtypes "
           "as in scatter_add; integers have no mean. Equal extremes share the gradient.",
};
