/* Ops that write into their first argument, named with a trailing underscore.
 *
 * Refused on anything that takes part in gradients unless grad mode is off. */
#include <string.h>

#include "core/loop.h"
#include "kernel/elementwise.h"
#include "op/dims.h"
#include "op/fill.h"

static int no_shape(vs_ctx *c) {
  (void)c;
  return 0;
}

static void zero_forward(vs_ctx *c) { vs_fill(c->in[0], 0); }

const vs_opdef vs_op_zero_ = {.name = "zero_",
                              .args = "x:any",
                              .outputs = 1,
                              .flags = VS_INPLACE | VS_NOGRAD,
                              .shape = no_shape,
                              .forward = zero_forward,
                              .doc = "Sets every element to 0."};

static void fill_forward(vs_ctx *c) { vs_fill_number(c->in[0], &c->attr[0]); }

const vs_opdef vs_op_fill_ = {.name = "fill_",
                              .args = "x:any, value:number",
                              .outputs = 1,
                              .flags = VS_INPLACE | VS_NOGRAD,
                              .shape = no_shape,
                              .forward = fill_forward,
                              .doc = "Sets every element to value."};

/* Input 1 as something that can be copied into x, or read while x is written: it broadcasts to x,
 * and is a copy where it lies in x's own memory. */
static int set_source(vs_ctx *c) {
  vs_tensor *x = c->in[0], view;
  if (vs_broadcast_onto(&view, c->in[1], x->ndim, x->shape) < 0) return -1;
  return vs_overlaps(x, &view) ? vs_set_in(c, 1, vs_clone(c->in[1])) : 0;
}

static void copy_forward(vs_ctx *c) { vs_copy(c->in[0], c->in[1]); }

const vs_opdef vs_op_copy_ = {.name = "copy_",
                              .args = "x:any, src:operand",
                              .outputs = 1,
                              .flags = VS_INPLACE | VS_NOGRAD,
                              .shape = set_source,
                              .forward = copy_forward,
                              .doc = "Copies src, broadcast and converted to x's dtype, into x. "
                                     "x[i] = src does the same to a row."};

/* ---- masked_scatter_ ---- */

/* The mask becomes one byte for each element of x, in row order; the values x's dtype, one or as
 * many as the mask needs, outside x's memory. */
static int masked_scatter_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[0];
  vs_tensor *wide = vs_expand_to(c->in[1], x->ndim, x->shape);
  vs_tensor *mask = wide ? vs_contiguous(wide) : NULL;
  vs_unref(wide);
  if (vs_set_in(c, 1, mask) < 0 || vs_recast(c, 2, x->dtype) < 0) return -1;
  vs_tensor *values = c->in[2];
  bool apart = values->storage != x->storage;
  if (vs_set_in(c, 2, apart ? vs_contiguous(values) : vs_clone(values)) < 0) return -1;
  int64_t set = 0;
  for (int64_t i = 0; i < mask->numel; i++) set += vs_bytes(mask)[i] != 0;
  values = c->in[2];
  if (values->ndim == 0 || values->numel == set) return 0;
  return vs_fail("src is %s, expected [%lld], one for each place that is set in mask",
                 vs_shape_str(values), (long long)set);
}

static void masked_scatter_forward(vs_ctx *c) {
  vs_tensor *x = c->in[0];
  const uint8_t *mask = vs_bytes(c->in[1]);
  size_t size = vs_dtype_size(x->dtype), step = c->in[2]->ndim > 0 ? size : 0;
  const char *from = vs_data(c->in[2]);
  bool plain = vs_is_contiguous(x);
  for (int64_t i = 0; i < x->numel; i++) {
    if (!mask[i]) continue;
    int64_t at = plain ? i : vs_offset_of(i, x->ndim, x->shape, x->stride);
    memcpy((char *)vs_data(x) + at * (int64_t)size, from, size);
    from += step;
  }
}

const vs_opdef vs_op_masked_scatter_ = {
    .name = "masked_scatter_",
    .args = "x:any, mask:mask, src:operand",
    .outputs = 1,
    .flags = VS_INPLACE | VS_NOGRAD,
    .shape = masked_scatter_shape,
    .forward = masked_scatter_forward,
    .doc = "Writes src where mask, broadcast to x, is set: one number, or a tensor with an element "
           "for each such place in row order. Same as x[mask] = src."};

