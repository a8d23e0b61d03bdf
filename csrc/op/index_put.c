/* Several index tensors at once: index, index_put and index_put_.
 *
 * Index tensor d has positions along dimension d of x, from 1.  Together they broadcast to one
 * shape S, and each element of S names a row of x: what lies behind the indexed dimensions.  Of
 * several values for one row the last stays, or all are added in row order. */
#include <string.h>

#include "op/dims.h"
#include "op/reduce.h"

/* Inputs: x, the index tensors from INDEX on, and src behind them where values are put.
 * saved[0]: the rows, int64 S, from 0.  n: index tensors, rows named, elements of a row. */
enum { X, INDEX };
enum { ROWS };
enum { COUNT, NAMED, INNER };

/* S of the index tensors as a tensor without data; -1 with a message. */
static int common_shape(const vs_ctx *c, int count, vs_tensor *like) {
  *like = (vs_tensor){.ndim = 0};
  for (int i = 0; i < count; i++) {
    const vs_tensor *t = c->in[INDEX + i];
    int64_t dims[VS_MAX_DIM];
    if (t->dtype != VS_INT64)
      return vs_fail("index tensor %d is a %s tensor %s, expected int64: call :long()", i + 1,
                     vs_dtype_name(t->dtype), vs_shape_str(t));
    int n = vs_broadcast(like, t, dims);
    if (n < 0) return -1;
    like->ndim = n;
    for (int d = 0; d < n; d++) like->shape[d] = dims[d];
  }
  return 0;
}

/* Checks the index tensors and finds the rows that they name. */
static int find_rows(vs_ctx *c, int count) {
  const vs_tensor *x = c->in[X];
  vs_tensor like, view;
  if (count > x->ndim)
    return vs_fail("index has %d tensors, x is %s: expected at most one a dimension", count,
                   vs_shape_str(x));
  if (common_shape(c, count, &like) < 0) return -1;
  if (like.ndim + x->ndim - count > VS_MAX_DIM)
    return vs_fail("the result has %d dimensions, expected at most %d", like.ndim + x->ndim - count,
                   VS_MAX_DIM);
  vs_tensor *rows = c->saved[ROWS] = vs_tensor_zeros(VS_INT64, like.ndim, like.shape);
  if (rows == NULL) return -1;
  for (int d = 0; d < count; d++) {
    if (vs_broadcast_onto(&view, c->in[INDEX + d], like.ndim, like.shape) < 0) return -1;
    for (int64_t i = 0; i < rows->numel; i++) {
      int64_t at = vs_ints(&view)[vs_offset_of(i, view.ndim, view.shape, view.stride)];
      if (at < 1 || at > x->shape[d])
        return vs_fail("index %lld (element %lld of tensor %d) is out of range 1..%lld for "
                       "dimension %d of x %s",
                       (long long)at, (long long)i + 1, d + 1, (long long)x->shape[d], d + 1,
                       vs_shape_str(x));
      vs_ints(rows)[i] = vs_ints(rows)[i] * x->shape[d] + at - 1;
    }
  }
  c->n[COUNT] = count;
  c->n[NAMED] = rows->numel;
  c->n[INNER] = 1;
  for (int d = count; d < x->ndim; d++) c->n[INNER] *= x->shape[d];
  return 0;
}

/* S and the sizes of a row, into shape; how many. */
static int picked_shape(const vs_ctx *c, int64_t *shape) {
  const vs_tensor *x = c->in[X], *rows = c->saved[ROWS];
  int count = (int)c->n[COUNT], rest = x->ndim - count;
  memcpy(shape, rows->shape, (size_t)rows->ndim * sizeof *shape);
  memcpy(shape + rows->ndim, x->shape + count, (size_t)rest * sizeof *shape);
  return rows->ndim + rest;
}

/* ---- index ---- */

static int index_shape(vs_ctx *c) {
  int64_t shape[VS_MAX_DIM];
  if (find_rows(c, c->nin - 1) < 0) return -1;
  return vs_out(c, 0, c->in[X]->dtype, picked_shape(c, shape), shape);
}

static vs_lines lines(const vs_ctx *c) {
  return (vs_lines){vs_ints(c->saved[ROWS]), 0, 1, 0, c->n[NAMED], c->n[INNER], false};
}

static void index_forward(vs_ctx *c) {
  vs_lines l = lines(c);
  vs_take_lines(&l, vs_data(c->in[X]), vs_data(c->out[0]), vs_dtype_size(c->in[X]->dtype));
}

static int index_backward(vs_ctx *c) {
  vs_lines l = lines(c);
  vs_fill(c->din[X], 0);
  vs_add_lines(&l, vs_reals(c->din[X]), vs_reals(c->dout[0]), 1);
  return 0;
}

const vs_opdef vs_op_index = {
    .name = "index",
    .args = "x:any, index:tensors",
    .outputs = 1,
    .flags = VS_LOOKUP,
    .shape = index_shape,
    .forward = index_forward,
    .backward = index_backward,
    .doc = "x at the positions of a list of int64 tensors, one for each of the first dimensions: "
           "out[p] = x[index[1][p], index[2][p], ...]. The index tensors broadcast to one shape, "
           "which takes the place of the dimensions that they index. Same as x[{i, j}].",
};

/* ---- index_put ---- */

