/* One matrix product from panels.  See product.h.
 *
 * C is cut into one rectangle a thread, each rectangle into slices of its rows for chunks of its
 * columns.  A thread packs a chunk of B for itself, for what another processor has written is slow
 * to come by, and takes slice after slice; where its own are done, those of others that have not
 * begun.  A slice goes over blocks of the chunk that lie in the second-level cache; a panel of A's
 * rows is packed, or read where it lies, and multiplied with the block while it is in the
 * first-level cache.  Where packing does not pay B is read where it lies, too.  An element of C is
 * summed in the order of k, cut into blocks by k alone, so that chunks, slices and threads change
 * no number. */
#include "op/product.h"

#include <stdatomic.h>
#include <unistd.h>

#include "core/thread.h"

enum { BLOCK_K = 384 };                        /* units of a block */
enum { CHUNK = 1 << 20, CHUNK_K = 3 };         /* units of a chunk, blocks of k */
enum { LEAST_BLOCK = 128, MOST_BLOCK = 1920 }; /* columns of a block */
enum { STRIP = 8, GROUP = VS_GEMM_PANELS };    /* panels of A: whose sums wait; packed at once */
enum { MOST_UNITS = BLOCK_K + 48 };            /* of a panel */
enum { GRAIN = 1 << 19 };                      /* multiply-adds that are worth a thread */
enum { MOST_SLICES = 8, LEAST_SLICE = 16 };    /* of a chunk; panels of A */
/* Columns for which A is read where it lies, rows for which B is: so few do not pay packing. */
enum { LYING_ROWS = 2048, LYING_TURNED = 32, LYING_RIGHT = 112, LYING_COLUMNS = 512 };
enum { LYING_LEAST = 64 };  /* for A's rows where lines of the cache are few */
enum { LYING_CHUNK = 512 }; /* columns taken at a time where nothing is packed */
enum { PERIOD = 512 };      /* rows a multiple of it apart are in few sets of a cache */

/* ---- sizes ---- */

/* The size of blocks that cut n evenly: a multiple of `unit`, as is `most`. */
static int64_t even(int64_t n, int64_t most, int64_t unit) {
  return VS_ROUND_UP(VS_PIECES(n, VS_PIECES(n, most)), unit);
}

/* Values along k in a block. */
static int64_t block_of(const vs_product *p, int64_t k) {
  const vs_kernels_gemm *kern = p->kern;
  int64_t step = kern->values * kern->along;
  return even(VS_MAX(k, 1), BLOCK_K * kern->values / step * step, step);
}

static int64_t second_level_cache(void) {
  static int64_t bytes;
#ifdef _SC_LEVEL2_CACHE_SIZE
  if (bytes == 0) bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
#endif
  return VS_MAX(bytes, 512 << 10);
}

/* The most columns of a block of so many units: half of the cache. */
static int64_t most_columns(const vs_kernels_gemm *kern, int64_t units) {
  int64_t most = second_level_cache() / 2 / (units * (int64_t)sizeof(vs_real));
  most = VS_MIN(VS_MAX(most, LEAST_BLOCK), MOST_BLOCK) / kern->cols;
  return VS_MAX(most, 1) * kern->cols;
}

/* Of k values. */
static int64_t units_for(const vs_product *p, int64_t k) {
  return VS_ROUND_UP(VS_PIECES(k, p->kern->values), p->kern->along);
}

/* Values along k and columns of what is packed at a time: a multiple of a block and of a panel. All
 * of k where sums wait to be rounded. */
static int64_t chunk_values(const vs_product *p, bool waits) {
  return waits ? p->k : VS_MIN(p->k, CHUNK_K * p->block_k);
}

static int64_t chunk_columns(const vs_product *p, bool waits) {
  int64_t cols = p->kern->cols;
  int64_t units = VS_PIECES(chunk_values(p, waits), p->block_k) * units_for(p, p->block_k);
  return VS_MAX(CHUNK / units / cols, 1) * cols;
}

/* Numbers of a thread's own: panels of A, columns of B at an edge, sums that are rounded to
 * bfloat16 once all blocks of k are in. */
static int64_t left_room(const vs_kernels_gemm *kern) {
  return VS_ROUND_UP(GROUP * (kern->rows * MOST_UNITS + VS_GEMM_SPARE), 16);
}
static int64_t edge_room(const vs_kernels_gemm *kern) { return kern->cols * MOST_UNITS; }

