/* Reductions: sum, mean, amax, amin, max, min, argmax, argmin, all, any; and vs_sum_to.
 *
 * sum, mean, amax and amin take any set of dimensions, the others one or all.  Each output is
 * computed by one thread in a fixed order, so results do not depend on the number of threads. */
#include <math.h>
#include <string.h>

#include "kernel/reduce.h"
#include "op/dims.h"
#include "op/op.h"
#include "op/reduce.h"

/* ---- sums over any dimensions of a strided tensor ---- */

enum { CHUNK = 256 };

typedef struct plan {
  int nk, nr; /* kept, reduced dimensions, merged */
  int64_t ksize[VS_MAX_DIM], kstride[VS_MAX_DIM], rsize[VS_MAX_DIM], rstride[VS_MAX_DIM];
  int64_t kept, reduced;
  const vs_real *x;
  vs_real *out;
  double scale;
} plan;

static plan make_plan(const vs_tensor *x, unsigned mask, vs_real *out, double scale) {
  plan p = {.kept = 1, .reduced = 1, .x = vs_reals(x), .out = out, .scale = scale};
  for (int d = 0; d < x->ndim; d++) {
    bool r = mask >> d & 1;
    *(r ? &p.reduced : &p.kept) *= x->shape[d];
    if (r)
      vs_add_dim(&p.nr, p.rsize, p.rstride, x->shape[d], x->stride[d]);
    else
      vs_add_dim(&p.nk, p.ksize, p.kstride, x->shape[d], x->stride[d]);
  }
  return p;
}

static void sum_rows(void *arg, int64_t first, int64_t last, int part) {
  const plan *p = arg;
  (void)part;
  int inner = p->nr - 1;
  int64_t run = p->nr > 0 ? p->rsize[inner] : 1, step = p->nr > 0 ? p->rstride[inner] : 1;
  for (int64_t k = first; k < last; k++) {
    const vs_real *x = p->x + vs_offset_of(k, p->nk, p->ksize, p->kstride);
    double total = 0;
    for (int64_t r = 0; r < p->reduced; r += run)
      total +=
          vs_k_reduce()->sum(run, x + vs_offset_of(r / run, inner, p->rsize, p->rstride), step);
    p->out[k] = (vs_real)(total * p->scale);
  }
}

/* Kept elements lie side by side: whole chunks of them are summed together. */
static void sum_columns(void *arg, int64_t first, int64_t last, int part) {
  const plan *p = arg;
  (void)part;
  int64_t width = p->ksize[p->nk - 1];
  double acc[CHUNK];
  while (first < last) {
    int64_t column = first % width, n = VS_MIN(VS_MIN(width - column, last - first), CHUNK);
    const vs_real *x = p->x + vs_offset_of(first, p->nk, p->ksize, p->kstride);
    memset(acc, 0, sizeof acc);
    for (int64_t r = 0; r < p->reduced; r++)
      vs_k_reduce()->add_columns(n, acc, x + vs_offset_of(r, p->nr, p->rsize, p->rstride));
    for (int64_t j = 0; j < n; j++) p->out[first + j] = (vs_real)(acc[j] * p->scale);
    first += n;
  }
}

static void sum_plan(plan *p) {
  if (p->reduced == 0) {
    memset(p->out, 0, (size_t)p->kept * sizeof(vs_real));
    return;
  }
  bool columns = p->nk > 0 && p->kstride[p->nk - 1] == 1 && p->ksize[p->nk - 1] >= 8 &&
                 !(p->nr > 0 && p->rstride[p->nr - 1] == 1);
  int64_t grain = VS_MAX(1, (1 << 15) / p->reduced);
  vs_parallel(p->kept, grain, columns ? sum_columns : sum_rows, p);
}

void vs_sum_to(vs_tensor *dst, vs_tensor *src) {
  unsigned mask = 0;
  int extra = src->ndim - dst->ndim;
  for (int d = 0; d < src->ndim; d++)
    if (d < extra || (dst->shape[d - extra] == 1 && src->shape[d] != 1)) mask |= 1u << d;
  plan p = make_plan(src, mask, vs_reals(dst), 1);
  sum_plan(&p);
}

/* ---- sum and mean ---- */

enum { DIM, KEEPDIM }; /* attributes */

