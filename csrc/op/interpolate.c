/* interpolate: pictures or maps at another size, bilinear or by the nearest value.
 *
 * Each output row and column reads at most two of the input, with weights that are worked out once
 * for the whole batch.  Planes are shared out between threads, so a plane's gradient is summed by
 * one thread. */
#include <math.h>
#include <string.h>

#include "op/op.h"

enum { SIZE, SCALE, MODE, ALIGN };
enum { NEAREST, BILINEAR };

typedef struct tap {
  int64_t low, high; /* input positions */
  vs_real part;      /* of high; low has the rest */
} tap;

typedef struct job {
  const int64_t *in, *out; /* height, width */
  const tap *y, *x;
  const vs_real *from;
  vs_real *to;
} job;

static int interpolate_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[0];
  bool by_size = c->attr[SIZE].kind != VS_V_NONE;
  int64_t out[2];
  if (vs_want_ndim(c, 0, 4) < 0) return -1;
  if (by_size == (c->attr[SCALE].kind != VS_V_NONE))
    return vs_fail("expected one of size and scale_factor");
  if (c->attr[ALIGN].i && c->attr[MODE].i == NEAREST)
    return vs_fail("align_corners is for mode = \"bilinear\" alone");
  for (int i = 0; i < 2; i++) {
    double f = by_size ? 1 : c->attr[SCALE].numpair[i], n = (double)x->shape[2 + i];
    if (!(f > 0) || n * f > 1e9)
      return vs_fail("scale_factor is %g for x %s, expected more than 0 and a size up to 1e9", f,
                     vs_shape_str(x));
    out[i] = by_size ? c->attr[SIZE].pair[i] : (int64_t)floor(n * f);
    if (out[i] < 1 || x->shape[2 + i] < 1)
      return vs_fail("x is %s, its new size %lld: both have to be at least 1", vs_shape_str(x),
                     (long long)out[i]);
  }
  if (vs_out(c, 0, VS_REAL, vs_dims(x->shape[0], x->shape[1], out[0], out[1])) < 0) return -1;
  c->work_bytes = c->back_bytes = (size_t)(out[0] + out[1]) * sizeof(tap);
  return 0;
}

/* Where output position o lies in the input: in the middle from o*step to (o+1)*step; or, with the
 * corners of both aligned, as far between the first position and the last, these exactly. */
static void fill_taps(const vs_ctx *c, int i, tap *t) {
  int64_t in = c->in[0]->shape[2 + i], out = c->out[0]->shape[2 + i];
  bool scaled = c->attr[SCALE].kind != VS_V_NONE;
  double step = scaled ? 1 / c->attr[SCALE].numpair[i] : (double)in / (double)out;
  for (int64_t o = 0; o < out; o++) {
    double at = ((double)o + 0.5) * step - 0.5;
    if (c->attr[ALIGN].i) at = out > 1 ? (double)(o * (in - 1)) / (double)(out - 1) : 0;
    if (c->attr[MODE].i == NEAREST) at = floor((double)o * step);
    if (at < 0) at = 0;
    t[o].low = VS_MIN((int64_t)at, in - 1);
    t[o].high = VS_MIN(t[o].low + 1, in - 1);
    t[o].part = c->attr[MODE].i == NEAREST ? 0 : (vs_real)VS_MIN(at - (double)t[o].low, 1);
  }
}

static job make_job(const vs_ctx *c) {
  tap *y = c->work, *x = y + c->out[0]->shape[2];
  fill_taps(c, 0, y);
  fill_taps(c, 1, x);
  return (job){.in = c->in[0]->shape + 2, .out = c->out[0]->shape + 2, .y = y, .x = x};
}

/* From a to b, both exact. */
static inline vs_real between(vs_real a, vs_real b, vs_real part) {
  vs_real way = b - a;
  return part < (vs_real)0.5 ? a + part * way : b - (1 - part) * way;
}

/* y[i,j] = (1-p)(1-q) x[i0,j0] + (1-p) q x[i0,j1] + p (1-q) x[i1,j0] + p q x[i1,j1] */
static void forward_planes(void *arg, int64_t first, int64_t last, int part) {
  const job *k = arg;
  (void)part;
  for (int64_t u = first; u < last; u++) {
    const vs_real *plane = k->from + u * k->in[0] * k->in[1];
    vs_real *y = k->to + u * k->out[0] * k->out[1];
    for (int64_t i = 0; i < k->out[0]; i++, y += k->out[1]) {
      const vs_real *a = plane + k->y[i].low * k->in[1], *b = plane + k->y[i].high * k->in[1];
      vs_real p = k->y[i].part;
      for (int64_t j = 0; j < k->out[1]; j++) {
        tap t = k->x[j];
        vs_real top = between(a[t.low], a[t.high], t.part);
        vs_real bottom = between(b[t.low], b[t.high], t.part);
        y[j] = p == 0 ? top : between(top, bottom, p);
      }
    }
  }
}

static void backward_planes(void *arg, int64_t first, int64_t last, int part) {
  const job *k = arg;
  (void)part;
  for (int64_t u = first; u < last; u++) {
    vs_real *plane = k->to + u * k->in[0] * k->in[1];
    const vs_real *dy = k->from + u * k->out[0] * k->out[1];
    memset(plane, 0, (size_t)(k->in[0] * k->in[1]) * sizeof *plane);
    for (int64_t i = 0; i < k->out[0]; i++, dy += k->out[1]) {
      vs_real *a = plane + k->y[i].low * k->in[1], *b = plane + k->y[i].high * k->in[1];
      vs_real p = k->y[i].part;
      for (int64_t j = 0; j < k->out[1]; j++) {
        tap t = k->x[j];
        vs_real top = (1 - p) * dy[j], bottom = p * dy[j];
        a[t.low] += (1 - t.part) * top;
        a[t.high] += t.part * top;
        b[t.low] += (1 - t.part) * bottom;
        b[t.high] += t.part * bottom;
      }
    }
  }
}

static int64_t grain(const job *k) { return VS_MAX(1, 16384 / (k->out[0] * k->out[1])); }

static void interpolate_forward(vs_ctx *c) {
  job k = make_job(c);
  k.from = vs_reals(c->in[0]);
  k.to = vs_reals(c->out[0]);
  vs_parallel(c->in[0]->shape[0] * c->in[0]->shape[1], grain(&k), forward_planes, &k);
}

static int interpolate_backward(vs_ctx *c) {
  job k = make_job(c);
  k.from = vs_reals(c->dout[0]);
  k.to = vs_reals(c->din[0]);
  vs_parallel(c->in[0]->shape[0] * c->in[0]->shape[1], grain(&k), backward_planes, &k);
  return 0;
}

const vs_opdef vs_op_interpolate = {
    .name = "interpolate",
    .args = "x:tensor, size:pair?, scale_factor:numpair?, mode:nearest|bilinear=nearest, "
            "align_corners:bool=false",
    .outputs = 1,
    .flags = VS_ROUNDS,
    .shape = interpolate_shape,
    .forward = interpolate_forward,
    .backward = interpolate_backward,
    .doc =
        "x [B,C,H,W] at another size [B,C,H',W']: size, or floor of H and W times scale_factor. "
        "Positions are middles of pixels; with align_corners, for bilinear alone, the corners of "
        "both fall together. No smoothing when it gets smaller.",
};
