/* What depends on values: masked_select, nonzero, one_hot.
 *
 * Sizes of the results are counted in shape().  Positions and classes count from 1. */
#include <string.h>

#include "op/dims.h"

/* ---- masked_select ---- */

static int64_t count_set(const vs_tensor *mask) {
  int64_t n = 0;
  for (int64_t i = 0; i < mask->numel; i++) n += vs_bytes(mask)[i] != 0;
  return n;
}

/* in: x, mask; the mask is replaced by one of x's shape. */
static int masked_select_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[0];
  vs_tensor *wide = vs_expand_to(c->in[1], x->ndim, x->shape);
  vs_tensor *mask = wide ? vs_contiguous(wide) : NULL;
  vs_unref(wide);
  if (vs_set_in(c, 1, mask) < 0) return -1;
  return vs_out(c, 0, x->dtype, vs_dims(count_set(mask)));
}

/* Every element is written where the next one goes, and stays where it is set. */
#define SELECT(T)                                                         \
  {                                                                       \
    const T *x = vs_data(c->in[0]);                                       \
    T *out = vs_data(c->out[0]);                                          \
    for (int64_t i = 0, k = 0; k < n; k += mask[i++] != 0) out[k] = x[i]; \
    break;                                                                \
  }

static void masked_select_forward(vs_ctx *c) {
  const uint8_t *mask = vs_bytes(c->in[1]);
  int64_t n = c->out[0]->numel;
  switch (vs_dtype_size(c->in[0]->dtype)) {
    case 1: SELECT(uint8_t)
    case 2: SELECT(uint16_t)
    case 4: SELECT(uint32_t)
    default: SELECT(uint64_t)
  }
}

static int masked_select_backward(vs_ctx *c) {
  const vs_real *dy = vs_reals(c->dout[0]);
  for (int64_t i = 0; i < c->in[1]->numel; i++)
    vs_reals(c->din[0])[i] = vs_bytes(c->in[1])[i] ? *dy++ : 0;
  return 0;
}

const vs_opdef vs_op_masked_select = {
    .name = "masked_select",
    .args = "x:any, mask:mask",
    .outputs = 1,
    .flags = VS_LOOKUP,
    .keep = VS_KEEP_IN(1),
    .shape = masked_select_shape,
    .forward = masked_select_forward,
    .backward = masked_select_backward,
    .doc = "The elements of x where mask, broadcast to x's shape, is set: [K], in row order.",
};

/* ---- nonzero ---- */

static int nonzero_shape(vs_ctx *c) {
  int64_t n = 0;
  for (int64_t i = 0; i < c->in[0]->numel; i++) n += vs_get_double(c->in[0], i) != 0;
  return vs_out(c, 0, VS_INT64, vs_dims(n, c->in[0]->ndim));
}

static void nonzero_forward(vs_ctx *c) {
  const vs_tensor *x = c->in[0];
  int64_t *out = vs_ints(c->out[0]);
  for (int64_t i = 0; i < x->numel; i++) {
    if (vs_get_double(x, i) == 0) continue;
    int64_t rest = i;
    for (int d = x->ndim - 1; d >= 0; d--) {
      out[d] = rest % x->shape[d] + 1;
      rest /= x->shape[d];
    }
    out += x->ndim;
  }
}

const vs_opdef vs_op_nonzero = {
    .name = "nonzero",
    .args = "x:any",
    .outputs = 1,
    .flags = VS_NOGRAD,
    .shape = nonzero_shape,
    .forward = nonzero_forward,
    .doc = "Where x is not 0, in row order: int64 [K, dimensions of x], positions from 1.",
};

/* ---- one_hot: n[0]: classes ---- */

static int one_hot_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[0];
  int64_t shape[VS_MAX_DIM], most = 0, *v = vs_ints(x);
  for (int64_t i = 0; i < x->numel; i++) most = VS_MAX(most, v[i]);
  c->n[0] = c->attr[0].kind == VS_V_NONE ? most : c->attr[0].i;
  if (x->ndim == VS_MAX_DIM)
    return vs_fail("x is %s, expected at most %d dimensions", vs_shape_str(x), VS_MAX_DIM - 1);
  for (int64_t i = 0; i < x->numel; i++)
    if (v[i] < 1 || v[i] > c->n[0])
      return vs_fail("x has %lld (element %lld), expected a class of 1..%lld", (long long)v[i],
                     (long long)i + 1, (long long)c->n[0]);
  memcpy(shape, x->shape, sizeof shape);
  shape[x->ndim] = c->n[0];
  return vs_out(c, 0, VS_INT64, x->ndim + 1, shape);
}

static void one_hot_forward(vs_ctx *c) {
  vs_fill(c->out[0], 0);
  for (int64_t i = 0; i < c->in[0]->numel; i++)
    vs_ints(c->out[0])[i * c->n[0] + vs_ints(c->in[0])[i] - 1] = 1;
}

const vs_opdef vs_op_one_hot = {
    .name = "one_hot",
    .args = "x:index, classes:int?",
    .outputs = 1,
    .flags = VS_NOGRAD,
    .shape = one_hot_shape,
    .forward = one_hot_forward,
    .doc =
        "Classes from 1 as rows of 0 with one 1: int64 [..., classes]. classes is the largest of "
        "x when it is not given.",
};
