/* Inner loops of batch and layer normalisation, over n contiguous values.  Sums run in a
 * fixed number of lanes: the same instruction set always gives the same bits. */
#ifndef VS_KERNEL_NORM_H
#define VS_KERNEL_NORM_H

#include "kernel/kernel.h"

/* What an activation behind the norm lets through: dy counts where lo < a*(x - mean) + b < hi. */
typedef struct vs_gate {
  vs_real a, b, lo, hi;
} vs_gate;

typedef struct vs_kernels_norm {
  /* mean of x, and the sum of squared distances from it; n > 0 */
  void (*moments)(int64_t n, const vs_real *x, double *mean, double *squares);
  /* y = a*(x - mean) + b, but not below lo nor above hi; NaN stays NaN */
  void (*scale)(int64_t n, const vs_real *x, vs_real mean, vs_real a, vs_real b, vs_real lo,
                vs_real hi, vs_real *y);
  /* sum of dy, and of dy * (x - mean); gate NULL: all of dy counts */
  void (*dots)(int64_t n, const vs_real *x, const vs_real *dy, vs_real mean, const vs_gate *gate,
               double *sum, double *dot);
  /* dx = a*dy + b*(x - mean) + c */
  void (*blend)(int64_t n, const vs_real *x, const vs_real *dy, vs_real mean, vs_real a, vs_real b,
                vs_real c, const vs_gate *gate, vs_real *dx);
  /* y = (x - mean) * rstd * w + b; a NULL w is all ones, a NULL b all zeros */
  void (*row)(int64_t n, const vs_real *x, vs_real mean, vs_real rstd, const vs_real *w,
              const vs_real *b, vs_real *y);
  /* with g = dy * w and h = (x - mean) * rstd:  dx = rstd * (g - mean(g) - h * mean(g*h)) */
  void (*row_back)(int64_t n, const vs_real *x, const vs_real *dy, const vs_real *w, vs_real mean,
                   vs_real rstd, vs_real *dx);
  /* dw += dy * (x - mean) * rstd, db += dy */
  void (*row_sums)(int64_t n, const vs_real *x, const vs_real *dy, vs_real mean, vs_real rstd,
                   vs_real *dw, vs_real *db);
} vs_kernels_norm;

VS_KERNEL_FAMILY(norm)

#endif
