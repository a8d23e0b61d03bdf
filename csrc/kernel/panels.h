/* Writing of panels for kernel/gemm.c, which defines the sizes: see gemm.h.
 *
 * Units are moved as numbers whatever they hold. */
#ifndef VS_KERNEL_PANELS_H
#define VS_KERNEL_PANELS_H

#include <string.h>

#include "kernel/gemm.h"
#include "kernel/vec.h"

#if defined(VS_AMX) || defined(VS_TILES)
#include "kernel/tiles.h"
enum { ROWS = SIDE, VECS = 2, VALUES = 2, ALONG = TILE };
#define IN_TILES 1
#elif defined(__AVX512BF16__)
enum { ROWS = 14, VECS = 2, VALUES = 2 };
#elif defined(__AVX512F__)
enum { ROWS = 14, VECS = 2, VALUES = 1 };
#elif defined(VS_DOUBLE)
enum { ROWS = 4, VECS = 2, VALUES = 1 };
#else
enum { ROWS = 4, VECS = 3, VALUES = 1 };
#endif
#ifndef IN_TILES
#define IN_TILES 0
enum { ALONG = 1 };
#endif
enum { COLS = LANES * VECS, TURNED = ROWS / 4 * 4 };
enum { AHEAD = 8 }; /* units of B that are fetched ahead */
enum { TURN = 64 }; /* values of four places that are turned at a time */
_Static_assert(COLS % 4 == 0, "right panels are written by fours");
_Static_assert((int)LANES <= (int)VS_GEMM_SPARE, "as gemm.h says");

/* ---- rounding: to floats that bfloat16 holds exactly ---- */

#ifdef VS_DOUBLE

static inline vec rounded(vec x) { return x; }

#else

typedef int32_t words __attribute__((vector_size(VEC_BYTES)));

enum { SIGN = INT32_MIN, EXPONENT = 0x7f800000, QUIET = 0x400000, UPPER = -0x10000 };

static inline words choose(words mask, words yes, words no) { return (mask & yes) | (~mask & no); }

static inline vec rounded(vec x) {
  words u = (words)x, nan = (u & ~SIGN) > EXPONENT, tiny = (u & EXPONENT) == 0;
  words near = choose(nan, u | QUIET, (u & ~nan) + 0x7fff + ((u >> 16) & 1));
  return (vec)choose(tiny, u & SIGN, near & UPPER);
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
static inline vec in_pairs(vec even, vec odd) {
  return (vec)_mm512_cvtne2ps_pbh((__m512)odd, (__m512)even);
}

/* The units of k values, k > 0; `to` has room for whole vectors.  bfloat16 lies there as pairs. */
static inline void units_of(int64_t k, source x, bool rounds, float *to) {
  (void)rounds;
  if (x.bf16) {
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
    vec_store(to, in_pairs(first, then));
  }
}

/* The units of up to n places that lie side by side, in rows sk apart of which k are left. */
static inline vec unit_row(int64_t n, int64_t k, source x, int64_t sk, bool rounds) {
  static const uint16_t order[2 * LANES] = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                            21, 6,  22, 7,  23, 8,  24, 9,  25, 10, 26,
                                            11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  (void)rounds;
  if (x.bf16) {
    bf16s even = bf16_load_first(x.at, n), odd = {0};
    if (k > 1) odd = bf16_load_first(behind(x, sk).at, n);
    return (vec)(__builtin_convertvector(even, unsigneds) | __builtin_convertvector(odd, unsigneds)
                                                                << 16);
  }
  vec even = values_at(x, n), odd = {0};
  if (k > 1) odd = values_at(behind(x, sk), n);
  return (vec)_mm512_permutexvar_epi16(_mm512_loadu_si512(order), (__m512i)in_pairs(even, odd));
}

static inline __attribute__((unused)) vec multiply_add(vec sum, float a, vec b) {
  return (vec)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_set1_ps(a), (__m512bh)b);
}

#else

static inline vec unit_at(source x, int64_t n, bool rounds) {
  vec v = values_at(x, n);
  return rounds ? rounded(v) : v;
}

static inline void units_of(int64_t k, source x, bool rounds, vs_real *to) {
  for (int64_t j = 0; j < k; j += LANES) vec_store(to + j, unit_at(behind(x, j), k - j, rounds));
}

static inline vec unit_row(int64_t n, int64_t k, source x, int64_t sk, bool rounds) {
  (void)k, (void)sk;
  return unit_at(x, n, rounds);
}