int vs_reduced_out(vs_ctx *c, vs_dtype dtype, int dims, int keepdim) {
  const vs_tensor *x = c->in[0];
  const vs_value *v = &c->attr[dims];
  int64_t shape[VS_MAX_DIM];
  int n = 0;
  unsigned mask = v->kind == VS_V_NONE ? (1u << x->ndim) - 1 : 0;
  for (int i = 0; v->kind != VS_V_NONE && i < v->n; i++) mask |= 1u << v->ints[i];
  for (int d = 0; d < x->ndim; d++) {
    bool r = mask >> d & 1;
    if (!r || c->attr[keepdim].i) shape[n++] = r ? 1 : x->shape[d];
  }
  c->n[0] = mask;
  return vs_out(c, 0, dtype, n, shape);
}

static int sum_shape(vs_ctx *c) {
  if (vs_is_integer(c->in[0])) return vs_reduced_out(c, VS_INT64, DIM, KEEPDIM);
  return vs_as_number(c, 0) ? -1 : vs_reduced_out(c, VS_REAL, DIM, KEEPDIM);
}

static int mean_shape(vs_ctx *c) { return vs_reduced_out(c, VS_REAL, DIM, KEEPDIM); }

static int64_t reduced_count(const vs_ctx *c) {
  int64_t n = 1;
  for (int d = 0; d < c->in[0]->ndim; d++)
    if (c->n[0] >> d & 1) n *= c->in[0]->shape[d];
  return n;
}

/* Integers and masks: one element at a time, exact; wraps around where int64 overflows. */
static void sum_integers(vs_ctx *c) {
  const vs_tensor *x = c->in[0];
  int64_t *out = vs_ints(c->out[0]), at[VS_MAX_DIM] = {0};
  memset(out, 0, (size_t)c->out[0]->numel * sizeof *out);
  for (int64_t i = 0; i < x->numel; i++) {
    int64_t to = 0;
    for (int d = 0; d < x->ndim; d++)
      if (!(c->n[0] >> d & 1)) to = to * x->shape[d] + at[d];
    out[to] = (int64_t)((uint64_t)out[to] + (uint64_t)vs_get_int(x, i));
    for (int d = x->ndim - 1; d >= 0 && ++at[d] == x->shape[d]; d--) at[d] = 0;
  }
}

static void sum_forward(vs_ctx *c) {
  if (!vs_is_real(c->in[0])) {
    sum_integers(c);
    return;
  }
  plan p = make_plan(c->in[0], (unsigned)c->n[0], vs_reals(c->out[0]), 1);
  sum_plan(&p);
}

static void mean_forward(vs_ctx *c) {
  int64_t n = reduced_count(c);
  plan p =
      make_plan(c->in[0], (unsigned)c->n[0], vs_reals(c->out[0]), n > 0 ? 1.0 / (double)n : NAN);
  sum_plan(&p);
  if (n == 0) vs_fill(c->out[0], NAN);
}

/* dx = dout * scale, broadcast back */
static int spread(vs_ctx *c, double scale) {
  int64_t shape[VS_MAX_DIM];
  vs_tensor *g = vs_clone(c->dout[0]), *kept = NULL;
  if (g == NULL) return -1;
  for (int64_t i = 0; i < g->numel && scale != 1; i++) vs_reals(g)[i] *= (vs_real)scale;
  for (int d = 0; d < c->in[0]->ndim; d++) shape[d] = c->n[0] >> d & 1 ? 1 : c->in[0]->shape[d];
  kept = vs_try_reshape(g, c->in[0]->ndim, shape);
  int err = kept == NULL ? -1 : vs_copy(c->din[0], kept);
  vs_unref(kept);
  vs_unref(g);
  return err;
}

static int sum_backward(vs_ctx *c) { return spread(c, 1); }

static int mean_backward(vs_ctx *c) { return spread(c, 1.0 / (double)reduced_count(c)); }

const vs_opdef vs_op_sum = {
    .name = "sum",
    .args = "x:any, dim:dims?, keepdim:bool=false",
    .outputs = 1,
    .shape = sum_shape,
    .forward = sum_forward,
    .backward = sum_backward,
    .doc = "Sum over all elements, or over the dimensions given. Integers and masks give int64."};

const vs_opdef vs_op_mean = {
    .name = "mean",
    .args = "x:tensor, dim:dims?, keepdim:bool=false",
    .outputs = 1,
    .shape = mean_shape,
    .forward = mean_forward,
    .backward = mean_backward,
    .doc = "Mean over all elements, or over the dimensions given. Of nothing: NaN."};

/* ---- extremes along one dimension, or over everything ---- */

