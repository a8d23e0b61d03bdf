/* Unary element-wise ops.  Values and derivatives are in kernel/elementwise.h, one line each;
 * this file makes their descriptors and spreads the work over threads.  Activations give
 * bfloat16 for bfloat16, but for those whose derivative reads what was rounded. */
#include "kernel/elementwise.h"
#include "op/bf16.h"
#include "op/dims.h"
#include "op/op.h"

enum { GRAIN = 1 << 15 };

typedef struct job {
  int which;
  vs_real a, b;
  const vs_tensor *out, *dy, *x, *y; /* of backward: x or y is NULL where it is not read */
} job;

/* Elements of one go: all of them, or a piece where some are bfloat16. */
static int64_t go(const job *j, int64_t left) {
  bool bf16 = !vs_is_real(j->out) || (j->x && !vs_is_real(j->x)) || (j->y && !vs_is_real(j->y));
  return bf16 ? VS_MIN(left, VS_PIECE) : left;
}

static void forward_range(void *arg, int64_t first, int64_t last, int slot) {
  const job *j = arg;
  vs_real x[VS_PIECE], y[VS_PIECE];
  (void)slot;
  for (int64_t at = first, n; at < last; at += n) {
    n = go(j, last - at);
    vs_k_elementwise()->unary[j->which](n, vs_piece_to(j->out, at, y), vs_piece(j->x, at, n, x),
                                        j->a, j->b);
    vs_piece_done(j->out, at, n, y);
  }
}

static void backward_range(void *arg, int64_t first, int64_t last, int slot) {
  const job *j = arg;
  vs_real x[VS_PIECE], y[VS_PIECE];
  (void)slot;
  for (int64_t at = first, n; at < last; at += n) {
    n = go(j, last - at);
    vs_k_elementwise()->unary_grad[j->which](n, vs_reals(j->out) + at, vs_reals(j->dy) + at,
                                             j->x ? vs_piece(j->x, at, n, x) : NULL,
                                             j->y ? vs_piece(j->y, at, n, y) : NULL, j->a, j->b);
  }
}

static int shape(vs_ctx *c) { return vs_out_like(c, 0, c->in[0]); }

/* Integers and masks as int64; float16 as numbers of the compute type, and bfloat16 where the op
 * does not take it. */
static int number_shape(vs_ctx *c) {
  bool stays = c->in[0]->dtype == VS_BFLOAT16 && c->op->flags & VS_BF16;
  return !stays && vs_as_number(c, 0) ? -1 : shape(c);
}

/* Wraps around where int64 overflows. */
static void integers(const vs_ctx *c, int which) {
  const int64_t *x = vs_ints(c->in[0]);
  int64_t *y = vs_ints(c->out[0]);
  for (int64_t i = 0; i < c->in[0]->numel; i++) {
    int64_t v = x[i], minus = (int64_t)(0 - (uint64_t)v);
    y[i] = which == VS_UN_neg   ? minus
           : which == VS_UN_abs ? (v < 0 ? minus : v)
                                : (v > 0) - (v < 0);
  }
}

static void numbers(const vs_ctx *c, job *j) {
  const vs_argspec *spec = vs_op_spec(c->op);
  if (spec->n > 1) j->a = (vs_real)c->attr[0].f;
  if (spec->n > 2) j->b = (vs_real)c->attr[1].f;
}

static void forward(vs_ctx *c, int which) {
  if (vs_is_integer(c->in[0])) {
    integers(c, which);
    return;
  }
  job j = {.which = which, .out = c->out[0], .x = c->in[0]};
  numbers(c, &j);
  vs_parallel(c->in[0]->numel, GRAIN, forward_range, &j);
}

static int backward(vs_ctx *c, int which) {
  job j = {.which = which, .out = c->din[0], .dy = c->dout[0]};
  if (c->op->keep & VS_KEEP_IN(0)) j.x = c->in[0];
  if (c->op->keep & VS_KEEP_OUT(0)) j.y = c->out[0];
  numbers(c, &j);
  vs_parallel(c->din[0]->numel, GRAIN, backward_range, &j);
  return 0;
}

/* ---- clamp ---- */

/* Whether the bound can be compared with integers as one; 2.0 becomes it. */
static bool make_whole(vs_value *v) {
  if (v->kind == VS_V_NUM && v->f == floor(v->f) && fabs(v->f) < 9e18) *v = VS_I((int64_t)v->f);
  return v->kind == VS_V_INT;
}

