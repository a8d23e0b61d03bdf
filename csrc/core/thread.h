/* A pool of threads of vesper's own, which the process shares.
 *
 * Work is cut into more pieces than there are threads.  Threads take them as they become free, the
 * caller among them, so that a thread that the system does not run costs only the piece that it has
 * begun.  Which thread runs which piece is left to chance; results must not depend on it:
 *
 *  - Scratch goes by `slot`: no two threads have the same at a time, but one runs many pieces, in
 *    any order.
 *  - A sum over several pieces is kept by piece and added up in the order of pieces.  The number of
 *    pieces comes from vs_pieces, that is from sizes alone, so that such results are the same with
 *    any number of threads.
 *
 * Nothing that can fail may run inside a range function.  Any thread may call; calls at the same
 * time share the workers.  A forked child starts workers of its own.  Threads wait a moment for the
 * next piece of work, then they sleep. */
#ifndef VS_THREAD_H
#define VS_THREAD_H

#include "core/base.h"
#include "core/interrupt.h"

/* At first what OMP_NUM_THREADS says, or the processors that the process may use (core/cpus.h). */
int vs_num_threads(void);
void vs_set_num_threads(int n);

typedef void (*vs_rangefn)(void *arg, int64_t first, int64_t last, int slot); /* [first, last) */
/* Runs fn over [0, n) in pieces of at least `grain` items, on at most vs_num_threads() threads.
 * Nested calls run on the calling thread.  After a request to stop (core/interrupt.h) it runs
 * nothing more where the caller can be stopped; a range function that may take long polls
 * vs_interrupted() and returns early. */
void vs_parallel(int64_t n, int64_t grain, vs_rangefn fn, void *arg);
/* slot is below this: the size of scratch for vs_parallel with n and grain. */
int vs_slots(int64_t n, int64_t grain);

/* How many pieces of at least `grain` of n items a sum is cut into, `most` at most, but at least
 * one; the same for any number of threads.  Piece i has the items from vs_piece_at(n, pieces, i) up
 * to that of i + 1.  Used as vs_parallel(pieces, 1, ...). */
static inline int64_t vs_pieces(int64_t n, int64_t grain, int64_t most) {
  return VS_MAX(1, VS_MIN(n / VS_MAX(grain, 1), most));
}
static inline int64_t vs_piece_at(int64_t n, int64_t pieces, int64_t i) {
  return n / pieces * i + n % pieces * i / pieces;
}

#endif
