/* Losses over rows of vectors: cosine_embedding_loss of pairs, triplet_margin_loss of an anchor
 * that has to be nearer to its positive than to its negative.
 *
 * What backward needs of a row it computes again.  Rows are shared out between threads; losses are
 * added in row order. */
#include <math.h>
#include <string.h>

#include "kernel/softmax.h"
#include "op/loss.h"

/* ---- cosine_embedding_loss ---- */

enum { X1, X2, Y };
enum { COSINE_MARGIN, COSINE_REDUCTION };

typedef struct cosines {
  int64_t rows, d;
  const vs_real *a, *b;
  const vs_tensor *y;
  double margin, scale;
  double *loss;
  const vs_real *dloss;
  bool per_row;
  vs_real *da, *db;
} cosines;

/* x1, x2 [B,D], y [B] of 1 or -1 */
static int cosine_shape(vs_ctx *c) {
  const vs_tensor *a = c->in[0], *b = c->in[1], *y = c->in[2];
  if (vs_want_ndim(c, 0, 2) || vs_no_gradient(c, 2)) return -1;
  if (!vs_same_shape(a, b))
    return vs_fail("x1 is %s but x2 is %s: expected the same shape", vs_shape_str(a),
                   vs_shape_str(b));
  if (y->ndim != 1 || y->shape[0] != a->shape[0])
    return vs_fail("y is %s, expected 1 or -1 for each row of x1 %s", vs_shape_str(y),
                   vs_shape_str(a));
  for (int64_t i = 0; i < y->numel; i++) {
    double v = vs_get_double(y, i);
    if (v != 1 && v != -1) return vs_fail("y[%lld] is %g, expected 1 or -1", (long long)i + 1, v);
  }
  c->work_bytes = (size_t)a->shape[0] * sizeof(double);
  return vs_loss_out(c, c->attr[COSINE_REDUCTION].i, a->shape[0]);
}

/* cos = a.b / sqrt((a.a + 1e-12) (b.b + 1e-12)), as PyTorch */
static double cosine(const cosines *k, int64_t i, double *aa, double *bb) {
  const vs_kernels_softmax *f = vs_k_softmax();
  const vs_real *a = k->a + i * k->d, *b = k->b + i * k->d;
  *aa = (double)f->dot(k->d, a, a) + 1e-12;
  *bb = (double)f->dot(k->d, b, b) + 1e-12;
  return (double)f->dot(k->d, a, b) / sqrt(*aa * *bb);
}

static void cosine_rows(void *arg, int64_t first, int64_t last, int slot) {
  cosines *k = arg;
  (void)slot;
  for (int64_t i = first; i < last; i++) {
    double aa, bb, cos = cosine(k, i, &aa, &bb);
    bool match = vs_get_double(k->y, i) > 0;
    k->loss[i] = match ? 1 - cos : VS_HINGE(cos - k->margin);
  }
}

static cosines cosines_of(const vs_ctx *c) {
  return (cosines){.rows = c->in[0]->shape[0],
                   .d = c->in[0]->shape[1],
                   .a = vs_reals(c->in[0]),
                   .b = vs_reals(c->in[1]),
                   .y = c->in[2],
                   .margin = c->attr[COSINE_MARGIN].f};
}

static void cosine_forward(vs_ctx *c) {
  cosines k = cosines_of(c);
  k.loss = c->work;
  vs_parallel(k.rows, vs_loss_grain(k.d), cosine_rows, &k);
  vs_loss_reduce(c, c->attr[COSINE_REDUCTION].i, k.loss, k.rows, (double)k.rows);
}

/* dcos/da = b / sqrt(aa bb) - cos * a / aa */
static void cosine_back_rows(void *arg, int64_t first, int64_t last, int slot) {
  const cosines *k = arg;
  const vs_kernels_softmax *f = vs_k_softmax();
  (void)slot;
  for (int64_t i = first; i < last; i++) {
    double aa, bb, cos = cosine(k, i, &aa, &bb),
                   g = k->scale * (double)k->dloss[k->per_row ? i : 0];
    g *= vs_get_double(k->y, i) > 0 ? -1 : cos - k->margin <= 0 ? 0 : 1;
    vs_real across = (vs_real)(g / sqrt(aa * bb));
    const vs_real *a = k->a + i * k->d, *b = k->b + i * k->d;
    if (k->da) f->blend(k->d, across, b, (vs_real)(-g * cos / aa), a, k->da + i * k->d);
    if (k->db) f->blend(k->d, across, a, (vs_real)(-g * cos / bb), b, k->db + i * k->d);
  }
}

static int cosine_backward(vs_ctx *c) {
  cosines k = cosines_of(c);
  k.dloss = vs_reals(c->dout[0]);
  k.per_row = c->attr[COSINE_REDUCTION].i == VS_LOSS_NONE;
  k.scale = c->attr[COSINE_REDUCTION].i == VS_LOSS_MEAN ? 1 / (double)k.rows : 1;
  k.da = c->din[0] ? vs_reals(c->din[0]) : NULL;
  k.db = c->din[1] ? vs_reals(c->din[1]) : NULL;
  vs_parallel(k.rows, vs_loss_grain(k.d), cosine_back_rows, &k);
  return 0;
}

