/* The strided walk.  See loop.h. */
#include "core/loop.h"

#include "core/thread.h"

enum { GRAIN = 1 << 15 };      /* elements a thread should have at least */
enum { HIGH = 16, WIDE = 64 }; /* a tile where a tensor is read across its rows */

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
static void range(void *arg, int64_t first, int64_t last, int slot) {
  const walk *w = arg;
  (void)slot;
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

/* ---- tiles ---- */

/* The dimension that a tensor which steps in the innermost one has its neighbours in; -1: none.
 * Such tensors are visited in tiles, so that a line of the cache is read once. */
static int crossing(const walk *w) {
  int inner = w->ndim - 1;
  if (inner < 1 || w->shape[inner] < HIGH) return -1;
  for (int i = 0; i < w->nt; i++)
    for (int d = 0; d < inner; d++)
      if (w->stride[i][d] == 1 && w->stride[i][inner] > 1 && w->shape[d] >= HIGH / 2) return d;
  return -1;
}

/* A copy of w with dimension d before the innermost one. */
static walk moved(const walk *w, int d) {
  walk m = *w;
  for (; d < w->ndim - 2; d++) {
    int64_t size = m.shape[d];
    m.shape[d] = m.shape[d + 1];
    m.shape[d + 1] = size;
    for (int i = 0; i < w->nt; i++) {
      int64_t step = m.stride[i][d];
      m.stride[i][d] = m.stride[i][d + 1];
      m.stride[i][d + 1] = step;
    }
  }
  return m;
}

/* One row of tiles: rows from..to of the last two dimensions at offsets `at`. */
static void tile_row(const walk *w, const int64_t *at, int64_t from, int64_t to) {
  int inner = w->ndim - 1;
  int64_t run[VS_LOOP_MAX];
  for (int i = 0; i < w->nt; i++) run[i] = w->stride[i][inner];
  for (int64_t column = 0; column < w->shape[inner]; column += WIDE)
    for (int64_t row = from; row < to; row++) {
      void *p[VS_LOOP_MAX];
      for (int i = 0; i < w->nt; i++)
        p[i] = w->base[i] +
               (at[i] + row * w->stride[i][inner - 1] + column * run[i]) * (int64_t)w->size[i];
      w->fn(VS_MIN(WIDE, w->shape[inner] - column), p, run, w->arg);
    }
}

static int64_t tile_rows(const walk *w) { return (w->shape[w->ndim - 2] + HIGH - 1) / HIGH; }

static void tiles(void *arg, int64_t first, int64_t last, int slot) {
  const walk *w = arg;
  int64_t high = tile_rows(w);
  (void)slot;
  for (int64_t t = first; t < last && !vs_interrupted(); t++) {
    int64_t at[VS_LOOP_MAX] = {0}, rest = t / high, row = t % high * HIGH;
    for (int d = w->ndim - 3; d >= 0; d--) {
      for (int i = 0; i < w->nt; i++) at[i] += rest % w->shape[d] * w->stride[i][d];
      rest /= w->shape[d];
    }
    tile_row(w, at, row, VS_MIN(row + HIGH, w->shape[w->ndim - 2]));
  }
}

static void loop_tiles(const walk *w, int crosses, bool parallel) {
  walk m = moved(w, crosses);
  int64_t count = tile_rows(&m), grain = GRAIN / (HIGH * m.shape[m.ndim - 1]) + 1;
  for (int d = 0; d < m.ndim - 2; d++) count *= m.shape[d];
  if (parallel)
    vs_parallel(count, grain, tiles, &m);
  else
    tiles(&m, 0, count, 0);
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
  int crosses = crossing(&w);
  if (crosses >= 0)
    loop_tiles(&w, crosses, parallel);
  else if (parallel)
    vs_parallel(t[0]->numel, GRAIN, range, &w);
  else
    range(&w, 0, t[0]->numel, 0);
}
