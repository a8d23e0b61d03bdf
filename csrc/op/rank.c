/* rank: the place of one item in a row of scores.
 *
 * Every score is read once, nothing is sorted.  Scores equal to the target's count as above it, and
 * so does NaN. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "op/op.h"

enum { SCORES, TARGET, GROUP, X, Y };

/* Scores of unit rows closer than this are compared again in double: a matrix product may add up
 * equal rows in different orders, and ties have to be ties. */
static const vs_real NEAR = (vs_real)1e-5;

static int check_rows(const vs_ctx *c) {
  const vs_tensor *scores = c->in[SCORES], *x = c->in[X], *y = c->in[Y];
  if (!x && !y) return 0;
  if (!x || !y) return vs_fail("%s is missing: expected both x and y, or neither", x ? "y" : "x");
  if (vs_want_ndim(c, X, 2) != 0 || vs_want_ndim(c, Y, 2) != 0) return -1;
  if (x->shape[0] != scores->shape[0] || y->shape[0] != scores->shape[1] ||
      x->shape[1] != y->shape[1])
    return vs_fail("x is %s and y is %s, expected [%lld,D] and [%lld,D] for scores %s",
                   vs_shape_str(x), vs_shape_str(y), (long long)scores->shape[0],
                   (long long)scores->shape[1], vs_shape_str(scores));
  return 0;
}

static int by_number(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* Every target is a group that some column has. */
static int check_groups(const vs_ctx *c) {
  const vs_tensor *group = c->in[GROUP];
  const int64_t *target = vs_ints(c->in[TARGET]);
  size_t n = (size_t)group->numel;
  int64_t *sorted = vs_new(n * sizeof *sorted), i = 0, q = c->in[TARGET]->numel;
  if (sorted == NULL) return -1;
  memcpy(sorted, vs_ints(group), n * sizeof *sorted);
  qsort(sorted, n, sizeof *sorted, by_number);
  while (i < q && bsearch(&target[i], sorted, n, sizeof *sorted, by_number)) i++;
  free(sorted);
  if (i == q) return 0;
  return vs_fail("target %lld is group %lld, which no column has", (long long)i + 1,
                 (long long)target[i]);
}

/* Every target is a column. */
static int check_targets(const vs_ctx *c) {
  int64_t q = c->in[SCORES]->shape[0], n = c->in[SCORES]->shape[1];
  const int64_t *target = vs_ints(c->in[TARGET]);
  for (int64_t i = 0; i < q; i++)
    if (target[i] < 1 || target[i] > n)
      return vs_fail("target %lld is %lld, outside 1..%lld (scores %s)", (long long)i + 1,
                     (long long)target[i], (long long)n, vs_shape_str(c->in[SCORES]));
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
  if (check_rows(c) != 0 || (group ? check_groups(c) : check_targets(c)) != 0) return -1;
  return vs_out(c, 0, VS_INT64, 1, scores->shape);
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
static void rank_columns(void *arg, int64_t first, int64_t last, int slot) {
  const vs_ctx *c = arg;
  (void)slot;
  for (int64_t i = first; i < last && !vs_interrupted(); i++) {
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

/* The best score among the columns of a group, NAN if it has none but NaN. */
static double best_of_group(const query *q, const int64_t *group, int64_t own) {
  vs_real top = NAN;
  double best = NAN;
  for (int64_t j = 0; j < q->n; j++) {
    if (group[j] != own) continue;
    if (!(q->row[j] <= top) && q->row[j] == q->row[j]) top = q->row[j];
  }
  for (int64_t j = 0; j < q->n; j++) {
    if (group[j] != own || !(q->row[j] >= top - q->near)) continue;
    double score = exact(q, j);
    if (!(score <= best)) best = score;
  }
  return best;
}

/* The rank of the best column of the target's group; the group's other columns do not count. */
static void rank_groups(void *arg, int64_t first, int64_t last, int slot) {
  const vs_ctx *c = arg;
  const int64_t *group = vs_ints(c->in[GROUP]);
  (void)slot;
  for (int64_t i = first; i < last && !vs_interrupted(); i++) {
    query q = query_of(c, i);
    int64_t own = vs_ints(c->in[TARGET])[i], above = 0;
    double best = best_of_group(&q, group, own);
    for (int64_t j = 0; j < q.n; j++) {
      if (group[j] == own || (double)q.row[j] < best - 2 * q.near) continue;
      above += (double)q.row[j] > best + 2 * q.near || !(exact(&q, j) < best);
    }
    vs_ints(c->out[0])[i] = above + 1;
  }
}

static void rank_forward(vs_ctx *c) {
  int64_t q = c->in[SCORES]->shape[0],
          grain = VS_MAX(1, 20000 / VS_MAX(1, c->in[SCORES]->shape[1]));
  vs_parallel(q, grain, c->in[GROUP] ? rank_groups : rank_columns, c);
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
