/* conv_transpose1d and 2d: the gradient of a convolution by its input, run forward.  One dimension
 * is two with a height of 1.
 *
 * What x is here plays the part of the convolution's output, and y that of its input, so all three
 * passes are the products of conv.h with x and dy changing places. */
#include "op/conv.h"

enum { X, W, B };                                           /* inputs */
enum { STRIDE, PADDING, OUTPUT_PADDING, GROUPS, DILATION }; /* attributes, in PyTorch's order */

/* An attribute for height (0) or width (1); `none` for the height of one dimension. */
static int64_t setting(const vs_ctx *c, int which, int d, int64_t none) {
  if (c->attr[which].kind == VS_V_PAIR) return c->attr[which].pair[d];
  return d == 0 ? none : c->attr[which].i;
}

static int64_t size_of(const vs_tensor *t, int d) {
  int at = t->ndim - 2 + d;
  return at < 2 ? 1 : t->shape[at];
}

static vs_conv conv_of(const vs_ctx *c) {
  const vs_tensor *x = c->in[X], *w = c->in[W], *y = c->out[0];
  int64_t groups = c->attr[GROUPS].i;
  vs_conv k = {
      .batch = x->shape[0], .groups = groups, .from = w->shape[1], .to = x->shape[1] / groups};
  for (int i = 0; i < 2; i++) {
    k.in[i] = size_of(y, i), k.out[i] = size_of(x, i), k.kernel[i] = size_of(w, i);
    k.stride[i] = setting(c, STRIDE, i, 1);
    k.padding[i] = setting(c, PADDING, i, 0);
    k.dilation[i] = setting(c, DILATION, i, 1);
  }
  return k;
}

