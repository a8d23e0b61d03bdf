/* Reductions beside sums and extremes: prod, var, std, norm; and cumsum, which keeps every step.
 *
 * All but cumsum take any set of dimensions.  Each output is made by one thread in a fixed order,
 * in double; backward reads the input again instead of keeping more than it has to. */
#include <math.h>

#include "op/dims.h"
#include "op/reduce.h"

/* ---- groups: the elements that one output is made of ---- */

enum { GRAIN = 1 << 15 };

typedef struct groups {
  int nk, nr; /* kept, reduced dimensions, merged where they can be */
  int64_t ksize[VS_MAX_DIM], kstride[VS_MAX_DIM], rsize[VS_MAX_DIM], rstride[VS_MAX_DIM];
  int64_t kept, reduced; /* how many groups, elements of each */
} groups;

/* Bit d of mask: dimension d of the contiguous x is reduced. */
static groups make_groups(const vs_tensor *x, unsigned mask) {
  groups g = {.kept = 1, .reduced = 1};
  for (int d = 0; d < x->ndim; d++) {
    bool r = mask >> d & 1;
    int64_t stride = 1;
    for (int e = d + 1; e < x->ndim; e++) stride *= x->shape[e];
    *(r ? &g.reduced : &g.kept) *= x->shape[d];
    if (r)
      vs_add_dim(&g.nr, g.rsize, g.rstride, x->shape[d], stride);
    else
      vs_add_dim(&g.nk, g.ksize, g.kstride, x->shape[d], stride);
  }
  return g;
}

/* Where group k starts, and its element r counted from there. */
static int64_t start(const groups *g, int64_t k) {
  return vs_offset_of(k, g->nk, g->ksize, g->kstride);
}
static inline int64_t place(const groups *g, int64_t r) {
  return g->nr == 1 ? r * g->rstride[0] : vs_offset_of(r, g->nr, g->rsize, g->rstride);
}

/* What the range functions read; group k makes y[k]. */
typedef struct job {
  groups g;
  const void *x;
  void *y;
  const vs_real *out, *dy; /* backward: the result, and what flows into it */
  vs_real *dx;
  double number; /* p of norm; how many values fewer than all var divides by */
  bool root;     /* std */
} job;

static job make_job(const vs_ctx *c) {
  return (job){.g = make_groups(c->in[0], (unsigned)c->n[0]), .x = vs_data(c->in[0])};
}

static void run_forward(vs_ctx *c, job *j, vs_rangefn fn) {
  j->y = vs_data(c->out[0]);
  vs_parallel(j->g.kept, GRAIN / VS_MAX(j->g.reduced, 1) + 1, fn, j);
}

static int run_backward(vs_ctx *c, job *j, vs_rangefn fn) {
  j->dy = vs_reals(c->dout[0]);
  j->dx = vs_reals(c->din[0]);
  vs_parallel(j->g.kept, GRAIN / VS_MAX(j->g.reduced, 1) + 1, fn, j);
  return 0;
}

/* ---- prod ---- */

enum { PROD_DIM, PROD_KEEPDIM };

static int prod_shape(vs_ctx *c) {
  if (vs_as_number(c, 0)) return -1;
  return vs_reduced_out(c, c->in[0]->dtype, PROD_DIM, PROD_KEEPDIM);
}

static void prod_reals(void *arg, int64_t first, int64_t last, int part) {
  const job *j = arg;
  (void)part;
  for (int64_t k = first; k < last; k++) {
    const vs_real *x = (const vs_real *)j->x + start(&j->g, k);
    double product = 1;
    for (int64_t r = 0; r < j->g.reduced; r++) product *= (double)x[place(&j->g, r)];
    ((vs_real *)j->y)[k] = (vs_real)product;
  }
}

/* Wraps around where int64 overflows. */
static void prod_ints(void *arg, int64_t first, int64_t last, int part) {
  const job *j = arg;
  (void)part;
  for (int64_t k = first; k < last; k++) {
    const int64_t *x = (const int64_t *)j->x + start(&j->g, k);
    uint64_t product = 1;
    for (int64_t r = 0; r < j->g.reduced; r++) product *= (uint64_t)x[place(&j->g, r)];
    ((int64_t *)j->y)[k] = (int64_t)product;
  }
}

