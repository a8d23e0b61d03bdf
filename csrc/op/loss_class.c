/* Losses over classes: cross_entropy and nll_loss.  Class weights take no gradient.
 *
 * x has the classes in dimension 2, [B,C] or [B,C,d1,...], or is [C].  A row is the C values of one
 * place of [B,d1,...].  cross_entropy's target is a class for each row, or a probability for each
 * value of x.  Rows of [B,C] are used where they lie, others as tiles. */
#include <string.h>

#include "kernel/softmax.h"
#include "op/dims.h"
#include "op/loss.h"
#include "op/tiles.h"

enum { X, TARGET, WEIGHT };
enum { REDUCTION, IGNORE, SMOOTHING };
enum { OUTER, CLASSES, INNER }; /* n */

typedef struct classes classes;
/* Row i: its values x and probabilities t, the gradients of both, and C numbers of scratch; what is
 * not there is NULL. */
typedef void (*rowfn)(const classes *k, int64_t i, const vs_real *x, const vs_real *t, vs_real *dx,
                      vs_real *dt, vs_real *room);

/* Rows i, i + 1, ..., `width` <= VS_ABREAST of them, whose values lie `inner` apart. */
typedef void (*columnfn)(const classes *k, int64_t i, int64_t width, const vs_real *x, vs_real *dx);

struct classes {
  int64_t outer, n, inner; /* n classes */
  rowfn fn;
  columnfn columns;            /* NULL: fn takes rows */
  const vs_real *x, *w, *prob; /* prob: NULL where targets are classes */
  const int64_t *target;
  bool has_ignore;
  int64_t ignore;
  double smooth, wsum; /* wsum: of the weights of all classes */
  vs_lse *lse;
  double *loss, *weight; /* per row */
  const vs_real *dloss;  /* backward: one a row, or one times `scale` for all */
  bool per_row;
  double scale;
  vs_real *dx, *dt;
  vs_real *scratch;
};

static int64_t rows_of(const classes *k) { return k->outer * k->inner; }

/* ---- rows ---- */

static vs_real *at_row(const vs_real *p, int64_t i, int64_t n) {
  return p ? (vs_real *)p + i * n : NULL;
}

/* Numbers of scratch of a slot: a row, and tiles of x, t and the gradients of both. */
static int64_t slot_size(const classes *k) {
  return (k->inner > 1 ? 4 * vs_tile_size(k->n) : 0) + k->n;
}

static int64_t tile_count(const classes *k) { return k->outer * vs_tiles_of(k->inner, k->n); }
static int64_t tile_grain(const classes *k) {
  return vs_loss_grain(k->inner > 1 ? vs_tile(k->n) * k->n : k->n);
}

static void each_tile(void *arg, int64_t first, int64_t last, int slot) {
  const classes *k = arg;
  int64_t n = k->n, size = vs_tile_size(n), row = vs_tile_row(n),
          across = vs_tiles_of(k->inner, k->n);
  vs_real *room = k->scratch ? k->scratch + slot_size(k) * slot : NULL;
  if (k->inner == 1) {
    for (int64_t i = first; i < last; i++)
      k->fn(k, i, k->x + i * n, at_row(k->prob, i, n), at_row(k->dx, i, n), at_row(k->dt, i, n),
            room);
    return;
  }
  if (k->columns) {
    for (int64_t i = first; i < last; i++) {
      int64_t o = i / across, end = VS_MIN((i % across + 1) * vs_tile(n), k->inner);
      for (int64_t col = i % across * vs_tile(n), width; col < end; col += width) {
        int64_t at = o * n * k->inner + col;
        width = VS_MIN(VS_ABREAST, end - col);
        k->columns(k, o * k->inner + col, width, k->x + at, k->dx ? k->dx + at : NULL);
      }
    }
    return;
  }
  vs_real *x = room + n, *t = k->prob ? x + size : NULL;
  vs_real *dx = k->dx ? x + 2 * size : NULL, *dt = k->dt ? x + 3 * size : NULL;
  for (int64_t i = first; i < last; i++) {
    int64_t o = i / across, col = i % across * vs_tile(n),
            width = VS_MIN(vs_tile(n), k->inner - col);
    int64_t at = o * n * k->inner + col;
    vs_load_tile(k->x + at, n, k->inner, width, x);
    if (t) vs_load_tile(k->prob + at, n, k->inner, width, t);
    for (int64_t j = 0; j < width; j++)
      k->fn(k, o * k->inner + col + j, x + j * row, at_row(t, j, row), at_row(dx, j, row),
            at_row(dt, j, row), room);
    if (dx) vs_store_tile(dx, n, k->inner, width, k->dx + at);
    if (dt) vs_store_tile(dt, n, k->inner, width, k->dt + at);
  }
}

