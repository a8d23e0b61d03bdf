/* Winograd's transforms.  See winograd.h.
 *
 * A transform of rows and columns is two passes of one of the five small functions below, which
 * compute a vector of places at a time.  Places are gathered and spread by fours. */
#include "kernel/winograd.h"

#include <string.h>

#include "kernel/vec.h"

enum { GROUP = LANES < 4 ? 4 : LANES, ALL = VS_WINOGRAD };

/* The points are +-A and +-B, A B = 1. */
static const vs_real A = (vs_real)2 / 3, B = (vs_real)3 / 2;
static const vs_real AA = (vs_real)4 / 9, BB = (vs_real)9 / 4, SUM = (vs_real)97 / 36;
static const vs_real AAA = (vs_real)8 / 27, BBB = (vs_real)27 / 8;
static const vs_real FA = (vs_real)-81 / 130, FB = (vs_real)8 / 65; /* 1 / prod of differences */

/* ---- one row or column: elements of d and r are `s` apart ---- */

/* r[6] = B' d[6] */
static inline void input6(const vec *d, vec *r, int s) {
  vec ta = d[4 * s] - BB * d[2 * s], ua = A * d[3 * s] - B * d[s];
  vec tb = d[4 * s] - AA * d[2 * s], ub = B * d[3 * s] - A * d[s];
  r[0] = d[0] - SUM * d[2 * s] + d[4 * s];
  r[5 * s] = d[s] - SUM * d[3 * s] + d[5 * s];
  r[s] = ta + ua;
  r[2 * s] = ta - ua;
  r[3 * s] = tb + ub;
  r[4 * s] = tb - ub;
}

/* r[6] = G w[3] */
static inline void weight6(const vec *w, int sw, vec *r, int s) {
  vec ea = FA * (w[0] + AA * w[2 * sw]), oa = (FA * A) * w[sw];
  vec eb = FB * (w[0] + BB * w[2 * sw]), ob = (FB * B) * w[sw];
  r[0] = w[0];
  r[s] = ea + oa;
  r[2 * s] = ea - oa;
  r[3 * s] = eb + ob;
  r[4 * s] = eb - ob;
  r[5 * s] = w[2 * sw];
}

/* y[4] = A' m[6] */
static inline void output4(const vec *m, int s, vec *y, int sy) {
  vec sa = m[s] + m[2 * s], da = m[s] - m[2 * s];
  vec sb = m[3 * s] + m[4 * s], db = m[3 * s] - m[4 * s];
  y[0] = m[0] + sa + sb;
  y[sy] = A * da + B * db;
  y[2 * sy] = AA * sa + BB * sb;
  y[3 * sy] = AAA * da + BBB * db + m[5 * s];
}

/* r[6] = A e[4] */
static inline void gradient6(const vec *e, int se, vec *r, int s) {
  vec ea = e[0] + AA * e[2 * se], oa = A * e[se] + AAA * e[3 * se];
  vec eb = e[0] + BB * e[2 * se], ob = B * e[se] + BBB * e[3 * se];
  r[0] = e[0];
  r[s] = ea + oa;
  r[2 * s] = ea - oa;
  r[3 * s] = eb + ob;
  r[4 * s] = eb - ob;
  r[5 * s] = e[3 * se];
}

/* w[3] = G' u[6] */
static inline void weight3(const vec *u, int s, vec *w, int sw) {
  vec sa = FA * (u[s] + u[2 * s]), da = (FA * A) * (u[s] - u[2 * s]);
  vec sb = FB * (u[3 * s] + u[4 * s]), db = (FB * B) * (u[3 * s] - u[4 * s]);
  w[0] = u[0] + sa + sb;
  w[sw] = da + db;
  w[2 * sw] = AA * sa + BB * sb + u[5 * s];
}

/* ---- places ---- */

