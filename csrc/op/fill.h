/* Tensors of random numbers, over all threads: kernel/random.h cut into ranges.  A number depends
 * on the stream and its position alone. */
#ifndef VS_FILL_H
#define VS_FILL_H

#include "core/random.h"

void vs_fill_uniform(vs_rng r, int64_t n, vs_real *out, double low, double high);
void vs_fill_normal(vs_rng r, int64_t n, vs_real *out, double mean, double std);

#endif
