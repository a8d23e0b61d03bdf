/* batch_norm: channels minus their mean, over their deviation, scaled and shifted.
 *
 * A channel is read twice (the second time from cache where it fits).  Channels are shared out
 * between threads; sums of rows are combined in double. */
#include <math.h>

#include "kernel/norm.h"
#include "op/bf16.h"
#include "op/dims.h"
#include "op/norm.h"

enum { X, WEIGHT, BIAS, RUNNING_MEAN, RUNNING_VAR };
enum { TRAINING, MOMENTUM, EPS, ACTIVATION };
enum { NONE, RELU, RELU6 };
enum { SHORT = 16 }; /* planes below that make rows too short for kernels */

typedef struct channels {
  int64_t batch, count, plane;
  bool training; /* statistics of the batch, else the running ones */
  double eps, momentum;
  vs_real lo, hi; /* of y */
  const vs_tensor *in, *dy;
  const vs_tensor *result; /* y or dx, NULL where dx is not wanted */
  const vs_real *w, *b;
  vs_real *mean, *rstd, *running_mean, *running_var, *dw, *db;
  vs_real *scratch; /* three rows a thread, where planes are short or bfloat16 */
} channels;

/* One channel as `rows` rows of n values: parts of its planes, or where those are short all of them
 * gathered in one. */
typedef struct rows {
  const channels *k;
  int64_t rows, n, channel;
  vs_real *x, *dy, *y; /* rooms for a row */
} rows;

static int64_t longest_row(const channels *k) {
  return k->plane < SHORT ? k->batch * k->plane : k->plane;
}

static bool needs_room(const channels *k) {
  return k->plane < SHORT || !vs_is_real(k->in) || (k->result && !vs_is_real(k->result));
}

static void fetch(const channels *k, const vs_tensor *from, int64_t c, vs_real *row) {
  int64_t n = k->plane, at = c * n;
  for (int64_t b = 0; b < k->batch; b++, at += k->count * n, row += n) {
    const vs_real *plane = vs_piece(from, at, n, row);
    for (int64_t i = 0; plane != row && i < n; i++) row[i] = plane[i];
  }
}

static rows channel_rows(const channels *k, int64_t c, int slot) {
  int64_t n = longest_row(k);
  rows r = {.k = k, .rows = k->batch, .n = n, .channel = c};
  if (k->scratch) r.x = k->scratch + slot * 3 * n, r.dy = r.x + n, r.y = r.dy + n;
  if (k->plane >= SHORT) return r;
  r.rows = 1;
  fetch(k, k->in, c, r.x);
  if (k->dy) fetch(k, k->dy, c, r.dy);
  return r;
}

static int64_t row_at(const rows *r, int64_t i) {
  return (i * r->k->count + r->channel) * r->k->plane;
}
static const vs_real *x_row(const rows *r, int64_t i) {
  return r->k->plane < SHORT ? r->x : vs_piece(r->k->in, row_at(r, i), r->n, r->x);
}
static const vs_real *dy_row(const rows *r, int64_t i) {
  return r->k->plane < SHORT ? r->dy : vs_reals(r->k->dy) + row_at(r, i);
}
/* Of the result: where to write row i; and what is done with it then. */
static vs_real *result_row(const rows *r, int64_t i) {
  return r->k->plane < SHORT ? r->y : vs_piece_to(r->k->result, row_at(r, i), r->y);
}
static void put_row(const rows *r, int64_t i) {
  const channels *k = r->k;
  int64_t n = k->plane;
  if (n >= SHORT) {
    vs_piece_done(k->result, row_at(r, i), n, r->y);
    return;
  }
  const vs_real *y = r->y;
  for (int64_t b = 0; b < k->batch; b++, y += n) {
    int64_t at = (b * k->count + r->channel) * n;
    vs_real *to = vs_piece_to(k->result, at, r->y);
    for (int64_t j = 0; to != r->y && j < n; j++) to[j] = y[j];
    vs_piece_done(k->result, at, n, y);
  }
}

/* Mean and sum of squares of all rows: those of each row merged one by one (Chan et al., 1979). */
static void merge_moments(const rows *r, double *mean, double *squares) {
  double count = 0;
  *mean = *squares = 0;
  for (int64_t i = 0; i < r->rows; i++) {
    double m, q, n = (double)r->n;
    vs_k_norm()->moments(r->n, x_row(r, i), &m, &q);
    double d = m - *mean, all = count + n;
    *mean += d * n / all;
    *squares += q + d * d * count * n / all;
    count = all;
  }
}

