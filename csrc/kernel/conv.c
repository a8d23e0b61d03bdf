/* Convolution's inner loops.  See conv.h.
 *
 * The register tile is ROWS x (VECS vectors): 12 or 16 accumulators, so that the loads (a broadcast
 * a row, VECS vectors of the right side) stay below the multiply-adds they feed. */
#include "kernel/conv.h"

#include <string.h>

#include "kernel/vec.h"

#if defined(__AVX512F__)
enum { ROWS = 8 };
#else
enum { ROWS = 6 };
#endif
enum { VECS = 2, COLS = LANES * VECS };

static inline void tile(const vs_real *const *p, int64_t n, const int64_t *off, const vs_real *v,
                        vs_real *acc, bool add) {
  vec a[ROWS][VECS];
  for (int r = 0; r < ROWS; r++)
    for (int u = 0; u < VECS; u++) a[r][u] = (vec){0};
  for (int64_t i = 0; i < n; i++, v += COLS) {
    int64_t o = off[i];
    vec b[VECS];
    for (int u = 0; u < VECS; u++) b[u] = vec_load(v + u * LANES);
    for (int r = 0; r < ROWS; r++) {
      vec s = vec_all(p[r][o]);
      for (int u = 0; u < VECS; u++) a[r][u] += s * b[u];
    }
  }
  for (int r = 0; r < ROWS; r++)
    for (int u = 0; u < VECS; u++) {
      vs_real *to = acc + r * COLS + u * LANES;
      vec_store(to, add ? vec_load(to) + a[r][u] : a[r][u]);
    }
}

static void gather(int64_t nm, const int64_t *base, int64_t n, const int64_t *off, const vs_real *x,
                   const vs_real *v, vs_real *acc, bool add) {
  for (int64_t m = 0; m < nm; m += ROWS) {
    const vs_real *p[ROWS];
    for (int r = 0; r < ROWS; r++) p[r] = x + base[m + r < nm ? m + r : nm - 1];
    tile(p, n, off, v, acc + m * COLS, add);
  }
}

/* --- transposes between rows and panels, 4 x 4 at a time --- */

static inline void transpose4(const vs_real *from, int64_t lf, vs_real *to, int64_t lt,
                              const quad *add) {
  quad q[4] = {QUAD(from), QUAD(from + lf), QUAD(from + 2 * lf), QUAD(from + 3 * lf)};
  quad_turn(q);
  for (int r = 0; r < 4; r++) QUAD(to + r * lt) = q[r] + add[r];
}

static void pack(int64_t n, int width, const vs_real *src, int64_t ld, vs_real *panel) {
  const quad zero[4] = {{0}, {0}, {0}, {0}};
  int full = width & ~3;
  int64_t i = 0;
  if (width < COLS) memset(panel, 0, (size_t)n * COLS * sizeof(vs_real));
  for (; i + 4 <= n; i += 4)
    for (int c = 0; c < full; c += 4)
      transpose4(src + c * ld + i, ld, panel + i * COLS + c, COLS, zero);
  for (; i < n; i++)
    for (int c = 0; c < full; c++) panel[i * COLS + c] = src[c * ld + i];
  for (int c = full; c < width; c++)
    for (i = 0; i < n; i++) panel[i * COLS + c] = src[c * ld + i];
}

static void unpack(int64_t n, int width, const vs_real *panel, const vs_real *bias, vs_real *dst,
                   int64_t ld, int64_t step) {
  int full = step == 1 ? width & ~3 : 0;
  for (int c = 0; c < full; c += 4) {
    quad add[4];
    for (int k = 0; k < 4; k++) add[k] = (bias ? bias[c + k] : 0) - (quad){0};
    int64_t i = 0;
    for (; i + 4 <= n; i += 4) transpose4(panel + i * COLS + c, COLS, dst + c * ld + i, ld, add);
    for (; i < n; i++)
      for (int k = 0; k < 4; k++) dst[(c + k) * ld + i] = panel[i * COLS + c + k] + add[k][0];
  }
  for (int c = full; c < width; c++) {
    vs_real add = bias ? bias[c] : 0;
    for (int64_t i = 0; i < n; i++) dst[c * ld + i * step] = panel[i * COLS + c] + add;
  }
}