/* Bounds may be absent.  Integers stay integers between whole bounds. */
static int clamp_shape(vs_ctx *c) {
  vs_value *low = &c->attr[0], *high = &c->attr[1];
  if (low->kind == VS_V_NONE && high->kind == VS_V_NONE)
    return vs_fail("min and max are both missing");
  if (vs_as_number(c, 0) < 0) return -1;
  bool whole = vs_is_integer(c->in[0]);
  for (int i = 0; i < 2 && whole; i++)
    whole = c->attr[i].kind == VS_V_NONE || make_whole(&c->attr[i]);
  if (whole) {
    if (low->kind == VS_V_NONE) *low = VS_I(INT64_MIN);
    if (high->kind == VS_V_NONE) *high = VS_I(INT64_MAX);
  } else {
    *low = VS_F(low->kind == VS_V_NONE ? -HUGE_VAL : vs_number(low));
    *high = VS_F(high->kind == VS_V_NONE ? HUGE_VAL : vs_number(high));
    if (vs_recast(c, 0, VS_REAL) < 0) return -1;
  }
  if (whole ? low->i > high->i : low->f > high->f)
    return vs_fail("min %g is above max %g", vs_number(low), vs_number(high));
  return shape(c);
}

static void clamp_forward(vs_ctx *c) {
  if (!vs_is_integer(c->in[0])) {
    forward(c, VS_UN_clamp);
    return;
  }
  for (int64_t i = 0; i < c->in[0]->numel; i++)
    vs_ints(c->out[0])[i] = VS_MIN(VS_MAX(vs_ints(c->in[0])[i], c->attr[0].i), c->attr[1].i);
}

static int clamp_backward(vs_ctx *c) { return backward(c, VS_UN_clamp); }

const vs_opdef vs_op_clamp = {
    .name = "clamp",
    .args = "x:any, min:number?, max:number?",
    .outputs = 1,
    .flags = VS_KINK,
    .keep = VS_KEEP_IN(0),
    .shape = clamp_shape,
    .forward = clamp_forward,
    .backward = clamp_backward,
    .doc = "x limited to [min, max]; either bound may be absent. No gradient where x was cut off. "
           "Integers give int64 between whole bounds, else float32.",
};

/* gelu in one of two forms. */
static int gelu_form(const vs_ctx *c) { return c->attr[0].i ? VS_UN_gelu_tanh : VS_UN_gelu; }
static void gelu_forward(vs_ctx *c) { forward(c, gelu_form(c)); }
static int gelu_backward(vs_ctx *c) { return backward(c, gelu_form(c)); }

const vs_opdef vs_op_gelu = {
    .name = "gelu",
    .args = "x:tensor, approximate:none|tanh=none",
    .outputs = 1,
    .flags = VS_BF16,
    .keep = VS_KEEP_IN(0),
    .shape = shape,
    .forward = gelu_forward,
    .backward = gelu_backward,
    .doc =
        "x * Phi(x), Phi the normal distribution function, exact, by erf; approximate = \"tanh\": "
        "x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))). Hendrycks and Gimpel, 2016.",
};

#define KEEP_NONE 0
#define KEEP_IN VS_KEEP_IN(0)
#define KEEP_OUT VS_KEEP_OUT(0)

#define DEFINE(fn, shape_fn, arguments, flag, reads, text)                \
  static void fn##_forward(vs_ctx *c) { forward(c, VS_UN_##fn); }         \
  static int fn##_backward(vs_ctx *c) { return backward(c, VS_UN_##fn); } \
  const vs_opdef vs_op_##fn = {.name = #fn,                               \
                               .args = arguments,                         \
                               .outputs = 1,                              \
                               .flags = flag,                             \
                               .keep = KEEP_##reads,                      \
                               .shape = shape_fn,                         \
                               .forward = fn##_forward,                   \
                               .backward = fn##_backward,                 \
                               .doc = text};

DEFINE(neg, number_shape, "x:any", VS_BF16, NONE, "-x, element by element. Integers give int64.")
DEFINE(abs, number_shape, "x:any", VS_KINK | VS_BF16, IN,
       "|x|, element by element. Integers give int64.")
