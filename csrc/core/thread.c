/* The pool of threads.  See thread.h.
 *
 * A call of vs_parallel is a job in one of JOBS places.  All that decides whether a worker may join
 * is one word, `state`: whether the job is open, how many more threads it takes, and how many
 * workers are inside.  A worker that joins gets one of these slots and takes pieces until none is
 * left.  The caller takes pieces too, then closes the job, so that nobody joins any more, and waits
 * for those inside: each of them is at a piece that it has begun.
 *
 * The pieces are cut into one share a slot.  A thread begins with its own, so that the same part of
 * a tensor tends to stay in the cache of the same processor, and goes on with what others have
 * left.
 *
 * Workers wait at `epoch`, which every job counts up: first they look at it again and again, then
 * they sleep.  So does the caller at `state`.  Beside other programs a thread that looks takes time
 * from whoever does the work: one that finds it was interrupted there looks less long from then on.
 *
 * A worker that the system stops within a piece holds up the caller.  Where that happened, the
 * caller does the next jobs alone for some time, so that the waiting stays a small part.
 *
 * Workers run until the process ends; the library is never unloaded (-z nodelete). */
#include "core/thread.h"

#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/cpus.h"

enum {
  JOBS = 16,        /* calls at the same time; more run on their own threads alone */
  MOST_SHARES = 64, /* threads beyond that use a share together */
  EACH = 4,         /* pieces a thread */
  ALIGNED = 64,     /* pieces of many items begin at multiples of this */
  LINE = 64         /* bytes that processors hand to each other */
};

/* state: how many more threads may join, how many have joined and not left, and flags. */
enum { PLACE = 1u, PLACES = 0x7ffu, INSIDE = 0x800u, ALL_INSIDE = 0x7ffu * INSIDE };
static const uint32_t OPEN = 1u << 24, TAKEN = 1u << 25, WAITED = 1u << 26;

/* Nanoseconds.  A worker looks for the next job longer than it would take to wake it up: in a
 * virtual machine that takes 50 us, 15 of them of whoever wakes. */
enum {
  LOOK_NS = 300 * 1000,
  LEAST_LOOK_NS = 5 * 1000,
  LAST_LOOK_NS = 50 * 1000,  /* the caller, for workers at their last piece */
  GAP_NS = 100 * 1000,       /* between two looks: another program ran */
  LEAST_LOST_NS = 20 * 1000, /* waited for a worker that was stopped */
  ALONE = 2,                 /* times that, the caller goes on alone */
  MOST_ALONE_NS = 100 * 1000 * 1000
};

typedef struct share {
  _Alignas(LINE) _Atomic int64_t next;
  int64_t end;
} share;

typedef struct work {
  vs_rangefn fn;
  void *arg;
  int64_t n, pieces;
} work;

typedef struct job {
  _Alignas(LINE) _Atomic uint32_t state;
  work work;
  int nshares;
  bool stoppable;
  share shares[MOST_SHARES];
} job;

static job jobs[JOBS];
static struct {
  _Alignas(LINE) _Atomic uint32_t epoch; /* jobs so far */
  _Atomic int asleep, looking;           /* workers that wait at epoch */
} idle;
static _Atomic int threads, workers;
static pthread_mutex_t starting = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local int64_t alone_until; /* ns: before that no worker is asked */
static _Thread_local bool inside;         /* a range function runs on this thread */
static _Thread_local int look = LOOK_NS;

/* ---- waiting ---- */

static void sleep_at(_Atomic uint32_t *word, uint32_t value) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void wake(_Atomic uint32_t *word, int n) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0);
}

static inline void pause_cpu(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static int64_t clock_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * (int64_t)1000000000 + t.tv_nsec;
}

/* Looks at the word until one of `mask`'s bits differs from those of value; false when that took
 * too long, `most` ns or less.  A gap between two looks at the clock is time that another program
 * had. */
static bool look_at(_Atomic uint32_t *word, uint32_t value, uint32_t mask, int most) {
  int64_t start = 0, last = 0;
  for (;;) {
    for (int i = 0; i < 16; i++) {
      uint32_t now = atomic_load_explicit(word, memory_order_acquire);
      if ((now & mask) != (value & mask)) return true;
      pause_cpu();
    }
    int64_t now = clock_now();
    if (start == 0) start = last = now;
    if (now - last > GAP_NS) {
      look = VS_MAX(look / 2, LEAST_LOOK_NS);
      return false;
    }
    if (now - start > VS_MIN(look, most)) {
      look = VS_MIN(look + look / 8, LOOK_NS);
      return false;
    }
    last = now;
  }
}

