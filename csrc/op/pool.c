/* max_pool2d, avg_pool2d and the adaptive ones over [B,C,H,W]; threads share out planes.  The ops
 * of one dimension are the same with planes of one row.
 *
 * max_pool2d keeps which value won: one byte an output for 2 x 2 windows with stride 2, which go
 * through kernels of their own, the position in the plane for all others.  Both averages are one
 * loop over windows that differ in where a window starts, ends, and what it is divided by. */
#include <math.h>
#include <string.h>

#include "kernel/pool.h"
#include "op/bf16.h"
#include "op/op.h"

enum { KERNEL, STRIDE, PADDING, CEIL, COUNT }; /* attributes; the adaptive ones have SIZE */
enum { SIZE = 0 };
enum { LARGEST = 1 << 24 }; /* of kernel, stride, padding */

typedef struct pool {
  int64_t planes, in[2], out[2];
  int64_t kernel[2], stride[2], padding[2];
  bool adaptive, count; /* count: padding counts in averages */
  const vs_real *dy;
  vs_real *dx;
  uint8_t *code;
  int32_t *place;
  /* forward: plane u of x to plane u of y; a plane of each for every thread where they are
   * bfloat16 */
  const vs_tensor *x, *y;
  void (*plane)(const struct pool *p, int64_t u, const vs_real *x, vs_real *y);
  vs_real *room;
} pool;

typedef struct window {
  int64_t first, last, size; /* size: what an average divides by */
} window;

/* The source positions of output i in dimension d. */
static window window_at(const pool *p, int d, int64_t i) {
  if (p->adaptive) {
    int64_t first = i * p->in[d] / p->out[d];
    int64_t last = ((i + 1) * p->in[d] + p->out[d] - 1) / p->out[d];
    return (window){first, last, last - first};
  }
  int64_t from = i * p->stride[d] - p->padding[d], to = from + p->kernel[d];
  int64_t first = VS_MAX(from, 0), last = VS_MIN(to, p->in[d]);
  int64_t padded = VS_MIN(to, p->in[d] + p->padding[d]) - from;
  return (window){first, last, p->count ? padded : last - first};
}

/* Dimensions that windows have: those of one take a number where the others take a pair. */
static int spatial(const vs_ctx *c) { return c->attr[0].kind == VS_V_INT ? 1 : 2; }

/* The attribute `which` for rows (0) or columns (1); `none` for the rows of one dimension. */
static int64_t setting(const vs_ctx *c, int which, int d, int64_t none) {
  if (spatial(c) == 2) return c->attr[which].pair[d];
  return d == 0 ? none : c->attr[which].i;
}

static int64_t size_of(const vs_ctx *c, const vs_tensor *t, int d) {
  int at = t->ndim - 2 + d;
  return spatial(c) == 1 && d == 0 ? 1 : t->shape[at];
}

static pool pool_of(const vs_ctx *c, bool adaptive) {
  const vs_tensor *x = c->in[0], *y = c->out[0];
  pool p = {.adaptive = adaptive, .planes = x->shape[0]};
  if (x->ndim - spatial(c) > 1) p.planes *= x->shape[1];
  for (int d = 0; d < 2; d++) {
    p.in[d] = size_of(c, x, d);
    p.out[d] = size_of(c, y, d);
    if (adaptive) continue;
    p.kernel[d] = setting(c, KERNEL, d, 1);
    p.stride[d] = setting(c, c->attr[STRIDE].kind == VS_V_NONE ? KERNEL : STRIDE, d, 1);
    p.padding[d] = setting(c, PADDING, d, 0);
  }
  return p;
}

static int check_planes(const vs_ctx *c) {
  const vs_tensor *x = c->in[0];
  int more = x->ndim - spatial(c);
  if (more == 1 || more == 2) return 0;
  return vs_fail("x is %s, expected %s", vs_shape_str(x),
                 spatial(c) == 1 ? "[B,C,T] or [C,T]" : "[B,C,H,W] or [C,H,W]");
}

