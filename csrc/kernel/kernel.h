/* Inner loops, compiled once per instruction set from one plain source.
 *
 * Every csrc/kernel/<family>.c but dispatch.c is compiled as generic, avx2 and avx512 (the double
 * build: generic alone; gemm.c three times more: see gemm.h); VS_K(name) gives the symbol its
 * suffix. <family>.h declares a struct vs_kernels_<family> of function pointers and ends with
 * VS_KERNEL_FAMILY(<family>); the .c file ends with `const vs_kernels_<family>
 * VS_K(vs_kernels_<family>) = {...};`.  Callers write vs_k_<family>()->fn(...).  Kernels allocate
 * nothing, cannot fail, start no threads. */
#ifndef VS_KERNEL_H
#define VS_KERNEL_H

#include "core/base.h"

enum { VS_ISA_GENERIC, VS_ISA_AVX2, VS_ISA_AVX512, VS_ISA_AMX };

/* The level in use: the best that the processor has, or a lower one that VESPER_ISA names. */
int vs_isa(void);
/* -1 with a message when VESPER_ISA names no level. */
int vs_isa_check(void);
const char *vs_isa_name(void);
/* Whether that level multiplies pairs of bfloat16 on this processor (AVX-512 BF16). */
bool vs_has_bf16(void);
/* Whether that level has AMX, which multiplies tiles of them: all else is as at AVX-512. */
bool vs_has_amx(void);

/* Before a loop whose iterations do not depend on each other (its pointers may be equal, not
 * offset). clang only checks that things compile: it gets nothing. */
#if defined(__clang__)
#define VS_IVDEP
#else
#define VS_IVDEP _Pragma("GCC ivdep")
#endif

#define VS_CAT_(a, b) a##_##b
#define VS_CAT(a, b) VS_CAT_(a, b)
#ifdef VS_ISA
#define VS_K(name) VS_CAT(name, VS_ISA)
#endif

#ifdef VS_DOUBLE
#define VS_KERNEL_FAMILY(f)                             \
  extern const vs_kernels_##f vs_kernels_##f##_generic; \
  static inline const vs_kernels_##f *vs_k_##f(void) { return &vs_kernels_##f##_generic; }
#else
#define VS_KERNEL_FAMILY(f)                                                    \
  extern const vs_kernels_##f vs_kernels_##f##_generic, vs_kernels_##f##_avx2, \
      vs_kernels_##f##_avx512;                                                 \
  static inline const vs_kernels_##f *vs_k_##f(void) {                         \
    int isa = vs_isa();                                                        \
    return isa >= VS_ISA_AVX512 ? &vs_kernels_##f##_avx512                     \
           : isa == VS_ISA_AVX2 ? &vs_kernels_##f##_avx2                       \
                                : &vs_kernels_##f##_generic;                   \
  }
#endif

#endif
