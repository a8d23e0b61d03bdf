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

/* Raw 32 random bits at a position of a stream; uniform in [0,1) of 24 (float) or 53 bits;
 * normal. */
uint32_t vs_rng_bits(vs_rng r, uint64_t position);
double vs_rng_uniform(vs_rng r, uint64_t position);
/* Fill n values for positions first, first+1, ...  Normal numbers by Box-Muller, two per block. */
void vs_rng_fill_uniform(vs_rng r, uint64_t first, int64_t n, vs_real *out, double low,
                         double high);
void vs_rng_fill_normal(vs_rng r, uint64_t first, int64_t n, vs_real *out, double mean, double std);
/* A uniformly random permutation of 0..n-1 (Fisher-Yates). */
void vs_rng_permutation(vs_rng r, int64_t n, int64_t *out);

#endif
