/* conv_transpose2d: the gradient of a convolution by its input, run forward.
 *
 * What x is here plays the part of the convolution's output, and y that of its input, so all three
 * passes are the products of conv.h with x and dy changing places. */
#include "op/conv.h"

enum { X, W, B };                                           /* inputs */
enum { STRIDE, PADDING, OUTPUT_PADDING, GROUPS, DILATION }; /* attributes, in PyTorch's order */

static vs_conv conv_of(const vs_ctx *c) {
  const vs_tensor *x = c->in[X], *w = c->in[W], *y = c->out[0];
  int64_t groups = c->attr[GROUPS].i;
  vs_conv k = {
      .batch = x->shape[0], .groups = groups, .from = w->shape[1], .to = x->shape[1] / groups};
  for (int i = 0; i < 2; i++) {
    k.in[i] = y->shape[2 + i], k.out[i] = x->shape[2 + i], k.kernel[i] = w->shape[2 + i];
    k.stride[i] = c->attr[STRIDE].pair[i];
    k.padding[i] = c->attr[PADDING].pair[i];
    k.dilation[i] = c->attr[DILATION].pair[i];
  }
  return k;
}

static int check_channels(const vs_ctx *c) {
  const vs_tensor *x = c->in[X], *w = c->in[W], *b = c->in[B];
  int64_t groups = c->attr[GROUPS].i, out = 0;
  if (groups < 1) return vs_fail("groups is %lld, at least 1", (long long)groups);
  if (x->shape[1] != w->shape[0])
    return vs_fail("x is %s and w is %s: their channels (dimension 2 and 1) differ",
                   vs_shape_str(x), vs_shape_str(w));
  if (x->shape[1] % groups != 0)
    return vs_fail("x is %s: its %lld channels do not divide into %lld groups", vs_shape_str(x),
                   (long long)x->shape[1], (long long)groups);
  if (__builtin_mul_overflow(w->shape[1], groups, &out))
    return vs_fail("groups is %lld with w %s: too many channels", (long long)groups,
                   vs_shape_str(w));
  if (b != NULL && (b->ndim != 1 || b->shape[0] != out))
    return vs_fail("b is %s, expected [%lld] for w %s", vs_shape_str(b), (long long)out,
                   vs_shape_str(w));
  return 0;
}

static int conv_transpose2d_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[X], *w = c->in[W];
  int64_t out[2];
  if (vs_want_ndim(c, X, 4) < 0 || vs_want_ndim(c, W, 4) < 0 || check_channels(c) < 0) return -1;
  for (int i = 0; i < 2; i++) {
    int64_t s = c->attr[STRIDE].pair[i], p = c->attr[PADDING].pair[i];
    int64_t d = c->attr[DILATION].pair[i], more = c->attr[OUTPUT_PADDING].pair[i];
    int64_t k = w->shape[2 + i], n = x->shape[2 + i];
    if (vs_conv_check(s, p, d, k, w) < 0) return -1;
    if (more < 0 || more >= VS_MAX(s, d))
      return vs_fail("output_padding is %lld, expected 0 or more but less than stride %lld or "
                     "dilation %lld",
                     (long long)more, (long long)s, (long long)d);
    if (n < 1 || n > INT64_MAX / 2 / s)
      return vs_fail("x is %s, expected a height and a width", vs_shape_str(x));
    out[i] = (n - 1) * s - 2 * p + d * (k - 1) + more + 1;
    if (out[i] < 1)
      return vs_fail("padding %lld leaves nothing of x %s with w %s", (long long)p, vs_shape_str(x),
                     vs_shape_str(w));
  }
  int64_t channels = w->shape[1] * c->attr[GROUPS].i;
  return vs_out(c, 0, VS_REAL, vs_dims(x->shape[0], channels, out[0], out[1]));
}

typedef struct planes {
  vs_real *y;
  const vs_real *bias;
  int64_t channels, size;
} planes;

static void add_bias(void *arg, int64_t first, int64_t last, int part) {
  const planes *k = arg;
  (void)part;
  for (int64_t u = first; u < last; u++)
    for (int64_t i = 0; i < k->size; i++) k->y[u * k->size + i] += k->bias[u % k->channels];
}

static int conv_transpose2d_forward(vs_ctx *c) {
  vs_conv k = conv_of(c);
  vs_real *y = vs_reals(c->out[0]);
  if (vs_conv_input(&k, vs_reals(c->in[X]), vs_reals(c->in[W]), y) < 0) return -1;
  if (c->in[B] == NULL) return 0;
  planes p = {
      .y = y, .bias = vs_reals(c->in[B]), .channels = k.groups * k.from, .size = k.in[0] * k.in[1]};
  vs_parallel(k.batch * p.channels, VS_MAX(1, 32768 / p.size), add_bias, &p);
  return 0;
}

/* y[b,o,i*s-p+u*d, j*s-p+v*d] += x[b,c,i,j] * w[c,o,u,v], over c, i, j, u, v;  + b[o] */
static int conv_transpose2d_backward(vs_ctx *c) {
  vs_conv k = conv_of(c);
  const vs_real *dy = vs_reals(c->dout[0]);
  if (vs_needs(c, X) && vs_conv_forward(&k, dy, vs_reals(c->in[W]), NULL, vs_reals(c->din[X])) < 0)
    return -1;
  if (vs_needs(c, W) && vs_conv_weight(&k, dy, vs_reals(c->in[X]), vs_reals(c->din[W])) < 0)
    return -1;
  if (c->in[B] != NULL && vs_needs(c, B))
    vs_conv_bias(k.batch, k.groups * k.from, k.in[0] * k.in[1], dy, vs_reals(c->din[B]));
  return 0;
}

const vs_opdef vs_op_conv_transpose2d = {
    .name = "conv_transpose2d",
    .args = "x:tensor, w:tensor, b:tensor?, stride:pair=1, padding:pair=0, output_padding:pair=0, "
            "groups:int=1, dilation:pair=1",
    .outputs = 1,
    .keep = VS_KEEP_IN(X) | VS_KEEP_IN(W),
    .shape = conv_transpose2d_shape,
    .forward = conv_transpose2d_forward,
    .backward = conv_transpose2d_backward,
    .doc = "2-D transposed convolution: the gradient of conv2d by its input. x [B,C,H,W], w "
           "[C,O/groups,kH,kW], b [O] -> [B,O,H',W'] with H' = (H - 1) stride - 2 padding + "
           "dilation (kH - 1) + output_padding + 1.",
};
