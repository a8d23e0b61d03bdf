/* RMSNorm: rms_norm with a weight of its own. */
#include "nn/layer.h"

enum { SIZE, EPS, AFFINE }; /* attr: the constructor's arguments */

static int rms_norm_init(vs_layer *l) {
  const vs_value *size = &l->attr[SIZE];
  if (size->n < 1) return vs_fail("size is empty, expected at least 1 dimension");
  for (int d = 0; d < size->n; d++)
    if (size->ints[d] < 1)
      return vs_fail("size is %s, expected at least 1", vs_dims_str(size->n, size->ints));
  if (!l->attr[AFFINE].i) return vs_layer_absent(l, "weight");
  if (vs_layer_param(l, "weight", size->n, size->ints)) return -1;
  return vs_fill(vs_layer_get(l, "weight"), 1);
}

static int rms_norm_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  vs_tensor *w = vs_layer_get(l, "weight");
  return vs_layer_give(
      out, vs_call1(&vs_op_rms_norm, in[0], w ? VS_T(w) : VS_NONE, l->attr[EPS], l->attr[SIZE]));
}

const vs_layerdef vs_layer_RMSNorm = {
    .name = "RMSNorm",
    .args = "size:ints, eps:num=1e-6, elementwise_affine:bool=true",
    .inputs = "x:tensor",
    .outputs = 1,
    .init = rms_norm_init,
    .forward = rms_norm_forward,
    .doc =
        "x [...,size] over the root of its mean square along the last dimension, or the last ones "
        "where size is a list, times weight [size], which starts as ones. Zhang and Sennrich, "
        "2019.",
};