static int64_t sums_room(const vs_product *p) {
  if (p->k <= p->block_k) return 0;
  int64_t most = most_columns(p->kern, units_for(p, p->block_k));
  return VS_ROUND_UP(VS_MIN(p->m, STRIP * p->kern->rows) * VS_MIN(p->n, most), 16);
}

/* No product of up to n, k has a larger chunk. */
static int64_t chunk_room(const vs_product *p, bool bf16) {
  const vs_kernels_gemm *kern = p->kern;
  int64_t units = VS_PIECES(p->k, kern->values) + kern->along;
  units += units / BLOCK_K * kern->along;
  if (!bf16) units = VS_MIN(units, CHUNK_K * (BLOCK_K + kern->along));
  int64_t all = VS_ROUND_UP(p->n, kern->cols) * units;
  return VS_ROUND_UP(VS_MIN(all, VS_MAX(CHUNK, kern->cols * units)), 16);
}

int64_t vs_product_own_room(const vs_product *p, bool bf16) {
  return left_room(p->kern) + edge_room(p->kern) + chunk_room(p, bf16) + (bf16 ? sums_room(p) : 0);
}

int64_t vs_product_held_room(const vs_product *p) {
  return VS_ROUND_UP(p->n, p->kern->cols) * units_for(p, p->block_k) * VS_PIECES(p->k, p->block_k);
}

vs_product vs_product_of(const vs_kernels_gemm *kern, vs_gemm_way way, int64_t m, int64_t n,
                         int64_t k, vs_matrix b) {
  vs_product p = {.kern = kern, .way = way, .m = m, .n = n, .k = k, .b = b, .k1 = k};
  p.b_step = b.turned ? 1 : b.ld, p.b_column = b.turned ? b.ld : 1;
  p.block_k = block_of(&p, k);
  return p;
}

/* ---- panels ---- */

/* n places in `panels` panels that are `apart` apart. */
static void pack_left(const vs_product *p, int64_t place, int64_t n, int panels, int64_t value,
                      int64_t k, int64_t apart, vs_real *to) {
  p->kern->pack_left(n, panels, k, vs_product_left(p, place, value), p->a.bf16, p->a_row, p->a_step,
                     p->way != VS_GEMM_WHOLE, apart, to);
}

static vs_side pack_right(const vs_product *p, int64_t place, int64_t n, int64_t value, int64_t k,
                          vs_real *to) {
  p->kern->pack_right(n, k, vs_product_right(p, place, value), p->b.bf16, p->b_column, p->b_step,
                      p->way != VS_GEMM_WHOLE, to);
  return (vs_side){to, 1, p->kern->cols, units_for(p, k) * p->kern->cols};
}

/* Panels of columns j0 to j1, block of k by block of k: those from j on, of the block from s on. */
static vs_side panels_at(const vs_product *p, vs_real *at, int64_t j0, int64_t j1, int64_t j,
                         int64_t s) {
  int64_t units = units_for(p, VS_MIN(p->block_k, p->k1 - s)), cols = p->kern->cols;
  int64_t before = VS_ROUND_UP(j1 - j0, cols) * units_for(p, s - p->k0);
  return (vs_side){at + before + (j - j0) * units, 1, cols, units * cols};
}

/* Columns j to last of those. */
static void pack_columns(const vs_product *p, vs_real *at, int64_t j0, int64_t j1, int64_t j,
                         int64_t last) {
  for (int64_t s = p->k0; s < p->k1 && !vs_interrupted(); s += p->block_k)
    pack_right(p, j, last - j, s, VS_MIN(p->block_k, p->k1 - s),
               (vs_real *)panels_at(p, at, j0, j1, j, s).at);
}

static void hold_columns(void *arg, int64_t first, int64_t last, int slot) {
  const vs_product *p = arg;
  (void)slot;
  pack_columns(p, p->held, 0, p->n, first * p->kern->cols, VS_MIN(last * p->kern->cols, p->n));
}

void vs_product_hold(vs_product *p) {
  vs_parallel(VS_PIECES(p->n, p->kern->cols), GRAIN / 16 / (p->kern->cols * p->k) + 1, hold_columns,
              p);
}

/* ---- slices ---- */

