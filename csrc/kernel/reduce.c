/* Sums.  See reduce.h. */
#include "kernel/reduce.h"

static double sum(int64_t n, const vs_real *x, int64_t stride) {
  enum { LANES = 16 };
  double lane[LANES] = {0}, total = 0;
  int64_t i = 0;
  if (stride == 1)
    for (; i + LANES <= n; i += LANES)
      for (int j = 0; j < LANES; j++) lane[j] += (double)x[i + j];
  for (; i < n; i++) total += (double)x[i * stride];
  for (int j = 0; j < LANES; j++) total += lane[j];
  return total;
}

static void add_columns(int64_t n, double *acc, const vs_real *x) {
  for (int64_t j = 0; j < n; j++) acc[j] += (double)x[j];
}

const vs_kernels_reduce VS_K(vs_kernels_reduce) = {.sum = sum, .add_columns = add_columns};
