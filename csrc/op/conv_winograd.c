/* 3x3 convolutions of stride 1 by Winograd's F(4x4, 3x3).  See kernel/winograd.h.
 *
 * The result is cut into units: some whole images, or a band of one, of about as many tiles as keep
 * both transformed sides in the last-level cache.  For each unit threads share first the transforms
 * of the source by channel, then chunks of the result's channels, from products to result.  Where
 * there is one unit, kernels are transformed chunk by chunk too and never leave the cache.  The
 * three products: y    from V = B' x B and U = G w G':   M[o,p] = sum_c U[o,c] V[c,p],  y = A' M A
 *   dx   the same with dy for x and w turned and transposed
 *   dw   from V and D = A dy A':           N[o,c] = sum_p D[o,p] V[c,p],  dw = G' N G
 * for each component, p being tiles.  U and D are written as gemm's left panels, of `lanes` rows, V
 * as its right ones.  What is not finite in a patch may make all of its tile NaN. */
#include <string.h>

#include "core/mem.h"
#include "core/thread.h"
#include "kernel/elementwise.h"
#include "kernel/gemm.h"
#include "kernel/winograd.h"
#include "op/conv_ways.h"

enum { TILE = 4, PATCH = 6, TAPS = 9 };
enum { UNIT_BYTES = 3 << 20, WEIGHT_UNIT_BYTES = 8 << 20 }; /* of both transformed sides */
enum { LEAST_TILES = 64 };                                  /* of a unit, where there are as many */
/* Components lie a line of the cache off a power of two: a set of it could not hold 36 of them. */
enum { APART = 64 / sizeof(vs_real) };
enum { CHUNK = 16 }; /* channels of the result that are one thread's at a time */

/* An odd number of times `to`. */
static int64_t odd(int64_t n, int64_t to) { return (VS_PIECES(n, to) | 1) * to; }

/* ---- where it pays ---- */

/* Costs in multiply-adds of a product, as measured: of a plain convolution's, whose loads are
 * harder to come by; of transforms, per tile and channel, and per kernel, which is mostly memory.
 * For dw channels are lanes and columns of panels, and those of AVX-512 are counted whether used or
 * not: the same on every machine. */
static const double PLAIN = 1.1, PER_TILE = 300, PER_LANE = 1000, PER_KERNEL = 800;
enum { LANES = 16, COLUMNS = 32 };

bool vs_winograd_possible(const vs_conv *k) {
  for (int d = 0; d < 2; d++)
    if (k->kernel[d] != 3 || k->stride[d] != 1 || k->dilation[d] != 1 || k->padding[d] > 2 ||
        k->in[d] < 1 || k->out[d] < 1)
      return false;
  return k->groups == 1 && k->batch > 0 && k->from > 0 && k->to > 0;
}

bool vs_winograd_pays(const vs_conv *k, bool weight) {
  double tiles =
      (double)k->batch * (double)VS_PIECES(k->out[0], TILE) * (double)VS_PIECES(k->out[1], TILE);
  double pairs = (double)k->from * (double)k->to, all = (double)(k->from + k->to);
  double plain = (double)k->batch * (double)k->out[0] * (double)k->out[1] * TAPS * pairs;
  double tile = VS_WINOGRAD * pairs + PER_TILE * all;
  if (weight)
    tile = VS_WINOGRAD * (double)VS_ROUND_UP(k->from, COLUMNS) * (double)k->to +
           PER_LANE * (double)(VS_ROUND_UP(k->from, LANES) + VS_ROUND_UP(k->to, LANES));
  return tiles * tile + PER_KERNEL * pairs < PLAIN * plain;
}

/* ---- tiles ---- */

/* Tiles over `dst`, planes of `to` channels, whose patches lie in `src`, planes of `from`. */
typedef struct grid {
  int64_t batch, from, to, src[2], dst[2], pad[2];
  int64_t down, across;               /* tiles of a plane */
  int64_t images, rows, bands, units; /* of a unit; rows of tiles */
  int64_t most;                       /* tiles of a unit */
} grid;

