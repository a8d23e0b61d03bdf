/* Flatten, and Identity, which gives back what it gets. */
#include "nn/layer.h"

static int flatten_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  return vs_layer_give(
      out, vs_call1(&vs_op_flatten, in[0], vs_layer_dim(l->attr[0].i), vs_layer_dim(l->attr[1].i)));
}

const vs_layerdef vs_layer_Flatten = {
    .name = "Flatten",
    .args = "start_dim:int=2, end_dim:int=-1",
    .inputs = "x:tensor",
    .outputs = 1,
    .init = vs_layer_dims_init,
    .forward = flatten_forward,
    .doc = "Makes the dimensions start_dim to end_dim (both included, from 1) into one: [B,C,H,W] "
           "-> [B,C*H*W] by default.",
};

static int identity_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  (void)l;
  return vs_layer_give(out, vs_ref(in[0].t));
}

const vs_layerdef vs_layer_Identity = {
    .name = "Identity",
    .args = "",
    .inputs = "x:any",
    .outputs = 1,
    .init = vs_layer_no_slots,
    .forward = identity_forward,
    .doc = "Gives x back.",
};
