/* LSTM and GRU: stacked, in one or both directions, over the ops lstm and gru.
 * Parameter names are PyTorch's: weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, those of the
 * second direction with _reverse behind. */
#include <math.h>
#include <stdio.h>

#include "nn/layer.h"

enum { INPUT, HIDDEN, LAYERS, BIAS, BOTH, DROPOUT }; /* attr */
enum { MAX_LAYERS = VS_MAX_SLOTS / 8 };

static const char *const parts[4] = {"weight_ih", "weight_hh", "bias_ih", "bias_hh"};

static const char *slot_name(char *buf, size_t size, int part, int layer, int direction) {
  snprintf(buf, size, "%s_l%d%s", parts[part], layer, direction ? "_reverse" : "");
  return buf;
}

static int direction_init(vs_layer *l, int64_t gates, int layer, int direction) {
  int64_t h = l->attr[HIDDEN].i, directions = l->attr[BOTH].i ? 2 : 1;
  int64_t in = layer ? directions * h : l->attr[INPUT].i;
  double bound = 1 / sqrt((double)h);
  char name[32];
  for (int part = 0; part < 4; part++) {
    bool weight = part < 2;
    slot_name(name, sizeof name, part, layer, direction);
    if (!weight && !l->attr[BIAS].i) {
      if (vs_layer_absent(l, name)) return -1;
      continue;
    }
    if (vs_layer_param(l, name, weight ? 2 : 1, (int64_t[]){gates * h, part == 0 ? in : h}))
      return -1;
    if (vs_init_uniform(vs_layer_get(l, name), -bound, bound)) return -1;
  }
  return 0;
}

static int rnn_init(vs_layer *l, int64_t gates) {
  int64_t in = l->attr[INPUT].i, h = l->attr[HIDDEN].i, layers = l->attr[LAYERS].i;
  double p = l->attr[DROPOUT].f;
  if (in < 1 || h < 1 || in >> 31 || h >> 31)
    return vs_fail("input_size %lld, hidden_size %lld: expected at least 1, below 2^31",
                   (long long)in, (long long)h);
  if (layers < 1 || layers > MAX_LAYERS)
    return vs_fail("num_layers is %lld, outside 1..%d", (long long)layers, MAX_LAYERS);
  if (!(p >= 0 && p <= 1)) return vs_fail("dropout is %g, expected a probability", p);
  for (int layer = 0; layer < layers; layer++)
    for (int direction = 0; direction < (l->attr[BOTH].i ? 2 : 1); direction++)
      if (direction_init(l, gates, layer, direction)) return -1;
  return 0;
}

/* y and h of one direction of one layer. */
static int run_direction(vs_layer *l, const vs_opdef *op, vs_tensor *x, vs_value lengths, int layer,
                         int direction, vs_tensor **y, vs_tensor **h) {
  vs_value v[7] = {VS_T(x)};
  vs_tensor *out[VS_MAX_OUT];
  char name[32];
  for (int part = 0; part < 4; part++) {
    vs_tensor *t = vs_layer_get(l, slot_name(name, sizeof name, part, layer, direction));
    v[1 + part] = t ? VS_T(t) : VS_NONE;
  }
  v[5] = lengths;
  v[6] = VS_B(direction);
  if (vs_call(op, v, 7, out)) return -1;
  *y = out[0];
  *h = out[1];
  for (int i = 2; i < op->outputs; i++) vs_unref(out[i]);
  return 0;
}

/* Replaces *a by [*a; b] along the last dimension; drops b. */
static int append(vs_tensor **a, vs_tensor *b) {
  vs_tensor *pair[2] = {*a, b};
  *a = vs_call1(&vs_op_cat, VS_L(pair, 2), VS_I(-1));
  vs_unref(pair[0]);
  vs_unref(pair[1]);
  return *a ? 0 : -1;
}

static int run_layer(vs_layer *l, const vs_opdef *op, vs_tensor *x, vs_value lengths, int layer,
                     vs_tensor **y, vs_tensor **h) {
  vs_tensor *y2 = NULL, *h2 = NULL;
  if (run_direction(l, op, x, lengths, layer, 0, y, h)) return -1;
  if (!l->attr[BOTH].i) return 0;
  if (run_direction(l, op, x, lengths, layer, 1, &y2, &h2)) goto fail;
  if (append(y, y2)) {
    vs_unref(h2);
    goto fail;
  }
  if (append(h, h2)) goto fail;
  return 0;
fail:
  vs_unref(*y);
  vs_unref(*h);
  *y = *h = NULL;
  return -1;
}

static int rnn_forward(vs_layer *l, const vs_opdef *op, const vs_value *in, vs_tensor **out) {
  int layers = (int)l->attr[LAYERS].i;
  vs_tensor *x = vs_ref(in[0].t), *y = NULL, *h = NULL;
  if (x->ndim != 3 || x->shape[2] != l->attr[INPUT].i) {
    vs_fail("%s: x is %s, expected [B,T,%lld]", l->def->name, vs_shape_str(x),
            (long long)l->attr[INPUT].i);
    goto fail;
  }
  for (int layer = 0; layer < layers; layer++) {
    vs_unref(h);
    h = NULL;
    if (run_layer(l, op, x, in[1], layer, &y, &h)) goto fail;
    vs_unref(x);
    x = y;
    if (layer + 1 == layers || !l->training || l->attr[DROPOUT].f == 0) continue;
    x = vs_call1(&vs_op_dropout, VS_T(y), l->attr[DROPOUT]);
    vs_unref(y);
    if (!x) goto fail;
  }
  out[0] = x;
  out[1] = h;
  return 0;
fail:
  vs_unref(x);
  vs_unref(h);
  return -1;
}

static int lstm_init(vs_layer *l) { return rnn_init(l, 4); }
static int lstm_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  return rnn_forward(l, &vs_op_lstm, in, out);
}

#define ARGUMENTS                                                                          \
  "input_size:int, hidden_size:int, num_layers:int=1, bias:bool=true, bidirectional:bool=" \
  "false, dropout:num=0"

const vs_layerdef vs_layer_LSTM = {
    .name = "LSTM",
    .args = ARGUMENTS,
    .inputs = "x:tensor, lengths:index?",
    .outputs = 2,
    .init = lstm_init,
    .forward = lstm_forward,
    .doc = "Long short-term memory (Hochreiter & Schmidhuber 1997). x [B,T,input], lengths [B] of "
           "1..T (absent: T) -> every state [B,T,D*H], zeros at padded steps, and the last valid "
           "state of the last layer [B,D*H]; D is 2 when bidirectional. dropout acts between "
           "layers.",
};

static int gru_init(vs_layer *l) { return rnn_init(l, 3); }
static int gru_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  return rnn_forward(l, &vs_op_gru, in, out);
}

const vs_layerdef vs_layer_GRU = {
    .name = "GRU",
    .args = ARGUMENTS,
    .inputs = "x:tensor, lengths:index?",
    .outputs = 2,
    .init = gru_init,
    .forward = gru_forward,
    .doc = "Gated recurrent unit (Cho et al. 2014). x [B,T,input], lengths [B] of 1..T (absent: "
           "T) -> every state [B,T,D*H], zeros at padded steps, and the last valid state of the "
           "last layer [B,D*H]; D is 2 when bidirectional. dropout acts between layers.",
};
