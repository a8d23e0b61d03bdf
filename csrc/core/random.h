/* Counter-based random numbers: Philox 4x32-10 (Salmon et al., SC 2011).
 *
 * A value depends on (seed, stream, position) alone, never on which thread made it or on what was
 * drawn before.  The process-wide generator is a seed and a counter; an op that draws n numbers
 * takes n positions with vs_rng_take and fills its output in any order. */
#ifndef VS_RANDOM_H
#define VS_RANDOM_H

#include "core/base.h"

typedef struct vs_rng {
  uint64_t seed, stream;
} vs_rng;

/* The process-wide generator. */
void vs_manual_seed(uint64_t seed);
typedef struct vs_rngstate {
  uint64_t seed, counter;
} vs_rngstate;
vs_rngstate vs_rng_state(void);
void vs_rng_restore(vs_rngstate s);
/* Reserves one stream of the process-wide generator. */
vs_rng vs_rng_take(void);

/* Philox's multipliers and the steps of its key. */
#define VS_PHILOX_M0 0xD2511F53u
#define VS_PHILOX_M1 0xCD9E8D57u
#define VS_PHILOX_W0 0x9E3779B9u
#define VS_PHILOX_W1 0xBB67AE85u

/* Raw 32 random bits at a position of a stream; uniform in [0,1), of 24 bits (float) or 32; normal,
 * by Box-Muller, two pairs per block.  kernel/random.h has many at a time, op/fill.h tensors. */
uint32_t vs_rng_bits(vs_rng r, uint64_t position);
double vs_rng_uniform(vs_rng r, uint64_t position);
double vs_rng_normal(vs_rng r, uint64_t position);

/* The uniform number of raw bits, in [0,1), and in [low, high). */
static inline double vs_rng_unit(uint32_t bits) {
#ifdef VS_DOUBLE
  return (double)bits * 0x1p-32;
#else
  return (double)(int32_t)(bits >> 8) * 0x1p-24;
#endif
}
static inline vs_real vs_rng_between(uint32_t bits, double low, double high) {
  vs_real v = (vs_real)(low + (high - low) * vs_rng_unit(bits));
  return v < (vs_real)high || low == high ? v : (vs_real)low; /* rounding may reach `high` */
}

/* A uniformly random permutation of 0..n-1 (Fisher-Yates). */
void vs_rng_permutation(vs_rng r, int64_t n, int64_t *out);

#endif
