/* Passes over a data set.  See loader.h.
 *
 * Batches are made in a ring of VS_AHEAD slots per worker: batch b in slot b % slots.  A worker
 * takes the next number as soon as its slot is free, so that batches come out in order and at most
 * `slots` wait.  `mutex` guards all fields below it; a slot's batch belongs to the worker while the
 * slot is EMPTY and to the pass afterwards. */
#include "data/loader.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/interrupt.h"
#include "core/profile.h"
#include "core/random.h"
#include "core/thread.h"

typedef struct slot {
  enum { EMPTY, READY, FAILED } state;
  vs_batch batch;
  vs_errkind kind;
  char message[1024];
} slot;

struct vs_pass {
  vs_dataset *set;
  vs_loaderopt opt;
  int64_t epoch, nbatch,
      given;      /* given: batches returned so far, counting those before the first */
  int64_t *order; /* [n] samples in the order of this epoch */
  pid_t owner;    /* threads do not survive a fork */
  vs_batch current;
  int nworker, nslot;
  slot *slot;
  pthread_t worker[VS_MAX_WORKERS];
  pthread_mutex_t mutex;
  pthread_cond_t room, ready;
  int64_t next; /* batch that the next free worker makes */
  bool stop;
  bool busy, freed; /* vs_pass_next is under way; vs_pass_free was called meanwhile */
};

static int64_t ranks_of(const vs_loaderopt *o) { return VS_MAX(o->ranks, 1); }

/* Where batch b of this part begins in the order of all n samples; *count: how many it has. */
static int64_t batch_at(int64_t n, const vs_loaderopt *o, int64_t b, int64_t *count) {
  int64_t ranks = ranks_of(o), size = o->batch_size;
  if (o->blocks) {
    int64_t first = vs_piece_at(n, ranks, o->rank) + b * size;
    *count = VS_MIN(size, vs_piece_at(n, ranks, o->rank + 1) - first);
    return first;
  }
  int64_t first = b * ranks * size;
  *count = VS_MIN(ranks * size, n - first) / ranks;
  return first + o->rank * *count;
}

int64_t vs_loader_batches(int64_t n, const vs_loaderopt *o) {
  int64_t ranks = ranks_of(o);
  if (o->blocks) n = vs_piece_at(n, ranks, o->rank + 1) - vs_piece_at(n, ranks, o->rank);
  int64_t size = o->blocks ? o->batch_size : ranks * o->batch_size;
  int64_t least = o->blocks ? 1 : ranks; /* for one batch more */
  return n / size + (!o->drop_last && n % size >= least);
}

/* The option that changes images, for messages. */
static const char *changing(const vs_augment *a) {
  return a->crop > 0 ? "crop" : a->flip > 0 ? "flip" : a->jitter > 0 ? "jitter" : "erase";
}

int vs_loader_check(const vs_dataset *d, const vs_loaderopt *o) {
  if (o->workers > 0 && d->def->flags & VS_READ_LUA)
    return vs_fail("workers is %d, but the samples of a %s are made by a Lua function, which "
                   "the C threads of workers cannot call; use workers = 0",
                   o->workers, d->def->name);
  if (o->some_fields && vs_augment_any(&o->augment) && !vs_fieldnames_has(&o->fields, "image"))
    return vs_fail("%s changes image, but fields does not name image", changing(&o->augment));
  if (o->chunks < 0 || o->chunks > 1 << 20)
    return vs_fail("chunks is %lld, expected 0 to %d", (long long)o->chunks, 1 << 20);
  if (o->chunks > 0 && !o->shuffle)
    return vs_fail("chunks is %lld, but shuffle is off: samples come in the order of the file",
                   (long long)o->chunks);
  if (o->chunks == 0 || !d->def->keep) return 0;
  /* two windows: workers make the last batches of one while others begin the next */
  return d->def->keep(d, 2 * o->chunks);
}

static int make(const vs_pass *p, int64_t b, vs_batch *out) {
  int64_t n, first = batch_at(p->set->n, &p->opt, b, &n);
  const int64_t *index = p->order + first;
  const vs_fieldnames *wanted = p->opt.some_fields ? &p->opt.fields : NULL;
  if (vs_dataset_fetch(p->set, p->epoch, index, n, wanted, out)) return -1;
  if (!vs_augment_any(&p->opt.augment)) return 0;
  if (vs_augment_batch(&p->opt.augment, p->set, p->opt.seed, p->epoch, index, out) == 0) return 0;
  vs_batch_clear(out);
  return vs_fail_prefix("Loader");
}

