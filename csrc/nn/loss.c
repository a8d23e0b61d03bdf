/* Losses as layers, by PyTorch's names: a line each, over an op of op/loss_*.c.
 *
 * What an op takes is split between the call (`inputs`) and the constructor (`args`); forward puts
 * it together again by the names.  Weights of classes and places are buffers. */
#include <string.h>

#include "nn/layer.h"

static int find(const vs_argspec *spec, const char *name) {
  for (int i = 0; i < spec->n; i++)
    if (strcmp(spec->arg[i].name, name) == 0) return i;
  return -1;
}

/* Tensors among the arguments move into slots. */
static int loss_init(vs_layer *l) {
  const vs_argspec *spec = vs_layer_spec(l->def);
  for (int i = 0; i < spec->n; i++) {
    if (!vs_arg_is_tensor(&spec->arg[i])) continue;
    bool given = l->attr[i].kind == VS_V_TENSOR;
    vs_tensor *t = given ? vs_clone(l->attr[i].t) : NULL;
    l->attr[i] = VS_NONE;
    if (given ? vs_layer_buffer(l, spec->arg[i].name, t) : vs_layer_absent(l, spec->arg[i].name))
      return -1;
  }
  return 0;
}

static int loss_forward(const vs_opdef *op, vs_layer *l, const vs_value *in, vs_tensor **out) {
  const vs_argspec *spec = vs_op_spec(op), *own = vs_layer_spec(l->def);
  const vs_argspec *inputs = vs_layer_inputs(l->def);
  vs_value v[VS_MAX_ARGS];
  for (int i = 0; i < spec->n; i++) {
    const char *name = spec->arg[i].name;
    int given = find(inputs, name), set = find(own, name);
    vs_tensor *t = vs_layer_get(l, name);
    v[i] = given >= 0 ? in[given] : t ? VS_T(t) : set >= 0 ? l->attr[set] : VS_NONE;
  }
  return vs_call(op, v, spec->n, out);
}

#define REDUCTION "reduction:mean|sum|none=mean"
#define PAIR "x:tensor, target:tensor"

#define LOSS(layer, op, call, arguments, text)                                \
  static int op##_forward(vs_layer *l, const vs_value *in, vs_tensor **out) { \
    return loss_forward(&vs_op_##op, l, in, out);                             \
  }                                                                           \
  const vs_layerdef vs_layer_##layer = {#layer, arguments, call, 1, loss_init, op##_forward, text};

LOSS(CrossEntropyLoss, cross_entropy, "x:tensor, target:any",
     "weight:tensor?, ignore_index:int?, " REDUCTION ", label_smoothing:num=0",
     "cross_entropy of logits x [B,C] or [B,C,d1,...] and target: classes int64 [B] or [B,d1,...] "
     "of "
     "1..C, or probabilities of x's shape; weight [C] is a buffer.")
LOSS(
    NLLLoss, nll_loss, "x:tensor, target:index", "weight:tensor?, ignore_index:int?, " REDUCTION,
    "nll_loss of log-probabilities x [B,C] or [B,C,d1,...] and classes target [B] or [B,d1,...] of "
    "1..C; weight [C] is a buffer.")
LOSS(BCEWithLogitsLoss, binary_cross_entropy_with_logits, PAIR,
     "weight:tensor?, " REDUCTION ", pos_weight:tensor?",
     "binary_cross_entropy_with_logits of x and target in 0..1; the weights are buffers.")
LOSS(MSELoss, mse_loss, PAIR, REDUCTION, "(x - target)^2.")
LOSS(L1Loss, l1_loss, PAIR, REDUCTION, "|x - target|.")
LOSS(SmoothL1Loss, smooth_l1_loss, PAIR, REDUCTION ", beta:num=1",
     "smooth_l1_loss: squares below beta, straight above.")
LOSS(HuberLoss, huber_loss, PAIR, REDUCTION ", delta:num=1",
     "huber_loss: squares below delta, straight above.")
LOSS(KLDivLoss, kl_div, PAIR, "reduction:mean|sum|none|batchmean=mean, log_target:bool=false",
     "kl_div of log-probabilities x and probabilities target, or their logarithms with log_target.")
LOSS(CosineEmbeddingLoss, cosine_embedding_loss, "x1:tensor, x2:tensor, y:any",
     "margin:num=0, " REDUCTION,
     "cosine_embedding_loss of x1, x2 [B,D] and y [B] of 1 (a match) or -1.")
LOSS(TripletMarginLoss, triplet_margin_loss, "anchor:tensor, positive:tensor, negative:tensor",
     "margin:num=1, eps:num=1e-6, swap:bool=false, " REDUCTION,
     "triplet_margin_loss of anchor, positive and negative [B,D].")