/* ---- pieces ---- */

/* Where piece i begins.  Many items are cut at multiples of ALIGNED: loops over vectors then have
 * their remainder at the end of the tensor alone, whatever the number of pieces. */
static int64_t piece_at(int64_t n, int64_t pieces, int64_t i) {
  int64_t at = vs_piece_at(n, pieces, i);
  return i < pieces && n / pieces >= 16 * ALIGNED ? at / ALIGNED * ALIGNED : at;
}

static void run_piece(const work *w, int64_t i, int slot) {
  w->fn(w->arg, piece_at(w->n, w->pieces, i), piece_at(w->n, w->pieces, i + 1), slot);
}

/* Returns how many. */
static int64_t take_pieces(job *j, int slot) {
  int64_t taken = 0;
  inside = true;
  for (int k = 0; k < j->nshares; k++) {
    share *s = &j->shares[(slot + k) % j->nshares];
    while (atomic_load_explicit(&s->next, memory_order_relaxed) < s->end && !vs_interrupted()) {
      int64_t i = atomic_fetch_add_explicit(&s->next, 1, memory_order_relaxed);
      if (i >= s->end) break;
      run_piece(&j->work, i, slot);
      taken++;
    }
  }
  inside = false;
  return taken;
}

/* ---- workers ---- */

/* A job that takes another thread, and the slot there; NULL: none. */
static job *join(int *slot) {
  for (job *j = jobs; j < jobs + JOBS; j++) {
    uint32_t s = atomic_load_explicit(&j->state, memory_order_relaxed);
    while ((s & OPEN) && (s & PLACES))
      if (atomic_compare_exchange_weak_explicit(&j->state, &s, s - PLACE + INSIDE,
                                                memory_order_acquire, memory_order_relaxed)) {
        *slot = (int)(s & PLACES);
        return j;
      }
  }
  return NULL;
}

static void leave(job *j) {
  uint32_t s = atomic_fetch_sub_explicit(&j->state, INSIDE, memory_order_release);
  if ((s & WAITED) && (s & ALL_INSIDE) == INSIDE) wake(&j->state, 1);
}

static void *run_worker(void *arg) {
  (void)arg;
  for (;;) {
    uint32_t epoch = atomic_load_explicit(&idle.epoch, memory_order_acquire);
    int slot;
    job *j = join(&slot);
    if (j != NULL) {
      vs_set_stoppable(j->stoppable);
      take_pieces(j, slot);
      leave(j);
      continue;
    }
    atomic_fetch_add(&idle.looking, 1);
    bool more = look_at(&idle.epoch, epoch, ~0u, LOOK_NS);
    atomic_fetch_sub(&idle.looking, 1);
    if (more) continue;
    atomic_fetch_add(&idle.asleep, 1);
    sleep_at(&idle.epoch, epoch);
    atomic_fetch_sub(&idle.asleep, 1);
  }
  return NULL;
}

static void before_fork(void) { pthread_mutex_lock(&starting); }
static void after_fork(void) { pthread_mutex_unlock(&starting); }

/* The child has the calling thread alone. */
static void in_child(void) {
  memset((void *)jobs, 0, sizeof jobs);
  atomic_store(&idle.asleep, 0);
  atomic_store(&idle.looking, 0);
  atomic_store(&workers, 0);
  pthread_mutex_unlock(&starting);
}

static void prepare_forks(void) { pthread_atfork(before_fork, after_fork, in_child); }

/* Starts what is missing of n workers, as far as the system grants them. */
static void start_workers(int n) {
  sigset_t all, old; /* signals are for the threads that run Lua */
  pthread_attr_t detached;
  if (atomic_load_explicit(&workers, memory_order_relaxed) >= n) return;
  pthread_once(&once, prepare_forks);
  pthread_mutex_lock(&starting);
  pthread_attr_init(&detached);
  pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &old);
  for (pthread_t t; atomic_load(&workers) < n; atomic_fetch_add(&workers, 1))
    if (pthread_create(&t, &detached, run_worker, NULL)) break;
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  pthread_attr_destroy(&detached);
  pthread_mutex_unlock(&starting);
}

/* ---- calls ---- */

