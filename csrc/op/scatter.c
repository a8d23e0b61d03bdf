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
  vs_lines l = vs_lines_of(c, true);
  vs_copy_values(c->out[0], c->in[X]);
  if (vs_is_real(c->in[X]))
    vs_add_lines(&l, vs_reals(c->out[0]), vs_reals(c->in[SRC]), 1);
  else
    vs_add_whole_lines(&l, vs_ints(c->out[0]), vs_ints(c->in[SRC]));
}

static int scatter_add_backward(vs_ctx *c) {
  vs_lines l = vs_lines_of(c, true);
  if (c->din[X]) vs_copy_values(c->din[X], c->dout[0]);
  if (c->din[SRC]) vs_take_lines(&l, vs_data(c->dout[0]), vs_data(c->din[SRC]), sizeof(vs_real));
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
  vs_lines l = vs_lines_of(c, false);
  vs_copy_values(c->out[0], c->in[X]);
  vs_add_lines(&l, vs_reals(c->out[0]), vs_reals(c->in[SRC]), (vs_real)c->attr[1].f);
}

static int index_add_backward(vs_ctx *c) {
  vs_real alpha = (vs_real)c->attr[1].f;
  if (c->din[X]) vs_copy_values(c->din[X], c->dout[0]);
  if (!c->din[SRC]) return 0;
  vs_lines l = vs_lines_of(c, false);
  vs_real *ds = vs_reals(c->din[SRC]);
  vs_take_lines(&l, vs_data(c->dout[0]), ds, sizeof *ds);
  for (int64_t i = 0; alpha != 1 && i < c->din[SRC]->numel; i++) ds[i] *= alpha;
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
