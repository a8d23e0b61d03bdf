/* Writing to places that an index names: scatter, scatter_add, index_add.
 *
 * Each returns a new tensor.  Index values count from 1.  What several elements write to one place
 * is decided by row order: scatter keeps the last, the others add in that order. */
#include <string.h>

#include "op/scatter.h"

/* ---- scatter ---- */

static int scatter_shape(vs_ctx *c) {
  c->back_bytes = (size_t)c->in[X]->numel;
  if (vs_recast(c, SRC, c->in[X]->dtype)) return -1;
  return vs_scattered_shape(c, true);
}

static void scatter_forward(vs_ctx *c) {
  const int64_t *index = vs_ints(c->in[INDEX]);
  size_t size = vs_dtype_size(c->in[X]->dtype), step = c->in[SRC]->ndim > 0 ? size : 0;
  const char *src = vs_data(c->in[SRC]);
  char *out = vs_data(c->out[0]);
  vs_copy_values(c->out[0], c->in[X]);
  for (int64_t i = 0; i < c->in[INDEX]->numel; i++, src += step)
    memcpy(out + (size_t)vs_scattered_at(c, index, i) * size, src, size);
}

/* dx = dy but for the places written; dsrc = dy at the place that it wrote last, else 0 */
static int scatter_backward(vs_ctx *c) {
  const int64_t *index = vs_ints(c->in[INDEX]);
  const vs_real *dy = vs_reals(c->dout[0]);
  vs_real *dx = c->din[X] ? vs_reals(c->din[X]) : NULL;
  vs_real *ds = c->din[SRC] ? vs_reals(c->din[SRC]) : NULL;
  int64_t step = c->in[SRC]->ndim > 0;
  uint8_t *taken = c->work;
  memset(taken, 0, (size_t)c->in[X]->numel);
  if (dx) vs_copy_values(c->din[X], c->dout[0]);
  if (ds) vs_fill(c->din[SRC], 0);
  for (int64_t i = c->in[INDEX]->numel - 1; i >= 0; i--) {
    int64_t at = vs_scattered_at(c, index, i);
    if (taken[at]) continue;
    taken[at] = 1;
    if (ds) ds[i * step] += dy[at];
    if (dx) dx[at] = 0;
  }
  return 0;
}

const vs_opdef vs_op_scatter = {
    .name = "scatter",
    .args = "x:any, dim:dim, index:index, src:operand",
    .outputs = 1,
    .keep = VS_KEEP_IN(INDEX),
    .shape = scatter_shape,
    .forward = scatter_forward,
    .backward = scatter_backward,
    .doc =
        "A copy of x with out[.., index[.., i, ..], ..] = src[.., i, ..] along dim: the opposite "
        "of gather. index has x's shape but for dim, src that of index, or it is one number. The "
        "last of several for one place stays.",
};

/* ---- scatter_add ---- */

static int scatter_add_shape(vs_ctx *c) {
  for (int i = X; i <= SRC; i += SRC - X)
    if (c->in[i]->dtype == VS_BFLOAT16 && vs_recast(c, i, VS_REAL) < 0) return -1;
  if (vs_want_addable(c) < 0) return -1;
  return vs_scattered_shape(c, false);
}

static void scatter_add_forward(vs_ctx *c) {
  const int64_t *index = vs_ints(c->in[INDEX]);
  vs_copy_values(c->out[0], c->in[X]);
  for (int64_t i = 0; i < c->in[INDEX]->numel; i++) {
    int64_t at = vs_scattered_at(c, index, i);
    if (vs_is_real(c->in[X]))
      vs_reals(c->out[0])[at] += vs_reals(c->in[SRC])[i];
    else /* wraps around */
      vs_ints(c->out[0])[at] =
          (int64_t)((uint64_t)vs_ints(c->out[0])[at] + (uint64_t)vs_ints(c->in[SRC])[i]);
  }
}

static int scatter_add_backward(vs_ctx *c) {
  const int64_t *index = vs_ints(c->in[INDEX]);
  if (c->din[X]) vs_copy_values(c->din[X], c->dout[0]);
  for (int64_t i = 0; c->din[SRC] && i < c->in[INDEX]->numel; i++)
    vs_reals(c->din[SRC])[i] = vs_reals(c->dout[0])[vs_scattered_at(c, index, i)];
  return 0;
}

const vs_opdef vs_op_scatter_add = {
    .name = "scatter_add",
    .args = "x:any, dim:dim, index:index, src:any",
    .outputs = 1,
    .keep = VS_KEEP_IN(INDEX),
    .shape = scatter_add_shape,
    .forward = scatter_add_forward,
    .backward = scatter_add_backward,
    .doc =
        "A copy of x with src[.., i, ..] added at index[.., i, ..] along dim. index has x's shape "
        "but for dim, src that of index; x and src are of the compute type or int64.",
};

/* ---- index_add ---- */

static int index_add_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[X], *index = c->in[INDEX], *src = c->in[SRC];
  int dim = (int)c->attr[0].i;
  if (vs_want_ndim(c, INDEX, 1)) return -1;
  bool fits = x->ndim > 0 && x->ndim == src->ndim;
  for (int d = 0; d < x->ndim && fits; d++)
    fits = src->shape[d] == (d == dim ? index->numel : x->shape[d]);
  if (!fits)
    return vs_fail("src is %s, expected the shape of x %s with %lld in dimension %d",
                   vs_shape_str(src), vs_shape_str(x), (long long)index->numel, dim + 1);
  if (vs_check_index(index, x, dim)) return -1;
  vs_along(x, dim, c->n);
  c->n[3] = index->numel;
  return vs_out_like(c, 0, x);
}

static void index_add_forward(vs_ctx *c) {
  const int64_t *index = vs_ints(c->in[INDEX]);
  const vs_real *src = vs_reals(c->in[SRC]);
  vs_real alpha = (vs_real)c->attr[1].f;
  vs_copy_values(c->out[0], c->in[X]);
  for (int64_t o = 0; o < c->n[0]; o++)
    for (int64_t k = 0; k < c->n[3]; k++, src += c->n[2]) {
      vs_real *out = vs_reals(c->out[0]) + (o * c->n[1] + index[k] - 1) * c->n[2];
      for (int64_t i = 0; i < c->n[2]; i++) out[i] += alpha * src[i];
    }
}

static int index_add_backward(vs_ctx *c) {
  const int64_t *index = vs_ints(c->in[INDEX]);
  vs_real alpha = (vs_real)c->attr[1].f;
  if (c->din[X]) vs_copy_values(c->din[X], c->dout[0]);
  if (!c->din[SRC]) return 0;
  vs_real *ds = vs_reals(c->din[SRC]);
  for (int64_t o = 0; o < c->n[0]; o++)
    for (int64_t k = 0; k < c->n[3]; k++, ds += c->n[2]) {
      const vs_real *dy = vs_reals(c->dout[0]) + (o * c->n[1] + index[k] - 1) * c->n[2];
      for (int64_t i = 0; i < c->n[2]; i++) ds[i] = alpha * dy[i];
    }
  return 0;
}

const vs_opdef vs_op_index_add = {
    .name = "index_add",
    .args = "x:tensor, dim:dim, index:index, src:tensor, alpha:num=1",
    .outputs = 1,
    .keep = VS_KEEP_IN(INDEX),
    .shape = index_add_shape,
    .forward = index_add_forward,
    .backward = index_add_backward,
    .doc =
        "A copy of x with alpha * src added at the positions of index [K] along dim. src has x's "
        "shape with K in place of dim.",
};
