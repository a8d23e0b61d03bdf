/* Reductions beside sums and extremes: prod, var, std, norm.
 *
 * They take any set of dimensions (op/fold.h).  Backward reads the input again instead of keeping
 * more than it has to. */
#include <math.h>

#include "op/dims.h"
#include "op/fold.h"
#include "op/reduce.h"

/* What backward reads and writes; group k made out[k]. */
typedef struct job {
  vs_groups g;
  const vs_real *x, *out, *dy; /* the result where it is kept, and what flows into it */
  vs_real *dx;
  double number; /* p of norm; how many values fewer than all var divides by */
  bool root;     /* std */
} job;

static int run_backward(vs_ctx *c, job j, vs_rangefn fn) {
  j.g = vs_groups_of(c->in[0], (unsigned)c->n[0]);
  j.x = vs_reals(c->in[0]);
  if (c->op->keep & VS_KEEP_OUT(0)) j.out = vs_reals(c->out[0]);
  j.dy = vs_reals(c->dout[0]);
  j.dx = vs_reals(c->din[0]);
  vs_groups_run(&j.g, fn, &j);
  return 0;
}

/* dx = (x - c) * s of the groups that are visited */
typedef struct slopes {
  const vs_real *x;
  vs_real *dx;
  const double *c, *s;
} slopes;

static void slope_stretch(void *arg, const vs_stretch *s) {
  const slopes *p = arg;
  int64_t at = s->at;
  for (int64_t j = 0; j < s->n && s->step == 1; j++, at += s->apart)
    vs_k_reduce()->slope(s->rows, p->x + at, p->c[j], p->s[j], p->dx + at);
  for (int64_t r = 0; r < s->rows && s->step != 1; r++, at += s->step)
    vs_k_reduce()->slope_rows(s->n, s->apart, p->x + at, p->c, p->s, p->dx + at);
}

/* ---- prod ---- */

enum { PROD_DIM, PROD_KEEPDIM };

static int prod_shape(vs_ctx *c) {
  if (vs_as_number(c, 0)) return -1;
  return vs_reduced_out(c, c->in[0]->dtype, PROD_DIM, PROD_KEEPDIM);
}

/* Where group k starts, and its element r counted from there. */
static int64_t start(const vs_groups *g, int64_t k) {
  return vs_offset_of(k, g->nk, g->ksize, g->kstride);
}
static inline int64_t place(const vs_groups *g, int64_t r) {
  return g->nr == 1 ? r * g->rstride[0] : vs_offset_of(r, g->nr, g->rsize, g->rstride);
}

/* dx[r] = dy * product of the others: those before times those after, so that zeros do no harm. */
static void prod_back(void *arg, int64_t first, int64_t last, int slot) {
  const job *j = arg;
  (void)slot;
  for (int64_t k = first; k < last; k++) {
    int64_t at = start(&j->g, k);
    const vs_real *x = j->x + at;
    vs_real *dx = j->dx + at;
    double before = (double)j->dy[k], after = 1;
    for (int64_t r = 0; r < j->g.reduced; r++) {
      int64_t i = place(&j->g, r);
      dx[i] = (vs_real)before;
      before *= (double)x[i];
    }
    for (int64_t r = j->g.reduced - 1; r >= 0; r--) {
      int64_t i = place(&j->g, r);
      dx[i] = (vs_real)((double)dx[i] * after);
      after *= (double)x[i];
    }
  }
}

/* Wraps around where int64 overflows. */
static void prod_forward(vs_ctx *c) {
  vs_folding f = vs_folding_of(c, VS_FOLD_PROD);
  vs_fold_all(&f);
}

static int prod_backward(vs_ctx *c) { return run_backward(c, (job){0}, prod_back); }

const vs_opdef vs_op_prod = {
    .name = "prod",
    .args = "x:any, dim:dims?, keepdim:bool=false",
    .outputs = 1,
    .keep = VS_KEEP_IN(0),
    .shape = prod_shape,
    .forward = prod_forward,
    .backward = prod_backward,
    .doc = "Product of all elements, or over the dimensions given. Integers and masks give int64. "
           "Of nothing: 1.",
};

/* ---- var and std ---- */

enum { VAR_DIM, VAR_UNBIASED, VAR_KEEPDIM };

static int var_shape(vs_ctx *c) { return vs_reduced_out(c, VS_REAL, VAR_DIM, VAR_KEEPDIM); }