/* dx[r] = dy * product of the others: those before times those after, so that zeros do no harm. */
static void prod_back(void *arg, int64_t first, int64_t last, int part) {
  const job *j = arg;
  (void)part;
  for (int64_t k = first; k < last; k++) {
    int64_t at = start(&j->g, k);
    const vs_real *x = (const vs_real *)j->x + at;
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

static void prod_forward(vs_ctx *c) {
  job j = make_job(c);
  run_forward(c, &j, vs_is_real(c->in[0]) ? prod_reals : prod_ints);
}

static int prod_backward(vs_ctx *c) {
  job j = make_job(c);
  return run_backward(c, &j, prod_back);
}

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

static double mean_of(const groups *g, const vs_real *x) {
  double sum = 0;
  for (int64_t r = 0; r < g->reduced; r++) sum += (double)x[place(g, r)];
  return sum / (double)g->reduced;
}

static void var_range(void *arg, int64_t first, int64_t last, int part) {
  const job *j = arg;
  double n = (double)j->g.reduced - j->number;
  (void)part;
  for (int64_t k = first; k < last; k++) {
    const vs_real *x = (const vs_real *)j->x + start(&j->g, k);
    double mean = mean_of(&j->g, x), squares = 0;
    for (int64_t r = 0; r < j->g.reduced; r++) {
      double d = (double)x[place(&j->g, r)] - mean;
      squares += d * d;
    }
    double var = n > 0 ? squares / n : NAN;
    ((vs_real *)j->y)[k] = (vs_real)(j->root ? sqrt(var) : var);
  }
}

/* var: dx = 2 (x - mean) / n * dy;  std: dx = (x - mean) / (n std) * dy, 0 where std is 0 */
static void var_back(void *arg, int64_t first, int64_t last, int part) {
  const job *j = arg;
  double n = (double)j->g.reduced - j->number;
  (void)part;
  for (int64_t k = first; k < last; k++) {
    int64_t at = start(&j->g, k);
    const vs_real *x = (const vs_real *)j->x + at;
    double mean = mean_of(&j->g, x), scale = (n > 0 ? 2 / n : NAN) * (double)j->dy[k];
    if (j->root) scale = j->out[k] == 0 ? 0 : scale / (2 * (double)j->out[k]);
    for (int64_t r = 0; r < j->g.reduced; r++) {
      int64_t i = place(&j->g, r);
      j->dx[at + i] = (vs_real)(((double)x[i] - mean) * scale);
    }
  }
}

static job var_job(const vs_ctx *c, bool root) {
  job j = make_job(c);
  j.number = c->attr[VAR_UNBIASED].i ? 1 : 0;
  j.root = root;
  return j;
}

static void var_forward(vs_ctx *c) {
  job j = var_job(c, false);
  run_forward(c, &j, var_range);
}
static void std_forward(vs_ctx *c) {
  job j = var_job(c, true);
  run_forward(c, &j, var_range);
}
static int var_backward(vs_ctx *c) {
  job j = var_job(c, false);
  return run_backward(c, &j, var_back);
}
static int std_backward(vs_ctx *c) {
  job j = var_job(c, true);
  j.out = vs_reals(c->out[0]);
  return run_backward(c, &j, var_back);
}

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

static double power(double a, double p) { return p == 2 ? a * a : p == 1 ? a : pow(a, p); }

static double norm_of(const groups *g, const vs_real *x, double p) {
  double sum = 0, least = HUGE_VAL, most = 0;
  if (p == 0 || isinf(p)) {
    for (int64_t r = 0; r < g->reduced; r++) {
      double a = fabs((double)x[place(g, r)]);
      sum += a != 0;
      if (a > most || a != a) most = a; /* NaN stays */
      if (a < least || a != a) least = a;
    }
    return p == 0 ? sum : p > 0 ? most : g->reduced > 0 ? least : 0;
  }
  for (int64_t r = 0; r < g->reduced; r++) sum += power(fabs((double)x[place(g, r)]), p);
  return p == 2 ? sqrt(sum) : p == 1 ? sum : g->reduced > 0 ? pow(sum, 1 / p) : 0;
}

static void norm_range(void *arg, int64_t first, int64_t last, int part) {
  const job *j = arg;
  (void)part;
  for (int64_t k = first; k < last; k++)
    ((vs_real *)j->y)[k] =
        (vs_real)norm_of(&j->g, (const vs_real *)j->x + start(&j->g, k), j->number);
}

/* d/dx of the extreme absolute value: equals share it. */
static void extreme_back(const job *j, int64_t at, double norm, double dy) {
  const vs_real *x = (const vs_real *)j->x + at;
  int64_t equals = 0;
  for (int64_t r = 0; r < j->g.reduced; r++) equals += fabs((double)x[place(&j->g, r)]) == norm;
  for (int64_t r = 0; r < j->g.reduced; r++) {
    int64_t i = place(&j->g, r);
    bool here = fabs((double)x[i]) == norm && x[i] != 0;
    j->dx[at + i] = here ? (vs_real)(copysign(dy, dy * (double)x[i]) / (double)equals) : 0;
  }
}

/* dx = sign(x) (|x| / norm)^(p-1) dy, 0 where x is 0 */
static void norm_back(void *arg, int64_t first, int64_t last, int part) {
  const job *j = arg;
  double p = j->number;
  (void)part;
  for (int64_t k = first; k < last; k++) {
    int64_t at = start(&j->g, k);
    double norm = (double)j->out[k], dy = (double)j->dy[k];
    if (isinf(p)) {
      extreme_back(j, at, norm, dy);
      continue;
    }
    for (int64_t r = 0; r < j->g.reduced; r++) {
      int64_t i = at + place(&j->g, r);
      double x = (double)((const vs_real *)j->x)[i];
      double d = x == 0 || p == 0 ? 0 : p == 2 ? x / norm : copysign(pow(fabs(x) / norm, p - 1), x);
      j->dx[i] = (vs_real)(d * dy);
    }
  }
}

static void norm_forward(vs_ctx *c) {
  job j = make_job(c);
  j.number = c->attr[NORM_P].f;
  run_forward(c, &j, norm_range);
}

static int norm_backward(vs_ctx *c) {
  job j = make_job(c);
  j.number = c->attr[NORM_P].f;
  j.out = vs_reals(c->out[0]);
  return run_backward(c, &j, norm_back);
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

/* ---- cumsum: n: outer, along, inner ---- */

enum { COLUMNS = 64 };

typedef struct running {
  const void *x;
  void *y;
  int64_t along, inner, blocks; /* blocks of COLUMNS in inner */
  bool reverse;
} running;

/* y[k] = x[0] + ... + x[k], or from the other end, for COLUMNS columns at a time. */
#define RUNNING(T, SUM, name)                                                           \
  static void name(void *arg, int64_t first, int64_t last, int part) {                  \
    const running *j = arg;                                                             \
    (void)part;                                                                         \
    for (int64_t b = first; b < last; b++) {                                            \
      int64_t column = b % j->blocks * COLUMNS, n = VS_MIN(COLUMNS, j->inner - column); \
      int64_t at = b / j->blocks * j->along * j->inner + column, step = j->inner;       \
      SUM sum[COLUMNS] = {0};                                                           \
      if (j->reverse) at += (j->along - 1) * j->inner, step = -step;                    \
      for (int64_t k = 0; k < j->along; k++, at += step)                                \
        for (int64_t i = 0; i < n; i++)                                                 \
          ((T *)j->y)[at + i] = (T)(sum[i] += (SUM)((const T *)j->x)[at + i]);          \
    }                                                                                   \
  }
RUNNING(vs_real, double, run_reals)
RUNNING(int64_t, uint64_t, run_ints)

static int cumsum_shape(vs_ctx *c) {
  if (vs_as_number(c, 0)) return -1;
  vs_along(c->in[0], (int)c->attr[0].i, c->n);
  return vs_out_like(c, 0, c->in[0]);
}

static void run_sums(const vs_ctx *c, running j, bool real) {
  j.along = c->n[1];
  j.inner = c->n[2];
  j.blocks = (j.inner + COLUMNS - 1) / COLUMNS;
  vs_parallel(c->n[0] * j.blocks, GRAIN / (COLUMNS * VS_MAX(j.along, 1)) + 1,
              real ? run_reals : run_ints, &j);
}

static void cumsum_forward(vs_ctx *c) {
  run_sums(c, (running){.x = vs_data(c->in[0]), .y = vs_data(c->out[0])}, vs_is_real(c->in[0]));
}

/* dx[k] = dy[k] + dy[k+1] + ... */
static int cumsum_backward(vs_ctx *c) {
  running j = {.x = vs_data(c->dout[0]), .y = vs_data(c->din[0]), .reverse = true};
  run_sums(c, j, true);
  return 0;
}

const vs_opdef vs_op_cumsum = {
    .name = "cumsum",
    .args = "x:any, dim:dim",
    .outputs = 1,
    .shape = cumsum_shape,
    .forward = cumsum_forward,
    .backward = cumsum_backward,
    .doc = "Sums of the first 1, 2, ... elements along dim, of x's shape. Integers and masks give "
           "int64.",
};

/* ---- cumprod: n: outer, along, inner ---- */

typedef struct products {
  const vs_real *x, *dy;
  vs_real *y;
  const int64_t *whole_x; /* of integers */
  int64_t *whole_y;
  int64_t along, inner;
} products;

static int64_t line_start(const products *j, int64_t line) {
  return line / j->inner * j->along * j->inner + line % j->inner;
}

/* y[k] = x[0] * ... * x[k], a line of one outer and one inner position at a time. */
static void multiply_lines(void *arg, int64_t first, int64_t last, int part) {
  const products *j = arg;
  (void)part;
  for (int64_t line = first; line < last; line++) {
    int64_t at = line_start(j, line);
    double product = 1;
    for (int64_t k = 0; k < j->along; k++, at += j->inner)
      j->y[at] = (vs_real)(product *= (double)j->x[at]);
  }
}

/* dx[k] = x[0] * ... * x[k-1] * s[k],  s[k] = dy[k] + x[k+1] * s[k+1]: no division, so that zeros
 * are nothing special. */
static void multiply_lines_back(void *arg, int64_t first, int64_t last, int part) {
  const products *j = arg;
  (void)part;
  for (int64_t line = first; line < last; line++) {
    int64_t start = line_start(j, line);
    double s = 0, before = 1;
    for (int64_t k = j->along - 1; k >= 0; k--) {
      int64_t at = start + k * j->inner;
      double after = k + 1 < j->along ? (double)j->x[at + j->inner] * s : 0;
      s = (double)j->dy[at] + after;
      j->y[at] = (vs_real)s;
    }
    for (int64_t k = 0; k < j->along; k++) {
      int64_t at = start + k * j->inner;
      j->y[at] = (vs_real)((double)j->y[at] * before);
      before *= (double)j->x[at];
    }
  }
}

/* Wraps around where int64 overflows. */
static void multiply_ints(void *arg, int64_t first, int64_t last, int part) {
  const products *j = arg;
  (void)part;
  for (int64_t line = first; line < last; line++) {
    int64_t at = line_start(j, line);
    uint64_t product = 1;
    for (int64_t k = 0; k < j->along; k++, at += j->inner)
      j->whole_y[at] = (int64_t)(product *= (uint64_t)j->whole_x[at]);
  }
}

static int cumprod_shape(vs_ctx *c) {
  if (vs_as_number(c, 0)) return -1;
  vs_along(c->in[0], (int)c->attr[0].i, c->n);
  return vs_out_like(c, 0, c->in[0]);
}

static void run_products(const vs_ctx *c, products j, vs_rangefn fn) {
  j.along = c->n[1];
  j.inner = c->n[2];
  vs_parallel(c->n[0] * j.inner, GRAIN / VS_MAX(j.along, 1) + 1, fn, &j);
}

static void cumprod_forward(vs_ctx *c) {
  if (vs_is_integer(c->in[0]))
    run_products(c, (products){.whole_x = vs_ints(c->in[0]), .whole_y = vs_ints(c->out[0])},
                 multiply_ints);
  else
    run_products(c, (products){.x = vs_reals(c->in[0]), .y = vs_reals(c->out[0])}, multiply_lines);
}

static int cumprod_backward(vs_ctx *c) {
  products j = {.x = vs_reals(c->in[0]), .dy = vs_reals(c->dout[0]), .y = vs_reals(c->din[0])};
  run_products(c, j, multiply_lines_back);
  return 0;
}

const vs_opdef vs_op_cumprod = {
    .name = "cumprod",
    .args = "x:any, dim:dim",
    .outputs = 1,
    .keep = VS_KEEP_IN(0),
    .shape = cumprod_shape,
    .forward = cumprod_forward,
    .backward = cumprod_backward,
    .doc =
        "Products of the first 1, 2, ... elements along dim, of x's shape. Integers and masks give "
        "int64.",
};
