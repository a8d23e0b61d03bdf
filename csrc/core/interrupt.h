/* A request to stop what is running, as Ctrl-C makes it.
 *
 * The request is a flag: vs_interrupt sets it, from a signal handler too, and whoever raises the
 * error clears it.  Long work polls it where it is cut into pieces and returns early; the caller
 * sees the flag, frees what was made and fails with vs_fail_interrupted.  A poll is one relaxed
 * load.  Nothing is stopped that writes what a script can see: ops in place, running statistics,
 * the step of an optimizer.
 *
 * Only the thread that runs Lua can be stopped, and only while it says so (vs_set_stoppable):
 * loader workers call the same functions, and their pieces have to be whole. */
#ifndef VS_INTERRUPT_H
#define VS_INTERRUPT_H

#include "core/base.h"

extern int vs_interrupt_requests_; /* for the inline functions below */

/* Async-signal-safe. */
static inline void vs_interrupt(void) {
  __atomic_store_n(&vs_interrupt_requests_, 1, __ATOMIC_RELAXED);
}
static inline void vs_interrupt_clear(void) {
  __atomic_store_n(&vs_interrupt_requests_, 0, __ATOMIC_RELAXED);
}
/* Whether there is a request: for waits and between the steps of the thread that runs Lua. */
static inline bool vs_interrupt_pending(void) {
  return __builtin_expect(__atomic_load_n(&vs_interrupt_requests_, __ATOMIC_RELAXED) != 0, 0);
}

/* Whether this thread's pieces may be left out; returns the old setting.  False at first.
 * vs_parallel hands the setting of its caller to the threads of its pieces. */
bool vs_set_stoppable(bool on);
bool vs_stoppable(void);

/* For pieces of work: there is a request, and this piece may be left out, with its results
 * undefined.  Once true, it stays true until the caller has failed. */
static inline bool vs_interrupted(void) { return vs_interrupt_pending() && vs_stoppable(); }

/* Fails with the message "interrupted" and the kind VS_EINTERRUPTED. */
int vs_fail_interrupted(void);

#endif
