/* rank and topk: where an item stands in a row of scores, and the best k of a row.
 *
 * Both look at every score once and never sort more than k.  Equal scores: rank counts them against
 * the target, topk takes the earlier position first.  NaN: rank counts it as above the target, topk
 * takes it for the largest number, as PyTorch does. */
#include <math.h>
#include <string.h>

#include "op/op.h"

/* --- rank --- */

enum { SCORES, TARGET, GROUP, X, Y };

/* Scores of unit rows closer than this are compared again in double: a matrix product may add up
 * equal rows in different orders, and ties have to be ties. */
static const vs_real NEAR = (vs_real)1e-5;

static int check_rows(const vs_ctx *c) {
  const vs_tensor *scores = c->in[SCORES], *x = c->in[X], *y = c->in[Y];
  if (!x && !y) return 0;
  if (!x || !y) return vs_fail("x and y go together: %s is missing", x ? "y" : "x");
  if (vs_want_ndim(c, X, 2) != 0 || vs_want_ndim(c, Y, 2) != 0) return -1;
  if (x->shape[0] != scores->shape[0] || y->shape[0] != scores->shape[1] ||
      x->shape[1] != y->shape[1])
    return vs_fail("x is %s and y is %s, expected [%lld,D] and [%lld,D] for scores %s",
                   vs_shape_str(x), vs_shape_str(y), (long long)scores->shape[0],
                   (long long)scores->shape[1], vs_shape_str(scores));
  return 0;
}

static int rank_shape(vs_ctx *c) {
  const vs_tensor *scores = c->in[SCORES], *target = c->in[TARGET], *group = c->in[GROUP];
  if (vs_want_ndim(c, SCORES, 2) != 0 || vs_want_ndim(c, TARGET, 1) != 0) return -1;
  if (target->shape[0] != scores->shape[0])
    return vs_fail("target is %s, expected [%lld] for scores %s", vs_shape_str(target),
                   (long long)scores->shape[0], vs_shape_str(scores));
  if (group && (group->ndim != 1 || group->shape[0] != scores->shape[1]))
    return vs_fail("group is %s, expected [%lld] for scores %s", vs_shape_str(group),
                   (long long)scores->shape[1], vs_shape_str(scores));
  if (check_rows(c) != 0) return -1;
  return vs_out(c, 0, VS_INT64, 1, scores->shape);
}

static int check_targets(const vs_ctx *c) {
  int64_t q = c->in[SCORES]->shape[0], n = c->in[SCORES]->shape[1];
  const int64_t *target = vs_ints(c->in[TARGET]);
  for (int64_t i = 0; i < q; i++)
    if (target[i] < 1 || target[i] > n)
      return vs_fail("target %lld is %lld, outside 1..%lld (scores %s)", (long long)i + 1,
                     (long long)target[i], (long long)n, vs_shape_str(c->in[SCORES]));
  return 0;
}

/* One row of scores. */
typedef struct query {
  const vs_real *row, *x, *y; /* x, y: NULL, or the row's vector and all of the columns' */
  int64_t n, d;
  vs_real near;
} query;

static query query_of(const vs_ctx *c, int64_t i) {
  int64_t n = c->in[SCORES]->shape[1];
  query q = {.row = vs_reals(c->in[SCORES]) + i * n, .n = n};
  if (c->in[X]) {
    q.d = c->in[X]->shape[1];
    q.x = vs_reals(c->in[X]) + i * q.d;
    q.y = vs_reals(c->in[Y]);
    q.near = NEAR;
  }
  return q;
}

/* The score of column j; with vectors, their product in double, always added up in the same
 * order. */
static double exact(const query *q, int64_t j) {
  double part[8] = {0}, rest = 0;
  int64_t k = 0;
  if (!q->x) return q->row[j];
  const vs_real *y = q->y + j * q->d;
  for (; k + 8 <= q->d; k += 8)
    for (int l = 0; l < 8; l++) part[l] += (double)q->x[k + l] * y[k + l];
  for (; k < q->d; k++) rest += (double)q->x[k] * y[k];
  for (int l = 0; l < 8; l++) rest += part[l];
  return rest;
}

/* 1 + how many of the others are not below the target. */
static void rank_columns(void *arg, int64_t first, int64_t last, int part) {
  const vs_ctx *c = arg;
  (void)part;
  for (int64_t i = first; i < last; i++) {
    query q = query_of(c, i);
    int64_t target = vs_ints(c->in[TARGET])[i] - 1, below = 0, within = 0;
    vs_real low = q.row[target] - q.near, high = q.row[target] + q.near;
    for (int64_t j = 0; j < q.n; j++) {
      below += q.row[j] < low;
      within += (q.row[j] >= low) & (q.row[j] <= high);
    }
    if (q.x && within > 1) {
      double own = exact(&q, target);
      for (int64_t j = 0; j < q.n; j++)
        if (q.row[j] >= low && q.row[j] <= high && j != target) below += exact(&q, j) < own;
    }
    vs_ints(c->out[0])[i] = q.n - below;
  }
}

