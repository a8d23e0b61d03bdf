/* Losses: cross-entropy and its kin over classes, element by element between two tensors, and the
 * cosine embedding loss of pairs of rows.
 *
 * All share `reduction`: none gives one value an item, sum and mean one number.  Values are added
 * in double, in an order that does not depend on the number of threads.  Class weights take no
 * gradient.  Ranking losses are in ranking.c. */
#include <math.h>
#include <string.h>

#include "kernel/math.h"
#include "kernel/softmax.h"
#include "op/op.h"

enum { MEAN, SUM, NONE, BATCHMEAN }; /* the last: kl_div alone */

static double add_up(const double *v, int64_t n) {
  double s = 0;
  for (int64_t i = 0; i < n; i++) s += v[i];
  return s;
}

static int no_gradient(const vs_ctx *c, int i) {
  if (!c->in[i] || !vs_needs(c, i)) return 0;
  return vs_fail("%s takes no gradient: detach it", vs_in_name(c, i));
}

/* --- classes: cross_entropy, nll_loss --- */

enum { X, TARGET, WEIGHT };

typedef struct classes {
  int64_t rows, n; /* n classes */
  const vs_real *x, *w;
  const int64_t *target;
  bool has_ignore, from_logits;
  int64_t ignore;
  double smooth, wsum; /* wsum: of the weights of all classes */
  vs_real *lse;
  double *loss, *weight; /* per row */
  const vs_real *dloss;  /* backward: one a row, or one times `scale` for all */
  bool per_row;
  double scale;
  vs_real *dx;
} classes;

/* x [B,C], target [B] of 1..C, weight [C] */
static int classes_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[X], *t = c->in[TARGET], *w = c->in[WEIGHT];
  if (vs_want_ndim(c, X, 2) || no_gradient(c, WEIGHT)) return -1;
  if (t->ndim != 1 || t->shape[0] != x->shape[0])
    return vs_fail("target is %s, expected one class for each row of x %s", vs_shape_str(t),
                   vs_shape_str(x));
  if (w && (w->ndim != 1 || w->shape[0] != x->shape[1]))
    return vs_fail("weight is %s, expected one value for each class of x %s", vs_shape_str(w),
                   vs_shape_str(x));
  c->work_bytes = 2 * (size_t)x->shape[0] * sizeof(double);
  return c->attr[0].i == NONE ? vs_out(c, 0, VS_REAL, vs_dims(x->shape[0]))
                              : vs_out(c, 0, VS_REAL, 0, NULL);
}

static bool ignored(const classes *k, int64_t i) {
  return k->has_ignore && k->target[i] == k->ignore;
}
static double weight_of(const classes *k, int64_t i) {
  return ignored(k, i) ? 0 : k->w ? (double)k->w[k->target[i] - 1] : 1;
}

static classes classes_of(const vs_ctx *c, bool from_logits) {
  classes k = {.rows = c->in[X]->shape[0], .n = c->in[X]->shape[1], .from_logits = from_logits};
  k.x = vs_reals(c->in[X]);
  k.w = c->in[WEIGHT] ? vs_reals(c->in[WEIGHT]) : NULL;
  k.target = vs_ints(c->in[TARGET]);
  k.has_ignore = c->attr[1].kind != VS_V_NONE;
  k.ignore = k.has_ignore ? c->attr[1].i : 0;
  k.smooth = from_logits ? c->attr[2].f : 0;
  k.wsum = k.w ? (double)vs_k_softmax()->sum(k.n, k.w) : (double)k.n;
  k.lse = from_logits ? vs_reals(c->saved[0]) : NULL;
  return k;
}

static int check_targets(const vs_ctx *c, const classes *k) {
  for (int64_t i = 0; i < k->rows; i++)
    if (!ignored(k, i) && (k->target[i] < 1 || k->target[i] > k->n))
      return vs_fail("target[%lld] is %lld, outside 1..%lld (x is %s)", (long long)i + 1,
                     (long long)k->target[i], (long long)k->n, vs_shape_str(c->in[X]));
  return 0;
}

