/* Philox in lanes: one block of four words per lane; see core/random.h.
 *
 * Normal numbers are Box-Muller's in double precision, with polynomials for the logarithm, sine and
 * cosine that are right to 2^-48.  Where that could round to another float than the C library's
 * functions do, which is one number in some millions, the library's are called: the values depend
 * on nothing that is compiled here. */
#include "kernel/random.h"

#include <math.h>
#include <string.h>

#include "kernel/vec.h"
#ifdef __SSE2__
#include <immintrin.h>
#endif

enum { BLOCKS = 16, BATCH = 4 * BLOCKS }; /* blocks, and numbers of a batch */

/* ---- Philox ---- */

/* Words in the lower halves of 64 bits; what is in the upper halves does not matter. */
typedef uint64_t wide __attribute__((vector_size(VEC_BYTES)));
enum { WIDE = VEC_BYTES / 8 };

static inline wide wide_all(uint64_t x) { return x - (wide){0}; }

static inline wide multiply(wide words, wide by) {
#if VEC_BYTES == 64
  return (wide)_mm512_mul_epu32((__m512i)words, (__m512i)by);
#elif VEC_BYTES == 32
  return (wide)_mm256_mul_epu32((__m256i)words, (__m256i)by);
#elif defined(__SSE2__)
  return (wide)_mm_mul_epu32((__m128i)words, (__m128i)by);
#else
  return (words & 0xffffffff) * by;
#endif
}

/* The words of BLOCKS blocks from `block` on, in order. */
static void philox(vs_rng r, uint64_t block, uint32_t *out) {
  enum { N = BLOCKS / WIDE };
  const wide m0 = wide_all(VS_PHILOX_M0), m1 = wide_all(VS_PHILOX_M1);
  uint32_t k0 = (uint32_t)r.seed, k1 = (uint32_t)(r.seed >> 32);
  wide c0[N], c1[N], c2[N], c3[N];
  for (int v = 0; v < N; v++) {
    for (int i = 0; i < WIDE; i++) c0[v][i] = block + (uint64_t)(v * WIDE + i);
    c1[v] = c0[v] >> 32;
    c2[v] = wide_all(r.stream);
    c3[v] = c2[v] >> 32;
  }
  for (int round = 0; round < 10; round++) {
    const wide a = wide_all(k0), b = wide_all(k1);
#pragma GCC unroll 8
    for (int v = 0; v < N; v++) {
      wide p0 = multiply(c0[v], m0), p1 = multiply(c2[v], m1);
      c0[v] = (p1 >> 32) ^ c1[v] ^ a;
      c2[v] = (p0 >> 32) ^ c3[v] ^ b;
      c1[v] = p1;
      c3[v] = p0;
    }
    k0 += VS_PHILOX_W0;
    k1 += VS_PHILOX_W1;
  }
  for (int v = 0; v < N; v++) {
    wide low = (c0[v] & 0xffffffff) | c1[v] << 32, high = (c2[v] & 0xffffffff) | c3[v] << 32;
    for (int i = 0; i < WIDE; i++) {
      memcpy(out + 4 * (v * WIDE + i), &(uint64_t){low[i]}, 8);
      memcpy(out + 4 * (v * WIDE + i) + 2, &(uint64_t){high[i]}, 8);
    }
  }
}

/* ---- uniform ---- */

static void uniform_batch(vs_rng r, uint64_t block, vs_real *out, double low, double high) {
  uint32_t w[BATCH];
  philox(r, block, w);
  if (low == 0 && high == 1)
    for (int i = 0; i < BATCH; i++) out[i] = (vs_real)vs_rng_unit(w[i]);
  else
    for (int i = 0; i < BATCH; i++) out[i] = vs_rng_between(w[i], low, high);
}

/* ---- normal ---- */

#ifdef VS_DOUBLE

static void normal_batch(vs_rng r, uint64_t block, vs_real *out, double mean, double std) {
  for (int i = 0; i < BATCH; i++)
    out[i] = (vs_real)(mean + std * vs_rng_normal(r, 4 * block + (uint64_t)i));
}

#else

static const double LN2_HIGH = 0x1.62e42fefap-1, LN2_LOW = 0x1.cf79abc9e3b3ap-40;

/* log of (a + 1) / 2^32: with m in [sqrt(1/2), sqrt(2)) and s = (m - 1) / (m + 1),
 * log m = 2 s (1 + s^2/3 + s^4/5 + ...); the terms left out are below 2^-56 of it. */
static inline double log_of(uint32_t a) {
  double u = ((double)a + 1.0) * 0x1p-32;
  uint64_t bits;
  memcpy(&bits, &u, sizeof bits);
  uint64_t shifted = bits - 0x3fe6a09e667f3bcdu; /* 0 at sqrt(1/2) */
  int64_t exponent = (int64_t)shifted >> 52;
  uint64_t rest = bits - ((uint64_t)exponent << 52);
  double m, e = (double)(int32_t)exponent;
  memcpy(&m, &rest, sizeof m);
  double s = (m - 1.0) / (m + 1.0), z = s * s;
  double p = 1.0 / 21;
  p = p * z + 1.0 / 19;
  p = p * z + 1.0 / 17;
  p = p * z + 1.0 / 15;
  p = p * z + 1.0 / 13;
  p = p * z + 1.0 / 11;
  p = p * z + 1.0 / 9;
  p = p * z + 1.0 / 7;
  p = p * z + 1.0 / 5;
  p = p * z + 1.0 / 3;
  double log_m = 2 * s + 2 * s * z * p;
  return e * LN2_HIGH + (log_m + e * LN2_LOW);
}

