/* Matrix products by precision.  See gemm.h.
 *
 * C is cut into one rectangle a thread.  A thread goes over its rectangle in blocks: a block of B
 * is packed, then blocks of A one after the other, each multiplied with it while both lie in the
 * second-level cache.  An element of C is summed in the order of k, cut into pieces by k alone, so
 * that rectangles and blocks change no number. */
#include "op/gemm.h"

#include "core/blas.h"
#include "core/mem.h"
#include "core/thread.h"
#include "kernel/bgemm.h"

static vs_precision precision;
static bool force_plain, force_split, force_small;

vs_precision vs_matmul_precision(void) { return precision; }
void vs_set_matmul_precision(vs_precision p) { precision = p; }

void vs_gemm_force(bool plain, bool split, bool small) {
  force_plain = plain, force_split = split, force_small = small;
}

void vs_gemm_close(vs_gemm_room *room) {
  vs_mem_free(room->panels);
  room->panels = NULL;
}

vs_gemm_room vs_gemm_share(const vs_gemm_room *room, int part) {
  vs_gemm_room share = *room;
  if (share.panels != NULL) share.panels += (size_t)(part * room->threads) * room->bytes;
  return share;
}

#ifdef VS_DOUBLE

int vs_gemm_open(vs_gemm_room *room, int shares, int64_t m, int64_t n, int64_t k) {
  (void)shares, (void)m, (void)n, (void)k;
  *room = (vs_gemm_room){0};
  return 0;
}

