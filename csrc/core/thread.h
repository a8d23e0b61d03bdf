/* One pool of threads (gcc's OpenMP, shared with OpenBLAS).  The only file that knows OpenMP.
 *
 * Work is cut into one contiguous range per thread, in order, so that the same number of threads
 * always gives the same numbers.  Nothing that can fail may run inside a range function. */
#ifndef VS_THREAD_H
#define VS_THREAD_H

#include "core/base.h"
#include "core/interrupt.h"

int vs_num_threads(void);
void vs_set_num_threads(int n);

typedef void (*vs_rangefn)(void *arg, int64_t first, int64_t last, int part); /* [first, last) */
/* Runs fn over [0, n) in at most vs_num_threads() ranges, each of at least `grain` items.
 * part numbers the ranges from 0.  Nested calls run on the calling thread.  After a request to stop
 * (core/interrupt.h) it runs nothing where the caller can be stopped; a range function that may
 * take long polls vs_interrupted() and returns early. */
void vs_parallel(int64_t n, int64_t grain, vs_rangefn fn, void *arg);
/* How many ranges vs_parallel would use for n and grain: the size of per-part scratch. */
int vs_parts(int64_t n, int64_t grain);

#endif