static bool takes_columns(const classes *k) { return k->inner > 1 && !k->prob && k->smooth == 0; }

static bool needs_scratch(const classes *k) {
  return (k->inner > 1 && !takes_columns(k)) || k->prob;
}

static size_t scratch_bytes(const classes *k) {
  int slots = vs_slots(tile_count(k), tile_grain(k));
  return needs_scratch(k) ? (size_t)(slots * slot_size(k)) * sizeof(vs_real) : 0;
}

static void each_row(classes *k, rowfn fn) {
  k->fn = fn;
  vs_parallel(tile_count(k), tile_grain(k), each_tile, k);
}

/* ---- shapes ---- */

/* Every target is a class, or the number that is ignored. */
static int check_targets(const vs_ctx *c) {
  const int64_t *target = vs_ints(c->in[TARGET]), n = c->n[CLASSES];
  bool ignores = c->attr[IGNORE].kind != VS_V_NONE;
  for (int64_t i = 0; i < c->in[TARGET]->numel; i++)
    if ((target[i] < 1 || target[i] > n) && !(ignores && target[i] == c->attr[IGNORE].i))
      return vs_fail("target[%lld] is %lld, outside 1..%lld (x is %s)", (long long)i + 1,
                     (long long)target[i], (long long)n, vs_shape_str(c->in[X]));
  return 0;
}

static int class_dim(const vs_tensor *x) { return x->ndim > 1; }

/* x's shape without the classes, into shape; how many dimensions. */
static int row_shape(const vs_tensor *x, int64_t *shape) {
  int n = 0;
  for (int d = 0; d < x->ndim; d++)
    if (d != class_dim(x)) shape[n++] = x->shape[d];
  return n;
}

/* x [B,C,...], weight [C]; target int64 [B,...] of 1..C, or x's shape where `probabilities`. */
static int classes_shape(vs_ctx *c, bool probabilities) {
  const vs_tensor *x = c->in[X], *t = c->in[TARGET], *w = c->in[WEIGHT];
  int64_t shape[VS_MAX_DIM];
  if (x->ndim == 0) return vs_fail("x is [], expected [B,C], [B,C,...] or [C]");
  if (vs_no_gradient(c, WEIGHT)) return -1;
  int n = row_shape(x, shape);
  bool fits = probabilities ? vs_same_shape(t, x) : t->ndim == n;
  for (int d = 0; !probabilities && fits && d < n; d++) fits = t->shape[d] == shape[d];
  if (!fits)
    return vs_fail("target is %s, expected %s for each row of x %s: %s", vs_shape_str(t),
                   probabilities ? "the probabilities" : "one class", vs_shape_str(x),
                   probabilities ? vs_shape_str(x) : vs_dims_str(n, shape));
  vs_along(x, class_dim(x), c->n);
  if (w && (w->ndim != 1 || w->shape[0] != c->n[CLASSES]))
    return vs_fail("weight is %s, expected one value for each class of x %s", vs_shape_str(w),
                   vs_shape_str(x));
  if (!probabilities && check_targets(c) < 0) return -1;
  bool each = c->attr[REDUCTION].i == VS_LOSS_NONE;
  return vs_out(c, 0, VS_REAL, each ? n : 0, shape);
}

static classes classes_of(const vs_ctx *c) {
  classes k = {.outer = c->n[OUTER], .n = c->n[CLASSES], .inner = c->n[INNER]};
  k.w = c->in[WEIGHT] ? vs_reals(c->in[WEIGHT]) : NULL;
  k.has_ignore = c->attr[IGNORE].kind != VS_V_NONE;
  k.ignore = k.has_ignore ? c->attr[IGNORE].i : 0;
  if (c->in[TARGET]->dtype == VS_INT64)
    k.target = vs_ints(c->in[TARGET]);
  else
    k.prob = vs_reals(c->in[TARGET]);
  return k;
}

