/* Folds of runs and of rows, and where extremes are.  See reduce.h.  Plain loops over lanes that
 * the compiler turns into vectors. */
#include "kernel/reduce.h"

#include <math.h>

#include "kernel/vec.h"

#ifdef VS_DOUBLE
typedef int64_t REAL_INT; /* of vs_real's size */
#else
typedef int32_t REAL_INT;
#endif
enum { WIDE = VEC_BYTES / 2, LOOK = 64, BLOCK = 1024 };

/* T: of the elements, A: of what they become, `field` of vs_acc holds it.  step: a folded with v,
 * c = `centre` for group j; join: a and b, both folded. */
#define FOLD(name, T, A, field, first, centre, step, join)                                        \
  static inline A name##_run(int64_t n, const T *x, int64_t stride, double c, A total) {          \
    A lane[WIDE];                                                                                 \
    int64_t i = 0;                                                                                \
    (void)c;                                                                                      \
    if (stride != 1 || n < WIDE) {                                                                \
      for (; i < n; i++) {                                                                        \
        A a = total, v = (A)x[i * stride];                                                        \
        total = step;                                                                             \
      }                                                                                           \
      return total;                                                                               \
    }                                                                                             \
    for (int j = 0; j < WIDE; j++) lane[j] = first;                                               \
    for (; i + WIDE <= n; i += WIDE)                                                              \
      for (int j = 0; j < WIDE; j++) {                                                            \
        A a = lane[j], v = (A)x[i + j];                                                           \
        lane[j] = step;                                                                           \
      }                                                                                           \
    for (int j = 0; j < n - i; j++) {                                                             \
      A a = lane[j], v = (A)x[i + j];                                                             \
      lane[j] = step;                                                                             \
    }                                                                                             \
    for (int w = WIDE / 2; w > 0; w /= 2)                                                         \
      for (int j = 0; j < w; j++) {                                                               \
        A a = lane[j], b = lane[j + w];                                                           \
        lane[j] = join;                                                                           \
      }                                                                                           \
    A a = total, b = lane[0];                                                                     \
    return join;                                                                                  \
  }                                                                                               \
  static void name##_runs(int64_t groups, int64_t apart, int64_t n, const void *from,             \
                          int64_t stride, const double *centres, vs_acc *acc) {                   \
    (void)centres;                                                                                \
    for (int64_t j = 0; j < groups; j++)                                                          \
      acc[j].field = name##_run(n, (const T *)from + j * apart, stride, centre, (A)acc[j].field); \
  }                                                                                               \
  static void name##_rows(int64_t n, int64_t rows, const void *from, int64_t row,                 \
                          const double *centres, vs_acc *acc) {                                   \
    const T *x = from;                                                                            \
    int64_t r = 0;                                                                                \
    (void)centres;                                                                                \
    for (; r + 4 <= rows; r += 4, x += 4 * row) VS_IVDEP for (int64_t j = 0; j < n; j++) {        \
        double c = centre;                                                                        \
        A a = (A)acc[j].field, v = (A)x[j];                                                       \
        (void)c;                                                                                  \
        a = step, v = (A)x[row + j];                                                              \
        a = step, v = (A)x[2 * row + j];                                                          \
        a = step, v = (A)x[3 * row + j];                                                          \
        acc[j].field = step;                                                                      \
      }                                                                                           \
    for (; r < rows; r++, x += row) VS_IVDEP for (int64_t j = 0; j < n; j++) {                    \
        double c = centre;                                                                        \
        A a = (A)acc[j].field, v = (A)x[j];                                                       \
        (void)c;                                                                                  \
        acc[j].field = step;                                                                      \
      }                                                                                           \
  }                                                                                               \
  static vs_acc name##_merge(vs_acc left, vs_acc right) {                                         \
    A a = (A)left.field, b = (A)right.field;                                                      \
    return (vs_acc){.field = join};                                                               \
  }

