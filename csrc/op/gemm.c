/* Matrix products by precision.  See gemm.h.
 *
 * C is cut into one rectangle a thread.  A thread goes over its rectangle in blocks: a block of B
 * is packed, then blocks of A one after the other, each multiplied with it while A's lies in the
 * second-level cache.  An element of C is summed in the order of k, cut into pieces by k alone, so
 * that rectangles and blocks change no number. */
#include "op/gemm.h"

#include <string.h>

#include "core/blas.h"
#include "core/mem.h"
#include "core/tensor.h"
#include "core/thread.h"
#include "kernel/gemm.h"

static vs_precision precision;
static bool force_plain, force_split, force_own, force_tiles;

vs_precision vs_matmul_precision(void) { return precision; }
void vs_set_matmul_precision(vs_precision p) { precision = p; }

void vs_gemm_force(bool plain, bool split, bool own, bool tiles) {
  force_plain = plain, force_split = split, force_own = own, force_tiles = tiles;
}

enum { BLOCK_M = 480, BLOCK_N = 960, BLOCK_K = 512 }; /* packed at a time */
enum { GRAIN = 1 << 20 };                             /* multiply-adds that are worth a thread */
/* Worth packing: found beside OpenBLAS, the same for all. */
enum { LEAST_M = 4, LEAST_N = 24, LEAST_K = 32, LEAST_WORK = 1 << 18 };
enum { FEW_ROWS = 128, FEW_K = 2048, DOTS = 4 };

/* ---- the way of a product ---- */

/* Whether whole values are multiplied by the kernels here: at AVX-512 they are faster than
 * OpenBLAS. */
static bool own(void) { return force_own || vs_isa() >= VS_ISA_AVX512; }

#ifdef VS_DOUBLE

static vs_gemm_way way_now(void) { return own() ? VS_GEMM_WHOLE : VS_GEMM_BLAS; }

static const vs_kernels_gemm *kernel_of(vs_gemm_way way) {
  (void)way, (void)force_plain, (void)force_split, (void)force_tiles;
  return vs_k_gemm();
}

#else

/* Whether three products in bfloat16 take less than one in float32.  With AVX-512 BF16 one takes
 * half as long, so they do not; AMX makes more than ten meanwhile. */
static bool split_pays(void) { return force_split || vs_has_amx(); }

static vs_gemm_way way_now(void) {
  if (precision == VS_MEDIUM) return VS_GEMM_ROUNDED;
  if (precision == VS_HIGH && split_pays()) return VS_GEMM_SPLIT;
  return own() ? VS_GEMM_WHOLE : VS_GEMM_BLAS;
}

static const vs_kernels_gemm *kernel_of(vs_gemm_way way) {
  if (way == VS_GEMM_WHOLE || force_plain) return vs_k_gemm();
  if (force_tiles && vs_has_bf16()) return &vs_kernels_gemm_tiles;
  if (vs_has_amx()) return &vs_kernels_gemm_amx;
  return vs_has_bf16() ? &vs_kernels_gemm_avx512bf16 : vs_k_gemm();
}

#endif

/* How many units a value becomes; they stand behind each other in a panel. */
static int parts_of(vs_gemm_way way) { return way == VS_GEMM_SPLIT ? 3 : 1; }

static bool large_enough(int64_t m, int64_t n, int64_t k) {
  if (force_own) return m > 0 && n > 0 && k > 0;
  return m >= LEAST_M && n >= LEAST_N && k >= LEAST_K &&
         (double)m * (double)n * (double)k >= LEAST_WORK;
}

/* ---- sizes ---- */

/* The size of blocks that cut n evenly: a multiple of `unit`, as is `most`. */
static int64_t even(int64_t n, int64_t most, int64_t unit) {
  return VS_ROUND_UP(VS_PIECES(n, VS_PIECES(n, most)), unit);
}

static int threads_for(int64_t m, int64_t n, int64_t k) {
  double work = (double)m * (double)n * (double)k / GRAIN;
  return vs_parts((int64_t)VS_MIN(work, 1 << 20), 1);
}