static classes logits_of(const vs_ctx *c) {
  classes k = classes_of(c);
  k.x = vs_reals(c->in[X]);
  k.smooth = c->attr[SMOOTHING].f;
  k.wsum = k.w ? (double)vs_k_softmax()->sum(k.n, k.w) : (double)k.n;
  k.lse = vs_data(c->saved[0]);
  return k;
}

static bool ignored(const classes *k, int64_t i) {
  return k->has_ignore && k->target[i] == k->ignore;
}
/* What row i counts in the mean. */
static double weight_of(const classes *k, int64_t i) {
  if (k->prob) return 1;
  return ignored(k, i) ? 0 : k->w ? (double)k->w[k->target[i] - 1] : 1;
}

/* Reduces the values and weights of the rows; where no row counts, a mean is 0. */
static void reduce(vs_ctx *c, const classes *k) {
  double w = vs_add_up(k->weight, rows_of(k));
  vs_loss_reduce(c, c->attr[REDUCTION].i, k->loss, rows_of(k), w);
  if (c->attr[REDUCTION].i == VS_LOSS_MEAN && w == 0) vs_reals(c->out[0])[0] = 0;
}

static void take_dloss(const vs_ctx *c, classes *k) {
  double w = 0;
  k->dloss = vs_reals(c->dout[0]);
  k->per_row = c->attr[REDUCTION].i == VS_LOSS_NONE;
  k->scale = 1;
  if (c->attr[REDUCTION].i != VS_LOSS_MEAN) return;
  for (int64_t i = 0; i < rows_of(k); i++) w += weight_of(k, i);
  k->scale = w == 0 ? 0 : 1 / w;
}

static double dloss_of(const classes *k, int64_t i) {
  return k->scale * (double)k->dloss[k->per_row ? i : 0];
}

/* ---- cross_entropy ---- */

/* loss = (1 - s) * w[t] * (lse - x[t]) + s / C * sum_c w[c] * (lse - x[c]), where lse - x is
 * (max - x) + log: the digits of max would drown those of log */
static void class_row(const classes *k, int64_t i, const vs_real *x, const vs_real *t, vs_real *dx,
                      vs_real *dt, vs_real *room) {
  const vs_kernels_softmax *f = vs_k_softmax();
  double w = k->weight[i] = weight_of(k, i), all = 0;
  (void)t, (void)dx, (void)dt, (void)room;
  k->loss[i] = 0;
  k->lse[i] = (vs_lse){0, 0};
  if (ignored(k, i)) return;
  vs_lse lse = k->lse[i] = f->logsumexp(k->n, x);
  if (k->smooth > 0) {
    double gaps = (double)(k->w ? f->below_by(k->n, k->w, x, lse.max) : f->below(k->n, x, lse.max));
    all = k->smooth / (double)k->n * (k->wsum * (double)lse.log + gaps);
  }
  double own = (double)(lse.max - x[k->target[i] - 1]) + (double)lse.log;
  k->loss[i] = (1 - k->smooth) * w * own + all;
}

/* dx[c] = g * (S * softmax(x)[c] - s/C * w[c] - (1-s) * w[t] * [c = t]),
 * S = (1-s) * w[t] + s/C * sum w */
static void class_back_row(const classes *k, int64_t i, const vs_real *x, const vs_real *t,
                           vs_real *dx, vs_real *dt, vs_real *room) {
  (void)t, (void)dt, (void)room;
  if (ignored(k, i)) {
    memset(dx, 0, (size_t)k->n * sizeof *dx);
    return;
  }
  double g = dloss_of(k, i), w = (1 - k->smooth) * weight_of(k, i);
  double each = k->smooth / (double)k->n, all = w + each * k->wsum;
  vs_k_softmax()->exp_scale(k->n, x, k->lse[i], (vs_real)(g * all), dx);
  if (each > 0)
    for (int64_t j = 0; j < k->n; j++) dx[j] -= (vs_real)(g * each) * (k->w ? k->w[j] : 1);
  dx[k->target[i] - 1] -= (vs_real)(g * w);
}

/* Both without smoothing, many rows at once. */
static void class_columns(const classes *k, int64_t i, int64_t width, const vs_real *x,
                          vs_real *dx) {
  (void)dx;
  vs_k_softmax()->logsumexp_columns(k->n, width, x, k->inner, k->lse + i);
  for (int64_t j = 0; j < width; j++, i++) {
    bool out = ignored(k, i);
    vs_lse lse = k->lse[i];
    k->weight[i] = weight_of(k, i);
    k->loss[i] = out ? 0
                     : k->weight[i] * ((double)(lse.max - x[(k->target[i] - 1) * k->inner + j]) +
                                       (double)lse.log);
  }
}

