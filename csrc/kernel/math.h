/* exp, log, tanh, erf, sigmoid in forms that compilers turn into vector code: no branches, no
 * tables.
 *
 * float: polynomials, but for erf's after Cephes (S. Moshier), within 2 ulp of libm over the range
 * where the result is a normal number; exp of anything below -87.3 is 0.  double: libm. */
#ifndef VS_MATH_H
#define VS_MATH_H

#include <math.h>

#include "core/base.h"

#ifdef VS_DOUBLE
static inline vs_real vs_exp(vs_real x) { return exp(x); }
static inline vs_real vs_exp_down(vs_real x) { return exp(x); }
static inline vs_real vs_log(vs_real x) { return log(x); }
static inline vs_real vs_tanh(vs_real x) { return tanh(x); }
static inline vs_real vs_erf(vs_real x) { return erf(x); }
static inline vs_real vs_expm1_down(vs_real x) { return x > 0 ? 0 : expm1(x); }
static inline vs_real vs_sqrt(vs_real x) { return sqrt(x); }
static inline vs_real vs_abs(vs_real x) { return fabs(x); }
#else
/* (exp(r) - 1 - r) / r^2 for |r| up to log(2) / 2 */
static inline float vs_exp_rest(float r) {
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  return p * r + 5.0000001201e-1f;
}

/* exp(c) = 2^n (1 + what is returned), for c that does not overflow; anything for others. */
static inline float vs_exp_less(float c, int32_t *n) {
  union {
    uint32_t i;
    float f;
  } whole;
  float k = c * 1.44269504f + 12582912.0f; /* rounds to an integer in the low bits */
  whole.f = k;
  *n = (int32_t)(whole.i - 0x4B400000u);
  k -= 12582912.0f;
  float r = (c - k * 0.693359375f) + k * 2.12194440e-4f;
  return vs_exp_rest(r) * r * r + r;
}

/* exp(c) = 2^n times what is returned. */
static inline float vs_exp_part(float c, int32_t *n) { return vs_exp_less(c, n) + 1.0f; }

/* 2^n for -126 <= n <= 127 */
static inline float vs_power(int32_t n) {
  union {
    uint32_t i;
    float f;
  } scale = {.i = ((uint32_t)n + 127u) << 23};
  return scale.f;
}

/* What is out of range is computed too, and not taken: that costs less than limits for x. */
static inline float vs_exp(float x) {
  union {
    float f;
    uint32_t i;
  } p;
  int32_t n;
  p.f = vs_exp_part(x, &n);
  p.i += (uint32_t)n << 23; /* the exponent: 2^128 is not a float to multiply with */
  p.f = x <= 88.72283f ? p.f : x + INFINITY; /* or NaN */
  return x < -87.33654f ? 0.0f : p.f;
}

/* exp of x up to 0: what cannot overflow needs less. */
static inline float vs_exp_down(float x) {
  int32_t n;
  float p = vs_exp_part(x, &n);
  return x < -87.33654f ? 0.0f : p * vs_power(n);
}

/* exp(x) - 1 with all digits, of x up to 0; 0 above. */
static inline float vs_expm1_down(float x) {
  float c = x > 0 ? 0.0f : x;
  return c > -0.34657f ? vs_exp_rest(c) * c * c + c : vs_exp_down(c) - 1.0f;
}

static inline float vs_log(float x) { /* subnormal arguments count as the least normal one */
  union {
    int32_t i;
    float f;
  } u;
  float v = x < 1.17549435e-38f ? 1.17549435e-38f : x;
  u.f = v;
  int32_t e = ((u.i - 0x3F3504F3) >> 23);
  u.i -= e * (1 << 23); /* in [sqrt(1/2), sqrt(2)) */
  float m = u.f - 1.0f, z = m * m, k = (float)e;
  float p = 7.0376836292e-2f;
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  float y = p * m * z + k * -2.12194440e-4f - 0.5f * z;
  y = m + y + k * 0.693359375f;
  y = x == INFINITY ? x : y;
  y = x == 0.0f ? -INFINITY : y;
  return x >= 0.0f ? y : NAN;
}

