/* Pooling's inner loops, without branches: which of few values is the most is as good as random.
 * See pool.h. */
#include "kernel/pool.h"

#include <string.h>

#include "kernel/vec.h"

#ifdef VS_DOUBLE
typedef int64_t vs_mask; /* as wide as vs_real */
#else
typedef int32_t vs_mask;
#endif

typedef vs_mask mask_quad __attribute__((vector_size(4 * sizeof(vs_mask))));
typedef uint8_t byte_quad __attribute__((vector_size(4)));
typedef vs_mask mask_vec __attribute__((vector_size(VEC_BYTES)));

/* m = v where v is larger or NaN, and k = which there. */
#define TAKE(vector, mask, v, which)                    \
  do {                                                  \
    mask wins = (v > m) | (v != v);                     \
    m = (vector)(((mask)v & wins) | ((mask)m & ~wins)); \
    k = (((which) - (mask){0}) & wins) | (k & ~wins);   \
  } while (0)

/* p[0], p[stride], ...; nothing beyond the last of them is read. */
static inline void every(vec *v, const vs_real *p, int64_t stride) {
  if (stride == 1) {
    *v = vec_load(p);
  } else if (stride == 2) {
    vec a = vec_load(p), b = vec_load(p + LANES - 1);
#ifdef VS_DOUBLE
    *v = __builtin_shufflevector(a, b, 0, 3);
#elif VEC_BYTES == 64
    *v = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 17, 19, 21, 23, 25, 27, 29, 31);
#elif VEC_BYTES == 32
    *v = __builtin_shufflevector(a, b, 0, 2, 4, 6, 9, 11, 13, 15);
#else
    *v = __builtin_shufflevector(a, b, 0, 2, 5, 7);
#endif
  } else {
    vs_real some[LANES];
    for (int i = 0; i < LANES; i++) some[i] = p[i * stride];
    *v = vec_load(some);
  }
}

static inline void every_four(quad *v, const vs_real *p, int64_t stride) {
  if (stride == 1)
    *v = QUAD(p);
  else if (stride == 2)
    *v = __builtin_shufflevector(QUAD(p), QUAD(p + 3), 0, 2, 5, 7);
  else
    *v = (quad){p[0], p[stride], p[2 * stride], p[3 * stride]};
}

/* The outputs of a row from j on, as many as a vector has. */
#define MOST(name, vector, mask, load)                                                \
  static inline void name(int64_t j, int64_t stride, const vs_windows *w, vs_real *y, \
                          int32_t *place) {                                           \
    int64_t first = w->first + j * stride;                                            \
    const vs_real *x = w->plane + first;                                              \
    vector m, v;                                                                      \
    mask k = {0};                                                                     \
    load(&m, x, stride);                                                              \
    for (int64_t r = 0; r < w->rows; r++)                                             \
      for (int64_t at = r * w->width; at < r * w->width + w->cols; at++) {            \
        load(&v, x + at, stride);                                                     \
        TAKE(vector, mask, v, (vs_mask)at);                                           \
      }                                                                               \
    memcpy(y + j, &m, sizeof m);                                                      \
    for (int64_t i = 0; place != NULL && i < (int64_t)(sizeof m / sizeof m[0]); i++)  \
      place[j + i] = (int32_t)(first + i * stride + k[i]);                            \
  }
MOST(most, vec, mask_vec, every)
MOST(most_of_four, quad, mask_quad, every_four)

/* The last vector of outputs lies over some of those before it. */
static inline void row_most(int64_t n, int64_t stride, const vs_windows *w, vs_real *y,
                            int32_t *place) {
  if (n < LANES)
    for (int64_t j = 0; j < n; j += 4) most_of_four(VS_MIN(j, n - 4), stride, w, y, place);
  else
    for (int64_t j = 0; j < n; j += LANES) most(VS_MIN(j, n - LANES), stride, w, y, place);
}

/* One output.  In a large window the next value seldom is the most so far: a branch is better. */
static void one_most(int64_t j, const vs_windows *w, vs_real *y, int32_t *place) {
  int64_t first = w->first + j * w->stride, best = 0;
  const vs_real *x = w->plane + first;
  bool small = w->rows * w->cols <= 16;
  vs_real m = x[0];
  for (int64_t r = 0; r < w->rows; r++)
    for (int64_t at = r * w->width; at < r * w->width + w->cols; at++) {
      vs_real v = x[at];
      if (!small) {
        if (v > m || v != v) m = v, best = at;
        continue;
      }
      best += (at - best) & -(int64_t)((v > m) | (v != v));
      m = v > m ? v : m;
      if (v != v) m = v;
    }
  y[j] = m;
  if (place != NULL) place[j] = (int32_t)(first + best);
}

