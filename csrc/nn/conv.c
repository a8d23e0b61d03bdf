/* Conv1d, Conv2d, ConvTranspose1d and ConvTranspose2d: the layers of op/conv.c and
 * op/conv_transpose.c. */
#include <math.h>

#include "nn/layer.h"

enum { IN, OUT, KERNEL, STRIDE, PADDING, DILATION, GROUPS, BIAS, MODE };
enum {
  T_OUTPUT_PADDING = DILATION,
  T_GROUPS,
  T_BIAS,
  T_DILATION
}; /* transposed: PyTorch's order */

static int check_sizes(const vs_layer *l, int64_t groups) {
  const vs_value *k = &l->attr[KERNEL];
  int64_t in = l->attr[IN].i, out = l->attr[OUT].i;
  int64_t height = k->kind == VS_V_PAIR ? k->pair[0] : 1;
  int64_t width = k->kind == VS_V_PAIR ? k->pair[1] : k->i;
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

/* weight [first,second,kernel] and bias [out], uniform within 1/sqrt(second kernel), as PyTorch's.
 * The kernel is a number or a pair. */
static int make_params(vs_layer *l, int64_t first, int64_t second, bool bias) {
  const vs_value *k = &l->attr[KERNEL];
  bool two = k->kind == VS_V_PAIR;
  int64_t height = two ? k->pair[0] : 1, width = two ? k->pair[1] : k->i;
  int64_t shape[4] = {first, second, two ? height : width, width};
  double bound = 1 / sqrt((double)second * (double)height * (double)width);
  if (vs_layer_param(l, "weight", two ? 4 : 3, shape) < 0) return -1;
  if (vs_init_uniform(vs_layer_get(l, "weight"), -bound, bound) < 0) return -1;
  if (!bias) return vs_layer_absent(l, "bias");
  if (vs_layer_param(l, "bias", vs_dims(l->attr[OUT].i)) < 0) return -1;
  return vs_init_uniform(vs_layer_get(l, "bias"), -bound, bound);
}

static int conv_init(vs_layer *l) {
  const vs_value *a = l->attr;
  int64_t groups = a[GROUPS].i;
  if (check_sizes(l, groups) < 0) return -1;
  return make_params(l, a[OUT].i, a[IN].i / groups, a[BIAS].i);
}

static int conv_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  const vs_value *a = l->attr;
  vs_value args[] = {in[0],
                     VS_T(vs_layer_get(l, "weight")),
                     VS_T(vs_layer_get(l, "bias")),
                     a[STRIDE],
                     a[PADDING],
                     a[DILATION],
                     a[GROUPS]};
  vs_tensor *padded = NULL;
  bool two = a[KERNEL].kind == VS_V_PAIR;
  if (a[MODE].i != 0) { /* the modes of pad have the same numbers, zeros being its constant */
    int64_t h = two ? a[PADDING].pair[0] : 0, w = two ? a[PADDING].pair[1] : a[PADDING].i;
    vs_value sides = {.kind = VS_V_INTS, .n = two ? 4 : 2, .ints = {w, w, h, h}};
    if (!(padded = vs_call1(&vs_op_pad, in[0], sides, a[MODE]))) return -1;
    args[0] = VS_T(padded);
    args[4] = two ? VS_P(0, 0) : VS_I(0);
  }
  int err = vs_call(two ? &vs_op_conv2d : &vs_op_conv1d, args, VS_COUNT(args), out);
  vs_unref(padded);
  return err;
}

const vs_layerdef vs_layer_Conv1d = {
    .name = "Conv1d",
    .args = "in_channels:int, out_channels:int, kernel_size:int, stride:int=1, padding:int=0, "
            "dilation:int=1, groups:int=1, bias:bool=true, "
            "padding_mode:zeros|reflect|replicate=zeros",
    .inputs = "x:tensor",
    .outputs = 1,
    .init = conv_init,
    .forward = conv_forward,
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
    .init = conv_init,
    .forward = conv_forward,
    .doc =
        "2-D convolution: x [B,in,H,W] -> [B,out,H',W'] with H' = floor((H + 2 padding - dilation "
        "(kernel - 1) - 1) / stride) + 1. weight [out,in/groups,kH,kW] and bias [out] start "
        "uniform "
        "within 1/sqrt(in/groups kH kW).",
};

/* ---- transposed ---- */

static int transpose_init(vs_layer *l) {
  const vs_value *a = l->attr;
  int64_t groups = a[T_GROUPS].i;
  if (check_sizes(l, groups) < 0) return -1;
  return make_params(l, a[IN].i, a[OUT].i / groups, a[T_BIAS].i);
}

static int transpose_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  const vs_value *a = l->attr;
  vs_value args[] = {in[0],
                     VS_T(vs_layer_get(l, "weight")),
                     VS_T(vs_layer_get(l, "bias")),
                     a[STRIDE],
                     a[PADDING],
                     a[T_OUTPUT_PADDING],
                     a[T_GROUPS],
                     a[T_DILATION]};
  bool two = a[KERNEL].kind == VS_V_PAIR;
  return vs_call(two ? &vs_op_conv_transpose2d : &vs_op_conv_transpose1d, args, VS_COUNT(args),
                 out);
}

const vs_layerdef vs_layer_ConvTranspose1d = {
    .name = "ConvTranspose1d",
    .args = "in_channels:int, out_channels:int, kernel_size:int, stride:int=1, padding:int=0, "
            "output_padding:int=0, groups:int=1, bias:bool=true, dilation:int=1",
    .inputs = "x:tensor",
    .outputs = 1,
    .init = transpose_init,
    .forward = transpose_forward,
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
    .init = transpose_init,
    .forward = transpose_forward,
    .doc =
        "2-D transposed convolution: x [B,in,H,W] -> [B,out,H',W'] with H' = (H - 1) stride - "
        "2 padding + dilation (kernel - 1) + output_padding + 1. weight [in,out/groups,kH,kW] and "
        "bias [out] start uniform within 1/sqrt(out/groups kH kW).",
};