/* loss = (1 - s) * w[t] * (lse - x[t]) + s / C * sum_c w[c] * (lse - x[c]) */
static void classes_rows(void *arg, int64_t first, int64_t last, int part) {
  classes *k = arg;
  const vs_kernels_softmax *f = vs_k_softmax();
  (void)part;
  for (int64_t i = first; i < last; i++) {
    const vs_real *x = k->x + i * k->n;
    double w = k->weight[i] = weight_of(k, i), lse = 0, all = 0;
    k->loss[i] = 0;
    if (k->from_logits) k->lse[i] = ignored(k, i) ? 0 : f->logsumexp(k->n, x);
    if (ignored(k, i)) continue;
    if (k->from_logits) lse = (double)k->lse[i];
    if (k->smooth > 0) {
      double wx = (double)(k->w ? f->dot(k->n, k->w, x) : f->sum(k->n, x));
      all = k->smooth / (double)k->n * (k->wsum * lse - wx);
    }
    k->loss[i] = (1 - k->smooth) * w * (lse - (double)x[k->target[i] - 1]) + all;
  }
}

static int64_t row_grain(int64_t n) { return VS_MAX(1, 8192 / VS_MAX(1, n)); }

static int classes_forward(vs_ctx *c, bool from_logits) {
  if (from_logits && !(c->saved[0] = vs_tensor_new(VS_REAL, vs_dims(c->in[X]->shape[0]))))
    return -1;
  classes k = classes_of(c, from_logits);
  if (check_targets(c, &k)) return -1;
  k.loss = c->work;
  k.weight = k.loss + k.rows;
  vs_parallel(k.rows, row_grain(k.n), classes_rows, &k);
  vs_real *out = vs_reals(c->out[0]);
  if (c->attr[0].i == NONE) {
    for (int64_t i = 0; i < k.rows; i++) out[i] = (vs_real)k.loss[i];
    return 0;
  }
  double total = add_up(k.loss, k.rows), w = add_up(k.weight, k.rows);
  out[0] = (vs_real)(c->attr[0].i == SUM ? total : w == 0 ? 0 : total / w);
  return 0;
}

/* dx[c] = g * (S * softmax(x)[c] - s/C * w[c] - (1-s) * w[t] * [c = t]),
 * S = (1-s) * w[t] + s/C * sum w */
static void classes_back_rows(void *arg, int64_t first, int64_t last, int part) {
  const classes *k = arg;
  (void)part;
  for (int64_t i = first; i < last; i++) {
    vs_real *dx = k->dx + i * k->n;
    double g = k->scale * (double)k->dloss[k->per_row ? i : 0],
           w = (1 - k->smooth) * weight_of(k, i);
    if (ignored(k, i) || !k->from_logits) memset(dx, 0, (size_t)k->n * sizeof *dx);
    if (ignored(k, i)) continue;
    if (k->from_logits) {
      double each = k->smooth / (double)k->n, all = w + each * k->wsum;
      vs_k_softmax()->exp_scale(k->n, k->x + i * k->n, k->lse[i], (vs_real)(g * all), dx);
      if (each > 0)
        for (int64_t j = 0; j < k->n; j++) dx[j] -= (vs_real)(g * each) * (k->w ? k->w[j] : 1);
    }
    dx[k->target[i] - 1] -= (vs_real)(g * w);
  }
}

static int classes_backward(vs_ctx *c, bool from_logits) {
  classes k = classes_of(c, from_logits);
  double w = 0;
  k.dloss = vs_reals(c->dout[0]);
  k.per_row = c->attr[0].i == NONE;
  k.scale = 1;
  if (c->attr[0].i == MEAN) {
    for (int64_t i = 0; i < k.rows; i++) w += weight_of(&k, i);
    k.scale = w == 0 ? 0 : 1 / w;
  }
  if (!c->din[X]) return 0;
  k.dx = vs_reals(c->din[X]);
  vs_parallel(k.rows, row_grain(k.n), classes_back_rows, &k);
  return 0;
}

static int cross_entropy_shape(vs_ctx *c) {
  double s = c->attr[2].f;
  if (!(s >= 0 && s <= 1)) return vs_fail("label_smoothing is %g, outside 0..1", s);
  return classes_shape(c);
}

static int cross_entropy_forward(vs_ctx *c) { return classes_forward(c, true); }
static int cross_entropy_backward(vs_ctx *c) { return classes_backward(c, true); }

