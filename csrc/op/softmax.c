/* softmax, log_softmax, logsumexp and normalize: functions of whole rows along one dimension.
 *
 * Every op gives a function of one contiguous row; each_row brings rows to it.  Rows along the last
 * dimension are used where they lie; along another one, some neighbouring rows at a time go to a
 * function of columns, or are transposed through scratch memory where there is none. */
#include "kernel/softmax.h"

#include <math.h>

#include "op/dims.h"
#include "op/reduce.h"
#include "op/tiles.h"

typedef struct rows rows;
/* a, b: rows of inputs (b may be missing), y: the output row; at: number of the row. */
typedef void (*rowfn)(const rows *r, int64_t at, const vs_real *a, const vs_real *b, vs_real *y);

/* The same of `width` <= VS_ABREAST neighbouring rows from `at` on, values `inner` apart. */
typedef void (*columnfn)(const rows *r, int64_t at, int64_t width, const vs_real *a,
                         const vs_real *b, vs_real *y);

struct rows {
  int64_t outer, n, inner;
  rowfn fn;
  columnfn columns;     /* NULL: rows along another dimension than the last are transposed */
  const vs_real *a, *b; /* b NULL: none */
  vs_real *y;           /* NULL: fn writes one value a row by itself */
  vs_real *one;         /* per row: values that fn writes */
  const vs_real *done;  /* per row: values that it reads */
  vs_real *scratch;     /* per slot: three tiles */
  double p, eps;
};

static int64_t row_grain(int64_t n) { return VS_MAX(1, 4096 / VS_MAX(1, n)); }

static void straight(void *arg, int64_t first, int64_t last, int slot) {
  const rows *r = arg;
  (void)slot;
  for (int64_t i = first; i < last; i++)
    r->fn(r, i, r->a + i * r->n, r->b ? r->b + i * r->n : NULL, r->y ? r->y + i * r->n : NULL);
}

static void tiled(void *arg, int64_t first, int64_t last, int slot) {
  const rows *r = arg;
  int64_t size = vs_tile_size(r->n), row = vs_tile_row(r->n), across = vs_tiles_of(r->inner, r->n);
  vs_real *a = r->scratch + 3 * size * slot, *b = a + size, *y = b + size;
  for (int64_t t = first; t < last; t++) {
    int64_t o = t / across, col = t % across * vs_tile(r->n),
            width = VS_MIN(vs_tile(r->n), r->inner - col);
    int64_t at = o * r->n * r->inner + col;
    vs_load_tile(r->a + at, r->n, r->inner, width, a);
    if (r->b) vs_load_tile(r->b + at, r->n, r->inner, width, b);
    for (int64_t j = 0; j < width; j++)
      r->fn(r, o * r->inner + col + j, a + j * row, b + j * row, y + j * row);
    if (r->y) vs_store_tile(y, r->n, r->inner, width, r->y + at);
  }
}

static void abreast(void *arg, int64_t first, int64_t last, int slot) {
  const rows *r = arg;
  (void)slot;
  for (int64_t i = first, width; i < last; i += width) {
    int64_t col = i % r->inner, at = i / r->inner * r->n * r->inner + col;
    width = VS_MIN(VS_MIN(VS_ABREAST, r->inner - col), last - i);
    r->columns(r, i, width, r->a + at, r->b ? r->b + at : NULL, r->y ? r->y + at : NULL);
  }
}

static int64_t tile_count(const vs_ctx *c) { return c->n[0] * vs_tiles_of(c->n[2], c->n[1]); }

/* Bytes of the tiles of all threads, for as many as there are now; 0 where rows are used where they
 * lie. */
static size_t scratch_bytes(const vs_ctx *c) {
  int slots = vs_slots(tile_count(c), row_grain(vs_tile(c->n[1]) * c->n[1]));
  return c->n[2] == 1 ? 0 : 3 * (size_t)vs_tile_size(c->n[1]) * sizeof(vs_real) * (size_t)slots;
}

static void run_rows(const vs_ctx *c, rows r, rowfn fn, void *scratch) {
  r.fn = fn;
  r.outer = c->n[0], r.n = c->n[1], r.inner = c->n[2];
  r.scratch = scratch;
  if (r.inner == 1)
    vs_parallel(r.outer, row_grain(r.n), straight, &r);
  else if (r.columns)
    vs_parallel(r.outer * r.inner, VS_MAX(row_grain(r.n), VS_ABREAST), abreast, &r);
  else
    vs_parallel(tile_count(c), row_grain(vs_tile(r.n) * r.n), tiled, &r);
}

