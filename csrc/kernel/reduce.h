/* Sums of runs and of columns, in double so that long sums stay exact to the last float bits. */
#ifndef VS_REDUCE_H
#define VS_REDUCE_H

#include "kernel/kernel.h"

typedef struct vs_kernels_reduce {
  double (*sum)(int64_t n, const vs_real *x, int64_t stride);
  void (*add_columns)(int64_t n, double *acc, const vs_real *x); /* acc[j] += x[j] */
} vs_kernels_reduce;
VS_KERNEL_FAMILY(reduce)

#endif