/* x seen as [outer, along, inner] in n[0..2]; attr: dim?, keepdim. */
static int along_shape(vs_ctx *c, int64_t *shape) {
  const vs_tensor *x = c->in[0];
  int n = 0;
  c->n[0] = c->n[2] = 1;
  c->n[1] = x->numel;
  if (c->attr[0].kind == VS_V_NONE) {
    for (int d = 0; d < x->ndim && c->attr[1].i; d++) shape[n++] = 1;
    return n;
  }
  int dim = (int)c->attr[0].i;
  c->n[1] = x->ndim > 0 ? x->shape[dim] : 1;
  for (int d = 0; d < x->ndim; d++) {
    if (d < dim) c->n[0] *= x->shape[d];
    if (d > dim) c->n[2] *= x->shape[d];
    if (d != dim)
      shape[n++] = x->shape[d];
    else if (c->attr[1].i)
      shape[n++] = 1;
  }
  return n;
}

static int extreme_shape(vs_ctx *c, bool values) {
  int64_t shape[VS_MAX_DIM];
  bool wide = c->in[0]->dtype == VS_FLOAT64;
  if (vs_recast(c, 0, vs_is_integer(c->in[0]) ? VS_INT64 : wide ? VS_FLOAT64 : VS_REAL)) return -1;
  int n = along_shape(c, shape);
  if (c->n[1] == 0)
    return vs_fail("x is %s, expected at least one element to choose from", vs_shape_str(c->in[0]));
  if (values && vs_out(c, 0, c->in[0]->dtype, n, shape) < 0) return -1;
  return vs_out(c, values ? 1 : 0, VS_INT64, n, shape);
}

/* Whether b beats a; NaN beats everything, as in PyTorch. */
#define BEATS(a, b, sign) ((b)sign(a) || ((b) != (b) && (a) == (a)))

#define EXTREME(T, name, sign)                                              \
  static void name(const vs_ctx *c, const T *x, T *value, int64_t *index) { \
    int64_t outer = c->n[0], along = c->n[1], inner = c->n[2];              \
    for (int64_t o = 0; o < outer; o++)                                     \
      for (int64_t i = 0; i < inner; i++) {                                 \
        const T *p = x + o * along * inner + i;                             \
        int64_t best = 0;                                                   \
        for (int64_t k = 1; k < along; k++)                                 \
          if (BEATS(p[best * inner], p[k * inner], sign)) best = k;         \
        if (value != NULL) value[o * inner + i] = p[best * inner];          \
        index[o * inner + i] = best + 1;                                    \
      }                                                                     \
  }
EXTREME(vs_real, max_real, >)
EXTREME(vs_real, min_real, <)
EXTREME(double, max_wide, >)
EXTREME(double, min_wide, <)
EXTREME(int64_t, max_int, >)
EXTREME(int64_t, min_int, <)

static void extreme(vs_ctx *c, bool largest, bool values) {
  int64_t *index = vs_ints(c->out[values ? 1 : 0]);
  void *value = values ? vs_data(c->out[0]) : NULL;
  if (vs_is_real(c->in[0]))
    (largest ? max_real : min_real)(c, vs_reals(c->in[0]), value, index);
  else if (vs_is_wide(c->in[0]))
    (largest ? max_wide : min_wide)(c, vs_data(c->in[0]), value, index);
  else
    (largest ? max_int : min_int)(c, vs_ints(c->in[0]), value, index);
}

/* dx = dout at the chosen place, 0 elsewhere */
static int extreme_backward(vs_ctx *c) {
  vs_real *dx = vs_reals(c->din[0]);
  const vs_real *g = vs_reals(c->dout[0]);
  const int64_t *index = vs_ints(c->out[1]);
  int64_t along = c->n[1], inner = c->n[2];
  vs_fill(c->din[0], 0);
  for (int64_t j = 0; j < c->out[1]->numel; j++)
    dx[(j / inner * along + index[j] - 1) * inner + j % inner] = g[j];
  return 0;
}

static int values_shape(vs_ctx *c) { return extreme_shape(c, true); }
static int index_shape(vs_ctx *c) { return extreme_shape(c, false); }
static void max_forward(vs_ctx *c) { extreme(c, true, true); }
static void min_forward(vs_ctx *c) { extreme(c, false, true); }
static void argmax_forward(vs_ctx *c) { extreme(c, true, false); }
static void argmin_forward(vs_ctx *c) { extreme(c, false, false); }