/* The first `size` (4 or 6) elements of `size` rows of each place. */
static inline void gather(const vs_real *x, const int64_t *off, int64_t row, int size,
                          vs_real d[ALL][GROUP]) {
  for (int i = 0; i < GROUP; i += 4) {
    const vs_real *p[4] = {x + off[i], x + off[i + 1], x + off[i + 2], x + off[i + 3]};
    for (int r = 0; r < size; r++) {
      vs_real(*to)[GROUP] = d + r * size;
      quad q[4];
      for (int k = 0; k < 4; k++) q[k] = QUAD(p[k] + r * row);
      quad_turn(q);
      for (int k = 0; k < 4; k++) QUAD(to[k] + i) = q[k];
      if (size == 4) continue;
      for (int k = 0; k < 4; k++) q[k] = QUAD(p[k] + r * row + 2);
      quad_turn(q);
      QUAD(to[4] + i) = q[2];
      QUAD(to[5] + i) = q[3];
    }
  }
}

static inline void spread_by(vs_real r[ALL][GROUP], vs_real *to, int64_t step, const int width,
                             int64_t apart) {
  for (int c = 0; c < ALL; c++, to += step)
    for (int i = 0; i < GROUP; i += width)
      for (int j = 0; j < width; j += 4) QUAD(to + i / width * apart + j) = QUAD(r[c] + i + j);
}

/* The width is a constant to the compiler. */
static inline void spread(vs_real r[ALL][GROUP], vs_real *to, int64_t step, int width,
                          int64_t apart) {
  if (width == 4)
    spread_by(r, to, step, 4, apart);
  else if (width == GROUP / 2)
    spread_by(r, to, step, GROUP / 2, apart);
  else
    spread_by(r, to, step, GROUP, apart);
}

static void input(int64_t n, const vs_real *x, const int64_t *off, int64_t row, vs_real *to,
                  int64_t step) {
  vs_real d[ALL][GROUP] __attribute__((aligned(64)));
  for (int64_t i = 0; i < n; i += GROUP) {
    gather(x, off + i, row, 6, d);
    for (int l = 0; l < GROUP; l += LANES) {
      vec e[ALL], r[6];
      for (int j = 0; j < 6; j++) {
        vec column[6];
        for (int k = 0; k < 6; k++) column[k] = vec_load(d[k * 6 + j] + l);
        input6(column, r, 1);
        for (int k = 0; k < 6; k++) e[k * 6 + j] = r[k];
      }
      for (int k = 0; k < 6; k++) {
        input6(e + k * 6, r, 1);
        for (int j = 0; j < 6; j++) vec_store(to + (k * 6 + j) * step + i + l, r[j]);
      }
    }
  }
}

static void gradient(const vs_real *dy, const int64_t *off, int64_t row, vs_real *to, int64_t step,
                     int width, int64_t apart) {
  vs_real d[ALL][GROUP] __attribute__((aligned(64)));
  gather(dy, off, row, 4, d);
  for (int l = 0; l < GROUP; l += LANES) {
    vec e[24], r[6];
    for (int j = 0; j < 4; j++) {
      vec column[4];
      for (int k = 0; k < 4; k++) column[k] = vec_load(d[k * 4 + j] + l);
      gradient6(column, 1, e + j, 4);
    }
    for (int k = 0; k < 6; k++) {
      gradient6(e + k * 4, 1, r, 1);
      for (int j = 0; j < 6; j++) vec_store(d[k * 6 + j] + l, r[j]);
    }
  }
  spread(d, to, step, width, apart);
}

enum { KERNELS = 16 }; /* read one behind the other, before the next place's */

static void weight(int n, int64_t count, const vs_real *w, int64_t stride, int64_t along,
                   bool turned, vs_real *to, int64_t step, int width, int64_t apart) {
  vs_real all[KERNELS][9][GROUP] __attribute__((aligned(64)));
  vs_real d[ALL][GROUP] __attribute__((aligned(64)));
  memset(all, 0, sizeof all);
  for (; count > 0; count -= KERNELS, w += KERNELS * along) {
    int real = (int)VS_MIN(count, KERNELS);
    for (int i = 0; i < n; i++)
      for (int k = 0; k < real; k++)
        for (int t = 0; t < 9; t++) all[k][t][i] = w[i * stride + k * along + t];
    for (int k = 0; k < real; k++, to += width) {
      for (int l = 0; l < GROUP; l += LANES) {
        vec e[18], r[6];
        for (int j = 0; j < 3; j++) {
          vec column[3];
          for (int i = 0; i < 3; i++) {
            int t = i * 3 + j;
            column[i] = vec_load(all[k][turned ? 8 - t : t] + l);
          }
          weight6(column, 1, e + j, 3);
        }
        for (int i = 0; i < 6; i++) {
          weight6(e + i * 3, 1, r, 1);
          for (int j = 0; j < 6; j++) vec_store(d[i * 6 + j] + l, r[j]);
        }
      }
      spread(d, to, step, width, apart);
    }
  }
}