/* ---- arithmetic: x = x op y ---- */

static void run(int64_t n, void *const *p, const int64_t *s, void *arg) {
  vs_k_elementwise()->binary[*(int *)arg](n, p[0], s[0], p[0], s[0], p[1], s[1]);
}

/* y at x's shape and outside its memory.  Where x is not real, y becomes the result of the op that
 * returns a new tensor. */
static int arithmetic_shape(vs_ctx *c, const vs_opdef *op) {
  vs_tensor *x = c->in[0];
  if (vs_is_real(x)) return vs_recast(c, 1, VS_REAL) < 0 ? -1 : set_source(c);
  if (vs_set_in(c, 1, vs_call1(op, VS_T(x), VS_T(c->in[1]))) < 0) return -1;
  return set_source(c);
}

static void arithmetic(vs_ctx *c, int which) {
  vs_tensor *x = c->in[0], y, *pair[2] = {x, &y};
  if (!vs_is_real(x)) {
    vs_copy(x, c->in[1]);
    return;
  }
  vs_broadcast_onto(&y, c->in[1], x->ndim, x->shape);
  vs_loop(2, pair, run, &which, true);
}

#define INPLACE(fn, op, NAME, sign)                                            \
  static int fn##shape(vs_ctx *c) { return arithmetic_shape(c, &vs_op_##op); } \
  static void fn##forward(vs_ctx *c) { arithmetic(c, VS_BIN_##NAME); }         \
  const vs_opdef vs_op_##fn = {.name = #fn,                                    \
                               .args = "x:any, y:operand",                     \
                               .outputs = 1,                                   \
                               .flags = VS_INPLACE | VS_NOGRAD,                \
                               .shape = fn##shape,                             \
                               .forward = fn##forward,                         \
                               .doc = "x = x " sign " y, written into x."};
INPLACE(add_, add, ADD, "+")
INPLACE(sub_, sub, SUB, "-")
INPLACE(mul_, mul, MUL, "*")
INPLACE(div_, div, DIV, "/")

/* ---- random numbers ---- */

/* Numbers are drawn in row order, so that a view gets the same as a copy would: into x, or into
 * scratch where x is strided or of another dtype. */
static bool draws_in_place(const vs_tensor *x) { return vs_is_contiguous(x) && vs_is_real(x); }

static int draw_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[0];
  if (!draws_in_place(x)) c->work_bytes = (size_t)x->numel * sizeof(vs_real);
  return 0;
}

static void draw(vs_ctx *c, void (*fill)(vs_rng, int64_t, vs_real *, double, double)) {
  vs_tensor *x = c->in[0], drawn;
  vs_storage room = {.refs = 1, .data = c->work};
  vs_real *to = draws_in_place(x) ? vs_reals(x) : c->work;
  fill(c->rng, x->numel, to, c->attr[0].f, c->attr[1].f);
  if (draws_in_place(x) || x->numel == 0) return;
  drawn = (vs_tensor){.refs = 1, .dtype = VS_REAL, .ndim = x->ndim, .numel = x->numel};
  drawn.storage = &room;
  int64_t step = 1;
  for (int d = x->ndim - 1; d >= 0; d--) {
    drawn.shape[d] = x->shape[d], drawn.stride[d] = step;
    step *= x->shape[d];
  }
  vs_copy(x, &drawn);
}

static void uniform_forward(vs_ctx *c) { draw(c, vs_fill_uniform); }

const vs_opdef vs_op_uniform_ = {.name = "uniform_",
                                 .args = "x:any, low:num=0, high:num=1",
                                 .outputs = 1,
                                 .flags = VS_INPLACE | VS_NOGRAD | VS_RANDOM,
                                 .shape = draw_shape,
                                 .forward = uniform_forward,
                                 .doc = "Fills x with numbers uniform in [low, high)."};

static void normal_forward(vs_ctx *c) { draw(c, vs_fill_normal); }

const vs_opdef vs_op_normal_ = {.name = "normal_",
                                .args = "x:any, mean:num=0, std:num=1",
                                .outputs = 1,
                                .flags = VS_INPLACE | VS_NOGRAD | VS_RANDOM,
                                .shape = draw_shape,
                                .forward = normal_forward,
                                .doc = "Fills x with normal random numbers."};
