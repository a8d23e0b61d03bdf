/* Losses element by element between two tensors: squares, absolute values and what lies between
 * them, Kullback-Leibler divergence, binary cross-entropy.
 *
 * Each gives a value and a slope for a run of elements.  Sums are made in chunks. */
#include "kernel/math.h"
#include "op/loss.h"

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
  return reduction == VS_LOSS_NONE ? vs_out_like(c, 0, x) : vs_out(c, 0, VS_REAL, 0, NULL);
}

/* What the sum is divided by. */
static double divisor(const vs_ctx *c, const pairs *p) {
  int64_t reduction = c->attr[0].i;
  return reduction == VS_LOSS_MEAN        ? (double)p->n
         : reduction == VS_LOSS_BATCHMEAN ? (double)c->in[0]->shape[0]
                                          : 1;
}

static void pairs_range(void *arg, int64_t first, int64_t last, int slot) {
  const pairs *p = arg;
  (void)slot;
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

static pairs plain(const vs_ctx *c) {
  return (pairs){.n = c->in[0]->numel, .x = vs_reals(c->in[0]), .y = vs_reals(c->in[1])};
}

static void run_pairs(vs_ctx *c, pairs p) {
  int64_t chunks = (p.n + CHUNK - 1) / CHUNK;
  int reduction = (int)c->attr[0].i;
  p.each = reduction == VS_LOSS_NONE ? vs_reals(c->out[0]) : NULL;
  p.partial = reduction == VS_LOSS_NONE ? NULL : c->work;
  vs_parallel(chunks, 8, pairs_range, &p);
  if (reduction == VS_LOSS_NONE) return;
  double s = vs_add_up(p.partial, chunks);
  vs_reals(c->out[0])[0] = (vs_real)(s / divisor(c, &p));
}

static void pairs_back_range(void *arg, int64_t first, int64_t last, int slot) {
  const pairs *p = arg;
  (void)slot;
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
  p.per_element = c->attr[0].i == VS_LOSS_NONE;
  p.scale = 1 / divisor(c, &p);
  p.dx = c->din[0] ? vs_reals(c->din[0]) : NULL;
  p.dy = c->din[1] ? vs_reals(c->din[1]) : NULL;
  vs_parallel((p.n + CHUNK - 1) / CHUNK, 8, pairs_back_range, &p);
  return 0;
}

/* Forward and backward of a loss: its numbers, its value, its slope. */
#define PAIRS(fn, numbers, values, slopes) \
  static void fn##_forward(vs_ctx *c) {    \
    pairs p = numbers(c);                  \
    p.value = values;                      \
    run_pairs(c, p);                       \
  }                                        \
  static int fn##_backward(vs_ctx *c) {    \
    pairs p = numbers(c);                  \
    p.slope = slopes;                      \
    return run_pairs_back(c, p);           \
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

PAIRS(mse_loss, plain, mse_value, mse_slope)

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
    dx[i] = vs_abs(d) < p->beta ? d / p->beta : d != d ? d : sign;
  }
  negate(n, dx, dy);
}

PAIRS(l1_loss, plain, l1_value, l1_slope)

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

/* With the second attribute, beta or delta. */
static pairs bent(const vs_ctx *c) {
  pairs p = plain(c);
  p.beta = (vs_real)c->attr[1].f;
  return p;
}

static int smooth_l1_shape(vs_ctx *c) {
  if (!(c->attr[1].f >= 0)) return vs_fail("beta is %g, expected 0 or more", c->attr[1].f);
  return same_shapes(c);
}

PAIRS(smooth_l1, bent, l1_value, l1_slope)

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

PAIRS(huber, bent, huber_value, huber_slope)

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
  if (c->attr[0].i == VS_LOSS_BATCHMEAN && c->in[0]->ndim < 1)
    return vs_fail("x is [], expected a batch for reduction 'batchmean'");
  return same_shapes(c);
}

static pairs kl_of(const vs_ctx *c) {
  pairs p = plain(c);
  p.logs = c->attr[1].i;
  return p;
}

PAIRS(kl, kl_of, kl_value, kl_slope)

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
  if (vs_no_gradient(c, 2) || vs_no_gradient(c, 3)) return -1;
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
  pairs p = plain(c);
  p.w = c->saved[0] ? vs_reals(c->saved[0]) : NULL;
  p.pos = c->saved[1] ? vs_reals(c->saved[1]) : NULL;
  return p;
}

/* l = w * ((1 - y) * softplus(x) + pos * y * softplus(-x)): no difference of large numbers */
static void bce_value(const pairs *p, int64_t at, int64_t n, vs_real *l) {
  for (int64_t i = at; i < at + n; i++) {
    vs_real x = p->x[i], y = p->y[i], pos = p->pos ? p->pos[i] * y : y;
    vs_real small = vs_log1p(vs_exp_down(-vs_abs(x)));
    l[i - at] = (p->w ? p->w[i] : 1) * ((x < 0 ? -pos : 1 - y) * x + (1 - y + pos) * small);
  }
}

/* dx = w * ((1 - y) * s(x) - pos * y * s(-x)),  dy = w * (pos * softplus(-x) - softplus(x)),
 * where softplus(x) is softplus(-x) + x */
static void bce_slope(const pairs *p, int64_t at, int64_t n, vs_real *dx, vs_real *dy) {
  for (int64_t i = at; i < at + n; i++) {
    vs_real x = p->x[i], y = p->y[i], w = p->w ? p->w[i] : 1, pos = p->pos ? p->pos[i] : 1;
    dx[i - at] = w * ((1 - y) * vs_sigmoid(x) - pos * y * vs_sigmoid(-x));
    if (dy) dy[i - at] = w * ((pos - 1) * vs_softplus(-x) - x);
  }
}

PAIRS(bce, bce_of, bce_value, bce_slope)

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
