/* Conv1d, Conv2d, ConvTranspose1d and ConvTranspose2d: the layers of op/conv.c and
 * op/conv_transpose.c. */
#include <math.h>

#include "nn/layer.h"

/* weight [first,second,kernel] and bias [out], uniform within 1/sqrt(fan), as PyTorch's. */
static int make_params(vs_layer *l, int ndim, const int64_t *weight, double fan, int64_t out,
                       bool bias) {
  double bound = 1 / sqrt(fan);
  if (vs_layer_param(l, "weight", ndim, weight) < 0) return -1;
  if (vs_init_uniform(vs_layer_get(l, "weight"), -bound, bound) < 0) return -1;
  if (!bias) return vs_layer_absent(l, "bias");
  if (vs_layer_param(l, "bias", vs_dims(out)) < 0) return -1;
  return vs_init_uniform(vs_layer_get(l, "bias"), -bound, bound);
}

static int check_sizes(int64_t in, int64_t out, int64_t groups, int64_t height, int64_t width) {
  if (in < 1 || out < 1 || groups < 1 || height < 1 || width < 1)
    return vs_fail(
        "in_channels %lld, out_channels %lld, groups %lld and kernel_size %lld x %lld are at "
        "least 1",
        (long long)in, (long long)out, (long long)groups, (long long)height, (long long)width);
  if (in % groups != 0 || out % groups != 0)
    return vs_fail("in_channels %lld and out_channels %lld do not divide into %lld groups",
                   (long long)in, (long long)out, (long long)groups);
  return 0;
}

enum { IN, OUT, KERNEL, STRIDE, PADDING, DILATION, GROUPS, BIAS, MODE };

static int conv1d_init(vs_layer *l) {
  const vs_value *a = l->attr;
  int64_t in = a[IN].i, out = a[OUT].i, groups = a[GROUPS].i, k = a[KERNEL].i;
  if (check_sizes(in, out, groups, 1, k) < 0) return -1;
  return make_params(l, 3, (int64_t[]){out, in / groups, k}, (double)(in / groups) * (double)k, out,
                     a[BIAS].i);
}

static int conv2d_init(vs_layer *l) {
  const vs_value *a = l->attr;
  int64_t in = a[IN].i, out = a[OUT].i, groups = a[GROUPS].i;
  const int64_t *k = a[KERNEL].pair;
  if (check_sizes(in, out, groups, k[0], k[1]) < 0) return -1;
  return make_params(l, 4, (int64_t[]){out, in / groups, k[0], k[1]},
                     (double)(in / groups) * (double)k[0] * (double)k[1], out, a[BIAS].i);
}

static int forward(vs_layer *l, const vs_opdef *op, const vs_value *in, vs_tensor **out) {
  const vs_value *a = l->attr;
  vs_value args[] = {in[0],
                     VS_T(vs_layer_get(l, "weight")),
                     VS_T(vs_layer_get(l, "bias")),
                     a[STRIDE],
                     a[PADDING],
                     a[DILATION],
                     a[GROUPS]};
  vs_tensor *padded = NULL;
  if (a[MODE].i != 0) { /* the modes of pad have the same numbers, zeros being its constant */
    bool two = a[PADDING].kind == VS_V_PAIR;
    int64_t h = two ? a[PADDING].pair[0] : 0, w = two ? a[PADDING].pair[1] : a[PADDING].i;
    vs_value sides = {.kind = VS_V_INTS, .n = two ? 4 : 2, .ints = {w, w, h, h}};
    if (!(padded = vs_call1(&vs_op_pad, in[0], sides, a[MODE]))) return -1;
    args[0] = VS_T(padded);
    args[4] = two ? VS_P(0, 0) : VS_I(0);
  }
  int err = vs_call(op, args, VS_COUNT(args), out);
  vs_unref(padded);
  return err;
}

static int conv1d_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  return forward(l, &vs_op_conv1d, in, out);
}

static int conv2d_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  return forward(l, &vs_op_conv2d, in, out);
}

const vs_layerdef vs_layer_Conv1d = {
    .name = "Conv1d",
    .args = "in_channels:int, out_channels:int, kernel_size:int, stride:int=1, padding:int=0, "
            "dilation:int=1, groups:int=1, bias:bool=true, "
            "padding_mode:zeros|reflect|replicate=zeros",
    .inputs = "x:tensor",
    .outputs = 1,
    .init = conv1d_init,
    .forward = conv1d_forward,
    .doc = "1-D convolution: x [B,in,T] -> [B,out,T'] with T' = floor((T + 2 padding - dilation "
           "(kernel - 1) - 1) / stride) + 1. weight [out,in/groups,k] and bias [out] start uniform "
           "within 1/sqrt(in/groups k).",
};

