/* Products of packed panels.  See gemm.h.
 *
 * Units are handled as numbers whatever they hold: only the register tile computes with them, all
 * else moves them.  The tile is ROWS x (VECS vectors): enough sums to hide the latency of the
 * multiply-add, and fewer loads than there are of those. */
#include "kernel/gemm.h"

#include <string.h>

#include "kernel/vec.h"

#if defined(VS_AMX) || defined(VS_TILES)
#include "kernel/tiles.h"
enum { ROWS = SIDE, VECS = 2, VALUES = 2, ALONG = TILE };
#define IN_TILES 1
#elif defined(__AVX512BF16__)
enum { ROWS = 8, VECS = 2, VALUES = 2 };
#elif defined(__AVX512F__)
enum { ROWS = 8, VECS = 2, VALUES = 1 };
#elif defined(VS_DOUBLE)
enum { ROWS = 4, VECS = 2, VALUES = 1 };
#else
enum { ROWS = 4, VECS = 3, VALUES = 1 };
#endif
#ifndef IN_TILES
#define IN_TILES 0
enum { ALONG = 1 };
#endif
enum { COLS = LANES * VECS };
enum { TURN = 64 }; /* values of four places that are turned at a time */
_Static_assert(ROWS % 4 == 0 && COLS % 4 == 0, "panels are written by fours");

/* ---- parts of values: the value itself, or floats that bfloat16 holds exactly ---- */

#ifdef VS_DOUBLE

static inline vec part_of(vec x, vs_part part) {
  (void)part;
  return x;
}

#else

typedef int32_t words __attribute__((vector_size(VEC_BYTES)));

enum { SIGN = INT32_MIN, EXPONENT = 0x7f800000, QUIET = 0x400000, UPPER = -0x10000 };
enum { MOST = 0x7f7f0000 }; /* finite, of bfloat16 */

static inline words choose(words mask, words yes, words no) { return (mask & yes) | (~mask & no); }

static inline vec rounded(vec x) {
  words u = (words)x, nan = (u & ~SIGN) > EXPONENT, tiny = (u & EXPONENT) == 0;
  words near = choose(nan, u | QUIET, (u & ~nan) + 0x7fff + ((u >> 16) & 1));
  return (vec)choose(tiny, u & SIGN, near & UPPER);
}

static inline vec part_of(vec x, vs_part part) {
  if (part == VS_PART_WHOLE) return x;
  words h = (words)rounded(x), u = (words)x;
  if (part == VS_PART_ROUNDED) return (vec)h;
  words over = ((h & EXPONENT) == EXPONENT) & ((u & EXPONENT) != EXPONENT);
  h = choose(over, (u & SIGN) | MOST, h);
  words finite = (h & EXPONENT) != EXPONENT;
  if (part == VS_PART_FINITE) return (vec)(h & finite);
  if (part == VS_PART_LOW) return (vec)((words)rounded(x - (vec)h) & finite);
  return (vec)h;
}

#endif

/* ---- where values come from: numbers, or bfloat16 ---- */

typedef struct source {
  const void *at;
  bool bf16;
} source;

static inline source behind(source s, int64_t n) {
  const char *at = s.at;
  return (source){at + n * (s.bf16 ? (int64_t)sizeof(uint16_t) : (int64_t)sizeof(vs_real)), s.bf16};
}

static inline vec first_of(const vs_real *x, int64_t n) {
  return n >= LANES ? vec_load(x) : vec_load_first(x, n);
}

static inline vec values_at(source s, int64_t n) {
  return s.bf16 ? vec_load_bf16(s.at, n) : first_of(s.at, n);
}

/* ---- units ---- */

#if defined(__AVX512BF16__)

/* The instruction rounds by itself. */
static inline vec in_pairs(vec even, vec odd, vs_part part) {
  if (part != VS_PART_ROUNDED) even = part_of(even, part), odd = part_of(odd, part);
  return (vec)_mm512_cvtne2ps_pbh((__m512)odd, (__m512)even);
}