static int windows_sizes(vs_ctx *c) {
  const vs_tensor *x = c->in[0];
  int64_t shape[4];
  if (check_planes(c) < 0) return -1;
  memcpy(shape, x->shape, sizeof shape);
  for (int d = 2 - spatial(c); d < 2; d++) {
    int64_t k = setting(c, KERNEL, d, 1), p = setting(c, PADDING, d, 0), in = size_of(c, x, d);
    int64_t s = c->attr[STRIDE].kind == VS_V_NONE ? k : setting(c, STRIDE, d, 1);
    if (k < 1 || s < 1 || p < 0 || k > LARGEST || s > LARGEST)
      return vs_fail(
          "kernel %lld, stride %lld, padding %lld: kernel and stride are 1 to %d, padding is "
          "not negative",
          (long long)k, (long long)s, (long long)p, LARGEST);
    if (p > k / 2)
      return vs_fail("padding %lld is more than half of kernel %lld", (long long)p, (long long)k);
    if (in < 1) return vs_fail("x is %s: its planes are empty", vs_shape_str(x));
    if (in + 2 * p < k)
      return vs_fail("kernel %lld is larger than x %s with padding %lld", (long long)k,
                     vs_shape_str(x), (long long)p);
    int64_t room = in + 2 * p - k, n = room / s + 1;
    /* a last window that is cut off, unless it would lie in the padding alone */
    if (c->attr[CEIL].i && room % s && n * s < in + p) n++;
    shape[x->ndim - 2 + d] = n;
  }
  return vs_out(c, 0, x->dtype, x->ndim, shape);
}

static int64_t plane_grain(const pool *p) {
  return VS_MAX(1, 16384 / VS_MAX(p->in[0] * p->in[1], 1));
}

/* Of the planes that forward makes full, one of x and one of y a thread. */
static size_t room_bytes(const pool *p) {
  int64_t each = p->in[0] * p->in[1] + p->out[0] * p->out[1];
  return (size_t)(vs_slots(p->planes, plane_grain(p)) * each) * sizeof(vs_real);
}

/* What is left to do once output 0 is there. */
static void finish_shape(vs_ctx *c, const pool *p) {
  if (!vs_is_real(c->in[0])) c->work_bytes = room_bytes(p);
}

static void forward_planes(void *arg, int64_t first, int64_t last, int slot) {
  const pool *p = arg;
  int64_t in = p->in[0] * p->in[1], out = p->out[0] * p->out[1];
  vs_real *room = p->room ? p->room + slot * (in + out) : NULL;
  for (int64_t u = first; u < last; u++) {
    vs_real *to = room + (room ? in : 0);
    p->plane(p, u, vs_piece(p->x, u * in, in, room), vs_piece_to(p->y, u * out, to));
    vs_piece_done(p->y, u * out, out, to);
  }
}

static void forward_all(vs_ctx *c, pool *p) {
  p->x = c->in[0], p->y = c->out[0], p->room = c->work;
  vs_parallel(p->planes, plane_grain(p), forward_planes, p);
}

/* ---- max ---- */

static bool is_two_by_two(const pool *p) {
  for (int d = 0; d < 2; d++)
    if (p->kernel[d] != 2 || p->stride[d] != 2 || p->padding[d] != 0 || 2 * p->out[d] > p->in[d])
      return false;
  return true;
}

static void max2_plane(const pool *p, int64_t u, const vs_real *x, vs_real *y) {
  int64_t w = p->in[1], n = p->out[1];
  uint8_t *code = p->code ? p->code + u * p->out[0] * n : NULL;
  for (int64_t i = 0; i < p->out[0]; i++)
    vs_k_pool()->max2(n, x + 2 * i * w, x + (2 * i + 1) * w, y + i * n, code ? code + i * n : NULL);
}

static void max2_planes_back(void *arg, int64_t first, int64_t last, int slot) {
  const pool *p = arg;
  int64_t w = p->in[1], even = 2 * p->out[1];
  (void)slot;
  for (int64_t u = first; u < last; u++) {
    vs_real *dx = p->dx + u * p->in[0] * w;
    for (int64_t i = 0; i < p->out[0]; i++, dx += 2 * w) {
      int64_t at = (u * p->out[0] + i) * p->out[1];
      vs_k_pool()->max2_back(p->out[1], p->dy + at, p->code + at, dx, dx + w);
      if (even < w) dx[even] = dx[w + even] = 0;
    }
    if (p->in[0] & 1) memset(dx, 0, (size_t)w * sizeof *dx);
  }
}

/* The columns of outputs whose windows neither edge cuts off: a row of these windows is alike. */
static window whole_columns(const pool *p) {
  if (p->adaptive) return (window){0};
  int64_t s = p->stride[1], room = p->in[1] + p->padding[1] - p->kernel[1];
  int64_t first = (p->padding[1] + s - 1) / s, last = room < 0 ? 0 : room / s + 1;
  last = VS_MIN(last, p->out[1]);
  return first < last ? (window){first, last, 0} : (window){0};
}

static void max_plane(const pool *p, int64_t u, const vs_real *x, vs_real *y) {
  window whole = whole_columns(p);
  vs_windows w = {.plane = x, .width = p->in[1], .stride = p->stride[1]};
  int32_t *place = p->place ? p->place + u * p->out[0] * p->out[1] : NULL;
  for (int64_t i = 0, o = 0; i < p->out[0]; i++) {
    window a = window_at(p, 0, i);
    w.rows = a.last - a.first;
    for (int64_t j = 0, n; j < p->out[1]; j += n, o += n) {
      window b = window_at(p, 1, j);
      n = j == whole.first && j < whole.last ? whole.last - j : 1;
      w.cols = b.last - b.first;
      w.first = a.first * p->in[1] + b.first;
      vs_k_pool()->max(n, &w, y + o, place ? place + o : NULL);
    }
  }
}

