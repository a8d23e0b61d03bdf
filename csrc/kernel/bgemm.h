/* Products of matrices whose values are rounded to bfloat16, with sums in float32.
 *
 * Both sides are packed first, into panels: `rows` rows of A, `cols` columns of B, one unit of four
 * bytes behind the other.  A unit holds `values` successive values along k: two in bfloat16 where
 * the processor multiplies such pairs (AVX-512 BF16), elsewhere one, rounded but kept as float32.
 * Both give the same products, exactly; they differ in the order of sums, and the instruction takes
 * sums below 2^-126 for zero.
 *
 * A value is rounded to the nearest bfloat16, ties to even, 8 significant bits; NaN and infinity
 * stay what they are, a finite value above 3.396e38 becomes infinite, one below 2^-126 zero.  For
 * twice the bits a value is split, x = HIGH + LOW, and three products are added,
 *   HIGH * HIGH + FINITE * LOW + LOW * FINITE
 * by packing A as HIGH, FINITE, LOW behind each other along k, and B as HIGH, LOW, FINITE.  HIGH of
 * a finite value is finite; FINITE is HIGH, or 0 where that is not finite, as is LOW then: so that
 * infinity times 0 comes from the values themselves only. */
#ifndef VS_KERNEL_BGEMM_H
#define VS_KERNEL_BGEMM_H

#include "kernel/kernel.h"

#ifndef VS_DOUBLE

typedef enum vs_bpart { VS_PART_ROUNDED, VS_PART_HIGH, VS_PART_FINITE, VS_PART_LOW } vs_bpart;

typedef struct vs_kernels_bgemm {
  int rows, cols, values;
  /* Unit u at place i of panel p (width: rows or cols; panels are `units` units of all places
   * apart) gets `part` of src[(p*width + i)*si + j*sk] for the values j from u*values; zeros for
   * places from n and values from k.  One of si, sk is 1.  Writes (k-1)/values + 1 units. */
  void (*pack)(int64_t n, int64_t k, const float *src, int64_t si, int64_t sk, int width,
               vs_bpart part, int64_t units, float *to);
  /* c[i*ldc + j] = alpha * sum_k a[i,k] b[k,j] + beta * c[i*ldc + j] for i < m, j < n, from panels
   * of that many units.  With beta = 0 c is not read. */
  void (*multiply)(int64_t m, int64_t n, int64_t units, const float *a, const float *b, float alpha,
                   float beta, float *c, int64_t ldc);
} vs_kernels_bgemm;

VS_KERNEL_FAMILY(bgemm)
extern const vs_kernels_bgemm vs_kernels_bgemm_avx512bf16;

#endif
#endif
