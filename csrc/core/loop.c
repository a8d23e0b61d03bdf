/* The strided walk.  See loop.h. */
#include "core/loop.h"

#include "core/thread.h"

enum { GRAIN = 1 << 15 }; /* elements a thread should have at least */

typedef struct walk {
  int nt, ndim;
  int64_t shape[VS_MAX_DIM], stride[VS_LOOP_MAX][VS_MAX_DIM];
  char *base[VS_LOOP_MAX];
  size_t size[VS_LOOP_MAX];
  vs_loopfn fn;
  void *arg;
} walk;

/* Drops dimensions of size 1 and merges neighbours that every tensor steps through evenly. */
static void merge(walk *w, vs_tensor *const *t) {
  int n = 0;
  for (int d = 0; d < t[0]->ndim; d++) {
    int64_t size = t[0]->shape[d];
    if (size == 1) continue;
    bool joins = n > 0;
    for (int i = 0; i < w->nt && joins; i++) joins = w->stride[i][n - 1] == t[i]->stride[d] * size;
    if (!joins) w->shape[n++] = 1;
    w->shape[n - 1] *= size;
    for (int i = 0; i < w->nt; i++) w->stride[i][n - 1] = t[i]->stride[d];
  }
  if (n == 0) {
    w->shape[n++] = 1;
    for (int i = 0; i < w->nt; i++) w->stride[i][0] = 1;
  }
  w->ndim = n;
}

/* Elements [first, last) of the merged shape, inner runs at a time. */
static void range(void *arg, int64_t first, int64_t last, int part) {
  const walk *w = arg;
  (void)part;
  int inner = w->ndim - 1;
  int64_t run[VS_LOOP_MAX], at[VS_MAX_DIM], rest = first;
  void *p[VS_LOOP_MAX];
  for (int i = 0; i < w->nt; i++) run[i] = w->stride[i][inner];
  if (inner == 0) { /* one run, which most walks are */
    for (int i = 0; i < w->nt; i++) p[i] = w->base[i] + first * run[i] * (int64_t)w->size[i];
    w->fn(last - first, p, run, w->arg);
    return;
  }
  for (int d = inner; d >= 0; d--) {
    at[d] = rest % w->shape[d];
    rest /= w->shape[d];
  }
  while (first < last && !vs_interrupted()) {
    int64_t n = VS_MIN(w->shape[inner] - at[inner], last - first);
    for (int i = 0; i < w->nt; i++) {
      int64_t offset = 0;
      for (int d = 0; d < w->ndim; d++) offset += at[d] * w->stride[i][d];
      p[i] = w->base[i] + offset * (int64_t)w->size[i];
    }
    w->fn(n, p, run, w->arg);
    first += n;
    at[inner] += n;
    for (int d = inner; d > 0 && at[d] == w->shape[d]; d--) {
      at[d] = 0;
      at[d - 1]++;
    }
  }
}

void vs_loop(int nt, vs_tensor *const *t, vs_loopfn fn, void *arg, bool parallel) {
  walk w;
  if (t[0]->numel == 0) return;
  w.nt = nt;
  w.fn = fn;
  w.arg = arg;
  for (int i = 0; i < nt; i++) {
    w.base[i] = vs_data(t[i]);
    w.size[i] = vs_dtype_size(t[i]->dtype);
  }
  merge(&w, t);
  if (parallel)
    vs_parallel(t[0]->numel, GRAIN, range, &w);
  else
    range(&w, 0, t[0]->numel, 0);
}
