/* topk: the best k of a row.
 *
 * Of few in the compute type every value is read once, and never more than k are sorted; other
 * rows are sorted.  Of equal values the earlier comes first.  NaN is taken for the largest
 * number, as in PyTorch. */
#include <string.h>

#include "op/dims.h"
#include "op/sort.h"

/* A heap of the k best seen so far, the worst of them at the root. */
typedef struct heap {
  vs_real *value;
  int64_t *index;
  int64_t n;
  bool largest;
} heap;

/* Indices, then values; a whole number of int64. */
static size_t heap_bytes(int64_t k) {
  return (size_t)k * sizeof(int64_t) + (size_t)(k + 1) / 2 * 2 * sizeof(vs_real);
}

/* Whether value a at position i comes before b at position j. */
static bool before(bool largest, vs_real a, int64_t i, vs_real b, int64_t j) {
  bool a_nan = a != a, b_nan = b != b;
  if (a_nan || b_nan) return a_nan != b_nan ? a_nan == largest : i < j;
  if (a == b) return i < j;
  return largest ? a > b : a < b;
}

static void put(heap *h, int64_t at, vs_real value, int64_t index) {
  h->value[at] = value;
  h->index[at] = index;
}

/* Sinks an entry from the root of h->n entries. */
static void sink(heap *h, vs_real value, int64_t index) {
  int64_t at = 0;
  for (int64_t child; (child = 2 * at + 1) < h->n; at = child) {
    if (child + 1 < h->n && before(h->largest, h->value[child], h->index[child],
                                   h->value[child + 1], h->index[child + 1]))
      child++;
    if (!before(h->largest, value, index, h->value[child], h->index[child])) break;
    put(h, at, h->value[child], h->index[child]);
  }
  put(h, at, value, index);
}

static void rise(heap *h, vs_real value, int64_t index) {
  int64_t at = h->n++;
  while (at > 0) {
    int64_t up = (at - 1) / 2;
    if (!before(h->largest, h->value[up], h->index[up], value, index)) break;
    put(h, at, h->value[up], h->index[up]);
    at = up;
  }
  put(h, at, value, index);
}

/* Turns the heap into the order best first. */
static void unheap(heap *h) {
  for (int64_t k = h->n; k > 1; k--) {
    vs_real value = h->value[k - 1];
    int64_t index = h->index[k - 1];
    put(h, k - 1, h->value[0], h->index[0]);
    h->n = k - 1;
    sink(h, value, index);
  }
}

enum { LOOK = 64 }; /* values that are passed over at once where none is among the best */

/* Whether one is above least, or NaN. */
static bool any_above(const vs_real *x, int64_t n, vs_real least) {
  int any = 0;
  for (int64_t j = 0; j < n; j++) any |= !(x[j] <= least);
  return any;
}

/* The k best of n values a step apart; later equals never replace earlier ones. */
static void select_row(heap *h, const vs_real *x, int64_t n, int64_t step, int64_t k) {
  h->n = 0;
  if (k == 0) return;
  for (int64_t j = 0; j < k; j++) rise(h, x[j * step], j);
  if (step == 1 && h->largest) {
    for (int64_t from = k; from < n; from += LOOK) {
      int64_t to = VS_MIN(from + LOOK, n);
      if (!any_above(x + from, to - from, h->value[0])) continue;
      for (int64_t j = from; j < to; j++)
        if (!(x[j] <= h->value[0]) && before(true, x[j], j, h->value[0], h->index[0]))
          sink(h, x[j], j);
    }
  } else {
    for (int64_t j = k; j < n; j++)
      if (before(h->largest, x[j * step], j, h->value[0], h->index[0])) sink(h, x[j * step], j);
  }
  unheap(h);
}

static int64_t topk_grain(const vs_ctx *c) { return VS_MAX(1, 20000 / VS_MAX(1, c->n[1])); }

/* A heap is for few of many. */
static bool takes_heap(const vs_ctx *c) {
  return vs_is_real(c->in[0]) && (c->n[3] < 16 || c->n[3] < c->n[1] / 16);
}

/* Scratch of a slot. */
static size_t slot_bytes(const vs_ctx *c) {
  return takes_heap(c) ? heap_bytes(c->n[3]) : vs_sort_bytes(c->n[1]);
}

