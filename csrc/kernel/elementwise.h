/* Element-wise kernels: every unary op with its derivative, every binary op with both, comparisons.
 *
 * One line of a list is all that an op of this kind is; csrc/op/unary.c and binary.c make
 * descriptors from the same lines.  Unary kernels take contiguous data; binary ones take strides
 * (in elements). */
#ifndef VS_ELEMENTWISE_H
#define VS_ELEMENTWISE_H

#include <math.h>

#include "kernel/kernel.h"

/* clang-format off */

/* X(name, value of x, derivative from x and y = value, IN | OUT | NONE: what the derivative reads).
 * a and b are the op's own numbers.  PI-like constants carry VS_R for both builds. */
#define VS_UNARY_LIST(X)                                                                          \
  X(neg, -x, -1, NONE)                                                                            \
  X(abs, vs_abs(x), (x > 0) - (x < 0), IN)                                                        \
  X(exp, vs_exp(x), y, OUT)                                                                       \
  X(log, vs_log(x), 1 / x, IN)                                                                    \
  X(log1p, VS_LIBM(log1p)(x), 1 / (1 + x), IN)                                                    \
  X(log2, VS_LIBM(log2)(x), VS_R(1.4426950408889634) / x, IN)                                     \
  X(expm1, VS_LIBM(expm1)(x), y + 1, OUT)                                                         \
  X(sqrt, vs_sqrt(x), VS_R(0.5) / y, OUT)                                                         \
  X(rsqrt, 1 / vs_sqrt(x), VS_R(-0.5) * y * y * y, OUT)                                           \
  X(square, x * x, 2 * x, IN)                                                                     \
  X(reciprocal, 1 / x, -y * y, OUT)                                                               \
  X(sin, VS_LIBM(sin)(x), VS_LIBM(cos)(x), IN)                                                    \
  X(cos, VS_LIBM(cos)(x), -VS_LIBM(sin)(x), IN)                                                   \
  X(tan, VS_LIBM(tan)(x), 1 + y * y, OUT)                                                         \
  X(asin, VS_LIBM(asin)(x), 1 / vs_sqrt(1 - x * x), IN)                                           \
  X(acos, VS_LIBM(acos)(x), -1 / vs_sqrt(1 - x * x), IN)                                          \
  X(atan, VS_LIBM(atan)(x), 1 / (1 + x * x), IN)                                                  \
  X(sinh, VS_LIBM(sinh)(x), VS_LIBM(cosh)(x), IN)                                                 \
  X(cosh, VS_LIBM(cosh)(x), VS_LIBM(sinh)(x), IN)                                                 \
  X(erf, vs_erf(x), VS_R(1.1283791670955126) * vs_exp_down(-x * x), IN)                           \
  X(tanh, vs_tanh(x), 1 - y * y, OUT)                                                             \
  X(sigmoid, vs_sigmoid(x), y * (1 - y), OUT)                                                     \
  X(relu, x > 0 ? x : x != x ? x : 0, y > 0, OUT)                                                 \
  X(relu6, x < 0 ? 0 : x > 6 ? 6 : x, y > 0 && y < 6, OUT)                                        \
  X(leaky_relu, x > 0 ? x : a * x, x > 0 ? 1 : a, IN)                                             \
  X(elu, x > 0 ? x : a * vs_expm1_down(x), x > 0 ? 1 : a * vs_exp(x), IN)                         \
  X(gelu, VS_R(0.5) * x * (1 + vs_erf(x * VS_R(0.70710678118654752))),                            \
    VS_R(0.5) * (1 + vs_erf(x * VS_R(0.70710678118654752))) +                                     \
        x * VS_R(0.39894228040143268) * vs_exp_down(VS_R(-0.5) * x * x), IN)                      \
  X(gelu_tanh, x * vs_gelu_gate(x),                                                               \
    vs_gelu_gate(x) +                                                                             \
        (vs_gelu_gate(x) > 0 && vs_gelu_gate(x) < 1                                               \
             ? x * vs_gelu_gate(x) * (1 - vs_gelu_gate(x)) *                                      \
                   VS_R(1.5957691216057308) * (1 + VS_R(0.134145) * x * x)                        \
             : 0), IN)                                                                            \
  X(silu, x * vs_sigmoid(x), vs_sigmoid(x) * (1 + x * (1 - vs_sigmoid(x))), IN)                   \
  X(softplus, vs_softplus(x), vs_sigmoid(x), IN)                                                  \
  X(hardsigmoid, x <= -3 ? 0 : x >= 3 ? 1 : x / 6 + VS_R(0.5),                                    \
    x > -3 && x < 3 ? VS_R(1.0) / 6 : 0, IN)                                                      \
  X(hardswish, x <= -3 ? 0 : x >= 3 ? x : x * (x + 3) / 6,                                        \
    x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + VS_R(0.5), IN)                                             \
  X(mish, x *vs_tanh(vs_softplus(x)),                                                             \
    vs_tanh(vs_softplus(x)) +                                                                     \
        x * vs_sigmoid(x) *                                                                       \
            (1 - vs_square(vs_tanh(vs_softplus(x)))),                                             \
    IN)                                                                                           \
  X(softsign, x / (1 + vs_abs(x)), 1 / ((1 + vs_abs(x)) * (1 + vs_abs(x))), IN)                   \
  X(selu,                                                                                         \
    VS_R(1.0507009873554805) * (x > 0 ? x : VS_R(1.6732632423543772) * vs_expm1_down(x)),         \
    VS_R(1.0507009873554805) * (x > 0 ? 1 : VS_R(1.6732632423543772) * vs_exp(x)), IN)            \
  X(clamp, x < a ? a : x > b ? b : x, x >= a && x <= b, IN)                                       \
  X(sign, x != x ? x : (vs_real)((x > 0) - (x < 0)), 0, NONE)                                     \
  X(floor, VS_LIBM(floor)(x), 0, NONE)                                                            \
  X(ceil, VS_LIBM(ceil)(x), 0, NONE)                                                              \
  X(round, VS_LIBM(nearbyint)(x), 0, NONE)                                                        \
  X(trunc, VS_LIBM(trunc)(x), 0, NONE)

