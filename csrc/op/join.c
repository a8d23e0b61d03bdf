/* cat and stack: several tensors in one. */
#include <string.h>

#include "op/dims.h"

/* bfloat16 beside the compute type becomes that. */
static int lengthen_some(vs_ctx *c) {
  bool full = false;
  for (int i = 0; i < c->nin; i++) full = full || vs_is_real(c->in[i]);
  for (int i = 0; full && i < c->nin; i++)
    if (c->in[i]->dtype == VS_BFLOAT16 && vs_recast(c, i, VS_REAL) < 0) return -1;
  return 0;
}

/* attr: dim.  n: outer, inner (elements after dim), total along dim. */
static int cat_shape(vs_ctx *c) {
  if (lengthen_some(c) < 0) return -1;
  const vs_tensor *x = c->in[0];
  int dim = (int)c->attr[0].i;
  int64_t shape[VS_MAX_DIM], total = 0;
  if (x->ndim == 0) return vs_fail("tensors without dimensions can be stacked, not joined");
  for (int i = 0; i < c->nin; i++) {
    const vs_tensor *t = c->in[i];
    bool fits = t->ndim == x->ndim && t->dtype == x->dtype;
    for (int d = 0; d < x->ndim && fits; d++) fits = d == dim || t->shape[d] == x->shape[d];
    if (!fits)
      return vs_fail("tensor 1 is %s %s, tensor %d is %s %s: expected one dtype and the same sizes "
                     "except in dimension %d",
                     vs_dtype_name(x->dtype), vs_shape_str(x), i + 1, vs_dtype_name(t->dtype),
                     vs_shape_str(t), dim + 1);
    total += t->shape[dim];
  }
  memcpy(shape, x->shape, sizeof shape);
  shape[dim] = total;
  vs_along(x, dim, c->n);
  c->n[1] = c->n[2];
  c->n[2] = total;
  return vs_out(c, 0, x->dtype, x->ndim, shape);
}

/* Copies between the joined tensor and its parts, of one dtype, either way: the inputs, or their
 * gradients, which are vs_real whatever the inputs are. */
typedef struct joint {
  const vs_ctx *c;
  char *whole;
  vs_tensor **parts; /* NULL ones are passed over */
  int64_t size, row; /* bytes: of an element, of all parts at one outer position */
  bool split;
} joint;

/* Bytes first..last of the joined. */
static void join_range(void *arg, int64_t first, int64_t last, int slot) {
  const joint *j = arg;
  (void)slot;
  for (int64_t row = first / j->row * j->row; row < last; row += j->row) {
    int64_t at = row;
    for (int i = 0; i < j->c->nin && at < last; i++) {
      int64_t run = j->c->in[i]->numel / j->c->n[0] * j->size;
      int64_t from = VS_MAX(at, first), to = VS_MIN(at + run, last);
      if (from < to && j->parts[i]) {
        char *p = (char *)vs_data(j->parts[i]) + row / j->row * run + from - at;
        memcpy(j->split ? p : j->whole + from, j->split ? j->whole + from : p, (size_t)(to - from));
      }
      at += run;
    }
  }
}

enum { SHORT = 64 }; /* bytes of a part at one outer position, on average */

/* Short runs: a part at a time. */
static void join_short(const vs_ctx *c, vs_tensor *whole, vs_tensor **parts, bool split) {
  int64_t at = whole->offset;
  for (int i = 0; i < c->nin; i++) {
    int64_t run = c->in[i]->numel / c->n[0], row = c->n[1] * c->n[2];
    vs_tensor w = {.refs = 1, .dtype = whole->dtype, .ndim = 2, .numel = c->in[i]->numel}, p = w;
    w.shape[0] = p.shape[0] = c->n[0];
    w.shape[1] = p.shape[1] = run;
    w.stride[0] = row, p.stride[0] = run;
    w.stride[1] = p.stride[1] = 1;
    w.storage = whole->storage, w.offset = at;
    at += run;
    if (parts[i] == NULL) continue;
    p.storage = parts[i]->storage, p.offset = parts[i]->offset;
    vs_copy(split ? &p : &w, split ? &w : &p);
  }
}

static void join(vs_ctx *c, vs_tensor *whole, vs_tensor **parts, bool split) {
  int64_t size = (int64_t)vs_dtype_size(whole->dtype);
  joint j = {c, vs_data(whole), parts, size, c->n[1] * c->n[2] * size, split};
  if (whole->numel == 0) return;
  if (j.row < SHORT * c->nin)
    join_short(c, whole, parts, split);
  else
    vs_parallel(whole->numel * size, 1 << 18, join_range, &j);
}

static void cat_forward(vs_ctx *c) { join(c, c->out[0], c->in, false); }

static int cat_backward(vs_ctx *c) {
  join(c, c->dout[0], c->din, true);
  return 0;
}

const vs_opdef vs_op_cat = {.name = "cat",
                            .args = "tensors:tensors, dim:dim=1",
                            .outputs = 1,
                            .shape = cat_shape,
                            .forward = cat_forward,
                            .backward = cat_backward,
                            .doc = "A list of tensors joined along dim; their other sizes and "
                                   "dtypes are equal, but that bfloat16 "
                                   "beside float32 becomes that."};

static int stack_shape(vs_ctx *c) {
  if (lengthen_some(c) < 0) return -1;
  const vs_tensor *x = c->in[0];
  int64_t shape[VS_MAX_DIM], dim = c->attr[0].i < 0 ? c->attr[0].i + x->ndim + 2 : c->attr[0].i;
  if (dim < 1 || dim > x->ndim + 1 || x->ndim == VS_MAX_DIM)
    return vs_fail("dim %lld is out of range for tensors %s", (long long)c->attr[0].i,
                   vs_shape_str(x));
  for (int i = 1; i < c->nin; i++)
    if (!vs_same_shape(x, c->in[i]) || x->dtype != c->in[i]->dtype)
      return vs_fail("tensor 1 is %s %s, tensor %d is %s %s: expected one shape and dtype",
                     vs_dtype_name(x->dtype), vs_shape_str(x), i + 1,
                     vs_dtype_name(c->in[i]->dtype), vs_shape_str(c->in[i]));
  c->n[0] = c->n[1] = 1;
  for (int d = 0; d <= x->ndim; d++) {
    shape[d] = d < dim - 1 ? x->shape[d] : d == dim - 1 ? c->nin : x->shape[d - 1];
    if (d < dim - 1) c->n[0] *= x->shape[d];
    if (d > dim - 1) c->n[1] *= shape[d];
  }
  c->n[2] = c->nin;
  return vs_out(c, 0, x->dtype, x->ndim + 1, shape);
}

const vs_opdef vs_op_stack = {.name = "stack",
                              .args = "tensors:tensors, dim:int=1",
                              .outputs = 1,
                              .shape = stack_shape,
                              .forward = cat_forward,
                              .backward = cat_backward,
                              .doc = "A list of tensors of one shape along a new dimension dim."};