int vs_gemm_open(vs_gemm_room *room, int shares, int64_t m, int64_t n, int64_t k) {
  *room = (vs_gemm_room){.way = way_now()};
  if (room->way == VS_GEMM_BLAS || !large_enough(m, n, k)) return 0;
  const vs_kernels_gemm *kern = kernel_of(room->way);
  int parts = parts_of(room->way);
  int64_t units = VS_PIECES(VS_MIN(k * parts, BLOCK_K), kern->values) + parts * kern->along;
  int64_t places = VS_MIN(VS_ROUND_UP(m, kern->rows), BLOCK_M);
  places += VS_MIN(VS_ROUND_UP(n, kern->cols), BLOCK_N);
  int64_t most = places * units;
  room->threads = shares == 1 ? threads_for(m, n, k) : 1;
  if (room->way == VS_GEMM_WHOLE) /* all of A, where it has few rows */
    most = VS_MAX(most, VS_ROUND_UP(VS_MIN(m, FEW_ROWS), kern->cols) * VS_MIN(k, FEW_K));
  room->bytes = (size_t)VS_ROUND_UP(most * (int64_t)sizeof(vs_real), 64);
  room->panels = vs_mem_alloc((size_t)(shares * room->threads) * room->bytes);
  return room->panels ? 0 : -1;
}

void vs_gemm_close(vs_gemm_room *room) {
  vs_mem_free(room->panels);
  vs_mem_free(room->right);
  room->panels = room->right = NULL;
}

vs_gemm_room vs_gemm_share(const vs_gemm_room *room, int part) {
  vs_gemm_room share = *room;
  if (share.panels != NULL) share.panels += (size_t)(part * room->threads) * room->bytes;
  return share;
}

/* ---- panels ---- */

typedef struct product {
  const vs_kernels_gemm *kern;
  vs_gemm_way way;
  int64_t m, n, k;
  vs_real alpha, beta;
  const vs_real *a, *b, *bias;
  int64_t a_row, a_step, b_step, b_column; /* distances in A and B; step: along k */
  vs_real *c;
  int64_t ldc;
  int64_t block_k;      /* values along k in a block */
  const vs_real *right; /* all of B in panels, block of k by block of k; NULL: packed as needed */
  int tall, wide;       /* rectangles: tall * wide */
  char *panels;
  size_t bytes;
} product;

static product product_of(vs_gemm_way way, bool tb, int64_t n, int64_t k, const vs_real *b,
                          int64_t ldb) {
  const vs_kernels_gemm *kern = kernel_of(way);
  product p = {.kern = kern, .way = way, .n = n, .k = k, .b = b};
  p.b_step = tb ? 1 : ldb, p.b_column = tb ? ldb : 1;
  int64_t step = kern->values * kern->along;
  p.block_k = even(k, BLOCK_K / parts_of(way) / step * step, step);
  return p;
}

/* Of one part of k values; of all parts. */
static int64_t units_each(const product *p, int64_t k) {
  return VS_ROUND_UP(VS_PIECES(k, p->kern->values), p->kern->along);
}
static int64_t units_of(const product *p, int64_t k) { return units_each(p, k) * parts_of(p->way); }

/* One side of a block. */
static void pack(const product *p, bool right, int64_t n, int64_t k, const vs_real *src,
                 vs_real *to) {
  static const vs_part split[2][3] = {{VS_PART_HIGH, VS_PART_FINITE, VS_PART_LOW},
                                      {VS_PART_HIGH, VS_PART_LOW, VS_PART_FINITE}};
  int64_t place = right ? p->b_column : p->a_row, step = right ? p->b_step : p->a_step;
  int64_t units = units_of(p, k), each = units_each(p, k);
  int width = right ? p->kern->cols : p->kern->rows;
  vs_part one = p->way == VS_GEMM_WHOLE ? VS_PART_WHOLE : VS_PART_ROUNDED;
  for (int i = 0; i < parts_of(p->way); i++)
    p->kern->pack(n, k, src, place, step, right, p->way == VS_GEMM_SPLIT ? split[right][i] : one,
                  units, to + i * each * width);
}

/* Where the panels of columns from j on, block of k from s on, lie among those of all of B. */
static int64_t held_at(const product *p, int64_t j, int64_t s) {
  return VS_ROUND_UP(p->n, p->kern->cols) * units_of(p, s) +
         j * units_of(p, VS_MIN(p->block_k, p->k - s));
}

