/* Products of panels.  See gemm.h.
 *
 * Only the register tile computes with units.  It is up to ROWS rows x (VECS vectors): enough sums
 * to hide the latency of the multiply-add, and fewer loads than there are of those.  A's panel
 * stays in the first-level cache while B's go by; rows that are no multiple of ROWS are dealt out
 * evenly, and each number of rows has a tile of its own. */
#include "kernel/panels.h"

/* ---- the product ---- */

/* The first `left` of c, or of out where there is one, become alpha * sum + add + beta * c. */
static inline void put(vec sum, vec add, vs_real alpha, vs_real beta, vs_real *c, uint16_t *out,
                       int64_t left) {
  vec s = alpha * sum + add;
  if (beta != 0) s += beta * vec_load_first(c, left);
  if (out)
    vec_store_bf16(out, left, s);
  else
    vec_store_first(c, left, s);
}

#if IN_TILES

static void multiply(int64_t m, int64_t n, int64_t units, vs_side a, vs_side b, float alpha,
                     float beta, const float *bias, float *c, int64_t ldc, uint16_t *out,
                     int64_t ldo) {
  float sums[SIDE][SIDE] __attribute__((aligned(64)));
  tiles_begin();
  for (int64_t j = 0; j < n; j += COLS, b.at += b.panel) {
    tile_sums(units / TILE, a.at, b.at, sums);
    for (int64_t v = 0; v < COLS && j + v < n; v += LANES) {
      vec add = {0};
      if (bias) add = vec_load_first(bias + j + v, n - j - v);
      for (int64_t r = 0; r < m; r++)
        put(vec_load(sums[r] + v), add, alpha, beta, c + r * ldc + j + v,
            out ? out + r * ldo + j + v : NULL, n - j - v);
    }
  }
  tiles_end();
}

const vs_kernels_gemm VS_K(vs_kernels_gemm) = {.rows = ROWS,
                                               .cols = COLS,
                                               .values = VALUES,
                                               .along = ALONG,
                                               .pack_left = pack_left,
                                               .pack_right = pack_right,
                                               .multiply = multiply};

#else

/* What becomes of sums. */
typedef struct ends {
  vs_real alpha, beta;
  const vs_real *bias;
  vs_real *c;
  int64_t ldc;
  uint16_t *out;
  int64_t ldo;
} ends;

static __attribute__((noinline)) void put_sums(int rows, int64_t cols, const vec (*sum)[VECS],
                                               const ends *e) {
  for (int64_t v = 0; v < VECS && v * LANES < cols; v++) {
    int64_t at = v * LANES, left = cols - at;
    vec add = {0};
    if (e->bias) add = vec_load_first(e->bias + at, left);
    for (int r = 0; r < rows; r++)
      put(sum[r][v], add, e->alpha, e->beta, e->c + r * e->ldc + at,
          e->out ? e->out + r * e->ldo + at : NULL, left);
  }
}

/* The value of row r at u = 0: rows are `place` apart, or side by side. */
#define LEFT_OF(r) (beside ? a[r] : *(const vs_real *)(row[(r) / 4] + (r) % 4 * bytes))

/* R rows by V vectors of columns; R, V and beside are constants. */
static inline __attribute__((always_inline)) void tile(const int R, const int V, const bool beside,
                                                       int64_t units, vs_side left, vs_side right,
                                                       int64_t cols, const ends *e) {
  const vs_real *a = left.at, *b = right.at;
  const char *row[(ROWS + 3) / 4];
  int64_t bytes = left.place * (int64_t)sizeof *a, step = left.unit, next = right.unit;
  vec sum[ROWS][VECS];
  for (int r = 0; r < R; r += 4) row[r / 4] = (const char *)(a + r * left.place);
  for (int r = 0; r < R; r++)
    for (int v = 0; v < V; v++) sum[r][v] = (vec){0};
  for (int r = 0; r < R; r++)
    for (int v = 0; v < V; v++)
      __builtin_prefetch(e->out ? (void *)(e->out + r * e->ldo + v * LANES)
                                : (void *)(e->c + r * e->ldc + v * LANES),
                         1);
  for (int64_t u = 0; u < units; u++, b += next) {
    vec w[VECS];
    for (int v = 0; v < V; v++) w[v] = vec_load(b + v * LANES);
    for (int v = 0; v < V; v++) __builtin_prefetch(b + AHEAD * next + v * LANES);
    for (int r = 0; r < R; r++) {
      vs_real x = LEFT_OF(r);
      for (int v = 0; v < V; v++) sum[r][v] = multiply_add(sum[r][v], x, w[v]);
    }
    if (beside)
      a += step;
    else
      for (int r = 0; r < R; r += 4) row[r / 4] += sizeof *a;
  }
  if (R < ROWS / 2 || V < VECS || e->out || e->alpha != 1 || (e->beta != 0 && e->beta != 1)) {
    put_sums(R, cols, (const vec(*)[VECS])sum, e);
    return;
  }
  for (int v = 0; v < V; v++) {
    int64_t some = cols - v * LANES;
    if (some <= 0) break;
    vec add = {0};
    if (e->bias) add = vec_load_first(e->bias + v * LANES, some);
    for (int r = 0; r < R; r++) {
      vs_real *c = e->c + r * e->ldc + v * LANES;
      vec s = sum[r][v] + add;
      if (e->beta != 0) s += first_of(c, some);
      if (some >= LANES)
        vec_store(c, s);
      else
        vec_store_first(c, some, s);
    }
  }
}

