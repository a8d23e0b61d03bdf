/* interpolate: pictures or maps at another size.
 *
 * What each output row and column reads of the input is worked out once for the whole batch: two
 * positions (nearest and bilinear), or a run of positions with a weight each (bicubic, and
 * antialias, whose runs grow as the output gets smaller).  Planes are shared out between threads,
 * so a plane's gradient is summed by one thread. */
#include <math.h>
#include <string.h>

#include "kernel/softmax.h"
#include "op/op.h"

enum { SIZE, SCALE, MODE, ALIGN, ANTIALIAS };
enum { NEAREST, NEAREST_EXACT, BILINEAR, BICUBIC };

/* ---- sizes ---- */

static bool is_smooth(const vs_ctx *c) { return c->attr[MODE].i >= BILINEAR; }
/* Whether outputs read runs of positions. */
static bool has_runs(const vs_ctx *c) { return c->attr[MODE].i == BICUBIC || c->attr[ANTIALIAS].i; }

static int check_options(const vs_ctx *c) {
  for (int i = ALIGN; i <= ANTIALIAS && !is_smooth(c); i++)
    if (c->attr[i].i)
      return vs_fail("%s is for mode = \"bilinear\" and \"bicubic\"",
                     i == ALIGN ? "align_corners" : "antialias");
  return 0;
}

/* Input positions between two outputs along H or W. */
static double step_of(const vs_ctx *c, int i) {
  int64_t in = c->in[0]->shape[2 + i], out = c->out[0]->shape[2 + i];
  if (c->attr[ALIGN].i) return out > 1 ? (double)(in - 1) / (double)(out - 1) : 0;
  return c->attr[SCALE].kind != VS_V_NONE ? 1 / c->attr[SCALE].numpair[i]
                                          : (double)in / (double)out;
}

/* Where the middle of output position o lies in the input.  With the corners of both aligned these
 * are exact. */
static double place_of(const vs_ctx *c, int i, int64_t o, double step) {
  int64_t in = c->in[0]->shape[2 + i], out = c->out[0]->shape[2 + i];
  if (!c->attr[ALIGN].i) return ((double)o + 0.5) * step - 0.5;
  return out > 1 ? (double)(o * (in - 1)) / (double)(out - 1) : 0;
}

static size_t tables_bytes(const vs_ctx *c);
static size_t scratch_bytes(const vs_ctx *c);

static int interpolate_shape(vs_ctx *c) {
  const vs_tensor *x = c->in[0];
  bool by_size = c->attr[SIZE].kind != VS_V_NONE;
  int64_t out[2];
  if (vs_want_ndim(c, 0, 4) < 0) return -1;
  if (by_size == (c->attr[SCALE].kind != VS_V_NONE))
    return vs_fail("expected one of size and scale_factor");
  if (check_options(c) < 0) return -1;
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
  c->back_bytes = tables_bytes(c);
  c->work_bytes = c->back_bytes + scratch_bytes(c);
  return 0;
}

static int64_t plane_count(const vs_ctx *c) { return c->in[0]->shape[0] * c->in[0]->shape[1]; }
static int64_t grain(const vs_ctx *c) {
  return VS_MAX(1, 16384 / (c->out[0]->shape[2] * c->out[0]->shape[3]));
}

/* ---- two positions ---- */

typedef struct tap {
  int64_t low, high; /* input positions */
  vs_real part;      /* of high; low has the rest */
} tap;

typedef struct job {
  const int64_t *in, *out; /* height, width */
  const tap *y, *x;
  const vs_real *from;
  vs_real *to;
  vs_real *rows; /* forward: two of the output's width for each slot */
} job;