/* m rows, a panel, by n columns of a block, the last ones perhaps from panels of their own. */
static void multiply_panel(const vs_product *p, int64_t i, int64_t m, int64_t j, int64_t n,
                           int64_t s, vs_side left, const vs_side *right, vs_real *c, int64_t ldc) {
  int64_t k = VS_MIN(p->block_k, p->k1 - s), most = n;
  bool last = p->c.bf16 && s + k >= p->k;
  if (right[1].at) most = n / p->kern->cols * p->kern->cols;
  for (int64_t from = 0, to = most; from < n; from = to, to = n, right++)
    if (to > from)
      p->kern->multiply(m, to - from, units_for(p, k), left, *right, p->alpha, s == 0 ? p->beta : 1,
                        s == 0 && p->bias ? p->bias + j + from : NULL, c + from, ldc,
                        last ? (uint16_t *)p->c.at + i * p->c.ld + j + from : NULL, p->c.ld);
}

/* A chunk: columns j0 to j1. */
typedef struct chunk {
  int64_t j0, j1;
  vs_real *panels, *left, *edge, *sums; /* memory of the thread's own */
} chunk;

/* n columns from j on of the block of k from s on; those that fill no panel where B is read as it
 * lies are packed. */
static void right_of(const vs_product *p, const chunk *ch, int64_t j, int64_t n, int64_t s,
                     vs_side *right) {
  int64_t cols = p->kern->cols, full = n / cols * cols;
  right[1] = (vs_side){0};
  if (p->held) {
    right[0] = panels_at(p, p->held, 0, p->n, j, s);
  } else if (!p->right_lies) {
    right[0] = panels_at(p, ch->panels, ch->j0, ch->j1, j, s);
  } else {
    right[0] = (vs_side){(const vs_real *)vs_product_right(p, j, s), 1, p->b_step, cols};
    if (full < n)
      right[1] = pack_right(p, j + full, n - full, s, VS_MIN(p->block_k, p->k1 - s), ch->edge);
  }
}

/* Rows from i on, dealt evenly to panels, by n columns from j on of the block of k from s on. */
static void multiply_group(const vs_product *p, int64_t i, int64_t m, int panels, int64_t j,
                           int64_t n, int64_t s, const vs_side *right, vs_real *to, vs_real *c,
                           int64_t ldc) {
  int64_t k = VS_MIN(p->block_k, p->k1 - s),
          apart = p->kern->rows * units_for(p, k) + VS_GEMM_SPARE;
  if (!p->left_lies) pack_left(p, i, m, panels, s, k, apart, to);
  for (int t = 0; t < panels; t++) {
    int64_t first = m * t / panels, rows = m * (t + 1) / panels - first;
    vs_side left = {to + t * apart, 1, rows, 0};
    if (p->left_lies) left = (vs_side){vs_product_left(p, i + first, s), p->a_row, p->a_step, 0};
    multiply_panel(p, i + first, rows, j, n, s, left, right, c + first * ldc, ldc);
  }
}

/* Rows i0 to i1 of the chunk. */
static void multiply_slice(const vs_product *p, const chunk *ch, int64_t i0, int64_t i1) {
  const vs_kernels_gemm *kern = p->kern;
  int64_t down = VS_PIECES(i1 - i0, kern->rows);
  int64_t bn = even(ch->j1 - ch->j0, most_columns(kern, units_for(p, p->block_k)), kern->cols);
  for (int64_t j = ch->j0; j < ch->j1; j += bn)
    for (int64_t s = p->k0; s < p->k1 && !vs_interrupted(); s += p->block_k) {
      int64_t n = VS_MIN(bn, ch->j1 - j), ldc = p->c.bf16 ? n : p->c.ld;
      vs_side right[2];
      right_of(p, ch, j, n, s, right);
      for (int64_t t = 0; t < down; t += GROUP) {
        int panels = (int)VS_MIN(GROUP, down - t);
        int64_t i = i0 + (i1 - i0) * t / down, next = i0 + (i1 - i0) * (t + panels) / down;
        vs_real *c = p->c.bf16 ? ch->sums + (i - i0) * n : (vs_real *)p->c.at + i * p->c.ld + j;
        multiply_group(p, i, next - i, panels, j, n, s, right, ch->left, c, ldc);
      }
    }
}