static void cut(grid *g, int64_t bytes) {
  g->down = VS_PIECES(g->dst[0], TILE), g->across = VS_PIECES(g->dst[1], TILE);
  int64_t whole = g->down * g->across, tile = VS_WINOGRAD * (g->from + g->to);
  int64_t most = VS_MAX(bytes / (tile * (int64_t)sizeof(vs_real)), LEAST_TILES);
  g->rows = g->down;
  g->images = VS_MAX(VS_MIN(most / whole, g->batch), 1);
  g->images = VS_PIECES(g->batch, VS_PIECES(g->batch, g->images)); /* even units */
  if (whole > most) g->rows = VS_MAX(most / g->across, 1);
  g->rows = VS_PIECES(g->down, VS_PIECES(g->down, g->rows));
  g->bands = VS_PIECES(g->down, g->rows);
  g->units = g->bands > 1 ? g->batch * g->bands : VS_PIECES(g->batch, g->images);
  g->most = g->images * g->rows * g->across;
}

typedef struct unit {
  int64_t b, images, first, rows; /* rows first.. of tiles */
  int64_t tiles;
} unit;

static unit unit_at(const grid *g, int64_t u) {
  unit t = {.b = u * g->images, .rows = g->rows};
  if (g->bands > 1) t.b = u / g->bands, t.first = u % g->bands * g->rows;
  t.images = VS_MIN(g->images, g->batch - t.b);
  t.rows = VS_MIN(g->rows, g->down - t.first);
  t.tiles = t.images * t.rows * g->across;
  return t;
}

/* One channel of a unit's images with what its patches of `size` need around it, as zeros where the
 * source has nothing. */
typedef struct padded {
  vs_planes src;
  int64_t channels, high, wide, pad[2], size; /* of the source; size: 4 or 6 */
  int64_t rows, row, plane, all;              /* of the copy: plane an image's, all of a channel */
} padded;

static padded padded_of(const grid *g, vs_planes src, bool result) {
  padded p = {.src = src, .size = result ? TILE : PATCH};
  const int64_t *of = result ? g->dst : g->src;
  p.channels = result ? g->to : g->from, p.high = of[0], p.wide = of[1];
  if (!result) p.pad[0] = g->pad[0], p.pad[1] = g->pad[1];
  p.rows = g->rows * TILE + p.size - TILE;
  p.row = g->across * TILE + p.size - TILE;
  p.plane = p.rows * p.row;
  p.all = g->images * p.plane;
  return p;
}

static void load(const padded *p, unit t, int64_t channel, vs_real *to) {
  int64_t left = p->pad[1], n = VS_MIN(p->wide, p->row - left);
  for (int64_t b = 0; b < t.images; b++) {
    int64_t from = ((t.b + b) * p->channels + channel) * p->high * p->wide;
    for (int64_t i = 0; i < p->rows; i++, to += p->row) {
      int64_t y = t.first * TILE - p->pad[0] + i;
      bool real = y >= 0 && y < p->high;
      for (int64_t j = 0; j < (real ? left : p->row); j++) to[j] = 0;
      if (!real) continue;
      vs_planes_copy(p->src, from + y * p->wide, n, to + left);
      for (int64_t j = left + n; j < p->row; j++) to[j] = 0;
    }
  }
}

/* Where in the copy tiles begin; those up to a multiple of `width` begin where the last does. */
static void find_tiles(const grid *g, const padded *p, int64_t width, int64_t *off) {
  int64_t n = 0;
  for (int64_t b = 0; b < g->images; b++)
    for (int64_t i = 0; i < g->rows; i++)
      for (int64_t j = 0; j < g->across; j++) off[n++] = b * p->plane + (i * p->row + j) * TILE;
  for (; n < VS_ROUND_UP(g->most, width); n++) off[n] = off[n - 1];
}

/* ---- scratch ---- */

typedef struct job {
  grid g;
  unit t;
  const vs_kernels_gemm *gemm;
  const vs_kernels_winograd *kern;
  padded source, result; /* result: of dy, for dw */
  bool turned;           /* w is [from, to, taps] rather than [to, from, taps]: for dx */
  const vs_real *w, *bias;
  vs_planes dst; /* y or dx */
  vs_real *dw;
  vs_real *left, *right;             /* U or D, V */
  vs_real *sums;                     /* M or N */
  int64_t left_step, right_step, ld; /* ld: places of a row of sums */
  int64_t *off, *result_off;
  vs_winograd_tile *tile;
  vs_real *buffers;     /* a thread's: `buffer` numbers */
  int64_t buffer, kept; /* kept: of those, for sums */
  bool again;           /* sums are added to */
} job;

typedef struct piece {
  void *at; /* the pointer to set */
  size_t bytes;
} piece;

