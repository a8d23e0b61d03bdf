/* Matrix products by OpenBLAS.  See blas.h. */
#include "core/blas.h"

#include <cblas.h>
#include <pthread.h>

/* OpenBLAS keeps to the calling thread.  Its build with OpenMP asks OpenMP for the number of
 * threads, which belongs to the calling thread.  Other builds come without these two functions. */
#pragma weak omp_get_max_threads
#pragma weak omp_set_num_threads
int omp_get_max_threads(void);
void omp_set_num_threads(int n);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool uses_openmp;

static void ask_for_one_thread(void) {
  enum { OPENMP = 2 };
  uses_openmp = openblas_get_parallel() == OPENMP && omp_get_max_threads && omp_set_num_threads;
  if (!uses_openmp) openblas_set_num_threads(1);
}

void vs_blas_gemm(bool ta, bool tb, int64_t m, int64_t n, int64_t k, vs_real alpha,
                  const vs_real *a, int64_t lda, const vs_real *b, int64_t ldb, vs_real beta,
                  vs_real *c, int64_t ldc) {
  if (m == 0 || n == 0) return;
  if (k == 0) { /* BLAS wants leading dimensions of at least 1: scale C ourselves */
    for (int64_t i = 0; i < m; i++)
      for (int64_t j = 0; j < n; j++) c[i * ldc + j] = beta == 0 ? 0 : beta * c[i * ldc + j];
    return;
  }
  pthread_once(&once, ask_for_one_thread);
  int others = uses_openmp ? omp_get_max_threads() : 1;
  if (others > 1) omp_set_num_threads(1);
  enum CBLAS_TRANSPOSE ua = ta ? CblasTrans : CblasNoTrans, ub = tb ? CblasTrans : CblasNoTrans;
#ifdef VS_DOUBLE
  cblas_dgemm(CblasRowMajor, ua, ub, (blasint)m, (blasint)n, (blasint)k, alpha, a, (blasint)lda, b,
              (blasint)ldb, beta, c, (blasint)ldc);
#else
  cblas_sgemm(CblasRowMajor, ua, ub, (blasint)m, (blasint)n, (blasint)k, alpha, a, (blasint)lda, b,
              (blasint)ldb, beta, c, (blasint)ldc);
#endif
  if (others > 1) omp_set_num_threads(others);
}
