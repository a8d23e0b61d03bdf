/* Convolution as one product that gathers its left side where it lies (kernel/conv.h), so that no
 * im2col matrix is ever made.
 *
 * A `plan` says what is gathered: for each position of a grid, which source positions the taps
 * read. Forward is one plan; the gradient of x is one plan for every residue of the stride; the
 * gradient of w uses the forward plan with pixels and taps changing places.  Work is cut into units
 * (several small images, or a band of rows of a large one) whose padded source stays in the
 * second-level cache; a source in bfloat16 is made full there. */
#include <string.h>

#include "kernel/conv.h"
#include "kernel/elementwise.h"
#include "op/conv_axis.h"

enum {
  UNIT_PIXELS = 384,        /* grid positions of a unit, about */
  UNIT_BYTES = 320 * 1024,  /* of its padded source */
  PANEL_BYTES = 24 * 1024,  /* of the right side that one sweep reads */
  PIXEL_BYTES = 16 * 1024,  /* the same for weight gradients */
  WEIGHT_BYTES = 256 << 20, /* most that the pieces' weight gradients may take together */
  WEIGHT_PIXELS = 1024,     /* grid positions that are worth a weight gradient of their own */
  WEIGHT_PIECES = 16,       /* pieces at most */
  FEW_UNITS = 16            /* units of a small source, about */
};

/* ---- plans ---- */

typedef struct plan {
  axis y, x;
  int64_t batch, groups, from, to; /* channels of source and destination in a group */
  int64_t kernel[2], depth;        /* depth: from * taps */
  bool bf16;                       /* the source */
  bool direct;                     /* no padding: read the source where it is */
  int64_t images, rows, bands, units;
  int64_t row, channel, image; /* distances in what is read */
  int64_t buffer, pixels;      /* of a unit: elements copied (0 if direct), grid positions */
} plan;

/* Fills in units and distances.  -1 when the padded source cannot be counted. */
static int finish_plan(plan *p) {
  const axis *y = &p->y, *x = &p->x;
  int64_t whole = y->grid * x->grid, channels = p->groups * p->from;
  int64_t most = VS_MAX(p->batch * whole / FEW_UNITS, 24);
  most = VS_MIN(most, UNIT_PIXELS);
  p->depth = p->from * y->taps * x->taps;
  p->direct = inside(y) && inside(x) && !p->bf16;
  p->units = p->buffer = p->pixels = 0;
  if (p->batch == 0 || whole == 0) return 0;
  int64_t size = vs_numel(3, (int64_t[]){channels, span(y, y->grid), span(x, x->grid)});
  if (size < 0) return -1;
  int64_t bytes = VS_MAX(size, 1) * (int64_t)sizeof(vs_real);
  p->rows = y->grid;
  p->images = VS_MIN(most / whole, UNIT_BYTES / bytes);
  p->images = VS_MAX(VS_MIN(p->images, p->batch), 1);
  if (p->images == 1) {
    int64_t a_row = VS_MAX(bytes / span(y, y->grid), 1);
    int64_t fit = UNIT_BYTES / a_row - reach(y); /* rows of the source beside the taps' own */
    p->rows = VS_MIN(most / x->grid, fit / y->src_step);
    p->rows = VS_MAX(VS_MIN(p->rows, y->grid), 1);
    p->rows = (y->grid + (y->grid - 1) / p->rows) / ((y->grid - 1) / p->rows + 1); /* even bands */
  }
  p->bands = (y->grid - 1) / p->rows + 1;
  p->units = p->bands > 1 ? p->batch * p->bands : (p->batch - 1) / p->images + 1;
  p->row = p->direct ? x->src : span(x, x->grid);
  p->channel = p->row * (p->direct ? y->src : span(y, p->rows));
  p->image = p->channel * channels;
  p->buffer = p->direct ? 0 : p->image * p->images;
  p->pixels = p->images * p->rows * x->grid;
  return 0;
}

