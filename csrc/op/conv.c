/* 1-D and 2-D convolution (cross-correlation), forward and both gradients: which of the ways of
 * conv_ways.h makes them, and the ops. */
#include "op/conv.h"

#include <string.h>

#include "kernel/conv.h"
#include "op/dims.h"
#include "op/gemm.h"

/* ---- the products, for the ops here and in conv_transpose.c ---- */

static bool is_depthwise(const vs_conv *k) { return k->groups > 1 && k->from == 1 && k->to == 1; }

static vs_conv_way forced;

void vs_conv_force(vs_conv_way way) { forced = way; }

/* Whether this convolution, or its dw, is made that way. */
static bool goes(const vs_conv *k, vs_conv_way way, bool weight) {
  bool winograd = way == VS_CONV_WINOGRAD;
  if (!(winograd ? vs_winograd_possible(k) : vs_conv_few_possible(k))) return false;
  if (forced != VS_CONV_BEST) return forced == way;
  return winograd ? vs_winograd_pays(k, weight) : vs_conv_few_pays(k);
}

bool vs_conv_takes_bf16(const vs_conv *k) {
  return !is_depthwise(k) && (goes(k, VS_CONV_WINOGRAD, false) || !goes(k, VS_CONV_FEW, false));
}

int vs_conv_forward(const vs_conv *k, vs_planes x, const vs_real *w, const vs_real *bias,
                    vs_planes y, vs_scratch *s) {
  if (is_depthwise(k)) return vs_depthwise_forward(k, x.at, w, bias, y.at, s);
  if (goes(k, VS_CONV_WINOGRAD, false)) return vs_winograd_forward(k, x, w, bias, y, s);
  if (goes(k, VS_CONV_FEW, false)) return vs_conv_few(k, x.at, w, bias, y.at, s);
  return vs_gather_forward(k, x, w, bias, y, s);
}

int vs_conv_input(const vs_conv *k, const vs_real *dy, const vs_real *w, vs_real *dx,
                  vs_scratch *s) {
  if (is_depthwise(k)) return vs_depthwise_input(k, dy, w, dx, s);
  if (goes(k, VS_CONV_WINOGRAD, false)) return vs_winograd_input(k, dy, w, dx, s);
  return vs_gather_input(k, dy, w, dx, s);
}

int vs_conv_weight(const vs_conv *k, vs_planes x, const vs_real *dy, vs_real *dw, vs_scratch *s) {
  if (is_depthwise(k)) return vs_depthwise_weight(k, x.at, dy, dw, s);
  if (goes(k, VS_CONV_WINOGRAD, true)) return vs_winograd_weight(k, x, dy, dw, s);
  return vs_gather_weight(k, x, dy, dw, s);
}

typedef struct bias_sum {
  const vs_real *dy;
  vs_real *db;
  int64_t batch, channels, plane;
} bias_sum;

static void sum_channels(void *arg, int64_t first, int64_t last, int slot) {
  const bias_sum *k = arg;
  (void)slot;
  for (int64_t o = first; o < last; o++) {
    double sum = 0;
    for (int64_t b = 0; b < k->batch; b++)
      sum += (double)vs_k_conv()->sum(k->plane, k->dy + (b * k->channels + o) * k->plane);
    k->db[o] = (vs_real)sum;
  }
}

void vs_conv_bias(int64_t batch, int64_t channels, int64_t plane, const vs_real *dy, vs_real *db) {
  bias_sum k = {.dy = dy, .db = db, .batch = batch, .channels = channels, .plane = plane};
  vs_parallel(channels, VS_MAX(1, 32768 / VS_MAX(1, plane * batch)), sum_channels, &k);
}

/* ---- the ops: conv1d is conv2d of height 1 ---- */

enum { X, W, B };                           /* inputs */
enum { STRIDE, PADDING, DILATION, GROUPS }; /* attributes; the first three int or pair */

