/* Transforms of Winograd's minimal filtering F(4x4, 3x3) (Lavin & Gray, Fast Algorithms for
 * Convolutional Neural Networks, 2015).
 *
 * A 4x4 tile of y = x * w comes from a 6x6 patch of x:  y = A' [(G w G') . (B' x B)] A,  so that 36
 * products, one each of 36 `components`, replace 144.  Summed over channels each component is a
 * matrix product.  The interpolation points are 0, 2/3, -2/3, 3/2, -3/2 and infinity: with them
 * float32 loses less than one bit more than a plain sum does, a fourth of what 0, 1, -1, 2, -2
 * lose.
 *
 * Every function handles `lanes` places at a time, which may be tiles or channels: whatever the
 * offsets say.  Lanes behind the last real place hold whatever, and nobody reads them.  Component c
 * of a result lies `step` behind component c - 1. */
#ifndef VS_KERNEL_WINOGRAD_H
#define VS_KERNEL_WINOGRAD_H

#include "kernel/kernel.h"

enum { VS_WINOGRAD = 36 }; /* components */

/* Where a tile of y goes: its corner, and how much of it there is (0 rows: nothing). */
typedef struct vs_winograd_tile {
  int64_t at;
  int rows, cols;
} vs_winograd_tile;

typedef struct vs_kernels_winograd {
  int lanes; /* a divisor of gemm's cols, a multiple of 4 */
  /* to[c*step + i] = (B' x B)[c] of the patch at x + off[i], rows `row` apart, for i < n, a
   * multiple of lanes. */
  void (*input)(int64_t n, const vs_real *x, const int64_t *off, int64_t row, vs_real *to,
                int64_t step);
  /* (A dy A') of the 4x4 tiles at dy + off[i], i < lanes; `width` places lie side by side, the next
   * ones `apart` behind them. */
  void (*gradient)(const vs_real *dy, const int64_t *off, int64_t row, vs_real *to, int64_t step,
                   int width, int64_t apart);
  /* (G w G') of the kernels at w + i*stride + k*along, i < n <= lanes, k < count, zeros behind the
   * last i; turned by half a circle where `turned`; laid out as gradient's, those of the next k
   * `width` behind. */
  void (*weight)(int n, int64_t count, const vs_real *w, int64_t stride, int64_t along, bool turned,
                 vs_real *to, int64_t step, int width, int64_t apart);
  /* Tile i < n of y, rows `row` apart, gets (A' m A) + bias of m[c] = from[c*step + i]; from is
   * read up to a multiple of lanes.  y: of vs_real, or of bfloat16 where `bf16`. */
  void (*output)(int64_t n, const vs_real *from, int64_t step, vs_real bias,
                 const vs_winograd_tile *tile, void *y, bool bf16, int64_t row);
  /* dw[i*9 + tap] = (G' u G)[tap] of u[c] = from[c*step + i], i < n <= lanes; lanes are read. */
  void (*weight_gradient)(int n, const vs_real *from, int64_t step, vs_real *dw);
} vs_kernels_winograd;

VS_KERNEL_FAMILY(winograd)

#endif
