/* Activations, PReLU's slope being the only parameter; Dropout, Flatten, Identity, Softmax. */
#include "nn/layer.h"

static int no_slots(vs_layer *l) {
  (void)l;
  return 0;
}

static int give(vs_tensor **out, vs_tensor *t) {
  *out = t;
  return t ? 0 : -1;
}

#define PLAIN(layer, op, text)                                                \
  static int op##_forward(vs_layer *l, const vs_value *in, vs_tensor **out) { \
    (void)l;                                                                  \
    return give(out, vs_call1(&vs_op_##op, in[0]));                           \
  }                                                                           \
  const vs_layerdef vs_layer_##layer = {#layer, "", "x:tensor", 1, no_slots, op##_forward, text};

/* One constructor argument, handed to the op. */
#define WITH(layer, op, arguments, text)                                       \
  static int op##_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {  \
    return give(out, vs_call1(&vs_op_##op, in[0], l->attr[0]));                \
  }                                                                            \
  const vs_layerdef vs_layer_##layer = {#layer,   arguments,    "x:tensor", 1, \
                                        no_slots, op##_forward, text};

PLAIN(ReLU, relu, "max(x, 0), element by element.")
PLAIN(ReLU6, relu6, "min(max(x, 0), 6), element by element.")
PLAIN(GELU, gelu, "x times the normal distribution function of x (the exact form).")
PLAIN(SiLU, silu, "x * sigmoid(x), element by element.")
PLAIN(Sigmoid, sigmoid, "1 / (1 + exp(-x)), element by element.")
PLAIN(Tanh, tanh, "Hyperbolic tangent, element by element.")
PLAIN(Softplus, softplus, "log(1 + exp(x)), element by element.")
PLAIN(Hardsigmoid, hardsigmoid, "x / 6 + 1/2 limited to [0, 1], element by element.")
PLAIN(Hardswish, hardswish, "x * hardsigmoid(x), element by element.")
PLAIN(Mish, mish, "x * tanh(softplus(x)), element by element.")
PLAIN(Softsign, softsign, "x / (1 + |x|), element by element.")
PLAIN(SELU, selu, "Self-normalising: 1.0507 times x, or times 1.6733 (exp(x) - 1) below 0.")
WITH(LeakyReLU, leaky_relu, "negative_slope:num=0.01",
     "x where positive, negative_slope * x elsewhere.")
WITH(ELU, elu, "alpha:num=1", "x where positive, alpha * (exp(x) - 1) elsewhere.")

enum { SLOPES, FIRST };

static int prelu_init(vs_layer *l) {
  int64_t n = l->attr[SLOPES].i;
  if (n < 1) return vs_fail("num_parameters is %lld, at least 1", (long long)n);
  if (vs_layer_param(l, "weight", vs_dims(n)) < 0) return -1;
  return vs_fill(vs_layer_get(l, "weight"), l->attr[FIRST].f);
}

static int prelu_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  return give(out, vs_call1(&vs_op_prelu, in[0], VS_T(vs_layer_get(l, "weight"))));
}

const vs_layerdef vs_layer_PReLU = {
    .name = "PReLU",
    .args = "num_parameters:int=1, init:num=0.25",
    .inputs = "x:tensor",
    .outputs = 1,
    .init = prelu_init,
    .forward = prelu_forward,
    .doc = "x where positive, weight * x elsewhere; weight [num_parameters], one for all or one "
           "for each channel of x [B,C,...], is learned and starts at init. He et al., 2015.",
};

/* Constructors have no tensor to check a dimension against: theirs are integers counted from 1. */
static vs_value dim_value(int64_t d) { return VS_I(d > 0 ? d - 1 : d); }

static int dims_init(vs_layer *l) {
  const vs_argspec *spec = vs_layer_spec(l->def);
  for (int i = 0; i < spec->n; i++)
    if (l->attr[i].i == 0) return vs_fail("%s is 0: dimensions count from 1", spec->arg[i].name);
  return 0;
}

static int softmax_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  return give(out, vs_call1(&vs_op_softmax, in[0], dim_value(l->attr[0].i)));
}

const vs_layerdef vs_layer_Softmax = {
    .name = "Softmax",
    .args = "dim:int=-1",
    .inputs = "x:tensor",
    .outputs = 1,
    .init = dims_init,
    .forward = softmax_forward,
    .doc = "exp(x) / sum(exp(x)) along dim.",
};

static int log_softmax_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  return give(out, vs_call1(&vs_op_log_softmax, in[0], dim_value(l->attr[0].i)));
}

const vs_layerdef vs_layer_LogSoftmax = {
    .name = "LogSoftmax",
    .args = "dim:int=-1",
    .inputs = "x:tensor",
    .outputs = 1,
    .init = dims_init,
    .forward = log_softmax_forward,
    .doc = "log(softmax(x)) along dim.",
};

static int flatten_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  return give(out,
              vs_call1(&vs_op_flatten, in[0], dim_value(l->attr[0].i), dim_value(l->attr[1].i)));
}

const vs_layerdef vs_layer_Flatten = {
    .name = "Flatten",
    .args = "start_dim:int=2, end_dim:int=-1",
    .inputs = "x:tensor",
    .outputs = 1,
    .init = dims_init,
    .forward = flatten_forward,
    .doc = "Makes the dimensions start_dim to end_dim (both included, from 1) into one: [B,C,H,W] "
           "-> [B,C*H*W] by default.",
};

static int dropout_init(vs_layer *l) {
  double p = l->attr[0].f;
  return p >= 0 && p <= 1 ? 0 : vs_fail("p is %g, expected a probability", p);
}

/* In evaluation the result is x itself. */
static int dropout_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  if (!l->training || l->attr[0].f == 0) return give(out, vs_ref(in[0].t));
  return give(out, vs_call1(&vs_op_dropout, in[0], l->attr[0]));
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
  if (!l->training || l->attr[0].f == 0) return give(out, vs_ref(in[0].t));
  int64_t shape[VS_MAX_DIM];
  for (int d = 0; d < x->ndim; d++) shape[d] = d < 2 ? x->shape[d] : 1;
  vs_tensor *ones = vs_tensor_full(VS_REAL, x->ndim, shape, 1);
  vs_tensor *mask = ones ? vs_call1(&vs_op_dropout, VS_T(ones), l->attr[0]) : NULL;
  vs_tensor *y = mask ? vs_call1(&vs_op_mul, in[0], VS_T(mask)) : NULL;
  vs_unref(ones);
  vs_unref(mask);
  return give(out, y);
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

static int identity_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  (void)l;
  return give(out, vs_ref(in[0].t));
}

const vs_layerdef vs_layer_Identity = {
    .name = "Identity",
    .args = "",
    .inputs = "x:any",
    .outputs = 1,
    .init = no_slots,
    .forward = identity_forward,
    .doc = "Gives x back.",
};
