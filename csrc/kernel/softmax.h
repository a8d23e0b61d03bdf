/* Rows of softmax, logsumexp and norms: each function takes one contiguous row of n values. */
#ifndef VS_KERNEL_SOFTMAX_H
#define VS_KERNEL_SOFTMAX_H

#include "kernel/kernel.h"

typedef struct vs_kernels_softmax {
  /* log sum exp of the row.  -inf when every value is -inf (or n is 0), inf when some value is. */
  vs_real (*logsumexp)(int64_t n, const vs_real *x);
  /* y = exp(x - max) / sum; a row of -inf alone (all masked) gives zeros.  Returns the log sum
   * exp. */
  vs_real (*softmax)(int64_t n, const vs_real *x, vs_real *y);
  /* y = x - c */
  void (*shift)(int64_t n, const vs_real *x, vs_real c, vs_real *y);
  /* dx = y * (dy - sum(dy * y)) */
  void (*softmax_back)(int64_t n, const vs_real *y, const vs_real *dy, vs_real *dx);
  /* y = log softmax: dx = dy - exp(y) * sum(dy) */
  void (*log_softmax_back)(int64_t n, const vs_real *y, const vs_real *dy, vs_real *dx);
  /* y = exp(x - c) * scale; the gradient of logsumexp and of cross-entropy. */
  void (*exp_scale)(int64_t n, const vs_real *x, vs_real c, vs_real scale, vs_real *y);
  vs_real (*sum)(int64_t n, const vs_real *x);
  vs_real (*dot)(int64_t n, const vs_real *x, const vs_real *y);
  /* y = a * x + b * z */
  void (*blend)(int64_t n, vs_real a, const vs_real *x, vs_real b, const vs_real *z, vs_real *y);
} vs_kernels_softmax;

VS_KERNEL_FAMILY(softmax)

#endif
