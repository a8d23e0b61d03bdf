/* The widest vector of the instruction set that a kernel is compiled for, in the compilers' own
 * vector types: the same source gives 128, 256 and 512 bits.  Only kernel/ includes this. */
#ifndef VS_VEC_H
#define VS_VEC_H

#include "core/base.h"

#if defined(__AVX512F__)
enum { VEC_BYTES = 64 };
#elif defined(__AVX2__)
enum { VEC_BYTES = 32 };
#else
enum { VEC_BYTES = 16 };
#endif
enum { LANES = VEC_BYTES / (int)sizeof(vs_real) };

typedef vs_real vec __attribute__((vector_size(VEC_BYTES)));
typedef vs_real vec_unaligned
    __attribute__((vector_size(VEC_BYTES), aligned(sizeof(vs_real)), may_alias));

static inline vec vec_load(const vs_real *p) { return *(const vec_unaligned *)p; }
static inline void vec_store(vs_real *p, vec v) { *(vec_unaligned *)p = v; }
static inline vec vec_all(vs_real x) { return x - (vec){0}; }
/* The lanes added in order. */
static inline vs_real vec_total(vec v) {
  vs_real t = 0;
  for (int i = 0; i < LANES; i++) t += v[i];
  return t;
}

/* Four values whatever the instruction set: for transposes and interleaving. */
typedef vs_real quad __attribute__((vector_size(4 * sizeof(vs_real))));
typedef vs_real quad_unaligned
    __attribute__((vector_size(4 * sizeof(vs_real)), aligned(sizeof(vs_real)), may_alias));

/* The four values at p, to read or to write.  A macro: functions that pass a vector wider than the
 * instruction set's (four doubles without AVX) draw warnings. */
#define QUAD(p) (*(quad_unaligned *)(p))

#endif