/* The units of k values, k > 0; `to` has room for whole vectors.  bfloat16 lies there as pairs. */
static inline void units_of(int64_t k, source x, vs_part part, float *to) {
  if (x.bf16 && part == VS_PART_ROUNDED) {
    const uint16_t *from = x.at;
    for (; k >= 2 * LANES; k -= 2 * LANES, from += 2 * LANES, to += LANES)
      memcpy(to, from, LANES * sizeof *to);
    if (k > 0) {
      vec v = {0};
      memcpy(&v, from, (size_t)k * sizeof *from);
      vec_store(to, v);
    }
    return;
  }
  for (int64_t j = 0; j < k; j += 2 * LANES, to += LANES) {
    vec first = values_at(behind(x, j), k - j), then = {0};
    if (k - j > LANES) then = values_at(behind(x, j + LANES), k - j - LANES);
    vec_store(to, in_pairs(first, then, part));
  }
}

/* The units of up to n places that lie side by side, in rows sk apart of which k are left. */
static inline vec unit_row(int64_t n, int64_t k, source x, int64_t sk, vs_part part) {
  static const uint16_t order[2 * LANES] = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                            21, 6,  22, 7,  23, 8,  24, 9,  25, 10, 26,
                                            11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  if (x.bf16 && part == VS_PART_ROUNDED) {
    bf16s even = bf16_load_first(x.at, n), odd = {0};
    if (k > 1) odd = bf16_load_first(behind(x, sk).at, n);
    return (vec)(__builtin_convertvector(even, unsigneds) | __builtin_convertvector(odd, unsigneds)
                                                                << 16);
  }
  vec even = values_at(x, n), odd = {0};
  if (k > 1) odd = values_at(behind(x, sk), n);
  return (vec)_mm512_permutexvar_epi16(_mm512_loadu_si512(order),
                                       (__m512i)in_pairs(even, odd, part));
}

static inline __attribute__((unused)) vec multiply_add(vec sum, float a, vec b) {
  return (vec)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_set1_ps(a), (__m512bh)b);
}

#else

static inline void units_of(int64_t k, source x, vs_part part, vs_real *to) {
  for (int64_t j = 0; j < k; j += LANES)
    vec_store(to + j, part_of(values_at(behind(x, j), k - j), part));
}

static inline vec unit_row(int64_t n, int64_t k, source x, int64_t sk, vs_part part) {
  (void)k, (void)sk;
  return part_of(values_at(x, n), part);
}

static inline vec multiply_add(vec sum, vs_real a, vec b) { return sum + vec_all(a) * b; }

#endif

/* ---- panels ---- */

/* Places side by side: rows of the source are read from end to end. */
static inline void pack_rows(int64_t n, int64_t k, source src, int64_t sk, int width, vs_part part,
                             int64_t units, vs_real *to) {
  for (int64_t j = 0; j < k; j += VALUES, src = behind(src, VALUES * sk), to += width) {
    vs_real *panel = to, row[LANES];
    for (int64_t i = 0; i < n; i += width, panel += units * width)
      for (int c = 0; c < width; c += LANES) {
        vec v = {0};
        if (i + c < n) v = unit_row(n - i - c, k - j, behind(src, i + c), sk, part);
        vec_store(row, v);
        memcpy(panel + c, row, (size_t)VS_MIN(width - c, LANES) * sizeof(vs_real));
      }
  }
}

/* Four places (those from n on zeros), values j to the end, as they are: turned.  The lines behind
 * the end are what comes next. */