#ifdef VS_DOUBLE
#define VS_LIBM(name) name
#else
#define VS_LIBM(name) name##f
#endif

/* X(NAME, name, value of x and y, d/dx, d/dy), derivatives times g */
#define VS_BINARY_LIST(X)                                                                         \
  X(ADD, add, x + y, g, g)                                                                        \
  X(SUB, sub, x - y, g, -g)                                                                       \
  X(MUL, mul, x * y, g * y, g * x)                                                                \
  X(DIV, div, x / y, g / y, -g * x / (y * y))                                                     \
  X(POW, pow, y == 2 ? x * x : VS_LIBM(pow)(x, y),                                                \
    y == 0 ? 0 : g * y * VS_LIBM(pow)(x, y - 1),                                                  \
    x == 0 && y >= 0 ? 0 : g * VS_LIBM(pow)(x, y) * VS_LIBM(log)(x))                              \
  X(ATAN2, atan2, VS_LIBM(atan2)(x, y), g * y / (x * x + y * y), -g * x / (x * x + y * y))        \
  X(MAXIMUM, maximum, x != x || x > y ? x : y, x > y ? g : x == y ? g / 2 : 0,                    \
    y > x ? g : x == y ? g / 2 : 0)                                                               \
  X(MINIMUM, minimum, x != x || x < y ? x : y, x < y ? g : x == y ? g / 2 : 0,                    \
    y < x ? g : x == y ? g / 2 : 0)                                                               \
  X(FMOD, fmod, VS_LIBM(fmod)(x, y), g, -g * VS_LIBM(trunc)(x / y))                               \
  X(REMAINDER, remainder, vs_remainder(x, y), g, -g * vs_floor_divide(x, y))                      \
  X(FLOOR_DIVIDE, floor_divide, vs_floor_divide(x, y), 0, 0)                                      \
  X(TRUNC_DIVIDE, trunc_divide, vs_trunc_divide(x, y), 0, 0)

#define VS_COMPARE_LIST(X)                                                                        \
  X(EQ, eq, ==) X(NE, ne, !=) X(LT, lt, <) X(LE, le, <=) X(GT, gt, >) X(GE, ge, >=)
/* clang-format on */

enum {
#define X(name, value, derivative, reads) VS_UN_##name,
  VS_UNARY_LIST(X)
#undef X
      VS_UN_COUNT
};
enum {
#define X(NAME, name, value, dx, dy) VS_BIN_##NAME,
  VS_BINARY_LIST(X)
#undef X
      VS_BIN_COUNT
};
enum {
#define X(NAME, name, sign) VS_CMP_##NAME,
  VS_COMPARE_LIST(X)
#undef X
      VS_CMP_COUNT
};

typedef struct vs_kernels_elementwise {
  /* y = f(x; a, b) */
  void (*unary[VS_UN_COUNT])(int64_t n, vs_real *y, const vs_real *x, vs_real a, vs_real b);
  /* dx = f'(x, y) * dy; x or y is NULL when the derivative does not read it */
  void (*unary_grad[VS_UN_COUNT])(int64_t n, vs_real *dx, const vs_real *dy, const vs_real *x,
                                  const vs_real *y, vs_real a, vs_real b);
  /* out = f(x, y) */
  void (*binary[VS_BIN_COUNT])(int64_t n, vs_real *out, int64_t so, const vs_real *x, int64_t sx,
                               const vs_real *y, int64_t sy);
  /* d = g * df/dx (side 0) or g * df/dy (side 1) */
  void (*binary_grad[VS_BIN_COUNT][2])(int64_t n, vs_real *d, int64_t sd, const vs_real *g,
                                       int64_t sg, const vs_real *x, int64_t sx, const vs_real *y,
                                       int64_t sy);
  /* bfloat16 as numbers, and numbers as the nearest bfloat16 */
  void (*lengthen)(int64_t n, vs_real *y, const uint16_t *x);
  void (*shorten)(int64_t n, uint16_t *y, const vs_real *x);
  /* out = x ? y, one byte each */
  void (*compare[VS_CMP_COUNT])(int64_t n, uint8_t *out, int64_t so, const vs_real *x, int64_t sx,
                                const vs_real *y, int64_t sy);
} vs_kernels_elementwise;
VS_KERNEL_FAMILY(elementwise)

#endif