/* Takes scratch for all pieces; false while it is counted. */
static bool divide(piece *p, int n, vs_scratch *s) {
  size_t all = 0;
  for (int i = 0; i < n; i++) all += (p[i].bytes + 63) / 64 * 64;
  char *at = vs_scratch_take(s, all);
  if (at == NULL) return false;
  for (int i = 0; i < n; i++) {
    memcpy(p[i].at, &at, sizeof at);
    at += (p[i].bytes + 63) / 64 * 64;
  }
  return true;
}

static size_t reals(int64_t n) { return (size_t)n * sizeof(vs_real); }

/* ---- y, dx ---- */

/* U of the channels from o on, up to n of them, in left panels. */
static void transform_weights_of(const job *k, int64_t o, int64_t n, vs_real *to, int64_t step) {
  int64_t lanes = k->kern->lanes, from = k->g.from;
  for (int64_t i = 0; i < n; i += lanes)
    k->kern->weight((int)VS_MIN(lanes, n - i), from,
                    k->w + (k->turned ? o + i : (o + i) * from) * TAPS,
                    (k->turned ? 1 : from) * TAPS, (k->turned ? k->g.to : 1) * TAPS, k->turned,
                    to + i * from, step, (int)lanes, 0);
}

static void transform_weights(void *arg, int64_t first, int64_t last, int slot) {
  const job *k = arg;
  int64_t lanes = k->kern->lanes, o = first * lanes;
  (void)slot;
  transform_weights_of(k, o, VS_MIN(last * lanes, k->g.to) - o, k->left + o * k->g.from,
                       k->left_step);
}

static void transform_source(void *arg, int64_t first, int64_t last, int slot) {
  const job *k = arg;
  int64_t cols = k->gemm->cols, from = k->g.from;
  vs_real *buffer = k->buffers + slot * k->buffer;
  for (int64_t c = first; c < last && !vs_interrupted(); c++) {
    load(&k->source, k->t, c, buffer);
    for (int64_t p = 0; p < k->t.tiles; p += cols)
      k->kern->input(VS_ROUND_UP(VS_MIN(cols, k->t.tiles - p), k->kern->lanes), buffer, k->off + p,
                     k->source.row, k->right + p * from + c * cols, k->right_step);
  }
}

/* c = a b + beta c for m channels of the result, in left panels of `lanes`. */
static void multiply(const job *k, int64_t m, int64_t n, int64_t units, const vs_real *a,
                     const vs_real *b, vs_real beta, vs_real *c, int64_t ldc) {
  int64_t lanes = k->kern->lanes, cols = k->gemm->cols;
  for (int64_t i = 0; i < m; i += lanes)
    k->gemm->multiply(VS_MIN(lanes, m - i), n, units, (vs_side){a + i * units, 1, lanes, 0},
                      (vs_side){b, 1, cols, units * cols}, 1, beta, NULL, c + i * ldc, ldc, NULL,
                      0);
}

static void make_result(void *arg, int64_t first, int64_t last, int slot) {
  const job *k = arg;
  const grid *g = &k->g;
  vs_real *sums = k->buffers + slot * k->buffer, *own = sums + k->kept;
  int64_t own_step = CHUNK * g->from + APART, row = VS_WINOGRAD * k->ld;
  for (int64_t i = first; i < last && !vs_interrupted(); i++) {
    int64_t o = i * CHUNK, n = VS_MIN(CHUNK, g->to - o);
    if (k->left == NULL) transform_weights_of(k, o, n, own, own_step);
    for (int64_t c = 0; c < VS_WINOGRAD; c++)
      multiply(k, n, k->t.tiles, g->from,
               k->left ? k->left + c * k->left_step + o * g->from : own + c * own_step,
               k->right + c * k->right_step, 0, sums + c * k->ld, row);
    for (int64_t q = 0; q < n; q++) {
      int64_t at = (k->t.b * g->to + o + q) * g->dst[0] * g->dst[1];
      void *to = k->dst.bf16 ? (void *)((uint16_t *)k->dst.at + at) : (vs_real *)k->dst.at + at;
      k->kern->output(k->t.tiles, sums + q * row, k->ld, k->bias ? k->bias[o + q] : 0, k->tile, to,
                      k->dst.bf16, g->dst[1]);
    }
  }
}