/* (1 - e) / (1 + e) for e = exp(-2 |x|), whose difference from 1 keeps all its digits. */
static inline float vs_tanh(float x) {
  float a = fabsf(x), c = -2.0f * (a > 10.0f ? 10.0f : a);
  int32_t n;
  float p = vs_exp_less(c, &n), scale = vs_power(n), less = scale * p + (scale - 1.0f);
  return copysignf(-less / (2.0f + less), x);
}

/* Interpolated at Chebyshev nodes: erf(a) / a in a^2 below 1, log(1 - erf(a)) in a above; within
 * 3 ulp, and 1 from 4 on. */
static inline float vs_erf(float x) {
  float a = x < 0 ? -x : x, z = x * x, b = a > 4.0f ? 4.0f : a;
  float p = 7.87587487e-05f;
  p = p * z - 8.01686430e-04f;
  p = p * z + 5.18908724e-03f;
  p = p * z - 2.68542115e-02f;
  p = p * z + 1.12835944e-01f;
  p = p * z - 3.76126260e-01f;
  p = p * z + 1.12837911e+00f;
  float q = -7.58268186e-08f;
  q = q * b + 3.32168452e-06f;
  q = q * b - 6.22982998e-05f;
  q = q * b + 6.85836654e-04f;
  q = q * b - 5.06494706e-03f;
  q = q * b + 2.70995237e-02f;
  q = q * b - 1.11055017e-01f;
  q = q * b - 6.30953014e-01f;
  q = q * b - 1.13067520e+00f;
  q = q * b + 4.16329218e-04f;
  q = 1.0f - vs_exp_down(q);
  q = x < 0 ? -q : q;
  q = a < 1.0f ? p * x : q;
  return x != x ? x : q;
}
static inline float vs_sqrt(float x) { return sqrtf(x); }
static inline float vs_abs(float x) { return x < 0 ? -x : x; }
#endif

static inline vs_real vs_square(vs_real x) { return x * x; }

/* Of floating type T: what is left of a division, with y's sign as in Python and Lua, the quotient
 * rounded down that belongs to it, and the quotient rounded towards 0; all from C's fmod, which is
 * exact. */
#define VS_DIVISIONS(T, name, fmod_, floor_, trunc_) \
  static inline T name##_remainder(T x, T y) {       \
    T r = fmod_(x, y);                               \
    return r != 0 && (r < 0) != (y < 0) ? r + y : r; \
  }                                                  \
  static inline T name##_floor_divide(T x, T y) {    \
    if (y == 0) return x / y;                        \
    T r = fmod_(x, y), q = (x - r) / y;              \
    if (r != 0 && (r < 0) != (y < 0)) q -= 1;        \
    T down = floor_(q);                              \
    return q - down > (T)0.5 ? down + 1 : down;      \
  }                                                  \
  static inline T name##_trunc_divide(T x, T y) {    \
    if (y == 0 || isinf(x)) return x / y;            \
    T q = (x - fmod_(x, y)) / y, near = trunc_(q);   \
    return near + trunc_((q - near) * 2);            \
  }
#ifdef VS_DOUBLE
VS_DIVISIONS(double, vs, fmod, floor, trunc)
#else
VS_DIVISIONS(float, vs, fmodf, floorf, truncf)
#endif

static inline vs_real vs_sigmoid(vs_real x) {
  vs_real e = vs_exp_down(x < 0 ? x : -x); /* no overflow on either side */
  return (x < 0 ? e : 1) / (1 + e);
}

/* What gelu's approximation by tanh multiplies x with: 1/2 (1 + tanh(k (x + 0.044715 x^3))),
 * k = sqrt(2 / pi), as a sigmoid, which keeps its digits below 0. */
static inline vs_real vs_gelu_gate(vs_real x) {
  return vs_sigmoid(VS_R(1.5957691216057308) * (x + VS_R(0.044715) * x * x * x));
}

/* log(1 + e) for e in 0..1, exact for small e: what 1 + e rounds off is put back by a factor
 * (Kahan, as in Goldberg 1991). */
static inline vs_real vs_log1p(vs_real e) {
  vs_real u = 1 + e, d = u - 1;
  return d == 0 ? e : vs_log(u) * (e / d);
}

/* log(1 + exp(x)) */
static inline vs_real vs_softplus(vs_real x) {
  return (x > 0 ? x : 0) + vs_log1p(vs_exp_down(x > 0 ? -x : x));
}

#endif