static void class_back_columns(const classes *k, int64_t i, int64_t width, const vs_real *x,
                               vs_real *dx) {
  vs_real scale[VS_ABREAST] = {0};
  for (int64_t j = 0; j < width; j++)
    scale[j] = (vs_real)(dloss_of(k, i + j) * weight_of(k, i + j));
  vs_k_softmax()->exp_scale_columns(k->n, width, x, k->inner, k->lse + i, scale, dx);
  for (int64_t j = 0; j < width; j++) {
    if (!ignored(k, i + j))
      dx[(k->target[i + j] - 1) * k->inner + j] -= scale[j];
    else
      for (int64_t c = 0; c < k->n; c++) dx[c * k->inner + j] = 0;
  }
}

/* q[c] = w[c] * ((1-s) * t[c] + s/C) */
static void smoothed(const classes *k, const vs_real *t, vs_real *q) {
  vs_real keep = (vs_real)(1 - k->smooth), each = (vs_real)(k->smooth / (double)k->n);
  for (int64_t j = 0; j < k->n; j++) q[j] = keep * t[j] + each;
  for (int64_t j = 0; k->w && j < k->n; j++) q[j] *= k->w[j];
}

/* loss = sum_c q[c] * (lse - x[c]) */
static void prob_row(const classes *k, int64_t i, const vs_real *x, const vs_real *t, vs_real *dx,
                     vs_real *dt, vs_real *q) {
  const vs_kernels_softmax *f = vs_k_softmax();
  (void)dx, (void)dt;
  vs_lse lse = k->lse[i] = f->logsumexp(k->n, x);
  smoothed(k, t, q);
  k->weight[i] = 1;
  k->loss[i] = (double)f->sum(k->n, q) * (double)lse.log + (double)f->below_by(k->n, q, x, lse.max);
}

/* dx[c] = g * (sum q * softmax(x)[c] - q[c]),  dt[c] = g * (1-s) * w[c] * (lse - x[c]) */
static void prob_back_row(const classes *k, int64_t i, const vs_real *x, const vs_real *t,
                          vs_real *dx, vs_real *dt, vs_real *q) {
  const vs_kernels_softmax *f = vs_k_softmax();
  vs_real g = (vs_real)dloss_of(k, i), keep = g * (vs_real)(1 - k->smooth);
  vs_lse lse = k->lse[i];
  if (dx) {
    smoothed(k, t, q);
    f->exp_scale(k->n, x, lse, g * f->sum(k->n, q), dx);
    for (int64_t j = 0; j < k->n; j++) dx[j] -= g * q[j];
  }
  for (int64_t j = 0; dt && j < k->n; j++)
    dt[j] = keep * (k->w ? k->w[j] : 1) * ((lse.max - x[j]) + lse.log);
}

/* A target that is not int64 is taken for probabilities. */
static int cross_entropy_shape(vs_ctx *c) {
  double s = c->attr[SMOOTHING].f;
  const vs_tensor *t = c->in[TARGET];
  bool probabilities = vs_is_derivable(t);
  if (!(s >= 0 && s <= 1)) return vs_fail("label_smoothing is %g, outside 0..1", s);
  if (!probabilities && t->dtype != VS_INT64)
    return vs_fail("target is a %s tensor %s, expected int64 classes or %s probabilities: call "
                   ":long() or :float()",
                   vs_dtype_name(t->dtype), vs_shape_str(t), vs_dtype_name(VS_REAL));
  if (probabilities && c->attr[IGNORE].kind != VS_V_NONE)
    return vs_fail("ignore_index is for a target of classes, not of probabilities");
  if ((probabilities && vs_recast(c, TARGET, VS_REAL) < 0) || classes_shape(c, probabilities) < 0)
    return -1;
  int64_t rows = c->n[OUTER] * c->n[INNER];
  c->saved[0] = vs_tensor_new(VS_REAL, vs_dims(rows, 2)); /* vs_lse of the rows */
  if (c->saved[0] == NULL) return -1;
  classes k = logits_of(c);
  c->work_bytes = 2 * (size_t)rows * sizeof(double) + scratch_bytes(&k);
  return 0;
}

