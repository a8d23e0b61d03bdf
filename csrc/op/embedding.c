/* embedding: rows of a table by their 1-based number.
 * The gradient is dense and deterministic: threads share out the columns, and each adds the rows of
 * its columns in the order of the ids. */
#include <stdio.h>
#include <string.h>

#include "kernel/rnn.h"
#include "op/op.h"

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
  if (vs_want_ndim(c, 0, 2)) return -1;
  if (ids->ndim >= VS_MAX_DIM)
    return vs_fail("ids has %d dimensions, at most %d", ids->ndim, VS_MAX_DIM - 1);
  if (c->attr[0].kind != VS_V_NONE && (c->attr[0].i < 1 || c->attr[0].i > w->shape[0]))
    return vs_fail("padding_idx is %lld, outside 1..%lld (weight is %s)", (long long)c->attr[0].i,
                   (long long)w->shape[0], vs_shape_str(w));
  for (int i = 0; i < ids->ndim; i++) shape[i] = ids->shape[i];
  shape[ids->ndim] = w->shape[1];
  return vs_out(c, 0, VS_REAL, ids->ndim + 1, shape);
}

typedef struct lookup {
  int64_t n, d, padding; /* padding: 0 if none */
  const int64_t *ids;
  vs_real *table, *rows;
} lookup;

static void copy_rows(void *arg, int64_t first, int64_t last, int part) {
  const lookup *l = arg;
  (void)part;
  for (int64_t i = first; i < last; i++)
    memcpy(l->rows + i * l->d, l->table + (l->ids[i] - 1) * l->d, (size_t)l->d * sizeof(vs_real));
}

static int embedding_forward(vs_ctx *c) {
  const vs_tensor *w = c->in[0], *ids = c->in[1];
  lookup l = {.n = ids->numel,
              .d = w->shape[1],
              .ids = vs_ints(ids),
              .table = vs_reals(w),
              .rows = vs_reals(c->out[0])};
  char place[160];
  for (int64_t i = 0; i < l.n; i++)
    if (l.ids[i] < 1 || l.ids[i] > w->shape[0])
      return vs_fail(
          "id %lld at position [%s] of ids is outside the table of %lld rows (ids count from 1)",
          (long long)l.ids[i], place_of(ids, i, place, sizeof place), (long long)w->shape[0]);
  vs_parallel(l.n, VS_MAX(1, 16384 / VS_MAX(1, l.d)), copy_rows, &l);
  return 0;
}

static void clear_rows(void *arg, int64_t first, int64_t last, int part) {
  const lookup *l = arg;
  (void)part;
  memset(l->table + first, 0, (size_t)(last - first) * sizeof(vs_real));
}

static void add_columns(void *arg, int64_t first, int64_t last, int part) {
  const lookup *l = arg;
  const vs_kernels_rnn *k = vs_k_rnn();
  (void)part;
  for (int64_t i = 0; i < l->n; i++)
    if (l->ids[i] != l->padding)
      k->add(last - first, l->table + (l->ids[i] - 1) * l->d + first, l->rows + i * l->d + first);
}

/* y[i] = weight[ids[i]]: dweight[ids[i]] += dy[i] */
static int embedding_backward(vs_ctx *c) {
  const vs_tensor *dw = c->din[0];
  lookup l = {.n = c->in[1]->numel,
              .d = dw->shape[1],
              .ids = vs_ints(c->in[1]),
              .table = vs_reals(dw),
              .rows = vs_reals(c->dout[0])};
  l.padding = c->attr[0].kind == VS_V_NONE ? 0 : c->attr[0].i;
  vs_parallel(dw->numel, 1 << 16, clear_rows, &l);
  vs_parallel(l.d, l.n >= 64 ? 32 : l.d + 1, add_columns, &l);
  return 0;
}

const vs_opdef vs_op_embedding = {
    .name = "embedding",
    .args = "weight:tensor, ids:index, padding_idx:int?",
    .outputs = 1,
    .keep = VS_KEEP_IN(1),
    .shape = embedding_shape,
    .forward = embedding_forward,
    .backward = embedding_backward,
    .doc = "Rows of a table. weight [V,D], ids [...] of 1..V -> [...,D]. The row padding_idx gets "
           "no gradient. An id outside the table is an error that names it and its position.",
};
