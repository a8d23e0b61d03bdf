/* embedding: rows of a table by their 1-based number.
 * The gradient is deterministic: threads share out the columns, and each adds the rows of its
 * columns in the order of the ids.  It is dense, or with sparse has memory where ids point to and
 * knows these rows (core/rows.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rows.h"
#include "kernel/rnn.h"
#include "op/op.h"

enum { PADDING, SPARSE }; /* attributes */

/* "2,3": the position of element `at` in a tensor, counted from 1. */
static const char *place_of(const vs_tensor *t, int64_t at, char *buf, size_t size) {
  int64_t pos[VS_MAX_DIM];
  size_t used = 0;
  for (int i = t->ndim - 1; i >= 0; i--) pos[i] = at % t->shape[i] + 1, at /= t->shape[i];
  buf[0] = '\0';
  for (int i = 0; i < t->ndim && used < size; i++)
    used += (size_t)snprintf(buf + used, size - used, "%s%lld", i ? "," : "", (long long)pos[i]);
  return buf;
}

/* weight [V,D], ids [...] -> [...,D] */
static int embedding_shape(vs_ctx *c) {
  const vs_tensor *w = c->in[0], *ids = c->in[1];
  int64_t shape[VS_MAX_DIM];
  char place[160];
  if (vs_want_ndim(c, 0, 2)) return -1;
  if (ids->ndim >= VS_MAX_DIM)
    return vs_fail("ids has %d dimensions, at most %d", ids->ndim, VS_MAX_DIM - 1);
  if (c->attr[PADDING].kind != VS_V_NONE &&
      (c->attr[PADDING].i < 1 || c->attr[PADDING].i > w->shape[0]))
    return vs_fail("padding_idx is %lld, outside 1..%lld (weight is %s)",
                   (long long)c->attr[PADDING].i, (long long)w->shape[0], vs_shape_str(w));
  for (int64_t i = 0; i < ids->numel; i++)
    if (vs_ints(ids)[i] < 1 || vs_ints(ids)[i] > w->shape[0])
      return vs_fail(
          "id %lld at position [%s] of ids is outside the table of %lld rows (ids count from 1)",
          (long long)vs_ints(ids)[i], place_of(ids, i, place, sizeof place),
          (long long)w->shape[0]);
  for (int i = 0; i < ids->ndim; i++) shape[i] = ids->shape[i];
  shape[ids->ndim] = w->shape[1];
  return vs_out(c, 0, VS_REAL, ids->ndim + 1, shape);
}

typedef struct lookup {
  int64_t n, d, padding; /* padding: 0 if none */
  const int64_t *ids;
  vs_real *table, *rows;
} lookup;

static void copy_rows(void *arg, int64_t first, int64_t last, int slot) {
  const lookup *l = arg;
  (void)slot;
  for (int64_t i = first; i < last; i++)
    memcpy(l->rows + i * l->d, l->table + (l->ids[i] - 1) * l->d, (size_t)l->d * sizeof(vs_real));
}

static void embedding_forward(vs_ctx *c) {
  const vs_tensor *w = c->in[0], *ids = c->in[1];
  lookup l = {.n = ids->numel,
              .d = w->shape[1],
              .ids = vs_ints(ids),
              .table = vs_reals(w),
              .rows = vs_reals(c->out[0])};
  vs_parallel(l.n, VS_MAX(1, 16384 / VS_MAX(1, l.d)), copy_rows, &l);
}

static void clear_rows(void *arg, int64_t first, int64_t last, int slot) {
  const lookup *l = arg;
  (void)slot;
  memset(l->table + first, 0, (size_t)(last - first) * sizeof(vs_real));
}

static void add_columns(void *arg, int64_t first, int64_t last, int slot) {
  const lookup *l = arg;
  const vs_kernels_rnn *k = vs_k_rnn();
  (void)slot;
  for (int64_t i = 0; i < l->n; i++)
    if (l->ids[i] != l->padding)
      k->add(last - first, l->table + (l->ids[i] - 1) * l->d + first, l->rows + i * l->d + first);
}

static int compare(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* The rows that ids name but for the padding one, each once, rising, from 0. */
static vs_tensor *touched(const vs_tensor *ids, int64_t padding) {
  vs_tensor *all = vs_tensor_new(VS_INT64, 1, &ids->numel), *list;
  if (!all) return NULL;
  int64_t *row = vs_ints(all), n = 0;
  memcpy(row, vs_ints(ids), (size_t)ids->numel * sizeof *row);
  qsort(row, (size_t)ids->numel, sizeof *row, compare);
  for (int64_t i = 0; i < ids->numel; i++)
    if (row[i] != padding && (n == 0 || row[i] - 1 != row[n - 1])) row[n++] = row[i] - 1;
  list = vs_slice(all, 0, 0, n, 1);
  vs_unref(all);
  return list;
}

/* y[i] = weight[ids[i]]: dweight[ids[i]] += dy[i] */
static int embedding_backward(vs_ctx *c) {
  const vs_tensor *w = c->in[0], *ids = c->in[1];
  bool sparse = c->attr[SPARSE].i;
  lookup l = {.n = ids->numel, .d = w->shape[1], .ids = vs_ints(ids), .rows = vs_reals(c->dout[0])};
  l.padding = c->attr[PADDING].kind == VS_V_NONE ? 0 : c->attr[PADDING].i;
  vs_tensor *list = sparse ? touched(ids, l.padding) : NULL, *dw = NULL;
  if (sparse && !list) return -1;
  dw = sparse ? vs_rows_zeros(2, w->shape) : vs_tensor_new(VS_REAL, 2, w->shape);
  if (!dw) {
    vs_unref(list);
    return -1;
  }
  l.table = vs_reals(dw);
  if (sparse)
    vs_rows_set(dw, list);
  else
    vs_parallel(dw->numel, 1 << 16, clear_rows, &l);
  vs_parallel(l.d, l.n >= 64 ? 32 : l.d + 1, add_columns, &l);
  c->din[0] = dw;
  return 0;
}

const vs_opdef vs_op_embedding = {
    .name = "embedding",
    .args = "weight:tensor, ids:index, padding_idx:int?, sparse:bool=false",
    .outputs = 1,
    .flags = VS_OWN_GRADS | VS_LOOKUP,
    .keep = VS_KEEP_IN(1),
    .shape = embedding_shape,
    .forward = embedding_forward,
    .backward = embedding_backward,
    .doc =
        "Rows of a table. weight [V,D], ids [...] of 1..V -> [...,D]. The row padding_idx gets "
        "no gradient. An id outside the table is an error that names it and its position. sparse: "
        "the gradient takes memory and time only for the rows of ids; optimizers and clipping "
        "then leave all other rows, and their state, as they are.",
};