/* For forward: shape has called `split`. */
static void each_row(const vs_ctx *c, rows r, rowfn fn) { run_rows(c, r, fn, c->work); }

/* For backward, which may have more threads than forward had: with scratch of its own. */
static int each_row_back(const vs_ctx *c, rows r, rowfn fn) {
  size_t bytes = scratch_bytes(c);
  void *scratch = bytes > 0 ? vs_mem_alloc(bytes) : NULL;
  if (bytes > 0 && scratch == NULL) return -1;
  run_rows(c, r, fn, scratch);
  vs_mem_free(scratch);
  return 0;
}

/* n[0..3): outer, rows' length, inner of in[0] around `dim`; and scratch for forward. */
static void split(vs_ctx *c, int64_t dim) {
  vs_along(c->in[0], (int)dim, c->n);
  c->work_bytes = scratch_bytes(c);
}

static int like_shape(vs_ctx *c) {
  split(c, c->attr[0].i);
  return vs_out_like(c, 0, c->in[0]);
}

/* --- softmax --- */

static void softmax_row(const rows *r, int64_t at, const vs_real *a, const vs_real *b, vs_real *y) {
  (void)at, (void)b;
  vs_k_softmax()->softmax(r->n, a, y);
}

static void softmax_columns(const rows *r, int64_t at, int64_t width, const vs_real *a,
                            const vs_real *b, vs_real *y) {
  (void)at, (void)b;
  vs_k_softmax()->softmax_columns(r->n, width, a, r->inner, y);
}

static void softmax_forward(vs_ctx *c) {
  each_row(c, (rows){.a = vs_reals(c->in[0]), .y = vs_reals(c->out[0]), .columns = softmax_columns},
           softmax_row);
}

static void softmax_back_row(const rows *r, int64_t at, const vs_real *a, const vs_real *b,
                             vs_real *y) {
  (void)at;
  vs_k_softmax()->softmax_back(r->n, a, b, y);
}

static void softmax_back_columns(const rows *r, int64_t at, int64_t width, const vs_real *a,
                                 const vs_real *b, vs_real *y) {
  (void)at;
  vs_k_softmax()->softmax_back_columns(r->n, width, a, b, r->inner, y);
}

static int softmax_backward(vs_ctx *c) {
  return each_row_back(c,
                       (rows){.a = vs_reals(c->out[0]),
                              .b = vs_reals(c->dout[0]),
                              .y = vs_reals(c->din[0]),
                              .columns = softmax_back_columns},
                       softmax_back_row);
}

const vs_opdef vs_op_softmax = {
    .name = "softmax",
    .args = "x:tensor, dim:dim=-1",
    .outputs = 1,
    .keep = VS_KEEP_OUT(0),
    .shape = like_shape,
    .forward = softmax_forward,
    .backward = softmax_backward,
    .doc = "exp(x) / sum(exp(x)) along dim, any shape. A row of -inf alone (everything masked) "
           "gives zeros.",
};

/* --- log_softmax: y = (x - max) - log(sum(exp(x - max))) --- */

static void log_softmax_row(const rows *r, int64_t at, const vs_real *a, const vs_real *b,
                            vs_real *y) {
  (void)at, (void)b;
  vs_k_softmax()->log_softmax(r->n, a, vs_k_softmax()->logsumexp(r->n, a), y);
}

static void log_softmax_columns(const rows *r, int64_t at, int64_t width, const vs_real *a,
                                const vs_real *b, vs_real *y) {
  (void)at, (void)b;
  vs_k_softmax()->log_softmax_columns(r->n, width, a, r->inner, y);
}

static void log_softmax_forward(vs_ctx *c) {
  each_row(
      c, (rows){.a = vs_reals(c->in[0]), .y = vs_reals(c->out[0]), .columns = log_softmax_columns},
      log_softmax_row);
}

static void log_softmax_back_row(const rows *r, int64_t at, const vs_real *a, const vs_real *b,
                                 vs_real *y) {
  (void)at;
  vs_k_softmax()->log_softmax_back(r->n, a, b, y);
}

static void log_softmax_back_columns(const rows *r, int64_t at, int64_t width, const vs_real *a,
                                     const vs_real *b, vs_real *y) {
  (void)at;
  vs_k_softmax()->log_softmax_back_columns(r->n, width, a, b, r->inner, y);
}

static int log_softmax_backward(vs_ctx *c) {
  return each_row_back(c,
                       (rows){.a = vs_reals(c->out[0]),
                              .b = vs_reals(c->dout[0]),
                              .y = vs_reals(c->din[0]),
                              .columns = log_softmax_back_columns},
                       log_softmax_back_row);
}

