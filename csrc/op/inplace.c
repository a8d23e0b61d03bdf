/* Ops that write into their first argument, named with a trailing underscore.
 *
 * Refused on anything that takes part in gradients unless grad mode is off. */
#include "core/loop.h"
#include "kernel/elementwise.h"
#include "op/op.h"

static int no_shape(vs_ctx *c) {
  (void)c;
  return 0;
}

static int zero_forward(vs_ctx *c) { return vs_fill(c->in[0], 0); }

const vs_opdef vs_op_zero_ = {
    .name = "zero_", .args = "x:any", .outputs = 1, .flags = VS_INPLACE | VS_NOGRAD, .shape = no_shape,
    .forward = zero_forward, .doc = "Sets every element to 0."};

static int fill_forward(vs_ctx *c) { return vs_fill(c->in[0], c->attr[0].f); }

const vs_opdef vs_op_fill_ = {
    .name = "fill_", .args = "x:any, value:num", .outputs = 1, .flags = VS_INPLACE | VS_NOGRAD,
    .shape = no_shape, .forward = fill_forward, .doc = "Sets every element to value."};

static int copy_forward(vs_ctx *c) { return vs_copy(c->in[0], c->in[1]); }

const vs_opdef vs_op_copy_ = {
    .name = "copy_", .args = "x:any, src:operand", .outputs = 1, .flags = VS_INPLACE | VS_NOGRAD,
    .shape = no_shape, .forward = copy_forward,
    .doc = "Copies src, broadcast and converted to x's dtype, into x. x[i] = src does the same to a row."};

/* ---- arithmetic: x = x op y ---- */

static void run(int64_t n, void *const *p, const int64_t *s, void *arg) {
  vs_k_elementwise()->binary[*(int *)arg](n, p[0], s[0], p[0], s[0], p[1], s[1]);
}

/* Not real: compute in the compute type and convert back. */
static int arithmetic_converted(vs_tensor *x, vs_tensor *y, int which) {
  vs_tensor *t = vs_cast(x, VS_REAL), *pair[2] = {t, y};
  if (t == NULL) return -1;
  vs_loop(2, pair, run, &which, true);
  int err = vs_copy(x, t);
  vs_unref(t);
  return err;
}

static int arithmetic(vs_ctx *c, int which) {
  vs_tensor *x = c->in[0], *y = vs_cast(c->in[1], VS_REAL), *pair[2] = {x, NULL};
  int err = -1;
  if (y == NULL) return -1;
  pair[1] = vs_expand_to(y, x->ndim, x->shape);
  if (pair[1] == NULL) goto done;
  err = 0;
  if (vs_is_real(x))
    vs_loop(2, pair, run, &which, true);
  else
    err = arithmetic_converted(x, pair[1], which);
done:
  vs_unref(pair[1]);
  vs_unref(y);
  return err;
}

#define INPLACE(fn, NAME, sign)                                                                  \
  static int fn##forward(vs_ctx *c) { return arithmetic(c, VS_BIN_##NAME); }                     \
  const vs_opdef vs_op_##fn = {.name = #fn, .args = "x:any, y:operand", .outputs = 1,            \
                               .flags = VS_INPLACE | VS_NOGRAD, .shape = no_shape,               \
                               .forward = fn##forward, .doc = "x = x " sign " y, written into x."};
INPLACE(add_, ADD, "+")
INPLACE(sub_, SUB, "-")
INPLACE(mul_, MUL, "*")
INPLACE(div_, DIV, "/")

/* ---- random numbers ---- */

/* Draws into a contiguous buffer in row order, so that a view gets the same numbers as a copy would. */
static int draw(vs_ctx *c, void (*fill)(vs_rng, uint64_t, int64_t, vs_real *, double, double)) {
  vs_tensor *x = c->in[0];
  if (vs_is_contiguous(x) && vs_is_real(x)) {
    fill(c->rng, 0, x->numel, vs_reals(x), c->attr[0].f, c->attr[1].f);
    return 0;
  }
  vs_tensor *t = vs_tensor_new(VS_REAL, x->ndim, x->shape);
  if (t == NULL) return -1;
  fill(c->rng, 0, t->numel, vs_reals(t), c->attr[0].f, c->attr[1].f);
  int err = vs_copy(x, t);
  vs_unref(t);
  return err;
}

static int uniform_forward(vs_ctx *c) { return draw(c, vs_rng_fill_uniform); }

const vs_opdef vs_op_uniform_ = {
    .name = "uniform_", .args = "x:any, low:num=0, high:num=1", .outputs = 1,
    .flags = VS_INPLACE | VS_NOGRAD | VS_RANDOM, .shape = no_shape, .forward = uniform_forward,
    .doc = "Fills x with numbers uniform in [low, high)."};

static int normal_forward(vs_ctx *c) { return draw(c, vs_rng_fill_normal); }

const vs_opdef vs_op_normal_ = {
    .name = "normal_", .args = "x:any, mean:num=0, std:num=1", .outputs = 1,
    .flags = VS_INPLACE | VS_NOGRAD | VS_RANDOM, .shape = no_shape, .forward = normal_forward,
    .doc = "Fills x with normal random numbers."};
