/* The widest vector of the instruction set that a kernel is compiled for, in the compilers' own
 * vector types: the same source gives 128, 256 and 512 bits.  Only kernel/ includes this. */
#ifndef VS_VEC_H
#define VS_VEC_H

#if defined(__AVX2__)
#include <immintrin.h>
#endif
#include <string.h>

#include "core/base.h"

/* A macro: the preprocessor chooses by it. */
#if defined(__AVX512F__)
#define VEC_BYTES 64
#elif defined(__AVX2__)
#define VEC_BYTES 32
#else
#define VEC_BYTES 16
#endif
enum { LANES = VEC_BYTES / (int)sizeof(vs_real) };

typedef vs_real vec __attribute__((vector_size(VEC_BYTES)));
typedef vs_real vec_unaligned
    __attribute__((vector_size(VEC_BYTES), aligned(sizeof(vs_real)), may_alias));

static inline vec vec_load(const vs_real *p) { return *(const vec_unaligned *)p; }
static inline void vec_store(vs_real *p, vec v) { *(vec_unaligned *)p = v; }
static inline vec vec_all(vs_real x) { return x - (vec){0}; }
/* The first n elements at p, zeros behind them; and to where the first n of v go.  Nothing else is
 * read or written.  n is at least 1. */
#if VEC_BYTES == 64
static inline __mmask16 vec_mask(int64_t n) {
  return (__mmask16)(n >= LANES ? 0xffff : (1u << n) - 1);
}
static inline vec vec_load_first(const vs_real *p, int64_t n) {
  return (vec)_mm512_maskz_loadu_ps(vec_mask(n), p);
}
static inline void vec_store_first(vs_real *p, int64_t n, vec v) {
  _mm512_mask_storeu_ps(p, vec_mask(n), (__m512)v);
}
#elif VEC_BYTES == 32
static inline __m256i vec_mask(int64_t n) {
  static const int32_t table[2 * LANES] = {-1, -1, -1, -1, -1, -1, -1, -1};
  return _mm256_loadu_si256((const __m256i *)(const void *)(table + (n >= LANES ? 0 : LANES - n)));
}
static inline vec vec_load_first(const vs_real *p, int64_t n) {
  return (vec)_mm256_maskload_ps(p, vec_mask(n));
}
static inline void vec_store_first(vs_real *p, int64_t n, vec v) {
  _mm256_maskstore_ps(p, vec_mask(n), (__m256)v);
}
#else
static inline vec vec_load_first(const vs_real *p, int64_t n) {
  vec v = {0};
  for (int i = 0; i < LANES && i < n; i++) v[i] = p[i];
  return v;
}
static inline void vec_store_first(vs_real *p, int64_t n, vec v) {
  for (int i = 0; i < LANES && i < n; i++) p[i] = v[i];
}
#endif

/* The first n of bfloat16 numbers at p, zeros behind them; and to where the first n of v go,
 * rounded to the nearest, ties to even, NaN staying NaN.  n is at least 1. */
