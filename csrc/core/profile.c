/* Counters by name.  See profile.h. */
#include "core/profile.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "core/error.h"
#include "core/mem.h"
#include "core/rows.h"

vs_profile *vs_profile_running;
static bool taken;      /* guards the variables below while they are set */
static pthread_t owner; /* other threads must not touch the profile: it may be freed at any time */

static uint64_t read_clock(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t vs_clock_ns(void) { return read_clock(CLOCK_MONOTONIC); }
uint64_t vs_computed_ns(void) { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

int vs_profile_start(vs_profile *p) {
  if (__atomic_test_and_set(&taken, __ATOMIC_ACQUIRE)) return vs_fail("another profile is running");
  owner = pthread_self();
  p->ns = vs_clock_ns();
  __atomic_store_n(&vs_profile_running, p, __ATOMIC_RELEASE);
  return 0;
}

void vs_profile_stop(void) {
  vs_profile *p = vs_profile_running;
  __atomic_store_n(&vs_profile_running, NULL, __ATOMIC_RELEASE);
  p->ns = vs_clock_ns() - p->ns;
  __atomic_clear(&taken, __ATOMIC_RELEASE);
}

bool vs_span_begin_(vs_span *s) {
  if (!pthread_equal(owner, pthread_self())) return false;
  s->outer = vs_profile_running->innermost;
  s->inner = s->inner_allocated = 0;
  s->allocated = vs_mem_handed_out();
  vs_profile_running->innermost = s;
  s->start = vs_clock_ns();
  return true;
}

/* The row of a name and a pass, or NULL when all are taken (one stays free to end searches). */
static vs_profilerow *row_of(vs_profile *p, const char *name, vs_profilepass pass) {
  uint32_t h = 2166136261u + (uint32_t)pass; /* FNV-1a */
  for (int i = 0; i < VS_PROFILE_NAME - 1 && name[i] != '\0'; i++)
    h = (h ^ (uint8_t)name[i]) * 16777619u;
  for (;; h++) {
    vs_profilerow *r = &p->row[h % VS_PROFILE_ROWS];
    if (r->calls == 0) {
      if (p->nrow == VS_PROFILE_ROWS - 1) return NULL;
      p->nrow++;
      strncpy(r->name, name, VS_PROFILE_NAME - 1);
      r->pass = pass;
      return r;
    }
    if (r->pass == pass && strncmp(r->name, name, VS_PROFILE_NAME - 1) == 0) return r;
  }
}

void vs_span_end(vs_span *s, const char *name, vs_profilepass pass, uint64_t touched) {
  vs_profile *p = vs_profile_running;
  uint64_t ns = vs_clock_ns() - s->start, allocated = vs_mem_handed_out() - s->allocated;
  vs_profilerow *r = row_of(p, name, pass);
  p->innermost = s->outer;
  if (s->outer != NULL) {
    s->outer->inner += ns;
    s->outer->inner_allocated += allocated;
  }
  if (r == NULL) return;
  r->calls++;
  r->ns += ns - s->inner;
  r->touched += touched;
  r->allocated += allocated - s->inner_allocated;
}

uint64_t vs_touched(const vs_tensor *t) {
  if (t == NULL || t->storage == NULL || t->numel == 0) return 0;
  uint64_t n = (uint64_t)vs_runs_of(t).count;
  for (int d = 0; d < t->ndim; d++)
    if (t->stride[d] == 0 && t->shape[d] > 1) n /= (uint64_t)t->shape[d];
  return n * vs_dtype_size(t->dtype);
}
