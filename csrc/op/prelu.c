/* prelu: a leaky relu whose slope is learned, one for all elements or one a channel.
 *
 * dw is summed for each plane of x in double, then over planes in a fixed order. */
#include "op/op.h"

enum { X, WEIGHT };

typedef struct job {
  int64_t channels, plane; /* slopes, and elements that share one; x is [B*channels, plane] */
  const vs_real *x, *w, *dy;
  vs_real *y, *dx;
  double *sums; /* of dy * x below 0, one a plane */
} job;

static int prelu_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[X], *w = c->in[WEIGHT];
  int64_t channels = x->ndim > 1 ? x->shape[1] : 1;
  if (w->ndim > 1 || (w->numel != 1 && w->numel != channels))
    return vs_fail("weight is %s, expected [1] or one slope for each channel of x %s",
                   vs_shape_str(w), vs_shape_str(x));
  c->n[0] = w->numel;
  c->n[1] = 1;
  for (int d = w->numel > 1 ? 2 : VS_MAX(x->ndim - 1, 0); d < x->ndim; d++) c->n[1] *= x->shape[d];
  c->n[2] = c->n[1] > 0 ? x->numel / c->n[1] : 0; /* planes */
  c->back_bytes = (size_t)c->n[2] * sizeof(double);
  return vs_out_like(c, 0, x);
}

static void forward_planes(void *arg, int64_t first, int64_t last, int slot) {
  const job *j = arg;
  (void)slot;
  for (int64_t u = first; u < last; u++) {
    vs_real w = j->w[u % j->channels];
    for (int64_t i = u * j->plane; i < (u + 1) * j->plane; i++)
      j->y[i] = j->x[i] > 0 ? j->x[i] : w * j->x[i];
  }
}

/* dx = dy above 0, w dy below;  dw = sum of x dy below 0 */
static void backward_planes(void *arg, int64_t first, int64_t last, int slot) {
  const job *j = arg;
  (void)slot;
  for (int64_t u = first; u < last; u++) {
    vs_real w = j->w[u % j->channels];
    double sum = 0;
    for (int64_t i = u * j->plane; i < (u + 1) * j->plane; i++) {
      bool above = j->x[i] > 0;
      if (j->dx) j->dx[i] = above ? j->dy[i] : w * j->dy[i];
      if (!above) sum += (double)j->x[i] * (double)j->dy[i];
    }
    j->sums[u] = sum;
  }
}

static job make_job(const vs_ctx *c) {
  return (job){
      .channels = c->n[0], .plane = c->n[1], .x = vs_reals(c->in[X]), .w = vs_reals(c->in[WEIGHT])};
}

static int64_t grain(const vs_ctx *c) { return VS_MAX(1, (1 << 15) / VS_MAX(c->n[1], 1)); }

static void prelu_forward(vs_ctx *c) {
  job j = make_job(c);
  j.y = vs_reals(c->out[0]);
  vs_parallel(c->n[2], grain(c), forward_planes, &j);
}

static int prelu_backward(vs_ctx *c) {
  job j = make_job(c);
  j.dy = vs_reals(c->dout[0]);
  j.dx = c->din[X] ? vs_reals(c->din[X]) : NULL;
  j.sums = c->work;
  vs_parallel(c->n[2], grain(c), backward_planes, &j);
  if (!c->din[WEIGHT]) return 0;
  for (int64_t i = 0; i < j.channels; i++) {
    double sum = 0;
    for (int64_t u = i; u < c->n[2]; u += j.channels) sum += j.sums[u];
    vs_reals(c->din[WEIGHT])[i] = (vs_real)sum;
  }
  return 0;
}

const vs_opdef vs_op_prelu = {
    .name = "prelu",
    .args = "x:tensor, weight:tensor",
    .outputs = 1,
    .flags = VS_KINK,
    .keep = VS_KEEP_IN(X) | VS_KEEP_IN(WEIGHT),
    .shape = prelu_shape,
    .forward = prelu_forward,
    .backward = prelu_backward,
    .doc = "x above 0, weight * x below; weight [1], or [C] for the channels of x [B,C,...]. "
           "He et al., 2015.",
};
