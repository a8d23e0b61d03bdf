/* Rows of softmax, log_softmax and what they share.  Contracts are in kernel/softmax.h.
 * Sums run in lanes that are added in a fixed order, so that every run of one level gives the same
 * bits. */
#include "kernel/softmax.h"

#include "kernel/math.h"
#include "kernel/vec.h"

static vs_real row_max(int64_t n, const vs_real *x) {
  enum { WIDE = 4 * LANES };
  vs_real lane[WIDE], m = -INFINITY;
  int64_t i = 0;
  for (int j = 0; j < WIDE; j++) lane[j] = -INFINITY;
  for (; i + WIDE <= n; i += WIDE)
    for (int j = 0; j < WIDE; j++) lane[j] = x[i + j] > lane[j] ? x[i + j] : lane[j];
  for (int w = WIDE / 2; w > 0; w /= 2)
    for (int j = 0; j < w; j++) lane[j] = lane[j + w] > lane[j] ? lane[j + w] : lane[j];
  m = lane[0];
  for (; i < n; i++) m = x[i] > m ? x[i] : m;
  return m;
}

/* y = exp(x - max) of one vector, of which n values are there; what is added to a sum. */
static inline vec exp_some(int64_t n, const vs_real *x, vs_real max, vs_real *y) {
  vs_real in[LANES], out[LANES];
  for (int j = 0; j < LANES; j++) in[j] = -INFINITY;
  vec_store_first(in, n, vec_load_first(x, n));
  for (int j = 0; j < LANES; j++) out[j] = vs_exp_down(in[j] - max);
  vec v = vec_load(out);
  if (y) vec_store_first(y, n, v);
  return v;
}

/* y = exp(x - max), and its sum. */
static vs_real exp_row(int64_t n, const vs_real *x, vs_real max, vs_real *y) {
  vec sum = {0};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    for (int j = 0; j < LANES; j++) y[i + j] = vs_exp_down(x[i + j] - max);
    sum += vec_load(y + i);
  }
  if (i < n) sum += exp_some(n - i, x + i, max, y + i);
  return vec_total(sum);
}

static vs_real sum_exp(int64_t n, const vs_real *x, vs_real max) {
  vs_real y[LANES];
  vec sum = {0};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    for (int j = 0; j < LANES; j++) y[j] = vs_exp_down(x[i + j] - max);
    sum += vec_load(y);
  }
  if (i < n) sum += exp_some(n - i, x + i, max, NULL);
  return vec_total(sum);
}

/* The most of a row; a NaN anywhere shows up in the sum that follows. */
static vs_lse logsumexp(int64_t n, const vs_real *x) {
  vs_real m = row_max(n, x);
  if (m == INFINITY) return (vs_lse){m, 0};
  if (m == -INFINITY) return (vs_lse){m, sum_exp(n, x, 0)};
  return (vs_lse){m, vs_log(sum_exp(n, x, m))};
}

static vs_lse softmax(int64_t n, const vs_real *x, vs_real *y) {
  vs_real m = row_max(n, x);
  if (m == -INFINITY) m = 0;
  vs_real s = exp_row(n, x, m, y), scale = s == 0 ? 0 : 1 / s;
  for (int64_t i = 0; i < n; i++) y[i] *= scale;
  return (vs_lse){m, s == 0 ? 0 : vs_log(s)};
}

static void log_softmax(int64_t n, const vs_real *x, vs_lse lse, vs_real *y) {
  for (int64_t i = 0; i < n; i++) y[i] = (x[i] - lse.max) - lse.log;
}

static vs_real sum(int64_t n, const vs_real *x) {
  vec sum = {0};
  vs_real s = 0;
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) sum += vec_load(x + i);
  for (; i < n; i++) s += x[i];
  return s + vec_total(sum);
}

static vs_real dot(int64_t n, const vs_real *x, const vs_real *y) {
  vec sum = {0};
  vs_real s = 0;
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) sum += vec_load(x + i) * vec_load(y + i);
  for (; i < n; i++) s += x[i] * y[i];
  return s + vec_total(sum);
}

static vs_real below(int64_t n, const vs_real *x, vs_real c) {
  vec sum = {0}, all = vec_all(c);
  vs_real s = 0;
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) sum += all - vec_load(x + i);
  for (; i < n; i++) s += c - x[i];
  return s + vec_total(sum);
}