static inline void turn_four(int64_t n, int64_t j, int64_t end, const vs_real *src, int64_t si,
                             int width, vs_real *to) {
  to += j * width;
  if (n >= 4) {
    const vs_real *p[4] = {src, src + si, src + 2 * si, src + 3 * si};
    for (int r = 0; r < 4; r++)
      for (int l = 0; l < TURN; l += 64 / (int)sizeof(vs_real)) __builtin_prefetch(p[r] + end + l);
    for (; j + 4 <= end; j += 4, to += 4 * width) {
      quad q[4] = {QUAD(p[0] + j), QUAD(p[1] + j), QUAD(p[2] + j), QUAD(p[3] + j)};
      quad_turn(q);
      for (int r = 0; r < 4; r++) QUAD(to + r * width) = q[r];
    }
  }
  for (; j < end; j++, to += width)
    for (int r = 0; r < 4; r++) to[r] = r < n ? src[r * si + j] : 0;
}

/* Values side by side, as they are; a panel is written from end to end. */
static inline void turn_columns(int64_t n, int64_t k, const vs_real *src, int64_t si, int width,
                                int64_t units, vs_real *to) {
  for (int64_t i = 0; i < n; i += width, to += units * width)
    for (int64_t j = 0; j < k; j += TURN)
      for (int r = 0; r < width; r += 4)
        turn_four(n - i - r, j, VS_MIN(j + TURN, k), src + (i + r) * si, si, width, to + r);
}

/* Values side by side: four places at a time are made units of and turned. */
static inline void pack_columns(int64_t n, int64_t k, source src, int64_t si, int width,
                                vs_part part, int64_t units, vs_real *to) {
  vs_real turn[4][TURN / VALUES];
  for (int64_t i = 0; i < (n + width - 1) / width * width; i += 4) {
    vs_real *panel = to + i / width * units * width + i % width;
    for (int64_t j = 0; j < k; j += TURN) {
      int64_t many = VS_MIN(k - j, TURN), full = (many - 1) / VALUES + 1, u = 0;
      for (int r = 0; r < 4; r++)
        if (i + r < n)
          units_of(many, behind(src, (i + r) * si + j), part, turn[r]);
        else
          memset(turn[r], 0, sizeof turn[r]);
      for (; u + 4 <= full; u += 4, panel += 4 * width) {
        quad q[4] = {QUAD(turn[0] + u), QUAD(turn[1] + u), QUAD(turn[2] + u), QUAD(turn[3] + u)};
        quad_turn(q);
        for (int r = 0; r < 4; r++) QUAD(panel + r * width) = q[r];
      }
      for (; u < full; u++, panel += width)
        for (int r = 0; r < 4; r++) panel[r] = turn[r][u];
    }
  }
}

static inline void pack_part(int64_t n, int64_t k, source src, int64_t si, int64_t sk, int width,
                             vs_part part, int64_t units, vs_real *to) {
  if (si == 1)
    pack_rows(n, k, src, sk, width, part, units, to);
  else if (part == VS_PART_WHOLE && !src.bf16)
    turn_columns(n, k, src.at, si, width, units, to);
  else
    pack_columns(n, k, src, si, width, part, units, to);
}

#if IN_TILES

/* Left panels of tiles: block of units by block, each [row][unit]. */
static inline float *left_at(float *to, int64_t units, int64_t place, int64_t unit) {
  return to + place / ROWS * units * ROWS + unit / TILE * ROWS * TILE + place % ROWS * TILE +
         unit % TILE;
}

static void pack_left(int64_t n, int64_t k, source src, int64_t si, int64_t sk, vs_part part,
                      int64_t units, float *to) {
  int64_t many = (k + 2 * TILE - 1) / (2 * TILE) * TILE, places = (n + ROWS - 1) / ROWS * ROWS;
  float row[LANES];
  for (int64_t i = 0; i < places; i += si == 1 ? LANES : 1)
    for (int64_t u = 0; u < many; u += si == 1 ? 1 : TILE) {
      int64_t left = k - 2 * u;
      vec v = {0};
      if (si != 1) { /* values side by side: a row of a tile at a time */
        if (i < n) units_of(VS_MIN(left, 2 * TILE), behind(src, i * si + 2 * u), part, (float *)&v);
        vec_store(left_at(to, units, i, u), v);
        continue;
      }
      if (i < n && left > 0) v = unit_row(n - i, left, behind(src, i + 2 * u * sk), sk, part);
      vec_store(row, v);
      for (int r = 0; r < LANES; r++) *left_at(to, units, i + r, u) = row[r];
    }
}

