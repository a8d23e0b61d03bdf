/* Matrix products by precision.  See gemm.h.
 *
 * C is cut into one rectangle a thread.  A thread goes over its rectangle in blocks: a block of B
 * is packed, then blocks of A one after the other, each multiplied with it while A's lies in the
 * second-level cache.  An element of C is summed in the order of k, cut into pieces by k alone, so
 * that rectangles and blocks change no number. */
#include "op/gemm.h"

#include <string.h>

#include "core/blas.h"
#include "core/tensor.h"
#include "core/thread.h"
#include "kernel/elementwise.h"
#include "kernel/gemm.h"

static vs_products products;
static bool force_plain, force_split, force_own, force_tiles;

vs_products vs_products_now(void) { return products; }
void vs_products_set(vs_products p) { products = p; }
vs_precision vs_matmul_precision(void) {
  return products.autocast ? VS_MEDIUM : products.precision;
}

void vs_gemm_force(bool plain, bool split, bool own, bool tiles) {
  force_plain = plain, force_split = split, force_own = own, force_tiles = tiles;
}

enum { BLOCK_M = 480, BLOCK_N = 960, BLOCK_K = 512 }; /* packed at a time */
enum { STRIP = 4 * BLOCK_M };                         /* rows of sums that wait to be rounded */
enum { GRAIN = 1 << 20 };                             /* multiply-adds that are worth a thread */
/* Worth packing: found beside OpenBLAS, the same for all. */
enum { LEAST_M = 4, LEAST_N = 24, LEAST_K = 32, LEAST_WORK = 1 << 18, LEAST_ROUNDED = 1 << 16 };
enum { FEW_ROWS = 128, FEW_K = 2048, FEWEST_ROWS = 24, DOTS = 4 };

vs_dtype vs_product_dtype(void) {
#ifdef VS_DOUBLE
  return VS_REAL;
#else
  return products.autocast ? VS_BFLOAT16 : VS_REAL;
#endif
}

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
  if (vs_matmul_precision() == VS_MEDIUM) return VS_GEMM_ROUNDED;
  if (products.precision == VS_HIGH && split_pays()) return VS_GEMM_SPLIT;
  return own() ? VS_GEMM_WHOLE : VS_GEMM_BLAS;
}

static const vs_kernels_gemm *kernel_of(vs_gemm_way way) {
  if (way == VS_GEMM_WHOLE || force_plain) return vs_k_gemm();
  if (force_tiles && vs_has_bf16()) return &vs_kernels_gemm_tiles;
  if (vs_has_amx()) return &vs_kernels_gemm_amx;
  return vs_has_bf16() ? &vs_kernels_gemm_avx512bf16 : vs_k_gemm();
}

#endif

/* How many units a value becomes; they lie behind each other in a panel. */
static int parts_of(vs_gemm_way way) { return way == VS_GEMM_SPLIT ? 3 : 1; }

