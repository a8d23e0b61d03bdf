/* Views: other shapes over the same memory, and their gradients.
 *
 * shape() makes the view; nothing is computed.  reshape copies when strides leave no other way.
 * Positions (select, slice) are 1-based and inclusive in the arguments, negative from the end. */
#include "op/op.h"
#include "op/reduce.h"

#define VIEW (VS_VIEW | VS_STRIDED | VS_OWN_GRADS)

static int made(vs_tensor *t) { return t == NULL ? -1 : 0; }

/* ---- shapes ---- */

/* Resolves one -1 in the wanted shape; the number of elements has to stay. */
static int wanted_shape(const vs_ctx *c, const vs_value *v, int64_t *shape) {
  const vs_tensor *x = c->in[0];
  int64_t known = 1;
  int open = -1;
  for (int d = 0; d < v->n; d++) {
    shape[d] = v->ints[d];
    if (shape[d] == -1 && open < 0)
      open = d;
    else if (shape[d] < 0)
      return vs_fail("cannot make %s of x %s", vs_dims_str(v->n, v->ints), vs_shape_str(x));
    else if (__builtin_mul_overflow(known, shape[d], &known))
      return vs_fail("%s is too large", vs_dims_str(v->n, v->ints));
  }
  if (open >= 0 && known > 0) shape[open] = x->numel / known;
  if (open >= 0 && known > 0) known *= shape[open];
  if (known != x->numel || (open >= 0 && shape[open] < 0))
    return vs_fail("cannot make %s of x %s: %lld elements", vs_dims_str(v->n, v->ints),
                   vs_shape_str(x), (long long)x->numel);
  return vs_numel(v->n, shape) < 0 ? -1 : 0;
}

static int reshape_to(vs_ctx *c, int ndim, const int64_t *shape) {
  c->out[0] = vs_try_reshape(c->in[0], ndim, shape);
  if (c->out[0] != NULL) return 0;
  vs_tensor *copy = vs_clone(c->in[0]);
  if (copy == NULL) return -1;
  c->out[0] = vs_try_reshape(copy, ndim, shape);
  vs_unref(copy);
  return made(c->out[0]);
}

static int reshape_shape(vs_ctx *c) {
  int64_t shape[VS_MAX_DIM];
  if (wanted_shape(c, &c->attr[0], shape) < 0) return -1;
  return reshape_to(c, c->attr[0].n, shape);
}

static int reshape_backward(vs_ctx *c) {
  vs_tensor *g = vs_contiguous(c->dout[0]);
  c->din[0] = g == NULL ? NULL : vs_try_reshape(g, c->in[0]->ndim, c->in[0]->shape);
  vs_unref(g);
  return made(c->din[0]);
}

const vs_opdef vs_op_reshape = {.name = "reshape",
                                .args = "x:any, shape:ints",
                                .outputs = 1,
                                .flags = VIEW,
                                .shape = reshape_shape,
                                .backward = reshape_backward,
                                .doc = "The same elements in another shape; one size may be -1. A "
                                       "view where strides allow, else a copy."};

static int flatten_shape(vs_ctx *c) {
  int64_t shape[VS_MAX_DIM], n = 0, a = c->attr[0].i, b = c->attr[1].i;
  const vs_tensor *x = c->in[0];
  if (a > b) return vs_fail("first %d comes after last %d", (int)a + 1, (int)b + 1);
  if (x->ndim == 0) return reshape_to(c, 1, (int64_t[]){1});
  for (int d = 0; d < x->ndim; d++) {
    if (d <= a || d > b)
      shape[n++] = x->shape[d];
    else
      shape[n - 1] *= x->shape[d];
  }
  return reshape_to(c, (int)n, shape);
}

const vs_opdef vs_op_flatten = {
    .name = "flatten",
    .args = "x:any, first:dim=1, last:dim=-1",
    .outputs = 1,
    .flags = VIEW,
    .shape = flatten_shape,
    .backward = reshape_backward,
    .doc = "Dimensions first to last become one. nn.Flatten starts at 2 and so keeps the batch."};

