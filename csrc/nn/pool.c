/* Layers that change the size of maps: pooling (op/pool.c), Upsample (op/interpolate.c). */
#include "nn/layer.h"

/* The constructor's arguments are the op's behind x. */
static int pool_forward(const vs_opdef *op, vs_layer *l, const vs_value *in, vs_tensor **out) {
  vs_value v[VS_MAX_ARGS] = {in[0]};
  int n = vs_layer_spec(l->def)->n;
  for (int i = 0; i < n; i++) v[1 + i] = l->attr[i];
  return vs_call(op, v, 1 + n, out);
}

#define POOL(layer, op, arguments, text)                                                           \
  static int op##_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {                      \
    return pool_forward(&vs_op_##op, l, in, out);                                                  \
  }                                                                                                \
  const vs_layerdef vs_layer_##layer = {#layer,       arguments, "x:tensor", 1, vs_layer_no_slots, \
                                        op##_forward, text};

#define PAIRS "kernel_size:pair, stride:pair?, padding:pair=0, ceil_mode:bool=false"
#define NUMBERS "kernel_size:int, stride:int?, padding:int=0, ceil_mode:bool=false"

POOL(MaxPool2d, max_pool2d, PAIRS,
     "The most of each window: x [B,C,H,W] -> [B,C,H',W']. stride is kernel_size unless given; "
     "ceil_mode keeps a last window that is cut off.")
POOL(MaxPool1d, max_pool1d, NUMBERS,
     "The most of each window: x [B,C,T] -> [B,C,T']. stride is kernel_size unless given.")
POOL(AvgPool2d, avg_pool2d, PAIRS ", count_include_pad:bool=true",
     "The mean of each window: x [B,C,H,W] -> [B,C,H',W']. stride is kernel_size unless given; "
     "padding counts as zeros, or not at all with count_include_pad = false.")
POOL(AvgPool1d, avg_pool1d, NUMBERS ", count_include_pad:bool=true",
     "The mean of each window: x [B,C,T] -> [B,C,T']. stride is kernel_size unless given.")
POOL(AdaptiveAvgPool2d, adaptive_avg_pool2d, "output_size:pair=1",
     "Means to a given size: x [B,C,H,W] -> [B,C,output_size]; 1 is global average pooling.")
POOL(AdaptiveAvgPool1d, adaptive_avg_pool1d, "output_size:int=1",
     "Means to a given size: x [B,C,T] -> [B,C,output_size]; 1 is the mean over time.")
POOL(AdaptiveMaxPool2d, adaptive_max_pool2d, "output_size:pair=1",
     "The most of each window, to a given size: x [B,C,H,W] -> [B,C,output_size].")
POOL(AdaptiveMaxPool1d, adaptive_max_pool1d, "output_size:int=1",
     "The most of each window, to a given size: x [B,C,T] -> [B,C,output_size].")

static int upsample_init(vs_layer *l) {
  if ((l->attr[0].kind == VS_V_NONE) == (l->attr[1].kind == VS_V_NONE))
    return vs_fail("expected one of size and scale_factor");
  return 0;
}

static int upsample_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  return vs_call(&vs_op_interpolate,
                 (vs_value[]){in[0], l->attr[0], l->attr[1], l->attr[2], l->attr[3]}, 5, out);
}

const vs_layerdef vs_layer_Upsample = {
    .name = "Upsample",
    .args = "size:pair?, scale_factor:numpair?, "
            "mode:nearest|nearest-exact|bilinear|bicubic=nearest, align_corners:bool=false",
    .inputs = "x:tensor",
    .outputs = 1,
    .init = upsample_init,
    .forward = upsample_forward,
    .doc = "x [B,C,H,W] at another size, as interpolate: Upsample{scale_factor = 2, mode = "
           "\"bilinear\"}.",
};
