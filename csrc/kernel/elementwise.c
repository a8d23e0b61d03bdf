/* Element-wise kernels from the lists in elementwise.h.  Plain loops that the compiler
 * vectorises. */
#include "kernel/elementwise.h"

#include "kernel/math.h"
#include "kernel/vec.h"

#pragma GCC diagnostic ignored "-Wunused-variable"
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* ---- unary ---- */

/* The derivative's operands: only what the list says it reads may be touched. */
#define OPERANDS_NONE vs_real x = 0, y = 0;
#define OPERANDS_IN vs_real x = px[i], y = 0;
#define OPERANDS_OUT vs_real x = 0, y = py[i];

#define X(name, value, derivative, reads)                                                       \
  static void name##_forward(int64_t n, vs_real *py, const vs_real *px, vs_real a, vs_real b) { \
    VS_IVDEP for (int64_t i = 0; i < n; i++) {                                                  \
      vs_real x = px[i];                                                                        \
      py[i] = (value);                                                                          \
    }                                                                                           \
  }                                                                                             \
  static void name##_backward(int64_t n, vs_real *dx, const vs_real *dy, const vs_real *px,     \
                              const vs_real *py, vs_real a, vs_real b) {                        \
    VS_IVDEP for (int64_t i = 0; i < n; i++) {                                                  \
      OPERANDS_##reads dx[i] = (vs_real)(derivative)*dy[i];                                     \
    }                                                                                           \
  }
VS_UNARY_LIST(X)
#undef X

/* ---- binary ---- */

/* One body for the three layouts that matter (both dense, one side a single value) and any
 * other. */
#define LAYOUTS(...)                           \
  if (so == 1 && sx == 1 && sy == 1) {         \
    VS_IVDEP for (int64_t i = 0; i < n; i++) { \
      vs_real x = px[i], y = py[i];            \
      out[i] = (__VA_ARGS__);                  \
    }                                          \
  } else if (so == 1 && sx == 1 && sy == 0) {  \
    vs_real y = py[0];                         \
    VS_IVDEP for (int64_t i = 0; i < n; i++) { \
      vs_real x = px[i];                       \
      out[i] = (__VA_ARGS__);                  \
    }                                          \
  } else if (so == 1 && sx == 0 && sy == 1) {  \
    vs_real x = px[0];                         \
    VS_IVDEP for (int64_t i = 0; i < n; i++) { \
      vs_real y = py[i];                       \
      out[i] = (__VA_ARGS__);                  \
    }                                          \
  } else {                                     \
    for (int64_t i = 0; i < n; i++) {          \
      vs_real x = px[i * sx], y = py[i * sy];  \
      out[i * so] = (__VA_ARGS__);             \
    }                                          \
  }

#define GRAD(name, derivative)                                                       \
  static void name(int64_t n, vs_real *d, int64_t sd, const vs_real *pg, int64_t sg, \
                   const vs_real *px, int64_t sx, const vs_real *py, int64_t sy) {   \
    if (sd == 1 && sg == 1 && sx == 1 && sy == 1) {                                  \
      VS_IVDEP for (int64_t i = 0; i < n; i++) {                                     \
        vs_real g = pg[i], x = px[i], y = py[i];                                     \
        d[i] = (derivative);                                                         \
      }                                                                              \
    } else {                                                                         \
      for (int64_t i = 0; i < n; i++) {                                              \
        vs_real g = pg[i * sg], x = px[i * sx], y = py[i * sy];                      \
        d[i * sd] = (derivative);                                                    \
      }                                                                              \
    }                                                                                \
  }

#define X(NAME, name, value, dx, dy)                                                             \
  static void name##_forward(int64_t n, vs_real *out, int64_t so, const vs_real *px, int64_t sx, \
                             const vs_real *py, int64_t sy){LAYOUTS(value)} GRAD(name##_dx, dx)  \
      GRAD(name##_dy, dy)
VS_BINARY_LIST(X)
#undef X

/* ---- comparison ---- */

#define X(NAME, name, sign)                                                                      \
  static void name##_compare(int64_t n, uint8_t *out, int64_t so, const vs_real *px, int64_t sx, \
                             const vs_real *py, int64_t sy) {                                    \
    LAYOUTS(x sign y)                                                                            \
  }
VS_COMPARE_LIST(X)
#undef X

/* ---- bfloat16 ---- */

static void lengthen(int64_t n, vs_real *y, const uint16_t *x) {
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) vec_store(y + i, vec_load_bf16(x + i, LANES));
  if (i < n) vec_store_first(y + i, n - i, vec_load_bf16(x + i, n - i));
}

static void shorten(int64_t n, uint16_t *y, const vs_real *x) {
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) vec_store_bf16(y + i, LANES, vec_load(x + i));
  if (i < n) vec_store_bf16(y + i, n - i, vec_load_first(x + i, n - i));
}

const vs_kernels_elementwise VS_K(vs_kernels_elementwise) = {
    .lengthen = lengthen,
    .shorten = shorten,
    .unary =
        {
#define X(name, value, derivative, reads) name##_forward,
            VS_UNARY_LIST(X)
#undef X
        },
    .unary_grad =
        {
#define X(name, value, derivative, reads) name##_backward,
            VS_UNARY_LIST(X)
#undef X
        },
    .binary =
        {
#define X(NAME, name, value, dx, dy) name##_forward,
            VS_BINARY_LIST(X)
#undef X
        },
    .binary_grad =
        {
#define X(NAME, name, value, dx, dy) {name##_dx, name##_dy},
            VS_BINARY_LIST(X)
#undef X
        },
    .compare =
        {
#define X(NAME, name, sign) name##_compare,
            VS_COMPARE_LIST(X)
#undef X
        },
};
