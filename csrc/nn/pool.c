/* Layers that change the size of maps: pooling (op/pool.c), Upsample (op/interpolate.c). */
#include "nn/layer.h"

static int no_slots(vs_layer *l) {
  (void)l;
  return 0;
}

static int max_pool2d_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  return vs_call(&vs_op_max_pool2d, (vs_value[]){in[0], l->attr[0], l->attr[1], l->attr[2]}, 4,
                 out);
}

const vs_layerdef vs_layer_MaxPool2d = {
    .name = "MaxPool2d",
    .args = "kernel_size:pair, stride:pair?, padding:pair=0",
    .inputs = "x:tensor",
    .outputs = 1,
    .init = no_slots,
    .forward = max_pool2d_forward,
    .doc =
        "The most of each window: x [B,C,H,W] -> [B,C,H',W']. stride is kernel_size unless given.",
};

static int avg_pool2d_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  return vs_call(&vs_op_avg_pool2d, (vs_value[]){in[0], l->attr[0], l->attr[1], l->attr[2]}, 4,
                 out);
}

const vs_layerdef vs_layer_AvgPool2d = {
    .name = "AvgPool2d",
    .args = "kernel_size:pair, stride:pair?, padding:pair=0",
    .inputs = "x:tensor",
    .outputs = 1,
    .init = no_slots,
    .forward = avg_pool2d_forward,
    .doc =
        "The mean of each window: x [B,C,H,W] -> [B,C,H',W']. stride is kernel_size unless given; "
        "padding counts as zeros.",
};

static int adaptive_avg_pool2d_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  return vs_call(&vs_op_adaptive_avg_pool2d, (vs_value[]){in[0], l->attr[0]}, 2, out);
}

const vs_layerdef vs_layer_AdaptiveAvgPool2d = {
    .name = "AdaptiveAvgPool2d",
    .args = "output_size:pair=1",
    .inputs = "x:tensor",
    .outputs = 1,
    .init = no_slots,
    .forward = adaptive_avg_pool2d_forward,
    .doc = "Means to a given size: x [B,C,H,W] -> [B,C,output_size]; 1 is global average pooling.",
};

static int adaptive_max_pool2d_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  return vs_call(&vs_op_adaptive_max_pool2d, (vs_value[]){in[0], l->attr[0]}, 2, out);
}

const vs_layerdef vs_layer_AdaptiveMaxPool2d = {
    .name = "AdaptiveMaxPool2d",
    .args = "output_size:pair=1",
    .inputs = "x:tensor",
    .outputs = 1,
    .init = no_slots,
    .forward = adaptive_max_pool2d_forward,
    .doc = "The most of each window, to a given size: x [B,C,H,W] -> [B,C,output_size].",
};

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
    .args = "size:pair?, scale_factor:numpair?, mode:nearest|bilinear=nearest, "
            "align_corners:bool=false",
    .inputs = "x:tensor",
    .outputs = 1,
    .init = upsample_init,
    .forward = upsample_forward,
    .doc = "x [B,C,H,W] at another size, as interpolate: Upsample{scale_factor = 2, mode = "
           "\"bilinear\"}.",
};