/* --- depthwise: a few rows of one vector at a time, every tap while they are in registers --- */

enum { TAP_ROWS = 4 };

static void taps(int64_t rows, int64_t n, int64_t nt, const int64_t *off, const vs_real *w,
                 vs_real bias, const vs_real *x, int64_t row, vs_real *y, int64_t ld) {
  for (int64_t i = 0; i < rows; i += TAP_ROWS, y += TAP_ROWS * ld) {
    const vs_real *p[TAP_ROWS];
    int real = (int)(rows - i < TAP_ROWS ? rows - i : TAP_ROWS);
    for (int r = 0; r < TAP_ROWS; r++) p[r] = x + (r < real ? i + r : i) * row;
    for (int64_t j = 0; j < n; j += LANES) {
      vec a[TAP_ROWS];
      for (int r = 0; r < TAP_ROWS; r++) a[r] = vec_all(bias);
      for (int64_t t = 0; t < nt; t++) {
        vec s = vec_all(w[t]);
        for (int r = 0; r < TAP_ROWS; r++) a[r] += s * vec_load(p[r] + off[t] + j);
      }
      for (int r = 0; r < real; r++) vec_store_first(y + r * ld + j, n - j, a[r]);
    }
  }
}

/* SUMS taps at a time: as many accumulators as hide the latency of a multiply-add. */
enum { SUMS = 9 };

static inline void sum_some(int64_t rows, int64_t n, int nt, const int64_t *off, const vs_real *x,
                            int64_t row, const vs_real *y, int64_t ld, vs_real *sums) {
  vec a[SUMS];
  for (int t = 0; t < nt; t++) a[t] = vec_load(sums + t * COLS);
  for (int64_t i = 0; i < rows; i++, x += row, y += ld)
    for (int64_t j = 0; j < n; j += LANES) {
      vec d = vec_load_first(y + j, n - j);
      for (int t = 0; t < nt; t++) a[t] += d * vec_load(x + off[t] + j);
    }
  for (int t = 0; t < nt; t++) vec_store(sums + t * COLS, a[t]);
}

static void tap_sums(int64_t rows, int64_t n, int64_t nt, const int64_t *off, const vs_real *x,
                     int64_t row, const vs_real *y, int64_t ld, vs_real *sums) {
  for (; nt >= SUMS; nt -= SUMS, off += SUMS, sums += SUMS * COLS)
    sum_some(rows, n, SUMS, off, x, row, y, ld, sums);
  for (; nt >= 4; nt -= 4, off += 4, sums += 4 * COLS)
    sum_some(rows, n, 4, off, x, row, y, ld, sums);
  for (; nt > 0; nt--, off++, sums += COLS) sum_some(rows, n, 1, off, x, row, y, ld, sums);
}

static void copy(int64_t rows, int64_t n, const vs_real *x, int64_t lx, vs_real *y, int64_t ly) {
  for (int64_t i = 0; i < rows; i++, x += lx, y += ly)
    for (int64_t j = 0; j < n; j += LANES) vec_store(y + j, vec_load_first(x + j, n - j));
}

/* --- rows --- */

static vs_real sum(int64_t n, const vs_real *x) {
  vec s[4] = {{0}, {0}, {0}, {0}};
  int64_t i = 0;
  for (; i + 4 * LANES <= n; i += 4 * LANES)
    for (int k = 0; k < 4; k++) s[k] += vec_load(x + i + k * LANES);
  vs_real t = vec_total((s[0] + s[1]) + (s[2] + s[3]));
  for (; i < n; i++) t += x[i];
  return t;
}

const vs_kernels_conv VS_K(vs_kernels_conv) = {
    .rows = ROWS,
    .cols = COLS,
    .gather = gather,
    .pack = pack,
    .unpack = unpack,
    .taps = taps,
    .tap_sums = tap_sums,
    .copy = copy,
    .sum = sum,
};