static void fill_taps(const vs_ctx *c, int i, tap *t) {
  int64_t in = c->in[0]->shape[2 + i], out = c->out[0]->shape[2 + i], mode = c->attr[MODE].i;
  double step = step_of(c, i);
  for (int64_t o = 0; o < out; o++) {
    double at = mode == NEAREST && out == 2 * in
                    ? (double)(o / 2) /* whatever the factor: PyTorch */
                : mode == NEAREST       ? floor((double)o * step)
                : mode == NEAREST_EXACT ? floor(((double)o + 0.5) * step)
                                        : place_of(c, i, o, step);
    if (at < 0) at = 0;
    t[o].low = VS_MIN((int64_t)at, in - 1);
    t[o].high = VS_MIN(t[o].low + 1, in - 1);
    t[o].part = is_smooth(c) ? (vs_real)VS_MIN(at - (double)t[o].low, 1) : 0;
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

/* An input row at the output's width. */
static void widen_row(const job *k, const vs_real *x, vs_real *row) {
  for (int64_t j = 0; j < k->out[1]; j++) {
    tap t = k->x[j];
    row[j] = between(x[t.low], x[t.high], t.part);
  }
}

/* y = between(top, bottom, part), in loops without a branch. */
static void blend_rows(int64_t n, const vs_real *top, const vs_real *bottom, vs_real part,
                       vs_real *y) {
  vs_real rest = 1 - part;
  if (part < (vs_real)0.5)
    for (int64_t j = 0; j < n; j++) y[j] = top[j] + part * (bottom[j] - top[j]);
  else
    for (int64_t j = 0; j < n; j++) y[j] = bottom[j] - rest * (bottom[j] - top[j]);
}

/* y[i,j] = (1-p)(1-q) x[i0,j0] + (1-p) q x[i0,j1] + p (1-q) x[i1,j0] + p q x[i1,j1]; the rows of
 * the input that neighbouring outputs share are widened once. */
static void forward_planes(void *arg, int64_t first, int64_t last, int slot) {
  const job *k = arg;
  int64_t width = k->out[1];
  for (int64_t u = first; u < last; u++) {
    const vs_real *plane = k->from + u * k->in[0] * k->in[1];
    vs_real *y = k->to + u * k->out[0] * width;
    vs_real *row[2] = {k->rows + 2 * slot * width, k->rows + (2 * slot + 1) * width};
    int64_t held[2] = {-1, -1};
    for (int64_t i = 0; i < k->out[0]; i++, y += width) {
      int64_t low = k->y[i].low, high = k->y[i].part == 0 ? low : k->y[i].high;
      if (held[1] == low) { /* the bottom row is now the top one */
        vs_real *r = row[0];
        row[0] = row[1], row[1] = r;
        held[1] = held[0], held[0] = low;
      }
      if (held[0] != low) widen_row(k, plane + (held[0] = low) * k->in[1], row[0]);
      if (high == low) {
        memcpy(y, row[0], (size_t)width * sizeof *y);
        continue;
      }
      if (held[1] != high) widen_row(k, plane + (held[1] = high) * k->in[1], row[1]);
      blend_rows(width, row[0], row[1], k->y[i].part, y);
    }
  }
}

static void backward_planes(void *arg, int64_t first, int64_t last, int slot) {
  const job *k = arg;
  (void)slot;
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

/* ---- runs of positions ---- */

/* Output o reads positions first[o].. of the input, count[o] of them, with weights
 * weight[o * most ..]. */
typedef struct runs {
  int64_t most, *first, *count;
  vs_real *weight;
} runs;

typedef struct area {
  const int64_t *in, *out; /* height, width */
  runs y, x;
  const vs_real *from;
  vs_real *to;
  vs_real *rows; /* of each slot: one of the input's width */
} area;

/* Keys' cubic convolution: 1 at 0, 0 at the other whole numbers. */
static double cubic(double x, double a) {
  x = fabs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/* The filter of antialias, as in PIL. */
static double filter(int64_t mode, double x) {
  if (mode == BICUBIC) return cubic(x, -0.5);
  return fabs(x) < 1 ? 1 - fabs(x) : 0;
}

/* Positions on one side of the middle that an output may read. */
static double reach(const vs_ctx *c, int i) {
  double half = c->attr[MODE].i == BICUBIC ? 2 : 1;
  return half * (c->attr[ANTIALIAS].i ? VS_MAX(step_of(c, i), 1) : 1);
}

static int64_t most_of(const vs_ctx *c, int i) {
  return VS_MIN(2 * (int64_t)ceil(reach(c, i)) + 1, VS_MAX(c->in[0]->shape[2 + i], 1));
}

/* The weights add up to 1.  As in PyTorch align_corners changes the step of antialias alone, not
 * where the first output lies. */
static void smooth_run(const vs_ctx *c, int i, const runs *r, int64_t o) {
  double step = step_of(c, i), around = reach(c, i), middle = ((double)o + 0.5) * step;
  double total = 0, shrink = step > 1 ? 1 / step : 1;
  int64_t in = c->in[0]->shape[2 + i];
  int64_t first = VS_MAX((int64_t)(middle - around + 0.5), 0);
  int64_t last = VS_MIN((int64_t)(middle + around + 0.5), in);
  if (first >= last) first = VS_MIN(first, in - 1), last = first + 1;
  int64_t n = VS_MIN(last - first, r->most);
  vs_real *w = r->weight + o * r->most;
  for (int64_t j = 0; j < n; j++)
    total += filter(c->attr[MODE].i, ((double)(j + first) - middle + 0.5) * shrink);
  for (int64_t j = 0; j < n; j++)
    w[j] = (vs_real)(filter(c->attr[MODE].i, ((double)(j + first) - middle + 0.5) * shrink) /
                     (total != 0 ? total : 1));
  r->first[o] = first;
  r->count[o] = n;
}

/* Four positions; those beyond an edge count for the edge. */
static void cubic_run(const vs_ctx *c, int i, const runs *r, int64_t o) {
  int64_t in = c->in[0]->shape[2 + i];
  double at = place_of(c, i, o, step_of(c, i)), low = floor(at);
  int64_t first = VS_MIN(VS_MAX((int64_t)low - 1, 0), in - 1), last = first;
  vs_real *w = r->weight + o * r->most;
  memset(w, 0, (size_t)r->most * sizeof *w);
  for (int k = -1; k <= 2; k++) {
    int64_t p = VS_MIN(VS_MAX((int64_t)low + k, 0), in - 1);
    w[p - first] += (vs_real)cubic(at - low - k, -0.75);
    last = p;
  }
  r->first[o] = first;
  r->count[o] = last - first + 1;
}

/* The table of H or W at `room`; its bytes, and nothing else where room is NULL. */
static size_t fill_runs(const vs_ctx *c, int i, runs *r, char *room) {
  int64_t out = c->out[0]->shape[2 + i];
  r->most = most_of(c, i);
  size_t ints = (size_t)out * sizeof(int64_t), bytes = 2 * ints;
  bytes += ((size_t)(out * r->most) * sizeof(vs_real) + 7) / 8 * 8;
  if (room == NULL) return bytes;
  r->first = (int64_t *)(void *)room;
  r->count = (int64_t *)(void *)(room + ints);
  r->weight = (vs_real *)(void *)(room + 2 * ints);
  for (int64_t o = 0; o < out; o++) (c->attr[ANTIALIAS].i ? smooth_run : cubic_run)(c, i, r, o);
  return bytes;
}

static size_t tables_bytes(const vs_ctx *c) {
  runs r;
  if (has_runs(c)) return fill_runs(c, 0, &r, NULL) + fill_runs(c, 1, &r, NULL);
  return (size_t)(c->out[0]->shape[2] + c->out[0]->shape[3]) * sizeof(tap);
}

/* Rows of each slot: one of the input's width, or two of the output's. */
static size_t scratch_bytes(const vs_ctx *c) {
  int slots = vs_slots(plane_count(c), grain(c));
  int64_t row = has_runs(c) ? c->in[0]->shape[3] : 2 * c->out[0]->shape[3];
  return (size_t)(slots * row) * sizeof(vs_real);
}

static area make_area(const vs_ctx *c, vs_real *rows) {
  area k = {.in = c->in[0]->shape + 2, .out = c->out[0]->shape + 2, .rows = rows};
  size_t bytes = fill_runs(c, 0, &k.y, c->work);
  bytes += fill_runs(c, 1, &k.x, (char *)c->work + bytes);
  if (rows == NULL) k.rows = (vs_real *)(void *)((char *)c->work + bytes);
  return k;
}

static inline vs_real run_sum(const vs_real *x, const vs_real *w, int64_t n) {
  vs_real s = 0;
  if (n > 16) return vs_k_softmax()->dot(n, x, w);
  for (int64_t k = 0; k < n; k++) s += x[k] * w[k];
  return s;
}

/* row = sum_k wy[i,k] x[first + k,:];  y[i,j] = sum_k wx[j,k] row[first + k] */
static void forward_areas(void *arg, int64_t first, int64_t last, int slot) {
  const area *k = arg;
  int64_t width = k->in[1];
  vs_real *row = k->rows + slot * width;
  for (int64_t u = first; u < last; u++) {
    const vs_real *plane = k->from + u * k->in[0] * width;
    vs_real *y = k->to + u * k->out[0] * k->out[1];
    for (int64_t i = 0; i < k->out[0]; i++, y += k->out[1]) {
      const vs_real *x = plane + k->y.first[i] * width, *w = k->y.weight + i * k->y.most;
      vs_k_softmax()->blend(width, w[0], x, 0, x, row);
      for (int64_t n = 1; n < k->y.count[i]; n++)
        vs_k_softmax()->blend(width, w[n], x + n * width, 1, row, row);
      for (int64_t j = 0; j < k->out[1]; j++)
        y[j] = run_sum(row + k->x.first[j], k->x.weight + j * k->x.most, k->x.count[j]);
    }
  }
}

static void backward_areas(void *arg, int64_t first, int64_t last, int slot) {
  const area *k = arg;
  int64_t width = k->in[1];
  vs_real *row = k->rows + slot * width;
  for (int64_t u = first; u < last; u++) {
    vs_real *plane = k->to + u * k->in[0] * width;
    const vs_real *dy = k->from + u * k->out[0] * k->out[1];
    memset(plane, 0, (size_t)(k->in[0] * width) * sizeof *plane);
    for (int64_t i = 0; i < k->out[0]; i++, dy += k->out[1]) {
      vs_real *dx = plane + k->y.first[i] * width;
      memset(row, 0, (size_t)width * sizeof *row);
      for (int64_t j = 0; j < k->out[1]; j++) {
        vs_real *r = row + k->x.first[j];
        const vs_real *w = k->x.weight + j * k->x.most;
        for (int64_t n = 0; n < k->x.count[j]; n++) r[n] += w[n] * dy[j];
      }
      for (int64_t n = 0; n < k->y.count[i]; n++, dx += width)
        vs_k_softmax()->blend(width, k->y.weight[i * k->y.most + n], row, 1, dx, dx);
    }
  }
}

/* ---- either ---- */

static void interpolate_forward(vs_ctx *c) {
  if (has_runs(c)) {
    area k = make_area(c, NULL);
    k.from = vs_reals(c->in[0]);
    k.to = vs_reals(c->out[0]);
    vs_parallel(plane_count(c), grain(c), forward_areas, &k);
    return;
  }
  job k = make_job(c);
  k.from = vs_reals(c->in[0]);
  k.to = vs_reals(c->out[0]);
  k.rows = (vs_real *)(void *)((char *)c->work + tables_bytes(c));
  vs_parallel(plane_count(c), grain(c), forward_planes, &k);
}

static int interpolate_backward(vs_ctx *c) {
  if (has_runs(c)) {
    vs_real *rows = vs_mem_alloc(VS_MAX(scratch_bytes(c), 1));
    if (rows == NULL) return -1;
    area k = make_area(c, rows);
    k.from = vs_reals(c->dout[0]);
    k.to = vs_reals(c->din[0]);
    vs_parallel(plane_count(c), grain(c), backward_areas, &k);
    vs_mem_free(rows);
    return 0;
  }
  job k = make_job(c);
  k.from = vs_reals(c->dout[0]);
  k.to = vs_reals(c->din[0]);
  vs_parallel(plane_count(c), grain(c), backward_planes, &k);
  return 0;
}

const vs_opdef vs_op_interpolate = {
    .name = "interpolate",
    .args = "x:tensor, size:pair?, scale_factor:numpair?, "
            "mode:nearest|nearest-exact|bilinear|bicubic=nearest, align_corners:bool=false, "
            "antialias:bool=false",
    .outputs = 1,
    .flags = VS_ROUNDS,
    .shape = interpolate_shape,
    .forward = interpolate_forward,
    .backward = interpolate_backward,
    .doc =
        "x [B,C,H,W] at another size [B,C,H',W']: size, or floor of H and W times scale_factor. "
        "Positions are middles of pixels, but for nearest, which rounds the corners down (as "
        "PyTorch; nearest-exact is right). bicubic: cubic convolution with a = -0.75 (Keys, 1981), "
        "which may overshoot. For bilinear and bicubic: with align_corners the corners of both "
        "fall together; with antialias a smaller picture is smoothed as by PIL, which takes "
        "bicubic with a = -0.5.",
};