/* --- workers --- */

/* The number of the next batch to make, or -1 when there is none; waits for room. */
static int64_t take(vs_pass *p) {
  int64_t b = -1;
  pthread_mutex_lock(&p->mutex);
  while (!p->stop && p->next < p->nbatch && p->next >= p->given + p->nslot)
    pthread_cond_wait(&p->room, &p->mutex);
  if (!p->stop && p->next < p->nbatch) b = p->next++;
  pthread_mutex_unlock(&p->mutex);
  return b;
}

static void *work(void *arg) {
  vs_pass *p = arg;
  for (int64_t b; (b = take(p)) >= 0;) {
    slot *s = &p->slot[b % p->nslot];
    int rc = make(p, b, &s->batch);
    if (rc) snprintf(s->message, sizeof s->message, "%s", vs_error());
    s->kind = vs_error_kind();
    pthread_mutex_lock(&p->mutex);
    s->state = rc ? FAILED : READY;
    pthread_cond_signal(&p->ready);
    pthread_mutex_unlock(&p->mutex);
  }
  return NULL;
}

/* As many of the workers as the system grants; without any, batches are made on demand. */
static void start(vs_pass *p) {
  sigset_t all, old; /* signals are for the threads that run Lua */
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &old);
  while (p->nworker < p->opt.workers) {
    if (pthread_create(&p->worker[p->nworker], NULL, work, p)) break;
    p->nworker++;
  }
  pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* --- life --- */

/* window[i]: which of the windows sample i belongs to, each of `chunks` chunks taken at random.
 * -1: no memory; else how many windows there are. */
static int64_t fill_windows(const vs_pass *p, int64_t *window) {
  const vs_dataset *d = p->set;
  int64_t count = 0, *number = vs_new((size_t)VS_MAX(d->images, 1) * 2 * sizeof *number);
  if (!number) return -1;
  int64_t *rank = number + VS_MAX(d->images, 1);
  for (int64_t i = 0; i < d->images; i++) number[i] = -1;
  for (int64_t i = 0; i < d->n; i++) number[window[i] = d->def->chunk(d, i)] = 0;
  for (int64_t i = 0; i < d->images; i++) {
    if (number[i] == 0) number[i] = count++;
  }
  /* the order of samples uses stream `epoch`, random changes of images bit 63 */
  vs_rng r = {p->opt.seed, (uint64_t)p->epoch | (uint64_t)1 << 62};
  vs_rng_permutation(r, count, rank);
  for (int64_t i = 0; i < d->n; i++) window[i] = rank[number[window[i]]] / p->opt.chunks;
  free(number);
  return (count + p->opt.chunks - 1) / p->opt.chunks;
}

/* Sorts the shuffled order by window, keeping the order within each window. */
static int order_by_windows(vs_pass *p) {
  int64_t n = p->set->n, *window = vs_new((size_t)VS_MAX(n, 1) * 2 * sizeof *window);
  int64_t windows = window ? fill_windows(p, window) : -1;
  int64_t *at = windows < 0 ? NULL : vs_new0((size_t)(windows + 1) * sizeof *at);
  if (at) {
    int64_t *sorted = window + n;
    for (int64_t i = 0; i < n; i++) at[window[i] + 1]++;
    for (int64_t i = 0; i < windows; i++) at[i + 1] += at[i];
    for (int64_t i = 0; i < n; i++) sorted[at[window[p->order[i]]]++] = p->order[i];
    memcpy(p->order, sorted, (size_t)n * sizeof *sorted);
  }
  free(window);
  free(at);
  return at ? 0 : -1;
}

static int fill_order(vs_pass *p) {
  int64_t n = p->set->n;
  p->order = vs_new((size_t)VS_MAX(n, 1) * sizeof *p->order);
  if (!p->order) return -1;
  if (!p->opt.shuffle) {
    for (int64_t i = 0; i < n; i++) p->order[i] = i;
    return 0;
  }
  vs_rng_permutation((vs_rng){p->opt.seed, (uint64_t)p->epoch}, n, p->order);
  return p->opt.chunks > 0 && p->set->def->chunk ? order_by_windows(p) : 0;
}