const vs_opdef vs_op_cosine_embedding_loss = {
    .name = "cosine_embedding_loss",
    .args = "x1:tensor, x2:tensor, y:any, margin:num=0, reduction:mean|sum|none=mean",
    .outputs = 1,
    .flags = VS_KINK,
    .keep = VS_KEEP_IN(0) | VS_KEEP_IN(1) | VS_KEEP_IN(2),
    .shape = cosine_shape,
    .forward = cosine_forward,
    .backward = cosine_backward,
    .doc = "1 - cos(x1, x2) where y is 1 (a match), max(0, cos - margin) where y is -1. x1, x2 "
           "[B,D], y [B] of any dtype.",
};

/* ---- triplet_margin_loss ---- */

enum { ANCHOR, POSITIVE, NEGATIVE };
enum { MARGIN, EPS, SWAP, REDUCTION };

typedef struct triplets {
  int64_t n;
  double margin, eps, scale;
  bool swap, per_row;
  const vs_real *in[3], *dloss;
  vs_real *d[3]; /* gradients, any NULL */
  double *loss;
} triplets;

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
  return vs_loss_out(c, c->attr[REDUCTION].i, a->shape[0]);
}

/* |x - y + eps|, eps added to each component as PyTorch does */
static double distance(const triplets *k, const vs_real *x, const vs_real *y) {
  double sum = 0;
  for (int64_t i = 0; i < k->n; i++) {
    double d = (double)x[i] - (double)y[i] + k->eps;
    sum += d * d;
  }
  return sqrt(sum);
}

/* The two distances of a row; the second is of negative and positive where *swapped. */
static double row_loss(const triplets *k, int64_t r, double *near, double *far, bool *swapped) {
  const vs_real *a = k->in[ANCHOR] + r * k->n, *p = k->in[POSITIVE] + r * k->n;
  const vs_real *q = k->in[NEGATIVE] + r * k->n;
  *near = distance(k, a, p);
  *far = distance(k, a, q);
  double other = k->swap ? distance(k, p, q) : *far;
  *swapped = other < *far;
  if (*swapped) *far = other;
  double loss = *near - *far + k->margin;
  return VS_HINGE(loss);
}

static void forward_rows(void *arg, int64_t first, int64_t last, int slot) {
  const triplets *k = arg;
  double near, far;
  bool swapped;
  (void)slot;
  for (int64_t r = first; r < last; r++) k->loss[r] = row_loss(k, r, &near, &far, &swapped);
}

static triplets triplets_of(const vs_ctx *c) {
  return (triplets){.n = c->in[ANCHOR]->shape[1],
                    .margin = c->attr[MARGIN].f,
                    .eps = c->attr[EPS].f,
                    .swap = c->attr[SWAP].i,
                    .in = {vs_reals(c->in[0]), vs_reals(c->in[1]), vs_reals(c->in[2])}};
}

static void triplet_forward(vs_ctx *c) {
  triplets k = triplets_of(c);
  int64_t rows = c->in[ANCHOR]->shape[0];
  k.loss = c->work;
  vs_parallel(rows, vs_loss_grain(k.n), forward_rows, &k);
  vs_loss_reduce(c, c->attr[REDUCTION].i, k.loss, rows, (double)rows);
}

/* dx += g (x - y + eps) / |x - y + eps|, and dy -= that; rows that are equal have no direction */
static void pull(const triplets *k, int64_t at, int x, int y, double g, double length) {
  double scale = length > 0 ? g / length : 0;
  for (int64_t i = at; i < at + k->n; i++) {
    vs_real d = (vs_real)(scale * ((double)k->in[x][i] - (double)k->in[y][i] + k->eps));
    if (k->d[x]) k->d[x][i] += d;
    if (k->d[y]) k->d[y][i] -= d;
  }
}

/* loss = max(0, |a - p| - |a - n| + margin), or |p - n| for |a - n| where that is less */
static void backward_rows(void *arg, int64_t first, int64_t last, int slot) {
  const triplets *k = arg;
  (void)slot;
  for (int64_t r = first; r < last; r++) {
    double near, far, g = k->scale * (double)k->dloss[k->per_row ? r : 0];
    bool swapped, active = !(row_loss(k, r, &near, &far, &swapped) <= 0);
    for (int i = 0; i < 3; i++)
      if (k->d[i]) memset(k->d[i] + r * k->n, 0, (size_t)k->n * sizeof(vs_real));
    if (!active) continue;
    pull(k, r * k->n, ANCHOR, POSITIVE, g, near);
    pull(k, r * k->n, swapped ? POSITIVE : ANCHOR, NEGATIVE, -g, far);
  }
}

static int triplet_backward(vs_ctx *c) {
  triplets k = triplets_of(c);
  int64_t rows = c->in[ANCHOR]->shape[0];
  k.dloss = vs_reals(c->dout[0]);
  k.per_row = c->attr[REDUCTION].i == VS_LOSS_NONE;
  k.scale = c->attr[REDUCTION].i == VS_LOSS_MEAN ? 1 / (double)rows : 1;
  for (int i = 0; i < 3; i++) k.d[i] = c->din[i] ? vs_reals(c->din[i]) : NULL;
  vs_parallel(rows, vs_loss_grain(k.n), backward_rows, &k);
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
