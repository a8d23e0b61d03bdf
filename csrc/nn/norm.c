/* BatchNorm1d, BatchNorm2d, LayerNorm and GroupNorm: the layers of the ops of these
 * names. */
#include "nn/layer.h"

/* A parameter of one value. */
static int constant_param(vs_layer *l, const char *name, int ndim, const int64_t *shape,
                          double value) {
  if (vs_layer_param(l, name, ndim, shape) < 0) return -1;
  return vs_fill(vs_layer_get(l, name), value);
}

static int affine_params(vs_layer *l, bool affine, int ndim, const int64_t *shape) {
  if (!affine) return vs_layer_absent(l, "weight") < 0 ? -1 : vs_layer_absent(l, "bias");
  if (constant_param(l, "weight", ndim, shape, 1) < 0) return -1;
  return constant_param(l, "bias", ndim, shape, 0);
}

/* ---- batch ---- */

enum { FEATURES, EPS, MOMENTUM, AFFINE, TRACK };

static int batch_init(vs_layer *l) {
  int64_t n = l->attr[FEATURES].i;
  if (n < 1) return vs_fail("num_features is %lld, expected at least 1", (long long)n);
  if (affine_params(l, l->attr[AFFINE].i, 1, &n) < 0) return -1;
  if (!l->attr[TRACK].i) return 0;
  if (vs_layer_buffer(l, "running_mean", vs_tensor_zeros(VS_REAL, 1, &n)) < 0) return -1;
  if (vs_layer_buffer(l, "running_var", vs_tensor_full(VS_REAL, 1, &n, 1)) < 0) return -1;
  return vs_layer_buffer(l, "num_batches_tracked", vs_tensor_zeros(VS_INT64, 0, NULL));
}

static int batch_forward(vs_layer *l, const vs_tensor *x, const vs_value *in, vs_tensor **out) {
  vs_tensor *counter = vs_layer_get(l, "num_batches_tracked");
  vs_value args[] = {in[0],
                     VS_T(vs_layer_get(l, "weight")),
                     VS_T(vs_layer_get(l, "bias")),
                     VS_T(vs_layer_get(l, "running_mean")),
                     VS_T(vs_layer_get(l, "running_var")),
                     VS_B(l->training),
                     l->attr[MOMENTUM],
                     l->attr[EPS],
                     in[1]};
  if (x->shape[1] != l->attr[FEATURES].i)
    return vs_fail("x is %s, expected %lld channels", vs_shape_str(x),
                   (long long)l->attr[FEATURES].i);
  if (vs_call(&vs_op_batch_norm, args, VS_COUNT(args), out) < 0) return -1;
  if (l->training && counter != NULL) vs_ints(counter)[0]++;
  return 0;
}

static int batch1d_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  const vs_tensor *x = in[0].t;
  if (x->ndim != 2 && x->ndim != 3)
    return vs_fail("x is %s, expected [B,C] or [B,C,T]", vs_shape_str(x));
  return batch_forward(l, x, in, out);
}

static int batch2d_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  const vs_tensor *x = in[0].t;
  if (x->ndim != 4) return vs_fail("x is %s, expected [B,C,H,W]", vs_shape_str(x));
  return batch_forward(l, x, in, out);
}

#define BATCH_ARGS                                                       \
  "num_features:int, eps:num=1e-5, momentum:num=0.1, affine:bool=true, " \
  "track_running_stats:bool=true"
#define BATCH_DOC                                                                                \
  "In training the batch's own mean and variance of each channel, else the running ones, which " \
  "are "                                                                                         \
  "buffers: running_mean, running_var and num_batches_tracked. activation is applied to the "    \
  "result in the same pass."

const vs_layerdef vs_layer_BatchNorm1d = {
    .name = "BatchNorm1d",
    .args = BATCH_ARGS,
    .inputs = "x:tensor, activation:none|relu|relu6=none",
    .outputs = 1,
    .init = batch_init,
    .forward = batch1d_forward,
    .doc = "Batch normalisation (Ioffe and Szegedy, 2015) of x [B,C] or [B,C,T]. " BATCH_DOC,
};

const vs_layerdef vs_layer_BatchNorm2d = {
    .name = "BatchNorm2d",
    .args = BATCH_ARGS,
    .inputs = "x:tensor, activation:none|relu|relu6=none",
    .outputs = 1,
    .init = batch_init,
    .forward = batch2d_forward,
    .doc = "Batch normalisation (Ioffe and Szegedy, 2015) of x [B,C,H,W]. " BATCH_DOC,
};

/* ---- layer ---- */

enum { SHAPE, LAYER_EPS, LAYER_AFFINE };

static int layer_norm_init(vs_layer *l) {
  const vs_value *s = &l->attr[SHAPE];
  for (int i = 0; i < s->n; i++)
    if (s->ints[i] < 1)
      return vs_fail("normalized_shape is %s, expected sizes of at least 1",
                     vs_dims_str(s->n, s->ints));
  return affine_params(l, l->attr[LAYER_AFFINE].i, s->n, s->ints);
}

static int layer_norm_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  vs_value args[] = {in[0], l->attr[SHAPE], VS_T(vs_layer_get(l, "weight")),
                     VS_T(vs_layer_get(l, "bias")), l->attr[LAYER_EPS]};
  return vs_call(&vs_op_layer_norm, args, VS_COUNT(args), out);
}

const vs_layerdef vs_layer_LayerNorm = {
    .name = "LayerNorm",
    .args = "normalized_shape:ints, eps:num=1e-5, elementwise_affine:bool=true",
    .inputs = "x:tensor",
    .outputs = 1,
    .init = layer_norm_init,
    .forward = layer_norm_forward,
    .doc = "Layer normalisation (Ba et al., 2016) over the last dimensions of x "
           "[...,normalized_shape].",
};

/* ---- group ---- */

enum { GROUP_COUNT, CHANNELS, GROUP_EPS, GROUP_AFFINE };

static int group_norm_init(vs_layer *l) {
  int64_t groups = l->attr[GROUP_COUNT].i, n = l->attr[CHANNELS].i;
  if (groups < 1 || n < 1 || n % groups != 0)
    return vs_fail("num_channels %lld does not divide into num_groups %lld", (long long)n,
                   (long long)groups);
  return affine_params(l, l->attr[GROUP_AFFINE].i, 1, &n);
}

static int group_norm_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  const vs_tensor *x = in[0].t;
  if (x->ndim < 2 || x->shape[1] != l->attr[CHANNELS].i)
    return vs_fail("x is %s, expected %lld channels", vs_shape_str(x),
                   (long long)l->attr[CHANNELS].i);
  vs_value args[] = {in[0], l->attr[GROUP_COUNT], VS_T(vs_layer_get(l, "weight")),
                     VS_T(vs_layer_get(l, "bias")), l->attr[GROUP_EPS]};
  return vs_call(&vs_op_group_norm, args, VS_COUNT(args), out);
}

const vs_layerdef vs_layer_GroupNorm = {
    .name = "GroupNorm",
    .args = "num_groups:int, num_channels:int, eps:num=1e-5, affine:bool=true",
    .inputs = "x:tensor",
    .outputs = 1,
    .init = group_norm_init,
    .forward = group_norm_forward,
    .doc = "Group normalisation (Wu and He, 2018) of x [B,num_channels,...]: the channels of each "
           "sample in num_groups groups. weight and bias [num_channels].",
};