/* n: outer, length, inner, k of the dimension. */
static int topk_shape(vs_ctx *c) {
  if (c->in[0]->dtype == VS_BFLOAT16 && vs_recast(c, 0, VS_REAL) < 0) return -1;
  const vs_tensor *x = c->in[0];
  int64_t k = c->attr[0].i, dim = c->attr[1].i, shape[VS_MAX_DIM];
  if (x->ndim == 0) return vs_fail("x has no dimension to choose along");
  if (k < 0 || k > x->shape[dim])
    return vs_fail("k is %lld, expected 0..%lld: dimension %lld of x %s", (long long)k,
                   (long long)x->shape[dim], (long long)dim + 1, vs_shape_str(x));
  for (int i = 0; i < x->ndim; i++) shape[i] = i == dim ? k : x->shape[i];
  vs_along(x, (int)dim, c->n);
  c->n[3] = k;
  int slots = vs_slots(c->n[0] * c->n[2], topk_grain(c));
  c->work_bytes = (size_t)slots * slot_bytes(c);
  if (vs_out(c, 0, x->dtype, x->ndim, shape) != 0) return -1;
  return vs_out(c, 1, VS_INT64, x->ndim, shape);
}

static void topk_range(void *arg, int64_t first, int64_t last, int slot) {
  const vs_ctx *c = arg;
  int64_t n = c->n[1], inner = c->n[2], k = c->n[3];
  char *work = (char *)c->work + (size_t)slot * heap_bytes(k);
  heap h = {.index = (int64_t *)work,
            .value = (vs_real *)(work + k * (int64_t)sizeof(int64_t)),
            .largest = c->attr[2].i};
  for (int64_t r = first; r < last && !vs_interrupted(); r++) {
    int64_t o = r / inner, i = r % inner;
    vs_real *value = vs_reals(c->out[0]) + o * k * inner + i;
    int64_t *index = vs_ints(c->out[1]) + o * k * inner + i;
    select_row(&h, vs_reals(c->in[0]) + o * n * inner + i, n, inner, k);
    for (int64_t j = 0; j < k; j++) {
      value[j * inner] = h.value[j];
      index[j * inner] = h.index[j] + 1;
    }
  }
}

static void sorted_range(void *arg, int64_t first, int64_t last, int slot) {
  const vs_ctx *c = arg;
  int64_t n = c->n[1], inner = c->n[2], k = c->n[3];
  void *room = (char *)c->work + vs_sort_bytes(n) * (size_t)slot;
  for (int64_t r = first; r < last && !vs_interrupted(); r++) {
    int64_t base = r / inner * n * inner + r % inner, to = r / inner * k * inner + r % inner;
    const int64_t *order = vs_sort_row(c->in[0], base, n, inner, c->attr[2].i, room);
    for (int64_t j = 0; j < k; j++) vs_ints(c->out[1])[to + j * inner] = order[j] + 1;
    vs_sort_take(c->in[0], base, inner, order, k, c->out[0], to);
  }
}

static void topk_forward(vs_ctx *c) {
  vs_rangefn fn = takes_heap(c) ? topk_range : sorted_range;
  vs_parallel(c->n[0] * c->n[2], topk_grain(c), fn, c);
}

/* values[j] = x[index[j]]: dx[index[j]] = dvalues[j], 0 elsewhere. */
static void topk_back_range(void *arg, int64_t first, int64_t last, int slot) {
  const vs_ctx *c = arg;
  int64_t n = c->n[1], inner = c->n[2], k = c->n[3];
  (void)slot;
  for (int64_t r = first; r < last && !vs_interrupted(); r++) {
    int64_t o = r / inner, i = r % inner, from = o * k * inner + i, to = o * n * inner + i;
    vs_real *dx = vs_reals(c->din[0]);
    for (int64_t j = 0; j < n; j++) dx[to + j * inner] = 0;
    if (!c->dout[0]) continue;
    for (int64_t j = 0; j < k; j++)
      dx[to + (vs_ints(c->out[1])[from + j * inner] - 1) * inner] =
          vs_reals(c->dout[0])[from + j * inner];
  }
}

static int topk_backward(vs_ctx *c) {
  vs_parallel(c->n[0] * c->n[2], topk_grain(c), topk_back_range, c);
  return 0;
}

const vs_opdef vs_op_topk = {
    .name = "topk",
    .args = "x:any, k:int, dim:dim=-1, largest:bool=true",
    .outputs = 2,
    .flags = VS_KINK,
    .keep = VS_KEEP_OUT(1),
    .shape = topk_shape,
    .forward = topk_forward,
    .backward = topk_backward,
    .doc =
        "The k largest (or smallest) values along dim, best first, the earlier of equals first -> "
        "values and their positions (int64), both of x's shape with k in place of dim.",
};
