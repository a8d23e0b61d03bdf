/* Reductions: sum, mean, amax, amin, max, min, argmax, argmin, all, any; and vs_sum_to.
 *
 * sum, mean, amax and amin take any set of dimensions, the others one or all.  Work is cut and
 * merged by sizes alone (op/fold.h), so results do not depend on the number of threads. */
#include <math.h>
#include <string.h>

#include "op/dims.h"
#include "op/fold.h"
#include "op/reduce.h"

void vs_sum_to(vs_tensor *dst, vs_tensor *src) {
  unsigned mask = 0;
  int extra = src->ndim - dst->ndim;
  for (int d = 0; d < src->ndim; d++)
    if (d < extra || (dst->shape[d - extra] == 1 && src->shape[d] != 1)) mask |= 1u << d;
  vs_folding f = {.g = vs_groups_of(src, mask),
                  .x = vs_data(src),
                  .dtype = VS_REAL,
                  .fold = VS_FOLD_SUM,
                  .done = vs_fold_plain,
                  .out = vs_data(dst)};
  vs_fold_all(&f);
}

/* ---- sum and mean ---- */

enum { DIM, KEEPDIM }; /* attributes */

static bool is_byte(const vs_tensor *x) { return x->dtype == VS_BOOL || x->dtype == VS_UINT8; }

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

/* Copies an input whose strides suit no fold. */
static int gather_in(vs_ctx *c) {
  vs_groups g = vs_groups_of(c->in[0], (unsigned)c->n[0]);
  if (!vs_groups_scattered(&g) || vs_is_contiguous(c->in[0])) return 0;
  return vs_set_in(c, 0, vs_contiguous(c->in[0]));
}

/* Bytes are added up as they are. */
static int sum_shape(vs_ctx *c) {
  bool whole = vs_is_integer(c->in[0]);
  if (!is_byte(c->in[0]) && vs_as_number(c, 0) < 0) return -1;
  return vs_reduced_out(c, whole ? VS_INT64 : VS_REAL, DIM, KEEPDIM) < 0 ? -1 : gather_in(c);
}

static int mean_shape(vs_ctx *c) {
  return vs_reduced_out(c, VS_REAL, DIM, KEEPDIM) < 0 ? -1 : gather_in(c);
}

static int64_t reduced_count(const vs_ctx *c) {
  int64_t n = 1;
  for (int d = 0; d < c->in[0]->ndim; d++)
    if (c->n[0] >> d & 1) n *= c->in[0]->shape[d];
  return n;
}

static void sum_forward(vs_ctx *c) {
  vs_folding f = vs_folding_of(c, VS_FOLD_SUM);
  vs_fold_all(&f);
}

static void mean_forward(vs_ctx *c) {
  int64_t n = reduced_count(c);
  vs_folding f = vs_folding_of(c, VS_FOLD_SUM);
  f.done = vs_fold_scaled;
  f.number = n > 0 ? 1.0 / (double)n : NAN;
  vs_fold_all(&f);
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
    .flags = VS_STRIDED,
    .shape = sum_shape,
    .forward = sum_forward,
    .backward = sum_backward,
    .doc = "Sum over all elements, or over the dimensions given. Integers and masks give int64."};

