/* Dtypes: names, sizes, conversions of single elements and of 16-bit floats.  See tensor.h. */
#include <string.h>

#include "core/tensor.h"

static const char *const names[VS_NDTYPE] = {
    [VS_FLOAT32] = "float32",   [VS_FLOAT64] = "float64", [VS_FLOAT16] = "float16",
    [VS_BFLOAT16] = "bfloat16", [VS_INT64] = "int64",     [VS_INT32] = "int32",
    [VS_UINT8] = "uint8",       [VS_BOOL] = "bool"};
const uint8_t vs_dtype_sizes[VS_NDTYPE] = {
    [VS_FLOAT32] = 4, [VS_FLOAT64] = 8, [VS_FLOAT16] = 2, [VS_BFLOAT16] = 2,
    [VS_INT64] = 8,   [VS_INT32] = 4,   [VS_UINT8] = 1,   [VS_BOOL] = 1};

const char *vs_dtype_name(vs_dtype d) { return names[d]; }

int vs_dtype_parse(const char *name) {
  if (strcmp(name, "float") == 0 || strcmp(name, "float32") == 0) return VS_REAL;
  for (int i = 0; i < VS_NDTYPE; i++)
    if (strcmp(name, names[i]) == 0) return i;
  return -1;
}

float vs_half_to_float(uint16_t h) {
  union {
    uint32_t u;
    float f;
  } v;
  uint32_t sign = (uint32_t)(h & 0x8000) << 16, e = (h >> 10) & 31, m = h & 1023;
  if (e == 31) {
    v.u = sign | 0x7F800000u | m << 13;
  } else if (e != 0) {
    v.u = sign | (e + 112) << 23 | m << 13;
  } else { /* subnormal: m * 2^-24 */
    v.f = (float)m / 16777216.0f;
    v.u |= sign;
  }
  return v.f;
}

uint16_t vs_float_to_half(float f) {
  union {
    uint32_t u;
    float f;
  } v = {.f = f};
  uint32_t sign = v.u >> 16 & 0x8000, a = v.u & 0x7FFFFFFF;
  if (a > 0x7F800000u) return (uint16_t)(sign | 0x7E00);
  if (a >= 0x477FF000u) return (uint16_t)(sign | 0x7C00);
  if (a < 0x38800000u) { /* below 2^-14: adding 0.5 leaves the rounded 2^-24ths in the low bits */
    v.u = a;
    v.f += 0.5f;
    return (uint16_t)(sign | (v.u - 0x3F000000u));
  }
  a += 0xFFF + (a >> 13 & 1); /* to nearest, ties to even */
  return (uint16_t)(sign | (a - 0x38000000u) >> 13);
}

double vs_get_double(const vs_tensor *t, int64_t at) {
  const char *p = (const char *)vs_data(t) + at * (int64_t)vs_dtype_size(t->dtype);
  switch (t->dtype) {
    case VS_FLOAT32: return *(const float *)(const void *)p;
    case VS_FLOAT64: return *(const double *)(const void *)p;
    case VS_FLOAT16: return vs_half_to_float(*(const uint16_t *)(const void *)p);
    case VS_BFLOAT16: return vs_bf16_to_float(*(const uint16_t *)(const void *)p);
    case VS_INT64: return (double)*(const int64_t *)(const void *)p;
    case VS_INT32: return *(const int32_t *)(const void *)p;
    default: return *(const uint8_t *)p;
  }
}

int64_t vs_get_int(const vs_tensor *t, int64_t at) {
  if (t->dtype == VS_INT64) return vs_ints(t)[at];
  double v = vs_get_double(t, at);
  if (!(v > -9.2e18)) return INT64_MIN; /* also NaN */
  return v < 9.2e18 ? (int64_t)v : INT64_MAX;
}

static int64_t to_int(double v, int64_t low, int64_t high) {
  if (!(v > (double)low)) return low; /* also NaN */
  return v < (double)high ? (int64_t)v : high;
}

void vs_set_double(vs_tensor *t, int64_t at, double v) {
  char *p = (char *)vs_data(t) + at * (int64_t)vs_dtype_size(t->dtype);
  switch (t->dtype) {
    case VS_FLOAT32: *(float *)(void *)p = (float)v; break;
    case VS_FLOAT64: *(double *)(void *)p = v; break;
    case VS_FLOAT16: *(uint16_t *)(void *)p = vs_float_to_half((float)v); break;
    case VS_BFLOAT16: *(uint16_t *)(void *)p = vs_float_to_bf16((float)v); break;
    case VS_INT64: *(int64_t *)(void *)p = to_int(v, INT64_MIN, INT64_MAX); break;
    case VS_INT32: *(int32_t *)(void *)p = (int32_t)to_int(v, INT32_MIN, INT32_MAX); break;
    case VS_BOOL: *(uint8_t *)p = v != 0; break;
    default: *(uint8_t *)p = (uint8_t)to_int(v, 0, 255); break;
  }
}
