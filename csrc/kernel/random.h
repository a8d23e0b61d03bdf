/* Random numbers of a stream (core/random.h), many at a time.  The values are the same at every
 * instruction set, and those of vs_rng_uniform and vs_rng_normal position by position. */
#ifndef VS_KERNEL_RANDOM_H
#define VS_KERNEL_RANDOM_H

#include "core/random.h"
#include "kernel/kernel.h"

typedef struct vs_kernels_random {
  /* out[i] = the number at position first + i, for i < n: uniform in [low, high), or normal. */
  void (*uniform)(vs_rng r, uint64_t first, int64_t n, vs_real *out, double low, double high);
  void (*normal)(vs_rng r, uint64_t first, int64_t n, vs_real *out, double mean, double std);
  /* y[i] = u < p ? 0 : scale * x[i], with u the uniform number at position first + i; mask[i] is
   * whether x[i] is kept (NULL: not wanted).  y may be x. */
  void (*dropout)(vs_rng r, uint64_t first, int64_t n, vs_real p, vs_real scale, const vs_real *x,
                  vs_real *y, uint8_t *mask);
} vs_kernels_random;

VS_KERNEL_FAMILY(random)

#endif