const vs_opdef vs_op_mean = {
    .name = "mean",
    .args = "x:tensor, dim:dims?, keepdim:bool=false",
    .outputs = 1,
    .flags = VS_STRIDED,
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

/* Places of extremes.  Groups lie side by side where inner is large: rows of them are looked at
 * together.  Few long groups are cut into pieces by their sizes. */
enum { MIN_INNER = 8, FEW = 16, MAX_PIECES = 64, GRAIN = 1 << 15, ROWS = 1 << 30 };

typedef struct places {
  int64_t along, inner, groups, pieces;
  const char *x;
  int64_t size; /* bytes of an element */
  char *value;  /* NULL: not wanted */
  int64_t *index;
  vs_best_rows rows;
  vs_best_of of;
  int64_t *slots; /* MAX_PIECES * FEW: of each piece, of each group */
} places;

static const char *element(const places *p, int64_t group, int64_t k) {
  return p->x + ((group / p->inner * p->along + k) * p->inner + group % p->inner) * p->size;
}

static void found(const places *p, int64_t group, int64_t k) {
  p->index[group] = k + 1;
  if (p->value) memcpy(p->value + group * p->size, element(p, group, k), (size_t)p->size);
}

static void find_range(void *arg, int64_t first, int64_t last, int slot) {
  const places *p = arg;
  char value[VS_COLUMNS * sizeof(double)] __attribute__((aligned(64)));
  int64_t index[VS_COLUMNS];
  (void)slot;
  for (int64_t g = first, n; g < last; g += n) {
    n = VS_MIN(VS_MIN(p->inner - g % p->inner, last - g), VS_COLUMNS);
    if (p->inner < MIN_INNER) {
      n = 1;
      found(p, g, p->of(p->along, element(p, g, 0), p->inner));
      continue;
    }
    for (int64_t k = 0; k < p->along; k += ROWS)
      p->rows(n, VS_MIN(ROWS, p->along - k), element(p, g, k), p->inner, k, value, index);
    for (int64_t j = 0; j < n; j++) p->index[g + j] = index[j] + 1;
    if (p->value) memcpy(p->value + g * p->size, value, (size_t)(n * p->size));
  }
}

static void find_pieces(void *arg, int64_t first, int64_t last, int slot) {
  places *p = arg;
  (void)slot;
  for (int64_t i = first; i < last; i++)
    for (int64_t g = 0; g < p->groups; g++) {
      int64_t from = p->along * i / p->pieces, to = p->along * (i + 1) / p->pieces;
      p->slots[i * p->groups + g] = from + p->of(to - from, element(p, g, from), p->inner);
    }
}

/* The best of each group's places; the first of equals is in the first piece that has one. */
static void choose(const places *p) {
  char value[MAX_PIECES * sizeof(double)] __attribute__((aligned(64)));
  for (int64_t g = 0; g < p->groups; g++) {
    for (int64_t i = 0; i < p->pieces; i++)
      memcpy(value + i * p->size, element(p, g, p->slots[i * p->groups + g]), (size_t)p->size);
    found(p, g, p->slots[p->of(p->pieces, value, 1) * p->groups + g]);
  }
}

static void extreme(vs_ctx *c, bool largest, bool values) {
  const vs_tensor *x = c->in[0];
  int kind = vs_is_real(x) ? 0 : vs_is_wide(x) ? 2 : 1;
  places p = {.along = c->n[1],
              .inner = c->n[2],
              .groups = c->n[0] * c->n[2],
              .x = vs_data(x),
              .size = (int64_t)vs_dtype_size(x->dtype),
              .value = values ? vs_data(c->out[0]) : NULL,
              .index = vs_ints(c->out[values ? 1 : 0]),
              .rows = vs_k_reduce()->best_rows[kind][largest],
              .of = vs_k_reduce()->best_of[kind][largest]};
  p.pieces = VS_MIN(MAX_PIECES, p.along / GRAIN);
  if (p.groups > FEW || p.pieces < 2) {
    vs_parallel(p.groups, GRAIN / p.along + 1, find_range, &p);
    return;
  }
  int64_t slots[MAX_PIECES * FEW];
  p.slots = slots;
  vs_parallel(p.pieces, 1, find_pieces, &p);
  if (!vs_interrupted()) choose(&p);
}

static void extreme_back_range(void *arg, int64_t first, int64_t last, int slot) {
  const vs_ctx *c = arg;
  const int64_t *index = vs_ints(c->out[1]);
  int64_t along = c->n[1], inner = c->n[2];
  (void)slot;
  for (int64_t j = first; j < last; j++)
    vs_reals(c->din[0])[(j / inner * along + index[j] - 1) * inner + j % inner] =
        vs_reals(c->dout[0])[j];
}

/* dx = dout at the chosen place, 0 elsewhere */
static int extreme_backward(vs_ctx *c) {
  vs_fill(c->din[0], 0);
  vs_parallel(c->out[1]->numel, GRAIN / 8, extreme_back_range, c);
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

static int ends_shape(vs_ctx *c) {
  bool wide = c->in[0]->dtype == VS_FLOAT64;
  if (vs_recast(c, 0, vs_is_integer(c->in[0]) ? VS_INT64 : wide ? VS_FLOAT64 : VS_REAL)) return -1;
  if (vs_reduced_out(c, c->in[0]->dtype, DIM, KEEPDIM) < 0) return -1;
  if (c->in[0]->numel > 0 || c->out[0]->numel == 0) return 0;
  return vs_fail("x is %s, expected at least one element to choose from", vs_shape_str(c->in[0]));
}

/* NaN is the best of its group, and so is another NaN. */
static bool is_best(vs_real x, vs_real best) { return x == best || (x != x && best != best); }

typedef struct ends {
  vs_groups g;
  const vs_real *x, *best, *dy;
  vs_real *dx;
  double *share; /* of the groups that are visited */
} ends;

/* How many equal the best, and then what each of them gets. */
static void count_best(void *arg, const vs_stretch *s) {
  ends *e = arg;
  for (int64_t j = 0; j < s->n && s->apart != 1; j++)
    for (int64_t r = 0, i = s->at + j * s->apart; r < s->rows; r++, i += s->step)
      e->share[j] += is_best(e->x[i], e->best[j]);
  for (int64_t r = 0, i = s->at; r < s->rows && s->apart == 1; r++, i += s->step)
    for (int64_t j = 0; j < s->n; j++) e->share[j] += is_best(e->x[i + j], e->best[j]);
}

static void share_best(void *arg, const vs_stretch *s) {
  const ends *e = arg;
  for (int64_t j = 0; j < s->n && s->apart != 1; j++)
    for (int64_t r = 0, i = s->at + j * s->apart; r < s->rows; r++, i += s->step)
      e->dx[i] = is_best(e->x[i], e->best[j]) ? (vs_real)e->share[j] : 0;
  for (int64_t r = 0, i = s->at; r < s->rows && s->apart == 1; r++, i += s->step)
    for (int64_t j = 0; j < s->n; j++)
      e->dx[i + j] = is_best(e->x[i + j], e->best[j]) ? (vs_real)e->share[j] : 0;
}

/* dx = dy / how many equal the best where x does, 0 elsewhere */
static void ends_back_range(void *arg, int64_t first, int64_t last, int slot) {
  ends e = *(const ends *)arg;
  double share[VS_COLUMNS];
  const vs_real *best = e.best;
  e.share = share;
  (void)slot;
  for (int64_t k = first, n; k < last; k += n) {
    n = vs_groups_some(&e.g, k, last);
    e.best = best + k;
    for (int64_t j = 0; j < n; j++) share[j] = 0;
    vs_groups_walk(&e.g, k, n, 0, e.g.reduced, count_best, &e);
    for (int64_t j = 0; j < n; j++) share[j] = (double)e.dy[k + j] / share[j];
    vs_groups_walk(&e.g, k, n, 0, e.g.reduced, share_best, &e);
  }
}

static int ends_backward(vs_ctx *c) {
  ends e = {.g = vs_groups_of(c->in[0], (unsigned)c->n[0]),
            .x = vs_reals(c->in[0]),
            .best = vs_reals(c->out[0]),
            .dy = vs_reals(c->dout[0]),
            .dx = vs_reals(c->din[0])};
  vs_groups_run(&e.g, ends_back_range, &e);
  return 0;
}

static void find_ends(vs_ctx *c, int fold) {
  vs_folding f = vs_folding_of(c, fold);
  vs_fold_all(&f);
}

static void amax_forward(vs_ctx *c) { find_ends(c, VS_FOLD_MOST); }
static void amin_forward(vs_ctx *c) { find_ends(c, VS_FOLD_LEAST); }

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
  vs_tensor *x = c->in[0];
  int64_t shape[VS_MAX_DIM];
  if (!is_byte(x) && x->dtype != VS_FLOAT64 &&
      vs_recast(c, 0, vs_is_integer(x) ? VS_INT64 : VS_REAL) < 0)
    return -1;
  int n = along_shape(c, shape);
  return vs_out(c, 0, VS_BOOL, n, shape);
}

/* flag: HIT means no. */
static void answer(const vs_folding *f, int64_t k, int64_t n, const vs_acc *acc) {
  for (int64_t j = 0; j < n; j++) ((uint8_t *)f->out)[k + j] = (acc[j].whole != 0) != f->flag;
}

static void quantify(vs_ctx *c, bool all) {
  vs_folding f = {.x = vs_data(c->in[0]),
                  .dtype = c->in[0]->dtype,
                  .fold = all ? VS_FOLD_MISS : VS_FOLD_HIT,
                  .done = answer,
                  .out = vs_data(c->out[0]),
                  .flag = all};
  vs_tensor x = {
      .ndim = 3, .shape = {c->n[0], c->n[1], c->n[2]}, .stride = {c->n[1] * c->n[2], c->n[2], 1}};
  f.g = vs_groups_of(&x, 2);
  vs_fold_all(&f);
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
