/* Conv2d: the layer of op/conv.c. */
#include <math.h>

#include "nn/layer.h"

enum { IN, OUT, KERNEL, STRIDE, PADDING, DILATION, GROUPS, BIAS };

static int conv2d_init(vs_layer *l) {
  const vs_value *a = l->attr;
  int64_t in = a[IN].i, out = a[OUT].i, groups = a[GROUPS].i;
  const int64_t *k = a[KERNEL].pair;
  if (in < 1 || out < 1 || groups < 1 || k[0] < 1 || k[1] < 1)
    return vs_fail(
        "in_channels %lld, out_channels %lld, groups %lld and kernel_size %lld x %lld are at "
        "least 1",
        (long long)in, (long long)out, (long long)groups, (long long)k[0], (long long)k[1]);
  if (in % groups != 0 || out % groups != 0)
    return vs_fail("in_channels %lld and out_channels %lld do not divide into %lld groups",
                   (long long)in, (long long)out, (long long)groups);
  if (vs_layer_param(l, "weight", vs_dims(out, in / groups, k[0], k[1])) < 0) return -1;
  double bound = 1 / sqrt((double)(in / groups) * (double)k[0] * (double)k[1]);
  if (vs_init_uniform(vs_layer_get(l, "weight"), -bound, bound) < 0) return -1;
  if (!a[BIAS].i) return vs_layer_absent(l, "bias");
  if (vs_layer_param(l, "bias", vs_dims(out)) < 0) return -1;
  return vs_init_uniform(vs_layer_get(l, "bias"), -bound, bound);
}

static int conv2d_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  const vs_value *a = l->attr;
  vs_value args[] = {in[0],
                     VS_T(vs_layer_get(l, "weight")),
                     VS_T(vs_layer_get(l, "bias")),
                     a[STRIDE],
                     a[PADDING],
                     a[DILATION],
                     a[GROUPS]};
  return vs_call(&vs_op_conv2d, args, VS_COUNT(args), out);
}

const vs_layerdef vs_layer_Conv2d = {
    .name = "Conv2d",
    .args = "in_channels:int, out_channels:int, kernel_size:pair, stride:pair=1, padding:pair=0, "
            "dilation:pair=1, groups:int=1, bias:bool=true",
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
