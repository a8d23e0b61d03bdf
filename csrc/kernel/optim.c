/* Parameter updates, PyTorch's formulas in one pass over memory.  Contracts: kernel/optim.h. */
#include "kernel/optim.h"

#include "kernel/math.h"

enum { LANES = 16, BLOCK = 4096 };

static void sgd(int64_t n, vs_real lr, vs_real decay, vs_real *restrict p,
                const vs_real *restrict g) {
  for (int64_t i = 0; i < n; i++) p[i] -= lr * (g[i] + decay * p[i]);
}

/* nesterov: the momentum, or 0 for the plain form. */
static void sgd_momentum(int64_t n, vs_real lr, vs_real decay, vs_real keep, vs_real take,
                         vs_real nesterov, vs_real *restrict p, const vs_real *restrict g,
                         vs_real *restrict buf) {
  for (int64_t i = 0; i < n; i++) {
    vs_real d = g[i] + decay * p[i], b = keep * buf[i] + take * d;
    buf[i] = b;
    p[i] -= lr * (nesterov != 0 ? d + nesterov * b : b);
  }
}

static void adam_plain(int64_t n, const vs_adam *a, vs_real *restrict p, const vs_real *restrict g,
                       vs_real *restrict m, vs_real *restrict v) {
  vs_adam k = *a;
  for (int64_t i = 0; i < n; i++) {
    vs_real d = g[i] + k.decay * p[i], mean = k.beta1 * m[i] + k.one_beta1 * d;
    vs_real square = k.beta2 * v[i] + k.one_beta2 * d * d;
    m[i] = mean;
    v[i] = square;
    p[i] = p[i] * k.shrink - k.step * mean / (vs_sqrt(square) * k.correct2 + k.eps);
  }
}

static void adam_most(int64_t n, const vs_adam *a, vs_real *restrict p, const vs_real *restrict g,
                      vs_real *restrict m, vs_real *restrict v, vs_real *restrict most) {
  vs_adam k = *a;
  for (int64_t i = 0; i < n; i++) {
    vs_real d = g[i] + k.decay * p[i], mean = k.beta1 * m[i] + k.one_beta1 * d;
    vs_real square = k.beta2 * v[i] + k.one_beta2 * d * d,
            top = square > most[i] ? square : most[i];
    m[i] = mean;
    v[i] = square;
    most[i] = top;
    p[i] = p[i] * k.shrink - k.step * mean / (vs_sqrt(top) * k.correct2 + k.eps);
  }
}

static void adam(int64_t n, const vs_adam *a, vs_real *p, const vs_real *g, vs_real *m, vs_real *v,
                 vs_real *most) {
  if (most)
    adam_most(n, a, p, g, m, v, most);
  else
    adam_plain(n, a, p, g, m, v);
}

/* The variance of a centered one is not let below 0, where rounding may take it. */
static inline vs_real rms_step(const vs_rmsprop *r, vs_real d, vs_real *square, vs_real *mean) {
  vs_real v = r->alpha * *square + r->one_alpha * d * d;
  *square = v;
  if (mean) {
    vs_real m = r->alpha * *mean + r->one_alpha * d;
    *mean = m;
    v = VS_MAX(v - m * m, 0);
  }
  return d / (vs_sqrt(v) + r->eps);
}

static inline void rms_all(int64_t n, const vs_rmsprop *a, vs_real *restrict p,
                           const vs_real *restrict g, vs_real *restrict square,
                           vs_real *restrict mean, vs_real *restrict buf) {
  vs_rmsprop r = *a;
  for (int64_t i = 0; i < n; i++) {
    vs_real by = rms_step(&r, g[i] + r.decay * p[i], &square[i], mean ? &mean[i] : NULL);
    if (buf) buf[i] = by = r.momentum * buf[i] + by;
    p[i] -= r.lr * by;
  }
}

/* One loop each, so that none asks in the middle what is there. */
static void rmsprop(int64_t n, const vs_rmsprop *r, vs_real *p, const vs_real *g, vs_real *square,
                    vs_real *mean, vs_real *buf) {
  if (mean && buf)
    rms_all(n, r, p, g, square, mean, buf);
  else if (mean)
    rms_all(n, r, p, g, square, mean, NULL);
  else if (buf)
    rms_all(n, r, p, g, square, NULL, buf);
  else
    rms_all(n, r, p, g, square, NULL, NULL);
}

static void adagrad(int64_t n, vs_real lr, vs_real decay, vs_real eps, vs_real *restrict p,
                    const vs_real *restrict g, vs_real *restrict sum) {
  for (int64_t i = 0; i < n; i++) {
    vs_real d = g[i] + decay * p[i], s = sum[i] + d * d;
    sum[i] = s;
    p[i] -= lr * d / (vs_sqrt(s) + eps);
  }
}

/* Blocks in vs_real, their sums in double. */
static double sum_squares(int64_t n, const vs_real *x) {
  double total = 0;
  for (int64_t at = 0; at < n; at += BLOCK) {
    int64_t end = VS_MIN(n, at + BLOCK), i = at;
    vs_real lane[LANES] = {0};
    for (; i + LANES <= end; i += LANES)
      for (int j = 0; j < LANES; j++) lane[j] += x[i + j] * x[i + j];
    for (; i < end; i++) total += (double)x[i] * (double)x[i];
    for (int j = 0; j < LANES; j++) total += (double)lane[j];
  }
  return total;
}

static void scale(int64_t n, vs_real s, vs_real *x) {
  for (int64_t i = 0; i < n; i++) x[i] *= s;
}

static void clamp(int64_t n, vs_real most, vs_real *x) {
  for (int64_t i = 0; i < n; i++) x[i] = x[i] > most ? most : x[i] < -most ? -most : x[i];
}

const vs_kernels_optim VS_K(vs_kernels_optim) = {sgd,     sgd_momentum, adam,  rmsprop,
                                                 adagrad, sum_squares,  scale, clamp};
