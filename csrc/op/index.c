/* Reading the places that an index names: index_select, gather.  Index values count from 1. */
#include <string.h>

#include "op/dims.h"

/* ---- index_select: attr dim; in x, index; n: outer, along, inner, picked ---- */

static int index_select_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[0];
  int dim = (int)c->attr[0].i;
  int64_t shape[VS_MAX_DIM];
  if (x->ndim == 0) return vs_fail("x has no dimensions");
  if (vs_want_ndim(c, 1, 1) < 0 || vs_check_index(c->in[1], x, dim) < 0) return -1;
  memcpy(shape, x->shape, sizeof shape);
  shape[dim] = c->in[1]->numel;
  vs_along(x, dim, c->n);
  c->n[3] = c->in[1]->numel;
  return vs_out(c, 0, x->dtype, x->ndim, shape);
}

static void take(const vs_ctx *c, bool each) {
  vs_lines l = vs_lines_of(c, each);
  vs_take_lines(&l, vs_data(c->in[0]), vs_data(c->out[0]), vs_dtype_size(c->in[0]->dtype));
}

/* dx at the index += dy */
static int give(const vs_ctx *c, bool each) {
  vs_lines l = vs_lines_of(c, each);
  vs_fill(c->din[0], 0);
  vs_add_lines(&l, vs_reals(c->din[0]), vs_reals(c->dout[0]), 1);
  return 0;
}

static void index_select_forward(vs_ctx *c) { take(c, false); }
static int index_select_backward(vs_ctx *c) { return give(c, false); }

const vs_opdef vs_op_index_select = {.name = "index_select",
                                     .args = "x:any, dim:dim, index:index",
                                     .outputs = 1,
                                     .flags = VS_LOOKUP,
                                     .keep = VS_KEEP_IN(1),
                                     .shape = index_select_shape,
                                     .forward = index_select_forward,
                                     .backward = index_select_backward,
                                     .doc = "The positions of index [K] along dim, in that order, "
                                            "repeats allowed. x[index] for dimension 1."};

/* ---- gather: out[.., i, ..] = x[.., index[.., i, ..], ..] ---- */

static int gather_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[0], *index = c->in[1];
  int dim = (int)c->attr[0].i;
  if (vs_want_alike(index, x, dim) < 0 || vs_check_index(index, x, dim) < 0) return -1;
  vs_along(x, dim, c->n);
  c->n[3] = index->shape[dim];
  return vs_out(c, 0, x->dtype, index->ndim, index->shape);
}

static void gather_forward(vs_ctx *c) { take(c, true); }
static int gather_backward(vs_ctx *c) { return give(c, true); }

const vs_opdef vs_op_gather = {.name = "gather",
                               .args = "x:any, dim:dim, index:index",
                               .outputs = 1,
                               .flags = VS_LOOKUP,
                               .keep = VS_KEEP_IN(1),
                               .shape = gather_shape,
                               .forward = gather_forward,
                               .backward = gather_backward,
                               .doc = "One element of x per element of index, looked up along dim. "
                                      "index has x's shape but for dim."};
