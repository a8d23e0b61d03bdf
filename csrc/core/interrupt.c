/* A request to stop what is running.  See interrupt.h. */
#include "core/interrupt.h"

int vs_interrupt_requests_;

static _Thread_local bool stoppable;

bool vs_stoppable(void) { return stoppable; }

bool vs_set_stoppable(bool on) {
  bool old = stoppable;
  stoppable = on;
  return old;
}
