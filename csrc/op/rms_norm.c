/* rms_norm: rows over the root of their mean square, scaled by a weight.  A row is what the last
 * dimensions hold, one or more.
 *
 * Rows are shared out between threads in forward and for dx, columns for dw: every sum is made by
 * one thread in a fixed order.  Sums are made in double. */
#include <math.h>
#include <string.h>

#include "op/op.h"

enum { X, WEIGHT };  /* inputs */
enum { EPS, SHAPE }; /* attributes: the arguments that are no tensors */
enum { SCALE };      /* saved: 1/rms of each row */
enum { GRAIN = 1 << 15 };

typedef struct job {
  int64_t rows, n;
  double eps;
  const vs_real *x, *w, *dy; /* w: NULL for all ones */
  vs_real *y, *dx, *dw, *scale;
} job;

/* y[r,i] = x[r,i] * scale[r] * w[i],  scale[r] = 1/sqrt(mean_i x[r,i]^2 + eps) */
static void forward_rows(void *arg, int64_t first, int64_t last, int slot) {
  const job *j = arg;
  (void)slot;
  for (int64_t r = first; r < last; r++) {
    const vs_real *x = j->x + r * j->n;
    vs_real *y = j->y + r * j->n;
    double squares = 0;
    for (int64_t i = 0; i < j->n; i++) squares += (double)x[i] * (double)x[i];
    vs_real scale = (vs_real)(1 / sqrt(squares / (double)j->n + j->eps));
    for (int64_t i = 0; i < j->n; i++) y[i] = x[i] * scale * (j->w ? j->w[i] : 1);
    if (j->scale) j->scale[r] = scale;
  }
}

/* g[i] = dy[i] * w[i];  dx[i] = scale * (g[i] - x[i] * scale^2 * mean_k(g[k] * x[k])) */
static void backward_rows(void *arg, int64_t first, int64_t last, int slot) {
  const job *j = arg;
  (void)slot;
  for (int64_t r = first; r < last; r++) {
    const vs_real *x = j->x + r * j->n, *dy = j->dy + r * j->n;
    vs_real *dx = j->dx + r * j->n, scale = j->scale[r];
    double along = 0;
    for (int64_t i = 0; i < j->n; i++)
      along += (double)dy[i] * (double)(j->w ? j->w[i] : 1) * (double)x[i];
    vs_real back = (vs_real)(along / (double)j->n) * scale * scale;
    for (int64_t i = 0; i < j->n; i++) dx[i] = scale * (dy[i] * (j->w ? j->w[i] : 1) - x[i] * back);
  }
}

/* dw[i] = sum_r dy[r,i] * x[r,i] * scale[r] */
static void backward_columns(void *arg, int64_t first, int64_t last, int slot) {
  const job *j = arg;
  (void)slot;
  for (int64_t i = first; i < last; i++) {
    double sum = 0;
    for (int64_t r = 0; r < j->rows; r++)
      sum += (double)j->dy[r * j->n + i] * (double)j->x[r * j->n + i] * (double)j->scale[r];
    j->dw[i] = (vs_real)sum;
  }
}

static job make_job(const vs_ctx *c) {
  return (job){.rows = c->n[0],
               .n = c->n[1],
               .eps = c->attr[EPS].f,
               .x = vs_reals(c->in[X]),
               .w = c->in[WEIGHT] ? vs_reals(c->in[WEIGHT]) : NULL,
               .scale = c->saved[SCALE] ? vs_reals(c->saved[SCALE]) : NULL};
}

static int rms_norm_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[X], *w = c->in[WEIGHT];
  const vs_value *s = &c->attr[SHAPE];
  int dims = s->kind != VS_V_NONE ? s->n : w ? w->ndim : 1;
  int64_t n = 1;
  if (dims < 1 || dims > x->ndim)
    return vs_fail("x is %s, expected at least %d dimensions", vs_shape_str(x), VS_MAX(dims, 1));
  const int64_t *last = x->shape + x->ndim - dims;
  size_t bytes = (size_t)dims * sizeof *last;
  if (w && (w->ndim != dims || memcmp(w->shape, last, bytes) != 0))
    return vs_fail("weight is %s, expected %s for x %s", vs_shape_str(w), vs_dims_str(dims, last),
                   vs_shape_str(x));
  if (s->kind != VS_V_NONE && memcmp(s->ints, last, bytes) != 0)
    return vs_fail("x is %s, expected last dimensions of shape %s", vs_shape_str(x),
                   vs_dims_str(dims, s->ints));
  for (int d = 0; d < dims; d++) n *= last[d];
  c->n[0] = n > 0 ? x->numel / n : 0;
  c->n[1] = n;
  if (c->training && !(c->saved[SCALE] = vs_tensor_new(VS_REAL, 1, &c->n[0]))) return -1;
  return vs_out_like(c, 0, x);
}

static void rms_norm_forward(vs_ctx *c) {
  job j = make_job(c);
  j.y = vs_reals(c->out[0]);
  vs_parallel(j.rows, GRAIN / VS_MAX(j.n, 1) + 1, forward_rows, &j);
}

static int rms_norm_backward(vs_ctx *c) {
  job j = make_job(c);
  j.dy = vs_reals(c->dout[0]);
  if (c->din[X]) {
    j.dx = vs_reals(c->din[X]);
    vs_parallel(j.rows, GRAIN / VS_MAX(j.n, 1) + 1, backward_rows, &j);
  }
  if (c->din[WEIGHT]) {
    j.dw = vs_reals(c->din[WEIGHT]);
    vs_parallel(j.n, GRAIN / VS_MAX(j.rows, 1) + 1, backward_columns, &j);
  }
  return 0;
}

const vs_opdef vs_op_rms_norm = {
    .name = "rms_norm",
    .args = "x:tensor, weight:tensor?, eps:num=1e-6, shape:ints?",
    .outputs = 1,
    .keep = VS_KEEP_IN(X) | VS_KEEP_IN(WEIGHT),
    .shape = rms_norm_shape,
    .forward = rms_norm_forward,
    .backward = rms_norm_backward,
    .doc =
        "x / sqrt(mean(x^2) + eps) over the last dimensions, times weight. x [...,shape], weight "
        "[shape] -> [...,shape]; shape is weight's where it is not given, without weight the "
        "last dimension. Zhang and Sennrich, 2019.",
};
