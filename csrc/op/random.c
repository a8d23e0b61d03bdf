/* Draws from distributions that a tensor describes: bernoulli, multinomial.  Plain random tensors
 * are uniform_ and normal_ in inplace.c.
 *
 * A draw depends on the stream and its position alone, not on the number of threads. */
#include <math.h>
#include <stdlib.h>

#include "op/fill.h"
#include "op/op.h"

/* ---- bernoulli ---- */

static int bernoulli_shape(vs_ctx *c) {
  const vs_real *p = vs_reals(c->in[0]);
  for (int64_t i = 0; i < c->in[0]->numel; i++)
    if (!(p[i] >= 0 && p[i] <= 1))
      return vs_fail("x has %g (element %lld), expected probabilities", (double)p[i],
                     (long long)i + 1);
  return vs_out_like(c, 0, c->in[0]);
}

static void bernoulli_forward(vs_ctx *c) {
  const vs_real *p = vs_reals(c->in[0]);
  vs_real *out = vs_reals(c->out[0]);
  vs_fill_uniform(c->rng, c->out[0]->numel, out, 0, 1);
  for (int64_t i = 0; i < c->out[0]->numel; i++) out[i] = out[i] < p[i];
}

const vs_opdef vs_op_bernoulli = {
    .name = "bernoulli",
    .args = "x:tensor",
    .outputs = 1,
    .flags = VS_NOGRAD | VS_RANDOM,
    .shape = bernoulli_shape,
    .forward = bernoulli_forward,
    .doc = "1 with probability x, else 0, element by element; of x's shape and dtype.",
};

/* ---- multinomial: x [N] or [B,N] weights ---- */

enum { COUNT, REPLACEMENT };

static int check_weights(const vs_tensor *x, int64_t row, int64_t n, int64_t picks) {
  const vs_real *w = vs_reals(x) + row * n;
  int64_t positive = 0;
  for (int64_t i = 0; i < n; i++) {
    if (!(w[i] >= 0) || isinf((double)w[i]))
      return vs_fail("x has %g (row %lld, element %lld), expected weights of 0 or more",
                     (double)w[i], (long long)row + 1, (long long)i + 1);
    positive += w[i] > 0;
  }
  if (positive >= picks) return 0;
  return vs_fail("row %lld of x %s has %lld weights above 0, expected at least %lld",
                 (long long)row + 1, vs_shape_str(x), (long long)positive, (long long)picks);
}

typedef struct ticket {
  double time;
  int64_t at;
} ticket;

static int multinomial_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[0];
  int64_t k = c->attr[COUNT].i;
  if (x->ndim < 1 || x->ndim > 2) return vs_fail("x is %s, expected [N] or [B,N]", vs_shape_str(x));
  int64_t n = x->shape[x->ndim - 1], rows = x->ndim == 2 ? x->shape[0] : 1;
  if (k < 0) return vs_fail("n is %lld, expected 0 or more", (long long)k);
  for (int64_t r = 0; r < rows; r++)
    if (check_weights(x, r, n, c->attr[REPLACEMENT].i ? VS_MIN(k, 1) : k)) return -1;
  c->n[0] = rows;
  c->n[1] = n;
  c->work_bytes = ((size_t)n + 1) * sizeof(ticket);
  return vs_out(c, 0, VS_INT64, x->ndim, x->ndim == 2 ? (int64_t[]){rows, k} : (int64_t[]){k});
}

static double uniform(const vs_ctx *c, int64_t position) {
  return ((double)vs_rng_bits(c->rng, (uint64_t)position) + 0.5) / 4294967296.0;
}

/* Independent draws: a uniform number looked up in the running sums. */
static void with_replacement(const vs_ctx *c, int64_t row, int64_t k, int64_t *out) {
  const vs_real *w = vs_reals(c->in[0]) + row * c->n[1];
  double *until = c->work, total = 0;
  int64_t last = 0;
  for (int64_t i = 0; i < c->n[1]; i++) {
    until[i] = total += (double)w[i];
    if (w[i] > 0) last = i; /* where rounding may not go beyond */
  }
  for (int64_t j = 0; j < k; j++) {
    double u = uniform(c, row * k + j) * total;
    int64_t low = 0, high = last;
    while (low < high) {
      int64_t middle = (low + high) / 2;
      if (until[middle] > u)
        high = middle;
      else
        low = middle + 1;
    }
    out[j] = low + 1;
  }
}

static int by_time(const void *a, const void *b) {
  const ticket *x = a, *y = b;
  if (x->time != y->time) return x->time < y->time ? -1 : 1;
  return x->at < y->at ? -1 : x->at > y->at;
}

/* Each waits an exponential time with its weight as the rate; the first k are what one after the
 * other draws without replacement would be (Efraimidis and Spirakis, 2006). */
static void without_replacement(const vs_ctx *c, int64_t row, int64_t k, int64_t *out) {
  const vs_real *w = vs_reals(c->in[0]) + row * c->n[1];
  ticket *t = c->work;
  int64_t n = 0;
  for (int64_t i = 0; i < c->n[1]; i++)
    if (w[i] > 0) t[n++] = (ticket){-log(uniform(c, row * c->n[1] + i)) / (double)w[i], i};
  qsort(t, (size_t)n, sizeof *t, by_time);
  for (int64_t j = 0; j < k; j++) out[j] = t[j].at + 1;
}

static void multinomial_forward(vs_ctx *c) {
  int64_t k = c->attr[COUNT].i;
  for (int64_t r = 0; k > 0 && r < c->n[0]; r++)
    (c->attr[REPLACEMENT].i ? with_replacement : without_replacement)(c, r, k,
                                                                      vs_ints(c->out[0]) + r * k);
}

const vs_opdef vs_op_multinomial = {
    .name = "multinomial",
    .args = "x:tensor, n:int, replacement:bool=false",
    .outputs = 1,
    .flags = VS_NOGRAD | VS_RANDOM,
    .shape = multinomial_shape,
    .forward = multinomial_forward,
    .doc = "n positions (int64, from 1) of each row of weights [N] or [B,N] -> [n] or [B,n], each "
           "drawn with a probability in proportion to its weight.",
};
