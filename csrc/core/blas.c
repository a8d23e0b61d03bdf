/* Matrix products by OpenBLAS.  See blas.h. */
#include "core/blas.h"

#include <cblas.h>

void vs_blas_gemm(bool ta, bool tb, int64_t m, int64_t n, int64_t k, vs_real alpha,
                  const vs_real *a, int64_t lda, const vs_real *b, int64_t ldb, vs_real beta,
                  vs_real *c, int64_t ldc) {
  if (m == 0 || n == 0) return;
  if (k == 0) { /* BLAS wants leading dimensions of at least 1: scale C ourselves */
    for (int64_t i = 0; i < m; i++)
      for (int64_t j = 0; j < n; j++) c[i * ldc + j] = beta == 0 ? 0 : beta * c[i * ldc + j];
    return;
  }
  enum CBLAS_TRANSPOSE ua = ta ? CblasTrans : CblasNoTrans, ub = tb ? CblasTrans : CblasNoTrans;
#ifdef VS_DOUBLE
  cblas_dgemm(CblasRowMajor, ua, ub, (blasint)m, (blasint)n, (blasint)k, alpha, a, (blasint)lda, b,
              (blasint)ldb, beta, c, (blasint)ldc);
#else
  cblas_sgemm(CblasRowMajor, ua, ub, (blasint)m, (blasint)n, (blasint)k, alpha, a, (blasint)lda, b,
              (blasint)ldb, beta, c, (blasint)ldc);
#endif
}