/* Cosine and sine of 2 pi b / 2^32: Taylor's series within an eighth of a turn. */
static inline void turn(uint32_t b, double *cosine, double *sine) {
  uint32_t quarter = (b + 0x20000000u) >> 30;
  double x = (double)(int32_t)(b - (quarter << 30)) * (6.283185307179586 * 0x1p-32), z = x * x;
  double s = -1.0 / 121645100408832000;
  s = s * z + 1.0 / 355687428096000;
  s = s * z - 1.0 / 1307674368000;
  s = s * z + 1.0 / 6227020800;
  s = s * z - 1.0 / 39916800;
  s = s * z + 1.0 / 362880;
  s = s * z - 1.0 / 5040;
  s = s * z + 1.0 / 120;
  s = s * z - 1.0 / 6;
  s = x + x * z * s;
  double c = -1.0 / 6402373705728000;
  c = c * z + 1.0 / 20922789888000;
  c = c * z - 1.0 / 87178291200;
  c = c * z + 1.0 / 479001600;
  c = c * z - 1.0 / 3628800;
  c = c * z + 1.0 / 40320;
  c = c * z - 1.0 / 720;
  c = c * z + 1.0 / 24;
  c = c * z - 1.0 / 2;
  c = 1 + z * c;
  double even = quarter & 1 ? s : c, odd = quarter & 1 ? c : s;
  *cosine = (quarter + 1) & 2 ? -even : even;
  *sine = quarter & 2 ? -odd : odd;
}

/* Rounds d to a float; unsure is set where an error of `error` could change it. */
static inline float rounded(double d, double error, int *unsure) {
  float low = (float)(d - error), high = (float)(d + error);
  *unsure = low != high;
  return low;
}

static void normal_batch(vs_rng r, uint64_t block, vs_real *out, double mean, double std) {
  uint32_t w[BATCH];
  int unsure = 0;
  philox(r, block, w);
  VS_IVDEP
  for (int i = 0; i < BATCH; i += 2) {
    double radius = sqrt(-2.0 * log_of(w[i])), cosine, sine;
    turn(w[i + 1], &cosine, &sine);
    double error = fabs(std) * radius * 0x1p-47, c = mean + std * (radius * cosine),
           s = mean + std * (radius * sine);
    int cs, ss;
    out[i] = rounded(c, error + fabs(c) * 0x1p-50, &cs);
    out[i + 1] = rounded(s, error + fabs(s) * 0x1p-50, &ss);
    unsure |= cs | ss;
  }
  for (int i = 0; unsure && i < BATCH; i++)
    out[i] = (vs_real)(mean + std * vs_rng_normal(r, 4 * block + (uint64_t)i));
}

#endif

/* ---- any range of positions ---- */

typedef void (*batchfn)(vs_rng r, uint64_t block, vs_real *out, double a, double b);

static inline void fill(batchfn batch, vs_rng r, uint64_t first, int64_t n, vs_real *out, double a,
                        double b) {
  vs_real some[BATCH];
  while (n > 0) {
    int64_t skip = (int64_t)(first & 3), take = VS_MIN(BATCH - skip, n);
    if (take == BATCH) {
      batch(r, first >> 2, out, a, b);
    } else {
      batch(r, first >> 2, some, a, b);
      memcpy(out, some + skip, (size_t)take * sizeof *out);
    }
    first += (uint64_t)take;
    out += take;
    n -= take;
  }
}

static void uniform(vs_rng r, uint64_t first, int64_t n, vs_real *out, double low, double high) {
  fill(uniform_batch, r, first, n, out, low, high);
}

static void normal(vs_rng r, uint64_t first, int64_t n, vs_real *out, double mean, double std) {
  fill(normal_batch, r, first, n, out, mean, std);
}

static void dropout(vs_rng r, uint64_t first, int64_t n, vs_real p, vs_real scale, const vs_real *x,
                    vs_real *y, uint8_t *mask) {
  enum { ROOM = 2 * BATCH };
  vs_real u[ROOM];
  for (int64_t at = 0; at < n; at += ROOM) {
    int64_t some = VS_MIN(ROOM, n - at);
    uniform(r, first + (uint64_t)at, some, u, 0, 1);
    VS_IVDEP
    for (int64_t i = 0; i < some; i++) y[at + i] = u[i] < p ? 0 : x[at + i] * scale;
    for (int64_t i = 0; mask && i < some; i++) mask[at + i] = u[i] >= p;
  }
}

const vs_kernels_random VS_K(vs_kernels_random) = {uniform, normal, dropout};
