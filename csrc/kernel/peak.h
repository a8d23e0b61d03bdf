/* Multiply-adds that need no memory: what the processor can do at most, for bench/. */
#ifndef VS_KERNEL_PEAK_H
#define VS_KERNEL_PEAK_H

#include "kernel/kernel.h"

typedef struct vs_kernels_peak {
  /* n rounds of independent multiply-adds in registers; adds their number, two flops each, to
   * *flops.  The result depends on all of them. */
  vs_real (*multiply_adds)(int64_t n, double *flops);
} vs_kernels_peak;

VS_KERNEL_FAMILY(peak)

#endif