/* Four places' rows of four, from d[0..3], to row r of their tiles; rounded where they are to be
 * bfloat16. */
static inline void put_rows(vs_real (*d)[GROUP], const vs_winograd_tile *tile, int r, void *y,
                            bool bf16, int64_t row) {
  quad q[4] = {QUAD(d[0]), QUAD(d[1]), QUAD(d[2]), QUAD(d[3])};
  quad_turn(q);
  for (int k = 0; k < 4; k++) {
    if (r >= tile[k].rows) continue;
    if (bf16) {
      uint16_t upper[4], *to = (uint16_t *)y + tile[k].at + r * row;
      quad_upper(q + k, upper);
      memcpy(to, upper, tile[k].cols == 4 ? sizeof upper : (size_t)tile[k].cols * sizeof *to);
      continue;
    }
    vs_real *to = (vs_real *)y + tile[k].at + r * row;
    if (tile[k].cols == 4)
      QUAD(to) = q[k];
    else
      for (int j = 0; j < tile[k].cols; j++) to[j] = q[k][j];
  }
}

static void output(int64_t n, const vs_real *from, int64_t step, vs_real bias,
                   const vs_winograd_tile *tile, void *y, bool bf16, int64_t row) {
  vs_real d[16][GROUP] __attribute__((aligned(64)));
  for (int64_t i = 0; i < n; i += GROUP, from += GROUP, tile += GROUP) {
    for (int l = 0; l < GROUP; l += LANES) {
      vec e[24], r[4];
      for (int j = 0; j < 6; j++) {
        vec column[6];
        for (int k = 0; k < 6; k++) column[k] = vec_load(from + (k * 6 + j) * step + l);
        output4(column, 1, e + j, 6);
      }
      for (int k = 0; k < 4; k++) {
        output4(e + k * 6, 1, r, 1);
        for (int j = 0; j < 4; j++)
          vec_store(d[k * 4 + j] + l, bf16 ? vec_round_bf16(r[j] + bias) : r[j] + bias);
      }
    }
    for (int l = 0; l < GROUP; l += 4)
      for (int r = 0; r < 4; r++) {
        vs_real(*rows)[GROUP] = (vs_real(*)[GROUP])(void *)(d[r * 4] + l);
        put_rows(rows, tile + l, r, y, bf16, row);
      }
  }
}

static void weight_gradient(int n, const vs_real *from, int64_t step, vs_real *dw) {
  vs_real d[9][GROUP] __attribute__((aligned(64)));
  for (int l = 0; l < GROUP; l += LANES) {
    vec e[18], r[3];
    for (int j = 0; j < 6; j++) {
      vec column[6];
      for (int k = 0; k < 6; k++) column[k] = vec_load(from + (k * 6 + j) * step + l);
      weight3(column, 1, e + j, 6);
    }
    for (int k = 0; k < 3; k++) {
      weight3(e + k * 6, 1, r, 1);
      for (int j = 0; j < 3; j++) vec_store(d[k * 3 + j] + l, r[j]);
    }
  }
  for (int i = 0; i < n; i++)
    for (int t = 0; t < 9; t++) dw[i * 9 + t] = d[t][i];
}

const vs_kernels_winograd VS_K(vs_kernels_winograd) = {
    .lanes = GROUP,
    .input = input,
    .gradient = gradient,
    .weight = weight,
    .output = output,
    .weight_gradient = weight_gradient,
};