const vs_opdef vs_op_cross_entropy = {
    .name = "cross_entropy",
    .args = "x:tensor, target:index, weight:tensor?, reduction:mean|sum|none=mean, "
            "ignore_index:int?, label_smoothing:num=0",
    .outputs = 1,
    .keep = VS_KEEP_IN(X) | VS_KEEP_IN(TARGET) | VS_KEEP_IN(WEIGHT),
    .shape = cross_entropy_shape,
    .forward = cross_entropy_forward,
    .backward = cross_entropy_backward,
    .doc = "Negative log of softmax(x) at the target class. x [B,C], target [B] of 1..C, weight "
           "[C] per class; the mean divides by the targets' weights. Rows with target "
           "ignore_index count nothing; if all do, the mean is 0. label_smoothing spreads that "
           "share over all classes.",
};

static int nll_loss_forward(vs_ctx *c) { return classes_forward(c, false); }
static int nll_loss_backward(vs_ctx *c) { return classes_backward(c, false); }

const vs_opdef vs_op_nll_loss = {
    .name = "nll_loss",
    .args = "x:tensor, target:index, weight:tensor?, reduction:mean|sum|none=mean, "
            "ignore_index:int?",
    .outputs = 1,
    .keep = VS_KEEP_IN(X) | VS_KEEP_IN(TARGET) | VS_KEEP_IN(WEIGHT),
    .shape = classes_shape,
    .forward = nll_loss_forward,
    .backward = nll_loss_backward,
    .doc = "-x at the target class, x [B,C] being log-probabilities. target [B] of 1..C; weight, "
           "mean and ignore_index as in cross_entropy.",
};

/* --- element by element: mse_loss, l1_loss, smooth_l1_loss, binary cross-entropy --- */

enum { CHUNK = 1024 };

typedef struct pairs pairs;
struct pairs {
  int64_t n;
  const vs_real *x, *y, *w, *pos; /* w, pos: NULL if none */
  vs_real beta;
  bool logs; /* kl_div: the target is a logarithm */
  /* l[0..n) from the elements at..at+n */
  void (*value)(const pairs *p, int64_t at, int64_t n, vs_real *l);
  void (*slope)(const pairs *p, int64_t at, int64_t n, vs_real *dx,
                vs_real *dy); /* dy may be NULL */
  vs_real *each;              /* every loss, or NULL */
  double *partial;            /* sums of chunks, or NULL */
  const vs_real *dloss;
  bool per_element;
  double scale;
  vs_real *dx, *dy; /* either may be NULL */
};

static int same_shapes(vs_ctx *c) {
  const vs_tensor *x = c->in[0], *y = c->in[1];
  int reduction = (int)c->attr[0].i;
  if (!vs_same_shape(x, y))
    return vs_fail("%s is %s but %s is %s: expected the same shape", vs_in_name(c, 0),
                   vs_shape_str(x), vs_in_name(c, 1), vs_shape_str(y));
  c->work_bytes = (size_t)(x->numel / CHUNK + 1) * sizeof(double);
  return reduction == NONE ? vs_out_like(c, 0, x) : vs_out(c, 0, VS_REAL, 0, NULL);
}

/* What the sum is divided by. */
static double divisor(const vs_ctx *c, const pairs *p) {
  int64_t reduction = c->attr[0].i;
  return reduction == MEAN ? (double)p->n : reduction == BATCHMEAN ? (double)c->in[0]->shape[0] : 1;
}

static void pairs_range(void *arg, int64_t first, int64_t last, int part) {
  const pairs *p = arg;
  (void)part;
  for (int64_t k = first; k < last; k++) {
    int64_t at = k * CHUNK, n = VS_MIN(CHUNK, p->n - at);
    vs_real buf[CHUNK], *l = p->each ? p->each + at : buf;
    double s = 0;
    p->value(p, at, n, l);
    if (!p->partial) continue;
    for (int64_t i = 0; i < n; i++) s += (double)l[i];
    p->partial[k] = s;
  }
}

static pairs pairs_of(const vs_ctx *c) {
  return (pairs){.n = c->in[0]->numel, .x = vs_reals(c->in[0]), .y = vs_reals(c->in[1])};
}

static int run_pairs(vs_ctx *c, pairs p) {
  int64_t chunks = (p.n + CHUNK - 1) / CHUNK;
  int reduction = (int)c->attr[0].i;
  p.each = reduction == NONE ? vs_reals(c->out[0]) : NULL;
  p.partial = reduction == NONE ? NULL : c->work;
  vs_parallel(chunks, 8, pairs_range, &p);
  if (reduction == NONE) return 0;
  double s = add_up(p.partial, chunks);
  vs_reals(c->out[0])[0] = (vs_real)(s / divisor(c, &p));
  return 0;
}

