/* Matrix products by precision.  See gemm.h. */
#include "op/gemm.h"

#include <string.h>

#include "core/blas.h"
#include "core/tensor.h"
#include "core/thread.h"
#include "kernel/elementwise.h"
#include "op/product.h"

static _Alignas(8) vs_products products;
static bool force_plain, force_own, force_tiles;

vs_products vs_products_now(void) {
  vs_products p;
  __atomic_load(&products, &p, __ATOMIC_RELAXED);
  return p;
}
void vs_products_set(vs_products p) { __atomic_store(&products, &p, __ATOMIC_RELAXED); }
vs_precision vs_matmul_precision(void) {
  vs_products now = vs_products_now();
  return now.autocast ? VS_MEDIUM : now.precision;
}

void vs_gemm_force(bool plain, bool own, bool tiles) {
  force_plain = plain, force_own = own, force_tiles = tiles;
}

enum { GRAIN = 1 << 20 }; /* multiply-adds that are worth a thread */
/* Worth packing: found beside OpenBLAS, the same for all. */
enum {
  LEAST_M = 4,
  LEAST_N = 24,
  LEAST_K = 32,
  LEAST_WORK = 1 << 18,
  LEAST_TURNED = 1 << 16,
  LEAST_ROUNDED = 1 << 16
};
enum { FEW_ROWS = 128, FEW_K = 2048, FEWEST_ROWS = 24, DOTS = 4 };
/* A small product: numbers of B in panels, rows, columns where B is turned; columns for which A's
 * rows may be in few sets of a cache. */
enum { SMALL_B = 1 << 13, SMALL_M = 6, SMALL_N = 64, PERIOD = 512 };

vs_dtype vs_product_dtype(void) {
#ifdef VS_DOUBLE
  return VS_REAL;
#else
  return vs_products_now().autocast ? VS_BFLOAT16 : VS_REAL;
#endif
}

/* ---- the way of a product ---- */

/* Whether whole values are multiplied by the kernels here: at AVX-512 they are faster than
 * OpenBLAS. */
static bool own(void) { return force_own || vs_isa() >= VS_ISA_AVX512; }

#ifdef VS_DOUBLE

static vs_gemm_way way_now(void) { return own() ? VS_GEMM_WHOLE : VS_GEMM_BLAS; }

static const vs_kernels_gemm *kernel_of(vs_gemm_way way) {
  (void)way, (void)force_plain, (void)force_tiles;
  return vs_k_gemm();
}

#else

/* HIGH is float32: three products in bfloat16, which have 16 bits, take longer with AVX-512 BF16,
 * and with AMX too, but for the largest. */
static vs_gemm_way way_now(void) {
  if (vs_matmul_precision() == VS_MEDIUM) return VS_GEMM_ROUNDED;
  return own() ? VS_GEMM_WHOLE : VS_GEMM_BLAS;
}

static const vs_kernels_gemm *kernel_of(vs_gemm_way way) {
  if (way == VS_GEMM_WHOLE || force_plain) return vs_k_gemm();
  if (force_tiles && vs_has_bf16()) return &vs_kernels_gemm_tiles;
  if (vs_has_amx()) return &vs_kernels_gemm_amx;
  return vs_has_bf16() ? &vs_kernels_gemm_avx512bf16 : vs_k_gemm();
}

#endif

/* turned: whether B is stored the other way round, or may be: there smaller ones win. */
static bool large_enough(vs_gemm_way way, int64_t m, int64_t n, int64_t k, bool turned) {
  if (force_own) return m > 0 && n > 0 && k > 0;
  double least = way == VS_GEMM_ROUNDED ? LEAST_ROUNDED : turned ? LEAST_TURNED : LEAST_WORK;
  return m >= LEAST_M && n >= LEAST_N && k >= LEAST_K && (double)m * (double)n * (double)k >= least;
}

/* ---- sizes ---- */

