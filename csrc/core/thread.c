/* The thread pool.  See thread.h. */
#include "core/thread.h"

#include <cblas.h>
#ifdef _OPENMP
#include <omp.h>
#endif

static int threads;

int vs_num_threads(void) {
  if (threads == 0) {
#ifdef _OPENMP
    threads = omp_get_max_threads();
#else
    threads = 1;
#endif
  }
  return threads;
}

void vs_set_num_threads(int n) {
  threads = VS_MAX(n, 1);
  openblas_set_num_threads(threads);
#ifdef _OPENMP
  omp_set_num_threads(threads);
#endif
}

int vs_parts(int64_t n, int64_t grain) {
  int64_t most = n / VS_MAX(grain, 1);
  if (most < 2) return 1;
#ifdef _OPENMP
  if (omp_in_parallel()) return 1;
#endif
  return (int)VS_MIN(most, vs_num_threads());
}

void vs_parallel(int64_t n, int64_t grain, vs_rangefn fn, void *arg) {
  int parts = vs_parts(n, grain);
  if (n <= 0 || vs_interrupted()) return;
  if (parts == 1) {
    fn(arg, 0, n, 0);
    return;
  }
  bool stoppable = vs_stoppable();
#ifdef _OPENMP
#pragma omp parallel for num_threads(parts) schedule(static, 1)
#endif
  for (int p = 0; p < parts; p++) {
    vs_set_stoppable(stoppable);
    fn(arg, n * p / parts, n * (p + 1) / parts, p);
  }
}