const vs_opdef vs_op_max = {
    .name = "max",
    .args = "x:any, dim:dim?, keepdim:bool=false",
    .outputs = 2,
    .flags = VS_KINK,
    .keep = VS_KEEP_OUT(1),
    .shape = values_shape,
    .forward = max_forward,
    .backward = extreme_backward,
    .doc = "Largest values and where they are (int64, from 1; the first of equals), along one "
           "dimension "
           "or over everything (then the place counts in row order). NaN counts as largest."};

const vs_opdef vs_op_min = {.name = "min",
                            .args = "x:any, dim:dim?, keepdim:bool=false",
                            .outputs = 2,
                            .flags = VS_KINK,
                            .keep = VS_KEEP_OUT(1),
                            .shape = values_shape,
                            .forward = min_forward,
                            .backward = extreme_backward,
                            .doc = "Smallest values and where they are; see max."};

const vs_opdef vs_op_argmax = {
    .name = "argmax",
    .args = "x:any, dim:dim?, keepdim:bool=false",
    .outputs = 1,
    .flags = VS_NOGRAD,
    .shape = index_shape,
    .forward = argmax_forward,
    .doc = "Where the largest values are, int64 from 1, along one dimension or over everything."};

const vs_opdef vs_op_argmin = {
    .name = "argmin",
    .args = "x:any, dim:dim?, keepdim:bool=false",
    .outputs = 1,
    .flags = VS_NOGRAD,
    .shape = index_shape,
    .forward = argmin_forward,
    .doc = "Where the smallest values are, int64 from 1, along one dimension or over everything."};

/* ---- amax and amin: extremes over any dimensions ---- */

typedef struct ends {
  plan p;
  const void *x, *best;
  void *out;
  const vs_real *dy;
  vs_real *dx;
} ends;

static int ends_shape(vs_ctx *c) {
  bool wide = c->in[0]->dtype == VS_FLOAT64;
  if (vs_recast(c, 0, vs_is_integer(c->in[0]) ? VS_INT64 : wide ? VS_FLOAT64 : VS_REAL)) return -1;
  if (vs_reduced_out(c, c->in[0]->dtype, DIM, KEEPDIM) < 0) return -1;
  if (c->in[0]->numel > 0 || c->out[0]->numel == 0) return 0;
  return vs_fail("x is %s, expected at least one element to choose from", vs_shape_str(c->in[0]));
}

/* The offset of run r of the reduced elements, from the first. */
static int64_t run_at(const plan *p, int64_t r, int64_t run) {
  return vs_offset_of(r / run, VS_MAX(p->nr - 1, 0), p->rsize, p->rstride);
}

#define ENDS(T, name, sign)                                                        \
  static void name(void *arg, int64_t first, int64_t last, int part) {             \
    const ends *e = arg;                                                           \
    const plan *p = &e->p;                                                         \
    int64_t run = p->nr > 0 ? p->rsize[p->nr - 1] : 1;                             \
    int64_t step = p->nr > 0 ? p->rstride[p->nr - 1] : 1;                          \
    (void)part;                                                                    \
    for (int64_t k = first; k < last; k++) {                                       \
      const T *x = (const T *)e->x + vs_offset_of(k, p->nk, p->ksize, p->kstride); \
      T best = x[0];                                                               \
      for (int64_t r = 0; r < p->reduced; r += run) {                              \
        const T *v = x + run_at(p, r, run);                                        \
        for (int64_t i = 0; i < run; i++)                                          \
          if (BEATS(best, v[i * step], sign)) best = v[i * step];                  \
      }                                                                            \
      ((T *)e->out)[k] = best;                                                     \
    }                                                                              \
  }
ENDS(vs_real, amax_real, >)
ENDS(vs_real, amin_real, <)
ENDS(double, amax_wide, >)
ENDS(double, amin_wide, <)
ENDS(int64_t, amax_int, >)
ENDS(int64_t, amin_int, <)

static int64_t ends_grain(const plan *p) { return VS_MAX(1, (1 << 14) / VS_MAX(p->reduced, 1)); }

/* make_plan without its data, which may be of any dtype. */
static ends make_ends(const vs_ctx *c) {
  return (ends){.p = make_plan(c->in[0], (unsigned)c->n[0], NULL, 1), .x = vs_data(c->in[0])};
}

static void find_ends(vs_ctx *c, bool largest) {
  ends e = make_ends(c);
  vs_rangefn fn = vs_is_real(c->in[0])   ? (largest ? amax_real : amin_real)
                  : vs_is_wide(c->in[0]) ? (largest ? amax_wide : amin_wide)
                                         : (largest ? amax_int : amin_int);
  e.out = vs_data(c->out[0]);
  if (c->in[0]->numel > 0) vs_parallel(e.p.kept, ends_grain(&e.p), fn, &e);
}