#endif

/* The width is a constant to the compiler, and so are the common parts. */
static void pack(int64_t n, int64_t k, const void *from, bool bf16, int64_t si, int64_t sk,
                 bool right, vs_part part, int64_t units, vs_real *to) {
  source src = {from, bf16};
#define PACK(width, part) pack_part(n, k, src, si, sk, width, part, units, to)
#if IN_TILES
  int64_t real = (k - 1) / VALUES + 1, all = (real + ALONG - 1) / ALONG * ALONG;
  if (!right) {
    pack_left(n, k, src, si, sk, part, units, to);
    return;
  }
  PACK(COLS, part);
  for (int64_t i = 0; i < n; i += COLS, to += units * COLS)
    memset(to + real * COLS, 0, (size_t)((all - real) * COLS) * sizeof *to);
#else
  if (part == VS_PART_WHOLE && !right)
    PACK(ROWS, VS_PART_WHOLE);
  else if (part == VS_PART_WHOLE)
    PACK(COLS, VS_PART_WHOLE);
  else if (part == VS_PART_ROUNDED && !right)
    PACK(ROWS, VS_PART_ROUNDED);
  else if (part == VS_PART_ROUNDED)
    PACK(COLS, VS_PART_ROUNDED);
  else if (right)
    PACK(COLS, part);
  else
    PACK(ROWS, part);
#endif
#undef PACK
}

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

static void multiply(int64_t m, int64_t n, int64_t units, const float *a, const float *b,
                     float alpha, float beta, const float *bias, float *c, int64_t ldc,
                     uint16_t *out, int64_t ldo) {
  float sums[SIDE][SIDE] __attribute__((aligned(64)));
  tiles_begin();
  for (int64_t j = 0; j < n; j += COLS)
    for (int64_t i = 0; i < m; i += ROWS) {
      tile_sums(units / TILE, a + i * units, b + j * units, sums);
      for (int64_t v = 0; v < COLS && j + v < n; v += LANES) {
        vec add = {0};
        if (bias) add = vec_load_first(bias + j + v, n - j - v);
        for (int64_t r = 0; r < VS_MIN(ROWS, m - i); r++)
          put(vec_load(sums[r] + v), add, alpha, beta, c + (i + r) * ldc + j + v,
              out ? out + (i + r) * ldo + j + v : NULL, n - j - v);
      }
    }
  tiles_end();
}

const vs_kernels_gemm VS_K(vs_kernels_gemm) = {.rows = ROWS,
                                               .cols = COLS,
                                               .values = VALUES,
                                               .along = ALONG,
                                               .pack = pack,
                                               .multiply = multiply};

#else

static inline void tile(int64_t units, const vs_real *a, const vs_real *b, vs_real alpha,
                        vs_real beta, const vs_real *bias, vs_real *c, int64_t ldc, uint16_t *out,
                        int64_t ldo, int64_t rows, int64_t cols) {
  vec sum[ROWS][VECS];
  for (int r = 0; r < ROWS; r++)
    for (int v = 0; v < VECS; v++) sum[r][v] = (vec){0};
  for (int64_t r = 0; r < VS_MIN(rows, ROWS); r++)
    for (int v = 0; v < VECS; v++)
      __builtin_prefetch(out ? (void *)(out + r * ldo + v * LANES) : c + r * ldc + v * LANES, 1);
  for (int64_t u = 0; u < units; u++, a += ROWS, b += COLS) {
    vec right[VECS];
    for (int v = 0; v < VECS; v++) right[v] = vec_load(b + v * LANES);
    for (int r = 0; r < ROWS; r++)
      for (int v = 0; v < VECS; v++) sum[r][v] = multiply_add(sum[r][v], a[r], right[v]);
  }
  for (int v = 0; v < VECS; v++) {
    int64_t left = cols - v * LANES;
    if (left <= 0) break;
    vec add = {0};
    if (bias) add = vec_load_first(bias + v * LANES, left);
    for (int r = 0; r < ROWS; r++) {
      if (r >= rows) break;
      put(sum[r][v], add, alpha, beta, c + r * ldc + v * LANES,
          out ? out + r * ldo + v * LANES : NULL, left);
    }
  }
}

