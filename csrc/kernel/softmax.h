/* Rows of softmax, logsumexp and norms: each function takes one contiguous row of n values. */
#ifndef VS_KERNEL_SOFTMAX_H
#define VS_KERNEL_SOFTMAX_H

#include "kernel/kernel.h"

enum { VS_ABREAST = 64 };

/* log sum exp of a row in two parts, max + log: their sum would be rounded to the digits of max.
 * What is wanted is x minus both: (x - max) - log. */
typedef struct vs_lse {
  vs_real max, log; /* log of the sum of exp(x - max) */
} vs_lse;

typedef struct vs_kernels_softmax {
  /* max + log is -inf when every value is -inf (or n is 0), inf when some value is. */
  vs_lse (*logsumexp)(int64_t n, const vs_real *x);
  /* y = exp(x - max) / sum; a row of -inf alone (all masked) gives zeros, and {0, 0}. */
  vs_lse (*softmax)(int64_t n, const vs_real *x, vs_real *y);
  /* y = x - lse */
  void (*log_softmax)(int64_t n, const vs_real *x, vs_lse lse, vs_real *y);
  /* dx = y * (dy - sum(dy * y)) */
  void (*softmax_back)(int64_t n, const vs_real *y, const vs_real *dy, vs_real *dx);
  /* y = log softmax: dx = dy - exp(y) * sum(dy) */
  void (*log_softmax_back)(int64_t n, const vs_real *y, const vs_real *dy, vs_real *dx);
  /* y = exp(x - lse) * scale; the gradient of cross-entropy. */
  void (*exp_scale)(int64_t n, const vs_real *x, vs_lse lse, vs_real scale, vs_real *y);
  /* Sum of c - x, and of w * (c - x). */
  vs_real (*below)(int64_t n, const vs_real *x, vs_real c);
  vs_real (*below_by)(int64_t n, const vs_real *w, const vs_real *x, vs_real c);
  vs_real (*sum)(int64_t n, const vs_real *x);
  vs_real (*dot)(int64_t n, const vs_real *x, const vs_real *y);
  /* y = a * x + b * z */
  void (*blend)(int64_t n, vs_real a, const vs_real *x, vs_real b, const vs_real *z, vs_real *y);
  /* y[j * to + i] = x[i * from + j], i < rows, j < columns */
  void (*turn)(int64_t rows, int64_t columns, const vs_real *x, int64_t from, vs_real *y,
               int64_t to);
  /* The same of `width` <= VS_ABREAST columns side by side, values `step` apart; sums of a column
   * are made in blocks. */
  void (*logsumexp_columns)(int64_t n, int64_t width, const vs_real *x, int64_t step, vs_lse *lse);
  void (*softmax_columns)(int64_t n, int64_t width, const vs_real *x, int64_t step, vs_real *y);
  void (*log_softmax_columns)(int64_t n, int64_t width, const vs_real *x, int64_t step, vs_real *y);
  void (*softmax_back_columns)(int64_t n, int64_t width, const vs_real *y, const vs_real *dy,
                               int64_t step, vs_real *dx);
  void (*log_softmax_back_columns)(int64_t n, int64_t width, const vs_real *y, const vs_real *dy,
                                   int64_t step, vs_real *dx);
  void (*exp_scale_columns)(int64_t n, int64_t width, const vs_real *x, int64_t step,
                            const vs_lse *lse, const vs_real *scale, vs_real *y);
} vs_kernels_softmax;

VS_KERNEL_FAMILY(softmax)

#endif
