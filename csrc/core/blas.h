/* Matrix products by OpenBLAS, the only caller of it; both builds go through here.
 * Ops use op/gemm.h, which knows precisions. */
#ifndef VS_BLAS_H
#define VS_BLAS_H

#include "core/base.h"

/* C[m,n] = alpha * op(A)[m,k] * op(B)[k,n] + beta * C, all row-major with leading dimensions.
 * ta, tb: take A, B transposed (A is then stored [k,m], B [n,k]).  Runs on the calling thread. */
void vs_blas_gemm(bool ta, bool tb, int64_t m, int64_t n, int64_t k, vs_real alpha,
                  const vs_real *a, int64_t lda, const vs_real *b, int64_t ldb, vs_real beta,
                  vs_real *c, int64_t ldc);

#endif
