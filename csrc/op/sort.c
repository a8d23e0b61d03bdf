/* sort and argsort: stable, along one dimension, of any dtype.
 *
 * Elements become unsigned keys of the same order, of 32 bits where that is enough, so that one
 * radix sort serves all dtypes: bytes of the keys from the lowest, those that all keys share left
 * out.  The order is reversed by a complement.  NaN counts as largest, -0 equals 0. */
#include <string.h>

#include "op/dims.h"
#include "op/sort.h"

enum { DIM, DESCENDING };
enum { FEW = 48, GRAIN = 1 << 14 };

/* ---- keys ---- */

static uint64_t real_key(double v) {
  int64_t key;
  v += 0.0; /* -0 becomes 0 */
  memcpy(&key, &v, sizeof key);
  if (v != v) return UINT64_MAX;
  return (uint64_t)(key < 0 ? ~key : key ^ INT64_MIN);
}

static uint32_t float_key(float v) {
  int32_t key;
  v += 0.0f;
  memcpy(&key, &v, sizeof key);
  if (v != v) return UINT32_MAX;
  return (uint32_t)(key < 0 ? ~key : key ^ INT32_MIN);
}

static bool is_short(const vs_tensor *x) { return vs_dtype_size(x->dtype) <= 4; }

static uint64_t key_of(const vs_tensor *x, int64_t i) {
  if (x->dtype == VS_INT64) return (uint64_t)(vs_ints(x)[i] ^ INT64_MIN);
  if (!is_short(x)) return real_key(vs_get_double(x, i));
  if (x->dtype == VS_FLOAT32) return float_key(((const float *)vs_data(x))[i]);
  double v = vs_get_double(x, i);
  return vs_is_integer(x) ? (uint32_t)((int32_t)v ^ INT32_MIN) : float_key((float)v);
}

/* ---- sorting ---- */

/* Sorts n items of v by `key` with the help of as many others; the result is in the one that is
 * returned. */
#define SORT(name, ITEM, key, bytes)                                                  \
  static ITEM *name(ITEM *v, ITEM *other, int64_t n) {                                \
    int64_t count[bytes][256];                                                        \
    if (n <= FEW) {                                                                   \
      for (int64_t i = 1; i < n; i++) {                                               \
        ITEM x = v[i];                                                                \
        int64_t j = i;                                                                \
        for (; j > 0 && key(v[j - 1]) > key(x); j--) v[j] = v[j - 1];                 \
        v[j] = x;                                                                     \
      }                                                                               \
      return v;                                                                       \
    }                                                                                 \
    memset(count, 0, sizeof count);                                                   \
    for (int64_t i = 0; i < n; i++)                                                   \
      for (int b = 0; b < bytes; b++) count[b][key(v[i]) >> (8 * b) & 255]++;         \
    for (int b = 0; b < bytes && !vs_interrupted(); b++) {                            \
      int64_t *at = count[b], before = 0;                                             \
      if (at[key(v[0]) >> (8 * b) & 255] == n) continue;                              \
      for (int d = 0; d < 256; d++) {                                                 \
        int64_t here = at[d];                                                         \
        at[d] = before;                                                               \
        before += here;                                                               \
      }                                                                               \
      for (int64_t i = 0; i < n; i++) other[at[key(v[i]) >> (8 * b) & 255]++] = v[i]; \
      ITEM *sorted = other;                                                           \
      other = v;                                                                      \
      v = sorted;                                                                     \
    }                                                                                 \
    return v;                                                                         \
  }

typedef struct item {
  uint64_t key;
  int64_t at;
} item;
/* A short key and, below it, a position. */
typedef uint64_t short_item;
#define KEY(x) ((x).key)
#define SHORT_KEY(x) ((uint32_t)((x) >> 32))
SORT(sort_items, item, KEY, 8)
SORT(sort_short_items, short_item, SHORT_KEY, 4)

size_t vs_sort_bytes(int64_t n) { return 2 * (size_t)n * sizeof(item); }

const int64_t *vs_sort_row(const vs_tensor *x, int64_t base, int64_t n, int64_t step,
                           bool descending, void *room) {
  uint64_t flip = descending ? UINT64_MAX : 0;
  item *v = room;
  int64_t *order = room;
  if (is_short(x) && n <= UINT32_MAX) {
    short_item *keys = room, *sorted;
    for (int64_t k = 0; k < n; k++)
      keys[k] = (key_of(x, base + k * step) ^ flip) << 32 | (uint64_t)k;
    sorted = sort_short_items(keys, keys + n, n);
    order += 2 * n; /* where neither lies */
    for (int64_t k = 0; k < n; k++) order[k] = (int64_t)(sorted[k] & UINT32_MAX);
    return order;
  }
  for (int64_t k = 0; k < n; k++) v[k] = (item){key_of(x, base + k * step) ^ flip, k};
  const item *sorted = sort_items(v, v + n, n);
  order += sorted == v ? 2 * n : 0;
  for (int64_t k = 0; k < n; k++) order[k] = sorted[k].at;
  return order;
}