/* NaN is the best of its group, and so is another NaN. */
static bool is_best(vs_real x, vs_real best) { return x == best || (x != x && best != best); }

/* dx = dy / how many equal the best where x does, 0 elsewhere */
static void share_best(void *arg, int64_t first, int64_t last, int part) {
  const ends *e = arg;
  const plan *p = &e->p;
  int64_t run = p->nr > 0 ? p->rsize[p->nr - 1] : 1;
  int64_t step = p->nr > 0 ? p->rstride[p->nr - 1] : 1;
  (void)part;
  for (int64_t k = first; k < last; k++) {
    int64_t at = vs_offset_of(k, p->nk, p->ksize, p->kstride), equal = 0;
    vs_real best = ((const vs_real *)e->best)[k];
    for (int pass = 0; pass < 2; pass++)
      for (int64_t r = 0; r < p->reduced; r += run) {
        int64_t from = at + run_at(p, r, run);
        for (int64_t i = 0; i < run; i++) {
          bool hit = is_best(((const vs_real *)e->x)[from + i * step], best);
          if (pass == 0)
            equal += hit;
          else
            e->dx[from + i * step] = hit ? e->dy[k] / (vs_real)equal : 0;
        }
      }
  }
}

static int ends_backward(vs_ctx *c) {
  ends e = make_ends(c);
  e.best = vs_data(c->out[0]);
  e.dy = vs_reals(c->dout[0]);
  e.dx = vs_reals(c->din[0]);
  if (c->in[0]->numel > 0) vs_parallel(e.p.kept, ends_grain(&e.p), share_best, &e);
  return 0;
}

static void amax_forward(vs_ctx *c) { find_ends(c, true); }
static void amin_forward(vs_ctx *c) { find_ends(c, false); }

#define ENDS_OP(fn, text)                                                                        \
  const vs_opdef vs_op_##fn = {                                                                  \
      .name = #fn,                                                                               \
      .args = "x:any, dim:dims?, keepdim:bool=false",                                            \
      .outputs = 1,                                                                              \
      .flags = VS_KINK,                                                                          \
      .keep = VS_KEEP_IN(0) | VS_KEEP_OUT(0),                                                    \
      .shape = ends_shape,                                                                       \
      .forward = fn##_forward,                                                                   \
      .backward = ends_backward,                                                                 \
      .doc =                                                                                     \
          text " value of all elements, or over the dimensions given; see max for where it is. " \
               "Equal values share the gradient. NaN counts as both. Integers give int64."};
ENDS_OP(amax, "Largest")
ENDS_OP(amin, "Smallest")

/* ---- all and any ---- */

static int quantifier_shape(vs_ctx *c) {
  int64_t shape[VS_MAX_DIM];
  int n = along_shape(c, shape);
  return vs_out(c, 0, VS_BOOL, n, shape);
}

static void quantify(vs_ctx *c, bool all) {
  uint8_t *out = vs_bytes(c->out[0]);
  int64_t outer = c->n[0], along = c->n[1], inner = c->n[2];
  for (int64_t o = 0; o < outer; o++)
    for (int64_t i = 0; i < inner; i++) {
      int64_t k = 0, base = o * along * inner + i;
      while (k < along && (vs_get_double(c->in[0], base + k * inner) != 0) == all) k++;
      out[o * inner + i] = (k == along) == all;
    }
}

static void all_forward(vs_ctx *c) { quantify(c, true); }
static void any_forward(vs_ctx *c) { quantify(c, false); }

const vs_opdef vs_op_all = {
    .name = "all",
    .args = "x:any, dim:dim?, keepdim:bool=false",
    .outputs = 1,
    .flags = VS_NOGRAD | VS_QUANTIFIER,
    .shape = quantifier_shape,
    .forward = all_forward,
    .doc = "Whether every element is nonzero: a Lua boolean, or a bool tensor along a dimension."};

const vs_opdef vs_op_any = {
    .name = "any",
    .args = "x:any, dim:dim?, keepdim:bool=false",
    .outputs = 1,
    .flags = VS_NOGRAD | VS_QUANTIFIER,
    .shape = quantifier_shape,
    .forward = any_forward,
    .doc = "Whether some element is nonzero: a Lua boolean, or a bool tensor along a dimension."};
