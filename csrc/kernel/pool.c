/* Pooling's inner loops, without branches: which of four values is the most is as good as random.
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

/* m = v where v is larger or NaN, and k = which there. */
#define TAKE(v, which)                                          \
  do {                                                          \
    mask_quad wins = (v > m) | (v != v);                        \
    m = (quad)(((mask_quad)v & wins) | ((mask_quad)m & ~wins)); \
    k = ((which)&wins) | (k & ~wins);                           \
  } while (0)

static inline void four_most(const vs_real *r0, const vs_real *r1, vs_real *y, uint8_t *code) {
  quad a = QUAD(r0), b = QUAD(r0 + 4), c = QUAD(r1), d = QUAD(r1 + 4);
  quad m = __builtin_shufflevector(a, b, 0, 2, 4, 6),
       v1 = __builtin_shufflevector(a, b, 1, 3, 5, 7);
  quad v2 = __builtin_shufflevector(c, d, 0, 2, 4, 6),
       v3 = __builtin_shufflevector(c, d, 1, 3, 5, 7);
  mask_quad k = {0};
  TAKE(v1, 1);
  TAKE(v2, 2);
  TAKE(v3, 3);
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

const vs_kernels_pool VS_K(vs_kernels_pool) = {.max2 = max2, .max2_back = max2_back, .sum = sum};