static vs_real below_by(int64_t n, const vs_real *w, const vs_real *x, vs_real c) {
  vec sum = {0}, all = vec_all(c);
  vs_real s = 0;
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) sum += vec_load(w + i) * (all - vec_load(x + i));
  for (; i < n; i++) s += w[i] * (c - x[i]);
  return s + vec_total(sum);
}

static void softmax_back(int64_t n, const vs_real *y, const vs_real *dy, vs_real *dx) {
  vs_real s = dot(n, y, dy);
  for (int64_t i = 0; i < n; i++) dx[i] = y[i] * (dy[i] - s);
}

static void log_softmax_back(int64_t n, const vs_real *y, const vs_real *dy, vs_real *dx) {
  vs_real s = sum(n, dy);
  for (int64_t i = 0; i < n; i++) dx[i] = dy[i] - vs_exp(y[i]) * s;
}

static void exp_scale(int64_t n, const vs_real *x, vs_lse lse, vs_real scale, vs_real *y) {
  for (int64_t i = 0; i < n; i++) y[i] = vs_exp_down((x[i] - lse.max) - lse.log) * scale;
}

static void blend(int64_t n, vs_real a, const vs_real *x, vs_real b, const vs_real *z, vs_real *y) {
  for (int64_t i = 0; i < n; i++) y[i] = a * x[i] + b * z[i];
}

/* Squares of four by four, four of them side by side, so that whole lines are written; the rest one
 * by one. */
static void turn(int64_t rows, int64_t columns, const vs_real *x, int64_t from, vs_real *y,
                 int64_t to) {
  enum { SIDE = 16 };
  int64_t i = 0, j = 0;
  for (; i + SIDE <= rows; i += SIDE)
    for (j = 0; j + 4 <= columns; j += 4)
      for (int64_t r = i; r < i + SIDE; r += 4) {
        quad q[4];
        for (int k = 0; k < 4; k++) q[k] = QUAD(x + (r + k) * from + j);
        quad_turn(q);
        for (int k = 0; k < 4; k++) QUAD(y + (j + k) * to + r) = q[k];
      }
  for (; i + 4 <= rows; i += 4)
    for (j = 0; j + 4 <= columns; j += 4) {
      quad q[4];
      for (int k = 0; k < 4; k++) q[k] = QUAD(x + (i + k) * from + j);
      quad_turn(q);
      for (int k = 0; k < 4; k++) QUAD(y + (j + k) * to + i) = q[k];
    }
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = r < i ? j : 0; c < columns; c++) y[c * to + r] = x[r * from + c];
}

/* ---- columns ---- */

enum { ROWS = 32 }; /* of a block */

static void clear(vs_real *sum) {
  for (int j = 0; j < VS_ABREAST; j++) sum[j] = 0;
}

static void max_columns(int64_t n, int64_t width, const vs_real *x, int64_t step, vs_real *m) {
  for (int64_t j = 0; j < width; j++) m[j] = -INFINITY;
  for (int64_t i = 0; i < n; i++, x += step)
    for (int64_t j = 0; j < width; j++) m[j] = x[j] > m[j] ? x[j] : m[j];
}

/* sum[j] = the sum of `value` over i; i and j are places of a value at `at`. */
#define SUM_COLUMNS(sum, value)                                                            \
  {                                                                                        \
    clear(sum);                                                                            \
    for (int64_t first = 0; first < n; first += ROWS) {                                    \
      vs_real part[VS_ABREAST];                                                            \
      clear(part);                                                                         \
      for (int64_t i = first, at = i * step; i < VS_MIN(first + ROWS, n); i++, at += step) \
        VS_IVDEP for (int64_t j = 0; j < width; j++) part[j] += value;                     \
      for (int64_t j = 0; j < width; j++) sum[j] += part[j];                               \
    }                                                                                      \
  }
#define EACH_COLUMN(out, value)                       \
  for (int64_t i = 0, at = 0; i < n; i++, at += step) \
    VS_IVDEP for (int64_t j = 0; j < width; j++) out[at + j] = value;

