/* See peak.h. */
#include "kernel/peak.h"

#include "kernel/vec.h"

enum { WAYS = 12 }; /* in flight: two units, a latency of four or five */

static vs_real multiply_adds(int64_t n, double *flops) {
  vec a[WAYS], x = vec_all((vs_real)0.999), y = vec_all((vs_real)1e-3);
  /* Of n, so that the compiler cannot tell where one of them is going (1 would stay 1). */
  for (int k = 0; k < WAYS; k++) a[k] = vec_all((vs_real)(n % 1000 + k));
  for (int64_t i = 0; i < n; i++)
    for (int k = 0; k < WAYS; k++) a[k] = a[k] * x + y;
  for (int k = 1; k < WAYS; k++) a[0] += a[k];
  *flops += 2.0 * WAYS * LANES * (double)n;
  return vec_total(a[0]);
}

const vs_kernels_peak VS_K(vs_kernels_peak) = {.multiply_adds = multiply_adds};