vs_pass *vs_pass_new(vs_dataset *d, const vs_loaderopt *o, int64_t epoch, int64_t first) {
  vs_pass *p = vs_new0(sizeof *p);
  if (!p) return NULL;
  p->set = vs_dataset_ref(d);
  p->opt = *o;
  p->opt.workers = VS_MIN(o->workers, VS_MAX_WORKERS);
  p->epoch = epoch;
  p->nbatch = vs_loader_batches(d->n, o);
  p->given = p->next = first;
  p->owner = getpid();
  pthread_mutex_init(&p->mutex, NULL);
  pthread_cond_init(&p->room, NULL);
  pthread_cond_init(&p->ready, NULL);
  p->nslot = VS_AHEAD * p->opt.workers;
  if (p->nslot) p->slot = vs_new0((size_t)p->nslot * sizeof *p->slot);
  if (fill_order(p) || (p->nslot && !p->slot)) {
    vs_pass_free(p);
    return NULL;
  }
  start(p);
  return p;
}

static void stop(vs_pass *p) {
  pthread_mutex_lock(&p->mutex);
  p->stop = true;
  pthread_cond_broadcast(&p->room);
  pthread_mutex_unlock(&p->mutex);
  for (int i = 0; i < p->nworker; i++) pthread_join(p->worker[i], NULL);
  p->nworker = 0;
}

void vs_pass_free(vs_pass *p) {
  if (!p) return;
  if (p->busy) {
    p->freed = true;
    return;
  }
  if (p->owner != getpid())
    return; /* a copy in a forked child: its threads and locks do not exist, so it is leaked */
  stop(p);
  for (int i = 0; p->slot && i < p->nslot; i++) vs_batch_clear(&p->slot[i].batch);
  vs_batch_clear(&p->current);
  vs_dataset_unref(p->set);
  pthread_mutex_destroy(&p->mutex);
  pthread_cond_destroy(&p->room);
  pthread_cond_destroy(&p->ready);
  free(p->slot);
  free(p->order);
  free(p);
}

/* --- the next batch --- */

/* Waits for a worker to fill the slot.  A signal handler cannot wake the thread up, so that it
 * looks for a request to stop some times a second; a pass that was stopped can go on. */
static int wait_for(vs_pass *p, const slot *s) {
  int err = 0;
  pthread_mutex_lock(&p->mutex);
  while (err == 0 && s->state == EMPTY) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 100 * 1000 * 1000;
    until.tv_sec += until.tv_nsec / (1000 * 1000 * 1000);
    until.tv_nsec %= 1000 * 1000 * 1000;
    pthread_cond_timedwait(&p->ready, &p->mutex, &until);
    if (vs_interrupt_pending()) err = vs_fail_interrupted();
  }
  pthread_mutex_unlock(&p->mutex);
  return err;
}

/* Waits for the next batch and takes it out of its slot. */
static int receive(vs_pass *p) {
  slot *s = &p->slot[p->given % p->nslot];
  if (wait_for(p, s) < 0) return -1;
  if (s->state == READY) {
    p->current = s->batch;
    s->batch = (vs_batch){0};
    return 0;
  }
  /* no memory: the caller has freed memory since the worker failed, or will before it tries
   * again */
  return s->kind == VS_ENOMEM ? make(p, p->given, &p->current) : vs_fail("%s", s->message);
}

static void advance(vs_pass *p) {
  pthread_mutex_lock(&p->mutex);
  if (p->nslot) p->slot[p->given % p->nslot].state = EMPTY;
  p->given++;
  pthread_cond_broadcast(&p->room);
  pthread_mutex_unlock(&p->mutex);
}

static int next(vs_pass *p, vs_batch **out) {
  vs_batch_clear(&p->current);
  if (p->given >= p->nbatch) return 0;
  if (p->owner != getpid())
    return vs_fail("a loop over a loader cannot continue in a forked process");
  if (p->nworker ? receive(p) : make(p, p->given, &p->current)) return -1;
  advance(p);
  *out = &p->current;
  return 1;
}

int vs_pass_next(vs_pass *p, vs_batch **out) {
  if (p->busy) return vs_fail("this loop over a loader is already making its next batch");
  vs_span span;
  bool counted = vs_span_begin(&span);
  p->busy = true;
  int rc = next(p, out);
  p->busy = false;
  if (counted) vs_span_end(&span, "Loader", VS_IN_OTHER, 0);
  if (!p->freed) return rc;
  vs_pass_free(p);
  return vs_fail("the loader was closed while it made a batch");
}
