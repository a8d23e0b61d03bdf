/* Many picture files as one tensor.  See imagelist.h.
 *
 * Each worker takes the next path.  `mutex` guards next and failed; a worker writes only the rows
 * of its own paths. */
#include "io/imagelist.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "core/error.h"
#include "core/interrupt.h"

typedef struct job {
  const vs_strings *paths;
  int64_t height, width;
  vs_imageopt opt;
  vs_tensor *out;
  pthread_mutex_t mutex;
  int64_t next, failed; /* failed: the first path that did, paths->n: none */
} job;

static int64_t take(job *j) {
  pthread_mutex_lock(&j->mutex);
  int64_t i = j->next < j->failed && !vs_interrupt_pending() ? j->next++ : -1;
  pthread_mutex_unlock(&j->mutex);
  return i;
}

static void report(job *j, int64_t i) {
  pthread_mutex_lock(&j->mutex);
  j->failed = VS_MIN(j->failed, i);
  pthread_mutex_unlock(&j->mutex);
}

static int load_row(job *j, int64_t i) {
  size_t bytes = (size_t)(j->opt.channels * j->height * j->width);
  vs_tensor *t = vs_image_load(vs_strings_get(j->paths, i), &j->opt);
  if (!t) return -1;
  if (t->shape[1] != j->height || t->shape[2] != j->width) {
    vs_tensor *resized = vs_image_resize(t, j->height, j->width, VS_BILINEAR);
    vs_unref(t);
    if (!(t = resized)) return -1;
  }
  memcpy(vs_bytes(j->out) + (size_t)i * bytes, vs_bytes(t), bytes);
  vs_unref(t);
  return 0;
}

static void *work(void *arg) {
  job *j = arg;
  for (int64_t i; (i = take(j)) >= 0;) {
    if (load_row(j, i)) report(j, i);
  }
  return NULL;
}

/* The calling thread works too; it does everything where the system grants no threads. */
static void run(job *j, int workers) {
  pthread_t thread[VS_IMAGELIST_WORKERS];
  int n = 0;
  sigset_t all, old; /* signals are for the threads that run Lua */
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &old);
  while (n < workers - 1 && n < VS_IMAGELIST_WORKERS && n < j->paths->n - 1) {
    if (pthread_create(&thread[n], NULL, work, j)) break;
    n++;
  }
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  work(j);
  for (int i = 0; i < n; i++) pthread_join(thread[i], NULL);
}

vs_tensor *vs_imagelist_load(const vs_strings *paths, int64_t height, int64_t width,
                             const vs_imageopt *o, int workers) {
  job j = {.paths = paths, .height = height, .width = width, .opt = *o, .failed = paths->n};
  if (height < 1 || width < 1 || height > VS_IMAGE_MAX_SIDE || width > VS_IMAGE_MAX_SIDE) {
    return vs_fail_null("size is {%lld, %lld}, expected 1 to %d pixels a side", (long long)height,
                        (long long)width, VS_IMAGE_MAX_SIDE);
  }
  j.out = vs_tensor_new(VS_UINT8, 4, (int64_t[]){paths->n, o->channels, height, width});
  if (!j.out) return NULL;
  pthread_mutex_init(&j.mutex, NULL);
  run(&j, workers);
  pthread_mutex_destroy(&j.mutex);
  if (j.next < j.failed) {
    vs_fail_interrupted();
    goto fail;
  }
  if (j.failed == paths->n) return j.out;
  /* once more on this thread, for its error; what goes well now lacked memory before */
  if (load_row(&j, j.failed) == 0) vs_fail_memory((size_t)(height * width));
fail:
  vs_unref(j.out);
  return NULL;
}
