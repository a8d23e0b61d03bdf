/* Philox 4x32-10.  See random.h. */
#include "core/random.h"

#include <math.h>

static vs_rngstate global = {0, 0};

void vs_manual_seed(uint64_t seed) { global = (vs_rngstate){seed, 0}; }

vs_rngstate vs_rng_state(void) { return global; }

void vs_rng_restore(vs_rngstate s) { global = s; }

vs_rng vs_rng_take(void) { return (vs_rng){global.seed, global.counter++}; }

/* Four words for one block of a stream. */
static void philox(vs_rng r, uint64_t block, uint32_t out[4]) {
  uint32_t k0 = (uint32_t)r.seed, k1 = (uint32_t)(r.seed >> 32);
  uint32_t c0 = (uint32_t)block, c1 = (uint32_t)(block >> 32);
  uint32_t c2 = (uint32_t)r.stream, c3 = (uint32_t)(r.stream >> 32);
  for (int i = 0; i < 10; i++) {
    uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
    uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)p1;
    c3 = (uint32_t)p0;
    c0 = n0;
    c2 = n2;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

uint32_t vs_rng_bits(vs_rng r, uint64_t position) {
  uint32_t w[4];
  philox(r, position >> 2, w);
  return w[position & 3];
}

static double to_unit(uint32_t bits) {
#ifdef VS_DOUBLE
  return (double)bits / 4294967296.0;
#else
  return (double)(bits >> 8) / 16777216.0;
#endif
}

double vs_rng_uniform(vs_rng r, uint64_t position) { return to_unit(vs_rng_bits(r, position)); }

/* Box-Muller: two normal numbers from two words. */
static void normal_pair(uint32_t a, uint32_t b, double *x, double *y) {
  double u = ((double)a + 1.0) / 4294967296.0, v = (double)b / 4294967296.0;
  double radius = sqrt(-2.0 * log(u)), angle = 6.283185307179586 * v;
  *x = radius * cos(angle);
  *y = radius * sin(angle);
}

void vs_rng_fill_uniform(vs_rng r, uint64_t first, int64_t n, vs_real *out, double low,
                         double high) {
  uint32_t w[4];
  for (int64_t i = 0; i < n; i++) {
    uint64_t at = first + (uint64_t)i;
    if (i == 0 || (at & 3) == 0) philox(r, at >> 2, w);
    vs_real v = (vs_real)(low + (high - low) * to_unit(w[at & 3]));
    out[i] = v < (vs_real)high || low == high ? v : (vs_real)low; /* rounding may reach `high` */
  }
}

void vs_rng_fill_normal(vs_rng r, uint64_t first, int64_t n, vs_real *out, double mean,
                        double std) {
  double v[4];
  for (int64_t i = 0; i < n; i++) {
    uint64_t at = first + (uint64_t)i;
    if (i == 0 || (at & 3) == 0) {
      uint32_t w[4];
      philox(r, at >> 2, w);
      normal_pair(w[0], w[1], &v[0], &v[1]);
      normal_pair(w[2], w[3], &v[2], &v[3]);
    }
    out[i] = (vs_real)(mean + std * v[at & 3]);
  }
}

void vs_rng_permutation(vs_rng r, int64_t n, int64_t *out) {
  for (int64_t i = 0; i < n; i++) out[i] = i;
  for (int64_t i = n - 1; i > 0; i--) {
    uint64_t bits =
        (uint64_t)vs_rng_bits(r, (uint64_t)(2 * i)) << 32 | vs_rng_bits(r, (uint64_t)(2 * i + 1));
    int64_t j = (int64_t)(bits % (uint64_t)(i + 1)), t = out[i];
    out[i] = out[j];
    out[j] = t;
  }
}