/* Slices of rectangle q until none is left to begin. */
static void take_slices(vs_product *p, int q, chunk *ch) {
  int64_t cols = p->kern->cols, across = VS_PIECES(p->n, cols), packed = -1;
  int64_t i0 = p->m * (q / p->wide) / p->tall, i1 = p->m * (q / p->wide + 1) / p->tall;
  int64_t n0 = across * (q % p->wide) / p->wide * cols;
  int64_t n1 = VS_MIN(across * (q % p->wide + 1) / p->wide * cols, p->n);
  int64_t all = VS_PIECES(n1 - n0, p->columns) * p->slices;
  for (;;) {
    int64_t u = atomic_fetch_add_explicit(&p->begun[q], 1, memory_order_relaxed);
    if (u >= all || vs_interrupted()) return;
    int64_t at = u / p->slices, slice = u % p->slices;
    ch->j0 = n0 + at * p->columns, ch->j1 = VS_MIN(ch->j0 + p->columns, n1);
    if (at != packed && !p->held && !p->right_lies)
      pack_columns(p, ch->panels, ch->j0, ch->j1, ch->j0, ch->j1);
    packed = at;
    multiply_slice(p, ch, i0 + (i1 - i0) * slice / p->slices,
                   i0 + (i1 - i0) * (slice + 1) / p->slices);
  }
}

static void multiply_rectangles(void *arg, int64_t first, int64_t last, int slot) {
  vs_product *p = arg;
  int all = p->tall * p->wide;
  chunk ch = {.left = (vs_real *)(void *)(p->own + (size_t)slot * p->each)};
  ch.edge = ch.left + left_room(p->kern), ch.panels = ch.edge + edge_room(p->kern);
  ch.sums = ch.panels + chunk_room(p, p->c.bf16);
  for (int64_t r = first; r < last; r++)
    for (int d = 0; d < all; d++) take_slices(p, (int)(r + d) % all, &ch);
}

void vs_product_cut(vs_product *p) {
  int64_t down = VS_PIECES(p->m, p->kern->rows), across = VS_PIECES(p->n, p->kern->cols);
  double work = (double)p->m * (double)p->n * (double)(p->k1 - p->k0) / GRAIN;
  int threads = VS_MIN(vs_slots((int64_t)VS_MIN(work, 1 << 20), 1), VS_RECTANGLES);
  for (p->tall = 0; p->tall == 0; threads--)
    for (int tall = 1; tall <= threads; tall++) {
      int wide = threads / tall;
      if (tall * wide != threads || tall > down || wide > across) continue;
      if (p->tall && p->tall * p->n + p->wide * p->m <= tall * p->n + wide * p->m) continue;
      p->tall = tall, p->wide = wide;
    }
  int64_t panels = VS_PIECES(p->m, p->kern->rows * p->tall);
  p->slices = p->tall * p->wide == 1 ? 1 : VS_MAX(1, VS_MIN(panels / LEAST_SLICE, MOST_SLICES));
  if (p->c.bf16) p->slices = VS_MAX(p->slices, VS_PIECES(panels, STRIP));
}

static void multiply_chunks(vs_product *p) {
  vs_product_cut(p);
  for (int q = 0; q < p->tall * p->wide; q++) atomic_init(&p->begun[q], 0);
  vs_parallel(p->tall * p->wide, 1, multiply_rectangles, p);
}

/* The most columns, or rows, for which that side stays where it lies. */
static int64_t most_lying(const vs_product *p, bool right) {
  if (right) return p->b_step % PERIOD ? LYING_COLUMNS : LYING_RIGHT;
  if (p->a_row == 1) return LYING_TURNED;
  return p->a_row % (2 * PERIOD) ? LYING_ROWS : LYING_LEAST; /* a panel has few rows */
}

void vs_product_run(vs_product *p) {
  bool whole = p->way == VS_GEMM_WHOLE;
  p->left_lies = whole && !p->a.bf16 && p->n <= most_lying(p, false);
  p->right_lies =
      whole && !p->b.bf16 && !p->held && p->b_column == 1 && p->m <= most_lying(p, true);
  bool all = p->held || p->right_lies; /* nothing is packed chunk by chunk */
  p->columns = all ? LYING_CHUNK : chunk_columns(p, p->c.bf16);
  for (p->k0 = 0; p->k0 < p->k && !vs_interrupted(); p->k0 = p->k1) {
    p->k1 = VS_MIN(p->k0 + (all ? p->k : chunk_values(p, p->c.bf16)), p->k);
    multiply_chunks(p);
  }
}
