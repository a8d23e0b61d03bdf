/* group_norm: each sample's channels in groups, minus the group's mean, over its deviation; then
 * scaled and shifted channel by channel.
 *
 * A group of one sample lies together in memory: one row for the kernels of normalisation.  Groups
 * are shared out between threads; gradients of weight and bias are summed for each sample and
 * channel, then over samples in order. */
#include <math.h>

#include "kernel/norm.h"
#include "op/norm.h"

enum { X, WEIGHT, BIAS };
enum { GROUPS, EPS };

typedef struct job {
  int64_t groups, channels, plane; /* groups a sample, channels a group, values a channel */
  double eps;
  const vs_real *x, *dy, *w, *b;
  vs_real *y, *dx, *mean, *rstd;
  double *sum, *dot; /* of dy, and of dy (x - mean), for each sample and channel */
} job;

static int group_norm_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[X];
  int64_t groups = c->attr[GROUPS].i, units;
  if (x->ndim < 2) return vs_fail("x is %s, expected [B,C] or [B,C,...]", vs_shape_str(x));
  if (groups < 1 || x->shape[1] % groups != 0)
    return vs_fail("x is %s: its %lld channels do not divide into %lld groups", vs_shape_str(x),
                   (long long)x->shape[1], (long long)groups);
  for (int i = WEIGHT; i <= BIAS; i++)
    if (vs_want_channels(c, i, x->shape[1]) < 0) return -1;
  c->n[0] = x->shape[1] / groups;
  c->n[1] = 1;
  for (int d = 2; d < x->ndim; d++) c->n[1] *= x->shape[d];
  c->n[2] = units = x->numel > 0 ? x->shape[0] * groups : 0;
  if (vs_save_statistics(c, units) < 0) return -1;
  c->back_bytes = 2 * sizeof(double) * (size_t)(units * c->n[0]);
  return vs_out_like(c, 0, x);
}

static job make_job(const vs_ctx *c) {
  return (job){.groups = c->attr[GROUPS].i,
               .channels = c->n[0],
               .plane = c->n[1],
               .eps = c->attr[EPS].f,
               .x = vs_reals(c->in[X]),
               .w = c->in[WEIGHT] ? vs_reals(c->in[WEIGHT]) : NULL,
               .mean = vs_statistic(c, VS_SAVED_MEAN),
               .rstd = vs_statistic(c, VS_SAVED_RSTD)};
}

static int64_t grain(const vs_ctx *c) { return VS_MAX(1, 8192 / VS_MAX(c->n[0] * c->n[1], 1)); }

/* y = (x - mean) * rstd * w + b */
static void forward_groups(void *arg, int64_t first, int64_t last, int slot) {
  const job *k = arg;
  int64_t n = k->channels * k->plane;
  (void)slot;
  for (int64_t u = first; u < last; u++) {
    double mean, squares;
    vs_k_norm()->moments(n, k->x + u * n, &mean, &squares);
    vs_real m = (vs_real)mean, rstd = (vs_real)(1 / sqrt(squares / (double)n + k->eps));
    if (k->mean != NULL) k->mean[u] = m, k->rstd[u] = rstd;
    for (int64_t i = 0; i < k->channels; i++) {
      int64_t at = u * n + i * k->plane, c = u % k->groups * k->channels + i;
      vs_k_norm()->scale(k->plane, k->x + at, m, k->w ? rstd * k->w[c] : rstd, k->b ? k->b[c] : 0,
                         -(vs_real)INFINITY, (vs_real)INFINITY, k->y + at);
    }
  }
}

static void group_norm_forward(vs_ctx *c) {
  job k = make_job(c);
  k.y = vs_reals(c->out[0]);
  k.b = c->in[BIAS] ? vs_reals(c->in[BIAS]) : NULL;
  vs_parallel(c->n[2], grain(c), forward_groups, &k);
}

/* With g = dy * w and n values a group:
 * dx = rstd * (g - sum(g)/n - (x - mean) * rstd^2 * sum(g (x - mean))/n) */
static void backward_groups(void *arg, int64_t first, int64_t last, int slot) {
  const job *k = arg;
  int64_t n = k->channels * k->plane;
  (void)slot;
  for (int64_t u = first; u < last; u++) {
    double sum = 0, dot = 0, rstd = (double)k->rstd[u];
    for (int64_t i = 0; i < k->channels; i++) {
      int64_t at = u * n + i * k->plane, s = u * k->channels + i;
      double w = k->w ? (double)k->w[u % k->groups * k->channels + i] : 1;
      vs_k_norm()->dots(k->plane, k->x + at, k->dy + at, k->mean[u], NULL, &k->sum[s], &k->dot[s]);
      sum += w * k->sum[s];
      dot += w * k->dot[s];
    }
    vs_real across = (vs_real)(-rstd * rstd * rstd * dot / (double)n);
    vs_real shift = (vs_real)(-rstd * sum / (double)n);
    for (int64_t i = 0; k->dx != NULL && i < k->channels; i++) {
      int64_t at = u * n + i * k->plane;
      double w = k->w ? (double)k->w[u % k->groups * k->channels + i] : 1;
      vs_k_norm()->blend(k->plane, k->x + at, k->dy + at, k->mean[u], (vs_real)(rstd * w), across,
                         shift, NULL, k->dx + at);
    }
  }
}

/* dw = sum over samples of rstd * sum(dy (x - mean)), db = sum of dy */
static int group_norm_backward(vs_ctx *c) {
  job k = make_job(c);
  int64_t units = c->n[2], all = k.groups * k.channels;
  k.dy = vs_reals(c->dout[0]);
  k.dx = c->din[X] ? vs_reals(c->din[X]) : NULL;
  k.sum = c->work;
  k.dot = k.sum + units * k.channels;
  vs_parallel(units, grain(c), backward_groups, &k);
  for (int64_t i = 0; i < all; i++) {
    double dw = 0, db = 0;
    for (int64_t s = i; s < units * k.channels; s += all) {
      dw += k.dot[s] * (double)k.rstd[s / k.channels];
      db += k.sum[s];
    }
    if (vs_needs(c, WEIGHT)) vs_reals(c->din[WEIGHT])[i] = (vs_real)dw;
    if (vs_needs(c, BIAS)) vs_reals(c->din[BIAS])[i] = (vs_real)db;
  }
  return 0;
}

const vs_opdef vs_op_group_norm = {
    .name = "group_norm",
    .args = "x:tensor, num_groups:int, weight:tensor?, bias:tensor?, eps:num=1e-5",
    .outputs = 1,
    .flags = VS_ROUNDS,
    .keep = VS_KEEP_IN(X) | VS_KEEP_IN(WEIGHT),
    .shape = group_norm_shape,
    .forward = group_norm_forward,
    .backward = group_norm_backward,
    .doc = "Group normalisation (Wu and He, 2018) of x [B,C] or [B,C,...]: each sample's channels "
           "in num_groups groups, (x - mean) / sqrt(var + eps) over a group, times weight [C] plus "
           "bias [C].",
};
