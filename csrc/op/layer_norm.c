/* layer_norm: rows minus their mean, over their deviation, scaled and shifted element by element.
 *
 * Rows are shared out between threads; backward adds the gradients of weight and bias of up to
 * PIECES pieces of the rows, in order. */
#include <math.h>
#include <string.h>

#include "kernel/norm.h"
#include "op/norm.h"

enum { X, WEIGHT, BIAS };
enum { SHAPE, EPS };
enum { PIECES = 16 };

typedef struct layer_rows {
  int64_t width, rows, pieces; /* pieces: of the rows, in backward */
  double eps;
  const vs_real *x, *dy, *w, *b;
  vs_real *y, *dx, *mean, *rstd;
  vs_real *sums; /* dw and db of each piece, or NULL */
} layer_rows;

static void layer_forward(void *arg, int64_t first, int64_t last, int slot) {
  const layer_rows *k = arg;
  (void)slot;
  for (int64_t r = first; r < last; r++) {
    double mean, var;
    vs_k_norm()->moments(k->width, k->x + r * k->width, &mean, &var);
    vs_real m = (vs_real)mean, rstd = (vs_real)(1 / sqrt(var / (double)k->width + k->eps));
    if (k->mean != NULL) k->mean[r] = m, k->rstd[r] = rstd;
    vs_k_norm()->row(k->width, k->x + r * k->width, m, rstd, k->w, k->b, k->y + r * k->width);
  }
}

static void piece_backward(const layer_rows *k, int64_t piece) {
  int64_t last = vs_piece_at(k->rows, k->pieces, piece + 1);
  vs_real *sums = k->sums ? k->sums + piece * 2 * k->width : NULL;
  if (sums != NULL) memset(sums, 0, (size_t)(2 * k->width) * sizeof *sums);
  for (int64_t r = vs_piece_at(k->rows, k->pieces, piece); r < last; r++) {
    const vs_real *x = k->x + r * k->width, *dy = k->dy + r * k->width;
    if (k->dx != NULL)
      vs_k_norm()->row_back(k->width, x, dy, k->w, k->mean[r], k->rstd[r], k->dx + r * k->width);
    if (sums != NULL)
      vs_k_norm()->row_sums(k->width, x, dy, k->mean[r], k->rstd[r], sums, sums + k->width);
  }
}

static void layer_backward(void *arg, int64_t first, int64_t last, int slot) {
  (void)slot;
  for (int64_t i = first; i < last; i++) piece_backward(arg, i);
}

static int layer_norm_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[X];
  const vs_value *s = &c->attr[SHAPE];
  int lead = x->ndim - s->n;
  bool fits = s->n > 0 && lead >= 0;
  int64_t width = 1;
  for (int i = 0; fits && i < s->n; i++) {
    fits = x->shape[lead + i] == s->ints[i];
    width *= s->ints[i];
  }
  if (!fits)
    return vs_fail("x is %s, expected last dimensions of shape %s", vs_shape_str(x),
                   vs_dims_str(s->n, s->ints));
  for (int i = WEIGHT; i <= BIAS; i++) {
    const vs_tensor *t = c->in[i];
    bool same = t == NULL || t->ndim == s->n;
    for (int d = 0; t != NULL && same && d < s->n; d++) same = t->shape[d] == s->ints[d];
    if (!same)
      return vs_fail("%s is %s, expected shape %s", vs_in_name(c, i), vs_shape_str(t),
                     vs_dims_str(s->n, s->ints));
  }
  c->n[0] = width;
  c->n[1] = width > 0 ? x->numel / width : 0;
  if (vs_save_statistics(c, c->n[1]) < 0) return -1;
  return vs_out_like(c, 0, x);
}

static int64_t row_grain(const vs_ctx *c) { return VS_MAX(1, 8192 / VS_MAX(c->n[0], 1)); }

static layer_rows layer_of(const vs_ctx *c) {
  return (layer_rows){.width = c->n[0],
                      .eps = c->attr[EPS].f,
                      .x = vs_reals(c->in[X]),
                      .mean = vs_statistic(c, VS_SAVED_MEAN),
                      .rstd = vs_statistic(c, VS_SAVED_RSTD),
                      .w = c->in[WEIGHT] ? vs_reals(c->in[WEIGHT]) : NULL};
}

static void layer_norm_forward(vs_ctx *c) {
  layer_rows k = layer_of(c);
  k.y = vs_reals(c->out[0]);
  k.b = c->in[BIAS] ? vs_reals(c->in[BIAS]) : NULL;
  vs_parallel(c->n[1], row_grain(c), layer_forward, &k);
}

/* y = h * w + b with h = (x - mean) * rstd:  dw = sum over rows of dy * h,  db = sum of dy,
 * dx = rstd * (g - mean(g) - h * mean(g h)) with g = dy * w. */
static int layer_norm_backward(vs_ctx *c) {
  layer_rows k = layer_of(c);
  vs_real *d[2] = {vs_needs(c, WEIGHT) ? vs_reals(c->din[WEIGHT]) : NULL,
                   vs_needs(c, BIAS) ? vs_reals(c->din[BIAS]) : NULL};
  k.rows = c->n[1], k.pieces = vs_pieces(k.rows, row_grain(c), PIECES);
  k.dy = vs_reals(c->dout[0]);
  k.dx = vs_needs(c, X) ? vs_reals(c->din[X]) : NULL;
  if (d[0] != NULL || d[1] != NULL) {
    size_t bytes = (size_t)(2 * k.pieces * k.width) * sizeof(vs_real);
    if ((k.sums = vs_mem_alloc(bytes)) == NULL) return -1;
  }
  vs_parallel(k.pieces, 1, layer_backward, &k);
  for (int i = 0; i < 2; i++)
    for (int64_t j = 0; d[i] != NULL && j < k.width; j++) {
      d[i][j] = 0;
      for (int64_t p = 0; p < k.pieces; p++) d[i][j] += k.sums[(2 * p + i) * k.width + j];
    }
  vs_mem_free(k.sums);
  return 0;
}

const vs_opdef vs_op_layer_norm = {
    .name = "layer_norm",
    .args = "x:tensor, shape:ints, weight:tensor?, bias:tensor?, eps:num=1e-5",
    .outputs = 1,
    .keep = VS_KEEP_IN(X) | VS_KEEP_IN(WEIGHT),
    .shape = layer_norm_shape,
    .forward = layer_norm_forward,
    .backward = layer_norm_backward,
    .doc = "Layer normalisation (Ba et al., 2016) over the last dimensions of x [...,shape]: "
           "(x - mean) / sqrt(var + eps) * weight + bias, weight and bias of that shape.",
};
