/* Dropout and Dropout2d: by the op dropout in training, nothing in evaluation. */
#include "nn/layer.h"

static int dropout_init(vs_layer *l) {
  double p = l->attr[0].f;
  return p >= 0 && p <= 1 ? 0 : vs_fail("p is %g, expected a probability", p);
}

/* In evaluation the result is x itself. */
static int dropout_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  if (!l->training || l->attr[0].f == 0) return vs_layer_give(out, vs_ref(in[0].t));
  return vs_layer_give(out, vs_call1(&vs_op_dropout, in[0], l->attr[0]));
}

const vs_layerdef vs_layer_Dropout = {
    .name = "Dropout",
    .args = "p:num=0.5",
    .inputs = "x:tensor",
    .outputs = 1,
    .init = dropout_init,
    .forward = dropout_forward,
    .doc = "In training zeroes each element with probability p and scales the others by 1/(1-p); "
           "in evaluation gives x back. Srivastava et al. 2014.",
};

/* A mask [B,C,1,1] of zeros and 1/(1-p), times x. */
static int dropout2d_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  const vs_tensor *x = in[0].t;
  if (x->ndim < 3) return vs_fail("x is %s, expected [B,C,H,W]", vs_shape_str(x));
  if (!l->training || l->attr[0].f == 0) return vs_layer_give(out, vs_ref(in[0].t));
  int64_t shape[VS_MAX_DIM];
  for (int d = 0; d < x->ndim; d++) shape[d] = d < 2 ? x->shape[d] : 1;
  vs_tensor *ones = vs_tensor_full(VS_REAL, x->ndim, shape, 1);
  vs_tensor *mask = ones ? vs_call1(&vs_op_dropout, VS_T(ones), l->attr[0]) : NULL;
  vs_tensor *y = mask ? vs_call1(&vs_op_mul, in[0], VS_T(mask)) : NULL;
  vs_unref(ones);
  vs_unref(mask);
  return vs_layer_give(out, y);
}

const vs_layerdef vs_layer_Dropout2d = {
    .name = "Dropout2d",
    .args = "p:num=0.5",
    .inputs = "x:tensor",
    .outputs = 1,
    .init = dropout_init,
    .forward = dropout2d_forward,
    .doc = "In training zeroes whole channels of x [B,C,H,W] with probability p and scales the "
           "others by 1/(1-p); in evaluation gives x back. Tompson et al., 2015.",
};