static inline void outputs(int64_t n, const vs_windows *w, vs_real *y, int32_t *place) {
  if (n < 4)
    for (int64_t j = 0; j < n; j++) one_most(j, w, y, place);
  else if (w->stride == 1)
    row_most(n, 1, w, y, place);
  else if (w->stride == 2)
    row_most(n, 2, w, y, place);
  else
    row_most(n, w->stride, w, y, place);
}

static void max(int64_t n, const vs_windows *w, vs_real *y, int32_t *place) {
  if (place == NULL)
    outputs(n, w, y, NULL); /* nothing is compiled in that keeps places */
  else
    outputs(n, w, y, place);
}

static inline void four_most(const vs_real *r0, const vs_real *r1, vs_real *y, uint8_t *code) {
  quad a = QUAD(r0), b = QUAD(r0 + 4), c = QUAD(r1), d = QUAD(r1 + 4);
  quad m = __builtin_shufflevector(a, b, 0, 2, 4, 6),
       v1 = __builtin_shufflevector(a, b, 1, 3, 5, 7);
  quad v2 = __builtin_shufflevector(c, d, 0, 2, 4, 6),
       v3 = __builtin_shufflevector(c, d, 1, 3, 5, 7);
  mask_quad k = {0};
  TAKE(quad, mask_quad, v1, 1);
  TAKE(quad, mask_quad, v2, 2);
  TAKE(quad, mask_quad, v3, 3);
  QUAD(y) = m;
  byte_quad bytes = __builtin_convertvector(k, byte_quad);
  memcpy(code, &bytes, sizeof bytes);
}

/* Eight places of a row: dy[j] at 2j where code[j] is even, at 2j + 1 where it is even + 1. */
static inline void spread(const vs_real *dy, const uint8_t *code, vs_mask even, vs_real *d) {
  byte_quad bytes;
  memcpy(&bytes, code, sizeof bytes);
  mask_quad k = __builtin_convertvector(bytes, mask_quad), g = (mask_quad)QUAD(dy);
  quad e = (quad)(g & (k == even)), o = (quad)(g & (k == even + 1));
  QUAD(d) = __builtin_shufflevector(e, o, 0, 4, 1, 5);
  QUAD(d + 4) = __builtin_shufflevector(e, o, 2, 6, 3, 7);
}

/* The last one to three columns go through copies of full width. */
static void max2(int64_t n, const vs_real *r0, const vs_real *r1, vs_real *y, uint8_t *code) {
  vs_real p0[8] = {0}, p1[8] = {0}, most[4];
  uint8_t which[4];
  int64_t j = 0;
  for (; j + 4 <= n; j += 4) four_most(r0 + 2 * j, r1 + 2 * j, y + j, code ? code + j : which);
  if (j == n) return;
  for (int64_t i = 0; i < 2 * (n - j); i++) p0[i] = r0[2 * j + i], p1[i] = r1[2 * j + i];
  four_most(p0, p1, most, which);
  for (int64_t i = 0; j < n; i++, j++) {
    y[j] = most[i];
    if (code) code[j] = which[i];
  }
}

static void max2_back(int64_t n, const vs_real *restrict dy, const uint8_t *restrict code,
                      vs_real *restrict d0, vs_real *restrict d1) {
  int64_t j = 0;
  for (; j + 4 <= n; j += 4) {
    spread(dy + j, code + j, 0, d0 + 2 * j);
    spread(dy + j, code + j, 2, d1 + 2 * j);
  }
  for (; j < n; j++) {
    d0[2 * j] = code[j] == 0 ? dy[j] : 0;
    d0[2 * j + 1] = code[j] == 1 ? dy[j] : 0;
    d1[2 * j] = code[j] == 2 ? dy[j] : 0;
    d1[2 * j + 1] = code[j] == 3 ? dy[j] : 0;
  }
}

static vs_real sum(int64_t n, const vs_real *x) {
  vec s[2] = {{0}, {0}};
  int64_t i = 0;
  for (; i + 2 * LANES <= n; i += 2 * LANES)
    for (int k = 0; k < 2; k++) s[k] += vec_load(x + i + k * LANES);
  vs_real t = vec_total(s[0] + s[1]);
  for (; i < n; i++) t += x[i];
  return t;
}

const vs_kernels_pool VS_K(vs_kernels_pool) = {
    .max = max, .max2 = max2, .max2_back = max2_back, .sum = sum};