static void multiply(int64_t m, int64_t n, int64_t units, const vs_real *a, const vs_real *b,
                     vs_real alpha, vs_real beta, const vs_real *bias, vs_real *c, int64_t ldc,
                     uint16_t *out, int64_t ldo) {
  for (int64_t j = 0; j < n; j += COLS)
    for (int64_t i = 0; i < m; i += ROWS)
      tile(units, a + i * units, b + j * units, alpha, beta, bias ? bias + j : NULL,
           c + i * ldc + j, ldc, out ? out + i * ldo + j : NULL, ldo, m - i, n - j);
}

/* ROWS rows of B's transpose, as they lie, by one panel of A's rows. */
static inline void turned_tile(int64_t k, const vs_real *b, int64_t ldb, int64_t columns,
                               const vs_real *a, vs_real sums[ROWS][COLS]) {
  const vs_real *p[ROWS];
  vec sum[ROWS][VECS];
  for (int r = 0; r < ROWS; r++) {
    p[r] = b + VS_MIN(r, columns - 1) * ldb;
    for (int v = 0; v < VECS; v++) sum[r][v] = (vec){0};
  }
  for (int64_t u = 0; u < k; u++, a += COLS) {
    vec left[VECS];
    for (int v = 0; v < VECS; v++) left[v] = vec_load(a + v * LANES);
    for (int r = 0; r < ROWS; r++)
      for (int v = 0; v < VECS; v++) sum[r][v] += vec_all(p[r][u]) * left[v];
  }
  for (int r = 0; r < ROWS; r++)
    for (int v = 0; v < VECS; v++) vec_store(sums[r] + v * LANES, sum[r][v]);
}

/* c[i][j] = sums[j][i] + bias[j]: rows of ROWS numbers, by fours. */
static inline void turn_out(int64_t m, vs_real sums[ROWS][COLS], const vs_real *bias, vs_real *c,
                            int64_t ldc) {
  for (int64_t i = 0; i < m; i += 4)
    for (int j = 0; j < ROWS; j += 4) {
      quad q[4], add = {0};
      if (bias) add = QUAD(bias + j);
      for (int r = 0; r < 4; r++) q[r] = QUAD(sums[j + r] + i);
      quad_turn(q);
      for (int r = 0; r < 4 && i + r < m; r++) QUAD(c + (i + r) * ldc + j) = q[r] + add;
    }
}

static void multiply_turned(int64_t m, int64_t n, int64_t k, const vs_real *a, const vs_real *b,
                            int64_t ldb, const vs_real *bias, vs_real *c, int64_t ldc) {
  vs_real sums[ROWS][COLS] __attribute__((aligned(64)));
  for (int64_t j = 0; j < n; j += ROWS)
    for (int64_t i = 0; i < m; i += COLS) {
      vs_real *to = c + i * ldc + j;
      turned_tile(k, b + j * ldb, ldb, n - j, a + i * k, sums);
      if (n - j >= ROWS)
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
                                               .along = ALONG,
                                               .pack = pack,
                                               .multiply = multiply,
                                               .multiply_turned = multiply_turned,
                                               .multiply_dots = multiply_dots};

#endif