#define ROWS_OF(R)                                 \
  case R:                                          \
    if (R > ROWS) break;                           \
    if (cols <= LANES)                             \
      tile(R, 1, beside, units, a, b, cols, e);    \
    else                                           \
      tile(R, VECS, beside, units, a, b, cols, e); \
    break;

static inline __attribute__((always_inline)) void tile_of(int rows, const bool beside,
                                                          int64_t units, vs_side a, vs_side b,
                                                          int64_t cols, const ends *e) {
  switch (rows) {
    ROWS_OF(1)
    ROWS_OF(2)
    ROWS_OF(3)
    ROWS_OF(4)
    ROWS_OF(5)
    ROWS_OF(6)
    ROWS_OF(7) ROWS_OF(8) ROWS_OF(9) ROWS_OF(10) ROWS_OF(11) ROWS_OF(12) ROWS_OF(13) ROWS_OF(14)
  }
}

/* One panel of A by all of B's. */
static inline __attribute__((always_inline)) void panels(const bool beside, int rows, int64_t n,
                                                         int64_t units, vs_side a, vs_side b,
                                                         ends e) {
  for (int64_t j = 0; j < n; j += COLS, b.at += b.panel) {
    tile_of(rows, beside, units, a, b, n - j, &e);
    e.c += COLS;
    if (e.bias) e.bias += COLS;
    if (e.out) e.out += COLS;
  }
}

static void multiply(int64_t m, int64_t n, int64_t units, vs_side a, vs_side b, vs_real alpha,
                     vs_real beta, const vs_real *bias, vs_real *c, int64_t ldc, uint16_t *out,
                     int64_t ldo) {
  int64_t all = (m + ROWS - 1) / ROWS;
  const vs_real *at = a.at;
  for (int64_t p = 0; p < all; p++) {
    int64_t i = m * p / all, rows = m * (p + 1) / all - i;
    ends e = {alpha, beta, bias, c + i * ldc, ldc, out ? out + i * ldo : NULL, ldo};
    a.at = at + i * a.place;
    if (VALUES > 1 || a.place == 1)
      panels(true, (int)rows, n, units, a, b, e);
    else
      panels(false, (int)rows, n, units, a, b, e);
  }
}

/* TURNED rows of B's transpose, as they lie, by one panel of A's rows. */
static inline void turned_tile(int64_t k, const vs_real *b, int64_t ldb, int64_t columns,
                               const vs_real *a, vs_real sums[TURNED][COLS]) {
  const vs_real *p[TURNED];
  vec sum[TURNED][VECS];
  for (int r = 0; r < TURNED; r++) {
    p[r] = b + VS_MIN(r, columns - 1) * ldb;
    for (int v = 0; v < VECS; v++) sum[r][v] = (vec){0};
  }
  for (int64_t u = 0; u < k; u++, a += COLS) {
    vec left[VECS];
    for (int v = 0; v < VECS; v++) left[v] = vec_load(a + v * LANES);
    for (int r = 0; r < TURNED; r++)
      for (int v = 0; v < VECS; v++) sum[r][v] += vec_all(p[r][u]) * left[v];
  }
  for (int r = 0; r < TURNED; r++)
    for (int v = 0; v < VECS; v++) vec_store(sums[r] + v * LANES, sum[r][v]);
}