/* Fills in all of the room but its memory; how much that is. */
static size_t measure(vs_gemm_room *room, int shares, int64_t m, int64_t n, int64_t k, bool bf16) {
  *room = (vs_gemm_room){.way = way_now()};
  if (m == 0 || n == 0 || k == 0) return 0;
  if (!bf16 && (room->way == VS_GEMM_BLAS || !large_enough(room->way, m, n, k, true))) return 0;
  if (room->way == VS_GEMM_BLAS) room->way = VS_GEMM_WHOLE;
  const vs_kernels_gemm *kern = kernel_of(room->way);
  vs_product p = vs_product_of(kern, room->way, m, n, k, (vs_matrix){0});
  room->each = (size_t)vs_product_own_room(&p, bf16) * sizeof(vs_real);
  room->share = (size_t)(shares == 1 ? vs_num_threads() : 1) * room->each;
  if (room->way == VS_GEMM_WHOLE) { /* all of A, where it has few rows */
    int64_t few = VS_ROUND_UP(VS_MIN(m, FEW_ROWS), kern->cols) * VS_MIN(k, FEW_K);
    room->share = VS_MAX(room->share, (size_t)few * sizeof(vs_real));
  }
  if (bf16 && own()) /* few rows of A and C in full: multiply_rows */
    room->share = VS_MAX(room->share, (size_t)(VS_MIN(m, FEWEST_ROWS) * (k + n)) * sizeof(vs_real));
  room->share = VS_ROUND_UP(room->share, 64);
  return (size_t)shares * room->share;
}