/* HIT and MISS stop where they know.  I has T's size. */
#define ANY(name, T, I, test)                                                               \
  static bool name##_run(int64_t n, const T *x, int64_t stride) {                           \
    for (int64_t i = 0, m, size = 32; i < n; i += m, size = VS_MIN(2 * size, BLOCK)) {      \
      int any = 0;                                                                          \
      m = VS_MIN(n - i, size);                                                              \
      if (stride == 1)                                                                      \
        for (int64_t j = 0; j < m; j++) any |= x[i + j] test;                               \
      else                                                                                  \
        for (int64_t j = 0; j < m && !any; j++) any = x[(i + j) * stride] test;             \
      if (any) return true;                                                                 \
    }                                                                                       \
    return false;                                                                           \
  }                                                                                         \
  static void name##_runs(int64_t groups, int64_t apart, int64_t n, const void *from,       \
                          int64_t stride, const double *centres, vs_acc *acc) {             \
    (void)centres;                                                                          \
    for (int64_t j = 0; j < groups; j++)                                                    \
      if (!acc[j].whole) acc[j].whole = name##_run(n, (const T *)from + j * apart, stride); \
  }                                                                                         \
  static void name##_rows(int64_t n, int64_t rows, const void *from, int64_t row,           \
                          const double *centres, vs_acc *acc) {                             \
    const T *x = from;                                                                      \
    I any[VS_COLUMNS];                                                                      \
    bool rest = true;                                                                       \
    (void)centres;                                                                          \
    for (int64_t j = 0; j < n; j++) any[j] = (I)acc[j].whole;                               \
    for (int64_t r = 0; r < rows && rest; r++, x += row) {                                  \
      for (int64_t j = 0; j < n; j++) any[j] |= (I)(x[j] test);                             \
      if (r % 8 != 7) continue;                                                             \
      I all = 1;                                                                            \
      for (int64_t j = 0; j < n; j++) all &= any[j];                                        \
      rest = !all;                                                                          \
    }                                                                                       \
    for (int64_t j = 0; j < n; j++) acc[j].whole = any[j];                                  \
  }

static vs_acc either(vs_acc a, vs_acc b) { return (vs_acc){.whole = a.whole | b.whole}; }

#define MOST_STEP ((v > a) | (v != v)) ? v : a
#define MOST_JOIN ((b > a) | (b != b)) ? b : a
#define LEAST_STEP ((v < a) | (v != v)) ? v : a
#define LEAST_JOIN ((b < a) | (b != b)) ? b : a
#define FAR_STEP ((fabs(v) > a) | (v != v)) ? fabs(v) : a
#define NEAR_STEP ((fabs(v) < a) | (v != v)) ? fabs(v) : a

