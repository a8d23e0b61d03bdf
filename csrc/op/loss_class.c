/* Losses over classes: cross_entropy and nll_loss.  Class weights take no gradient. */
#include <string.h>

#include "kernel/softmax.h"
#include "op/loss.h"

enum { X, TARGET, WEIGHT };
enum { REDUCTION, IGNORE, SMOOTHING };

typedef struct classes {
  int64_t rows, n; /* n classes */
  const vs_real *x, *w;
  const int64_t *target;
  bool has_ignore, from_logits;
  int64_t ignore;
  double smooth, wsum; /* wsum: of the weights of all classes */
  vs_lse *lse;
  double *loss, *weight; /* per row */
  const vs_real *dloss;  /* backward: one a row, or one times `scale` for all */
  bool per_row;
  double scale;
  vs_real *dx;
} classes;

/* Every target is a class, or the number that is ignored. */
static int check_targets(const vs_ctx *c) {
  const int64_t *target = vs_ints(c->in[TARGET]), n = c->in[X]->shape[1];
  bool ignores = c->attr[IGNORE].kind != VS_V_NONE;
  for (int64_t i = 0; i < c->in[TARGET]->numel; i++)
    if ((target[i] < 1 || target[i] > n) && !(ignores && target[i] == c->attr[IGNORE].i))
      return vs_fail("target[%lld] is %lld, outside 1..%lld (x is %s)", (long long)i + 1,
                     (long long)target[i], (long long)n, vs_shape_str(c->in[X]));
  return 0;
}

/* x [B,C], target [B] of 1..C, weight [C] */
static int classes_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[X], *t = c->in[TARGET], *w = c->in[WEIGHT];
  if (vs_want_ndim(c, X, 2) || vs_no_gradient(c, WEIGHT)) return -1;
  if (t->ndim != 1 || t->shape[0] != x->shape[0])
    return vs_fail("target is %s, expected one class for each row of x %s", vs_shape_str(t),
                   vs_shape_str(x));
  if (w && (w->ndim != 1 || w->shape[0] != x->shape[1]))
    return vs_fail("weight is %s, expected one value for each class of x %s", vs_shape_str(w),
                   vs_shape_str(x));
  if (check_targets(c) < 0) return -1;
  c->work_bytes = 2 * (size_t)x->shape[0] * sizeof(double);
  return vs_loss_out(c, c->attr[REDUCTION].i, x->shape[0]);
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
  k.has_ignore = c->attr[IGNORE].kind != VS_V_NONE;
  k.ignore = k.has_ignore ? c->attr[IGNORE].i : 0;
  k.smooth = from_logits ? c->attr[SMOOTHING].f : 0;
  k.wsum = k.w ? (double)vs_k_softmax()->sum(k.n, k.w) : (double)k.n;
  k.lse = from_logits ? vs_data(c->saved[0]) : NULL;
  return k;
}

/* loss = (1 - s) * w[t] * (lse - x[t]) + s / C * sum_c w[c] * (lse - x[c]), where lse - x is
 * (max - x) + log: the digits of max would drown those of log */
static void classes_rows(void *arg, int64_t first, int64_t last, int part) {
  classes *k = arg;
  const vs_kernels_softmax *f = vs_k_softmax();
  (void)part;
  for (int64_t i = first; i < last; i++) {
    const vs_real *x = k->x + i * k->n;
    double w = k->weight[i] = weight_of(k, i), all = 0;
    vs_lse lse = {0, 0};
    k->loss[i] = 0;
    if (k->from_logits && !ignored(k, i)) lse = f->logsumexp(k->n, x);
    if (k->from_logits) k->lse[i] = lse;
    if (ignored(k, i)) continue;
    if (k->smooth > 0) {
      double gaps =
          (double)(k->w ? f->below_by(k->n, k->w, x, lse.max) : f->below(k->n, x, lse.max));
      all = k->smooth / (double)k->n * (k->wsum * (double)lse.log + gaps);
    }
    double own = (double)(lse.max - x[k->target[i] - 1]) + (double)lse.log;
    k->loss[i] = (1 - k->smooth) * w * own + all;
  }
}

static void classes_forward(vs_ctx *c, bool from_logits) {
  classes k = classes_of(c, from_logits);
  k.loss = c->work;
  k.weight = k.loss + k.rows;
  vs_parallel(k.rows, vs_loss_grain(k.n), classes_rows, &k);
  double w = vs_add_up(k.weight, k.rows);
  vs_loss_reduce(c, c->attr[REDUCTION].i, k.loss, k.rows, w);
  if (c->attr[REDUCTION].i == VS_LOSS_MEAN && w == 0) vs_reals(c->out[0])[0] = 0;
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
  k.per_row = c->attr[REDUCTION].i == VS_LOSS_NONE;
  k.scale = 1;
  if (c->attr[REDUCTION].i == VS_LOSS_MEAN) {
    for (int64_t i = 0; i < k.rows; i++) w += weight_of(&k, i);
    k.scale = w == 0 ? 0 : 1 / w;
  }
  if (!c->din[X]) return 0;
  k.dx = vs_reals(c->din[X]);
  vs_parallel(k.rows, vs_loss_grain(k.n), classes_back_rows, &k);
  return 0;
}

static int cross_entropy_shape(vs_ctx *c) {
  double s = c->attr[SMOOTHING].f;
  if (!(s >= 0 && s <= 1)) return vs_fail("label_smoothing is %g, outside 0..1", s);
  if (classes_shape(c) < 0) return -1;
  c->saved[0] = vs_tensor_new(VS_REAL, vs_dims(c->in[X]->shape[0], 2)); /* vs_lse of the rows */
  return c->saved[0] != NULL ? 0 : -1;
}

static void cross_entropy_forward(vs_ctx *c) { classes_forward(c, true); }
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

static void nll_loss_forward(vs_ctx *c) { classes_forward(c, false); }
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
