/* Inner loops of pooling: rows of outputs whose windows are alike, and in a way of their own the
 * 2 x 2 windows with stride 2 that most networks use. */
#ifndef VS_KERNEL_POOL_H
#define VS_KERNEL_POOL_H

#include "kernel/kernel.h"

/* The windows of neighbouring outputs: that of output j is rows x cols of a plane, from position
 * first + j stride on.  rows and cols are at least 1. */
typedef struct vs_windows {
  const vs_real *plane;
  int64_t width; /* of the plane: a row of it */
  int64_t rows, cols, first, stride;
} vs_windows;

typedef struct vs_kernels_pool {
  /* y[j] = the most of window j, place[j] = its position in the plane.  The first of equal values
   * wins, row by row; a NaN wins over all, the last one over the others.  place may be NULL. */
  void (*max)(int64_t n, const vs_windows *w, vs_real *y, int32_t *place);
  /* y[j] = the most of r0[2j], r0[2j+1], r1[2j], r1[2j+1]; code[j] = which, from 0.  The first of
   * equal values wins; a NaN wins over all.  code may be NULL. */
  void (*max2)(int64_t n, const vs_real *r0, const vs_real *r1, vs_real *y, uint8_t *code);
  /* The four places of d0, d1 get dy[j] where code[j] says, 0 elsewhere. */
  void (*max2_back)(int64_t n, const vs_real *dy, const uint8_t *code, vs_real *d0, vs_real *d1);
  vs_real (*sum)(int64_t n, const vs_real *x);
} vs_kernels_pool;

VS_KERNEL_FAMILY(pool)

#endif