/* number: what the squares are divided by; flag: std */
static void var_done(const vs_folding *f, int64_t k, int64_t n, const vs_acc *acc) {
  for (int64_t j = 0; j < n; j++) {
    double var = f->number > 0 ? acc[j].real / f->number : NAN;
    ((vs_real *)f->out)[k + j] = (vs_real)(f->flag ? sqrt(var) : var);
  }
}

static void var_or_std(vs_ctx *c, bool root) {
  vs_folding f = vs_folding_of(c, VS_FOLD_SUM);
  f.twice = true;
  f.number = (double)f.g.reduced - (c->attr[VAR_UNBIASED].i ? 1 : 0);
  f.flag = root;
  f.done = var_done;
  vs_fold_all(&f);
}

/* var: dx = 2 (x - mean) / n * dy;  std: dx = (x - mean) / (n std) * dy, 0 where std is 0 */
static void var_back(void *arg, int64_t first, int64_t last, int slot) {
  const job *j = arg;
  double n = (double)j->g.reduced - j->number;
  double mean[VS_COLUMNS], slope[VS_COLUMNS];
  slopes p = {j->x, j->dx, mean, slope};
  (void)slot;
  for (int64_t k = first, some; k < last; k += some) {
    some = vs_groups_some(&j->g, k, last);
    vs_fold_means(&j->g, j->x, k, some, mean);
    for (int64_t i = 0; i < some; i++) {
      double scale = (n > 0 ? 2 / n : NAN) * (double)j->dy[k + i];
      slope[i] = !j->root ? scale : j->out[k + i] == 0 ? 0 : scale / (2 * (double)j->out[k + i]);
    }
    vs_groups_walk(&j->g, k, some, 0, j->g.reduced, slope_stretch, &p);
  }
}

static void var_forward(vs_ctx *c) { var_or_std(c, false); }
static void std_forward(vs_ctx *c) { var_or_std(c, true); }
static int var_back_by(vs_ctx *c, bool root) {
  return run_backward(c, (job){.number = c->attr[VAR_UNBIASED].i ? 1 : 0, .root = root}, var_back);
}
static int var_backward(vs_ctx *c) { return var_back_by(c, false); }
static int std_backward(vs_ctx *c) { return var_back_by(c, true); }

const vs_opdef vs_op_var = {
    .name = "var",
    .args = "x:tensor, dim:dims?, unbiased:bool=true, keepdim:bool=false",
    .outputs = 1,
    .keep = VS_KEEP_IN(0),
    .shape = var_shape,
    .forward = var_forward,
    .backward = var_backward,
    .doc = "Variance of all elements, or over the dimensions given: squares of the distances from "
           "the mean, over n - 1 when unbiased, else over n. NaN where that is below 1.",
};

const vs_opdef vs_op_std = {
    .name = "std",
    .args = "x:tensor, dim:dims?, unbiased:bool=true, keepdim:bool=false",
    .outputs = 1,
    .flags = VS_KINK,
    .keep = VS_KEEP_IN(0) | VS_KEEP_OUT(0),
    .shape = var_shape,
    .forward = std_forward,
    .backward = std_backward,
    .doc = "Standard deviation, the root of var. No gradient where it is 0.",
};

/* ---- norm ---- */

enum { NORM_P, NORM_DIM, NORM_KEEPDIM };

static int norm_shape(vs_ctx *c) {
  if (isnan(c->attr[NORM_P].f)) return vs_fail("p is NaN, expected a number");
  return vs_reduced_out(c, VS_REAL, NORM_DIM, NORM_KEEPDIM);
}

/* number: p */
static void norm_done(const vs_folding *f, int64_t k, int64_t n, const vs_acc *acc) {
  double p = f->number;
  for (int64_t j = 0; j < n; j++) {
    double a = f->g.reduced > 0 ? acc[j].real : 0;
    ((vs_real *)f->out)[k + j] = (vs_real)(p == 2                         ? sqrt(a)
                                           : p == 0 || p == 1 || isinf(p) ? a
                                           : f->g.reduced > 0             ? pow(a, 1 / p)
                                                                          : 0);
  }
}

/* Any other p: a group at a time. */
typedef struct powers {
  const vs_real *x;
  double p, sum;
} powers;