static void pairs_back_range(void *arg, int64_t first, int64_t last, int part) {
  const pairs *p = arg;
  (void)part;
  for (int64_t at = first * CHUNK; at < VS_MIN(last * CHUNK, p->n); at += CHUNK) {
    int64_t n = VS_MIN(CHUNK, p->n - at);
    vs_real spare[CHUNK], *dx = p->dx ? p->dx + at : spare, *dy = p->dy ? p->dy + at : NULL;
    const vs_real *g = p->dloss + (p->per_element ? at : 0);
    p->slope(p, at, n, dx, dy);
    for (int64_t i = 0; i < n; i++) dx[i] *= (vs_real)p->scale * g[p->per_element ? i : 0];
    if (dy)
      for (int64_t i = 0; i < n; i++) dy[i] *= (vs_real)p->scale * g[p->per_element ? i : 0];
  }
}

static int run_pairs_back(vs_ctx *c, pairs p) {
  p.dloss = vs_reals(c->dout[0]);
  p.per_element = c->attr[0].i == NONE;
  p.scale = 1 / divisor(c, &p);
  p.dx = c->din[0] ? vs_reals(c->din[0]) : NULL;
  p.dy = c->din[1] ? vs_reals(c->din[1]) : NULL;
  vs_parallel((p.n + CHUNK - 1) / CHUNK, 8, pairs_back_range, &p);
  return 0;
}

static void negate(int64_t n, const vs_real *dx, vs_real *dy) {
  for (int64_t i = 0; dy && i < n; i++) dy[i] = -dx[i];
}

static void mse_value(const pairs *p, int64_t at, int64_t n, vs_real *l) {
  for (int64_t i = 0; i < n; i++) {
    vs_real d = p->x[at + i] - p->y[at + i];
    l[i] = d * d;
  }
}

static void mse_slope(const pairs *p, int64_t at, int64_t n, vs_real *dx, vs_real *dy) {
  for (int64_t i = 0; i < n; i++) dx[i] = 2 * (p->x[at + i] - p->y[at + i]);
  negate(n, dx, dy);
}

static int mse_loss_forward(vs_ctx *c) {
  pairs p = pairs_of(c);
  p.value = mse_value;
  return run_pairs(c, p);
}

static int mse_loss_backward(vs_ctx *c) {
  pairs p = pairs_of(c);
  p.slope = mse_slope;
  return run_pairs_back(c, p);
}

const vs_opdef vs_op_mse_loss = {
    .name = "mse_loss",
    .args = "x:tensor, target:tensor, reduction:mean|sum|none=mean",
    .outputs = 1,
    .keep = VS_KEEP_IN(0) | VS_KEEP_IN(1),
    .shape = same_shapes,
    .forward = mse_loss_forward,
    .backward = mse_loss_backward,
    .doc = "(x - target)^2, both of one shape.",
};

/* |d|, or with beta > 0: d^2 / (2 beta) where |d| < beta, |d| - beta / 2 elsewhere. */
static void l1_value(const pairs *p, int64_t at, int64_t n, vs_real *l) {
  for (int64_t i = 0; i < n; i++) {
    vs_real d = vs_abs(p->x[at + i] - p->y[at + i]);
    l[i] = d < p->beta ? d * d / (2 * p->beta) : d - p->beta / 2;
  }
}

static void l1_slope(const pairs *p, int64_t at, int64_t n, vs_real *dx, vs_real *dy) {
  for (int64_t i = 0; i < n; i++) {
    vs_real d = p->x[at + i] - p->y[at + i], sign = (vs_real)((d > 0) - (d < 0));
    dx[i] = vs_abs(d) < p->beta ? d / p->beta : sign;
  }
  negate(n, dx, dy);
}

static int l1_loss_forward(vs_ctx *c) {
  pairs p = pairs_of(c);
  p.value = l1_value;
  return run_pairs(c, p);
}

static int l1_loss_backward(vs_ctx *c) {
  pairs p = pairs_of(c);
  p.slope = l1_slope;
  return run_pairs_back(c, p);
}

