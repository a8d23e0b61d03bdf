/* Products of matrices: of values as they are (whole), or rounded to bfloat16 with sums in float32.
 *
 * A side is read as units, each of a vs_real's size, by panels: a few rows of A, `cols` columns of
 * B.  A unit holds `values` successive values along k: two in bfloat16 where the processor
 * multiplies such pairs (AVX-512 BF16), elsewhere one, whole or rounded.  Rounded ones give the
 * same products either way, exactly; they differ in the order of sums, and the instruction takes
 * sums below 2^-126 for zero.  Whole values may be read where they lie, all others are packed
 * first.
 *
 * A value is rounded to the nearest bfloat16, ties to even, 8 significant bits; NaN and infinity
 * stay what they are, a finite value above 3.396e38 becomes infinite, one below 2^-126 zero.  In
 * the double build all are whole. */
#ifndef VS_KERNEL_GEMM_H
#define VS_KERNEL_GEMM_H

#include "kernel/kernel.h"

/* Where a side's units lie: unit u at place i of panel p is at[p*panel + i*place + u*unit].  The
 * rows of A are one panel; `place` of B is 1. */
typedef struct vs_side {
  const vs_real *at;
  int64_t place, unit, panel;
} vs_side;

enum { VS_GEMM_PANELS = 12 }; /* the most of A that are packed at once */
enum { VS_GEMM_SPARE = 16 };  /* what pack_left may write behind a panel */

typedef struct vs_kernels_gemm {
  int rows, cols, values; /* the most rows of A, the columns of B, of a tile of sums */
  int turned;             /* columns of multiply_turned's tile */
  int along;              /* what the units of a panel are a multiple of */
  /* Unit u at place i gets src[i*si + j*sk], rounded if `rounds`, for the values j from u*values;
   * zeros for values from k.  One of si, sk is 1.  Without `rounds` values is 1.  Writes
   * (k-1)/values + 1 units, rounded up to `along`.  src: of vs_real, or of bfloat16 where `bf16`.
   * Left: places are dealt evenly to `panels` panels, `apart` numbers apart, and unit u of panel p,
   * of w places from n*p/panels on, goes to to[p*apart + u*w + i], where `along` is 1; tiles have a
   * form of their own, with `rows` for w.
   * Right: panels of `cols` places behind each other, zeros for places from n. */
  void (*pack_left)(int64_t n, int panels, int64_t k, const void *src, bool bf16, int64_t si,
                    int64_t sk, bool rounds, int64_t apart, vs_real *to);
  void (*pack_right)(int64_t n, int64_t k, const void *src, bool bf16, int64_t si, int64_t sk,
                     bool rounds, vs_real *to);
  /* c[i*ldc + j] = alpha * sum_k a[i,k] b[k,j] + beta * c[i*ldc + j] + bias[j] for i < m, j < n.
   * With beta = 0 c is not read.  bias: NULL for none.  Where out is given, that rounded to
   * bfloat16 goes to out[i*ldo + j], and c stays as it is.  m is at most `rows` where `along` is
   * not 1.  All columns of B's panels are read. */
  void (*multiply)(int64_t m, int64_t n, int64_t units, vs_side a, vs_side b, vs_real alpha,
                   vs_real beta, const vs_real *bias, vs_real *c, int64_t ldc, uint16_t *out,
                   int64_t ldo);
  /* c[i*ldc + j] = sum_k a[i,k] b[j*ldb + k] + bias[j] for i < m, j < n, of whole values, for few
   * rows: those of A in panels of `cols`, as pack_right makes them, B's columns where they lie.
   * Where values is 1. */
  void (*multiply_turned)(int64_t m, int64_t n, int64_t k, const vs_real *a, const vs_real *b,
                          int64_t ldb, const vs_real *bias, vs_real *c, int64_t ldc);
  /* c[i*ldc + j] = sum_k a[i*lda + k] b[j*ldb + k] + beta * c[i*ldc + j] + bias[j] for i < m, j <
   * n, of whole values where they lie, for the fewest rows.  Where values is 1. */
  void (*multiply_dots)(int64_t m, int64_t n, int64_t k, const vs_real *a, int64_t lda,
                        const vs_real *b, int64_t ldb, vs_real beta, const vs_real *bias,
                        vs_real *c, int64_t ldc);
} vs_kernels_gemm;

VS_KERNEL_FAMILY(gemm)
#ifndef VS_DOUBLE
extern const vs_kernels_gemm vs_kernels_gemm_avx512bf16;
/* By AMX's tiles of 16 x 16 sums, 16 units along k at a time (tiles.h); and the same with the tiles
 * computed by AVX-512 BF16. */
extern const vs_kernels_gemm vs_kernels_gemm_amx, vs_kernels_gemm_tiles;
#endif

#endif
