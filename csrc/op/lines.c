/* Lines and elements that an index names: read, or added to.  See dims.h.
 *
 * Threads share out what is written.  Who adds has outer positions and columns of its own and goes
 * through the index in order: sums do not depend on the number of threads. */
#include <string.h>

#include "op/dims.h"

enum { GRAIN = 1 << 15, BYTES = 1 << 17 };

/* ---- the check ---- */

typedef struct check {
  const int64_t *index;
  int64_t size;
  bool bad;
} check;

/* The differences have the top bit where a value is out of range. */
static void check_range(void *arg, int64_t first, int64_t last, int slot) {
  check *c = arg;
  uint64_t size = (uint64_t)c->size, sign = 0;
  (void)slot;
  for (int64_t i = first; i < last; i++)
    sign |= ((uint64_t)c->index[i] - 1) | (size - (uint64_t)c->index[i]);
  if (sign >> 63) __atomic_store_n(&c->bad, true, __ATOMIC_RELAXED);
}

int vs_check_index(const vs_tensor *index, const vs_tensor *x, int dim) {
  check c = {vs_ints(index), x->shape[dim], false};
  vs_parallel(index->numel, GRAIN, check_range, &c);
  bool look = c.bad || vs_interrupted(); /* which would have left the check out */
  for (int64_t i = 0; look && i < index->numel; i++)
    if (c.index[i] < 1 || c.index[i] > c.size)
      return vs_fail("index %lld (element %lld) is out of range 1..%lld for dimension %d of x %s",
                     (long long)c.index[i], (long long)i + 1, (long long)c.size, dim + 1,
                     vs_shape_str(x));
  return 0;
}

/* ---- reading ---- */

typedef struct take {
  vs_lines l;
  const char *x;
  char *to;
  int64_t size; /* bytes of an element, or of a line */
} take;

/* Lines first..last of outer * n. */
static void take_long(void *arg, int64_t first, int64_t last, int slot) {
  const take *t = arg;
  const vs_lines l = t->l;
  (void)slot;
  for (int64_t k = first; k < last; k++) {
    int64_t o = k / l.n, line = l.index[k % l.n] - l.base;
    memcpy(t->to + k * t->size, t->x + (o * l.along + line) * t->size, (size_t)t->size);
  }
}

/* Elements first..last of [outer, n, inner]; inner is 1 unless the index names elements. */
#define TAKE(name, T)                                                                    \
  static void name(void *arg, int64_t first, int64_t last, int slot) {                   \
    const take *t = arg;                                                                 \
    const vs_lines l = t->l;                                                             \
    T *to = (void *)t->to;                                                               \
    (void)slot;                                                                          \
    int64_t line = first / l.inner, j = first % l.inner, o = line / l.n, i = line % l.n; \
    for (int64_t k = first, m; k < last; k += m) {                                       \
      const int64_t *index = l.index + (l.each ? k : i);                                 \
      const T *x = (const T *)(const void *)t->x + (o * l.along - l.base) * l.inner;     \
      if (l.inner == 1) {                                                                \
        m = VS_MIN(l.n - i, last - k);                                                   \
        for (int64_t c = 0; c < m; c++) to[k + c] = x[index[c]];                         \
        i = 0, o++;                                                                      \
        continue;                                                                        \
      }                                                                                  \
      m = VS_MIN(l.inner - j, last - k);                                                 \
      for (int64_t c = 0; c < m; c++) to[k + c] = x[index[c] * l.inner + j + c];         \
      j = 0;                                                                             \
      if (++i == l.n) i = 0, o++;                                                        \
    }                                                                                    \
  }
TAKE(take_8, uint8_t)
TAKE(take_16, uint16_t)
TAKE(take_32, uint32_t)
TAKE(take_64, uint64_t)

void vs_take_lines(const vs_lines *l, const void *x, void *to, size_t size) {
  static const vs_rangefn by_size[] = {[1] = take_8, [2] = take_16, [4] = take_32, [8] = take_64};
  take t = {*l, x, to, (int64_t)size};
  if (!l->each) {
    t.size *= l->inner;
    t.l.inner = 1;
  }
  bool whole = l->each || l->inner == 1;
  vs_parallel(l->outer * l->n * t.l.inner, BYTES / (t.size + 1) + 1,
              whole ? by_size[t.size] : take_long, &t);
}

/* ---- adding ---- */

typedef struct add {
  vs_lines l;
  void *x;
  const void *src;
  vs_real scale;
} add;

/* One column, whose lines are elements. */
#define ADD_ELEMENTS(T, expr)                                  \
  if (l.inner == 1) {                                          \
    for (int64_t o = first; o < last; o++) {                   \
      const int64_t *index = l.index + (l.each ? o * l.n : 0); \
      const T *src = (const T *)t->src + o * l.n;              \
      T *x = (T *)t->x + o * l.along - l.base;                 \
      for (int64_t i = 0; i < l.n; i++) {                      \
        T *a = x + index[i], b = src[i];                       \
        *a = expr;                                             \
      }                                                        \
    }                                                          \
    return;                                                    \
  }

/* Columns first..last of outer * inner. */
#define ADD(name, T, expr)                                                            \
  static void name(void *arg, int64_t first, int64_t last, int slot) {                \
    const add *t = arg;                                                               \
    const vs_lines l = t->l;                                                          \
    vs_real scale = t->scale;                                                         \
    (void)slot, (void)scale;                                                          \
    ADD_ELEMENTS(T, expr)                                                             \
    for (int64_t k = first, m; k < last; k += m) {                                    \
      int64_t o = k / l.inner, j = k % l.inner;                                       \
      m = VS_MIN(l.inner - j, last - k);                                              \
      for (int64_t i = 0; i < l.n; i++) {                                             \
        int64_t from = (o * l.n + i) * l.inner + j;                                   \
        const T *src = (const T *)t->src + from;                                      \
        T *x = (T *)t->x + o * l.along * l.inner + j;                                 \
        const int64_t *index = l.index + (l.each ? from : i);                         \
        int64_t line = l.each ? 0 : (index[0] - l.base) * l.inner;                    \
        for (int64_t c = 0; c < m; c++) {                                             \
          T *a = x + c + (l.each ? (index[c] - l.base) * l.inner : line), b = src[c]; \
          *a = expr;                                                                  \
        }                                                                             \
      }                                                                               \
    }                                                                                 \
  }
ADD(add_real, vs_real, *a + scale * b)
ADD(add_whole, int64_t, (int64_t)((uint64_t)*a + (uint64_t)b))

static void run_add(const vs_lines *l, void *x, const void *src, vs_real scale, vs_rangefn fn) {
  add t = {*l, x, src, scale};
  vs_parallel(l->outer * l->inner, VS_MAX(GRAIN / VS_MAX(l->n, 1) + 1, 16), fn, &t);
}

void vs_add_lines(const vs_lines *l, vs_real *x, const vs_real *src, vs_real scale) {
  run_add(l, x, src, scale, add_real);
}

void vs_add_whole_lines(const vs_lines *l, int64_t *x, const int64_t *src) {
  run_add(l, x, src, 0, add_whole);
}