static int64_t grain(const vs_ctx *c) { return GRAIN / VS_MAX(c->n[1], 1) + 1; }

/* n: outer, along, inner */
static int common_shape(vs_ctx *c, int index) {
  vs_along(c->in[0], (int)c->attr[DIM].i, c->n);
  int slots = vs_slots(c->n[0] * c->n[2], grain(c));
  c->work_bytes = (size_t)slots * vs_sort_bytes(c->n[1]);
  return vs_out(c, index, VS_INT64, c->in[0]->ndim, c->in[0]->shape);
}

static int sort_shape(vs_ctx *c) {
  if (vs_out_like(c, 0, c->in[0])) return -1;
  return common_shape(c, 1);
}

static int argsort_shape(vs_ctx *c) { return common_shape(c, 0); }

/* The last output takes positions, the first of two the values. */
static void sort_rows(void *arg, int64_t first, int64_t last, int slot) {
  const vs_ctx *c = arg;
  const vs_tensor *x = c->in[0];
  int64_t n = c->n[1], inner = c->n[2], *index = vs_ints(c->out[c->nout - 1]);
  void *room = (char *)c->work + vs_sort_bytes(n) * (size_t)slot;
  for (int64_t r = first; r < last && !vs_interrupted(); r++) {
    int64_t base = r / inner * n * inner + r % inner;
    const int64_t *order = vs_sort_row(x, base, n, inner, c->attr[DESCENDING].i, room);
    for (int64_t k = 0; k < n; k++) index[base + k * inner] = order[k] + 1;
    if (c->nout == 2) vs_sort_take(x, base, inner, order, n, c->out[0], base);
  }
}

void vs_sort_take(const vs_tensor *x, int64_t base, int64_t step, const int64_t *order, int64_t n,
                  vs_tensor *to, int64_t at) {
  size_t size = vs_dtype_size(x->dtype);
  const char *from = (const char *)vs_data(x) + (size_t)base * size;
  char *out = (char *)vs_data(to) + (size_t)at * size;
  if (size == 4)
    for (int64_t k = 0; k < n; k++)
      ((uint32_t *)(void *)out)[k * step] = ((const uint32_t *)(const void *)from)[order[k] * step];
  else
    for (int64_t k = 0; k < n; k++)
      memcpy(out + (size_t)(k * step) * size, from + (size_t)(order[k] * step) * size, size);
}

static void sort_forward(vs_ctx *c) { vs_parallel(c->n[0] * c->n[2], grain(c), sort_rows, c); }

/* dx[index[k]] = dvalues[k]: every place is written once */
static void sort_back_range(void *arg, int64_t first, int64_t last, int slot) {
  const vs_ctx *c = arg;
  int64_t n = c->n[1], inner = c->n[2];
  const int64_t *index = vs_ints(c->out[1]);
  const vs_real *g = vs_reals(c->dout[0]);
  vs_real *dx = vs_reals(c->din[0]);
  (void)slot;
  for (int64_t k = first; k < last; k++)
    for (int64_t i = 0; i < inner; i++) {
      int64_t from = k * inner + i;
      dx[(k / n * n + index[from] - 1) * inner + i] = g[from];
    }
}

static int sort_backward(vs_ctx *c) {
  vs_parallel(c->n[0] * c->n[1], GRAIN / (c->n[2] + 1) + 1, sort_back_range, c);
  return 0;
}

const vs_opdef vs_op_sort = {
    .name = "sort",
    .args = "x:any, dim:dim=-1, descending:bool=false",
    .outputs = 2,
    .flags = VS_KINK,
    .keep = VS_KEEP_OUT(1),
    .shape = sort_shape,
    .forward = sort_forward,
    .backward = sort_backward,
    .doc =
        "The values along dim in order, and the positions (int64, from 1) that they had; both of "
        "x's shape. Equal values keep their order. NaN counts as largest.",
};

const vs_opdef vs_op_argsort = {
    .name = "argsort",
    .args = "x:any, dim:dim=-1, descending:bool=false",
    .outputs = 1,
    .flags = VS_NOGRAD,
    .shape = argsort_shape,
    .forward = sort_forward,
    .doc = "The positions (int64, from 1) that put the values along dim in order; see sort.",
};
