/* LSTM and GRU: stacked, in one or both directions, over the ops lstm and gru.
 * Parameter names are PyTorch's: weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, those of the
 * second direction with _reverse behind. */
#include <math.h>
#include <stdio.h>
#include <string.h>

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

/* A call under way: the last states of the directions so far, all layers. */
typedef struct run {
  vs_layer *l;
  const vs_opdef *op;
  vs_value lengths;
  vs_tensor *first[2]; /* h0 and c0 [L*D,B,H], or NULL */
  vs_tensor *last[2][2 * MAX_LAYERS];
  int n;
} run;

/* x is [B,T,I]; both initial states have a row for each direction of each layer. */
static int check_inputs(const run *r, const vs_tensor *x) {
  static const char *const names[2] = {"h0", "c0"};
  const vs_value *attr = r->l->attr;
  if (x->ndim != 3 || x->shape[2] != attr[INPUT].i)
    return vs_fail("%s: x is %s, expected [B,T,%lld]", r->l->def->name, vs_shape_str(x),
                   (long long)attr[INPUT].i);
  int64_t want[3] = {attr[LAYERS].i * (attr[BOTH].i ? 2 : 1), x->shape[0], attr[HIDDEN].i};
  for (int i = 0; i < 2; i++) {
    const vs_tensor *t = r->first[i];
    if (!t || (t->ndim == 3 && memcmp(t->shape, want, sizeof want) == 0)) continue;
    return vs_fail("%s: %s is %s, expected %s (x is %s)", r->l->def->name, names[i],
                   vs_shape_str(t), vs_dims_str(3, want), vs_shape_str(x));
  }
  return 0;
}

/* Every state of one direction of one layer; the last ones go to r->last. */
static vs_tensor *run_direction(run *r, vs_tensor *x, int layer, int direction) {
  int states = r->op->outputs - 1;
  vs_value v[9] = {VS_T(x)};
  vs_tensor *out[VS_MAX_OUT], *first[2] = {NULL, NULL};
  char name[32];
  int bad = 0;
  for (int part = 0; part < 4; part++) {
    vs_tensor *t = vs_layer_get(r->l, slot_name(name, sizeof name, part, layer, direction));
    v[1 + part] = t ? VS_T(t) : VS_NONE;
  }
  v[5] = r->lengths;
  v[6] = VS_B(direction);
  for (int i = 0; i < states && !bad; i++) {
    v[7 + i] = VS_NONE;
    if (!r->first[i]) continue;
    first[i] = vs_call1(&vs_op_select, VS_T(r->first[i]), VS_I(0), VS_I(r->n + 1));
    bad = !first[i];
    v[7 + i] = VS_T(first[i]);
  }
  bad = bad || vs_call(r->op, v, 7 + states, out);
  vs_unref(first[0]);
  vs_unref(first[1]);
  if (bad) return NULL;
  for (int i = 0; i < states; i++) r->last[i][r->n] = out[1 + i];
  r->n++;
  return out[0];
}

static vs_tensor *run_layer(run *r, vs_tensor *x, int layer) {
  vs_tensor *y[2] = {run_direction(r, x, layer, 0), NULL}, *both = NULL;
  if (!y[0] || !r->l->attr[BOTH].i) return y[0];
  if ((y[1] = run_direction(r, x, layer, 1))) both = vs_call1(&vs_op_cat, VS_L(y, 2), VS_I(-1));
  vs_unref(y[0]);
  vs_unref(y[1]);
  return both;
}

/* Every state of the last layer. */
static vs_tensor *run_layers(run *r, vs_tensor *x) {
  int layers = (int)r->l->attr[LAYERS].i;
  vs_value p = r->l->attr[DROPOUT];
  vs_ref(x);
  for (int layer = 0; layer < layers && x; layer++) {
    vs_tensor *y = run_layer(r, x, layer);
    vs_unref(x);
    x = y;
    if (!y || layer + 1 == layers || !r->l->training || p.f == 0) continue;
    x = vs_call1(&vs_op_dropout, VS_T(y), p);
    vs_unref(y);
  }
  return x;
}

/* out: every state, the last state of the last layer [B,D*H], the last states (and cells) of all
 * layers [L*D,B,H]. */
static int rnn_forward(vs_layer *l, const vs_opdef *op, const vs_value *in, vs_tensor **out) {
  int states = op->outputs - 1, directions = l->attr[BOTH].i ? 2 : 1, made = 0;
  run r = {.l = l, .op = op, .lengths = in[1]};
  for (int i = 0; i < states; i++) r.first[i] = in[2 + i].kind == VS_V_TENSOR ? in[2 + i].t : NULL;
  if (check_inputs(&r, in[0].t) || !(out[0] = run_layers(&r, in[0].t))) goto done;
  vs_tensor **top = r.last[0] + r.n - directions;
  made = 1;
  if (!(out[1] = vs_call1(&vs_op_cat, VS_L(top, directions), VS_I(-1)))) goto done;
  for (made = 2; made < 2 + states; made++)
    if (!(out[made] = vs_call1(&vs_op_stack, VS_L(r.last[made - 2], r.n), VS_I(1)))) goto done;
done:
  for (int k = 0; k < r.n; k++)
    for (int i = 0; i < states; i++) vs_unref(r.last[i][k]);
  if (made == 2 + states) return 0;
  while (made > 0) vs_unref(out[--made]);
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
    .inputs = "x:tensor, lengths:index?, h0:tensor?, c0:tensor?",
    .outputs = 4,
    .init = lstm_init,
    .forward = lstm_forward,
    .doc =
        "Long short-term memory (Hochreiter & Schmidhuber 1997). x [B,T,input], lengths [B] of "
        "1..T (absent: T), h0 and c0 [L*D,B,H] the states to begin with (absent: zeros) -> every "
        "state [B,T,D*H], zeros at padded steps; the last valid state of the last layer "
        "[B,D*H]; h_n and c_n [L*D,B,H], the last ones of all L layers, to begin with next time. "
        "D is 2 when bidirectional, directions lie side by side. dropout acts between layers.",
};

static int gru_init(vs_layer *l) { return rnn_init(l, 3); }
static int gru_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  return rnn_forward(l, &vs_op_gru, in, out);
}

const vs_layerdef vs_layer_GRU = {
    .name = "GRU",
    .args = ARGUMENTS,
    .inputs = "x:tensor, lengths:index?, h0:tensor?",
    .outputs = 3,
    .init = gru_init,
    .forward = gru_forward,
    .doc = "Gated recurrent unit (Cho et al. 2014). x [B,T,input], lengths [B] of 1..T (absent: "
           "T), h0 [L*D,B,H] the states to begin with (absent: zeros) -> every state [B,T,D*H], "
           "zeros at padded steps; the last valid state of the last layer [B,D*H]; h_n [L*D,B,H], "
           "the last ones of all L layers, to begin with next time. D is 2 when bidirectional, "
           "directions lie side by side. dropout acts between layers.",
};