/* What an attribute says about dimension i (0: height, 1: width). */
static int64_t along(const vs_ctx *c, int attr, int i) {
  const vs_value *v = &c->attr[attr];
  if (v->kind == VS_V_PAIR) return v->pair[i];
  return i == 1 ? v->i : attr == PADDING ? 0 : 1;
}

static int64_t size_of(const vs_tensor *t, int i) {
  return t->ndim == 4 ? t->shape[2 + i] : i == 1 ? t->shape[2] : 1;
}

static vs_conv conv_of(const vs_ctx *c, const vs_tensor *y) {
  const vs_tensor *x = c->in[X], *w = c->in[W];
  vs_conv k = {.batch = x->shape[0], .groups = c->attr[GROUPS].i, .from = w->shape[1]};
  k.to = w->shape[0] / k.groups;
  for (int i = 0; i < 2; i++) {
    k.in[i] = size_of(x, i), k.out[i] = size_of(y, i), k.kernel[i] = size_of(w, i);
    k.stride[i] = along(c, STRIDE, i);
    k.padding[i] = along(c, PADDING, i);
    k.dilation[i] = along(c, DILATION, i);
  }
  return k;
}

static int check_channels(const vs_ctx *c) {
  const vs_tensor *x = c->in[X], *w = c->in[W], *b = c->in[B];
  int64_t groups = c->attr[GROUPS].i;
  if (groups < 1) return vs_fail("groups is %lld, expected at least 1", (long long)groups);
  if (w->shape[0] % groups != 0)
    return vs_fail("w is %s: its %lld output channels do not divide into %lld groups",
                   vs_shape_str(w), (long long)w->shape[0], (long long)groups);
  if (x->shape[1] % groups != 0 || x->shape[1] / groups != w->shape[1])
    return vs_fail("x is %s and w is %s: with groups = %lld dimension 2 of w has to be %g",
                   vs_shape_str(x), vs_shape_str(w), (long long)groups,
                   (double)x->shape[1] / (double)groups);
  if (b != NULL && (b->ndim != 1 || b->shape[0] != w->shape[0]))
    return vs_fail("b is %s, expected [%lld] for w %s", vs_shape_str(b), (long long)w->shape[0],
                   vs_shape_str(w));
  return 0;
}

int vs_conv_check(int64_t stride, int64_t padding, int64_t dilation, int64_t kernel,
                  const vs_tensor *w) {
  if (stride >= 1 && dilation >= 1 && padding >= 0 && kernel >= 1 && stride <= VS_CONV_LARGEST &&
      dilation <= VS_CONV_LARGEST && padding <= VS_CONV_LARGEST && kernel <= VS_CONV_LARGEST)
    return 0;
  return vs_fail(
      "stride %lld, padding %lld, dilation %lld with w %s: stride, dilation and kernel are at "
      "least 1, padding at least 0, all at most %d",
      (long long)stride, (long long)padding, (long long)dilation, vs_shape_str(w), VS_CONV_LARGEST);
}

static int run_forward(vs_ctx *c, vs_scratch *s) {
  vs_conv k = conv_of(c, c->out[0]);
  return vs_conv_forward(&k, vs_planes_of(c->in[X]), vs_reals(c->in[W]),
                         c->in[B] ? vs_reals(c->in[B]) : NULL, vs_planes_of(c->out[0]), s);
}