static void hold_panels(void *arg, int64_t first, int64_t last, int part) {
  const product *p = arg;
  (void)part;
  for (int64_t i = first; i < last; i++)
    for (int64_t j = i * p->kern->cols, s = 0; s < p->k; s += p->block_k)
      pack(p, true, VS_MIN(p->kern->cols, p->n - j), VS_MIN(p->block_k, p->k - s),
           p->b + j * p->b_column + s * p->b_step, (vs_real *)(void *)p->panels + held_at(p, j, s));
}

int vs_gemm_hold(vs_gemm_room *room, bool tb, int64_t n, int64_t k, const vs_real *b, int64_t ldb) {
  if (room->panels == NULL) return 0;
  product p = product_of(room->way, tb, n, k, b, ldb);
  int64_t size = vs_numel(2, (int64_t[]){VS_ROUND_UP(n, p.kern->cols), units_of(&p, k)});
  if (size < 0) return -1;
  room->right = p.panels = vs_mem_alloc((size_t)size * sizeof(vs_real));
  if (room->right == NULL) return -1;
  vs_parallel(VS_PIECES(n, p.kern->cols), GRAIN / 32 / VS_MAX(1, k) + 1, hold_panels, &p);
  return 0;
}

/* ---- one rectangle ---- */

static void rectangle(const product *p, int64_t m0, int64_t m1, int64_t n0, int64_t n1,
                      vs_real *panels) {
  const vs_kernels_gemm *kern = p->kern;
  int64_t bm = even(m1 - m0, BLOCK_M, kern->rows), bn = even(n1 - n0, BLOCK_N, kern->cols);
  for (int64_t j = n0; j < n1; j += bn)
    for (int64_t s = 0; s < p->k; s += p->block_k) {
      int64_t n = VS_MIN(bn, n1 - j), k = VS_MIN(p->block_k, p->k - s), units = units_of(p, k);
      vs_real *left = panels;
      const vs_real *right = p->right + (p->right ? held_at(p, j, s) : 0);
      if (p->right == NULL) {
        right = panels;
        left = panels + VS_ROUND_UP(n, kern->cols) * units;
        pack(p, true, n, k, p->b + j * p->b_column + s * p->b_step, panels);
      }
      for (int64_t i = m0; i < m1; i += bm) {
        int64_t m = VS_MIN(bm, m1 - i);
        pack(p, false, m, k, p->a + i * p->a_row + s * p->a_step, left);
        kern->multiply(m, n, units, left, right, p->alpha, s == 0 ? p->beta : 1,
                       s == 0 && p->bias ? p->bias + j : NULL, p->c + i * p->ldc + j, p->ldc);
      }
    }
}

static void rectangles(void *arg, int64_t first, int64_t last, int part) {
  const product *p = arg;
  int64_t rows = p->kern->rows, cols = p->kern->cols;
  int64_t down = VS_PIECES(p->m, rows), across = VS_PIECES(p->n, cols); /* tiles */
  for (int64_t r = first; r < last; r++) {
    int64_t i = r / p->wide, j = r % p->wide;
    rectangle(p, down * i / p->tall * rows, VS_MIN(down * (i + 1) / p->tall * rows, p->m),
              across * j / p->wide * cols, VS_MIN(across * (j + 1) / p->wide * cols, p->n),
              (vs_real *)(void *)(p->panels + (size_t)part * p->bytes));
  }
}

/* ---- few rows ---- */

/* x w^T of few rows x: packing w would take as long as the product, so it stays as it lies. */
static bool few_rows(const product *p) {
  return p->way == VS_GEMM_WHOLE && p->right == NULL && p->b_step == 1 && p->a_step == 1 &&
         p->alpha == 1 && p->beta == 0 && p->m <= FEW_ROWS && p->k <= FEW_K;
}

static void turned_columns(void *arg, int64_t first, int64_t last, int part) {
  const product *p = arg;
  int64_t j = first * p->kern->rows, n = VS_MIN(last * p->kern->rows, p->n) - j;
  (void)part;
  p->kern->multiply_turned(p->m, n, p->k, (const vs_real *)(const void *)p->panels,
                           p->b + j * p->b_column, p->b_column, p->bias ? p->bias + j : NULL,
                           p->c + j, p->ldc);
}

static void multiply_few(product *p, int threads) {
  int64_t tiles = VS_PIECES(p->n, p->kern->rows);
  p->kern->pack(p->m, p->k, p->a, p->a_row, 1, true, VS_PART_WHOLE, p->k,
                (vs_real *)(void *)p->panels);
  vs_parallel(tiles, VS_PIECES(tiles, threads), turned_columns, p);
}