/* The same for several sizes. */
static size_t measure_any(vs_gemm_room *room, int shares, int count, const vs_gemm_size *sizes,
                          bool bf16) {
  vs_gemm_room one;
  *room = (vs_gemm_room){.way = way_now()};
  for (int i = 0; i < count; i++) {
    if (measure(&one, shares, sizes[i].m, sizes[i].n, sizes[i].k, bf16) == 0) continue;
    room->way = one.way;
    room->each = VS_MAX(room->each, one.each);
    room->share = VS_MAX(room->share, one.share);
  }
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

size_t vs_gemm_bytes_any(int shares, int count, const vs_gemm_size *sizes, bool bf16) {
  vs_gemm_room room;
  return measure_any(&room, shares, count, sizes, bf16);
}

void vs_gemm_open_any(vs_gemm_room *room, void *memory, int shares, int count,
                      const vs_gemm_size *sizes, bool bf16) {
  room->panels = measure_any(room, shares, count, sizes, bf16) > 0 ? memory : NULL;
}

vs_gemm_room vs_gemm_share(const vs_gemm_room *room, int slot) {
  vs_gemm_room share = *room;
  if (share.panels != NULL) share.panels += (size_t)slot * room->share;
  return share;
}

size_t vs_gemm_held_bytes(int64_t m, int64_t n, int64_t k) {
  vs_gemm_room room;
  if (measure(&room, 1, m, n, k, false) == 0) return 0;
  vs_product p = vs_product_of(kernel_of(room.way), room.way, m, n, k, (vs_matrix){0});
  return VS_ROUND_UP((size_t)vs_product_held_room(&p) * sizeof(vs_real), 64);
}

void vs_gemm_hold(vs_gemm_room *room, void *memory, bool tb, int64_t n, int64_t k, const vs_real *b,
                  int64_t ldb) {
  if (room->panels == NULL) return;
  vs_matrix right = {(void *)b, ldb, tb, false};
  vs_product p = vs_product_of(kernel_of(room->way), room->way, 0, n, k, right);
  room->right = memory, p.held = memory;
  vs_product_hold(&p);
}

/* ---- small products ---- */

/* One thread's work on matrices that stay in the cache: A is read where it lies, and B too, unless
 * it is turned or has columns that fill no panel.  To cut it like a larger one would take a fifth
 * of the time. */
static bool is_small(int64_t m, int64_t n, int64_t k, vs_matrix a, vs_matrix b, vs_matrix c) {
  bool worth =
      b.turned ? m >= SMALL_M && n >= LEAST_N : large_enough(VS_GEMM_WHOLE, m, n, k, false);
  return own() && !force_own && worth && !a.bf16 && !b.bf16 && !c.bf16 && n < SMALL_B && k > 0 &&
         VS_ROUND_UP(n, kernel_of(VS_GEMM_WHOLE)->cols) <= SMALL_B / k && m < GRAIN / (n * k) &&
         (n <= SMALL_N || a.ld % PERIOD != 0);
}

static void multiply_small(int64_t m, int64_t n, int64_t k, vs_real alpha, vs_matrix a, vs_matrix b,
                           vs_real beta, const vs_real *bias, vs_matrix c) {
  const vs_kernels_gemm *kern = kernel_of(VS_GEMM_WHOLE);
  vs_real packed[SMALL_B] __attribute__((aligned(64)));
  vs_side left = {a.at, a.turned ? 1 : a.ld, a.turned ? a.ld : 1, 0};
  vs_side right = {b.at, 1, b.ld, kern->cols};
  if (b.turned || n % kern->cols != 0) {
    kern->pack_right(n, k, b.at, false, b.turned ? b.ld : 1, b.turned ? 1 : b.ld, false, packed);
    right = (vs_side){packed, 1, kern->cols, k * kern->cols};
  }
  kern->multiply(m, n, k, left, right, alpha, beta, bias, c.at, c.ld, NULL, 0);
}

/* ---- few rows ---- */

/* x w^T of few rows x: w stays as it lies, for to turn x and the result moves fewer numbers than to
 * pack w. */
static bool few_rows(const vs_product *p) {
  return p->way == VS_GEMM_WHOLE && !vs_product_bf16(p) && p->b_step == 1 && p->a_step == 1 &&
         p->alpha == 1 && p->beta == 0 && p->m <= FEW_ROWS && p->k <= FEW_K &&
         p->m * (p->k + p->n) < p->n * p->k;
}

static void turned_columns(void *arg, int64_t first, int64_t last, int slot) {
  const vs_product *p = arg;
  int64_t j = first * p->kern->turned, n = VS_MIN(last * p->kern->turned, p->n) - j;
  (void)slot;
  p->kern->multiply_turned(p->m, n, p->k, (const vs_real *)(const void *)p->own,
                           vs_product_right(p, j, 0), p->b_column, p->bias ? p->bias + j : NULL,
                           (vs_real *)p->c.at + j, p->c.ld);
}

static void multiply_few(vs_product *p) {
  int64_t tiles = VS_PIECES(p->n, p->kern->turned);
  p->kern->pack_right(p->m, p->k, p->a.at, false, p->a_row, 1, false, (vs_real *)(void *)p->own);
  vs_parallel(tiles, 2 * GRAIN / (p->m * p->k * p->kern->turned) + 1, turned_columns, p);
}

/* ---- any product ---- */

/* x w^T of so few rows that w, in full, is best read once, where it lies. */
static bool so_few(const vs_product *p, bool held) {
  int64_t most = held ? LEAST_M - 1 : FEWEST_ROWS;
  return own() && !p->b.bf16 && p->a_step == 1 && p->b_step == 1 && p->m > 0 && p->m <= most &&
         p->n > 0 && p->k > 0 && p->alpha == 1;
}

static void dot_columns(void *arg, int64_t first, int64_t last, int slot) {
  const vs_product *p = arg;
  int64_t j = first * DOTS, n = VS_MIN(last * DOTS, p->n) - j;
  (void)slot;
  p->kern->multiply_dots(p->m, n, p->k, p->a.at, p->a_row, vs_product_right(p, j, 0), p->b_column,
                         p->beta, p->bias ? p->bias + j : NULL, (vs_real *)p->c.at + j, p->c.ld);
}

/* A and C of bfloat16 are full meanwhile, in the room's panels. */
static void multiply_rows(vs_product *p, vs_real *panels) {
  vs_matrix c = p->c;
  if (p->a.bf16) {
    for (int64_t i = 0; i < p->m; i++)
      vs_k_elementwise()->lengthen(p->k, panels + i * p->k, vs_product_left(p, i, 0));
    p->a = (vs_matrix){panels, p->k, false, false}, p->a_row = p->k;
    panels += p->m * p->k;
  }
  if (c.bf16) p->c = (vs_matrix){panels, p->n, false, false};
  p->kern = kernel_of(VS_GEMM_WHOLE);
  vs_parallel(VS_PIECES(p->n, DOTS), GRAIN / 16 / (DOTS * p->k) + 1, dot_columns, p);
  for (int64_t i = 0; c.bf16 && i < p->m; i++)
    vs_k_elementwise()->shorten(p->n, (uint16_t *)c.at + i * c.ld, panels + i * p->n);
}

/* ---- OpenBLAS: too little to win by packing here, or a processor where it is faster ---- */

static void blas_rectangles(void *arg, int64_t first, int64_t last, int slot) {
  const vs_product *p = arg;
  (void)slot;
  for (int64_t r = first; r < last && !vs_interrupted(); r++) {
    int64_t i = r / p->wide, j = r % p->wide;
    int64_t row = vs_piece_at(p->m, p->tall, i), m = vs_piece_at(p->m, p->tall, i + 1) - row;
    int64_t col = vs_piece_at(p->n, p->wide, j), n = vs_piece_at(p->n, p->wide, j + 1) - col;
    vs_real *c = (vs_real *)p->c.at + row * p->c.ld + col;
    for (int64_t q = 0; p->bias && q < m; q++)
      memcpy(c + q * p->c.ld, p->bias + col, (size_t)n * sizeof *c);
    vs_blas_gemm(p->a.turned, p->b.turned, m, n, p->k, p->alpha, vs_product_left(p, row, 0),
                 p->a.ld, vs_product_right(p, col, 0), p->b.ld, p->bias ? 1 : p->beta, c, p->c.ld);
  }
}

/* OpenBLAS runs on one thread: the rectangles are ours. */
static void multiply_blas(vs_product *p) {
  p->tall = p->wide = 1;
  if (p->m > 0 && p->n > 0 && p->k > 0) vs_product_cut(p);
  vs_parallel(p->tall * p->wide, 1, blas_rectangles, p);
}

/* No products: the bias or nothing, as bfloat16. */
static void put_bias(const vs_product *p) {
  for (int64_t i = 0; i < p->m; i++)
    for (int64_t j = 0; j < p->n; j++)
      ((uint16_t *)p->c.at)[i * p->c.ld + j] = p->bias ? vs_float_to_bf16((float)p->bias[j]) : 0;
}

static void multiply(const vs_gemm_room *room, int64_t m, int64_t n, int64_t k, vs_real alpha,
                     vs_matrix a, vs_matrix b, vs_real beta, const vs_real *bias, vs_matrix c) {
  bool held = room->right != NULL;
  bool packs = room->panels != NULL && large_enough(room->way, m, n, k, b.turned);
  if (!held && (room->way == VS_GEMM_WHOLE || !packs) && is_small(m, n, k, a, b, c)) {
    multiply_small(m, n, k, alpha, a, b, beta, bias, c);
    return;
  }
  vs_product p = vs_product_of(kernel_of(room->way), room->way, m, n, k, b);
  p.alpha = alpha, p.beta = beta, p.bias = bias, p.a = a, p.c = c;
  p.a_row = a.turned ? 1 : a.ld, p.a_step = a.turned ? a.ld : 1;
  bool bf16 = vs_product_bf16(&p), nothing = m == 0 || n == 0 || k == 0;
  if (nothing && c.bf16) {
    put_bias(&p);
    return;
  }
  if (!nothing && so_few(&p, held) && (room->way == VS_GEMM_WHOLE || !packs)) {
    multiply_rows(&p, (vs_real *)(void *)room->panels);
    return;
  }
  if (nothing || !(packs || bf16)) {
    multiply_blas(&p);
    return;
  }
  p.own = room->panels, p.each = room->each;
  if (!held && few_rows(&p)) {
    multiply_few(&p);
    return;
  }
  p.held = (vs_real *)(void *)room->right;
  vs_product_run(&p);
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