#define EXTREMES(T, A, I, field, low, high)                     \
  FOLD(most_##T, T, A, field, low, 0, MOST_STEP, MOST_JOIN)     \
  FOLD(least_##T, T, A, field, high, 0, LEAST_STEP, LEAST_JOIN) \
  ANY(hit_##T, T, I, != 0)                                      \
  ANY(miss_##T, T, I, == 0)
EXTREMES(vs_real, vs_real, REAL_INT, real, -(vs_real)INFINITY, (vs_real)INFINITY)
EXTREMES(int64_t, int64_t, int64_t, whole, INT64_MIN, INT64_MAX)
FOLD(sum_vs_real, vs_real, double, real, 0, 0, a + v, a + b)
FOLD(prod_vs_real, vs_real, double, real, 1, 0, a *v, a *b)
FOLD(squares, vs_real, double, real, 0, centres ? centres[j] : 0, a + (v - c) * (v - c), a + b)
FOLD(sizes, vs_real, double, real, 0, 0, a + fabs(v), a + b)
FOLD(count, vs_real, double, real, 0, 0, a + (v != 0), a + b)
FOLD(far, vs_real, double, real, 0, 0, FAR_STEP, MOST_JOIN)
FOLD(near, vs_real, double, real, HUGE_VAL, 0, NEAR_STEP, LEAST_JOIN)
FOLD(sum_int64_t, int64_t, uint64_t, bits, 0, 0, a + v, a + b)
FOLD(prod_int64_t, int64_t, uint64_t, bits, 1, 0, a *v, a *b)
FOLD(sum_uint8_t, uint8_t, uint64_t, bits, 0, 0, a + v, a + b)
ANY(hit_uint8_t, uint8_t, uint8_t, != 0)
ANY(miss_uint8_t, uint8_t, uint8_t, == 0)
#ifndef VS_DOUBLE
EXTREMES(double, double, int64_t, real, -HUGE_VAL, HUGE_VAL)
#endif

/* ---- where extremes are ---- */

/* Whether b beats a; NaN beats everything, as in PyTorch. */
#define BEATS(a, b, sign) (((b)sign(a)) | (((b) != (b)) & ((a) == (a))))

/* I has T's size.  A run is folded a block at a time; the block with the first of the best is then
 * searched. */
#define BEST(name, T, A, I, fold, sign)                                                         \
  static void name##_rows(int64_t n, int64_t rows, const void *from, int64_t row, int64_t base, \
                          void *value, int64_t *index) {                                        \
    const T *x = from;                                                                          \
    T best[VS_COLUMNS];                                                                         \
    I at[VS_COLUMNS];                                                                           \
    for (int64_t j = 0; j < n; j++) best[j] = base ? ((T *)value)[j] : x[j], at[j] = -1;        \
    for (I r = 0; r < (I)rows; r++, x += row) VS_IVDEP for (int64_t j = 0; j < n; j++) {        \
        T a = best[j], b = x[j];                                                                \
        bool takes = BEATS(a, b, sign);                                                         \
        best[j] = takes ? b : a;                                                                \
        at[j] = takes ? r : at[j];                                                              \
      }                                                                                         \
    for (int64_t j = 0; j < n; j++) {                                                           \
      ((T *)value)[j] = best[j];                                                                \
      index[j] = at[j] >= 0 ? base + at[j] : base ? index[j] : 0;                               \
    }                                                                                           \
  }                                                                                             \
  static int64_t name##_of(int64_t n, const void *from, int64_t stride) {                       \
    const T *x = from;                                                                          \
    int64_t block = 0, i, end;                                                                  \
    T best = x[0];                                                                              \
    if (stride != 1 || n < 16) {                                                                \
      for (i = 1; i < n; i++) {                                                                 \
        T v = x[i * stride];                                                                    \
        if (BEATS(best, v, sign)) best = v, block = i;                                          \
      }                                                                                         \
      return block;                                                                             \
    }                                                                                           \
    for (i = 0; i < n; i += BLOCK) {                                                            \
      T v = (T)fold##_run(VS_MIN(n - i, BLOCK), x + i, 1, 0, (A)x[i]);                          \
      if (BEATS(best, v, sign)) best = v, block = i;                                            \
    }                                                                                           \
    end = VS_MIN(block + BLOCK, n);                                                             \
    for (i = block; i + LOOK <= end; i += LOOK) {                                               \
      int any = 0;                                                                              \
      for (int j = 0; j < LOOK; j++) any |= (x[i + j] == best) | (x[i + j] != x[i + j]);        \
      if (any) break;                                                                           \
    }                                                                                           \
    while (x[i] != best && x[i] == x[i]) i++;                                                   \
    return i;                                                                                   \
  }
BEST(max_vs_real, vs_real, vs_real, REAL_INT, most_vs_real, >)
BEST(min_vs_real, vs_real, vs_real, REAL_INT, least_vs_real, <)
#ifndef VS_DOUBLE
BEST(max_double, double, double, int64_t, most_double, >)
BEST(min_double, double, double, int64_t, least_double, <)
#endif
BEST(max_int64_t, int64_t, int64_t, int64_t, most_int64_t, >)
BEST(min_int64_t, int64_t, int64_t, int64_t, least_int64_t, <)

/* ---- scans ---- */

#define SCAN(name, T, A, field, op)                                                             \
  static void name(int64_t lines, int64_t apart, int64_t n, int64_t step, const void *from,     \
                   void *to, vs_acc *acc) {                                                     \
    const T *x = from;                                                                          \
    T *y = to;                                                                                  \
    A a[VS_LINES_BESIDE];                                                                       \
    for (int64_t i = 0; i < lines; i++) a[i] = acc[i].field;                                    \
    if (lines == VS_LINES && apart != 1) { /* a constant: the sums stay in registers */         \
      for (int64_t k = 0; k < n; k++, x += step, y += step)                                     \
        for (int i = 0; i < VS_LINES; i++) y[i * apart] = (T)(a[i] = a[i] op(A) x[i * apart]);  \
    } else if (apart == 1) {                                                                    \
      for (int64_t k = 0; k < n; k++, x += step, y += step)                                     \
        VS_IVDEP for (int64_t i = 0; i < lines; i++) y[i] = (T)(a[i] = a[i] op(A) x[i]);        \
    } else {                                                                                    \
      for (int64_t k = 0; k < n; k++, x += step, y += step)                                     \
        for (int64_t i = 0; i < lines; i++) y[i * apart] = (T)(a[i] = a[i] op(A) x[i * apart]); \
    }                                                                                           \
    for (int64_t i = 0; i < lines; i++) acc[i].field = a[i];                                    \
  }
/* Sums of one line, a vector at a time: within it by steps of 1, 2, 4. */
enum { STEP = VEC_BYTES / 8 };
typedef double doubles __attribute__((vector_size(VEC_BYTES)));
typedef vs_real some_reals
    __attribute__((vector_size(STEP * sizeof(vs_real)), aligned(sizeof(vs_real)), may_alias));
#if VEC_BYTES == 64
#define SHUFFLE(v, a, b, c, d, e, f, g, h) \
  __builtin_shufflevector(v, (doubles){0}, a, b, c, d, e, f, g, h)
#define BACKWARDS(v) __builtin_shufflevector(v, v, 7, 6, 5, 4, 3, 2, 1, 0)
static inline doubles sums_within(doubles v) {
  v += SHUFFLE(v, 8, 0, 1, 2, 3, 4, 5, 6);
  v += SHUFFLE(v, 8, 8, 0, 1, 2, 3, 4, 5);
  return v + SHUFFLE(v, 8, 8, 8, 8, 0, 1, 2, 3);
}
static inline doubles last_of(doubles v) { return SHUFFLE(v, 7, 7, 7, 7, 7, 7, 7, 7); }
#elif VEC_BYTES == 32
#define SHUFFLE(v, a, b, c, d) __builtin_shufflevector(v, (doubles){0}, a, b, c, d)
#define BACKWARDS(v) __builtin_shufflevector(v, v, 3, 2, 1, 0)
static inline doubles sums_within(doubles v) {
  v += SHUFFLE(v, 4, 0, 1, 2);
  return v + SHUFFLE(v, 4, 4, 0, 1);
}
static inline doubles last_of(doubles v) { return SHUFFLE(v, 3, 3, 3, 3); }
#else
#define SHUFFLE(v, a, b) __builtin_shufflevector(v, (doubles){0}, a, b)
#define BACKWARDS(v) __builtin_shufflevector(v, v, 1, 0)
static inline doubles sums_within(doubles v) { return v + SHUFFLE(v, 2, 0); }
static inline doubles last_of(doubles v) { return SHUFFLE(v, 1, 1); }
#endif

/* step is 1 or -1 */
static double add_line(int64_t n, int64_t step, const vs_real *x, vs_real *y, double before) {
  doubles total = before - (doubles){0};
  int64_t k = 0;
  for (; k + STEP <= n; k += STEP) {
    int64_t at = step > 0 ? k : -k - STEP + 1;
    doubles v = __builtin_convertvector(*(const some_reals *)(x + at), doubles);
    if (step < 0) v = BACKWARDS(v);
    v = sums_within(v);
    doubles sums = v + total;
    total += last_of(v);
    if (step < 0) sums = BACKWARDS(sums);
    *(some_reals *)(y + at) = __builtin_convertvector(sums, some_reals);
  }
  before = total[0];
  for (; k < n; k++) y[k * step] = (vs_real)(before += (double)x[k * step]);
  return before;
}

SCAN(add_columns, vs_real, double, real, +)
static void add_reals(int64_t lines, int64_t apart, int64_t n, int64_t step, const void *x, void *y,
                      vs_acc *acc) {
  if (apart == 1 || (step != 1 && step != -1)) {
    add_columns(lines, apart, n, step, x, y, acc);
    return;
  }
  for (int64_t i = 0; i < lines; i++)
    acc[i].real =
        add_line(n, step, (const vs_real *)x + i * apart, (vs_real *)y + i * apart, acc[i].real);
}

SCAN(add_ints, int64_t, uint64_t, bits, +)
SCAN(multiply_reals, vs_real, double, real, *)
SCAN(multiply_ints, int64_t, uint64_t, bits, *)

/* ---- gradients ---- */

static void slope(int64_t n, const vs_real *x, double c, double s, vs_real *dx) {
  VS_IVDEP for (int64_t i = 0; i < n; i++) dx[i] = (vs_real)(((double)x[i] - c) * s);
}

static void slope_rows(int64_t n, int64_t apart, const vs_real *x, const double *c, const double *s,
                       vs_real *dx) {
  if (apart == 1)
    VS_IVDEP for (int64_t i = 0; i < n; i++) dx[i] = (vs_real)(((double)x[i] - c[i]) * s[i]);
  else
    for (int64_t i = 0; i < n; i++) dx[i * apart] = (vs_real)(((double)x[i * apart] - c[i]) * s[i]);
}

/* clang-format off */
#define ENTRY(name, field, first) {{.field = first}, name##_runs, name##_rows, name##_merge}
#define QUANTIFIERS(T)                                           \
  [VS_FOLD_HIT] = {{0}, hit_##T##_runs, hit_##T##_rows, either},  \
  [VS_FOLD_MISS] = {{0}, miss_##T##_runs, miss_##T##_rows, either}
#define FOLDS(T, field, low, high)                               \
  [VS_FOLD_MOST] = ENTRY(most_##T, field, low),                  \
  [VS_FOLD_LEAST] = ENTRY(least_##T, field, high), QUANTIFIERS(T)
const vs_kernels_reduce VS_K(vs_kernels_reduce) = {
  .real = {FOLDS(vs_real, real, -HUGE_VAL, HUGE_VAL),
           [VS_FOLD_SUM] = ENTRY(sum_vs_real, real, 0),
           [VS_FOLD_PROD] = ENTRY(prod_vs_real, real, 1),
           [VS_FOLD_SQUARES] = ENTRY(squares, real, 0),
           [VS_FOLD_SIZES] = ENTRY(sizes, real, 0),
           [VS_FOLD_COUNT] = ENTRY(count, real, 0),
           [VS_FOLD_FAR] = ENTRY(far, real, 0),
           [VS_FOLD_NEAR] = ENTRY(near, real, HUGE_VAL)},
  .whole = {FOLDS(int64_t, whole, INT64_MIN, INT64_MAX),
            [VS_FOLD_SUM] = ENTRY(sum_int64_t, whole, 0),
            [VS_FOLD_PROD] = ENTRY(prod_int64_t, whole, 1)},
#ifndef VS_DOUBLE
  .wide = {FOLDS(double, real, -HUGE_VAL, HUGE_VAL)},
#endif
  .byte = {QUANTIFIERS(uint8_t), [VS_FOLD_SUM] = ENTRY(sum_uint8_t, whole, 0)},
  .best_rows = {{min_vs_real_rows, max_vs_real_rows}, {min_int64_t_rows, max_int64_t_rows},
#ifndef VS_DOUBLE
                {min_double_rows, max_double_rows}
#endif
  },
  .best_of = {{min_vs_real_of, max_vs_real_of}, {min_int64_t_of, max_int64_t_of},
#ifndef VS_DOUBLE
              {min_double_of, max_double_of}
#endif
  },
  .scan = {{add_reals, add_ints}, {multiply_reals, multiply_ints}},
  .slope = slope,
  .slope_rows = slope_rows,
};