const vs_opdef vs_op_log_softmax = {
    .name = "log_softmax",
    .args = "x:tensor, dim:dim=-1",
    .outputs = 1,
    .keep = VS_KEEP_OUT(0),
    .shape = like_shape,
    .forward = log_softmax_forward,
    .backward = log_softmax_backward,
    .doc = "log(softmax(x)) along dim, any shape, computed without overflow.",
};

/* --- logsumexp: n[3]: bit d is set where dimension d goes --- */

/* Whether the dimensions of the mask are neighbours: then they are one. */
static bool neighbours(unsigned mask) {
  while (mask != 0 && (mask & 1) == 0) mask >>= 1;
  return (mask & (mask + 1)) == 0 && mask != 0;
}

/* x with the dimensions of the mask behind the others, a view. */
static vs_tensor *moved_back(vs_tensor *x, unsigned mask) {
  int64_t shape[VS_MAX_DIM], stride[VS_MAX_DIM];
  int n = 0;
  for (unsigned goes = 0; goes < 2; goes++)
    for (int d = 0; d < x->ndim; d++)
      if ((mask >> d & 1) == goes) shape[n] = x->shape[d], stride[n++] = x->stride[d];
  return vs_view(x, x->ndim, shape, stride, x->offset);
}

/* n[0..3): the sizes before the dimensions that go, of these, and behind. */
static int logsumexp_shape(vs_ctx *c) {
  if (vs_reduced_out(c, VS_REAL, 0, 1) < 0) return -1;
  unsigned mask = (unsigned)c->n[0];
  bool one = neighbours(mask);
  if (!one) {
    vs_tensor *view = moved_back(c->in[0], mask), *x = view ? vs_contiguous(view) : NULL;
    vs_unref(view);
    if (vs_set_in(c, 0, x) < 0) return -1;
  }
  const vs_tensor *x = c->given[0];
  c->n[0] = c->n[1] = c->n[2] = 1;
  for (int d = 0; d < x->ndim; d++)
    c->n[mask >> d & 1 ? 1 : one && (mask >> d) == 0 ? 2 : 0] *= x->shape[d];
  c->n[3] = mask;
  c->work_bytes = scratch_bytes(c);
  return 0;
}

static void logsumexp_row(const rows *r, int64_t at, const vs_real *a, const vs_real *b,
                          vs_real *y) {
  (void)b, (void)y;
  vs_lse lse = vs_k_softmax()->logsumexp(r->n, a);
  r->one[at] = lse.max + lse.log;
}

static void logsumexp_columns(const rows *r, int64_t at, int64_t width, const vs_real *a,
                              const vs_real *b, vs_real *y) {
  vs_lse lse[VS_ABREAST];
  (void)b, (void)y;
  vs_k_softmax()->logsumexp_columns(r->n, width, a, r->inner, lse);
  for (int64_t j = 0; j < width; j++) r->one[at + j] = lse[j].max + lse[j].log;
}

static void logsumexp_forward(vs_ctx *c) {
  each_row(
      c, (rows){.a = vs_reals(c->in[0]), .one = vs_reals(c->out[0]), .columns = logsumexp_columns},
      logsumexp_row);
}

/* dx = softmax(x) * dy, made anew: exp(x - lse) of the rounded result would lose digits.  Nothing
 * flows through a row of -inf. */
static void logsumexp_back_row(const rows *r, int64_t at, const vs_real *a, const vs_real *b,
                               vs_real *y) {
  (void)b;
  vs_k_softmax()->softmax(r->n, a, y);
  vs_k_softmax()->blend(r->n, r->done[at], y, 0, y, y);
}

/* g, which has the shape of in[0] after its dimensions were moved, in the order of x. */
static vs_tensor *moved_forth(const vs_ctx *c, vs_tensor *g) {
  unsigned mask = (unsigned)c->n[3];
  int64_t shape[VS_MAX_DIM];
  int kept = 0, gone = 0;
  for (int d = 0; d < g->ndim; d++) kept += !(mask >> d & 1);
  for (int d = 0, k = 0; d < g->ndim; d++) shape[d] = g->shape[mask >> d & 1 ? kept + gone++ : k++];
  vs_tensor *dx = vs_tensor_new(VS_REAL, g->ndim, shape);
  vs_tensor *view = dx ? moved_back(dx, mask) : NULL;
  int err = view ? vs_copy(view, g) : -1;
  vs_unref(view);
  if (err == 0) return dx;
  vs_unref(dx);
  return NULL;
}