/* Dtypes, and src as something that broadcasts to the places. */
static int put_shape(vs_ctx *c) {
  int64_t shape[VS_MAX_DIM];
  int src = c->nin - 1;
  bool add = c->attr[0].i;
  const vs_tensor *x = c->in[X];
  vs_tensor view;
  if (add && !vs_is_real(x) && x->dtype != VS_INT64)
    return vs_fail("x is a %s tensor %s, expected %s or int64 to add to: call :float() or :long()",
                   vs_dtype_name(x->dtype), vs_shape_str(x), vs_dtype_name(VS_REAL));
  if (add && (vs_refuse_wide(c, src) < 0)) return -1;
  if (add && x->dtype == VS_INT64 && !vs_is_integer(c->in[src]))
    return vs_fail("src is a %s tensor %s, expected integers for int64 x: call :long()",
                   vs_dtype_name(c->in[src]->dtype), vs_shape_str(c->in[src]));
  if (vs_recast(c, src, x->dtype) < 0 || find_rows(c, c->nin - 2) < 0) return -1;
  return vs_broadcast_onto(&view, c->in[src], picked_shape(c, shape), shape);
}

static void put_one(vs_tensor *to, int64_t at, const vs_tensor *from, int64_t i, bool add) {
  size_t size = vs_dtype_size(to->dtype);
  if (!add)
    memcpy((char *)vs_data(to) + at * (int64_t)size, (char *)vs_data(from) + i * (int64_t)size,
           size);
  else if (vs_is_real(to))
    vs_reals(to)[at] += vs_reals(from)[i];
  else
    vs_ints(to)[at] = (int64_t)((uint64_t)vs_ints(to)[at] + (uint64_t)vs_ints(from)[i]);
}

static void put_rows(const vs_ctx *c, vs_tensor *to, bool add) {
  int64_t shape[VS_MAX_DIM], inner = c->n[INNER];
  const int64_t *row = vs_ints(c->saved[ROWS]);
  int count = (int)c->n[COUNT], n = picked_shape(c, shape);
  vs_tensor from;
  vs_broadcast_onto(&from, c->in[c->nin - 1], n, shape);
  bool plain = vs_is_contiguous(to) && vs_is_contiguous(&from);
  for (int64_t i = 0; i < c->n[NAMED]; i++) {
    int64_t base = vs_offset_of(row[i], count, to->shape, to->stride);
    for (int64_t j = 0; j < inner; j++) {
      int64_t k = i * inner + j;
      if (plain)
        put_one(to, base + j, &from, k, add);
      else
        put_one(to, base + vs_offset_of(j, to->ndim - count, to->shape + count, to->stride + count),
                &from, vs_offset_of(k, n, from.shape, from.stride), add);
    }
  }
}

static int index_put_shape(vs_ctx *c) {
  if (c->attr[0].i && c->in[X]->dtype == VS_BFLOAT16 && vs_recast(c, X, VS_REAL) < 0) return -1;
  return put_shape(c) < 0 ? -1 : vs_out_like(c, 0, c->in[X]);
}

static void index_put_forward(vs_ctx *c) {
  vs_copy(c->out[0], c->in[X]);
  put_rows(c, c->out[0], c->attr[0].i);
}

/* dx = dy, 0 at the rows that were replaced; dsrc = dy at the rows, 0 for a value that a later one
 * replaced. */
static int index_put_backward(vs_ctx *c) {
  int64_t shape[VS_MAX_DIM], inner = c->n[INNER];
  const int64_t *row = vs_ints(c->saved[ROWS]);
  int src = c->nin - 1;
  bool add = c->attr[0].i;
  const vs_real *dy = vs_reals(c->dout[0]);
  if (c->din[X]) {
    vs_copy(c->din[X], c->dout[0]);
    for (int64_t i = 0; !add && i < c->n[NAMED]; i++)
      memset(vs_reals(c->din[X]) + row[i] * inner, 0, (size_t)inner * sizeof(vs_real));
  }
  if (!c->din[src]) return 0;
  int64_t rows = inner > 0 ? c->in[X]->numel / inner : 0;
  vs_tensor *full = vs_tensor_zeros(VS_REAL, picked_shape(c, shape), shape);
  vs_tensor *taken = full ? vs_tensor_zeros(VS_BOOL, vs_dims(rows)) : NULL;
  for (int64_t i = c->n[NAMED] - 1; taken && inner > 0 && i >= 0; i--) {
    if (!add && vs_bytes(taken)[row[i]]) continue;
    vs_bytes(taken)[row[i]] = 1;
    memcpy(vs_reals(full) + i * inner, dy + row[i] * inner, (size_t)inner * sizeof *dy);
  }
  if (taken) vs_sum_to(c->din[src], full);
  int err = taken ? 0 : -1;
  vs_unref(taken);
  vs_unref(full);
  return err;
}

const vs_opdef vs_op_index_put = {
    .name = "index_put",
    .args = "x:any, index:tensors, src:operand, accumulate:bool=false",
    .outputs = 1,
    .shape = index_put_shape,
    .forward = index_put_forward,
    .backward = index_put_backward,
    .doc = "A copy of x with src, a number or a tensor that broadcasts to x:index(index), at those "
           "positions, converted to x's dtype; the last of several for one place stays. "
           "accumulate adds src to what is there, all of several: x is then of the compute type or "
           "int64.",
};

/* ---- index_put_ ---- */

/* src lies outside x's memory. */
static int index_put_in_shape(vs_ctx *c) {
  int src = c->nin - 1;
  if (put_shape(c) < 0) return -1;
  bool apart = c->in[src]->storage != c->in[X]->storage;
  return apart ? 0 : vs_set_in(c, src, vs_clone(c->in[src]));
}

static void index_put_in_forward(vs_ctx *c) { put_rows(c, c->in[X], c->attr[0].i); }

const vs_opdef vs_op_index_put_ = {
    .name = "index_put_",
    .args = "x:any, index:tensors, src:operand, accumulate:bool=false",
    .outputs = 1,
    .flags = VS_INPLACE | VS_NOGRAD,
    .shape = index_put_in_shape,
    .forward = index_put_in_forward,
    .doc = "index_put, written into x. Same as x[{i, j}] = src.",
};