static int squeeze_shape(vs_ctx *c) {
  int64_t shape[VS_MAX_DIM];
  const vs_tensor *x = c->in[0];
  int n = 0;
  bool all = c->attr[0].kind == VS_V_NONE;
  for (int d = 0; d < x->ndim; d++) {
    bool goes = x->shape[d] == 1 && (all || d == c->attr[0].i);
    if (!goes) shape[n++] = x->shape[d];
  }
  return reshape_to(c, n, shape);
}

const vs_opdef vs_op_squeeze = {.name = "squeeze",
                                .args = "x:any, dim:dim?",
                                .outputs = 1,
                                .flags = VIEW,
                                .shape = squeeze_shape,
                                .backward = reshape_backward,
                                .doc = "Without dimensions of size 1: all of them, or just dim."};

static int unsqueeze_shape(vs_ctx *c) {
  int64_t shape[VS_MAX_DIM], dim = c->attr[0].i;
  const vs_tensor *x = c->in[0];
  if (dim < 0) dim += x->ndim + 2;
  if (dim < 1 || dim > x->ndim + 1 || x->ndim == VS_MAX_DIM)
    return vs_fail("dim %lld is out of range for x %s", (long long)c->attr[0].i, vs_shape_str(x));
  for (int d = 0; d <= x->ndim; d++)
    shape[d] = d < dim - 1 ? x->shape[d] : d == dim - 1 ? 1 : x->shape[d - 1];
  return reshape_to(c, x->ndim + 1, shape);
}

const vs_opdef vs_op_unsqueeze = {
    .name = "unsqueeze",
    .args = "x:any, dim:int",
    .outputs = 1,
    .flags = VIEW,
    .shape = unsqueeze_shape,
    .backward = reshape_backward,
    .doc = "With a new dimension of size 1 at position dim (-1: last)."};

/* ---- order of dimensions ---- */

static int transpose_shape(vs_ctx *c) {
  if (c->in[0]->ndim == 0) return made(c->out[0] = vs_alias(c->in[0]));
  c->out[0] = vs_transpose(c->in[0], (int)c->attr[0].i, (int)c->attr[1].i);
  return made(c->out[0]);
}

static int transpose_backward(vs_ctx *c) {
  if (c->in[0]->ndim == 0) return made(c->din[0] = vs_ref(c->dout[0]));
  c->din[0] = vs_transpose(c->dout[0], (int)c->attr[0].i, (int)c->attr[1].i);
  return made(c->din[0]);
}

const vs_opdef vs_op_transpose = {
    .name = "transpose",
    .args = "x:any, a:dim=-2, b:dim=-1",
    .outputs = 1,
    .flags = VIEW,
    .shape = transpose_shape,
    .backward = transpose_backward,
    .doc = "Dimensions a and b swapped (the last two when not given)."};

static int permute_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[0];
  int64_t shape[VS_MAX_DIM], stride[VS_MAX_DIM];
  if (c->attr[0].n != x->ndim)
    return vs_fail("%d dimensions named, x %s has %d", c->attr[0].n, vs_shape_str(x), x->ndim);
  for (int d = 0; d < x->ndim; d++) {
    shape[d] = x->shape[c->attr[0].ints[d]];
    stride[d] = x->stride[c->attr[0].ints[d]];
  }
  return made(c->out[0] = vs_view(c->in[0], x->ndim, shape, stride, x->offset));
}

static int permute_backward(vs_ctx *c) {
  vs_tensor *g = c->dout[0];
  int64_t shape[VS_MAX_DIM], stride[VS_MAX_DIM];
  for (int d = 0; d < g->ndim; d++) {
    shape[c->attr[0].ints[d]] = g->shape[d];
    stride[c->attr[0].ints[d]] = g->stride[d];
  }
  return made(c->din[0] = vs_view(g, g->ndim, shape, stride, g->offset));
}