const vs_opdef vs_op_l1_loss = {
    .name = "l1_loss",
    .args = "x:tensor, target:tensor, reduction:mean|sum|none=mean",
    .outputs = 1,
    .flags = VS_KINK,
    .keep = VS_KEEP_IN(0) | VS_KEEP_IN(1),
    .shape = same_shapes,
    .forward = l1_loss_forward,
    .backward = l1_loss_backward,
    .doc = "|x - target|, both of one shape.",
};

static int smooth_l1_shape(vs_ctx *c) {
  if (!(c->attr[1].f >= 0)) return vs_fail("beta is %g, expected 0 or more", c->attr[1].f);
  return same_shapes(c);
}

static int smooth_l1_forward(vs_ctx *c) {
  pairs p = pairs_of(c);
  p.beta = (vs_real)c->attr[1].f;
  p.value = l1_value;
  return run_pairs(c, p);
}

static int smooth_l1_backward(vs_ctx *c) {
  pairs p = pairs_of(c);
  p.beta = (vs_real)c->attr[1].f;
  p.slope = l1_slope;
  return run_pairs_back(c, p);
}

const vs_opdef vs_op_smooth_l1_loss = {
    .name = "smooth_l1_loss",
    .args = "x:tensor, target:tensor, reduction:mean|sum|none=mean, beta:num=1",
    .outputs = 1,
    .keep = VS_KEEP_IN(0) | VS_KEEP_IN(1),
    .shape = smooth_l1_shape,
    .forward = smooth_l1_forward,
    .backward = smooth_l1_backward,
    .doc = "d = |x - target|: d^2 / (2 beta) below beta, d - beta / 2 above; beta = 0 is l1_loss.",
};

/* delta times smooth_l1_loss with beta = delta. */
static void huber_value(const pairs *p, int64_t at, int64_t n, vs_real *l) {
  l1_value(p, at, n, l);
  for (int64_t i = 0; i < n; i++) l[i] *= p->beta;
}

static void huber_slope(const pairs *p, int64_t at, int64_t n, vs_real *dx, vs_real *dy) {
  for (int64_t i = 0; i < n; i++) {
    vs_real d = p->x[at + i] - p->y[at + i];
    dx[i] = d > p->beta ? p->beta : d < -p->beta ? -p->beta : d;
  }
  negate(n, dx, dy);
}

static int huber_shape(vs_ctx *c) {
  if (!(c->attr[1].f > 0)) return vs_fail("delta is %g, expected more than 0", c->attr[1].f);
  return same_shapes(c);
}

static int huber_forward(vs_ctx *c) {
  pairs p = pairs_of(c);
  p.beta = (vs_real)c->attr[1].f;
  p.value = huber_value;
  return run_pairs(c, p);
}

static int huber_backward(vs_ctx *c) {
  pairs p = pairs_of(c);
  p.beta = (vs_real)c->attr[1].f;
  p.slope = huber_slope;
  return run_pairs_back(c, p);
}

const vs_opdef vs_op_huber_loss = {
    .name = "huber_loss",
    .args = "x:tensor, target:tensor, reduction:mean|sum|none=mean, delta:num=1",
    .outputs = 1,
    .keep = VS_KEEP_IN(0) | VS_KEEP_IN(1),
    .shape = huber_shape,
    .forward = huber_forward,
    .backward = huber_backward,
    .doc = "d = |x - target|: d^2 / 2 below delta, delta (d - delta / 2) above. Huber, 1964.",
};

/* l = t (log t - x), 0 where t is 0; or exp(t) (t - x) where targets are logarithms */
static void kl_value(const pairs *p, int64_t at, int64_t n, vs_real *l) {
  for (int64_t i = 0; i < n; i++) {
    vs_real x = p->x[at + i], t = p->y[at + i];
    l[i] = p->logs ? vs_exp(t) * (t - x) : t == 0 ? 0 : t * (vs_log(t) - x);
  }
}

static void kl_slope(const pairs *p, int64_t at, int64_t n, vs_real *dx, vs_real *dy) {
  for (int64_t i = 0; i < n; i++) {
    vs_real x = p->x[at + i], t = p->y[at + i], e = p->logs ? vs_exp(t) : t;
    dx[i] = -e;
    if (dy) dy[i] = p->logs ? e * (t - x + 1) : t == 0 ? 0 : vs_log(t) + 1 - x;
  }
}

static int kl_shape(vs_ctx *c) {
  if (c->attr[0].i == BATCHMEAN && c->in[0]->ndim < 1)
    return vs_fail("x is [], expected a batch for reduction 'batchmean'");
  return same_shapes(c);
}

