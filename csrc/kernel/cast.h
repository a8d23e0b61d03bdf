/* Contiguous numbers from one dtype to another.  See core/hooks.h, through which vs_copy uses
 * these; it has loops of its own for all pairs and strides. */
#ifndef VS_CAST_H
#define VS_CAST_H

#include "core/hooks.h"
#include "kernel/kernel.h"

typedef struct vs_kernels_cast {
  vs_castfn cast[VS_NDTYPE][VS_NDTYPE]; /* to, from; NULL where no vectors help */
} vs_kernels_cast;
VS_KERNEL_FAMILY(cast)

#endif