/* Where in what is read the grid positions of a unit lie, and where the taps do. */
static void fill_tables(const plan *p, int64_t *pixel, int64_t *tap) {
  const axis *y = &p->y, *x = &p->x;
  for (int64_t b = 0; b < p->images; b++)
    for (int64_t i = 0; i < p->rows; i++)
      for (int64_t j = 0; j < x->grid; j++)
        *pixel++ = b * p->image + i * y->src_step * p->row + j * x->src_step;
  for (int64_t c = 0; c < p->from; c++)
    for (int64_t i = 0; i < y->taps; i++)
      for (int64_t j = 0; j < x->taps; j++)
        *tap++ = c * p->channel + (y->at0 - low(y) + i * y->at_step) * p->row +
                 (x->at0 - low(x) + j * x->at_step);
}

typedef struct unit {
  int64_t b, images, first, rows;
} unit; /* rows first.. of the grid */

static unit unit_at(const plan *p, int64_t u) {
  unit t = {.b = u * p->images, .rows = p->rows};
  if (p->bands > 1) t.b = u / p->bands, t.first = u % p->bands * p->rows;
  t.images = VS_MIN(p->images, p->batch - t.b);
  t.rows = VS_MIN(p->rows, p->y.grid - t.first);
  return t;
}

/* The source of a unit with its borders of zeros, in buffer; or the source itself. */
static const vs_real *load_unit(const plan *p, unit t, vs_planes src, vs_real *buffer) {
  const axis *y = &p->y, *x = &p->x;
  int64_t channels = p->groups * p->from, top = t.first * y->src_step + low(y), left = low(x);
  int64_t from = VS_MIN(VS_MAX(left, 0), x->src), to = VS_MAX(VS_MIN(left + p->row, x->src), from);
  int64_t before = VS_MIN(VS_MAX(-left, 0), p->row);
  if (p->direct) return (const vs_real *)src.at + t.b * p->image + top * p->row + left;
  for (int64_t b = 0; b < t.images; b++)
    for (int64_t c = 0; c < channels; c++) {
      int64_t plane = ((t.b + b) * channels + c) * y->src * x->src + from;
      vs_real *out = buffer + b * p->image + c * p->channel;
      for (int64_t i = top; i < top + span(y, t.rows); i++, out += p->row) {
        bool real = i >= 0 && i < y->src;
        int64_t n = real ? to - from : 0, j = 0;
        for (; j < before; j++) out[j] = 0;
        vs_planes_copy(src, plane + i * x->src, n, out + j);
        for (j += n; j < p->row; j++) out[j] = 0;
      }
    }
  return buffer;
}

/* ---- scratch: tables and packed weights once, the rest once a slot ---- */

static size_t reals(int64_t n) { return (size_t)VS_ROUND_UP(n * (int64_t)sizeof(vs_real), 64); }
static size_t ints(int64_t n) { return (size_t)VS_ROUND_UP(n * (int64_t)sizeof(int64_t), 64); }
static int64_t panels(int64_t channels) { return (channels - 1) / vs_k_conv()->cols + 1; }

typedef struct job {
  const plan *p;
  vs_planes src, dst;
  const vs_real *bias, *dy;
  vs_real *dw, *weight; /* weight: packed, [groups][panel][depth][cols] */
  const vs_real *w;     /* as the user has it */
  bool transposed;      /* w is [from..., to] rather than [to, from]: the gradient of x */
  int64_t *pixel, *tap;
  char *slots; /* each has slot_bytes */
  size_t slot_bytes;
  char *sums; /* of dw, one a piece of the units */
  size_t sum_bytes;
  int64_t pieces;
} job;

/* ---- the gathered product: forward and the gradient of x ---- */

/* One panel: rows in the order of fill_tables' taps, a column a destination channel. */
static void pack_weights(void *arg, int64_t first, int64_t last, int slot) {
  const job *k = arg;
  const plan *p = k->p;
  const axis *y = &p->y, *x = &p->x;
  int64_t cols = vs_k_conv()->cols, np = panels(p->to), area = p->kernel[0] * p->kernel[1];
  (void)slot;
  for (int64_t u = first; u < last && !vs_interrupted(); u++) {
    int64_t g = u / np, d0 = u % np * cols;
    vs_real *out = k->weight + u * p->depth * cols;
    for (int64_t s = 0; s < p->from; s++)
      for (int64_t i = 0; i < y->taps; i++)
        for (int64_t j = 0; j < x->taps; j++, out += cols) {
          int64_t at = (y->tap0 + i * y->tap_step) * p->kernel[1] + x->tap0 + j * x->tap_step;
          for (int64_t d = 0; d < cols; d++) {
            int64_t to = d0 + d;
            if (to >= p->to)
              out[d] = 0;
            else if (k->transposed)
              out[d] = k->w[((g * p->from + s) * p->to + to) * area + at];
            else
              out[d] = k->w[((g * p->to + to) * p->from + s) * area + at];
          }
        }
  }
}

