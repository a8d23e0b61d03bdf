/* Normalisation's inner loops.  See norm.h. */
#include "kernel/norm.h"

#include "kernel/vec.h"

enum { WAYS = 4, STEP = WAYS * LANES }; /* independent sums, so that additions overlap */

static inline vs_real fold(const vec *s) { return vec_total((s[0] + s[1]) + (s[2] + s[3])); }

static void moments(int64_t n, const vs_real *x, double *mean, double *squares) {
  vec s[WAYS] = {{0}, {0}, {0}, {0}}, q[WAYS] = {{0}, {0}, {0}, {0}};
  int64_t i = 0;
  for (; i + STEP <= n; i += STEP)
    for (int k = 0; k < WAYS; k++) s[k] += vec_load(x + i + k * LANES);
  for (; i < n; i += LANES) s[0] += vec_load_first(x + i, n - i);
  *mean = (double)fold(s) / (double)n;
  vs_real m = (vs_real)*mean;
  vec all = vec_all(m);
  for (i = 0; i + STEP <= n; i += STEP)
    for (int k = 0; k < WAYS; k++) {
      vec d = vec_load(x + i + k * LANES) - all;
      q[k] += d * d;
    }
  for (; i + LANES <= n; i += LANES) {
    vec d = vec_load(x + i) - all;
    q[0] += d * d;
  }
  *squares = (double)fold(q);
  for (; i < n; i++) *squares += (double)((x[i] - m) * (x[i] - m));
}

static void scale(int64_t n, const vs_real *restrict x, vs_real mean, vs_real a, vs_real b,
                  vs_real lo, vs_real hi, vs_real *restrict y) {
  for (int64_t i = 0; i < n; i++) {
    vs_real v = a * (x[i] - mean) + b;
    v = v < lo ? lo : v;
    y[i] = v > hi ? hi : v;
  }
}

/* Of g what the gate lets through; d: x - mean. */
static inline vec through(const vs_gate *gate, vec d, vec g) {
  if (gate == NULL) return g;
  vec v = vec_all(gate->a) * d + vec_all(gate->b);
  __typeof__(v < v) open = (v > vec_all(gate->lo)) & (v < vec_all(gate->hi));
  return (vec)((__typeof__(open))g & open);
}

static inline void dots_of(int64_t n, const vs_real *x, const vs_real *dy, vs_real mean,
                           const vs_gate *gate, double *sum, double *dot) {
  vec s[WAYS] = {{0}, {0}, {0}, {0}}, t[WAYS] = {{0}, {0}, {0}, {0}}, m = vec_all(mean);
  int64_t i = 0;
  for (; i + STEP <= n; i += STEP)
    for (int k = 0; k < WAYS; k++) {
      vec d = vec_load(x + i + k * LANES) - m;
      vec g = through(gate, d, vec_load(dy + i + k * LANES));
      s[k] += g;
      t[k] += g * d;
    }
  for (; i < n; i += LANES) { /* g is zero behind the end */
    vec d = vec_load_first(x + i, n - i) - m;
    vec g = through(gate, d, vec_load_first(dy + i, n - i));
    s[0] += g;
    t[0] += g * d;
  }
  *sum = (double)fold(s);
  *dot = (double)fold(t);
}

static void dots(int64_t n, const vs_real *x, const vs_real *dy, vs_real mean, const vs_gate *gate,
                 double *sum, double *dot) {
  if (gate == NULL)
    dots_of(n, x, dy, mean, NULL, sum, dot);
  else
    dots_of(n, x, dy, mean, gate, sum, dot);
}

static void blend(int64_t n, const vs_real *restrict x, const vs_real *restrict dy, vs_real mean,
                  vs_real a, vs_real b, vs_real c, const vs_gate *gate, vs_real *restrict dx) {
  if (gate == NULL) {
    for (int64_t i = 0; i < n; i++) dx[i] = a * dy[i] + (b * (x[i] - mean) + c);
    return;
  }
  vs_gate g = *gate;
  for (int64_t i = 0; i < n; i++) {
    vs_real d = x[i] - mean, v = g.a * d + g.b;
    dx[i] = (v > g.lo && v < g.hi ? a * dy[i] : 0) + (b * d + c);
  }
}

static void row(int64_t n, const vs_real *restrict x, vs_real mean, vs_real rstd,
                const vs_real *restrict w, const vs_real *restrict b, vs_real *restrict y) {
  if (w && b)
    for (int64_t i = 0; i < n; i++) y[i] = (x[i] - mean) * rstd * w[i] + b[i];
  else if (w)
    for (int64_t i = 0; i < n; i++) y[i] = (x[i] - mean) * rstd * w[i];
  else
    for (int64_t i = 0; i < n; i++) y[i] = (x[i] - mean) * rstd + (b ? b[i] : 0);
}

/* Sums of g = dy*w and of g*(x - mean). */
static inline void weighted(int64_t n, const vs_real *x, const vs_real *dy, const vs_real *w,
                            vs_real mean, vs_real *sum, vs_real *dot) {
  vec s[2] = {{0}, {0}}, d[2] = {{0}, {0}}, m = vec_all(mean);
  int64_t i = 0;
  for (; i + 2 * LANES <= n; i += 2 * LANES)
    for (int k = 0; k < 2; k++) {
      vec g = vec_load(dy + i + k * LANES);
      if (w) g *= vec_load(w + i + k * LANES);
      s[k] += g;
      d[k] += g * (vec_load(x + i + k * LANES) - m);
    }
  *sum = vec_total(s[0] + s[1]);
  *dot = vec_total(d[0] + d[1]);
  for (; i < n; i++) {
    vs_real g = w ? dy[i] * w[i] : dy[i];
    *sum += g;
    *dot += g * (x[i] - mean);
  }
}

static void row_back(int64_t n, const vs_real *restrict x, const vs_real *restrict dy,
                     const vs_real *restrict w, vs_real mean, vs_real rstd, vs_real *restrict dx) {
  vs_real sum, dot;
  weighted(n, x, dy, w, mean, &sum, &dot);
  vs_real g = sum / (vs_real)n, h = dot * rstd * rstd / (vs_real)n;
  if (w)
    for (int64_t i = 0; i < n; i++) dx[i] = rstd * (dy[i] * w[i] - g - (x[i] - mean) * h);
  else
    for (int64_t i = 0; i < n; i++) dx[i] = rstd * (dy[i] - g - (x[i] - mean) * h);
}

static void row_sums(int64_t n, const vs_real *restrict x, const vs_real *restrict dy, vs_real mean,
                     vs_real rstd, vs_real *restrict dw, vs_real *restrict db) {
  for (int64_t i = 0; i < n; i++) {
    dw[i] += dy[i] * ((x[i] - mean) * rstd);
    db[i] += dy[i];
  }
}

const vs_kernels_norm VS_K(vs_kernels_norm) = {
    .moments = moments,
    .scale = scale,
    .dots = dots,
    .blend = blend,
    .row = row,
    .row_back = row_back,
    .row_sums = row_sums,
};