/* ---- any product ---- */

/* At most `threads` rectangles of at least a tile, with the least to pack: each row of them packs
 * all of B, each column all of A. */
static void cut(product *p, int threads) {
  int64_t down = VS_PIECES(p->m, p->kern->rows), across = VS_PIECES(p->n, p->kern->cols);
  for (; p->tall == 0; threads--)
    for (int tall = 1; tall <= threads; tall++) {
      int wide = threads / tall;
      if (tall * wide != threads || tall > down || wide > across) continue;
      if (p->tall && p->tall * p->n + p->wide * p->m <= tall * p->n + wide * p->m) continue;
      p->tall = tall, p->wide = wide;
    }
}

/* x w^T of up to three rows: w is read once, and that is the work. */
static bool so_few(bool ta, bool tb, int64_t m, int64_t n, int64_t k, vs_real alpha) {
  return own() && !ta && tb && m > 0 && m < LEAST_M && n > 0 && k > 0 && alpha == 1;
}

static void dot_columns(void *arg, int64_t first, int64_t last, int part) {
  const product *p = arg;
  int64_t j = first * DOTS, n = VS_MIN(last * DOTS, p->n) - j;
  (void)part;
  p->kern->multiply_dots(p->m, n, p->k, p->a, p->a_row, p->b + j * p->b_column, p->b_column,
                         p->beta, p->bias ? p->bias + j : NULL, p->c + j, p->ldc);
}

static void multiply(const vs_gemm_room *room, bool ta, bool tb, int64_t m, int64_t n, int64_t k,
                     vs_real alpha, const vs_real *a, int64_t lda, const vs_real *b, int64_t ldb,
                     vs_real beta, const vs_real *bias, vs_real *c, int64_t ldc) {
  if (so_few(ta, tb, m, n, k, alpha) && (room->way == VS_GEMM_WHOLE || !large_enough(m, n, k))) {
    product p = product_of(VS_GEMM_WHOLE, tb, n, k, b, ldb);
    p.m = m, p.beta = beta, p.bias = bias, p.a = a, p.a_row = lda, p.c = c, p.ldc = ldc;
    vs_parallel(VS_PIECES(n, DOTS), GRAIN / 16 / (DOTS * k) + 1, dot_columns, &p);
    return;
  }
  if (room->panels == NULL || !large_enough(m, n, k)) {
    for (int64_t i = 0; bias && i < m; i++) memcpy(c + i * ldc, bias, (size_t)n * sizeof *c);
    vs_blas_gemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, bias ? 1 : beta, c, ldc);
    return;
  }
  product p = product_of(room->way, tb, n, k, b, ldb);
  p.m = m, p.alpha = alpha, p.beta = beta, p.bias = bias;
  p.a = a, p.a_row = ta ? 1 : lda, p.a_step = ta ? lda : 1;
  p.c = c, p.ldc = ldc, p.panels = room->panels, p.bytes = room->bytes;
  p.right = (const vs_real *)(const void *)room->right;
  int threads = VS_MIN(room->threads, threads_for(m, n, k));
  if (few_rows(&p)) {
    multiply_few(&p, threads);
    return;
  }
  cut(&p, threads);
  vs_parallel(p.tall * p.wide, 1, rectangles, &p);
}

void vs_gemm(const vs_gemm_room *room, bool ta, bool tb, int64_t m, int64_t n, int64_t k,
             vs_real alpha, const vs_real *a, int64_t lda, const vs_real *b, int64_t ldb,
             vs_real beta, vs_real *c, int64_t ldc) {
  multiply(room, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, NULL, c, ldc);
}

int vs_gemm_once(bool ta, bool tb, int64_t m, int64_t n, int64_t k, const vs_real *a, int64_t lda,
                 const vs_real *b, int64_t ldb, const vs_real *bias, vs_real *c, int64_t ldc) {
  vs_gemm_room room;
  if (vs_gemm_open(&room, 1, m, n, k) < 0) return -1;
  multiply(&room, ta, tb, m, n, k, 1, a, lda, b, ldb, 0, bias, c, ldc);
  vs_gemm_close(&room);
  return 0;
}