/* room: for as much as the unit has, where dst is bfloat16. */
static void store_panel(const job *k, unit t, int64_t g, int64_t d0, const vs_real *acc,
                        vs_real *room) {
  const plan *p = k->p;
  const axis *y = &p->y, *x = &p->x;
  const vs_kernels_conv *kc = vs_k_conv();
  int width = (int)VS_MIN(kc->cols, p->to - d0);
  int64_t plane = y->dst * x->dst, n = t.rows * x->grid;
  const vs_real *bias = k->bias ? k->bias + g * p->to + d0 : NULL;
  for (int64_t b = 0; b < t.images; b++, acc += n * kc->cols) {
    int64_t at = (((t.b + b) * p->groups + g) * p->to + d0) * plane;
    vs_real *dst = (vs_real *)k->dst.at + (k->dst.bf16 ? 0 : at);
    if (k->dst.bf16) { /* a forward: steps are 1 */
      uint16_t *to = (uint16_t *)k->dst.at + at + t.first * x->dst;
      kc->unpack(n, width, acc, bias, room, n, 1);
      for (int c = 0; c < width; c++) vs_k_elementwise()->shorten(n, to + c * plane, room + c * n);
      continue;
    }
    if (x->dst_step == 1 && y->dst_step == 1) {
      kc->unpack(n, width, acc, bias, dst + t.first * x->dst, plane, 1);
      continue;
    }
    for (int64_t i = 0; i < t.rows; i++)
      kc->unpack(x->grid, width, acc + i * x->grid * kc->cols, bias,
                 dst + (y->dst_first + (t.first + i) * y->dst_step) * x->dst + x->dst_first, plane,
                 x->dst_step);
  }
}

/* Bytes of a panel of sums over the unit's pixels. */
static size_t sums_of(const plan *p) {
  return reals(VS_ROUND_UP(p->pixels, vs_k_conv()->rows) * vs_k_conv()->cols);
}

/* How many rows of weights one sweep reads.  Each sweep reads and writes the sums, so there are
 * few, and even ones. */
static int64_t sweep(int64_t depth) {
  int64_t most = PANEL_BYTES / ((int64_t)sizeof(vs_real) * vs_k_conv()->cols);
  return VS_PIECES(depth, VS_MAX(VS_PIECES(depth, most), 1));
}

static void gather_units(void *arg, int64_t first, int64_t last, int slot) {
  const job *k = arg;
  const plan *p = k->p;
  const vs_kernels_conv *kc = vs_k_conv();
  int64_t np = panels(p->to), block = sweep(p->depth);
  vs_real *buffer = (vs_real *)(void *)(k->slots + (size_t)slot * k->slot_bytes);
  vs_real *acc = (vs_real *)(void *)((char *)buffer + reals(p->buffer));
  vs_real *room = (vs_real *)(void *)((char *)acc + sums_of(p));
  for (int64_t u = first; u < last && !vs_interrupted(); u++) {
    unit t = unit_at(p, u);
    const vs_real *x = load_unit(p, t, k->src, buffer);
    int64_t n = t.images * t.rows * p->x.grid;
    for (int64_t q = 0; q < p->groups * np; q++) {
      int64_t g = q / np, at = 0;
      do {
        kc->gather(n, k->pixel, VS_MIN(block, p->depth - at), k->tap + at,
                   x + g * p->from * p->channel, k->weight + (q * p->depth + at) * kc->cols, acc,
                   at > 0);
        at += block;
      } while (at < p->depth);
      store_panel(k, t, g, q % np * kc->cols, acc, room);
    }
  }
}