static int kl_forward(vs_ctx *c) {
  pairs p = pairs_of(c);
  p.logs = c->attr[1].i;
  p.value = kl_value;
  return run_pairs(c, p);
}

static int kl_backward(vs_ctx *c) {
  pairs p = pairs_of(c);
  p.logs = c->attr[1].i;
  p.slope = kl_slope;
  return run_pairs_back(c, p);
}

const vs_opdef vs_op_kl_div = {
    .name = "kl_div",
    .args = "x:tensor, target:tensor, reduction:mean|sum|none|batchmean=mean, "
            "log_target:bool=false",
    .outputs = 1,
    .keep = VS_KEEP_IN(0) | VS_KEEP_IN(1),
    .shape = kl_shape,
    .forward = kl_forward,
    .backward = kl_backward,
    .doc = "Kullback-Leibler divergence target (log target - x), x being log-probabilities and "
           "target of its shape probabilities, or logarithms of them with log_target. batchmean "
           "divides the sum by the first size: the divergence a sample, where mean divides by "
           "all elements.",
};

/* Weights are broadcast to x once and kept. */
static int bce_shape(vs_ctx *c) {
  if (no_gradient(c, 2) || no_gradient(c, 3)) return -1;
  for (int i = 2; i < 4; i++) {
    vs_tensor *wide;
    if (!c->in[i]) continue;
    if (!(wide = vs_expand_to(c->in[i], c->in[0]->ndim, c->in[0]->shape)))
      return vs_fail_prefix(vs_in_name(c, i));
    c->saved[i - 2] = vs_contiguous(wide);
    vs_unref(wide);
    if (!c->saved[i - 2]) return -1;
  }
  return same_shapes(c);
}

static pairs bce_of(const vs_ctx *c) {
  pairs p = pairs_of(c);
  p.w = c->saved[0] ? vs_reals(c->saved[0]) : NULL;
  p.pos = c->saved[1] ? vs_reals(c->saved[1]) : NULL;
  return p;
}

/* log(1 + exp(-x)) without overflow */
static inline vs_real log_one_exp(vs_real x) {
  return vs_log(1 + vs_exp_down(-vs_abs(x))) + (x < 0 ? -x : 0);
}

/* l = w * ((1 - y) * x + (1 + (pos - 1) * y) * log(1 + exp(-x))) */
static void bce_value(const pairs *p, int64_t at, int64_t n, vs_real *l) {
  for (int64_t i = at; i < at + n; i++) {
    vs_real x = p->x[i], y = p->y[i], k = p->pos ? 1 + (p->pos[i] - 1) * y : 1;
    l[i - at] = (p->w ? p->w[i] : 1) * ((1 - y) * x + k * log_one_exp(x));
  }
}

static void bce_slope(const pairs *p, int64_t at, int64_t n, vs_real *dx, vs_real *dy) {
  for (int64_t i = at; i < at + n; i++) {
    vs_real x = p->x[i], y = p->y[i], w = p->w ? p->w[i] : 1, more = p->pos ? p->pos[i] - 1 : 0;
    dx[i - at] = w * ((1 - y) - (1 + more * y) * vs_sigmoid(-x));
    if (dy) dy[i - at] = w * (more * log_one_exp(x) - x);
  }
}

static int bce_forward(vs_ctx *c) {
  pairs p = bce_of(c);
  p.value = bce_value;
  return run_pairs(c, p);
}

static int bce_backward(vs_ctx *c) {
  pairs p = bce_of(c);
  p.slope = bce_slope;
  return run_pairs_back(c, p);
}

const vs_opdef vs_op_binary_cross_entropy_with_logits = {
    .name = "binary_cross_entropy_with_logits",
    .args = "x:tensor, target:tensor, weight:tensor?, pos_weight:tensor?, "
            "reduction:mean|sum|none=mean",
    .outputs = 1,
    .keep = VS_KEEP_IN(0) | VS_KEEP_IN(1),
    .shape = bce_shape,
    .forward = bce_forward,
    .backward = bce_backward,
    .doc = "-w (pos_weight y log s(x) + (1-y) log(1-s(x))), s the sigmoid, y = target in 0..1 of "
           "x's shape; weight and pos_weight are broadcast to x.",
};