/* Where the tiles of the unit go, from the channel's plane in its first image. */
static void place_tiles(job *k) {
  const grid *g = &k->g;
  vs_winograd_tile *t = k->tile;
  for (int64_t b = 0; b < k->t.images; b++)
    for (int64_t i = k->t.first; i < k->t.first + k->t.rows; i++)
      for (int64_t j = 0; j < g->across; j++, t++) {
        t->at = b * g->to * g->dst[0] * g->dst[1] + (i * g->dst[1] + j) * TILE;
        t->rows = (int)VS_MIN(TILE, g->dst[0] - i * TILE);
        t->cols = (int)VS_MIN(TILE, g->dst[1] - j * TILE);
      }
  for (; (t - k->tile) % k->kern->lanes != 0; t++) t->rows = 0;
}

static int run(job *k, vs_scratch *s) {
  grid *g = &k->g;
  cut(g, UNIT_BYTES);
  k->gemm = vs_k_gemm(), k->kern = vs_k_winograd();
  int64_t lanes = k->kern->lanes, cols = k->gemm->cols, n = VS_ROUND_UP(g->most, cols);
  bool once = g->units == 1; /* kernels are transformed where they are used */
  k->source = padded_of(g, k->source.src, false);
  k->kept = VS_WINOGRAD * CHUNK * odd(g->most, lanes);
  k->buffer = k->kept + (once ? VS_WINOGRAD * (CHUNK * g->from + APART) : 0);
  k->buffer = VS_MAX(k->buffer, k->source.all);
  k->left_step = VS_ROUND_UP(g->to, lanes) * g->from + APART;
  piece pieces_of[] = {{&k->left, reals(once ? 0 : VS_WINOGRAD * k->left_step)},
                       {&k->right, reals(VS_WINOGRAD * (n * g->from + APART))},
                       {&k->off, (size_t)n * sizeof *k->off},
                       {&k->tile, (size_t)n * sizeof *k->tile},
                       {&k->buffers, reals(vs_num_threads() * k->buffer)}};
  if (!divide(pieces_of, VS_COUNT(pieces_of), s)) return 0;
  if (once) k->left = NULL;
  find_tiles(g, &k->source, cols, k->off);
  if (!once)
    vs_parallel(VS_PIECES(g->to, lanes), 4096 / (g->from * lanes) + 1, transform_weights, k);
  for (int64_t u = 0; u < g->units; u++) {
    k->t = unit_at(g, u);
    k->right_step = VS_ROUND_UP(k->t.tiles, cols) * g->from + APART;
    k->ld = odd(k->t.tiles, lanes);
    place_tiles(k);
    vs_parallel(g->from, 1024 / k->t.tiles + 1, transform_source, k);
    vs_parallel(VS_PIECES(g->to, CHUNK), 1, make_result, k);
  }
  return 0;
}

int vs_winograd_forward(const vs_conv *c, vs_planes x, const vs_real *w, const vs_real *bias,
                        vs_planes y, vs_scratch *s) {
  job k = {.g = {.batch = c->batch, .from = c->from, .to = c->to}, .w = w, .bias = bias, .dst = y};
  for (int d = 0; d < 2; d++)
    k.g.src[d] = c->in[d], k.g.dst[d] = c->out[d], k.g.pad[d] = c->padding[d];
  k.source.src = x;
  return run(&k, s);
}

int vs_winograd_input(const vs_conv *c, const vs_real *dy, const vs_real *w, vs_real *dx,
                      vs_scratch *s) {
  job k = {.g = {.batch = c->batch, .from = c->to, .to = c->from}, .w = w, .dst = {dx, false}};
  for (int d = 0; d < 2; d++)
    k.g.src[d] = c->out[d], k.g.dst[d] = c->in[d], k.g.pad[d] = 2 - c->padding[d];
  k.source.src = (vs_planes){(void *)dy, false};
  k.turned = true;
  return run(&k, s);
}

/* ---- dw ---- */

/* Channels c.. of a source, `lanes` of them side by side in the buffer; where each lane's begins.
 * Lanes without a channel read the last one. */
static void load_lanes(const job *k, const padded *p, int64_t c, vs_real *buffer, int64_t *lane) {
  int64_t n = VS_MIN(k->kern->lanes, p->channels - c);
  for (int64_t i = 0; i < n; i++) load(p, k->t, c + i, buffer + i * p->all);
  for (int64_t i = 0; i < k->kern->lanes; i++) lane[i] = VS_MIN(i, n - 1) * p->all;
}

enum { MOST_LANES = 64 };