static void logsumexp_columns(int64_t n, int64_t width, const vs_real *x, int64_t step,
                              vs_lse *lse) {
  vs_real m[VS_ABREAST], from[VS_ABREAST], sum[VS_ABREAST];
  max_columns(n, width, x, step, m);
  for (int64_t j = 0; j < width; j++) from[j] = m[j] == -INFINITY ? 0 : m[j];
  SUM_COLUMNS(sum, vs_exp_down(x[at + j] - from[j]))
  for (int64_t j = 0; j < width; j++) {
    vs_real log = vs_log(sum[j]);
    lse[j].max = m[j];
    lse[j].log = m[j] == INFINITY ? 0 : m[j] == -INFINITY ? sum[j] : log;
  }
}

/* Short columns are kept beside each other in a buffer, so that x and y, whose rows may be far
 * apart, are passed once each. */
static void softmax_columns(int64_t n, int64_t width, const vs_real *x, int64_t step, vs_real *y) {
  enum { SHORT = 128 };
  vs_real m[VS_ABREAST], sum[VS_ABREAST], buffer[SHORT * VS_ABREAST], *to = y;
  int64_t apart = step;
  if (n <= SHORT) {
    for (int64_t i = 0; i < n; i++)
      VS_IVDEP for (int64_t j = 0; j < width; j++) buffer[i * VS_ABREAST + j] = x[i * step + j];
    x = y = buffer;
    step = VS_ABREAST;
  }
  max_columns(n, width, x, step, m);
  for (int64_t j = 0; j < width; j++) m[j] = m[j] == -INFINITY ? 0 : m[j];
  SUM_COLUMNS(sum, (y[at + j] = vs_exp_down(x[at + j] - m[j])))
  for (int64_t j = 0; j < width; j++) sum[j] = sum[j] == 0 ? 0 : 1 / sum[j];
  for (int64_t i = 0; i < n; i++)
    VS_IVDEP for (int64_t j = 0; j < width; j++) to[i * apart + j] = y[i * step + j] * sum[j];
}

static void log_softmax_columns(int64_t n, int64_t width, const vs_real *x, int64_t step,
                                vs_real *y) {
  vs_lse lse[VS_ABREAST];
  vs_real m[VS_ABREAST], log[VS_ABREAST];
  logsumexp_columns(n, width, x, step, lse);
  for (int64_t j = 0; j < width; j++) m[j] = lse[j].max, log[j] = lse[j].log;
  EACH_COLUMN(y, (x[at + j] - m[j]) - log[j])
}

static void softmax_back_columns(int64_t n, int64_t width, const vs_real *y, const vs_real *dy,
                                 int64_t step, vs_real *dx) {
  vs_real sum[VS_ABREAST];
  SUM_COLUMNS(sum, y[at + j] * dy[at + j])
  EACH_COLUMN(dx, y[at + j] * (dy[at + j] - sum[j]))
}

static void log_softmax_back_columns(int64_t n, int64_t width, const vs_real *y, const vs_real *dy,
                                     int64_t step, vs_real *dx) {
  vs_real sum[VS_ABREAST];
  SUM_COLUMNS(sum, dy[at + j])
  EACH_COLUMN(dx, dy[at + j] - vs_exp(y[at + j]) * sum[j])
}

static void exp_scale_columns(int64_t n, int64_t width, const vs_real *x, int64_t step,
                              const vs_lse *lse, const vs_real *scale, vs_real *y) {
  vs_real m[VS_ABREAST], log[VS_ABREAST], by[VS_ABREAST];
  for (int64_t j = 0; j < width; j++) m[j] = lse[j].max, log[j] = lse[j].log, by[j] = scale[j];
  EACH_COLUMN(y, vs_exp_down((x[at + j] - m[j]) - log[j]) * by[j])
}

const vs_kernels_softmax VS_K(vs_kernels_softmax) = {
    .logsumexp = logsumexp,
    .softmax = softmax,
    .log_softmax = log_softmax,
    .softmax_back = softmax_back,
    .log_softmax_back = log_softmax_back,
    .exp_scale = exp_scale,
    .below = below,
    .below_by = below_by,
    .sum = sum,
    .dot = dot,
    .blend = blend,
    .turn = turn,
    .logsumexp_columns = logsumexp_columns,
    .softmax_columns = softmax_columns,
    .log_softmax_columns = log_softmax_columns,
    .softmax_back_columns = softmax_back_columns,
    .log_softmax_back_columns = log_softmax_back_columns,
    .exp_scale_columns = exp_scale_columns,
};