DEFINE(exp, shape, "x:tensor", 0, OUT, "e to the power x, element by element.")
DEFINE(log, shape, "x:tensor", 0, IN, "Natural logarithm; -inf at 0, NaN below.")
DEFINE(log1p, shape, "x:tensor", 0, IN, "log(1 + x), exact for small x.")
DEFINE(log2, shape, "x:tensor", 0, IN, "Logarithm to base 2; -inf at 0, NaN below.")
DEFINE(expm1, shape, "x:tensor", 0, OUT, "exp(x) - 1, exact for small x.")
DEFINE(sqrt, shape, "x:tensor", 0, OUT, "Square root; NaN below 0.")
DEFINE(rsqrt, shape, "x:tensor", 0, OUT, "1 / sqrt(x).")
DEFINE(square, shape, "x:tensor", 0, IN, "x * x.")
DEFINE(reciprocal, shape, "x:tensor", 0, OUT, "1 / x.")
DEFINE(sin, shape, "x:tensor", 0, IN, "Sine; x in radians.")
DEFINE(cos, shape, "x:tensor", 0, IN, "Cosine; x in radians.")
DEFINE(tan, shape, "x:tensor", 0, OUT, "Tangent; x in radians.")
DEFINE(asin, shape, "x:tensor", 0, IN, "The angle of a sine, -pi/2 to pi/2; NaN outside -1..1.")
DEFINE(acos, shape, "x:tensor", 0, IN, "The angle of a cosine, 0 to pi; NaN outside -1..1.")
DEFINE(atan, shape, "x:tensor", 0, IN, "The angle of a tangent, -pi/2 to pi/2.")
DEFINE(sinh, shape, "x:tensor", 0, IN, "Hyperbolic sine.")
DEFINE(cosh, shape, "x:tensor", 0, IN, "Hyperbolic cosine.")
DEFINE(erf, shape, "x:tensor", 0, IN,
       "The error function, 2 / sqrt(pi) times the integral of "
       "exp(-t^2) from 0 to x.")
DEFINE(tanh, shape, "x:tensor", 0, OUT, "Hyperbolic tangent.")
DEFINE(sigmoid, shape, "x:tensor", 0, OUT, "1 / (1 + exp(-x)).")
DEFINE(relu, shape, "x:tensor", VS_KINK | VS_BF16, OUT, "max(x, 0).")
DEFINE(relu6, shape, "x:tensor", VS_KINK | VS_BF16, OUT, "min(max(x, 0), 6).")
DEFINE(leaky_relu, shape, "x:tensor, negative_slope:num=0.01", VS_KINK | VS_BF16, IN,
       "x above 0, negative_slope * x below.")
DEFINE(elu, shape, "x:tensor, alpha:num=1", VS_KINK | VS_BF16, IN,
       "x above 0, alpha * (exp(x) - 1) below. Clevert et al., 2016.")
DEFINE(silu, shape, "x:tensor", VS_BF16, IN, "x * sigmoid(x). Elfwing et al., 2018.")
DEFINE(softplus, shape, "x:tensor", 0, IN, "log(1 + exp(x)).")
DEFINE(hardsigmoid, shape, "x:tensor", VS_KINK | VS_BF16, IN, "x / 6 + 1/2 limited to [0, 1].")
DEFINE(hardswish, shape, "x:tensor", VS_KINK | VS_BF16, IN,
       "x * hardsigmoid(x). Howard et al., 2019.")
DEFINE(mish, shape, "x:tensor", VS_BF16, IN, "x * tanh(softplus(x)). Misra, 2019.")
DEFINE(softsign, shape, "x:tensor", VS_BF16, IN, "x / (1 + |x|).")
DEFINE(selu, shape, "x:tensor", VS_KINK | VS_BF16, IN,
       "1.0507 times x above 0, times 1.6733 (exp(x) - 1) below: activations keep mean 0 and "
       "variance 1. Klambauer et al., 2017.")
DEFINE(sign, number_shape, "x:any", VS_NOGRAD, NONE,
       "-1, 0 or 1; NaN of NaN. Integers give int64. No gradient.")
DEFINE(floor, shape, "x:tensor", VS_NOGRAD, NONE, "Largest integer not above x. No gradient.")
DEFINE(ceil, shape, "x:tensor", VS_NOGRAD, NONE, "Smallest integer not below x. No gradient.")
DEFINE(trunc, shape, "x:tensor", VS_NOGRAD, NONE, "x without its fraction. No gradient.")
DEFINE(round, shape, "x:tensor", VS_NOGRAD, NONE, "Nearest integer, halves to even. No gradient.")