const vs_layerdef vs_layer_Conv2d = {
    .name = "Conv2d",
    .args = "in_channels:int, out_channels:int, kernel_size:pair, stride:pair=1, padding:pair=0, "
            "dilation:pair=1, groups:int=1, bias:bool=true, "
            "padding_mode:zeros|reflect|replicate=zeros",
    .inputs = "x:tensor",
    .outputs = 1,
    .init = conv2d_init,
    .forward = conv2d_forward,
    .doc =
        "2-D convolution: x [B,in,H,W] -> [B,out,H',W'] with H' = floor((H + 2 padding - dilation "
        "(kernel - 1) - 1) / stride) + 1. weight [out,in/groups,kH,kW] and bias [out] start "
        "uniform "
        "within 1/sqrt(in/groups kH kW).",
};

/* ---- transposed ---- */

enum { T_OUTPUT_PADDING = DILATION, T_GROUPS, T_BIAS, T_DILATION }; /* PyTorch's order */

static int conv_transpose2d_init(vs_layer *l) {
  const vs_value *a = l->attr;
  int64_t in = a[IN].i, out = a[OUT].i, groups = a[T_GROUPS].i;
  const int64_t *k = a[KERNEL].pair;
  if (check_sizes(in, out, groups, k[0], k[1]) < 0) return -1;
  return make_params(l, 4, (int64_t[]){in, out / groups, k[0], k[1]},
                     (double)(out / groups) * (double)k[0] * (double)k[1], out, a[T_BIAS].i);
}

static int conv_transpose1d_init(vs_layer *l) {
  const vs_value *a = l->attr;
  int64_t in = a[IN].i, out = a[OUT].i, groups = a[T_GROUPS].i, k = a[KERNEL].i;
  if (check_sizes(in, out, groups, 1, k) < 0) return -1;
  return make_params(l, 3, (int64_t[]){in, out / groups, k}, (double)(out / groups) * (double)k,
                     out, a[T_BIAS].i);
}

static int transposed(vs_layer *l, const vs_opdef *op, const vs_value *in, vs_tensor **out) {
  const vs_value *a = l->attr;
  vs_value args[] = {in[0],
                     VS_T(vs_layer_get(l, "weight")),
                     VS_T(vs_layer_get(l, "bias")),
                     a[STRIDE],
                     a[PADDING],
                     a[T_OUTPUT_PADDING],
                     a[T_GROUPS],
                     a[T_DILATION]};
  return vs_call(op, args, VS_COUNT(args), out);
}

static int conv_transpose1d_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  return transposed(l, &vs_op_conv_transpose1d, in, out);
}

static int conv_transpose2d_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  return transposed(l, &vs_op_conv_transpose2d, in, out);
}

const vs_layerdef vs_layer_ConvTranspose1d = {
    .name = "ConvTranspose1d",
    .args = "in_channels:int, out_channels:int, kernel_size:int, stride:int=1, padding:int=0, "
            "output_padding:int=0, groups:int=1, bias:bool=true, dilation:int=1",
    .inputs = "x:tensor",
    .outputs = 1,
    .init = conv_transpose1d_init,
    .forward = conv_transpose1d_forward,
    .doc = "1-D transposed convolution: x [B,in,T] -> [B,out,T'] with T' = (T - 1) stride - 2 "
           "padding + dilation (kernel - 1) + output_padding + 1. weight [in,out/groups,k] and "
           "bias [out] start uniform within 1/sqrt(out/groups k).",
};

const vs_layerdef vs_layer_ConvTranspose2d = {
    .name = "ConvTranspose2d",
    .args = "in_channels:int, out_channels:int, kernel_size:pair, stride:pair=1, padding:pair=0, "
            "output_padding:pair=0, groups:int=1, bias:bool=true, dilation:pair=1",
    .inputs = "x:tensor",
    .outputs = 1,
    .init = conv_transpose2d_init,
    .forward = conv_transpose2d_forward,
    .doc =
        "2-D transposed convolution: x [B,in,H,W] -> [B,out,H',W'] with H' = (H - 1) stride - "
        "2 padding + dilation (kernel - 1) + output_padding + 1. weight [in,out/groups,kH,kW] and "
        "bias [out] start uniform within 1/sqrt(out/groups kH kW).",
};