static void add_powers(void *arg, const vs_stretch *s) {
  powers *p = arg;
  for (int64_t r = 0; r < s->rows; r++)
    p->sum += pow(fabs((double)p->x[s->at + r * s->step]), p->p);
}

static void power_range(void *arg, int64_t first, int64_t last, int slot) {
  const vs_folding *f = arg;
  (void)slot;
  for (int64_t k = first; k < last; k++) {
    powers s = {f->x, f->number, 0};
    vs_groups_walk(&f->g, k, 1, 0, f->g.reduced, add_powers, &s);
    norm_done(f, k, 1, &(vs_acc){.real = s.sum});
  }
}

/* d/dx of the extreme absolute value: equals share it. */
static void extreme_back(const job *j, int64_t at, double norm, double dy) {
  const vs_real *x = j->x + at;
  int64_t equals = 0;
  for (int64_t r = 0; r < j->g.reduced; r++) equals += fabs((double)x[place(&j->g, r)]) == norm;
  for (int64_t r = 0; r < j->g.reduced; r++) {
    int64_t i = place(&j->g, r);
    bool here = fabs((double)x[i]) == norm && x[i] != 0;
    j->dx[at + i] = here ? (vs_real)(copysign(dy, dy * (double)x[i]) / (double)equals) : 0;
  }
}

/* p 2: dx = x / norm * dy, 0 where norm is */
static void norm_back_euclid(void *arg, int64_t first, int64_t last, int slot) {
  const job *j = arg;
  double zero[VS_COLUMNS] = {0}, slope[VS_COLUMNS];
  slopes p = {j->x, j->dx, zero, slope};
  (void)slot;
  for (int64_t k = first, some; k < last; k += some) {
    some = vs_groups_some(&j->g, k, last);
    for (int64_t i = 0; i < some; i++)
      slope[i] = j->out[k + i] == 0 ? 0 : (double)j->dy[k + i] / (double)j->out[k + i];
    vs_groups_walk(&j->g, k, some, 0, j->g.reduced, slope_stretch, &p);
  }
}

/* dx = sign(x) (|x| / norm)^(p-1) dy, 0 where x is 0 */
static void norm_back(void *arg, int64_t first, int64_t last, int slot) {
  const job *j = arg;
  double p = j->number;
  (void)slot;
  for (int64_t k = first; k < last; k++) {
    int64_t at = start(&j->g, k);
    double norm = (double)j->out[k], dy = (double)j->dy[k];
    if (isinf(p)) {
      extreme_back(j, at, norm, dy);
      continue;
    }
    for (int64_t r = 0; r < j->g.reduced; r++) {
      int64_t i = at + place(&j->g, r);
      double x = (double)j->x[i];
      double d = x == 0 || p == 0 ? 0
                 : p == 1         ? copysign(1, x)
                                  : copysign(pow(fabs(x) / norm, p - 1), x);
      j->dx[i] = (vs_real)(d * dy);
    }
  }
}

static void norm_forward(vs_ctx *c) {
  double p = c->attr[NORM_P].f;
  vs_folding f = vs_folding_of(c, p == 2   ? VS_FOLD_SQUARES
                                  : p == 1 ? VS_FOLD_SIZES
                                  : p == 0 ? VS_FOLD_COUNT
                                  : p > 0  ? VS_FOLD_FAR
                                           : VS_FOLD_NEAR);
  f.number = p;
  f.done = norm_done;
  if (p == 0 || p == 1 || p == 2 || isinf(p))
    vs_fold_all(&f);
  else
    vs_groups_run(&f.g, power_range, &f);
}

static int norm_backward(vs_ctx *c) {
  double p = c->attr[NORM_P].f;
  return run_backward(c, (job){.number = p}, p == 2 ? norm_back_euclid : norm_back);
}

const vs_opdef vs_op_norm = {
    .name = "norm",
    .args = "x:tensor, p:num=2, dim:dims?, keepdim:bool=false",
    .outputs = 1,
    .flags = VS_KINK,
    .keep = VS_KEEP_IN(0) | VS_KEEP_OUT(0),
    .shape = norm_shape,
    .forward = norm_forward,
    .backward = norm_backward,
    .doc = "(sum |x|^p)^(1/p) over all elements, or over the dimensions given. p = math.huge is "
           "the largest |x|, -math.huge the smallest, 0 counts what is not 0. No gradient where x "
           "is 0.",
};