static inline vec multiply_add(vec sum, vs_real a, vec b) { return sum + vec_all(a) * b; }

#endif

/* ---- panels ---- */

/* Right panels of places side by side: rows of the source are read from end to end. */
static inline void right_rows(int64_t n, int64_t k, source src, int64_t sk, bool rounds,
                              int64_t units, vs_real *to) {
  for (int64_t j = 0; j < k; j += VALUES, src = behind(src, VALUES * sk), to += COLS) {
    vs_real *panel = to;
    for (int64_t i = 0; i < n; i += COLS, panel += units * COLS)
      for (int c = 0; c < COLS; c += LANES) {
        vec v = {0};
        if (i + c < n) v = unit_row(n - i - c, k - j, behind(src, i + c), sk, rounds);
        vec_store(panel + c, v);
      }
  }
}

/* Values of the four places at p, as they are: turned.  The lines behind them are what comes
 * next. */
static inline void turn_four(int64_t many, const vs_real *const *p, int64_t width, vs_real *to) {
  int64_t j = 0;
  for (int r = 0; r < 4; r++)
    for (int l = 0; l < TURN; l += 64 / (int)sizeof(vs_real)) __builtin_prefetch(p[r] + many + l);
  for (; j + 4 <= many; j += 4, to += 4 * width) {
    quad q[4] = {QUAD(p[0] + j), QUAD(p[1] + j), QUAD(p[2] + j), QUAD(p[3] + j)};
    quad_turn(q);
    for (int r = 0; r < 4; r++) QUAD(to + r * width) = q[r];
  }
  for (; j < many; j++, to += width) QUAD(to) = (quad){p[0][j], p[1][j], p[2][j], p[3][j]};
}

/* Right panels of values side by side, as they are; a panel is written from end to end. */
static inline void turn_right(int64_t n, int64_t k, const vs_real *src, int64_t si, int64_t units,
                              vs_real *to) {
  static const vs_real zeros[2 * TURN];
  for (int64_t i = 0; i < n; i += COLS, to += units * COLS)
    for (int64_t j = 0; j < k; j += TURN)
      for (int c = 0; c < COLS; c += 4) {
        const vs_real *p[4];
        for (int r = 0; r < 4; r++) p[r] = i + c + r < n ? src + (i + c + r) * si + j : zeros;
        turn_four(VS_MIN(TURN, k - j), p, COLS, to + j * COLS + c);
      }
}

/* The units of n places of values side by side, four at a time and the last ones first: what those
 * write too much the next unit's first ones come over. */
static inline void turn_left(int64_t n, int64_t k, const vs_real *src, int64_t si, vs_real *to) {
  for (int64_t j = 0; j < k; j += TURN)
    for (int64_t c = (n - 1) / 4 * 4; c >= 0; c -= 4) {
      const vs_real *p[4];
      for (int r = 0; r < 4; r++) p[r] = src + VS_MIN(c + r, n - 1) * si + j;
      turn_four(VS_MIN(TURN, k - j), p, n, to + j * n + c);
    }
}

/* Four places, of which n are real, of values side by side are made units of and turned. */
static inline void turn_units(int64_t n, int64_t k, source src, int64_t si, bool rounds,
                              int64_t width, vs_real *to) {
  vs_real turn[4][TURN / VALUES];
  for (int64_t j = 0; j < k; j += TURN) {
    int64_t many = VS_MIN(k - j, TURN), full = (many - 1) / VALUES + 1, u = 0;
    for (int r = 0; r < 4; r++)
      if (r < n)
        units_of(many, behind(src, r * si + j), rounds, turn[r]);
      else
        memset(turn[r], 0, sizeof turn[r]);
    for (; u + 4 <= full; u += 4, to += 4 * width) {
      quad q[4] = {QUAD(turn[0] + u), QUAD(turn[1] + u), QUAD(turn[2] + u), QUAD(turn[3] + u)};
      quad_turn(q);
      for (int r = 0; r < 4; r++) QUAD(to + r * width) = q[r];
    }
    for (; u < full; u++, to += width)
      QUAD(to) = (quad){turn[0][u], turn[1][u], turn[2][u], turn[3][u]};
  }
}

static inline void right_panels(int64_t n, int64_t k, source src, int64_t si, int64_t sk,
                                bool rounds, int64_t units, vs_real *to) {
  if (si == 1)
    right_rows(n, k, src, sk, rounds, units, to);
  else if (!rounds && !src.bf16)
    turn_right(n, k, src.at, si, units, to);
  else
    for (int64_t i = 0; i < VS_ROUND_UP(n, COLS); i += 4)
      turn_units(n - i, k, behind(src, i * si), si, rounds, COLS,
                 to + i / COLS * units * COLS + i % COLS);
}

