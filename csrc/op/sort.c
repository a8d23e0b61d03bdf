/* sort and argsort: stable, along one dimension, of any dtype.
 *
 * Elements become integer keys of the same order, so that one merge sort serves all dtypes: the
 * bits of a number in double, its order reversed by a complement.  NaN counts as largest, -0 equals
 * 0. */
#include <string.h>

#include "op/dims.h"
#include "op/sort.h"

enum { DIM, DESCENDING };
enum { RUN = 16, GRAIN = 1 << 14 };

static int64_t key_of(const vs_tensor *x, int64_t i, bool descending) {
  int64_t key;
  if (vs_is_integer(x)) {
    key = vs_get_int(x, i);
  } else {
    double v = vs_get_double(x, i) + 0.0; /* -0 becomes 0 */
    memcpy(&key, &v, sizeof key);
    if (v != v)
      key = INT64_MAX;
    else if (key < 0)
      key ^= INT64_MAX;
  }
  return descending ? ~key : key;
}

static void insertion(vs_sort_item *v, int64_t n) {
  for (int64_t i = 1; i < n; i++) {
    vs_sort_item x = v[i];
    int64_t j = i;
    for (; j > 0 && v[j - 1].key > x.key; j--) v[j] = v[j - 1];
    v[j] = x;
  }
}

/* from[0..middle) and from[middle..n) into to, equal keys in their order. */
static void merge(const vs_sort_item *from, int64_t middle, int64_t n, vs_sort_item *to) {
  int64_t a = 0, b = middle;
  for (int64_t k = 0; k < n; k++)
    to[k] = b >= n || (a < middle && from[a].key <= from[b].key) ? from[a++] : from[b++];
}

/* Sorts v with the help of as much memory again; the result is in the one that is returned. */
static vs_sort_item *merge_sort(vs_sort_item *v, vs_sort_item *other, int64_t n) {
  for (int64_t i = 0; i < n; i += RUN) insertion(v + i, VS_MIN(RUN, n - i));
  for (int64_t width = RUN; width < n && !vs_interrupted(); width *= 2) {
    for (int64_t i = 0; i < n; i += 2 * width)
      merge(v + i, VS_MIN(width, n - i), VS_MIN(2 * width, n - i), other + i);
    vs_sort_item *sorted = other;
    other = v;
    v = sorted;
  }
  return v;
}

const vs_sort_item *vs_sort_row(const vs_tensor *x, int64_t base, int64_t n, int64_t step,
                                bool descending, vs_sort_item *room) {
  for (int64_t k = 0; k < n; k++)
    room[k] = (vs_sort_item){key_of(x, base + k * step, descending), k};
  return merge_sort(room, room + n, n);
}

static int64_t grain(const vs_ctx *c) { return GRAIN / VS_MAX(c->n[1], 1) + 1; }

/* n: outer, along, inner */
static int common_shape(vs_ctx *c, int index) {
  vs_along(c->in[0], (int)c->attr[DIM].i, c->n);
  int parts = vs_parts(c->n[0] * c->n[2], grain(c));
  c->work_bytes = 2 * (size_t)parts * (size_t)c->n[1] * sizeof(vs_sort_item);
  return vs_out(c, index, VS_INT64, c->in[0]->ndim, c->in[0]->shape);
}

static int sort_shape(vs_ctx *c) {
  if (vs_out_like(c, 0, c->in[0])) return -1;
  return common_shape(c, 1);
}

static int argsort_shape(vs_ctx *c) { return common_shape(c, 0); }

/* The last output takes positions, the first of two the values. */
static void sort_rows(void *arg, int64_t first, int64_t last, int part) {
  const vs_ctx *c = arg;
  const vs_tensor *x = c->in[0];
  int64_t n = c->n[1], inner = c->n[2], *index = vs_ints(c->out[c->nout - 1]);
  vs_sort_item *v = (vs_sort_item *)c->work + 2 * n * part;
  size_t size = vs_dtype_size(x->dtype);
  for (int64_t r = first; r < last && !vs_interrupted(); r++) {
    int64_t base = r / inner * n * inner + r % inner;
    const vs_sort_item *sorted = vs_sort_row(x, base, n, inner, c->attr[DESCENDING].i, v);
    for (int64_t k = 0; k < n; k++) {
      int64_t to = base + k * inner, from = base + sorted[k].at * inner;
      index[to] = sorted[k].at + 1;
      if (c->nout == 2)
        memcpy((char *)vs_data(c->out[0]) + (size_t)to * size,
               (const char *)vs_data(x) + (size_t)from * size, size);
    }
  }
}

static void sort_forward(vs_ctx *c) { vs_parallel(c->n[0] * c->n[2], grain(c), sort_rows, c); }

/* dx[index[k]] = dvalues[k]: every place is written once */
static int sort_backward(vs_ctx *c) {
  int64_t n = c->n[1], inner = c->n[2];
  const int64_t *index = vs_ints(c->out[1]);
  const vs_real *g = vs_reals(c->dout[0]);
  vs_real *dx = vs_reals(c->din[0]);
  for (int64_t o = 0; o < c->n[0]; o++)
    for (int64_t k = 0; k < n; k++)
      for (int64_t i = 0; i < inner; i++) {
        int64_t from = (o * n + k) * inner + i;
        dx[(o * n + index[from] - 1) * inner + i] = g[from];
      }
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