static void batch_forward(void *arg, int64_t first, int64_t last, int slot) {
  const channels *k = arg;
  double n = (double)(k->batch * k->plane);
  for (int64_t c = first; c < last; c++) {
    rows r = channel_rows(k, c, slot);
    double mean, var;
    if (k->training) {
      merge_moments(&r, &mean, &var);
      if (k->running_mean != NULL) {
        vs_real *m = &k->running_mean[c], *v = &k->running_var[c];
        *m = (vs_real)((1 - k->momentum) * (double)*m + k->momentum * mean);
        *v = (vs_real)((1 - k->momentum) * (double)*v + k->momentum * var / (n - 1));
      }
      var /= n;
    } else {
      mean = (double)k->running_mean[c];
      var = (double)k->running_var[c];
    }
    double rstd = 1 / sqrt(var + k->eps), a = rstd * (k->w ? (double)k->w[c] : 1);
    vs_real m = (vs_real)mean;
    double shift =
        (k->b ? (double)k->b[c] : 0) - (mean - (double)m) * a; /* what rounding took from m */
    if (k->mean != NULL) k->mean[c] = m, k->rstd[c] = (vs_real)rstd;
    for (int64_t i = 0; i < r.rows; i++) {
      vs_k_norm()->scale(r.n, x_row(&r, i), m, (vs_real)a, (vs_real)shift, k->lo, k->hi,
                         result_row(&r, i));
      put_row(&r, i);
    }
  }
}

/* Where y is bounded, dy counts only inside the bounds; y is computed once more, which is less to
 * read than y itself would be. */
static bool gate_of(const channels *k, int64_t c, double rstd, vs_gate *gate) {
  *gate =
      (vs_gate){(vs_real)(rstd * (k->w ? (double)k->w[c] : 1)), k->b ? k->b[c] : 0, k->lo, k->hi};
  return isfinite(k->lo);
}

/* y = (x - mean) * rstd * w + b, with n values a channel:
 * dw = rstd * sum dy (x - mean),  db = sum dy,
 * dx = w rstd (dy - db/n - (x - mean) rstd dw/n), or w rstd dy where the statistics were given. */
static void batch_backward(void *arg, int64_t first, int64_t last, int slot) {
  const channels *k = arg;
  double n = (double)(k->batch * k->plane);
  for (int64_t c = first; c < last; c++) {
    rows r = channel_rows(k, c, slot);
    double rstd = (double)k->rstd[c], sum = 0, dot = 0;
    vs_gate bounds, *gate = gate_of(k, c, rstd, &bounds) ? &bounds : NULL;
    for (int64_t i = 0; i < r.rows && (k->training || k->dw || k->db); i++) {
      double s, d;
      vs_k_norm()->dots(r.n, x_row(&r, i), dy_row(&r, i), k->mean[c], gate, &s, &d);
      sum += s;
      dot += d;
    }
    if (k->dw != NULL) k->dw[c] = (vs_real)(dot * rstd);
    if (k->db != NULL) k->db[c] = (vs_real)sum;
    if (k->result == NULL) continue; /* no dx */
    double a = rstd * (k->w ? (double)k->w[c] : 1);
    double b = k->training ? -a * rstd * rstd * dot / n : 0, shift = k->training ? -a * sum / n : 0;
    for (int64_t i = 0; i < r.rows; i++) {
      vs_k_norm()->blend(r.n, x_row(&r, i), dy_row(&r, i), k->mean[c], (vs_real)a, (vs_real)b,
                         (vs_real)shift, gate, result_row(&r, i));
      put_row(&r, i);
    }
  }
}

static bool use_batch(const vs_ctx *c) {
  return c->attr[TRAINING].i || c->in[RUNNING_MEAN] == NULL;
}