static bool large_enough(vs_gemm_way way, int64_t m, int64_t n, int64_t k) {
  if (force_own) return m > 0 && n > 0 && k > 0;
  return m >= LEAST_M && n >= LEAST_N && k >= LEAST_K &&
         (double)m * (double)n * (double)k >= (way == VS_GEMM_ROUNDED ? LEAST_ROUNDED : LEAST_WORK);
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

/* Values along k in a block. */
static int64_t block_of(vs_gemm_way way, int64_t k) {
  const vs_kernels_gemm *kern = kernel_of(way);
  int64_t step = kern->values * kern->along;
  return even(VS_MAX(k, 1), BLOCK_K * kern->values / parts_of(way) / step * step, step);
}

/* Sums that are rounded to bfloat16 once all blocks of k are in. */
static int64_t waiting(vs_gemm_way way, int64_t m, int64_t n, int64_t k) {
  return k > block_of(way, k) ? VS_ROUND_UP(VS_MIN(m, STRIP) * VS_MIN(n, BLOCK_N), 16) : 0;
}

/* Fills in all of the room but its memory; how much that is. */
static size_t measure(vs_gemm_room *room, int shares, int64_t m, int64_t n, int64_t k, bool bf16) {
  *room = (vs_gemm_room){.way = way_now()};
  if (m == 0 || n == 0 || k == 0) return 0;
  if (!bf16 && (room->way == VS_GEMM_BLAS || !large_enough(room->way, m, n, k))) return 0;
  if (room->way == VS_GEMM_BLAS) room->way = VS_GEMM_WHOLE;
  const vs_kernels_gemm *kern = kernel_of(room->way);
  int parts = parts_of(room->way);
  int64_t units = VS_MIN(VS_PIECES(k * parts, kern->values), BLOCK_K) + parts * kern->along;
  int64_t places = VS_MIN(VS_ROUND_UP(m, kern->rows), BLOCK_M);
  places += VS_MIN(VS_ROUND_UP(n, kern->cols), BLOCK_N);
  int64_t most = places * units;
  if (bf16) most += waiting(room->way, m, n, k);
  room->threads = shares == 1 ? threads_for(m, n, k) : 1;
  if (room->way == VS_GEMM_WHOLE) /* all of A, where it has few rows */
    most = VS_MAX(most, VS_ROUND_UP(VS_MIN(m, FEW_ROWS), kern->cols) * VS_MIN(k, FEW_K));
  room->bytes = (size_t)VS_ROUND_UP(most * (int64_t)sizeof(vs_real), 64);
  room->share = (size_t)room->threads * room->bytes;
  if (bf16 && own()) /* few rows of A and C in full: multiply_rows */
    room->share = VS_MAX(room->share, (size_t)(VS_MIN(m, FEWEST_ROWS) * (k + n)) * sizeof(vs_real));
  room->share = VS_ROUND_UP(room->share, 64);
  return (size_t)shares * room->share;
}

size_t vs_gemm_bytes(int shares, int64_t m, int64_t n, int64_t k, bool bf16) {
  vs_gemm_room room;
  return measure(&room, shares, m, n, k, bf16);
}

void vs_gemm_open(vs_gemm_room *room, void *memory, int shares, int64_t m, int64_t n, int64_t k,
                  bool bf16) {
  room->panels = measure(room, shares, m, n, k, bf16) > 0 ? memory : NULL;
}

vs_gemm_room vs_gemm_share(const vs_gemm_room *room, int part) {
  vs_gemm_room share = *room;
  if (share.panels != NULL) share.panels += (size_t)part * room->share;
  return share;
}

/* ---- panels ---- */

typedef struct product {
  const vs_kernels_gemm *kern;
  vs_gemm_way way;
  int64_t m, n, k;
  vs_real alpha, beta;
  vs_matrix a, b, c;
  const vs_real *bias;
  int64_t a_row, a_step, b_step, b_column; /* distances in A and B; step: along k */
  int64_t block_k;                         /* values along k in a block */
  const vs_real *right; /* all of B in panels, block of k by block of k; NULL: packed as needed */
  int tall, wide;       /* rectangles: tall * wide */
  char *panels;
  size_t bytes;
} product;

static product product_of(vs_gemm_way way, int64_t n, int64_t k, vs_matrix b) {
  product p = {.kern = kernel_of(way), .way = way, .n = n, .k = k, .b = b};
  p.b_step = b.turned ? 1 : b.ld, p.b_column = b.turned ? b.ld : 1;
  p.block_k = block_of(way, k);
  return p;
}

static bool is_bf16(const product *p) { return p->a.bf16 || p->b.bf16 || p->c.bf16; }

/* The element of A, or of B, at that place and that value along k. */
static void *left_at(const product *p, int64_t place, int64_t value) {
  int64_t at = place * p->a_row + value * p->a_step;
  return p->a.bf16 ? (void *)((uint16_t *)p->a.at + at) : (vs_real *)p->a.at + at;
}

static void *right_at(const product *p, int64_t place, int64_t value) {
  int64_t at = place * p->b_column + value * p->b_step;
  return p->b.bf16 ? (void *)((uint16_t *)p->b.at + at) : (vs_real *)p->b.at + at;
}

/* Of one part of k values; of all parts. */
static int64_t units_each(const product *p, int64_t k) {
  return VS_ROUND_UP(VS_PIECES(k, p->kern->values), p->kern->along);
}
static int64_t units_of(const product *p, int64_t k) { return units_each(p, k) * parts_of(p->way); }

/* n places from `place` on of one side, k values from `value` on. */
static void pack(const product *p, bool right, int64_t place, int64_t n, int64_t value, int64_t k,
                 vs_real *to) {
  static const vs_part split[2][3] = {{VS_PART_HIGH, VS_PART_FINITE, VS_PART_LOW},
                                      {VS_PART_HIGH, VS_PART_LOW, VS_PART_FINITE}};
  const void *src = right ? right_at(p, place, value) : left_at(p, place, value);
  int64_t row = right ? p->b_column : p->a_row, step = right ? p->b_step : p->a_step;
  bool bf16 = right ? p->b.bf16 : p->a.bf16;
  int64_t units = units_of(p, k), each = units_each(p, k);
  int width = right ? p->kern->cols : p->kern->rows;
  vs_part one = p->way == VS_GEMM_WHOLE ? VS_PART_WHOLE : VS_PART_ROUNDED;
  for (int i = 0; i < parts_of(p->way); i++)
    p->kern->pack(n, k, src, bf16, row, step, right,
                  p->way == VS_GEMM_SPLIT ? split[right][i] : one, units, to + i * each * width);
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
      pack(p, true, j, VS_MIN(p->kern->cols, p->n - j), s, VS_MIN(p->block_k, p->k - s),
           (vs_real *)(void *)p->panels + held_at(p, j, s));
}

size_t vs_gemm_held_bytes(int64_t m, int64_t n, int64_t k) {
  vs_gemm_room room;
  if (measure(&room, 1, m, n, k, false) == 0) return 0;
  product p = product_of(room.way, n, k, (vs_matrix){0});
  size_t size = (size_t)VS_ROUND_UP(n, p.kern->cols) * (size_t)units_of(&p, k);
  return VS_ROUND_UP(size * sizeof(vs_real), 64);
}

void vs_gemm_hold(vs_gemm_room *room, void *memory, bool tb, int64_t n, int64_t k, const vs_real *b,
                  int64_t ldb) {
  if (room->panels == NULL) return;
  product p = product_of(room->way, n, k, (vs_matrix){(void *)b, ldb, tb, false});
  room->right = p.panels = memory;
  vs_parallel(VS_PIECES(n, p.kern->cols), GRAIN / 32 / VS_MAX(1, k) + 1, hold_panels, &p);
}

/* ---- one rectangle ---- */

static void rectangle(const product *p, int64_t m0, int64_t m1, int64_t n0, int64_t n1,
                      vs_real *panels) {
  const vs_kernels_gemm *kern = p->kern;
  int64_t bm = even(m1 - m0, BLOCK_M, kern->rows), bn = even(n1 - n0, BLOCK_N, kern->cols);
  for (int64_t j = n0; j < n1; j += bn)
    for (int64_t s = 0; s < p->k && !vs_interrupted(); s += p->block_k) {
      int64_t n = VS_MIN(bn, n1 - j), k = VS_MIN(p->block_k, p->k - s), units = units_of(p, k);
      bool last = s + p->block_k >= p->k;
      vs_real *left = panels, *sums = panels;
      const vs_real *right = p->right + (p->right ? held_at(p, j, s) : 0);
      if (p->c.bf16) left += waiting(p->way, m1 - m0, n, p->k);
      if (p->right == NULL) {
        right = left;
        pack(p, true, j, n, s, k, left);
        left += VS_ROUND_UP(n, kern->cols) * units;
      }
      for (int64_t i = m0; i < m1 && !vs_interrupted(); i += bm) {
        int64_t m = VS_MIN(bm, m1 - i);
        vs_real *c = p->c.bf16 ? sums + (i - m0) * n : (vs_real *)p->c.at + i * p->c.ld + j;
        uint16_t *out = p->c.bf16 && last ? (uint16_t *)p->c.at + i * p->c.ld + j : NULL;
        pack(p, false, i, m, s, k, left);
        kern->multiply(m, n, units, left, right, p->alpha, s == 0 ? p->beta : 1,
                       s == 0 && p->bias ? p->bias + j : NULL, c, p->c.bf16 ? n : p->c.ld, out,
                       p->c.ld);
      }
    }
}

static void rectangles(void *arg, int64_t first, int64_t last, int part) {
  const product *p = arg;
  int64_t rows = p->kern->rows, cols = p->kern->cols;
  int64_t down = VS_PIECES(p->m, rows), across = VS_PIECES(p->n, cols); /* tiles */
  for (int64_t r = first; r < last && !vs_interrupted(); r++) {
    int64_t i = r / p->wide, j = r % p->wide;
    int64_t last_row = VS_MIN(down * (i + 1) / p->tall * rows, p->m);
    int64_t strip = p->c.bf16 && p->k > p->block_k ? STRIP : p->m;
    for (int64_t row = down * i / p->tall * rows; row < last_row; row += strip)
      rectangle(p, row, VS_MIN(row + strip, last_row), across * j / p->wide * cols,
                VS_MIN(across * (j + 1) / p->wide * cols, p->n),
                (vs_real *)(void *)(p->panels + (size_t)part * p->bytes));
  }
}

/* ---- few rows ---- */

/* x w^T of few rows x: packing w would take as long as the product, so it stays as it lies. */
static bool few_rows(const product *p) {
  return p->way == VS_GEMM_WHOLE && !is_bf16(p) && p->right == NULL && p->b_step == 1 &&
         p->a_step == 1 && p->alpha == 1 && p->beta == 0 && p->m <= FEW_ROWS && p->k <= FEW_K;
}

static void turned_columns(void *arg, int64_t first, int64_t last, int part) {
  const product *p = arg;
  int64_t j = first * p->kern->rows, n = VS_MIN(last * p->kern->rows, p->n) - j;
  (void)part;
  p->kern->multiply_turned(p->m, n, p->k, (const vs_real *)(const void *)p->panels,
                           right_at(p, j, 0), p->b_column, p->bias ? p->bias + j : NULL,
                           (vs_real *)p->c.at + j, p->c.ld);
}

static void multiply_few(product *p, int threads) {
  int64_t tiles = VS_PIECES(p->n, p->kern->rows);
  p->kern->pack(p->m, p->k, p->a.at, false, p->a_row, 1, true, VS_PART_WHOLE, p->k,
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

/* x w^T of so few rows that w, in full, is best read once, where it lies. */
static bool so_few(const product *p) {
  int64_t most = p->right ? LEAST_M - 1 : FEWEST_ROWS;
  return own() && !p->b.bf16 && p->a_step == 1 && p->b_step == 1 && p->m > 0 && p->m <= most &&
         p->n > 0 && p->k > 0 && p->alpha == 1;
}

static void dot_columns(void *arg, int64_t first, int64_t last, int part) {
  const product *p = arg;
  int64_t j = first * DOTS, n = VS_MIN(last * DOTS, p->n) - j;
  (void)part;
  p->kern->multiply_dots(p->m, n, p->k, p->a.at, p->a_row, right_at(p, j, 0), p->b_column, p->beta,
                         p->bias ? p->bias + j : NULL, (vs_real *)p->c.at + j, p->c.ld);
}

/* A and C of bfloat16 are full meanwhile, in the room's panels. */
static void multiply_rows(product *p, vs_real *panels) {
  vs_matrix c = p->c;
  if (p->a.bf16) {
    for (int64_t i = 0; i < p->m; i++)
      vs_k_elementwise()->lengthen(p->k, panels + i * p->k, left_at(p, i, 0));
    p->a = (vs_matrix){panels, p->k, false, false}, p->a_row = p->k;
    panels += p->m * p->k;
  }
  if (c.bf16) p->c = (vs_matrix){panels, p->n, false, false};
  p->kern = kernel_of(VS_GEMM_WHOLE);
  vs_parallel(VS_PIECES(p->n, DOTS), GRAIN / 16 / (DOTS * p->k) + 1, dot_columns, p);
  for (int64_t i = 0; c.bf16 && i < p->m; i++)
    vs_k_elementwise()->shorten(p->n, (uint16_t *)c.at + i * c.ld, panels + i * p->n);
}

/* Too little to win by packing: values as they are. */
static void multiply_small(product *p) {
  vs_real *c = p->c.at;
  for (int64_t i = 0; p->bias && i < p->m; i++)
    memcpy(c + i * p->c.ld, p->bias, (size_t)p->n * sizeof *c);
  vs_blas_gemm(p->a.turned, p->b.turned, p->m, p->n, p->k, p->alpha, p->a.at, p->a.ld, p->b.at,
               p->b.ld, p->bias ? 1 : p->beta, c, p->c.ld);
}

/* No products: the bias or nothing, as bfloat16. */
static void put_bias(const product *p) {
  for (int64_t i = 0; i < p->m; i++)
    for (int64_t j = 0; j < p->n; j++)
      ((uint16_t *)p->c.at)[i * p->c.ld + j] = p->bias ? vs_float_to_bf16((float)p->bias[j]) : 0;
}

static void multiply(const vs_gemm_room *room, int64_t m, int64_t n, int64_t k, vs_real alpha,
                     vs_matrix a, vs_matrix b, vs_real beta, const vs_real *bias, vs_matrix c) {
  product p = product_of(room->way, n, k, b);
  p.m = m, p.alpha = alpha, p.beta = beta, p.bias = bias, p.a = a, p.c = c;
  p.a_row = a.turned ? 1 : a.ld, p.a_step = a.turned ? a.ld : 1;
  bool bf16 = is_bf16(&p), nothing = m == 0 || n == 0 || k == 0;
  if (nothing && c.bf16) {
    put_bias(&p);
    return;
  }
  p.right = (const vs_real *)(const void *)room->right;
  bool packs = room->panels != NULL && large_enough(room->way, m, n, k);
  if (!nothing && so_few(&p) && (room->way == VS_GEMM_WHOLE || !packs)) {
    multiply_rows(&p, (vs_real *)(void *)room->panels);
    return;
  }
  if (nothing || !(packs || bf16)) {
    multiply_small(&p);
    return;
  }
  p.panels = room->panels, p.bytes = room->bytes;
  int threads = VS_MIN(room->threads, threads_for(m, n, k));
  if (few_rows(&p)) {
    multiply_few(&p, threads);
    return;
  }
  cut(&p, threads);
  vs_parallel(p.tall * p.wide, 1, rectangles, &p);
}

void vs_gemm_of(const vs_gemm_room *room, int64_t m, int64_t n, int64_t k, vs_real alpha,
                vs_matrix a, vs_matrix b, vs_real beta, vs_matrix c) {
  multiply(room, m, n, k, alpha, a, b, beta, NULL, c);
}

void vs_gemm(const vs_gemm_room *room, bool ta, bool tb, int64_t m, int64_t n, int64_t k,
             vs_real alpha, const vs_real *a, int64_t lda, const vs_real *b, int64_t ldb,
             vs_real beta, vs_real *c, int64_t ldc) {
  multiply(room, m, n, k, alpha, (vs_matrix){(void *)a, lda, ta, false},
           (vs_matrix){(void *)b, ldb, tb, false}, beta, NULL, (vs_matrix){c, ldc, false, false});
}

void vs_gemm_once_of(void *memory, int64_t m, int64_t n, int64_t k, vs_matrix a, vs_matrix b,
                     const vs_real *bias, vs_matrix c) {
  vs_gemm_room room;
  vs_gemm_open(&room, memory, 1, m, n, k, a.bf16 || b.bf16 || c.bf16);
  multiply(&room, m, n, k, 1, a, b, 0, bias, c);
}

void vs_gemm_once(void *memory, bool ta, bool tb, int64_t m, int64_t n, int64_t k, const vs_real *a,
                  int64_t lda, const vs_real *b, int64_t ldb, const vs_real *bias, vs_real *c,
                  int64_t ldc) {
  vs_gemm_once_of(memory, m, n, k, (vs_matrix){(void *)a, lda, ta, false},
                  (vs_matrix){(void *)b, ldb, tb, false}, bias, (vs_matrix){c, ldc, false, false});
}
