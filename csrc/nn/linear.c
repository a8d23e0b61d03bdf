/* Linear: y = x W^T + b. */
#include <math.h>

#include "nn/layer.h"

enum { IN, OUT, BIAS }; /* attr */

static int linear_init(vs_layer *l) {
  int64_t in = l->attr[IN].i, out = l->attr[OUT].i;
  if (in < 1 || out < 1)
    return vs_fail("in_features %lld, out_features %lld: expected at least 1", (long long)in,
                   (long long)out);
  double bound = 1 / sqrt((double)in); /* Kaiming uniform with a = sqrt(5) */
  if (vs_layer_param(l, "weight", vs_dims(out, in))) return -1;
  if (vs_init_uniform(vs_layer_get(l, "weight"), -bound, bound)) return -1;
  if (!l->attr[BIAS].i) return vs_layer_absent(l, "bias");
  if (vs_layer_param(l, "bias", vs_dims(out))) return -1;
  return vs_init_uniform(vs_layer_get(l, "bias"), -bound, bound);
}

static int linear_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  vs_tensor *b = vs_layer_get(l, "bias");
  return vs_layer_give(
      out, vs_call1(&vs_op_linear, in[0], VS_T(vs_layer_get(l, "weight")), b ? VS_T(b) : VS_NONE));
}

const vs_layerdef vs_layer_Linear = {
    .name = "Linear",
    .args = "in_features:int, out_features:int, bias:bool=true",
    .inputs = "x:tensor",
    .outputs = 1,
    .init = linear_init,
    .forward = linear_forward,
    .doc = "x W^T + b. x [...,in_features] -> [...,out_features]; weight [out,in], bias [out], "
           "both uniform within 1/sqrt(in_features).",
};