/* dst = gathered src * w (+ bias) over the grid of the plan. */
static void run_gather(const plan *p, vs_planes src, const vs_real *w, bool transposed,
                       const vs_real *bias, vs_planes dst, vs_scratch *s) {
  const vs_kernels_conv *kc = vs_k_conv();
  if (p->units == 0 || p->groups * p->to == 0) return;
  int64_t np = panels(p->to);
  job k = {.p = p, .src = src, .bias = bias, .dst = dst, .w = w, .transposed = transposed};
  k.slot_bytes = reals(p->buffer) + sums_of(p) * (dst.bf16 ? 2 : 1);
  size_t weights = reals(p->groups * np * p->depth * kc->cols), tables = ints(p->pixels);
  size_t bytes = tables + ints(p->depth) + weights;
  bytes += (size_t)vs_slots(p->units, 1) * k.slot_bytes;
  char *work = vs_scratch_take(s, bytes);
  if (work == NULL) return;
  k.pixel = (int64_t *)(void *)work;
  k.tap = (int64_t *)(void *)(work + tables);
  k.weight = (vs_real *)(void *)(work + tables + ints(p->depth));
  k.slots = work + tables + ints(p->depth) + weights;
  fill_tables(p, k.pixel, k.tap);
  vs_parallel(p->groups * np, VS_MAX(1, 16384 / (p->depth * kc->cols + 1)), pack_weights, &k);
  vs_parallel(p->units, 1, gather_units, &k);
}

/* ---- the gradient of w ---- */

/* dw[o, c, tap] = sum over b and pixels of dy[b, o, pixel] * x[b, c, pixel + tap], by piece */
static void weight_piece(const job *k, int64_t piece, char *room) {
  const plan *p = k->p;
  const vs_kernels_conv *kc = vs_k_conv();
  int64_t cols = kc->cols, np = panels(p->to),
          block = PIXEL_BYTES / ((int64_t)sizeof(vs_real) * cols);
  int64_t depth = VS_ROUND_UP(p->depth, kc->rows), plane = p->y.grid * p->x.grid;
  int64_t first = vs_piece_at(p->units, k->pieces, piece);
  int64_t last = vs_piece_at(p->units, k->pieces, piece + 1);
  vs_real *acc = (vs_real *)(void *)(k->sums + (size_t)piece * k->sum_bytes);
  vs_real *panel = (vs_real *)(void *)room;
  vs_real *buffer = (vs_real *)(void *)(room + reals(p->pixels * cols));
  for (int64_t u = first; u < last && !vs_interrupted(); u++) {
    unit t = unit_at(p, u);
    const vs_real *x = load_unit(p, t, k->src, buffer);
    int64_t n = t.rows * p->x.grid, all = t.images * n;
    for (int64_t q = 0; q < p->groups * np; q++) {
      int64_t g = q / np, d0 = q % np * cols;
      for (int64_t b = 0; b < t.images; b++)
        kc->pack(n, (int)VS_MIN(cols, p->to - d0),
                 k->dy + (((t.b + b) * p->groups + g) * p->to + d0) * plane + t.first * p->x.grid,
                 plane, panel + b * n * cols);
      for (int64_t at = 0; at < all; at += block)
        kc->gather(p->depth, k->tap, VS_MIN(block, all - at), k->pixel + at,
                   x + g * p->from * p->channel, panel + at * cols, acc + q * depth * cols,
                   u > first || at > 0);
    }
  }
}

static void weight_pieces(void *arg, int64_t first, int64_t last, int slot) {
  const job *k = arg;
  for (int64_t i = first; i < last; i++)
    weight_piece(k, i, k->slots + (size_t)slot * k->slot_bytes);
}

static void add_weights(void *arg, int64_t first, int64_t last, int slot) {
  const job *k = arg;
  const plan *p = k->p;
  const vs_kernels_conv *kc = vs_k_conv();
  int64_t cols = kc->cols, np = panels(p->to), depth = VS_ROUND_UP(p->depth, kc->rows);
  (void)slot;
  for (int64_t o = first; o < last; o++) {
    int64_t q = o / p->to * np + o % p->to / cols, column = o % p->to % cols;
    vs_real *out = k->dw + o * p->depth;
    for (int64_t i = 0; i < k->pieces; i++) {
      const vs_real *acc = (const vs_real *)(const void *)(k->sums + (size_t)i * k->sum_bytes);
      acc += q * depth * cols + column;
      for (int64_t d = 0; d < p->depth; d++) out[d] = (i > 0 ? out[d] : 0) + acc[d * cols];
    }
  }
}

