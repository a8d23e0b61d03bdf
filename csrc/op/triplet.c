/* triplet_margin_loss: an anchor shall be nearer to its positive than to its negative.
 *
 * Distances are made in double, row by row, and made again in backward.  Rows are shared out
 * between threads; losses are added in row order. */
#include <math.h>
#include <string.h>

#include "op/op.h"

enum { ANCHOR, POSITIVE, NEGATIVE };
enum { MARGIN, EPS, SWAP, REDUCTION };
enum { MEAN, SUM, NONE };

typedef struct job {
  int64_t n;
  double margin, eps, scale;
  bool swap, per_row;
  const vs_real *in[3], *dloss;
  vs_real *d[3]; /* gradients, any NULL */
  double *loss;
} job;

static int triplet_shape(vs_ctx *c) {
  const vs_tensor *a = c->in[ANCHOR];
  if (vs_want_ndim(c, ANCHOR, 2) < 0) return -1;
  for (int i = POSITIVE; i <= NEGATIVE; i++)
    if (!vs_same_shape(a, c->in[i]))
      return vs_fail("anchor is %s but %s is %s: expected the same shape", vs_shape_str(a),
                     vs_in_name(c, i), vs_shape_str(c->in[i]));
  if (!(c->attr[MARGIN].f > 0))
    return vs_fail("margin is %g, expected more than 0", c->attr[MARGIN].f);
  c->work_bytes = (size_t)a->shape[0] * sizeof(double);
  return c->attr[REDUCTION].i == NONE ? vs_out(c, 0, VS_REAL, vs_dims(a->shape[0]))
                                      : vs_out(c, 0, VS_REAL, 0, NULL);
}

/* |x - y + eps|, eps added to each component as PyTorch does */
static double distance(const job *k, const vs_real *x, const vs_real *y) {
  double sum = 0;
  for (int64_t i = 0; i < k->n; i++) {
    double d = (double)x[i] - (double)y[i] + k->eps;
    sum += d * d;
  }
  return sqrt(sum);
}

/* The two distances of a row; the second is of negative and positive where *swapped. */
static double row_loss(const job *k, int64_t r, double *near, double *far, bool *swapped) {
  const vs_real *a = k->in[ANCHOR] + r * k->n, *p = k->in[POSITIVE] + r * k->n;
  const vs_real *q = k->in[NEGATIVE] + r * k->n;
  *near = distance(k, a, p);
  *far = distance(k, a, q);
  double other = k->swap ? distance(k, p, q) : *far;
  *swapped = other < *far;
  if (*swapped) *far = other;
  double loss = *near - *far + k->margin;
  return loss < 0 ? 0 : loss;
}

static void forward_rows(void *arg, int64_t first, int64_t last, int part) {
  const job *k = arg;
  double near, far;
  bool swapped;
  (void)part;
  for (int64_t r = first; r < last; r++) k->loss[r] = row_loss(k, r, &near, &far, &swapped);
}

static job make_job(const vs_ctx *c) {
  return (job){.n = c->in[ANCHOR]->shape[1],
               .margin = c->attr[MARGIN].f,
               .eps = c->attr[EPS].f,
               .swap = c->attr[SWAP].i,
               .in = {vs_reals(c->in[0]), vs_reals(c->in[1]), vs_reals(c->in[2])}};
}

static int64_t grain(const job *k) { return VS_MAX(1, 8192 / VS_MAX(k->n, 1)); }

static int triplet_forward(vs_ctx *c) {
  job k = make_job(c);
  int64_t rows = c->in[ANCHOR]->shape[0];
  vs_real *out = vs_reals(c->out[0]);
  double sum = 0;
  k.loss = c->work;
  vs_parallel(rows, grain(&k), forward_rows, &k);
  for (int64_t r = 0; r < rows; r++) {
    if (c->attr[REDUCTION].i == NONE) out[r] = (vs_real)k.loss[r];
    sum += k.loss[r];
  }
  if (c->attr[REDUCTION].i != NONE)
    out[0] = (vs_real)(c->attr[REDUCTION].i == MEAN ? sum / (double)rows : sum);
  return 0;
}

/* dx += g (x - y + eps) / |x - y + eps|, and dy -= that; rows that are equal have no direction */
static void pull(const job *k, int64_t at, int x, int y, double g, double length) {
  double scale = length > 0 ? g / length : 0;
  for (int64_t i = at; i < at + k->n; i++) {
    vs_real d = (vs_real)(scale * ((double)k->in[x][i] - (double)k->in[y][i] + k->eps));
    if (k->d[x]) k->d[x][i] += d;
    if (k->d[y]) k->d[y][i] -= d;
  }
}

/* loss = max(0, |a - p| - |a - n| + margin), or |p - n| for |a - n| where that is less */
static void backward_rows(void *arg, int64_t first, int64_t last, int part) {
  const job *k = arg;
  (void)part;
  for (int64_t r = first; r < last; r++) {
    double near, far, g = k->scale * (double)k->dloss[k->per_row ? r : 0];
    bool swapped, active = row_loss(k, r, &near, &far, &swapped) > 0;
    for (int i = 0; i < 3; i++)
      if (k->d[i]) memset(k->d[i] + r * k->n, 0, (size_t)k->n * sizeof(vs_real));
    if (!active) continue;
    pull(k, r * k->n, ANCHOR, POSITIVE, g, near);
    pull(k, r * k->n, swapped ? POSITIVE : ANCHOR, NEGATIVE, -g, far);
  }
}

static int triplet_backward(vs_ctx *c) {
  job k = make_job(c);
  int64_t rows = c->in[ANCHOR]->shape[0];
  k.dloss = vs_reals(c->dout[0]);
  k.per_row = c->attr[REDUCTION].i == NONE;
  k.scale = c->attr[REDUCTION].i == MEAN ? 1 / (double)rows : 1;
  for (int i = 0; i < 3; i++) k.d[i] = c->din[i] ? vs_reals(c->din[i]) : NULL;
  vs_parallel(rows, grain(&k), backward_rows, &k);
  return 0;
}

const vs_opdef vs_op_triplet_margin_loss = {
    .name = "triplet_margin_loss",
    .args = "anchor:tensor, positive:tensor, negative:tensor, margin:num=1, eps:num=1e-6, "
            "swap:bool=false, reduction:mean|sum|none=mean",
    .outputs = 1,
    .flags = VS_KINK,
    .keep = VS_KEEP_IN(0) | VS_KEEP_IN(1) | VS_KEEP_IN(2),
    .shape = triplet_shape,
    .forward = triplet_forward,
    .backward = triplet_backward,
    .doc = "max(0, |anchor - positive| - |anchor - negative| + margin), all [B,D], Euclidean, eps "
           "added to each difference. With swap the distance of positive and negative counts "
           "where it is less. Schroff et al., 2015; Balntas et al., 2016.",
};