static int logsumexp_backward(vs_ctx *c) {
  vs_tensor *g = vs_tensor_new(VS_REAL, c->in[0]->ndim, c->in[0]->shape);
  if (g == NULL) return -1;
  int err = each_row_back(
      c, (rows){.a = vs_reals(c->in[0]), .done = vs_reals(c->dout[0]), .y = vs_reals(g)},
      logsumexp_back_row);
  bool one = neighbours((unsigned)c->n[3]);
  if (err == 0) c->din[0] = one ? vs_ref(g) : moved_forth(c, g);
  vs_unref(g);
  return c->din[0] ? 0 : -1;
}

const vs_opdef vs_op_logsumexp = {
    .name = "logsumexp",
    .args = "x:tensor, dim:dims=-1, keepdim:bool=false",
    .outputs = 1,
    .flags = VS_OWN_GRADS,
    .keep = VS_KEEP_IN(0),
    .shape = logsumexp_shape,
    .forward = logsumexp_forward,
    .backward = logsumexp_backward,
    .doc =
        "log(sum(exp(x))) over a dimension or a list of them, computed without overflow; keepdim "
        "leaves them as 1.",
};

/* --- normalize: y = x / max(norm, eps), norm = (sum |x|^p)^(1/p) --- */

static int normalize_shape(vs_ctx *c) {
  double p = c->attr[0].f, eps = c->attr[2].f;
  if (!(p >= 1) || !isfinite(p))
    return vs_fail("p is %g, expected a finite number of at least 1", p);
  if (!(eps > 0)) return vs_fail("eps is %g, expected more than 0", eps);
  split(c, c->attr[1].i);
  return vs_out_like(c, 0, c->in[0]);
}

static vs_real norm_of(const rows *r, const vs_real *x) {
  if (r->p == 2) return (vs_real)sqrt((double)vs_k_softmax()->dot(r->n, x, x));
  double s = 0;
  for (int64_t i = 0; i < r->n; i++) s += pow(fabs((double)x[i]), r->p);
  return (vs_real)pow(s, 1 / r->p);
}

static void normalize_row(const rows *r, int64_t at, const vs_real *a, const vs_real *b,
                          vs_real *y) {
  vs_real norm = norm_of(r, a), eps = (vs_real)r->eps;
  (void)at, (void)b;
  vs_k_softmax()->blend(r->n, 1 / (norm > eps ? norm : eps), a, 0, a, y);
}

static void normalize_forward(vs_ctx *c) {
  each_row(c,
           (rows){.a = vs_reals(c->in[0]),
                  .y = vs_reals(c->out[0]),
                  .p = c->attr[0].f,
                  .eps = c->attr[2].f},
           normalize_row);
}

/* dx = dy / norm - sign(x) |x|^(p-1) / norm^(p-1) * sum(dy * x) / norm^2 */
static void normalize_back_row(const rows *r, int64_t at, const vs_real *x, const vs_real *dy,
                               vs_real *dx) {
  const vs_kernels_softmax *k = vs_k_softmax();
  vs_real norm = norm_of(r, x), eps = (vs_real)r->eps;
  (void)at;
  if (!(norm > eps)) {
    k->blend(r->n, 1 / eps, dy, 0, dy, dx);
    return;
  }
  vs_real along = k->dot(r->n, dy, x) / norm / norm;
  if (r->p == 2) {
    k->blend(r->n, 1 / norm, dy, -along / norm, x, dx);
    return;
  }
  for (int64_t i = 0; i < r->n; i++) {
    double slope = x[i] == 0 && r->p > 1 ? 0 : pow(fabs((double)x[i]) / (double)norm, r->p - 1);
    if (x[i] <= 0) slope = x[i] < 0 ? -slope : 0;
    dx[i] = dy[i] / norm - (vs_real)slope * along;
  }
}

static int normalize_backward(vs_ctx *c) {
  return each_row_back(c,
                       (rows){.a = vs_reals(c->in[0]),
                              .b = vs_reals(c->dout[0]),
                              .y = vs_reals(c->din[0]),
                              .p = c->attr[0].f,
                              .eps = c->attr[2].f},
                       normalize_back_row);
}

const vs_opdef vs_op_normalize = {
    .name = "normalize",
    .args = "x:tensor, p:num=2, dim:dim=-1, eps:num=1e-12",
    .outputs = 1,
    .keep = VS_KEEP_IN(0),
    .shape = normalize_shape,
    .forward = normalize_forward,
    .backward = normalize_backward,
    .doc = "x / max(norm, eps), norm being the p-norm along dim: rows of length 1. A row of zeros "
           "stays zeros.",
};