/* Pieces of the units, each with a weight gradient of `bytes` of its own: more of them are shared
 * out better, but all have to be written and added up.  A power of two. */
static int64_t weight_pieces_of(const plan *p, int64_t bytes) {
  int64_t worth = VS_MAX(p->batch * p->y.grid * p->x.grid / WEIGHT_PIXELS, 2), pieces = 1;
  int64_t most = VS_MIN(VS_MIN(worth, WEIGHT_PIECES), VS_MIN(p->units, WEIGHT_BYTES / bytes));
  while (2 * pieces <= most) pieces *= 2;
  return pieces;
}

static void run_weights(const plan *p, vs_planes x, const vs_real *dy, vs_real *dw, vs_scratch *s) {
  const vs_kernels_conv *kc = vs_k_conv();
  int64_t outs = p->groups * p->to;
  if (outs * p->depth == 0) return;
  if (p->units == 0) {
    memset(dw, 0, (size_t)(outs * p->depth) * sizeof *dw);
    return;
  }
  job k = {.p = p, .src = x, .dy = dy, .dw = dw};
  k.sum_bytes = reals(p->groups * panels(p->to) * VS_ROUND_UP(p->depth, kc->rows) * kc->cols);
  k.slot_bytes = reals(p->pixels * kc->cols) + reals(p->buffer);
  k.pieces = weight_pieces_of(p, (int64_t)k.sum_bytes);
  size_t tables = ints(p->pixels) + ints(p->depth), sums = (size_t)k.pieces * k.sum_bytes;
  size_t bytes = tables + sums + (size_t)vs_slots(k.pieces, 1) * k.slot_bytes;
  char *work = vs_scratch_take(s, bytes);
  if (work == NULL) return;
  k.pixel = (int64_t *)(void *)work;
  k.tap = (int64_t *)(void *)(work + ints(p->pixels));
  k.sums = work + tables;
  k.slots = k.sums + sums;
  fill_tables(p, k.pixel, k.tap);
  vs_parallel(k.pieces, 1, weight_pieces, &k);
  vs_parallel(outs, VS_MAX(1, 8192 / p->depth), add_weights, &k);
}

/* ---- the three products ---- */

static plan forward_plan(const vs_conv *k, bool bf16) {
  plan p = {.batch = k->batch,
            .groups = k->groups,
            .from = k->from,
            .to = k->to,
            .kernel = {k->kernel[0], k->kernel[1]},
            .bf16 = bf16};
  forward_axes(k, &p.y, &p.x);
  return p;
}

int vs_gather_forward(const vs_conv *k, vs_planes x, const vs_real *w, const vs_real *bias,
                      vs_planes y, vs_scratch *s) {
  plan p = forward_plan(k, x.bf16);
  if (finish_plan(&p) < 0) return -1;
  run_gather(&p, x, w, false, bias, y, s);
  return 0;
}

/* One product for each residue of the input position modulo the stride. */
int vs_gather_input(const vs_conv *k, const vs_real *dy, const vs_real *w, vs_real *dx,
                    vs_scratch *s) {
  vs_planes from = {(void *)dy, false}, to = {dx, false};
  for (int64_t i = 0; i < VS_MIN(k->stride[0], k->in[0]); i++)
    for (int64_t j = 0; j < VS_MIN(k->stride[1], k->in[1]); j++) {
      plan p = {.batch = k->batch,
                .groups = k->groups,
                .from = k->to,
                .to = k->from,
                .kernel = {k->kernel[0], k->kernel[1]}};
      input_axes(k, i, j, &p.y, &p.x);
      if (finish_plan(&p) < 0) return -1;
      run_gather(&p, from, w, true, NULL, to, s);
    }
  return 0;
}

int vs_gather_weight(const vs_conv *k, vs_planes x, const vs_real *dy, vs_real *dw, vs_scratch *s) {
  plan p = forward_plan(k, x.bf16);
  if (finish_plan(&p) < 0) return -1;
  run_weights(&p, x, dy, dw, s);
  return 0;
}
