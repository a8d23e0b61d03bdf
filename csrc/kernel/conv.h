/* Inner loops of convolution: one product that gathers its left side, and the moves around it.
 *
 * The left matrix is never built.  Its element (m, i) is x[base[m] + off[i]]: in a forward pass m
 * is an output pixel and i a kernel tap, in a weight gradient m is a tap and i a pixel.  The right
 * side and the result lie in panels of `cols` columns.  Nothing here knows of padding or stride. */
#ifndef VS_KERNEL_CONV_H
#define VS_KERNEL_CONV_H

#include "kernel/kernel.h"

typedef struct vs_kernels_conv {
  int rows, cols; /* of one register tile */
  /* acc[m][c] (+)= sum_i x[base[m] + off[i]] * v[i][c] for m < nm, c < cols.  acc has room for nm
   * rounded up to `rows`; the rows after nm are scratch. */
  void (*gather)(int64_t nm, const int64_t *base, int64_t n, const int64_t *off, const vs_real *x,
                 const vs_real *v, vs_real *acc, bool add);
  /* panel[i][c] = src[c*ld + i] for i < n, c < width; zero for width <= c < cols. */
  void (*pack)(int64_t n, int width, const vs_real *src, int64_t ld, vs_real *panel);
  /* dst[c*ld + i*step] = panel[i][c] + bias[c] for i < n, c < width; bias may be NULL. */
  void (*unpack)(int64_t n, int width, const vs_real *panel, const vs_real *bias, vs_real *dst,
                 int64_t ld, int64_t step);
  /* y[i*ld + j] = bias + sum_t w[t] * x[i*row + off[t] + j] for i < rows, j < n, t < nt.  Reads up
   * to `cols` elements behind the last j, whatever they hold. */
  void (*taps)(int64_t rows, int64_t n, int64_t nt, const int64_t *off, const vs_real *w,
               vs_real bias, const vs_real *x, int64_t row, vs_real *y, int64_t ld);
  /* sums[t*cols + l] += y[i*ld + j] * x[i*row + off[t] + j] for i < rows, j < n, t < nt, l being j
   * modulo some number up to cols.  Reads up to `cols` elements of x behind the last j of a row:
   * finite ones. */
  void (*tap_sums)(int64_t rows, int64_t n, int64_t nt, const int64_t *off, const vs_real *x,
                   int64_t row, const vs_real *y, int64_t ld, vs_real *sums);
  /* y[i*ly + j] = x[i*lx + j] for i < rows, j < n; up to `cols` zeros behind each row of y. */
  void (*copy)(int64_t rows, int64_t n, const vs_real *x, int64_t lx, vs_real *y, int64_t ly);
  /* sum_i x[i] */
  vs_real (*sum)(int64_t n, const vs_real *x);
} vs_kernels_conv;

VS_KERNEL_FAMILY(conv)

#endif