static void transform_lanes(void *arg, int64_t first, int64_t last, int slot) {
  const job *k = arg;
  int64_t lanes = k->kern->lanes, cols = k->gemm->cols, n = k->t.tiles;
  int64_t groups = VS_PIECES(k->g.from, lanes), lane[MOST_LANES];
  vs_real *buffer = k->buffers + slot * k->buffer;
  for (int64_t i = first; i < last && !vs_interrupted(); i++) {
    bool result = i >= groups;
    int64_t c = (result ? i - groups : i) * lanes;
    load_lanes(k, result ? &k->result : &k->source, c, buffer, lane);
    for (int64_t p = 0; p < n; p++)
      if (result)
        k->kern->gradient(buffer + k->result_off[p], lane, k->result.row,
                          k->left + c * n + p * lanes, k->left_step, (int)lanes, 0);
      else
        k->kern->input(lanes, buffer + k->off[p], lane, k->source.row,
                       k->right + c / cols * cols * n + p * cols + c % cols, k->right_step);
  }
}

/* Adds the unit to sums; where it is the only one, to sums of the thread's own, and on to dw. */
static void multiply_over_tiles(void *arg, int64_t first, int64_t last, int slot) {
  const job *k = arg;
  int64_t from = k->g.from, n = k->t.tiles, row = VS_WINOGRAD * k->ld, lanes = k->kern->lanes;
  for (int64_t i = first; i < last && !vs_interrupted(); i++) {
    int64_t o = i * CHUNK, many = VS_MIN(CHUNK, k->g.to - o);
    vs_real *sums = k->sums ? k->sums + o * row : k->buffers + slot * k->buffer;
    for (int64_t c = 0; c < VS_WINOGRAD; c++)
      multiply(k, many, from, n, k->left + c * k->left_step + o * n, k->right + c * k->right_step,
               k->again, sums + c * k->ld, row);
    if (k->t.b + k->t.images < k->g.batch || k->t.first + k->t.rows < k->g.down) continue;
    for (int64_t q = 0; q < many; q++) /* the last unit */
      for (int64_t c = 0; c < from; c += lanes)
        k->kern->weight_gradient((int)VS_MIN(lanes, from - c), sums + q * row + c, k->ld,
                                 k->dw + ((o + q) * from + c) * TAPS);
  }
}

int vs_winograd_weight(const vs_conv *c, vs_planes x, const vs_real *dy, vs_real *dw,
                       vs_scratch *s) {
  job k = {.g = {.batch = c->batch, .from = c->from, .to = c->to}, .dw = dw};
  grid *g = &k.g;
  for (int d = 0; d < 2; d++)
    g->src[d] = c->in[d], g->dst[d] = c->out[d], g->pad[d] = c->padding[d];
  cut(g, WEIGHT_UNIT_BYTES);
  k.gemm = vs_k_gemm(), k.kern = vs_k_winograd();
  k.source = padded_of(g, x, false), k.result = padded_of(g, (vs_planes){(void *)dy, false}, true);
  int64_t lanes = k.kern->lanes, cols = k.gemm->cols, from = VS_ROUND_UP(g->from, cols);
  bool once = g->units == 1;
  k.ld = odd(g->from, lanes);
  k.buffer =
      VS_MAX(lanes * VS_MAX(k.source.all, k.result.all), once ? VS_WINOGRAD * CHUNK * k.ld : 0);
  piece pieces_of[] = {
      {&k.left, reals(VS_WINOGRAD * (VS_ROUND_UP(g->to, lanes) * g->most + APART))},
      {&k.right, reals(VS_WINOGRAD * (from * g->most + APART))},
      {&k.sums, reals(once ? 0 : VS_WINOGRAD * k.ld * g->to)},
      {&k.off, (size_t)g->most * sizeof *k.off},
      {&k.result_off, (size_t)g->most * sizeof *k.result_off},
      {&k.buffers, reals(vs_num_threads() * k.buffer)}};
  if (!divide(pieces_of, VS_COUNT(pieces_of), s)) return 0;
  if (once) k.sums = NULL;
  find_tiles(g, &k.source, 1, k.off);
  find_tiles(g, &k.result, 1, k.result_off);
  for (int64_t u = 0; u < g->units; u++) {
    k.t = unit_at(g, u), k.again = u > 0;
    k.left_step = VS_ROUND_UP(g->to, lanes) * k.t.tiles + APART;
    k.right_step = from * k.t.tiles + APART;
    vs_parallel(VS_PIECES(g->from, lanes) + VS_PIECES(g->to, lanes), 1, transform_lanes, &k);
    vs_parallel(VS_PIECES(g->to, CHUNK), 1, multiply_over_tiles, &k);
  }
  return 0;
}