/* The best score among the columns of a group, NAN if it has none but NaN; counts its columns. */
static double best_of_group(const query *q, const int64_t *group, int64_t own, int64_t *members) {
  vs_real top = NAN;
  double best = NAN;
  *members = 0;
  for (int64_t j = 0; j < q->n; j++) {
    if (group[j] != own) continue;
    (*members)++;
    if (!(q->row[j] <= top) && q->row[j] == q->row[j]) top = q->row[j];
  }
  for (int64_t j = 0; j < q->n; j++) {
    if (group[j] != own || !(q->row[j] >= top - q->near)) continue;
    double score = exact(q, j);
    if (!(score <= best)) best = score;
  }
  return best;
}

/* The rank of the best column of the target's group; the group's other columns do not count.  0
 * when the group has no column. */
static void rank_groups(void *arg, int64_t first, int64_t last, int part) {
  const vs_ctx *c = arg;
  const int64_t *group = vs_ints(c->in[GROUP]);
  (void)part;
  for (int64_t i = first; i < last; i++) {
    query q = query_of(c, i);
    int64_t own = vs_ints(c->in[TARGET])[i], members, above = 0;
    double best = best_of_group(&q, group, own, &members);
    for (int64_t j = 0; j < q.n; j++) {
      if (group[j] == own || (double)q.row[j] < best - 2 * q.near) continue;
      above += (double)q.row[j] > best + 2 * q.near || !(exact(&q, j) < best);
    }
    vs_ints(c->out[0])[i] = members ? above + 1 : 0;
  }
}

static int rank_forward(vs_ctx *c) {
  int64_t q = c->in[SCORES]->shape[0],
          grain = VS_MAX(1, 20000 / VS_MAX(1, c->in[SCORES]->shape[1]));
  if (!c->in[GROUP]) {
    if (check_targets(c) != 0) return -1;
    vs_parallel(q, grain, rank_columns, c);
    return 0;
  }
  vs_parallel(q, grain, rank_groups, c);
  for (int64_t i = 0; i < q; i++)
    if (vs_ints(c->out[0])[i] == 0)
      return vs_fail("target %lld is group %lld, which no column has", (long long)i + 1,
                     (long long)vs_ints(c->in[TARGET])[i]);
  return 0;
}

const vs_opdef vs_op_rank = {
    .name = "rank",
    .args = "scores:tensor, target:index, group:index?, x:tensor?, y:tensor?",
    .outputs = 1,
    .flags = VS_NOGRAD,
    .shape = rank_shape,
    .forward = rank_forward,
    .doc =
        "Rank from 1 of one column in each row, largest score first. scores [Q,N], target [Q] the "
        "column -> int64 [Q]. Scores equal to the target's, and NaN, count as above it. With group "
        "[N] target names a group: the rank of its best column among those of other groups. x "
        "[Q,D] and y [N,D], rows of length 1 that the scores are products of: scores within 1e-5 "
        "are compared again in double precision, so that equal rows tie exactly.",
};

/* --- topk --- */

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

/* n: outer, length, inner, k of the dimension. */
static int topk_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[0];
  int64_t k = c->attr[0].i, dim = c->attr[1].i, shape[VS_MAX_DIM];
  if (x->ndim == 0) return vs_fail("x has no dimension to choose along");
  if (k < 0 || k > x->shape[dim])
    return vs_fail("k is %lld, expected 0..%lld: dimension %lld of x %s", (long long)k,
                   (long long)x->shape[dim], (long long)dim + 1, vs_shape_str(x));
  c->n[0] = c->n[2] = 1;
  for (int i = 0; i < x->ndim; i++) {
    shape[i] = i == dim ? k : x->shape[i];
    if (i != dim) c->n[i < dim ? 0 : 2] *= x->shape[i];
  }
  c->n[1] = x->shape[dim];
  c->n[3] = k;
  int parts = vs_parts(c->n[0] * c->n[2], topk_grain(c));
  c->work_bytes = (size_t)parts * heap_bytes(k);
  if (vs_out(c, 0, VS_REAL, x->ndim, shape) != 0) return -1;
  return vs_out(c, 1, VS_INT64, x->ndim, shape);
}

static void topk_range(void *arg, int64_t first, int64_t last, int part) {
  const vs_ctx *c = arg;
  int64_t n = c->n[1], inner = c->n[2], k = c->n[3];
  char *work = (char *)c->work + (size_t)part * heap_bytes(k);
  heap h = {.index = (int64_t *)work,
            .value = (vs_real *)(work + k * (int64_t)sizeof(int64_t)),
            .largest = c->attr[2].i};
  for (int64_t r = first; r < last; r++) {
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

static int topk_forward(vs_ctx *c) {
  vs_parallel(c->n[0] * c->n[2], topk_grain(c), topk_range, c);
  return 0;
}

/* values[j] = x[index[j]]: dx[index[j]] = dvalues[j], 0 elsewhere. */
static void topk_back_range(void *arg, int64_t first, int64_t last, int part) {
  const vs_ctx *c = arg;
  int64_t n = c->n[1], inner = c->n[2], k = c->n[3];
  (void)part;
  for (int64_t r = first; r < last; r++) {
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
    .args = "x:tensor, k:int, dim:dim=-1, largest:bool=true",
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