void vs_gemm(const vs_gemm_room *room, bool ta, bool tb, int64_t m, int64_t n, int64_t k,
             vs_real alpha, const vs_real *a, int64_t lda, const vs_real *b, int64_t ldb,
             vs_real beta, vs_real *c, int64_t ldc) {
  (void)room;
  vs_blas_gemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

#else

enum { BLOCK_M = 96, BLOCK_N = 480, BLOCK_K = 384 }; /* packed at a time */
enum { GRAIN = 1 << 20 };                            /* multiply-adds that are worth a thread */
/* Worth packing: found with AVX-512 BF16 beside OpenBLAS, the same for all. */
enum { LEAST_M = 4, LEAST_N = 24, LEAST_K = 32, LEAST_WORK = 1 << 18 };

/* Whether three products in bfloat16 take less than one in float32.  With AVX-512 BF16 one takes
 * half as long, so they do not; a unit that makes more than three of them meanwhile would. */
static bool split_pays(void) { return force_split; }

static const vs_kernels_bgemm *kernel(void) {
  return vs_has_bf16() && !force_plain ? &vs_kernels_bgemm_avx512bf16 : vs_k_bgemm();
}

/* How many values of bfloat16 a value becomes now; 0: it stays as it is. */
static int parts_now(void) {
  return precision == VS_MEDIUM ? 1 : precision == VS_HIGH && split_pays() ? 3 : 0;
}

static bool large_enough(int64_t m, int64_t n, int64_t k) {
  if (force_small) return m > 0 && n > 0 && k > 0;
  return m >= LEAST_M && n >= LEAST_N && k >= LEAST_K &&
         (double)m * (double)n * (double)k >= LEAST_WORK;
}

/* ---- sizes ---- */

static int64_t pieces(int64_t n, int64_t size) { return (n + size - 1) / size; }
static int64_t round_up(int64_t n, int64_t to) { return pieces(n, to) * to; }

/* The size of blocks that cut n evenly: a multiple of `unit`, as is `most`. */
static int64_t even(int64_t n, int64_t most, int64_t unit) {
  return round_up(pieces(n, pieces(n, most)), unit);
}

static int threads_for(int64_t m, int64_t n, int64_t k) {
  double work = (double)m * (double)n * (double)k / GRAIN;
  return vs_parts((int64_t)VS_MIN(work, 1 << 20), 1);
}

int vs_gemm_open(vs_gemm_room *room, int shares, int64_t m, int64_t n, int64_t k) {
  *room = (vs_gemm_room){.parts = parts_now()};
  if (room->parts == 0 || !large_enough(m, n, k)) return 0;
  const vs_kernels_bgemm *kern = kernel();
  int64_t units = pieces(VS_MIN(k * room->parts, BLOCK_K), kern->values) + room->parts;
  int64_t places = VS_MIN(round_up(m, kern->rows), BLOCK_M);
  places += VS_MIN(round_up(n, kern->cols), BLOCK_N);
  room->threads = shares == 1 ? threads_for(m, n, k) : 1;
  room->bytes = (size_t)round_up(places * units * (int64_t)sizeof(float), 64);
  room->panels = vs_mem_alloc((size_t)(shares * room->threads) * room->bytes);
  return room->panels ? 0 : -1;
}

/* ---- one rectangle ---- */

typedef struct product {
  const vs_kernels_bgemm *kern;
  int64_t m, n, k;
  float alpha, beta;
  const float *a, *b;
  int64_t a_row, a_step, b_step, b_column; /* distances in A and B; step: along k */
  float *c;
  int64_t ldc;
  int parts;      /* of a value: they stand behind each other in a panel */
  int tall, wide; /* rectangles: tall * wide */
  char *panels;
  size_t bytes;
} product;

/* One side of a block. */
static void pack(const product *p, bool right, int64_t n, int64_t k, const float *src, float *to) {
  static const vs_bpart split[2][3] = {{VS_PART_HIGH, VS_PART_FINITE, VS_PART_LOW},
                                       {VS_PART_HIGH, VS_PART_LOW, VS_PART_FINITE}};
  int64_t place = right ? p->b_column : p->a_row, step = right ? p->b_step : p->a_step;
  int64_t units = pieces(k, p->kern->values);
  int width = right ? p->kern->cols : p->kern->rows;
  for (int i = 0; i < p->parts; i++)
    p->kern->pack(n, k, src, place, step, width, p->parts == 1 ? VS_PART_ROUNDED : split[right][i],
                  units * p->parts, to + i * units * width);
}

static void rectangle(const product *p, int64_t m0, int64_t m1, int64_t n0, int64_t n1,
                      float *panels) {
  const vs_kernels_bgemm *kern = p->kern;
  int64_t bm = even(m1 - m0, BLOCK_M, kern->rows), bn = even(n1 - n0, BLOCK_N, kern->cols);
  int64_t bk = even(p->k, BLOCK_K / p->parts, kern->values);
  for (int64_t j = n0; j < n1; j += bn)
    for (int64_t s = 0; s < p->k; s += bk) {
      int64_t n = VS_MIN(bn, n1 - j), k = VS_MIN(bk, p->k - s);
      int64_t units = pieces(k, kern->values) * p->parts;
      float *left = panels + round_up(n, kern->cols) * units;
      pack(p, true, n, k, p->b + j * p->b_column + s * p->b_step, panels);
      for (int64_t i = m0; i < m1; i += bm) {
        int64_t m = VS_MIN(bm, m1 - i);
        pack(p, false, m, k, p->a + i * p->a_row + s * p->a_step, left);
        kern->multiply(m, n, units, left, panels, p->alpha, s == 0 ? p->beta : 1,
                       p->c + i * p->ldc + j, p->ldc);
      }
    }
}

static void rectangles(void *arg, int64_t first, int64_t last, int part) {
  const product *p = arg;
  int64_t rows = p->kern->rows, cols = p->kern->cols;
  int64_t down = pieces(p->m, rows), across = pieces(p->n, cols); /* tiles */
  for (int64_t r = first; r < last; r++) {
    int64_t i = r / p->wide, j = r % p->wide;
    rectangle(p, down * i / p->tall * rows, VS_MIN(down * (i + 1) / p->tall * rows, p->m),
              across * j / p->wide * cols, VS_MIN(across * (j + 1) / p->wide * cols, p->n),
              (float *)(void *)(p->panels + (size_t)part * p->bytes));
  }
}

/* At most `threads` rectangles of at least a tile, with the least to pack: each row of them packs
 * all of B, each column all of A. */
static void cut(product *p, int threads) {
  int64_t down = pieces(p->m, p->kern->rows), across = pieces(p->n, p->kern->cols);
  for (; p->tall == 0; threads--)
    for (int tall = 1; tall <= threads; tall++) {
      int wide = threads / tall;
      if (tall * wide != threads || tall > down || wide > across) continue;
      if (p->tall && p->tall * p->n + p->wide * p->m <= tall * p->n + wide * p->m) continue;
      p->tall = tall, p->wide = wide;
    }
}

void vs_gemm(const vs_gemm_room *room, bool ta, bool tb, int64_t m, int64_t n, int64_t k,
             vs_real alpha, const vs_real *a, int64_t lda, const vs_real *b, int64_t ldb,
             vs_real beta, vs_real *c, int64_t ldc) {
  if (room->panels == NULL || !large_enough(m, n, k)) {
    vs_blas_gemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    return;
  }
  product p = {.kern = kernel(), .m = m, .n = n, .k = k, .alpha = alpha, .beta = beta};
  p.parts = room->parts;
  p.a = a, p.a_row = ta ? 1 : lda, p.a_step = ta ? lda : 1;
  p.b = b, p.b_step = tb ? 1 : ldb, p.b_column = tb ? ldb : 1;
  p.c = c, p.ldc = ldc, p.panels = room->panels, p.bytes = room->bytes;
  cut(&p, VS_MIN(room->threads, threads_for(m, n, k)));
  vs_parallel(p.tall * p.wide, 1, rectangles, &p);
}

#endif

int vs_gemm_once(bool ta, bool tb, int64_t m, int64_t n, int64_t k, vs_real alpha, const vs_real *a,
                 int64_t lda, const vs_real *b, int64_t ldb, vs_real beta, vs_real *c,
                 int64_t ldc) {
  vs_gemm_room room;
  if (vs_gemm_open(&room, 1, m, n, k) < 0) return -1;
  vs_gemm(&room, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  vs_gemm_close(&room);
  return 0;
}