static void max_planes_back(void *arg, int64_t first, int64_t last, int slot) {
  const pool *p = arg;
  int64_t n = p->out[0] * p->out[1], plane = p->in[0] * p->in[1];
  (void)slot;
  memset(p->dx + first * plane, 0, (size_t)((last - first) * plane) * sizeof(vs_real));
  for (int64_t u = first; u < last; u++)
    for (int64_t o = u * n; o < (u + 1) * n; o++) p->dx[u * plane + p->place[o]] += p->dy[o];
}

/* Saved: which element of its window each output is, as a code, or its place in the plane. */
static int max_shape(vs_ctx *c, bool adaptive) {
  pool p = pool_of(c, adaptive);
  vs_dtype mark = is_two_by_two(&p) ? VS_UINT8 : VS_INT32;
  if (p.in[0] * p.in[1] > INT32_MAX)
    return vs_fail("x is %s: its planes are too large", vs_shape_str(c->in[0]));
  if (c->training && !(c->saved[0] = vs_tensor_new(mark, 1, &c->out[0]->numel))) return -1;
  finish_shape(c, &p);
  return 0;
}

static void max_forward(vs_ctx *c, bool adaptive) {
  pool p = pool_of(c, adaptive);
  bool two = is_two_by_two(&p);
  p.plane = two ? max2_plane : max_plane;
  if (c->saved[0] && two) p.code = vs_data(c->saved[0]);
  if (c->saved[0] && !two) p.place = vs_data(c->saved[0]);
  forward_all(c, &p);
}

/* y[o] = x[place[o]]: dx[place[o]] += dy[o] */
static int max_backward(vs_ctx *c, bool adaptive) {
  pool p = pool_of(c, adaptive);
  bool two = is_two_by_two(&p);
  p.dy = vs_reals(c->dout[0]);
  p.dx = vs_reals(c->din[0]);
  p.code = vs_data(c->saved[0]);
  p.place = vs_data(c->saved[0]);
  vs_parallel(p.planes, plane_grain(&p), two ? max2_planes_back : max_planes_back, &p);
  return 0;
}

/* The same op for two dimensions and for one. */
#define BOTH(op, prefix, adaptive, marks, sizes, two, one, doc_two, doc_one)                   \
  static int op##_shape(vs_ctx *c) { return sizes(c) < 0 ? -1 : prefix##_shape(c, adaptive); } \
  static void op##_forward(vs_ctx *c) { prefix##_forward(c, adaptive); }                       \
  static int op##_backward(vs_ctx *c) { return prefix##_backward(c, adaptive); }               \
  const vs_opdef vs_op_##op##2d = {.name = #op "2d",                                           \
                                   .args = two,                                                \
                                   .outputs = 1,                                               \
                                   .flags = VS_BF16 | (marks),                                 \
                                   .shape = op##_shape,                                        \
                                   .forward = op##_forward,                                    \
                                   .backward = op##_backward,                                  \
                                   .doc = doc_two};                                            \
  const vs_opdef vs_op_##op##1d = {.name = #op "1d",                                           \
                                   .args = one,                                                \
                                   .outputs = 1,                                               \
                                   .flags = VS_BF16 | (marks),                                 \
                                   .shape = op##_shape,                                        \
                                   .forward = op##_forward,                                    \
                                   .backward = op##_backward,                                  \
                                   .doc = doc_one};

#define PAIRS "x:tensor, kernel:pair, stride:pair?, padding:pair=0, ceil_mode:bool=false"
#define NUMBERS "x:tensor, kernel:int, stride:int?, padding:int=0, ceil_mode:bool=false"

BOTH(max_pool, max, false, VS_KINK, windows_sizes, PAIRS, NUMBERS,
     "The most of each window of x [B,C,H,W] or [C,H,W] -> [..,H',W'], H' = floor((H + 2 padding - "
     "kernel) / stride) + 1, or with ceil_mode one more where a last window is cut off. stride is "
     "the kernel unless given; padding never wins. The gradient goes to the first of equal values.",
     "The most of each window of x [B,C,T] or [C,T] -> [..,T']; see max_pool2d.")

/* ---- averages ---- */

static vs_real divisor(window a, window b) { return (vs_real)(a.size * b.size); }