static int conv_shape(vs_ctx *c, int ndim) {
  const vs_tensor *x = c->in[X], *w = c->in[W];
  int64_t out[4] = {0};
  if (vs_want_ndim(c, X, ndim) < 0 || vs_want_ndim(c, W, ndim) < 0 || check_channels(c) < 0)
    return -1;
  for (int i = 4 - ndim; i < 2; i++) {
    int64_t s = along(c, STRIDE, i), p = along(c, PADDING, i), d = along(c, DILATION, i);
    int64_t k = size_of(w, i);
    if (vs_conv_check(s, p, d, k, w) < 0) return -1;
    int64_t room = size_of(x, i) + 2 * p - d * (k - 1) - 1;
    if (room < 0)
      return vs_fail("the kernel of w %s (dilation %lld) is larger than x %s with padding %lld",
                     vs_shape_str(w), (long long)d, vs_shape_str(x), (long long)p);
    out[ndim - 2 + i] = room / s + 1;
  }
  out[0] = x->shape[0], out[1] = w->shape[0];
  vs_tensor y = {.ndim = ndim};
  memcpy(y.shape, out, sizeof out);
  vs_conv k = conv_of(c, &y);
  bool takes = vs_conv_takes_bf16(&k);
  for (int i = takes ? W : X; i <= B; i++)
    if (c->in[i] && vs_recast(c, i, VS_REAL) < 0) return -1;
  if (vs_out(c, 0, takes ? vs_product_dtype() : VS_REAL, ndim, out) < 0) return -1;
  return vs_count_scratch(c, run_forward);
}

static void conv_forward(vs_ctx *c) { vs_use_scratch(c, run_forward); }

/* y[b,o,i,j] = sum over c,u,v of w[o,c,u,v] * x[b,c,i*s-p+u*d, j*s-p+v*d] + b[o] */
static int run_backward(vs_ctx *c, vs_scratch *s) {
  vs_conv k = conv_of(c, c->out[0]);
  const vs_real *dy = vs_reals(c->dout[0]);
  if (vs_needs(c, X) && vs_conv_input(&k, dy, vs_reals(c->in[W]), vs_reals(c->din[X]), s) < 0)
    return -1;
  return vs_needs(c, W) ? vs_conv_weight(&k, vs_planes_of(c->in[X]), dy, vs_reals(c->din[W]), s)
                        : 0;
}

static int conv_backward(vs_ctx *c) {
  vs_conv k = conv_of(c, c->out[0]);
  const vs_real *dy = vs_reals(c->dout[0]);
  if (vs_with_scratch(c, run_backward) < 0) return -1;
  if (c->in[B] != NULL && vs_needs(c, B))
    vs_conv_bias(k.batch, k.groups * k.to, k.out[0] * k.out[1], dy, vs_reals(c->din[B]));
  return 0;
}

static int conv1d_shape(vs_ctx *c) { return conv_shape(c, 3); }

const vs_opdef vs_op_conv1d = {
    .name = "conv1d",
    .args = "x:tensor, w:tensor, b:tensor?, stride:int=1, padding:int=0, dilation:int=1, "
            "groups:int=1",
    .outputs = 1,
    .flags = VS_ROUNDS_PRODUCT | VS_BF16,
    .keep = VS_KEEP_IN(X) | VS_KEEP_IN(W),
    .shape = conv1d_shape,
    .forward = conv_forward,
    .backward = conv_backward,
    .doc = "1-D cross-correlation. x [B,C,T], w [O,C/groups,k], b [O] -> [B,O,T'] with "
           "T' = floor((T + 2 padding - dilation (k - 1) - 1) / stride) + 1.",
};

static int conv2d_shape(vs_ctx *c) { return conv_shape(c, 4); }

const vs_opdef vs_op_conv2d = {
    .name = "conv2d",
    .args = "x:tensor, w:tensor, b:tensor?, stride:pair=1, padding:pair=0, dilation:pair=1, "
            "groups:int=1",
    .outputs = 1,
    .flags = VS_ROUNDS_PRODUCT | VS_BF16,
    .keep = VS_KEEP_IN(X) | VS_KEEP_IN(W),
    .shape = conv2d_shape,
    .forward = conv_forward,
    .backward = conv_backward,
    .doc = "2-D cross-correlation. x [B,C,H,W], w [O,C/groups,kH,kW], b [O] -> [B,O,H',W'] with "
           "H' = floor((H + 2 padding - dilation (kH - 1) - 1) / stride) + 1.",
};