static channels channels_of(const vs_ctx *c) {
  const vs_tensor *x = c->in[X];
  int64_t spatial = 1;
  for (int d = 2; d < x->ndim; d++) spatial *= x->shape[d];
  int64_t act = c->attr[ACTIVATION].i;
  return (channels){.batch = x->shape[0],
                    .lo = act == NONE ? -(vs_real)INFINITY : 0,
                    .hi = act == RELU6 ? 6 : (vs_real)INFINITY,
                    .count = x->shape[1],
                    .plane = spatial,
                    .training = use_batch(c),
                    .eps = c->attr[EPS].f,
                    .momentum = c->attr[MOMENTUM].f,
                    .in = x,
                    .mean = vs_statistic(c, VS_SAVED_MEAN),
                    .rstd = vs_statistic(c, VS_SAVED_RSTD),
                    .w = c->in[WEIGHT] ? vs_reals(c->in[WEIGHT]) : NULL,
                    .b = c->in[BIAS] ? vs_reals(c->in[BIAS]) : NULL};
}

static int64_t channel_grain(const channels *k) {
  return VS_MAX(1, 8192 / VS_MAX(k->batch * k->plane, 1));
}

static size_t scratch_bytes(const channels *k) {
  size_t slots = (size_t)vs_slots(k->count, channel_grain(k));
  bool needed = needs_room(k) && k->batch * k->plane > 0;
  return needed ? (size_t)(3 * longest_row(k)) * sizeof(vs_real) * slots : 0;
}

static int batch_norm_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[X];
  if (x->ndim < 2) return vs_fail("x is %s, expected [B,C] or [B,C,...]", vs_shape_str(x));
  int64_t count = x->shape[1], n = x->numel / VS_MAX(count, 1);
  for (int i = WEIGHT; i <= RUNNING_VAR; i++)
    if (vs_want_channels(c, i, count) < 0) return -1;
  if ((c->in[RUNNING_MEAN] == NULL) != (c->in[RUNNING_VAR] == NULL))
    return vs_fail("expected both running_mean and running_var, or neither");
  if (use_batch(c) && n < 2)
    return vs_fail("x is %s: training needs more than one value a channel", vs_shape_str(x));
  for (int i = WEIGHT; i <= BIAS; i++)
    if (c->in[i] && vs_recast(c, i, VS_REAL) < 0) return -1;
  if (vs_save_statistics(c, count) < 0 || vs_out_like(c, 0, x) < 0) return -1;
  channels k = channels_of(c);
  k.result = c->out[0];
  c->work_bytes = scratch_bytes(&k);
  return 0;
}

static void batch_norm_forward(vs_ctx *c) {
  channels k = channels_of(c);
  if (k.batch * k.plane == 0) return;
  k.result = c->out[0];
  k.scratch = c->work;
  if (c->in[RUNNING_MEAN] != NULL) {
    k.running_mean = vs_reals(c->in[RUNNING_MEAN]);
    k.running_var = vs_reals(c->in[RUNNING_VAR]);
  }
  vs_parallel(k.count, channel_grain(&k), batch_forward, &k);
}

static int batch_norm_backward(vs_ctx *c) {
  channels k = channels_of(c);
  k.dy = c->dout[0];
  k.result = vs_needs(c, X) ? c->din[X] : NULL;
  k.dw = vs_needs(c, WEIGHT) ? vs_reals(c->din[WEIGHT]) : NULL;
  k.db = vs_needs(c, BIAS) ? vs_reals(c->din[BIAS]) : NULL;
  size_t bytes = scratch_bytes(&k);
  if (bytes > 0 && (k.scratch = vs_mem_alloc(bytes)) == NULL) return -1;
  vs_parallel(k.count, channel_grain(&k), batch_backward, &k);
  vs_mem_free(k.scratch);
  return 0;
}

const vs_opdef vs_op_batch_norm = {
    .name = "batch_norm",
    .args = "x:tensor, weight:tensor?, bias:tensor?, running_mean:buffer?, running_var:buffer?, "
            "training:bool=true, momentum:num=0.1, eps:num=1e-5, activation:none|relu|relu6=none",
    .outputs = 1,
    .flags = VS_BF16,
    .keep = VS_KEEP_IN(X) | VS_KEEP_IN(WEIGHT) | VS_KEEP_IN(BIAS),
    .shape = batch_norm_shape,
    .forward = batch_norm_forward,
    .backward = batch_norm_backward,
    .doc =
        "Batch normalisation (Ioffe and Szegedy, 2015) of each channel of x [B,C] or [B,C,...]: "
        "(x - mean) / sqrt(var + eps) * weight + bias. In training mean and var are the batch's, "
        "and "
        "running_mean and running_var [C] move towards them by momentum (var unbiased); otherwise "
        "they "
        "are the running ones. Without running statistics they are always the batch's. activation "
        "is applied to the result in the same pass.",
};