static vs_real window_sum(const pool *p, const vs_real *x, window a, window b) {
  int64_t n = b.last - b.first;
  vs_real sum = 0;
  if (n == p->in[1]) return vs_k_pool()->sum((a.last - a.first) * n, x + a.first * n);
  for (int64_t y = a.first; y < a.last; y++) {
    const vs_real *row = x + y * p->in[1] + b.first;
    if (n >= 32)
      sum += vs_k_pool()->sum(n, row);
    else
      for (int64_t k = 0; k < n; k++) sum += row[k];
  }
  return sum;
}

static void average_plane(const pool *p, int64_t u, const vs_real *x, vs_real *y) {
  (void)u;
  for (int64_t i = 0; i < p->out[0]; i++) {
    window a = window_at(p, 0, i);
    for (int64_t j = 0; j < p->out[1]; j++) {
      window b = window_at(p, 1, j);
      y[i * p->out[1] + j] = window_sum(p, x, a, b) / divisor(a, b);
    }
  }
}

/* y[o] = sum of a window / divisor: dx += dy[o] / divisor in the window */
static void average_planes_back(void *arg, int64_t first, int64_t last, int slot) {
  const pool *p = arg;
  int64_t o = first * p->out[0] * p->out[1], plane = p->in[0] * p->in[1];
  (void)slot;
  memset(p->dx + first * plane, 0, (size_t)((last - first) * plane) * sizeof(vs_real));
  for (int64_t u = first; u < last; u++)
    for (int64_t i = 0; i < p->out[0]; i++) {
      window a = window_at(p, 0, i);
      for (int64_t j = 0; j < p->out[1]; j++, o++) {
        window b = window_at(p, 1, j);
        vs_real g = p->dy[o] / divisor(a, b);
        for (int64_t y = a.first; y < a.last; y++)
          for (int64_t k = b.first; k < b.last; k++) p->dx[u * plane + y * p->in[1] + k] += g;
      }
    }
}

static int average_shape(vs_ctx *c, bool adaptive) {
  pool p = pool_of(c, adaptive);
  finish_shape(c, &p);
  return 0;
}

static void average_forward(vs_ctx *c, bool adaptive) {
  pool p = pool_of(c, adaptive);
  p.count = !adaptive && c->attr[COUNT].i;
  p.plane = average_plane;
  forward_all(c, &p);
}

static int average_backward(vs_ctx *c, bool adaptive) {
  pool p = pool_of(c, adaptive);
  p.count = !adaptive && c->attr[COUNT].i;
  p.dy = vs_reals(c->dout[0]);
  p.dx = vs_reals(c->din[0]);
  vs_parallel(p.planes, plane_grain(&p), average_planes_back, &p);
  return 0;
}

BOTH(avg_pool, average, false, 0, windows_sizes, PAIRS ", count_include_pad:bool=true",
     NUMBERS ", count_include_pad:bool=true",
     "The mean of each window of x [B,C,H,W] or [C,H,W] -> [..,H',W'], H' as of max_pool2d. stride "
     "is the kernel unless given; padding counts as zeros, or not at all with count_include_pad = "
     "false.",
     "The mean of each window of x [B,C,T] or [C,T] -> [..,T']; see avg_pool2d.")

static int adaptive_sizes(vs_ctx *c) {
  const vs_tensor *x = c->in[0];
  int64_t shape[4];
  if (check_planes(c) < 0) return -1;
  memcpy(shape, x->shape, sizeof shape);
  for (int d = 2 - spatial(c); d < 2; d++) {
    int64_t size = setting(c, SIZE, d, 1);
    if (size < 1 || size > LARGEST)
      return vs_fail("size is %lld, expected 1 to %d", (long long)size, LARGEST);
    if (x->shape[x->ndim - 2 + d] < 1)
      return vs_fail("x is %s: its planes are empty", vs_shape_str(x));
    shape[x->ndim - 2 + d] = size;
  }
  return vs_out(c, 0, c->in[0]->dtype, x->ndim, shape);
}

BOTH(adaptive_avg_pool, average, true, 0, adaptive_sizes, "x:tensor, size:pair=1",
     "x:tensor, size:int=1",
     "Means of x [B,C,H,W] or [C,H,W] -> [..,size]: output i averages rows floor(i H / H') up to "
     "ceil((i + 1) H / H'), counted from 0, and columns alike. size 1 is global average pooling.",
     "Means of x [B,C,T] or [C,T] -> [..,size]; see adaptive_avg_pool2d.")

BOTH(adaptive_max_pool, max, true, VS_KINK, adaptive_sizes, "x:tensor, size:pair=1",
     "x:tensor, size:int=1",
     "The most of each window of x [B,C,H,W] or [C,H,W] -> [..,size], the windows being those of "
     "adaptive_avg_pool2d.",
     "The most of each window of x [B,C,T] or [C,T] -> [..,size]; see adaptive_max_pool2d.")
