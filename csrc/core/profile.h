/* Where the time goes: calls, seconds and bytes by name, while a profile runs.
 *
 * Code that is counted opens a span and closes it.  While no profile runs a span costs a load and a
 * branch.  Spans nest, and each counts only what its inner ones do not: the sum of all spans is at
 * most the time that passed.  A process has one profile at a time, and it sees the thread that
 * started it; loader workers and other threads' Lua states are not counted.  Nothing may jump out
 * of an open span: bind calls Lua protected inside of one. */
#ifndef VS_PROFILE_H
#define VS_PROFILE_H

#include "core/tensor.h"

enum { VS_PROFILE_NAME = 64, VS_PROFILE_ROWS = 1024 };

typedef enum vs_profilepass { VS_IN_FORWARD, VS_IN_BACKWARD, VS_IN_OTHER } vs_profilepass;

typedef struct vs_profilerow {
  char name[VS_PROFILE_NAME];
  vs_profilepass pass;
  uint64_t calls; /* 0: this row is empty */
  uint64_t ns;
  uint64_t touched;   /* bytes of the tensors that were read or written, each once a call */
  uint64_t allocated; /* bytes that the allocator handed out */
} vs_profilerow;

/* Begins and ends inside another, which points to it by `outer`. */
typedef struct vs_span {
  struct vs_span *outer;
  uint64_t start, inner; /* ns: of the clock, and in spans inside */
  uint64_t allocated, inner_allocated;
} vs_span;

/* The caller's memory, zeroed; large.  Rows are placed by hash. */
typedef struct vs_profile {
  uint64_t ns; /* from start to stop */
  int nrow;
  vs_span *innermost;
  vs_profilerow row[VS_PROFILE_ROWS];
} vs_profile;

/* Nanoseconds of a clock that only goes forward. */
uint64_t vs_clock_ns(void);
/* Nanoseconds that this thread has computed. */
uint64_t vs_computed_ns(void);
/* -1 when another one runs. */
int vs_profile_start(vs_profile *p);
/* On the thread that started it, outside of every span. */
void vs_profile_stop(void);

extern vs_profile *vs_profile_running;
bool vs_span_begin_(vs_span *s);
/* Whether the span is counted; if so, vs_span_end must follow. */
static inline bool vs_span_begin(vs_span *s) {
  if (__builtin_expect(__atomic_load_n(&vs_profile_running, __ATOMIC_RELAXED) == NULL, 1))
    return false;
  return vs_span_begin_(s);
}
/* Adds a call to the row of that name (longer ones are cut).  When there is no room for another
 * name, its time is counted in the remainder. */
void vs_span_end(vs_span *s, const char *name, vs_profilepass pass, uint64_t touched);

/* Bytes that the elements of t lie in: a broadcast dimension counts once, rows that are known to be
 * zero do not, and neither do tensors without storage.  NULL: 0. */
uint64_t vs_touched(const vs_tensor *t);

#endif