const vs_opdef vs_op_permute = {.name = "permute",
                                .args = "x:any, dims:dims",
                                .outputs = 1,
                                .flags = VIEW,
                                .shape = permute_shape,
                                .backward = permute_backward,
                                .doc = "Dimensions in a new order: x:permute(3, 1, 2)."};

static int expand_shape(vs_ctx *c) {
  int64_t shape[VS_MAX_DIM];
  const vs_value *v = &c->attr[0];
  for (int d = 0; d < v->n; d++) {
    int from = d - (v->n - c->in[0]->ndim);
    shape[d] = v->ints[d] == -1 && from >= 0 ? c->in[0]->shape[from] : v->ints[d];
  }
  return made(c->out[0] = vs_expand_to(c->in[0], v->n, shape));
}

static int expand_backward(vs_ctx *c) {
  c->din[0] = vs_tensor_new(VS_REAL, c->in[0]->ndim, c->in[0]->shape);
  if (c->din[0] == NULL) return -1;
  vs_sum_to(c->din[0], c->dout[0]);
  return 0;
}

const vs_opdef vs_op_expand = {
    .name = "expand",
    .args = "x:any, shape:ints",
    .outputs = 1,
    .flags = VIEW,
    .shape = expand_shape,
    .backward = expand_backward,
    .doc =
        "Broadcast to a larger shape without copying; -1 keeps a size. The view is not writable."};

/* ---- parts ---- */

/* A 1-based position, negative from the end, as 0-based; -1 with an error when out of range. */
static int64_t position(int64_t p, int64_t size, const char *name, const vs_tensor *x, int dim) {
  int64_t i = p > 0 ? p - 1 : p + size;
  if (p == 0 || i < 0 || i >= size)
    return vs_fail("%s %lld is out of range 1..%lld for dimension %d of x %s", name, (long long)p,
                   (long long)size, dim + 1, vs_shape_str(x));
  return i;
}

static int select_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[0];
  int dim = (int)c->attr[0].i;
  if (x->ndim == 0) return vs_fail("x has no dimensions");
  int64_t i = position(c->attr[1].i, x->shape[dim], "index", x, dim);
  c->n[0] = i;
  return i < 0 ? -1 : made(c->out[0] = vs_select(c->in[0], dim, i));
}

/* din = zeros with dout at the part that was taken */
static int put_back(vs_ctx *c, vs_tensor *(*part)(vs_ctx *)) {
  c->din[0] = vs_tensor_zeros(VS_REAL, c->in[0]->ndim, c->in[0]->shape);
  vs_tensor *p = c->din[0] == NULL ? NULL : part(c);
  int err = p == NULL ? -1 : vs_copy(p, c->dout[0]);
  vs_unref(p);
  return err;
}

static vs_tensor *selected(vs_ctx *c) { return vs_select(c->din[0], (int)c->attr[0].i, c->n[0]); }
static int select_backward(vs_ctx *c) { return put_back(c, selected); }

const vs_opdef vs_op_select = {.name = "select",
                               .args = "x:any, dim:dim, index:int",
                               .outputs = 1,
                               .flags = VIEW,
                               .shape = select_shape,
                               .backward = select_backward,
                               .doc = "One position along dim, which goes: x:select(2, 1) is the "
                                      "first column. x[i] is x:select(1, i)."};

static int slice_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[0];
  int dim = (int)c->attr[0].i;
  int64_t step = c->attr[3].i, size = x->ndim == 0 ? 0 : x->shape[dim];
  int64_t first = c->attr[1].i, last = c->attr[2].i;
  if (x->ndim == 0) return vs_fail("x has no dimensions");
  if (step < 1) return vs_fail("step is %lld, expected at least 1", (long long)step);
  if (last < 0) last += size + 1;
  if (first < 0) first += size + 1;
  if (first < 1 || last > size || last < first - 1)
    return vs_fail("positions %lld to %lld are out of range 1..%lld for dimension %d of x %s",
                   (long long)c->attr[1].i, (long long)c->attr[2].i, (long long)size, dim + 1,
                   vs_shape_str(x));
  c->attr[3].i = step = VS_MIN(step, VS_MAX(size, 1));
  c->n[0] = first - 1;
  c->n[1] = (last - first + step) / step;
  return made(c->out[0] = vs_slice(c->in[0], dim, c->n[0], c->n[1], step));
}

