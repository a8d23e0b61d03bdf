/* dropout: zeroes each element with probability p and scales the rest by 1/(1-p).
 * The mask (uint8, 1 = kept) depends on the random stream alone, not on the number of threads. */
#include "kernel/random.h"
#include "op/bf16.h"
#include "op/op.h"

enum { CHUNK = VS_PIECE };

static bool active(const vs_ctx *c) { return c->attr[1].i && c->attr[0].f > 0; }

static int dropout_shape(vs_ctx *c) {
  double p = c->attr[0].f;
  const vs_tensor *x = c->in[0];
  if (!(p >= 0 && p <= 1)) return vs_fail("p is %g, expected a probability", p);
  if (c->training && active(c) && !(c->saved[0] = vs_tensor_new(VS_UINT8, x->ndim, x->shape)))
    return -1;
  return vs_out_like(c, 0, x);
}

typedef struct drop {
  vs_rng rng;
  vs_real p, scale;
  const vs_tensor *x, *y;
  uint8_t *mask; /* NULL: not wanted */
} drop;

typedef struct chunks { /* the items of a range: CHUNK elements each, the last maybe fewer */
  drop d;
  int64_t n; /* elements */
} chunks;

static void forward_range(void *arg, int64_t first, int64_t last, int slot) {
  const chunks *c = arg;
  const drop *d = &c->d;
  vs_real in[CHUNK], out[CHUNK];
  (void)slot;
  for (int64_t at = first * CHUNK; at < VS_MIN(last * CHUNK, c->n); at += CHUNK) {
    int64_t n = VS_MIN(CHUNK, c->n - at);
    vs_k_random()->dropout(d->rng, (uint64_t)at, n, d->p, d->scale, vs_piece(d->x, at, n, in),
                           vs_piece_to(d->y, at, out), d->mask ? d->mask + at : NULL);
    vs_piece_done(d->y, at, n, out);
  }
}

static void dropout_forward(vs_ctx *c) {
  vs_tensor *x = c->in[0];
  double p = c->attr[0].f;
  if (!active(c)) {
    vs_copy(c->out[0], x);
    return;
  }
  chunks all = {.n = x->numel};
  all.d = (drop){.rng = c->rng,
                 .p = (vs_real)p,
                 .scale = p < 1 ? (vs_real)(1 / (1 - p)) : 0,
                 .x = x,
                 .y = c->out[0],
                 .mask = c->saved[0] ? vs_bytes(c->saved[0]) : NULL};
  vs_parallel((all.n + CHUNK - 1) / CHUNK, 4, forward_range, &all);
}

static void backward_range(void *arg, int64_t first, int64_t last, int slot) {
  const drop *d = arg;
  (void)slot;
  const vs_real *dy = vs_reals(d->x);
  vs_real *dx = vs_reals(d->y);
  for (int64_t i = first; i < last; i++) dx[i] = d->mask[i] ? dy[i] * d->scale : 0;
}

/* y = x * mask / (1 - p) */
static int dropout_backward(vs_ctx *c) {
  double p = c->attr[0].f;
  drop d = {.scale = p < 1 ? (vs_real)(1 / (1 - p)) : 0, .x = c->dout[0], .y = c->din[0]};
  if (!active(c)) return vs_copy(c->din[0], c->dout[0]);
  d.mask = vs_bytes(c->saved[0]);
  vs_parallel(c->in[0]->numel, 1 << 15, backward_range, &d);
  return 0;
}

const vs_opdef vs_op_dropout = {
    .name = "dropout",
    .args = "x:tensor, p:num=0.5, training:bool=true",
    .outputs = 1,
    .flags = VS_RANDOM | VS_BF16,
    .shape = dropout_shape,
    .forward = dropout_forward,
    .backward = dropout_backward,
    .doc = "Zeroes each element with probability p and scales the others by 1/(1-p); training = "
           "false returns x as it is. Srivastava et al. 2014.",
};
