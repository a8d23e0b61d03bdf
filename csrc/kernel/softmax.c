/* Rows of softmax, log_softmax and what they share.  Contracts are in kernel/softmax.h.
 * Sums run in lanes that are added in a fixed order, so that every run of one level gives the same
 * bits. */
#include "kernel/softmax.h"

#include "kernel/math.h"
#include "kernel/vec.h"

static vs_real row_max(int64_t n, const vs_real *x) {
  enum { WIDE = 16 };
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

/* y = exp(x - max), and its sum. */
static vs_real exp_row(int64_t n, const vs_real *x, vs_real max, vs_real *y) {
  vec sum = {0};
  vs_real s = 0;
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    for (int j = 0; j < LANES; j++) y[i + j] = vs_exp_down(x[i + j] - max);
    sum += vec_load(y + i);
  }
  for (; i < n; i++) s += y[i] = vs_exp_down(x[i] - max);
  return s + vec_total(sum);
}

static vs_real sum_exp(int64_t n, const vs_real *x, vs_real max) {
  vs_real y[LANES], s = 0;
  vec sum = {0};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    for (int j = 0; j < LANES; j++) y[j] = vs_exp_down(x[i + j] - max);
    sum += vec_load(y);
  }
  for (; i < n; i++) s += vs_exp_down(x[i] - max);
  return s + vec_total(sum);
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
  for (int64_t i = 0; i < n; i++) y[i] = vs_exp((x[i] - lse.max) - lse.log) * scale;
}

static void blend(int64_t n, vs_real a, const vs_real *x, vs_real b, const vs_real *z, vs_real *y) {
  for (int64_t i = 0; i < n; i++) y[i] = a * x[i] + b * z[i];
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
};