/* `rounds` is a constant to the compiler. */
static void pack_right(int64_t n, int64_t k, const void *from, bool bf16, int64_t si, int64_t sk,
                       bool rounds, vs_real *to) {
  int64_t real = (k - 1) / VALUES + 1, units = VS_ROUND_UP(real, ALONG);
  source src = {from, bf16};
  if (rounds)
    right_panels(n, k, src, si, sk, true, units, to);
  else
    right_panels(n, k, src, si, sk, false, units, to);
  for (int64_t i = 0; units > real && i < n; i += COLS, to += units * COLS)
    memset(to + real * COLS, 0, (size_t)((units - real) * COLS) * sizeof *to);
}

#if IN_TILES

/* A left panel of tiles: block of units by block, each [row][unit]. */
static inline float *left_at(float *to, int64_t place, int64_t unit) {
  return to + unit / TILE * ROWS * TILE + place * TILE + unit % TILE;
}

static void pack_left(int64_t n, int panels, int64_t k, const void *from, bool bf16, int64_t si,
                      int64_t sk, bool rounds, int64_t apart, float *to) {
  int64_t units = (k + 2 * TILE - 1) / (2 * TILE) * TILE;
  float row[LANES];
  for (int p = 0; p < panels; p++, to += apart) {
    int64_t w = n * (p + 1) / panels - n * p / panels;
    source src = behind((source){from, bf16}, n * p / panels * si);
    for (int64_t i = 0; i < ROWS; i += si == 1 ? LANES : 1)
      for (int64_t u = 0; u < units; u += si == 1 ? 1 : TILE) {
        int64_t left = k - 2 * u;
        vec v = {0};
        if (si != 1) { /* values side by side: a row of a tile at a time */
          if (i < w)
            units_of(VS_MIN(left, 2 * TILE), behind(src, i * si + 2 * u), rounds, (float *)&v);
          vec_store(left_at(to, i, u), v);
          continue;
        }
        if (i < w && left > 0) v = unit_row(w - i, left, behind(src, i + 2 * u * sk), sk, rounds);
        vec_store(row, v);
        for (int r = 0; r < LANES; r++) *left_at(to, i + r, u) = row[r];
      }
  }
}

#else

/* Of places side by side rows are read from end to end; what a vector writes too much the next unit
 * comes over. */
static inline void left_rows(int64_t n, int panels, int64_t k, source src, int64_t sk, bool rounds,
                             int64_t apart, vs_real *to) {
  int64_t first[VS_GEMM_PANELS + 1];
  for (int p = 0; p <= panels; p++) first[p] = n * p / panels;
  for (int64_t j = 0; j < k; j += VALUES, src = behind(src, VALUES * sk))
    for (int p = 0; p < panels; p++) {
      int64_t w = first[p + 1] - first[p];
      __builtin_prefetch(behind(src, AHEAD * VALUES * sk + first[p]).at);
      for (int64_t c = 0; c < w; c += LANES)
        vec_store(to + p * apart + j / VALUES * w + c,
                  unit_row(w - c, k - j, behind(src, first[p] + c), sk, rounds));
    }
}

static inline void left_panels(int64_t n, int panels, int64_t k, source src, int64_t si, int64_t sk,
                               bool rounds, int64_t apart, vs_real *to) {
  if (si == 1) {
    left_rows(n, panels, k, src, sk, rounds, apart, to);
    return;
  }
  for (int p = 0; p < panels; p++, to += apart) {
    int64_t first = n * p / panels, w = n * (p + 1) / panels - first;
    source from = behind(src, first * si);
    if (!rounds && !src.bf16)
      turn_left(w, k, from.at, si, to);
    else
      for (int64_t c = (w - 1) / 4 * 4; c >= 0; c -= 4)
        turn_units(w - c, k, behind(from, c * si), si, rounds, w, to + c);
  }
}

static void pack_left(int64_t n, int panels, int64_t k, const void *from, bool bf16, int64_t si,
                      int64_t sk, bool rounds, int64_t apart, vs_real *to) {
  source src = {from, bf16};
  if (rounds)
    left_panels(n, panels, k, src, si, sk, true, apart, to);
  else
    left_panels(n, panels, k, src, si, sk, false, apart, to);
}

#endif

#endif