static void cross_entropy_forward(vs_ctx *c) {
  classes k = logits_of(c);
  k.loss = c->work;
  k.weight = k.loss + rows_of(&k);
  k.scratch = needs_scratch(&k) ? (vs_real *)(void *)(k.weight + rows_of(&k)) : NULL;
  if (takes_columns(&k)) k.columns = class_columns;
  each_row(&k, k.prob ? prob_row : class_row);
  reduce(c, &k);
}

static int cross_entropy_backward(vs_ctx *c) {
  classes k = logits_of(c);
  size_t bytes = scratch_bytes(&k);
  take_dloss(c, &k);
  k.dx = c->din[X] ? vs_reals(c->din[X]) : NULL;
  k.dt = c->din[TARGET] ? vs_reals(c->din[TARGET]) : NULL;
  if (bytes > 0 && (k.scratch = vs_mem_alloc(bytes)) == NULL) return -1;
  if (takes_columns(&k)) k.columns = class_back_columns;
  if (k.dx || k.dt) each_row(&k, k.prob ? prob_back_row : class_back_row);
  vs_mem_free(k.scratch);
  return 0;
}

const vs_opdef vs_op_cross_entropy = {
    .name = "cross_entropy",
    .args = "x:tensor, target:any, weight:tensor?, reduction:mean|sum|none=mean, "
            "ignore_index:int?, label_smoothing:num=0",
    .outputs = 1,
    .keep = VS_KEEP_IN(X) | VS_KEEP_IN(TARGET) | VS_KEEP_IN(WEIGHT),
    .shape = cross_entropy_shape,
    .forward = cross_entropy_forward,
    .backward = cross_entropy_backward,
    .doc =
        "Negative log of softmax(x) at the target class. x [B,C], or [B,C,d1,...] or [C]; target "
        "int64 of 1..C, [B], [B,d1,...] or []; weight [C] per class; the mean divides by the "
        "targets' weights. Rows with target ignore_index count nothing; if all do, the mean is "
        "0. label_smoothing spreads that share over all classes. A float32 target of x's shape "
        "has probabilities of the classes: the loss of a row is the sum of its classes' losses "
        "times weight times probability, and the mean divides by the number of rows.",
};

/* ---- nll_loss ---- */

/* Where row i of x has its target class. */
static int64_t target_at(const classes *k, int64_t i) {
  return (i / k->inner * k->n + k->target[i] - 1) * k->inner + i % k->inner;
}

static int nll_loss_shape(vs_ctx *c) {
  if (classes_shape(c, false) < 0) return -1;
  c->work_bytes = 2 * (size_t)(c->n[OUTER] * c->n[INNER]) * sizeof(double);
  return 0;
}

static void nll_loss_forward(vs_ctx *c) {
  classes k = classes_of(c);
  const vs_real *x = vs_reals(c->in[X]);
  k.loss = c->work;
  k.weight = k.loss + rows_of(&k);
  for (int64_t i = 0; i < rows_of(&k); i++) {
    k.weight[i] = weight_of(&k, i);
    k.loss[i] = ignored(&k, i) ? 0 : -k.weight[i] * (double)x[target_at(&k, i)];
  }
  reduce(c, &k);
}

static int nll_loss_backward(vs_ctx *c) {
  classes k = classes_of(c);
  if (!c->din[X]) return 0;
  take_dloss(c, &k);
  vs_fill(c->din[X], 0);
  for (int64_t i = 0; i < rows_of(&k); i++)
    if (!ignored(&k, i))
      vs_reals(c->din[X])[target_at(&k, i)] = (vs_real)(-dloss_of(&k, i) * weight_of(&k, i));
  return 0;
}

const vs_opdef vs_op_nll_loss = {
    .name = "nll_loss",
    .args = "x:tensor, target:index, weight:tensor?, reduction:mean|sum|none=mean, "
            "ignore_index:int?",
    .outputs = 1,
    .keep = VS_KEEP_IN(TARGET) | VS_KEEP_IN(WEIGHT),
    .shape = nll_loss_shape,
    .forward = nll_loss_forward,
    .backward = nll_loss_backward,
    .doc = "-x at the target class, x [B,C], [B,C,d1,...] or [C] being log-probabilities. target, "
           "weight, mean and ignore_index as in cross_entropy with a target of classes.",
};
