/* Casts of the float build that vectors speed up.  See cast.h.  Results are those of core/copy.c:
 * whole numbers are rounded towards 0 and limited to what the dtype holds, NaN is the least. */
#include "kernel/cast.h"

#include "kernel/elementwise.h"

#ifndef VS_DOUBLE
#define CAST(name, TO, FROM, expr)                          \
  static void name(int64_t n, void *to, const void *from) { \
    const FROM *x = from;                                   \
    TO *y = to;                                             \
    VS_IVDEP for (int64_t i = 0; i < n; i++) {              \
      FROM v = x[i];                                        \
      y[i] = (TO)(expr);                                    \
    }                                                       \
  }
CAST(i64_f32, int64_t, float, !(v > -0x1p63f) ? INT64_MIN : v < 0x1p63f ? (int64_t)v : INT64_MAX)
CAST(i32_f32, int32_t, float, !(v > -0x1p31f) ? INT32_MIN : v < 0x1p31f ? (int32_t)v : INT32_MAX)
CAST(u8_f32, uint8_t, float, (int32_t)(!(v > 0) ? 0 : v < 255 ? v : 255))
CAST(bool_f32, uint8_t, float, v != 0)
CAST(f32_i64, float, int64_t, v)
CAST(f32_i32, float, int32_t, v)
CAST(f32_u8, float, uint8_t, v)
CAST(i64_u8, int64_t, uint8_t, v)

static void bf16_f32(int64_t n, void *to, const void *from) {
  vs_k_elementwise()->shorten(n, to, from);
}
static void f32_bf16(int64_t n, void *to, const void *from) {
  vs_k_elementwise()->lengthen(n, to, from);
}
#endif

const vs_kernels_cast VS_K(vs_kernels_cast) = {
    .cast = {
#ifndef VS_DOUBLE
        [VS_INT64] = {[VS_FLOAT32] = i64_f32, [VS_UINT8] = i64_u8, [VS_BOOL] = i64_u8},
        [VS_INT32] = {[VS_FLOAT32] = i32_f32},
        [VS_UINT8] = {[VS_FLOAT32] = u8_f32},
        [VS_BOOL] = {[VS_FLOAT32] = bool_f32},
        [VS_BFLOAT16] = {[VS_FLOAT32] = bf16_f32},
        [VS_FLOAT32] = {[VS_INT64] = f32_i64,
                        [VS_INT32] = f32_i32,
                        [VS_UINT8] = f32_u8,
                        [VS_BOOL] = f32_u8,
                        [VS_BFLOAT16] = f32_bf16},
#else
        [0] = {NULL}
#endif
    }};