/* --- cosine_embedding_loss --- */

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
  if (vs_want_ndim(c, 0, 2) || no_gradient(c, 2)) return -1;
  if (!vs_same_shape(a, b))
    return vs_fail("x1 is %s but x2 is %s: expected the same shape", vs_shape_str(a),
                   vs_shape_str(b));
  if (y->ndim != 1 || y->shape[0] != a->shape[0])
    return vs_fail("y is %s, expected 1 or -1 for each row of x1 %s", vs_shape_str(y),
                   vs_shape_str(a));
  c->work_bytes = (size_t)a->shape[0] * sizeof(double);
  return c->attr[1].i == NONE ? vs_out(c, 0, VS_REAL, vs_dims(a->shape[0]))
                              : vs_out(c, 0, VS_REAL, 0, NULL);
}

/* cos = a.b / sqrt((a.a + 1e-12) (b.b + 1e-12)), as PyTorch */
static double cosine(const cosines *k, int64_t i, double *aa, double *bb) {
  const vs_kernels_softmax *f = vs_k_softmax();
  const vs_real *a = k->a + i * k->d, *b = k->b + i * k->d;
  *aa = (double)f->dot(k->d, a, a) + 1e-12;
  *bb = (double)f->dot(k->d, b, b) + 1e-12;
  return (double)f->dot(k->d, a, b) / sqrt(*aa * *bb);
}

static void cosine_rows(void *arg, int64_t first, int64_t last, int part) {
  cosines *k = arg;
  (void)part;
  for (int64_t i = first; i < last; i++) {
    double aa, bb, cos = cosine(k, i, &aa, &bb);
    bool match = vs_get_double(k->y, i) > 0;
    k->loss[i] = match ? 1 - cos : cos > k->margin ? cos - k->margin : 0;
  }
}

static cosines cosines_of(const vs_ctx *c) {
  return (cosines){.rows = c->in[0]->shape[0],
                   .d = c->in[0]->shape[1],
                   .a = vs_reals(c->in[0]),
                   .b = vs_reals(c->in[1]),
                   .y = c->in[2],
                   .margin = c->attr[0].f};
}

static int cosine_forward(vs_ctx *c) {
  cosines k = cosines_of(c);
  vs_real *out = vs_reals(c->out[0]);
  for (int64_t i = 0; i < k.rows; i++) {
    double y = vs_get_double(k.y, i);
    if (y != 1 && y != -1) return vs_fail("y[%lld] is %g, expected 1 or -1", (long long)i + 1, y);
  }
  k.loss = c->work;
  vs_parallel(k.rows, row_grain(k.d), cosine_rows, &k);
  if (c->attr[1].i == NONE) {
    for (int64_t i = 0; i < k.rows; i++) out[i] = (vs_real)k.loss[i];
    return 0;
  }
  double s = add_up(k.loss, k.rows);
  out[0] = (vs_real)(c->attr[1].i == MEAN ? s / (double)k.rows : s);
  return 0;
}

/* dcos/da = b / sqrt(aa bb) - cos * a / aa */
static void cosine_back_rows(void *arg, int64_t first, int64_t last, int part) {
  const cosines *k = arg;
  const vs_kernels_softmax *f = vs_k_softmax();
  (void)part;
  for (int64_t i = first; i < last; i++) {
    double aa, bb, cos = cosine(k, i, &aa, &bb),
                   g = k->scale * (double)k->dloss[k->per_row ? i : 0];
    g *= vs_get_double(k->y, i) > 0 ? -1 : cos > k->margin ? 1 : 0;
    vs_real across = (vs_real)(g / sqrt(aa * bb));
    const vs_real *a = k->a + i * k->d, *b = k->b + i * k->d;
    if (k->da) f->blend(k->d, across, b, (vs_real)(-g * cos / aa), a, k->da + i * k->d);
    if (k->db) f->blend(k->d, across, a, (vs_real)(-g * cos / bb), b, k->db + i * k->d);
  }
}

static int cosine_backward(vs_ctx *c) {
  cosines k = cosines_of(c);
  k.dloss = vs_reals(c->dout[0]);
  k.per_row = c->attr[1].i == NONE;
  k.scale = c->attr[1].i == MEAN ? 1 / (double)k.rows : 1;
  k.da = c->din[0] ? vs_reals(c->din[0]) : NULL;
  k.db = c->din[1] ? vs_reals(c->din[1]) : NULL;
  vs_parallel(k.rows, row_grain(k.d), cosine_back_rows, &k);
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