static int check_channels(const vs_ctx *c) {
  const vs_tensor *x = c->in[X], *w = c->in[W], *b = c->in[B];
  int64_t groups = c->attr[GROUPS].i, out = 0;
  if (groups < 1) return vs_fail("groups is %lld, expected at least 1", (long long)groups);
  if (x->shape[1] != w->shape[0])
    return vs_fail("x is %s and w is %s: expected dimension 2 of x to be dimension 1 of w",
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

static int run_forward(vs_ctx *c, vs_scratch *s) {
  vs_conv k = conv_of(c);
  return vs_conv_input(&k, vs_reals(c->in[X]), vs_reals(c->in[W]), vs_reals(c->out[0]), s);
}

static int transpose_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[X], *w = c->in[W];
  int ndim = c->attr[STRIDE].kind == VS_V_PAIR ? 4 : 3;
  int64_t out[4];
  if (vs_want_ndim(c, X, ndim) < 0 || vs_want_ndim(c, W, ndim) < 0 || check_channels(c) < 0)
    return -1;
  for (int i = 4 - ndim; i < 2; i++) {
    int64_t s = setting(c, STRIDE, i, 1), p = setting(c, PADDING, i, 0);
    int64_t d = setting(c, DILATION, i, 1), more = setting(c, OUTPUT_PADDING, i, 0);
    int64_t k = size_of(w, i), n = size_of(x, i);
    if (vs_conv_check(s, p, d, k, w) < 0) return -1;
    if (more < 0 || more >= VS_MAX(s, d))
      return vs_fail("output_padding is %lld, expected 0 or more but less than stride %lld or "
                     "dilation %lld",
                     (long long)more, (long long)s, (long long)d);
    if (n < 1 || n > INT64_MAX / 2 / s)
      return vs_fail("x is %s, expected sizes of at least 1 behind the channels", vs_shape_str(x));
    int64_t *to = &out[ndim - 2 + i];
    *to = (n - 1) * s - 2 * p + d * (k - 1) + more + 1;
    if (*to < 1)
      return vs_fail("padding %lld leaves nothing of x %s with w %s", (long long)p, vs_shape_str(x),
                     vs_shape_str(w));
  }
  out[0] = x->shape[0], out[1] = w->shape[1] * c->attr[GROUPS].i;
  if (vs_out(c, 0, VS_REAL, ndim, out) < 0) return -1;
  return vs_count_scratch(c, run_forward);
}

typedef struct planes {
  vs_real *y;
  const vs_real *bias;
  int64_t channels, size;
} planes;

static void add_bias(void *arg, int64_t first, int64_t last, int slot) {
  const planes *k = arg;
  (void)slot;
  for (int64_t u = first; u < last; u++)
    for (int64_t i = 0; i < k->size; i++) k->y[u * k->size + i] += k->bias[u % k->channels];
}

static void transpose_forward(vs_ctx *c) {
  vs_conv k = conv_of(c);
  vs_use_scratch(c, run_forward);
  if (c->in[B] == NULL) return;
  planes p = {.y = vs_reals(c->out[0]),
              .bias = vs_reals(c->in[B]),
              .channels = k.groups * k.from,
              .size = k.in[0] * k.in[1]};
  vs_parallel(k.batch * p.channels, VS_MAX(1, 32768 / p.size), add_bias, &p);
}

/* y[b,o,i*s-p+u*d, j*s-p+v*d] += x[b,c,i,j] * w[c,o,u,v], over c, i, j, u, v;  + b[o] */
static int run_backward(vs_ctx *c, vs_scratch *s) {
  vs_conv k = conv_of(c);
  vs_planes dy = vs_planes_of(c->dout[0]);
  if (vs_needs(c, X) &&
      vs_conv_forward(&k, dy, vs_reals(c->in[W]), NULL, vs_planes_of(c->din[X]), s) < 0)
    return -1;
  return vs_needs(c, W) ? vs_conv_weight(&k, dy, vs_reals(c->in[X]), vs_reals(c->din[W]), s) : 0;
}

static int transpose_backward(vs_ctx *c) {
  vs_conv k = conv_of(c);
  const vs_real *dy = vs_reals(c->dout[0]);
  if (vs_with_scratch(c, run_backward) < 0) return -1;
  if (c->in[B] != NULL && vs_needs(c, B))
    vs_conv_bias(k.batch, k.groups * k.from, k.in[0] * k.in[1], dy, vs_reals(c->din[B]));
  return 0;
}

const vs_opdef vs_op_conv_transpose2d = {
    .name = "conv_transpose2d",
    .args = "x:tensor, w:tensor, b:tensor?, stride:pair=1, padding:pair=0, output_padding:pair=0, "
            "groups:int=1, dilation:pair=1",
    .outputs = 1,
    .flags = VS_ROUNDS_PRODUCT,
    .keep = VS_KEEP_IN(X) | VS_KEEP_IN(W),
    .shape = transpose_shape,
    .forward = transpose_forward,
    .backward = transpose_backward,
    .doc = "2-D transposed convolution: the gradient of conv2d by its input. x [B,C,H,W], w "
           "[C,O/groups,kH,kW], b [O] -> [B,O,H',W'] with H' = (H - 1) stride - 2 padding + "
           "dilation (kH - 1) + output_padding + 1.",
};

const vs_opdef vs_op_conv_transpose1d = {
    .name = "conv_transpose1d",
    .args = "x:tensor, w:tensor, b:tensor?, stride:int=1, padding:int=0, output_padding:int=0, "
            "groups:int=1, dilation:int=1",
    .outputs = 1,
    .flags = VS_ROUNDS_PRODUCT,
    .keep = VS_KEEP_IN(X) | VS_KEEP_IN(W),
    .shape = transpose_shape,
    .forward = transpose_forward,
    .backward = transpose_backward,
    .doc = "1-D transposed convolution: x [B,C,T], w [C,O/groups,k], b [O] -> [B,O,T'] with T' = "
           "(T - 1) stride - 2 padding + dilation (k - 1) + output_padding + 1.",
};