typedef uint16_t bf16s __attribute__((vector_size(2 * LANES)));
#ifdef VS_DOUBLE
static inline vec vec_load_bf16(const uint16_t *p, int64_t n) {
  vec v = {0};
  for (int i = 0; i < LANES && i < n; i++) {
    uint32_t u = (uint32_t)p[i] << 16;
    float f;
    memcpy(&f, &u, sizeof f);
    v[i] = (vs_real)f;
  }
  return v;
}
static inline void vec_store_bf16(uint16_t *p, int64_t n, vec v) {
  for (int i = 0; i < LANES && i < n; i++) {
    float f = (float)v[i];
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    p[i] = (uint16_t)(f != f ? u >> 16 | 0x40 : (u + 0x7fff + (u >> 16 & 1)) >> 16);
  }
}
#else
typedef uint32_t unsigneds __attribute__((vector_size(VEC_BYTES)));
static inline bf16s bf16_load_first(const uint16_t *p, int64_t n) {
  bf16s b = {0};
  if (n >= LANES)
    memcpy(&b, p, sizeof b);
  else
#if VEC_BYTES == 64
    b = (bf16s)_mm256_maskz_loadu_epi16(vec_mask(n), p);
#else
    for (int i = 0; i < n; i++) b[i] = p[i];
#endif
  return b;
}
static inline vec vec_load_bf16(const uint16_t *p, int64_t n) {
  return (vec)(__builtin_convertvector(bf16_load_first(p, n), unsigneds) << 16);
}
static inline void vec_store_bf16(uint16_t *p, int64_t n, vec v) {
#if defined(__AVX512BF16__)
  __m256bh b = _mm512_cvtneps_pbh((__m512)v);
#elif VEC_BYTES == 64
  __m512i u = (__m512i)v, one = _mm512_set1_epi32(1);
  __m512i r = _mm512_add_epi32(_mm512_add_epi32(u, _mm512_set1_epi32(0x7fff)),
                               _mm512_and_epi32(_mm512_srli_epi32(u, 16), one));
  __mmask16 nan = _mm512_cmp_ps_mask((__m512)v, (__m512)v, _CMP_UNORD_Q);
  r = _mm512_mask_or_epi32(r, nan, u, _mm512_set1_epi32(0x400000));
  __m256i b = _mm512_cvtepi32_epi16(_mm512_srli_epi32(r, 16));
#else
  unsigneds u = (unsigneds)v, nan = (unsigneds)(v != v);
  u = (nan & (u | 0x400000)) | (~nan & (u + 0x7fff + ((u >> 16) & 1)));
  bf16s b = __builtin_convertvector(u >> 16, bf16s);
#endif
  if (n >= LANES)
    memcpy(p, &b, sizeof b);
  else
#if VEC_BYTES == 64
    _mm256_mask_storeu_epi16(p, vec_mask(n), (__m256i)b);
#else
    for (int i = 0; i < n; i++) p[i] = b[i];
#endif
}
#endif

/* The values that bfloat16 has for them. */
static inline vec vec_round_bf16(vec v) {
  uint16_t b[LANES];
  vec_store_bf16(b, LANES, v);
  return vec_load_bf16(b, LANES);
}

/* Four values whatever the instruction set: for transposes and interleaving. */
typedef vs_real quad __attribute__((vector_size(4 * sizeof(vs_real))));
typedef vs_real quad_unaligned
    __attribute__((vector_size(4 * sizeof(vs_real)), aligned(sizeof(vs_real)), may_alias));

/* The four values at p, to read or to write.  A macro: functions that pass a vector wider than the
 * instruction set's (four doubles without AVX) draw warnings. */
#define QUAD(p) (*(quad_unaligned *)(p))

/* Four rows of four, turned; values are only moved. */
static inline void quad_turn(quad *q) {
  quad ab = __builtin_shufflevector(q[0], q[1], 0, 4, 1, 5);
  quad AB = __builtin_shufflevector(q[0], q[1], 2, 6, 3, 7);
  quad cd = __builtin_shufflevector(q[2], q[3], 0, 4, 1, 5);
  quad CD = __builtin_shufflevector(q[2], q[3], 2, 6, 3, 7);
  q[0] = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
  q[1] = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
  q[2] = __builtin_shufflevector(AB, CD, 0, 1, 4, 5);
  q[3] = __builtin_shufflevector(AB, CD, 2, 3, 6, 7);
}

/* Four values that bfloat16 holds, as that. */
#ifdef VS_DOUBLE
static inline void quad_upper(const quad *q, uint16_t *to) {
  for (int i = 0; i < 4; i++) {
    float f = (float)(*q)[i];
    memcpy(to + i, (const char *)&f + 2, sizeof *to);
  }
}
#else
typedef uint32_t four_words __attribute__((vector_size(16)));
typedef uint16_t four_bf16s __attribute__((vector_size(8)));
static inline void quad_upper(const quad *q, uint16_t *to) {
  four_bf16s b = __builtin_convertvector((four_words)*q >> 16, four_bf16s);
  memcpy(to, &b, sizeof b);
}
#endif

/* The lanes added up: by fours, then across. */
static inline vs_real vec_total(vec v) {
  vs_real a[LANES];
  memcpy(a, &v, sizeof a);
  if (LANES < 4) return a[0] + a[1];
  quad q = QUAD(a);
  for (int i = 4; i < LANES; i += 4) q += QUAD(a + i);
  return (q[0] + q[1]) + (q[2] + q[3]);
}

#endif