static vs_tensor *sliced(vs_ctx *c) {
  return vs_slice(c->din[0], (int)c->attr[0].i, c->n[0], c->n[1], c->attr[3].i);
}
static int slice_backward(vs_ctx *c) { return put_back(c, sliced); }

const vs_opdef vs_op_slice = {
    .name = "slice",
    .args = "x:any, dim:dim, first:int=1, last:int=-1, step:int=1",
    .outputs = 1,
    .flags = VIEW,
    .shape = slice_shape,
    .backward = slice_backward,
    .doc = "Positions first to last (both included, negative from the end) along dim, as a view. "
           "last = first - 1 gives an empty one."};

static int diagonal_shape(vs_ctx *c) {
  vs_tensor *x = c->in[0];
  if (vs_want_ndim(c, 0, 2) < 0) return -1;
  int64_t n = VS_MIN(x->shape[0], x->shape[1]), step = x->stride[0] + x->stride[1];
  return made(c->out[0] = vs_view(x, 1, &n, &step, x->offset));
}

static vs_tensor *diagonal_of(vs_ctx *c) {
  vs_tensor *x = c->din[0];
  int64_t n = VS_MIN(x->shape[0], x->shape[1]), step = x->stride[0] + x->stride[1];
  return vs_view(x, 1, &n, &step, x->offset);
}
static int diagonal_backward(vs_ctx *c) { return put_back(c, diagonal_of); }

const vs_opdef vs_op_diagonal = {
    .name = "diagonal",
    .args = "x:any",
    .outputs = 1,
    .flags = VIEW,
    .shape = diagonal_shape,
    .backward = diagonal_backward,
    .doc = "The main diagonal of a matrix [M,N] -> [min(M,N)], as a view."};

/* ---- the same values ---- */

static int pass_backward(vs_ctx *c) { return made(c->din[0] = vs_ref(c->dout[0])); }

static int contiguous_shape(vs_ctx *c) {
  vs_tensor *t = vs_contiguous(c->in[0]);
  c->out[0] = t == NULL ? NULL : vs_alias(t);
  vs_unref(t);
  return made(c->out[0]);
}

const vs_opdef vs_op_contiguous = {
    .name = "contiguous",
    .args = "x:any",
    .outputs = 1,
    .flags = VIEW,
    .shape = contiguous_shape,
    .backward = pass_backward,
    .doc = "x itself when its elements lie in row order, else a copy that does."};

static int clone_shape(vs_ctx *c) { return made(c->out[0] = vs_clone(c->in[0])); }

const vs_opdef vs_op_clone = {.name = "clone",
                              .args = "x:any",
                              .outputs = 1,
                              .flags = VIEW,
                              .shape = clone_shape,
                              .backward = pass_backward,
                              .doc = "A copy with memory of its own."};

static int to_shape(vs_ctx *c) {
  vs_tensor *t = vs_cast(c->in[0], (vs_dtype)c->attr[0].i);
  c->out[0] = t == NULL ? NULL : vs_alias(t);
  vs_unref(t);
  return made(c->out[0]);
}

const vs_opdef vs_op_to = {.name = "to",
                           .args = "x:any, dtype:dtype",
                           .outputs = 1,
                           .flags = VIEW,
                           .shape = to_shape,
                           .backward = pass_backward,
                           .doc = "x as another dtype, x itself when it has it. To integers: "
                                  "towards zero, clipped to their range. "
                                  "Gradients flow only between the compute type and bfloat16."};

static int detach_shape(vs_ctx *c) { return made(c->out[0] = vs_alias(c->in[0])); }

const vs_opdef vs_op_detach = {
    .name = "detach",
    .args = "x:any",
    .outputs = 1,
    .flags = VIEW | VS_NOGRAD,
    .shape = detach_shape,
    .doc = "The same memory, outside the graph: no gradient flows back through it."};
