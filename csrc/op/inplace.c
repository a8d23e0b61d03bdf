/* Ops that write into their first argument, named with a trailing underscore.
 *
 * Refused on anything that takes part in gradients unless grad mode is off. */
#include <string.h>

#include "core/loop.h"
#include "kernel/elementwise.h"
#include "op/op.h"

static int no_shape(vs_ctx *c) {
  (void)c;
  return 0;
}

static int zero_forward(vs_ctx *c) { return vs_fill(c->in[0], 0); }

const vs_opdef vs_op_zero_ = {.name = "zero_",
                              .args = "x:any",
                              .outputs = 1,
                              .flags = VS_INPLACE | VS_NOGRAD,
                              .shape = no_shape,
                              .forward = zero_forward,
                              .doc = "Sets every element to 0."};

static int fill_forward(vs_ctx *c) { return vs_fill(c->in[0], c->attr[0].f); }

const vs_opdef vs_op_fill_ = {.name = "fill_",
                              .args = "x:any, value:num",
                              .outputs = 1,
                              .flags = VS_INPLACE | VS_NOGRAD,
                              .shape = no_shape,
                              .forward = fill_forward,
                              .doc = "Sets every element to value."};

static int copy_forward(vs_ctx *c) { return vs_copy(c->in[0], c->in[1]); }

const vs_opdef vs_op_copy_ = {.name = "copy_",
                              .args = "x:any, src:operand",
                              .outputs = 1,
                              .flags = VS_INPLACE | VS_NOGRAD,
                              .shape = no_shape,
                              .forward = copy_forward,
                              .doc = "Copies src, broadcast and converted to x's dtype, into x. "
                                     "x[i] = src does the same to a row."};

/* ---- masked_scatter_ ---- */

/* The mask spread over x, as one byte an element in row order; values of x's dtype, as many as it
 * needs. */
static int put_masked(vs_tensor *x, const vs_tensor *mask, const vs_tensor *values) {
  size_t size = vs_dtype_size(x->dtype);
  int64_t set = 0, step = values->ndim > 0;
  for (int64_t i = 0; i < mask->numel; i++) set += vs_bytes(mask)[i] != 0;
  if (step && values->numel != set)
    return vs_fail("src is %s, expected [%lld], one for each place that is set in mask",
                   vs_shape_str(values), (long long)set);
  vs_tensor *whole = vs_is_contiguous(x) ? vs_ref(x) : vs_clone(x);
  if (whole == NULL) return -1;
  char *to = vs_data(whole);
  const char *from = vs_data(values);
  for (int64_t i = 0; i < mask->numel; i++) {
    if (!vs_bytes(mask)[i]) continue;
    memcpy(to + (size_t)i * size, from, size);
    from += (size_t)step * size;
  }
  int err = whole == x ? 0 : vs_copy(x, whole);
  vs_unref(whole);
  return err;
}

static int masked_scatter_forward(vs_ctx *c) {
  vs_tensor *x = c->in[0];
  vs_tensor *wide = vs_expand_to(c->in[1], x->ndim, x->shape);
  vs_tensor *mask = wide ? vs_contiguous(wide) : NULL, *cast = NULL, *values = NULL;
  int err = -1;
  if (mask && (cast = vs_cast(c->in[2], x->dtype))) /* a copy where it is x's own memory */
    values = cast->storage == x->storage ? vs_clone(cast) : vs_contiguous(cast);
  if (values) err = put_masked(x, mask, values);
  vs_unref(wide);
  vs_unref(mask);
  vs_unref(cast);
  vs_unref(values);
  return err;
}

const vs_opdef vs_op_masked_scatter_ = {
    .name = "masked_scatter_",
    .args = "x:any, mask:mask, src:operand",
    .outputs = 1,
    .flags = VS_INPLACE | VS_NOGRAD,
    .shape = no_shape,
    .forward = masked_scatter_forward,
    .doc = "Writes src where mask, broadcast to x, is set: one number, or a tensor with an element "
           "for each such place in row order. Same as x[mask] = src."};

/* ---- arithmetic: x = x op y ---- */

static void run(int64_t n, void *const *p, const int64_t *s, void *arg) {
  vs_k_elementwise()->binary[*(int *)arg](n, p[0], s[0], p[0], s[0], p[1], s[1]);
}

/* Not real: x takes the converted result of the op that returns a new tensor. */
static int arithmetic_converted(vs_tensor *x, vs_tensor *y, const vs_opdef *op) {
  vs_tensor *t = vs_call1(op, VS_T(x), VS_T(y));
  int err = t == NULL ? -1 : vs_copy(x, t);
  vs_unref(t);
  return err;
}

static int arithmetic(vs_ctx *c, int which, const vs_opdef *op) {
  vs_tensor *x = c->in[0], view, *pair[2] = {x, &view};
  if (!vs_is_real(x)) return arithmetic_converted(x, c->in[1], op);
  vs_tensor *y = vs_cast(c->in[1], VS_REAL), *apart = NULL;
  int err = y == NULL ? -1 : vs_broadcast_onto(&view, y, x->ndim, x->shape);
  if (err == 0 && vs_overlaps(x, &view)) {
    pair[1] = apart = vs_clone(&view);
    if (apart == NULL) err = -1;
  }
  if (err == 0) vs_loop(2, pair, run, &which, true);
  vs_unref(apart);
  vs_unref(y);
  return err;
}

#define INPLACE(fn, op, NAME, sign)                                                       \
  static int fn##forward(vs_ctx *c) { return arithmetic(c, VS_BIN_##NAME, &vs_op_##op); } \
  const vs_opdef vs_op_##fn = {.name = #fn,                                               \
                               .args = "x:any, y:operand",                                \
                               .outputs = 1,                                              \
                               .flags = VS_INPLACE | VS_NOGRAD,                           \
                               .shape = no_shape,                                         \
                               .forward = fn##forward,                                    \
                               .doc = "x = x " sign " y, written into x."};
INPLACE(add_, add, ADD, "+")
INPLACE(sub_, sub, SUB, "-")
INPLACE(mul_, mul, MUL, "*")
INPLACE(div_, div, DIV, "/")

/* ---- random numbers ---- */

/* Draws into a contiguous buffer in row order, so that a view gets the same numbers as a copy
 * would. */
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

const vs_opdef vs_op_uniform_ = {.name = "uniform_",
                                 .args = "x:any, low:num=0, high:num=1",
                                 .outputs = 1,
                                 .flags = VS_INPLACE | VS_NOGRAD | VS_RANDOM,
                                 .shape = no_shape,
                                 .forward = uniform_forward,
                                 .doc = "Fills x with numbers uniform in [low, high)."};

static int normal_forward(vs_ctx *c) { return draw(c, vs_rng_fill_normal); }

const vs_opdef vs_op_normal_ = {.name = "normal_",
                                .args = "x:any, mean:num=0, std:num=1",
                                .outputs = 1,
                                .flags = VS_INPLACE | VS_NOGRAD | VS_RANDOM,
                                .shape = no_shape,
                                .forward = normal_forward,
                                .doc = "Fills x with normal random numbers."};