/* c[i][j] = sums[j][i] + bias[j]: rows of TURNED numbers, by fours. */
static inline void turn_out(int64_t m, vs_real sums[TURNED][COLS], const vs_real *bias, vs_real *c,
                            int64_t ldc) {
  for (int64_t i = 0; i < m; i += 4)
    for (int j = 0; j < TURNED; j += 4) {
      quad q[4], add = {0};
      if (bias) add = QUAD(bias + j);
      for (int r = 0; r < 4; r++) q[r] = QUAD(sums[j + r] + i);
      quad_turn(q);
      for (int r = 0; r < 4 && i + r < m; r++) QUAD(c + (i + r) * ldc + j) = q[r] + add;
    }
}

static void multiply_turned(int64_t m, int64_t n, int64_t k, const vs_real *a, const vs_real *b,
                            int64_t ldb, const vs_real *bias, vs_real *c, int64_t ldc) {
  vs_real sums[TURNED][COLS] __attribute__((aligned(64)));
  for (int64_t j = 0; j < n; j += TURNED)
    for (int64_t i = 0; i < m; i += COLS) {
      vs_real *to = c + i * ldc + j;
      turned_tile(k, b + j * ldb, ldb, n - j, a + i * k, sums);
      if (n - j >= TURNED)
        turn_out(VS_MIN(m - i, COLS), sums, bias ? bias + j : NULL, to, ldc);
      else
        for (int64_t r = 0; r < VS_MIN(m - i, COLS); r++)
          for (int64_t q = 0; q < n - j; q++)
            to[r * ldc + q] = sums[q][r] + (bias ? bias[j + q] : 0);
    }
}

/* M rows of A by N columns of B, each product a sum over whole vectors. */
static inline __attribute__((always_inline)) void dots(const int M, const int N, int64_t k,
                                                       const vs_real *a, int64_t lda,
                                                       const vs_real *b, int64_t ldb, vs_real beta,
                                                       const vs_real *bias, vs_real *c,
                                                       int64_t ldc) {
  vec sum[12];
  for (int i = 0; i < M * N; i++) sum[i] = (vec){0};
  for (int64_t u = 0; u < k; u += LANES) {
    vec left[3], right;
    for (int i = 0; i < M; i++) left[i] = first_of(a + i * lda + u, k - u);
    for (int j = 0; j < N; j++) {
      right = first_of(b + j * ldb + u, k - u);
      for (int i = 0; i < M; i++) sum[i * N + j] += left[i] * right;
    }
  }
  for (int i = 0; i < M; i++)
    for (int j = 0; j < N; j++) {
      vs_real s = vec_total(sum[i * N + j]) + (bias ? bias[j] : 0);
      c[i * ldc + j] = beta == 0 ? s : s + beta * c[i * ldc + j];
    }
}

/* Four columns, which then are in the first-level cache, by all rows. */
static void multiply_dots(int64_t m, int64_t n, int64_t k, const vs_real *a, int64_t lda,
                          const vs_real *b, int64_t ldb, vs_real beta, const vs_real *bias,
                          vs_real *c, int64_t ldc) {
#define DOTS(M, N) dots(M, N, k, a + i * lda, lda, b, ldb, beta, bias, c + i * ldc, ldc)
  for (; n >= 4; n -= 4, b += 4 * ldb, c += 4, bias = bias ? bias + 4 : NULL)
    for (int64_t i = 0; i < m; i += 3) {
      if (m - i == 1)
        DOTS(1, 4);
      else if (m - i == 2)
        DOTS(2, 4);
      else
        DOTS(3, 4);
    }
  for (; n > 0; n--, b += ldb, c++, bias = bias ? bias + 1 : NULL)
    for (int64_t i = 0; i < m; i++) DOTS(1, 1);
#undef DOTS
}

const vs_kernels_gemm VS_K(vs_kernels_gemm) = {.rows = ROWS,
                                               .cols = COLS,
                                               .values = VALUES,
                                               .turned = TURNED,
                                               .along = ALONG,
                                               .pack_left = pack_left,
                                               .pack_right = pack_right,
                                               .multiply = multiply,
                                               .multiply_turned = multiply_turned,
                                               .multiply_dots = multiply_dots};

#endif
