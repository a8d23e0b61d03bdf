/* Activations, Softmax and LogSoftmax among them; PReLU's slopes are the only parameter. */
#include "nn/layer.h"

#define PLAIN(layer, op, text)                                                               \
  static int op##_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {                \
    (void)l;                                                                                 \
    return vs_layer_give(out, vs_call1(&vs_op_##op, in[0]));                                 \
  }                                                                                          \
  const vs_layerdef vs_layer_##layer = {#layer,       "",  "x:tensor", 1, vs_layer_no_slots, \
                                        op##_forward, text};

/* One constructor argument, handed to the op. */
#define WITH(layer, op, arguments, text)                                                           \
  static int op##_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {                      \
    return vs_layer_give(out, vs_call1(&vs_op_##op, in[0], l->attr[0]));                           \
  }                                                                                                \
  const vs_layerdef vs_layer_##layer = {#layer,       arguments, "x:tensor", 1, vs_layer_no_slots, \
                                        op##_forward, text};

PLAIN(ReLU, relu, "max(x, 0), element by element.")
PLAIN(ReLU6, relu6, "min(max(x, 0), 6), element by element.")
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
WITH(GELU, gelu, "approximate:none|tanh=none",
     "x times the normal distribution function of x, exact or approximated by tanh.")
WITH(ELU, elu, "alpha:num=1", "x where positive, alpha * (exp(x) - 1) elsewhere.")

enum { SLOPES, FIRST };

static int prelu_init(vs_layer *l) {
  int64_t n = l->attr[SLOPES].i;
  if (n < 1) return vs_fail("num_parameters is %lld, expected at least 1", (long long)n);
  if (vs_layer_param(l, "weight", vs_dims(n)) < 0) return -1;
  return vs_fill(vs_layer_get(l, "weight"), l->attr[FIRST].f);
}

static int prelu_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  return vs_layer_give(out, vs_call1(&vs_op_prelu, in[0], VS_T(vs_layer_get(l, "weight"))));
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

/* One constructor argument: the dimension that the op works along. */
#define ALONG(layer, op, text)                                                \
  static int op##_forward(vs_layer *l, const vs_value *in, vs_tensor **out) { \
    vs_value dim = vs_layer_dim(l->attr[0].i);                                \
    return vs_layer_give(out, vs_call1(&vs_op_##op, in[0], dim));             \
  }                                                                           \
  const vs_layerdef vs_layer_##layer = {                                      \
      #layer, "dim:int=-1", "x:tensor", 1, vs_layer_dims_init, op##_forward, text};

ALONG(Softmax, softmax, "exp(x) / sum(exp(x)) along dim.")
ALONG(LogSoftmax, log_softmax, "log(softmax(x)) along dim.")
