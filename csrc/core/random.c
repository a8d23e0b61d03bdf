/* Philox 4x32-10.  See random.h. */
#include "core/random.h"

#include <math.h>

static vs_rngstate global = {0, 0};

void vs_manual_seed(uint64_t seed) { global = (vs_rngstate){seed, 0}; }

vs_rngstate vs_rng_state(void) {
  return (vs_rngstate){global.seed, __atomic_load_n(&global.counter, __ATOMIC_RELAXED)};
}

void vs_rng_restore(vs_rngstate s) { global = s; }

vs_rng vs_rng_take(void) {
  return (vs_rng){global.seed, __atomic_fetch_add(&global.counter, 1, __ATOMIC_RELAXED)};
}

/* Four words for one block of a stream. */
static void philox(vs_rng r, uint64_t block, uint32_t out[4]) {
  uint32_t k0 = (uint32_t)r.seed, k1 = (uint32_t)(r.seed >> 32);
  uint32_t c0 = (uint32_t)block, c1 = (uint32_t)(block >> 32);
  uint32_t c2 = (uint32_t)r.stream, c3 = (uint32_t)(r.stream >> 32);
  for (int i = 0; i < 10; i++) {
    uint64_t p0 = (uint64_t)VS_PHILOX_M0 * c0, p1 = (uint64_t)VS_PHILOX_M1 * c2;
    uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)p1;
    c3 = (uint32_t)p0;
    c0 = n0;
    c2 = n2;
    k0 += VS_PHILOX_W0;
    k1 += VS_PHILOX_W1;
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

double vs_rng_uniform(vs_rng r, uint64_t position) { return vs_rng_unit(vs_rng_bits(r, position)); }

double vs_rng_normal(vs_rng r, uint64_t position) {
  uint32_t w[4];
  philox(r, position >> 2, w);
  const uint32_t *pair = w + (position & 2);
  double u = ((double)pair[0] + 1.0) / 4294967296.0, v = (double)pair[1] / 4294967296.0;
  double radius = sqrt(-2.0 * log(u)), angle = 6.283185307179586 * v;
  return radius * (position & 1 ? sin(angle) : cos(angle));
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