int vs_num_threads(void) {
  int n = atomic_load_explicit(&threads, memory_order_relaxed), none = 0;
  if (n > 0) return n;
  n = vs_cpus_wanted(vs_cpus(), getenv("OMP_NUM_THREADS"), getenv("OMP_THREAD_LIMIT"));
  return atomic_compare_exchange_strong(&threads, &none, n) ? n : none;
}

void vs_set_num_threads(int n) { atomic_store(&threads, VS_MAX(VS_MIN(n, 1024), 1)); }

static int64_t count_pieces(int64_t n, int64_t grain, int nthreads) {
  int64_t pieces = VS_MIN(n / VS_MAX(grain, 1), (int64_t)EACH * nthreads);
  return pieces > nthreads ? pieces / nthreads * nthreads : pieces;
}

int vs_slots(int64_t n, int64_t grain) {
  if (n / VS_MAX(grain, 1) < 2 || inside) return 1;
  int nthreads = vs_num_threads();
  return (int)VS_MIN(count_pieces(n, grain, nthreads), nthreads);
}

/* A place for a job, which is the caller's until state is 0; NULL: all are taken. */
static job *free_job(void) {
  for (job *j = jobs; j < jobs + JOBS; j++) {
    uint32_t none = 0;
    if (atomic_load_explicit(&j->state, memory_order_relaxed) == 0 &&
        atomic_compare_exchange_strong(&j->state, &none, TAKEN))
      return j;
  }
  return NULL;
}

static void open_job(job *j, int slots) {
  j->nshares = VS_MIN(slots, MOST_SHARES);
  for (int s = 0; s < j->nshares; s++) {
    int64_t first = vs_piece_at(j->work.pieces, j->nshares, s);
    atomic_store_explicit(&j->shares[s].next, first, memory_order_relaxed);
    j->shares[s].end = vs_piece_at(j->work.pieces, j->nshares, s + 1);
  }
  atomic_store_explicit(&j->state, TAKEN | OPEN | (uint32_t)(slots - 1), memory_order_release);
  atomic_fetch_add(&idle.epoch, 1);
  int wanted = slots - 1 - atomic_load(&idle.looking);
  if (wanted > 0 && atomic_load(&idle.asleep) > 0) wake(&idle.epoch, wanted);
}

/* Closes the job, in which the caller took so many pieces since `start`, and waits for the workers
 * inside.  One that takes four times as long as the caller's pieces was stopped meanwhile. */
static void close_job(job *j, int64_t start, int64_t taken) {
  int64_t end = 0;
  uint32_t s = atomic_fetch_and_explicit(&j->state, ~(OPEN | PLACES), memory_order_acquire);
  for (s &= ~(OPEN | PLACES); s & ALL_INSIDE;
       s = atomic_load_explicit(&j->state, memory_order_acquire)) {
    if (end == 0) end = clock_now();
    if (look_at(&j->state, s, ALL_INSIDE, LAST_LOOK_NS)) continue;
    s = atomic_fetch_or_explicit(&j->state, WAITED, memory_order_acquire) | WAITED;
    if (s & ALL_INSIDE) sleep_at(&j->state, s);
  }
  atomic_store_explicit(&j->state, 0, memory_order_release);
  if (end == 0 || taken == 0) return;
  int64_t now = clock_now(), lost = now - end - 4 * (end - start) / taken;
  if (lost > LEAST_LOST_NS) alone_until = now + VS_MIN(ALONE * lost, MOST_ALONE_NS);
}

static bool is_alone(void) {
  if (alone_until > 0 && clock_now() > alone_until) alone_until = 0;
  return alone_until > 0;
}

/* The same pieces on this thread: the numbers may depend on where they are cut. */
static void run_alone(const work *w) {
  inside = true;
  for (int64_t i = 0; i < w->pieces && !vs_interrupted(); i++) run_piece(w, i, 0);
  inside = false;
}

void vs_parallel(int64_t n, int64_t grain, vs_rangefn fn, void *arg) {
  if (n <= 0 || vs_interrupted()) return;
  int slots = vs_slots(n, grain);
  if (slots == 1) {
    fn(arg, 0, n, 0);
    return;
  }
  work w = {fn, arg, n, count_pieces(n, grain, vs_num_threads())};
  job *j = is_alone() ? NULL : free_job();
  if (j == NULL) {
    run_alone(&w);
    return;
  }
  j->work = w, j->stoppable = vs_stoppable();
  start_workers(slots - 1);
  int64_t start = clock_now();
  open_job(j, slots);
  close_job(j, start, take_pieces(j, 0));
}
